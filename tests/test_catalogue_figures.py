"""Figures on paper are those of METRICS, held against a slow reference: any period, zone, interval, rule and total."""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.pbx.queue_log import LogRow, parse_block
from ccops.reports.catalogue import Ask, compare_rules, make_paper
from ccops.reports.paper.model import Row, Section
from ccops.reports.periods import Period, start_of
from ccops.reports.rules import PauseRule, QueueRule, Rules, ServiceLevelRule
from tests.catalogue_tools import NOW, ZONES, cuts, delta_of, moved, period_of, sources_of
from tests.history_logs import AGENTS, Log, logs
from tests.history_reference import reference_agent, reference_figures, reference_visits

RULES = Rules(
    threshold=15, wrap_up=10, queues={"Sales": QueueRule(threshold=30, wrap_up=20)}, pauses={"wrap": PauseRule(False)}
)
LEVELS = {
    ServiceLevelRule.OFFERED_LESS_SHORT: "offered-less-short",
    ServiceLevelRule.OFFERED: "sl-offered",
    ServiceLevelRule.ANSWERED: "sl-answered",
    ServiceLevelRule.SL2: "sl2",
}
OF_ONE_QUEUE = ("asa", "abandon_wait", "aht", "wait_p50", "wait_p90", "wait_p95", "longest_wait")

Visits = list[dict[str, Any]]


def reference_row(visits: Visits, rules: Rules) -> dict[str, Any]:
    """Figures of visits of any queues: each queue under its own threshold and wrap-up, then all together."""
    marked = [{**visit, "queue": visit["queue"]} for visit in visits]
    for visit in marked:
        sales = visit["queue"] == "sales"
        visit["in_time"] = visit["wait"] is not None and visit["wait"] <= (30 if sales else 15)
        if visit["talk"] is not None:
            visit["handled"] = visit["talk"] + (20 if sales else 10)
    found = reference_figures(marked, threshold=15, short=5, wrap_up=10)
    answered = [visit for visit in marked if visit["outcome"] == "answered"]
    abandoned = [visit for visit in marked if visit["outcome"] == "abandoned"]
    within, gone = sum(visit["in_time"] for visit in answered), sum(visit["in_time"] for visit in abandoned)
    bases = {
        "offered-less-short": (within, found["offered"] - found["short_abandoned"]),
        "sl-offered": (within, found["offered"]),
        "sl-answered": (within, len(answered)),
        "sl2": (within + gone, len(answered) + len(abandoned)),
    }
    levels = {name: part / whole if whole else None for name, (part, whole) in bases.items()}
    handled = [visit["handled"] for visit in answered if "handled" in visit]
    return {
        **found,
        **levels,
        "service_level": levels[LEVELS[rules.service_level]],
        "aht": sum(handled) / len(handled) if handled else None,
        "wrap": sum(handled) - found["talk"],
        **{name: sum(visit["outcome"] == name for visit in marked) for name in COUNTS},
    }


COUNTS = ("abandoned", "timeout", "exit_empty", "exit_key", "withdrawn", "interrupted", "waiting")


def assert_row(row: Row, visits: Visits, rules: Rules) -> None:
    """Hold every figure of a row that the reference knows against it."""
    expected = reference_row(visits, rules)
    for key, value in row.items():
        if key in expected:
            assert value == pytest.approx(expected[key]), key


def assert_section(section: Section, visits: Visits, key: Callable[[dict[str, Any]], Hashable], rules: Rules) -> None:
    """Hold every row and the total against the visits of its group; no group may be missing."""
    names = [column.key for column in section.columns if column.key in ("queue", "day", "weekday", "hour", "start")]
    groups: dict[Hashable, Visits] = {}
    for visit in visits:
        groups.setdefault(key(visit), []).append(visit)
    rows = {tuple(row[name] for name in names): row for row in section.rows}
    assert len(rows) == len(section.rows)
    assert set(groups) <= set(rows)
    for value, row in rows.items():
        assert_row(row, groups.get(value, []), rules)
    assert section.total is not None
    assert_row(section.total, visits, rules)


def visits_in(data: bytes, period: Period) -> Visits:
    """The visits of a log that entered in a period, the slow way."""
    return [visit for visit in reference_visits(list(parse_block(data))) if visit["entered"] in period]


def local(at: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at, zone)


rule_sets = st.sampled_from([replace(RULES, service_level=rule) for rule in ServiceLevelRule])


