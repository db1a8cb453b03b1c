"""How many agents (or trunks) a load needs: the smallest number that meets every target, for a week at once."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.erlang import Numbers, Outcome, Traffic, erlang_b, outcome
from ccops.wfm.quadrature import Array
from ccops.wfm.targets import ServiceRule, Target, number

Truths = npt.NDArray[np.bool_]
Index = npt.NDArray[np.int64]
# A share that misses its target by a rounding error meets it.
_SLACK = 1e-12
_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Staffing:
    """The answer for one interval; None where a figure has nothing to divide by."""

    agents: int
    """On the phones."""
    positions: int
    """On the roster: agents / (1 − shrinkage), rounded up."""
    service_level: float | None
    asa: float | None
    """Mean wait of the answered, seconds; infinite when the queue grows without end."""
    mean_wait: float | None
    """Mean wait of all callers, seconds."""
    occupancy: float | None
    wait_probability: float | None
    abandon_rate: float | None
    """By the rule (short abandons left out)."""
    abandoned: float | None
    """Share of all callers who give up."""


def _meets(figures: Outcome, target: Target) -> Truths:
    """Say where the figures meet every demand; an interval without calls demands nobody."""
    fine = np.ones(figures.agents.shape, bool)
    if target.service_level is not None:
        fine &= figures.service_level >= target.service_level - _SLACK
    if target.max_occupancy is not None:
        fine &= figures.occupancy <= target.max_occupancy + _SLACK
    if target.max_asa is not None:
        fine &= figures.asa <= target.max_asa + _SLACK
    if target.max_abandon_rate is not None:
        fine &= figures.abandon_rate <= target.max_abandon_rate + _SLACK
    return fine | np.isnan(figures.wait_probability)


def _smallest(holds: Callable[[Index, Array], Truths], guess: Array) -> Array:
    """Return per element the smallest whole number ≥ 0 that holds; `holds` must be monotone.

    `holds(index, numbers)` judges the elements at `index`. Gallops from the guess to both sides, then halves.
    """
    low, high = np.full(guess.shape, -1.0), np.full(guess.shape, np.inf)
    step = np.maximum(np.floor(np.sqrt(guess) / 4), 1.0)
    probe = guess.copy()
    while (open_ := np.flatnonzero(high - low > 1).astype(np.int64)).size:
        good = holds(open_, probe[open_])
        high[open_[good]] = probe[open_[good]]
        low[open_[~good]] = probe[open_[~good]]
        if (low > _MOST).any():
            raise UsageProblem(_("No number of agents meets this target."), remedy=_("Ask for less."))
        up, down = np.isinf(high), low < 0
        probe = np.where(up, low + step, np.where(down, np.maximum(high - step, 0.0), np.floor((low + high) / 2)))
        step = np.where(up | down, step * 2, step)
    return high


def agents_needed(traffic: Traffic, target: Target, rule: ServiceRule) -> Index:
    """Return per interval the smallest number of agents that meets every demand of `target`.

    With patience it may lie below the load: those who give up need no agent. Zero calls need nobody.
    """
    rates = traffic.rates(0.0)
    calls, aht = rates.arrival.ravel(), (1 / rates.service).ravel()
    patience = np.full_like(calls, np.inf)
    np.divide(1.0, rates.giving_up.ravel(), out=patience, where=rates.giving_up.ravel() > 0)
    kinds, back = np.unique(np.stack([calls, aht, patience]), axis=1, return_inverse=True)
    load = kinds[0] * kinds[1]

    def holds(index: Index, agents: Array) -> Truths:
        part = Traffic(kinds[0, index], 1.0, kinds[1, index], kinds[2, index])
        return _meets(outcome(part, agents, rule), target)

    found = _smallest(holds, np.where(load > 0, np.ceil(load + np.sqrt(load) / 2), 0.0))
    return found[back.ravel()].astype(np.int64).reshape(rates.arrival.shape)


def positions(agents: Numbers, shrinkage: float) -> Index:
    """Return how many people to roster so that `agents` are there: agents / (1 − shrinkage), rounded up."""
    share = number(_("The shrinkage"), shrinkage, 0.0, 0.99)
    return np.ceil(np.asarray(agents, float) / (1 - share) - 1e-9).astype(np.int64)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def staff(traffic: Traffic, rule: ServiceRule, agents: Numbers, shrinkage: float = 0.0) -> list[Staffing]:
    """Return every figure of a given number of agents, one answer per interval."""
    figures = outcome(traffic, agents, rule)
    seats = positions(figures.agents, shrinkage)
    columns = (
        figures.service_level,
        figures.asa,
        figures.mean_wait,
        figures.occupancy,
        figures.wait_probability,
        figures.abandon_rate,
        figures.abandoned,
    )
    rows = zip(figures.agents.ravel(), seats.ravel(), *(column.ravel() for column in columns), strict=True)
    return [Staffing(round(count), int(seat), *map(_known, values)) for count, seat, *values in rows]


def staff_for(traffic: Traffic, rule: ServiceRule, target: Target, shrinkage: float = 0.0) -> list[Staffing]:
    """Return the smallest staffing that meets the target with all its figures, one answer per interval."""
    return staff(traffic, rule, agents_needed(traffic, target, rule), shrinkage)


def trunks_needed(load: Numbers, blocking: float) -> Index:
    """Return the fewest trunks that turn away at most the share `blocking` of a load in erlangs (Erlang B)."""
    share = number(_("The blocking"), blocking, 0.0, 1.0, above=True)
    erlangs = np.asarray(load, float)
    if not (np.isfinite(erlangs) & (erlangs >= 0)).all():
        raise UsageProblem(_("A load is no number of erlangs."), remedy=_("Give numbers, 0 or more."))
    flat = erlangs.ravel()

    def holds(index: Index, trunks: Array) -> Truths:
        blocked = erlang_b(trunks, flat[index])
        return np.isnan(blocked) | (blocked <= share * (1 + _SLACK))

    return _smallest(holds, np.ceil(flat)).astype(np.int64).reshape(erlangs.shape)


def load_for_trunks(trunks: int, blocking: float) -> float:
    """Return the largest load in erlangs of which `trunks` turn away at most the share `blocking`."""
    share = number(_("The blocking"), blocking, 0.0, 0.999, above=True)
    if trunks < 1:
        return 0.0
    low, high = 0.0, trunks / (1 - share) + 1.0
    for _step in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if erlang_b(trunks, middle) <= share else (low, middle)
    return low
