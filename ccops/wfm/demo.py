"""The simulated centre as planning sees it: its people, their shifts and breaks, and who is off when."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ccops.wfm.roster import Break, Contract, Shift
from ccops.wfm.team.model import Member, QueuePlan, Team, WishRule
from ccops.wfm.team.words import clock_text

LONG_SHIFT = 6.5
"""Hours from which a shift has a lunch."""
LEVEL = 0.7
"""Share of callers whom each queue promises an answer within its threshold: what a centre this small can keep."""
_TURNS = 3
_FULL_WEEK, _PART_WEEK = 40 * 60, 30 * 60


@dataclass(frozen=True, slots=True)
class DemoQueue:
    """A queue of the simulated centre."""

    name: str
    threshold: float
    """Seconds."""
    patience: float
    """Mean, seconds."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A member of the simulated centre."""

    id: str
    name: str
    interface: str
    queues: tuple[str, ...]
    hours: tuple[float, float]
    """Local hours of the shift."""


@dataclass(frozen=True, slots=True)
class DemoCentre:
    """What is simulated."""

    queues: tuple[DemoQueue, ...]
    people: tuple[DemoPerson, ...]
    works: Callable[[str, date], bool] = lambda _person, _day: True
    """Who worked on a day that is past, and who is to work on one to come."""


def breaks_of(hours: tuple[float, float], turn: int = 1) -> tuple[tuple[str, int, int, bool], ...]:
    """Return (name, start, minutes, paid) of the breaks of a shift; minutes after midnight.

    Who has the same shift takes turns: of three, one goes earlier and one later.
    """
    start, end = round(hours[0] * 60), round(hours[1] * 60)
    coffee = ("coffee", start + 105 + turn % _TURNS * 15, 15, True)
    if end - start < LONG_SHIFT * 60:
        return (coffee,)
    return (coffee, ("lunch", start + (end - start) // 2 // 15 * 15 + (turn % _TURNS - 1) * 30, 30, False))


def shift_of(hours: tuple[float, float]) -> Shift:
    """Return the shift of these hours."""
    start, end = round(hours[0] * 60), round(hours[1] * 60)
    breaks = tuple(
        Break(name, minutes, at - start - 60, at - start + 45, paid) for name, at, minutes, paid in breaks_of(hours)
    )
    return Shift(f"{clock_text(start)}-{clock_text(end)}", start, end - start, breaks)


def demo_team(centre: DemoCentre, today: date) -> Team:
    """Return the people of a simulated centre with the shifts that they work there."""
    shifts = {person.hours: shift_of(person.hours) for person in centre.people}
    full = Contract("full", week_max=_FULL_WEEK, max_days_in_row=5, min_days_off=2)
    return Team(
        people=tuple(_member(person, centre, today) for person in centre.people),
        contracts=(full, replace(full, name="part", week_max=_PART_WEEK)),
        shifts=tuple(sorted(shifts.values(), key=lambda shift: (shift.start, shift.minutes))),
        queues=tuple(
            QueuePlan(queue.name, target=(LEVEL, queue.threshold), patience=queue.patience) for queue in centre.queues
        ),
    )


def _member(person: DemoPerson, centre: DemoCentre, today: date) -> Member:
    contract = "full" if person.hours[1] - person.hours[0] > LONG_SHIFT else "part"
    wishes = [WishRule("", weekday=day, weight=5) for day in _days_off(person, centre, today)]
    return Member(person.id, person.name, contract, person.queues, interface=person.interface, wishes=tuple(wishes))


def _days_off(person: DemoPerson, centre: DemoCentre, today: date) -> list[int]:
    """Return the weekdays that are a person's days off: so they have got used to it."""
    days = (today + timedelta(days=ahead) for ahead in range(7))
    return sorted(day.weekday() for day in days if not centre.works(person.id, day))
