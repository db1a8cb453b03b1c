"""Makes the rows of the board out of the live state."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping
from typing import Any

from ccops.board import (
    TABLES,
    AgentRow,
    AgentState,
    Board,
    CallRow,
    CallState,
    Change,
    Membership,
    ParkedRow,
    QueueRow,
    SupervisionRow,
    Topic,
)
from ccops.pbx.state import agents
from ccops.pbx.state.calls import current, main_channel, real_channels
from ccops.pbx.state.model import (
    UP,
    Agent,
    Call,
    Channel,
    Connection,
    Dirty,
    Group,
    Member,
    Parked,
    Queue,
    Ring,
    Spy,
    State,
)
from ccops.pbx.state.talks import beyond, far_end

_ENGAGED = (AgentState.TALKING, AgentState.ON_HOLD, AgentState.RINGING)


def queue_row(state: State, queue: Queue, titles: Mapping[str, str]) -> QueueRow:
    """Return the row of a queue."""
    counted = Counter(member_state(state, state.agents[key], member) for key, member in queue.members.items())
    waiting = [state.callers[uniqueid] for uniqueid in queue.waiting]
    return QueueRow(
        queue=queue.name,
        title=titles.get(queue.name, ""),
        waiting=len(waiting),
        oldest_entered_at=min((call.entered_queue_at for call in waiting), default=None),
        members=len(queue.members),
        strategy=queue.strategy,
        service_level_threshold=queue.service_level,
        talking=counted[AgentState.TALKING],
        on_hold=counted[AgentState.ON_HOLD],
        ringing=counted[AgentState.RINGING],
        busy=counted[AgentState.BUSY],
        paused=counted[AgentState.PAUSED],
        wrap_up=counted[AgentState.WRAP_UP],
        unavailable=counted[AgentState.UNAVAILABLE],
        available=counted[AgentState.AVAILABLE],
    )


def member_state(state: State, agent: Agent, member: Member) -> AgentState:
    """Return what an agent is doing as one queue sees it: for another queue's call they are busy."""
    if agent.state in _ENGAGED and (agent.connections or agent.rings):
        mine = any(item.queue == member.queue for item in _engaged(agent))
        return agent.state if mine else AgentState.BUSY
    if agent.state in (AgentState.BUSY, AgentState.RINGING) or not member.paused:
        return agent.state
    return AgentState.WRAP_UP if member.reason in state.wrap_up_reasons else AgentState.PAUSED


def _engaged(agent: Agent) -> list[Connection | Ring]:
    """Return the queue calls that an agent is in, else those that ring."""
    return [*agent.connections.values()] if agent.connections else [*agent.rings.values()]


def agent_row(state: State, agent: Agent) -> AgentRow:
    """Return the row of an agent."""
    call, queue = _engagement(state, agent)
    leg = phone_leg(state, agent)
    number, name = _other_party(state, call, leg)
    reasons = {member.reason for member in agent.members.values() if member.paused}
    last_call = max((member.last_call for member in agent.members.values()), default=0)
    return AgentRow(
        key=agent.key,
        agent=agent.name or agent.key,
        interface=agent.key,
        device=agent.phone or (leg.device if leg is not None and agent.connections else ""),
        state_interface=agent.state_interface,
        memberships=tuple(_membership(state, member) for member in agent.members.values()),
        state=agent.state,
        state_since=agent.since,
        pause_reason=", ".join(sorted(reason for reason in reasons if reason)),
        queue=queue,
        call_id=call.call_id if call is not None else None,
        channel=leg.name if leg is not None and agent.state is not AgentState.RINGING else None,
        caller_number=number,
        caller_name=name,
        wrap_up_until=agent.wrap_until if agent.state is AgentState.WRAP_UP else None,
        last_call_at=state.ours(last_call) if last_call else None,
        since_before=agent.since_before,
    )


def _membership(state: State, member: Member) -> Membership:
    return Membership(
        queue=member.queue,
        penalty=member.penalty,
        paused=member.paused,
        pause_reason=member.reason,
        paused_at=member.paused_at if member.paused else None,
        dynamic=member.dynamic,
        logged_in_at=state.ours(member.login) if member.login and member.dynamic else None,
        ring_in_use=member.ring_in_use,
        calls_taken=member.calls_taken,
    )


def _engagement(state: State, agent: Agent) -> tuple[Call | None, str | None]:
    """Return the call that the agent is in or rung for, the newest first, and its queue."""
    if engaged := _engaged(agent):
        newest = max(engaged, key=lambda item: item.since)
        return state.callers[newest.caller], newest.queue
    if agent.state is AgentState.BUSY:
        for leg in agents.busy_legs(state, agent):
            calls = current(state, state.groups[leg.linkedid])
            if calls:
                return calls[0], None
    return None, None


def phone_leg(state: State, agent: Agent) -> Channel | None:
    """Return the live channel of the agent's phone in its call: never a Local half, never the caller's."""
    for connection in sorted(agent.connections.values(), key=lambda item: -item.since):
        leg = state.channels.get(connection.leg)
        if leg is not None and not leg.local:
            return leg
        if leg is not None:
            phones = agents.phone_legs(state, agent, leg.linkedid)
            return next((phone for phone in phones if phone.state == UP and not phone.local), beyond(state, leg))
    if agent.state is AgentState.BUSY:
        return next((leg for leg in agents.busy_legs(state, agent) if not leg.local), None)
    return None


