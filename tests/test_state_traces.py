"""The live state over the recordings of Asterisk 16.28 and 22.10, checked by hand step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.board import AgentRow, Board, CallRow, LinkRow, SupervisionRow
from ccops.pbx.state import TICK, State, apply, canonical, changes, everything
from tests.recordings import STEPS, VERSIONS, messages, recorded, steps, timed

ANA, BEN, CHI, NEVER = "PJSIP/1001", "PJSIP/1002", "PJSIP/1003", "PJSIP/1801"


@dataclass
class Seen:
    """What a board showed while a step was played."""

    agents: dict[str, list[AgentRow]] = field(default_factory=dict)
    calls: dict[str, list[CallRow]] = field(default_factory=dict)
    spies: dict[str, list[SupervisionRow | None]] = field(default_factory=dict)
    ended: list[CallRow] = field(default_factory=list)

    def states(self, agent: str) -> list[str]:
        found = [row.state.value for row in self.agents.get(agent, [])]
        return [state for number, state in enumerate(found) if number == 0 or state != found[number - 1]]

    def of(self, number: str) -> CallRow:
        """The ended call of a caller that a queue had."""
        return next(row for row in self.ended if row.caller_number == number and row.queue)


class Player:
    """Plays a recording to a state and keeps its board."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.state = State(wrap_up_reasons=frozenset({"paperwork"}))
        self.board = Board(LinkRow("", "", "live", 0))
        self.step("greeting")

    def step(self, name: str) -> Seen:
        seen = Seen()
        for event, at in steps(self.version)[name]:
            self._take(event, at, seen)
            due = self.state.next_tick()
            if due is not None and due <= at:
                self._take(TICK, at, seen)
        return seen

    def to(self, name: str) -> Seen:
        """Play up to and with a step; what was seen in it."""
        for step in STEPS:
            seen = self.step(step)
            if step == name:
                return seen
        raise KeyError(name)

    def _take(self, event: dict[str, str], at: float, seen: Seen) -> None:
        apply(self.state, event, at)
        for change in changes(self.state, self.state.take_dirty(), self.board, {}, at):
            self.board.apply(change)
            if isinstance(change.row, AgentRow):
                seen.agents.setdefault(change.key, []).append(change.row)
            elif change.topic == "call" and isinstance(change.row, CallRow):
                seen.calls.setdefault(change.key, []).append(change.row)
            elif change.topic == "ended" and isinstance(change.row, CallRow):
                seen.ended.append(change.row)
            elif change.topic == "supervision" and not isinstance(change.row, AgentRow | CallRow):
                row = change.row
                assert row is None or isinstance(row, SupervisionRow)
                seen.spies.setdefault(change.key, []).append(row)


@pytest.fixture(params=VERSIONS)
def player(request: pytest.FixtureRequest) -> Player:
    return Player(request.param)


def ladder(row: CallRow) -> list[str]:
    return [f"{step.kind} {step.detail}".strip() for step in row.steps]


def of_caller(seen: Seen, number: str) -> list[CallRow]:
    rows = (row for found in seen.calls.values() for row in found)
    return [row for row in rows if row.caller_number == number and row.queue is not None]


# --- step by step ---


def test_agents_log_in_and_are_free() -> None:
    player = Player("22.10")  # the recording of 16 began with the agents logged in
    player.to("login")
    assert {row.agent for row in player.board.agents.values()} == {"Ana 王芳", "Ben O'Neil", "Chi|pipe"}
    assert all(row.state == "available" for row in player.board.agents.values())
    assert player.board.agents[CHI].memberships[0].penalty == 2
    assert player.board.queues["sales"].members == player.board.queues["sales"].available == 2


def test_a_pause_shows_its_reason(player: Player) -> None:
    player.to("pause")
    ben = player.board.agents[BEN]
    assert (ben.state, ben.pause_reason) == ("paused", "lunch")
    assert ben.memberships[0].paused
    assert player.board.queues["sales"].paused == 1


