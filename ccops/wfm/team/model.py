"""What a team file says, as typed data; rosters, requirement and adherence are worked out from it.

Times are minutes after midnight on the site's clock, lengths minutes, weekdays 0 (Monday) to 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from ccops.errors import NotFound
from ccops.i18n import _
from ccops.wfm.days import SpecialDay
from ccops.wfm.roster.model import DAY_OFF, Contract, Fairness, FreeShift, Shift

FORMAT = 1
"""Form of the file; a higher one is of a later ccops."""


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """What a queue needs of planning; None is the site's or unknown."""

    name: str
    target: tuple[float, float] | None = None
    """Share to be answered within seconds."""
    max_occupancy: float | None = None
    max_asa: float | None = None
    """Seconds."""
    patience: float | None = None
    """Mean seconds until a caller gives up: Erlang A; without it nobody does (Erlang C)."""
    aht: float | None = None
    """Seconds, instead of what the history shows."""
    shrinkage: float | None = None
    minimum: int = 0
    """Agents while the queue is open, however few calls come."""
    weight: float = 10.0
    """Cost of one agent missing for one interval."""


@dataclass(frozen=True, slots=True)
class Activity:
    """A time off the phones that is planned: a meeting, a training."""

    name: str
    start: int
    minutes: int
    people: tuple[str, ...]
    """Empty: everybody who works then."""
    day: date | None = None
    """This day only; else every `weekdays`."""
    weekdays: frozenset[int] = frozenset()

    def on(self, day: date) -> bool:
        """Say whether it takes place on a day."""
        return day == self.day if self.day is not None else day.weekday() in self.weekdays

    def takes(self, person: str) -> bool:
        """Say whether a person takes part."""
        return not self.people or person in self.people


@dataclass(frozen=True, slots=True)
class WishRule:
    """A wish for one day or for a weekday."""

    shift: str
    """DAY_OFF is the day off."""
    day: date | None = None
    weekday: int | None = None
    weight: int = 1
    wanted: bool = True

    def on(self, day: date) -> bool:
        """Say whether it is about a day."""
        return day == self.day if self.day is not None else day.weekday() == self.weekday


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the team."""

    id: str
    name: str
    contract: str
    skills: tuple[str, ...] = ()
    """Queues."""
    agent: str = ""
    """Name in the queue_log and on the board, where it is not `name`."""
    interface: str = ""
    login: str = ""
    """Login name on this machine: who may ask for this person's own leave."""
    hours: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Weekday → when available; a weekday not named is free for any shift."""
    wishes: tuple[WishRule, ...] = ()
    leave_minutes: int | None = None
    """Paid minutes that a day of leave counts for; None: a fifth of the contract's week."""

    def known_as(self, name: str) -> bool:
        """Say whether a name or interface from the PBX is this person."""
        folded = name.casefold()
        return bool(folded) and folded in {self.agent.casefold(), self.interface.casefold(), self.name.casefold()}


@dataclass(frozen=True)
class Team:
    """All that planning knows of a centre beside its history."""

    people: tuple[Member, ...] = ()
    contracts: tuple[Contract, ...] = ()
    shifts: tuple[Shift, ...] = ()
    free_shifts: tuple[FreeShift, ...] = ()
    queues: tuple[QueuePlan, ...] = ()
    activities: tuple[Activity, ...] = ()
    days: tuple[SpecialDay, ...] = ()
    fairness: tuple[Fairness, ...] = ()
    interval: int = 15
    """Minutes of an interval of requirement and roster."""
    shrinkage: float = 0.0
    """Share of time on the roster in which people are neither on the phones nor on a planned break."""
    target: tuple[float, float] = (0.8, 20.0)
    max_occupancy: float | None = None
    stability: float = 40.0
    """Cost of changing a day of a roster that is to be kept."""

    def person(self, word: str) -> Member:
        """Return a person by id, name, agent name, interface or login; raises `NotFound` with the nearest ids."""
        folded = word.casefold()
        for member in self.people:
            if folded in (member.id.casefold(), member.login.casefold()) or member.known_as(word):
                return member
        raise NotFound(_("person"), word, [name for one in self.people for name in (one.id, one.name)])

    def member(self, person: str) -> Member | None:
        """Return a person by id alone; None where the team has nobody of that id any more."""
        return next((one for one in self.people if one.id == person), None)

    def queue(self, name: str) -> QueuePlan:
        """Return what planning knows of a queue; defaults where the file does not name it."""
        found = next((one for one in self.queues if one.name.casefold() == name.casefold()), None)
        return found or QueuePlan(name)

    def contract_of(self, person: str) -> Contract | None:
        """Return a person's contract; None for nobody of the team."""
        member = self.member(person)
        return next((one for one in self.contracts if member is not None and one.name == member.contract), None)

    def leave_minutes(self, person: str) -> int:
        """Return the paid minutes that a day of leave counts for."""
        member, contract = self.member(person), self.contract_of(person)
        if member is not None and member.leave_minutes is not None:
            return member.leave_minutes
        week = 0 if contract is None else contract.week_min or contract.week_max or 0
        return week // 5

    def queue_names(self) -> tuple[str, ...]:
        """Return the queues that planning is about: those of the file, then those that somebody serves."""
        names = [queue.name for queue in self.queues] + [skill for one in self.people for skill in one.skills]
        return tuple(dict.fromkeys(names))

    def closed(self, day: date) -> bool:
        """Say whether the centre is closed on a day."""
        return any(special.closed and special.day == day for special in self.days)

    def activities_of(self, person: str, day: date) -> list[Activity]:
        """Return what a person is planned for on a day beside calls, in order."""
        return sorted((one for one in self.activities if one.on(day) and one.takes(person)), key=lambda one: one.start)


def span_of(first: date, days: int) -> list[date]:
    """Return some days in a row."""
    return [first + timedelta(days=offset) for offset in range(days)]


__all__ = [
    "DAY_OFF",
    "FORMAT",
    "Activity",
    "Contract",
    "Fairness",
    "FreeShift",
    "Member",
    "QueuePlan",
    "Shift",
    "SpecialDay",
    "Team",
    "WishRule",
    "span_of",
]
