"""The frame of a chart: title, legend, axes with their grid, and where in it a value lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ccops.i18n import _
from ccops.reports.figures import Unit
from ccops.reports.paper.charts.plot import Plot
from ccops.reports.paper.charts.scale import Scale, thinned
from ccops.reports.paper.charts.shapes import Drawing, Line, Rect, Text, fitted, text_width

SMALL: Final = 7.5
TITLE: Final = 9.5
HEAD: Final = 30.0
"""Height of title and legend."""


@dataclass(slots=True, frozen=True)
class Area:
    """Where values are drawn."""

    left: float
    top: float
    width: float
    height: float
    scale: Scale

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.top + self.height

    def y(self, value: float) -> float:
        """Return the height at which a value lies, values growing upwards."""
        return self.bottom - self.scale.share(value) * self.height

    def x(self, value: float) -> float:
        """Return the place at which a value lies, values growing to the right."""
        return self.left + self.scale.share(value) * self.width


def head(drawing: Drawing, plot: Plot) -> None:
    """Draw title, and legend where there is more than one series."""
    drawing.add(Text(0, 10, fitted(plot.title, TITLE, drawing.width), "ink", size=TITLE, bold=True))
    if len(plot.series) > 1:
        legend(drawing, [(series.title, series.ink) for series in plot.series], 22)


def legend(drawing: Drawing, entries: Sequence[tuple[str, str]], y: float) -> None:
    """Draw what each colour means, in one line."""
    x = 0.0
    for title, ink in entries:
        room = drawing.width - x - 12
        if room < 24:
            return
        text = fitted(title, SMALL, room)
        drawing.add(Rect(x, y - 6, 7, 7, ink), Text(x + 10, y, text, "muted", size=SMALL))
        x += text_width(text, SMALL) + 24


def upright(drawing: Drawing, plot: Plot, scale: Scale) -> Area:
    """Draw the axes of a chart whose values grow upwards, and return where they are drawn."""
    ticks = _ticks(plot, scale)
    left = max(text_width(text, SMALL) for text in ticks) + 8
    top = HEAD if len(plot.series) > 1 else HEAD - 10
    area = Area(left, top, drawing.width - left, drawing.height - top - 16, scale)
    for tick, text in zip(scale.ticks, ticks, strict=True):
        y = area.y(tick)
        ink = "axis" if tick == 0 else "grid"
        drawing.add(Line(left, y, drawing.width, y, ink), Text(left - 5, y + 2.6, text, "muted", "end", SMALL))
    _labels_below(drawing, plot.labels, area)
    return area


def _ticks(plot: Plot, scale: Scale) -> list[str]:
    whole = all(abs(tick * 100 - round(tick * 100)) < 1e-6 for tick in scale.ticks)
    if plot.kind == Unit.RATE and whole:
        return [f"{tick:.0%}" for tick in scale.ticks]
    return [plot.write(tick) for tick in scale.ticks]


def _labels_below(drawing: Drawing, labels: Sequence[str], area: Area) -> None:
    every = thinned([text_width(label, SMALL) for label in labels], area.width, 6)
    slot = area.width / max(1, len(labels))
    for index in range(0, len(labels), every):
        x = area.left + slot * (index + 0.5)
        # A label in the middle of its slot may stick out at the edges of the chart.
        half = text_width(labels[index], SMALL) / 2
        x = min(max(x, half), drawing.width - half)
        drawing.add(Text(x, area.bottom + 11, labels[index], "muted", "middle", SMALL))


def goal_across(drawing: Drawing, plot: Plot, area: Area) -> None:
    """Draw the goal as a line across an upright chart."""
    if plot.goal is None:
        return
    y = area.y(plot.goal)
    text = _("goal {value}").format(value=plot.write(plot.goal))
    wide = text_width(text, SMALL) + 4
    drawing.add(
        Line(area.left, y, drawing.width, y, "goal", 1, dashed=True),
        Rect(drawing.width - wide, y - 11, wide, 10, "paper"),
        Text(drawing.width, y - 3, text, "goal", "end", SMALL),
    )


def left_out(drawing: Drawing, plot: Plot) -> None:
    """Say how many rows the chart does not show."""
    if plot.left_out:
        text = _("… {count} more in the table").format(count=plot.left_out)
        drawing.add(Text(drawing.width, drawing.height - 2, text, "muted", "end", SMALL))
