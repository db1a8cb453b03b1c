"""Reads of how often each wait and each talk came."""

from ccops.store.codes import OUTCOME_CODES, OUTCOMES
from ccops.store.database import Database


def outcome_waits(database: Database, site: int, start: int, end: int) -> list[tuple[str, str, int, int]]:
    """Return (queue, outcome, wait, how many) of visits that entered in [start, end); a wait not known is 0."""
    rows = database.rows(
        """SELECT q.name, v.outcome, coalesce(v.wait, 0), count(*) FROM visits v JOIN queues q ON q.id = v.queue
           WHERE v.entered >= ? AND v.entered < ? AND q.site = ? GROUP BY 1, 2, 3""",
        (start, end, site),
    )
    return [(queue, OUTCOMES[outcome], wait, count) for queue, outcome, wait, count in rows]


def talk_counts(database: Database, site: int, start: int, end: int) -> list[tuple[str, int, int]]:
    """Return (queue, talk, how many) of answered visits that entered in [start, end) and whose talk is over."""
    return database.rows(
        """SELECT q.name, v.talk, count(*) FROM visits v JOIN queues q ON q.id = v.queue
           WHERE v.entered >= ? AND v.entered < ? AND v.outcome = ? AND v.talk IS NOT NULL AND q.site = ?
           GROUP BY 1, 2""",
        (start, end, OUTCOME_CODES["answered"], site),
    )
