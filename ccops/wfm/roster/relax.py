"""The roster problem of a week without whole people: how many of each kind work what on which day, as shares.

People of like skills, contract and shifts are counted together, may be split, and take breaks in shares; runs and
rest are left out, limits of the horizon are shared out over its weeks. What the programme finds an agent worth in each
interval of each queue is made a bound that holds exactly (`lagrange`); how many of each kind work what guides the
first roster (`guide`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, Reals
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.parallel import CORES, in_parallel
from ccops.wfm.roster.programme import Programme, Terms

_MOST_DUTIES = 40
"""Where there are more, only some are written: the bound holds whatever the worths are."""
_LACK = 1000.0
"""Cost of an hour below the least: it only keeps the programme solvable."""
_UNITS = 10_000
"""Work units per variable."""


@dataclass(frozen=True, slots=True)
class Relaxed:
    """What the weeks' programmes found."""

    worth: Reals
    """Queues × intervals of the horizon: what one agent more is worth."""
    kinds: list[list[int]]
    """People, those alike together."""
    working: Reals
    """Kinds × days × duties: how many work."""


def relax(core: Core, cover: IntervalCover, control: Control, seconds: float) -> Relaxed:
    """Solve every week; a week that takes too long is worth nothing and guides nobody."""
    kinds = kinds_of(core, cover)
    weeks = range(int(core.calendar.week[-1]) + 1)
    programmes = [
        WeekProgramme(core, cover, kinds, np.flatnonzero(core.calendar.week == week).tolist()) for week in weeks
    ]
    share = None if control.deterministic else CORES * seconds / len(programmes)
    optima = in_parallel(
        [partial(one.programme.relaxed, share) for one in programmes],
    )
    found = Relaxed(np.zeros_like(cover.required), kinds, np.zeros((len(kinds), cover.days, len(cover.starts))))
    for week, optimum in zip(programmes, optima, strict=True):
        control.spend(_UNITS * len(week.programme.cost))
        if optimum is None:
            continue
        for (queue, slot), row in week.need.items():
            found.worth[queue, slot] = optimum.worths[row]
        for key, variables in week.working.items():
            found.working[key] = sum(float(optimum.variables[variable]) for variable in variables)
    return found


def kinds_of(core: Core, cover: IntervalCover) -> list[list[int]]:
    """Return the people who serve, those of like skills, shifts and hours together."""
    found: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for person in range(core.people):
        if cover.groups[person] >= 0:
            limits = core.limits[person]
            duties = np.isfinite(core.costs[person]).any(axis=0).tobytes()
            hours = max(limits.week_max, default=0), limits.max_minutes is None
            found[int(cover.groups[person]), duties, hours].append(person)
    return list(found.values())


