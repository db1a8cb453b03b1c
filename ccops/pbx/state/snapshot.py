"""Reads a snapshot: fills a state from rows, then works out what only events would have told.

Rows name neither who is rung for whom nor who talks to whom for a queue. Both can be told: a leg that app_queue
dialled runs "AppQueue" and shares its Linkedid with the caller, who runs "Queue", and a member says InCall.
"""

from collections.abc import Iterable, Iterator

from ccops.board import Step
from ccops.pbx.state import agents, spies, talks
from ccops.pbx.state.apply import apply
from ccops.pbx.state.calls import current, group_of, main_channel, queued_call
from ccops.pbx.state.fields import Event
from ccops.pbx.state.model import UP, Agent, Call, Channel, Connection, Gone, Group, Member, Ring, State
from ccops.pbx.text import escaped


def begin(like: State) -> State:
    """Return an empty state with the settings of another, ready to be filled."""
    return State(
        site=like.site,
        wrap_up=like.wrap_up,
        wrap_up_reasons=like.wrap_up_reasons,
        offset=like.offset,
        settled=False,
        channels_listed=like.channels_listed,
        gone=Gone(set(like.gone.younger), set(like.gone.elder)),
    )


def read(like: State, rows: Iterable[tuple[Event, float]], events: Iterable[tuple[Event, float]], at: float) -> State:
    """Return the state that `rows` describe after the `events` that were heard while they came.

    A row shows the PBX at some instant of that time, and every event of that time is told after it: the last word
    on a thing is an event's, or the row's where no event tells of it.
    """
    state = begin(like)
    for row, heard in rows:
        # Whoever hung up before is gone, but a row is proof of life: of a channel that came and went meanwhile
        # the hangup is among the events.
        state.gone.discard(row.get("Uniqueid", ""))
        apply(state, row, heard)
    for event, heard in events:
        apply(state, event, heard)
    complete(state, at)
    return state


def complete(state: State, at: float) -> None:
    """Work out connections, rings and spies, and judge every agent."""
    spies.find_listed(state, at)
    for agent in list(state.agents.values()):
        for member in agent.members.values():
            if not any(known.queue == member.queue for known in agent.connections.values()):
                _find_connection(state, agent, member)
    for group in list(state.groups.values()):
        _find_rings(state, group)
        _tell_story(state, group)
    state.settled = True
    for agent in state.agents.values():
        agent.state = agents.judge(state, agent, at)
        agents.date(state, agent, at)
        agents.mark(state, agent)


def _find_connection(state: State, agent: Agent, member: Member) -> None:
    """Find whom a queue has connected an agent to.

    A Local leg may outlive its call: where the agent sent the caller on, it leads elsewhere and the phone is free for
    the next one. So what leads to the phone comes first.
    """
    found = list(_connected(state, agent, member.queue))
    if not member.in_call:
        found = [(leg, caller) for leg, caller in found if talks.together(state, agent, caller.uniqueid, leg.uniqueid)]
    if not found:
        return
    leg, caller = next((pair for pair in found if talks.leads_to_phone(state, agent, pair[0])), found[0])
    call = queued_call(state, caller, caller.created_at)
    call.entered_at = caller.created_at
    agents.connect(state, agent, call, Connection(member.queue, caller.uniqueid, leg.uniqueid, leg.created_at))


def _connected(state: State, agent: Agent, queue: str) -> Iterator[tuple[Channel, Channel]]:
    """Yield the agent's open legs that share a call with a caller whom the queue has connected, and that caller."""
    for leg in _own_legs(state, agent):
        caller = _connected_caller(state, group_of(state, leg.linkedid), queue) if leg.state == UP else None
        if caller is not None and caller is not leg:
            yield leg, caller


def _own_legs(state: State, agent: Agent) -> Iterator[Channel]:
    """Yield the channels that may be the agent's leg: what the queue dialled, then the phone's own."""
    for device in dict.fromkeys((agent.base, *agent.devices)):
        yield from (leg for leg in state.legs.get(device, {}).values() if leg.spent_at is None)


def _connected_caller(state: State, group: Group, queue: str) -> Channel | None:
    """Return the caller of a group that a queue has connected."""
    for channel in group.channels.values():
        call = state.callers.get(channel.uniqueid)
        free = call is None or not (call.waiting or call.agent)
        if free and channel.app == "Queue" and channel.data.partition(",")[0] == queue:
            return channel
    return None


