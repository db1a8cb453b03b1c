"""Reads of what call records and recordings know of calls, beside the log."""

from collections.abc import Iterable

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
