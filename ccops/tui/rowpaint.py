"""How a list's rows become lines: column layout, title line, and the cells that follow the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.strip import Strip

from ccops.tui.arrange import Entry
from ccops.tui.cells import fit, safe
from ccops.tui.columns import Column, Moment, Order, Placed, placed
from ccops.tui.look import Look
from ccops.tui.spans import Line, Span, strip_of

R = TypeVar("R")
GUTTER = 2
"""Cells at the left for cursor and mark."""
_WIDE = 110
_LATER: Line = ()
"""Stands for a line that is not drawn yet."""
_MISSED = 1.5
"""A line whose durations are older than this has missed a tick, seconds."""


@dataclass(slots=True)
class Drawn(Generic[R]):
    """What stands on the screen for one entry."""

    entry: Entry[R]
    line: Line
    now: float
    """The moment that its durations are of."""
    strip: Strip | None = None
    beside: object = None
    """What the line shows that is not of the row."""


class RowPainter(Generic[R]):
    """Draws rows under one set of columns at one width."""

    lazy = False
    """Draws a line when it is first in sight: for lists of thousands."""

    def __init__(self, columns: Sequence[Column[R]]) -> None:
        self.columns = columns
        self.width = 0
        self._places: list[Placed[R]] = []
        self._ticking: list[int] = []

    @property
    def ticks(self) -> bool:
        """True where some visible column follows the clock."""
        return bool(self._ticking)

    def resize(self, width: int) -> None:
        """Lay the columns out for that many cells."""
        self.width = width
        self._places = placed(self.columns, width, GUTTER, 1 if width < _WIDE else 2)
        self._ticking = [index for index, place in enumerate(self._places) if place.column.ticks]

    def column_at(self, x: int) -> Column[R] | None:
        """Return the column whose title covers that cell."""
        return next((item.column for item in self._places if item.x <= x <= item.x + item.width), None)

    def line(self, entry: Entry[R], moment: Moment) -> Line:
        """Return the line of a row or heading: the gutter, then each column's text and the gap after it."""
        if entry.row is None:
            return self._heading(entry.heading, moment.look)
        spans: list[Span] = [(" " * GUTTER, "text")]
        for index in range(len(self._places)):
            spans.append(self._cell(entry.row, index, moment))
            spans.append((self._gap_after(index), "text"))
        return tuple(spans)

    def drawn(self, entry: Entry[R], moment: Moment) -> Drawn[R]:
        """Return an entry as drawn at this moment."""
        line = _LATER if self.lazy else self.line(entry, moment)
        return Drawn(entry, line, moment.now)

    def tick(self, drawn: Drawn[R], moment: Moment) -> Line:
        """Make the cells that follow the clock anew; returns the line as it was before."""
        before, row = drawn.line, drawn.entry.row
        if row is None or not self._ticking or drawn.now == moment.now or before is _LATER:
            return before
        spans = list(before)
        for index in self._ticking:
            spans[1 + 2 * index] = self._cell(row, index, moment)
        drawn.now = moment.now
        line = tuple(spans)
        if line != before:
            drawn.line, drawn.strip = line, None
        return before

    def catch_up(self, drawn: Drawn[R], moment: Moment) -> None:
        """Draw what was not drawn yet; make the durations of a line anew that was out of sight while others ticked."""
        if drawn.line is _LATER:
            drawn.line, drawn.now = self.line(drawn.entry, moment), moment.now
        if abs(moment.now - drawn.now) > _MISSED:
            self.tick(drawn, moment)

    def titles(self, order: Order, look: Look) -> Line:
        """Return the title line; the sorted column shows the direction."""
        spans: list[Span] = [(" " * GUTTER, "head")]
        for index, place in enumerate(self._places):
            spans.append(self._title(place, order, look))
            spans.append((self._gap_after(index), "head"))
        return tuple(spans)

    def finished(self, drawn: Drawn[R], moment: Moment, *, here: bool, marked: bool, focused: bool) -> Strip:
        """Return the strip of a line, with the cursor and the mark on it."""
        look, stale = moment.look, moment.stale
        if here or marked:
            lead = (look.glyph("cursor") if here else " ") + (look.glyph("mark") if marked else " ")
            ground = ("cursor" if focused else "cursor-idle") if here else "background"
            return strip_of(((lead, "key"), *drawn.line[1:]), self.width, look, stale=stale, ground=ground)
        if drawn.strip is None or drawn.strip.cell_length != self.width:
            drawn.strip = strip_of(drawn.line, self.width, look, stale=stale)
        return drawn.strip

    def _heading(self, heading: str, look: Look) -> Line:
        rule = look.glyph("rule") * 2
        return ((fit(f"{rule} {safe(heading)} ", self.width), "muted"),)

    def _gap_after(self, index: int) -> str:
        end = self._places[index].x + self._places[index].width
        after = self._places[index + 1].x if index + 1 < len(self._places) else self.width
        return " " * max(0, after - end)

    def _cell(self, row: R, index: int, moment: Moment) -> Span:
        place = self._places[index]
        text, tone = place.column.cell(row, moment)
        return fit(safe(text), place.width, place.column.align, moment.look.glyph("ellipsis")), tone

    @staticmethod
    def _title(place: Placed[R], order: Order, look: Look) -> Span:
        title, width = place.column.title, place.width
        if place.column.key != order.column:
            return fit(title, width, _title_align(place), look.glyph("ellipsis")), "head"
        arrow = look.glyph("down" if order.descending else "up")
        cut = title if len(title) < width else title[: width - 1]
        return fit(cut + arrow, width, _title_align(place)), "head-sorted"


def _title_align(place: Placed[R]) -> str:
    return "right" if place.column.align == "right" else "left"
