"""Bridges: who talks to whom, swaps, transfers."""

from ccops.pbx.state import agents
from ccops.pbx.state.calls import current, goes_on, group_of, main_channel, relink, step
from ccops.pbx.state.channels import add, join_linkedids, set_bridge, unspend
from ccops.pbx.state.fields import Event, partner_of, party
from ccops.pbx.state.model import Call, Channel, State


def on_enter(state: State, event: Event, at: float) -> None:
    """BridgeEnter. SwapUniqueid names the channel whose place is taken, as when a Local pair is optimised away."""
    channel, bridge = add(state, event, at), event.get("BridgeUniqueid", "")
    if channel is None or not bridge:
        return
    linkedid = event.get("Linkedid") or channel.linkedid
    if linkedid != channel.linkedid:
        relink(state, channel, linkedid, at)
    set_bridge(state, channel, bridge)
    unspend(state, channel, at)
    if channel.uniqueid in state.spies:
        # A spy is in no bridge: somebody bridged it to the caller, which takes the call over.
        del state.spies[channel.uniqueid]
        state.dirty.spies[channel.uniqueid] = None
    if (swapped := event.get("SwapUniqueid")) is not None:
        _swap(state, swapped, channel)
    together = state.bridges[bridge].values()
    if len(together) > 1 and event.get("BridgeType", "basic") == "basic":
        join_linkedids(state, together, at)
    call = state.callers.get(channel.uniqueid)
    if call is not None:
        goes_on(state, call)
    note_talk(state, channel, at)


def _swap(state: State, old: str, new: Channel) -> None:
    """A channel takes another's part in a queue call."""
    for call in group_of(state, new.linkedid).calls.values():
        agent = state.agents.get(call.agent)
        if agent is not None and agent.connections[call.caller].leg == old:
            agent.connections[call.caller].leg = new.uniqueid
            agents.mark(state, agent)
    call_of_old = state.callers.get(old)
    if call_of_old is not None and new.uniqueid not in state.callers and not call_of_old.waiting:
        _hand_over(state, call_of_old, new)


def _hand_over(state: State, call: Call, channel: Channel) -> None:
    """Another channel is the caller now."""
    agent = state.agents.get(call.agent)
    if agent is not None:
        connection = agent.connections.pop(call.caller)
        connection.caller = channel.uniqueid
        agent.connections[channel.uniqueid] = connection
    del state.callers[call.caller]
    call.caller = channel.uniqueid
    state.callers[channel.uniqueid] = call


def note_talk(state: State, channel: Channel, at: float) -> None:
    """Write down who talks to whom where no queue does."""
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


def on_leave(state: State, event: Event, at: float) -> None:
    """BridgeLeave: may come after the channel has entered its next bridge."""
    channel = state.channels.get(event.get("Uniqueid", ""))
    if channel is not None and channel.bridge == event.get("BridgeUniqueid", ""):
        set_bridge(state, channel, "")


def on_destroy(state: State, event: Event, at: float) -> None:
    """BridgeDestroy."""
    for channel in list(state.bridges.get(event.get("BridgeUniqueid", ""), {}).values()):
        set_bridge(state, channel, "")


def on_blind_transfer(state: State, event: Event, at: float) -> None:
    """BlindTransfer."""
    if event.get("Result", "Success") == "Success":
        _transferred(state, event, at, event.get("Extension", ""))


def on_attended_transfer(state: State, event: Event, at: float) -> None:
    """AttendedTransfer: to a line, or to an application such as a queue."""
    if event.get("Result", "Success") != "Success":
        return
    target = state.channels.get(event.get("TransferTargetUniqueid", ""))
    known = target is not None and not target.local
    detail = agents.label(state, target) if known and target is not None else party(event, "TransferTargetExten")
    _transferred(state, event, at, detail or event.get("DestApp", ""))


def _transferred(state: State, event: Event, at: float, detail: str) -> None:
    transferee = state.channels.get(event.get("TransfereeUniqueid", ""))
    if transferee is None:
        return
    unspend(state, transferee, at)
    calls = group_of(state, transferee.linkedid).calls
    mine = [call for call in calls.values() if call.caller == transferee.uniqueid] or list(calls.values())
    for call in mine:
        call.departure = None
        step(state, call, at, "transferred", detail)
    state.dirty.groups[transferee.linkedid] = None
