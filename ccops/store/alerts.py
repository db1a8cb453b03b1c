"""Alerts in the store: rows that hold, what happened to them, and the outbox of deliveries."""

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from sqlite3 import Connection
from typing import Any, Final

from ccops.store.database import Database


@dataclass(slots=True, frozen=True)
class AlertRecord:
    """One alert, open while `cleared_at` is None; instants are epoch seconds."""

    id: int
    rule: str
    figure: str
    level: str
    highest: str
    topic: str
    key: str
    name: str
    text: str
    value: float | None
    threshold: float | None
    since: float
    raised_at: float
    acknowledged_at: float | None
    acknowledged_by: str
    snoozed_until: float | None
    snoozed_by: str
    told: int
    targets: tuple[str, ...]
    """Who was told."""
    cleared_at: float | None


@dataclass(slots=True, frozen=True)
class EventRecord:
    """Something that happened to an alert."""

    alert: int
    number: int
    at: float
    kind: str
    level: str
    value: float | None
    who: str
    note: str


@dataclass(slots=True, frozen=True)
class DeliveryRecord:
    """One message to one recipient."""

    id: str
    alert: int
    event: int
    target: str
    recipient: str
    body: str
    """JSON."""
    urgent: int
    made_at: float
    tries: int = 0
    state: str = "waiting"
    """waiting, delivered, failed, dropped."""
    ended_at: float | None = None
    detail: str = ""


_COLUMNS: Final = {kind: tuple(item.name for item in fields(kind)) for kind in (AlertRecord, DeliveryRecord)}


def _values(record: AlertRecord | EventRecord | DeliveryRecord) -> list[Any]:
    return [_storable(value) for value in astuple(record)]


def _storable(value: Any) -> Any:
    if isinstance(value, tuple):
        return json.dumps(value)
    # SQLite keeps no lone surrogates.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def put_alert(connection: Connection, record: AlertRecord) -> None:
    """Write an alert, new or as it is now."""
    marks = ", ".join("?" * len(_COLUMNS[AlertRecord]))
    connection.execute(f"INSERT OR REPLACE INTO alerts VALUES ({marks})", _values(record))  # noqa: S608


def put_event(connection: Connection, record: EventRecord) -> None:
    """Write what happened to an alert; the same once more changes nothing."""
    connection.execute("INSERT OR IGNORE INTO alert_events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _values(record))


def put_delivery(connection: Connection, record: DeliveryRecord) -> None:
    """Write a delivery into the outbox, or how it stands now."""
    marks = ", ".join("?" * len(_COLUMNS[DeliveryRecord]))
    connection.execute(f"INSERT OR REPLACE INTO alert_deliveries VALUES ({marks})", _values(record))  # noqa: S608


def last_number(database: Database) -> int:
    """Return the number of the newest alert; 0 where there is none."""
    return int(database.rows("SELECT coalesce(max(id), 0) FROM alerts")[0][0])


def open_alerts(database: Database) -> list[AlertRecord]:
    """Return the alerts that hold."""
    return _alerts(database, "WHERE cleared_at IS NULL ORDER BY id", ())


def events_of(database: Database, numbers: Iterable[int]) -> dict[int, list[EventRecord]]:
    """Return what happened to some alerts, in order."""
    found: dict[int, list[EventRecord]] = {number: [] for number in numbers}
    marks = ", ".join("?" * len(found))
    sql = f"SELECT * FROM alert_events WHERE alert IN ({marks}) ORDER BY alert, number"  # noqa: S608
    for row in database.rows(sql, list(found)):
        found[row[0]].append(EventRecord(*row))
    return found


def waiting(database: Database) -> list[DeliveryRecord]:
    """Return the deliveries that are still to be made, oldest first."""
    names = ", ".join(_COLUMNS[DeliveryRecord])
    sql = f"SELECT {names} FROM alert_deliveries WHERE state = 'waiting' ORDER BY made_at, event"  # noqa: S608
    return [DeliveryRecord(*row) for row in database.rows(sql)]


def failed_since(database: Database, since: float) -> list[DeliveryRecord]:
    """Return the deliveries that were given up since a moment (epoch seconds), oldest first."""
    names = ", ".join(_COLUMNS[DeliveryRecord])
    sql = f"SELECT {names} FROM alert_deliveries WHERE state = 'failed' AND ended_at >= ? ORDER BY ended_at"  # noqa: S608
    return [DeliveryRecord(*row) for row in database.rows(sql, (since,))]


def deliveries_of(database: Database, numbers: Iterable[int]) -> dict[int, list[DeliveryRecord]]:
    """Return the deliveries of some alerts, in order."""
    found: dict[int, list[DeliveryRecord]] = {number: [] for number in numbers}
    names, marks = ", ".join(_COLUMNS[DeliveryRecord]), ", ".join("?" * len(found))
    sql = f"SELECT {names} FROM alert_deliveries WHERE alert IN ({marks}) ORDER BY made_at, event"  # noqa: S608
    for row in database.rows(sql, list(found)):
        record = DeliveryRecord(*row)
        found[record.alert].append(record)
    return found


def history(database: Database, since: float | None, until: float | None, limit: int) -> list[AlertRecord]:
    """Return the alerts that were raised in a span of time (epoch seconds), newest first, at most `limit`."""
    low, high = float("-inf") if since is None else since, float("inf") if until is None else until
    where = "WHERE raised_at >= ? AND raised_at < ? ORDER BY raised_at DESC, id DESC LIMIT ?"
    return _alerts(database, where, (low, high, limit))


def _alerts(database: Database, where: str, parameters: tuple[Any, ...]) -> list[AlertRecord]:
    names = ", ".join(_COLUMNS[AlertRecord])
    place = _COLUMNS[AlertRecord].index("targets")
    found = []
    for row in database.rows(f"SELECT {names} FROM alerts {where}", parameters):  # noqa: S608
        values = list(row)
        values[place] = tuple(json.loads(values[place]))
        found.append(AlertRecord(*values))
    return found


def forget(connection: Connection, before: float) -> None:
    """Forget what was over before an instant, with its events and deliveries."""
    old = "SELECT id FROM alerts WHERE cleared_at < ?"
    for table in ("alert_events", "alert_deliveries"):
        connection.execute(f"DELETE FROM {table} WHERE alert IN ({old})", (before,))  # noqa: S608
    connection.execute("DELETE FROM alerts WHERE cleared_at < ?", (before,))
