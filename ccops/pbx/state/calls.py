"""Calls as they go: which channels make one, its ladder of steps, how it ends."""

from collections.abc import Iterator
from typing import Final

from ccops.board import Step
from ccops.pbx.state.model import ENDED_KEPT, Call, Channel, Departure, Group, Queue, State

STEPS_KEPT: Final = 200
"""Steps of one call; a caller who is rung round for hours must not fill the memory."""

OUTCOMES: Final = {"abandoned": "abandoned", "timeout": "timeout", "exit_key": "exit_key", "pulled": "withdrawn"}
"""What a step without an answer means for the visit (METRICS.md)."""


def step(state: State, call: Call, at: float, kind: str, detail: str = "") -> None:
    """Add a rung to the ladder, unless it says again what the last one said at that instant."""
    if call.steps:
        last = call.steps[-1]
        if last.kind == kind and last.at == at and last.detail == detail:
            return
    call.steps.append(Step(at, kind, detail))
    state.dirty.groups[call.linkedid] = None
    if len(call.steps) > STEPS_KEPT:
        del call.steps[1]


def group_of(state: State, linkedid: str) -> Group:
    """Return the group of this Linkedid, made where it is new."""
    group = state.groups.get(linkedid)
    if group is None:
        group = state.groups[linkedid] = Group(linkedid)
    return group


def real(state: State, channel: Channel) -> bool:
    """Return whether a channel is somebody's line: no Local half, no spy, no zombie, not spent."""
    return not (
        channel.local or channel.spent_at is not None or channel.uniqueid in state.spies or channel.name.endswith(">")
    )


def real_channels(state: State, group: Group) -> Iterator[Channel]:
    """Yield the lines of a group in the order in which they came."""
    return (channel for channel in group.channels.values() if real(state, channel))


def main_channel(state: State, group: Group, call: Call) -> Channel | None:
    """Return the caller's side of a call: who joined the queue, else who began, else the oldest line left."""
    caller = state.channels.get(call.caller if call.queued else group.linkedid)
    if caller is not None and (call.queued or real(state, caller)):
        return caller
    return min(real_channels(state, group), key=lambda channel: (channel.created_at, channel.uniqueid), default=None)


def current(state: State, group: Group) -> list[Call]:
    """Return the calls of a group that have a row: those that a queue has, else the one that its lines make.

    Says the same whether the group's past is known or only what a snapshot tells.
    """
    of_queues = [call for call in group.calls.values() if call.waiting or call.agent]
    if of_queues or not any(True for _ in real_channels(state, group)):
        return of_queues
    calls = group.calls.values()
    best = next((call for call in calls if call.queued and call.caller in state.channels), None)
    return [best] if best is not None else list(calls)[:1]


def open_call(state: State, group: Group, channel: Channel) -> None:
    """See to it that the channels of a group have a call to belong to."""
    for call in group.calls.values():
        if not call.seen:
            call.seen = real(state, channel)
        if channel.created_at < call.entered_at:
            call.entered_at = channel.created_at
    if not group.calls:
        # The Linkedid outlives the first of its channels, but the name of a call that is over is taken.
        call_id = group.linkedid if group.linkedid not in state.ended else channel.uniqueid
        call = Call(call_id, channel.uniqueid, group.linkedid, channel.created_at, seen=real(state, channel))
        step(state, call, channel.created_at, "arrived", channel.dialled)
        group.calls[call.call_id] = call


def queued_call(state: State, channel: Channel, at: float) -> Call:
    """Return the call of a channel that stands in a queue, made or taken over from what it was before."""
    call = state.callers.get(channel.uniqueid)
    if call is not None:
        return call
    group = group_of(state, channel.linkedid)
    call = group.calls.pop(channel.uniqueid, None) or Call(channel.uniqueid, "", channel.linkedid, channel.created_at)
    before = next((other for other in group.calls.values() if not other.queued), None)
    if before is not None and not call.steps:
        call.steps, call.entered_at = before.steps[:], before.entered_at
        before.seen = False
    elif not call.steps:
        call.entered_at = at
    call.caller, call.queued, call.seen = channel.uniqueid, True, True
    group.calls[call.call_id] = call
    state.callers[channel.uniqueid] = call
    return call


def depart(state: State, call: Call, departure: Departure) -> None:
    """Note how a caller left a queue or an agent; the step is written as soon as it is certain."""
    if departure.if_dead and departure.if_dead == departure.if_alive:
        _write_departure(state, call, departure, departure.if_dead)
    else:
        call.departure = departure


def goes_on(state: State, call: Call, exten: str = "") -> None:
    """The caller's channel is alive elsewhere, at this extension: that decides how it left."""
    departure = call.departure
    if departure is not None:
        call.departure = None
        departure.exten = departure.exten or exten
        kind = "exit_key" if departure.if_alive == "left" and is_key(call, exten) else departure.if_alive
        _write_departure(state, call, departure, kind)


def is_key(call: Call, exten: str) -> bool:
    """Return whether an extension is a key that a waiting caller pressed: other than where it joined, one digit."""
    return exten != call.place[1] and len(exten) == 1 and exten in "0123456789*#"


