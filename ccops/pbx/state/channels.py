"""Channels: they come, get a state and a name, are held, renamed, hung up."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ccops.pbx.state import agents, talks
from ccops.pbx.state.calls import end_calls, goes_on, group_of, is_key, open_call, relink, remember_caller, step
from ccops.pbx.state.fields import NOBODY, Event, device_of, duration, is_local, name_in, older, party
from ccops.pbx.state.model import UP, Agent, Call, Channel, Departure, Group, State
from ccops.pbx.text import unescaped


@dataclass(slots=True, frozen=True)
class _Headers:
    """Names of the headers that tell of one channel, in an event that may tell of two."""

    uniqueid: str
    linkedid: str
    channel: str
    state: str
    number: str
    caller_name: str
    connected_number: str
    connected_name: str
    exten: str


_NAMES: Final = (
    "Uniqueid", "Linkedid", "Channel", "ChannelState", "CallerIDNum", "CallerIDName", "ConnectedLineNum",
    "ConnectedLineName", "Exten",
)  # fmt: skip
_HEADERS: Final = {
    prefix: _Headers(*(prefix + name for name in _NAMES)) for prefix in ("", "Dest", "Parkee", "Spyer", "Spyee")
}


def add(state: State, event: Event, at: float, prefix: str = "", created_at: float | None = None) -> Channel | None:
    """Return the channel that the headers with this prefix describe, made where it is unknown; None if it is gone."""
    names = _HEADERS[prefix]
    uniqueid = event.get(names.uniqueid, "")
    channel = state.channels.get(uniqueid)
    if channel is None:
        return _make(state, event, at, names, at if created_at is None else created_at)
    linkedid = event.get(names.linkedid, channel.linkedid)
    if linkedid != channel.linkedid:
        _join_older(state, channel, linkedid, at)
    return channel


def _make(state: State, event: Event, at: float, names: _Headers, born: float) -> Channel | None:
    get = event.get
    uniqueid, name = get(names.uniqueid), get(names.channel)
    if not uniqueid or not name or uniqueid in state.gone:
        return None
    linkedid = get(names.linkedid) or uniqueid
    device = name.rpartition("-")[0]
    number, caller_name = get(names.number, ""), get(names.caller_name, "")
    connected_number, connected_name = get(names.connected_number, ""), get(names.connected_name, "")
    channel = Channel(
        uniqueid, name, device, linkedid, born, name.startswith("Local/"), get(names.state, "0"),
        "" if number in NOBODY else number, "" if caller_name in NOBODY else unescaped(caller_name),
        "" if connected_number in NOBODY else connected_number,
        "" if connected_name in NOBODY else unescaped(connected_name),
        get(names.exten, ""),
    )  # fmt: skip
    state.channels[uniqueid] = channel
    state.names[name] = uniqueid
    legs = state.legs.get(device)
    if legs is None:
        legs = state.legs[device] = {}
    legs[uniqueid] = channel
    group = state.groups.get(linkedid)
    if group is None:
        group = state.groups[linkedid] = Group(linkedid)
    group.channels[uniqueid] = channel
    state.dirty.groups[linkedid] = None
    open_call(state, group, channel)
    if device in state.owners:
        _settle_owners(state, channel, at)
    return channel


def _join_older(state: State, channel: Channel, linkedid: str, at: float) -> None:
    """Take over an older Linkedid: channels that meet keep the oldest, so a younger one is old news.

    The row of a caller in a queue does not tell the Linkedid, so it may also be the first that is heard of it.
    """
    if linkedid and older(linkedid, channel.linkedid) == linkedid:
        relink(state, channel, linkedid, at)


def on_new(state: State, event: Event, at: float) -> None:
    """Newchannel."""
    add(state, event, at)


def on_listed(state: State, event: Event, at: float) -> None:
    """CoreShowChannel: a row of the list of channels."""
    channel = add(state, event, at, created_at=at - duration(event.get("Duration", "0")))
    if channel is None:
        return
    channel.app, channel.data = event.get("Application", ""), event.get("ApplicationData", "")
    channel.number, channel.caller_name = party(event, "CallerIDNum"), name_in(event, "CallerIDName")
    channel.connected_number = party(event, "ConnectedLineNum")
    channel.connected_name = name_in(event, "ConnectedLineName")
    state.dirty.groups[channel.linkedid] = None
    set_state(state, channel, event.get("ChannelState", "0"), at)
    set_bridge(state, channel, event.get("BridgeId", ""))


def on_state(state: State, event: Event, at: float) -> None:
    """Newstate."""
    channel = state.channels.get(event.get("Uniqueid", "")) or add(state, event, at)
    if channel is not None:
        channel.connected_number = party(event, "ConnectedLineNum")
        channel.connected_name = name_in(event, "ConnectedLineName")
        state.dirty.groups[channel.linkedid] = None
        set_state(state, channel, event.get("ChannelState", channel.state), at)


def set_state(state: State, channel: Channel, value: str, at: float) -> None:
    """Take the state of a channel over; agents are judged anew where the line opens."""
    if value == channel.state:
        return
    opened = (value == UP) is not (channel.state == UP)
    channel.state = value
    if opened:
        _settle_owners(state, channel, at)


def on_caller_id(state: State, event: Event, at: float) -> None:
    """NewCallerid: never brings a channel to life, for it may come after the hangup."""
    channel = state.channels.get(event.get("Uniqueid", ""))
    if channel is not None:
        channel.number, channel.caller_name = party(event, "CallerIDNum"), name_in(event, "CallerIDName")
        state.dirty.groups[channel.linkedid] = None


def on_rename(state: State, event: Event, at: float) -> None:
    """Rename: a masquerade gives a channel the name, and so the phone, of another."""
    channel = state.channels.get(event.get("Uniqueid", ""))
    name = event.get("Newname", "")
    if channel is None or not name or name == channel.name:
        return
    before = list(_owners(state, channel.device))
    _unindex(state, channel)
    channel.name, channel.device, channel.local = name, device_of(name), is_local(name)
    state.names[name] = channel.uniqueid
    state.legs.setdefault(channel.device, {})[channel.uniqueid] = channel
    state.dirty.groups[channel.linkedid] = None
    for agent in before:
        state.dirty.agents[agent.key] = None
        agents.settle(state, agent, at)
    _settle_owners(state, channel, at)


def on_hangup_request(state: State, event: Event, at: float) -> None:
    """HangupRequest: a party hung up, as opposed to being sent elsewhere."""
    channel = state.channels.get(event.get("Uniqueid", ""))
    if channel is not None:
        channel.hanging = True


def on_hangup(state: State, event: Event, at: float) -> None:
    """Hangup: the channel is gone, and stays gone whatever comes late."""
    uniqueid = event.get("Uniqueid", "")
    channel = state.channels.get(uniqueid)
    if channel is None:
        state.gone.add(uniqueid)
        return
    call = state.callers.get(uniqueid)
    if call is not None and call.departure is not None and call.departure.if_alive == "left":
        exten = event.get("Exten", "")
        if is_key(call, exten):
            goes_on(state, call, exten)
    drop(state, channel, at)


def drop(state: State, channel: Channel, at: float) -> None:
    """Take a channel out of everything that it was part of."""
    uniqueid = channel.uniqueid
    group = state.groups[channel.linkedid]
    state.gone.add(uniqueid)
    remember_caller(state, group, channel)
    if channel.bridge:
        set_bridge(state, channel, "")
    _leave_queue_calls(state, group, channel, at)
    _unindex(state, channel)
    del state.channels[uniqueid]
    del group.channels[uniqueid]
    _forget_roles(state, channel)
    state.dirty.groups[channel.linkedid] = None
    end_calls(state, group, at)
    if channel.device in state.owners:
        _settle_owners(state, channel, at)


def _forget_roles(state: State, channel: Channel) -> None:
    """Drop what else a channel may have been: spent, a spy or its target, parked."""
    uniqueid = channel.uniqueid
    if channel.spent_at is not None:
        state.spent.pop(uniqueid, None)
    if channel.spied:
        _lose_spies(state, channel)
    if state.spies:
        state.asked_to_spy.pop(uniqueid, None)
        if state.spies.pop(uniqueid, None) is not None:
            state.dirty.spies[uniqueid] = None
    if state.parked and state.parked.pop(uniqueid, None) is not None:
        state.dirty.parked[uniqueid] = None


def _lose_spies(state: State, channel: Channel) -> None:
    for spy in state.spies.values():
        if spy.target == channel.uniqueid:
            spy.target = ""
            state.dirty.spies[spy.uniqueid] = None


def _leave_queue_calls(state: State, group: Group, channel: Channel, at: float) -> None:
    """End what queues had to do with a channel: as caller, as connected leg, as ringing leg."""
    call = state.callers.get(channel.uniqueid)
    if call is not None:
        agents.release(state, call, at)
        return
    for call in group.calls.values():
        if call.ringing or call.agent:
            _lose_leg(state, call, channel, at)


def _lose_leg(state: State, call: Call, channel: Channel, at: float) -> None:
    for key in sorted(call.ringing):
        agent = state.agents[key]
        if agent.rings[call.caller].leg == channel.uniqueid:
            agents.stop_ringing(state, agent, call, at)
    connected = state.agents.get(call.agent)
    if connected is None or connected.connections[call.caller].leg != channel.uniqueid:
        return
    agents.disconnect(state, connected, call, at)
    caller = state.channels.get(call.caller)
    if caller is None or call.caller in state.parked:
        return
    if not (channel.hanging or caller.hanging):
        # An agent whose leg vanishes without a hangup lost the caller to somebody: a redirect or a bridge.
        call.departure = Departure(at, "", "pulled")
    talks.note(state, caller, at)


def set_bridge(state: State, channel: Channel, bridge: str) -> None:
    """Put a channel into a bridge, or into none."""
    if channel.bridge == bridge:
        return
    members = state.bridges.get(channel.bridge)
    if members is not None:
        members.pop(channel.uniqueid, None)
        if not members:
            del state.bridges[channel.bridge]
    channel.bridge = bridge
    if bridge:
        state.bridges.setdefault(bridge, {})[channel.uniqueid] = channel
    state.dirty.groups[channel.linkedid] = None


def on_dial(state: State, event: Event, at: float) -> None:
    """DialBegin: somebody is rung by somebody else than a queue."""
    channel = state.channels.get(event.get("Uniqueid", ""))
    leg = add(state, event, at, "Dest")
    if channel is None or leg is None:
        return
    unspend(state, channel, at)
    _leaves_agent(state, channel, at)
    in_queue = channel.uniqueid in state.callers
    for call in group_of(state, channel.linkedid).calls.values():
        another = call.queued and call.caller != channel.uniqueid and (in_queue or not channel.local)
        if call.waiting or call.agent or another:
            continue
        if call.caller == channel.uniqueid:
            goes_on(state, call, event.get("Exten", ""))
        if not leg.local:
            step(state, call, at, "ringing", agents.label(state, leg))


def _leaves_agent(state: State, channel: Channel, at: float) -> None:
    """A connected caller who dials somebody was sent there: the agent has lost him, whenever their leg hangs up."""
    call = state.callers.get(channel.uniqueid)
    if call is not None and call.agent:
        agents.disconnect(state, state.agents[call.agent], call, at)
        call.departure = Departure(at, "", "pulled")


def on_hold(state: State, event: Event, at: float) -> None:
    """Hold."""
    _set_held(state, event, at, held=True)


def on_unhold(state: State, event: Event, at: float) -> None:
    """Unhold: also sent where nothing was held, at the start of a transfer."""
    _set_held(state, event, at, held=False)


def _set_held(state: State, event: Event, at: float, *, held: bool) -> None:
    channel = state.channels.get(event.get("Uniqueid", ""))
    if channel is None or channel.held is held:
        return
    channel.held = held
    state.dirty.groups[channel.linkedid] = None
    for call in group_of(state, channel.linkedid).calls.values():
        step(state, call, at, "held" if held else "resumed", agents.label(state, channel))
        agent = state.agents.get(call.agent)
        if agent is not None:
            agents.settle(state, agent, at)


def on_music(state: State, event: Event, at: float) -> None:
    """MusicOnHoldStart and MusicOnHoldStop: whether it still plays when a caller leaves tells a time-out."""
    channel = state.channels.get(event.get("Uniqueid", ""))
    if channel is not None:
        channel.music = event["Event"] == "MusicOnHoldStart"


def unspend(state: State, channel: Channel, at: float) -> None:
    """A leg whose queue call is over is in use again."""
    if channel.spent_at is None:
        return
    channel.spent_at = None
    state.spent.pop(channel.uniqueid, None)
    state.dirty.groups[channel.linkedid] = None
    open_call(state, group_of(state, channel.linkedid), channel)
    _settle_owners(state, channel, at)


def join_linkedids(state: State, channels: Iterable[Channel], at: float) -> None:
    """Give bridged channels the Linkedid of the oldest, as Asterisk does without an event for each."""
    channels = list(channels)
    oldest = channels[0].linkedid
    for channel in channels[1:]:
        oldest = older(oldest, channel.linkedid)
    for channel in channels:
        if channel.linkedid != oldest:
            relink(state, channel, oldest, at)


def _unindex(state: State, channel: Channel) -> None:
    if state.names.get(channel.name) == channel.uniqueid:
        del state.names[channel.name]
    legs = state.legs.get(channel.device)
    if legs is not None:
        legs.pop(channel.uniqueid, None)
        if not legs:
            del state.legs[channel.device]


def _owners(state: State, device: str) -> Iterable[Agent]:
    return state.owners.get(device, {}).values()


def _settle_owners(state: State, channel: Channel, at: float) -> None:
    owners = state.owners.get(channel.device)
    if owners is not None:
        for agent in owners.values():
            state.dirty.agents[agent.key] = None
            agents.settle(state, agent, at)
