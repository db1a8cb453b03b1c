"""Forecast of calls and handle time per interval: the level of each day times the shape of its weekday, with a range.

The range holds the middle 80 % and is set by what the same model would have got wrong in the last weeks of the
history. Nothing can beat the Poisson floor: calls of independent callers scatter by the root of their number.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.daylevel import DayLevels, Days, Features, Scales, fit_levels
from ccops.wfm.days import QUIET, WEEK, SpecialDay, day_features, rough_ratios, weekday_sizes, weekdays_of
from ccops.wfm.effects import STRETCHES, Effect, Effects, first_told, learn_effects, ratios_of, that_matter
from ccops.wfm.history import Array, History, moments
from ccops.wfm.profile import Mask, Profiles, aht_profiles, fit_profiles, open_intervals, tame

_MOST_DAYS = 731
_LEAST_EXPOSURE = 0.3
_ORIGINS = 8
_ORIGIN_LIFE = 8.0
_LOOK_BACK = 400
_TAIL = 0.1
_HALF = 0.5
_USUAL = (-0.94, 1.06)
"""Tails of (count − forecast) / standard deviation: counts stray little most of the time and much at times."""
_USUAL_DAYS = 60.0
"""Days that the usual tails are worth."""
_ROUGHNESS = 0.01


@dataclass(frozen=True, slots=True)
class Forecast:
    """One interval; calls are expected calls, low…high holds the middle 80 %."""

    start: datetime
    calls: float
    low: float
    high: float
    aht: float | None
    """Seconds; None where the history has no handle times."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How far counts stray from their forecast."""

    roughness: float
    """Variance of log counts inside a day, beside Poisson."""
    low: float = _USUAL[0]
    high: float = _USUAL[1]
    """10th and 90th percentile of (count − forecast) / standard deviation."""


@dataclass(frozen=True)
class Model:
    """A fitted history; read days from it with `day`."""

    history: History
    profiles: Profiles
    levels: DayLevels | None
    """None where the history has no calls at all."""
    aht: Array
    """7 weekdays × intervals, seconds; NaN where unknown."""
    rough: Array
    """Per day of the history calls against the same weekdays around it; 0 closed, NaN unknown."""
    sizes: Array
    """Calls of each weekday against the busiest."""
    specials: tuple[SpecialDay, ...] = ()
    notes: tuple[str, ...] = ()
    spread: Spread = field(default_factory=lambda: Spread(_ROUGHNESS))

    @cached_property
    def effects(self) -> Effects:
        """What the special days that are past did, against the level of the model."""
        return learn_effects(self.specials, self.history.first, self._ratios(), self.sizes)

    def _ratios(self) -> Array:
        """Return calls against the level of each past special day per stretch; 0 closed, NaN unknown."""
        ratios = np.full((len(self.rough), STRETCHES), np.nan)
        ratios[self.rough == 0] = 0.0
        places = [self.place(one.day) for one in self.specials if self.levels is not None]
        for place in [place for place in places if 0 <= place < len(ratios)]:
            calls = self.history.calls[place]
            if np.nansum(calls) > 0:
                ratios[place] = ratios_of(calls, self._ordinary(np.array([place]))[0][0])
        return ratios

    def _ordinary(self, days: Days) -> tuple[Array, Array]:
        """Return what `expected` does, were no day a special one."""
        shares = self.profiles.shares[weekdays_of(self.history.first, days)]
        if self.levels is None:
            return np.zeros(shares.shape), np.zeros(len(days))
        mean, variance = self.levels.predict(days)
        return np.exp(mean)[:, None] * shares, variance

    def place(self, day: date) -> int:
        """Return the row of a day in the history (it may lie beyond its end)."""
        return (day - self.history.first).days

    def expected(self, days: Days) -> tuple[Array, Array]:
        """Return expected calls (days × intervals, 0 where closed) and the variance of the log level of each day."""
        beyond = self.levels is not None and days.max() >= len(self.levels.features.weekday)
        if beyond or days.min() < 0:
            raise UsageProblem(
                _("That day lies too far from the history."), remedy=_("Forecast from a later start or for less time.")
            )
        calls, variance = self._ordinary(days)
        effects = [self._effect(int(day)) for day in days]
        stretch = np.arange(calls.shape[1]) * STRETCHES // calls.shape[1]
        factors = np.array([effect.factors[stretch] for effect in effects])
        return calls * factors, variance + np.array([effect.variance for effect in effects])

    def _effect(self, place: int) -> Effect:
        day = self.history.first + timedelta(days=place)
        special = next((one for one in self.specials if one.day == day), None)
        return Effect(np.ones(STRETCHES)) if special is None else self.effects.of(special)

    def again(self, history: History, trust: Array, ahead: int = 1) -> "Model":
        """Return a quick fit to another stretch with what this one has learned (scales, hours, trust per day)."""
        scales = None if self.levels is None else self.levels.scales
        return fit(history, self.specials, self.profiles.open, scales=scales, ahead=ahead, trust=trust)

    def day(self, day: date) -> tuple[Array, Array, Array]:
        """Return calls, low and high of each interval of one day."""
        calls, variance = self.expected(np.array([self.place(day)]))
        low, high = band(calls, variance, self.spread)
        return calls[0], low[0], high[0]


