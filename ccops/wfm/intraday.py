"""The rest of a day, from its forecast and the calls that have come so far.

What the morning brought above or below its forecast says something about the afternoon: most about the next hour,
less about the evening. How much is learned from the last weeks: the covariance of the relative errors of two
intervals of a day falls off with the time between them to a level that the whole day shares, and the best linear
prediction follows from it (kriging; compare Weinberg, Brown & Stroud, JASA 102, 2007).
"""

import math
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from ccops.wfm.forecast import Model, Spread, band, fit, strays
from ccops.wfm.history import Array

_DAYS = 45
_LOOK_BACK = 250
_LEAST_DAYS = 15
_NOON = 12
_TAIL = 0.1
_LIVES = (1.0, 2.0, 4.0, 8.0)
_WILD = 2.5
_MOST_CHANGE = 3.0
_USUAL = 1.1
"""Tails of the range before anything is known: counts stray little most of the time and much at times."""
_USUAL_DAYS = 20.0
"""Days that the usual tails are worth."""


@dataclass(frozen=True, slots=True)
class Echo:
    """Covariance of relative errors inside a day: whole + passing·e^(−hours/life), beside Poisson."""

    whole: float = 0.002
    passing: float = 0.01
    life: float = 4.0
    """Hours."""
    own: float = 0.005
    """Variance that an interval shares with no other."""
    low: float = -_USUAL
    high: float = _USUAL
    """10th and 90th percentile of (count − forecast) / standard deviation in the afternoon, seen from noon."""

    def between(self, places: Array, others: Array, per_hour: float) -> Array:
        """Return the covariance of intervals given by their places in the day."""
        apart = np.abs(places[:, None] - others[None, :]) / per_hour
        covariance: Array = self.whole + self.passing * np.exp(-apart / self.life)
        return covariance


@dataclass(frozen=True, slots=True)
class RestOfDay:
    """Calls of a day's intervals: what came, and what is expected of the rest now."""

    calls: Array
    low: Array
    high: Array
    factor: float
    """Calls still expected against those of the forecast made before the day."""


def _errors(model: Model) -> tuple[Array, Array]:
    """Return relative errors and forecasts (days × intervals) of the last days, each forecast from the day before."""
    if model.levels is None:
        return np.zeros((0, model.history.calls.shape[1])), np.zeros((0, model.history.calls.shape[1]))
    trust = np.zeros(model.history.days)
    trust[model.levels.days] = model.levels.trust
    errors, forecasts = [], []
    for place in [day for day in model.levels.days[-_DAYS:] if trust[day] > 0.5]:
        skip = max(0, int(place) - _LOOK_BACK)
        if (trust[skip:place] > 0).sum() < _LEAST_DAYS:
            continue
        past = model.history.between(skip, int(place))
        then = model.again(past, trust[skip:])
        expected = then.expected(np.array([int(place) - skip]))[0][0]
        calls = model.history.calls[place]
        seen = np.isfinite(calls) & (expected > 0)
        errors.append(np.where(seen, (calls - expected) / np.maximum(expected, 1e-9), np.nan))
        forecasts.append(np.where(seen, expected, np.nan))
    if not errors:
        return np.zeros((0, model.history.calls.shape[1])), np.zeros((0, model.history.calls.shape[1]))
    return np.array(errors), np.array(forecasts)


def _covariances(errors: Array, sizes: Array) -> tuple[Array, Array]:
    """Return the covariance of errors per distance in intervals (from 0 up), and the weight of each."""
    weight = np.where(np.isfinite(errors), np.sqrt(np.nan_to_num(sizes)), 0.0)
    value = np.nan_to_num(errors) * weight
    # A few wild days would make every day look as if its errors echoed for hours.
    wild = _WILD * float(np.median(np.abs(value[weight > 0])))
    value = np.clip(value, -wild, wild)
    most = errors.shape[1]
    sums = np.array([(value[:, lag:] * value[:, : most - lag]).sum() for lag in range(most - 1)])
    weights = np.array([(weight[:, lag:] * weight[:, : most - lag]).sum() for lag in range(most - 1)])
    # Poisson's own part stands only at distance 0, where each call is compared with itself.
    sums[0] -= np.count_nonzero(weight)
    return np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0), weights


def learn_echo(model: Model) -> Echo:
    """Return how errors echo through a day, from the last weeks of the model's history; a default without enough."""
    errors, sizes = _errors(model)
    if len(errors) < _LEAST_DAYS:
        return Echo()
    found, weights = _covariances(errors, sizes)
    hours = np.arange(1, len(found)) * model.history.interval / 60
    best, least = Echo(), math.inf
    root = np.sqrt(weights[1:])
    for life in _LIVES:
        parts = np.stack([np.ones_like(hours), np.exp(-hours / life)], axis=1) * root[:, None]
        whole, passing = _not_negative(parts, found[1:] * root)
        miss = float(((parts @ np.array([whole, passing]) - found[1:] * root) ** 2).sum())
        if miss < least:
            best, least = Echo(whole, passing, life, max(0.0, float(found[0]) - whole - passing)), miss
    return _with_tails(best, errors, sizes, 60 / model.history.interval)


