"""Which solver does what and when: a first roster, the bound, better rosters, until it is proved or time is over."""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np

from ccops.wfm.roster.columns import ColumnGeneration
from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, DirectCover, Reals, Roster
from ccops.wfm.roster.descent import WINDOW_WEEKS, Descent, State
from ccops.wfm.roster.exact import ExactModel
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.intervalsearch import IntervalSearch
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.pricing import Pricer
from ccops.wfm.roster.window import end_of_window, look_ahead, open_window, start_of_weeks, window_core

_ROOT_ROUNDS = 60
_ROOT_SHARE = 0.6
_WHOLE_WEEKS = 9
_ROLL_SHARE = 0.6
_FEW_ROUNDS = 20
_BY_COLUMNS = 0.8
_PART_SECONDS = 8.0
_BOUND_SHARE = 0.12
_ONE_ROUND_SHARE = 0.03
_DIVE = 5e-4
_REOPEN = 1e-3
_SHARES = (0.3, 0.5, 0.7, 1.0)
_PART_PEOPLE = (4, 6, 8, 12)
_SMALL = 600
_PROOF_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The best roster found, its penalty, and what no roster can be below."""

    state: State
    penalty: float
    bound: float

    @property
    def proved(self) -> bool:
        """Say whether no better roster exists."""
        return self.penalty <= self.bound + 1e-6


class Engine:
    """Solves one core problem, in which everybody has some allowed pattern."""

    def __init__(self, core: Core, control: Control, seed: int = 1, start: Roster | None = None) -> None:
        """`start` is a roster to begin from; patterns in it that break a rule are left out."""
        self.core, self.control, self.seed, self.start = core, control, seed, start
        self.descent = Descent(core, control, seed)
        self.best = self.descent.state()
        self.penalty = math.inf

    def _offer(self) -> bool:
        """Keep the roster of the descent if it is the best so far."""
        penalty = self.descent.cost
        if penalty >= self.penalty - 1e-9:
            return False
        self.best, self.penalty = self.descent.state(), penalty
        self.control.better(penalty)
        return True

    @property
    def done(self) -> bool:
        """Say whether there is nothing left to do."""
        return self.control.over or self.penalty <= self.control.bound + 1e-6

    def solve(self) -> Answer:
        """Return the best roster found within the control's limit."""
        self.control.phase = "first"
        self.descent.construct(self.start)
        self._offer()
        if isinstance(self.core.cover, IntervalCover):
            self.control.phase = "descent"
            IntervalSearch(self.core, self.core.cover, self.descent, self._offer).run()
        elif isinstance(self.core.cover, DirectCover):
            self._bound_by(self.core.cover, self.core.cover.empty())
            if self._worth_columns():
                self._by_columns(self.core.cover)
            else:
                self._by_windows(self.core.cover)
        return Answer(self.best, self.penalty, min(self.control.bound, self.penalty))

    def _round_seconds(self, share: float = 1.0) -> float:
        """Return about how long it takes to price everybody once, over a share of the horizon."""
        cells = sum(self.descent.pricer.cells(person) for person in range(self.core.people))
        return cells * share / self.control.pace

    def _worth_columns(self) -> bool:
        """Say whether patterns over the whole horizon are priced fast enough, and are short enough to fit together."""
        weeks = len(start_of_weeks(self.core.calendar))
        return weeks <= _WHOLE_WEEKS and self._round_seconds() * _ROOT_ROUNDS < _ROOT_SHARE * self.control.left

    def _by_columns(self, cover: DirectCover) -> None:
        engine = ColumnGeneration(self.core, cover, self.control, self.seed)
        for person in range(self.core.people):
            engine.pool[person].append(self.descent.roster[person].copy())
        self.control.phase = "bound"
        master = engine.root()
        self.control.phase = "dive"
        self._take_over(engine.dive(master, engine.empty(), _DIVE))
        self._prove(cover)
        self.control.phase = "improve"
        while not self.done:
            share = engine.luck.choice(_SHARES)
            if share == 1.0:
                found = engine.dive(master, engine.empty(), _REOPEN, random_share=0.5)
            else:
                size = max(2, round(share * self.core.people))
                roster = self.best.roster
                found = engine.reopen(roster, engine.neighbours(roster, size), _REOPEN)
            self._take_over(found)

    def _prove(self, cover: DirectCover) -> None:
        """Close the gap of a small problem by the constraint model."""
        choices = int(np.isfinite(self.core.costs).sum())
        if self.done or choices > _SMALL:
            return
        self.control.phase = "proof"
        seconds = min(_PROOF_SECONDS, self.control.left / 2)
        proof = ExactModel(self.core, cover).solve(self.control, self.best.roster, seconds, self.penalty)
        self.control.raise_bound(proof.bound)
        self._take_over(proof.roster)

    def _take_over(self, roster: Roster | None) -> None:
        """Go on from a roster if it is better."""
        if roster is not None:
            self.descent.adopt(roster)
            if not self._offer():
                self.descent.restore(self.best)

    # --- long horizons ---

    def _by_windows(self, cover: DirectCover) -> None:
        """Plan window after window by columns, then solve parts of them again; descend where even that is too much."""
        starts = [*start_of_weeks(self.core.calendar)[::WINDOW_WEEKS].tolist(), self.core.calendar.days]
        windows = list(itertools.pairwise(starts))
        seconds = _ROLL_SHARE * self.control.left / len(windows)
        if self._round_seconds(1 / len(windows)) * _FEW_ROUNDS < seconds:
            self.control.phase = "windows"
            self._roll(cover, windows, seconds)
        else:
            self.control.phase = "descent"
            self.descent.descend()
            self._offer()
        self.control.phase = "improve"
        while not self.done:
            if self.descent.luck.random() < _BY_COLUMNS:
                self._part_by_columns(cover)
            else:
                self.descent.shake(self.descent.luck.randint(2, 6))
            self._offer()

    def _roll(self, cover: DirectCover, windows: list[tuple[int, int]], seconds: float) -> None:
        """Plan the windows one after the other; keep the result if it beats the first roster."""
        before = self.descent.roster.copy()
        roster: Roster = np.full_like(before, OFF)
        worth = cover.empty()
        open_ = list(range(self.core.people))
        for first, last in windows:
            open_ = self._still_open(roster, before, open_, first, last)
            end = look_ahead(self.core, last)
            engine = self._window_engine(cover, roster, open_, first, end, seconds)
            found = engine.dive(engine.root(), engine.empty(), _DIVE)
            if found is None:
                return
            roster[open_, first:last] = found[:, : last - first]
            worth[cover.part(first, end)[1]] = engine.worth
        self._bound_by(cover, worth)
        self._raise_bound_by_columns(cover, roster)
        self._take_over(roster)

    def _still_open(self, roster: Roster, before: Roster, people: list[int], first: int, last: int) -> list[int]:
        """Return who can be planned in this window; the others take over their pattern of the first roster."""
        part = open_window(self.core, roster, people, first, look_ahead(self.core, last), 1)
        answers = Pricer(part, self.control).best(np.arange(len(people)), part.costs, part.off_costs)
        able = [person for person, answer in zip(people, answers, strict=True) if answer.duties is not None]
        stuck = [person for person in people if person not in able]
        roster[stuck] = before[stuck]
        return able

    def _window_engine(
        self, cover: DirectCover, roster: Roster, people: list[int], first: int, end: int, seconds: float
    ) -> ColumnGeneration:
        """Return the engine for some people's next window; everybody else stands as in `roster`."""
        part_cover, _kept = cover.part(first, end)
        others = part_cover.empty()
        for person in set(range(self.core.people)) - set(people):
            others[part_cover.rows_of(roster[person, first:end])] += 1
        part = open_window(self.core, roster, people, first, end, 1)
        return ColumnGeneration(part, part_cover, self.control.part(seconds), self.seed, others)

    def _raise_bound_by_columns(self, cover: DirectCover, roster: Roster) -> None:
        """Spend a little of the time on the programme over patterns of the whole horizon: only for its bound."""
        seconds = _BOUND_SHARE * self.control.left
        if self._round_seconds() * _FEW_ROUNDS > seconds:
            return
        control = self.control.part(seconds)
        engine = ColumnGeneration(self.core, cover, control, self.seed)
        for person in range(self.core.people):
            engine.pool[person].append(roster[person].copy())
        engine.root()
        self.control.raise_bound(control.bound)

    def _bound_by(self, cover: DirectCover, worth: Reals) -> None:
        """Raise the bound to what these worths of the requirements prove (Lagrange).

        Where exact patterns take too long, limits over the whole horizon are left out: the bound is lower but holds.
        """
        core = self.core
        if self._round_seconds() > _ONE_ROUND_SHARE * self.control.left:
            free = (
                replace(one, max_minutes=None, min_minutes=0, max_weekends=None, counters=()) for one in core.limits
            )
            core = replace(core, limits=tuple(free))
        worth = np.clip(worth, -cover.over, cover.under)
        costs = core.costs - cover.price(worth)[None]
        answers = Pricer(core, self.control).best(np.arange(core.people), costs, core.off_costs)
        found = sum(answer.cost for answer in answers) + float((cover.required * worth).sum()) + core.constant
        size = float(np.abs(worth).sum()) + abs(found) + 1.0
        if math.isfinite(found):
            bound = found - 1e-5 * size
            self.control.raise_bound(math.ceil(bound - 0.2) if core.integral else bound)

    def _part_by_columns(self, cover: DirectCover) -> None:
        """Solve a few people in one window again, exactly beside everybody else."""
        descent, luck = self.descent, self.descent.luck
        weeks = start_of_weeks(self.core.calendar)
        place = luck.randrange(max(1, len(weeks) - WINDOW_WEEKS + 1))
        first = int(weeks[place])
        last = int(weeks[place + WINDOW_WEEKS]) if place + WINDOW_WEEKS < len(weeks) else self.core.calendar.days
        people = self._people_for(cover, first, last, min(luck.choice(_PART_PEOPLE), self.core.people))
        end = end_of_window(self.core, people, last)
        part_cover, kept = cover.part(first, end)
        part = window_core(self.core, descent.roster, people, first, last)
        others = descent.counts - sum(descent.presence[person].counts for person in people)
        control = self.control.part(_PART_SECONDS)
        engine = ColumnGeneration(part, part_cover, control, luck.randrange(1 << 30), others[kept])
        inside = descent.roster[people, first:end]
        for row in range(len(people)):
            engine.pool[row].append(inside[row].copy())
        found = engine.dive(engine.start(), inside, _REOPEN)
        if found is not None:
            descent.exchange(people, first, found)

    def _people_for(self, cover: DirectCover, first: int, last: int, size: int) -> list[int]:
        """Return people who could mend a costly requirement of the window, and some by chance."""
        luck, chosen = self.descent.luck, set[int]()
        days = cover.row[first:last]
        missing = cover.required - self.descent.counts
        costs = cover.under * np.maximum(missing, 0) + cover.over * np.maximum(-missing, 0)
        here = np.where(days >= 0, costs[days], 0.0)
        if here.sum() > 0:
            day, duty = divmod(luck.choices(range(here.size), weights=here.ravel().tolist())[0], here.shape[1])
            able = np.flatnonzero(np.isfinite(self.core.costs[:, first + day, duty])).tolist()
            chosen.update(luck.sample(able, min(len(able), max(1, 2 * size // 3))))
        while len(chosen) < size:
            chosen.add(luck.randrange(self.core.people))
        return sorted(chosen)
