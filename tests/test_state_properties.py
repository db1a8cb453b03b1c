"""The reducer against a model of a PBX: whatever is heard and listed in whatever order, the truth comes out."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.board import TABLES, Board, LinkRow
from ccops.pbx.state import TICK, State, apply, canonical, changes, compare, everything, read, repair
from tests.pbx_deeds import Pbx
from tests.pbx_histories import play
from tests.pbx_model import Event

LIMITS = settings(max_examples=120, deadline=None)
LATER = 10.0
"""Seconds after the last event: legs that only wait for their hangup are gone or count by then."""

deeds = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=28)


@dataclass
class Cut:
    """A history, and the part of it in which lists are asked for."""

    pbx: Pbx
    begin: int
    end: int
    at: float
    rows: list[tuple[Event, float]]

    @property
    def window(self) -> list[tuple[Event, float]]:
        return self.pbx.events[self.begin : self.end]


@st.composite
def cuts(draw: st.DrawFn) -> Cut:
    """Lists are asked for at some instant; each row was true at some instant between that and the end, in any order."""
    pbx = play(draw(deeds))
    end = draw(st.sampled_from(pbx.quiet_at))
    begin = draw(st.integers(0, end))
    instant = st.integers(begin, end)
    rows: list[Event] = []
    for queue in pbx.queues:
        rows += pbx.lists_at[draw(instant)].queues[queue]
    rows += pbx.lists_at[draw(instant)].channels
    rows += pbx.lists_at[draw(instant)].parked
    at = pbx.events[end - 1][1] if end else pbx.now
    return Cut(pbx, begin, end, at, [(row, at) for row in rows])


def settled(state: State) -> State:
    """As it is when nothing has happened for a while."""
    apply(state, TICK, 4e9)
    return state


def truth(pbx: Pbx, end: int) -> State:
    """What a fresh client is told at a quiet instant."""
    return settled(read(State(), [(row, pbx.now) for row in pbx.lists_at[end].rows()], [], pbx.now))


def lived(pbx: Pbx, end: int, begin: int = 0) -> State:
    """What somebody makes of it who heard every event."""
    state = read(State(), [(row, 0.0) for row in pbx.lists_at[begin].rows()], [], 0.0)
    for event, at in pbx.events[begin:end]:
        apply(state, event, at)
    return state


def scratch(state: State) -> Board:
    board = Board(LinkRow("", "", "live", 0))
    for change in changes(state, everything(state), board, {}, 0.0):
        board.apply(change)
    return board


@LIMITS
@given(cuts())
def test_any_interleaving_of_lists_and_events_ends_in_the_truth(cut: Cut) -> None:
    state = settled(read(State(), cut.rows, cut.window, cut.at))
    assert str(compare(canonical(truth(cut.pbx, cut.end)), canonical(state))) == "none"


@LIMITS
@given(deeds)
def test_events_alone_tell_the_truth(history: list[tuple[int, int, int]]) -> None:
    pbx = play(history)
    state = settled(lived(pbx, len(pbx.events)))
    assert str(compare(canonical(truth(pbx, len(pbx.events))), canonical(state))) == "none"


@LIMITS
@given(cuts())
def test_listing_again_finds_no_drift_in_who_heard_everything(cut: Cut) -> None:
    state = settled(lived(cut.pbx, cut.end))
    fresh = read(state, cut.rows, cut.window, cut.at)
    assert str(repair(state, settled(fresh), cut.at)) == "none"


@LIMITS
@given(cuts(), st.data())
def test_who_missed_events_is_repaired_and_goes_on_in_truth(cut: Cut, data: st.DataObject) -> None:
    """Some events before the lists were lost; after the lists nothing is."""
    state = State()
    for event, at in cut.pbx.events[: cut.begin]:
        if data.draw(st.integers(0, 3)):
            apply(state, event, at)
    for event, at in cut.window:
        apply(state, event, at)
    fresh = read(state, cut.rows, cut.window, cut.at)
    repair(state, fresh, cut.at, gap=True)
    assert scratch(state) == _replayed(state)
    for event, at in cut.pbx.events[cut.end :]:
        apply(state, event, at)
    end = len(cut.pbx.events)
    assert str(compare(canonical(truth(cut.pbx, end)), canonical(settled(state)))) == "none"


def _replayed(state: State) -> Board:
    board = Board(LinkRow("", "", "live", 0))
    for change in changes(state, everything(state), board, {}, 0.0):
        board.apply(change)
    return board


@LIMITS
@given(cuts())
def test_lists_taken_twice_change_nothing(cut: Cut) -> None:
    once = read(State(), cut.rows, cut.window, cut.at)
    twice = read(State(), [*cut.rows, *cut.rows], cut.window, cut.at)
    assert canonical(once) == canonical(twice)
    again = read(once, cut.rows, cut.window, cut.at)
    assert not repair(once, again, cut.at)


@LIMITS
@given(deeds)
def test_board_kept_by_changes_equals_board_made_anew_after_every_event(history: list[tuple[int, int, int]]) -> None:
    state, board = State(wrap_up={"sales": 3.0}), Board(LinkRow("", "", "live", 0))
    for event, at in play(history).events:
        apply(state, event, at)
        due = state.next_tick()
        if due is not None and due <= at:
            apply(state, TICK, at)
        for change in changes(state, state.take_dirty(), board, {}, at):
            assert change.row != getattr(board, TABLES[change.topic]).get(change.key)
            board.apply(change)
        anew = scratch(state)
        assert (board.queues, board.agents, board.calls) == (anew.queues, anew.agents, anew.calls)
        assert (board.parked, board.supervisions, board.ended) == (anew.parked, anew.supervisions, anew.ended)


@LIMITS
@given(deeds, st.integers(0, 400))
def test_same_events_give_the_same_state_however_often_rows_are_made(
    history: list[tuple[int, int, int]], cut: int
) -> None:
    events = play(history).events
    whole, parts = State(), State()
    for number, (event, at) in enumerate(events):
        apply(whole, event, at)
        apply(parts, event, at)
        if number == cut or number % 3 == 0:
            parts.take_dirty()
    assert scratch(whole) == scratch(parts)
