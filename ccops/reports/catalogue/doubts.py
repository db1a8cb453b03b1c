"""What may make the figures of a paper wrong: a period that the log does not cover, lines that could not be read."""

from ccops.i18n import _
from ccops.reports.catalogue.work import Work
from ccops.reports.paper.values import local

_SILENT = 3600
"""Seconds without a line after which the end of the log is told."""


def doubts(work: Work) -> list[str]:
    """Return the doubts that every report of the period has."""
    return [text for text in (_importing(work), _before(work), _after(work), _unread(work)) if text]


def _importing(work: Work) -> str:
    archive = work.archive
    if archive.database.meta(f"unrolled.{archive.site}") is None:
        return ""
    return _("A large import is under way: what is not imported yet is missing.")


def _before(work: Work) -> str:
    covers = work.archive.covers
    if covers is None:
        return _("The store holds no log yet: nothing is known of this period.")
    if work.period.start >= covers.start or not _dated(work):
        return ""
    return _("The log begins at {at}: what was before is missing.").format(at=_minute(work, covers.start))


def _after(work: Work) -> str:
    covers = work.archive.covers
    until = min(work.period.end, int(work.ask.now))
    if covers is None or until - covers.end < _SILENT or not _dated(work):
        return ""
    return _("The log ends at {at}: what came later is missing.").format(at=_minute(work, covers.end - 1))


def _dated(work: Work) -> bool:
    return work.entry is None or work.entry.dated


def _unread(work: Work) -> str:
    rows = work.archive.database.rows(
        """SELECT count(*) FROM quarantine q JOIN files f ON f.id = q.file
           WHERE f.site = ? AND f.first_at < ? AND f.last_at >= ?""",
        (work.archive.site, work.period.end, work.period.start),
    )
    count = int(rows[0][0])
    if not count:
        return ""
    return _("{count} lines of the log files of this period could not be read; `ccops doctor` shows them.").format(
        count=count
    )


def _minute(work: Work, at: float) -> str:
    return local(at, work.zone).isoformat(" ", "minutes")[:16]