def band(calls: Array, variance: Array, spread: Spread) -> tuple[Array, Array]:
    """Return low and high of expected calls whose day levels have this log variance.

    Counts are whole: half a call on either side belongs to the range, or it would miss much where calls are few.
    """
    deviation = _deviation(calls, variance, spread.roughness)
    half = np.where(calls > 0, _HALF, 0.0)
    high = calls + np.maximum(spread.high, 0.0) * deviation + half
    return np.maximum(calls + spread.low * deviation - half, 0.0), high


def strays(counts: Array, calls: Array, variance: Array, roughness: float) -> Array:
    """Return how far counts lie outside expected calls (days × intervals), in deviations, half a call forgiven."""
    off = counts - calls
    forgiven = np.sign(off) * np.maximum(np.abs(off) - _HALF, 0.0)
    found: Array = forgiven / np.maximum(_deviation(calls, variance, roughness), 1e-9)
    return found


def _deviation(calls: Array, variance: Array, roughness: float) -> Array:
    deviation: Array = np.sqrt(calls + calls**2 * (variance[:, None] + roughness))
    return deviation


# --- fitting ---


@dataclass(frozen=True, slots=True)
class _Parts:
    """The history with closed intervals taken out, and the days that can be learned from."""

    calls: Array
    weekday: npt.NDArray[np.int64]
    hours: Mask
    days: Days


