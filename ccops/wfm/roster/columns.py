"""Column generation over whole patterns: the bound it proves, and rosters by diving and by re-solving a few people.

The bound is the linear programme over all patterns of all people, which a programme over a few of them approaches as
cheaper patterns are priced in (Dantzig & Wolfe 1960; for rosters Burke & Curtois, "New approaches to nurse rostering
benchmark instances", EJOR 237, 2014). Duals are smoothed towards the best known ones (Wentges 1997). The dive fixes
the pattern with the largest share and prices again, so that later people fit what earlier ones left.
"""

import contextlib
import math
import random
from collections.abc import Iterable, Sequence

import numpy as np

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, DirectCover, Reals, Roster
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.master import Column, Master, MasterLost
from ccops.wfm.roster.pricing import Pricer

_SMOOTH = 0.6
_CLOSE = 1e-6
_SINGLE = 2e-5
"""What single precision may hide of a bound, relative to the size of the costs."""
_SURE = 0.999
_LIKELY = 0.85
_KEPT = 60
_ROOT_SHARE = 0.45
_DIVE_SHARE = 0.6
_MASTER_UNITS = 3_000_000


class ColumnGeneration:
    """The engine for one problem with a direct cover; keeps the columns it has found."""

    def __init__(
        self, core: Core, cover: DirectCover, control: Control, seed: int = 1, others: Reals | None = None
    ) -> None:
        """`others` is what people who are no part of this problem contribute to each requirement."""
        self.core, self.cover, self.control = core, cover, control
        self.others = cover.empty() if others is None else others
        self.pricer = Pricer(core, control)
        self.luck = random.Random(seed)  # noqa: S311 - not for secrets
        self.worth: Reals = cover.empty()
        """Of one more in each requirement, at the root's best bound."""
        self._point: Reals = self.worth
        self.pool: dict[int, list[Roster]] = {person: [] for person in range(core.people)}

    # --- the linear programme ---

    def relax(self, master: Master, tolerance: float, until: float = math.inf) -> tuple[float, float]:
        """Price columns in until value and bound agree to `tolerance`, or so many seconds of the limit are used.

        Return both, of the open people's problem.
        """
        bound, centre, value = -math.inf, None, math.inf
        while not self.control.over and self.control.used < until:
            value, worths, duals = master.solve()
            self.control.spend(_MASTER_UNITS)
            point = duals if centre is None else _SMOOTH * centre + (1 - _SMOOTH) * duals
            added, found = self._price(master, point, worths, duals)
            if found > bound:
                bound, centre = found, point
            if not added and point is not duals:
                added, found = self._price(master, duals, worths, duals)
                if found > bound:
                    bound, centre = found, duals
            self._point = duals if centre is None else centre
            if not added or value - bound <= tolerance * max(1.0, abs(value)):
                break
        return value, bound

    def _price(self, master: Master, point: Reals, worths: dict[int, float], duals: Reals) -> tuple[int, float]:
        """Price at `point`; return how many columns were added (by the duals' own worth) and the bound at `point`."""
        people = np.array(master.open_people(), np.int64)
        fixed = sum(column.cost for column in master.fixed.values())
        taken = np.zeros(self.cover.rows)
        for column in master.fixed.values():
            taken[self.cover.rows_of(column.pattern)] += 1
        if not len(people):
            return 0, fixed + self.cover.cost(self.cover.required - master.required + taken)
        worth = self.cover.price(point)[None]
        answers = self.pricer.best(people, self.core.costs[people] - worth, self.core.off_costs[people])
        added, bound, size = 0, fixed + float(((master.required - taken) * point).sum()), 0.0
        for person, answer in zip(people.tolist(), answers, strict=True):
            if answer.duties is None:
                return 0, math.inf
            rows = self.cover.rows_of(answer.duties)
            cost = self.core.personal_cost(person, answer.duties)
            bound += cost - float(point[rows].sum())
            size += abs(cost) + float(np.abs(point[rows]).sum())
            if cost - float(duals[rows].sum()) < worths[person] - _CLOSE * max(1.0, abs(worths[person])):
                added += master.add(person, answer.duties)
        return added, bound - _SINGLE * size / 10

    def start(self) -> Master:
        """Return a master over everybody with the patterns known so far."""
        master = Master(self.core, self.cover, range(self.core.people), self.others)
        for person, patterns in self.pool.items():
            for pattern in patterns:
                master.add(person, pattern)
        return master

    def root(self) -> Master:
        """Solve the relaxation of the whole problem, tell its bound, and return the master."""
        master = self.start()
        with contextlib.suppress(MasterLost):
            _value, bound = self.relax(master, _CLOSE, self.control.used + _ROOT_SHARE * self.control.left)
            self.control.raise_bound(self.rounded(bound + self.core.constant))
        self.worth = self._point
        self._keep(master)
        return master

    def rounded(self, bound: float) -> float:
        """Return the bound, rounded up where all costs are whole numbers."""
        return math.ceil(bound - 0.2) if self.core.integral and math.isfinite(bound) else bound

    def _keep(self, master: Master) -> None:
        for column in master.columns:
            self.pool[column.person].append(column.pattern)
        for person in self.pool:
            unique = {pattern.tobytes(): pattern for pattern in self.pool[person][-5 * _KEPT :]}
            self.pool[person] = list(unique.values())[-_KEPT:]

    # --- rosters ---

    def dive(
        self, master: Master, base: Roster, tolerance: float, *, random_share: float = 0.0, share: float = _DIVE_SHARE
    ) -> Roster | None:
        """Return a roster: `base` with the people of the master given whole patterns, one after the other.

        Where that would take more than `share` of the time left, several are fixed at once.
        """
        begin, steps = self.control.used, 0
        until = begin + share * self.control.left
        while master.open_people() and not self.control.over:
            try:
                self.relax(master, tolerance, until)
                master.solve()
            except MasterLost:
                break
            steps += 1
            pace = (self.control.used - begin) / steps
            left = max(1.0, (until - self.control.used) / max(pace, 1e-6))
            chosen = self._choose(master, random_share, math.ceil(len(master.open_people()) / left))
            if not chosen:
                break
            for column in chosen:
                master.fix(column)
        self._finish(master)
        roster = base.copy()
        for person, column in master.fixed.items():
            roster[person] = column.pattern
        complete = not master.open_people()
        self._keep(master)
        master.release()
        return roster if complete else None

    def _finish(self, master: Master) -> None:
        """Give whoever is still open the most likely pattern at once: time is over."""
        if not master.open_people():
            return
        with contextlib.suppress(MasterLost):
            master.solve()
            for _share, column in list(master.shares()):
                if column.person not in master.fixed:
                    master.fix(column)

    def _choose(self, master: Master, random_share: float, at_once: int) -> list[Column]:
        """Return the columns to fix next: the sure ones, the most likely two, or as many as time demands."""
        chosen: list[Column] = []
        people: set[int] = set()
        shares = list(master.shares())
        if shares and random_share and shares[0][0] < _SURE:
            shares.sort(key=lambda pair: -pair[0] * self.luck.uniform(1 - random_share, 1))
        for share, column in shares:
            if column.person in people:
                continue
            likely = share >= _LIKELY and len(chosen) < 2
            if share <= _CLOSE or not (share >= _SURE or len(chosen) < max(1, at_once) or likely):
                break
            chosen.append(column)
            people.add(column.person)
        return chosen

    def reopen(self, roster: Roster, people: Sequence[int], tolerance: float) -> Roster | None:
        """Return the roster with some people's patterns found anew, everybody else's as they are."""
        others = np.setdiff1d(np.arange(self.core.people), np.array(people))
        master = Master(self.core, self.cover, people, self.counts(roster, others.tolist()))
        for person in people:
            master.add(person, roster[person].copy())
            for pattern in self.pool[person]:
                master.add(person, pattern)
        return self.dive(master, roster, tolerance)

    def neighbours(self, roster: Roster, size: int) -> list[int]:
        """Return people worth solving again together: those who could mend a costly requirement, and some by chance."""
        missing = self.cover.required - self.counts(roster, range(self.core.people))
        costs = self.cover.under * np.maximum(missing, 0) + self.cover.over * np.maximum(-missing, 0)
        chosen: set[int] = set()
        if costs.sum() > 0 and self.luck.random() < 0.6:
            row = self.luck.choices(range(self.cover.rows), weights=costs.tolist())[0]
            day, duty = (int(place[0]) for place in np.nonzero(self.cover.row == row))
            able = [person for person in range(self.core.people) if math.isfinite(self.core.costs[person, day, duty])]
            chosen.update(self.luck.sample(able, min(size, len(able))))
        own = [1 + self.core.personal_cost(person, roster[person]) for person in range(self.core.people)]
        low = min(own)
        while len(chosen) < min(size, self.core.people):
            chosen.add(self.luck.choices(range(self.core.people), weights=[cost - low + 1 for cost in own])[0])
        return sorted(chosen)

    def counts(self, roster: Roster, people: Iterable[int]) -> Reals:
        """Return what some people contribute to each requirement."""
        found = self.others.copy()
        for person in people:
            found[self.cover.rows_of(roster[person])] += 1
        return found

    def cost(self, roster: Roster) -> float:
        """Return the whole penalty of a roster."""
        counts = self.counts(roster, range(self.core.people))
        return self.core.constant + float(self.core.personal_costs(roster).sum()) + self.cover.cost(counts)

    def empty(self) -> Roster:
        """Return a roster in which nobody works."""
        return np.full((self.core.people, self.core.calendar.days), OFF, np.int16)
