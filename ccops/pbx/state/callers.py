"""Callers of queues: they join, are rung out, connected, completed, or leave without an answer."""

from typing import Final

from ccops.pbx.state import agents, talks
from ccops.pbx.state.calls import depart, goes_on, group_of, is_key, leave_queue, queued_call, step, touch_line
from ccops.pbx.state.channels import add, unspend
from ccops.pbx.state.fields import Event, party, whole
from ccops.pbx.state.members import named, queue_of
from ccops.pbx.state.model import Agent, Call, Channel, Connection, Departure, Queue, Ring, State

_NOWHERE: Final = ("", "")


def on_join(state: State, event: Event, at: float) -> None:
    """QueueCallerJoin: a caller stands in a queue, at the position that the queue gave."""
    channel, queue = add(state, event, at), queue_of(state, event)
    if channel is None or queue is None:
        return
    unspend(state, channel, at)
    call = queued_call(state, channel, at)
    if call.waiting and call.queue == queue.name:
        _fall_in(state, call, queue, event)
        return
    goes_on(state, call, event.get("Exten", ""))
    moved = bool(call.queue) and call.queue != queue.name
    _stand(state, call, queue, channel, whole(event, "Position", len(queue.waiting) + 1))
    call.place = (event.get("Context", ""), event.get("Exten", ""))
    call.entered_queue_at = at
    call.outcome = ""
    step(state, call, at, "moved" if moved else "entered", queue.name)


def _stand(state: State, call: Call, queue: Queue, channel: Channel, position: int) -> None:
    """Put a caller in the line. Two who join together may be told in either order: both end where they belong."""
    group = group_of(state, channel.linkedid)
    leave_queue(state, group, call)
    call.queue, call.waiting = queue.name, True
    group.waiting += 1
    queue.waiting.insert(max(position - 1, 0), call.caller)
    touch_line(state, queue)
    state.dirty.groups[group.linkedid] = None


def _fall_in(state: State, call: Call, queue: Queue, event: Event) -> None:
    """A row has told of a caller before the event does: who joined again between the two stands before him.

    What joined by an event has a place. Whoever was let in before others says so by its position, and keeps it.
    """
    line = queue.waiting
    last = max((index for index, uniqueid in enumerate(line) if state.callers[uniqueid].place != _NOWHERE), default=-1)
    passed_others = event.get("Count", event.get("Position")) != event.get("Position")
    if call.place != _NOWHERE or passed_others or line.index(call.caller) > last:
        return
    line.remove(call.caller)
    line.insert(last, call.caller)
    call.place = (event.get("Context", ""), event.get("Exten", ""))
    touch_line(state, queue)


def on_entry(state: State, event: Event, at: float) -> None:
    """QueueEntry: a row of QueueStatus; the rows of a queue come in the order of their positions."""
    channel, queue = add(state, event, at), queue_of(state, event)
    if channel is None or queue is None:
        return
    call = queued_call(state, channel, at)
    call.priority = whole(event, "Priority")
    channel.number = party(event, "CallerIDNum") or channel.number
    channel.caller_name = party(event, "CallerIDName") or channel.caller_name
    state.dirty.groups[channel.linkedid] = None
    if call.waiting and call.queue == queue.name:
        return
    call.entered_queue_at = at - max(whole(event, "Wait"), 0)
    call.entered_at = min(call.entered_at, call.entered_queue_at)
    _stand(state, call, queue, channel, whole(event, "Position", len(queue.waiting) + 1))


def on_abandon(state: State, event: Event, at: float) -> None:
    """QueueCallerAbandon: comes for a caller who hung up, was redirected, timed out or was withdrawn alike."""
    call = state.callers.get(event.get("Uniqueid", ""))
    channel = state.channels.get(event.get("Uniqueid", ""))
    if call is None or channel is None or not call.waiting:
        return
    if channel.hanging:
        departure = Departure(at, "abandoned", "abandoned")
    elif _moved(call, event):
        departure = Departure(at, "pulled", "pulled", event.get("Exten", ""))
    elif call.queue and not channel.music:
        # Music stops before this event for who is sent away, after it for who ran out of time.
        departure = Departure(at, "abandoned", "pulled")
    else:
        departure = Departure(at, "timeout", "timeout")
    depart(state, call, departure)


def _moved(call: Call, event: Event) -> bool:
    """Return whether the channel is already somewhere else in the dialplan than where it joined."""
    return call.place != _NOWHERE and call.place != (event.get("Context", ""), event.get("Exten", ""))


