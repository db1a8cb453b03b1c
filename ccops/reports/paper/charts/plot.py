"""What a chart is about, taken out of its section: labels, series, unit, goal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ccops.pbx.text import clean
from ccops.reports.paper.charts.shapes import series_ink
from ccops.reports.paper.compare import is_before
from ccops.reports.paper.model import Chart, Column, Row, Section
from ccops.reports.paper.values import Writer, Writing, local, time_of_day, weekday_name, writer_of

Value = float | None

ORDERED: Final = frozenset({"day", "instant", "time", "weekday", "seconds", "count", "number"})
"""Kinds of columns whose values follow each other: they run from left to right."""


@dataclass(slots=True, frozen=True)
class Series:
    """One run of values."""

    title: str
    values: Sequence[Value]
    ink: str


@dataclass(slots=True, frozen=True)
class Plot:
    """Everything that is drawn, without a place."""

    labels: Sequence[str]
    series: Sequence[Series]
    kind: str
    """Kind of the values."""
    write: Writer
    """Writes a value."""
    title: str
    goal: Value = None
    stacked: bool = False
    left_out: int = 0
    """How many rows are not drawn."""

    @property
    def values(self) -> list[Value]:
        """All values that a scale must reach: the sums where series are stacked."""
        if self.stacked:
            return [sum(value or 0 for value in values) for values in zip(*self._runs, strict=True)]
        return [value for run in self._runs for value in run]

    @property
    def _runs(self) -> list[Sequence[Value]]:
        return [series.values for series in self.series]


def plot_of(section: Section, chart: Chart, writing: Writing, most: int = 100_000) -> Plot:
    """Return what a chart draws; only the first `most` rows."""
    rows = section.rows[:most]
    columns = [section.column(key) for key in chart.y]
    label = label_of(section.column(chart.x), writing)
    inks = _inks(columns)
    return Plot(
        labels=[label(row.get(chart.x)) for row in rows],
        series=[_series(column, rows, ink) for column, ink in zip(columns, inks, strict=True)],
        kind=columns[0].kind,
        write=writer_of(columns[0], writing),
        title=clean(chart.title) or title_of(columns),
        goal=chart.goal,
        stacked=chart.stacked,
        left_out=len(section.rows) - len(rows),
    )


def title_of(columns: Sequence[Column]) -> str:
    """Return what a chart of these columns is called."""
    return ", ".join(dict.fromkeys(clean(column.group or column.title) for column in columns))


def _inks(columns: Sequence[Column]) -> list[str]:
    own = iter(range(len(columns)))
    return ["before" if is_before(column.key) else series_ink(next(own)) for column in columns]


def _series(column: Column, rows: Sequence[Row], ink: str) -> Series:
    return Series(clean(column.full_title), [row.get(column.key) for row in rows], ink)


def label_of(column: Column, writing: Writing) -> Callable[[Any], str]:
    """Return what writes a value below an axis: shorter than in a table."""
    short = _SHORT.get(column.kind)
    if short is None:
        return writer_of(column, writing)
    return lambda value: writing.unknown if value is None else short(value, writing)


def _day(value: date, _writing: Writing) -> str:
    return f"{value:%m-%d}"


def _instant(value: float, writing: Writing) -> str:
    return f"{local(value, writing.zone):%m-%d %H:%M}"


def _time(value: int, _writing: Writing) -> str:
    return time_of_day(value)


def _weekday(value: int, _writing: Writing) -> str:
    # Three letters of a name are what calendars print; names in CJK differ in their last character.
    name = weekday_name(value)
    return name[:3] if name.isascii() else name[-1:]


_SHORT: Final[dict[str, Callable[[Any, Writing], str]]] = {
    "day": _day,
    "instant": _instant,
    "time": _time,
    "weekday": _weekday,
}
