"""Who keeps to the roster, over some days and at this moment, for whoever may read plans."""

from datetime import date
from typing import Any

from ccops.board import Board
from ccops.desk.planning.deeds import deed
from ccops.desk.planning.office import Office
from ccops.errors import UsageProblem
from ccops.i18n import _

_MOST_DAYS = 2 * 366


@deed("adherence", reading=True)
def adherence(office: Office, first: date, last: date, person: str | None = None, seconds: int = 0) -> list[Any]:
    """Return adherence and conformance of some days (both inclusive), by day, or by intervals of some seconds.

    Rows are those of `ccops.wfm.adherence.rows`; instants are epoch seconds.
    """
    from ccops.reports.periods import Period, day_period
    from ccops.wfm.adherence.rows import Reader, day_rows, interval_rows

    if not 0 <= (last - first).days <= _MOST_DAYS:
        raise UsageProblem(_("--to lies before --from, or years after it."))
    if seconds and not 60 <= seconds <= 86_400:
        raise UsageProblem(_("An interval is of 1 minute to 1 day."))
    zone = office.zone
    period = Period(day_period(first, zone).start, day_period(last, zone).end)
    with Reader.opened(office.settings) as reader:
        if seconds:
            return list(interval_rows(reader, period, seconds, person))
        return list(day_rows(reader, period, person))


def present(office: Office, board: Board | None) -> list[dict[str, Any]]:
    """Return who should be and who is in which state; through the daemon its own board is looked at."""
    office.board = board
    return live(office)


@deed("adherence.live", reading=True)
def live(office: Office) -> list[dict[str, Any]]:
    """Return who should be and who is in which state, from the office's board or, without one, from the history."""
    from ccops.wfm.adherence.live import live_rows

    return live_rows(office.settings, office.clock(), office.board)
