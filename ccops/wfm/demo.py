"""The simulated centre as planning sees it: its people, their shifts and breaks, and who is off when."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from ccops.wfm.roster import Break, Contract, Shift
from ccops.wfm.team.model import Member, QueuePlan, Team, WishRule
from ccops.wfm.team.words import clock_text

LONG_SHIFT = 6.5
"""Hours from which a shift has a lunch."""


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
    worked: Callable[[str, date], bool] = lambda _person, _day: True
    """Who worked on a day that is past."""


def days_off(person: int, today: date) -> frozenset[int]:
    """Return the two weekdays on which the n-th person is off; that of `today` is never among them."""
    first = today.weekday() + 1 + person % 5
    return frozenset({first % 7, (first + 1) % 7})


def breaks_of(hours: tuple[float, float]) -> tuple[tuple[str, int, int, bool], ...]:
    """Return (name, start, minutes, paid) of the breaks of a shift; minutes after midnight."""
    start, end = round(hours[0] * 60), round(hours[1] * 60)
    coffee = ("coffee", start + 120, 15, True)
    if end - start < LONG_SHIFT * 60:
        return (coffee,)
    return (coffee, ("lunch", start + (end - start) // 2 // 15 * 15, 30, False))


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
    # The simulated people come every working day; a rule that they break every week would only be in the way.
    full = Contract("full", week_max=60 * 60, max_days_in_row=28)
    return Team(
        people=tuple(_member(place, person, today) for place, person in enumerate(centre.people)),
        contracts=(full, replace(full, name="part", week_max=45 * 60)),
        shifts=tuple(sorted(shifts.values(), key=lambda shift: (shift.start, shift.minutes))),
        queues=tuple(
            QueuePlan(queue.name, target=(0.8, queue.threshold), patience=queue.patience) for queue in centre.queues
        ),
        shrinkage=0.05,
    )


def _member(place: int, person: DemoPerson, today: date) -> Member:
    contract = "full" if person.hours[1] - person.hours[0] > LONG_SHIFT else "part"
    wishes = (WishRule("", weekday=min(days_off(place, today)), weight=5),)
    return Member(person.id, person.name, contract, person.queues, interface=person.interface, wishes=wishes)