@pytest.mark.parametrize(("step", "number"), [("agent hangs up", "5550001"), ("caller hangs up", "5550002")])
def test_an_answered_call_from_entry_to_end(player: Player, step: str, number: str) -> None:
    seen = player.to(step)
    assert seen.states(ANA)[-3:] == ["ringing", "talking", "available"]
    talking = next(row for row in seen.agents[ANA] if row.state == "talking")
    assert (talking.queue, talking.caller_number) == ("sales", number)
    assert talking.channel is not None
    assert talking.channel.startswith("PJSIP/1001-")
    states = [row.state for row in of_caller(seen, number)]
    assert list(dict.fromkeys(states)) == ["waiting", "ringing", "talking"]
    assert states == sorted(states, key=["waiting", "ringing", "talking"].index), "never back"
    assert of_caller(seen, number)[0].position == 1
    ended = seen.of(number)
    assert (ended.outcome, ended.agent, ended.queue) == ("answered", "Ana 王芳", "sales")
    assert ladder(ended) == [
        f"arrived {number}", "entered sales", "ringing Ana 王芳", "connected Ana 王芳", "ended",
    ]  # fmt: skip
    assert ended.answered_at is not None
    assert ended.ended_at is not None
    assert ended.entered_at < ended.answered_at < ended.ended_at
    assert player.board.queues["sales"].waiting == player.board.queues["sales"].talking == 0


def test_an_agent_is_never_busy_at_the_seams_of_queue_calls(player: Player) -> None:
    """Legs come before AgentCalled and go after AgentComplete; nobody may take that for a private call."""
    for step in STEPS:
        seen = player.step(step)
        for agent in seen.agents:
            assert "busy" not in seen.states(agent), step
            assert "unavailable" not in seen.states(agent) or player.version == "16.28", step


def test_the_name_of_a_caller_in_chinese_arrives(player: Player) -> None:
    seen = player.to("agent hangs up")
    assert "李雷" in {row.caller_name for row in of_caller(seen, "5550001")}


def test_spies_come_with_mode_agent_and_call_and_go(player: Player) -> None:
    seen = player.to("spy")
    call = of_caller(seen, "5550003")[0].call_id
    first, second, third = seen.spies.values()
    running = [
        next(row for row in rows if row is not None and row.state == "running") for rows in (first, second, third)
    ]
    assert [row.mode for row in running] == ["listen", "whisper", "barge"]
    assert {row.agent_key for row in running} == {ANA}
    assert {row.call_id for row in running} == {call}
    assert {row.phone for row in running} == {"PJSIP/9001"}
    assert all(row.target_channel.startswith("PJSIP/1001-") for row in running)
    assert first[-1] is None, "its leg was hung up"
    # The two others were started without the option to end with the call: they wait in silence, and are shown so.
    assert [(row.state, row.target_channel) for row in player.board.supervisions.values()] == [("answered", "")] * 2
    assert not [row for row in player.board.calls.values() if row.channel.startswith("PJSIP/9001")]


def test_a_blind_transfer_frees_the_agent_and_the_call_goes_on(player: Player) -> None:
    seen = player.to("blind transfer")
    assert seen.states(ANA)[-3:] == ["ringing", "talking", "available"]
    ended = seen.of("5550004")
    assert ladder(ended)[3:] == [
        "connected Ana 王芳", "transferred 1004", "ringing 1004", "connected 1004", "ended",
    ]  # fmt: skip
    assert (ended.outcome, ended.agent) == ("answered", "Ana 王芳")


def test_a_take_over_by_redirect_is_seen_as_one(player: Player) -> None:
    seen = player.to("take over")
    assert seen.states(ANA)[-3:] == ["ringing", "talking", "available"]
    assert seen.of("5550005").outcome == "answered"
    assert ladder(seen.of("5550005"))[3:] == [
        "connected Ana 王芳", "pulled 9002", "ringing 9002", "connected 9002", "ended",
    ]  # fmt: skip


def test_an_abandoned_call(player: Player) -> None:
    seen = player.to("abandon")
    assert player.board.agents[ANA].state == "paused"
    assert player.board.agents[ANA].pause_reason == "coffee"
    ended = seen.of("5550006")
    assert (ended.outcome, ended.agent) == ("abandoned", None)
    assert ladder(ended)[-2:] == ["abandoned", "ended"]