def _not_negative(parts: Array, wanted: Array) -> tuple[float, float]:
    """Return the least-squares weights of two columns, neither below 0."""
    both = np.linalg.lstsq(parts, wanted, rcond=None)[0]
    if (both >= 0).all():
        return float(both[0]), float(both[1])
    alone = [max(0.0, float(parts[:, i] @ wanted) / max(float(parts[:, i] @ parts[:, i]), 1e-12)) for i in (0, 1)]
    misses = [float(((parts[:, i] * alone[i] - wanted) ** 2).sum()) for i in (0, 1)]
    return (alone[0], 0.0) if misses[0] <= misses[1] else (0.0, alone[1])


def _with_tails(echo: Echo, errors: Array, forecasts: Array, per_hour: float) -> Echo:
    """Return the echo with the range that the afternoons of the last weeks would have needed, seen from noon."""
    noon = round(_NOON * per_hour)
    off, days = [np.zeros(0)], 0
    for error, expected in zip(errors, np.nan_to_num(forecasts), strict=True):
        calls = expected * (1 + error)
        seen = np.where(np.arange(len(calls)) < noon, calls, np.nan)
        found, left = _update(expected, seen, echo, per_hour)
        where = np.isfinite(calls) & ~np.isfinite(seen) & (expected > 0)
        if where.any() and np.isfinite(seen).any():
            off.append(strays(calls[:, None], found[:, None], np.maximum(left, 0.0), echo.own)[where, 0])
            days += 1
    if not days:
        return echo
    low, high = np.quantile(np.concatenate(off), [_TAIL, 1 - _TAIL])
    own = days / (days + _USUAL_DAYS)
    return replace(echo, low=min(own * low - (1 - own) * _USUAL, 0.0), high=max(own * high + (1 - own) * _USUAL, 0.0))


def _update(expected: Array, seen: Array, echo: Echo, per_hour: float) -> tuple[Array, Array]:
    """Return the calls that a day is expected to have now, and the log variance of its level that is left."""
    over = np.isfinite(seen) & (expected > 0)
    ahead = ~np.isfinite(seen) & (expected > 0)
    known, coming = np.flatnonzero(over).astype(float), np.flatnonzero(ahead).astype(float)
    rough = echo.between(known, known, per_hour) + np.diag(1 / np.maximum(expected[over], 0.5) + echo.own)
    across = echo.between(coming, known, per_hour)
    error = (seen[over] - expected[over]) / expected[over]
    gain = np.linalg.solve(rough, across.T).T if len(known) else np.zeros((len(coming), 0))
    calls, left = np.where(np.isfinite(seen), seen, expected), np.zeros(len(seen))
    calls[ahead] = expected[ahead] * np.clip(1 + gain @ error, 1 / _MOST_CHANGE, _MOST_CHANGE)
    left[ahead] = echo.whole + echo.passing - np.einsum("ij,ij->i", gain, across)
    return calls, left


def rest_of_day(model: Model, echo: Echo, day: date, seen: Array) -> RestOfDay:
    """Return the day as it looks now; `seen` holds the calls of the intervals that are over, NaN elsewhere.

    `model` must have been fitted to the days before (`history.until(day)`); `echo` comes from `learn_echo`.
    """
    expected = model.expected(np.array([model.place(day)]))[0][0]
    ahead = ~np.isfinite(seen) & (expected > 0)
    calls, left = _update(expected, seen, echo, 60 / model.history.interval)
    low, high = calls.copy(), calls.copy()
    low[ahead], high[ahead] = _range(calls[ahead], left[ahead], echo)
    planned = expected[ahead].sum()
    return RestOfDay(calls, low, high, float(calls[ahead].sum() / planned) if planned > 0 else 1.0)


def _range(calls: Array, left: Array, echo: Echo) -> tuple[Array, Array]:
    low, high = band(calls[:, None], np.maximum(left, 0.0), Spread(echo.own, echo.low, echo.high))
    return low[:, 0], high[:, 0]


def forecast_rest(model: Model, day: date, seen: Array) -> RestOfDay:
    """Return the rest of `day` in one step: learns the echo first (do that once where many updates follow)."""
    if model.place(day) < model.history.days:
        model = fit(model.history.until(day), model.specials, model.profiles.open)
    return rest_of_day(model, learn_echo(model), day, seen)
