"""Starts a supervision leg: rings the supervisor's phone, waits for the spy, ends what does not start."""

import asyncio
import secrets

from ccops.board import AgentRow, Board
from ccops.desk.context import Context
from ccops.desk.supervision.legs import OPTIONS, SWITCHABLE, VARIABLES, Leg, Mode
from ccops.errors import ActionRefused, ActionTimeout, CcopsError, UsageProblem
from ccops.i18n import _

START_WITHIN = 3.0
"""Seconds from the answer of the supervisor's phone to the running spy."""

CAUSE_WITHIN = 0.5
"""Seconds in which the hang-up of a phone that did not answer follows the PBX's word that it did not."""

_CAUSES = {
    "17": _("{phone} is busy"),
    "18": _("{phone} did not answer"),
    "19": _("{phone} did not answer"),
    "20": _("{phone} is not registered"),
    "21": _("{phone} rejected the call"),
}
"""By Q.850 cause of the phone's channel."""

_REASONS = {
    "1": _("{phone} did not answer"),
    "3": _("{phone} did not answer"),
    "5": _("{phone} is busy"),
    "8": _("{phone} cannot be reached"),
}
"""By reason of the OriginateResponse, an Asterisk frame type."""


def target_channel(agent: AgentRow) -> str:
    """Return the agent's live device channel; refuse what ChanSpy would take for a prefix or a list."""
    if not agent.channel or agent.call_id is None:
        raise UsageProblem(
            _("{agent} has no call to listen to: {state}.").format(agent=agent.agent, state=agent.state.value),
            remedy=_("See `ccops call list` for the calls that are going on."),
        )
    channel = agent.channel
    if (
        "/" not in channel
        or "-" not in channel
        or any(mark in channel for mark in ",|&\\")
        or channel.strip() != channel
    ):
        raise UsageProblem(_("“{channel}” is no channel that can be listened to safely.").format(channel=channel))
    return channel


async def start(context: Context, agent: AgentRow, mode: Mode, device: str, *, switchable: bool = True) -> Leg:
    """Ring `device` and return the running leg.

    Raises `ActionRefused` with what became of the phone or the call, `ActionTimeout` where the spy did not start,
    and the errors of the link. Nothing is left ringing or hanging.
    """
    leg = Leg(
        supervision_id=f"ccops-{secrets.token_hex(6)}",
        owner=context.who,
        mode=Mode.LISTEN if switchable else mode,
        phone=device,
        agent_key=agent.key,
        agent=agent.agent,
        call_id=agent.call_id or "",
        target=target_channel(agent),
        deaf=False,
        switchable=switchable,
    )
    if context.dry_run:
        await context.originate(_originate(context, leg), timeout=1)
        return leg
    context.registry.add(leg)
    try:
        await _ring(context, leg)
        await _running(context, leg)
    except CcopsError as error:
        await give_up(context, leg, error.message)
        raise
    except asyncio.CancelledError:
        # ctrl+c, or the daemon is told to stop: the phone must not ring on for nobody.
        await give_up(context, leg, _("the desk was closed"))
        raise
    return leg


def caller_channel(board: Board, agent: AgentRow) -> str:
    """Return the channel of the caller in the agent's call, or nothing where it is not known."""
    call = board.calls.get(agent.call_id or "")
    return call.channel if call is not None else ""


def _originate(context: Context, leg: Leg) -> dict[str, str | list[str]]:
    settings = context.settings.actions
    spied = f"{leg.target},{SWITCHABLE if leg.switchable else OPTIONS[leg.mode]}"
    values = (leg.owner, str(leg.mode), leg.agent, leg.call_id, leg.phone)
    variables = [f"{name}={_plain(value)}" for name, value in zip(VARIABLES, values, strict=True)]
    action: dict[str, str | list[str]] = {
        "Action": "Originate",
        "Channel": leg.phone,
        "Async": "true",
        "ChannelId": leg.supervision_id,
        "Timeout": str(int(settings.ring_timeout * 1000)),
        "CallerID": f'"{_plain(leg.agent)}" <{_digits(leg)}>',
    }
    if settings.spy_context:
        target, _comma, options = spied.partition(",")
        variables += [f"CCOPS_TARGET={target}", f"CCOPS_OPTIONS={options}"]
        action |= {"Context": settings.spy_context, "Exten": "spy", "Priority": "1"}
    else:
        action |= {"Application": "ChanSpy", "Data": spied}
    return action | {"Variable": variables}


def _plain(text: str) -> str:
    """Drop what ends a variable or a quoted name in Asterisk's parsers."""
    return "".join(char for char in text if char not in '",;\\<>|^${}')


def _digits(leg: Leg) -> str:
    digits = "".join(char for char in leg.target.split("-", 1)[0] if char.isdigit())
    return digits or "0"


async def _ring(context: Context, leg: Leg) -> None:
    """Ring the phone; returns once it answered."""
    answer = await context.originate(_originate(context, leg), timeout=context.settings.actions.ring_timeout + 3)
    leg.channel = answer.get("Channel", "") or leg.channel
    if answer.get("Response") == "Failure":
        raise ActionRefused(await _why_not(context, leg, answer.get("Reason", "")), reply=answer.get("Reason", ""))
    if leg.state == "ringing":
        leg.state = "answered"
        context.registry.show(leg)


async def _why_not(context: Context, leg: Leg, reason: str) -> str:
    """Say what became of the phone: its channel's hang-up tells more than the answer to the Originate."""
    if reason not in _REASONS:
        await context.until(lambda _board: bool(leg.cause), CAUSE_WITHIN)
    unknown = _("{phone} is no phone that the PBX can ring now")
    return _CAUSES.get(leg.cause, _REASONS.get(reason, unknown)).format(phone=leg.phone) + "."


async def _running(context: Context, leg: Leg) -> None:
    """Wait for the spy on our own channel; a call that ended meanwhile is told from a PBX that does not start it."""
    await context.until(lambda _board: leg.state in ("running", "ended") or _left(context, leg), START_WITHIN)
    if leg.state == "running":
        return
    if leg.state == "ended" or _left(context, leg):
        raise ActionRefused(_("{agent}'s call ended before your phone answered.").format(agent=leg.agent))
    raise ActionTimeout(
        _("The PBX did not start listening within {seconds:g} s of your answer.").format(seconds=START_WITHIN),
        remedy=_("Your phone was hung up. `ccops doctor` says whether ChanSpy is loaded and allowed."),
    )


def _left(context: Context, leg: Leg) -> bool:
    """The agent is no longer in the call that was to be listened to."""
    agent = context.board.agents.get(leg.agent_key)
    return agent is None or agent.channel != leg.target


async def give_up(context: Context, leg: Leg, why: str) -> None:
    """Hang up whatever there is of a leg that did not start; a lost link must not hide the first error."""
    leg.stopping = why
    try:
        await context.wire.send({"Action": "Hangup", "Channel": leg.supervision_id}, timeout=2.0)
    except CcopsError as error:
        context.note(_("The leg {leg} may be left: {error}").format(leg=leg.supervision_id, error=error))
    finally:
        context.registry.end(leg, why)
