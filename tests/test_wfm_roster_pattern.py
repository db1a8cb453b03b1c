"""The pattern solver against every pattern there is, and the sharing out of agents against every assignment."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Core, DirectCover
from ccops.wfm.roster.limits import OFF, Calendar, Counter, Duties, Limits
from ccops.wfm.roster.pricing import Pricer
from ccops.wfm.roster.rules import breaches
from ccops.wfm.roster.sharing import share_out

DAYS, DUTIES = 6, 2


COUNTERS = [(), (Counter((1,), 2),), (Counter((0,), DAYS, (0, 0, 3, 7, 9, 9, 9)),), (Counter((0, 1), 3),)]


@st.composite
def limits(draw: Any) -> Limits:
    before = draw(st.sampled_from([(0, None), (0, 1), (2, None)]))
    weekly = draw(st.booleans())
    return Limits(
        max_run=draw(st.integers(2, 4)),
        min_run=draw(st.integers(1, 2)),
        min_off=draw(st.integers(1, 3)),
        max_minutes=draw(st.none() | st.integers(0, 12)),
        min_minutes=draw(st.integers(0, 6)),
        week_max=(draw(st.integers(2, 9)), draw(st.integers(2, 9))) if weekly else (),
        week_min=(draw(st.integers(0, 3)), 0) if weekly else (),
        max_weekends=draw(st.none() | st.integers(0, 1)),
        counters=draw(
            st.sampled_from(
                [(), (Counter((1,), 2),), (Counter((0,), DAYS, (0, 0, 3, 7, 9, 9, 9)),), (Counter((0, 1), 3),)]
            )
        ),
        run_before=before[0],
        off_before=before[1],
        duty_before=draw(st.integers(0, 1)) if before[0] else OFF,
        away=draw(st.frozensets(st.integers(0, DAYS - 1), max_size=2)),
    )


def _core(people: list[Limits], first_weekday: int, follow: np.ndarray, costs: np.ndarray, off: np.ndarray) -> Core:
    weekday = (first_weekday + np.arange(DAYS)) % 7
    week = (first_weekday + np.arange(DAYS)) // 7
    duties = Duties(np.array([2, 3]), follow)
    none = np.zeros(0)
    cover = DirectCover(np.full((DAYS, DUTIES), -1), none, none, none)
    return Core(Calendar(DAYS, weekday, week), (duties,), tuple(people), costs, off, 0.0, cover)


@settings(max_examples=60)
@given(st.lists(limits(), min_size=1, max_size=3), st.integers(0, 6), st.integers(0, 1 << 30))
def test_the_cheapest_pattern_is_found(people: list[Limits], first_weekday: int, seed: int) -> None:
    luck = np.random.default_rng(seed)
    costs = luck.integers(-9, 9, (len(people), DAYS, DUTIES)).astype(float)
    costs[luck.random(costs.shape) < 0.1] = np.inf
    off = luck.integers(-3, 3, (len(people), DAYS)).astype(float)
    off[luck.random(off.shape) < 0.05] = np.inf
    for row, one in enumerate(people):
        costs[row, list(one.away)], off[row, list(one.away)] = np.inf, 0.0
    core = _core(people, first_weekday, luck.random((DUTIES, DUTIES)) < 0.7, costs, off)
    answers = Pricer(core, Control(60)).best(np.arange(len(people)), costs, off)
    every = [np.array(row, np.int16) for row in itertools.product(range(-1, DUTIES), repeat=DAYS)]
    for person, answer in enumerate(answers):
        allowed = [row for row in every if not breaches(core, person, row)]
        if not allowed:
            assert answer.duties is None
            continue
        least = min(core.personal_cost(person, row) for row in allowed)
        assert answer.duties is not None
        assert not breaches(core, person, answer.duties)
        assert core.personal_cost(person, answer.duties) == pytest.approx(least)
        assert answer.cost == pytest.approx(least, abs=1e-3)


@given(
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
    st.lists(st.integers(0, 4), min_size=3, max_size=3),
    st.lists(st.sets(st.integers(0, 2), min_size=1).map(sorted).map(tuple), min_size=3, max_size=3),
)
def test_agents_are_shared_out_in_the_cheapest_way(
    agents: list[int], need: list[int], serves: list[tuple[int, ...]]
) -> None:
    under = [9.0, 5.0, 5.0]
    shares = np.array(share_out(agents, need, serves))
    assert shares.sum(axis=1) == pytest.approx(np.array(agents, float)), "everybody is somewhere, once"
    assert all(shares[group, queue] == 0 for group in range(3) for queue in range(3) if queue not in serves[group])
    missing = np.maximum(np.array(need) - shares.sum(axis=0), 0) @ np.array(under)
    there = [group for group, count in enumerate(agents) for _one in range(count)]
    seats = [queue for queue, count in enumerate(need) for _seat in range(count)]
    gains = np.array([[under[queue] * (queue in serves[group]) for queue in seats] for group in there])
    filled = gains[optimize.linear_sum_assignment(-gains)].sum() if there and seats else 0.0
    assert missing == pytest.approx(sum(under[queue] for queue in seats) - filled)
