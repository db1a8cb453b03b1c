"""What special days do to the calls, learned by name; a name without a past borrows from others of its kind.

A name leans on the mean of its group as far as its own days are few, and a group on what is usual as far as its names
are few (partial pooling; Gelman & Hill, "Data Analysis Using Regression and Multilevel/Hierarchical Models", 2007,
chapter 12). Each stretch of the day has an effect of its own: the eve of a feast is an ordinary day until noon. Days on
which a centre that is usually open had no calls at all are counted apart: closed is no small number of calls.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from ccops.wfm.days import EVE, FULL, PUBLIC, SpecialDay

Array = npt.NDArray[np.float64]

STRETCHES: Final = 12
"""Parts of a day that have effects of their own."""
_OWN: Final = 0.3
"""Days that what a name leans on is worth."""
_GROUP: Final = 0.5
"""Names that what is usual is worth for a group."""
_USUAL: Final = {PUBLIC: math.log(0.5)}
"""Log effect of a group before any of its days was seen; 0 of all others."""
_LEAST: Final = 0.02
_LIGHTEST: Final = 0.05
_BETWEEN: Final = 0.35
"""Standard deviation (log) between names of a group, before anything is known of it."""
_WITHIN: Final = 0.12
"""Standard deviation (log) of one name from year to year."""
_CALLS: Final = 5.0
"""Expected calls of a stretch at which its own ratio counts as much as that of the whole day."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Calls against an ordinary day per stretch, and the variance of their logarithm."""

    factors: Array
    variance: float = 0.0


@dataclass(frozen=True, slots=True)
class _Past:
    """The days of one name, or the names of one group."""

    logs: Array
    """Mean log effect per stretch."""
    weights: Array
    """How many days or names that had calls stand behind each stretch."""
    shut: float
    """Share without any call."""


@dataclass(frozen=True)
class Effects:
    """What is known of special days; made by `learn_effects`."""

    names: dict[str, _Past]
    groups: dict[str, _Past]
    between: dict[str, float]
    """Variance between the names of each group."""
    stretches: int = STRETCHES

    def of(self, special: SpecialDay) -> Effect:
        """Return what a day is expected to do."""
        even = np.ones(self.stretches)
        if special.closed:
            return Effect(0 * even)
        if special.factor is not None:
            return Effect(special.factor * even)
        own, group = self.names.get(special.name), self._group(special.group)
        if (group if own is None else own).shut > 0.5:
            return Effect(0 * even)
        if own is None:  # a new name of the site's own says nothing yet
            return Effect(np.exp(group.logs), self._spread(special) + _WITHIN**2) if special.group else Effect(even)
        lean = _OWN / (own.weights + _OWN)
        logs = (1 - lean) * own.logs + lean * group.logs
        return Effect(np.exp(logs), _WITHIN**2 + float(lean.min()) * self._spread(special))

    def _group(self, group: str) -> _Past:
        usual = np.full(self.stretches, _USUAL.get(group, 0.0))
        return self.groups.get(group, _Past(usual, np.zeros(self.stretches), 0.0))

    def _spread(self, special: SpecialDay) -> float:
        return self.between.get(special.group, _BETWEEN**2) if special.group else _WITHIN**2


def first_told(specials: Iterable[SpecialDay]) -> tuple[SpecialDay, ...]:
    """Return the special days with one per date: whoever comes first wins."""
    found: dict[date, SpecialDay] = {}
    for special in specials:
        found.setdefault(special.day, special)
    return tuple(found.values())


def that_matter(specials: Iterable[SpecialDay], sizes: Array) -> tuple[SpecialDay, ...]:
    """Return the special days without eves on weekdays that are quiet anyhow: there is little left to close early."""
    return tuple(one for one in specials if one.group != EVE or sizes[one.day.weekday()] >= FULL)


def ratios_of(calls: Array, expected: Array, stretches: int = STRETCHES) -> Array:
    """Return calls against what was expected per stretch of one day (NaN where nothing is known or expected).

    A stretch with few expected calls leans on the whole day.
    """
    known = np.isfinite(calls) & (expected > 0)
    place = np.arange(len(calls)) * stretches // len(calls)
    seen = np.bincount(place, np.where(known, calls, 0.0), stretches)
    wanted = np.bincount(place, np.where(known, expected, 0.0), stretches)
    whole = seen.sum() / max(float(wanted.sum()), 1e-9)
    with np.errstate(invalid="ignore"):
        return np.where(wanted > 0, (seen + _CALLS * whole) / (wanted + _CALLS), np.nan)


def learn_effects(specials: Sequence[SpecialDay], first: date, ratios: Array, sizes: Array) -> Effects:
    """Return what past special days did; `ratios` are days from `first` on × stretches: 0 closed, NaN unknown.

    `sizes` say per weekday how many calls it has, against the busiest: a quiet weekday says little of the others.
    """
    seen: dict[str, list[Array]] = {}
    weights: dict[str, list[float]] = {}
    members: dict[str, dict[str, None]] = {}
    for special in specials:
        place = (special.day - first).days
        if special.closed or not 0 <= place < len(ratios) or not np.isfinite(ratios[place]).any():
            continue
        seen.setdefault(special.name, []).append(ratios[place])
        weights.setdefault(special.name, []).append(max(float(sizes[special.day.weekday()]), _LIGHTEST))
        if special.group:
            members.setdefault(special.group, {})[special.name] = None
    names = {name: _past(np.array(values), np.array(weights[name])) for name, values in seen.items()}
    groups = {group: _pooled(group, [names[name] for name in found]) for group, found in members.items()}
    between = {group: _between([names[name] for name in found]) for group, found in members.items()}
    return Effects(names, groups, between, ratios.shape[1])


def _mean(logs: Array, weights: Array, usual: float, worth: float) -> Array:
    """Return weighted means of rows per stretch, with `worth` rows of `usual`; one never seen has the others' mean."""
    total = (logs * weights).sum(axis=0) + worth * usual
    heavy = weights.sum(axis=0)
    means = total / np.maximum(heavy + worth, 1e-9)
    return np.where(heavy > 0, means, means[heavy > 0].mean() if heavy.any() else usual)


def _past(ratios: Array, sizes: Array) -> _Past:
    had = np.nansum(ratios, axis=1) > 0
    weights = np.isfinite(ratios) * (had * sizes)[:, None]
    logs = np.log(np.maximum(np.nan_to_num(ratios), _LEAST))
    return _Past(_mean(logs, weights, 0.0, 0.0), weights.sum(axis=0), float((sizes * ~had).sum() / sizes.sum()))


def _pooled(group: str, pasts: list[_Past]) -> _Past:
    logs, weights = np.array([past.logs for past in pasts]), np.array([past.weights for past in pasts])
    weights = weights / (weights + _OWN)
    mean = _mean(logs, weights, _USUAL.get(group, 0.0), _GROUP)
    return _Past(mean, weights.sum(axis=0), sum(past.shut for past in pasts) / len(pasts))


def _between(pasts: list[_Past]) -> float:
    """Return the variance between names, drawn to the usual one as far as they are few."""
    whole = np.array([past.logs.mean() for past in pasts if past.weights.any()])
    return (len(whole) * float(whole.var() if len(whole) else 0.0) + 2 * _BETWEEN**2) / (len(whole) + 2)
