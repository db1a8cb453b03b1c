"""A lower bound for cover by interval: what each agent is worth per queue and interval, and what patterns cost then.

For worths between 0 and the cost of a missing agent, the need's worth plus each person's cheapest pattern under these
worths is below every roster's penalty (Lagrange). A person serves in each interval the queue that is worth most, and
takes breaks where least is lost.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, Reals, Roster
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.pricing import Pricer

_SINGLE = 1e-6
_TARGET = 0.05
"""Where no roster is known yet: how far above the bound one may be."""
_LENGTH = 1.0
_LONGEST, _LONGER, _SHORTER = 2.0, 1.1, 0.66
_SHORTEST = 1e-4
_PATIENCE = 10
_STALLED = 60
_LITTLE = 1e-4
_WEIGHT = 0.15


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

    def climb(self, worth: Reals, target: Callable[[], float | None]) -> Iterator[float]:
        """Yield better and better bounds, from `worth` on; `target` is a penalty that is known to be possible.

        Steps go from the best point so far along an average of the subgradients (Barahona & Anbil, "The volume
        algorithm", Mathematical Programming 87, 2000), and become shorter where they do not help.
        """
        top = self.cover.under[:, None]
        centre = np.clip(worth, 0.0, top)
        best, average = self.evaluate(centre)
        length, idle, stalled = _LENGTH, 0, 0
        while math.isfinite(best) and length > _SHORTEST and stalled < _STALLED:
            yield best
            stuck = ((centre >= top) & (average > 0)) | ((centre <= 0) & (average < 0))
            direction = np.where(stuck, 0.0, average)
            norm = float((direction**2).sum())
            known = target()
            room = abs(best) * _TARGET if known is None else known - best
            if norm <= 0 or room <= 0:
                return
            point = np.clip(centre + length * room / norm * direction, 0.0, top)
            value, left = self.evaluate(point)
            average = average + _weight(left, average) * (left - average)
            stalled = 0 if value > best + _LITTLE * room else stalled + 1
            if value > best:
                length = min(_LONGEST, length * _LONGER) if float((left * direction).sum()) > 0 else length
                best, centre, idle = value, point, 0
            else:
                idle += 1
                if idle % _PATIENCE == 0:
                    length *= _SHORTER


def _weight(left: Reals, average: Reals) -> float:
    """Return how much of a new subgradient makes the average shortest, within bounds."""
    change = left - average
    size = float((change**2).sum())
    return min(max(-float((average * change).sum()) / size, _WEIGHT / 10), _WEIGHT) if size > 0 else _WEIGHT
