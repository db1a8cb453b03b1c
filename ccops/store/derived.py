"""Writes and reads what is derived from log lines: visits, rings, sessions, pauses, names, and where it stands."""

from collections.abc import Iterable, Sequence
from sqlite3 import Connection
from typing import Any

from ccops.store.database import Database

Row = Sequence[Any]

VISIT_COLUMNS = (
    "id, site, callid, queue, nth, entered, caller, caller_name, position, outcome, wait, connected, agent, member,"
    " ring, ended, ended_by, talk, wrap, transfer_to, exit_key, file, offset, end_file, end_offset"
)
_VISIT = f"INSERT OR REPLACE INTO visits ({VISIT_COLUMNS}) VALUES ({', '.join('?' * 25)})"  # noqa: S608
_RING = (
    "INSERT INTO rings (at, file, offset, site, queue, agent, visit, ring, canceled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SESSION = "INSERT INTO sessions (site, agent, queue, since, until) VALUES (?, ?, ?, ?, ?)"
_PAUSE = "INSERT INTO pauses (site, agent, reason, since, until, queues) VALUES (?, ?, ?, ?, ?, ?)"
_OPEN = "ended IS NULL AND ended_by = 0"
TABLES = ("visits", "rings", "sessions", "pauses")
REMEMBERED = 172_800
"""Seconds of the past that a deriver must know to go on."""


def put_closed(
    connection: Connection, visits: Iterable[Row], rings: Iterable[Row], sessions: Iterable[Row], pauses: Iterable[Row]
) -> None:
    """Add what is over; a visit that stood as open is replaced."""
    connection.executemany(_VISIT, visits)
    connection.executemany(_RING, rings)
    connection.executemany(_SESSION, sessions)
    connection.executemany(_PAUSE, pauses)


def put_open(
    connection: Connection, site: int, visits: Iterable[Row], sessions: Iterable[Row], pauses: Iterable[Row]
) -> None:
    """Replace what lasts."""
    connection.execute("DELETE FROM sessions WHERE until IS NULL AND site = ?", (site,))
    connection.execute("DELETE FROM pauses WHERE until IS NULL AND site = ?", (site,))
    connection.executemany(_VISIT, visits)
    connection.executemany(_SESSION, sessions)
    connection.executemany(_PAUSE, pauses)


def put_names(
    connection: Connection,
    site: int,
    queues: Iterable[tuple[str, int, float, int]],
    agents: Iterable[tuple[str, int]],
) -> None:
    """Add names with their numbers; queues with threshold and wrap-up."""
    connection.executemany(
        "INSERT INTO queues (site, name, id, threshold, wrap_up, folded) VALUES (?, ?, ?, ?, ?, ?)",
        [(site, *queue, queue[0].casefold()) for queue in queues],
    )
    connection.executemany("INSERT INTO agents (site, name, id) VALUES (?, ?, ?)", [(site, *agent) for agent in agents])


def put_quarantine(connection: Connection, file: int, lines: Iterable[tuple[int, bytes, str]], now: int) -> None:
    """Keep lines that could not be read, with the reason."""
    connection.executemany(
        "INSERT OR IGNORE INTO quarantine (file, offset, line, reason, added_at) VALUES (?, ?, ?, ?, ?)",
        [(file, *line, now) for line in lines],
    )


def put_meta(connection: Connection, key: str, value: object) -> None:
    """Keep a value beside the data."""
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, str(value)))


def clear(connection: Connection, site: int) -> None:
    """Forget everything derived, so that it can be made anew; names keep their numbers."""
    for table in TABLES:
        connection.execute(f"DELETE FROM {table} WHERE site = ?", (site,))  # noqa: S608
    clear_roll_ups(connection, site)


def clear_roll_ups(connection: Connection, site: int) -> None:
    """Forget the sums that are kept ready."""
    connection.execute("DELETE FROM queue_slots WHERE queue IN (SELECT id FROM queues WHERE site = ?)", (site,))
    connection.execute("DELETE FROM agent_days WHERE agent IN (SELECT id FROM agents WHERE site = ?)", (site,))


def names(database: Database, site: int) -> tuple[dict[str, int], dict[str, int]]:
    """Return the numbers of queues and of agents by name."""
    queues = dict(database.rows("SELECT name, id FROM queues WHERE site = ?", (site,)))
    agents = dict(database.rows("SELECT name, id FROM agents WHERE site = ?", (site,)))
    return queues, agents


def next_visit(database: Database) -> int:
    """Return the number that the next visit gets."""
    return int(database.rows("SELECT coalesce(max(id), 0) + 1 FROM visits")[0][0])


def open_visits(database: Database, site: int) -> list[tuple[Any, ...]]:
    """Return the visits that wait or talk, whole rows by number."""
    return database.rows(f"SELECT {VISIT_COLUMNS} FROM visits WHERE {_OPEN} AND site = ? ORDER BY id", (site,))  # noqa: S608


def last_visits(database: Database, site: int, since: int) -> list[tuple[Any, ...]]:
    """Return each agent's last visit that ended since an instant."""
    rows = database.rows(
        f"""SELECT {VISIT_COLUMNS} FROM visits WHERE entered >= ? AND ended >= ? AND agent IS NOT NULL AND site = ?
            ORDER BY ended, id""",  # noqa: S608
        (since - REMEMBERED, since, site),
    )
    return list({row[12]: row for row in rows}.values())


def visit_counts(database: Database, site: int, since: int) -> list[tuple[str, str, int]]:
    """Return (callid, queue, how many visits) of calls that entered since an instant."""
    return database.rows(
        """SELECT v.callid, q.name, max(v.nth) FROM visits v JOIN queues q ON q.id = v.queue
           WHERE v.entered >= ? AND v.site = ? GROUP BY 1, 2""",
        (since, site),
    )


def open_spans(database: Database, site: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return sessions (agent, queue, since) and pauses (agent, reason, since, queues) that last."""
    sessions = database.rows(
        """SELECT a.name, coalesce(q.name, ''), s.since FROM sessions s JOIN agents a ON a.id = s.agent
           LEFT JOIN queues q ON q.id = s.queue WHERE s.until IS NULL AND s.site = ?""",
        (site,),
    )
    pauses = database.rows(
        """SELECT a.name, p.reason, p.since, p.queues FROM pauses p JOIN agents a ON a.id = p.agent
           WHERE p.until IS NULL AND p.site = ?""",
        (site,),
    )
    return sessions, pauses


def members(database: Database, site: int) -> list[str]:
    """Return the agents who ever logged in."""
    sql = "SELECT name FROM agents WHERE site = :site AND id IN (SELECT agent FROM sessions WHERE site = :site)"
    return [name for (name,) in database.rows(sql, {"site": site})]
