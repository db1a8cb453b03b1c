"""Days before they come: weekday, day of the month, special days, and closures beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from ccops.wfm.daylevel import Days, Features
from ccops.wfm.history import Array
from ccops.wfm.profile import Mask

WEEK = 7
PUBLIC: Final = "public"
MINOR: Final = "minor"
EVE: Final = "eve"
"""Groups of special days: public holidays, lesser ones, and the days before public ones."""
_LONGEST_CLOSURE = 4
_AROUND = 5 * WEEK
FULL = 0.5
"""Calls of a weekday against the busiest from which it is a full day."""
QUIET = 0.5
"""Calls against an ordinary day below which a day counts as closed for the days beside it."""


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
    group: str = ""
    """Kind of day that a name without a past of its own borrows from; empty: none."""


def weekdays_of(first: date, days: Days) -> npt.NDArray[np.int64]:
    """Return the weekday of each day counted from `first`; 0 is Monday."""
    weekdays: npt.NDArray[np.int64] = (first.weekday() + days) % WEEK
    return weekdays


def rough_ratios(totals: Array, usual: Mask) -> Array:
    """Return calls per day against the middle of the same weekdays around it; 0 closed, NaN unknown.

    `totals` are calls of whole days, NaN where nobody counted. A day without calls on a weekday that is usually open
    was closed; a stretch of more than a few is a gap in what we know.
    """
    had = np.where(np.nan_to_num(totals) > 0, totals, np.nan)
    padded = np.concatenate([np.full(_AROUND, np.nan), had, np.full(_AROUND, np.nan)])
    steps = [step for step in range(-_AROUND, _AROUND + 1, WEEK) if step]
    near = np.array([padded[_AROUND + step : _AROUND + step + len(had)] for step in steps])
    ratios = np.full(len(totals), np.nan)
    known = np.isfinite(near).any(axis=0)
    ratios[known] = had[known] / np.nanmedian(near[:, known], axis=0)
    ratios[_closures(usual, usual & ~(np.nan_to_num(totals) > 0))] = 0.0
    return ratios


def weekday_sizes(totals: Array, weekday: npt.NDArray[np.int64]) -> Array:
    """Return the calls of each weekday against the busiest, 0…1."""
    had = np.nan_to_num(totals) > 0
    middle = np.array([np.median(totals[one]) if (one := had & (weekday == day)).any() else 0.0 for day in range(WEEK)])
    sizes: Array = middle / max(float(middle.max()), 1e-9)
    return sizes


def _closures(usual: Mask, closed: Mask) -> Mask:
    """Return the closed days without those of long gaps."""
    found = closed.copy()
    run = 0
    for place in range(len(closed) + 1):
        if place < len(closed) and (closed[place] or not usual[place]):
            run += closed[place]
            continue
        if run > _LONGEST_CLOSURE:
            found[place - run : place] = False
        run = 0
    return found


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


def day_features(
    first: date, ratios: Array, sizes: Array, specials: Sequence[SpecialDay], quiet: Sequence[SpecialDay], ahead: int
) -> Features:
    """Return the features of every day of the history and `ahead` days more.

    `ratios` are those of `rough_ratios`; `quiet` are the special days to come on which hardly anybody will call.
    What a closure does to the days beside it a day with few calls does too, unless its weekday is a quiet one.
    """
    days = np.arange(len(ratios) + ahead)
    weekday = weekdays_of(first, days)
    dates = np.datetime64(first) + days
    usual = sizes[weekday] > 0
    closed = np.zeros(len(days), bool)
    closed[: len(ratios)] = np.nan_to_num(ratios, nan=1.0) < QUIET
    for special in specials:
        if special.closed and 0 <= (special.day - first).days < len(days):
            closed[(special.day - first).days] = True
    for special in quiet:
        if len(ratios) <= (special.day - first).days < len(days):
            closed[(special.day - first).days] = True
    closed = _closures(usual, closed & (sizes[weekday] >= FULL))
    return Features(
        weekday.astype(float),
        (dates - dates.astype("datetime64[M]")).astype(float),
        (dates - dates.astype("datetime64[Y]")).astype(float),
        _beside(closed, usual, 1),
        _beside(closed, usual, -1),
    )
