"""Charts of a workbook: the spreadsheet's own, over the cells, so that they follow a change; heat maps as cells."""

from collections.abc import Callable
from typing import Any, Final

from ccops.pbx.text import clean
from ccops.reports.figures import Unit
from ccops.reports.paper.charts.draw import lies
from ccops.reports.paper.charts.heat import heat_map
from ccops.reports.paper.charts.plot import title_of
from ccops.reports.paper.charts.shapes import series_ink
from ccops.reports.paper.compare import is_before
from ccops.reports.paper.model import Chart, Section
from ccops.reports.paper.palette import LIGHT
from ccops.reports.paper.values import Writing

_SHORT: Final[dict[str, str]] = {"day": "mm-dd", "instant": "mm-dd hh:mm", "time": "hh:mm"}
"""How the axis of names writes dates."""


def add_chart(book: Any, sheet: Any, name: str, section: Section, rows: int) -> None:
    """Put the chart of a section to the right of its table, which begins at the sheet's first cell."""
    chart = section.chart
    if chart is None:
        return
    keys = [column.key for column in section.columns]
    drawn = book.add_chart(_kind(section, chart))
    names = keys.index(chart.x)
    for number, key in enumerate(chart.y):
        index = keys.index(key)
        ink = LIGHT["before" if is_before(key) else series_ink(number)]
        look = {"line": {"color": ink, "width": 2}} if chart.kind == "lines" else {"fill": {"color": ink}}
        drawn.add_series(
            {
                "name": [name, 0, index],
                "categories": [name, 1, names, rows, names],
                "values": [name, 1, index, rows, index],
                "gap": 5 if chart.kind == "histogram" else 60,
                **look,
            }
        )
    _axes(drawn, section, chart)
    drawn.set_size({"width": 860, "height": _height(section, chart, rows)})
    sheet.insert_chart(1, len(keys) + 1, drawn)


def _kind(section: Section, chart: Chart) -> dict[str, str]:
    if chart.kind == "lines":
        return {"type": "line"}
    kind = {"type": "bar" if lies(section, chart) else "column"}
    return {**kind, "subtype": "stacked"} if chart.stacked else kind


def _height(section: Section, chart: Chart, rows: int) -> int:
    if not lies(section, chart):
        return 380
    return min(2000, 110 + rows * (10 + 14 * (1 if chart.stacked else len(chart.y))))


def _axes(drawn: Any, section: Section, chart: Chart) -> None:
    columns = [section.column(key) for key in chart.y]
    title = clean(chart.title) or title_of(columns)
    drawn.set_title({"name": title, "name_font": {"size": 12, "bold": True}, "overlay": False})
    grid = {"visible": True, "line": {"color": LIGHT["grid"]}}
    values: dict[str, Any] = {"major_gridlines": grid, "min": 0}
    if columns[0].kind is Unit.RATE:
        values["num_format"] = "0%"
    names: dict[str, Any] = {"text_axis": True}
    short = _SHORT.get(section.column(chart.x).kind)
    if short:
        names["num_format"] = short
    if lies(section, chart):
        names["reverse"] = True  # the first row on top, as in the table
        names, values = values, names
    drawn.set_x_axis(names)
    drawn.set_y_axis(values)
    drawn.set_legend({"position": "top"} if len(columns) > 1 else {"none": True})


def heat_sheet(book: Any, name: str, section: Section, writing: Writing, style: Callable[..., Any]) -> None:
    """Add a sheet with a heat map: lines and columns as in the chart, shaded by the spreadsheet's own rule."""
    if section.chart is None:
        return
    heat = heat_map(section, section.chart, writing)
    formats: dict[str, str] = {Unit.RATE: "0%", Unit.SECONDS: "[h]:mm:ss"}
    cell = style(num_format=formats.get(heat.kind, "#,##0"), align="center")
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, heat.title, style(bold=True))
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, max(1, len(heat.across)), 8)
    for column, label in enumerate(heat.across, 1):
        sheet.write_string(1, column, label, style(bold=True, align="center"))
    for line, label in enumerate(heat.down, 2):
        sheet.write_string(line, 0, label, style(bold=True))
    scale = 86_400 if heat.kind == Unit.SECONDS else 1
    for (line, column), value in heat.cells.items():
        sheet.write_number(line + 2, column + 1, value / scale, cell)
    shade = {"type": "2_color_scale", "min_color": LIGHT["heat0"], "max_color": LIGHT["heat6"]}
    sheet.conditional_format(2, 1, len(heat.down) + 1, max(1, len(heat.across)), shade)
    sheet.freeze_panes(2, 1)
