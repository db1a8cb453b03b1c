"""Days of a roster solved on all cores: the next is handed out as soon as one is done, so that no core waits.

The answers change the roster in the order in which they come; in a deterministic run in that in which they were asked
for. When time is over nobody waits for what is still being solved.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial

import numpy as np

from ccops.wfm.roster.core import Breaks, Core
from ccops.wfm.roster.daymodel import Change, DayModel
from ccops.wfm.roster.descent import Descent
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.parallel import CORES, begun
from ccops.wfm.roster.rules import breaches

Part = tuple[int, ...]
"""Days that are solved together."""
_GAP = 0.002
_UNITS = 25_000
"""Work units per number in a programme's rows, solved beside another."""
_TICK = 0.1
_BUSY = 1.5
"""Above 1 where this process gets less than so many seconds of processor in a second of the clock …"""
_SLOWEST = 6.0
"""… and no more than this."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is being solved: days, or with none of them another step towards the bound."""

    part: Part
    answer: "Future[Change | float | None]"


class DayCrew:
    """Solves days of the descent's roster and makes the changes that hold."""

    def __init__(self, core: Core, cover: IntervalCover, descent: Descent, offer: Callable[[], bool]) -> None:
        """`offer` is called whenever the descent's roster has become better."""
        self.core, self.cover, self.descent, self.offer = core, cover, descent, offer
        self.control = descent.control
        self.begin = time.monotonic(), time.process_time()

    def work(
        self,
        choose: Callable[[list[Part]], Part | None],
        most: float,
        solved: Callable[[Part, bool], None] = lambda _part, _better: None,
        bounds: Iterator[float] = iter(()),  # noqa: B008 - an iterator with nothing in it
        after: float = 0.0,
    ) -> None:
        """Solve the parts that `choose` gives (it is told those under way) until it gives none or time is over.

        A part may take `most` seconds. `solved` hears of each whether it made the roster better. One core works on
        `bounds` as long as there are any, once so many seconds (`after`) of the limit are used.
        """
        jobs, proving = list[Job](), True
        while True:
            begins = proving and self.control.used >= after and not self.control.over
            if begins and all(job.part for job in jobs):
                jobs.append(Job((), begun(partial(next, bounds, None))))
            while len(jobs) < CORES and not self.control.over:
                part = choose([job.part for job in jobs])
                if part is None:
                    break
                jobs.append(Job(part, begun(partial(self._model(part).solve, self._seconds(most), _GAP))))
            done = self._done(jobs)
            if done is None:
                return
            jobs.remove(done)
            if done.part:
                solved(done.part, self._take(done.answer.result()))
            else:
                proving = self._raise(done.answer.result())

    def _seconds(self, most: float) -> float | None:
        """Return how long a part may take: longer where others use the machine, for what is broken off is lost."""
        if self.control.deterministic:
            return None
        wall, cpu = time.monotonic() - self.begin[0], time.process_time() - self.begin[1]
        return min(most * min(max(_BUSY * wall / max(cpu, 0.1), 1.0), _SLOWEST), self.control.left)

    def _done(self, jobs: list[Job]) -> Job | None:
        """Return a job that has ended (the oldest in a deterministic run); None where there is none to wait for."""
        if self.control.deterministic and jobs:
            wait([jobs[0].answer])
            return jobs[0]
        while jobs:
            ended, _open = wait([job.answer for job in jobs], _TICK, FIRST_COMPLETED)
            if ended:
                return next(job for job in jobs if job.answer in ended)
            if self.control.over:
                break
        return None

    def _raise(self, bound: "Change | float | None") -> bool:
        """Tell a bound; say whether there may be a better one."""
        if isinstance(bound, float):
            self.control.raise_bound(bound)
        return bound is not None

    def _model(self, part: Part) -> DayModel:
        breaks = [self._breaks(person) for person in range(self.core.people)]
        model = DayModel(self.core, self.cover, self.descent.roster.copy(), breaks, part)
        self.control.spend(_UNITS * len(part) * model.programme.size)
        return model

    def _take(self, change: "Change | float | None") -> bool:
        """Make a change and offer the roster; say whether it is better."""
        better = isinstance(change, Change) and self._apply(change)
        if better:
            self.offer()
        return better

    def _breaks(self, person: int) -> Breaks:
        placed = self.descent.presence[person].breaks
        most = max((len(breaks) for breaks in self.cover.breaks), default=0)
        return np.full((self.cover.days, most), -1, np.int16) if placed is None else placed

    def _apply(self, change: Change) -> bool:
        """Make a change of some days if no rule speaks against it and it is not worse; say whether the penalty fell."""
        descent, days = self.descent, list(change.days)
        before, state = descent.cost, descent.state()
        for person, duties in change.duties.items():
            pattern = descent.roster[person].copy()
            pattern[days] = duties
            moved = bool((pattern != descent.roster[person]).any())
            if moved and breaches(self.core, person, pattern):
                descent.restore(state)
                return False
            breaks = self._breaks(person).copy()
            breaks[days] = change.breaks[person]
            descent.replace(person, pattern, self.cover.presence_with(person, pattern, breaks))
        if descent.cost > before + 1e-9:
            descent.restore(state)
        return descent.cost < before - 1e-6
