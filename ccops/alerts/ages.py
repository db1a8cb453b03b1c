"""How long something has lasted, whatever the clock on the wall does meanwhile.

Rows of the board hold instants of the wall clock. Once that is set forward or back by an hour, every difference to an
instant from before is wrong by an hour. So the age of each instant is worked out once, when it is first seen, and goes
on by the monotonic clock.
"""

from typing import Protocol

Place = tuple[str, str]
"""What an instant belongs to: kind and key."""


class Ages(Protocol):
    """Tells how long something has lasted."""

    def age(self, place: Place, instant: float) -> float:
        """Return the seconds since `instant` (epoch seconds), never below zero."""
        ...


class PlainAges:
    """Ages at one look: there is no before."""

    def __init__(self, wall: float) -> None:
        """`wall` is the present, epoch seconds."""
        self._wall = wall

    def age(self, place: Place, instant: float) -> float:
        """Return the seconds since `instant`."""
        return max(0.0, self._wall - instant)


class SteadyAges:
    """Ages over many looks; `look` begins each."""

    def __init__(self) -> None:
        self._wall = self._at = 0.0
        self._known: dict[Place, tuple[float, float]] = {}
        self._used: dict[Place, tuple[float, float]] = {}

    def look(self, wall: float, at: float) -> None:
        """Begin a look at `wall` (epoch seconds) and `at` (monotonic seconds); what was not asked for is forgotten."""
        self._known, self._used = self._used, {}
        self._wall, self._at = wall, at

    def age(self, place: Place, instant: float) -> float:
        """Return the seconds since `instant`, as they have passed."""
        found = self._used.get(place) or self._known.get(place)
        if found is None or found[0] != instant:
            found = instant, self._at - max(0.0, self._wall - instant)
        self._used[place] = found
        return max(0.0, self._at - found[1])
