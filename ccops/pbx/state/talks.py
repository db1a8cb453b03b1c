"""Who talks to whom outside queues: the line at the other end of a bridge, through Local pairs."""

from ccops.pbx.state import agents
from ccops.pbx.state.calls import current, goes_on, group_of, main_channel, step
from ccops.pbx.state.fields import partner_of
from ccops.pbx.state.model import Agent, Channel, State


def note(state: State, channel: Channel, at: float) -> None:
    """Write down who talks to whom where no queue does."""
    if len(state.bridges.get(channel.bridge, ())) < 2:
        return
    group = group_of(state, channel.linkedid)
    shown = current(state, group)
    if len(shown) != 1 or shown[0].waiting or shown[0].agent:
        return
    call = shown[0]
    main = main_channel(state, group, call)
    far = far_end(state, main) if main is not None and main.uniqueid not in state.parked else None
    if far is not None and far.uniqueid != call.peer:
        goes_on(state, call)
        call.peer = far.uniqueid
        call.answered_at = call.answered_at or at
        step(state, call, at, "connected", agents.label(state, far))


def far_end(state: State, channel: Channel) -> Channel | None:
    """Return the line that a channel talks to, through Local pairs; None while there is none."""
    for other in state.bridges.get(channel.bridge, {}).values():
        if other is not channel and other.spent_at is None:
            found = beyond(state, other) if other.local else other
            if found is not None:
                return found
    return None


def together(state: State, agent: Agent, caller: str, leg: str) -> bool:
    """Return whether a caller shares a bridge with a leg that leads to the agent's phone, and the phone is in use.

    What a queue says of calls taken and of who is in one is about the member, who may have two: of one of them the
    caller was parked or sent on, and the queue counts on until he hangs up.
    """
    one, other = state.channels.get(caller), state.channels.get(leg)
    if one is None or other is None or agent.status not in agents.IN_USE:
        return False
    if not one.bridge or one.bridge != other.bridge:
        return False
    return not agent.phone or leads_to_phone(state, agent, other)


def leads_to_phone(state: State, agent: Agent, leg: Channel) -> bool:
    """Return whether a leg is the agent's phone, or a Local half behind which the phone is."""
    line = beyond(state, leg) if leg.local else leg
    return line is not None and line.device in agent.devices


def beyond(state: State, channel: Channel, depth: int = 4) -> Channel | None:
    """Return the line behind a Local half: what its other half shares a bridge with; None if nothing does yet."""
    partner = state.channels.get(state.names.get(partner_of(channel.name), ""))
    if partner is None or not partner.bridge or depth == 0:
        return None
    for other in state.bridges.get(partner.bridge, {}).values():
        if other is partner:
            continue
        if not other.local:
            return other
        found = beyond(state, other, depth - 1)
        if found is not None:
            return found
    return None
