"""What an agent is doing: judged from rings, connections, legs, pauses and the phone's state, after every event."""

from typing import Final

from ccops.board import AgentState
from ccops.pbx.state.calls import spend, step
from ccops.pbx.state.fields import device_in, is_local
from ccops.pbx.state.model import UP, Agent, Call, Channel, Connection, Ring, State

IN_USE: Final = frozenset({2, 3, 7, 8})
"""What a queue says of a phone that is in a call."""
_RINGING: Final = 6
_ON_HOLD: Final = 8
_GONE: Final = frozenset({4, 5})


def settle(state: State, agent: Agent, at: float) -> None:
    """Judge an agent anew; a new state begins now."""
    if not state.settled:
        return
    judged = judge(state, agent, at)
    if judged is not agent.state:
        agent.state, agent.since, agent.since_before = judged, at, False
        mark(state, agent)


def mark(state: State, agent: Agent) -> None:
    """Note that the rows of an agent, its queues and its calls changed."""
    state.dirty.agents[agent.key] = None
    for queue in agent.members:
        state.dirty.queues[queue] = None
    for caller in agent.connections:
        state.dirty.groups[state.callers[caller].linkedid] = None


def judge(state: State, agent: Agent, at: float) -> AgentState:
    """Return what an agent is doing, the most pressing first."""
    if agent.connections:
        held = all(on_hold(state, agent, connection) for connection in agent.connections.values())
        return AgentState.ON_HOLD if held else AgentState.TALKING
    if agent.rings:
        return AgentState.RINGING
    engaged = _engaged(state, agent)
    if engaged is not None:
        return engaged
    if agent.members and all(member.paused for member in agent.members.values()):
        reasons = {member.reason for member in agent.members.values()}
        return AgentState.WRAP_UP if reasons <= state.wrap_up_reasons else AgentState.PAUSED
    if agent.wrap_until is not None and agent.wrap_until > at:
        return AgentState.WRAP_UP
    return AgentState.AVAILABLE if _reachable(agent) else AgentState.UNAVAILABLE


def on_hold(state: State, agent: Agent, connection: Connection) -> bool:
    """Return whether a side of a queue call has put it on hold; most phones tell by an event only."""
    if agent.status == _ON_HOLD:
        return True
    caller = state.channels.get(connection.caller)
    leg = state.channels.get(connection.leg)
    if (caller is not None and caller.held) or (leg is not None and leg.held):
        return True
    return leg is not None and leg.local and any(phone.held for phone in phone_legs(state, agent, leg.linkedid))


def phone_legs(state: State, agent: Agent, linkedid: str) -> list[Channel]:
    """Return the channels of the agent's phones that belong to the call with this Linkedid."""
    found = (leg for device in agent.devices for leg in state.legs.get(device, {}).values())
    return [leg for leg in found if leg.linkedid == linkedid]


def _engaged(state: State, agent: Agent) -> AgentState | None:
    """Return BUSY where a call that no queue sent keeps the phone, by its legs or, without any, by its state."""
    if agent.devices and state.channels_listed:
        return AgentState.BUSY if busy_legs(state, agent) else None
    if agent.status in IN_USE:
        return AgentState.BUSY
    return AgentState.RINGING if agent.status == _RINGING else None


def busy_legs(state: State, agent: Agent) -> list[Channel]:
    """Return the phone's legs in calls that no queue sent."""
    legs = state.legs
    found: list[Channel] = []
    for device in agent.devices:
        for leg in legs.get(device, {}).values():
            if leg.spent_at is None and not leg.name.endswith(">") and not _rung_by_queue(state, leg):
                found.append(leg)  # noqa: PERF401  # two nested loops read better than the comprehension
    return found


def _rung_by_queue(state: State, leg: Channel) -> bool:
    """Return whether a leg that is not up yet belongs to a caller in a queue: AgentCalled is about to say so."""
    return leg.state != UP and state.groups[leg.linkedid].waiting > 0 and leg.uniqueid not in state.callers


