"""Switches the mode of a running leg without ringing the phone again; take-over bridges it with the caller."""

from ccops.desk.context import Context
from ccops.desk.supervision.legs import DIGITS, Leg, Mode
from ccops.errors import ActionRefused, PermissionRefused
from ccops.i18n import _

DIGIT_MS = 80
"""Length of the key press that ChanSpy hears, milliseconds: Asterisk's shortest."""

TAKEN_WITHIN = 3.0
"""Seconds within which the live state must show the caller with the supervisor."""


async def switch(context: Context, leg: Leg, mode: Mode) -> bool:
    """Put the leg in another mode; False where the PBX cannot do that on this leg (start a new one then)."""
    if leg.mode is mode:
        return True
    if not leg.switchable:
        return False
    try:
        await _key(context, leg, mode)
        await _ear(context, leg, closed=mode is Mode.PRIVATE)
    except (ActionRefused, PermissionRefused):
        return False
    await _keep_mode(context, leg, mode)
    return True


async def _key(context: Context, leg: Leg, mode: Mode) -> None:
    digit = DIGITS[mode]
    action = {"Action": "PlayDTMF", "Channel": leg.channel, "Digit": digit, "Duration": str(DIGIT_MS)}
    await context.send(action | {"Receive": "true"})


async def _ear(context: Context, leg: Leg, *, closed: bool) -> None:
    """Close or open what the supervisor hears: ChanSpy has no key for private whisper."""
    if leg.deaf is closed:
        return
    action = {"Action": "Setvar", "Channel": leg.channel, "Variable": "MUTEAUDIO(out)"}
    await context.send(action | {"Value": "on" if closed else "off"})
    leg.deaf = closed


async def _keep_mode(context: Context, leg: Leg, mode: Mode) -> None:
    """Note the mode on the channel, so that the next command finds it, then show it."""
    action = {"Action": "Setvar", "Channel": leg.channel, "Variable": "CCOPS_MODE", "Value": str(mode)}
    await context.send(action)
    if not context.dry_run:
        leg.mode = mode
        context.registry.show(leg)


async def take_over(context: Context, leg: Leg, caller: str) -> None:
    """Bridge the caller, named by channel, with the supervisor's leg; the agent's leg falls out of the call."""
    if not caller:
        raise ActionRefused(_("The caller's channel in {agent}'s call is not known.").format(agent=leg.agent))
    if leg.deaf:
        await _ear(context, leg, closed=False)
    before, leg.mode = leg.mode, Mode.TAKEOVER
    action = {"Action": "Bridge", "Channel1": caller, "Channel2": leg.channel, "Tone": "no"}
    try:
        await context.send(action)
        taken = await context.until(lambda board: _agent_out(board, leg), TAKEN_WITHIN)
    except BaseException:
        leg.mode = before
        raise
    if not taken:
        leg.mode = before
        raise ActionRefused(_("The PBX did not bring the caller to your phone."))
    await _keep_mode(context, leg, Mode.TAKEOVER)


def _agent_out(board: object, leg: Leg) -> bool:
    agents = getattr(board, "agents", {})
    agent = agents.get(leg.agent_key)
    return agent is None or agent.channel != leg.target
