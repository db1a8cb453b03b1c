"""The counts that limits put on a pattern, each an axis of the solver's arrays, and which part of it each day needs.

A count is only kept where it can still end well: not more than could be worked so far, not less than what the rest of
the horizon must make up for. That keeps the arrays small.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ccops.wfm.roster.limits import NEVER, Calendar, Costs, Duties, Limits, Whole

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Axis:
    """One count: what each duty adds to it (weekends add by the day instead), and where each person begins."""

    kind: str
    """week, total, weekends or counter."""
    most: int
    """Highest value; people with a lower limit begin further on, so that all end here."""
    steps: tuple[int, ...]
    starts: tuple[int, ...]
    least: tuple[int, ...]
    """Lowest value each person may end with."""
    days: frozenset[int] | None = None
    """Days on which the steps count; None: all."""


class Axes:
    """The axes of one group of people and their windows by day."""

    def __init__(self, duties: Duties, calendar: Calendar, people: Sequence[Limits]) -> None:
        self.duties, self.calendar, self.people = duties, calendar, people
        self.unit = max(1, int(np.gcd.reduce(duties.minutes))) if len(duties.minutes) else 1
        self.steps = tuple(int(minutes) // self.unit for minutes in duties.minutes)
        self.longest = max(self.steps, default=0)
        self.weekly = any(limits.week_max or limits.week_min for limits in people)
        self.axes = [*self._week(), *self._total(), *self._weekends(), *self._counters()]
        self.open = [self._window(day, closed=False) for day in range(calendar.days + 1)]
        """(lowest, size) per axis of the states before a day, the week that may end there not yet closed."""
        self.closed = [self._window(day, closed=True) for day in range(calendar.days + 1)]

    # --- which axes there are ---

    def _week(self) -> list[Axis]:
        if not self.weekly:
            return []
        most = max(max(limits.week_max, default=_WEEK * 1440) for limits in self.people) // self.unit
        none = (0,) * len(self.people)
        return [Axis("week", min(most, _WEEK * self.longest), self.steps, none, none)]

    def _total(self) -> list[Axis]:
        if all(limits.max_minutes is None and not limits.min_minutes for limits in self.people):
            return []
        reach = self.calendar.days * self.longest
        most = [reach if one.max_minutes is None else min(reach, one.max_minutes // self.unit) for one in self.people]
        starts = tuple(max(most) - own for own in most)
        least = tuple(start - (-one.min_minutes // self.unit) for start, one in zip(starts, self.people, strict=True))
        return [Axis("total", max(most), self.steps, starts, least)]

    def _weekends(self) -> list[Axis]:
        if all(limits.max_weekends is None for limits in self.people):
            return []
        reach = int((self.calendar.weekday == 5).sum()) + 1
        most = [reach if one.max_weekends is None else min(reach, one.max_weekends) for one in self.people]
        return [self._upwards("weekends", most, (0,) * len(self.steps))]

    def _counters(self) -> list[Axis]:
        found = []
        for place, counter in enumerate(self.people[0].counters):
            inside = tuple(int(duty in counter.duties) for duty in range(len(self.steps)))
            axis = self._upwards("counter", [one.counters[place].most for one in self.people], inside)
            found.append(replace(axis, days=counter.days))
        return found

    def _upwards(self, kind: str, most: list[int], steps: tuple[int, ...]) -> Axis:
        starts = tuple(max(most) - own for own in most)
        return Axis(kind, max(most), steps, starts, starts)

    # --- which part of them a day needs ---

    def _workable(self, limits: Limits, days: int) -> int:
        """Return the most units that can be worked in so many days, by the rules for runs."""
        cycle = limits.max_run + (1 if limits.away else limits.min_off)
        worked = days // cycle * limits.max_run + min(days % cycle, limits.max_run)
        # A run may already be on when the days begin, and one before it may have ended: at most one more stretch.
        return min(days, worked + limits.max_run if limits.run_before else worked) * self.longest

    def _window(self, day: int, *, closed: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the lowest value and the number of values of each axis before `day`."""
        bounds = [self._bounds(axis, day, closed=closed) for axis in self.axes]
        return tuple(low for low, _high in bounds), tuple(max(1, high - low + 1) for low, high in bounds)

    def _bounds(self, axis: Axis, day: int, *, closed: bool) -> tuple[int, int]:
        first = min(axis.starts)
        if axis.kind == "week":
            return 0, min(axis.most, self._days_of_week(day, closed=closed) * self.longest)
        if axis.kind == "weekends":
            begun = int((self.calendar.weekday[:day] == 5).sum() + (day > 0 and self.calendar.weekday[0] == 6))
            return first, min(axis.most, max(axis.starts) + begun)
        if axis.kind == "counter":
            counted = day if axis.days is None else sum(1 for one in axis.days if one < day)
            return first, min(axis.most, max(axis.starts) + counted)
        left = self.calendar.days - day
        rows = list(zip(axis.starts, axis.least, self.people, strict=True))
        low = min(max(start, least - self._workable(limits, left)) for start, least, limits in rows)
        high = max(start + self._workable(limits, day) for start, _least, limits in rows)
        return min(low, axis.most), min(axis.most, high)

    def _days_of_week(self, day: int, *, closed: bool) -> int:
        """Return how many days of the running week lie before `day`."""
        if day == 0:
            return 0
        if closed and day < self.calendar.days and self.calendar.week[day] != self.calendar.week[day - 1]:
            return 0
        return int((self.calendar.week[:day] == self.calendar.week[day - 1]).sum())

    def step(self, place: int, day: int, duty: int, weekend: int) -> int:
        """Return what a duty on a day adds on an axis; `weekend` is what the day adds to the weekends."""
        axis = self.axes[place]
        if axis.kind == "weekends":
            return weekend
        return axis.steps[duty] if axis.days is None or day in axis.days else 0

    def moves(self, day: int, duty: int, weekend: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """Return which part of the states before `day` a duty takes, and where it puts them after the day."""
        come, go = [slice(None)], [slice(None)]
        lows, sizes = self.closed[day]
        new_lows, new_sizes = self.open[day + 1]
        for place in range(len(self.axes)):
            step = self.step(place, day, duty, weekend)
            low = max(lows[place] + step, new_lows[place])
            high = max(low, min(lows[place] + sizes[place] + step, new_lows[place] + new_sizes[place]))
            come.append(slice(low - step - lows[place], high - step - lows[place]))
            go.append(slice(low - new_lows[place], high - new_lows[place]))
        return tuple(come), tuple(go)

    def rest(self, day: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """Return the same for a day off, which adds to no count."""
        come, go = [slice(None)], [slice(None)]
        lows, sizes = self.closed[day]
        new_lows, new_sizes = self.open[day + 1]
        for place in range(len(self.axes)):
            low = max(lows[place], new_lows[place])
            high = max(low, min(lows[place] + sizes[place], new_lows[place] + new_sizes[place]))
            come.append(slice(low - lows[place], high - lows[place]))
            go.append(slice(low - new_lows[place], high - new_lows[place]))
        return tuple(come), tuple(go)

    def week_bounds(self, week: int) -> tuple[Whole, Whole]:
        """Return the least and the most units of each person in a week."""
        most = self.axes[0].most
        low = [-(-one.week_min[week] // self.unit) if one.week_min else 0 for one in self.people]
        high = [one.week_max[week] // self.unit if one.week_max else most for one in self.people]
        return np.array(low), np.array(high)

    def end_price(self) -> Costs:
        """Return what ending with each count costs: NEVER for minutes short of the minimum, counters by price."""
        lows, sizes = self.open[-1]
        price = np.zeros((len(self.people), *sizes), np.float32)
        for place, axis in enumerate(self.axes):
            values = lows[place] + np.arange(sizes[place])
            for row in range(len(self.people)):
                own = self._price_of(axis, place, row, values)
                shape = [1] * len(sizes)
                shape[place] = sizes[place]
                price[row] += own.reshape(shape)
        return price

    def _price_of(self, axis: Axis, place: int, row: int, values: Whole) -> Costs:
        if axis.kind == "week":
            low, high = self.week_bounds(int(self.calendar.week[-1]))
            return np.where((values < low[row]) | (values > high[row]), NEVER, np.float32(0)).astype(np.float32)
        own = np.where(values < axis.least[row], NEVER, np.float32(0)).astype(np.float32)
        if axis.kind == "counter":
            first = len(self.axes) - len(self.people[row].counters)
            costs = self.people[row].counters[place - first].price
            for count, cost in enumerate(costs):
                own[values == axis.starts[row] + count] += np.float32(cost)
        return own
