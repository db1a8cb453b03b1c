"""Erlang B, C and A against published values, exact recursions and the identities that must hold."""

from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.errors import UsageProblem
from ccops.wfm.erlang import Outcome, Traffic, erlang_b, erlang_c, outcome
from ccops.wfm.staffing import (
    agents_needed,
    load_for_trunks,
    positions,
    staff,
    staff_for,
    trunks_needed,
)
from ccops.wfm.targets import RULES, ServiceRule, Target, parse_service_level

TEXTBOOK = ServiceRule("offered", threshold=20)

loads = st.floats(0.05, 400)
counts = st.integers(1, 500)
handle_times = st.floats(20, 1200)
patiences = st.floats(5, 5000)
thresholds = st.floats(0, 600)


def one(traffic: Traffic, agents: float, rule: ServiceRule = TEXTBOOK) -> dict[str, float]:
    found = outcome(traffic, agents, rule)
    return {name: float(getattr(found, name)) for name in Outcome.__slots__}


def traffic_of(load: float, aht: float, patience: float | None) -> Traffic:
    return Traffic(load * 1800 / aht, 1800, aht, patience)


# --- published values ---


@pytest.mark.parametrize(("aht", "wait"), [(240, 2.2435058), (300, 30.43123)])
def test_erlang_c_wait_as_published(aht: float, wait: float) -> None:
    assert one(Traffic(100, 1800, aht), 20)["asa"] == pytest.approx(wait, rel=2e-7)


def test_erlang_c_service_level_and_positions_as_published() -> None:
    found = staff_for(Traffic(100, 1800, 180), TEXTBOOK, Target(0.8, max_occupancy=0.85), shrinkage=0.3)[0]
    assert (found.agents, found.positions) == (14, 20)
    assert found.service_level == pytest.approx(0.888350, abs=5e-7)
    assert found.occupancy == pytest.approx(10 / 14)
    assert found.wait_probability == pytest.approx(0.1741319335950498, rel=1e-12)


def test_erlang_c_and_a_side_by_side_as_published() -> None:
    patient = one(Traffic(48, 60, 60), 50)
    assert patient["asa"] == pytest.approx(20.83, abs=0.005)
    impatient = one(Traffic(48, 60, 60, 120), 50)
    assert impatient["abandoned"] == pytest.approx(0.030912, abs=5e-7)
    assert impatient["mean_wait"] == pytest.approx(3.7095, abs=5e-5)
    assert impatient["occupancy"] == pytest.approx(0.9303, abs=5e-5)


@pytest.mark.parametrize(("trunks", "load"), [(10, 4.461), (20, 12.03), (50, 37.90), (100, 84.06)])
def test_erlang_b_table(trunks: int, load: float) -> None:
    assert load_for_trunks(trunks, 0.01) == pytest.approx(load, abs=0.005)
    assert trunks_needed(load, 0.01) == trunks
    assert trunks_needed(load * 1.01, 0.01) == trunks + 1


# --- the faults of another library that ours must not have ---


def test_a_long_threshold_does_not_underflow() -> None:
    found = one(Traffic(50, 180, 180, 120), 50, ServiceRule(threshold=1200))
    assert found["service_level"] == pytest.approx(0.93801, abs=5e-6)


def test_the_search_goes_below_the_load_when_callers_give_up() -> None:
    assert agents_needed(Traffic(400, 900, 180, 60), Target(0.8), ServiceRule(threshold=30)) == 69


def test_the_search_skips_no_answer() -> None:
    assert agents_needed(Traffic(53, 900, 180), Target(0.6), ServiceRule(threshold=600)) == 11


# --- exact references, by other means ---


@pytest.mark.parametrize(("trunks", "load"), [(1, 0.01), (5, 0.01), (50, 50.0), (200, 300.0), (900, 1000.0)])
def test_erlang_b_is_the_exact_recursion(trunks: int, load: float) -> None:
    inverse = Fraction(1)
    for line in range(1, trunks + 1):
        inverse = 1 + inverse * line / Fraction(load)
    assert float(erlang_b(trunks, load)) == pytest.approx(float(1 / inverse), rel=1e-11)


@pytest.mark.parametrize("trunks", [19_000, 20_000, 20_400])
def test_erlang_b_holds_at_twenty_thousand(trunks: int) -> None:
    inverse = 1.0
    for line in range(1, trunks + 1):
        inverse = 1 + inverse * line / 20_000
    assert float(erlang_b(trunks, 20_000.0)) == pytest.approx(1 / inverse, rel=1e-10)


def chain(agents: int, load: float, calmness: float) -> tuple[float, float]:
    """Wait probability and abandoned share from the birth-death chain; `calmness` is patience / handle time."""
    getcontext().prec = 60
    a, weight, below = Decimal(load), Decimal(1), Decimal(0)
    for state in range(1, agents + 1):
        below += weight
        weight *= a / state
    queued, gone, ahead = Decimal(0), Decimal(0), 0
    while weight > Decimal(10) ** -40 * (below + queued) or ahead < 5:
        queued += weight
        ahead += 1
        weight *= a / (agents + ahead / Decimal(calmness))
        gone += ahead * weight
    total = below + queued
    return float(queued / total), float(gone / total / Decimal(calmness) / a)


