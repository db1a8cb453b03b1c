"""Better rosters for needs per interval: a relaxation to follow, then days and pairs of days solved exactly.

The relaxation of the weeks is solved on one core while the first roster is improved person by person on the other.
It proves a bound and guides a second roster. From then on days are solved for everybody at once, two programmes at a
time; between them a few people are thrown out and put back in another order.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from ccops.wfm.roster.core import Breaks, Core
from ccops.wfm.roster.daymodel import Change, DayModel
from ccops.wfm.roster.descent import Descent
from ccops.wfm.roster.guide import guided
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.lagrange import Lagrange
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.parallel import CORES, in_parallel
from ccops.wfm.roster.relax import Relaxed, relax
from ccops.wfm.roster.rules import breaches, fitting
from ccops.wfm.roster.totals import Totals

_RELAX_SHARE = 0.3
_LAGRANGE_SHARE = 0.05
_LAGRANGE_ROUNDS = 6
_TOTALS_SHARE = 0.2
_PAIRS = 0.85
_DAY_SECONDS = 2.5
_DAY_UNITS = 100_000_000
_GAP = 0.002
_REACH = 6
_RETIMED = 3


class IntervalSearch:
    """Improves the roster of a descent until the control says stop."""

    def __init__(self, core: Core, cover: IntervalCover, descent: Descent, offer: Callable[[], bool]) -> None:
        """`offer` is called whenever the descent's roster may be the best so far."""
        self.core, self.cover, self.descent, self.offer = core, cover, descent, offer
        self.control, self.luck = descent.control, descent.luck

    def run(self) -> None:
        """Run all phases."""
        relaxed = self._relaxed()
        self.control.phase = "bound"
        self._bound(relaxed)
        self.control.phase = "guide"
        totals = Totals(self.core, self.cover, relaxed, self.control)
        relaxed = totals.run(_TOTALS_SHARE * self.control.left)
        self.control.raise_bound(totals.bound)
        first, cost = self.descent.state(), self.descent.cost
        self.descent.adopt(guided(self.core, self.cover, relaxed, self.control, self.luck.randrange(1 << 30)))
        self._retime()
        self._every_day()
        if self.descent.cost > cost:
            self.descent.restore(first)
            self._every_day()
        self.control.phase = "improve"
        while not self.control.over and not self._proved():
            if self.luck.random() < _PAIRS:
                self._solve(self._pairs())
            else:
                self.descent.shake(self.luck.randint(1, 4))
            self.offer()

    def _proved(self) -> bool:
        return self.descent.cost <= self.control.bound + 1e-6

    def _relaxed(self) -> Relaxed:
        """Solve the relaxation beside the descent (before it in a deterministic run)."""
        step = partial(relax, self.core, self.cover, self.control, _RELAX_SHARE * self.control.left)
        if self.control.deterministic or CORES == 1:
            relaxed = step()
            self._descend()
            return relaxed
        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(step)
            self._descend(job.done)
            return job.result()

    def _descend(self, enough: Callable[[], bool] = lambda: False) -> None:
        self.descent.descend(enough)
        self.offer()

    def _bound(self, relaxed: Relaxed) -> None:
        lagrange = Lagrange(self.core, self.cover, self.control.part(_LAGRANGE_SHARE * self.control.left))
        lagrange.climb(relaxed.worth, _LAGRANGE_ROUNDS)
        self.control.raise_bound(lagrange.control.bound)

    # --- days ---

    def _retime(self) -> None:
        """Move everybody's shifts within the days they work to where they help most: quick, and keeps the days."""
        people = [person for person in range(self.core.people) if self.cover.groups[person] >= 0]
        for _round in range(_RETIMED):
            self.luck.shuffle(people)
            for person in people:
                if not self.control.over:
                    self._retime_one(person)

    def _retime_one(self, person: int) -> None:
        descent, before = self.descent, self.descent.cost
        old, presence = descent.roster[person].copy(), descent.presence[person]
        descent.take(person)
        prices = self.core.costs[person] + self.cover.marginal(descent.counts, person, 0, self.cover.days)
        pattern = old.copy()
        for day in np.flatnonzero(old != OFF).tolist():
            allowed = fitting(self.core, person, pattern, day) & (self.core.minutes == self.core.minutes[old[day]])
            if allowed.any():
                pattern[day] = int(np.where(allowed, prices[day], np.inf).argmin())
        descent.put(person, pattern)
        if descent.cost > before or breaches(self.core, person, pattern):
            descent.replace(person, old, presence)

    def _every_day(self) -> None:
        """Solve each day once, two far from each other at a time."""
        order = list(range(self.cover.days))
        half = -(-len(order) // 2)
        pairs = [order[place::half] for place in range(half)]
        self.luck.shuffle(pairs)
        for pair in pairs:
            if not self.control.over:
                self._solve([(day,) for day in pair])
                self.offer()

    def _pairs(self) -> list[tuple[int, ...]]:
        """Return pairs of days worth solving together, by what they cost; different pairs do not touch."""
        slots, days = self.cover.slots, self.cover.days
        costs = self.cover.costs(self.descent.counts)[: days * slots].reshape(days, slots).sum(axis=1) + 1.0
        chosen: list[tuple[int, ...]] = []
        for _try in range(CORES * 4):
            first = self.luck.choices(range(days), weights=costs.tolist())[0]
            near = [day for day in range(max(0, first - _REACH), min(days, first + _REACH + 1)) if abs(day - first) > 1]
            pair = tuple(sorted({first, self.luck.choice(near)})) if near else (first,)
            taken = {day for other in chosen for day in other}
            if all(abs(day - other) > 1 for day in pair for other in taken):
                chosen.append(pair)
            if len(chosen) == CORES:
                break
        return chosen

    def _solve(self, parts: list[tuple[int, ...]]) -> None:
        """Solve some parts side by side and make the changes that hold."""
        breaks = [self._breaks(person) for person in range(self.core.people)]
        models = [DayModel(self.core, self.cover, self.descent.roster, breaks, days) for days in parts]
        seconds = None if self.control.deterministic else min(_DAY_SECONDS, self.control.left)
        steps = [partial(model.solve, seconds, _GAP) for model in models]
        changes = in_parallel(steps, alone=self.control.deterministic)
        self.control.spend(_DAY_UNITS * sum(len(days) for days in parts))
        for change in changes:
            if change is not None:
                self._apply(change)

    def _breaks(self, person: int) -> Breaks:
        placed = self.descent.presence[person].breaks
        most = max((len(breaks) for breaks in self.cover.breaks), default=0)
        return np.full((self.cover.days, most), -1, np.int16) if placed is None else placed

    def _apply(self, change: Change) -> None:
        """Make a change of some days if no rule speaks against it and it is not worse."""
        descent, days = self.descent, list(change.days)
        before, state = descent.cost, descent.state()
        for person, duties in change.duties.items():
            pattern = descent.roster[person].copy()
            pattern[days] = duties
            moved = bool((pattern != descent.roster[person]).any())
            if moved and breaches(self.core, person, pattern):
                descent.restore(state)
                return
            breaks = self._breaks(person).copy()
            breaks[days] = change.breaks[person]
            descent.replace(person, pattern, self.cover.presence_with(person, pattern, breaks))
        if descent.cost > before + 1e-9:
            descent.restore(state)
