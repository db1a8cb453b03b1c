"""Listings through the program's own door: every form, every option, nothing of a caller's text comes alive."""

import csv
import io
import json
import re
from typing import Any

import pytest

from ccops.board import Board, LinkRow
from ccops.cmd.width import cells, fit, pad
from tests.cmd_tools import FakeDesk, a_board, invoke, seat


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> FakeDesk:
    return seat(monkeypatch, FakeDesk(a_board()))


def from_json(*arguments: str) -> Any:
    result = invoke(*arguments, "--json")
    assert (result.code, result.err) == (0, "")
    return json.loads(result.out)


def test_queue_list_has_the_promised_keys_and_values(desk: FakeDesk) -> None:
    sales, support = from_json("queue", "list")
    names = [
        "queue",
        "waiting",
        "longest_wait",
        "members",
        "available",
        "ringing",
        "talking",
        "wrap_up",
        "paused",
        "unavailable",
        "offered",
        "answered",
        "abandoned",
        "service_level",
        "asa",
    ]
    assert list(sales)[: len(names)] == names
    assert sales["longest_wait"] == 75.5
    assert (sales["service_level"], sales["asa"]) == (0.875, 12.3456)
    assert (support["longest_wait"], support["offered"], support["service_level"]) == (None, None, None)
    assert desk.closed


def test_agent_list_has_the_promised_keys_and_values(desk: FakeDesk) -> None:
    bob, anna = from_json("agent", "list")
    assert {"agent", "interface", "queues", "state", "state_since", "pause_reason", "queue", "answered"} <= set(anna)
    assert anna["queues"] == ["sales", "support"]
    assert anna["state_since"] == "2026-03-04T12:59:00.000+08:00"
    assert (bob["state"], bob["pause_reason"], bob["state_for"]) == ("paused", "Lunch", 4000)
    assert (bob["caller_number"], anna["pause_reason"]) == (None, None)


def test_call_list_has_the_promised_keys_with_those_who_wait_first(desk: FakeDesk) -> None:
    first, second, third = from_json("call", "list")
    keys = [
        "call_id",
        "queue",
        "caller_number",
        "caller_name",
        "state",
        "position",
        "wait",
        "talk",
        "agent",
        "entered_at",
    ]
    assert list(first)[: len(keys)] == keys
    assert [row["call_id"] for row in (first, second, third)] == ["1.2", "1.3", "1.1"]
    assert (first["wait"], first["talk"], first["caller_number"]) == (75.5, None, None)
    assert (third["wait"], third["talk"], third["agent"]) == (30, 60, "李安娜")


def test_status_is_one_object_of_the_whole_centre(desk: FakeDesk) -> None:
    status = from_json("status")
    assert (status["site"], status["state"], status["age"]) == ("Riverside", "live", 0.25)
    assert (status["waiting"], status["longest_wait"], status["talking"], status["paused"]) == (2, 75.5, 1, 1)
    assert (status["agents"], status["queues"], status["calls"]) == (2, 2, 3)
    assert status["offered"] is None  # one queue does not know, so the sum is not known either


def test_show_is_one_object_with_its_parts(desk: FakeDesk) -> None:
    queue = from_json("queue", "show", "SALES")
    assert [call["call_id"] for call in queue["callers"]] == ["1.2", "1.3", "1.1"]
    assert [(agent["agent"], agent["paused"]) for agent in queue["agents"]] == [("Bob", True), ("李安娜", False)]
    agent = from_json("agent", "show", "1001")
    assert [place["penalty"] for place in agent["memberships"]] == [0, 5]
    assert agent["call"]["call_id"] == "1.1"
    assert from_json("agent", "show", "bob")["call"] is None


def test_filters_choose_rows(desk: FakeDesk) -> None:
    assert [row["agent"] for row in from_json("agent", "list", "--queue", "support")] == ["李安娜"]
    assert [row["agent"] for row in from_json("agent", "list", "--state", "Paused")] == ["Bob"]
    assert from_json("call", "list", "--queue", "support") == []


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "tsv", "md"])
@pytest.mark.parametrize("command", [("call", "list"), ("agent", "list"), ("queue", "show", "sales"), ("status",)])
def test_no_form_lets_control_characters_through(desk: FakeDesk, command: tuple[str, ...], form: str) -> None:
    result = invoke(*command, "-f", form)
    assert result.code == 0
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", result.out.replace("\t", "" if form == "tsv" else "\t")
    )


def test_csv_and_tsv_are_read_back_and_hold_no_formula(desk: FakeDesk) -> None:
    for form, delimiter in (("csv", ","), ("tsv", "\t")):
        rows = list(csv.DictReader(io.StringIO(invoke("call", "list", "-f", form).out), delimiter=delimiter))
        assert [row["caller_name"] for row in rows] == ["[2Jevil[red]", 'a,"b"c', "'=cmd|' /C calc'!A0"]
        assert [row["caller_number"] for row in rows] == ["", "555", "'+4930123"]
        assert [row["wait"] for row in rows] == ["75.5", "5.0", "30.0"]
        assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_jsonl_is_one_object_a_line(desk: FakeDesk) -> None:
    lines = invoke("agent", "list", "-f", "jsonl").out.splitlines()
    assert [json.loads(line)["agent"] for line in lines] == ["Bob", "李安娜"]
    assert len(invoke("status", "-f", "jsonl").out.splitlines()) == 1


def test_markdown_keeps_its_columns_whatever_a_name_holds(desk: FakeDesk) -> None:
    lines = invoke("call", "list", "-f", "md", "--fields", "call_id,caller_name,wait").out.splitlines()
    assert lines[:2] == ["| call_id | caller_name | wait |", "| --- | --- | ---: |"]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 4 for line in lines)
    assert "\\[2Jevil\\[red\\]" in lines[2]


