"""The day of one queue as a bar chart: visits offered per half hour."""

import math

from ccops.i18n import _
from ccops.tui.cells import fit
from ccops.tui.columns import Moment
from ccops.tui.painted import Painted
from ccops.tui.queue_columns import HALF_HOURS
from ccops.tui.spans import Line
from ccops.tui.station import Station

_SCALE = 7
_EVERY = 2.0
"""Charts are drawn at most this often, seconds: they say little that changes within it."""


class DayChart(Painted):
    """Draws one queue's day."""

    def __init__(self, station: Station, queue: str) -> None:
        """`queue` is its name."""
        super().__init__(station)
        self._queue = queue
        self._drawn_at = -math.inf
        self._kept: list[Line] = []
        self._drawn_for = (0, 0)

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return heading, bars and the axis of hours."""
        now = self.station.clock()
        if now - self._drawn_at < _EVERY and self._drawn_for == (width, height):
            return self._kept
        self._drawn_at, self._drawn_for = now, (width, height)
        self._kept = self._chart(width, height, moment)
        return self._kept

    def _chart(self, width: int, height: int, moment: Moment) -> list[Line]:
        row = moment.board.queues.get(self._queue)
        day = (*(row.day if row else ()), *([0] * HALF_HOURS))[:HALF_HOURS]
        bars, cell = 5 if height >= 7 else max(1, height - 2), 2 if width >= 2 * HALF_HOURS + _SCALE else 1
        top = nice_top(max(day))
        lines: list[Line] = [((fit("  " + _("Offered per half hour"), width), "head"),)]
        for level in range(bars, 0, -1):
            label = str(top * level // bars) if top * level % bars == 0 else ""
            body = "".join(self._block(value, top, level, bars, moment) * cell for value in day)
            lines.append(((label.rjust(_SCALE - 1) + " ", "faint"), (body, "accent")))
        hours = "".join(fit(f"{hour:02d}", 4 * cell) for hour in range(0, 24, 2))
        lines.append(((" " * _SCALE, "text"), (hours, "faint")))
        return lines

    @staticmethod
    def _block(value: int, top: int, level: int, bars: int, moment: Moment) -> str:
        sparks = moment.look.sparks
        steps = len(sparks) - 1
        filled = value / top * bars - (level - 1)
        return sparks[max(0, min(steps, round(filled * steps)))]


def nice_top(value: int) -> int:
    """Return the first of 1, 2, 5, 10, 20 … that is not below `value`, for the scale of a chart."""
    if value <= 1:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(int(step * power) for step in (1, 2, 5, 10) if step * power >= value)