def test_a_time_out_is_no_abandonment(player: Player) -> None:
    ended = player.to("timeout").of("5550007")
    assert ended.outcome == "timeout"
    assert ladder(ended)[-2:] == ["timeout", "ended"]


def test_an_agent_who_does_not_answer_is_in_the_ladder(player: Player) -> None:
    seen = player.to("no answer")
    ended = seen.of("5550008")
    chi = "Chi" if player.version == "16.28" else "Chi|pipe"
    assert ladder(ended)[1:] == [
        "entered support", "ringing Never Answers", "missed Never Answers",
        f"ringing {chi}", f"connected {chi}", "ended",
    ]  # fmt: skip
    assert "ringing" in seen.states(NEVER)
    assert NEVER not in player.board.agents, "logged out again"


def test_a_pulled_caller_is_withdrawn_and_the_line_closes_up(player: Player) -> None:
    seen = player.to("pull")
    # The recordings differ in which of the two callers joined first.
    pulled, answered = ("5550010", "5550009") if player.version == "16.28" else ("5550009", "5550010")
    assert {row.position for row in of_caller(seen, pulled)} == {2}
    assert {row.position for row in of_caller(seen, answered) if row.state == "waiting"} == {1}
    gone = seen.of(pulled)
    assert ladder(gone)[2:] == ["pulled 9002", "ringing 9002", "connected 9002", "ended"]
    assert (gone.outcome, gone.agent) == ("withdrawn", None)
    assert seen.of(answered).outcome == "answered"


def test_a_hostile_name_is_harmless_text(player: Player) -> None:
    seen = player.to("hostile name")
    names = {row.caller_name for row in of_caller(seen, "5550011")}
    assert names == {"[2J]0;pwn[red]bold[/red]"}


def test_who_logs_out_is_gone(player: Player) -> None:
    player.to("logout")
    # In 16 a name with a bar has cut the interface of a member short: a ghost that only a list shows.
    assert not player.board.agents
    assert all(queue.members == 0 for queue in player.board.queues.values())
    assert not player.board.calls or {row.queue for row in player.board.calls.values()} == {None}


def test_lists_at_the_end_agree(player: Player) -> None:
    player.to("logout")
    before = canonical(player.state)
    player.step("lists")
    after = canonical(player.state)
    listed = {key for key in after if key.startswith(("queue", "waiting"))}
    ghost = {key for key in after if "pipe" in key}
    assert {key: fact for key, fact in after.items() if key not in listed | ghost} == {
        key: fact for key, fact in before.items() if key not in listed
    }


# --- cut anywhere ---


def made_of(version: str, pieces: list[bytes]) -> Board:
    state, board = State(), Board(LinkRow("", "", "live", 0))
    for event, at in timed(messages(pieces)):
        apply(state, event, at)
    for change in changes(state, everything(state), board, {}, 0.0):
        board.apply(change)
    return board


@pytest.mark.parametrize("version", VERSIONS)
def test_a_stream_in_single_bytes_gives_the_same_board(version: str) -> None:
    stream = recorded(version)
    assert made_of(version, [stream[place : place + 1] for place in range(len(stream))]) == made_of(version, [stream])


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(VERSIONS), st.lists(st.integers(0, 900_000), max_size=40))
def test_a_stream_cut_anywhere_gives_the_same_board(version: str, cuts: list[int]) -> None:
    stream = recorded(version)
    places = [0, *sorted(cut % len(stream) for cut in cuts), len(stream)]
    assert made_of(version, [stream[begin:end] for begin, end in pairwise(places)]) == made_of(version, [stream])


@pytest.mark.parametrize("version", VERSIONS)
def test_the_board_shows_something_in_the_middle(version: str) -> None:
    """So that the two tests above compare more than empty boards."""
    board = made_of(version, [recorded(version)])
    assert len([row for row in board.ended.values() if row.queue]) == 11
