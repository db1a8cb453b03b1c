"""The list widget: rows by key, a cursor that stays on its row, and only what changed is painted again.

A stock table redraws every visible cell and moves its cursor by index; on a list that sorts itself that costs
half a core and points actions at the wrong person. Here every row keeps its drawn line, an update compares
texts and marks only the cells that differ, and cursor and marks belong to keys.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip

from ccops.i18n import _
from ccops.tui.arrange import Arrangement, Entry, Grouping, arrange
from ccops.tui.cells import fit, safe
from ccops.tui.columns import Column, Moment, Order
from ccops.tui.filtering import Filter, parse_filter
from ccops.tui.listspec import ListSpec
from ccops.tui.rowcursor import CursorRows
from ccops.tui.rowpaint import Drawn, RowPainter
from ccops.tui.spans import Line, differing, strip_of

R = TypeVar("R")


class RowList(CursorRows[R]):
    """A sortable, filterable, groupable list of rows."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    RowList { height: 1fr; width: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    def __init__(
        self,
        spec: ListSpec[R],
        moment: Callable[[], Moment],
        *,
        order: Order | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        """`moment` gives the present on each paint; `order` is the remembered one."""
        super().__init__(spec, id=id)
        self.arrangement: Arrangement[R] = Arrangement(spec.columns, order or spec.order, spec.fields, spec.tie)
        self._moment = moment
        self._painter: RowPainter[R] = self._new_painter()
        self._stale = False

    def _new_painter(self) -> RowPainter[R]:
        """Return what draws the rows."""
        return RowPainter(self.spec.columns)

    # What is shown

    @property
    def total(self) -> int:
        """How many rows there are with those that the filter hides."""
        return len(self._rows)

    @property
    def rows_in_order(self) -> list[R]:
        """The rows as listed: filtered and sorted."""
        return [drawn.entry.row for drawn in self._drawn if drawn.entry.row is not None]

    def texts(self, row: R) -> list[str]:
        """Return the row as listed, one text per column, not cut."""
        moment = self._moment()
        return [safe(column.cell(row, moment)[0]).strip() for column in self.arrangement.columns]

    def current_column(self) -> Column[R]:
        """Return the column that a key about one cell means: the one that is sorted by."""
        return self.arrangement.column()

    def field_names(self) -> frozenset[str]:
        """Return the names that a filter term may use."""
        row = next(iter(self._rows.values()), None)
        return frozenset(self.arrangement.fields(row)) if row is not None else frozenset()

    # What a view asks for

    def load(self, rows: Mapping[str, R]) -> None:
        """Show these rows; paints what differs from what is on the screen."""
        self._rows = rows
        self._arrange()

    def tick(self) -> None:
        """Let running durations go on: only visible cells whose text changed are painted."""
        if not self._painter.ticks:
            return
        moment = self._moment()
        for index in self._visible():
            drawn = self._drawn[index]
            before = self._painter.tick(drawn, moment)
            if before is not drawn.line:
                self._paint_parts(index, before, drawn.line)

    def restyle(self) -> None:
        """Draw everything again: the theme or the age of the board changed."""
        self._painter.resize(self.size.width)
        moment = self._moment()
        self._drawn = [self._painter.drawn(item.entry, moment) for item in self._drawn]
        self.refresh()

    def set_filter(self, text: str) -> Filter:
        """Show only rows that match; returns the filter as understood."""
        found = parse_filter(text, self.field_names())
        self.arrangement = replace(self.arrangement, filter=found)
        self._arrange()
        return found

    def set_order(self, order: Order) -> None:
        """Sort by a column; `Sorted` tells whoever remembers it."""
        self.arrangement = replace(self.arrangement, order=order)
        self._arrange()
        self.refresh(Region(0, 0, self.size.width, self._head))
        self.post_message(self.Sorted(self, order))

    def set_grouping(self, grouping: Grouping[R] | None) -> None:
        """Cut the list into groups, or not."""
        self.arrangement = replace(self.arrangement, grouping=grouping)
        self._arrange()

    # Arranging and comparing

    def _arrange(self) -> None:
        moment = self._moment()
        if moment.stale != self._stale:
            self._stale = moment.stale
            self._drawn = []
            self.refresh()
        was_visible, cursor_was = self._cursor_visible(), self._index_of(self.cursor)
        shown = self._seen_now()
        by_key = {item.entry.key: item for item in self._drawn}
        self._drawn = [self._reused(entry, by_key, moment) for entry in self._entries()]
        self.marks &= self._rows.keys()
        self._keep_cursor()
        self._resize_virtual()
        if was_visible:
            self._follow()
        for index in self._visible():
            self._painter.catch_up(self._drawn[index], moment)
        self._paint_differences(shown, cursor_was)

    def _entries(self) -> list[Entry[R]]:
        """Return what is listed, in order."""
        return arrange(self._rows, self.arrangement)

    def _visible(self) -> range:
        """Return the indexes of the lines that are in sight."""
        first = self.scroll_offset.y
        return range(first, min(len(self._drawn), first + self._page))

    def _seen_now(self) -> dict[int, tuple[bool, Line]]:
        """Return what stands on the screen: by index whether it is marked, and the line."""
        return {
            index: (self._drawn[index].entry.key in self.marks, self._drawn[index].line) for index in self._visible()
        }

    def _reused(self, entry: Entry[R], by_key: Mapping[str, Drawn[R]], moment: Moment) -> Drawn[R]:
        before = by_key.get(entry.key)
        beside = None if entry.row is None else self.spec.beside(entry.row, moment)
        same = before is not None and before.entry.row is entry.row and before.entry.heading == entry.heading
        if before is not None and same and before.beside == beside:
            return before
        drawn = self._painter.drawn(entry, moment)
        drawn.beside = beside
        if before is not None and before.line == drawn.line:
            drawn.strip = before.strip
        return drawn

    def _paint_differences(self, shown: Mapping[int, tuple[bool, Line]], cursor_was: int | None) -> None:
        """Mark what differs from what stood on the screen, line by line, whichever row stood there."""
        now, cursor_is = self._seen_now(), self._index_of(self.cursor)
        if not now:
            self._paint_line(0)  # says why nothing is there
        for index in shown.keys() | now.keys():
            before, after = shown.get(index), now.get(index)
            moved = cursor_was != cursor_is and index in (cursor_was, cursor_is)
            if before is None or after is None or moved or before[0] != after[0]:
                self._paint_line(index)
            elif before[1] is not after[1]:
                self._paint_parts(index, before[1], after[1])

    def _paint_parts(self, index: int, before: Line, after: Line) -> None:
        parts = differing(before, after)
        if parts is None:
            self._paint_line(index)
            return
        y = index - self.scroll_offset.y + self._head
        if parts:
            self.refresh(*(Region(x, y, width, 1) for x, width in parts))

    # The order

    def action_reverse(self) -> None:
        """Turn the order round."""
        order = self.arrangement.order
        self.set_order(Order(self.arrangement.column().key, not order.descending))

    def action_sort_next(self, step: int) -> None:
        """Sort by the column beside."""
        keys = [column.key for column in self.arrangement.columns]
        self.sort_by(keys[(keys.index(self.arrangement.column().key) + step) % len(keys)])

    def sort_by(self, key: str) -> None:
        """Sort by that column; by the same one again: the other way round."""
        if key == self.arrangement.order.column:
            self.action_reverse()
            return
        column = next(item for item in self.arrangement.columns if item.key == key)
        self.set_order(Order(key, column.descending))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """Select a row, open it on the second click, or sort by the title that was clicked."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < self._head:
            self._click_title(offset.x)
            return
        index = offset.y - self._head + self.scroll_offset.y
        if index < len(self._drawn) and self._drawn[index].entry.row is not None:
            self.select(self._drawn[index].entry.key)
            self._at, self._untouched = index, False
            if event.chain == 2:
                self.action_open()

    def _click_title(self, x: int) -> None:
        column = self._painter.column_at(x)
        if column is not None:
            self.sort_by(column.key)

    def on_focus(self) -> None:
        """Show the cursor as the one that keys act on, and tell that other rows are meant now."""
        self.refresh()
        self.post_message(self.Moved(self, self.cursor))

    def on_blur(self) -> None:
        """Show the cursor as idle."""
        self.refresh()

    # Drawing

    def on_show(self) -> None:
        """Draw again: what it holds may be from before it was hidden."""
        self.restyle()

    def on_resize(self) -> None:
        """Lay the columns out again."""
        self.restyle()
        self._resize_virtual()

    def _resize_virtual(self) -> None:
        """Tell the scrollbar how long the list is; a new layout, which paints every line, only where it must be."""
        old, new = self.virtual_size, Size(self.size.width, len(self._drawn) + self._head)
        if old == new:
            return
        height = self.size.height
        same_bar = (old.height > height) == (new.height > height)
        if old.width == new.width and same_bar and not self.styles.auto_dimensions and self.is_mounted:
            self.set_reactive(RowList.virtual_size, new)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = new.height
            if self.scroll_offset.y > self.max_scroll_y:
                self.scroll_to(y=self.max_scroll_y, animate=False)
        else:
            self.virtual_size = new

    def render_line(self, y: int) -> Strip:
        """Return one line of the screen; Textual calls this only for lines that were marked for painting."""
        width, moment = self.size.width, self._moment()
        if y < self._head:
            return strip_of(self._painter.titles(self.arrangement.order, moment.look), width, moment.look)
        index = y - self._head + self.scroll_offset.y
        if not self._drawn and y == self._head:
            return strip_of(((fit(f"  {self._empty_text()}", width), "muted"),), width, moment.look)
        if index >= len(self._drawn):
            return strip_of((), width, moment.look)
        drawn = self._drawn[index]
        self._painter.catch_up(drawn, moment)
        here, marked = drawn.entry.key == self.cursor, drawn.entry.key in self.marks
        focused = self.has_focus or not self.can_focus  # without focus of its own somebody else moves its cursor
        return self._painter.finished(drawn, moment, here=here, marked=marked, focused=focused)

    def _empty_text(self) -> str:
        if self._rows and self.arrangement.filter.terms:
            return _("Nothing matches “{filter}”; Esc clears the filter.").format(
                filter=safe(self.arrangement.filter.text)
            )
        return self.spec.empty