def _find_rings(state: State, group: Group) -> None:
    waiting = [call for call in group.calls.values() if call.waiting]
    for leg in list(group.channels.values()) if waiting else ():
        if leg.app == "AppQueue" and not leg.bridge and leg.spent_at is None:
            for agent, call in _rung(state, leg, waiting):
                agents.ring(state, agent, call, Ring(call.queue, call.caller, leg.uniqueid, leg.created_at))


def _rung(state: State, leg: Channel, waiting: list[Call]) -> list[tuple[Agent, Call]]:
    """Return whose leg this is and for which of the group's callers it rings; of several nobody tells which."""
    found = [agent for agent in state.owners.get(leg.device, {}).values() if agent.base == leg.device]
    return [(agent, call) for agent in found for call in waiting if call.queue in agent.members][:1]


def _tell_story(state: State, group: Group) -> None:
    """Give the calls of a group the ladder that can be told afterwards."""
    for call in group.calls.values():
        if not call.queued and call.steps and call.steps[0].kind == "arrived":
            call.steps[0] = Step(call.entered_at, "arrived", call.steps[0].detail)
        call.steps.sort(key=lambda step: step.at)
    for call in current(state, group):
        main = main_channel(state, group, call)
        far = talks.far_end(state, main) if main is not None and not (call.waiting or call.agent) else None
        if far is not None and call.answered_at is None:
            call.answered_at, call.peer = far.created_at, far.uniqueid
            call.steps.append(Step(far.created_at, "connected", agents.label(state, far)))


def rows_of_channels(state: State, at: float) -> list[tuple[Event, float]]:
    """Return the list of channels as the PBX would give it, from what is known."""
    return [
        (
            {
                "Event": "CoreShowChannel",
                "Channel": channel.name,
                "Uniqueid": channel.uniqueid,
                "Linkedid": channel.linkedid,
                "ChannelState": channel.state,
                "CallerIDNum": channel.number,
                "CallerIDName": escaped(channel.caller_name),
                "ConnectedLineNum": channel.connected_number,
                "ConnectedLineName": escaped(channel.connected_name),
                "Exten": channel.dialled,
                "Application": _application(state, channel),
                "ApplicationData": _arguments(state, channel),
                "Duration": str(int(max(at - channel.created_at, 0))),
                "BridgeId": channel.bridge,
            },
            at,
        )
        for channel in state.channels.values()
    ]


def _application(state: State, channel: Channel) -> str:
    if channel.uniqueid in state.spies:
        return "ChanSpy"
    call = state.callers.get(channel.uniqueid)
    if call is not None and (call.waiting or call.agent):
        return "Queue"
    return "AppQueue" if any(channel.uniqueid in _queue_legs(agent) for agent in state.agents.values()) else channel.app


def _queue_legs(agent: Agent) -> set[str]:
    rings, connections = agent.rings.values(), agent.connections.values()
    return {ring.leg for ring in rings} | {connection.leg for connection in connections}


def _arguments(state: State, channel: Channel) -> str:
    spy = state.spies.get(channel.uniqueid)
    if spy is not None:
        return f"{spy.target},{spy.options or ''}"
    call = state.callers.get(channel.uniqueid)
    return call.queue if call is not None else channel.data


def rows_of_parked(state: State, at: float) -> list[tuple[Event, float]]:
    """Return the list of parked calls as the PBX would give it, from what is known."""
    return [
        (
            {
                "Event": "ParkedCall",
                "ParkeeChannel": parked.channel,
                "ParkeeUniqueid": parked.uniqueid,
                "ParkeeCallerIDNum": parked.number,
                "ParkeeCallerIDName": escaped(parked.name),
                "Parkinglot": parked.lot,
                "ParkingSpace": parked.space,
                "ParkerDialString": parked.parker,
                "ParkingTimeout": str(int(max(parked.timeout_at - at, 0))) if parked.timeout_at is not None else "0",
                "ParkingDuration": str(int(max(at - parked.parked_at, 0))),
            },
            at,
        )
        for parked in state.parked.values()
    ]
