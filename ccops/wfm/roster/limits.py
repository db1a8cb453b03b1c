"""What is worked and what is allowed, as numbers: duties, calendar and the hard limits of each person."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Costs = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

NEVER = np.float32(1e12)
IMPOSSIBLE = np.float32(5e11)
OFF = -1


@dataclass(frozen=True, slots=True, eq=False)
class Duties:
    """What can be worked on a day, as numbers; the same list for everybody."""

    minutes: Whole
    """Paid minutes."""
    follow: Truths
    """follow[a, b]: b may be worked the day after a."""
    special: Mapping[int, Truths] = field(default_factory=dict)
    """Day → what may follow into that day, where a change of the clock makes it different."""

    @property
    def classes(self) -> Whole:
        """Return per duty a number that is the same where the same duties may follow."""
        rows = np.concatenate([self.follow, *self.special.values()], axis=1)
        _rows, found = np.unique(rows, axis=0, return_inverse=True)
        return found.ravel().astype(np.int64)

    def follow_on(self, day: int) -> Truths:
        """Return which duty may be worked on `day` after which."""
        return self.special.get(day, self.follow)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the horizon, as numbers."""

    days: int
    weekday: Whole
    """0 is Monday."""
    week: Whole
    """Which week of the horizon a day belongs to, from 0."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A limit on how often certain duties are worked, and what each count costs at the end."""

    duties: tuple[int, ...]
    most: int
    price: tuple[float, ...] = ()
    """Cost of 0, 1, … `most` of them; empty: nothing."""
    days: frozenset[int] | None = None
    """Days on which they count; None: all."""

    def counts(self, day: int, duty: int) -> bool:
        """Say whether this duty on this day counts."""
        return duty in self.duties and (self.days is None or day in self.days)

    def worked(self, pattern: npt.NDArray[np.int16]) -> int:
        """Return how often a pattern works them."""
        hits = np.isin(pattern, self.duties)
        if self.days is not None:
            hits &= np.isin(np.arange(len(pattern)), list(self.days))
        return int(hits.sum())


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits of one person; None is no limit."""

    max_run: int
    """Days of work in a row."""
    min_run: int = 1
    min_off: int = 1
    """Days off in a row."""
    max_minutes: int | None = None
    min_minutes: int = 0
    week_max: tuple[int, ...] = ()
    """Minutes per week of the horizon; empty: no limit."""
    week_min: tuple[int, ...] = ()
    max_weekends: int | None = None
    counters: tuple[Counter, ...] = ()
    run_before: int = 0
    """Days of work just before the horizon, 0 after a day off."""
    off_before: int | None = None
    """Days off just before the horizon; None with run_before 0: not known, taken as long enough."""
    duty_before: int = OFF
    """Last duty of the run before."""
    away: frozenset[int] = frozenset()
    """Days on leave, always off: days off that hold one, and days of work beside one, are never too few."""
    rules: int = 0
    """Which of the problem's lists of duties applies (they differ in what may follow what)."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """An answer: duty per day (OFF where free) and its cost; `duties` is None where no pattern is allowed."""

    cost: float
    duties: npt.NDArray[np.int16] | None


def shape_of(limits: Limits) -> tuple[object, ...]:
    """Return what people should have in common to be solved together: the same counts, and like minutes."""
    weekly = bool(limits.week_max or limits.week_min)
    counters = tuple((counter.duties, counter.days) for counter in limits.counters)
    return limits.rules, weekly, limits.max_minutes, limits.min_minutes, counters
