"""Tables on pages: columns as wide as they need, headings that wrap and come again, panels where all is too wide."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ccops.pbx.text import clean
from ccops.reports.paper.compare import is_before, tone
from ccops.reports.paper.model import Column, Row, Section
from ccops.reports.paper.panels import balanced
from ccops.reports.paper.pdf.flow import SIDE, Flow
from ccops.reports.paper.pdf.fonts import width, wrapped
from ccops.reports.paper.pdf.pen import Pen, Placed
from ccops.reports.paper.values import Writing, texts, total_texts

_SIZES: Final = (8.0, 7.5, 7.0, 6.5)
"""Sizes of letters that are tried until a table fits."""
_PAD: Final = 4.0
_STRETCH: Final = 26.0
"""How much wider than it needs a column may get."""
_TOGETHER: Final = 3
"""Rows that stand below a heading at least."""

Cell = list[str]
"""The lines of a cell."""


@dataclass(slots=True)
class Table:
    """One panel of a section, measured."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    cells: list[list[Cell]]
    total: list[str] | None
    total_row: Row
    widths: list[float]
    heads: list[list[str]]
    size: float

    @property
    def pitch(self) -> float:
        """Height of a row of one line."""
        return self.size * 1.75

    @property
    def leading(self) -> float:
        """Distance of lines in a cell."""
        return self.size * 1.2

    @property
    def grouped(self) -> bool:
        """True where headings stand over headings."""
        return any(column.group for column in self.columns)

    @property
    def head_height(self) -> float:
        """Height of the headings."""
        lines = max(len(head) for head in self.heads)
        return lines * self.leading + 7 + (self.leading + 3 if self.grouped else 0)

    def row_height(self, cells: Sequence[Cell]) -> float:
        """Return the height of a row."""
        return self.pitch + (max(map(len, cells)) - 1) * self.leading

    def least_height(self, *, whole: int) -> float:
        """Return the room that the table needs to begin on a page: all of it where it has up to `whole` rows."""
        together = len(self.cells) if len(self.cells) <= whole else _TOGETHER
        total = self.pitch + 2 if self.total is not None and together == len(self.cells) else 0
        return self.head_height + sum(self.row_height(cells) for cells in self.cells[:together]) + total

    def lefts(self) -> list[float]:
        """Return the left edge of every column."""
        found, x = [], SIDE
        for wide in self.widths:
            found.append(x)
            x += wide
        return found


def natural(section: Section, writing: Writing) -> float:
    """Return how wide a section's table would like to be."""
    return sum(_Measured.of(section, writing, _SIZES[0], cap=200).widths)


def tables(section: Section, writing: Writing, room: float) -> list[Table]:
    """Return the panels of a section that fit into a room's width."""
    for size in _SIZES:
        measured = _Measured.of(section, writing, size, cap=max(110.0, room * 0.3))
        if sum(measured.widths) <= room:
            return [measured.table(range(len(measured.columns)), room)]
    measured = _Measured.of(section, writing, _SIZES[1], cap=max(110.0, room * 0.25))
    return [measured.table(part, room) for part in balanced(measured.columns, measured.widths, room)]


@dataclass(slots=True)
class _Measured:
    """A whole section at one size of letters."""

    section: Section
    columns: Sequence[Column]
    texts: list[list[str]]
    total: list[str] | None
    widths: list[float]
    size: float

    @classmethod
    def of(cls, section: Section, writing: Writing, size: float, cap: float) -> "_Measured":
        """`cap` is the width from which texts wrap."""
        columns = section.shown
        rows = texts(columns, section.rows, writing)
        total = None if section.total is None else total_texts(columns, section.total, writing)
        widths = [
            _needed(column, {row[index] for row in rows}, total[index] if total else "", size, cap)
            for index, column in enumerate(columns)
        ]
        return cls(section, columns, rows, total, widths, size)

    def table(self, part: Sequence[int], room: float) -> Table:
        """Return some of the columns as a table, stretched where there is room."""
        widths = [self.widths[index] for index in part]
        spare = max(0.0, room - sum(widths))
        more = min(_STRETCH, spare / len(widths))
        widths = [wide + more for wide in widths]
        columns = [self.columns[index] for index in part]
        heads = [_head(column, wide, self.size) for column, wide in zip(columns, widths, strict=True)]
        cells = [
            [_lines(self.columns[index], row[index], wide, self.size) for index, wide in zip(part, widths, strict=True)]
            for row in self.texts
        ]
        total = None if self.total is None else [self.total[index] for index in part]
        return Table(columns, self.section.rows, cells, total, self.section.total or {}, widths, heads, self.size)


