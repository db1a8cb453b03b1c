"""What a roster is made from, as a planner says it: shifts, contracts, people, wishes, leave, needs.

Plain data; `compile` turns it into numbers, and the same model carries the benchmark format. Days are dates of the
site's calendar, times are minutes after midnight on the site's clock, lengths are minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:  # numpy costs a command more to load than everything else here
    import numpy as np
    import numpy.typing as npt

DAY_OFF = ""
"""The shift of a day without work, in wishes, fixed days and rosters."""
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Break:
    """A break or a lunch inside a shift; where it lies is chosen when the roster is made."""

    name: str
    minutes: int
    earliest: int
    """Minutes after the start of the shift at which it may begin, at the soonest …"""
    latest: int
    """… and at the latest."""
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift as it may be worked on any of its weekdays."""

    name: str
    start: int
    minutes: int
    """From start to end, breaks included."""
    breaks: tuple[Break, ...] = ()
    weekdays: frozenset[int] = EVERY_DAY
    """0 is Monday."""
    not_next_day: frozenset[str] = frozenset()
    """Shifts that may not follow on the next day, whatever the rest between them."""

    @property
    def paid(self) -> int:
        """Paid minutes."""
        return self.minutes - sum(one.minutes for one in self.breaks if not one.paid)


@dataclass(frozen=True, slots=True)
class FreeShift:
    """Shifts of any start and length within bounds."""

    name: str
    earliest: int
    latest: int
    """Bounds of the start."""
    shortest: int
    longest: int
    step: int = 30
    """Grid of start and length."""
    breaks: tuple[tuple[int, Break], ...] = ()
    """(shift length from which the break is due, break); its window counts from the start of the shift."""
    weekdays: frozenset[int] = EVERY_DAY

    def shifts(self) -> Iterator[Shift]:
        """Yield every shift it stands for, named by its hours."""
        for start in range(self.earliest, self.latest + 1, self.step):
            for minutes in range(self.shortest, self.longest + 1, self.step):
                end = (start + minutes) % 1440
                name = f"{self.name} {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
                breaks = tuple(one for least, one in self.breaks if minutes >= least)
                yield Shift(name, start, minutes, breaks, self.weekdays)


@dataclass(frozen=True, slots=True)
class Contract:
    """Hard rules of working time; None is no rule. Minutes are paid minutes."""

    name: str
    max_minutes: int | None = None
    min_minutes: int = 0
    """Over the horizon; paid leave counts."""
    week_max: int | None = None
    week_min: int = 0
    day_max: int | None = None
    max_days_in_row: int = 6
    min_days_in_row: int = 1
    min_days_off: int = 1
    """Days off in a row."""
    max_weekends: int | None = None
    """Weekends with work on Saturday or Sunday."""
    min_rest: int = 660
    """Minutes between the end of a shift and the start of the next day's."""
    max_shifts: Mapping[str, int] = field(default_factory=dict)
    """Shift → how often at most; 0 excludes it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone to be rostered."""

    id: str
    contract: str
    skills: frozenset[str] = frozenset()
    """Queues this person can serve."""
    name: str = ""
    hours: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Weekday → when available, as (from, to); a weekday not named is free for any shift, an empty one for none."""


@dataclass(frozen=True, slots=True)
class Leave:
    """A day on which a person is away, whatever the reason."""

    person: str
    day: date
    minutes: int = 0
    """Paid minutes it counts for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person would like, and what it costs not to grant it; `shift` DAY_OFF is the day off itself."""

    person: str
    day: date
    shift: str
    weight: int = 1
    wanted: bool = True
    """False: would like NOT to."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A day that is settled: this shift, or DAY_OFF."""

    person: str
    day: date
    shift: str


@dataclass(frozen=True, slots=True)
class ShiftNeed:
    """How many people a shift needs on a day."""

    day: date
    shift: str
    people: int
    under: int = 100
    """Cost of each person too few …"""
    over: int = 1
    """… and too many."""


@dataclass(frozen=True, slots=True, eq=False)
class QueueNeed:
    """How many agents a queue needs in each interval of the horizon: days × intervals of a day."""

    queue: str
    agents: npt.NDArray[np.float64]
    under: float = 10.0
    """Cost of one agent missing for one interval; a queue that hurts more costs more."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a person did just before the horizon."""

    person: str
    days_worked: int = 0
    """In a row, up to the last day before; 0 after a day off."""
    days_off: int = 1
    last_shift: str = DAY_OFF


@dataclass(frozen=True, slots=True)
class Fairness:
    """Duties that nobody likes, to be spread evenly over those who can do them."""

    name: str
    shifts: frozenset[str]
    weekdays: frozenset[int] = EVERY_DAY
    weight: float = 5.0
    """Cost of the first one above the fair share; the n-th costs n times as much."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A day of an existing roster that should stay as it is unless something speaks against it."""

    person: str
    day: date
    shift: str
    weight: float = 10.0
    """Cost of changing it."""


@dataclass(frozen=True)
class Plan:
    """Everything a roster is made from."""

    first: date
    days: int
    shifts: tuple[Shift, ...]
    contracts: tuple[Contract, ...]
    people: tuple[Person, ...]
    free_shifts: tuple[FreeShift, ...] = ()
    leave: tuple[Leave, ...] = ()
    wishes: tuple[Wish, ...] = ()
    fixed: tuple[Fixed, ...] = ()
    shift_needs: tuple[ShiftNeed, ...] = ()
    queue_needs: tuple[QueueNeed, ...] = ()
    before: tuple[Before, ...] = ()
    fairness: tuple[Fairness, ...] = ()
    kept: tuple[Kept, ...] = ()
    interval: int = 15
    """Minutes of an interval of the queue needs."""
    pay: float = 4.0
    """Cost of one paid hour, where needs are per queue: nobody works without need if the contract leaves a choice."""
    zone: ZoneInfo | None = None
    """Where given, rest is counted across changes of the clock."""

    def date_of(self, day: int) -> date:
        """Return the date of a day of the horizon."""
        return self.first + timedelta(days=day)

    def place_of(self, day: date) -> int:
        """Return the place of a date in the horizon (it may lie outside)."""
        return (day - self.first).days

    def all_shifts(self) -> tuple[Shift, ...]:
        """Return the shifts, free ones spelled out."""
        return (*self.shifts, *(one for free in self.free_shifts for one in free.shifts()))
