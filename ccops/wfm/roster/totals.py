"""How many of each kind work on which day, in whole people: days are linked by hours and weekends only.

What a day costs for given totals is a small linear programme (shifts, breaks and sharing out may still be split), and
convex in the totals. So a master programme over whole totals with a cut per day and visit closes in on the best ones
(Benders 1962). Only totals near the relaxation's are tried; a last master without that limit gives a bound.
"""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, Reals, Roster
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.parallel import in_parallel
from ccops.wfm.roster.programme import Programme, Terms
from ccops.wfm.roster.relax import Relaxed, WeekProgramme

_ROUNDS = 24
_NEAR = (0, 0, 0, 0, 1)
"""How far from the relaxation (rounded down or up) totals may go, by round; the last holds on."""
_MASTER_SECONDS = 1.2
_BOUND_SECONDS = 3.0
_MASTER_GAP = 0.001
_UNITS = 40_000_000


class Totals:
    """Finds good totals, then proves a bound by what it has learned."""

    def __init__(self, core: Core, cover: IntervalCover, relaxed: Relaxed, control: Control) -> None:
        self.core, self.cover, self.relaxed, self.control = core, cover, relaxed, control
        self.kinds, self.days = relaxed.kinds, cover.days
        self.available = np.array(
            [np.isfinite(core.costs[people]).any(axis=2).sum(axis=0) for people in self.kinds], np.float64
        )
        least = np.minimum(core.costs.min(axis=2), core.off_costs)
        self.floor: Reals = np.where(np.isfinite(least), np.minimum(least, 0.0), 0.0).sum(axis=0)
        """What no day can cost less than."""
        self.values = [_Day(core, cover, relaxed.kinds, day) for day in range(cover.days)]
        self.cuts: list[tuple[int, float, Reals, Reals]] = []

    def run(self, seconds: float) -> Relaxed:
        """Return the relaxation with the best whole totals found, and what each works then."""
        until, rounds = self.control.used + seconds, 0
        totals = self.relaxed.working.sum(axis=2)
        best, best_cost = totals, math.inf
        while rounds < _ROUNDS and (self.control.deterministic or self.control.used < until):
            cost = self._visit(totals)
            if rounds and cost < best_cost:
                best, best_cost = totals, cost
            found = self._master(_MASTER_SECONDS, _NEAR[min(rounds, len(_NEAR) - 1)])
            self.control.spend(_UNITS)
            rounds += 1
            if found is None or (found[1] == totals).all():
                break
            totals = found[1]
        self._visit(best)
        working = np.stack([day.working for day in self.values], axis=1)
        return replace(self.relaxed, working=working) if np.isfinite(best_cost) else self.relaxed

    def _visit(self, totals: Reals) -> float:
        """Add the cuts of some totals; return what they cost, infinite where a day cannot be worked like that."""
        answers = self._at(totals)
        for day, answer in enumerate(answers):
            if answer is not None:
                self.cuts.append((day, *answer, totals[:, day]))
        return sum(math.inf if answer is None else answer[0] for answer in answers)

    def _at(self, totals: Reals) -> list[tuple[float, Reals] | None]:
        steps = [partial(value.at, totals[:, day]) for day, value in enumerate(self.values)]
        return in_parallel(steps, alone=self.control.deterministic)

    def least(self, roster: Roster) -> Reals:
        """Return what each day costs with as many of each kind as in a roster, if shifts and breaks could be split."""
        totals = np.array([(roster[people] != OFF).sum(axis=0) for people in self.kinds], np.float64)
        return np.array([math.inf if answer is None else answer[0] for answer in self._at(totals)])

    def bound(self) -> float:
        """Return what no roster can be below; minus infinity where the days' programmes leave something out."""
        late = bool((self.cover.starts + self.cover.lengths > self.cover.slots).any())
        if late or self.values[0].thinned:
            return -math.inf
        found = self._master(_BOUND_SECONDS, None)
        return -math.inf if found is None else found[0] + self.core.constant

    def _master(self, seconds: float, near: int | None) -> tuple[float, Reals] | None:
        """Return a bound and the best totals by the cuts so far."""
        programme = Programme()
        totals = self.relaxed.working.sum(axis=2)
        low, high = np.zeros_like(totals), self.available
        if near is not None:
            low, high = np.maximum(0, np.floor(totals + 0.01) - 1), np.minimum(high, np.ceil(totals - 0.01) + near)
        counts = [
            [programme.variable(0.0, float(high[kind, day]), whole=True) for day in range(self.days)]
            for kind in range(len(self.kinds))
        ]
        for kind, people in enumerate(self.kinds):
            for day in np.flatnonzero(low[kind] > 0).tolist():
                programme.row([(counts[kind][day], 1.0)], float(low[kind, day]), np.inf)
            self._links(programme, counts[kind], people)
        costs = [programme.variable(1.0) for _day in range(self.days)]
        for day, value, slope, at in self.cuts:
            terms: Terms = [(counts[kind][day], -float(slope[kind])) for kind in range(len(self.kinds))]
            programme.row([*terms, (costs[day], 1.0)], value - float(slope @ at) - float(self.floor[day]), np.inf)
        limit = None if self.control.deterministic else seconds
        found = programme.solved_by_scip(limit, _MASTER_GAP)
        if found is None:
            return None
        best = np.array([[round(found.variables[variable]) for variable in row] for row in counts], np.float64)
        return found.bound + float(self.floor.sum()), best

    def _links(self, programme: Programme, counts: list[int], people: list[int]) -> None:
        """Write how often these people can and must work in each week, on weekends, and in all."""
        week = self.core.calendar.week
        spans = [(number, np.flatnonzero(week == number).tolist()) for number in range(int(week[-1]) + 1)]
        for number, days in [*spans, (-1, list(range(self.days)))]:
            bounds = [self._span(person, number, days) for person in people]
            terms = [(counts[day], 1.0) for day in days]
            programme.row(terms, float(sum(low for low, _high in bounds)), float(sum(high for _low, high in bounds)))
        self._weekends(programme, counts, people)

    def _weekends(self, programme: Programme, counts: list[int], people: list[int]) -> None:
        """Write how many weekends are worked: each by as many as work on the fuller of its days, or more."""
        weekday = self.core.calendar.weekday
        saturdays = np.flatnonzero((weekday == 5) | ((weekday == 6) & (np.arange(self.days) == 0))).tolist()
        worked = [programme.variable(0.0, float(len(people))) for _weekend in saturdays]
        for first, weekend in zip(saturdays, worked, strict=True):
            for day in range(first, min(self.days, first + 2 if weekday[first] == 5 else first + 1)):
                programme.row([(weekend, 1.0), (counts[day], -1.0)], 0.0, np.inf)
        most = (self.core.limits[person].max_weekends for person in people)
        total = sum(len(worked) if one is None else min(len(worked), one) for one in most)
        programme.row([(weekend, 1.0) for weekend in worked], -np.inf, float(total))

    def _span(self, person: int, week: int, days: list[int]) -> tuple[int, int]:
        """Return the least and the most days that a person works in a week (or, with -1, in all)."""
        limits, allowed = self.core.limits[person], np.isfinite(self.core.costs[person, days])
        minutes = self.core.minutes[allowed.any(axis=0)]
        minutes = minutes[minutes > 0]
        free = int(allowed.any(axis=1).sum())
        if not len(minutes):
            return 0, free
        if week < 0:
            least, most = limits.min_minutes, limits.max_minutes
        else:
            least = limits.week_min[week] if limits.week_min else 0
            most = limits.week_max[week] if limits.week_max else None
        high = free if most is None else min(free, most // int(minutes.min()))
        return min(high, math.ceil(least / int(minutes.max()))), high


class _Day:
    """What a day costs for given totals: solved warm by the simplex method."""

    def __init__(self, core: Core, cover: IntervalCover, kinds: list[list[int]], day: int) -> None:
        from ortools.linear_solver import pywraplp

        written = WeekProgramme(core, cover, kinds, [day], linked=False)
        self.thinned = len(written.duties) < len(cover.starts)
        self.shape = len(kinds), len(cover.starts)
        self.solver: Any = pywraplp.Solver.CreateSolver("GLOP")
        self.variables, _rows = written.programme.into(self.solver)
        self.work = {(kind, duty): found for (kind, _day, duty), found in written.working.items()}
        self.totals: dict[int, Any] = {}
        for (kind, _duty), found in self.work.items():
            row = self.totals.setdefault(kind, None) or self.solver.Constraint(0.0, 0.0)
            self.totals[kind] = row
            for variable in found:
                row.SetCoefficient(self.variables[variable], 1.0)

    def at(self, totals: Reals) -> tuple[float, Reals] | None:
        """Return the cost at these totals and its slope by kind; None where they cannot be."""
        for kind, row in self.totals.items():
            row.SetBounds(float(totals[kind]), float(totals[kind]))
        if self.solver.Solve() != self.solver.OPTIMAL:
            return None
        slope = np.zeros(self.shape[0])
        for kind, row in self.totals.items():
            slope[kind] = row.dual_value()
        return float(self.solver.Objective().Value()), slope

    @property
    def working(self) -> Reals:
        """Return who works what in the last answer (kinds × duties)."""
        found: Reals = np.zeros(self.shape)
        for key, variables in self.work.items():
            found[key] = sum(self.variables[variable].solution_value() for variable in variables)
        return found
