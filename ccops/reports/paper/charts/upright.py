"""Charts that run from left to right: bars, histogram, lines."""

from collections.abc import Sequence
from typing import Final

from ccops.reports.paper.charts.frame import SMALL, Area, goal_across, head, upright
from ccops.reports.paper.charts.plot import Plot, Series, Value
from ccops.reports.paper.charts.scale import scale_of
from ccops.reports.paper.charts.shapes import Dot, Drawing, Path, Rect, Shape, Text, text_width

_DOTTED: Final = 62
"""Up to this many points a line shows each of them."""

Point = tuple[float, float]


def bars(plot: Plot, width: float, height: float, *, gap: float = 0.28) -> Drawing:
    """Return a chart with a group of bars per label; `gap` is the free part of the room of each."""
    drawing, area = _begun(plot, width, height)
    slot = area.width / max(1, len(plot.labels))
    for index, label in enumerate(plot.labels):
        left = area.left + slot * (index + gap / 2)
        drawing.add(*_group(plot, area, index, label, left, slot * (1 - gap)))
    if not plot.stacked:
        _values_on_top(drawing, plot, area, slot * (1 - gap), slot * gap)
    goal_across(drawing, plot, area)
    return drawing


def histogram(plot: Plot, width: float, height: float) -> Drawing:
    """Return bars without gaps."""
    return bars(plot, width, height, gap=0.06)


def lines(plot: Plot, width: float, height: float) -> Drawing:
    """Return a chart with a line per series; a line is broken where a value is unknown."""
    drawing, area = _begun(plot, width, height)
    for series in reversed(plot.series):  # the first one is on top
        for run in _runs(series.values):
            points = tuple(_point(area, len(series.values), index, series.values[index]) for index in run)
            drawing.add(Path(points, series.ink) if len(points) > 1 else Dot(*points[0], 1.8, series.ink))
        drawing.add(*_dots(plot, series, area))
    goal_across(drawing, plot, area)
    return drawing


def _begun(plot: Plot, width: float, height: float) -> tuple[Drawing, Area]:
    drawing = Drawing(width, height, plot.title)
    head(drawing, plot)
    return drawing, upright(drawing, plot, scale_of(plot.values, plot.kind, goal=plot.goal))


def _group(plot: Plot, area: Area, index: int, label: str, left: float, width: float) -> list[Shape]:
    found: list[Shape] = []
    each = width if plot.stacked else width / len(plot.series)
    base = 0.0
    for number, series in enumerate(plot.series):
        value = series.values[index]
        if value is None:
            continue
        x = left if plot.stacked else left + number * each
        top, bottom = area.y(base + max(value, 0)), area.y(base + min(value, 0))
        found.append(Rect(x, top, max(each - 0.4, 0.3), bottom - top, series.ink, tip(plot, series, label, value)))
        base += value if plot.stacked else 0
    return found


def tip(plot: Plot, series: Series, label: str, value: float) -> str:
    """Return what a reader who points at a value is told."""
    name = f"{series.title}, " if len(plot.series) > 1 else ""
    return f"{name}{label}: {plot.write(value)}"


def _values_on_top(drawing: Drawing, plot: Plot, area: Area, width: float, gap: float) -> None:
    each = width / max(1, len(plot.series))
    room = each + gap if len(plot.series) == 1 else each
    shown = [(series, [plot.write(value) for value in series.values]) for series in plot.series]
    if any(text_width(text, SMALL - 1) > room - 1 for _series, texts in shown for text in texts):
        return
    slot = area.width / len(plot.labels)
    for number, (series, texts) in enumerate(shown):
        for index, text in enumerate(texts):
            value = series.values[index]
            if value is None:
                continue
            x = area.left + slot * index + gap / 2 + each * (number + 0.5)
            drawing.add(Text(x, area.y(max(value, 0)) - 2.5, text, "muted", "middle", SMALL - 1))


def _runs(values: Sequence[Value]) -> list[list[int]]:
    """Return the indexes of known values, cut where one is unknown, thinned where there are too many to see."""
    runs: list[list[int]] = [[]]
    for index in _seen(values):
        if values[index] is None:
            runs.append([])
        else:
            runs[-1].append(index)
    return [run for run in runs if run]


_MOST_POINTS: Final = 1500


def _seen(values: Sequence[Value]) -> list[int]:
    """Return which points to draw: all, or of each stretch the lowest and the highest, so that no peak is lost."""
    if len(values) <= _MOST_POINTS:
        return list(range(len(values)))
    chosen: set[int] = set()
    stretch = len(values) * 2 / _MOST_POINTS
    for number in range(_MOST_POINTS // 2):
        part = range(int(number * stretch), min(len(values), int((number + 1) * stretch)))
        known = [(value, index) for index in part if (value := values[index]) is not None]
        chosen |= {min(known)[1], max(known)[1]} if known else {part[0]} if part else set()
    return sorted(chosen)


def _point(area: Area, count: int, index: int, value: Value) -> Point:
    return area.left + area.width * (index + 0.5) / count, area.y(value or 0)


def _dots(plot: Plot, series: Series, area: Area) -> list[Shape]:
    if len(series.values) > _DOTTED:
        return []
    return [
        Dot(*_point(area, len(series.values), index, value), 1.8, series.ink, tip(plot, series, label, value))
        for index, (label, value) in enumerate(zip(plot.labels, series.values, strict=True))
        if value is not None
    ]
