"""When a solver has to stop, and what it tells on the way."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

UNITS_PER_SECOND = 250_000_000
"""Work units (array cells) that count as a second in a deterministic run."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a solver is."""

    seconds: float
    penalty: float | None
    """Of the best roster so far; None before the first."""
    bound: float
    """No roster can have less."""
    phase: str

    @property
    def gap(self) -> float | None:
        """(penalty − bound) / penalty; None while unknown, 0 at the best."""
        if self.penalty is None or math.isinf(self.bound):
            return None
        return 0.0 if self.penalty <= self.bound else (self.penalty - self.bound) / max(abs(self.penalty), 1e-9)


class Control:
    """Counts time, or work where the same answer is wanted each time; may be told to stop."""

    def __init__(
        self,
        seconds: float,
        *,
        deterministic: bool = False,
        tell: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """`seconds` is the limit; deterministic: it is counted in work, on any machine alike. `stop` true ends it."""
        self.limit, self.deterministic, self._tell, self._stop = seconds, deterministic, tell, stop
        self._begin = time.monotonic()
        self._work = 0.0
        self._stopped = False
        self.penalty: float | None = None
        self.bound = -float("inf")
        self.phase = ""

    def part(self, seconds: float) -> "Control":
        """Return a control for a step of the work: it ends with its own limit or with ours, and tells nobody."""
        return _Part(self, min(seconds, self.left))

    def spend(self, units: float) -> None:
        """Count work done."""
        self._work += units

    @property
    def pace(self) -> float:
        """Work units per second, as measured so far (fixed in a deterministic run)."""
        if self.deterministic or self.seconds < 0.02 or self._work <= 0:
            return UNITS_PER_SECOND
        return max(1e6, self._work / self.seconds)

    @property
    def seconds(self) -> float:
        """Wall seconds since the start."""
        return time.monotonic() - self._begin

    @property
    def used(self) -> float:
        """What counts against the limit, in seconds."""
        return self._work / UNITS_PER_SECOND if self.deterministic else self.seconds

    @property
    def left(self) -> float:
        """Seconds until the limit, at least 0."""
        if not self._stopped and self._stop is not None:
            self._stopped = self._stop()
        return 0.0 if self._stopped else max(0.0, self.limit - self.used)

    @property
    def over(self) -> bool:
        """Say whether to stop now."""
        return self.left <= 0

    def better(self, penalty: float) -> None:
        """Tell of a better roster."""
        self.penalty = penalty if self.penalty is None else min(self.penalty, penalty)
        self.tell()

    def raise_bound(self, bound: float) -> None:
        """Tell of a better bound."""
        if bound > self.bound:
            self.bound = bound
            self.tell()

    def tell(self) -> None:
        """Report where the solver stands."""
        if self._tell is not None:
            self._tell(Progress(self.seconds, self.penalty, self.bound, self.phase))


class _Part(Control):
    """Part of the time of another control."""

    def __init__(self, whole: Control, seconds: float) -> None:
        super().__init__(seconds, deterministic=whole.deterministic)
        self.whole = whole

    def spend(self, units: float) -> None:
        super().spend(units)
        self.whole.spend(units)

    @property
    def left(self) -> float:
        return min(super().left, self.whole.left)
