"""A roster that follows a relaxation: everybody gets the pattern that brings the team nearest to its shares.

Two steps make a good roster that neither makes alone: the relaxation sees the whole team but splits people, the
pattern solver keeps every rule but sees one person at a time.
"""

import random

import numpy as np

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, Reals, Roster
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.pricing import Pricer
from ccops.wfm.roster.relax import Relaxed

_DAYS = (5.0, 10.0, 20.0, 20.0)
"""Price of the squared distance from how many of a kind should work on a day, by round: wishes come first …"""
_ASTRAY = 200.0
"""Cost of leaving a person's plan of days."""
_DUTIES = 4.0
"""… and from how many should work a duty."""


def guided(
    core: Core, cover: IntervalCover, relaxed: Relaxed, plan: Roster | None, control: Control, seed: int
) -> Roster:
    """Return a roster near the relaxation, on the days of a plan if there is one; who has no pattern is left free."""
    return _Guide(core, cover, relaxed, control, seed).run(plan)


class _Guide:
    def __init__(self, core: Core, cover: IntervalCover, relaxed: Relaxed, control: Control, seed: int) -> None:
        self.core, self.relaxed, self.control = core, relaxed, control
        self.costs: Reals = core.costs + cover.prices_of(relaxed.worth)
        self.pricer = Pricer(core, control)
        self.luck = random.Random(seed)  # noqa: S311 - not for secrets
        self.roster: Roster = np.full((core.people, core.calendar.days), OFF, np.int16)
        self.price = 0.0
        self.counts: Reals = np.zeros_like(relaxed.working)

    def run(self, plan: Roster | None) -> Roster:
        steps = [(kind, person) for kind, people in enumerate(self.relaxed.kinds) for person in people]
        if plan is None:
            self._by_kind(steps)
            return self.roster
        # The plan of days knows neither rest nor counts of shifts: a pattern near it keeps them.
        self.price = 0.0
        self.costs = self.costs + np.where(plan == OFF, _ASTRAY, -_ASTRAY)[:, :, None]
        for kind, person in steps:
            self._give(kind, person)
            self._count(kind, person, 1.0)
        return self.roster

    def _by_kind(self, steps: list[tuple[int, int]]) -> None:
        for self.price in _DAYS:
            self.luck.shuffle(steps)
            for kind, person in steps:
                self._count(kind, person, -1.0)
                self._give(kind, person)
                self._count(kind, person, 1.0)

    def _give(self, kind: int, person: int) -> None:
        costs = self.costs[person] + self._marginal(kind)
        found = self.pricer.best(np.array([person]), costs[None], self.core.off_costs[[person]])[0]
        if found.duties is not None:
            self.roster[person] = found.duties

    def _marginal(self, kind: int) -> Reals:
        """Return what one more duty adds to the distance (days × duties)."""
        off = self.counts[kind] - self.relaxed.working[kind]
        price: Reals = self.price * (2 * off.sum(axis=1, keepdims=True) + 1) + _DUTIES * (2 * off + 1)
        return price

    def _count(self, kind: int, person: int, sign: float) -> None:
        days = np.flatnonzero(self.roster[person] != OFF)
        self.counts[kind, days, self.roster[person, days]] += sign