def _reachable(agent: Agent) -> bool:
    """Return whether the queue would ring the agent: it rings a Local member whose state nobody knows.

    The status that queues tell is that of the state interface, so that the list of device states adds nothing.
    """
    return agent.status not in _GONE and (agent.status != 0 or is_local(agent.state_interface))


# --- whom a channel concerns ---


def find_phone(state: State, agent: Agent, at: float) -> None:
    """Work out which device is the agent's phone: the state interface, what its hint watches, or the Local itself."""
    watched = agent.state_interface or agent.base
    if watched.startswith("hint:"):
        watched = state.hints.get(watched[5:], "")
    devices = tuple(device_in(name) for name in watched.split(",")[0].split("&") if _is_channel_device(name))
    phone = next((device for device in devices if not is_local(device)), "")
    if devices == agent.devices and phone == agent.phone:
        return
    for device in (*agent.devices, agent.base):
        _disown(state, device, agent)
    agent.devices, agent.phone = devices, phone
    for device in (*devices, agent.base):
        state.owners.setdefault(device, {})[agent.key] = agent
    touch_legs(state, agent)
    mark(state, agent)
    settle(state, agent, at)


def _is_channel_device(name: str) -> bool:
    """Return whether a device is a line that channels are named after; Custom:, Agent: and Queue: are none."""
    technology, slash, resource = name.partition("/")
    return bool(slash and resource and technology.isalnum())


def touch_legs(state: State, agent: Agent) -> None:
    """Note that the calls of an agent's lines show another name than before."""
    for device in (*agent.devices, agent.base):
        for leg in state.legs.get(device, {}).values():
            state.dirty.groups[leg.linkedid] = None


def _disown(state: State, device: str, agent: Agent) -> None:
    owners = state.owners.get(device)
    if owners is not None:
        owners.pop(agent.key, None)
        if not owners:
            del state.owners[device]


def get(state: State, interface: str) -> Agent:
    """Return the agent of an interface, made where it is new."""
    agent = state.agents.get(interface)
    if agent is None:
        agent = state.agents[interface] = Agent(interface, device_in(interface))
        state.owners.setdefault(agent.base, {})[interface] = agent
    return agent


def forget(state: State, agent: Agent, at: float) -> None:
    """Drop an agent that is in no queue any more; its calls go on without it."""
    for caller in list(agent.rings):
        stop_ringing(state, agent, state.callers[caller], at)
    for caller in list(agent.connections):
        disconnect(state, agent, state.callers[caller], at)
    for device in (*agent.devices, agent.base):
        _disown(state, device, agent)
    touch_legs(state, agent)
    state.wrapping.pop(agent.key, None)
    state.agents.pop(agent.key, None)
    state.dirty.agents[agent.key] = None


def label(state: State, leg: Channel) -> str:
    """Return how a ladder calls a line: the agent's name, else a number or a name, else the device."""
    for agent in state.owners.get(leg.device, {}).values():
        return agent.name or agent.key
    return leg.number or leg.caller_name or leg.device


# --- queue calls of an agent ---


def owns(agent: Agent, leg: Channel) -> bool:
    """Return whether a leg is the agent's: not where a colleague has picked up the call that rang."""
    return leg.local or not agent.phone or leg.device in agent.devices or leg.device == agent.base


def ring(state: State, agent: Agent, call: Call, ring: Ring) -> None:
    """A queue begins to ring an agent."""
    known = agent.rings.get(call.caller)
    if known is not None and known.leg == ring.leg:
        return
    agent.rings[call.caller] = ring
    call.ringing.add(agent.key)
    step(state, call, ring.since, "ringing", agent.name or agent.key)
    state.dirty.groups[call.linkedid] = None
    mark(state, agent)
    settle(state, agent, ring.since)


def stop_ringing(state: State, agent: Agent, call: Call, at: float, *, answered: bool = False) -> None:
    """A queue rings an agent no more."""
    rang = agent.rings.pop(call.caller, None)
    call.ringing.discard(agent.key)
    if rang is None:
        return
    if not answered:
        _spend(state, agent, rang.leg, call.linkedid, at)
    state.dirty.groups[call.linkedid] = None
    mark(state, agent)
    settle(state, agent, at)


