"""A lower bound for cover by interval: what each agent is worth per queue and interval, and what patterns cost then.

For worths between 0 and the cost of a missing agent, the need's worth plus each person's cheapest pattern under these
worths is below every roster's penalty (Lagrange). A person serves in each interval the queue that is worth most, and
takes breaks where least is lost.
"""

import math

import numpy as np

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, Reals, Roster
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.pricing import Pricer

_SINGLE = 1e-6
_STEP = 0.3
_TARGET = 0.02
_PATIENCE = 4


class Lagrange:
    """Evaluates worths and improves them a little."""

    def __init__(self, core: Core, cover: IntervalCover, control: Control) -> None:
        self.core, self.cover, self.control = core, cover, control
        self.pricer = Pricer(core, control)

    def evaluate(self, worth: Reals) -> tuple[float, Reals]:
        """Return the bound at these worths (queues × intervals) and the subgradient: need less what patterns give."""
        groups, people = self.cover.group_worth(worth), np.arange(self.core.people)
        answers = self.pricer.best(people, self.core.costs + self.cover.prices_of(worth), self.core.off_costs)
        value = self.core.constant + float((self.cover.required * worth).sum())
        left, size = self.cover.required.copy(), abs(value)
        for person, answer in enumerate(answers):
            if answer.duties is None:
                return -math.inf, left
            value += answer.cost
            size += abs(answer.cost)
            if self.cover.groups[person] >= 0:
                self._serve(left, worth, int(self.cover.groups[person]), -groups, answer.duties)
        return value - _SINGLE * size, left

    def _serve(self, left: Reals, worth: Reals, group: int, prices: Reals, pattern: Roster) -> None:
        """Take a person's presence off the need, at the queue that is worth most in each interval."""
        places = np.flatnonzero(self.cover.presence_at(prices[group], pattern))
        held = np.where(self.cover.serves[group][:, None], worth[:, places], -np.inf)
        np.subtract.at(left, (held.argmax(axis=0), places), 1.0)

    def climb(self, worth: Reals, rounds: int) -> float:
        """Return the best bound of `worth` and what a few subgradient steps (Polyak, small target) make of it."""
        top = self.cover.under[:, None]
        worth = np.clip(worth, 0.0, top)
        best, best_worth, step, idle = -math.inf, worth, _STEP, 0
        for _round in range(rounds):
            if self.control.over:
                break
            value, left = self.evaluate(worth)
            self.control.raise_bound(value)
            if value > best:
                best, best_worth, idle = value, worth, 0
            else:
                idle += 1
                if idle % _PATIENCE == 0:
                    step, worth = step / 2, best_worth
                    continue
            stuck = ((worth >= top) & (left > 0)) | ((worth <= 0) & (left < 0))
            direction = np.where(stuck, 0.0, left)
            norm = float((direction**2).sum())
            if norm <= 0:
                break
            worth = np.clip(worth + step * _TARGET * abs(best) / norm * direction, 0.0, top)
        return best
