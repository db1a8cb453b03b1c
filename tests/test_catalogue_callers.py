"""Callers: numbers written one way, repeats and first-call resolution, whom to call back."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.reports.callers import Numbers, repeated
from ccops.reports.catalogue import Ask, Sources, make_paper
from ccops.reports.periods import Period
from ccops.settings import Settings
from ccops.settings.model import Site
from ccops.store.audit import open_audit
from ccops.store.callers import tail
from tests.catalogue_tools import sources_of

DAY = 86_400
START = 1_790_000_000
GERMAN = Numbers("49")
UTC = ZoneInfo("UTC")
WRITTEN = ("+49 30 1234567", "0049301234567", "030 1234567", "030/123 45-67", "4930x1234567", "+49 (30) 1234567")
"""One number, the ways in which PBXs and carriers write it; the x makes it an uncommon one."""


def test_a_number_is_the_same_however_it_is_written() -> None:
    assert {GERMAN.same(number) for number in WRITTEN if "x" not in number} == {"49301234567"}
    assert GERMAN.same("0") == "49"
    assert Numbers().same("030 1234567") == "0301234567"
    assert Numbers("1", international="011", national="").same("011 49 30 1") == "49301"
    for nobody in ("", " ", "anonymous", "Unknown", "<unknown>", "s"):
        assert GERMAN.same(nobody) == ""


@given(st.text(alphabet="0123456789+ -/.()", max_size=20))
def test_writing_a_number_once_more_changes_nothing(text: str) -> None:
    once = GERMAN.same(text)
    assert GERMAN.same(f"+{once}") == once


@given(st.text(max_size=20), st.text(alphabet=" -/.()", max_size=3), st.integers(0, 20))
def test_separators_do_not_change_the_tail_of_a_number(text: str, separators: str, place: int) -> None:
    assert tail(text[:place] + separators + text[place:]) == tail(text)


forms = st.sampled_from([GERMAN, Numbers(), Numbers("1", "011", ""), Numbers("380", "810", "8")])
subscribers = st.text(alphabet="0123456789", min_size=1, max_size=9)


@given(
    forms, subscribers, st.integers(0, 3), st.integers(0, 3), st.text(alphabet=" -/.()", max_size=2), st.integers(0, 9)
)
def test_however_a_number_is_written_its_tail_is_looked_for(
    numbers: Numbers, digits: str, one: int, other: int, separators: str, place: int
) -> None:
    def written(way: int) -> str:
        prefix = ("+" + numbers.country_code, numbers.international + numbers.country_code, numbers.national, "")[way]
        return prefix + digits

    first, second = written(one), written(other)
    second = second[:place] + separators + second[place:]
    if numbers.same(first) != numbers.same(second) or not numbers.same(first):
        return
    assert tail(second) in {tail(way) for way in numbers.writings(numbers.same(first))}


Stay = tuple[int, str, int, str, str]
"""Seconds after the start, call, number's place in `CALLERS`, queue, outcome."""
CALLERS = ("030 111", "+49 30 111", "030 2222222", "anonymous", "", "x49302222222", "0+302222222")
stays = st.lists(
    st.tuples(
        st.integers(0, 20 * DAY),
        st.sampled_from("abcdef"),
        st.integers(0, len(CALLERS) - 1),
        st.sampled_from(["sales", "support"]),
        st.sampled_from(["answered", "abandoned", "timeout", "exit_empty", "waiting"]),
    ),
    max_size=12,
    unique_by=lambda stay: (stay[1], stay[3]),
)
EXITS = {"abandoned": "ABANDON", "timeout": "EXITWITHTIMEOUT", "exit_empty": "EXITEMPTY"}


def log_of(some: Iterable[Stay]) -> bytes:
    """Return the log of some stays."""
    lines: list[tuple[int, str]] = []
    for seconds, call, caller, queue, outcome in some:
        at = START + seconds
        lines.append((at, f"{call}|{queue}|NONE|ENTERQUEUE||{CALLERS[caller]}|1"))
        if outcome == "answered":
            lines.append((at + 1, f"{call}|{queue}|Ana|CONNECT|1|m|1"))
            lines.append((at + 2, f"{call}|{queue}|Ana|COMPLETEAGENT|1|1|1"))
        elif outcome != "waiting":
            lines.append((at + 1, f"{call}|{queue}|NONE|{EXITS[outcome]}|1|1|1"))
    return "".join(f"{at}|{text}\n" for at, text in sorted(lines, key=lambda line: line[0])).encode()


def same(caller: int) -> str:
    return GERMAN.same(CALLERS[caller])


def is_repeated(stay: Stay, some: list[Stay]) -> bool:
    """Look through all other stays for one of the same number, by another call, that follows within seven days."""
    return same(stay[2]) != "" and any(
        same(other[2]) == same(stay[2]) and other[1] != stay[1] and 0 <= other[0] - stay[0] <= 7 * DAY
        for other in some
        if other is not stay and (other[0] > stay[0] or (other[0] == stay[0] and some.index(other) > some.index(stay)))
    )


