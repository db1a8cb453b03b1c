"""A section as a list: the first columns stay, the others scroll sideways, and the cursor stands on one cell."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from ccops.i18n import _
from ccops.reports.figures import Unit
from ccops.reports.paper.compare import FIGURES, is_before, tone
from ccops.reports.paper.model import Column as Meant
from ccops.tui.arrange import Entry
from ccops.tui.cells import width_of
from ccops.tui.columns import Column, Moment, Order, Placed
from ccops.tui.listspec import ListSpec
from ccops.tui.look import Look
from ccops.tui.reports.errands import Line as Row
from ccops.tui.reports.errands import Sheet
from ccops.tui.rowlist import RowList
from ccops.tui.rowpaint import GUTTER, Drawn, RowPainter
from ccops.tui.spans import Line, Span, strip_of

_GAP = 2
_WIDEST = 44
"""Cells that a column takes at most; the line below the table shows the whole of what is cut."""
_TITLE = 13
"""Cells that a heading may ask for; the line below the table shows the whole of it."""
_MOST_FIXED = 0.5
"""Part of the width that the columns take at most that stay."""
_TONES = {"good": "ok", "bad": "warn", "": "text"}
_TAIL = "tail"
"""Keeps the end of a path, where the name is."""
TOTAL = "total"
"""Key of the row of the total."""


def leading(columns: Sequence[Meant]) -> int:
    """Return how many columns at the left say what a row is about; at most two of them stay in sight."""
    count = next((index for index, column in enumerate(columns) if column.kind in FIGURES), 1)
    return max(1, min(2, count, len(columns)))


def spec_of(sheet: Sheet) -> ListSpec[Row]:
    """Return how a section is listed."""
    columns = [_column(sheet, index) for index in range(len(sheet.columns))]
    return ListSpec(
        name="table",
        title=sheet.title,
        columns=columns,
        order=Order(""),
        fields=_fields_of(sheet),
        tie=lambda row: row.index,
        pick=lambda _row: None,
        empty=_("No row."),
        help=sheet.note,
        static=True,
    )


def title_of(column: Meant) -> str:
    """Return the heading of a column where there is no line for that of its group."""
    if not column.group or column.title == _("now"):
        return column.group or column.title
    return column.title if column.title in (_("before"), _("change")) else column.full_title


def _column(sheet: Sheet, index: int) -> Column[Row]:
    meant = sheet.columns[index]
    lines = [*sheet.lines, *([sheet.total] if sheet.total is not None else [])]
    title = title_of(meant)
    widest = max((width_of(line.texts[index]) for line in lines), default=0)
    return Column(
        meant.key,
        title,
        min(_WIDEST, max(widest, min(_TITLE, width_of(title) + 1))),
        _cell_of(meant, index),
        lambda row: row.values[index],
        align=_TAIL if meant.key == "file" else "right" if meant.right else "left",
        descending=meant.kind in FIGURES,
        help=meant.rule,
    )


def _cell_of(meant: Meant, index: int) -> Callable[[Row, Moment], Span]:
    if meant.change:
        return lambda row, _moment: (row.texts[index], _TONES[tone(meant, row.values[index])])
    if is_before(meant.key):
        return lambda row, _moment: (row.texts[index], "muted")
    if meant.kind in FIGURES:
        bare = (None,) if meant.kind == Unit.RATE else (None, 0)  # no calls recede, no service level must not
        return lambda row, _moment: (row.texts[index], "faint" if row.values[index] in bare else "text")
    return lambda row, _moment: (row.texts[index], "text")


def _fields_of(sheet: Sheet) -> Callable[[Row], Mapping[str, str]]:
    keys = [column.key for column in sheet.columns]
    return lambda row: dict(zip(keys, row.texts, strict=True))


class SidePainter(RowPainter[Row]):
    """Draws as many of the columns as there is room for, beginning with some column."""

    lazy = True

    def __init__(self, columns: Sequence[Column[Row]], fixed: int) -> None:
        """The first `fixed` columns are always there."""
        super().__init__(columns)
        self._fixed = fixed
        self.first = fixed
        """The first of the columns that scroll."""
        self.at = fixed if fixed < len(columns) else 0
        """The column that the cursor is on."""

    def resize(self, width: int) -> None:
        """Lay the columns out for that many cells, so that the column of the cursor is among them."""
        self.width = width
        self.first = max(self._fixed, min(self.first, self.at)) if self.at >= self._fixed else self._fixed
        while not self._lay() and self.first < self.at:
            self.first += 1

    def _lay(self) -> bool:
        """Place the columns; tell whether the one of the cursor is whole."""
        x, whole = GUTTER, self.at < self._fixed
        places: list[Placed[Row]] = []
        most_fixed = max(8, int(self.width * _MOST_FIXED) // self._fixed)
        shown = [*range(self._fixed), *range(self.first, len(self.columns))]
        for index in shown:
            column = self.columns[index]
            cells = min(column.width, most_fixed) if index < self._fixed and len(shown) > self._fixed else column.width
            if x + cells > self.width - 1 and len(places) > self._fixed:
                break
            cells = max(1, min(cells, self.width - 1 - x))
            whole = whole or index == self.at
            places.append(Placed(column, x, cells))
            x += cells + _GAP
        self._places, self._ticking = places, []
        return whole

    @property
    def more(self) -> tuple[bool, bool]:
        """Whether there are columns out of sight at the left, at the right."""
        last = self._places[-1].column if self._places else None
        return self.first > self._fixed, last is not None and last is not self.columns[-1]

    def titles(self, order: Order, look: Look) -> Line:
        """Return the title line, with signs where there is more to the side."""
        line = list(super().titles(order, look))
        left, right = self.more
        if left:
            line[0] = (look.glyph("before").rjust(GUTTER), "head")
        if right and len(line) > 1:
            text, tone_of = line[-1]
            line[-1] = (text[:-1] + look.glyph("trail"), tone_of)
        return tuple(line)

    def finished(self, drawn: Drawn[Row], moment: Moment, *, here: bool, marked: bool, focused: bool) -> Strip:
        """Return the strip of a line; the total stands out, and so does the cell of the cursor."""
        line = drawn.line
        if drawn.entry.key == TOTAL:
            line = tuple((text, "title" if tone_of == "text" else tone_of) for text, tone_of in line)
        if not here:
            return strip_of(line, self.width, moment.look)
        spans = [(moment.look.glyph("cursor") + " " * (GUTTER - 1), "key"), *line[1:]]
        place = next((number for number, one in enumerate(self._places) if one.column is self.columns[self.at]), None)
        if focused and place is not None:
            spans[1 + 2 * place] = (spans[1 + 2 * place][0], "cell")
        return strip_of(tuple(spans), self.width, moment.look, ground="cursor" if focused else "cursor-idle")


class SideList(RowList[Row]):
    """The list of a section."""

    DEFAULT_CSS = """
    SideList { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "column(-1)", _("Column before"), show=False),
        Binding("right", "column(1)", _("Next column"), show=False),
    ]

    class Cell(Message):
        """The cursor stands on another cell."""

    def __init__(self, sheet: Sheet, moment: Callable[[], Moment]) -> None:
        """`sheet` is what is listed."""
        self.sheet = sheet
        self._side = SidePainter([], 0)
        super().__init__(spec_of(sheet), moment)
        self._total = sheet.total

    def _new_painter(self) -> RowPainter[Row]:
        self._side = SidePainter(self.spec.columns, leading(self.sheet.columns))
        return self._side

    # What is shown

    def fill(self) -> None:
        """List the rows, in the order of the paper."""
        self.load({str(line.index): line for line in self.sheet.lines})

    def _entries(self) -> list[Entry[Row]]:
        entries = super()._entries()
        if self._total is not None and not self.arrangement.filter.terms:
            entries.append(Entry(TOTAL, self._total))
        return entries

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._total if self.cursor == TOTAL else super().row

    @property
    def rows_in_order(self) -> list[Row]:
        """The rows as listed, without the total."""
        return [row for row in super().rows_in_order if row is not self._total]

    # The cell

    @property
    def at(self) -> int:
        """Index of the column that the cursor is on."""
        return self._side.at

    def to_column(self, index: int) -> None:
        """Put the cursor on a column."""
        index = max(0, min(len(self.spec.columns) - 1, index))
        if index != self._side.at:
            self._side.at = index
            self.restyle()
            self.post_message(self.Cell())

    def current_column(self) -> Column[Row]:
        """Return the column that the cursor is on."""
        return self.spec.columns[self._side.at]

    def action_column(self, step: int) -> None:
        """Go to the column beside."""
        self.to_column(self._side.at + step)

    def action_open(self) -> None:
        """Tell that a person wants to know what the cell is made of."""
        if self.cursor is not None and self.row is not None:
            self.post_message(self.Opened(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Go to the column that was clicked; the rest as in every list."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y >= self._head:
            column = self._side.column_at(offset.x)
            if column is not None:
                self.to_column(list(self.spec.columns).index(column))
