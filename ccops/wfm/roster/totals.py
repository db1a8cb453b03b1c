"""How many of each kind work on which day, in whole people: days are linked by hours and weekends only.

What a day costs for given totals is a small linear programme (shifts, breaks and sharing out may still be split), and
convex in the totals. Every answer is a cut: what other totals cost at least. They guide the search for who works on
which day (`daymoves`), and a master programme over whole totals proves a bound by them (Benders 1962).
"""

import math
import threading
from collections.abc import Callable, Iterator
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

_MASTER_SECONDS = 2.0
_MASTER_GAP = 0.001
_UNITS = 100_000_000
"""Work units of a master programme …"""
_DAY_UNITS = 4_000_000
"""… and of a day's."""


class Totals:
    """Knows what totals cost, and proves a bound by what it has learned."""

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
        """(day, cost, slope by kind, totals at which they were found)."""
        self._known: dict[tuple[int, bytes], float] = {}
        served = {person for people in self.kinds for person in people}
        idle = [person for person in range(core.people) if person not in served]
        self.idle = float(np.where(np.isfinite(least), least, 0.0)[idle].sum())
        """What those who serve no queue cost at least."""

    def relaxed_at(self, roster: Roster) -> Relaxed:
        """Return the relaxation with as many of each kind on each day as in a roster, and what each works then."""
        for day, counts in zip(self.values, self.of(roster).T, strict=True):
            day.at(counts)
        self.control.spend(_DAY_UNITS * self.days)
        return replace(self.relaxed, working=np.stack([day.working for day in self.values], axis=1))

    def prove(self, over: Callable[[], bool]) -> Iterator[float]:
        """Yield what no roster can be below, better and better: the cheapest totals by the cuts so far are visited."""
        late = bool((self.cover.starts + self.cover.lengths > self.cover.slots).any())
        if late or self.values[0].thinned:
            return
        totals, best = self.relaxed.working.sum(axis=2), math.inf
        self._visit(totals)
        while not over():
            found = self._master(_MASTER_SECONDS)
            self.control.spend(_UNITS)
            if found is None:
                return
            yield found[0] + self.idle + self.core.constant
            best = min(best, self._visit(found[1]))
            if found[0] > best - _MASTER_GAP * abs(best) or (found[1] == totals).all():
                return
            totals = found[1]

    def _visit(self, totals: Reals) -> float:
        """Learn what some totals cost, and return it; infinite where a day cannot be worked like that."""
        return float(self._at(totals).sum())

    def _at(self, totals: Reals) -> Reals:
        steps = [partial(self.value, day, totals[:, day]) for day in range(self.days)]
        return np.array(in_parallel(steps, alone=self.control.deterministic))

    def cuts_at(self, day: int, totals: Reals) -> tuple[Reals, Reals]:
        """Return what each cut of a day says that totals cost at least, and its slope (cuts × kinds)."""
        cuts = [cut for cut in self.cuts if cut[0] == day]
        slopes = np.array([slope for _day, _value, slope, _at in cuts])
        values = np.array([value + float(slope @ (totals - at)) for _day, value, slope, at in cuts])
        return values, slopes

    def of(self, roster: Roster) -> Reals:
        """Return how many of each kind work on which day in a roster."""
        return np.array([(roster[people] != OFF).sum(axis=0) for people in self.kinds], np.float64)

    def least(self, roster: Roster) -> Reals:
        """Return what each day costs with as many of each kind as in a roster, if shifts and breaks could be split."""
        return self._at(self.of(roster))

    def value(self, day: int, totals: Reals) -> float:
        """Return what a day costs for totals, and learn from it; infinite where it cannot be worked like that."""
        key = (day, totals.tobytes())
        if key not in self._known:
            answer = self.values[day].at(totals)
            self.control.spend(_DAY_UNITS)
            self._known[key] = math.inf if answer is None else answer[0]
            if answer is not None:
                self.cuts.append((day, *answer, totals.copy()))
        return self._known[key]

    def _master(self, seconds: float) -> tuple[float, Reals] | None:
        """Return a bound and the best totals by the cuts so far."""
        programme = Programme()
        counts = [
            [programme.variable(0.0, float(self.available[kind, day]), whole=True) for day in range(self.days)]
            for kind in range(len(self.kinds))
        ]
        for kind, people in enumerate(self.kinds):
            self._links(programme, counts[kind], people)
        costs = [programme.variable(1.0) for _day in range(self.days)]
        for day, value, slope, at in list(self.cuts):
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
        self.lock = threading.Lock()
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
        with self.lock:
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
