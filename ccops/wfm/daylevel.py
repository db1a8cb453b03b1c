"""The level of a day: how many calls it brings, from the days before it, robust and with its uncertainty.

The logarithm of the expected day total is a Gaussian process: a slow level and trend, a passing disturbance, the
weekday, the day of the month (pay days and bills), the time of year once there is more than a year to learn it from,
and what a closed day does to the next. Totals are Poisson around it (Rasmussen & Williams, "Gaussian Processes for
Machine Learning", 2006, chapters 2-3; the Poisson part by iterated working responses). Days far off are given little
weight (Huber), so that a strike or an outage does not bend the weeks after it.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ROUNDS: Final = 8
_HUBER: Final = 2.0
_HOPELESS: Final = 6.0
_MONTH: Final = 30.44
_YEAR: Final = 365.25
_FLOOR: Final = 1e-9
_ENOUGH: Final = 60
_ADAPTED: Final = ("noise", "level", "trend", "year", "month", "passing", "weekday_drift")
_STEP: Final = 1.5
_SWEEPS: Final = 2
_PRIOR: Final = 0.7
_WILD: Final = 3.0
_CALM: Final = 15.0
"""Days that "strays as much as the others" is worth."""


@dataclass(frozen=True, slots=True)
class Features:
    """What is known about each day before it comes."""

    weekday: Array
    """0 is Monday."""
    month_day: Array
    """Days since the first of the month."""
    year_day: Array
    after_closure: Array
    """1 where the day before was closed although its weekday is not."""
    before_closure: Array

    def of(self, days: Days) -> "Features":
        """Return those of some days."""
        return Features(
            self.weekday[days],
            self.month_day[days],
            self.year_day[days],
            self.after_closure[days],
            self.before_closure[days],
        )


@dataclass(frozen=True, slots=True)
class Scales:
    """Standard deviations (of log volume) and life times (days) of the parts."""

    level: float = 0.10
    level_life: float = 100.0
    trend: float = 0.15
    """Per year."""
    passing: float = 0.06
    passing_life: float = 3.0
    weekday: float = 0.6
    weekday_drift: float = 0.03
    weekday_life: float = 100.0
    month: float = 0.12
    month_width: float = 2.5
    year: float = 0.15
    year_width: float = 12.0
    closure: float = 0.2
    noise: float = 0.10
    unrest: tuple[float, ...] = (1.0,) * 7
    """Noise of each weekday against `noise`."""

    def noise_of(self, weekday: Array) -> Array:
        """Return the noise of days of these weekdays."""
        found: Array = self.noise * np.array(self.unrest)[weekday.astype(int)]
        return found


def _near(a: Array, b: Array, period: float) -> Array:
    apart: Array = np.abs(a[:, None] - b[None, :])
    nearest: Array = np.minimum(apart, np.abs(period - apart), dtype=np.float64)
    return nearest


def _parts(scales: Scales, days: Days, here: Features, others: Days, there: Features) -> dict[str, Array]:
    """Return what each part adds to the covariance of two sets of days, at a scale of 1."""
    apart = np.abs(days[:, None] - others[None, :]).astype(float)
    same = (here.weekday[:, None] == there.weekday[None, :]).astype(float)
    month = _near(here.month_day, there.month_day, _MONTH) / scales.month_width
    closures = np.outer(here.after_closure, there.after_closure) + np.outer(here.before_closure, there.before_closure)
    parts = {
        "level": np.exp(-apart / scales.level_life),
        "passing": np.exp(-apart / scales.passing_life),
        "trend": np.outer(days, others) / _YEAR**2,
        "weekday": same,
        "weekday_drift": same * np.exp(-apart / scales.weekday_life),
        "month": np.exp(-0.5 * month**2),
        "closure": closures,
    }
    if scales.year:
        year = _near(here.year_day, there.year_day, _YEAR) / scales.year_width
        parts["year"] = np.exp(-0.5 * year**2)
    return parts


def _cover(scales: Scales, parts: dict[str, Array]) -> Array:
    """Return the covariance: each part times the square of its scale."""
    cover: Array = np.zeros_like(parts["level"])
    for name, part in parts.items():
        cover += getattr(scales, name) ** 2 * part
    return cover


@dataclass(frozen=True, slots=True)
class DayLevels:
    """The fitted process; `level` of the days it was fitted on, and predictions for any other."""

    scales: Scales
    features: Features
    days: Days
    """Days it learned from."""
    centre: float
    answer: Array
    inverse: Array
    trust: Array
    """1 for an ordinary day, less for one that is far off."""
    origin: int

    def predict(self, days: Days) -> tuple[Array, Array]:
        """Return mean and variance of the log level of these days, the day's own noise included."""
        here, there = self.features.of(days), self.features.of(self.days)
        then, learned = days - self.origin, self.days - self.origin
        cover = _cover(self.scales, _parts(self.scales, then, here, learned, there))
        own = np.diag(_cover(self.scales, _parts(self.scales, then, here, then, here)))
        spread = own - np.einsum("ij,jk,ik->i", cover, self.inverse, cover) + self.scales.noise_of(here.weekday) ** 2
        return self.centre + cover @ self.answer, np.maximum(spread, _FLOOR)


def _huber(surprise: Array) -> Array:
    """Return the weight of observations that lie `surprise` standard deviations off."""
    size = np.maximum(surprise, _FLOOR)
    weight = np.where(size < _HUBER, 1.0, (_HUBER / size) ** 2)
    return np.where(size > _HOPELESS, 1e-4, weight)