def on_leave(state: State, event: Event, at: float) -> None:
    """QueueCallerLeave: connected next, or gone as QueueCallerAbandon has said."""
    call = state.callers.get(event.get("Uniqueid", ""))
    if call is None or not call.waiting or call.queue != event.get("Queue", call.queue):
        return
    leave_queue(state, group_of(state, call.linkedid), call)
    state.dirty.groups[call.linkedid] = None
    if call.departure is not None or call.outcome:
        agents.release(state, call, at)
    elif _moved(call, event):
        exten = event.get("Exten", "")
        kind = "exit_key" if is_key(call, exten) else "pulled"
        depart(state, call, Departure(at, kind, kind, exten))
        agents.release(state, call, at)
    else:
        call.departure = Departure(at, "", "left")


def on_taken_away(state: State, channel: Channel, at: float) -> None:
    """A waiting caller is parked or bridged: somebody took him out of the queue, of which no event of a queue tells."""
    call = state.callers.get(channel.uniqueid)
    if call is None or not call.waiting:
        return
    leave_queue(state, group_of(state, call.linkedid), call)
    agents.release(state, call, at)
    depart(state, call, Departure(at, "pulled", "pulled"))
    state.dirty.groups[call.linkedid] = None


def _of_agent(state: State, event: Event, at: float, agent: Agent | None) -> tuple[Agent, Call, Channel] | None:
    """Return the agent, the call and the agent's leg of an Agent… event; None where one of them is gone."""
    caller = add(state, event, at)
    leg = add(state, event, at, "Dest")
    if agent is None or caller is None or leg is None:
        return None
    return agent, queued_call(state, caller, at), leg


def on_called(state: State, event: Event, at: float) -> None:
    """AgentCalled: one agent is rung; a queue that rings all sends one for each."""
    # Only members are rung; one whom nobody has told of yet is one all the same.
    if (found := _of_agent(state, event, at, named(state, event, at))) is not None:
        agent, call, leg = found
        agents.ring(state, agent, call, Ring(event.get("Queue", call.queue), call.caller, leg.uniqueid, at))


def on_connect(state: State, event: Event, at: float) -> None:
    """AgentConnect: an agent has the caller."""
    if (found := _of_agent(state, event, at, state.agents.get(event.get("Interface", "")))) is None:
        return
    agent, call, leg = found
    leave_queue(state, group_of(state, call.linkedid), call)
    known = agent.connections.get(call.caller)
    if not agents.owns(agent, leg):
        _picked_up(state, call, leg, at)
    elif known is None or known.leg != leg.uniqueid:
        queue = event.get("Queue", call.queue)
        agents.connect(state, agent, call, Connection(queue, call.caller, leg.uniqueid, at))


def _picked_up(state: State, call: Call, leg: Channel, at: float) -> None:
    """A colleague has picked the call up; the queue books it for the agent who was rung, whose phone is free again."""
    agents.release(state, call, at)
    owner = next(iter(state.owners.get(leg.device, {})), "")
    call.departure, call.outcome, call.answered_at, call.peer = None, "answered", at, leg.uniqueid
    call.last_agent, call.last_agent_key = agents.label(state, leg), owner
    step(state, call, at, "connected", call.last_agent)


def on_complete(state: State, event: Event, at: float) -> None:
    """AgentComplete: over for the agent; channels that are gone already are left out of the event."""
    agent = state.agents.get(event.get("Interface", ""))
    if agent is None:
        return
    queue, caller, leg = event.get("Queue", ""), event.get("Uniqueid"), event.get("DestUniqueid")
    for connection in list(agent.connections.values()):
        # Where the event names neither, both are gone.
        unnamed = caller is None and leg is None
        if unnamed and talks.together(state, agent, connection.caller, connection.leg):
            continue
        if connection.queue == queue and caller in (None, connection.caller) and leg in (None, connection.leg):
            call = state.callers[connection.caller]
            agents.disconnect(state, agent, call, at)
            if (channel := state.channels.get(call.caller)) is not None:
                talks.note(state, channel, at)


def on_no_answer(state: State, event: Event, at: float) -> None:
    """AgentRingNoAnswer: an agent let it ring, or refused."""
    agent = state.agents.get(event.get("Interface", ""))
    call = state.callers.get(event.get("Uniqueid", ""))
    if agent is None or call is None or call.caller not in agent.rings:
        return
    step(state, call, at, "missed", agent.name or agent.key)
    agents.stop_ringing(state, agent, call, at)


def on_dump(state: State, event: Event, at: float) -> None:
    """AgentDump: an agent hung up on the announcement before the caller was connected."""
    on_no_answer(state, event, at)
