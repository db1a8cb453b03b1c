"""The roster problem without whole people: how many of each kind work what on which day, as one linear programme.

People of like skills, contract and shifts are counted together, may be split, and take breaks in shares; runs and
rest are left out. PDLP (Applegate et al., "Practical large-scale linear programming using primal-dual hybrid
gradient", NeurIPS 2021) solves it in seconds to a few digits. What it finds an agent worth in each interval of each
queue is then made a bound that holds exactly (`lagrange`).
"""

from collections import defaultdict
from typing import Any

import numpy as np

from ccops.wfm.roster.core import Core, Reals
from ccops.wfm.roster.intervals import IntervalCover

_ACCURACY = 1e-4

Terms = list[tuple[int, float]]


class Relaxation:
    """Writes the programme, solves it, and returns the worths of the need."""

    def __init__(self, core: Core, cover: IntervalCover) -> None:
        self.core, self.cover = core, cover
        self.cost: list[float] = []
        self.top: list[float] = []
        self.rows: list[int] = []
        self.columns: list[int] = []
        self.values: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.kinds = self._kinds()
        self.working: dict[tuple[int, int, int], int] = {}
        self.present: dict[tuple[int, int], Terms] = defaultdict(list)
        self.need: dict[tuple[int, int], int] = {}
        for kind, people in enumerate(self.kinds):
            self._work(kind, people)
            self._hours(kind, people)
        for group in range(len(cover.serves)):
            self._presence(group)
        self._needs()

    def _kinds(self) -> list[list[int]]:
        """Return the people who serve, those alike together."""
        found: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for person in range(self.core.people):
            if self.cover.groups[person] >= 0:
                limits = self.core.limits[person]
                duties = np.isfinite(self.core.costs[person]).any(axis=0).tobytes()
                longest = max(limits.week_max, default=0), limits.max_minutes is None
                found[int(self.cover.groups[person]), duties, longest].append(person)
        return list(found.values())

    def _variable(self, cost: float = 0.0, top: float = np.inf) -> int:
        self.cost.append(cost)
        self.top.append(top)
        return len(self.cost) - 1

    def _row(self, terms: Terms, low: float, high: float) -> int:
        row = len(self.low)
        self.rows.extend([row] * len(terms))
        self.columns.extend(column for column, _value in terms)
        self.values.extend(value for _column, value in terms)
        self.low.append(low)
        self.high.append(high)
        return row

    def _work(self, kind: int, people: list[int]) -> None:
        """Write who works what, at most one duty a day."""
        costs = self.core.costs[people]
        allowed = np.isfinite(costs)
        mean = np.where(allowed, costs, 0.0).sum(axis=0) / np.maximum(allowed.sum(axis=0), 1)
        for day in range(self.cover.days):
            here = []
            for duty in np.flatnonzero(allowed[:, day].any(axis=0)).tolist():
                count = float(allowed[:, day, duty].sum())
                self.working[kind, day, duty] = self._variable(float(mean[day, duty]), count)
                here.append((self.working[kind, day, duty], 1.0))
            if here:
                self._row(here, -np.inf, float(allowed[:, day].any(axis=1).sum()))

    def _hours(self, kind: int, people: list[int]) -> None:
        """Write the hours of each week and of the horizon that these people have together."""
        limits = [self.core.limits[person] for person in people]
        calendar, hours = self.core.calendar, self.core.minutes / 60
        every: Terms = []
        for week in range(int(calendar.week[-1]) + 1):
            terms = [
                (self.working[kind, day, duty], float(hours[duty]))
                for day in np.flatnonzero(calendar.week == week).tolist()
                for duty in range(len(hours))
                if (kind, day, duty) in self.working
            ]
            every += terms
            most = sum(one.week_max[week] if one.week_max else np.inf for one in limits)
            least = sum(one.week_min[week] if one.week_min else 0 for one in limits)
            self._row(terms, least / 60, most / 60)
        most = sum(np.inf if one.max_minutes is None else one.max_minutes for one in limits)
        self._row(every, sum(one.min_minutes for one in limits) / 60, most / 60)
        weekends = sum(calendar.days if one.max_weekends is None else one.max_weekends for one in limits)
        for weekday in (5, 6):
            days = set(np.flatnonzero(calendar.weekday == weekday).tolist())
            terms = [(self.working[key], 1.0) for key in self.working if key[0] == kind and key[1] in days]
            self._row(terms, -np.inf, float(weekends))

    def _presence(self, group: int) -> None:
        """Write when the people of a group are there: their duties less breaks, which may be split over places."""
        slots, end = self.cover.slots, self.cover.days * self.cover.slots
        kinds = [kind for kind, people in enumerate(self.kinds) if self.cover.groups[people[0]] == group]
        for day in range(self.cover.days):
            for duty in range(len(self.cover.starts)):
                terms = [(self.working[kind, day, duty], 1.0) for kind in kinds if (kind, day, duty) in self.working]
                if not terms:
                    continue
                begin = day * slots + int(self.cover.starts[duty])
                for slot in range(begin, min(begin + int(self.cover.lengths[duty]), end)):
                    self.present[group, slot] += terms
                self._breaks(group, duty, begin, terms)

    def _breaks(self, group: int, duty: int, begin: int, terms: Terms) -> None:
        end, interval = self.cover.days * self.cover.slots, self.cover.interval
        for one in self.cover.breaks[duty]:
            places = []
            for place in range(one.earliest // interval, one.latest // interval + 1):
                variable = self._variable()
                places.append((variable, 1.0))
                first = begin + place
                for slot in range(first, min(first + one.minutes // interval, end)):
                    self.present[group, slot].append((variable, -1.0))
            self._row(places + [(column, -value) for column, value in terms], 0.0, 0.0)

    def _needs(self) -> None:
        """Write how presence is shared out over the queues, and what is missing."""
        served: dict[tuple[int, int], Terms] = defaultdict(list)
        for (group, slot), terms in self.present.items():
            shares = []
            for queue in np.flatnonzero(self.cover.serves[group]).tolist():
                if self.cover.required[queue, slot] > 0:
                    variable = self._variable()
                    shares.append((variable, -1.0))
                    served[queue, slot].append((variable, 1.0))
            if shares:
                self._row(terms + shares, 0.0, np.inf)
        for queue, slot in zip(*np.nonzero(self.cover.required), strict=True):
            missing = self._variable(float(self.cover.under[queue]))
            wanted = float(self.cover.required[queue, slot])
            self.need[int(queue), int(slot)] = self._row([*served[queue, slot], (missing, 1.0)], wanted, np.inf)

    def worths(self, seconds: float) -> Reals:
        """Return what one agent more is worth per queue and interval, as far as `seconds` bring it."""
        from ortools.pdlp import solvers_pb2
        from ortools.pdlp.python import pdlp
        from scipy import sparse

        programme: Any = pdlp.QuadraticProgram()
        shape = (len(self.low), len(self.cost))
        programme.constraint_matrix = sparse.csc_matrix((self.values, (self.rows, self.columns)), shape=shape)
        programme.objective_vector = np.array(self.cost)
        programme.constraint_lower_bounds, programme.constraint_upper_bounds = np.array(self.low), np.array(self.high)
        programme.variable_lower_bounds, programme.variable_upper_bounds = np.zeros(shape[1]), np.array(self.top)
        how: Any = solvers_pb2.PrimalDualHybridGradientParams()
        how.termination_criteria.time_sec_limit = seconds
        how.termination_criteria.simple_optimality_criteria.eps_optimal_relative = _ACCURACY
        how.termination_criteria.simple_optimality_criteria.eps_optimal_absolute = _ACCURACY
        found = pdlp.primal_dual_hybrid_gradient(programme, how)
        worth = np.zeros_like(self.cover.required)
        for (queue, slot), row in self.need.items():
            worth[queue, slot] = found.dual_solution[row]
        return worth
