"""A heat map: hours across, weekdays down, the darker the more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ccops.pbx.text import clean
from ccops.reports.figures import Unit
from ccops.reports.paper.charts.frame import SMALL, TITLE
from ccops.reports.paper.charts.plot import label_of, title_of
from ccops.reports.paper.charts.shapes import HEAT_STEPS, Drawing, Rect, Text, fitted, heat_ink, text_width
from ccops.reports.paper.model import Chart, Section
from ccops.reports.paper.values import Writer, Writing, writer_of

_ROW: Final = 17.0
_TOP: Final = 32.0
_DARK: Final = 5
"""From this step on text in a cell is light."""


@dataclass(slots=True, frozen=True)
class HeatMap:
    """Cells by line and column."""

    title: str
    across: Sequence[str]
    down: Sequence[str]
    cells: Mapping[tuple[int, int], float]
    """By line and column; a cell that is not here has no value."""
    write: Writer
    kind: str

    @property
    def highest(self) -> float:
        """The largest value, or 1."""
        return max(self.cells.values(), default=0) or 1.0

    def share(self, line: int, column: int) -> float | None:
        """Return a cell's part of the largest; None where it has no value."""
        value = self.cells.get((line, column))
        return None if value is None else value / self.highest


def heat_map(section: Section, chart: Chart, writing: Writing) -> HeatMap:
    """Return the cells of a chart; lines and columns in their natural order."""
    value = section.column(chart.y[0])
    across, down = _order(section, chart.x), _order(section, chart.by)
    cells = {
        (down[row.get(chart.by)], across[row.get(chart.x)]): row[value.key]
        for row in section.rows
        if row.get(value.key) is not None
    }
    return HeatMap(
        title=clean(chart.title) or title_of([value]),
        across=_labels(across, label_of(section.column(chart.x), writing)),
        down=_labels(down, label_of(section.column(chart.by), writing)),
        cells=cells,
        write=writer_of(value, writing),
        kind=value.kind,
    )


def _order(section: Section, key: str) -> dict[Any, int]:
    values = list(dict.fromkeys(row.get(key) for row in section.rows))
    if section.column(key).kind not in ("text", "phone"):
        values.sort(key=lambda value: (value is None, value))
    return {value: index for index, value in enumerate(values)}


def _labels(order: Mapping[Any, int], label: Callable[[Any], str]) -> list[str]:
    return [label(value) for value in order]


def says_all(section: Section, chart: Chart, writing: Writing, width: float) -> bool:
    """Tell whether the map shows every value that the section's table would."""
    if chart.kind != "heat" or not {column.key for column in section.shown} <= {chart.x, chart.by, chart.y[0]}:
        return False
    heat = heat_map(section, chart, writing)
    return _short(heat, _cell_width(heat, width)) is not None


def draw(heat: HeatMap, width: float) -> Drawing:
    """Return the map as a chart, as high as its lines need."""
    drawing = Drawing(width, _TOP + _ROW * len(heat.down) + 4, heat.title)
    drawing.add(Text(0, 10, fitted(heat.title, TITLE, width - 150), "ink", size=TITLE, bold=True))
    _ramp(drawing, heat)
    cell = _cell_width(heat, width)
    names = width - cell * len(heat.across)
    _across(drawing, heat, names, cell)
    write = _short(heat, cell)
    for line, label in enumerate(heat.down):
        y = _TOP + _ROW * line
        drawing.add(Text(names - 6, y + _ROW / 2 + 2.8, fitted(label, 8, names - 8), "ink", "end", 8))
        for column in range(len(heat.across)):
            _cell(drawing, heat, (line, column), (names + cell * column, y, cell), write)
    return drawing


def _cell_width(heat: HeatMap, width: float) -> float:
    names = min(max((text_width(label, 8) for label in heat.down), default=0), width * 0.3) + 10
    return (width - names) / max(1, len(heat.across))


def _short(heat: HeatMap, cell: float) -> Writer | None:
    """Return what writes a value into a cell, or None where cells are too narrow for some of them."""
    write = heat.write if heat.kind != Unit.RATE else _percent
    widest = max((text_width(write(value), SMALL - 1) for value in heat.cells.values()), default=0)
    return write if widest < cell - 2 else None


def _percent(part: float) -> str:
    return f"{part * 100:.0f}"


def _across(drawing: Drawing, heat: HeatMap, names: float, cell: float) -> None:
    widest = max((text_width(label, SMALL) for label in heat.across), default=0)
    every = max(1, -int(-(widest + 4) // cell))
    for column in range(0, len(heat.across), every):
        x = names + cell * (column + 0.5)
        drawing.add(Text(x, _TOP - 4, heat.across[column], "muted", "middle", SMALL))


def _cell(
    drawing: Drawing, heat: HeatMap, at: tuple[int, int], place: tuple[float, float, float], write: Writer | None
) -> None:
    part = heat.share(*at)
    x, y, cell = place
    if part is None:
        drawing.add(Rect(x + 0.5, y + 0.5, cell - 1, _ROW - 1, "empty"))
        return
    value = heat.cells[at]
    told = f"{heat.down[at[0]]}, {heat.across[at[1]]}: {heat.write(value)}"
    drawing.add(Rect(x + 0.5, y + 0.5, cell - 1, _ROW - 1, heat_ink(part), told))
    if write is not None:
        ink = "onheat" if part * (HEAT_STEPS - 1) >= _DARK - 0.5 else "ink"
        drawing.add(Text(x + cell / 2, y + _ROW / 2 + 2.4, write(value), ink, "middle", SMALL - 1))


def _ramp(drawing: Drawing, heat: HeatMap) -> None:
    highest = heat.write(heat.highest)
    right = drawing.width - text_width(highest, SMALL) - 4
    left = right - 8 * HEAT_STEPS
    for step in range(HEAT_STEPS):
        drawing.add(Rect(left + 8 * step, 3, 8, 7, f"heat{step}"))
    drawing.add(Text(left - 4, 9.5, heat.write(0), "muted", "end", SMALL))
    drawing.add(Text(right + 4, 9.5, highest, "muted", "start", SMALL))
