"""When the people of each group are there, as rows of a programme in whole people: shifts, breaks, what is missing.

Breaks of like length and window are counted per group and place, whoever takes them: none before its window opens, all
before it closes. That has the same answers as a variable per shift and place, and far fewer of them (Bechtold & Jacobs,
"Implicit modeling of flexible break assignments in optimal shift scheduling", Management Science 36, 1990). What is
missing is the largest excess of the need of a set of queues over those who serve any of them (see `intervals`).
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from ccops.wfm.roster.core import Reals
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.programme import Programme, Terms

Work = Mapping[tuple[int, int, int], int]
"""(group, day, duty) → the variable that says how many work it."""
Window = tuple[int, int, int]
"""Breaks that are alike: group, length and width of the window, in intervals."""


class PresenceRows:
    """Writes the rows of some days; what is still there from the day before them is given."""

    def __init__(self, programme: Programme, cover: IntervalCover, work: Work, fixed: Mapping[int, Reals]) -> None:
        """`fixed` is by day: who is there already (groups × intervals of the day)."""
        self.programme, self.cover, self.work, self.fixed = programme, cover, work, fixed
        self.changes: dict[tuple[int, int], Terms] = defaultdict(list)
        self.there: dict[tuple[int, int], int] = {}
        """(group, interval) → how many are there and on no break."""
        self.jobs: dict[Window, list[tuple[int, tuple[int, int, int, int]]]] = defaultdict(list)
        """Breaks that are alike → (opening of the window, (group, day, duty, number of the break))."""
        self.begun: dict[tuple[Window, int], int] = {}
        self._shifts()
        for window in self.jobs:
            self._breaks(window)
        self._presence()
        for day in sorted(fixed):
            for slot in range(day * cover.slots, (day + 1) * cover.slots):
                self._needs(day, slot)

    # --- rows ---

    def _spans(self) -> Iterator[tuple[int, int, int, int, int, int]]:
        for (group, day, duty), variable in self.work.items():
            begin = day * self.cover.slots + int(self.cover.starts[duty])
            yield group, day, duty, variable, begin, begin + int(self.cover.lengths[duty])

    def _shifts(self) -> None:
        interval = self.cover.interval
        for group, day, duty, variable, begin, end in self._spans():
            self.changes[group, begin].append((variable, 1.0))
            self.changes[group, end].append((variable, -1.0))
            for number, one in enumerate(self.cover.breaks[duty]):
                window = (group, one.minutes // interval, one.latest // interval - one.earliest // interval)
                self.jobs[window].append((begin + one.earliest // interval, (group, day, duty, number)))

    def _breaks(self, window: Window) -> None:
        """Write how many breaks begin where: those due are begun, those not yet begun have an open window."""
        group, length, width = window
        opening: dict[int, Terms] = defaultdict(list)
        for opens, (_group, day, duty, _number) in self.jobs[window]:
            opening[opens].append((self.work[group, day, duty], 1.0))
        waiting: dict[int, int] = {}
        for slot in sorted({opens + step for opens in opening for step in range(width + 1)}):
            begun, waiting[slot] = self.programme.variable(whole=True), self.programme.variable()
            self.begun[window, slot] = begun
            self.changes[group, slot].append((begun, -1.0))
            self.changes[group, slot + length].append((begun, 1.0))
            before: Terms = [(waiting[slot - 1], 1.0)] if slot - 1 in waiting else []
            self.programme.row([*before, *opening[slot], (begun, -1.0), (waiting[slot], -1.0)], 0.0, 0.0)
            young = [term for opens in range(slot - width + 1, slot + 1) for term in opening.get(opens, ())]
            negative = [(variable, -value) for variable, value in young]
            self.programme.row([(waiting[slot], 1.0), *negative], -np.inf, 0.0)

    def _presence(self) -> None:
        """Write who is there, interval by interval: as many as before and what changes."""
        slots, used = self.cover.slots, set[tuple[int, int]]()
        for group, _day, _duty, _variable, begin, end in self._spans():
            used |= {(group, slot) for slot in range(begin, end) if slot // slots in self.fixed}
        for group, slot in sorted(used):
            self.there[group, slot] = there = self.programme.variable()
            terms = [*self.changes.get((group, slot), ()), (there, -1.0)]
            if (group, slot - 1) in self.there:
                terms.append((self.there[group, slot - 1], 1.0))
            self.programme.row(terms, 0.0, 0.0)

    def _needs(self, day: int, slot: int) -> None:
        """Write what is missing in an interval; dear queues are filled first, so each adds what it leaves open."""
        under = self.cover.under
        wanted = np.flatnonzero(self.cover.required[:, slot] > 0).tolist()
        for last, step in enumerate(np.append(under[:-1] - under[1:], under[-1]).tolist()):
            inside = [queue for queue in wanted if queue <= last]
            if step <= 0 or not inside:
                continue
            missing = self.programme.variable(float(step))
            for able, need in self._largest(inside, slot).items():
                fixed = sum(float(self.fixed[day][group, slot - day * self.cover.slots]) for group in able)
                there = [(self.there[group, slot], 1.0) for group in able if (group, slot) in self.there]
                self.programme.row([*there, (missing, 1.0)], need - fixed, np.inf)

    def _largest(self, queues: list[int], slot: int) -> dict[tuple[int, ...], float]:
        """Return for each set of groups the largest need of queues that only these serve."""
        found: dict[tuple[int, ...], float] = {}
        for size in range(1, len(queues) + 1):
            for chosen in itertools.combinations(queues, size):
                able = tuple(np.flatnonzero(self.cover.serves[:, list(chosen)].any(axis=1)).tolist())
                found[able] = max(found.get(able, 0.0), float(self.cover.required[list(chosen), slot].sum()))
        return found

    # --- the answer ---

    def break_places(self, answer: Reals) -> dict[tuple[int, int, int, int], list[int]]:
        """Return (group, day, duty, number of the break) → where each begins, counted from the start of the duty.

        The window that opened first takes the first place.
        """
        found: dict[tuple[int, int, int, int], list[int]] = defaultdict(list)
        for window, jobs in self.jobs.items():
            places = [
                slot
                for kind, slot in sorted(key for key in self.begun if key[0] == window)
                for _one in range(round(answer[self.begun[kind, slot]]))
            ]
            queue = iter(places)
            for _opens, key in sorted(jobs):
                begin = key[1] * self.cover.slots + int(self.cover.starts[key[2]])
                count = round(answer[self.work[key[:3]]])
                found[key] = [slot - begin for slot in itertools.islice(queue, count)]
        return found
