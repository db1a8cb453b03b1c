"""Charts of characters: bars beside names, columns along the time, sparklines, heat maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ccops.i18n import _
from ccops.reports.figures import Unit
from ccops.reports.paper.charts.draw import lies
from ccops.reports.paper.charts.heat import HeatMap, heat_map
from ccops.reports.paper.charts.plot import Plot, Series, Value, plot_of
from ccops.reports.paper.charts.scale import scale_of
from ccops.reports.paper.model import Chart, Section
from ccops.reports.paper.termcells import cells, fit, pad
from ccops.reports.paper.terminal import Look
from ccops.reports.paper.values import Writing

_WIDTH: Final = 80
"""Where the reader has no width of its own."""
_WIDEST: Final = 120
_LONGEST_BAR: Final = 50
_HIGH: Final = 6
_MOST_ROWS: Final = 24
_ALL: Final = 1_000_000
_EIGHTHS: Final = "▏▎▍▌▋▊▉█"
_LEVELS: Final = " ▁▂▃▄▅▆▇█"
_ASCII_LEVELS: Final = " .:-=+*#@"
_SHADES: Final = " ░▒▓█"
_ASCII_SHADES: Final = " .:*#"
_GROUNDS: Final = (236, 238, 24, 25, 31, 32, 38, 44, 50)
"""Backgrounds of a heat map in the 256 colours of terminals, from little to much."""


def heat_step(ground: int) -> int | None:
    """Return the step of a heat map, from 0, that a background of the 256 colours stands for; None for another."""
    return _GROUNDS.index(ground) if ground in _GROUNDS else None


def chart_lines(section: Section, chart: Chart, writing: Writing, look: Look) -> list[str]:
    """Return a section's chart as lines, its title first; no lines where there is nothing to draw."""
    width = min(look.width or _WIDTH, _WIDEST)
    if chart.kind == "heat":
        heat = heat_map(section, chart, writing)
        return [*_title(section, heat.title, width, look), *_heat(heat, width, look)] if heat.cells else []
    lying = lies(section, chart)
    plot = plot_of(section, chart, writing, most=_MOST_ROWS if lying else _ALL)
    known = [series for series in plot.series if any(value is not None for value in series.values)]
    if not known:
        return []
    if lying:
        lines = _beside(plot, width, look, parts=chart.kind == "share")
    else:
        lines = _columns(plot, known[0], width, look) if len(known) == 1 else _sparks(plot, known, width, look)
    return [*_title(section, plot.title, width, look), *lines]


def shows_all(section: Section, chart: Chart, writing: Writing, look: Look) -> bool:
    """Tell whether the chart writes every value that the section's table would."""
    if chart.kind != "heat" or not {column.key for column in section.shown} <= {chart.x, chart.by, chart.y[0]}:
        return False
    return _Cells.of(heat_map(section, chart, writing), min(look.width or _WIDTH, _WIDEST)).written


def _title(section: Section, text: str, width: int, look: Look) -> list[str]:
    """Return the line over a chart; none where the section is called the same."""
    return [] if text == section.title else [look.toned(fit(text, width, look.cut), "accent")]


