"""Draws the chart of a section at a given width."""

from ccops.reports.paper.charts import heat, lying, upright
from ccops.reports.paper.charts.plot import ORDERED, Plot, plot_of
from ccops.reports.paper.charts.shapes import Drawing
from ccops.reports.paper.model import Chart, Section
from ccops.reports.paper.values import Writing

_ALL = 1_000_000


def drawn(
    section: Section, writing: Writing, width: float, height: float = 190, *, tallest: float = 700
) -> Drawing | None:
    """Return the chart of a section; None where it has none or there is nothing to draw.

    Charts that run from top to bottom take the height that their rows need, up to `tallest`.
    """
    chart = section.chart
    if chart is None or not section.rows:
        return None
    if chart.kind == "heat":
        found = heat.heat_map(section, chart, writing)
        return heat.draw(found, width) if found.cells else None
    plot = plot_of(section, chart, writing, most=_most_rows(section, chart, tallest))
    if all(value is None for series in plot.series for value in series.values):
        return None
    return _drawn(section, chart, plot, width, height)


def _most_rows(section: Section, chart: Chart, tallest: float) -> int:
    if not lies(section, chart):
        return _ALL
    bars = 1 if chart.stacked else len(chart.y)
    return max(1, min(lying.MOST_ROWS, int((tallest - lying.AROUND) / lying.row_height(bars))))


def lies(section: Section, chart: Chart) -> bool:
    """Tell whether a chart runs from top to bottom: where names have no order, they stand beside their bars."""
    return chart.kind == "share" or (chart.kind == "bars" and section.column(chart.x).kind not in ORDERED)


def _drawn(section: Section, chart: Chart, plot: Plot, width: float, height: float) -> Drawing:
    if chart.kind == "share":
        return lying.share(plot, width)
    if lies(section, chart):
        return lying.beside(plot, width)
    if chart.kind == "lines":
        return upright.lines(plot, width, height)
    make = upright.histogram if chart.kind == "histogram" else upright.bars
    return make(plot, width, height)
