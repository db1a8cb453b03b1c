"""What comes out: who works what when, what it costs, and what falls short and why."""

from dataclasses import dataclass
from datetime import date, time

from ccops.wfm.roster.model import DAY_OFF


@dataclass(frozen=True, slots=True)
class Placed:
    """A break with its place in the day."""

    name: str
    start: int
    """Minutes after midnight of the day the shift begins on."""
    minutes: int
    paid: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """One person's day; a day off has the shift DAY_OFF and no times."""

    person: str
    day: date
    shift: str
    start: int = 0
    """Minutes after midnight."""
    minutes: int = 0
    paid: int = 0
    breaks: tuple[Placed, ...] = ()
    queue: str = ""
    """The queue this person is counted for during most of the shift; empty where needs are per shift."""

    @property
    def end(self) -> int:
        """Minutes after midnight of `day`; over 1440 for a shift that ends on the next day."""
        return self.start + self.minutes

    @property
    def works(self) -> bool:
        """Say whether this is a day of work."""
        return self.shift != DAY_OFF


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Something that could not be had, and why."""

    kind: str
    """cover (people missing), rule (a rule that had to give way) or conflict (two orders for one day)."""
    why: str
    person: str = ""
    queue: str = ""
    """Queue, or shift where needs are per shift."""
    day: date | None = None
    start: time | None = None
    end: time | None = None
    missing: float = 0.0
    """Agents."""


@dataclass(frozen=True, slots=True)
class Costs:
    """The penalty in parts."""

    missing: float
    """Agents or people too few."""
    staff: float
    """Paid hours where needs are per queue; people too many where they are per shift."""
    wishes: float
    """Wishes not granted."""
    changes: float
    """Days of a kept roster that were changed."""
    fairness: float
    """Unloved duties above one's fair share."""

    @property
    def total(self) -> float:
        """The penalty."""
        return self.missing + self.staff + self.wishes + self.changes + self.fairness


@dataclass(frozen=True, slots=True)
class Result:
    """A roster, best first known, with what it costs and lacks."""

    assignments: tuple[Assignment, ...]
    """Every person and day of the horizon, days off included, by person and day."""
    costs: Costs
    bound: float
    """No roster has a smaller penalty."""
    shortfalls: tuple[Shortfall, ...]
    seconds: float
    proved: bool
    """No better roster exists."""

    @property
    def penalty(self) -> float:
        """The whole penalty."""
        return self.costs.total

    @property
    def gap(self) -> float:
        """(penalty − bound) / penalty, 0 when proved."""
        if self.penalty <= self.bound or self.proved:
            return 0.0
        return (self.penalty - self.bound) / max(abs(self.penalty), 1e-9)

    @property
    def known_gap(self) -> float | None:
        """The gap; None where no bound was found in the time."""
        return self.gap if self.proved or self.bound > -1e18 else None

    def of(self, person: str) -> tuple[Assignment, ...]:
        """Return one person's days in order."""
        return tuple(one for one in self.assignments if one.person == person)
