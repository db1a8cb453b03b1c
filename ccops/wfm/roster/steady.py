"""Breaks of a roster that is made again: where a shift stays, its breaks go back to their places if that costs nothing.

The solver knows no cost of moving a break, so that of many equal answers it takes any; people know their breaks.
"""

from dataclasses import replace

import numpy as np

from ccops.wfm.roster.core import Breaks, Presence, Reals, Roster
from ccops.wfm.roster.descent import State
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.limits import OFF

_NOTHING = 1e-6


def with_steady_breaks(cover: IntervalCover, state: State, before: Roster, places: list[Breaks]) -> State:
    """Return the roster with breaks as they were in another one; `places` is by person, -1 where none is known."""
    return _Steady(cover, state, before, places).run()


class _Steady:
    def __init__(self, cover: IntervalCover, state: State, before: Roster, places: list[Breaks]) -> None:
        self.cover, self.roster, self.before, self.places = cover, state.roster, before, places
        self.state, self.counts = state, state.counts
        self.breaks = [None if one.breaks is None else one.breaks.copy() for one in state.presence]

    def run(self) -> State:
        for day in range(self.cover.days):
            people = [person for person in range(len(self.roster)) if self._moved(person, day)]
            # All at once first: each alone may leave a hole that another fills.
            if people and not self._restore(people, day):
                for person in people:
                    self._restore([person], day)
        presence = [
            one if breaks is None else Presence(self._whole(person, breaks), breaks)
            for person, (one, breaks) in enumerate(zip(self.state.presence, self.breaks, strict=True))
        ]
        return replace(self.state, counts=self.counts, presence=tuple(presence))

    def _moved(self, person: int, day: int) -> bool:
        """Say whether someone works the same shift as before with other breaks."""
        duty, breaks = int(self.roster[person, day]), self.breaks[person]
        if duty == OFF or breaks is None or duty != self.before[person, day]:
            return False
        count, old = len(self.cover.breaks[duty]), self.places[person][day]
        return bool((old[:count] >= 0).all() and (old[:count] != breaks[day, :count]).any())

    def _restore(self, people: list[int], day: int) -> bool:
        """Put the breaks of some people back if the day does not cost more then; say whether it was done."""
        counts = self.counts.copy()
        for person in people:
            now = self.breaks[person]
            if now is not None:
                counts += self._there(person, day, self.places[person]) - self._there(person, day, now)
        part = slice(day * self.cover.slots, min(self.cover.size, (day + 2) * self.cover.slots))
        if self.cover.costs(counts, part).sum() > self.cover.costs(self.counts, part).sum() + _NOTHING:
            return False
        self.counts = counts
        for person in people:
            now = self.breaks[person]
            if now is not None:
                now[day] = self.places[person][day]
        return True

    def _there(self, person: int, day: int, breaks: Breaks) -> Reals:
        pattern = np.full_like(self.roster[person], OFF)
        pattern[day] = self.roster[person, day]
        return self.cover.presence_with(person, pattern, breaks).counts

    def _whole(self, person: int, breaks: Breaks) -> Reals:
        return self.cover.presence_with(person, self.roster[person], breaks).counts
