"""A first roster fast, and a better one by giving one person after the other the best pattern beside all others.

Each step is exact for its person (dynamic programming against the marginal cost of cover), so the penalty never
rises. Long horizons are walked in windows. Between descents a few people are thrown out at once and put back in
another order (ruin and recreate), which is kept when it is not worse.
"""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, Presence, Reals, Roster
from ccops.wfm.roster.limits import OFF, Pattern
from ccops.wfm.roster.pricing import Pricer
from ccops.wfm.roster.rules import breaches
from ccops.wfm.roster.window import end_of_window, look_ahead, open_window, start_of_weeks, window_core

WINDOW_WEEKS = 4
_WHOLE_CELLS = 3_000_000
_SLACKS = (1, 3)
"""Longest duties by which a window may stray from its share of the minutes, tried one after the other."""


@dataclass(frozen=True, slots=True)
class State:
    """A roster with everything that was reckoned for it."""

    roster: Roster
    counts: Reals
    presence: tuple[Presence, ...]
    personal: Reals


class Descent:
    """Holds a roster and what each person contributes to the cover, and changes one person at a time."""

    def __init__(self, core: Core, control: Control, seed: int = 1) -> None:
        self.core, self.control = core, control
        self.luck = random.Random(seed)  # noqa: S311 - not for secrets
        self.pricer = Pricer(core, control)
        self.windows = self._windows()
        self.roster: Roster = np.full((core.people, core.calendar.days), OFF, np.int16)
        self.counts: Reals = core.cover.empty()
        self.presence = [Presence(core.cover.empty()) for _person in range(core.people)]
        self.personal: Reals = core.personal_costs(self.roster)

    def _windows(self) -> list[tuple[int, int]]:
        """Return the stretches of days that are solved at once."""
        days = self.core.calendar.days
        if max((self.pricer.cells(person) for person in range(self.core.people)), default=0) <= _WHOLE_CELLS:
            return [(0, days)]
        starts = [*start_of_weeks(self.core.calendar)[::WINDOW_WEEKS].tolist(), days]
        return list(itertools.pairwise(starts))

    @property
    def cost(self) -> float:
        """The penalty of the roster as it stands."""
        return self.core.constant + float(self.personal.sum()) + self.core.cover.cost(self.counts)

    def state(self) -> State:
        """Return the roster as it stands, to come back to."""
        return State(self.roster.copy(), self.counts, tuple(self.presence), self.personal.copy())

    def restore(self, state: State) -> None:
        """Go back to a roster of before."""
        self.roster, self.counts = state.roster.copy(), state.counts
        self.presence, self.personal = list(state.presence), state.personal.copy()

    def adopt(self, roster: Roster) -> None:
        """Go on from this roster."""
        self.counts = self.core.cover.empty()
        for person in range(self.core.people):
            self.presence[person] = Presence(self.core.cover.empty())
            self.put(person, roster[person].copy())

    def put(self, person: int, pattern: Roster) -> None:
        """Give a person who contributes nothing now this pattern."""
        self.roster[person] = pattern
        self.presence[person] = self.core.cover.presence(self.counts, person, pattern)
        self.counts = self.counts + self.presence[person].counts
        self.personal[person] = self.core.personal_cost(person, pattern)

    def take(self, person: int) -> None:
        """Let a person contribute nothing; the pattern stays noted."""
        self.counts = self.counts - self.presence[person].counts

    def replace(self, person: int, pattern: Roster, presence: Presence) -> None:
        """Give a person another pattern, breaks placed already."""
        self.take(person)
        self.roster[person], self.presence[person] = pattern, presence
        self.counts = self.counts + presence.counts
        self.personal[person] = self.core.personal_cost(person, pattern)

    # --- one person ---

    def _best(self, person: int, first: int, last: int) -> Roster | None:
        """Return the best pattern of a person who has been taken out, the days outside the window as they are."""
        if (first, last) == (0, self.core.calendar.days):
            costs = self.core.costs[person] + self.core.cover.marginal(self.counts, person, first, last)
            answer = self.pricer.best(np.array([person]), costs[None], self.core.off_costs[[person]])[0]
            return answer.duties
        end = end_of_window(self.core, [person], last)
        part = window_core(self.core, self.roster, [person], first, last)
        answer = self._price_part(part, person, first, end)
        if answer.duties is None:
            return None
        return self.changed(person, first, answer.duties)

    def changed(self, person: int, first: int, duties: Roster) -> Roster:
        """Return a person's pattern with other duties from day `first` on."""
        pattern: Roster = self.roster[person].copy()
        pattern[first : first + len(duties)] = duties
        return pattern

    def _price_part(self, part: Core, person: int, first: int, end: int) -> Pattern:
        costs = part.costs[0] + self.core.cover.marginal(self.counts, person, first, end)
        return Pricer(part, self.control).best(np.array([0]), costs[None], part.off_costs)[0]

    def improve(self, person: int, first: int, last: int) -> bool:
        """Give one person the best pattern in a window; say whether the penalty fell."""
        before = self.cost
        old = self.roster[person].copy()
        self.take(person)
        new = self._best(person, first, last)
        self.put(person, old if new is None else new)
        if self.cost > before + 1e-9:
            self.take(person)
            self.put(person, old)
        return self.cost < before - 1e-6

    def exchange(self, people: list[int], first: int, found: Roster) -> bool:
        """Give some people other duties from day `first` on, if that is not worse; say whether it was done."""
        before, state = self.cost, self.state()
        for person in people:
            self.take(person)
        for row, person in enumerate(people):
            self.put(person, self.changed(person, first, found[row]))
        if self.cost <= before + 1e-9:
            return True
        self.restore(state)
        return False

    # --- the first roster ---

    def construct(self, start: Roster | None = None) -> bool:
        """Give everybody a pattern, one after the other; False where someone has none that is allowed.

        Whoever has an allowed pattern in `start` keeps it.
        """
        people = list(range(self.core.people))
        for person in list(people) if start is not None else []:
            if start is not None and not breaches(self.core, person, start[person]):
                self.put(person, start[person].copy())
                people.remove(person)
        for first, last in self.windows:
            self.luck.shuffle(people)
            for person in list(people):
                self.take(person)
                pattern = self._first_pattern(person, first, last)
                self.put(person, self.roster[person].copy() if pattern is None else pattern)
                if pattern is None:
                    # Whoever a share of the limits does not suit is planned to the end at once.
                    people.remove(person)
                    if not self._whole(person):
                        return False
        return True

    def _first_pattern(self, person: int, first: int, last: int) -> Roster | None:
        if (first, last) == (0, self.core.calendar.days):
            return self._best(person, first, last)
        for slack in _SLACKS:
            end = look_ahead(self.core, last)
            part = open_window(self.core, self.roster, [person], first, end, slack)
            answer = self._price_part(part, person, first, end)
            if answer.duties is not None:
                return self.changed(person, first, answer.duties[: last - first])
        return None

    def _whole(self, person: int) -> bool:
        """Give a person a pattern over the whole horizon at once, however long that takes."""
        self.take(person)
        costs = self.core.costs[person] + self.core.cover.marginal(self.counts, person, 0, self.core.calendar.days)
        answer = self.pricer.best(np.array([person]), costs[None], self.core.off_costs[[person]])[0]
        self.put(person, self.roster[person].copy() if answer.duties is None else answer.duties)
        return answer.duties is not None

    # --- better ones ---

    def descend(self, enough: Callable[[], bool] = lambda: False) -> None:
        """Improve person by person until nobody can be improved, time is over, or it is `enough`."""
        open_ = {(person, window) for person in range(self.core.people) for window in self.windows}
        while open_ and not self.control.over and not enough():
            order = sorted(open_)
            self.luck.shuffle(order)
            open_ = set()
            improved = [
                step for step in order if not self.control.over and not enough() and self.improve(step[0], *step[1])
            ]
            if improved:
                self.control.better(self.cost)
                windows = {window for _person, window in improved}
                open_ = {(person, window) for person in range(self.core.people) for window in windows}

    def shake(self, size: int) -> bool:
        """Throw some people out of a window and put them back in another order; undo what made it worse."""
        window = self.luck.choice(self.windows)
        people = self.luck.sample(range(self.core.people), min(size, self.core.people))
        before, state = self.cost, self.state()
        for person in people:
            self.take(person)
        for person in people:
            new = self._best(person, *window)
            self.put(person, state.roster[person].copy() if new is None else new)
        for person in people:
            self.improve(person, *window)
        if self.cost <= before + 1e-9:
            return self.cost < before - 1e-6
        self.restore(state)
        return False
