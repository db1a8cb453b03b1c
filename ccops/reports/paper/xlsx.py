"""A report as a workbook: a cover, a sheet per section with typed cells, and charts that the reader can change.

Durations are numbers shown as [h]:mm:ss, rates numbers shown as %, instants dates in the site's zone; text is never
taken for a formula.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.figures import Unit
from ccops.reports.paper.about import empty_text, facts, rules, warnings
from ccops.reports.paper.compare import tone
from ccops.reports.paper.model import Column, Paper, Row, Section
from ccops.reports.paper.palette import LIGHT
from ccops.reports.paper.values import Writing, local, weekday_name, writer_of
from ccops.reports.paper.xlsxcharts import add_chart, heat_sheet

_MOST_ROWS: Final = 1_000_000
"""Rows of a sheet; more go on to another one. A sheet holds 1,048,576."""
_MOST_TEXT: Final = 32_767
_DAY: Final = 86_400

_NUMBER_FORMATS: Final[dict[str, str]] = {
    Unit.COUNT: "#,##0",
    Unit.SECONDS: "[h]:mm:ss",
    Unit.RATE: "0.0%",
    "number": "#,##0.0",
    "instant": "yyyy-mm-dd hh:mm:ss",
    "day": "yyyy-mm-dd",
    "time": "hh:mm",
    "text": "@",
    "phone": "@",
}
_CHANGE_FORMATS: Final[dict[str, str]] = {
    Unit.COUNT: "+#,##0;-#,##0;0",
    Unit.SECONDS: '+0 "s";-0 "s";0 "s"',  # a spreadsheet has no negative durations
    Unit.RATE: "+0.0%;-0.0%;0.0%",
    "number": "+#,##0.0;-#,##0.0;0.0",
}


def xlsx(paper: Paper) -> bytes:
    """Return a paper as a workbook."""
    from xlsxwriter import Workbook

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(out, {**options, "remove_timezone": True}) as book:
        made = datetime.fromtimestamp(round(paper.generated_at), UTC).replace(tzinfo=None)
        book.set_properties({"title": clean(paper.title), "author": clean(paper.site), "created": made})
        sheets = _Book(book, paper)
        sheets.cover()
        for section in paper.sections:
            sheets.section(section)
    return out.getvalue()


@dataclass(slots=True)
class _Book:
    """A workbook that is being written."""

    book: Any
    paper: Paper
    _formats: dict[tuple[object, ...], Any] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def format(self, **properties: Any) -> Any:
        """Return a cell format, the same one for the same properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"valign": "top", **properties})
        return self._formats[key]

    def cover(self) -> None:
        """Write the first sheet: what the report is about, its rules, and where its sections are."""
        paper, muted = self.paper, self.format(font_color=LIGHT["muted"])
        sheet = self.book.add_worksheet(self._name(_("Report")))
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 90)
        sheet.write_string(0, 0, clean(paper.title), self.format(bold=True, font_size=20))
        line = 2
        for fact in facts(paper):
            line = self._fact(sheet, line, fact.title, fact.text, muted)
        for warning in warnings(paper):
            line = self._fact(sheet, line, _("Warning"), warning, self.format(bold=True, font_color=LIGHT["warn"]))
        if paper.empty:
            sheet.write_string(line + 1, 0, empty_text(paper), self.format(italic=True))
            line += 2
        line = self._contents(sheet, line + 1)
        sheet.write_string(line, 0, _("How the figures are worked out"), self.format(bold=True))
        line += 1
        for rule in rules(paper):
            line = self._fact(sheet, line, rule.title, rule.text, muted)
        _page(sheet, landscape=False)

    def _fact(self, sheet: Any, line: int, title: str, text: str, style: Any) -> int:
        sheet.write_string(line, 0, clean(title), style)
        sheet.write_string(line, 1, clean(text), self.format(text_wrap=True))
        return line + 1

    def _contents(self, sheet: Any, line: int) -> int:
        sheet.write_string(line, 0, _("Sheets"), self.format(bold=True))
        for section in self.paper.sections:
            line += 1
            name = self._name(section.title)
            link = self.format(font_color=LIGHT["accent"], underline=1)
            sheet.write_url(line, 0, f"internal:'{name.replace(chr(39), chr(39) * 2)}'!A1", link, string=name)
            sheet.write_number(line, 1, len(section.rows), self.format(align="left", num_format=_rows_format()))
            self._names[section.name] = name
        return line + 2

    def section(self, section: Section) -> None:
        """Write a section: its table from the first line on, its chart beside it."""
        name = self._names[section.name]
        sheet = self.book.add_worksheet(name)
        self._table(sheet, section, section.rows[:_MOST_ROWS], section.total)
        if section.chart is not None and section.rows:
            if section.chart.kind == "heat":
                writing = Writing(self.paper.zone)
                heat_sheet(self.book, self._name(f"{name} {_('map')}"), section, writing, self.format)
            else:
                add_chart(self.book, sheet, name, section, min(len(section.rows), _MOST_ROWS))
        for start in range(_MOST_ROWS, len(section.rows), _MOST_ROWS):
            more = self.book.add_worksheet(self._name(name))
            self._table(more, section, section.rows[start : start + _MOST_ROWS], None)

    def _table(self, sheet: Any, section: Section, rows: Sequence[Row], total: Row | None) -> None:
        columns = section.columns
        look = {"bold": True, "text_wrap": True, "bottom": 1, "valign": "bottom", "bg_color": LIGHT["band"]}
        lines = 1
        for index, column in enumerate(columns):
            sheet.write_string(0, index, clean(column.full_title), self.format(**look, align=_side(column)))
            width = _column_width(column, rows, self.paper.zone)
            lines = max(lines, _lines(column.full_title, width - 2))
            sheet.set_column(index, index, width, None, {"hidden": 1} if column.extra else {})
        sheet.set_row(0, 15 * lines)
        writers = [self._writer(sheet, column) for column in columns]
        for line, row in enumerate(rows, 1):
            for index, (key, write) in enumerate(writers):
                write(line, index, row.get(key))
        if total is not None:
            self._total(sheet, columns, total, len(rows) + 1)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, len(rows)), max(0, len(columns) - 1))
        sheet.repeat_rows(0)
        sheet.print_area(0, 0, len(rows) + (total is not None), max(0, len(columns) - 1))
        _page(sheet, landscape=len(columns) > 6)
        sheet.set_footer("&L&8" + _plain(self.paper.title) + "&R&8&P / &N")

    def _writer(self, sheet: Any, column: Column) -> tuple[str, Callable[[int, int, Any], Any]]:
        plain = self.format(**_style(column))
        put = _put(sheet, column, self.paper.zone)

        def write(line: int, index: int, value: Any) -> None:
            if value is None:
                return
            mood = tone(column, value) if column.change else ""
            style = self.format(**_style(column), font_color=LIGHT[mood]) if mood else plain
            put(line, index, value, style)

        return column.key, write

    def _total(self, sheet: Any, columns: Sequence[Column], total: Row, line: int) -> None:
        for index, column in enumerate(columns):
            style = self.format(**_style(column), bold=True, top=1)
            value = total.get(column.key)
            if value is not None:
                _put(sheet, column, self.paper.zone)(line, index, value, style)
            elif index == 0:
                sheet.write_string(line, index, _("Total"), style)
            else:
                sheet.write_blank(line, index, None, style)

    def _name(self, title: str) -> str:
        """Return a name for a sheet that no other sheet has."""
        plain = "".join(" " if char in "[]:*?/\\" else char for char in clean(title)).strip().strip("'")[:31]
        taken = {sheet.get_name().casefold() for sheet in self.book.worksheets()} | set(self._taken())
        for name in _numbered(plain or _("Sheet")):
            if name.casefold() not in taken:
                return name
        raise AssertionError("unreachable: the numbers never end")

    def _taken(self) -> Iterator[str]:
        return (name.casefold() for name in self._names.values())


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        mark = f" ({number})"
        yield name[: 31 - len(mark)] + mark
        number += 1


