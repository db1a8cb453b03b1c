"""Panes beside the lists: the day of each queue, what happened lately, and headings."""

from textual.geometry import Size

from ccops.i18n import _
from ccops.tui.cells import clock, fit, opening, safe, sparkline
from ccops.tui.columns import Moment
from ccops.tui.painted import Painted
from ccops.tui.queue_columns import HALF_HOURS
from ccops.tui.spans import Line
from ccops.tui.station import Station


class DayPane(Painted):
    """Each queue's day as a sparkline, where the list of queues has no room for it."""

    DEFAULT_CSS = """
    DayPane { height: auto; }
    """

    _for = 0
    """Queues that it was laid out for."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return one line per queue and the heading."""
        return len(self.station.board.queues) + 1

    def repaint(self) -> None:
        """Draw again; in another height where queues came or went."""
        if self._for != len(self.station.board.queues):
            self._for = len(self.station.board.queues)
            self.refresh(layout=True)
        super().repaint()

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the heading with the hours, then the queues."""
        room = min(HALF_HOURS, width - 20)
        start = opening(row.day for row in moment.board.queues.values())
        lines: list[Line] = [((fit("  " + _("Offered per half hour"), width), "head"),)]
        for row in sorted(moment.board.queues.values(), key=lambda row: row.queue.casefold()):
            name = fit(safe(row.title or row.queue), 11, "left", moment.look.glyph("ellipsis"))
            spark = sparkline(row.day[start:], room, moment.look.sparks)
            lines.append((("  ", "text"), (name, "text"), (spark, "accent"), (f" {sum(row.day):>5}", "muted")))
        return lines


class Lately(Painted):
    """The newest records of the log."""

    DEFAULT_CSS = """
    Lately { height: 1fr; }
    """

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the heading and as many records as fit, newest first."""
        lines: list[Line] = [((fit("  " + _("Lately"), width), "head"),)]
        records = self.station.journal.records
        for record in list(records)[-max(0, height - 1) :][::-1]:
            look = moment.look
            lines.append(
                (
                    (f"  {clock(int(record.at), moment.zone)}  ", "faint"),
                    (fit(safe(record.subject), 26, "left", look.glyph("ellipsis")), "text"),
                    (fit(" " + safe(record.text), max(0, width - 38), "left", look.glyph("ellipsis")), record.tone),
                )
            )
        return lines


class Heading(Painted):
    """One line above something."""

    DEFAULT_CSS = """
    Heading { height: 1; }
    """

    def __init__(self, station: Station, text: str) -> None:
        """`text` stays."""
        super().__init__(station)
        self._text = text

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the line."""
        return [((fit(f"  {safe(self._text)}", width), "head"),)]