def connect(state: State, agent: Agent, call: Call, connection: Connection) -> None:
    """An agent has answered a caller of a queue."""
    stop_ringing(state, agent, call, connection.since, answered=True)
    for key in sorted(call.ringing):
        stop_ringing(state, state.agents[key], call, connection.since)
    if call.agent not in ("", agent.key):
        disconnect(state, state.agents[call.agent], call, connection.since)
    agent.connections[call.caller] = connection
    call.agent = call.last_agent_key = agent.key
    call.last_agent = agent.name or agent.key
    call.queue, call.departure, call.outcome = connection.queue, None, "answered"
    call.answered_at = call.answered_at or connection.since
    call.peer = connection.leg
    step(state, call, connection.since, "connected", call.last_agent)
    state.dirty.groups[call.linkedid] = None
    mark(state, agent)
    settle(state, agent, connection.since)


def disconnect(state: State, agent: Agent, call: Call, at: float) -> None:
    """An agent's part in a call of a queue is over; wrap-up begins."""
    connection = agent.connections.pop(call.caller, None)
    call.agent = ""
    if connection is None:
        return
    _spend(state, agent, connection.leg, call.linkedid, at)
    member = agent.members.get(connection.queue)
    if member is not None:
        member.in_call = False
        member.last_call = max(member.last_call, int(at + state.offset))
        refresh_wrap_up(state, agent)
    state.dirty.groups[call.linkedid] = None
    mark(state, agent)
    settle(state, agent, at)


def release(state: State, call: Call, at: float) -> None:
    """The caller is gone: nobody is rung for it, nobody talks to it."""
    for key in sorted(call.ringing):
        stop_ringing(state, state.agents[key], call, at)
    agent = state.agents.get(call.agent)
    if agent is not None:
        disconnect(state, agent, call, at)


def _spend(state: State, agent: Agent, leg: str, linkedid: str, at: float) -> None:
    """Mark the legs of a queue call that is over: until they hang up they keep nobody busy."""
    channel = state.channels.get(leg)
    for spent in [*phone_legs(state, agent, linkedid), *([channel] if channel is not None else [])]:
        if spent.uniqueid not in state.callers:
            spend(state, spent, at)


def refresh_wrap_up(state: State, agent: Agent) -> None:
    """Work out until when the agent's wrap-up lasts, as app_queue does: whole seconds of the PBX clock."""
    ends = []
    for queue, member in agent.members.items():
        seconds = member.wrap_up or state.wrap_up.get(queue, 0)
        if member.last_call and seconds:
            ends.append(state.ours(member.last_call + seconds))
    agent.wrap_until = max(ends, default=None)
    if agent.wrap_until is not None:
        state.wrapping[agent.key] = agent.wrap_until
    else:
        state.wrapping.pop(agent.key, None)


# --- since when ---


def date(state: State, agent: Agent, at: float) -> None:
    """Note since when an agent met in a snapshot has been in its state; before `at` where the PBX does not tell."""
    began = _evidence(state, agent)
    agent.since, agent.since_before = min(at, max(began, default=at)), not began


def _evidence(state: State, agent: Agent) -> list[float]:
    if agent.connections:
        began = [connection.since for connection in agent.connections.values()]
    elif agent.rings:
        began = [ring.since for ring in agent.rings.values()]
    elif agent.state is AgentState.BUSY:
        began = [min(leg.created_at for leg in legs)] if (legs := busy_legs(state, agent)) else []
    elif agent.state is AgentState.UNAVAILABLE:
        began = []
    else:
        began = _quiet_since(state, agent)
    return began


def _quiet_since(state: State, agent: Agent) -> list[float]:
    """Return the instants before which an agent without a call cannot have been in its state."""
    known = []
    for queue, member in agent.members.items():
        if member.last_call:
            wrap_up = 0.0 if agent.state is AgentState.WRAP_UP else (member.wrap_up or state.wrap_up.get(queue, 0))
            known.append(state.ours(member.last_call + wrap_up))
        if member.paused_at is not None and member.paused:
            known.append(member.paused_at)
        known += [state.ours(epoch) for epoch in (member.last_pause, member.login) if epoch]
    return known
