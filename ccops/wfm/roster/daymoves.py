"""Who works on which day, made better move by move: what a day costs for given totals is known exactly.

A person's day of work is moved, two people of different kinds change days, or a day is added or dropped. What that
does to the days is first read off the cuts of `totals`, which never say too much; only what promises something is
solved. So a promise that fails is a new cut, and where no move promises anything none would help.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ccops.wfm.roster.core import Core, Reals, Roster
from ccops.wfm.roster.limits import OFF, Truths, Whole
from ccops.wfm.roster.rules import breaches
from ccops.wfm.roster.totals import Totals

_ENOUGH = 0.5
"""A promise below this is not looked at."""
_LOOKED_AT = 300


@dataclass(frozen=True, slots=True)
class Move:
    """What some people work instead: (person, day, duty)."""

    steps: tuple[tuple[int, int, int], ...]
    keys: tuple[tuple[int, int, int], ...]
    """Places in the table of moves that are barred where a rule speaks against one."""
    promise: float


class DayMoves:
    """Holds a plan of days and improves it; its duties are examples, rest between them is left out."""

    def __init__(self, core: Core, totals: Totals, plan: Roster) -> None:
        self.core, self.totals, self.plan = core, totals, plan.copy()
        self.kind_of = np.full(core.people, -1, np.int64)
        for kind, people in enumerate(totals.kinds):
            self.kind_of[people] = kind
        self.people = np.flatnonzero(self.kind_of >= 0)
        self.work_cost, self.example = self._work()
        days = core.calendar.days
        self.barred: Truths = np.zeros((core.people, days + 1, days + 1), bool)
        """Person × day that is given up (the last: none) × day that is worked instead (the last: none)."""
        self.counts = totals.of(self.plan)
        self.value = np.array([self._value(day, self.counts[:, day]) for day in range(days)])

    def _work(self) -> tuple[Reals, Whole]:
        """Return what working a day costs each person beside the others of the kind, and the duty that costs least."""
        costs = np.full(self.core.costs.shape, np.inf)
        for people in self.totals.kinds:
            own = self.core.costs[people]
            finite = np.where(np.isfinite(own), own, np.nan)
            usual = np.zeros(own.shape[1:])
            known = np.isfinite(own).any(axis=0)
            usual[known] = np.nanmedian(finite[:, known], axis=0)
            costs[people] = own - usual
        return costs.min(axis=2), costs.argmin(axis=2)

    def _value(self, day: int, counts: Reals) -> float:
        return self.totals.value(day, counts)

    def run(self, over: Callable[[], bool]) -> Roster:
        """Return the plan after all moves that help, or those made when it is `over`."""
        while not over():
            moves = self._promising()
            if not moves:
                break
            move = next((one for one in moves if self._allowed(one)), None)
            if move is not None:
                self._try(move)
        return self.plan

    # --- which moves there are ---

    def _own(self) -> Reals:
        """Return what each move costs its person (people × from × to), infinite where it cannot be."""
        days = self.core.calendar.days
        works = self.plan != OFF
        off = np.where(np.isfinite(self.core.off_costs), self.core.off_costs, np.inf)
        give = np.full((self.core.people, days + 1), 0.0)
        take = np.full((self.core.people, days + 1), 0.0)
        with np.errstate(invalid="ignore"):
            give[:, :days] = np.where(works, off - self.work_cost, np.inf)
            take[:, :days] = np.where(~works, self.work_cost - off, np.inf)
        found: Reals = give[:, :, None] + take[:, None, :]
        found[self.barred | ~np.isfinite(found)] = np.inf
        found[:, days, days] = np.inf
        return found

    def _least(self, own: Reals) -> tuple[Reals, Whole]:
        """Return per kind the least cost of each move, and whose it is."""
        rows, who = [], []
        for people in self.totals.kinds:
            place = own[people].argmin(axis=0)
            rows.append(np.take_along_axis(own[people], place[None], axis=0)[0])
            who.append(np.array(people)[place])
        return np.array(rows), np.array(who)

    def _steps(self) -> tuple[Reals, Reals, Reals]:
        """Return what the cuts say of one more, one less (kinds × days), and one of a kind for one of another."""
        days, kinds = len(self.value), len(self.totals.kinds)
        more, less = np.zeros((kinds, days + 1)), np.zeros((kinds, days + 1))
        other = np.zeros((days, kinds, kinds))
        for day in range(days):
            at, slopes = self.totals.cuts_at(day, self.counts[:, day])
            gap = at - self.value[day]
            more[:, day] = (gap[:, None] + slopes).max(axis=0)
            less[:, day] = (gap[:, None] - slopes).max(axis=0)
            other[day] = (gap[:, None, None] - slopes[:, :, None] + slopes[:, None, :]).max(axis=0)
        return more, less, other

    def _promising(self) -> list[Move]:
        """Return the moves that promise most, the best first."""
        least, who = self._least(self._own())
        more, less, other = self._steps()
        single = least + less[:, :, None] + more[:, None, :]
        inner = least[:, :-1, :-1]
        pairs = (
            inner.transpose(1, 2, 0)[:, :, :, None]
            + inner.transpose(2, 1, 0)[:, :, None, :]
            + other[:, None, :, :]
            + other[None, :, :, :].transpose(0, 1, 3, 2)
        )
        found = []
        for promise, (kind, first, then) in _lowest(single):
            found.append(self._move([(int(who[kind, first, then]), first, then)], promise))
        for promise, (here, there, one, two) in _lowest(pairs):
            people = int(who[one, here, there]), int(who[two, there, here])
            found.append(self._move([(people[0], here, there), (people[1], there, here)], promise))
        return sorted(found, key=lambda move: move.promise)

    def _move(self, moves: list[tuple[int, int, int]], promise: float) -> Move:
        steps, days = [], self.core.calendar.days
        for person, first, then in moves:
            if first < days:
                steps.append((person, first, OFF))
            if then < days:
                steps.append((person, then, int(self.example[person, then])))
        return Move(tuple(steps), tuple(moves), promise)

    # --- one move ---

    def _allowed(self, move: Move) -> bool:
        """Say whether rules let everybody make it; bars what they do not."""
        for key in move.keys:
            if self.barred[key]:
                return False
            person, pattern = key[0], self._changed(key[0], move)
            if any(breach.rule != "follow" for breach in breaches(self.core, person, pattern)):
                self.barred[key] = True
        return not any(self.barred[key] for key in move.keys)

    def _changed(self, person: int, move: Move) -> Roster:
        pattern: Roster = self.plan[person].copy()
        for who, day, duty in move.steps:
            if who == person:
                pattern[day] = duty
        return pattern

    def _try(self, move: Move) -> None:
        """Make the move if the days cost less by it; otherwise the new cuts tell that it does not help."""
        counts, own = self.counts.copy(), 0.0
        for person, day, duty in move.steps:
            sign = -1.0 if duty == OFF else 1.0
            counts[self.kind_of[person], day] += sign
            own += sign * float(self.work_cost[person, day] - self.core.off_costs[person, day])
        days = [int(day) for day in np.flatnonzero((counts != self.counts).any(axis=0))]
        values = np.array([self._value(day, counts[:, day]) for day in days])
        if not np.isfinite(values).all() or float((values - self.value[days]).sum()) + own > -_ENOUGH / 2:
            for key in move.keys if not days or not np.isfinite(values).all() else ():
                self.barred[key] = True
            return
        self.counts, self.value[days] = counts, values
        for person in {key[0] for key in move.keys}:
            self.plan[person] = self._changed(person, move)
            self.barred[person] = False


def _lowest(promises: Reals) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Yield the lowest promises that are worth a look, and where they stand."""
    flat = promises.ravel()
    places = np.flatnonzero(flat < -_ENOUGH)
    for place in places[np.argsort(flat[places], kind="stable")][:_LOOKED_AT].tolist():
        yield float(flat[place]), tuple(int(one) for one in np.unravel_index(place, promises.shape))
