"""Reads of who worked where: the agents that took visits of each queue."""

from ccops.store.database import Database


def takers(database: Database, site: int, start: int, end: int) -> list[tuple[str, str]]:
    """Return (queue, agent) of everybody who took a visit that entered in [start, end)."""
    return database.rows(
        """SELECT q.name, a.name FROM (
               SELECT DISTINCT v.queue AS queue, v.agent AS agent FROM visits v
               WHERE v.entered >= ? AND v.entered < ? AND v.agent IS NOT NULL AND +v.site = ?
           ) JOIN queues q ON q.id = queue JOIN agents a ON a.id = agent""",
        (start, end, site),
    )
