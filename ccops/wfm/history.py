"""Call history on a grid of local days × intervals, and the reader of call counts from a CSV file.

Days and intervals are those of the site's clock. In the hour that a clock change repeats, a cell holds the mean of
the two hours; the hour that it skips stays unknown. Unknown cells are NaN, never 0.
"""

import csv
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ccops.errors import UsageProblem
from ccops.i18n import _

Array = npt.NDArray[np.float64]

_DAY = 24 * 60
_COLUMNS = {
    "start": ("start", "ts", "timestamp", "datetime", "date", "time", "interval"),
    "calls": ("calls", "count", "offered", "volume"),
    "aht": ("aht", "handle_time"),
    "queue": ("queue", "queue_name"),
}
_SHOWN = 3
_LONGEST_DAYS = 30 * 365


@dataclass(frozen=True, slots=True)
class Count:
    """Calls that arrived in one stretch; `start` is local and naive, or aware."""

    start: datetime
    calls: float
    aht: float | None = None
    """Mean handle time of these calls, seconds."""


@dataclass(frozen=True, slots=True)
class History:
    """Calls per interval, one row per day from `first` on."""

    first: date
    interval: int
    """Minutes; divides a day."""
    zone: ZoneInfo
    calls: Array
    """days × intervals of a day; NaN is unknown."""
    aht: Array
    """Mean handle time, seconds; NaN is unknown."""
    notes: tuple[str, ...] = ()
    """What was odd about the data, in words."""

    @property
    def days(self) -> int:
        """How many days the grid has."""
        return len(self.calls)

    @property
    def after(self) -> date:
        """The day after the last one."""
        return self.first + timedelta(days=self.days)

    def until(self, end: date) -> "History":
        """Return the history before `end`: what was known when that day began."""
        return self.between(0, max(0, (end - self.first).days))

    def between(self, begin: int, end: int) -> "History":
        """Return the rows from `begin` to before `end`."""
        return replace(
            self, first=self.first + timedelta(days=begin), calls=self.calls[begin:end], aht=self.aht[begin:end]
        )


def check_interval(minutes: int) -> int:
    """Return a number of minutes that divides a day, or refuse it."""
    if minutes < 1 or _DAY % minutes:
        raise UsageProblem(
            _("An interval of {minutes} minutes does not divide a day.").format(minutes=minutes),
            remedy=_("Use 15, 30 or 60."),
        )
    return minutes


def _local(start: datetime, zone: ZoneInfo) -> datetime:
    return start.astimezone(zone).replace(tzinfo=None) if start.tzinfo else start


