"""What call records and recordings know of calls, beside the log."""

from collections.abc import Iterable, Sequence
from sqlite3 import Connection

from ccops.store.database import Database

_AT_ONCE = 500
"""Calls that one query asks for."""


def dids(database: Database, site: int, start: int, end: int) -> dict[str, str]:
    """Return the number that was dialled, by call id, of calls that entered a queue in [start, end)."""
    rows = database.rows(
        """SELECT DISTINCT d.callid, d.did FROM visits v JOIN call_details d ON d.callid = v.callid
           WHERE v.entered >= ? AND v.entered < ? AND +v.site = ? AND coalesce(d.did, '') <> ''""",
        (start, end, site),
    )
    return dict(rows)


def details(database: Database, callids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return (number dialled, recording) by call id, of the calls that anything is known of; "" for what is not."""
    wanted = list(dict.fromkeys(callids))
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        sql = f"SELECT callid, coalesce(did, ''), coalesce(recording, '') FROM call_details WHERE callid IN ({marks})"  # noqa: S608
        found.update({callid: (did, recording) for callid, did, recording in database.rows(sql, some)})
    return found


_OWN = """INSERT INTO call_details (callid, did, recording) VALUES (?1, nullif(?2, ''), nullif(?3, ''))
    ON CONFLICT (callid) DO UPDATE
    SET did = coalesce(excluded.did, did), recording = coalesce(excluded.recording, recording)
    WHERE coalesce(excluded.did, did) IS NOT did OR coalesce(excluded.recording, recording) IS NOT recording"""
_OF_A_LEG = """INSERT INTO call_details (callid, did, recording) VALUES (?1, nullif(?2, ''), nullif(?3, ''))
    ON CONFLICT (callid) DO UPDATE
    SET did = coalesce(did, excluded.did), recording = coalesce(recording, excluded.recording)
    WHERE coalesce(did, excluded.did) IS NOT did OR coalesce(recording, excluded.recording) IS NOT recording"""
_OUT = """INSERT INTO calls_out (site, at, uniqueid, number, caller, talk) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET caller = excluded.caller, talk = excluded.talk
    WHERE (excluded.caller, excluded.talk) IS NOT (caller, talk)"""


def put_details(connection: Connection, rows: Iterable[tuple[str, str, str]], *, own: bool) -> int:
    """Learn (call id, number dialled, recording); return how many told anything new. "" is what is not known.

    `own` rows are of the call's own channel and correct what is known; those of another leg only fill gaps.
    """
    return _changed(connection, _OWN if own else _OF_A_LEG, rows)


def put_calls_out(connection: Connection, site: int, rows: Iterable[tuple[int, str, str, str, int]]) -> int:
    """Learn calls out: (epoch seconds, uniqueid, number, caller, seconds of talk); return how many were new."""
    return _changed(connection, _OUT, [(site, *row) for row in rows])


def _changed(connection: Connection, sql: str, rows: Iterable[Sequence[object]]) -> int:
    before = connection.total_changes
    connection.executemany(sql, rows)
    return connection.total_changes - before


def calls_out(database: Database, site: int, start: int, end: int) -> list[tuple[int, str]]:
    """Return (epoch seconds, number as it was dialled) of calls out in [start, end), answered or not, by time."""
    sql = "SELECT at, number FROM calls_out WHERE site = ? AND at >= ? AND at < ? ORDER BY at"
    return database.rows(sql, (site, start, end))
