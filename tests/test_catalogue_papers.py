"""What stands on the papers: figures worked out by hand, rules, doubts, comparison, and what cannot be asked."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ccops.errors import NotFound, UsageProblem
from ccops.reports.catalogue import Ask, Sources, compare_rules, entries, make_paper, trace
from ccops.reports.paper.data import document
from ccops.reports.paper.model import Paper, Row
from ccops.reports.paper.render import Form, Options, render
from ccops.reports.periods import Period, start_of
from ccops.reports.rules import PauseRule, QueueRule, Rules, ServiceLevelRule
from ccops.store.audit import open_audit
from tests.catalogue_tools import sources_of

UTC, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
RECORDED = (Path(__file__).parent / "data" / "asterisk-22.10.queue_log").read_bytes()
START = 1_795_289_738
DAY = Period(START, START + 100)
ANA, BEN, CHI = "Ana 王芳", "Ben O'Neil", "Chi|pipe"


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Sources]:
    """Return what a real Asterisk wrote of eleven calls."""
    rules = Rules(pauses={"lunch": PauseRule(paid=False), "coffee": PauseRule(productive=True)})
    with sources_of(tmp_path, RECORDED, UTC, rules) as sources:
        yield sources


def made(name: str, sources: Sources, **more: Any) -> Paper:
    """Return a report of the recorded calls."""
    return make_paper(name, Ask(DAY, DAY.end, **more), sources)


def rows(name: str, sources: Sources, section: int = 0, **more: Any) -> list[Row]:
    """Return the rows of one section of it."""
    return list(made(name, sources, **more).sections[section].rows)


def picked(row: Row | None, *keys: str) -> list[Any]:
    """Return some values of a row."""
    return [(row or {})[key] for key in keys]


# --- figures worked out by hand ---


def test_queues_of_the_recorded_calls(recorded: Sources) -> None:
    section = made("queues", recorded).sections[0]
    counts = ("queue", "offered", "answered", "lost", "abandoned", "timeout", "short_abandoned", "transfers", "talk")
    assert [picked(row, *counts) for row in section.rows] == [
        ["sales", 10, 7, 3, 2, 1, 2, 1, 15],
        ["support", 1, 1, 0, 0, 0, 0, 0, 1],
    ]
    rates = (
        "service_level",
        "abandon_rate",
        "asa",
        "longest_wait",
        "aht",
        "wait_p50",
        "wait_p90",
        "agents",
        "occupancy",
    )
    assert picked(section.rows[0], *rates) == [7 / 8, 0, 5 / 7, 5, 15 / 7, 1, 3, 2, 15 / 61]
    assert picked(section.rows[1], *rates) == [1, 0, 16, 16, 1, 16, 16, 2, 1 / 88]
    assert picked(section.total, *rates) == [8 / 9, 0, 21 / 8, 16, 16 / 8, 1, 5, 4, 16 / 149]


def test_agents_of_the_recorded_calls(recorded: Sources) -> None:
    section = made("agents", recorded).sections[0]
    keys = ("agent", "logged_in", "paused", "talk", "ring", "available", "occupancy", "answered", "missed", "transfers")
    assert [picked(row, *keys) for row in section.rows] == [
        [ANA, 73, 12, 15, 0, 46, 15 / 61, 7, 0, 1],
        [BEN, 73, 73, 0, 0, 0, None, 0, 0, 0],
        [CHI, 73, 0, 1, 0, 72, 1 / 73, 1, 0, 0],
        ["Never Answers", 15, 0, 0, 15, 15, 0, 0, 1, 0],
    ]
    assert picked(section.total, *keys[1:]) == [234, 85, 16, 15, 133, 16 / 149, 8, 1, 1]
    assert [row["agent"] for row in rows("agents", recorded, queue="support")] == [CHI, "Never Answers"]


def test_sessions_pauses_and_payroll_of_the_recorded_calls(recorded: Sources) -> None:
    sessions = made("sessions", recorded).sections[0]
    assert [picked(row, "agent", "queue", "since", "until", "logged_in") for row in sessions.rows] == [
        [ANA, "sales", START, START + 73, 73],
        [BEN, "sales", START, START + 73, 73],
        [CHI, "support", START, START + 73, 73],
        ["Never Answers", "support", START + 40, START + 55, 15],
    ]
    pauses = made("pauses", recorded)
    keys = ("agent", "reason", "pauses", "paused", "longest", "paid", "productive", "wrap_up")
    assert [picked(row, *keys) for row in pauses.sections[0].rows] == [
        [ANA, "", 1, 3, 3, True, False, False],
        [ANA, "coffee", 1, 9, 9, True, True, False],
        [BEN, "lunch", 1, 73, 73, False, False, False],
    ]
    assert [row["reason"] for row in pauses.sections[1].rows] == ["", "coffee", "lunch"]
    assert picked(pauses.sections[1].total, "pauses", "paused", "mean") == [3, 85, 85 / 3]
    keys = ("agent", "first_login", "last_logoff", "logged_in", "paid_pauses", "unpaid_pauses", "paid", "productive")
    assert [picked(row, *keys) for row in rows("payroll", recorded)][:2] == [
        [ANA, START, START + 73, 73, 12, 0, 73, 15 + 9],
        [BEN, START, START + 73, 73, 0, 73, 0, 0],
    ]


def test_missed_rings_and_transfers_of_the_recorded_calls(recorded: Sources) -> None:
    (missed,) = rows("missed", recorded)
    assert picked(missed, "agent", "missed", "canceled", "ring") == ["Never Answers", 1, 0, 15]
    (ring,) = rows("missed", recorded, section=1)
    assert picked(ring, "at", "queue", "call_id") == [START + 55, "support", "1795289778.52"]
    (pair,) = rows("transfers", recorded)
    assert picked(pair, "agent", "transfer_to", "kind", "transfers", "talk") == [ANA, "1004", "blind", 1, 1]
    assert picked(rows("transfers", recorded, section=1)[0], "agent", "answered", "transfers") == [ANA, 7, 1]
    (moved,) = rows("transfers", recorded, section=2)
    assert picked(moved, "at", "caller_number", "call_id") == [START + 19, "5550004", "1795289756.36"]


def test_calls_and_the_steps_of_one(recorded: Sources) -> None:
    listed = rows("calls", recorded)
    assert len(listed) == 11
    eighth = next(row for row in listed if row["caller_number"] == "5550008")
    assert picked(eighth, "entered_at", "queue", "outcome", "ended_by") == [START + 40, "support", "answered", "caller"]
    assert picked(eighth, "wait", "talk", "agent", "position", "line") == [16, 1, CHI, 1, 31]
    assert eighth["file"].endswith("queue_log")
    assert [row["caller_number"] for row in rows("calls", recorded, agent=CHI)] == ["5550008"]
    assert [row["caller_number"] for row in rows("calls", recorded, number="555 0008")] == ["5550008"]
    steps = rows("ladder", recorded, call="1795289778.52")
    assert [picked(row, "at", "event", "agent", "line") if "agent" in row else row["event"] for row in steps] == [
        "ENTERQUEUE",
        [START + 55, "RINGNOANSWER", "Never Answers", "32"],
        [START + 56, "CONNECT", CHI, "34"],
        [START + 57, "COMPLETECALLER", CHI, "35"],
    ]
    assert [row["call_id"] for row in rows("ladder", recorded, section=1, call="1795289778.52")] == ["1795289778.52"]


def test_losses_of_the_recorded_calls(recorded: Sources) -> None:
    assert [picked(row, "outcome", "lost", "share", "wait") for row in rows("causes", recorded)] == [
        ["abandoned", 2, 2 / 3, 1.5],
        ["timeout", 1, 1 / 3, 5],
        ["exit_empty", 0, 0, None],
        ["exit_key", 0, 0, None],
    ]
    assert [picked(row, "caller_number", "wait", "short") for row in rows("abandoned", recorded)] == [
        ["5550006", 2, True],
        ["5550009", 1, True],
    ]
    levels = {row["within"]: row for row in rows("service-level", recorded)}
    assert picked(levels[5], "answered", "answered_share", "abandoned", "service_level") == [7, 7 / 8, 2, 7 / 9]
    assert picked(levels[20], "answered", "service_level") == [8, 8 / 9]
    backs = rows("callbacks", recorded)
    assert [picked(row, "number", "lost_at", "outcome") for row in backs] == [
        ["5550009", START + 60, "abandoned"],
        ["5550007", START + 34, "timeout"],
        ["5550006", START + 31, "abandoned"],
    ]


def test_the_four_rules_side_by_side(recorded: Sources) -> None:
    (section,) = compare_rules(Ask(DAY, DAY.end), recorded).sections
    keys = [f"service_level_{rule.value.replace('-', '_')}" for rule in ServiceLevelRule]
    assert picked(section.rows[0], "queue", *keys) == ["sales", 7 / 8, 7 / 10, 1, 1]
    found = trace("compare-rules", Ask(DAY, DAY.end), recorded, "rules", section.rows[0], "service_level_offered")
    assert (len(found.visits), found.value) == (10, 7 / 10)


# --- what stands on it ---


@pytest.mark.parametrize("name", entries())
@pytest.mark.parametrize("form", list(Form))
def test_every_report_has_every_form(recorded: Sources, name: str, form: Form) -> None:
    paper = made(name, recorded, **({"call": "1795289778.52"} if name == "ladder" else {}))
    assert render(paper, form, Options(whole=True))
    sections = [section.name for section in paper.sections]
    assert len(set(sections)) == len(sections)
    for section in paper.sections:
        keys = [column.key for column in section.columns]
        assert len(set(keys)) == len(keys)
        assert all(set(row) <= {*keys, *row} for row in section.rows)
        assert set(section.total or {}) <= set(keys)
        if section.chart is not None:
            assert {section.chart.x, *section.chart.y, *filter(None, [section.chart.by])} <= set(keys)
    assert any(section.chart is not None for section in paper.sections) or name == "ladder"


@pytest.mark.parametrize("name", [name for name in entries() if name != "ladder"])
def test_a_period_without_a_call_is_an_empty_report(recorded: Sources, name: str) -> None:
    paper = make_paper(name, Ask(Period(START - 7200, START - 3600), START), recorded)
    rest = ("intervals", "overview", "distribution")
    assert paper.empty or name in rest
    assert ("Counted" in paper.rules) is (name not in ("pauses", "supervision", "adherence"))
    assert any("The log begins at" in warning for warning in paper.warnings) == entries()[name].dated
    assert render(paper, Form.TABLE)


@pytest.mark.parametrize("name", [name for name in entries() if name != "ladder"])
def test_an_empty_store_gives_an_empty_report(tmp_path: Path, name: str) -> None:
    with sources_of(tmp_path, b"", UTC) as sources:
        paper = made(name, sources)
    assert "The store holds no log yet: nothing is known of this period." in paper.warnings


def test_rule_and_what_is_counted_stand_on_the_paper(tmp_path: Path) -> None:
    rules = Rules(ServiceLevelRule.SL2, threshold=17, queues={"sales": QueueRule(30)})
    with sources_of(tmp_path, RECORDED, UTC, rules) as sources:
        told = made("queues", sources).rules
        assert told["Service level"] == "(answered + abandoned within 17 s) / (answered + abandoned)"
        assert told["Thresholds"] == "sales 30 s, support 17 s"
        assert told["Counted"].startswith("visits")
        told = made("queues", sources, queue="SALES", calls=True).rules
        assert told["Service level"] == "(answered + abandoned within 30 s) / (answered + abandoned)"
        assert "Thresholds" not in told
        assert told["Counted"].startswith("calls")
        assert made("queues", sources, queue="SALES").filters == {"Queue": "SALES"}


def test_doubts_are_told(tmp_path: Path) -> None:
    log = b"1790000000|a|q|NONE|ENTERQUEUE||1|1\n1790000001|b|q|NONE|ENTERQUEUE||1|2\n"
    log += b"1790000002|b|q|NONE|ABANDON|2|2|1\nx\n"
    with sources_of(tmp_path, log, UTC) as sources:
        period = Period(1789990000, 1790100000)
        told = make_paper("queues", Ask(period, 1790100000), sources).warnings
    assert told == [
        "The log begins at 2026-09-21 14:13: what was before is missing.",
        "The log ends at 2026-09-21 14:13: what came later is missing.",
        "1 lines of the log files of this period could not be read; `ccops doctor` shows them.",
        "1 visits have no end in the log; they count neither as offered nor as lost.",
    ]


# --- beside a former period ---


def test_days_stand_against_the_days_before(tmp_path: Path) -> None:
    """The clock changes on 25 October: the days differ in length, and hours are those of the clock."""
    lines = []
    for day, calls in ((18, 1), (19, 2), (20, 0), (25, 3), (26, 4), (27, 5)):
        for call in range(calls):
            at = start_of(date(2026, 10, day), BERLIN) + 11 * 3600 + call
            lines += [f"{at}|{day}.{call}|q|NONE|ENTERQUEUE||1|1\n", f"{at}|{day}.{call}|q|NONE|EXITEMPTY|1|1|0\n"]
    now, before = (Period(*(start_of(date(2026, 10, day), BERLIN) for day in pair)) for pair in ((25, 28), (18, 21)))
    with sources_of(tmp_path, "".join(lines).encode(), BERLIN) as sources:
        for name, interval, section in (("overview", "", 1), ("intervals", "day", 0)):
            ask = Ask(now, now.end, interval=interval)
            paper = make_paper(name, ask, sources, compared=before)
            days = paper.sections[section]
            assert [picked(row, "offered", "offered_before", "offered_change") for row in days.rows] == [
                [3, 1, 2], [4, 2, 2], [5, 0, 5],
            ]  # fmt: skip
            assert picked(days.total, "offered", "offered_before") == [12, 3]
            found = trace(name, ask, sources, days.name, days.rows[1], "offered_before", compared=before)
            assert ([visit.callid for visit in found.visits], found.value) == (["19.0", "19.1"], 2)
        hours = make_paper("intervals", Ask(now, now.end, interval="hour"), sources, compared=before).sections[0]
        matched = {row["start"]: row["offered_before"] for row in hours.rows if row["offered_before"]}
        # On the 25th eleven hours after midnight the clock shows ten.
        assert matched == {
            start_of(date(2026, 10, 25), BERLIN) + 12 * 3600: 1,
            start_of(date(2026, 10, 26), BERLIN) + 11 * 3600: 2,
        }
        assert document(paper)["compared_with"]["from"].startswith("2026-10-18")


@pytest.mark.parametrize("name", [name for name in entries() if name not in ("ladder", "callbacks")])
def test_what_stands_beside_is_the_report_of_that_period(recorded: Sources, name: str) -> None:
    """The second half minute beside the first one."""
    before, now = Period(START, START + 30), Period(START + 30, START + 60)
    beside = make_paper(name, Ask(now, now.end), recorded, compared=before)
    alone, former = (make_paper(name, Ask(period, period.end), recorded) for period in (now, before))
    for section, mine, theirs in zip(beside.sections, alone.sections, former.sections, strict=True):
        plain = [column.key for column in mine.columns]
        if [column.key for column in section.columns] == plain:
            assert list(section.rows) == list(mine.rows)  # a list, which has nothing to stand against
            continue
        figures = [column.key for column in section.columns if column.key.endswith("_before")]
        for key in figures:
            was = (theirs.total or {}).get(key.removesuffix("_before"))
            assert (section.total or {}).get(key) == was, (section.name, key)
        about = [key for key in plain if f"{key}_before" not in figures]
        known = {tuple(row.get(key) for key in about): row for row in theirs.rows}
        for row in section.rows:
            other = known.get(tuple(row.get(key) for key in about), {})
            for key in figures:
                assert row.get(key) == other.get(key.removesuffix("_before")), (section.name, key)


# --- what cannot be asked ---


def test_what_a_report_cannot_be_asked_is_told(recorded: Sources) -> None:
    with pytest.raises(NotFound, match=r"There is no report “queue”\. Did you mean queues"):
        made("queue", recorded)
    with pytest.raises(NotFound, match=r"no queue “sals”\. Did you mean sales"):
        made("queues", recorded, queue="sals")
    with pytest.raises(NotFound, match=r"no agent “Never”\. Did you mean Never Answers"):
        made("agents", recorded, agent="Never")
    with pytest.raises(UsageProblem, match=r"“agents” cannot be narrowed by number\. It knows --queue, --agent"):
        made("agents", recorded, number="1")
    with pytest.raises(UsageProblem, match=r"“pauses” cannot be cut by day\. Leave out --interval"):
        made("pauses", recorded, interval="day")
    with pytest.raises(UsageProblem, match="counts visits only"):
        made("agents", recorded, calls=True)
    with pytest.raises(UsageProblem, match=r"The period ends before it begins\."):
        make_paper("queues", Ask(Period(5, 5), 0), recorded)
    with pytest.raises(UsageProblem, match="No call was named"):
        made("ladder", recorded)
    with pytest.raises(NotFound, match="There is no call “7”"):
        made("ladder", recorded, call="7")


def test_several_names_patterns_and_commas_in_names(tmp_path: Path) -> None:
    log = "".join(
        f"1790000000|{number}|{queue}|NONE|ENTERQUEUE||1|1\n1790000001|{number}|{queue}|{agent}|CONNECT|1|m|1\n"
        f"1790000002|{number}|{queue}|{agent}|COMPLETEAGENT|1|1|1\n"
        for number, (queue, agent) in enumerate(
            (("s1", "Hara, O"), ("s2", "PJSIP/1001"), ("t", "Ben"), ("t,u", "Hara"))
        )
    )
    with sources_of(tmp_path, log.encode(), UTC) as sources:
        period = Period(1789990000, 1790100000)

        def queues(**narrowed: Any) -> list[str]:
            listed = make_paper("calls", Ask(period, 1790100000, **narrowed), sources).sections[0].rows
            return [row["queue"] for row in listed]

        assert queues(queue="S*") == ["s1", "s2"]
        assert queues(queue="t, s2") == ["s2", "t"]
        assert queues(queue="s1,t,u") == ["s1", "t,u"]
        assert queues(agent="1001") == ["s2"]
        assert queues(agent="Hara, O,Ben") == ["s1", "t"]
        assert queues(agent="hara") == ["t,u"]


# --- beside the log ---


def test_the_supervision_log_is_read_from_the_audit(recorded: Sources, tmp_path: Path) -> None:
    clock = iter(float(START + second) for second in (10, 11, 20, 21, 50, 60, 61))
    audit = open_audit(tmp_path / "s.db", lambda: next(clock))
    same = {"who": "eva", "origin": "console", "target": ANA, "call_id": "c", "arguments": "{}"}
    for mode in ("listen", "barge"):
        number = audit.begin(action=mode, reason="training", **same)
        data = {"supervision_id": "leg-1", "agent": ANA, "call_id": "c", "phone": "PJSIP/9"}
        audit.end(number, result="done", detail="", data=data)
    audit.leg_ended(who="eva", target=ANA, call_id="c", supervision_id="leg-1", why="the call ended", seconds=39)
    number = audit.begin(action="whisper", reason="", **same | {"who": "max"})
    audit.end(number, result="denied", detail="no right", data={})
    audit.close()
    paper = made("supervision", recorded)
    keys = ("at", "who", "mode", "agent", "seconds", "reason", "result", "ended")
    assert [picked(row, *keys) for row in paper.sections[0].rows] == [
        [START + 10, "eva", "listen", ANA, 10, "training", "done", "the call ended"],
        [START + 20, "eva", "barge", ANA, 29, "training", "done", "the call ended"],
        [START + 60, "max", "whisper", ANA, None, None, "denied", None],
    ]
    assert [picked(row, "who", "mode", "times", "seconds") for row in paper.sections[1].rows] == [
        ["eva", "barge", 1, 29],
        ["eva", "listen", 1, 10],
    ]
    listened = trace("supervision", Ask(DAY, DAY.end), recorded, "supervision", paper.sections[0].rows[0], "seconds")
    assert [record["action"] for record in listened.records] == ["listen", "barge"]
    assert rows("supervision", recorded, agent=BEN) == []
    nobody = make_paper("supervision", Ask(DAY, 0), Sources(recorded.archive, recorded.settings))
    assert nobody.sections[0].note == "There is no audit: nothing is known of supervision."


def test_adherence_comes_from_the_rosters(recorded: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2026, 11, 21)
    told = [
        {"agent": ANA, "day": day, "scheduled": 100, "worked": 90, "adherence": 0.8, "conformance": 0.9},
        {"agent": BEN, "day": day, "scheduled": 300, "worked": 330, "adherence": 0.6, "conformance": 1.1},
        {"agent": BEN, "day": date(2026, 11, 22), "scheduled": 0, "worked": 10, "adherence": None, "conformance": None},
    ]
    monkeypatch.setattr("ccops.reports.catalogue.following.roster_rows", lambda settings, period: told)
    days, agents = made("adherence", recorded).sections
    assert [row["agent"] for row in days.rows] == [ANA, BEN, BEN]
    keys = ("agent", "scheduled", "worked", "adherence", "conformance")
    assert [picked(row, *keys) for row in agents.rows] == [[ANA, 100, 90, 0.8, 0.9], [BEN, 300, 340, 0.6, 340 / 300]]
    assert picked(days.total, "adherence", "conformance") == [(80 + 180) / 400, 430 / 400]
    assert len(rows("adherence", recorded, agent=ANA)) == 1
    monkeypatch.setattr("ccops.reports.catalogue.following.roster_rows", lambda settings, period: [])
    assert made("adherence", recorded).sections[0].note == "No roster is published for this period."


def test_making_a_report_loads_nothing_heavy() -> None:
    code = (
        "import sys, json; import ccops.reports.catalogue.making, ccops.reports.catalogue.visits,"
        " ccops.reports.catalogue.agents, ccops.reports.catalogue.calls;"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"pandas", "numpy", "textual", "rich", "panoramisk", "sqlite_utils", "ortools", "asyncio"}
