"""Visits: every gotcha of the queue_log, the recorded logs by hand, and the slow way on generated logs."""

from pathlib import Path

import pytest
from hypothesis import given

from ccops.pbx.queue_log import LogRow, parse_block
from ccops.reports.visits import ActionLog, Missed, Outcome, Visit, Visits, calls_of, visits_of
from tests.history_logs import Log, logs
from tests.history_reference import reference_visits

DATA = Path(__file__).parent / "data"


def rows_of(text: str) -> list[LogRow]:
    lines = [line.strip() for line in text.strip().splitlines()]
    return list(parse_block(("\n".join(lines) + "\n").encode()))


def one(text: str, actions: ActionLog | None = None) -> Visit:
    (visit,) = visits_of(rows_of(text), actions)
    return visit


def short(visit: Visit) -> tuple[str, int | None, str, int | None, str]:
    return visit.outcome.value, visit.wait, visit.agent, visit.talk, visit.ended_by


RECORDED = {
    "asterisk-22.10": {
        "5550001": ("answered", 0, "Ana 王芳", 2, "caller"),
        "5550002": ("answered", 0, "Ana 王芳", 1, "caller"),
        "5550003": ("answered", 1, "Ana 王芳", 4, "caller"),
        "5550004": ("answered", 0, "Ana 王芳", 1, "blind"),
        "5550005": ("answered", 1, "Ana 王芳", 3, "caller"),
        "5550006": ("abandoned", 2, "", None, ""),
        "5550007": ("timeout", 5, "", None, ""),
        "5550008": ("answered", 16, "Chi|pipe", 1, "caller"),
        "5550009": ("abandoned", 1, "", None, ""),
        "5550010": ("answered", 3, "Ana 王芳", 3, "caller"),
        "5550011": ("answered", 0, "Ana 王芳", 1, "caller"),
    },
    "asterisk-16.28": {
        "5550001": ("answered", 0, "Ana 王芳", 2, "caller"),
        "5550002": ("answered", 0, "Ana 王芳", 2, "caller"),
        "5550003": ("answered", 0, "Ana 王芳", 4, "caller"),
        "5550004": ("answered", 1, "Ana 王芳", 1, "blind"),
        "5550005": ("answered", 0, "Ana 王芳", 3, "caller"),
        "5550006": ("abandoned", 2, "", None, ""),
        "5550007": ("timeout", 5, "", None, ""),
        "5550008": ("answered", 16, "Chi", 1, "caller"),
        "5550009": ("answered", 3, "Ana 王芳", 3, "caller"),
        "5550010": ("abandoned", 1, "", None, ""),
        "5550011": ("answered", 0, "Ana 王芳", 1, "caller"),
        "": ("answered", 0, "Ana", 16, "caller"),
    },
}


@pytest.mark.parametrize("recording", RECORDED)
def test_the_recorded_logs_as_worked_out_by_hand(recording: str) -> None:
    rows = list(parse_block((DATA / f"{recording}.queue_log").read_bytes()))
    visits = visits_of(rows)
    assert {visit.caller: short(visit) for visit in visits} == RECORDED[recording]
    transferred = next(visit for visit in visits if visit.ended_by == "blind")
    assert transferred.transfer_to == "1004"