@settings(max_examples=40, deadline=None)
@given(logs(days=1, stays=15, restarts=1), cuts, st.sampled_from(ZONES), rule_sets)
def test_queues_and_days_of_any_period(
    tmp_path_factory: pytest.TempPathFactory, log: Log, cut: tuple[int, int, int], name: str, rules: Rules
) -> None:
    zone, delta = ZoneInfo(name), delta_of(name)
    data, period = moved(log.data(), delta), period_of(cut, delta)
    visits = visits_in(data, period)
    with sources_of(tmp_path_factory.mktemp("q"), data, zone, rules) as sources:
        ask = Ask(period, NOW)
        assert_section(make_paper("queues", ask, sources).sections[0], visits, lambda v: (v["queue"],), rules)
        both, days, queues = make_paper("overview", ask, sources).sections
        assert_section(both, visits, lambda v: (local(v["entered"], zone).date(), v["queue"]), rules)
        assert_section(days, visits, lambda v: (local(v["entered"], zone).date(),), rules)
        assert_section(queues, visits, lambda v: (v["queue"],), rules)
        hours, weekdays, heat = make_paper("distribution", ask, sources).sections
        assert_section(hours, visits, lambda v: (local(v["entered"], zone).hour * 3600,), rules)
        assert_section(weekdays, visits, lambda v: (local(v["entered"], zone).isoweekday(),), rules)
        assert len(heat.rows) == 24 * len(weekdays.rows)
        (levels,) = compare_rules(ask, sources).sections
        for row in [*levels.rows, *([levels.total] if levels.total else [])]:
            expected = reference_row([v for v in visits if row.get("queue") in (None, v["queue"])], rules)
            for rule, key in LEVELS.items():
                column = f"service_level_{rule.value.replace('-', '_')}"
                assert row[column] == pytest.approx(expected[key]), (row, rule)


def starts_of(period: Period, seconds: int, zone: ZoneInfo) -> list[int]:
    """Walk through a period second by second of the local clock, in steps that divide every change of a clock."""
    found = [period.start]
    before = local(period.start, zone)
    for at in range(period.start - period.start % 900 + 900, period.end, 900):
        now = local(at, zone)
        second = now.hour * 3600 + now.minute * 60
        jumped = now.utcoffset() != before.utcoffset()
        if (second % seconds == 0 or jumped) and (seconds < 86_400 or now.date() != before.date()):
            found.append(at)
        before = now
    return found


@settings(max_examples=50, deadline=None)
@given(
    logs(days=1, stays=15),
    cuts,
    st.sampled_from(ZONES),
    st.sampled_from([("15m", 900), ("30m", 1800), ("hour", 3600), ("day", 86_400)]),
    st.sampled_from([None, "sales"]),
)
def test_intervals_of_any_period(
    tmp_path_factory: pytest.TempPathFactory,
    log: Log,
    cut: tuple[int, int, int],
    name: str,
    interval: tuple[str, int],
    queue: str | None,
) -> None:
    zone, delta = ZoneInfo(name), delta_of(name)
    data, period = moved(log.data(), delta), period_of(cut, delta)
    visits = [visit for visit in visits_in(data, period) if queue in (None, visit["queue"])]
    if queue is not None and b"|sales|NONE|ENTERQUEUE" not in data:
        return
    starts = starts_of(period, interval[1], zone)
    with sources_of(tmp_path_factory.mktemp("i"), data, zone, RULES) as sources:
        ask = Ask(period, NOW, interval=interval[0], queue=queue)
        (section,) = make_paper("intervals", ask, sources).sections
    assert [row["start"] for row in section.rows] == starts
    assert_section(section, visits, lambda v: (starts[bisect_right(starts, v["entered"]) - 1],), RULES)


def test_an_interval_is_a_row_though_nobody_entered(tmp_path: Path) -> None:
    zone = ZoneInfo("Europe/Berlin")
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)):
        period = Period(start_of(day, zone), start_of(day + timedelta(days=1), zone))
        at = period.start + 3 * 3600
        data = b"%d|a|q|NONE|ENTERQUEUE||1|1\n%d|a|q|NONE|ABANDON|1|1|9\n" % (at, at + 9)
        with sources_of(tmp_path, data, zone, Rules()) as sources:
            for interval, count in (("15m", hours * 4), ("30m", hours * 2), ("hour", hours), ("day", 1)):
                ask = Ask(period, period.end, interval=interval)
                (section,) = make_paper("intervals", ask, sources).sections
                assert len(section.rows) == count
                assert sum(row["offered"] for row in section.rows) == 1
                empty = [row for row in section.rows if not row["offered"]]
                assert all(row["service_level"] is None and row["answered"] == 0 for row in empty)
                assert [row["start"] for row in section.rows] == sorted(row["start"] for row in section.rows)
            (section,) = make_paper("intervals", Ask(period, NOW, interval="weekday"), sources).sections
            assert [(row["weekday"], row["days"], row["lost"]) for row in section.rows] == [(day.isoweekday(), 1, 1)]
        (tmp_path / "s.db").unlink()


def seconds_of(rows: list[LogRow], agent: str, period: Period) -> Mapping[str, Any]:
    now = max((row.at for row in rows), default=0) + 1
    return reference_agent(rows, agent, period.start, max(period.start, min(period.end, now)))


