"""Days before they come: weekday, day of the month, special days, and closures beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from ccops.wfm.daylevel import Days, Features
from ccops.wfm.history import Array, History
from ccops.wfm.profile import Mask

WEEK = 7
_LONGEST_CLOSURE = 4


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that is not like its weekday: closed, or with another volume.

    Without a factor the mean effect of earlier days of the same name is used.
    """

    day: date
    name: str
    closed: bool = False
    factor: float | None = None
    """Calls against an ordinary day of that weekday."""


def weekdays_of(first: date, days: Days) -> npt.NDArray[np.int64]:
    """Return the weekday of each day counted from `first`; 0 is Monday."""
    weekdays: npt.NDArray[np.int64] = (first.weekday() + days) % WEEK
    return weekdays


def _closures(usual: Mask, known: Mask, specials: Sequence[SpecialDay], first: date) -> Mask:
    """Return the days that were (or will be) closed although their weekday is not; long gaps are no closures."""
    closed = usual & ~known
    for special in specials:
        place = (special.day - first).days
        if 0 <= place < len(closed):
            closed[place] = special.closed and usual[place]
    run = 0
    for place in range(len(closed) + 1):
        if place < len(closed) and (closed[place] or not usual[place]):
            run += closed[place]
            continue
        if run > _LONGEST_CLOSURE:
            closed[place - run : place] = False
        run = 0
    return closed


def _beside(closed: Mask, usual: Mask, step: int) -> Array:
    """Return 1 for every usual day with a closure between it and the next usual day in direction `step`."""
    flags = np.zeros(len(closed))
    seen = False
    for place in range(len(closed))[::step]:
        if closed[place]:
            seen = True
        elif usual[place]:
            flags[place], seen = float(seen), False
    return flags


def day_features(history: History, known: Mask, hours: Mask, specials: Sequence[SpecialDay], ahead: int) -> Features:
    """Return the features of every day of the history and `ahead` days more."""
    days = np.arange(history.days + ahead)
    weekday = weekdays_of(history.first, days)
    dates = np.datetime64(history.first) + days
    usual = (hours.sum(axis=1) > 0)[weekday]
    seen = np.concatenate([known, np.ones(ahead, bool)])
    closed = _closures(usual, seen, specials, history.first)
    return Features(
        weekday.astype(float),
        (dates - dates.astype("datetime64[M]")).astype(float),
        (dates - dates.astype("datetime64[Y]")).astype(float),
        _beside(closed, usual, 1),
        _beside(closed, usual, -1),
    )
