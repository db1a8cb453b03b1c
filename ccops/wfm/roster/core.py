"""The roster problem as numbers: what the solvers work on, whatever it was written as."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ccops.wfm.roster.limits import NEVER, OFF, Calendar, Costs, Duties, Limits

Reals = npt.NDArray[np.float64]
Roster = npt.NDArray[np.int16]
"""people × days: a duty, or OFF."""
Breaks = npt.NDArray[np.int16]
"""days × breaks of a duty: the interval in which each begins, counted from the start of the duty; -1: none."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What one person's pattern contributes to the requirements, and where its breaks lie."""

    counts: Reals
    breaks: Breaks | None = None


class Cover(Protocol):
    """What a roster does for the requirement, and what it costs where it falls short or goes over."""

    def empty(self) -> Reals:
        """Return the counts of nobody."""

    def cost(self, counts: Reals) -> float:
        """Return what these counts cost."""

    def marginal(self, counts: Reals, person: int, first: int, last: int) -> Reals:
        """Return what one more duty of a person would add to the cost, for some days (days × duties)."""

    def presence(self, counts: Reals, person: int, pattern: Roster) -> Presence:
        """Return what a pattern contributes beside `counts`, breaks placed where they cost least."""


@dataclass(frozen=True)
class DirectCover:
    """Requirements that say how many people work a duty on a day; each duty counts for at most one of them."""

    row: npt.NDArray[np.int64]
    """days × duties: the requirement, or -1."""
    required: Reals
    under: Reals
    """Cost of each person too few."""
    over: Reals
    """Cost of each person too many."""

    @property
    def rows(self) -> int:
        """How many requirements there are."""
        return len(self.required)

    def empty(self) -> Reals:
        """Return the counts of nobody."""
        return np.zeros(self.rows)

    def price(self, duals: Reals) -> Reals:
        """Return the worth of each duty (days × duties) where one more in each requirement is worth `duals`."""
        worth: Reals = np.append(duals, 0.0)[self.row]
        return worth

    def rows_of(self, pattern: Roster) -> list[int]:
        """Return the requirements that a pattern counts for."""
        days = np.flatnonzero(pattern != OFF)
        rows = self.row[days, pattern[days]]
        return [int(row) for row in rows[rows >= 0]]

    def presence(self, counts: Reals, person: int, pattern: Roster) -> Presence:
        """Return what a pattern contributes; the same whoever works it."""
        found = self.empty()
        found[self.rows_of(pattern)] = 1.0
        return Presence(found)

    def cost(self, counts: Reals) -> float:
        """Return what these counts cost."""
        missing = self.required - counts
        return float((self.under * np.maximum(missing, 0) + self.over * np.maximum(-missing, 0)).sum())

    def marginal(self, counts: Reals, person: int, first: int, last: int) -> Reals:
        """Return what one more duty would add to the cost."""
        rows = self.row[first:last]
        missing = np.append(self.required - counts, 0.0)[rows]
        step = np.where(missing > 0, -np.append(self.under, 0.0)[rows], np.append(self.over, 0.0)[rows])
        found: Reals = step
        return found

    def part(self, first: int, last: int) -> "tuple[DirectCover, npt.NDArray[np.int64]]":
        """Return the cover of some days alone, and which of our requirements its requirements are."""
        rows = self.row[first:last]
        kept = np.unique(rows[rows >= 0])
        place = np.full(self.rows + 1, -1)
        place[kept] = np.arange(len(kept))
        return DirectCover(place[rows], self.required[kept], self.under[kept], self.over[kept]), kept


@dataclass(frozen=True)
class Core:
    """People, duties, limits, costs and cover."""

    calendar: Calendar
    rules: tuple[Duties, ...]
    """The duties, with what may follow what; `Limits.rules` says which list applies to whom."""
    limits: tuple[Limits, ...]
    costs: Reals
    """people × days × duties; infinite where a duty is not allowed."""
    off_costs: Reals
    """people × days; infinite where the day may not be free."""
    constant: float
    cover: Cover
    integral: bool = False
    """All costs are whole numbers, so a bound may be rounded up."""

    @property
    def minutes(self) -> npt.NDArray[np.int64]:
        """Paid minutes of each duty."""
        return self.rules[0].minutes

    @property
    def people(self) -> int:
        """How many people there are."""
        return len(self.limits)

    def personal_cost(self, person: int, pattern: Roster) -> float:
        """Return what a pattern costs apart from the cover: wishes, changes, counters."""
        days = np.arange(self.calendar.days)
        works = pattern != OFF
        cost = float(self.costs[person][days[works], pattern[works]].sum() + self.off_costs[person][~works].sum())
        for counter in self.limits[person].counters:
            if counter.price:
                cost += counter.price[min(counter.worked(pattern), len(counter.price) - 1)]
        return cost

    def personal_costs(self, roster: Roster) -> Reals:
        """Return what each person's pattern costs apart from the cover."""
        return np.array([self.personal_cost(person, roster[person]) for person in range(self.people)])


def single(values: Reals) -> Costs:
    """Return costs as the pattern solver wants them: single precision, NEVER for what is not allowed."""
    return np.minimum(values, float(NEVER)).astype(np.float32)