def test_our_action_log_makes_the_recorded_pull_a_withdrawal() -> None:
    rows = list(parse_block((DATA / "asterisk-22.10.queue_log").read_bytes()))
    actions = ActionLog([("1795289798.58", 1795289799.4, "pull"), ("1795289762.42", 1795289765.9, "takeover")])
    visits = {visit.caller: visit for visit in visits_of(rows, actions)}
    assert visits["5550009"].outcome is Outcome.WITHDRAWN
    assert visits["5550005"].ended_by == "takeover"
    assert visits["5550006"].outcome is Outcome.ABANDONED


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("1|a|q|NONE|EXITEMPTY|1|1|7", ("exit_empty", 7, "", None, "")),
        ("1|a|q|NONE|EXITWITHKEY|4|1|1|9", ("exit_key", 9, "", None, "")),
        ("1|a|q|NONE|WITHDRAW|1|1|3|why", ("withdrawn", 3, "", None, "")),
        ("8|a|q|NONE|ABANDON|1|1", ("abandoned", 7, "", None, "")),
        ("1|a|q|NONE|ABANDON|1|1|7\n1|a|q|NONE|ABANDON|1|1|7", ("abandoned", 7, "", None, "")),
        ("9|a|q|A|CONNECT|8|b|2", ("answered", 8, "A", None, "")),
        ("9|a|q|A|CONNECT|8|b|2\n20|a|q|A|COMPLETEAGENT|8|11|1", ("answered", 8, "A", 11, "agent")),
        ("9|a|q|A|CONNECT|8|b|2\n20|a|q|A|COMPLETEAGENT|8", ("answered", 8, "A", 11, "agent")),
        ("9|a|q|A|CONNECT|8|b|2\n20|a|q|A|TRANSFER|1004|internal|8|11|1", ("answered", 8, "A", 11, "transfer")),
        (
            "9|a|q|A|CONNECT|8|b|2\n20|a|q|A|ATTENDEDTRANSFER|LINK|x|y|8|11|1\n21|a|q|A|COMPLETECALLER|8|12|1",
            ("answered", 8, "A", 11, "attended"),
        ),
        ("9|NONE|NONE|NONE|QUEUESTART|", ("interrupted", 8, "", None, "")),
        ("9|NONE|NONE|NONE|CONFIGRELOAD|\n10|a|q|NONE|ABANDON|1|1|9", ("abandoned", 9, "", None, "")),
        ("9|a|q|A|CONNECT|8|b|2\n12|NONE|NONE|NONE|QUEUESTART|", ("answered", 8, "A", None, "interrupted")),
        ("3|a|q|A|AGENTDUMP|\n9|a|q|B|CONNECT|8|b|2", ("answered", 8, "B", None, "")),
        ("3|a|q|A|SYSCOMPAT|\n3|a|q|NONE|ABANDON|1|1|2", ("abandoned", 2, "", None, "")),
        ("3|a|Q|A|CONNECT|2|b|2\n9|a|Q|A|COMPLETECALLER|2|6|1", ("answered", 2, "A", 6, "caller")),
        ("3|other|q|A|CONNECT|2|b|2\n9|other|q|A|COMPLETECALLER|2|6|1", ("waiting", None, "", None, "")),
    ],
)
def test_how_a_visit_ends(lines: str, expected: tuple[object, ...]) -> None:
    assert short(one(f"1|a|q|NONE|ENTERQUEUE||5551|1\n{lines}")) == expected


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        (("a", 20.9, "pull"), "withdrawn"),
        (("a", 12.0, "move"), "withdrawn"),
        (("a", 31.0, "pull"), "abandoned"),
        (("b", 20.0, "pull"), "abandoned"),
        (("a", 20.0, "listen"), "abandoned"),
    ],
)
def test_only_our_own_action_near_by_explains_an_abandon(action: tuple[str, float, str], outcome: str) -> None:
    visit = one("1|a|q|NONE|ENTERQUEUE||5551|1\n20|a|q|NONE|ABANDON|1|1|19", ActionLog([action]))
    assert visit.outcome == outcome


def test_one_action_has_one_effect() -> None:
    rows = rows_of(
        """10|a|q|NONE|ENTERQUEUE||5551|1
        20|a|q|NONE|ABANDON|1|1|10
        20|a|r|NONE|ENTERQUEUE||5551|1
        24|a|r|NONE|ABANDON|1|1|4"""
    )
    assert [visit.outcome.value for visit in visits_of(rows, ActionLog([("a", 20, "move")]))] == [
        "withdrawn",
        "abandoned",
    ]


def test_a_call_that_visits_twice_has_two_visits_and_is_one_call() -> None:
    visits = visits_of(
        rows_of(
            """10|a|q|NONE|ENTERQUEUE||5551|1
            20|a|q|NONE|EXITWITHTIMEOUT|1|1|10
            20|a|r|NONE|ENTERQUEUE||5551|1
            25|a|r|Ana|CONNECT|5|x|2
            30|a|r|Ana|BLINDTRANSFER|600|internal|5|5|1
            30|a|q|NONE|ENTERQUEUE||5551|1
            33|a|q|Ben|CONNECT|3|y|2
            43|a|q|Ben|COMPLETEAGENT|3|10|1"""
        )
    )
    assert [(visit.queue, visit.nth) for visit in visits] == [("q", 1), ("r", 1), ("q", 2)]
    (call,) = calls_of(visits)
    assert (call.queue, call.entered, call.agent, call.talk, call.wait) == ("q", 10, "Ben", 10, 18)