def _rows_format() -> str:
    return '0 "' + _("rows") + '"'


def _page(sheet: Any, *, landscape: bool) -> None:
    if landscape:
        sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


def _plain(text: str) -> str:
    return clean(text).replace("&", "&&")


def _style(column: Column) -> dict[str, Any]:
    formats = _CHANGE_FORMATS if column.change else _NUMBER_FORMATS
    known = formats.get(column.kind)
    return {"align": _side(column), **({"num_format": known} if known else {})}


def _side(column: Column) -> str:
    return "right" if column.right else "left"


Put = Callable[[int, int, Any, Any], Any]


def _put(sheet: Any, column: Column, zone: ZoneInfo) -> Put:
    """Return what writes a value of a column with its type."""
    number, text = sheet.write_number, sheet.write_string
    if column.kind is Unit.SECONDS and not column.change:
        return lambda line, index, value, style: number(line, index, value / _DAY, style)
    if column.kind in (Unit.COUNT, Unit.RATE, Unit.SECONDS, "number"):
        return number  # type: ignore[no-any-return]
    if column.kind in ("instant", "day", "time"):
        return _put_date(sheet, column.kind, zone)
    if column.kind == "flag":
        return sheet.write_boolean  # type: ignore[no-any-return]
    if column.kind == "weekday":
        return lambda line, index, value, style: text(line, index, weekday_name(value), style)
    write = writer_of(column, Writing(zone))
    return lambda line, index, value, style: text(line, index, write(value)[:_MOST_TEXT], style)


def _put_date(sheet: Any, kind: str, zone: ZoneInfo) -> Put:
    def write(line: int, index: int, value: Any, style: Any) -> Any:
        if kind == "instant":
            value = local(value, zone).replace(tzinfo=None)
        elif kind == "time":
            value = time(value // 3600, value % 3600 // 60)
        return sheet.write_datetime(line, index, value, style)

    return write


def _column_width(column: Column, rows: Sequence[Row], zone: ZoneInfo) -> float:
    from rich.cells import cell_len

    write = writer_of(column, Writing(zone))
    found = [cell_len(write(row.get(column.key))) for row in rows[:500]]
    words = [cell_len(word) + 3 for word in column.full_title.split()]  # room for the filter's arrow
    return min(60.0, max([7, *found, *words]) + 1.5)


def _lines(title: str, width: float) -> int:
    """Return over how many lines a heading goes."""
    lines, room = 1, width
    for word in title.split():
        if len(word) > room and room < width:
            lines, room = lines + 1, width
        room -= len(word) + 1
    return lines
