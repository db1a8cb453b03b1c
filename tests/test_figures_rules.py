"""Figures: four service levels, nothing out of nothing, percentiles, and the slow way on generated logs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.pbx.queue_log import parse_block
from ccops.reports.figures import AGENT_FIGURES, QUEUE_FIGURES, Figure, agent_figures, percentile, queue_figures
from ccops.reports.rules import QueueRule, Rules, ServiceLevelRule
from ccops.reports.tally import SUMS, AgentTally, Tally, merged
from ccops.reports.visits import ActionLog, Visit, visits_of
from tests.history_logs import Log, logs
from tests.history_reference import reference_figures, reference_visits

DATA = Path(__file__).parent / "data"


def tally_of(visits: list[Visit], rules: Rules) -> Tally:
    tally = Tally()
    for visit in visits:
        tally.add(visit, rules)
    return tally


def recorded(queue: str, actions: ActionLog | None = None) -> list[Visit]:
    rows = parse_block((DATA / "asterisk-22.10.queue_log").read_bytes())
    return [visit for visit in visits_of(rows, actions) if visit.queue == queue]


@pytest.mark.parametrize(
    ("rule", "level"), [("offered-less-short", 7 / 8), ("offered", 7 / 10), ("answered", 1.0), ("sl2", 9 / 9)]
)
def test_the_recorded_log_under_four_rules_by_hand(rule: str, level: float) -> None:
    rules = Rules(ServiceLevelRule(rule), queues={"sales": QueueRule(wrap_up=10)})
    figures = queue_figures(tally_of(recorded("sales"), rules), rules)
    assert figures["service_level"] == pytest.approx(level)
    assert {
        key: figures[key] for key in ("offered", "answered", "abandoned", "timeout", "lost", "short_abandoned")
    } == {
        "offered": 10,
        "answered": 7,
        "abandoned": 2,
        "timeout": 1,
        "lost": 3,
        "short_abandoned": 2,
    }
    assert figures["asa"] == pytest.approx(5 / 7)
    assert (figures["longest_wait"], figures["talk"], figures["wrap"], figures["transfers"]) == (5, 15, 70, 1)
    assert figures["aht"] == pytest.approx(85 / 7)
    assert (figures["abandon_rate"], figures["abandon_wait"]) == (0, 1.5)
    assert (figures["wait_p50"], figures["wait_p90"]) == (1, 3)


def test_the_recorded_pull_is_not_offered() -> None:
    rules = Rules()
    actions = ActionLog([("1795289798.58", 1795289799.4, "pull")])
    figures = queue_figures(tally_of(recorded("sales", actions), rules), rules)
    assert (figures["offered"], figures["abandoned"], figures["withdrawn"]) == (9, 1, 1)
    assert figures["service_level"] == pytest.approx(7 / 8)


def test_a_threshold_of_its_own_counts_visit_by_visit() -> None:
    rules = Rules(threshold=20, queues={"SUPPORT": QueueRule(threshold=15.5)})
    support = tally_of(recorded("support"), rules)
    assert QUEUE_FIGURES["service_level"].of(support, rules) == 0
    support.merge(tally_of(recorded("sales"), rules))
    assert QUEUE_FIGURES["service_level"].of(support, rules) == pytest.approx(7 / 9)


def test_nothing_out_of_nothing() -> None:
    for rule in ServiceLevelRule:
        rules = Rules(rule)
        figures = queue_figures(Tally(), rules)
        for key in ("service_level", "abandon_rate", "asa", "aht", "abandon_wait", "longest_wait", "wait_p95"):
            assert figures[key] is None
    agent = agent_figures(AgentTally(), Rules())
    assert [agent[key] for key in ("logged_in", "available", "occupancy", "utilisation", "aht")] == [None] * 5


def test_every_figure_names_itself_and_its_rule() -> None:
    for rule in ServiceLevelRule:
        rules = Rules(rule, threshold=15)
        figures: list[Figure[Any]] = [*QUEUE_FIGURES.values(), *AGENT_FIGURES.values()]
        for figure in figures:
            assert figure.title
            assert figure.rule(rules)
            assert "{" not in figure.rule(rules)
        assert "15 s" in QUEUE_FIGURES["service_level"].rule(rules)


@given(st.lists(st.integers(0, 50), min_size=1), st.sampled_from([0.5, 0.9, 0.95, 1.0]))
def test_a_percentile_is_a_wait_that_enough_did_not_exceed(waits: list[int], share: float) -> None:
    counts = {wait: waits.count(wait) for wait in waits}
    value = percentile(counts, share)
    assert value in waits
    assert sum(wait <= value for wait in waits) >= share * len(waits)
    assert sum(wait < value for wait in waits) < share * len(waits)


RULE_KEYS = {
    "offered-less-short": "offered-less-short",
    "offered": "sl-offered",
    "answered": "sl-answered",
    "sl2": "sl2",
}


@given(logs(restarts=2), st.integers(0, 60), st.integers(0, 20), st.integers(0, 30))
def test_the_slow_way_works_out_the_same(log: Log, threshold: int, short: int, wrap_up: int) -> None:
    rows = list(parse_block(log.data()))
    visits = visits_of(rows, ActionLog(log.actions))
    slow = reference_figures(reference_visits(rows, log.actions), threshold, short, wrap_up)
    for rule, key in RULE_KEYS.items():
        rules = Rules(ServiceLevelRule(rule), threshold, short, wrap_up)
        figures = queue_figures(tally_of(visits, rules), rules)
        assert figures["service_level"] == pytest.approx(slow[key])
        for name in slow.keys() & figures.keys():
            assert figures[name] == pytest.approx(slow[name]), name


@given(logs(), st.integers(0, 12))
def test_tallies_add_up_in_any_cut(log: Log, cut: int) -> None:
    rules = Rules(wrap_up=7)
    visits = visits_of(parse_block(log.data()), ActionLog(log.actions))
    parts = tally_of(visits[:cut], rules)
    parts.merge(tally_of(visits[cut:], rules))
    assert parts == tally_of(visits, rules)


@given(st.data())
def test_a_figure_named_like_a_sum_is_that_sum(data: st.DataObject) -> None:
    tally = Tally(**{name: data.draw(st.integers(0, 1000)) for name in SUMS})  # type: ignore[arg-type]
    for key in SUMS & QUEUE_FIGURES.keys():
        assert QUEUE_FIGURES[key].of(tally, Rules()) == getattr(tally, key)
    assert merged([tally, Tally(waits={3: 1}), tally]).waits == {3: 1}
    total = Tally()
    for one in (tally, Tally(), tally):
        total.merge(one)
    assert merged([tally, Tally(), tally]) == total
