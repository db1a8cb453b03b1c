"""The shape of a day: which share of its calls falls into each interval, per weekday, and when the centre is open.

Recent days count more; a weekday borrows from the others that keep the same hours as far as its own days are few.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Days = npt.NDArray[np.int64]

_LIFE = 50.0
_BORROWED = 3.0
_RECENT = 91
_ALIKE = 0.8
_SHORT = 12
_SPIKE = 4.0
_ROUGHNESS = 0.25
_AHT_LIFE = 60.0
_AHT_BORROWED = 30.0


def open_intervals(calls: Array, weekday: Days) -> Mask:
    """Return per weekday (7 rows) the intervals in which calls are to be expected, from the last quarter year.

    An interval is open where it is known on half of the weekday's days at least, and either has calls as often as
    not or more than a hundredth of what the busiest interval has. A weekday never seen in less than a week of history
    takes the hours of all the others.
    """
    recent, weekdays = calls[-_RECENT:], weekday[-_RECENT:]
    peak = 0.0
    masks = np.zeros((7, calls.shape[1]), bool)
    rows = [recent[weekdays == day] for day in range(7)]
    means = [_mean(part) for part in rows]
    peak = max((float(np.nanmax(mean)) for mean in means if np.isfinite(mean).any()), default=0.0)
    for day, part in enumerate(rows):
        if not len(part):
            continue
        known = np.isfinite(part)
        often = (np.nan_to_num(part) > 0).sum(axis=0) >= 0.5 * np.maximum(known.sum(axis=0), 1)
        much = np.nan_to_num(means[day]) > 0.01 * peak
        masks[day] = (known.mean(axis=0) >= 0.5) & (often | much) & (peak > 0)
        masks[day] |= _holes(masks[day]) & (np.nan_to_num(means[day]) > 0)
    masks = _borrow(masks)
    if len(calls) < 7:
        for day in range(7):
            if not len(rows[day]):
                masks[day] = masks.any(axis=0)
    return masks


def _likeness(mask: Mask, others: Mask) -> Array:
    """Return how much each row of `others` shares its open intervals with `mask`, 0…1."""
    return np.array([(other & mask).sum() / max(1, (other | mask).sum()) for other in others])


def _borrow(masks: Mask) -> Mask:
    """Return the hours with intervals added that most weekdays of about the same hours have."""
    found = masks.copy()
    for day, mask in enumerate(masks):
        alike = masks[_likeness(mask, masks) >= _ALIKE]
        if mask.any():
            found[day] |= alike.mean(axis=0) > 0.5
    return found


def _holes(mask: Mask) -> Mask:
    """Return the short stretches that are shut between open ones; at night some interval is always without a call."""
    holes = np.zeros_like(mask)
    places = np.flatnonzero(mask)
    for before, after in itertools.pairwise(places):
        if after - before <= len(mask) // _SHORT:
            holes[before + 1 : after] = True
    return holes


def _mean(part: Array) -> Array:
    known = np.isfinite(part)
    count = known.sum(axis=0)
    return np.where(count > 0, np.where(known, part, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


@dataclass(frozen=True, slots=True)
class Profiles:
    """Seven rows of shares, each adding up to 1 over the open intervals (or all 0 where a weekday is closed)."""

    shares: Array
    open: Mask


def _shares(calls: Array, levels: Array, weights: Array) -> Array:
    """Return the weighted share of each interval over the days in which it is known; 0 where never known."""
    known = np.isfinite(calls)
    top = (weights[:, None] * np.where(known, calls, 0.0)).sum(axis=0)
    below = ((weights * levels)[:, None] * known).sum(axis=0)
    return np.where(below > 0, top / np.maximum(below, 1e-12), 0.0)


def _soften(ratio: Array, open_: Mask) -> Array:
    """Return the ratio smoothed over neighbouring open intervals: what two days differ in changes slowly."""
    places = np.flatnonzero(open_)
    near = np.exp(-0.5 * (places[:, None] - places[None, :]).astype(float) ** 2)
    smooth = ratio.copy()
    smooth[places] = near @ ratio[places] / near.sum(axis=1)
    return smooth


def fit_profiles(calls: Array, weekday: Days, levels: Array, trust: Array, hours: Mask) -> Profiles:
    """Return the profile of each weekday from days (rows) with their total levels and the trust put in each."""
    age = np.arange(len(calls))[::-1]
    weights = np.exp(-age / _LIFE) * trust * np.isfinite(levels) * (np.nan_to_num(levels) > 0)
    levels = np.where(weights > 0, levels, 1.0)
    shares = np.zeros((7, calls.shape[1]))
    for day in range(7):
        mask = hours[day]
        if mask.any():
            shares[day] = _one_profile(calls, weekday, levels, weights, hours, day)
    return Profiles(shares, hours)


def _one_profile(calls: Array, weekday: Days, levels: Array, weights: Array, hours: Mask, day: int) -> Array:
    mask = hours[day]
    alike = _likeness(mask, hours)[weekday] >= _ALIKE
    own_days = weekday == day
    shared = _shares(calls, levels, weights * alike)
    if not (weights * alike).any():
        shared = _shares(calls, levels, weights)
    own_weight = float((weights * own_days).sum())
    shares = shared
    if own_weight > 0:
        own = _shares(calls, levels, weights * own_days)
        ratio = np.where(shared > 0, own / np.maximum(shared, 1e-12), 1.0)
        lean = own_weight / (own_weight + _BORROWED)
        shares = shared * (1 + lean * (_soften(ratio, mask) - 1))
    shares = np.where(mask, np.maximum(shares, 0.0), 0.0)
    total = shares.sum()
    return np.where(mask, shares / total if total > 0 else 1 / mask.sum(), 0.0)


def tame(calls: Array, expected: Array) -> Array:
    """Return the calls with single intervals that are far above or below what the rest of the day says drawn in."""
    reach = _SPIKE * np.sqrt(expected + (_ROUGHNESS * expected) ** 2) + 1
    return np.where(np.isfinite(calls), np.clip(calls, expected - reach, expected + reach), np.nan)


def aht_profiles(calls: Array, aht: Array, weekday: Days, hours: Mask) -> Array:
    """Return handle times per weekday and interval; few calls lean on the mean of all."""
    known = np.isfinite(aht) & np.isfinite(calls) & (np.nan_to_num(calls) > 0)
    if not known.any():
        return np.full(hours.shape, np.nan)
    middle = float(np.median(aht[known]))
    seconds = np.clip(np.where(known, aht, middle), middle / 5, middle * 5)
    age = np.arange(len(calls))[::-1, None]
    weight = np.where(known, np.nan_to_num(calls), 0.0) * np.exp(-age / _AHT_LIFE)
    overall = float((weight * seconds).sum() / weight.sum())
    top = np.array([(weight * seconds)[weekday == day].sum(axis=0) for day in range(7)])
    below = np.array([weight[weekday == day].sum(axis=0) for day in range(7)])
    shared = (top.sum(axis=0) + _AHT_BORROWED * overall) / (below.sum(axis=0) + _AHT_BORROWED)
    return np.where(hours, (top + _AHT_BORROWED * shared) / (below + _AHT_BORROWED), np.nan)