def _repeats(moment: datetime, zone: ZoneInfo) -> bool:
    """Say whether the clock shows this naive moment twice."""
    early, late = (moment.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return early is not None and late is not None and early > late


def _step(moments: list[datetime]) -> int:
    """Return the minutes between starts, as most of the rows have them."""
    gaps = Counter(
        int((later - earlier).total_seconds() // 60)
        for earlier, later in itertools.pairwise(moments)
        if later > earlier
    )
    return gaps.most_common(1)[0][0] if gaps else 0


def _examples(moments: list[datetime]) -> str:
    shown = ", ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in moments[:_SHOWN])
    return shown + (" …" if len(moments) > _SHOWN else "")


def _clean(counts: Iterable[Count], zone: ZoneInfo, notes: list[str]) -> list[Count]:
    """Return the counts in local time and order; leaves out what cannot be, and says so."""
    rows, negative, odd = [], [], []
    for count in counts:
        start = _local(count.start, zone)
        if not math.isfinite(count.calls) or count.calls < 0:
            negative.append(start)
            continue
        if count.calls % 1:
            odd.append(start)
        usable = count.aht is not None and math.isfinite(count.aht) and count.aht > 0
        rows.append(Count(start, count.calls, count.aht if usable else None))
    if negative:
        text = _("{count} counts are negative or no numbers and are left out as unknown: {where}")
        notes.append(text.format(count=len(negative), where=_examples(sorted(negative))))
    if odd:
        text = _("{count} counts are not whole; they are used as they are: {where}")
        notes.append(text.format(count=len(odd), where=_examples(sorted(odd))))
    return sorted(rows, key=lambda row: row.start)


class _Grid:
    """Collects counts into cells, and how much of each cell the rows cover."""

    def __init__(self, rows: list[Count], interval: int, fine: int, zone: ZoneInfo) -> None:
        self.interval, self.fine, self.zone = interval, fine, zone
        self.first = rows[0].start.date()
        shape = ((rows[-1].start.date() - self.first).days + 1, _DAY // interval)
        self.calls, self.covered = np.zeros(shape), np.zeros(shape)
        self.seconds, self.timed = np.zeros(shape), np.zeros(shape)
        self.doubled: list[datetime] = []
        last: datetime | None = None
        for row in rows:
            self._add(row, again=row.start == last)
            last = row.start

    def _add(self, row: Count, *, again: bool) -> None:
        cell = ((row.start.date() - self.first).days, (row.start.hour * 60 + row.start.minute) // self.interval)
        self.calls[cell] += row.calls
        if not again or _repeats(row.start, self.zone):
            self.covered[cell] += self.fine / self.interval
        else:
            self.doubled.append(row.start)
        if row.aht is not None:
            self.seconds[cell] += row.aht * row.calls
            self.timed[cell] += row.calls

    def cells(self) -> tuple[Array, Array]:
        """Return calls and handle times; a cell that is covered by less than half is unknown."""
        with np.errstate(invalid="ignore", divide="ignore"):
            calls = np.where(self.covered >= 0.5 - 1e-9, self.calls / self.covered, np.nan)
            aht = np.where(self.timed > 0, self.seconds / self.timed, np.nan)
        return calls, aht


def _check_reach(first: datetime, last: datetime) -> None:
    """Refuse a mistyped year before it becomes a grid of a million empty days."""
    if (last - first).days > _LONGEST_DAYS:
        text = _("The counts reach from {first:%Y-%m-%d} to {last:%Y-%m-%d}, which is more than {years} years.")
        remedy = _("Correct the year of the row that is out of place.")
        raise UsageProblem(text.format(first=first, last=last, years=_LONGEST_DAYS // 365), remedy=remedy)


def build_history(counts: Iterable[Count], zone: ZoneInfo, interval: int) -> History:
    """Return the grid of these counts, at `interval` minutes.

    Counts may come at any finer step that divides the interval, in any order. Two counts of the same start (two
    queues, say) add up. Refuses an empty list and a step coarser than the interval.
    """
    check_interval(interval)
    notes: list[str] = []
    given = list(counts)
    rows = _clean(given, zone, notes)
    if not rows:
        raise UsageProblem(_("There is no call count to learn from."), remedy=_("Give at least one day of history."))
    _check_reach(rows[0].start, rows[-1].start)
    fine = _step(sorted(_local(count.start, zone) for count in given)) or interval
    if fine > interval or interval % fine:
        raise UsageProblem(
            _("The counts come every {fine} minutes, which does not add up to intervals of {interval}.").format(
                fine=fine, interval=interval
            ),
            remedy=_("Ask for a multiple of {fine} minutes: --interval, or for rosters `interval` of the team.").format(
                fine=fine
            ),
        )
    grid = _Grid(rows, interval, fine, zone)
    if grid.doubled:
        text = _("{count} starts are there more than once; their calls are added: {where}")
        notes.append(text.format(count=len(grid.doubled), where=_examples(grid.doubled)))
    calls, aht = grid.cells()
    return History(grid.first, interval, zone, calls, aht, tuple(notes))


def _columns(header: list[str], path: Path) -> dict[str, int]:
    """Return where the columns are; names are taken without regard to case."""
    names = [name.strip().lower().lstrip("\ufeff") for name in header]
    found = {
        column: next(names.index(alias) for alias in aliases if alias in names)
        for column, aliases in _COLUMNS.items()
        if set(aliases) & set(names)
    }
    for column in ("start", "calls"):
        if column not in found:
            raise UsageProblem(
                _("{file} has no column “{column}” (it has: {names}).").format(
                    file=path, column=column, names=", ".join(names) or "–"
                ),
                remedy=_("Its first line must be start,calls or start,calls,aht."),
            )
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _rows(path: Path) -> Iterator[tuple[str, Count]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        where = _columns(next(reader, []), path)
        for row in reader:
            if not any(row):
                continue
            cells = {column: row[place].strip() if place < len(row) else "" for column, place in where.items()}
            try:
                start = datetime.fromisoformat(cells["start"])
            except ValueError:
                raise UsageProblem(
                    _("{file}, line {line}: “{text}” is no date and time.").format(
                        file=path, line=reader.line_num, text=cells["start"]
                    ),
                    remedy=_("Write it like 2026-03-02 08:30."),
                ) from None
            aht = _number(cells["aht"]) if cells.get("aht") else None
            yield cells.get("queue", ""), Count(start, _number(cells["calls"]), aht)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise UsageProblem(_("{file} cannot be read: {why}.").format(file=path, why=problem.strerror)) from problem
    except (UnicodeDecodeError, csv.Error) as problem:
        raise UsageProblem(
            _("{file} is no CSV text: {why}.").format(file=path, why=problem), remedy=_("Save it as UTF-8 CSV.")
        ) from problem


def read_history(path: Path, zone: ZoneInfo, interval: int) -> History:
    """Return the history of a CSV file with the columns start,calls[,aht]; UsageProblem names file and line."""
    with _readable(path):
        return build_history((count for _queue, count in _rows(path)), zone, interval)


def read_histories(path: Path, zone: ZoneInfo, interval: int) -> dict[str, History]:
    """Return the history of each queue of a CSV file with a column `queue`; all under "" where it has none."""
    found: dict[str, list[Count]] = {}
    with _readable(path):
        for queue, count in _rows(path):
            found.setdefault(queue, []).append(count)
        # A file without a row is refused as one without a call count is.
        return {queue: build_history(counts, zone, interval) for queue, counts in sorted((found or {"": []}).items())}


def moments(day: date, interval: int, zone: ZoneInfo) -> list[tuple[int, datetime]]:
    """Return the intervals of a local day as (place in the grid, aware start): 23 and 25 hours included."""
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    utc, step = ZoneInfo("UTC"), timedelta(minutes=interval)
    at, stop, found = start.astimezone(utc), end.astimezone(utc), []
    while at < stop:
        local = at.astimezone(zone)
        found.append(((local.hour * 60 + local.minute) // interval, local))
        at += step
    return found
