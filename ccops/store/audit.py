"""The audit: who did what to whom, when and why, as rows that are only ever appended and chained by SHA-256.

A row is written and on disk before an action goes out; a second row closes it with the outcome, so that nothing
written is touched again. A row that was never closed (kill -9, power cut) is an action whose outcome nobody knows.
Each row holds the digest of the one before it: whoever changes, drops or slips in a row breaks every later one.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ccops.i18n import _
from ccops.store.chain import GENESIS, Entry, Verdict, encoded, verify
from ccops.store.database import BUSY_TIMEOUT, Database, open_store
from ccops.store.errors import StoreDamaged, StoreError, told

OPEN: Final = "open"
"""Result of a row whose action is under way or has an outcome that nobody knows."""
UNKNOWN: Final = "unknown"
"""What a reader is told of a row that was never closed."""
LEG_ENDED: Final = "supervision.end"
"""Action of the row that tells the end of a supervision leg; it needs no closing."""

_LONGEST: Final = 2_000
_LOOKED_BACK: Final = 1_000
"""Rows among which the end of one leg is looked for: several desks may see it, within the same moments."""
_COLUMNS: Final = ", ".join(Entry.__slots__)
_KINDS: Final = {
    "call.pull": "pull",
    "call.move": "move",
    "call.transfer": "transfer",
    "call.park": "park",
    "takeover": "takeover",
}
"""Actions by which a call leaves its visit other than by caller and agent, as the history calls them."""


class Audit:
    """Appends to the audit of one store; may be used from any thread."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Made by `open_audit`; `clock` gives epoch seconds."""
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()

    def begin(
        self, *, who: str, origin: str, action: str, target: str, call_id: str, arguments: str, reason: str
    ) -> int:
        """Write the row of an action that is about to go out and return its number; it is on disk then.

        Raises `StoreError` where it cannot be written: the action must not go out.
        """
        texts = {"who": who, "origin": origin, "action": action, "target": target, "call_id": call_id}
        return self._append({**texts, "arguments": arguments, "reason": reason, "result": OPEN})

    def end(self, number: int, *, result: str, detail: str, data: Mapping[str, Any]) -> None:
        """Close a row: result is done, refused, denied, failed or unknown.

        Raises `StoreError` where it cannot be written, or where there is no such open row.
        """
        with self._lock, self._database.write() as connection:
            found = connection.execute(
                "SELECT action, (SELECT 1 FROM audit WHERE opens = begun.id) FROM audit AS begun"
                " WHERE id = ? AND opens IS NULL AND result = ?",
                (number, OPEN),
            ).fetchone()
            if found is None or found[1]:
                raise StoreError(f"audit row {number} is not open")
            row = {"opens": number, "action": found[0], "result": result, "detail": detail, "data": encoded(data)}
            self._insert(connection, row)

    def leg_ended(self, *, who: str, target: str, call_id: str, supervision_id: str, why: str, seconds: float) -> None:
        """Write that a supervision leg is over; of several desks that saw it, the first one writes.

        Raises `StoreError` where it cannot be written.
        """
        with self._lock, self._database.write() as connection:
            if self._told_already(connection, supervision_id):
                return
            data = {"supervision_id": supervision_id, "seconds": round(seconds, 3)}
            row = {"who": who, "action": LEG_ENDED, "target": target, "call_id": call_id, "result": "done"}
            self._insert(connection, {**row, "detail": why, "data": encoded(data)})

    @staticmethod
    def _told_already(connection: sqlite3.Connection, supervision_id: str) -> bool:
        recent = "SELECT action, data FROM audit ORDER BY id DESC LIMIT ?"
        sql = f"SELECT 1 FROM ({recent}) WHERE action = ? AND json_extract(data, '$.supervision_id') = ?"  # noqa: S608
        return connection.execute(sql, (_LOOKED_BACK, LEG_ENDED, supervision_id)).fetchone() is not None

    def _append(self, row: Mapping[str, Any]) -> int:
        with self._lock, self._database.write() as connection:
            return self._insert(connection, row)

    def _insert(self, connection: sqlite3.Connection, row: Mapping[str, Any]) -> int:
        """Chain a row to the last one; the head is read in the same transaction, so that two writers never fork it."""
        head = connection.execute("SELECT id, digest FROM audit ORDER BY id DESC LIMIT 1").fetchone()
        number, previous = (head[0] + 1, head[1].hex()) if head else (1, GENESIS)
        texts = {name: _storable(value) if isinstance(value, str) else value for name, value in row.items()}
        entry = Entry.chained(id=number, at=round(self._clock(), 3), previous=previous, **texts)
        marks = ", ".join("?" * len(Entry.__slots__))
        connection.execute(f"INSERT INTO audit ({_COLUMNS}) VALUES ({marks})", entry.stored())  # noqa: S608
        return number

    def pulls(self, since: float) -> list[tuple[str, float, str]]:
        """Return (call id, epoch seconds, kind) of what was done to calls since an instant; see `pulls`."""
        with self._lock:
            return pulls(self._database, since)

    def head(self) -> tuple[int, str]:
        """Return number and digest of the newest row; (0, the first `previous`) where there is none."""
        with self._lock:
            return head(self._database)

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self._database.close()


