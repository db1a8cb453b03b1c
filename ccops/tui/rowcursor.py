"""The cursor and the marks of a list: both belong to rows by key, not to places on the screen."""

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView

from ccops.i18n import _
from ccops.tui.columns import Order
from ccops.tui.listspec import ListSpec, Selection
from ccops.tui.rowpaint import Drawn

R = TypeVar("R")


class CursorRows(ScrollView, Generic[R], can_focus=True):
    """Knows which row is selected and which are marked; what the rows look like is its subclass's business."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", _("Up"), show=False),
        Binding("down", "move(1)", _("Down"), show=False),
        Binding("pageup", "page(-1)", _("Page up"), show=False),
        Binding("pagedown", "page(1)", _("Page down"), show=False),
        Binding("home", "edge(0)", _("First"), show=False),
        Binding("end", "edge(1)", _("Last"), show=False),
        Binding("enter", "open", _("Open"), show=False),
        Binding("m,insert", "mark", _("Mark"), show=False),
        Binding("ctrl+a", "mark_all", _("Mark all"), show=False),
        Binding("S", "reverse", _("Reverse order"), show=False),
        Binding("less_than_sign", "sort_next(-1)", _("Sort by the column before"), show=False),
        Binding("greater_than_sign", "sort_next(1)", _("Sort by the next column"), show=False),
    ]

    class Opened(Message, namespace="row_list"):
        """Enter or a double click on a row."""

        def __init__(self, rows: Any, key: str) -> None:
            self.rows, self.key = rows, key
            super().__init__()

    class Moved(Message, namespace="row_list"):
        """The cursor stands on another row, or on none (`key` is None)."""

        def __init__(self, rows: Any, key: str | None) -> None:
            self.rows, self.key = rows, key
            super().__init__()

    class Sorted(Message, namespace="row_list"):
        """A person chose another order."""

        def __init__(self, rows: Any, order: Order) -> None:
            self.rows, self.order = rows, order
            super().__init__()

        @property
        def control(self) -> Any:
            """The list."""
            return self.rows

    def __init__(self, spec: ListSpec[R], *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """`spec` says what the rows are."""
        super().__init__(id=id or spec.name)
        self.spec = spec
        self.cursor: str | None = None
        self.marks: set[str] = set()
        self._rows: Mapping[str, R] = {}
        self._drawn: list[Drawn[R]] = []
        self._head = 1 if spec.headed else 0
        """Lines that the titles take."""
        self._at = 0
        self._untouched = True

    @property
    def row(self) -> R | None:
        """The row under the cursor."""
        return self._rows.get(self.cursor) if self.cursor is not None else None

    def selections(self) -> list[Selection]:
        """Return what keys act on: the marked rows in list order, else the row under the cursor."""
        marked = [item.entry.row for item in self._drawn if item.entry.key in self.marks]
        rows = marked or [self.row]
        return [picked for row in rows if row is not None and (picked := self.spec.pick(row)) is not None]

    def under_cursor(self) -> Selection | None:
        """Return what is under the cursor, whatever is marked."""
        return self.spec.pick(self.row) if self.row is not None else None

    def select(self, key: str | None) -> None:
        """Put the cursor on that row."""
        old, self.cursor = self.cursor, key
        if key is not None:
            self._untouched = False
        for index in (self._index_of(old), self._index_of(key)):
            if index is not None:
                self._paint_line(index)
        self._at = self._index_of(key) or self._at
        if old != key:
            self.post_message(self.Moved(self, key))

    @property
    def _page(self) -> int:
        """Lines that rows have."""
        return max(0, self.size.height - self._head)

    def _paint_line(self, index: int) -> None:
        """Mark the line of a row for painting, where it is seen."""
        y = index - self.scroll_offset.y + self._head
        if self._head <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _index_of(self, key: str | None) -> int | None:
        if key is None:
            return None
        return next((index for index, item in enumerate(self._drawn) if item.entry.key == key), None)

    def _keep_cursor(self) -> None:
        """Leave the cursor on its row; when that is gone, on none: the next key must not hit a neighbour."""
        if self._untouched or (self.spec.sticky and self._at == 0):
            first = self._near(0, 1)
            if first != self.cursor:
                self.cursor = first
                self.post_message(self.Moved(self, first))
            self._at = 0
            return
        index = self._index_of(self.cursor)
        if index is not None:
            self._at = index
        elif self.cursor is not None or self.spec.static:
            self.cursor = self._near(0, 1) if self.spec.static else None
            self.post_message(self.Moved(self, self.cursor))

    def to_first(self) -> None:
        """Put the cursor on the first row and leave it there until a person moves it."""
        self._untouched, self.cursor = True, None
        self._keep_cursor()
        self.scroll_to(y=0, animate=False)
        self.refresh()

    def _near(self, index: int, step: int) -> str | None:
        """Return the key of the first row at or after `index` in the direction of `step`."""
        while 0 <= index < len(self._drawn):
            if self._drawn[index].entry.row is not None:
                return self._drawn[index].entry.key
            index += step
        return None

    def _go(self, index: int, step: int) -> None:
        index = max(0, min(len(self._drawn) - 1, index))
        key = self._near(index, step) or self._near(index, -step)
        if key is None:
            return
        self.select(key)
        self._at = self._index_of(key) or 0
        self._untouched = False
        self._follow()

    def _cursor_visible(self) -> bool:
        index = self._index_of(self.cursor)
        return index is not None and 0 <= index - self.scroll_offset.y < self._page

    def _follow(self) -> None:
        """Scroll as little as needed for the cursor to be seen, with its heading where that is just above."""
        index = self._index_of(self.cursor)
        if index is None:
            return
        top = index - 1 if index and self._drawn[index - 1].entry.row is None else index
        first = self.scroll_offset.y
        if top < first:
            self.scroll_to(y=top, animate=False)
        elif index >= first + self._page:
            self.scroll_to(y=index - self._page + 1, animate=False)

    def action_move(self, step: int) -> None:
        """Move the cursor by one row; from nowhere, to the row that took the place of the last one."""
        start = self._index_of(self.cursor)
        self._go(self._at if start is None else start + step, step)

    def action_page(self, direction: int) -> None:
        """Move the cursor by a page."""
        start = self._index_of(self.cursor)
        self._go((self._at if start is None else start) + direction * max(1, self._page - 1), direction)

    def action_edge(self, last: int) -> None:
        """Move the cursor to the first or last row."""
        self._go(len(self._drawn) - 1 if last else 0, -1 if last else 1)

    def action_open(self) -> None:
        """Tell that a person wants to see this row."""
        if self.cursor is not None and self.cursor in self._rows:
            self.post_message(self.Opened(self, self.cursor))

    def action_mark(self) -> None:
        """Mark the row, or take the mark off, and go on to the next."""
        if not self.spec.markable or self.cursor is None:
            return
        self.marks ^= {self.cursor}
        self.action_move(1)
        self.refresh()
        self.post_message(self.Moved(self, self.cursor))

    def action_mark_all(self) -> None:
        """Mark every row that is listed, or none where all are."""
        if not self.spec.markable:
            return
        listed = {item.entry.key for item in self._drawn if item.entry.row is not None}
        self.marks = set() if self.marks >= listed else listed
        self.refresh()
        self.post_message(self.Moved(self, self.cursor))

    def clear_marks(self) -> bool:
        """Take all marks off; False where there were none."""
        had, self.marks = bool(self.marks), set()
        if had:
            self.refresh()
            self.post_message(self.Moved(self, self.cursor))
        return had
