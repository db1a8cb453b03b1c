"""Parked calls."""

from ccops.pbx.state import talks
from ccops.pbx.state.callers import on_taken_away
from ccops.pbx.state.calls import goes_on, group_of, step
from ccops.pbx.state.channels import add, unspend
from ccops.pbx.state.fields import Event, name_in, party, whole
from ccops.pbx.state.model import Parked, State


def on_parked(state: State, event: Event, at: float) -> None:
    """ParkedCall, live or as a row of ParkedCalls."""
    channel = add(state, event, at, "Parkee")
    if channel is None:
        return
    unspend(state, channel, at)
    on_taken_away(state, channel, at)
    left = whole(event, "ParkingTimeout")
    known = state.parked.get(channel.uniqueid)
    state.parked[channel.uniqueid] = Parked(
        uniqueid=channel.uniqueid,
        lot=event.get("Parkinglot", ""),
        space=event.get("ParkingSpace", ""),
        number=party(event, "ParkeeCallerIDNum"),
        name=name_in(event, "ParkeeCallerIDName"),
        channel=event.get("ParkeeChannel", ""),
        parker=event.get("ParkerDialString", ""),
        parked_at=known.parked_at if known else at - max(whole(event, "ParkingDuration"), 0),
        timeout_at=at + left if left > 0 else None,
    )
    state.dirty.parked[channel.uniqueid] = None
    state.dirty.groups[channel.linkedid] = None
    if known is None:
        for call in group_of(state, channel.linkedid).calls.values():
            call.departure = None
            call.peer = ""
            step(state, call, at, "parked", event.get("ParkingSpace", ""))


def on_unparked(state: State, event: Event, at: float) -> None:
    """UnParkedCall: somebody fetched the call."""
    _leave(state, event, at, "unparked", party(event, "RetrieverCallerIDNum"))


def on_timeout(state: State, event: Event, at: float) -> None:
    """ParkedCallTimeOut: nobody fetched it; it goes back to who parked it."""
    _leave(state, event, at, "unparked", "timeout")


def on_give_up(state: State, event: Event, at: float) -> None:
    """ParkedCallGiveUp: the caller hung up."""
    _leave(state, event, at, "", "")


def _leave(state: State, event: Event, at: float, kind: str, detail: str) -> None:
    parked = state.parked.pop(event.get("ParkeeUniqueid", ""), None)
    if parked is None:
        return
    state.dirty.parked[parked.uniqueid] = None
    channel = state.channels.get(parked.uniqueid)
    if channel is None:
        return
    state.dirty.groups[channel.linkedid] = None
    for call in group_of(state, channel.linkedid).calls.values():
        goes_on(state, call)
        if kind:
            step(state, call, at, kind, detail)
    talks.note(state, channel, at)  # whoever fetched the caller may be in the bridge with him already
