"""Reads of what call records and recordings know of calls, beside the log."""

from ccops.store.database import Database


def dids(database: Database, site: int, start: int, end: int) -> dict[str, str]:
    """Return the number that was dialled, by call id, of calls that entered a queue in [start, end)."""
    rows = database.rows(
        """SELECT DISTINCT d.callid, d.did FROM visits v JOIN call_details d ON d.callid = v.callid
           WHERE v.entered >= ? AND v.entered < ? AND +v.site = ? AND coalesce(d.did, '') <> ''""",
        (start, end, site),
    )
    return dict(rows)
