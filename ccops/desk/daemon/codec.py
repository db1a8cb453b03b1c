"""Rows, changes, outcomes and errors as JSON lines for the socket."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from ccops import errors
from ccops.board import (
    TABLES,
    AgentRow,
    AgentState,
    AlertRow,
    Board,
    CallRow,
    Change,
    Figures,
    LinkRow,
    Membership,
    ParkedRow,
    QueueRow,
    Step,
    SupervisionRow,
    Topic,
)
from ccops.desk.api import Outcome
from ccops.errors import CcopsError, LinkError

PROTOCOL = 2
"""Version of the socket's language; a client of another one is told so."""

PLANNING = 1
"""Version of the requests about plans (`ccops.desk.planning.deeds`)."""

LONGEST_REQUEST = 64 * 1024
"""Bytes of the longest line that the daemon reads from a client."""

_ROWS: dict[str, type] = {
    "queue": QueueRow,
    "agent": AgentRow,
    "call": CallRow,
    "ended": CallRow,
    "parked": ParkedRow,
    "supervision": SupervisionRow,
    "link": LinkRow,
    "alert": AlertRow,
}
_FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(item.name for item in fields(kind)) for kind in {*_ROWS.values(), Figures, Membership, Step}
}


def _steps(value: Any) -> tuple[Step, ...]:
    return tuple(Step(**item) for item in value)


def _memberships(value: Any) -> tuple[Membership, ...]:
    return tuple(Membership(**item) for item in value)


_DECODE: dict[str, Callable[[Any], Any]] = {
    "today": lambda value: Figures(**value),
    "steps": _steps,
    "memberships": _memberships,
    "day": tuple,
    "roles": tuple,
}


def _plain(value: Any) -> Any:
    """Return what `json` cannot write itself; called by it for every row."""
    names = _FIELDS.get(type(value))
    if names is None:
        raise TypeError(f"{type(value).__name__} has no place on the socket")
    return {name: getattr(value, name) for name in names}


_encode = json.JSONEncoder(default=_plain, ensure_ascii=False, separators=(",", ":")).encode


def line(message: Mapping[str, Any]) -> bytes:
    """Return one message as a line."""
    return _encode(message).encode("utf-8", "replace") + b"\n"


def change_json(change: Change) -> str:
    """Return one change as JSON text, to be joined into a batch."""
    return _encode({"at": change.at, "topic": change.topic, "key": change.key, "row": change.row})


def batch(changes: list[str]) -> bytes:
    """Return the line of a batch of changes."""
    return ('{"changes":[' + ",".join(changes) + "]}\n").encode("utf-8", "replace")


def snapshot(board: Board) -> bytes:
    """Return the line of a whole board."""
    tables: dict[str, Any] = {topic: getattr(board, name) for topic, name in TABLES.items()}
    return line({"board": {"link": board.link, "watched": board.watched, **tables}})


def read_row(topic: str, data: Mapping[str, Any]) -> Any:
    """Return a row from its JSON; fields that this version does not know are left out."""
    kind = _ROWS[topic]
    known = {name: data[name] for name in _FIELDS[kind] if name in data}
    for name, value in known.items():
        if name in _DECODE:
            known[name] = _DECODE[name](value)
    if kind is AgentRow:
        known["state"] = AgentState(known["state"])
    return kind(**known)


def read_changes(data: Any) -> list[Change]:
    """Return changes from their JSON; raises `LinkError` where they are none."""
    try:
        return [_change(item) for item in data]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LinkError(f"not a list of changes: {str(data)[:80]}") from error


def _change(data: Mapping[str, Any]) -> Change:
    topic: Topic = data["topic"]
    key, row = data["key"], data["row"]
    if topic not in _ROWS or not isinstance(key, str) or (row is None and topic == "link"):
        raise ValueError(topic)
    return Change(data["at"], topic, key, None if row is None else read_row(topic, row))


def read_board(data: Mapping[str, Any]) -> Board:
    """Return a board from its JSON; raises `LinkError` where it is none."""
    try:
        board = Board(read_row("link", data["link"]), watched=data.get("watched") is True)
        for topic, name in TABLES.items():
            setattr(board, name, {key: read_row(topic, row) for key, row in data.get(topic, {}).items()})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LinkError(f"not a board: {str(data)[:80]}") from error
    return board


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data."""
    return {
        "action": outcome.action,
        "ok": outcome.ok,
        "message": outcome.message,
        "target": outcome.target,
        "dry_run": outcome.dry_run,
        "sent": [dict(item) for item in outcome.sent],
        "data": dict(outcome.data),
    }


def read_outcome(data: Any) -> Outcome:
    """Return an outcome from its plain data; raises `LinkError` where it is none."""
    try:
        sent = tuple(dict(item) for item in data.get("sent", ()))
        return Outcome(**{**data, "sent": sent, "data": dict(data.get("data", {}))})
    except (TypeError, ValueError, AttributeError) as error:
        raise LinkError(f"not an outcome: {str(data)[:80]}") from error


def error_json(error: CcopsError) -> dict[str, str]:
    """Return an error as plain data."""
    return {"type": type(error).__name__, "message": error.message, "remedy": error.remedy}


def read_error(data: Any) -> CcopsError:
    """Return the error of the same class, so that a client exits as it would in-process."""
    if not isinstance(data, dict):
        return LinkError(f"not an error: {str(data)[:80]}")
    kind = getattr(errors, str(data.get("type", "")), None)
    message, remedy = str(data.get("message", "")), str(data.get("remedy", ""))
    if not (isinstance(kind, type) and issubclass(kind, CcopsError)):
        return CcopsError(message, remedy=remedy)
    error: CcopsError = kind.__new__(kind)
    CcopsError.__init__(error, message, remedy=remedy)
    return error


def read_line(data: bytes) -> dict[str, Any]:
    """Return the message in a line; raises `LinkError` where it is none."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise LinkError(f"not a message of the socket: {data[:40]!r}") from error
    if not isinstance(message, dict):
        raise LinkError(f"not a message of the socket: {data[:40]!r}")
    return message
