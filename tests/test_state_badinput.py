"""Whatever a PBX sends, the reducer and the rows stand it, and the next good event counts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.board import Board, LinkRow
from ccops.pbx.state import TICK, WANTED, State, apply, canonical, changes, clock_offset, everything, read, repair
from tests.pbx_histories import play
from tests.pbx_model import EPOCH, Event
from tests.recordings import VERSIONS, messages, recorded, timed

NAMES = sorted(WANTED)
HEADERS = (
    "Uniqueid", "DestUniqueid", "Linkedid", "DestLinkedid", "Channel", "DestChannel", "Queue", "Interface", "Location",
    "MemberName", "Name", "StateInterface", "Status", "Paused", "PausedReason", "LastCall", "LastPause", "LoginTime",
    "InCall", "Position", "Count", "Penalty", "Wrapuptime", "BridgeUniqueid", "BridgeId", "SwapUniqueid", "BridgeType",
    "ParkeeUniqueid", "ParkeeChannel", "ParkingTimeout", "ParkingDuration", "SpyerUniqueid", "SpyerChannel",
    "SpyeeUniqueid", "SpyeeChannel", "ChannelState", "CallerIDNum", "Device", "State", "Exten", "Context", "Hint",
    "Newname", "Application", "ApplicationData", "Duration", "TransfereeUniqueid", "Result", "Response", "Data",
    "ServiceLevel", "Wait", "Offset", "TransferTargetUniqueid",
)  # fmt: skip
VALUES = (
    "", "1", "0", "6", "-1", "99999999999999999999", "1e9", "nan", "x", "sales", "support", "PJSIP/1001",
    "PJSIP/1001-00000001", "PJSIP/1001-00000001<ZOMBIE>", "Local/1001@from-queue/n", "Local/1001@from-queue-00000001;1",
    "Local/1001@from-queue-00000001;2", "hint:1001@ext-local", "1795000000.1", "1795000000.2", "1795000000.3",
    "a-1795000000.1", "bridge", "Success", "ChanSpy", "Queue", "AppQueue", "王芳", "[red]", "1:2:3", "::", "Up",
)  # fmt: skip

events = st.builds(
    lambda name, headers: {"Event": name, **headers},
    st.sampled_from([*NAMES, "ccops/Tick", "ccops/Restarted", "ccops/ClockOffset", "Unheard", ""]),
    st.dictionaries(st.sampled_from(HEADERS), st.sampled_from(VALUES), max_size=14),
)
histories = st.lists(st.tuples(events, st.floats(0, 4e9, allow_nan=False)), max_size=40)


def board_of(state: State) -> Board:
    board = Board(LinkRow("", "", "live", 0))
    for change in changes(state, everything(state), board, {}, 0.0):
        board.apply(change)
    return board


def kept(state: State, board: Board) -> None:
    for change in changes(state, state.take_dirty(), board, {}, 0.0):
        board.apply(change)


def equal(one: Board, other: Board) -> bool:
    tables = ("queues", "agents", "calls", "parked", "supervisions", "ended")
    return all(getattr(one, table) == getattr(other, table) for table in tables)


@settings(max_examples=400, deadline=None)
@given(histories)
def test_garbage_raises_nothing_and_rows_stay_in_step(history: list[tuple[Event, float]]) -> None:
    state, board = State(wrap_up={"sales": 5.0}), Board(LinkRow("", "", "live", 0))
    for event, at in history:
        apply(state, event, at)
        kept(state, board)
        assert equal(board, board_of(state)), event


@settings(max_examples=200, deadline=None)
@given(histories, histories)
def test_garbage_in_lists_and_in_events_meanwhile_can_be_repaired_with(
    before: list[tuple[Event, float]], rows: list[tuple[Event, float]]
) -> None:
    state = State()
    for event, at in before:
        apply(state, event, at)
    fresh = read(state, rows, before, 1.0)
    wanted = canonical(fresh)
    repair(state, fresh, 1.0)
    assert canonical(state) == wanted
    board = board_of(state)
    apply(state, TICK, 5e9)
    kept(state, board)
    assert equal(board, board_of(state))


@settings(max_examples=60, deadline=None)
@given(histories)
def test_after_garbage_a_good_call_is_shown(history: list[tuple[Event, float]]) -> None:
    state = State()
    for event, at in history:
        apply(state, event, at)
    apply(state, {"Event": "ccops/Restarted"}, 1.0)
    good = play([(1, 7, 0)])
    for event, at in good.events:
        renamed = {key: value.replace(str(EPOCH), "1796000000") for key, value in event.items()}
        apply(state, renamed, at)
    rows = [row for row in board_of(state).calls.values() if row.queue == "sales" and row.caller_number == "5550007"]
    assert [row.state for row in rows] == ["waiting"]


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_recording_with_lost_doubled_and_cut_events_is_stood(version: str, seed: int) -> None:
    """A link that loses, repeats and shortens events: no exception, and the board is in step with the state."""
    chance = random.Random(seed)
    state, board = State(), Board(LinkRow("", "", "live", 0))
    for event, at in timed(messages([recorded(version)])):
        fate = chance.random()
        if fate < 0.1:
            continue
        if fate < 0.2:
            event = {key: value for key, value in event.items() if key == "Event" or chance.random() < 0.8}
        for _ in range(2 if fate > 0.9 else 1):
            apply(state, event, at)
        kept(state, board)
    assert equal(board, board_of(state))


def test_an_offset_that_is_no_number_is_left(caplog: pytest.LogCaptureFixture) -> None:
    state = State()
    apply(state, clock_offset(2.5), 0.0)
    apply(state, {"Event": "ccops/ClockOffset", "Offset": "soon"}, 0.0)
    assert state.offset == 2.5
    assert not caplog.records


def test_memory_is_bounded_by_what_lives() -> None:
    """Calls that come and go leave nothing behind but the ended calls and graves that are kept on purpose."""
    state = State()
    pbx = play([(0, 0, 0)])
    for event, at in pbx.events:
        apply(state, event, at)
    for number in range(6000):
        uid = f"{EPOCH + number}.9"
        about = {"Uniqueid": uid, "Linkedid": uid, "Channel": f"PJSIP/trunk-{number:08x}", "ChannelState": "6"}
        for name in ("Newchannel", "QueueCallerJoin", "QueueCallerAbandon", "QueueCallerLeave", "Hangup"):
            apply(state, {"Event": name, **about, "Queue": "sales"}, float(number))
    sizes = {name: len(getattr(state, name)) for name in ("channels", "names", "legs", "groups", "bridges", "callers")}
    assert set(sizes.values()) == {0}, sizes
    assert len(state.ended) == 300
    assert 4000 <= len(state.gone) < 8000
