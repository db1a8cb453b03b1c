"""Running ChanSpy legs: who listens to which channel."""

from ccops.pbx.state import agents
from ccops.pbx.state.calls import group_of, real_channels
from ccops.pbx.state.channels import add
from ccops.pbx.state.fields import Event
from ccops.pbx.state.model import Channel, Spy, State

_APPLICATIONS = frozenset({"ChanSpy", "ExtenSpy"})


def on_start(state: State, event: Event, at: float) -> None:
    """ChanSpyStart."""
    spyer, target = add(state, event, at, "Spyer"), add(state, event, at, "Spyee")
    if spyer is None:
        return
    spy = _note(state, spyer, state.asked_to_spy.get(spyer.uniqueid), at)
    if target is not None and spy.target != target.uniqueid:
        spy.target, spy.since, target.spied = target.uniqueid, at, True


def on_stop(state: State, event: Event, at: float) -> None:
    """ChanSpyStop: the leg may go on waiting in silence for a channel to listen to."""
    spy = state.spies.get(event.get("SpyerUniqueid", ""))
    if spy is not None and event.get("SpyeeUniqueid") in (None, spy.target):
        spy.target = ""
        state.dirty.spies[spy.uniqueid] = None


def on_originated(state: State, event: Event, at: float) -> None:
    """OriginateResponse: tells with which options a leg was told to spy."""
    channel = state.channels.get(event.get("Uniqueid", ""))
    if channel is None or event.get("Application") not in _APPLICATIONS or event.get("Response") != "Success":
        return
    state.asked_to_spy[channel.uniqueid] = event.get("Data", "")
    _note(state, channel, event.get("Data", ""), at)


def find_listed(state: State, at: float) -> None:
    """Find the spies among the channels of a list: after our own restart this is all that tells of them."""
    for channel in list(state.channels.values()):
        if channel.app not in _APPLICATIONS or channel.bridge:
            continue
        spy = _note(state, channel, channel.data, channel.created_at)
        prefix = channel.data.partition(",")[0]
        if spy.target or not prefix or channel.app == "ExtenSpy":
            continue
        target = _target(state, channel, prefix)
        if target is not None:
            spy.target, target.spied = target.uniqueid, True


def _target(state: State, spyer: Channel, prefix: str) -> Channel | None:
    """Return the channel that ChanSpy would choose: of this uniqueid or name, or whose name begins so."""
    exact = state.channels.get(prefix) or state.channels.get(state.names.get(prefix, ""))
    if exact is not None:
        return exact
    matches = [channel for channel in state.channels.values() if channel.name.startswith(prefix)]
    return next((channel for channel in matches if channel is not spyer and channel.bridge), None)


def _note(state: State, spyer: Channel, arguments: str | None, at: float) -> Spy:
    """Return the spy record of a leg; a spy's leg is no call."""
    spy = state.spies.get(spyer.uniqueid)
    if spy is None:
        spy = state.spies[spyer.uniqueid] = Spy(spyer.uniqueid, "", None, at)
        group = group_of(state, spyer.linkedid)
        if not any(True for _ in real_channels(state, group)):
            for call in group.calls.values():
                call.seen = call.queued
        state.dirty.groups[group.linkedid] = None
        for agent in state.owners.get(spyer.device, {}).values():
            agents.settle(state, agent, at)
    if arguments is not None:
        spy.options = arguments.partition(",")[2]
    state.dirty.spies[spyer.uniqueid] = None
    return spy