def _beside(plot: Plot, width: int, look: Look, *, parts: bool) -> list[str]:
    """Return bars beside their names, one line per value; `parts` writes each one's part of the whole."""
    whole = sum(value or 0 for value in plot.series[0].values)
    names = min(max((cells(label) for label in plot.labels), default=0), width // 3)
    known = [value for series in plot.series for value in series.values if value is not None]
    written = [_written(plot, value, whole if parts else 0) for value in known]
    room = min(_LONGEST_BAR, max(4, width - names - max(map(cells, written)) - 2))
    highest = max(0.0, *known) or 1.0
    lines = []
    for index, label in enumerate(plot.labels):
        for number, series in enumerate(plot.series):
            name = pad(fit("" if number else label, names, look.cut), names)
            lines.append(f"{name} {_bar_line(plot, series, index, (highest, room, whole if parts else 0), look)}")
    if plot.left_out:
        more = _("… {count} more in the table").format(count=plot.left_out)
        lines.append(look.toned(fit(f"{' ' * names} {more}", width, look.cut), "dim"))
    return lines


def _bar_line(plot: Plot, series: Series, index: int, size: tuple[float, int, float], look: Look) -> str:
    highest, room, whole = size
    value = series.values[index]
    if value is None:
        return ""
    bar = look.toned(_bar(max(0.0, value) / highest, room, look), "dim" if series.ink == "before" else "accent")
    return f"{bar} {_written(plot, value, whole)}"


def _written(plot: Plot, value: float, whole: float) -> str:
    text = plot.write(value)
    return f"{text}  {value / whole:.1%}" if whole else text


def _bar(part: float, room: int, look: Look) -> str:
    if look.ascii_only:
        return "#" * round(part * room)
    full, rest = divmod(round(part * room * 8), 8)
    return "█" * full + (_EIGHTHS[rest - 1] if rest else "")


def _columns(plot: Plot, series: Series, width: int, look: Look) -> list[str]:
    """Return a chart whose columns run along the time, with its scale at the left."""
    scale = scale_of(series.values, plot.kind, goal=plot.goal, most=3)
    steps = len(scale.ticks) - 1
    high = steps * max(1, round(_HIGH / steps))  # so that every tick has a line of its own
    marks = {round(scale.share(tick) * high): plot.write(tick) for tick in scale.ticks}
    left = max(cells(text) for text in marks.values()) + 1
    values, labels = _narrowed(series.values, plot.labels, width - left - 1)
    slot = max(1, min(6, (width - left - 1) // max(1, len(values))))
    lines = []
    for level in range(high, 0, -1):
        heights = [None if value is None else scale.share(value) * high - (level - 1) for value in values]
        body = "".join(_block(height, slot, look) for height in heights)
        mark = look.toned(pad(marks.get(level, ""), left, right=True), "dim")
        lines.append(f"{mark} {look.toned(body, 'accent')}")
    lines.append(look.toned(f"{pad(marks.get(0, ''), left, right=True)} {_below(labels, slot)}", "dim"))
    return lines


def _narrowed(values: Sequence[Value], labels: Sequence[str], room: int) -> tuple[Sequence[Value], Sequence[str]]:
    """Return values and labels, means of neighbours where there are more than the terminal has columns."""
    together = -(-len(values) // max(1, room))
    if together <= 1:
        return values, labels
    groups = [values[start : start + together] for start in range(0, len(values), together)]
    return [_mean(group) for group in groups], labels[::together]


def _mean(values: Sequence[Value]) -> Value:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _block(height: float | None, slot: int, look: Look) -> str:
    if height is None:
        return " " * slot
    levels = _ASCII_LEVELS if look.ascii_only else _LEVELS
    mark = levels[max(0, min(8, round(height * 8)))]
    wide = max(1, slot - 1)
    return mark * wide + " " * (slot - wide)


def _below(labels: Sequence[str], slot: int) -> str:
    widest = max((cells(label) for label in labels), default=0)
    every = max(1, -(-(widest + 1) // slot))
    return "".join(pad(labels[index], slot * every) for index in range(0, len(labels), every))


def _sparks(plot: Plot, known: Sequence[Series], width: int, look: Look) -> list[str]:
    """Return a line per series, each on a scale of its own, with its lowest and highest value."""
    names = min(max(cells(series.title) for series in known), width // 3)
    lines = []
    for series in known:
        values = [value for value in series.values if value is not None]
        ends = f"{plot.write(min(values))} – {plot.write(max(values))}"
        room = max(4, width - names - cells(ends) - 2)
        shown, _labels = _narrowed(series.values, plot.labels, room)
        low, high = min(0.0, *values), max(values) or 1.0
        marks = "".join(_spark(value, low, high, look) for value in shown)
        tone = "dim" if series.ink == "before" else "accent"
        lines.append(f"{pad(fit(series.title, names, look.cut), names)} {look.toned(marks, tone)} {ends}")
    return lines


def _spark(value: Value, low: float, high: float, look: Look) -> str:
    if value is None:
        return " "
    levels = (_ASCII_LEVELS if look.ascii_only else _LEVELS)[1:]
    return levels[max(0, min(7, round((value - low) / ((high - low) or 1) * 7)))]


@dataclass(slots=True, frozen=True)
class _Cells:
    """How a heat map fits into a terminal."""

    names: int
    """Width of the names at the left."""
    wide: int
    """Width of a cell."""
    across: list[str]
    texts: dict[tuple[int, int], str]
    """What stands in the cells; nothing where they are too narrow."""

    @classmethod
    def of(cls, heat: HeatMap, width: int) -> "_Cells":
        names = min(max(cells(label) for label in heat.down), width // 4)
        across = [label.removesuffix(":00") for label in heat.across]
        texts = {at: _short(heat, value) for at, value in heat.cells.items()}
        needed = max(map(cells, (*texts.values(), *across))) + 1
        if names + 1 + needed * len(across) <= width:
            return cls(names, needed, across, texts)
        return cls(names, max(1, (width - names - 1) // len(across)), across, {})

    @property
    def written(self) -> bool:
        """True where values can be read."""
        return bool(self.texts)


def _heat(heat: HeatMap, width: int, look: Look) -> list[str]:
    """Return a map with a value in each cell where it fits, a shade where not."""
    fitting = _Cells.of(heat, width)
    names, wide = fitting.names, fitting.wide
    head = "".join(pad(fit(label, wide, ""), wide, right=True) for label in fitting.across) if wide > 1 else ""
    lines = [look.toned(f"{' ' * names} {head}", "dim")]
    for line, label in enumerate(heat.down):
        row = "".join(_heat_cell(heat, (line, column), fitting, look) for column in range(len(fitting.across)))
        lines.append(f"{pad(fit(label, names, look.cut), names)} {row}")
    return lines


def _short(heat: HeatMap, value: float) -> str:
    return f"{value * 100:.0f}" if heat.kind == Unit.RATE else heat.write(value)


def _heat_cell(heat: HeatMap, at: tuple[int, int], fitting: _Cells, look: Look) -> str:
    part = heat.share(*at)
    if part is None:
        return " " * fitting.wide
    part = max(0.0, min(1.0, part))
    text = pad(fitting.texts.get(at, ""), fitting.wide, right=True)
    if look.colour:
        ground = _GROUNDS[round(part * (len(_GROUNDS) - 1))]
        ink = 16 if ground in _GROUNDS[5:] else 255
        return f"\x1b[48;5;{ground}m\x1b[38;5;{ink}m{text}\x1b[0m"
    if fitting.written:
        return text
    shades = _ASCII_SHADES if look.ascii_only else _SHADES
    return shades[round(part * (len(shades) - 1))] * fitting.wide
