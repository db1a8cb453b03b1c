"""Cheapest patterns of many people: groups those of like limits and leaves out limits that seldom bind.

A limit on how often a duty is worked costs the pattern solver a whole axis. Most such limits never bind, so they are
left out until a pattern breaks them; from then on that person is solved with them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, Reals, single
from ccops.wfm.roster.limits import Limits, Pattern, Whole, shape_of
from ccops.wfm.roster.pattern import PatternSolver

_MOST_CELLS = 12_000_000
_MOST_SOLVERS = 500


class Pricer:
    """Answers for any subset of the people; exact."""

    def __init__(self, core: Core, control: Control) -> None:
        self.core, self.control = core, control
        self._always = [_priced_counters(limits) for limits in core.limits]
        self._binding: list[set[int]] = [set() for _limits in core.limits]
        self.active = [set(always) for always in self._always]
        self._solvers: dict[tuple[object, ...], PatternSolver] = {}

    def best(self, people: Whole, costs: Reals, off_costs: Reals) -> list[Pattern]:
        """Return the cheapest pattern of each of `people` for costs (people × days × duties) and of days off."""
        wanted, free = single(costs), single(off_costs)
        found: list[Pattern | None] = [None] * len(people)
        open_ = list(range(len(people)))
        self._relax_limits(people)
        while open_:
            for group in self._groups(people, open_):
                solver = self._solver(tuple(int(people[place]) for place in group))
                answers = solver.best(wanted[group], free[group])
                self.control.spend(solver.cells)
                for place, answer in zip(group, answers, strict=True):
                    found[place] = answer
            open_ = [place for place in open_ if self._activate(int(people[place]), found[place])]
        return [pattern for pattern in found if pattern is not None]

    def cells(self, person: int) -> int:
        """Return how many array cells one answer for this person needs."""
        return self._solver((person,)).cells

    def _limits(self, person: int) -> Limits:
        limits = self.core.limits[person]
        counters = tuple(limits.counters[number] for number in sorted(self.active[person]))
        return replace(limits, counters=counters)

    def _groups(self, people: Whole, places: Sequence[int]) -> list[list[int]]:
        """Return the places by like limits, in parts that fit into memory."""
        groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for place in places:
            groups[shape_of(self._limits(int(people[place])))].append(place)
        parts = []
        for group in groups.values():
            alone = self.cells(int(people[group[0]]))
            most = max(1, int(_MOST_CELLS // max(alone, 1)))
            parts += [group[start : start + most] for start in range(0, len(group), most)]
        return parts

    def _solver(self, people: tuple[int, ...]) -> PatternSolver:
        limits = tuple(self._limits(person) for person in people)
        if limits not in self._solvers:
            if len(self._solvers) >= _MOST_SOLVERS:
                self._solvers.clear()
            self._solvers[limits] = PatternSolver(self.core.rules[limits[0].rules], self.core.calendar, list(limits))
        return self._solvers[limits]

    def _relax_limits(self, people: Whole) -> None:
        """Forget the limits that did not bind the last time."""
        for person in people.tolist():
            self.active[person] = self._always[person] | self._binding[person]

    def _activate(self, person: int, pattern: Pattern | None) -> bool:
        """Take the limits into account that the pattern breaks; say whether there were any."""
        self._binding[person] = set()
        if pattern is None or pattern.duties is None:
            return False
        broken = set()
        for number, counter in enumerate(self.core.limits[person].counters):
            worked = counter.worked(pattern.duties)
            if worked > counter.most:
                broken.add(number)
            elif worked == counter.most and number in self.active[person]:
                self._binding[person].add(number)
        self.active[person] |= broken
        return bool(broken)


def _priced_counters(limits: Limits) -> set[int]:
    """Return the counters whose count costs something; the others are limits only and may be left out at first."""
    return {number for number, counter in enumerate(limits.counters) if counter.price}
