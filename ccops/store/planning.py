"""Writes and reads what planning keeps: teams, rosters, leave, swaps, and what calendars were told."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from sqlite3 import Connection
from typing import Any, Final

from ccops.store.database import Database

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TeamVersion:
    """One version of the team."""

    id: int
    at: float
    """Epoch seconds."""
    who: str
    note: str
    document: Document


@dataclass(frozen=True, slots=True)
class RosterHead:
    """What is known of a roster beside its days."""

    id: int
    first: date
    days: int
    state: str
    """draft or published."""
    at: float
    who: str
    note: str
    team: int
    base: int | None
    published_at: float | None
    published_by: str
    document: Document


@dataclass(frozen=True, slots=True)
class DayRow:
    """One person's day of a roster; times are minutes after local midnight."""

    roster: int
    person: str
    day: date
    shift: str
    start: int
    minutes: int
    paid: int
    breaks: tuple[tuple[str, int, int, bool], ...]
    """(name, start, minutes, paid)."""
    queue: str = ""
    """Counted for this one during most of the shift."""

    def values(self) -> tuple[Any, ...]:
        """Return the row as the table has it."""
        breaks = json.dumps(self.breaks, ensure_ascii=False)
        times = (self.start, self.minutes, self.paid)
        return (self.roster, self.person, self.day.isoformat(), self.shift, *times, breaks, self.queue)


@dataclass(frozen=True, slots=True)
class LeaveRow:
    """Days on which a person is away or wants to be."""

    id: int
    person: str
    first: date
    last: date
    kind: str
    """leave or sick."""
    state: str
    """requested, approved, denied or withdrawn."""
    at: float
    who: str
    note: str
    decided_at: float | None
    decided_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SwapRow:
    """A shift that is offered."""

    id: int
    person: str
    """Whose it is; empty: an open shift."""
    day: date
    shift: str
    taker: str
    taker_day: date | None
    """Day of the shift that is given in return."""
    state: str
    """offered, taken, approved, denied or withdrawn."""
    at: float
    who: str
    decided_at: float | None
    decided_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """What calendars know of a person's day."""

    person: str
    day: date
    sequence: int
    at: float
    digest: str
    """Empty: cancelled."""
    shift: str
    start: int
    minutes: int
    breaks: tuple[tuple[str, int, int, bool], ...]


_LARGEST: Final = 2**53
"""No number is larger: neither SQLite nor JSON would take it everywhere."""
_TEAM = "id, at, who, note, document"
_HEAD = "id, first, days, state, at, who, note, team, base, published_at, published_by, document"
_DAYS = "roster, person, day, shift, start, minutes, paid, breaks, queue"
_LEAVE = "id, person, first, last, kind, state, at, who, note, decided_at, decided_by, reason"
_SWAP = "id, person, day, shift, taker, taker_day, state, at, who, decided_at, decided_by, reason"
_EVENT = "person, day, sequence, at, digest, shift, start, minutes, breaks"

READS: Final[Mapping[str, str]] = {
    "teams": f"SELECT {_TEAM} FROM plan_teams ORDER BY id DESC",  # noqa: S608 (columns named above, here and below)
    "team": f"SELECT {_TEAM} FROM plan_teams WHERE ? IS NULL OR id = ? ORDER BY id DESC LIMIT 1",  # noqa: S608
    "rosters": f"SELECT {_HEAD} FROM plan_rosters ORDER BY id DESC",  # noqa: S608
    "roster": f"SELECT {_HEAD} FROM plan_rosters WHERE id = ?",  # noqa: S608
    "days_of": f"SELECT {_DAYS} FROM plan_days WHERE roster = ? ORDER BY person, day",  # noqa: S608
    "scheduled": f"""SELECT {_DAYS} FROM plan_days JOIN plan_rosters ON plan_rosters.id = roster
        WHERE day BETWEEN ? AND ? AND published_at IS NOT NULL ORDER BY day, published_at, roster, person""",  # noqa: S608
    "leave": f"""SELECT {_LEAVE} FROM plan_leave WHERE (? IS NULL OR first <= ?) AND (? IS NULL OR last >= ?)
        ORDER BY first, id""",  # noqa: S608
    "swaps": f"SELECT {_SWAP} FROM plan_swaps ORDER BY id",  # noqa: S608
    "events": f"""SELECT {_EVENT} FROM plan_events WHERE day BETWEEN ? AND ? AND (? IS NULL OR person = ?)
        ORDER BY person, day""",  # noqa: S608
    "calendar_id": "SELECT value FROM meta WHERE key = 'calendar_id'",
}
"""Every question that is asked of a plan, by name: who may not read the store asks the daemon by these names."""


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _breaks(text: str) -> tuple[tuple[str, int, int, bool], ...]:
    return tuple((name, start, minutes, bool(paid)) for name, start, minutes, paid in json.loads(text))