def _write_departure(state: State, call: Call, departure: Departure, kind: str) -> None:
    if kind:
        step(state, call, departure.at, kind, departure.exten)
        call.outcome = call.outcome or OUTCOMES.get(kind, "")


def end_calls(state: State, group: Group, at: float) -> None:
    """End the calls of a group that the loss of a channel has left without a caller."""
    for call in list(group.calls.values()):
        if call.queued and call.caller not in state.channels:
            end_call(state, group, call, at)
            _spend_left(state, group, at)
        elif not group.channels:
            end_call(state, group, call, at)
    if not group.channels:
        state.groups.pop(group.linkedid, None)


def _spend_left(state: State, group: Group, at: float) -> None:
    """Whoever talked to a caller who is gone hangs up next, or goes on: a sign of life makes another call of it."""
    if group.calls:
        return
    for channel in list(real_channels(state, group)):
        if len(state.bridges.get(channel.bridge, ())) > 1:
            open_call(state, group, channel)
        else:
            spend(state, channel, at)


def spend(state: State, channel: Channel, at: float) -> None:
    """Note that the call of a line is over: until it hangs up it is nobody's call."""
    channel.spent_at = at
    state.spent[channel.uniqueid] = at
    state.dirty.groups[channel.linkedid] = None


def end_call(state: State, group: Group, call: Call, at: float, outcome: str | None = None) -> None:
    """Close a call: its last steps, its outcome, and its place among the ended ones."""
    departure, call.departure = call.departure, None
    if departure is not None:
        _write_departure(state, call, departure, departure.if_dead)
    if not call.queued and call.answered_at is not None:
        call.outcome = "answered"
    elif call.waiting and not call.outcome:
        step(state, call, at, "abandoned")
        call.outcome = "abandoned"
    if outcome is not None:
        call.outcome = outcome
    forget_call(state, group, call)
    call.ended_at = at
    step(state, call, at, "ended")
    if call.seen:
        _keep_ended(state, call)


def forget_call(state: State, group: Group, call: Call) -> None:
    """Take a call out of its group without a trace among the ended ones."""
    group.calls.pop(call.call_id, None)
    leave_queue(state, group, call)
    known = state.callers.get(call.caller)
    # The caller may stand in a queue with a call of its own, while the one that its line made is forgotten.
    if known is not None and known.call_id == call.call_id:
        del state.callers[call.caller]
    state.dirty.calls[call.call_id] = None


def leave_queue(state: State, group: Group, call: Call) -> None:
    """Take a caller out of the line of its queue; nothing where it stands in none."""
    if not call.waiting:
        return
    call.waiting = False
    group.waiting -= 1
    queue = state.queues.get(call.queue)
    if queue is not None and call.caller in queue.waiting:
        queue.waiting.remove(call.caller)
        touch_line(state, queue)


def touch_line(state: State, queue: Queue) -> None:
    """Note that the callers of a queue, or their positions, changed."""
    state.dirty.queues[queue.name] = None
    for uniqueid in queue.waiting:
        state.dirty.groups[state.callers[uniqueid].linkedid] = None


def _keep_ended(state: State, call: Call) -> None:
    state.ended.pop(call.call_id, None)
    state.ended[call.call_id] = call
    state.dirty.ended[call.call_id] = None
    if len(state.ended) > ENDED_KEPT:
        oldest, _call = state.ended.popitem(last=False)
        state.dirty.ended[oldest] = None


def remember_caller(state: State, group: Group, channel: Channel) -> None:
    """Keep who called before the caller's channel goes away."""
    for call in group.calls.values():
        if not call.number and main_channel(state, group, call) is channel:
            call.number, call.name, call.channel = channel.number, channel.caller_name, channel.name


def relink(state: State, channel: Channel, linkedid: str, at: float) -> None:
    """Move a channel to another group: Asterisk joins the Linkedids of those it bridges."""
    old = group_of(state, channel.linkedid)
    remember_caller(state, old, channel)
    state.dirty.groups[old.linkedid] = None
    old.channels.pop(channel.uniqueid, None)
    channel.linkedid = linkedid
    new = group_of(state, linkedid)
    new.channels[channel.uniqueid] = channel
    state.dirty.groups[linkedid] = None
    call = state.callers.get(channel.uniqueid)
    if call is not None:
        _move_call(call, old, new)
    if not old.channels:
        for left in list(old.calls.values()):
            _merge(state, old, left, at)
        state.groups.pop(old.linkedid, None)
    else:
        end_calls(state, old, at)
    open_call(state, new, channel)


def _merge(state: State, group: Group, call: Call, at: float) -> None:
    if call.answered_at is None:
        forget_call(state, group, call)
        return
    step(state, call, at, "merged")
    end_call(state, group, call, at)


def _move_call(call: Call, old: Group, new: Group) -> None:
    old.calls.pop(call.call_id, None)
    new.calls[call.call_id] = call
    call.linkedid = new.linkedid
    if call.waiting:
        old.waiting -= 1
        new.waiting += 1
