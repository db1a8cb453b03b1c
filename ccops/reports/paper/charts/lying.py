"""Charts that run from top to bottom: bars beside their names, and shares of a whole."""

from dataclasses import replace
from typing import Final

from ccops.reports.paper.charts.frame import HEAD, SMALL, Area, head, left_out
from ccops.reports.paper.charts.plot import Plot, Series
from ccops.reports.paper.charts.scale import Scale, scale_of
from ccops.reports.paper.charts.shapes import Drawing, Line, Rect, Text, fitted, text_width
from ccops.reports.paper.charts.upright import tip

MOST_ROWS: Final = 40
AROUND: Final = HEAD + 14
"""Height of all that is not rows, at most."""
_BAR: Final = 9.0
_NAMES: Final = 0.3
"""Largest part of the width that names take."""


def row_height(bars: int) -> float:
    """Return the height of a row with this many bars below each other."""
    return bars * _BAR + 6


def beside(plot: Plot, width: float) -> Drawing:
    """Return bars beside their names; as high as the rows need."""
    row = row_height(1 if plot.stacked else len(plot.series))
    return _rows(plot, width, row, scale_of(plot.values, plot.kind, goal=plot.goal))


def share(plot: Plot, width: float) -> Drawing:
    """Return each row's part of the whole, as a bar with its percentage."""
    values = [value or 0 for value in plot.series[0].values]
    whole = sum(values)
    parts = [value / whole if whole else 0.0 for value in values]
    highest = max(parts, default=0) or 1.0
    shown = replace(plot, series=[replace(plot.series[0], values=parts)], goal=None, write=_percent)
    return _rows(shown, width, row_height(1), Scale(0.0, highest, (0.0, highest)))


def _percent(part: float) -> str:
    return f"{part:.1%}"


def _rows(plot: Plot, width: float, row: float, scale: Scale) -> Drawing:
    top = HEAD - 4 if len(plot.series) > 1 else HEAD - 14
    height = top + row * len(plot.labels) + (14 if plot.left_out else 4)
    drawing = Drawing(width, height, plot.title)
    head(drawing, plot)
    names = min(max((text_width(label, 8) for label in plot.labels), default=0), width * _NAMES) + 10
    values = max((text_width(plot.write(value), SMALL) for value in plot.values if value is not None), default=0) + 6
    area = Area(names, top, width - names - values, row * len(plot.labels), scale)
    for index, label in enumerate(plot.labels):
        _row(drawing, plot, area, index, label, row)
    _edges(drawing, plot, area)
    left_out(drawing, plot)
    return drawing


def _row(drawing: Drawing, plot: Plot, area: Area, index: int, label: str, row: float) -> None:
    top = area.top + row * index
    middle = top + row / 2
    drawing.add(Text(area.left - 6, middle + 2.8, fitted(label, 8, area.left - 8), "ink", "end", 8))
    base = 0.0
    for number, series in enumerate(plot.series):
        value = series.values[index]
        if value is None:
            continue
        y = top + 3 if plot.stacked else top + 3 + number * _BAR
        x = area.x(base + min(value, 0))
        bar = Rect(x, y, area.x(base + max(value, 0)) - x, _BAR - 1, series.ink, tip(plot, series, label, value))
        drawing.add(bar)
        base += value if plot.stacked else 0
        if not plot.stacked:
            _value(drawing, plot, series, area, index, y)
    if plot.stacked:
        drawing.add(Text(area.x(base) + 4, middle + 2.6, plot.write(base), "muted", size=SMALL))


def _value(drawing: Drawing, plot: Plot, series: Series, area: Area, index: int, y: float) -> None:
    value = series.values[index] or 0
    drawing.add(Text(area.x(max(value, 0)) + 4, y + _BAR / 2 + 2.1, plot.write(value), "muted", size=SMALL))


def _edges(drawing: Drawing, plot: Plot, area: Area) -> None:
    zero = area.x(0)
    drawing.add(Line(zero, area.top, zero, area.bottom, "axis"))
    if plot.goal is not None:
        x = area.x(plot.goal)
        drawing.add(Line(x, area.top, x, area.bottom, "goal", 1, dashed=True))
