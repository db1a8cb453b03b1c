"""Rows of the board as CLI.md promises them: pure functions of row, moment and zone."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any

from ccops.board import (
    AgentRow,
    AlertRow,
    Board,
    CallRow,
    Change,
    Figures,
    LinkRow,
    ParkedRow,
    QueueRow,
    Row,
    SupervisionRow,
)
from ccops.cmd.columns import Record, columns

QUEUE_COLUMNS = columns(
    "queue", "waiting:count:wait", "longest_wait:duration:longest", "members:count:agents", "available:count:free",
    "ringing:count:ring", "talking:count:talk", "busy:count", "wrap_up:count:wrap", "paused:count",
    "unavailable:count:away", "offered:count", "answered:count:answ", "abandoned:count:aband", "service_level:rate:sl",
    "asa:duration",
    extra="title on_hold:count lost:count abandon_rate:rate aht:duration talk:duration strategy"
    " service_level_threshold:duration",
)  # fmt: skip

AGENT_COLUMNS = columns(
    "agent", "interface", "queues:list", "state:state", "state_for:duration:for", "pause_reason::reason", "queue",
    "caller_number::caller", "caller_name::name", "answered:count:answ", "missed:count",
    extra="state_since:instant device call_id wrap_up_until:instant last_call_at:instant talk:duration"
    " aht:duration occupancy:rate",
)  # fmt: skip

CALL_COLUMNS = columns(
    "call_id", "queue", "caller_number::caller", "caller_name::name", "state:state", "position:count:pos",
    "wait:duration", "talk:duration", "agent",
    extra="entered_at:instant answered_at:instant priority:count held:flag linkedid channel",
)  # fmt: skip

SUPERVISION_COLUMNS = columns(
    "supervision_id", "agent", "mode", "state", "call_id", "phone", "owner", "lasts:duration",
    extra="started_at:instant ended_why",
)  # fmt: skip

PARKED_COLUMNS = columns(
    "space", "lot", "caller_number::caller", "caller_name::name", "parked_for:duration:for",
    "timeout_at:instant:back at", "parker", extra="call_id parked_at:instant",
)  # fmt: skip

ALERT_COLUMNS = columns(
    "alert_id::id", "level", "rule", "name::about", "text", "lasts:duration:for", "acknowledged_by::acknowledged",
    "snoozed_until:instant:snoozed",
    extra="figure value:figure threshold:figure topic key since:instant raised_at:instant acknowledged_at:instant"
    " snoozed_by told:count",
)  # fmt: skip

STATUS_COLUMNS = columns(
    "site", "host", "state:state", "detail", "version", "since:instant", "heard_at:instant", "age:seconds",
    "pbx_started_at:instant", "clock_offset:seconds", "queues:count", "agents:count", "available:count",
    "ringing:count", "talking:count", "on_hold:count", "wrap_up:count", "paused:count", "busy:count",
    "unavailable:count", "waiting:count", "longest_wait:duration", "calls:count", "alerts:count", "offered:count",
    "answered:count", "abandoned:count", "figures_from", "figures_since:instant", "drift_repaired:count",
    "reconnects:count", "restarts:count", "history_trouble",
)  # fmt: skip

STATES = ("available", "ringing", "talking", "on_hold", "wrap_up", "paused", "busy", "unavailable")


def instant(at: float | None, zone: tzinfo) -> str | None:
    """Return an instant (epoch seconds) as ISO 8601 with the offset of `zone`."""
    return None if at is None else datetime.fromtimestamp(at, zone).isoformat(timespec="milliseconds")


def span(start: float | None, end: float | None) -> float | None:
    """Return the seconds from `start` to `end`, never below zero, to the millisecond."""
    return None if start is None or end is None else round(max(0.0, end - start), 3)


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)


def queue_record(row: QueueRow, now: float, zone: tzinfo) -> Record:
    """Return one queue, now and today."""
    return {
        "queue": row.queue,
        "waiting": row.waiting,
        "longest_wait": span(row.oldest_entered_at, now),
        "members": row.members,
        **{state: getattr(row, state) for state in ("available", "ringing", "talking", "wrap_up", "paused")},
        "unavailable": row.unavailable,
        **_figures(row.today, "offered", "answered", "abandoned", "service_level", "asa"),
        "title": row.title or None,
        "on_hold": row.on_hold,
        "busy": row.busy,
        **_figures(row.today, "lost", "abandon_rate", "aht", "talk"),
        "strategy": row.strategy or None,
        "service_level_threshold": row.service_level_threshold,
    }


def agent_record(row: AgentRow, now: float, zone: tzinfo) -> Record:
    """Return one agent, now and today."""
    return {
        "agent": row.agent,
        "interface": row.interface,
        "queues": list(row.queues),
        "state": str(row.state),
        "state_since": instant(row.state_since, zone),
        "pause_reason": row.pause_reason or None,
        "queue": row.queue,
        "caller_number": row.caller_number or None,
        "caller_name": row.caller_name or None,
        **_figures(row.today, "answered", "missed", "talk", "aht", "occupancy"),
        "state_for": span(row.state_since, now),
        "call_id": row.call_id,
        "device": row.device or None,
        "wrap_up_until": instant(row.wrap_up_until, zone),
        "last_call_at": instant(row.last_call_at, zone),
    }


def call_record(row: CallRow, now: float, zone: tzinfo) -> Record:
    """Return one live call."""
    return {
        "call_id": row.call_id,
        "queue": row.queue,
        "caller_number": row.caller_number or None,
        "caller_name": row.caller_name or None,
        "state": row.state,
        "position": row.position,
        "wait": span(row.entered_at, row.answered_at or row.ended_at or now),
        "talk": span(row.answered_at, row.ended_at or now),
        "agent": row.agent,
        "entered_at": instant(row.entered_at, zone),
        "answered_at": instant(row.answered_at, zone),
        "priority": row.priority,
        "held": row.held,
        "linkedid": row.linkedid or None,
        "channel": row.channel or None,
    }


def ended_record(row: CallRow, now: float, zone: tzinfo) -> Record:
    """Return one call that ended lately."""
    return {
        **call_record(row, now, zone),
        "state": "ended",
        "ended_at": instant(row.ended_at, zone),
        "outcome": row.outcome or None,
    }


def parked_record(row: ParkedRow, now: float, zone: tzinfo) -> Record:
    """Return one parked call."""
    return {
        "call_id": row.uniqueid,
        "lot": row.lot,
        "space": row.space,
        "caller_number": row.caller_number or None,
        "caller_name": row.caller_name or None,
        "parked_at": instant(row.parked_at, zone),
        "parked_for": span(row.parked_at, now),
        "timeout_at": instant(row.timeout_at, zone),
        "parker": row.parker or None,
    }


def supervision_record(row: SupervisionRow, now: float, zone: tzinfo) -> Record:
    """Return one supervision leg."""
    return {
        "supervision_id": row.supervision_id,
        "agent": row.agent,
        "mode": row.mode,
        "state": row.state,
        "call_id": row.call_id,
        "phone": row.phone or None,
        "owner": row.owner or None,
        "started_at": instant(row.started_at, zone),
        "lasts": span(row.started_at, now),
        "ended_why": row.ended_why or None,
    }


def alert_record(row: AlertRow, now: float, zone: tzinfo) -> Record:
    """Return one alert that holds."""
    return {
        "alert_id": row.alert_id or None,
        "level": row.level,
        "rule": row.rule,
        "name": row.name,
        "text": row.text,
        "lasts": span(row.since, now),
        "acknowledged_by": row.acknowledged_by or None,
        "snoozed_until": instant(row.snoozed_until, zone),
        "figure": row.figure,
        "value": _rounded(row.value),
        "threshold": row.threshold,
        "topic": row.topic,
        "key": row.key,
        "since": instant(row.since, zone),
        "raised_at": instant(row.raised_at, zone),
        "acknowledged_at": instant(row.acknowledged_at, zone),
        "snoozed_by": row.snoozed_by or None,
        "told": row.told,
    }


def link_record(row: LinkRow, now: float, zone: tzinfo) -> Record:
    """Return how far the board may be believed."""
    return {
        "site": row.site,
        "host": row.host,
        "state": row.state,
        "detail": row.detail or None,
        "version": row.version or None,
        "since": instant(row.since, zone),
        "heard_at": instant(row.heard_at, zone),
        "age": span(row.heard_at, now),
        "pbx_started_at": instant(row.pbx_started_at, zone),
        "clock_offset": _rounded(row.clock_offset),
        "figures_from": row.figures_from,
        "figures_since": instant(row.figures_since, zone),
        "drift_repaired": row.drift_repaired,
        "reconnects": row.reconnects,
        "restarts": row.restarts,
        "history_trouble": row.history_trouble or None,
    }


def _figures(figures: Figures, *names: str) -> Record:
    return {name: _rounded(getattr(figures, name), 4) for name in names}


def status_record(board: Board, now: float, zone: tzinfo) -> Record:
    """Return the whole centre in one object."""
    queues, agents = list(board.queues.values()), list(board.agents.values())
    oldest = [row.oldest_entered_at for row in queues if row.oldest_entered_at is not None]
    counts = {state: sum(row.state == state for row in agents) for state in STATES}
    return {
        **link_record(board.link, now, zone),
        "queues": len(queues),
        "agents": len(agents),
        **counts,
        "waiting": sum(row.waiting for row in queues),
        "longest_wait": span(min(oldest), now) if oldest else None,
        "calls": len(board.calls),
        "alerts": len(board.alerts) if board.watched else None,
        **{name: _total([row.today for row in queues], name) for name in ("offered", "answered", "abandoned")},
    }


def _total(figures: Sequence[Figures], name: str) -> int | None:
    known = [getattr(item, name) for item in figures]
    return sum(known) if known and None not in known else None


def queue_detail(board: Board, row: QueueRow, now: float, zone: tzinfo) -> Record:
    """Return one queue with its members and the callers who wait in it."""
    agents = [agent for agent in agents_of(board) if row.queue in agent.queues]
    callers = [call for call in board.calls.values() if call.queue == row.queue]
    return {
        **queue_record(row, now, zone),
        "callers": [call_record(call, now, zone) for call in in_order(callers)],
        "agents": [_member(agent, row.queue, now, zone) for agent in agents],
    }


def _member(agent: AgentRow, queue: str, now: float, zone: tzinfo) -> Record:
    place = next(item for item in agent.memberships if item.queue == queue)
    record = agent_record(agent, now, zone)
    shown = ("agent", "interface", "state", "state_since", "state_for", "pause_reason", "caller_number", "caller_name")
    return {**{name: record[name] for name in shown}, **_membership(place, zone)}


def _membership(place: Any, zone: tzinfo) -> Record:
    record = asdict(place)
    record["pause_reason"] = record["pause_reason"] or None
    record["paused_at"], record["logged_in_at"] = instant(place.paused_at, zone), instant(place.logged_in_at, zone)
    return record


def agent_detail(board: Board, row: AgentRow, now: float, zone: tzinfo) -> Record:
    """Return one agent with the places in queues and the call."""
    call = board.calls.get(row.call_id or "")
    return {
        **agent_record(row, now, zone),
        "memberships": [_membership(place, zone) for place in row.memberships],
        "call": None if call is None else call_record(call, now, zone),
    }


def queues_of(board: Board) -> list[QueueRow]:
    """Return the queues by name; the PBX lists them in no order."""
    return sorted(board.queues.values(), key=lambda row: row.queue.casefold())


def agents_of(board: Board) -> list[AgentRow]:
    """Return the agents by name."""
    return sorted(board.agents.values(), key=lambda row: (row.agent.casefold(), row.interface))


def in_order(calls: Iterable[CallRow]) -> Sequence[CallRow]:
    """Return calls with those who wait first, each kind by the time of its entry."""
    weight = {"waiting": 0, "ringing": 1, "talking": 2}
    return sorted(calls, key=lambda call: (weight.get(call.state, 3), call.queue or "", call.entered_at, call.call_id))


_RECORDS: dict[str, Any] = {
    "queue": queue_record,
    "agent": agent_record,
    "call": call_record,
    "ended": ended_record,
    "parked": parked_record,
    "supervision": supervision_record,
    "link": link_record,
    "alert": alert_record,
}


def row_record(topic: str, row: Row, now: float, zone: tzinfo) -> Record:
    """Return a row of any topic."""
    record: Record = _RECORDS[topic](row, now, zone)
    return record


def change_record(change: Change, now: float, zone: tzinfo) -> Record:
    """Return one change of the board: when, what, and the row as it is now (null where it is gone)."""
    return {
        "at": instant(change.at, zone),
        "topic": change.topic,
        "key": change.key,
        "row": None if change.row is None else row_record(change.topic, change.row, now, zone),
    }
