"""How good the forecasts would have been: rolling weekly origins, against last week's calls and the Poisson floor."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.days import WEEK, SpecialDay
from ccops.wfm.forecast import Model, fit
from ccops.wfm.history import Array, History
from ccops.wfm.intraday import Echo, RestOfDay, learn_echo, rest_of_day

_NOON = 12


@dataclass(frozen=True, slots=True)
class Score:
    """Errors over all open intervals of one horizon; fractions, None where nothing was to compare."""

    horizon: str
    intervals: int
    calls: float
    wape: float | None
    """Σ|calls − forecast| / Σ calls."""
    last_week: float | None
    """The same, had the last known same weekday been the forecast."""
    floor: float | None
    """What a perfect forecast would still get wrong: calls of independent callers are Poisson."""
    coverage: float | None
    """Share of counts inside low…high; 0.8 is meant."""


@dataclass(slots=True)
class _Sum:
    intervals: int = 0
    calls: float = 0.0
    missed: float = 0.0
    naive: float = 0.0
    naive_calls: float = 0.0
    floor: float = 0.0
    inside: int = 0

    def add(self, real: Array, found: tuple[Array, Array, Array], naive: Array, where: Array) -> None:
        calls, low, high = (part[where] for part in found)
        seen = real[where]
        self.intervals += len(seen)
        self.calls += float(seen.sum())
        self.missed += float(np.abs(seen - calls).sum())
        self.floor += float(poisson_deviation(calls).sum())
        self.inside += int(((seen >= low - 1e-9) & (seen <= high + 1e-9)).sum())
        known = np.isfinite(naive[where])
        self.naive += float(np.abs(seen - naive[where])[known].sum())
        self.naive_calls += float(seen[known].sum())

    def score(self, horizon: str) -> Score:
        def share(part: float, whole: float) -> float | None:
            return part / whole if whole > 0 else None

        return Score(
            horizon,
            self.intervals,
            self.calls,
            share(self.missed, self.calls),
            share(self.naive, self.naive_calls),
            share(self.floor, self.calls),
            share(self.inside, self.intervals),
        )


def poisson_deviation(mean: Array) -> Array:
    """Return the mean absolute deviation of a Poisson count: 2·e^(−m)·m^(⌊m⌋+1)/⌊m⌋! (Crow, Biometrika 45, 1958)."""
    whole = np.floor(mean)
    logs = np.array([math.lgamma(count + 1) for count in whole.ravel()]).reshape(mean.shape)
    with np.errstate(divide="ignore"):
        found: Array = 2 * np.exp(-mean + (whole + 1) * np.log(mean) - logs)
    return np.where(mean > 0, found, 0.0)


def _last_known(history: History, place: int, origin: int) -> Array:
    """Return the calls of the last same weekday before `origin`, unknown where it has none."""
    back = place - WEEK * math.ceil((place - origin + 1) / WEEK)
    return history.calls[back] if back >= 0 else np.full(history.calls.shape[1], np.nan)


def _origins(history: History, weeks: int) -> list[int]:
    found = [history.days - WEEK * back for back in range(weeks, 0, -1)]
    found = [origin for origin in found if origin >= 2 * WEEK]
    if not found:
        raise UsageProblem(
            _("{days} days of history are too few to test a forecast.").format(days=history.days),
            remedy=_("Three weeks are the least."),
        )
    return found


def backtest(
    history: History,
    weeks: int = 8,
    ahead: Sequence[int] = (1, 4),
    specials: Sequence[SpecialDay] = (),
    *,
    rest_of_day_too: bool = True,
    progress: Callable[[int], None] | None = None,
) -> list[Score]:
    """Forecast each of the last `weeks` weeks from what was known before it and return the scores by horizon.

    `ahead` lists how many weeks ahead to score; each day of the first week has a score of its own, and with
    `rest_of_day_too` the intervals from 12:00 on, forecast at noon of the day. Special days count as known in advance.
    """
    sums: dict[str, _Sum] = {}
    for done, origin in enumerate(_origins(history, weeks), 1):
        model = fit(history.between(0, origin), specials)
        for place in range(origin, history.days):
            week = (place - origin) // WEEK + 1
            if week not in ahead:
                continue
            names = [_("{count} weeks ahead").format(count=week) if week > 1 else _("one week ahead")]
            if week == 1:
                names.append(_("day {count}").format(count=place - origin + 1))
            _score_day(history, model, place, origin, [sums.setdefault(name, _Sum()) for name in names])
        if rest_of_day_too:
            _score_rests(history, model, origin, sums.setdefault(_("rest of the day after 12:00"), _Sum()))
        if progress is not None:
            progress(done)
    return [total.score(name) for name, total in sums.items() if total.intervals]


def _score_day(history: History, model: Model, place: int, origin: int, sums: list[_Sum]) -> None:
    day = history.first + timedelta(days=place)
    real = history.calls[place]
    where = np.isfinite(real) & model.profiles.open[day.weekday()]
    for total in sums:
        total.add(real, model.day(day), _last_known(history, place, origin), where)


def _score_rests(history: History, model: Model, origin: int, total: _Sum) -> None:
    echo = learn_echo(model)
    for place in range(origin, min(origin + WEEK, history.days)):
        real = history.calls[place]
        where = np.isfinite(real) & model.profiles.open[(history.first + timedelta(days=place)).weekday()]
        noon = noon_of(history)
        if where[:noon].any() and where[noon:].any():
            rest = at_noon(history, model, echo, place)
            where[:noon] = False
            total.add(real, (rest.calls, rest.low, rest.high), _last_known(history, place, place), where)


def noon_of(history: History) -> int:
    """Return the first interval after 12:00."""
    return _NOON * 60 // history.interval


def at_noon(history: History, model: Model, echo: Echo, place: int) -> RestOfDay:
    """Return a day of the history as it looked at 12:00, from a model and echo that are a week old at most."""
    trust = np.full(place, np.nan)
    if model.levels is not None:
        trust[model.levels.days] = model.levels.trust
    then = model.again(history.between(0, place), trust)
    seen = np.where(np.arange(history.calls.shape[1]) < noon_of(history), history.calls[place], np.nan)
    return rest_of_day(then, echo, history.first + timedelta(days=place), seen)