# --- teams ---


def put_team(connection: Connection, at: float, who: str, note: str, document: Document) -> int:
    """Add a version of the team and return its number."""
    text = json.dumps(document, ensure_ascii=False)
    sql = "INSERT INTO plan_teams (at, who, note, document) VALUES (?, ?, ?, ?)"
    return int(connection.execute(sql, (at, who, note, text)).lastrowid or 0)


def teams(database: Database) -> list[TeamVersion]:
    """Return every version of the team, newest first."""
    return [_team(row) for row in database.rows(READS["teams"])]


def _team(row: Sequence[Any]) -> TeamVersion:
    values: list[Any] = [*row[:4], json.loads(row[4])]
    return TeamVersion(*values)


def team(database: Database, number: int | None = None) -> TeamVersion | None:
    """Return a version of the team, the newest without a number; None where there is none."""
    if number is not None and abs(number) > _LARGEST:
        return None
    rows = database.rows(READS["team"], (number, number))
    return _team(rows[0]) if rows else None


# --- rosters ---


def put_roster(
    connection: Connection,
    at: float,
    who: str,
    note: str,
    *,
    first: date,
    days: int,
    team: int,
    base: int | None,
    document: Document,
) -> int:
    """Add a draft and return its number; its days follow by `put_days`."""
    sql = (
        "INSERT INTO plan_rosters (first, days, state, at, who, note, team, base, published_by, document)"
        " VALUES (?, ?, 'draft', ?, ?, ?, ?, ?, '', ?)"
    )
    values = (first.isoformat(), days, at, who, note, team, base, json.dumps(document, ensure_ascii=False))
    return int(connection.execute(sql, values).lastrowid or 0)


def put_days(connection: Connection, rows: Iterable[DayRow]) -> None:
    """Add the days of a roster."""
    connection.executemany(
        f"INSERT INTO plan_days ({_DAYS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        [row.values() for row in rows],
    )


def publish(connection: Connection, roster: int, at: float, who: str) -> None:
    """Make a draft the roster that holds for its days."""
    connection.execute(
        "UPDATE plan_rosters SET state = 'published', published_at = ?, published_by = ? WHERE id = ?",
        (at, who, roster),
    )
    # Events are known by it for as long as the store lives, whatever the site is called.
    sql = "INSERT OR IGNORE INTO meta (key, value) VALUES ('calendar_id', lower(hex(randomblob(8))))"
    connection.execute(sql)


def rosters(database: Database) -> list[RosterHead]:
    """Return every roster, newest first."""
    return [_head(row) for row in database.rows(READS["rosters"])]


def roster(database: Database, number: int) -> RosterHead | None:
    """Return a roster by its number; None where there is none."""
    if abs(number) > _LARGEST:
        return None
    rows = database.rows(READS["roster"], (number,))
    return _head(rows[0]) if rows else None


def _head(row: Sequence[Any]) -> RosterHead:
    values: list[Any] = [row[0], _day(row[1]), *row[2:11], json.loads(row[11])]
    return RosterHead(*values)