def _totals(calls: Array, profiles: Profiles, weekday: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    """Return calls per day and the share of the day over which they were counted."""
    known = np.isfinite(calls)
    return np.where(known, calls, 0.0).sum(axis=1), (profiles.shares[weekday] * known).sum(axis=1)


def _take(history: History, hours: Mask, specials: Sequence[SpecialDay]) -> _Parts:
    weekday = weekdays_of(history.first, np.arange(history.days))
    calls = np.where(hours[weekday], history.calls, np.nan)
    known = np.isfinite(calls)
    share = known.sum(axis=1) / np.maximum(hours[weekday].sum(axis=1), 1)
    usable = (share >= _LEAST_EXPOSURE) & (np.nansum(np.where(known, calls, 0.0), axis=1) > 0)
    usable[: max(0, history.days - _MOST_DAYS)] = False
    for special in specials:
        if 0 <= (special.day - history.first).days < history.days:
            usable[(special.day - history.first).days] = False
    return _Parts(calls, weekday, hours, np.flatnonzero(usable))


def _whole_days(parts: _Parts) -> Array:
    """Return calls per day, made whole where an interval is unknown; NaN where most of them are."""
    known = np.isfinite(parts.calls)
    share = known.sum(axis=1) / np.maximum(parts.hours[parts.weekday].sum(axis=1), 1)
    return np.where(share >= _LEAST_EXPOSURE, np.nansum(parts.calls, axis=1) / np.maximum(share, 1e-9), np.nan)


def _profiles(parts: _Parts, trust: Array) -> tuple[Profiles, Array]:
    """Return the profiles, and the calls with single wild intervals drawn in, in two passes."""
    calls = parts.calls
    even = Profiles(np.where(parts.hours, 1 / np.maximum(parts.hours.sum(axis=1), 1)[:, None], 0.0), parts.hours)
    profiles = even
    for _pass in range(2):
        total, exposure = _totals(calls, profiles, parts.weekday)
        levels = total / np.maximum(exposure, 1e-9)
        profiles = fit_profiles(calls, parts.weekday, levels, trust, parts.hours)
        total, exposure = _totals(calls, profiles, parts.weekday)
        levels = total / np.maximum(exposure, 1e-9)
        calls = tame(parts.calls, levels[:, None] * profiles.shares[parts.weekday])
    return profiles, calls


def _fit(parts: _Parts, features: Features, scales: Scales, trust: Array | None) -> tuple[Profiles, DayLevels]:
    """Fit profiles and levels to the days of `parts`; `trust` (per day of the history) from an earlier fit."""
    plain = np.zeros(len(parts.calls))
    plain[parts.days] = 1.0 if trust is None else np.nan_to_num(trust[parts.days], nan=1.0)
    profiles, calls = _profiles(parts, plain)
    total, exposure = _totals(calls, profiles, parts.weekday)
    days = parts.days
    known = None if trust is None else np.maximum(trust[days], 1e-4)
    levels = fit_levels(days, total[days], exposure[days], features, scales, known)
    if known is None or np.isnan(known).any():
        plain[days] = levels.trust
        profiles, _calls = _profiles(parts, plain)
    return profiles, levels


def fit(
    history: History,
    specials: Sequence[SpecialDay] = (),
    hours: Mask | None = None,
    *,
    scales: Scales | None = None,
    ahead: int = 400,
    trust: Array | None = None,
) -> Model:
    """Fit the model; `hours` (7 × intervals) overrides the open hours found in the history.

    `ahead` is how many days beyond the history may be asked for. Zero volume and one day of history give an answer,
    with a note that says what it is worth. `trust` per day, from an earlier fit, makes a quick one; NaN is a day that
    the earlier fit has not seen.
    """
    weekday = weekdays_of(history.first, np.arange(history.days))
    open_ = open_intervals(history.calls, weekday) if hours is None else hours
    parts = _take(history, open_, ())
    aht = aht_profiles(history.calls, history.aht, weekday, open_) if trust is None else np.full(open_.shape, np.nan)
    totals = _whole_days(parts)
    rough = rough_ratios(totals, (open_.sum(axis=1) > 0)[weekday])
    sizes = weekday_sizes(totals, weekday)
    specials = that_matter(first_told(specials), sizes)
    parts = _take(history, open_, specials)
    if not len(parts.days):  # special days alone: taken as ordinary ones they still say more than nothing
        specials = tuple(one for one in specials if one.day >= history.after)
        parts = _take(history, open_, specials)
    if not len(parts.days):
        note = _("The history has no calls: the forecast is zero.")
        return Model(
            history, Profiles(np.zeros(open_.shape), open_), None, aht, rough, sizes, specials, (*history.notes, note)
        )
    effects = learn_effects(specials, history.first, rough[:, None], sizes)
    quiet = [one for one in specials if one.day >= history.after and effects.of(one).factors.mean() < QUIET]
    features = day_features(history.first, rough, sizes, specials, quiet, ahead)
    profiles, levels = _fit(parts, features, scales or Scales(), trust)
    roughness = _roughness(parts, profiles, levels)
    model = Model(history, profiles, levels, aht, rough, sizes, specials, (), Spread(roughness))
    if trust is not None:
        return model
    known = np.nan_to_num(parts.calls).sum(axis=1) > 0
    notes = (*history.notes, *_notes(parts, known, open_, levels))
    spread = _calibrated(model, levels, parts, hours)
    return Model(history, profiles, levels, aht, rough, sizes, specials, notes, spread)


def _roughness(parts: _Parts, profiles: Profiles, levels: DayLevels) -> float:
    """Return how much counts stray inside ordinary days, beside Poisson (variance of the logarithm)."""
    days = parts.days[levels.trust > 0.5]
    calls = parts.calls[days]
    total, exposure = _totals(calls, profiles, parts.weekday[days])
    expected = (total / exposure)[:, None] * profiles.shares[parts.weekday[days]]
    seen = np.isfinite(calls) & (expected > 0)
    if not seen.any():
        return _ROUGHNESS
    excess = (np.where(seen, calls - expected, 0.0) ** 2 - expected)[seen]
    size = (expected**2)[seen]
    # Ratio of sums: intervals with many calls tell most about it. One prior day keeps short histories sane.
    prior = float(size.mean()) * calls.shape[1]
    return max(0.0, float((excess.sum() + _ROUGHNESS * prior) / (size.sum() + prior)))


def _notes(parts: _Parts, known: Mask, hours: Mask, levels: DayLevels) -> list[str]:
    """Return what a planner should know about the days behind the forecast."""
    notes = []
    days = parts.days
    if len(days) < 2 * WEEK:
        notes.append(
            _("Only {count} days of history: weekdays are not told apart well and the range is a guess.").format(
                count=len(days)
            )
        )
    usual = (hours.sum(axis=1) > 0)[parts.weekday]
    missing = np.flatnonzero(usual & ~known)
    missing = missing[missing >= (days[0] if len(days) else 0)]
    if len(missing):
        notes.append(
            _("{count} days have no calls although their weekday is open; they are left out.").format(
                count=len(missing)
            )
        )
    odd = int((levels.trust < 0.5).sum())
    if odd:
        notes.append(_("{count} days are far from ordinary and count little.").format(count=odd))
    return notes


# --- the range ---


def _calibrated(model: Model, levels: DayLevels, parts: _Parts, hours: Mask | None) -> Spread:
    """Set the range by the weekly forecasts that the model would have made lately."""
    trust = np.zeros(model.history.days)
    trust[parts.days] = levels.trust
    off: list[Array] = []
    weights: list[float] = []
    for back in range(1, _ORIGINS + 1):
        origin = model.history.days - back * WEEK
        if (parts.days < origin).sum() >= 2 * WEEK:
            for day, found in _lately(model, levels, origin, parts, trust, hours):
                off.append(found)
                weights.append(float(trust[day]) * math.exp(-back / _ORIGIN_LIFE))
    if not off:
        return model.spread
    each = np.repeat(weights, [len(day) for day in off])
    # Intervals of a day stray together: what counts is how many days there were.
    own = sum(weights) / (sum(weights) + _USUAL_DAYS)
    low, high = (own * one + (1 - own) * usual for one, usual in zip(_tails(off, each), _USUAL, strict=True))
    return Spread(model.spread.roughness, min(low, 0.0), max(high, 0.0))


def _tails(off: list[Array], weights: Array) -> tuple[float, float]:
    """Return the weighted 10th and 90th percentile."""
    values = np.concatenate(off)
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    low, high = (
        values[order][min(int(np.searchsorted(reached, tail)), len(values) - 1)] for tail in (_TAIL, 1 - _TAIL)
    )
    return float(low), float(high)


def _lately(
    model: Model, levels: DayLevels, origin: int, parts: _Parts, trust: Array, hours: Mask | None
) -> list[tuple[int, Array]]:
    """Return how far each ordinary day of the week from `origin` on strayed from what had been forecast."""
    skip = max(0, origin - _LOOK_BACK)
    past = model.history.between(skip, origin)
    then = fit(past, model.specials, hours, scales=levels.scales, ahead=WEEK, trust=trust[skip:])
    days = np.arange(origin, min(origin + WEEK, model.history.days))
    days = days[trust[days] > 0.5]
    if not len(days) or then.levels is None:
        return []
    expected, variance = then.expected(days - skip)
    seen = np.isfinite(parts.calls[days]) & (expected > 0)
    off = strays(parts.calls[days], expected, variance, model.spread.roughness)
    return [(int(day), row[where]) for day, row, where in zip(days, off, seen, strict=True) if where.any()]


# --- the answer ---


def forecast(
    history: History, start: date, days: int, specials: Sequence[SpecialDay] = (), hours: Mask | None = None
) -> tuple[list[Forecast], Model]:
    """Return every open interval of `days` days from `start` on, in order, and the model with its notes.

    Only what is known before `start` is used. Refuses a start before or at the first day of the history.
    """
    if days < 1:
        raise UsageProblem(_("{days} days cannot be forecast.").format(days=days), remedy=_("Ask for one or more."))
    known = history.until(start)
    if not known.days:
        raise UsageProblem(
            _("Nothing is known before {start}: the history begins on {first}.").format(
                start=start, first=history.first
            ),
            remedy=_("Choose a later start."),
        )
    model = fit(known, specials, hours, ahead=max(0, (start - known.after).days) + days)
    return list_intervals(model, start, days), model


def list_intervals(model: Model, start: date, days: int) -> list[Forecast]:
    """Return every open interval of `days` days from `start` on, in order, with aware starts."""
    found = []
    for day in (start + timedelta(days=offset) for offset in range(days)):
        calls, low, high = model.day(day)
        weekday = day.weekday()
        for place, moment in moments(day, model.history.interval, model.history.zone):
            if model.profiles.open[weekday, place]:
                seconds = float(model.aht[weekday, place])
                aht = None if math.isnan(seconds) else seconds
                found.append(Forecast(moment, float(calls[place]), float(low[place]), float(high[place]), aht))
    return found