@settings(max_examples=80, deadline=None)
@given(stays, st.integers(0, 15))
def test_repeats_and_resolution(tmp_path_factory: pytest.TempPathFactory, drawn: list[Stay], days: int) -> None:
    some = sorted(drawn, key=lambda stay: stay[0])
    period = Period(START, START + days * DAY + 1)
    with sources_of(tmp_path_factory.mktemp("r"), log_of(some), UTC) as sources:
        numbers, queues, _agents = make_paper("repeats", Ask(period, START, numbers=GERMAN), sources).sections
    mine = [stay for stay in some if START + stay[0] in period]
    for queue in ("sales", "support"):
        row = next((row for row in queues.rows if row["queue"] == queue), None)
        assert_sums(row, [stay for stay in mine if stay[3] == queue], some)
    assert_sums(numbers.total, mine, some)
    for row in numbers.rows:
        assert row["repeats"] > 0
        assert_sums(row, [stay for stay in mine if same(stay[2]) == row["number"]], some)


def assert_sums(row: Any, mine: list[Stay], some: list[Stay]) -> None:
    answered = [stay for stay in mine if stay[4] == "answered"]
    resolved = [stay for stay in answered if not is_repeated(stay, some)]
    if not mine:
        assert row is None or row["visits"] == 0
        return
    assert (row["visits"], row["answered"], row["resolved"]) == (len(mine), len(answered), len(resolved))
    assert row["repeats"] == sum(is_repeated(stay, some) for stay in mine)
    assert row["fcr"] == (len(resolved) / len(answered) if answered else None)


@settings(max_examples=80, deadline=None)
@given(stays)
def test_whom_to_call_back(tmp_path_factory: pytest.TempPathFactory, drawn: list[Stay]) -> None:
    some = sorted(drawn, key=lambda stay: stay[0])
    with sources_of(tmp_path_factory.mktemp("b"), log_of(some), UTC) as sources:
        ask = Ask(Period(0, START + 30 * DAY), START + 30 * DAY, numbers=GERMAN)
        listed = make_paper("callbacks", ask, sources).sections[0].rows
    expected = {}
    for place, stay in enumerate(some):
        later = [other for other in some[place + 1 :] if same(other[2]) == same(stay[2])]
        if same(stay[2]) and stay[4] in EXITS and not any(other[4] == "answered" for other in later):
            expected[same(stay[2])] = START + stay[0]
    assert {row["number"]: row["lost_at"] for row in listed} == expected
    assert [row["lost_at"] for row in listed] == sorted((row["lost_at"] for row in listed), reverse=True)


def test_who_was_called_out_is_not_to_be_called_back(tmp_path: Path) -> None:
    some: list[Stay] = [(0, "a", 0, "sales", "abandoned"), (100, "b", 2, "sales", "timeout")]
    with sources_of(tmp_path, log_of(some), UTC) as sources:
        ask = Ask(Period(0, START + DAY), START + DAY, numbers=GERMAN)

        def listed() -> list[str]:
            return [row["number"] for row in make_paper("callbacks", ask, sources).sections[0].rows]

        assert listed() == ["49302222222", "4930111"]
        audit = open_audit(tmp_path / "s.db", lambda: START + 50.0)
        row = {"who": "eva", "origin": "console", "target": "", "call_id": "", "reason": ""}
        for number, result in (("0049 30 111", "done"), ("030 2222222", "done")):
            begun = audit.begin(action="call.dial", arguments=f'{{"number": "{number}", "phone": "9"}}', **row)
            audit.end(begun, result=result, detail="", data={})
        audit.close()
        assert listed() == ["49302222222"]  # lost after it was called


def test_the_number_that_a_report_is_narrowed_to(tmp_path: Path) -> None:
    some = [(place * 10, str(place), caller, "sales", "answered") for place, caller in enumerate((0, 1, 2, 3))]
    with sources_of(tmp_path, log_of(some), UTC) as sources:
        period = Period(START, START + DAY)
        german = Sources(sources.archive, Settings(site=Site(country_code="49", timezone="UTC")))
        for number, count in (("+49 30 111", 2), ("030-111", 2), ("030 3", 0), ("anonymous", 0)):
            section = make_paper("calls", Ask(period, START, number=number), german).sections[0]
            assert len(section.rows) == count
            (total,) = [make_paper("queues", Ask(period, START, number=number), german).sections[0].total]
            assert total is not None
            assert total["offered"] == count
        assert len(make_paper("calls", Ask(period, START, number="+49 30 111"), sources).sections[0].rows) == 1


def test_the_next_visit_of_the_same_call_is_no_repeat() -> None:
    class One:
        def __init__(self, number: int, callid: str, entered: int) -> None:
            self.number, self.callid, self.entered, self.caller = number, callid, entered, "1"

    again = repeated([One(1, "a", 0), One(2, "a", 5), One(3, "b", 7 * DAY + 5), One(4, "b", 7 * DAY + 9)], str)
    assert again == {2}