@settings(max_examples=40, deadline=None)
@given(logs(days=1, stays=10), cuts, st.sampled_from(ZONES), st.booleans())
def test_agents_of_any_period(
    tmp_path_factory: pytest.TempPathFactory, log: Log, cut: tuple[int, int, int], name: str, by_day: bool
) -> None:
    zone, delta = ZoneInfo(name), delta_of(name)
    data, period = moved(log.data(), delta), period_of(cut, delta)
    rows = list(parse_block(data))
    visits = visits_in(data, period)
    with sources_of(tmp_path_factory.mktemp("a"), data, zone, RULES) as sources:
        ask = Ask(period, NOW, interval="day" if by_day else "")
        (section,) = make_paper("agents", ask, sources).sections
    found: dict[str, list[Row]] = {}
    for row in section.rows:
        found.setdefault(row["agent"], []).append(row)
    for agent in AGENTS:
        mine = [visit for visit in visits if visit["agent"] == agent]
        assert sum(row["answered"] for row in found.get(agent, [])) == len(mine)
        expected = seconds_of(rows, agent, period)
        assert sum(row["logged_in"] or 0 for row in found.get(agent, [])) == (expected["logged_in"] or 0)
        assert sum(row["paused"] for row in found.get(agent, [])) == sum(expected["paused"].values())
    assert section.total is not None
    assert section.total["answered"] == sum(row["answered"] for row in section.rows)
    assert section.total["talk"] == sum(row["talk"] for row in section.rows)


@settings(max_examples=30, deadline=None)
@given(logs(days=1, stays=15, restarts=1), cuts)
def test_lists_hold_every_visit_of_the_period_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, log: Log, cut: tuple[int, int, int]
) -> None:
    period = period_of(cut, 0)
    visits = visits_in(log.data(), period)
    lines = log.data().decode().split("\n")
    with sources_of(tmp_path_factory.mktemp("l"), log.data(), ZoneInfo("UTC"), RULES) as sources:
        ask = Ask(period, NOW)
        section = make_paper("calls", ask, sources).sections[0]
        keys = ("queue", "entered", "outcome", "wait", "talk")
        listed = [
            (row["call_id"], *(row[key if key != "entered" else "entered_at"] for key in keys)) for row in section.rows
        ]
        assert sorted(listed, key=str) == sorted(((v["callid"], *(v[key] for key in keys)) for v in visits), key=str)
        for row in section.rows:
            assert lines[row["line"] - 1].startswith(
                f"{row['entered_at']}|{row['call_id']}|{row['queue']}|NONE|ENTERQUEUE"
            )
        abandoned = make_paper("abandoned", ask, sources).sections[0]
        assert len(abandoned.rows) == sum(visit["outcome"] == "abandoned" for visit in visits)
        causes = make_paper("causes", ask, sources).sections[0]
        for row in causes.rows:
            assert row["lost"] == sum(visit["outcome"] == row["outcome"] for visit in visits)
        levels = make_paper("service-level", ask, sources).sections[0]
        for row in levels.rows:
            for outcome in ("answered", "abandoned"):
                waits = [visit["wait"] for visit in visits if visit["outcome"] == outcome]
                assert row[outcome] == sum(wait <= row["within"] for wait in waits)
        waited = make_paper("waits", ask, sources).sections[0]
        assert sum(row["offered"] for row in waited.rows) == reference_row(visits, RULES)["offered"]


def merged_calls(visits: Visits) -> Visits:
    """All stays of a call together: queue and entry of the first, outcome, agent and talk of the last, wait summed."""
    found: Visits = []
    for callid in dict.fromkeys(visit["callid"] for visit in visits):
        stays = [visit for visit in visits if visit["callid"] == callid]
        waits = [visit["wait"] for visit in stays if visit["wait"] is not None]
        first = {key: stays[0][key] for key in ("callid", "queue", "entered")}
        found.append({**stays[-1], **first, "wait": sum(waits) if waits else None})
    return found


@settings(max_examples=40, deadline=None)
@given(logs(days=1, stays=15), cuts, st.sampled_from(["queues", "intervals", "overview"]), rule_sets)
def test_calls_counted_instead_of_visits(
    tmp_path_factory: pytest.TempPathFactory, log: Log, cut: tuple[int, int, int], name: str, rules: Rules
) -> None:
    zone, period = ZoneInfo("Europe/Berlin"), period_of(cut, 0)
    whole = Period(0, 1 << 40)
    calls = [call for call in merged_calls(visits_in(log.data(), whole)) if call["entered"] in period]
    with sources_of(tmp_path_factory.mktemp("c"), log.data(), zone, rules) as sources:
        section = make_paper(name, Ask(period, NOW, calls=True), sources).sections[0]
    starts = [row["start"] for row in section.rows] if name == "intervals" else []
    keys: dict[str, Callable[[dict[str, Any]], Hashable]] = {
        "queues": lambda v: (v["queue"],),
        "overview": lambda v: (local(v["entered"], zone).date(), v["queue"]),
        "intervals": lambda v: (starts[bisect_right(starts, v["entered"]) - 1],),
    }
    assert_section(section, calls, keys[name], rules)
