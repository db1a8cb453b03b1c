from dataclasses import replace

import pytest

from ccops.board import AgentState, Board, Figures, LinkRow, ParkedRow, QueueRow
from ccops.desk.attention import Limits, notices
from tests.tui_app import NOW, agent

LIVE = LinkRow("s", "pbx", "live", NOW - 100, NOW)


def board(**tables: object) -> Board:
    made = Board(LIVE)
    for name, rows in tables.items():
        setattr(made, name, rows)
    return made


def kinds(made: Board) -> list[tuple[str, str]]:
    return [(notice.level, notice.kind) for notice in notices(made, NOW)]


def test_a_quiet_centre_needs_nothing() -> None:
    assert notices(board(queues={"a": QueueRow("a", available=2, members=2)}), NOW) == []


@pytest.mark.parametrize(("wait", "level"), [(20, None), (21, "warning"), (60, "warning"), (61, "critical")])
def test_a_wait_past_the_threshold_warns_and_past_thrice_it_is_critical(wait: float, level: str | None) -> None:
    row = QueueRow("a", waiting=1, oldest_entered_at=NOW - wait, available=1, members=1, service_level_threshold=20)
    assert kinds(board(queues={"a": row})) == ([(level, "wait")] if level else [])


def test_waiting_with_nobody_free_is_critical_at_once() -> None:
    row = QueueRow("a", "Sales", waiting=2, oldest_entered_at=NOW - 1, members=3, talking=2, paused=1)
    found = notices(board(queues={"a": row}), NOW)
    assert [(notice.level, notice.kind) for notice in found] == [("critical", "nobody")]
    assert "Sales" in found[0].text
    assert "2 talking, 1 paused" in found[0].text
    assert found[0].since == NOW - 1


def test_a_phone_that_rings_is_somebody() -> None:
    row = QueueRow("a", waiting=1, oldest_entered_at=NOW - 1, members=1, ringing=1)
    assert kinds(board(queues={"a": row})) == []


def test_a_low_service_level_counts_only_with_enough_calls() -> None:
    few = QueueRow("a", members=1, available=1, today=Figures(offered=4, service_level=0.1))
    many = replace(few, today=Figures(offered=5, service_level=0.79))
    fine = replace(few, today=Figures(offered=50, service_level=0.8))
    assert kinds(board(queues={"a": few})) == []
    assert kinds(board(queues={"a": many})) == [("warning", "service_level")]
    assert kinds(board(queues={"a": fine})) == []


def test_states_that_last_too_long() -> None:
    limits = Limits()
    for state, level in {
        AgentState.PAUSED: "warning",
        AgentState.RINGING: "warning",
        AgentState.ON_HOLD: "warning",
        AgentState.WRAP_UP: "warning",
        AgentState.TALKING: "info",
        AgentState.BUSY: "info",
    }.items():
        limit = limits.of_state(state)
        assert limit is not None
        row = agent("Anna", 1001, state, state_since=NOW - limit)
        assert kinds(board(agents={"x": row})) == []
        late = replace(row, state_since=NOW - limit - 1)
        assert kinds(board(agents={"x": late})) == [(level, state.value)]


def test_being_available_or_gone_is_no_trouble_however_long() -> None:
    for state in (AgentState.AVAILABLE, AgentState.UNAVAILABLE):
        assert kinds(board(agents={"x": agent("Anna", 1, state, state_since=NOW - 1e6)})) == []
        assert Limits().of_state(state) is None


def test_an_old_board_is_the_first_thing_said() -> None:
    made = board(queues={"a": QueueRow("a", waiting=1, oldest_entered_at=NOW - 900, members=1)})
    made.link = replace(LIVE, state="stale", heard_at=NOW - 9, detail="silence")
    first = notices(made, NOW)[0]
    assert (first.kind, first.level, first.since) == ("link", "critical", NOW - 9)
    assert "pbx" in first.text
    assert "silence" in first.text


def test_the_first_connection_is_no_alarm() -> None:
    made = board()
    made.link = replace(LIVE, state="connecting", heard_at=None)
    assert kinds(made) == [("info", "link")]


def test_a_forgotten_parked_caller_and_a_wrong_clock() -> None:
    made = board(parked={"p": ParkedRow("p", "default", "701", "+49", "Pia", NOW - 61)})
    made.link = replace(LIVE, clock_offset=-3.0)
    assert sorted(kinds(made)) == [("warning", "clock"), ("warning", "parked")]


def test_the_most_pressing_comes_first_and_the_longest_of_a_kind() -> None:
    people = {
        name: agent(name, 1, AgentState.PAUSED, state_since=NOW - age) for name, age in (("a", 1000), ("b", 2000))
    }
    queue = QueueRow("q", waiting=1, oldest_entered_at=NOW - 5, members=1)
    found = notices(board(agents=people, queues={"q": queue}), NOW)
    assert [notice.kind for notice in found] == ["nobody", "paused", "paused"]
    assert [notice.since for notice in found[1:]] == [NOW - 2000, NOW - 1000]
