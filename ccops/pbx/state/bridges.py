"""Bridges: who talks to whom, swaps, transfers."""

from typing import Final

from ccops.pbx.state import agents, talks
from ccops.pbx.state.callers import on_taken_away
from ccops.pbx.state.calls import goes_on, group_of, step
from ccops.pbx.state.channels import add, join_linkedids, set_bridge, unspend
from ccops.pbx.state.fields import Event, partner_of, party
from ccops.pbx.state.model import Call, Channel, State

_SAME_DEED: Final = 1.0
"""Seconds within which the events of one transfer come, in whatever order."""


def on_enter(state: State, event: Event, at: float) -> None:
    """BridgeEnter. SwapUniqueid names the channel whose place is taken, as when a Local pair is optimised away."""
    channel, bridge = add(state, event, at), event.get("BridgeUniqueid", "")
    if channel is None or not bridge:
        return
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
        on_taken_away(state, channel, at)
        goes_on(state, call)
    talks.note(state, channel, at)


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


def on_leave(state: State, event: Event, at: float) -> None:
    """BridgeLeave: may come after the channel has entered its next bridge."""
    channel = state.channels.get(event.get("Uniqueid", ""))
    if channel is not None and channel.bridge == event.get("BridgeUniqueid", ""):
        set_bridge(state, channel, "")


def on_blind_transfer(state: State, event: Event, at: float) -> None:
    """BlindTransfer."""
    if event.get("Result", "Success") == "Success":
        _transferred(state, event, at, event.get("Extension", ""))


def on_attended_transfer(state: State, event: Event, at: float) -> None:
    """AttendedTransfer: to a line, or to an application such as a queue."""
    if event.get("Result", "Success") != "Success":
        return
    target = _target(state, event)
    transferee = state.channels.get(event.get("TransfereeUniqueid", ""))
    consulted = state.callers.get(_other_half(state, target))
    if consulted is not None and transferee is not None:
        # What the agent asked back at was a queue: whoever stood there stands there for the caller from now on.
        consulted.number, consulted.name = transferee.number, transferee.caller_name
        state.dirty.groups[consulted.linkedid] = None
    line = target if target is None or not target.local else talks.beyond(state, target)
    detail = consulted.queue if consulted is not None else agents.label(state, line) if line is not None else ""
    _transferred(state, event, at, detail or party(event, "TransferTargetExten") or event.get("DestApp", ""))


def _target(state: State, event: Event) -> Channel | None:
    """Return whom the caller gets: the event leaves it out where the two bridges were one before it was written."""
    target = state.channels.get(event.get("TransferTargetUniqueid", ""))
    if target is not None:
        return target
    known = {event.get(f"{who}Uniqueid") for who in ("Transferee", "OrigTransferer", "SecondTransferer")}
    others = state.bridges.get(event.get("DestBridgeUniqueid", ""), {}).values()
    return next((other for other in others if other.uniqueid not in known), None)


def _other_half(state: State, channel: Channel | None) -> str:
    """Return the uniqueid of the other half of a Local pair; empty for any other channel."""
    return state.names.get(partner_of(channel.name), "") if channel is not None and channel.local else ""


def _transferred(state: State, event: Event, at: float, detail: str) -> None:
    transferee = state.channels.get(event.get("TransfereeUniqueid", ""))
    if transferee is None:
        return
    unspend(state, transferee, at)
    calls = group_of(state, transferee.linkedid).calls
    mine = [call for call in calls.values() if call.caller == transferee.uniqueid] or list(calls.values())
    for call in mine:
        call.departure = None
        already = call.steps[-1] if call.agent == "" and call.steps and call.steps[-1].kind == "connected" else None
        if already is not None and at - already.at < _SAME_DEED:
            call.steps.pop()
            step(state, call, already.at, "transferred", detail)
            call.steps.append(already)
        else:
            step(state, call, at, "transferred", detail)
    state.dirty.groups[transferee.linkedid] = None
