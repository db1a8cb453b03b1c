"""Who of the simulated people works when: a centre has more people than seats, or nobody would ever have a day off.

Everybody has two days off in a row, the same every week; on busy days as many come as there are seats, on the two
quiet ones fewer. Those who sit there today are the ones whom the simulated PBX has.
"""

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ccops.pbx.sim.plan import AgentPlan

Shape = tuple[int, int, int]
"""Seats, queues and seed."""

_WEEK: Final = 7
_BUSY: Final = 5
"""Days of a week, from its first one, on which every seat is taken."""
_PER_SPARE: Final = 4
"""Seats for each of which somebody more is employed; below that many nobody has a day off."""


def place_in_week(day: date, today: date) -> int:
    """Return which day of the centre's week a day is: 0 to 4 are busy, 5 and 6 quiet.

    The week begins on Monday, but for a centre that is looked at on a weekend: today is simulated as a busy day, so
    that one has its quiet days in the middle of the week, as shops have.
    """
    shift = 3 if today.weekday() >= _BUSY else 0
    return (day.weekday() - shift) % _WEEK


@lru_cache(maxsize=4)
def people_of(shape: Shape) -> "tuple[AgentPlan, ...]":
    """Return everybody who is employed: those with a seat today, then those who are off today."""
    from ccops.pbx.sim import CentrePlan

    seats, queues, seed = shape
    more = CentrePlan.default(seats + seats // _PER_SPARE, queues, seed)
    return (*CentrePlan.default(*shape).agents, *more.agents[seats:])


@lru_cache(maxsize=4)
def days_off(seats: int, today: date) -> tuple[frozenset[int], ...]:
    """Return the days of the centre's week on which each person is off, in the order of `people_of`."""
    spare = seats // _PER_SPARE
    if not spare:
        return (frozenset(),) * seats
    people, now = seats + spare, place_in_week(today, today)
    quiet = 2 * people - _BUSY * spare
    # The last day of the week is the quieter one of the two.
    left = [*[spare] * _BUSY, quiet * 2 // 5, quiet - quiet * 2 // 5]
    found = [_pair(left, now, off_today=place >= seats) for place in sorted(range(people), key=lambda one: one < seats)]
    return (*found[spare:], *found[:spare])


def _pair(left: list[int], now: int, *, off_today: bool) -> frozenset[int]:
    """Return two days in a row on which most are still to be off, and count them."""
    pairs = [(first, (first + 1) % _WEEK) for first in range(_WEEK)]
    able = [pair for pair in pairs if (now in pair) is off_today]
    best = max(able, key=lambda pair: (min(left[pair[0]], left[pair[1]]), left[pair[0]] + left[pair[1]]))
    for day in best:
        left[day] -= 1
    return frozenset(best)


def crew_of(shape: Shape, day: date, today: date) -> "list[AgentPlan]":
    """Return who works on a day."""
    place, off = place_in_week(day, today), days_off(shape[0], today)
    return [agent for agent, free in zip(people_of(shape), off, strict=True) if place not in free]