class WeekProgramme:
    """The programme of some days that lie in one week; `linked` writes the limits that go over several days."""

    def __init__(
        self, core: Core, cover: IntervalCover, kinds: list[list[int]], days: list[int], *, linked: bool = True
    ) -> None:
        self.core, self.cover, self.days, self.duties = core, cover, days, _some(cover)
        self.programme = Programme()
        self.working: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        self.present: dict[tuple[int, int], Terms] = defaultdict(list)
        self.need: dict[tuple[int, int], int] = {}
        for kind, people in enumerate(kinds):
            for day in days:
                self._work(kind, people, day)
            if linked:
                self._hours(kind, people)
                self._weekend(kind, people)
                self._counted(kind, people)
        for group in range(len(cover.serves)):
            self._presence(group, [kind for kind, people in enumerate(kinds) if cover.groups[people[0]] == group])
        self._needs()

    def _work(self, kind: int, people: list[int], day: int) -> None:
        """Write who works what, at most one duty a day; those whom it costs the same are one variable.

        Who cannot work that day is left out, so that nobody else's day off is counted as theirs.
        """
        able = np.isfinite(self.core.costs[people, day]).any(axis=1)
        costs, off_costs = self.core.costs[people, day][able], self.core.off_costs[people, day]
        every: Terms = []
        for duty in self.duties:
            for cost, count in _tiers(costs[:, duty]):
                variable = self.programme.variable(cost, count)
                self.working[kind, day, duty].append(variable)
                every.append((variable, 1.0))
        every += [(self.programme.variable(cost, count), 1.0) for cost, count in _tiers(off_costs[able])]
        self.programme.row(every, float(able.sum()), float(able.sum()))
        away = off_costs[~able]
        self.programme.always(float(away[np.isfinite(away)].sum()))

    def _terms(self, kind: int, days: Iterable[int], duties: Iterable[int], weight: Reals | None = None) -> Terms:
        return [
            (variable, 1.0 if weight is None else float(weight[duty]))
            for day, duty in product(days, duties)
            for variable in self.working.get((kind, day, duty), ())
        ]

    def _hours(self, kind: int, people: list[int]) -> None:
        """Write the hours that these people have together; hours of the horizon by the week's share of them."""
        part, week = len(self.days) / self.cover.days, int(self.core.calendar.week[self.days[0]])
        most = sum(self._most(person, week, part) for person in people)
        limits = [self.core.limits[person] for person in people]
        least = sum(max(one.week_min[week] if one.week_min else 0, one.min_minutes * part) for one in limits)
        terms = self._terms(kind, self.days, self.duties, self.core.minutes / 60)
        self.programme.row(terms, -np.inf, most / 60)
        lack = self.programme.variable(_LACK)
        self.programme.row([*terms, (lack, 1.0)], least / 60, np.inf)

    def _most(self, person: int, week: int, part: float) -> float:
        """Return the most minutes of a person in the week: whole duties only, on days that are free for work."""
        limits, allowed = self.core.limits[person], np.isfinite(self.core.costs[person, self.days])
        minutes = self.core.minutes[allowed.any(axis=0)]
        if not len(minutes):
            return 0.0
        unit, days = int(np.gcd.reduce(minutes)), min(int(allowed.any(axis=1).sum()), limits.max_run + 1)
        most = float(days * minutes.max())
        if limits.week_max:
            most = min(most, limits.week_max[week] // unit * unit)
        return most if limits.max_minutes is None else min(most, limits.max_minutes * part)

    def _weekend(self, kind: int, people: list[int]) -> None:
        most = [self.core.limits[person].max_weekends for person in people]
        weekends = max(1, int((self.core.calendar.weekday == 5).sum()))
        share = sum(1.0 if one is None else min(1.0, one / weekends) for one in most)
        for day in self.days:
            if self.core.calendar.weekday[day] >= 5:
                self.programme.row(self._terms(kind, [day], self.duties), -np.inf, share)

    def _counted(self, kind: int, people: list[int]) -> None:
        """Write what unloved duties cost these people, each step of the price by the week's share."""
        part = len(people) * len(self.days) / self.cover.days
        for counter in self.core.limits[people[0]].counters:
            if not counter.price:
                continue
            days = [day for day in self.days if counter.days is None or day in counter.days]
            worked = self._terms(kind, days, [duty for duty in counter.duties if duty in self.duties])
            steps = np.diff(counter.price).tolist()
            tiers = [(self.programme.variable(max(0.0, step), part), -1.0) for step in steps]
            self.programme.row([*worked, *tiers], -np.inf, 0.0)

    def _presence(self, group: int, kinds: list[int]) -> None:
        """Write when the people of a group are there: their duties less breaks, which may be split over places."""
        slots, end = self.cover.slots, (self.days[-1] + 1) * self.cover.slots
        for day, duty in product(self.days, self.duties):
            terms = [term for kind in kinds for term in self._terms(kind, [day], [duty])]
            if not terms:
                continue
            begin = day * slots + int(self.cover.starts[duty])
            for slot in range(begin, min(begin + int(self.cover.lengths[duty]), end)):
                self.present[group, slot] += terms
            self._breaks(group, duty, begin, terms)

    def _breaks(self, group: int, duty: int, begin: int, terms: Terms) -> None:
        end, interval = (self.days[-1] + 1) * self.cover.slots, self.cover.interval
        for one in self.cover.breaks[duty]:
            places = []
            for place in range(one.earliest // interval, one.latest // interval + 1):
                variable = self.programme.variable()
                places.append((variable, 1.0))
                first = begin + place
                for slot in range(first, min(first + one.minutes // interval, end)):
                    self.present[group, slot].append((variable, -1.0))
            self.programme.row([*places, *((column, -value) for column, value in terms)], 0.0, 0.0)

    def _needs(self) -> None:
        """Write how presence is shared out over the queues, and what is missing."""
        served: dict[tuple[int, int], Terms] = defaultdict(list)
        for (group, slot), terms in self.present.items():
            shares = []
            for queue in np.flatnonzero(self.cover.serves[group]).tolist():
                if self.cover.required[queue, slot] > 0:
                    variable = self.programme.variable()
                    shares.append((variable, -1.0))
                    served[queue, slot].append((variable, 1.0))
            if shares:
                self.programme.row([*terms, *shares], 0.0, np.inf)
        for queue, slot in zip(*np.nonzero(self.cover.required), strict=True):
            if int(slot) // self.cover.slots in self.days:
                missing = self.programme.variable(float(self.cover.under[queue]))
                wanted = float(self.cover.required[queue, slot])
                terms = [*served[queue, slot], (missing, 1.0)]
                self.need[int(queue), int(slot)] = self.programme.row(terms, wanted, np.inf)


def _tiers(costs: Reals) -> Iterator[tuple[float, float]]:
    """Yield each cost that is possible, and how many people it applies to."""
    values, counts = np.unique(costs[np.isfinite(costs)], return_counts=True)
    yield from zip(values.tolist(), counts.astype(float).tolist(), strict=True)


def _some(cover: IntervalCover) -> list[int]:
    """Return the duties that are written: all, or some of every length where there are too many."""
    order = np.lexsort((cover.starts, cover.lengths))
    step = -(-len(order) // _MOST_DUTIES)
    return sorted(order[::step].tolist())
