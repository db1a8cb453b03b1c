"""Repairs a live state by a fresh one: facts come from the fresh one, the past from the live one."""

from dataclasses import replace
from typing import Final

from ccops.pbx.state import agents
from ccops.pbx.state.calls import end_call, leave_queue, step
from ccops.pbx.state.drift import Drift, canonical, compare
from ccops.pbx.state.model import Agent, Call, Channel, Dirty, Group, State

_FACTS: Final = (
    "queues", "agents", "channels", "names", "legs", "owners", "groups", "bridges", "callers", "parked", "spies",
    "asked_to_spy", "hints", "gone", "wrapping", "spent",
)  # fmt: skip


def repair(live: State, fresh: State, at: float, *, gap: bool = False) -> Drift:
    """Make `live` what `fresh` says, keeping its past, and return what differed; `fresh` is used up.

    `gap` says that events may have been missed: a caller who is gone may have been served by now.
    """
    carry(live, fresh, at)
    drift = compare(canonical(live), canonical(fresh))
    if drift:
        _close_missing(live, fresh, at, gap=gap)
        _install(live, fresh)
    return drift


def carry(live: State, fresh: State, at: float) -> None:
    """Give `fresh` what only events tell: holds, legs about to hang up, ladders, since when things are so."""
    for uniqueid, channel in fresh.channels.items():
        if (known := live.channels.get(uniqueid)) is not None:
            _carry_channel(fresh, channel, known)
    for group in fresh.groups.values():
        for call in list(group.calls.values()):
            if (before := _same_call(live, fresh, call)) is not None:
                _carry_call(fresh, group, call, before)
        _keep_past_calls(live, fresh, group)
    for key, agent in fresh.agents.items():
        if (former := live.agents.get(key)) is not None:
            _carry_agent(fresh, agent, former, at)
    _carry_rest(live, fresh)


def _carry_channel(fresh: State, channel: Channel, known: Channel) -> None:
    channel.created_at, channel.dialled = known.created_at, known.dialled
    channel.held, channel.hanging, channel.music = known.held, known.hanging, known.music
    channel.spied = channel.spied or known.spied
    if known.spent_at is not None and channel.spent_at is None and channel.bridge in ("", known.bridge):
        channel.spent_at = fresh.spent[channel.uniqueid] = known.spent_at


def _same_call(live: State, fresh: State, call: Call) -> Call | None:
    """Return what was known before of a call: of its caller, else of the call that its lines make."""
    if call.queued:
        return live.callers.get(call.caller)
    group = live.groups.get(call.linkedid)
    calls = [known for known in group.calls.values() if known.caller not in fresh.callers] if group is not None else []
    return next((known for known in calls if known.queued and known.caller in live.channels), next(iter(calls), None))


def _carry_call(fresh: State, group: Group, call: Call, before: Call) -> None:
    told = {(rung.kind, rung.detail) for rung in before.steps}
    new = (rung for rung in call.steps if rung.kind != "arrived" and (rung.kind, rung.detail) not in told)
    call.steps = [*before.steps, *new]
    call.entered_at, call.seen = min(before.entered_at, call.entered_at), call.seen or before.seen
    call.answered_at, call.peer = before.answered_at or call.answered_at, before.peer or call.peer
    call.place, call.departure, call.outcome = before.place, before.departure, before.outcome
    if call.waiting and before.waiting and call.queue == before.queue:
        call.entered_queue_at = before.entered_queue_at
    if not call.agent:
        call.last_agent, call.last_agent_key = before.last_agent, before.last_agent_key
    call.queue = call.queue or before.queue
    if before.queued and not call.queued and before.caller in fresh.channels:
        call.queued, call.caller = True, before.caller
        fresh.callers[call.caller] = call
    if call.call_id != before.call_id:
        del group.calls[call.call_id]
        call.call_id = before.call_id
        group.calls[call.call_id] = call


def _keep_past_calls(live: State, fresh: State, group: Group) -> None:
    """Keep calls whose caller is still there though another call of the group is the one that is shown."""
    known = live.groups.get(group.linkedid)
    for before in list(known.calls.values()) if known is not None else ():
        left = before.caller in fresh.channels and before.caller not in fresh.callers
        if before.queued and left and before.call_id not in group.calls:
            past = replace(before, waiting=False, agent="", ringing=set(), steps=before.steps[:])
            group.calls[past.call_id] = fresh.callers[past.caller] = past


def _carry_agent(fresh: State, agent: Agent, former: Agent, at: float) -> None:
    for caller, ring in agent.rings.items():
        if (rang := former.rings.get(caller)) is not None:
            ring.since = rang.since
    for caller, connection in agent.connections.items():
        if (connected := former.connections.get(caller)) is not None:
            connection.since = connected.since
    for queue, member in agent.members.items():
        paused = former.members.get(queue)
        if paused is not None and paused.paused and member.paused:
            member.paused_at = paused.paused_at
    agent.state = agents.judge(fresh, agent, at)
    if agent.state is former.state:
        agent.since, agent.since_before = former.since, former.since_before
    else:
        agents.date(fresh, agent, at)


def _carry_rest(live: State, fresh: State) -> None:
    for uniqueid, spy in fresh.spies.items():
        if (spying := live.spies.get(uniqueid)) is not None:
            spy.since, spy.options = spying.since, spy.options if spying.options is None else spying.options
    for uniqueid, parked in fresh.parked.items():
        if uniqueid in live.parked:
            parked.parked_at = live.parked[uniqueid].parked_at
    fresh.hints = {**live.hints, **fresh.hints}
    fresh.asked_to_spy = {key: data for key, data in live.asked_to_spy.items() if key in fresh.channels}
    for uniqueid in live.channels.keys() - fresh.channels.keys():
        fresh.gone.add(uniqueid)


def _close_missing(live: State, fresh: State, at: float, *, gap: bool) -> None:
    """End the calls that are no more; how, nobody saw."""
    kept = {call.call_id for group in fresh.groups.values() for call in group.calls.values()}
    for group in list(live.groups.values()):
        for call in list(group.calls.values()):
            if call.call_id in kept:
                continue
            agents.release(live, call, at)
            outcome = "" if call.waiting else None
            leave_queue(live, group, call)
            step(live, call, at, "lost" if gap else "missing")
            end_call(live, group, call, at, outcome=outcome)


def _install(live: State, fresh: State) -> None:
    dirty = _all_keys(live)
    for name in _FACTS:
        setattr(live, name, getattr(fresh, name))
    for table, keys in _fields(_all_keys(live)):
        getattr(dirty, table).update(keys)
    for table, keys in _fields(live.dirty):
        getattr(dirty, table).update(keys)
    live.dirty = dirty


def _all_keys(state: State) -> Dirty:
    calls = {call_id: None for group in state.groups.values() for call_id in group.calls}
    return Dirty(
        dict.fromkeys(state.queues), dict.fromkeys(state.agents), dict.fromkeys(state.groups), calls, {},
        dict.fromkeys(state.parked), dict.fromkeys(state.spies),
    )  # fmt: skip


def _fields(dirty: Dirty) -> list[tuple[str, dict[str, None]]]:
    names = ("queues", "agents", "groups", "calls", "ended", "parked", "spies")
    return [(name, getattr(dirty, name)) for name in names]