def test_an_end_under_another_callid_finds_its_talk() -> None:
    visits = visits_of(
        rows_of(
            """10|a|q|NONE|ENTERQUEUE||1|1
            10|b|q|NONE|ENTERQUEUE||2|2
            12|a|q|Ana|CONNECT|2|m1|2
            15|b|q|Ana|CONNECT|5|m2|2
            40|zz|q|Ana|COMPLETECALLER|5|25|2
            50|m1|q|Ana|COMPLETEAGENT|2|38|1
            60|yy|q|Ben|COMPLETEAGENT|2|3|1"""
        )
    )
    assert [(visit.callid, visit.talk, visit.ended_by) for visit in visits] == [("a", 38, "agent"), ("b", 25, "caller")]


def test_ends_under_other_callids_are_told_apart_by_who_talks() -> None:
    """An agent's talks of before, in the same queue, are over; a talk of the same agent in another queue is not."""
    lines = []
    for number, queue in enumerate(("q", "q", "r", "q")):
        at = 100 * (number + 1)
        lines += [
            f"{at}|c{number}|{queue}|NONE|ENTERQUEUE||1|1",
            f"{at + 2}|c{number}|{queue}|Ana|CONNECT|2|m{number}|1",
        ]
        if number != 2:
            lines.append(f"{at + 30}|other{number}|{queue}|Ana|COMPLETECALLER|2|28|1")
    found = {visit.callid: visit for visit in visits_of(rows_of("\n".join(lines)))}
    assert {callid: visit.talk for callid, visit in found.items()} == {"c0": 28, "c1": 28, "c2": None, "c3": 28}


def test_missed_rings_are_milliseconds_and_cancelled_ones_no_miss() -> None:
    missed: list[Missed] = []
    reducer = Visits(closed=lambda visit: None, missed=missed.append)
    for row in rows_of("5|a|q|Ana|RINGNOANSWER|15000\n6|a|q|Ben|RINGCANCELED|2500\n7|a|q|Chi|RINGNOANSWER|"):
        reducer.feed(row)
    assert [(one.agent, one.ring, one.canceled) for one in missed] == [
        ("Ana", 15.0, False),
        ("Ben", 2.5, True),
        ("Chi", 0.0, False),
    ]


def test_an_entry_without_end_is_given_up_after_two_days_and_still_comes_out() -> None:
    closed: list[Visit] = []
    reducer = Visits(closed=closed.append)
    for at, callid in ((10, "a"), (86_500, "b"), (2_000_000_000, "of the future"), (86_600, "c"), (260_000, "d")):
        (row,) = rows_of(f"{at}|{callid}|q|NONE|ENTERQUEUE||1|1")
        reducer.feed(row)
    assert [visit.callid for visit in closed] == ["a", "b"]
    assert [visit.ended_by for visit in closed] == ["unknown", "unknown"]


@given(logs())
def test_what_was_driven_is_found(log: Log) -> None:
    found = visits_of(parse_block(log.data()), ActionLog(log.actions))
    driven = sorted(log.visits, key=lambda stay: (stay.entered, stay.callid))
    assert len(found) == len(driven)
    for visit, stay in zip(sorted(found, key=lambda v: (v.entered, v.callid, v.number)), driven, strict=True):
        assert short(visit) == (stay.outcome, stay.wait, stay.agent, stay.talk, stay.ended_by)
        assert (visit.callid, visit.queue, visit.entered, visit.ended) == (
            stay.callid,
            stay.queue,
            stay.entered,
            stay.ended,
        )


@given(logs(restarts=3))
def test_the_slow_way_finds_the_same(log: Log) -> None:
    rows = list(parse_block(log.data()))
    found = [
        {
            "callid": visit.callid,
            "queue": visit.queue,
            "entered": visit.entered,
            "outcome": visit.outcome.value,
            "wait": visit.wait,
            "agent": visit.agent,
            "talk": visit.talk,
            "ended_by": visit.ended_by,
            "ended": visit.ended,
        }
        for visit in visits_of(rows, ActionLog(log.actions))
    ]
    assert found == reference_visits(rows, log.actions)