def _storable(text: str) -> str:
    """Return what SQLite can keep: no lone surrogates, no novels."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()


def open_audit(path: Path, clock: Callable[[], float] = time.time) -> Audit:
    """Open the audit in the store at `path`, made where there is none; raises `StoreError` where that fails."""
    open_store(path).close()
    with told(path):
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        # On disk before the action goes out, also over a power cut.
        connection.execute("PRAGMA synchronous = FULL")
    return Audit(Database(path, connection), clock)


# --- reading ---


def entries(database: Database) -> Iterator[Entry]:
    """Yield every row in order."""
    with told(database.path):
        for row in database.connection.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY id"):  # noqa: S608
            yield Entry.read(row)


def head(database: Database) -> tuple[int, str]:
    """Return number and digest of the newest row; (0, the first `previous`) where there is none."""
    found = database.rows("SELECT id, digest FROM audit ORDER BY id DESC LIMIT 1")
    return (int(found[0][0]), found[0][1].hex()) if found else (0, GENESIS)


def verdict(database: Database) -> Verdict:
    """Return whether the chain is whole, and its first broken row."""
    with database.snapshot():
        return verify(entries(database))


def first_broken(database: Database) -> int | None:
    """Return the number of the first row that breaks the chain, or None where it is whole."""
    return verdict(database).broken


def records(database: Database, since: float | None = None, until: float | None = None) -> Iterator[dict[str, Any]]:
    """Yield every action with its outcome, oldest first; instants are epoch seconds, `until` is exclusive.

    The end of a supervision leg is a record of its own.
    """
    sql = (
        "SELECT b.id, b.at, b.who, b.origin, b.action, b.target, b.call_id, b.arguments, b.reason, b.result, b.detail,"
        " b.data, b.digest, e.at, e.result, e.detail, e.data FROM audit AS b LEFT JOIN audit AS e ON e.opens = b.id"
        " WHERE b.opens IS NULL AND b.at >= ? AND b.at < ? ORDER BY b.id"
    )
    names = ("number", "at", "who", "origin", "action", "target", "call_id", "arguments", "reason")
    span = (since if since is not None else 0.0, until if until is not None else 1e18)
    for row in database.rows(sql, span):
        result, detail, data, digest, ended_at, *end = row[9:]
        if ended_at is not None:
            result, detail, data = end
        told_result = UNKNOWN if result == OPEN else result
        outcome = {"result": told_result, "detail": detail, "data": data, "ended_at": ended_at, "digest": digest.hex()}
        yield {**dict(zip(names, row, strict=False)), **outcome}


def export_lines(database: Database) -> Iterator[str]:
    """Yield every row as a line of JSON with its digest, as of one moment."""
    with database.snapshot():
        for entry in entries(database):
            yield json.dumps(entry.record(), ensure_ascii=False) + "\n"


def exported(path: Path) -> Iterator[Entry]:
    """Yield the rows of an exported file; raises `StoreDamaged` naming the line that is none, OSError."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                entry = Entry.parsed(line)
            except ValueError as error:
                why = _("it is no JSON") if isinstance(error, json.JSONDecodeError | UnicodeError) else str(error)
                message = _("{path}:{line}: {why}.").format(path=path, line=number, why=why)
                raise StoreDamaged(message, remedy=_("Is it a file of `ccops audit export`?")) from error
            yield entry


def pulls(database: Database, since: float) -> list[tuple[str, float, str]]:
    """Return (call id, epoch seconds, kind) of what supervisors did to calls since an instant, oldest first.

    Kinds are pull, move, transfer, park and takeover, as the history's `ActionLog` takes them. An action with an
    unknown outcome is among them: where the PBX shows its effect within seconds, it was ours.
    """
    marks = ", ".join("?" * len(_KINDS))
    sql = (
        "SELECT b.call_id, CASE e.result WHEN 'done' THEN e.at ELSE b.at END AS acted, b.action"  # noqa: S608
        " FROM audit AS b LEFT JOIN audit AS e ON e.opens = b.id"
        f" WHERE b.opens IS NULL AND b.action IN ({marks}) AND b.call_id <> '' AND acted >= ?"
        " AND coalesce(e.result, 'unknown') IN ('done', 'unknown')"
        " AND coalesce(json_extract(nullif(e.data, ''), '$.changed'), 1) ORDER BY acted"
    )
    return [(call, at, _KINDS[action]) for call, at, action in database.rows(sql, (*_KINDS, since))]
