"""The wall: large figures per queue for a big screen; pages turn by themselves, there is no cursor."""

from typing import ClassVar

from textual.app import ComposeResult

from ccops.board import QueueRow, Topic
from ccops.i18n import _
from ccops.tui.bigtext import LINES, big, big_width
from ccops.tui.cells import count, duration, fit, rate, safe, seconds
from ccops.tui.columns import Moment
from ccops.tui.feed import Frame
from ccops.tui.figures import level_cell
from ccops.tui.painted import Painted
from ccops.tui.spans import Line, Span, clipped, line_width
from ccops.tui.station import Station
from ccops.tui.view import View

PAGE_SECONDS = 10.0
_CARD_WIDTH, _CARD_HEIGHT = 44, 12


class WallCards(Painted):
    """Draws one page of queues."""

    DEFAULT_CSS = """
    WallCards { height: 1fr; }
    """

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the cards of the present page."""
        queues = sorted(moment.board.queues.values(), key=lambda row: row.queue.casefold())
        if not queues:
            return [((_("  No queues yet."), "muted"),)]
        columns, rows = _grid(len(queues), width, height)
        per_page = columns * rows
        pages = -(-len(queues) // per_page)
        page = int(self.station.clock() // PAGE_SECONDS) % pages
        shown = queues[page * per_page : (page + 1) * per_page]
        lines = self._page(shown, columns, rows, (width, height - (pages > 1)), moment)
        if pages > 1:
            text = _("page {page} of {pages}").format(page=page + 1, pages=pages)
            lines = [*lines[: height - 1], ((fit(f"{text} ", width, "right"), "faint"),)]
        return lines

    def _page(
        self, queues: list[QueueRow], columns: int, rows: int, size: tuple[int, int], moment: Moment
    ) -> list[Line]:
        card_width, card_height = size[0] // columns, size[1] // rows
        lines: list[Line] = []
        for first in range(0, len(queues), columns):
            cards = [_card(row, card_width, card_height, moment) for row in queues[first : first + columns]]
            lines += [tuple(span for card in cards for span in card[index]) for index in range(card_height)]
        return lines


def _grid(queues: int, width: int, height: int) -> tuple[int, int]:
    """Return how many cards stand beside and above each other: as few and as large as show them all, or one page."""
    most_columns, most_rows = max(1, width // _CARD_WIDTH), max(1, height // _CARD_HEIGHT)
    for rows in range(1, most_rows + 1):
        columns = -(-queues // rows)
        if columns <= most_columns and (width / columns) <= 4 * (height / rows):
            return columns, rows
    return min(most_columns, queues), most_rows


def _card(row: QueueRow, width: int, height: int, moment: Moment) -> list[Line]:
    """Return exactly `height` lines of exactly `width` cells."""
    inner = width - 4
    oldest = duration(None if row.oldest_entered_at is None else moment.now - row.oldest_entered_at)
    waiting, wait = str(row.waiting), oldest if row.waiting else ""
    tone = _tone(row, moment)
    scale = _scale(f"{waiting}    {oldest}", inner, height - 7)
    block = moment.look.glyph("bar")
    figure = big(waiting, scale, block)
    clock = big(wait, scale, block)
    gap = " " * max(2, inner - big_width(waiting, scale) - big_width(wait, scale))
    lines: list[Line] = [
        ((safe(row.title or row.queue), "title"),),
        ((fit(_("waiting"), inner - 12), "muted"), (fit(_("longest") if wait else "", 12, "right"), "muted")),
        *(((left, tone), (gap, "text"), (right, tone)) for left, right in zip(figure, clock, strict=True)),
        (),
        _now(row),
        _today(row, moment),
        _more(row),
    ]
    blank = max(0, height - len(lines)) // 2
    lines = [*([()] * blank), *lines, *([()] * height)][:height]
    return [_padded(line, width, moment) for line in lines]


def _scale(text: str, width: int, height: int) -> int:
    scale = 1
    while big_width(text, scale + 1) <= width and LINES * (scale + 1) <= height:
        scale += 1
    return scale


def _tone(row: QueueRow, moment: Moment) -> str:
    if not row.waiting:
        return "ok"
    lasts = moment.now - row.oldest_entered_at if row.oldest_entered_at is not None else 0.0
    if lasts > row.service_level_threshold * moment.limits.wait_factor or not (row.available or row.ringing):
        return "crit"
    return "warn" if lasts > row.service_level_threshold else "waiting"


def _now(row: QueueRow) -> Line:
    return (
        (f"{row.available} ", "available"),
        (_("free") + "   ", "muted"),
        (f"{row.talking + row.on_hold} ", "talking"),
        (_("in a call") + "   ", "muted"),
        (f"{row.paused} ", "paused"),
        (_("paused"), "muted"),
    )


def _today(row: QueueRow, moment: Moment) -> Line:
    level: Span = level_cell(row.today, moment)
    return (
        (_("service level") + " ", "muted"),
        (level[0] + " ", level[1]),
        (_("ASA") + " ", "muted"),
        (seconds(row.today.asa), "text"),
    )


def _more(row: QueueRow) -> Line:
    today = row.today
    text = _("{offered} offered, {answered} answered, {abandoned} gave up ({rate})").format(
        offered=count(today.offered),
        answered=count(today.answered),
        abandoned=count(today.abandoned),
        rate=rate(today.abandon_rate),
    )
    return ((text, "muted"),)


def _padded(line: Line, width: int, moment: Moment) -> Line:
    cut = clipped(line, width - 4, moment.look.glyph("ellipsis"))
    return (("  ", "text"), *cut, (" " * max(0, width - 2 - line_width(cut)), "text"))


class Wall(View, can_focus=True):
    """The cards on a whole screen."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset({"queue", "link"})

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """One page at a time."""
        super().__init__(station, view_name, title)
        self._cards = WallCards(station)

    def compose(self) -> ComposeResult:
        """The cards alone."""
        yield self._cards

    def frame(self, frame: Frame) -> None:
        """Draw again, on ticks because a page may turn."""
        if frame.tick or frame.topics & self.TOPICS:
            self._cards.repaint()

    def focus_first(self) -> None:
        """Take the keys, so that they reach the console."""
        self.focus()
