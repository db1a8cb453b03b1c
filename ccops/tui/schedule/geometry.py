"""Where things stand on the schedule: names, skills, and days or hours across; grid and curve share it."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from ccops.tui.cells import width_of
from ccops.tui.schedule.sheet import WEEK, Sheet

GUTTER = 2
"""Cursor, and how somebody does at this moment."""
_LEAST_NAME, _MOST_NAME = 9, 26
_LEAST_DAY = 9
_MOST_SKILLS = 4
_FINEST = 4
"""Cells that an interval takes at most."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Cells of one screen width."""

    name: int
    skills: int
    """0: not shown."""
    left: int
    """Where days or hours begin."""
    day: int
    """Cells of a day, in a week."""
    width: int
    """Cells of the whole line."""
    edges: tuple[int, ...] = ()
    """Minute at which each cell begins, in a day; one more at the end."""

    def day_at(self, x: int) -> int | None:
        """Return the place of the day at a column; None beside the days."""
        place = (x - self.left) // self.day if x >= self.left and self.day else -1
        return place if 0 <= place < WEEK else None

    def minute_at(self, x: int) -> int | None:
        """Return the minute at a column of a day."""
        place = x - self.left
        return self.edges[place] if 0 <= place < len(self.edges) - 1 else None


def geometry(sheet: Sheet, width: int) -> Geometry:
    """Return where everything goes in that many cells."""
    skills = min(len(sheet.book.queues), _MOST_SKILLS) if len(sheet.book.queues) > 1 else 0
    beside = GUTTER + (skills + 1 if skills else 0) + 1
    longest = max((width_of(one.name) for one in sheet.book.people), default=_LEAST_NAME)
    most = max(_LEAST_NAME, min(longest, _MOST_NAME))
    if sheet.whole_day:
        name = min(most, max(_LEAST_NAME, width // 5))
        return Geometry(name, skills, beside + name, 0, width, _edges(sheet, sheet.day, width - beside - name))
    day = max(_LEAST_DAY, min((width - beside - most) // WEEK, 18))
    name = max(_LEAST_NAME, min(most, width - beside - day * WEEK))
    return Geometry(name, skills, beside + name, day, width)


def _edges(sheet: Sheet, day: date, cells: int) -> tuple[int, ...]:
    low, high = sheet.span_on(day)
    interval = sheet.book.interval
    slots = (high - low) // interval
    fitting = [fine for fine in range(1, _FINEST + 1) if interval % fine == 0 and slots * fine <= cells]
    if fitting:
        step = interval // fitting[-1]
    else:
        step = next((interval * many for many in (2, 3, 4, 6, 8) if (high - low) / (interval * many) <= cells), 120)
    return tuple(range(low, high + 1, step))


def bins(sheet: Sheet, geometry_: Geometry) -> list[tuple[date, int, int]]:
    """Return (day, from, to) in minutes for each cell across, as the curve draws them."""
    if sheet.whole_day:
        edges = geometry_.edges
        return [(sheet.day, low, high) for low, high in pairwise(edges)]
    spans = [sheet.span_on(day) for day in sheet.week]
    low, high = min(one[0] for one in spans), max(one[1] for one in spans)
    count = geometry_.day - 1
    found = []
    for day in sheet.week:
        for place in range(count):
            begin, end = (low + (high - low) * part // count for part in (place, place + 1))
            found.append((day, begin, end))
        found.append((day, -1, -1))
    return found