@pytest.mark.parametrize(
    ("agents", "load", "calmness"),
    [(1, 0.3, 1.0), (1, 5.0, 0.1), (10, 8.0, 2.0), (10, 25.0, 0.5), (50, 50.0, 0.01), (120, 100.0, 7.0),
     (14, 10.0, 1e-4), (1, 0.0167, 2e-3), (7, 3.09, 3e-4), (32, 30.0, 3e-3), (39, 54.7, 7e-5)],
)  # fmt: skip
def test_erlang_a_is_its_markov_chain(agents: int, load: float, calmness: float) -> None:
    found = one(traffic_of(load, 180, 180 * calmness), agents)
    waits, gone = chain(agents, load, calmness)
    assert found["wait_probability"] == pytest.approx(waits, rel=1e-10)
    assert found["abandoned"] == pytest.approx(gone, rel=1e-10)


@given(st.integers(1, 60), st.floats(0.01, 60), st.floats(-5, 2))
def test_erlang_a_is_its_markov_chain_whatever_the_patience(agents: int, load: float, magnitude: float) -> None:
    """What patience does in seconds must not drown in what handle times do in half hours."""
    calmness = 10**magnitude
    found = one(traffic_of(load, 1800, 1800 * calmness), agents)
    waits, gone = chain(agents, load, calmness)
    assert found["wait_probability"] == pytest.approx(waits, rel=1e-10)
    assert found["abandoned"] == pytest.approx(gone, rel=1e-10)


# --- identities ---


@given(counts, loads, handle_times, patiences)
def test_abandons_are_the_patience_rate_times_the_queue(n: int, load: float, aht: float, patience: float) -> None:
    found = one(traffic_of(load, aht, patience), n)
    arrival = load / aht
    queue = arrival * found["mean_wait"]
    assert found["abandoned"] == pytest.approx(queue / patience / arrival, rel=1e-9, abs=1e-15)
    assert 0 <= found["abandoned"] <= found["wait_probability"] <= 1
    assert found["occupancy"] == pytest.approx(min(1, load * (1 - found["abandoned"]) / n), rel=1e-9)


@given(counts, loads, handle_times, patiences, thresholds, st.sampled_from(RULES))
def test_more_agents_or_more_time_never_serve_worse(
    n: int, load: float, aht: float, patience: float, seconds: float, name: str
) -> None:
    traffic, rule = traffic_of(load, aht, patience), ServiceRule(name, seconds, 5)
    few, more = one(traffic, n, rule), one(traffic, n + 1, rule)
    assert more["service_level"] >= few["service_level"] - 1e-11
    assert more["asa"] <= few["asa"] + 1e-9
    assert more["abandoned"] <= few["abandoned"] + 1e-11
    assert more["abandon_rate"] <= few["abandon_rate"] + 1e-11
    later = one(traffic, n, ServiceRule(name, seconds + 10, 5))
    assert later["service_level"] >= few["service_level"] - 1e-11


@given(counts, loads, handle_times)
def test_a_becomes_c_as_patience_grows(n: int, load: float, aht: float) -> None:
    if n < load * 1.02:
        n = int(load * 1.02) + 1
    patient, nearly = one(traffic_of(load, aht, None), n), one(traffic_of(load, aht, 1e9 * aht), n)
    for name in ("service_level", "asa", "mean_wait", "occupancy", "wait_probability", "abandoned"):
        assert nearly[name] == pytest.approx(patient[name], rel=1e-5, abs=1e-6)
    assert patient["wait_probability"] == pytest.approx(float(erlang_c(n, load)), rel=1e-10, abs=1e-300)


@given(counts, loads, handle_times, patiences)
def test_a_long_threshold_counts_everybody_answered(n: int, load: float, aht: float, patience: float) -> None:
    found = one(traffic_of(load, aht, patience), n, ServiceRule(threshold=1e8))
    assert found["service_level"] == pytest.approx(1 - found["abandoned"], abs=1e-12)
    met = one(traffic_of(load, aht, patience), n, ServiceRule("sl2", threshold=1e8))
    assert met["service_level"] == pytest.approx(1, abs=1e-12)


@given(counts, loads, handle_times, patiences)
def test_the_answered_wait_less_than_those_who_gave_up_would_have(
    n: int, load: float, aht: float, patience: float
) -> None:
    found = one(traffic_of(load, aht, patience), n)
    total = found["asa"] * (1 - found["abandoned"])
    assert total <= found["mean_wait"] * (1 + 1e-9) + 1e-12


