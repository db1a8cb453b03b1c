"""A lower bound for cover by interval: what the requirement is worth per queue and interval, found by ascent.

For worths between −over and the cost of a missing agent, the need's worth plus each person's cheapest pattern under
these worths is below every roster's penalty (Lagrange). A person serves in each interval the queue that is worth
most, and takes breaks where least is lost. The worths climb along deflected subgradients with Polyak's step
(Held, Wolfe & Crowder 1974; Camerini, Fratta & Maffioli 1975).
"""

import math

import numpy as np
import numpy.typing as npt

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, Reals, Roster
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.pricing import Pricer

_DEFLECT = 0.7
_FIRST_STEP = 1.0
_PATIENCE = 6
_SMALLEST_STEP = 0.02
_SINGLE = 1e-5


class Lagrange:
    """Holds the worths and the best bound found."""

    def __init__(self, core: Core, cover: IntervalCover, control: Control, counts: Reals) -> None:
        """`counts` is a good roster's presence: what is scarce or plentiful there gives the first worths."""
        self.core, self.cover, self.control = core, cover, control
        self.pricer = Pricer(core, control)
        missing = cover.missing_by_queue(counts)
        plenty = cover.costs(counts) > 0
        worth = np.where(missing > 0, cover.under[:, None], np.where(plenty[None, :], -cover.over, 0.0))
        self.worth = np.where(cover.required > 0, worth, -cover.over)
        self.worth[:, cover.days * cover.slots :] = 0.0
        self.best_worth = self.worth.copy()
        self.bound = -math.inf

    def group_worth(self, worth: Reals) -> Reals:
        """Return what the presence of one agent of each group is worth in each interval."""
        held = np.where(self.cover.serves[:, :, None], worth[None], -np.inf)
        found: Reals = held.max(axis=1)
        return found

    def evaluate(self, worth: Reals) -> tuple[float, Reals]:
        """Return the bound at these worths and the subgradient: need less what the patterns give."""
        days, groups = self.cover.days, self.group_worth(worth)
        prices = [self.cover.duty_prices(-group, days) for group in groups]
        idle = np.zeros((days, len(self.cover.starts)))
        presence = np.array([prices[group] if group >= 0 else idle for group in self.cover.groups])
        people = np.arange(self.core.people)
        answers = self.pricer.best(people, self.core.costs + presence, self.core.off_costs)
        value = self.core.constant + float((self.cover.required * worth).sum())
        left = self.cover.required.copy()
        size = abs(value)
        for person, answer in enumerate(answers):
            if answer.duties is None:
                return -math.inf, left
            value += answer.cost
            size += abs(answer.cost)
            if self.cover.groups[person] >= 0:
                self._serve(left, worth, int(self.cover.groups[person]), -groups, answer.duties)
        return value - _SINGLE * size / 10, left

    def _serve(self, left: Reals, worth: Reals, group: int, prices: Reals, pattern: Roster) -> None:
        """Take a person's presence off the need, at the queue that is worth most in each interval."""
        there = self.cover.presence_at(prices[group], pattern)
        places = np.flatnonzero(there)
        held = np.where(self.cover.serves[group][:, None], worth[:, places], -np.inf)
        np.subtract.at(left, (held.argmax(axis=0), places), 1.0)

    def climb(self, target: float, rounds: int) -> float:
        """Improve the bound for at most so many rounds towards `target` (a known penalty); return the best."""
        step, idle = _FIRST_STEP, 0
        direction = np.zeros_like(self.worth)
        for _round in range(rounds):
            if self.control.over or step < _SMALLEST_STEP:
                break
            value, left = self.evaluate(self.worth)
            if value > self.bound + 1e-9:
                self.bound, self.best_worth, idle = value, self.worth.copy(), 0
                self.control.raise_bound(value)
            else:
                idle += 1
                if idle >= _PATIENCE:
                    step, idle = step / 2, 0
                    self.worth, direction = self.best_worth.copy(), np.zeros_like(direction)
            direction = _DEFLECT * direction + (1 - _DEFLECT) * self._inside(left)
            norm = float((direction**2).sum())
            if norm <= 0:
                break
            self.worth = self._clip(self.worth + step * max(target - value, 0.0) / norm * direction)
        return self.bound

    def _inside(self, left: Reals) -> Reals:
        """Return the subgradient without the parts that push a worth out of its bounds."""
        stuck = ((self.worth >= self.cover.under[:, None]) & (left > 0)) | (
            (self.worth <= -self.cover.over) & (left < 0)
        )
        free: npt.NDArray[np.float64] = np.where(stuck, 0.0, left)
        free[:, self.cover.days * self.cover.slots :] = 0.0
        return free

    def _clip(self, worth: Reals) -> Reals:
        clipped: Reals = np.clip(worth, -self.cover.over, self.cover.under[:, None])
        clipped[:, self.cover.days * self.cover.slots :] = 0.0
        return clipped