def days_of(database: Database, number: int) -> list[DayRow]:
    """Return the days of a roster by person and day."""
    return [_row(row) for row in database.rows(READS["days_of"], (number,))]


def _row(row: Sequence[Any]) -> DayRow:
    values: list[Any] = [*row[:2], _day(row[2]), *row[3:7], _breaks(row[7]), row[8]]
    return DayRow(*values)


def scheduled(database: Database, first: date, last: date) -> list[DayRow]:
    """Return what holds for the days first…last: of each day the roster that was published last, by day and person."""
    found: dict[date, list[DayRow]] = {}
    for row in map(_row, database.rows(READS["scheduled"], (first.isoformat(), last.isoformat()))):
        rows = found.setdefault(row.day, [])
        if rows and rows[0].roster != row.roster:
            rows.clear()
        rows.append(row)
    return [row for rows in found.values() for row in rows]


# --- leave and swaps ---


def put_leave(connection: Connection, row: LeaveRow) -> int:
    """Add leave (its id is not used) or, where it has one, replace what became of it; return its number."""
    days = (row.first.isoformat(), row.last.isoformat())
    values = (row.id or None, row.person, *days, row.kind, row.state, row.at, row.who, row.note)
    sql = f"INSERT OR REPLACE INTO plan_leave ({_LEAVE}) VALUES ({', '.join('?' * 12)})"  # noqa: S608
    return int(connection.execute(sql, (*values, row.decided_at, row.decided_by, row.reason)).lastrowid or 0)


def leave(database: Database, first: date | None = None, last: date | None = None) -> list[LeaveRow]:
    """Return leave that touches the days first…last, whatever its state, by its beginning."""
    start, end = (None if day is None else day.isoformat() for day in (first, last))
    rows = database.rows(READS["leave"], (end, end, start, start))
    return [LeaveRow(row[0], row[1], _day(row[2]), _day(row[3]), *row[4:]) for row in rows]


def put_swap(connection: Connection, row: SwapRow) -> int:
    """Add an offer (its id is not used) or, where it has one, replace what became of it; return its number."""
    day = row.taker_day.isoformat() if row.taker_day else ""
    values = (row.id or None, row.person, row.day.isoformat(), row.shift, row.taker, day, row.state, row.at, row.who)
    sql = f"INSERT OR REPLACE INTO plan_swaps ({_SWAP}) VALUES ({', '.join('?' * 12)})"  # noqa: S608
    more = (row.decided_at, row.decided_by, row.reason)
    return int(connection.execute(sql, (*values, *more)).lastrowid or 0)


def swaps(database: Database) -> list[SwapRow]:
    """Return every offer, by its number."""
    rows = database.rows(READS["swaps"])
    return [
        SwapRow(row[0], row[1], _day(row[2]), row[3], row[4], _day(row[5]) if row[5] else None, *row[6:])
        for row in rows
    ]


# --- calendars ---


def calendar_id(database: Database) -> str:
    """Return what marks the events of this store, given when it first published; empty before."""
    found = database.rows(READS["calendar_id"])
    return str(found[0][0]) if found else ""


def events(database: Database, first: date, last: date, person: str | None = None) -> list[EventRow]:
    """Return what calendars were told of the days first…last, of everybody or one person."""
    rows = database.rows(READS["events"], (first.isoformat(), last.isoformat(), person, person))
    return [_event(row) for row in rows]


def _event(row: Sequence[Any]) -> EventRow:
    values: list[Any] = [row[0], _day(row[1]), *row[2:8], _breaks(row[8])]
    return EventRow(*values)


def put_events(connection: Connection, rows: Iterable[EventRow]) -> None:
    """Add or replace what calendars are told."""
    connection.executemany(
        "INSERT OR REPLACE INTO plan_events (person, day, sequence, at, digest, shift, start, minutes, breaks)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (row.person, row.day.isoformat(), row.sequence, row.at, row.digest, row.shift, row.start, row.minutes,
             json.dumps(row.breaks, ensure_ascii=False))
            for row in rows
        ],
    )  # fmt: skip
