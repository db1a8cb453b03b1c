"""Erlang B, C and A: what a number of agents (or trunks) does with a load, exact to 20,000 erlangs and vectorised.

All three rest on one pair of integrals. With λ calls a second, n agents, a handle time 1/μ and patience 1/θ (both
exponential), the time V that a caller with endless patience would wait has the density λ·g(x)/(E + λJ) for x > 0, with

    g(x) = exp(λ(1 − e^(−θx))/θ − nμx)      J = ∫ g(x) dx over x > 0      E = 1/B(n − 1, λ/μ)

(Baccelli & Hebuterne 1981; Zeltyn & Mandelbaum, "Call centers with impatient customers: many-server asymptotics of
the M/M/n+G queue", Queueing Systems 51, 2005, section 2). θ = 0 gives Erlang C, where J = 1/(nμ − λ).
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.quadrature import Array, Function, log_integrals
from ccops.wfm.targets import ServiceRule

Numbers = npt.ArrayLike

_ROUNDING = 1e-13
_PATIENT = 40.0
"""Patiences after which nobody is left who waits, as far as a double can tell."""


def _checked(name: str, values: Numbers, *, positive: bool = False) -> Array:
    found = np.asarray(values, float)
    wrong = ~(found > 0 if positive else found >= 0) | (found == np.inf)
    if wrong.any():
        bound = _("a number above 0") if positive else _("a number, 0 or more")
        raise UsageProblem(
            _("{name}: {value:g} cannot be.").format(name=name, value=found[wrong].flat[0]),
            remedy=_("Give {bound}.").format(bound=bound),
        )
    return found


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls per interval; each part may be a number or an array over intervals."""

    calls: Numbers
    interval: Numbers
    """Seconds."""
    aht: Numbers
    """Mean handle time (talk and wrap-up), seconds."""
    patience: Numbers | None = None
    """Mean time until a waiting caller gives up, seconds; None or infinite: never (Erlang C)."""

    def rates(self, agents: Numbers) -> "_Rates":
        """Return the rates per second, all of one shape; refuses what cannot be."""
        patience = np.asarray(np.inf if self.patience is None else self.patience, float)
        _checked(_("The patience"), np.where(patience == np.inf, 1.0, patience), positive=True)
        pace = 1 / _checked(_("The handle time"), self.aht, positive=True)
        arrival = _checked(_("The calls"), self.calls) / _checked(_("The interval"), self.interval, positive=True)
        parts = (arrival, pace, 1 / patience, _checked(_("The agents"), agents))
        return _Rates(*(np.array(part, float) for part in np.broadcast_arrays(*parts)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the agents make of the traffic, one value per interval; NaN where a figure has nothing to divide by."""

    agents: Array
    service_level: Array
    """By the rule and threshold that were asked for."""
    asa: Array
    """Mean wait of the answered, in seconds; infinite where the queue grows without end."""
    mean_wait: Array
    """Mean wait of all callers, those who gave up included, in seconds."""
    occupancy: Array
    wait_probability: Array
    """Share of callers who do not get an agent at once."""
    abandon_rate: Array
    """By the rule: short abandons are left out above and below."""
    abandoned: Array
    """Share of all callers who give up, short ones included."""


def log_inverse_blocking(agents: Array, load: Array) -> Array:
    """Return log(1/B(n, a)) for n ≥ 0 (not only whole) and a > 0.

    1/B = ∫ e^(−y)·(1 + y/a)^n dy over y > 0 (Jagerman, "Some properties of the Erlang loss function", BSTJ 53, 1974).
    """

    def exponent(y: Array) -> Array:
        return agents * np.log1p(y / load) - y

    return log_integrals(
        exponent, np.zeros_like(load), np.maximum(agents - load, 0.0), np.sqrt(agents) + 1.0, [np.ones_like]
    )[0]


def erlang_b(trunks: Numbers, load: Numbers) -> Array:
    """Return the share of calls that find all trunks busy (Erlang's loss formula, 1917); load in erlangs ≥ 0."""
    lines, erlangs = (np.asarray(part, float) for part in np.broadcast_arrays(trunks, load))
    blocked = np.where(lines > 0, 0.0, np.where(erlangs > 0, 1.0, np.nan))
    busy = (erlangs > 0) & (lines > 0)
    blocked[busy] = np.exp(-log_inverse_blocking(lines[busy], erlangs[busy]))
    return blocked


def erlang_c(agents: Numbers, load: Numbers) -> Array:
    """Return the share of calls that wait when nobody gives up (Erlang's delay formula, 1917); 1 on overload.

    C = B·n / (n − a·(1 − B)).
    """
    count, erlangs = (np.asarray(part, float) for part in np.broadcast_arrays(agents, load))
    blocked = erlang_b(count, erlangs)
    with np.errstate(invalid="ignore", divide="ignore"):
        waits = count * blocked / (count - erlangs * (1 - blocked))
    return np.where(erlangs <= 0, np.nan, np.where(count <= erlangs, 1.0, waits))


@dataclass(frozen=True, slots=True)
class _Shares:
    """Shares of all callers, and seconds of waiting per caller."""

    waits: Array
    lost: Array
    lost_short: Array
    lost_in_time: Array
    late: Array
    """Answered, but after the threshold."""
    waited: Array
    waited_answered: Array


@dataclass(frozen=True, slots=True)
class _Rates:
    """Per second: arrivals λ, one agent's pace μ, giving up θ; and the agents n."""

    arrival: Array
    service: Array
    giving_up: Array
    agents: Array

    def of(self, chosen: npt.NDArray[np.bool_]) -> "_Rates":
        return _Rates(*(getattr(self, field.name)[chosen] for field in fields(self)))


def _log_idle_weight(rates: _Rates) -> Array:
    """Return log E, the weight of "an agent is free" against that of waiting."""
    load = rates.arrival / rates.service
    whole = log_inverse_blocking(np.maximum(rates.agents - 1, 0.0), load)
    if (rates.agents >= 1).all():
        return whole
    # Below one agent the integral diverges; one step of Erlang's recursion leads there from above.
    part = np.log(np.expm1(log_inverse_blocking(rates.agents, load)) * load / rates.agents)
    return np.where(rates.agents >= 1, whole, part)


def _patient(rates: _Rates, rule: ServiceRule) -> _Shares:
    """Erlang C: V is exponential with rate nμ − λ when it is not 0. Without a spare agent all is overload."""
    pace = rates.agents * rates.service
    spare = pace - rates.arrival
    # A load of exactly n agents may come out a rounding error below it.
    calm = spare > pace * _ROUNDING
    spare = np.where(calm, spare, 1.0)
    queued = np.log(rates.arrival / spare)
    waits = np.where(calm, np.exp(-np.logaddexp(0.0, np.where(calm, _log_idle_weight(rates), 0.0) - queued)), 1.0)
    wait = np.where(calm, waits / spare, np.inf)
    none = np.zeros_like(wait)
    late = np.where(calm, waits * np.exp(-spare * rule.threshold), 1.0)
    return _Shares(waits, none, none, none, late, wait, wait)


class _Impatient:
    """Erlang A for arrays of rates with θ > 0."""

    def __init__(self, rates: _Rates) -> None:
        self.rates = rates
        crowd = np.maximum(rates.arrival / (rates.agents * rates.service), 1.0)
        self.mode = np.log(crowd) / rates.giving_up
        # Rate of arrivals that still wait at the mode: nμ on overload, else λ.
        self.pace = rates.arrival / crowd
        pull = np.maximum(rates.agents * rates.service - rates.arrival, 0.0)
        self.scale = 1.0 / (pull + np.sqrt(self.pace * rates.giving_up))
        # log g at the mode; the rest is counted from there so that no large numbers cancel.
        peak = rates.arrival * (1 - 1 / crowd) / rates.giving_up - rates.agents * rates.service * self.mode
        self.total = np.log(rates.arrival) + peak
        queued = self._from(np.zeros_like(peak), [np.ones_like])[0]
        self.norm = np.logaddexp(_log_idle_weight(rates), queued)
        self.waits = np.exp(queued - self.norm)

    def _exponent(self, x: Array) -> Array:
        gone, since = self.rates.giving_up, x - self.mode
        return -self.pace * np.expm1(-gone * since) / gone - self.rates.agents * self.rates.service * since

    def _from(self, lower: Array, factors: list[Function]) -> list[Array]:
        # Patience far shorter than the queue lasts: what it does is over long before the integrand is.
        bend = lower + _PATIENT / self.rates.giving_up
        parts = log_integrals(self._exponent, lower, np.maximum(self.mode, lower), self.scale, factors, bend)
        return [part + self.total for part in parts]

    def _shares(self, lower: float, factors: list[Function]) -> list[Array]:
        return [np.exp(part - self.norm) for part in self._from(np.full_like(self.norm, lower), factors)]

    def _lost_after(self, moment: float) -> Array:
        gone = self.rates.giving_up
        return self._shares(moment, [lambda x: -np.exp(-gone * moment) * np.expm1(-gone * (x - moment))])[0]

    def shares(self, rule: ServiceRule) -> _Shares:
        gone = self.rates.giving_up
        lost, waited, answered = self._shares(
            0.0,
            [lambda x: -np.expm1(-gone * x), lambda x: -np.expm1(-gone * x) / gone, lambda x: x * np.exp(-gone * x)],
        )
        late = self._shares(rule.threshold, [lambda x: np.exp(-gone * x)])[0]
        none = np.zeros_like(lost)
        short = lost - self._lost_after(rule.short_abandon) if rule.short_abandon else none
        in_time = lost - self._lost_after(rule.threshold) if rule.name == "sl2" else none
        return _Shares(self.waits, lost, short, in_time, late, waited, answered)


def _nobody(rates: _Rates, rule: ServiceRule) -> _Shares:
    """No agent at all: everybody waits until patience ends."""
    everyone, none = np.ones_like(rates.arrival), np.zeros_like(rates.arrival)
    lost = np.where(rates.giving_up > 0, everyone, none)
    with np.errstate(divide="ignore"):
        waited = 1 / rates.giving_up
    short, in_time = (-np.expm1(-rates.giving_up * moment) for moment in (rule.short_abandon, rule.threshold))
    return _Shares(everyone, lost, short, in_time, everyone - lost, waited, np.where(lost > 0, 0.0, np.inf))


def _solve(rates: _Rates, rule: ServiceRule) -> _Shares:
    """Return the shares of every element with calls, each by the model that fits it; NaN without calls."""
    empty = rates.agents == 0
    patient = rates.giving_up < _ROUNDING * np.maximum(rates.arrival, rates.agents * rates.service)
    calls = rates.arrival > 0
    kinds = (
        (calls & empty, _nobody),
        (calls & ~empty & patient, _patient),
        (calls & ~empty & ~patient, lambda these, rule: _Impatient(these).shares(rule)),
    )
    whole = [np.full(rates.arrival.shape, np.nan) for _field in fields(_Shares)]
    for chosen, model in kinds:
        if chosen.any():
            part = model(rates.of(chosen), rule)
            for target, field in zip(whole, fields(_Shares), strict=True):
                target[chosen] = getattr(part, field.name)
    return _Shares(*whole)


def _service_level(shares: _Shares, rule: ServiceRule) -> Array:
    """Return the service level by the site's rule."""
    answered = 1 - shares.lost
    in_time = np.maximum(answered - shares.late, 0.0)
    if rule.name == "answered":
        return in_time / answered
    if rule.name == "offered-less-short":
        return in_time / (1 - shares.lost_short)
    if rule.name == "sl2":
        # Whoever is still waiting at the threshold misses it, however that wait ends.
        return in_time + shares.lost_in_time
    return in_time


def outcome(traffic: Traffic, agents: Numbers, rule: ServiceRule) -> Outcome:
    """Return every figure of `agents` against `traffic`.

    Without calls the shares are NaN; without patience and with no spare agent the wait is infinite, the service level
    0 and the occupancy 1. Refuses negative and non-numeric parts (UsageProblem).
    """
    rates = traffic.rates(agents)
    shape = rates.arrival.shape
    flat = _Rates(*(np.atleast_1d(getattr(rates, field.name)).ravel() for field in fields(_Rates)))
    shares = _solve(flat, rule)
    with np.errstate(invalid="ignore", divide="ignore"):
        answered = 1 - shares.lost
        busy = flat.arrival / flat.service * np.where(flat.arrival > 0, answered, 0.0) / flat.agents
        asa = np.where(answered > 0, shares.waited_answered / answered, np.nan)
        figures = (
            flat.agents,
            _service_level(shares, rule),
            np.where(np.isinf(shares.waited_answered) & (flat.agents == 0), np.nan, asa),
            shares.waited,
            np.minimum(busy, 1.0),
            shares.waits,
            (shares.lost - shares.lost_short) / (1 - shares.lost_short),
            shares.lost,
        )
    return Outcome(*(figure.reshape(shape) for figure in figures))
