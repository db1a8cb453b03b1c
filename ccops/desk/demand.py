"""The calls of the past as planning wants them: the store's visits on a grid of local days and intervals."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.reports.periods import Period, day_of, start_of

if TYPE_CHECKING:
    from ccops.reports.archive import Interval
    from ccops.reports.rules import Rules
    from ccops.wfm.history import Array, History


def store_history(path: Path, rules: "Rules", zone: ZoneInfo, interval: int, *, queue: str | None = None) -> "History":
    """Return offered visits and handle times per `interval` minutes, of all queues or one, from the store at `path`.

    A whole interval without a visit is 0; what lies before the first line of the log or after its last is unknown.
    Raises `NotFound` for a queue that is not there, `UsageProblem` for an empty store or a wrong interval.
    """
    from ccops.reports.archive import Archive
    from ccops.wfm.history import History, check_interval

    check_interval(interval)
    with Archive.opened(path, rules, zone) as archive:
        covers = archive.covers
        if covers is None:
            raise UsageProblem(
                _("The store “{path}” has no calls to learn from.").format(path=path),
                remedy=_("Take the log in first: `ccops ingest queue-log PATH`."),
            )
        found = archive.interval_tallies(covers, interval * 60, queue=queue)
        first, last = day_of(covers.start, zone), day_of(covers.end - 1, zone)
        calls, aht = _grid(found, first, (last - first).days + 1, interval, zone)
    _forget_unknown(calls, first, covers, interval, zone)
    return History(first, interval, zone, calls, aht)


def _grid(found: "Iterable[Interval]", first: date, days: int, interval: int, zone: ZoneInfo) -> "tuple[Array, Array]":
    """Return calls and mean handle times, days × intervals."""
    import numpy as np

    shape = (days, 24 * 60 // interval)
    calls, talked, handled = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for period, _queue, tally in found:
        cell = _cell(period.start, first, interval, zone)
        calls[cell] += tally.offered
        talked[cell] += tally.talked
        handled[cell] += tally.talk + tally.wrap
    with np.errstate(invalid="ignore", divide="ignore"):
        return calls, np.where(talked > 0, handled / talked, np.nan)


def _cell(at: float, first: date, interval: int, zone: ZoneInfo) -> tuple[int, int]:
    local = datetime.fromtimestamp(at, zone)
    return (local.date() - first).days, (local.hour * 60 + local.minute) // interval


def _forget_unknown(calls: "Array", first: date, covers: Period, interval: int, zone: ZoneInfo) -> None:
    """Make what nobody knows NaN: the ends, and hours that the clock skips; hours that come twice get their mean."""
    import numpy as np

    day, place = _cell(covers.start, first, interval, zone)
    calls[day, :place] = np.nan
    day, place = _cell(covers.end - 1, first, interval, zone)
    calls[day, place:] = np.nan
    for row, times in _clock_changes(first, len(calls), interval, zone):
        for cell, count in enumerate(times):
            calls[row, cell] = calls[row, cell] / count if count else np.nan


def _clock_changes(first: date, days: int, interval: int, zone: ZoneInfo) -> Iterator[tuple[int, list[int]]]:
    """Yield the days that do not have 24 hours, with how often each of their intervals comes."""
    from ccops.wfm.history import moments

    for row in range(days):
        day = first + timedelta(days=row)
        if start_of(day + timedelta(days=1), zone) - start_of(day, zone) != 86_400:
            places = [place for place, _at in moments(day, interval, zone)]
            yield row, [places.count(place) for place in range(24 * 60 // interval)]