@given(st.floats(0.01, 20_000), st.floats(0.3, 0.97), st.floats(1, 300), st.one_of(st.none(), patiences))
@settings(max_examples=60)
def test_the_answer_is_the_smallest_that_meets_the_target(
    load: float, level: float, seconds: float, patience: float | None
) -> None:
    traffic, rule = traffic_of(load, 200, patience), ServiceRule(threshold=seconds)
    n = int(agents_needed(traffic, Target(level), rule))
    assert one(traffic, n, rule)["service_level"] >= level - 1e-9
    assert one(traffic, n - 1, rule)["service_level"] < level


# --- the rules of the site ---


def test_each_rule_counts_abandons_its_own_way() -> None:
    traffic, agents = Traffic(400, 900, 180, 60), 66
    gross = one(traffic, agents, ServiceRule("offered", 30, 0))
    net = one(traffic, agents, ServiceRule("offered-less-short", 30, 5))
    answered = one(traffic, agents, ServiceRule("answered", 30, 5))
    second = one(traffic, agents, ServiceRule("sl2", 30, 5))
    short = 1 - gross["service_level"] / net["service_level"]
    assert net["abandon_rate"] == pytest.approx((gross["abandoned"] - short) / (1 - short), rel=1e-9)
    assert answered["service_level"] == pytest.approx(gross["service_level"] / (1 - gross["abandoned"]), rel=1e-12)
    assert gross["service_level"] < second["service_level"] < 1


def test_every_demand_binds_on_its_own() -> None:
    traffic = Traffic(200, 1800, 300, 90)
    plain = agents_needed(traffic, Target(0.5), TEXTBOOK)
    for target in (Target(0.5, max_occupancy=0.7), Target(0.5, max_asa=1.0), Target(0.5, max_abandon_rate=0.005)):
        assert agents_needed(traffic, target, TEXTBOOK) > plain
    assert one(traffic, int(agents_needed(traffic, Target(None, 0.7), TEXTBOOK)))["occupancy"] <= 0.7


# --- zero calls, overload, bad input ---


def test_zero_calls_and_overload_are_answers() -> None:
    quiet, over, gone, nobody = staff(
        Traffic([0, 100, 100, 100], 1800, 180, [60, np.inf, 60, np.inf]), TEXTBOOK, [5, 10, 0, 0]
    )
    assert (quiet.service_level, quiet.asa, quiet.abandon_rate, quiet.occupancy) == (None, None, None, 0.0)
    assert (over.service_level, over.asa, over.wait_probability) == (0.0, np.inf, 1.0)
    assert over.occupancy == pytest.approx(1)
    assert (gone.service_level, gone.asa, gone.abandoned, gone.occupancy) == (0.0, None, 1.0, None)
    assert (nobody.service_level, nobody.mean_wait, nobody.abandoned) == (0.0, np.inf, 0.0)
    assert agents_needed(Traffic([0, 0], 900, 180), Target(0.9, 0.8, 10), TEXTBOOK).tolist() == [0, 0]


def test_a_week_of_intervals_comes_back_in_order() -> None:
    calls = np.concatenate([np.zeros(96), np.linspace(1, 150, 576)])
    found = agents_needed(Traffic(calls, 900, 200, 120), Target(0.8), TEXTBOOK)
    assert found.shape == (672,)
    assert (np.diff(found) >= 0).all()
    assert found[300] == agents_needed(Traffic(calls[300], 900, 200, 120), Target(0.8), TEXTBOOK)


def test_shrinkage_rounds_up_and_not_by_accident() -> None:
    assert positions([14, 15, 0], 0.3).tolist() == [20, 22, 0]


@pytest.mark.parametrize(
    "traffic",
    [
        Traffic(-1, 900, 180),
        Traffic(10, 0, 180),
        Traffic(10, 900, 0),
        Traffic(10, 900, 180, 0),
        Traffic(float("nan"), 900, 180),
        Traffic(10, 900, float("inf")),
        Traffic([5, -3], 900, 180),
    ],
)
def test_impossible_traffic_is_refused(traffic: Traffic) -> None:
    with pytest.raises(UsageProblem):
        outcome(traffic, 5, TEXTBOOK)


def test_impossible_targets_are_refused_by_name() -> None:
    with pytest.raises(UsageProblem, match="service level"):
        Target(1.0)
    with pytest.raises(UsageProblem, match="no target"):
        Target(None)
    with pytest.raises(UsageProblem, match="rule"):
        ServiceRule("best")
    with pytest.raises(UsageProblem, match="shrinkage"):
        positions(5, 1.0)


def test_targets_are_read_as_people_write_them() -> None:
    assert parse_service_level("80/20") == (0.8, 20.0)
    assert parse_service_level(" 92.5% / 15s") == (0.925, 15.0)
    for text in ("80", "eighty/20", "100/20", "0/20", "80/-1", ""):
        with pytest.raises(UsageProblem):
            parse_service_level(text)
