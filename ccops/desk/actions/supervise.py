"""Actions of supervision: listen, whisper, private, barge, take over, stop."""

from collections.abc import Mapping
from typing import Any

from ccops.board import AgentRow, SupervisionRow
from ccops.desk.actions.calls import device
from ccops.desk.api import Outcome
from ccops.desk.context import Context
from ccops.desk.supervision.legs import SPEAKING, Leg, Mode
from ccops.desk.supervision.start import caller_channel, give_up, start, target_channel
from ccops.desk.supervision.switch import switch, take_over
from ccops.desk.table import Action, Argument, Procedure
from ccops.errors import ActionRefused, UsageProblem
from ccops.i18n import _

STOPPED_WITHIN = 3.0
"""Seconds within which a leg that was hung up must be gone."""


async def supervise(context: Context, agent: AgentRow, mode: Mode, phone: str) -> Outcome:
    """Bring the supervisor into the agent's call in this mode, on the leg they have or a new one."""
    target_channel(agent)
    leg = _leg(context, agent, device(phone) if phone else "")
    _only_one_speaker(context, agent, mode, leg)
    if leg is None:
        wanted = _device(context, phone)
        await _free_phone(context, wanted)
        leg = await start(context, agent, mode, wanted)
    if mode is Mode.TAKEOVER:
        await take_over(context, leg, caller_channel(context.board, agent))
    elif not await switch(context, leg, mode):
        leg = await _new_leg(context, agent, mode, leg)
    return _outcome(context, agent, leg, mode)


async def _new_leg(context: Context, agent: AgentRow, mode: Mode, old: Leg) -> Leg:
    """Where the PBX cannot switch a running leg: end it and ring again in the wanted mode."""
    await give_up(context, old, _("replaced by a leg in another mode"))
    return await start(context, agent, mode, old.phone, switchable=False)


def _device(context: Context, phone: str) -> str:
    wanted = phone or context.settings.supervisor.phone
    if not wanted:
        raise UsageProblem(
            _("No phone to ring was given."),
            remedy=_("Add --phone PJSIP/9001, or set phone in [supervisor] of the configuration."),
        )
    return device(wanted)


def _leg(context: Context, agent: AgentRow, wanted: str) -> Leg | None:
    """Return this supervisor's running leg on this very call; one on another phone is not it."""
    leg = context.registry.of(context.who, agent.key)
    if leg is None or leg.state != "running" or leg.target != agent.channel:
        return None
    return leg if not wanted or leg.phone == wanted else None


def _only_one_speaker(context: Context, agent: AgentRow, mode: Mode, mine: Leg | None) -> None:
    if mode not in SPEAKING and mode is not Mode.TAKEOVER:
        return
    other = context.registry.speaker(agent.key, besides=mine)
    if other is not None:
        raise ActionRefused(
            _("{owner} already speaks to {agent} ({mode}).").format(
                owner=other.owner or other.phone, agent=agent.agent, mode=other.mode
            ),
            remedy=_("Listen instead, or ask them to stop."),
        )


async def _free_phone(context: Context, phone: str) -> None:
    """A supervisor has one ear: the leg that this phone still has ends first."""
    old = context.registry.on_phone(phone)
    if old is None or old.mode is Mode.TAKEOVER:
        return
    if old.owner != context.who:
        raise ActionRefused(
            _("{phone} is in use: {owner} supervises {agent} on it.").format(
                phone=phone, owner=old.owner or "?", agent=old.agent or "?"
            )
        )
    await _stop(context, old, _("the supervisor went to another agent"))


async def _stop(context: Context, leg: Leg, why: str) -> None:
    leg.stopping = why
    channel = leg.channel or leg.supervision_id
    await context.send({"Action": "Hangup", "Channel": channel, "Cause": "16"}, fine=("no such channel",))
    gone = await context.until(lambda _board: not leg.live, STOPPED_WITHIN)
    if not gone:
        raise ActionRefused(_("The PBX did not end the leg {leg}.").format(leg=leg.supervision_id))


def _outcome(context: Context, agent: AgentRow, leg: Leg, mode: Mode) -> Outcome:
    text = {
        Mode.LISTEN: _("You listen to {agent}."),
        Mode.WHISPER: _("You listen to {agent} and only they hear you."),
        Mode.PRIVATE: _("Only {agent} hears you; you hear nobody."),
        Mode.BARGE: _("You, {agent} and the caller hear each other."),
        Mode.TAKEOVER: _("You have {agent}'s caller."),
    }[mode]
    return context.done(
        text.format(agent=agent.agent),
        target=agent.agent,
        supervision_id=leg.supervision_id,
        agent=agent.agent,
        mode=str(mode),
        state=leg.state,
        call_id=leg.call_id,
        phone=leg.phone,
    )


def _procedure(mode: Mode) -> Procedure:
    async def procedure(context: Context, agent: AgentRow, arguments: Mapping[str, Any]) -> Outcome:
        return await supervise(context, agent, mode, arguments["phone"] or "")

    return procedure


async def stop(context: Context, row: SupervisionRow, arguments: Mapping[str, Any]) -> Outcome:
    """End a leg; the call that it listens to goes on."""
    leg = context.registry.legs.get(row.supervision_id)
    if leg is None:
        message = _("Supervision {id} has ended already.").format(id=row.supervision_id)
        return context.done(message, target=row.supervision_id, changed=False)
    if leg.mode is Mode.TAKEOVER:
        raise UsageProblem(
            _("After a take-over the caller is yours: ending the leg would cut them off."),
            remedy=_("Hang up your phone, or use `ccops call hangup {call}`.").format(call=leg.call_id),
        )
    await _stop(context, leg, _("stopped by {who}").format(who=context.who))
    message = _("Supervision of {agent} was ended.").format(agent=leg.agent or "?")
    return context.done(message, target=row.supervision_id, changed=True, supervision_id=row.supervision_id)


def _in_call(agent: AgentRow) -> bool:
    return bool(agent.channel and agent.call_id)


_PHONE = Argument(
    "phone", "phone", _("phone to ring; without it that of the running supervision, else the configured one")
)


def _action(mode: Mode, title: str, help_: str, key: str, *, harmful: bool = False) -> Action:
    ami = ("Originate", "PlayDTMF", "Setvar", "Hangup") + (("Bridge",) if mode is Mode.TAKEOVER else ())
    return Action(
        str(mode),
        "agent",
        title,
        help_,
        _procedure(mode),
        ami,
        (_PHONE,),
        harmful=harmful,
        key=key,
        command=(str(mode),),
        valid=_in_call,
    )


ACTIONS = (
    _action(Mode.LISTEN, _("Listen"), _("Hear the agent's call; nobody hears you."), "l"),
    _action(Mode.WHISPER, _("Whisper"), _("Hear the call; only the agent hears you."), "w"),
    _action(Mode.PRIVATE, _("Private"), _("Speak to the agent alone, without hearing the call."), "W"),
    _action(Mode.BARGE, _("Barge"), _("Agent, caller and you hear each other."), "b"),
    _action(Mode.TAKEOVER, _("Take over"), _("You get the caller, the agent falls out."), "t", harmful=True),
    Action(
        "supervision.stop",
        "supervision",
        _("Stop"),
        _("Ends a supervision; the call goes on."),
        stop,
        ("Hangup",),
        key="x",
        command=("supervision", "stop"),
    ),
)
