"""Better rosters for needs per interval: a relaxation to follow, then days and pairs of days solved exactly.

The relaxation of the weeks is solved on one core while the first roster is improved person by person on the other.
It proves a bound and guides a plan of who works on which day (`daymoves`), and that a second roster. From then on days
are solved for everybody at once, one programme per core; now and then a few people are put back in another order.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from ccops.wfm.roster.core import Core, Reals, Roster
from ccops.wfm.roster.daycrew import DayCrew, Part
from ccops.wfm.roster.daymoves import DayMoves
from ccops.wfm.roster.dayplan import day_plan
from ccops.wfm.roster.descent import Descent
from ccops.wfm.roster.guide import guided
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.lagrange import Lagrange
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.parallel import beside
from ccops.wfm.roster.relax import Relaxed, relax
from ccops.wfm.roster.rules import breaches, fitting
from ccops.wfm.roster.totals import Totals

_RELAX_SHARE = 0.3
_PLAN_SHARE = 0.35
_PROVE_SHARE = 0.5
_TURN = 0.03
_LATE = 0.75
_DESCENT_SHARE = 0.05
_BY_DAYS = 0.97
_PAIRS = 0.7
_DAY_SECONDS = 3.0
_AGAIN_SECONDS = 6.0
_SHAKE_UNITS = 4_000_000
_TRIES = 12
_REACH = 6
_RETIMED = 3


class IntervalSearch:
    """Improves the roster of a descent until the control says stop."""

    def __init__(self, core: Core, cover: IntervalCover, descent: Descent, offer: Callable[[], bool]) -> None:
        """`offer` is called whenever the descent's roster may be the best so far."""
        self.core, self.cover, self.descent, self.offer = core, cover, descent, offer
        self.control, self.luck = descent.control, descent.luck
        self.lagrange = Lagrange(core, cover, self.control)
        self.crew = DayCrew(core, cover, descent, offer)
        self.vain: set[Part] = set()

    def run(self) -> None:
        """Run all phases."""
        relaxed = self._relaxed()
        if self.control.over:
            return
        self.control.phase = "plan"
        totals = Totals(self.core, self.cover, relaxed, self.control)
        plan = self._plan(relaxed, totals)
        if self._ended():
            return
        self.control.phase = "days"
        first, cost = self.descent.state(), self.descent.cost
        self.descent.adopt(self._guided(totals, relaxed, plan))
        self._retime()
        bounds = self._bounds(totals, relaxed)
        self._every_day(totals, bounds)
        if self.descent.cost > cost:
            self.descent.restore(first)
            self._every_day(totals, bounds)
        self.control.phase = "improve"
        self._improve(totals, bounds)

    def _relaxed(self) -> Relaxed:
        """Solve the relaxation beside the descent (before it in a deterministic run)."""
        step = partial(relax, self.core, self.cover, self.control, _RELAX_SHARE * self.control.left)
        return beside(step, self._descend, alone=self.control.deterministic)[0]

    def _descend(self, enough: Callable[[], bool]) -> None:
        until = self.control.used + _DESCENT_SHARE * self.control.left
        if self.control.deterministic:
            self.descent.descend(lambda: self.control.used > until)
        else:
            self.descent.descend(enough)
        self.offer()

    def _plan(self, relaxed: Relaxed, totals: Totals) -> Roster | None:
        """Return who works on which day; a first bound is proved meanwhile."""
        step = partial(self._bound, relaxed)
        return beside(step, lambda _done: self._moved(relaxed, totals), alone=self.control.deterministic)[1]

    def _moved(self, relaxed: Relaxed, totals: Totals) -> Roster | None:
        prices = self.core.costs + self.cover.prices_of(relaxed.worth)
        control = self.control.part(_PLAN_SHARE * self.control.left)
        plan = day_plan(self.core, prices, relaxed, control, control.left / 2, 1)
        return None if plan is None or control.over else DayMoves(self.core, totals, plan).run(lambda: control.over)

    def _bound(self, relaxed: Relaxed) -> None:
        """Prove a first bound."""
        worth = np.clip(relaxed.worth, 0.0, self.cover.under[:, None])
        self.control.raise_bound(self.lagrange.evaluate(worth)[0])

    def _bounds(self, totals: Totals, relaxed: Relaxed) -> Iterator[float]:
        """Yield better bounds, from whole totals and from whole patterns by turns: either may be far the better one."""
        until = self.control.used + _PROVE_SHARE * self.control.left
        ways = [
            totals.prove(lambda: self.control.over),
            self.lagrange.climb(relaxed.worth, lambda: self.control.penalty),
        ]
        while ways and not self.control.over and self.control.used < until:
            for way in list(ways):
                begin = self.control.used
                for bound in way:
                    yield bound
                    if self.control.used - begin > _TURN * self.control.limit:
                        break
                else:
                    ways.remove(way)

    def _guided(self, totals: Totals, relaxed: Relaxed, plan: Roster | None) -> Roster:
        """Return a roster that follows the relaxation, and the plan of days if there is one."""
        if plan is not None:
            relaxed = totals.relaxed_at(plan)
        return guided(self.core, self.cover, relaxed, plan, self.control, self.luck.randrange(1 << 30))

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

    def _every_day(self, totals: Totals, bounds: Iterator[float]) -> None:
        """Solve each day once, first those that lose most; where time becomes short, prove a better bound meanwhile."""
        if self.control.over:
            return
        losses = self._losses(totals)
        waiting = sorted(range(self.cover.days), key=lambda day: -losses[day])

        def choose(busy: list[Part]) -> Part | None:
            for day in waiting:
                if not _touches((day,), busy):
                    waiting.remove(day)
                    return (day,)
            return None

        late = math.inf if self.control.deterministic else _LATE * self.control.limit
        self.crew.work(choose, _DAY_SECONDS, bounds=bounds, after=late)

    def _improve(self, totals: Totals, bounds: Iterator[float]) -> None:
        """Solve days and pairs of days again until time is over or nothing is left; prove a better bound meanwhile."""
        if self.control.deterministic:
            for bound in bounds:
                self.control.raise_bound(bound)
        while not self._ended():
            self.crew.work(lambda busy: self._part(totals, busy), _AGAIN_SECONDS, self._note, bounds)
            if not self._ended():
                self._shake(self.luck.randint(1, 4))

    def _shake(self, size: int) -> None:
        """Put a few people back in another order."""
        self.control.spend(_SHAKE_UNITS * size)
        if self.descent.shake(size):
            self.vain.clear()
            self.offer()

    def _ended(self) -> bool:
        return self.control.over or self.descent.cost <= self.control.bound + 1e-6

    def _note(self, part: Part, better: bool) -> None:
        """Remember which parts gave nothing; what gave something makes others worth another look."""
        if better:
            self.vain = {other for other in self.vain if not set(other) & set(part)}
        else:
            self.vain.add(part)

    def _losses(self, totals: Totals) -> Reals:
        """Return by how much each day costs more than it would if shifts and breaks could be split (and at least 1)."""
        slots, days, roster = self.cover.slots, self.cover.days, self.descent.roster
        short = self.cover.costs(self.descent.counts)[: days * slots].reshape(days, slots).sum(axis=1)
        worked = np.take_along_axis(self.core.costs, np.maximum(roster, 0)[:, :, None], axis=2)[:, :, 0]
        own = np.where(roster == OFF, self.core.off_costs, worked)[self.cover.groups >= 0].sum(axis=0)
        # Rounded, so that the last digits of a programme never decide what a deterministic run does.
        found: Reals = np.round(np.maximum(short + own - totals.least(roster), 0.0)) + 1.0
        return found

    def _part(self, totals: Totals, busy: list[Part]) -> Part | None:
        """Return a day, or two near each other, that lose much and are worth another look; none that touches `busy`.

        What was solved in vain is left out until something changes on one of its days.
        """
        if self._ended() or self.luck.random() > _BY_DAYS:
            return None
        losses, days = self._losses(totals), self.cover.days
        for _try in range(_TRIES):
            first = self.luck.choices(range(days), weights=losses.tolist())[0]
            near = [day for day in range(max(0, first - _REACH), min(days, first + _REACH + 1)) if abs(day - first) > 1]
            part: Part = (first,)
            if near and (part in self.vain or self.luck.random() < _PAIRS):
                other = self.luck.choices(near, weights=[float(losses[day]) for day in near])[0]
                part = (min(first, other), max(first, other))
            if part not in self.vain and not _touches(part, busy):
                return part
        return None


def _touches(part: Part, busy: list[Part]) -> bool:
    """Say whether a day of the part is one of those under way, or next to it."""
    return any(abs(day - other) <= 1 for day in part for taken in busy for other in taken)