def _badness(cover: Array, wanted: Array) -> float:
    """Return −log of the likelihood of `wanted` under the covariance, one constant aside."""
    # One Cholesky root gives both terms: bordered by the responses, its last pivot is border − wᵀC⁻¹w.
    border = float(wanted @ wanted) / float(np.diag(cover).min()) * 1e3 + 1.0
    bordered = np.block([[cover, wanted[:, None]], [wanted[None, :], np.array([[border]])]])
    try:
        pivots = np.diag(np.linalg.cholesky(bordered))
    except np.linalg.LinAlgError:
        return np.inf
    return float(0.5 * (border - pivots[-1] ** 2) + np.log(pivots[:-1]).sum())


def _adapt(scales: Scales, parts: dict[str, Array], wanted: Array, scatter: Array, weekday: Days) -> Scales:
    """Return the scales that explain the responses best, one at a time; a prior holds them near the given ones.

    `scatter` is the variance of each response beside the model's own noise.
    """
    parts = {**parts, "noise": np.diag(np.array(scales.unrest)[weekday] ** 2)}
    cover = _cover(scales, parts) + np.diag(scatter)
    best, least = scales, _badness(cover, wanted)
    for _sweep in range(_SWEEPS):
        for name in (name for name in _ADAPTED if name in parts):
            for step in (_STEP, 1 / _STEP):
                old = getattr(best, name)
                trial = cover + ((old * step) ** 2 - old**2) * parts[name]
                odds = np.log(old * step / getattr(scales, name)) ** 2 - np.log(old / getattr(scales, name)) ** 2
                found = _badness(trial, wanted)
                if found + 0.5 * float(odds) / _PRIOR**2 < least:
                    best, cover = replace(best, **{name: old * step}), trial
                    least = found
                    break
    return best


class _Fit:
    """The rounds of a fit: working responses, weights, and the answer they lead to."""

    def __init__(self, totals: Array, exposure: Array, weight: Array) -> None:
        self.totals, self.exposure, self.weight = totals, exposure, weight
        rough = np.log(np.maximum(totals, 0.5) / exposure)
        self.centre = float(np.median(rough))
        self.mean: Array = rough - self.centre
        self.bounds = (float(self.mean.min()) - 1, float(self.mean.max()) + 1)
        self.response = self.scatter = self.answer = self.mean
        self.inverse: Array = np.zeros((0, 0))

    def round(self, cover: Array, noise: Array, weigh: Mask) -> None:
        expected = np.maximum(np.exp(self.mean + self.centre) * self.exposure, 0.5)
        self.response = self.mean + (self.totals - expected) / expected
        self.scatter = 1 / expected
        own = noise**2 + self.scatter
        self.inverse = np.linalg.inv(cover + np.diag(own / self.weight)).astype(np.float64)
        self.answer = self.inverse @ self.response
        self.mean = np.clip(cover @ self.answer, *self.bounds)
        if weigh.any():
            self.weight = np.where(weigh, _huber(self._surprise(own)), self.weight)

    def _surprise(self, own: Array) -> Array:
        """Return the error of each day when it is left out, against what it should be for an ordinary day."""
        precision = np.diag(self.inverse)
        spread = np.maximum(1 / precision - own / self.weight, 0.0) + own
        return np.abs(self.answer / precision) / np.sqrt(spread)

    def unrest(self, noise: Array, weekday: Array) -> tuple[float, ...]:
        """Return how much more or less than others each weekday strays; few days say little."""
        strays = np.minimum(self._surprise(noise**2 + self.scatter), _WILD) ** 2
        found = []
        for day in range(7):
            own = strays[weekday == day]
            found.append(float(np.sqrt((own.sum() + _CALM) / (len(own) + _CALM))))
        return tuple(found)


def fit_levels(
    days: Days,
    totals: Array,
    exposure: Array,
    features: Features,
    scales: Scales,
    trust: Array | None = None,
) -> DayLevels:
    """Fit the process to day totals > 0 seen over the share `exposure` of each day.

    `trust` keeps the weights of an earlier fit, but for days where it is NaN, and takes its scales as they are (a
    quick fit).
    """
    origin = int(days[-1])
    span = int(days[-1] - days[0])
    used = scales if span > _YEAR + 2 * scales.year_width else replace(scales, year=0.0)
    here = features.of(days)
    parts = _parts(used, days - origin, here, days - origin, here)
    cover = _cover(used, parts)
    weigh = np.ones(len(days), bool) if trust is None else np.isnan(trust)
    fitted = _Fit(totals, exposure, np.ones(len(days)) if trust is None else np.nan_to_num(trust, nan=1.0))
    noise = used.noise_of(here.weekday)
    for _round in range(_ROUNDS if weigh.any() else 2):
        fitted.round(cover, noise, weigh)
    if trust is None and len(days) >= _ENOUGH:
        used = replace(used, unrest=fitted.unrest(noise, here.weekday))
        wide = fitted.scatter + (1 / fitted.weight - 1) * (noise**2 + fitted.scatter)
        used = _adapt(used, parts, fitted.response, wide, here.weekday.astype(np.int64))
        cover, noise = _cover(used, parts), used.noise_of(here.weekday)
        for _round in range(_ROUNDS // 2):
            fitted.round(cover, noise, weigh)
    return DayLevels(used, features, days, fitted.centre, fitted.answer, fitted.inverse, fitted.weight, origin)
