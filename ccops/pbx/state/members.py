"""Queues and their members: configured, logged in and out, paused; the state of phones and hints."""

from typing import Final

from ccops.pbx.state import agents, talks
from ccops.pbx.state.fields import Event, true, whole
from ccops.pbx.state.model import Agent, Member, Queue, State

_SETTINGS: Final = (
    "StateInterface", "Membership", "Penalty", "LoginTime", "Wrapuptime", "Ringinuse", "LastPause", "LastCall",
    "CallsTaken",
)  # fmt: skip


def queue_of(state: State, event: Event) -> Queue | None:
    """Return the queue that an event names, made where it is new; None where the event names none."""
    name = event.get("Queue", "")
    queue = state.queues.get(name)
    if queue is None and name:
        queue = state.queues[name] = Queue(name)
        state.dirty.queues[name] = None
    return queue


def on_params(state: State, event: Event, at: float) -> None:
    """QueueParams: what QueueStatus tells of a queue."""
    queue = queue_of(state, event)
    if queue is not None:
        queue.strategy = event.get("Strategy", queue.strategy)
        queue.service_level = float(whole(event, "ServiceLevel", int(queue.service_level)))
        state.dirty.queues[queue.name] = None


def on_listed(state: State, event: Event, at: float) -> None:
    """QueueMember: a row of QueueStatus, which calls the name Name and the interface Location."""
    _take(state, event, at, event.get("Location", ""), event.get("Name", ""))


def on_change(state: State, event: Event, at: float) -> None:
    """QueueMemberAdded, …Status, …Pause, …Penalty, …Ringinuse: each tells all of the membership."""
    _take(state, event, at, event.get("Interface", ""), event.get("MemberName", ""))


def _take(state: State, event: Event, at: float, interface: str, name: str) -> None:
    queue = queue_of(state, event)
    if queue is None or not interface:
        return
    agent = agents.get(state, interface)
    member = agent.members.get(queue.name)
    if member is None:
        member = agent.members[queue.name] = queue.members[interface] = Member(queue.name)
    booked = member.last_call
    if _read_settings(event, member):
        agents.refresh_wrap_up(state, agent)
    _read_status(state, event, at, agent, member)
    if name and name != agent.name:
        agent.name = name
        agents.touch_legs(state, agent)
    member.name = agent.name
    watched = member.state_interface or interface
    if watched != agent.state_interface:
        agent.state_interface = watched
        agents.find_phone(state, agent, at)
    agents.mark(state, agent)
    if member.last_call > booked and not member.in_call:
        _end_connections(state, agent, member, at)
    agents.settle(state, agent, at)


def named(state: State, event: Event, at: float) -> Agent | None:
    """Return the agent that a queue has rung: a member, even where nobody has told of the membership."""
    agent = state.agents.get(event.get("Interface", ""))
    if agent is None or event.get("Queue") not in agent.members:
        _take(state, event, at, event.get("Interface", ""), event.get("MemberName", ""))
        agent = state.agents.get(event.get("Interface", ""))
    return agent


def _read_settings(event: Event, member: Member) -> bool:
    """Take over what seldom changes; most events say the same again, so they are compared unread."""
    told = tuple(map(event.get, _SETTINGS))
    if told == member.told:
        return False
    member.told = told
    member.state_interface = event.get("StateInterface", member.state_interface)
    member.dynamic = event["Membership"] == "dynamic" if "Membership" in event else member.dynamic
    member.penalty = whole(event, "Penalty", member.penalty)
    member.login = whole(event, "LoginTime", member.login)
    member.wrap_up = whole(event, "Wrapuptime", member.wrap_up)
    member.ring_in_use = true(event, "Ringinuse", member.ring_in_use)
    member.last_pause = whole(event, "LastPause", member.last_pause)
    member.last_call = whole(event, "LastCall", member.last_call)
    member.calls_taken = whole(event, "CallsTaken", member.calls_taken)
    return True


def _read_status(state: State, event: Event, at: float, agent: Agent, member: Member) -> None:
    """Take over what the agent does."""
    member.status = agent.status = whole(event, "Status", member.status)
    member.in_call = true(event, "InCall", member.in_call)
    paused = true(event, "Paused", member.paused)
    if paused and not member.paused:
        member.paused_at = min(at, state.ours(member.last_pause)) if member.last_pause else at
    member.paused = paused
    member.reason = event.get("PausedReason", member.reason if "Paused" not in event else "") if paused else ""


def _end_connections(state: State, agent: Agent, member: Member, at: float) -> None:
    """End calls that the queue has booked as taken, where neither AgentComplete nor a hangup said so."""
    for connection in list(agent.connections.values()):
        booked = connection.queue == member.queue and int(connection.since + state.offset) <= member.last_call
        if booked and not talks.together(state, agent, connection.caller, connection.leg):
            agents.disconnect(state, agent, state.callers[connection.caller], at)
            if (caller := state.channels.get(connection.caller)) is not None:
                talks.note(state, caller, at)


def on_removed(state: State, event: Event, at: float) -> None:
    """QueueMemberRemoved."""
    remove(state, event.get("Queue", ""), event.get("Interface", ""), at)


def remove(state: State, name: str, interface: str, at: float) -> None:
    """Take an interface out of a queue; an agent that is in none is forgotten."""
    queue, agent = state.queues.get(name), state.agents.get(interface)
    if queue is None or agent is None or queue.members.pop(interface, None) is None:
        return
    del agent.members[name]
    state.dirty.queues[name] = None
    if not agent.members:
        agents.forget(state, agent, at)
        return
    agents.refresh_wrap_up(state, agent)
    agents.mark(state, agent)
    agents.settle(state, agent, at)


def on_extension(state: State, event: Event, at: float) -> None:
    """ExtensionStatus, live or as a row of ExtensionStateList: what a hint watches."""
    hint = f"{event.get('Exten', '')}@{event.get('Context', '')}"
    watched = event.get("Hint", "")
    if not watched or state.hints.get(hint) == watched:
        return
    state.hints[hint] = watched
    for agent in list(state.agents.values()):
        if agent.state_interface == f"hint:{hint}":
            agents.find_phone(state, agent, at)
