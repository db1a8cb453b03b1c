"""The simulated routing against Erlang's answers, and each rule of the routing on its own."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.errors import CcopsError, NotFound, UsageProblem
from ccops.wfm.centre import STRATEGIES, Centre, Demand, SimMember, SimQueue
from ccops.wfm.erlang import Traffic, outcome
from ccops.wfm.estimate import Estimate, ratio_estimate, student_quantile
from ccops.wfm.routing import Run
from ccops.wfm.simulate import QueueFigures, Settings, Simulated, compare, extra_members, simulate
from ccops.wfm.targets import RULES, ServiceRule

RULE = ServiceRule("offered", 20, 5)
DAY = (0.0, 86400.0)


def team(count: int, **queues: int) -> tuple[SimMember, ...]:
    return tuple(SimMember(f"m{number}", queues) for number in range(count))


def played(centre: Centre, seed: int = 1) -> Run:
    run = Run(centre, seed, 0, (0.0, centre.length))
    run.play()
    return run


def one_queue(load: float, agents: int, hours: int = 10, **parts: object) -> Centre:
    talk = float(parts.pop("talk", 120.0))  # type: ignore[arg-type]
    patience = parts.pop("patience", None)
    calls = load * 1800 / talk
    queue = SimQueue("sales", **parts)  # type: ignore[arg-type]
    demand = Demand("sales", (calls,) * (2 * hours), 1800, talk, patience)  # type: ignore[arg-type]
    return Centre((queue,), (demand,), team(agents, sales=0))


# --- against Erlang ---


@pytest.mark.parametrize(
    ("load", "agents", "patience"),
    [(8.0, 11, None), (8.0, 10, 120.0), (20.0, 18, 60.0), (3.0, 3, 300.0)],
)
def test_simulation_agrees_with_erlang_within_its_interval(load: float, agents: int, patience: float | None) -> None:
    centre = one_queue(load, agents, 12, patience=patience)
    found = simulate(centre, RULE, Settings(runs=20, seed=7, confidence=0.999, warm_up=3600))
    exact = outcome(Traffic(load * 1800 / 120, 1800, 120, patience), agents, RULE)
    for name in ("service_level", "asa", "mean_wait", "wait_probability", "abandon_rate", "abandoned"):
        estimate: Estimate = getattr(found.total, name)
        assert estimate.holds(float(getattr(exact, name))), name
        assert estimate.high - estimate.low < 0.7 * max(0.2, estimate.mean)
    assert found.occupancy.holds(float(exact.occupancy))


@pytest.mark.parametrize("name", RULES)
def test_every_service_level_rule_agrees_with_erlang(name: str) -> None:
    rule = ServiceRule(name, 15, 5)
    found = simulate(one_queue(12.0, 11, patience=60.0), rule, Settings(seed=3, confidence=0.999, warm_up=1800))
    exact = outcome(Traffic(12.0 * 15, 1800, 120, 60.0), 11, rule)
    assert found.total.service_level.holds(float(exact.service_level))
    assert found.total.abandon_rate.holds(float(exact.abandon_rate))


def test_flexible_members_are_counted_once() -> None:
    queues = (SimQueue("a"), SimQueue("b"))
    demand = tuple(Demand(name, (60.0,) * 24, 1800, 120) for name in "ab")
    found = simulate(Centre(queues, demand, team(10, a=0, b=0)), RULE, Settings(seed=5, confidence=0.999, warm_up=3600))
    pooled = outcome(Traffic(120, 1800, 120), 10, RULE)
    assert found.total.service_level.holds(float(pooled.service_level))
    assert found.occupancy.holds(0.8)


@given(
    st.sampled_from(STRATEGIES),
    st.integers(1, 6),
    st.floats(0.2, 8),
    st.one_of(st.none(), st.floats(5, 300)),
    st.integers(0, 20),
    st.integers(0, 2**31),
)
@settings(max_examples=40, deadline=None)
def test_every_call_ends_and_no_member_does_two_things(
    strategy: str, agents: int, load: float, patience: float | None, ring: int, seed: int
) -> None:
    centre = one_queue(load, agents, 1, strategy=strategy, ring=ring, wrap_up=10, patience=patience, max_wait=200)
    run = played(centre, seed)
    assert {call.state for call in run.calls} <= {"answered", "abandoned", "timeout"}
    for call in run.calls:
        assert 0 <= call.wait <= min(call.patience, 200) + 1e-6
    for member in run.members:
        assert 0 <= member.busy <= member.there + 1e-6 <= centre.length + 1e-3
    assert sum(member.calls[0] for member in run.members) == sum(call.state == "answered" for call in run.calls)


# --- the rules of routing ---


def answered_by(run: Run) -> list[int]:
    return [sum(member.calls.values()) for member in run.members]


def test_linear_prefers_the_first_and_leastrecent_spreads() -> None:
    linear = answered_by(played(one_queue(2.0, 6, strategy="linear")))
    assert linear == sorted(linear, reverse=True)
    assert linear[0] > 4 * linear[5]
    spread = answered_by(played(one_queue(2.0, 6, strategy="leastrecent")))
    assert max(spread) < 1.25 * min(spread)
    fewest = answered_by(played(one_queue(2.0, 6, strategy="fewestcalls")))
    assert max(fewest) - min(fewest) <= 6


def test_round_robin_goes_round() -> None:
    turns = answered_by(played(one_queue(1.0, 8, 20, strategy="rrmemory")))
    assert max(turns) < 1.3 * min(turns)


def test_a_penalty_keeps_a_member_in_reserve() -> None:
    base = one_queue(3.0, 6)
    reserve = tuple(replace(member, queues={"sales": number // 3}) for number, member in enumerate(base.members))
    calls = answered_by(played(replace(base, members=reserve)))
    assert sum(calls[:3]) > 1.5 * sum(calls[3:]) > 0


def test_wrandom_leans_to_the_lower_penalty_without_excluding() -> None:
    base = one_queue(1.0, 4, 20, strategy="wrandom")
    mixed = tuple(replace(member, queues={"sales": 5 * (number // 2)}) for number, member in enumerate(base.members))
    calls = answered_by(played(replace(base, members=mixed)))
    assert min(calls[:2]) > max(calls[2:]) > 0


def test_the_heavier_queue_is_served_first() -> None:
    queues = (SimQueue("light"), SimQueue("heavy", weight=10))
    demand = tuple(Demand(name, (70.0,) * 16, 1800, 120, 200) for name in ("light", "heavy"))
    found = simulate(Centre(queues, demand, team(9, light=0, heavy=0)), RULE, Settings(runs=6))
    light, heavy = found.queues["light"], found.queues["heavy"]
    assert heavy.asa.high < light.asa.low
    assert heavy.service_level.low > light.service_level.high


def test_widening_asks_the_reserve_only_after_the_wait() -> None:
    queue = SimQueue("sales", widen=((30.0, 5),))
    demand = Demand("sales", (12.0,) * 16, 1800, 120)
    members = (*team(1, sales=0), SimMember("reserve", {"sales": 5}))
    run = played(Centre((queue,), (demand,), members))
    waits = sorted(call.wait for call in run.calls)
    assert answered_by(run)[1] > 0
    assert sum(1 for wait in waits if wait == pytest.approx(30.0)) > 5
    strict = played(Centre((SimQueue("sales", widen=((1e6, 5),)),), (demand,), members[1:]))
    assert {call.wait for call in strict.calls} != set()
    assert min(call.wait for call in strict.calls if call.state == "answered") >= 1e6


def test_wrap_up_and_ringing_cost_capacity() -> None:
    plain = simulate(one_queue(8.0, 10, patience=120.0), RULE, Settings(runs=8))
    wrap = simulate(one_queue(8.0, 10, patience=120.0, wrap_up=30.0), RULE, Settings(runs=8))
    ring = simulate(one_queue(8.0, 10, patience=120.0, ring=8.0), RULE, Settings(runs=8))
    for worse in (wrap, ring):
        assert worse.total.service_level.high < plain.total.service_level.low
    assert wrap.occupancy.low > plain.occupancy.high
    assert ring.total.asa.low > 8


def test_wrap_up_of_one_queue_keeps_the_member_from_the_others() -> None:
    queues = (SimQueue("a", wrap_up=600), SimQueue("b"))
    demand = (Demand("a", (1.0,) * 48, 1800, 10), Demand("b", (6.0,) * 48, 1800, 10))
    run = played(Centre(queues, demand, team(1, a=0, b=0)))
    assert max(call.wait for call in run.calls if call.queue == 1) > 300


def test_limits_turn_callers_away() -> None:
    full = simulate(one_queue(10.0, 5, max_waiting=2), RULE, Settings(runs=4)).total
    assert 0.3 < full.sent_on.mean < 0.6
    assert full.asa.mean < 80
    late = simulate(one_queue(10.0, 5, max_wait=60.0), RULE, Settings(runs=4)).total
    assert 0.4 < late.sent_on.mean < 0.6
    assert late.asa.mean < 60


def test_the_chosen_erlang_b_number_of_trunks_blocks_as_it_says() -> None:
    found = simulate(one_queue(5.0, 8, 24, max_waiting=0), RULE, Settings(seed=2, confidence=0.999, warm_up=3600))
    # Every caller gets an agent at once or is turned away: the loss system of Erlang B, 0.0700 for 8 lines.
    assert found.total.sent_on.holds(0.070048)


def test_who_talks_at_the_end_of_a_shift_finishes_the_call() -> None:
    demand = Demand("sales", (40.0, 40.0), 1800, 300)
    members = (SimMember("early", {"sales": 0}, ((0.0, 1800.0),)),)
    run = played(Centre((SimQueue("sales", max_wait=100),), (demand,), members))
    last = max(call.arrived + call.wait for call in run.calls if call.state == "answered")
    assert last < 1800
    assert run.members[0].there >= 1800
    assert all(call.state != "answered" for call in run.calls if call.arrived > 1800)


# --- what if ---


def test_the_same_settings_give_the_same_answer() -> None:
    first, second = (simulate(one_queue(6.0, 7, patience=90.0), RULE, Settings(runs=3, seed=9)) for _ in range(2))
    assert first == second
    other = simulate(one_queue(6.0, 7, patience=90.0), RULE, Settings(runs=3, seed=10))
    assert other.total.asa != first.total.asa


def test_a_comparison_is_sharper_than_the_two_apart() -> None:
    how = Settings(runs=10, seed=4)
    before = simulate(one_queue(12.0, 13, patience=120.0), RULE, how)
    after = simulate(one_queue(12.0, 14, patience=120.0), RULE, how)
    change = compare(before, after)["sales"]["service_level"]
    assert change.low > 0
    apart = before.total.service_level
    assert change.high - change.low < apart.high - apart.low
    with pytest.raises(UsageProblem):
        compare(before, replace_settings(after))


def replace_settings(found: Simulated) -> Simulated:
    return replace(found, settings=Settings(runs=10, seed=5))


def test_extra_members_agrees_with_erlang() -> None:
    centre = one_queue(12.0, 10, patience=120.0)
    found = extra_members(centre, centre.members[0], "sales", 0.9, RULE, Settings(runs=12, seed=4, warm_up=1800))
    levels = outcome(Traffic(180, 1800, 120, 120.0), np.arange(10, 20), RULE).service_level
    assert abs(found - int(np.argmax(levels >= 0.9))) <= 1
    with pytest.raises(UsageProblem, match="more members"):
        extra_members(one_queue(2.0, 1, ring=60.0), centre.members[0], "sales", 0.9, RULE, Settings(runs=2))


def test_nothing_counted_is_nan_not_zero() -> None:
    found = simulate(Centre((SimQueue("sales"),), (Demand("sales", (0.0,), 1800, 60),), team(1, sales=0)), RULE)
    assert np.isnan(found.total.asa.mean)
    assert np.isnan(found.total.service_level.mean)
    assert found.total.offered.mean == 0
    assert set(QueueFigures.__slots__) >= {"asa", "service_level"}


# --- bad input ---


def test_bad_centres_are_refused_by_name() -> None:
    queue = SimQueue("sales")
    with pytest.raises(NotFound, match="sails"):
        Centre((queue,), (Demand("sails", (1.0,), 900, 60),))
    with pytest.raises(UsageProblem, match="twice"):
        Centre((queue,), (), (SimMember("ann", {}), SimMember("ann", {})))
    with pytest.raises(UsageProblem, match="ann"):
        Centre((queue,), (), (SimMember("ann", {}, ((0.0, 10.0), (5.0, 20.0))),))
    for broken in ({"strategy": "best"}, {"wrap_up": -1}, {"ring": float("nan")}):
        with pytest.raises(CcopsError, match="sales"):
            SimQueue("sales", **broken)
    with pytest.raises(UsageProblem, match="sales"):
        Demand("sales", (1.0, -2.0), 900, 60)
    with pytest.raises(UsageProblem):
        Settings(runs=1)
    with pytest.raises(UsageProblem, match="warm-up"):
        simulate(one_queue(1.0, 1, 1), RULE, Settings(warm_up=1e6))


@pytest.mark.parametrize(("freedom", "quantile"), [(1, 12.7062), (3, 3.18245), (9, 2.26216), (29, 2.04523)])
def test_students_quantile_is_the_tables(freedom: int, quantile: float) -> None:
    assert student_quantile(0.95, freedom) == pytest.approx(quantile, rel=2e-4)


def test_the_interval_of_a_ratio_covers_as_often_as_it_says() -> None:
    luck = np.random.default_rng(8)
    hits = 0
    for _trial in range(400):
        whole = luck.poisson(200, 12)
        hits += ratio_estimate(luck.binomial(whole, 0.3).tolist(), whole.tolist(), 0.9).holds(0.3)
    assert 0.86 < hits / 400 < 0.94
