"""A section beside the same section of a former period: each figure now, before, and its change."""

from collections.abc import Hashable, Iterator
from dataclasses import replace
from typing import Any, Final

from ccops.i18n import _
from ccops.reports.figures import Unit
from ccops.reports.paper.model import Chart, Column, Row, Section

BEFORE: Final = "_before"
CHANGE: Final = "_change"

FIGURES: Final = frozenset({Unit.COUNT, Unit.SECONDS, Unit.RATE, "number"})
"""Kinds of columns that can be compared; the others say what a row is about."""


def compared(section: Section, before: Section) -> Section:
    """Return `section` with the figures of `before` beside its own.

    Rows belong together where all columns that are no figures agree; a caller who compares days shifts those of
    `before` to the days that they stand against. Rows that were only before come last. A change is unknown where
    one side is.
    """
    former = {_identity(section, row): row for row in before.rows}
    rows = [_joined(section, row, former.pop(_identity(section, row), {})) for row in section.rows]
    rows += [_joined(section, _named(section, row), row) for row in former.values()]
    total = section.total and _joined(section, section.total, before.total or {})
    columns = [made for column in section.columns for made in _columns(column)]
    return replace(section, columns=columns, rows=rows, total=total, chart=_chart(section.chart))


def _identity(section: Section, row: Row) -> Hashable:
    return tuple(_hashable(row.get(column.key)) for column in section.columns if column.kind not in FIGURES)


def _hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def _named(section: Section, row: Row) -> Row:
    return {column.key: row.get(column.key) for column in section.columns if column.kind not in FIGURES}


def _joined(section: Section, now: Row, before: Row) -> Row:
    joined = dict(now)
    for column in section.columns:
        if column.kind not in FIGURES or column.key not in now.keys() | before.keys():
            continue
        here, there = now.get(column.key), before.get(column.key)
        joined[column.key + BEFORE] = there
        joined[column.key + CHANGE] = None if here is None or there is None else here - there
    return joined


def _columns(column: Column) -> Iterator[Column]:
    if column.kind not in FIGURES:
        yield column
        return
    yield replace(column, group=column.title, title=_("now"))
    yield replace(column, key=column.key + BEFORE, group=column.title, title=_("before"), rule="", better="")
    yield replace(column, key=column.key + CHANGE, group=column.title, title=_("change"), rule="", change=True)


def _chart(chart: Chart | None) -> Chart | None:
    if chart is None or chart.kind not in ("bars", "lines") or len(chart.y) != 1:
        return chart
    return replace(chart, y=(chart.y[0], chart.y[0] + BEFORE))


def is_before(key: str) -> bool:
    """Tell whether a column holds the figures of the former period."""
    return key.endswith(BEFORE)


_NO_CHANGE: Final[dict[str, float]] = {Unit.RATE: 0.0005, Unit.SECONDS: 0.5}
"""Below this a change is written as none."""


def tone(column: Column, value: Any) -> str:
    """Return whether a change is "good" or "bad" news, or "" where it is neither."""
    if not column.change or not column.better or not value or abs(value) < _NO_CHANGE.get(column.kind, 0):
        return ""
    return "good" if (value > 0) == (column.better == "more") else "bad"
