"""A small roster problem as a constraint model: proves what the patterns' bound leaves open."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, DirectCover, Roster
from ccops.wfm.roster.limits import OFF, Limits

_SCALE = 1000


@dataclass(frozen=True, slots=True)
class Proof:
    """The best roster of the model and the bound it proves; no roster where time was too short."""

    roster: Roster | None
    penalty: float
    bound: float


class ExactModel:
    """CP-SAT over one yes-or-no per person, day and duty."""

    def __init__(self, core: Core, cover: DirectCover) -> None:
        from ortools.sat.python import cp_model

        self.core, self.cover = core, cover
        self.model: Any = cp_model.CpModel()
        self.works: dict[tuple[int, int, int], Any] = {}
        self.goal: list[Any] = []
        self.scale = 1 if core.integral else _SCALE
        for person in range(core.people):
            _Person(self, person).write()
        self._requirements()
        self.model.minimize(sum(self.goal))

    def price(self, cost: float, variable: Any) -> None:
        """Add a cost to the goal."""
        if cost:
            self.goal.append(round(cost * self.scale) * variable)

    def _requirements(self) -> None:
        by_row: dict[int, list[Any]] = defaultdict(list)
        for (_person, day, duty), variable in self.works.items():
            row = int(self.cover.row[day, duty])
            if row >= 0:
                by_row[row].append(variable)
        for row in range(self.cover.rows):
            wanted = int(self.cover.required[row])
            missing = self.model.new_int_var(0, wanted, "")
            extra = self.model.new_int_var(0, self.core.people, "")
            self.model.add(sum(by_row[row]) + missing - extra == wanted)
            self.price(float(self.cover.under[row]), missing)
            self.price(float(self.cover.over[row]), extra)

    def solve(self, control: Control, hint: Roster, seconds: float, penalty: float) -> Proof:
        """Search for at most `seconds` from a known roster of that penalty."""
        from ortools.sat.python import cp_model

        for (person, day, duty), variable in self.works.items():
            self.model.add_hint(variable, int(hint[person, day]) == duty)
        solver: Any = cp_model.CpSolver()
        solver.parameters.num_workers = 1 if control.deterministic else 2
        solver.parameters.random_seed = 1
        if control.deterministic:
            solver.parameters.max_deterministic_time = seconds
            control.spend(seconds * 250_000_000)
        else:
            solver.parameters.max_time_in_seconds = seconds
        status = solver.solve(self.model)
        bound = self.core.constant + solver.best_objective_bound / self.scale
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return Proof(None, penalty, bound)
        roster: Roster = np.full((self.core.people, self.core.calendar.days), OFF, np.int16)
        for (person, day, duty), variable in self.works.items():
            if solver.boolean_value(variable):
                roster[person, day] = duty
        return Proof(roster, self.core.constant + solver.objective_value / self.scale, bound)


class _Person:
    """Writes the variables and rules of one person."""

    def __init__(self, whole: ExactModel, person: int) -> None:
        self.whole, self.person, self.model = whole, person, whole.model
        self.core = whole.core
        self.limits: Limits = self.core.limits[person]
        self.days = self.core.calendar.days
        self.duties = len(self.core.minutes)
        self.busy: list[Any] = []

    def write(self) -> None:
        """Write everything."""
        for day in range(self.days):
            self._day(day)
        self._followers()
        self._runs()
        self._minutes()
        self._weekends()
        for counter in self.limits.counters:
            worked = [
                self._works(day, duty)
                for day in range(self.days)
                for duty in counter.duties
                if counter.counts(day, duty)
            ]
            self._count([one for one in worked if one is not None], counter.most, counter.price)

    def _works(self, day: int, duty: int) -> Any:
        return self.whole.works.get((self.person, day, duty))

    def _day(self, day: int) -> None:
        costs, off_cost = self.core.costs[self.person, day], float(self.core.off_costs[self.person, day])
        allowed = [duty for duty in range(self.duties) if np.isfinite(costs[duty])]
        busy = self.model.new_bool_var("")
        for duty in allowed:
            variable = self.model.new_bool_var("")
            self.whole.works[self.person, day, duty] = variable
            self.whole.price(float(costs[duty]), variable)
        self.model.add(sum(self.whole.works[self.person, day, duty] for duty in allowed) == busy)
        if np.isfinite(off_cost):
            self.whole.price(off_cost, 1 - busy)
        else:
            self.model.add(busy == 1)
        self.busy.append(busy)

    def _followers(self) -> None:
        for day in range(self.days):
            follow = self.core.rules[self.limits.rules].follow_on(day)
            for duty in range(self.duties):
                here = self._works(day, duty)
                if here is None:
                    continue
                if day == 0:
                    before = self.limits.duty_before
                    if self.limits.run_before and before != OFF and not follow[before, duty]:
                        self.model.add(here == 0)
                    continue
                for earlier in np.flatnonzero(~follow[:, duty]):
                    there = self._works(day - 1, int(earlier))
                    if there is not None:
                        self.model.add_bool_or([here.Not(), there.Not()])

    def _past(self, day: int) -> Any:
        """Return whether a day was worked: a variable, or what is known of the days before; None where nothing is."""
        if day >= 0:
            return self.busy[day]
        if self.limits.run_before:
            return -day <= self.limits.run_before
        if self.limits.off_before is not None:
            return False if -day <= self.limits.off_before else None
        return None

    def _runs(self) -> None:
        longest = self.limits.max_run
        for first in range(-min(longest, self.limits.run_before), self.days - longest):
            worked = [self._past(day) for day in range(first, first + longest + 1)]
            self._not_all(worked, [True] * len(worked))
        for length in range(1, self.limits.min_run):
            self._no_run(length, works=True)
        for length in range(1, self.limits.min_off):
            self._no_run(length, works=False)

    def _no_run(self, length: int, *, works: bool) -> None:
        """Forbid a run of exactly this length that ends inside the horizon."""
        for first in range(1 - length - 1, self.days - length):
            states = [self._past(day) for day in range(first - 1, first + length + 1)]
            if first + length - 1 < -1 or any(state is None for state in states):
                continue
            if self.limits.away.intersection((first - 1, first + length) if works else range(first, first + length)):
                continue
            self._not_all(states, [not works, *[works] * length, not works])

    def _not_all(self, states: list[Any], wanted: list[bool]) -> None:
        """Forbid that all states are as wanted; some may be known."""
        clause = []
        for state, want in zip(states, wanted, strict=True):
            if isinstance(state, bool):
                if state != want:
                    return
            else:
                clause.append(state.Not() if want else state)
        self.model.add_bool_or(clause)

    def _minutes(self) -> None:
        minutes = self.core.minutes
        worked = [
            [int(minutes[duty]) * one for duty in range(self.duties) if (one := self._works(day, duty)) is not None]
            for day in range(self.days)
        ]
        total = sum(part for parts in worked for part in parts)
        if self.limits.max_minutes is not None:
            self.model.add(total <= self.limits.max_minutes)
        if self.limits.min_minutes:
            self.model.add(total >= self.limits.min_minutes)
        for week in range(int(self.core.calendar.week[-1]) + 1):
            days = np.flatnonzero(self.core.calendar.week == week)
            part = sum(one for day in days for one in worked[day])
            if self.limits.week_max:
                self.model.add(part <= self.limits.week_max[week])
            if self.limits.week_min:
                self.model.add(part >= self.limits.week_min[week])

    def _weekends(self) -> None:
        if self.limits.max_weekends is None:
            return
        weekday = self.core.calendar.weekday
        worked = []
        for day in range(self.days):
            pair = [self.busy[day]] if weekday[day] == 5 else []
            if weekday[day] == 5 and day + 1 < self.days:
                pair.append(self.busy[day + 1])
            if day == 0 and weekday[day] == 6 and not self.limits.run_before:
                pair.append(self.busy[day])
            if pair:
                some = self.model.new_bool_var("")
                for one in pair:
                    self.model.add_implication(one, some)
                worked.append(some)
        self.model.add(sum(worked) <= self.limits.max_weekends)

    def _count(self, worked: list[Any], most: int, price: tuple[float, ...]) -> None:
        self.model.add(sum(worked) <= most)
        if price:
            exactly = [self.model.new_bool_var("") for _count in price]
            self.model.add_exactly_one(exactly)
            self.model.add(sum(count * one for count, one in enumerate(exactly)) == sum(worked))
            for cost, one in zip(price, exactly, strict=True):
                self.whole.price(cost, one)