def _other_party(state: State, call: Call | None, leg: Channel | None) -> tuple[str | None, str | None]:
    """Return number and name of whom the agent talks to or is rung for."""
    if call is None:
        return None, None
    main = main_channel(state, state.groups[call.linkedid], call)
    if main is not leg:
        return _who_called(state, call, main)
    if leg is None:
        return call.number, call.name
    return leg.connected_number or leg.dialled, leg.connected_name


def call_row(state: State, group: Group, call: Call) -> CallRow:
    """Return the row of a live call."""
    main = main_channel(state, group, call)
    queue = state.queues.get(call.queue) if call.waiting else None
    agent = _agent_of(state, group, call, main)
    who = _who_called(state, call, main)
    return CallRow(
        call_id=call.call_id,
        queue=call.queue if call.waiting or call.agent or call.ringing else None,
        caller_number=who[0],
        caller_name=who[1],
        state=_call_state(state, group, call),
        entered_at=call.entered_queue_at if call.waiting and call.entered_queue_at else call.entered_at,
        position=queue.waiting.index(call.caller) + 1 if queue is not None else None,
        answered_at=call.answered_at,
        agent=(agent.name or agent.key) if agent is not None else None,
        agent_key=agent.key if agent is not None else None,
        channel=main.name if main is not None else call.channel,
        linkedid=group.linkedid,
        priority=call.priority,
        held=_held(state, group, call),
        steps=tuple(call.steps),
    )


def _who_called(state: State, call: Call, main: Channel | None) -> tuple[str, str]:
    """Return number and name of the caller, also when another channel has taken its place in the call."""
    stand_in = call.queued and call.number and main is not None and (main.local or main.uniqueid != call.caller)
    if main is None or stand_in:
        return call.number, call.name
    line = (beyond(state, main) if main.local else None) or main
    return line.number, line.caller_name


def _call_state(state: State, group: Group, call: Call) -> CallState:
    if call.waiting or call.ringing:
        # A caller leaves the queue an instant before the agent who was rung has him.
        return "ringing" if call.ringing else "waiting"
    if call.agent:
        return "talking"
    main = main_channel(state, group, call)
    if (
        main is not None
        and main.state == UP
        and (far_end(state, main) is not None or not _dialling(state, group, main))
    ):
        return "talking"
    return "ringing"


def _dialling(state: State, group: Group, main: Channel) -> bool:
    """Return whether another line of the group has not been answered yet."""
    return any(line.state != UP for line in real_channels(state, group) if line is not main)


def _held(state: State, group: Group, call: Call) -> bool:
    agent = state.agents.get(call.agent)
    if agent is not None:
        return agents.on_hold(state, agent, agent.connections[call.caller])
    return not call.waiting and any(line.held or line.uniqueid in state.parked for line in group.channels.values())


def _agent_of(state: State, group: Group, call: Call, main: Channel | None) -> Agent | None:
    """Return the agent in a call: connected, or the only one that is rung; outside queues who has a line in it."""
    if call.agent:
        return state.agents[call.agent]
    if call.waiting or call.ringing:
        return state.agents[next(iter(call.ringing))] if len(call.ringing) == 1 else None
    lines = sorted(real_channels(state, group), key=lambda line: (line is main, line.created_at, line.uniqueid))
    return next((agent for line in lines for agent in state.owners.get(line.device, {}).values()), None)


def ended_row(call: Call) -> CallRow:
    """Return the row of a call that is over; `queue` is the last that it was in."""
    return CallRow(
        call_id=call.call_id,
        queue=call.queue or None,
        caller_number=call.number,
        caller_name=call.name,
        state="talking" if call.answered_at is not None else "waiting",
        entered_at=call.entered_at,
        answered_at=call.answered_at,
        agent=call.last_agent or None,
        agent_key=call.last_agent_key or None,
        channel=call.channel,
        linkedid=call.linkedid,
        priority=call.priority,
        steps=tuple(call.steps),
        ended_at=call.ended_at,
        outcome=call.outcome,
    )


def parked_row(parked: Parked) -> ParkedRow:
    """Return the row of a parked call."""
    return ParkedRow(
        uniqueid=parked.uniqueid,
        lot=parked.lot,
        space=parked.space,
        caller_number=parked.number,
        caller_name=parked.name,
        parked_at=parked.parked_at,
        timeout_at=parked.timeout_at,
        parker=parked.parker,
        channel=parked.channel,
    )