def _needed(column: Column, found: set[str], total: str, size: float, cap: float) -> float:
    widest = max((width(text, size) for text in found), default=0.0)
    if not column.right:
        widest = min(widest, cap)
    words = max((width(word, size, bold=True) for word in clean(column.title).split()), default=0.0)
    return max(widest, words, width(total, size, bold=True)) + 2 * _PAD


def _head(column: Column, wide: float, size: float) -> list[str]:
    return wrapped(clean(column.title), size, wide - 2 * _PAD + 0.1, bold=True)


def _lines(column: Column, text: str, wide: float, size: float) -> Cell:
    return [text] if column.right else wrapped(text, size, wide - 2 * _PAD + 0.1, most=6)


def place(flow: Flow, table: Table) -> None:
    """Put a table onto pages; its headings come again on each."""
    flow.need(table.least_height(whole=_TOGETHER))
    _put_head(flow, table)
    for index, cells in enumerate(table.cells):
        high = table.row_height(cells)
        last = index == len(table.cells) - 1 and table.total is not None
        if flow.left < high + (table.pitch if last else 0):
            flow.turn()
            _put_head(flow, table)
        _put_row(flow, table, index, high)
    if table.total is not None:
        _put_total(flow, table, table.total)


def _put_head(flow: Flow, table: Table) -> None:
    y = flow.y

    def draw(pen: Pen) -> None:
        bottom = y + table.head_height
        if table.grouped:
            _draw_groups(pen, table, y)
        for column, left, wide, lines in zip(table.columns, table.lefts(), table.widths, table.heads, strict=True):
            start = bottom - 5 - (len(lines) - 1) * table.leading
            for number, line in enumerate(lines):
                _draw_at_side(pen, column, (left, wide), start + number * table.leading, line, table.size)
        pen.line(SIDE, bottom, SIDE + sum(table.widths), bottom, "axis", wide=0.8)

    flow.put(table.head_height + 1, draw)


def _draw_at_side(pen: Pen, column: Column, place: tuple[float, float], y: float, line: str, size: float) -> None:
    left, wide = place
    x = left + wide - _PAD if column.right else left + _PAD
    pen.text(x, y, line, size, bold=True, anchor="end" if column.right else "start")


def _draw_groups(pen: Pen, table: Table, y: float) -> None:
    members = groupby(zip(table.columns, table.lefts(), table.widths, strict=True), lambda each: each[0].group)
    for name, group in members:
        placed = list(group)
        if not name:
            continue
        left, right = placed[0][1] + _PAD, placed[-1][1] + placed[-1][2] - _PAD
        base = y + table.leading
        pen.text((left + right) / 2, base, clean(name), table.size, bold=True, anchor="middle")
        pen.line(left, base + 3, right, base + 3, "rule")


def _put_row(flow: Flow, table: Table, index: int, high: float) -> None:
    y = flow.y

    def draw(pen: Pen) -> None:
        if index % 2:
            pen.rect(SIDE, y, sum(table.widths), high, "band")
        _draw_cells(pen, table, table.cells[index], table.rows[index], y)

    flow.put(high, draw)


def _draw_cells(pen: Pen, table: Table, cells: Sequence[Cell], row: Row, y: float, *, bold: bool = False) -> None:
    base = y + table.size * 1.22
    by_ink: dict[tuple[str, int], list[Placed]] = {}
    for column, left, wide, lines in zip(table.columns, table.lefts(), table.widths, cells, strict=True):
        ink = _ink(column, row)
        for number, line in enumerate(lines):
            x = left + _PAD
            if column.right:
                x = left + wide - _PAD - width(line, table.size, bold=bold)
            by_ink.setdefault((ink, number), []).append((x, line))
    for (ink, number), placed in by_ink.items():
        pen.words(placed, base + number * table.leading, table.size, ink=ink, bold=bold)


def _ink(column: Column, row: Row) -> str:
    if is_before(column.key):
        return "muted"
    return tone(column, row.get(column.key)) or "ink"


def _put_total(flow: Flow, table: Table, total: list[str]) -> None:
    if flow.left < table.pitch:
        flow.turn()
        _put_head(flow, table)
    y = flow.y

    def draw(pen: Pen) -> None:
        pen.line(SIDE, y, SIDE + sum(table.widths), y, "axis", wide=0.8)
        _draw_cells(pen, table, [[text] for text in total], table.total_row, y, bold=True)

    flow.put(table.pitch + 2, draw)
