"""Better rosters for needs per interval: a relaxation to follow, then days and pairs of days solved exactly.

The relaxation of the weeks is solved on one core while the first roster is improved person by person on the other.
It proves a bound and guides a second roster. From then on days are solved for everybody at once, two programmes at a
time; between them a few people are thrown out and put back in another order.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from ccops.wfm.roster.core import Breaks, Core, Reals, Roster
from ccops.wfm.roster.daymodel import Change, DayModel
from ccops.wfm.roster.descent import Descent
from ccops.wfm.roster.guide import guided
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.lagrange import Lagrange
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.parallel import CORES, beside, in_parallel
from ccops.wfm.roster.relax import Relaxed, relax
from ccops.wfm.roster.rules import breaches, fitting
from ccops.wfm.roster.totals import Totals

_RELAX_SHARE = 0.3
_LAGRANGE_SHARE = 0.05
_LAGRANGE_ROUNDS = 3
_TOTALS_SHARE = 0.35
_BY_DAYS = 0.9
_PAIRS = 0.7
_DAY_SECONDS = 2.5
_AGAIN_SECONDS = 4.0
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
        self.vain: set[tuple[int, ...]] = set()

    def run(self) -> None:
        """Run all phases."""
        relaxed = self._relaxed()
        self.control.phase = "bound"
        totals = Totals(self.core, self.cover, relaxed, self.control)
        relaxed = self._in_whole_people(totals, relaxed)
        self.control.phase = "guide"
        first, cost = self.descent.state(), self.descent.cost
        self.descent.adopt(self._guided(totals, relaxed))
        self._retime()
        self._every_day()
        if self.descent.cost > cost:
            self.descent.restore(first)
            self._every_day()
        self.control.phase = "improve"
        while not self.control.over and not self._proved():
            parts = self._parts(totals) if self.luck.random() < _BY_DAYS else []
            if parts:
                self._again(parts)
            else:
                self.descent.shake(self.luck.randint(1, 4))
            self.offer()

    def _proved(self) -> bool:
        return self.descent.cost <= self.control.bound + 1e-6

    def _relaxed(self) -> Relaxed:
        """Solve the relaxation beside the descent (before it in a deterministic run)."""
        step = partial(relax, self.core, self.cover, self.control, _RELAX_SHARE * self.control.left)
        return beside(step, self._descend, alone=self.control.deterministic)[0]

    def _descend(self, enough: Callable[[], bool]) -> None:
        self.descent.descend(enough)
        self.offer()

    def _in_whole_people(self, totals: Totals, relaxed: Relaxed) -> Relaxed:
        """Return the relaxation with whole totals, and prove a first bound meanwhile."""
        step = partial(totals.run, _TOTALS_SHARE * self.control.left)
        return beside(step, lambda _done: self._bound(relaxed), alone=self.control.deterministic)[0]

    def _bound(self, relaxed: Relaxed) -> None:
        lagrange = Lagrange(self.core, self.cover, self.control.part(_LAGRANGE_SHARE * self.control.left))
        lagrange.climb(relaxed.worth, _LAGRANGE_ROUNDS)
        self.control.raise_bound(lagrange.control.bound)

    def _guided(self, totals: Totals, relaxed: Relaxed) -> Roster:
        """Return a roster that follows the relaxation; what the totals prove is found meanwhile."""
        seed = self.luck.randrange(1 << 30)
        bound, roster = beside(
            totals.bound,
            lambda _done: guided(self.core, self.cover, relaxed, self.control, seed),
            alone=self.control.deterministic,
        )
        self.control.raise_bound(bound)
        return roster

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
                self._solve([(day,) for day in pair], _DAY_SECONDS)
                self.offer()

    def _losses(self, totals: Totals) -> Reals:
        """Return by how much each day costs more than it would if shifts and breaks could be split (and at least 1)."""
        slots, days, roster = self.cover.slots, self.cover.days, self.descent.roster
        short = self.cover.costs(self.descent.counts)[: days * slots].reshape(days, slots).sum(axis=1)
        worked = np.take_along_axis(self.core.costs, np.maximum(roster, 0)[:, :, None], axis=2)[:, :, 0]
        own = np.where(roster == OFF, self.core.off_costs, worked)[self.cover.groups >= 0].sum(axis=0)
        found: Reals = np.maximum(short + own - totals.least(roster), 0.0) + 1.0
        return found

    def _parts(self, totals: Totals) -> list[tuple[int, ...]]:
        """Return days, or pairs of days near each other, that lose much and are worth another look; parts do not touch.

        What was solved in vain is left out until something changes on one of its days.
        """
        losses, days = self._losses(totals), self.cover.days
        chosen: list[tuple[int, ...]] = []
        for _try in range(CORES * 4):
            first = self.luck.choices(range(days), weights=losses.tolist())[0]
            near = [day for day in range(max(0, first - _REACH), min(days, first + _REACH + 1)) if abs(day - first) > 1]
            part: tuple[int, ...] = (first,)
            if near and (part in self.vain or self.luck.random() < _PAIRS):
                other = self.luck.choices(near, weights=[float(losses[day]) for day in near])[0]
                part = (min(first, other), max(first, other))
            taken = {day for other_part in chosen for day in other_part}
            if part not in self.vain and all(abs(day - other) > 1 for day in part for other in taken):
                chosen.append(part)
            if len(chosen) == CORES:
                break
        return chosen

    def _again(self, parts: list[tuple[int, ...]]) -> None:
        """Solve parts and note which of them gave nothing."""
        for part in parts:
            self.vain.add(part)
        for changed in self._solve(parts, _AGAIN_SECONDS):
            self.vain = {part for part in self.vain if not set(part) & set(changed)}

    def _solve(self, parts: list[tuple[int, ...]], most: float) -> list[tuple[int, ...]]:
        """Solve some parts side by side and make the changes that hold; return the parts that cost less now."""
        breaks = [self._breaks(person) for person in range(self.core.people)]
        models = [DayModel(self.core, self.cover, self.descent.roster, breaks, days) for days in parts]
        seconds = None if self.control.deterministic else min(most, self.control.left)
        steps = [partial(model.solve, seconds, _GAP) for model in models]
        changes = in_parallel(steps, alone=self.control.deterministic)
        self.control.spend(_DAY_UNITS * sum(len(days) for days in parts))
        return [change.days for change in changes if change is not None and self._apply(change)]

    def _breaks(self, person: int) -> Breaks:
        placed = self.descent.presence[person].breaks
        most = max((len(breaks) for breaks in self.cover.breaks), default=0)
        return np.full((self.cover.days, most), -1, np.int16) if placed is None else placed

    def _apply(self, change: Change) -> bool:
        """Make a change of some days if no rule speaks against it and it is not worse; say whether the penalty fell."""
        descent, days = self.descent, list(change.days)
        before, state = descent.cost, descent.state()
        for person, duties in change.duties.items():
            pattern = descent.roster[person].copy()
            pattern[days] = duties
            moved = bool((pattern != descent.roster[person]).any())
            if moved and breaches(self.core, person, pattern):
                descent.restore(state)
                return False
            breaks = self._breaks(person).copy()
            breaks[days] = change.breaks[person]
            descent.replace(person, pattern, self.cover.presence_with(person, pattern, breaks))
        if descent.cost > before + 1e-9:
            descent.restore(state)
        return descent.cost < before - 1e-6
