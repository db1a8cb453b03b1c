"""What a terminal too small for any list still shows: who waits, who is free, what is worst."""

from ccops.board import AgentState
from ccops.i18n import _
from ccops.tui.cells import duration, safe
from ccops.tui.columns import Moment
from ccops.tui.painted import Painted
from ccops.tui.spans import Line, clipped

NARROW, LOW = 60, 12
"""Below this many columns or lines the lists make no sense."""


class Tiny(Painted):
    """A few words for a few cells."""

    DEFAULT_CSS = """
    Tiny { height: 1fr; display: none; }
    """

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the lines that fit, the most useful first."""
        board, look = moment.board, moment.look
        waiting = sum(row.waiting for row in board.queues.values())
        oldest = min((row.oldest_entered_at or moment.now for row in board.queues.values()), default=moment.now)
        counts = {state: sum(row.state is state for row in board.agents.values()) for state in AgentState}
        lines: list[Line] = [
            (
                (_("{count} waiting").format(count=waiting), "crit" if waiting else "ok"),
                (f" {duration(moment.now - oldest)}" if waiting else "", "text"),
            ),
            (
                (_("{count} free").format(count=counts[AgentState.AVAILABLE]), "available"),
                (" " + _("{count} in call").format(count=counts[AgentState.TALKING]), "talking"),
            ),
        ]
        link = board.link
        if link.state != "live":
            age = "" if link.heard_at is None else " " + duration(self.station.clock() - link.heard_at)
            lines.insert(0, ((f"{look.glyph('down_link')} {link.state}{age}", "crit"),))
        if self.station.notices:
            lines.append(((safe(self.station.notices[0].text), "warn"),))
        lines.append(((_("enlarge to {width}x{height}").format(width=NARROW, height=LOW), "muted"),))
        lines.append(((_("q quits"), "muted"),))
        return [clipped(line, width, look.glyph("ellipsis")) for line in lines[:height]]
