"""Adherence and conformance: what was published against what people did, by person and day or interval, and live."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ccops.reports.periods import Period
    from ccops.settings import Settings

__all__ = ["report_rows"]


def report_rows(settings: "Settings", period: "Period") -> list[dict[str, Any]]:
    """Return a row per agent and day: agent, day, scheduled and worked (seconds), adherence, conformance.

    Only what is over counts. Nothing where no roster is published; static members, of whom the log does not tell when
    they were there, are left out. Raises the store's errors.
    """
    from ccops.wfm.adherence.rows import Reader, day_rows

    if not settings.store.path.exists():
        return []
    with Reader.opened(settings) as reader:
        rows = day_rows(reader, period)
    names = ("agent", "day", "scheduled", "worked", "adherence", "conformance")
    return [{name: row[name] for name in names} for row in rows if not row["static"]]
