"""Axes: steps that people like, for counts, durations and rates."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ccops.reports.figures import Unit

_NOTHING: Final = 1e-9
_DURATION_STEPS: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400,
)  # fmt: skip


@dataclass(slots=True, frozen=True)
class Scale:
    """Values from `low` to `high` along `length` points."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Return where a value lies, 0 at the low end and 1 at the high one."""
        return (value - self.low) / (self.high - self.low)


def scale_of(values: Iterable[float | None], kind: str, *, goal: float | None = None, most: int = 5) -> Scale:
    """Return a scale from zero (or below, where there are negative values) over all values; unknown ones do not count.

    `most` is about how many steps there may be.
    """
    known = [value for value in (*values, goal) if value is not None]
    low, high = min(0.0, *known, 0.0), max(0.0, *known, 0.0)
    if high - low < _NOTHING:
        low, high = 0.0, 1.0
    if kind == Unit.RATE and 0.5 < high <= 1 and low == 0:
        return Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))
    step = _step((high - low) / most, kind)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(number * step for number in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], ticks)


def _step(least: float, kind: str) -> float:
    if kind == Unit.SECONDS:
        fitting = next((step for step in _DURATION_STEPS if step >= least), None)
        return fitting or 86400 * math.ceil(least / 86400)
    power = 10.0 ** math.floor(math.log10(least))
    steps = [factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * (1 - 1e-9)]
    if kind != Unit.COUNT:
        return steps[0]
    return max(1.0, next((step for step in steps if step.is_integer()), 1.0))  # there is no half call


def thinned(widths: Sequence[float], room: float, gap: float) -> int:
    """Return every how many labels to draw, so that they do not touch along `room` points."""
    if not widths:
        return 1
    slot = room / len(widths)
    return max(1, math.ceil((max(widths) + gap) / slot))