def supervision_row(state: State, spy: Spy) -> SupervisionRow:
    """Return the row of a spy; who started it and why is for others to know."""
    spyer = state.channels[spy.uniqueid]
    target = state.channels.get(spy.target)
    agent = _agent_on(state, target) if target is not None else None
    calls = current(state, state.groups[target.linkedid]) if target is not None else []
    mine = [call for call in calls if agent is not None and call.agent == agent.key] or calls
    return SupervisionRow(
        supervision_id=spy.uniqueid,
        mode=mode_of(spy.options),
        state="running" if target is not None else "answered",
        agent=(agent.name or agent.key) if agent is not None else None,
        agent_key=agent.key if agent is not None else None,
        call_id=mine[0].call_id if mine else None,
        phone=spyer.device,
        channel=spyer.name,
        target_channel=target.name if target is not None else "",
        started_at=spy.since,
        options=spy.options or "",
    )


def mode_of(options: str | None) -> str:
    """Return what the options of a ChanSpy make of it; a leg with `d` is switched by keys, so nobody can tell."""
    if options is None or "d" in options:
        return "unknown"
    for letter, mode in (("B", "barge"), ("W", "private"), ("w", "whisper")):
        if letter in options:
            return mode
    return "listen"


def _agent_on(state: State, target: Channel) -> Agent | None:
    """Return the agent whose line a channel is: in their queue call, else by its phone."""
    owners = list(state.owners.get(target.device, {}).values())
    for agent in (*owners, *state.agents.values()):
        if agent.connections and phone_leg(state, agent) is target:
            return agent
    return owners[0] if owners else None


# --- changes ---


def changed_rows(state: State, dirty: Dirty, titles: Mapping[str, str]) -> Iterator[tuple[Topic, str, Any]]:
    """Yield topic, key and row (None where it is gone) of all that may have changed."""
    agents_touched = dict(dirty.agents)
    for linkedid in dirty.groups:
        group = state.groups.get(linkedid)
        if group is not None:
            _touch_agents(state, group, agents_touched)
    yield from _call_rows(state, dirty)
    for key in agents_touched:
        agent = state.agents.get(key)
        yield "agent", key, agent_row(state, agent) if agent is not None else None
    for name in dirty.queues:
        queue = state.queues.get(name)
        yield "queue", name, queue_row(state, queue, titles) if queue is not None else None
    for call_id in dirty.ended:
        call = state.ended.get(call_id)
        yield "ended", call_id, ended_row(call) if call is not None else None
    for uniqueid in dirty.parked:
        parked = state.parked.get(uniqueid)
        yield "parked", uniqueid, parked_row(parked) if parked is not None else None
    for uniqueid in {**dirty.spies, **dict.fromkeys(_touched_spies(state, dirty, agents_touched))}:
        spy = state.spies.get(uniqueid)
        yield "supervision", uniqueid, supervision_row(state, spy) if spy is not None else None


def _touched_spies(state: State, dirty: Dirty, agents_touched: Container[str]) -> Iterator[str]:
    """Yield the spies whose rows show something of a touched call, agent or name."""
    for uniqueid, spy in state.spies.items():
        target = state.channels.get(spy.target)
        ends = [state.channels[uniqueid], *([target] if target is not None else ())]
        owners = (key for end in ends for key in state.owners.get(end.device, ()))
        if any(end.linkedid in dirty.groups for end in ends) or any(key in agents_touched for key in owners):
            yield uniqueid


def _touch_agents(state: State, group: Group, touched: dict[str, None]) -> None:
    """Add the agents whose rows show something of a group of channels."""
    for call in group.calls.values():
        for key in (call.agent, *sorted(call.ringing)):
            if key:
                touched[key] = None
    for channel in group.channels.values():
        touched.update(dict.fromkeys(state.owners.get(channel.device, {})))


def _call_rows(state: State, dirty: Dirty) -> Iterator[tuple[Topic, str, CallRow | None]]:
    """Yield the rows of the calls of touched groups; what is not shown now has no row."""
    done: dict[str, CallRow] = {}
    gone = dict(dirty.calls)
    for linkedid in dirty.groups:
        group = state.groups.get(linkedid)
        if group is not None:
            gone.update(dict.fromkeys(group.calls))
            for call in current(state, group):
                done[call.call_id] = call_row(state, group, call)
    for call_id in gone:
        if call_id not in done and not _shown_elsewhere(state, call_id):
            yield "call", call_id, None
    for call_id, row in done.items():
        yield "call", call_id, row


def _shown_elsewhere(state: State, call_id: str) -> bool:
    """Return whether a call that left one group is shown in another that has not changed since."""
    return any(
        call.call_id == call_id
        for group in state.groups.values()
        if call_id in group.calls
        for call in current(state, group)
    )


def changes(state: State, dirty: Dirty, board: Board, titles: Mapping[str, str], at: float) -> list[Change]:
    """Return the changes that bring a board up to the state, without those that change nothing."""
    found = []
    for topic, key, row in changed_rows(state, dirty, titles):
        before = getattr(board, TABLES[topic]).get(key)
        if row != before:
            found.append(Change(at, topic, key, row))
    return found


def everything(state: State) -> Dirty:
    """Return the keys of all that there is."""
    return Dirty(
        dict.fromkeys(state.queues), dict.fromkeys(state.agents), dict.fromkeys(state.groups), {},
        dict.fromkeys(state.ended), dict.fromkeys(state.parked), dict.fromkeys(state.spies),
    )  # fmt: skip