def test_table_columns_stand_straight_with_cjk_names(desk: FakeDesk) -> None:
    lines = invoke("agent", "list", "--fields", "agent,interface,state,state_for").out.splitlines()
    starts = {
        cells(line[: line.index(word)]) for line, word in zip(lines, ["INTERFACE", "Local", "PJSIP"], strict=True)
    }
    ends = {cells(line) for line in lines}
    assert len(starts) == 1
    assert len(ends) == 1
    assert "1:06:40" in lines[1]


def test_table_fits_the_terminal_and_no_pipe(desk: FakeDesk) -> None:
    wide = invoke("agent", "list")
    narrow = invoke("agent", "list", terminal=True, env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert max(map(cells, wide.out.splitlines())) > 80
    assert max(map(cells, narrow.out.splitlines())) <= 110  # figures are never cut, text is
    assert "…" in narrow.out
    assert "..." in invoke("--ascii", "agent", "list", terminal=True, env={"COLUMNS": "80"}).out


def test_columns_that_say_nothing_make_room_on_a_narrow_terminal(desk: FakeDesk) -> None:
    wide = invoke("queue", "list", terminal=True, env={"COLUMNS": "200", "NO_COLOR": "1"}).out
    narrow = invoke("queue", "list", terminal=True, env={"COLUMNS": "90", "NO_COLOR": "1"}).out
    assert "AWAY" in wide
    assert "AWAY" not in narrow
    assert "WAIT" in narrow
    assert max(map(cells, narrow.splitlines())) <= 90


def test_colours_go_to_terminals_that_want_them_only(desk: FakeDesk) -> None:
    assert "\x1b[" in invoke("agent", "list", terminal=True).out
    assert "\x1b[" not in invoke("agent", "list").out
    assert "\x1b[" not in invoke("agent", "list", terminal=True, env={"NO_COLOR": "1"}).out
    assert "\x1b[" not in invoke("agent", "list", terminal=True, env={"TERM": "dumb"}).out
    assert "\x1b[" not in invoke("--no-color", "agent", "list", terminal=True).out


def test_fields_choose_and_order_in_every_form(desk: FakeDesk) -> None:
    assert (
        invoke("queue", "list", "--fields", "waiting,queue", "-f", "csv").out == "waiting,queue\n2,sales\n0,support\n"
    )
    assert from_json("queue", "list", "--fields", "asa,queue")[0] == {"asa": 12.3456, "queue": "sales"}
    assert from_json("status", "--fields", "state") == {"state": "live"}
    assert "TITLE" in invoke("queue", "list", "--fields", "title").out


def test_sort_puts_the_unknown_last_in_both_directions(desk: FakeDesk) -> None:
    def order(field: str) -> list[str]:
        return [row["queue"] for row in from_json("queue", "list", "--sort", field)]

    assert order("offered") == order("-offered") == ["sales", "support"]
    assert order("-queue") == ["support", "sales"]
    assert order("available") == ["sales", "support"]
    assert [row["agent"] for row in from_json("agent", "list", "--sort", "queues")] == ["Bob", "李安娜"]


@pytest.mark.parametrize("option", ["--fields", "--sort"])
def test_a_field_that_does_not_exist_names_the_nearest(desk: FakeDesk, option: str) -> None:
    result = invoke("queue", "list", option, "waitng")
    assert result.code == 2
    assert result.out == ""
    assert "waitng" in result.err
    assert "waiting" in result.err


def test_no_header(desk: FakeDesk) -> None:
    assert invoke("queue", "list", "--no-header", "--fields", "queue", "-f", "csv").out == "sales\nsupport\n"
    assert invoke("queue", "list", "--no-header", "--fields", "queue").out == "sales\nsupport\n"
    assert invoke("queue", "list", "--no-header", "--fields", "queue", "-f", "md").out == "| sales |\n| support |\n"


def test_an_empty_centre_is_an_answer(desk: FakeDesk) -> None:
    desk.board = Board(LinkRow(site="x", host="pbx", state="live", since=0))
    assert from_json("queue", "list") == []
    assert invoke("call", "list", "-f", "jsonl").out == ""
    assert invoke("agent", "list", "-f", "csv", "--fields", "agent").out == "agent\n"
    assert invoke("queue", "list").out.startswith("QUEUE")
    assert from_json("status")["agents"] == 0


def test_names_that_fit_nothing_or_several_end_with_exit_2(desk: FakeDesk) -> None:
    result = invoke("queue", "show", "sale")
    assert (result.code, result.out) == (2, "")
    assert "sales" in result.err
    assert invoke("agent", "list", "--state", "lunch").code == 2
    bob = desk.board.agents["Local/1002@from-queue/n"]
    desk.board.agents["SIP/1002"] = type(bob)(key="SIP/1002", agent="Bert", interface="SIP/1002", device="SIP/1002")
    result = invoke("agent", "show", "1002")
    assert result.code == 2
    assert "Bert (SIP/1002), Bob (Local/1002@from-queue/n)" in result.err


def test_read_only_reaches_the_desk(desk: FakeDesk) -> None:
    invoke("--read-only", "status")
    assert desk.read_only


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("销售部", 5, "销售…"), ("销售部", 4, "销…"), ("abc", 0, "")],
)
def test_cutting_counts_cells(text: str, width: int, fitted: str) -> None:
    assert fit(text, width) == fitted
    assert cells(pad(fit(text, width), width)) == width
    assert cells("e\u0301") == 1
