"""One caller has one name, whichever event or row it came from, though Asterisk escapes it in some of them."""

from hypothesis import example, given
from hypothesis import strategies as st

from ccops.board import Board, LinkRow
from ccops.pbx.seen import Seen
from ccops.pbx.sim.channel import escaped as as_asterisk_writes
from ccops.pbx.state import State, apply, canonical, changes, compare, everything, read
from ccops.pbx.state.snapshot import rows_of_channels, rows_of_parked
from ccops.pbx.text import clean, escaped, unescaped

Event = dict[str, str]
NASTY = "O'Neil \\ \"x\" ? 王芳 \\n\\' \t\a|"
HARMLESS = "O'Neil \\ \"x\" ? 王芳 \\n\\' |"
ID = "1795000000.1"


@given(st.text())
@example(NASTY)
@example("\\")
@example("\\a")
@example("\\\\?")
def test_what_asterisk_escapes_is_read_as_what_was_meant(name: str) -> None:
    assert unescaped(clean(as_asterisk_writes(name))) == clean(name) or not name


@given(st.text().map(clean))
def test_our_own_escapes_are_those_of_asterisk(name: str) -> None:
    assert escaped(name) == as_asterisk_writes(name) or not name
    assert unescaped(escaped(name)) == name


def test_what_is_no_escape_stays() -> None:
    assert unescaped(r"\x \[ \1 \ ") == r"\x \[ \1 \ "
    assert unescaped("end\\") == "end\\"


def about(name: str, prefix: str = "") -> Event:
    """A channel as events describe it, read by the link."""
    headers = {"Channel": "PJSIP/trunk-00000001", "ChannelState": "6", "CallerIDNum": "5550001"}
    names = {"CallerIDName": clean(as_asterisk_writes(name)), "ConnectedLineName": clean(as_asterisk_writes(name))}
    ids = {"Uniqueid": ID, "Linkedid": ID, "ConnectedLineNum": "1001", "Exten": "s"}
    return {prefix + key: value for key, value in {**headers, **names, **ids}.items()}


def entry(name: str) -> Event:
    """A row of QueueStatus, which escapes nothing."""
    place = {"Queue": "sales", "Position": "1", "Wait": "3", "Priority": "0"}
    return {"Event": "QueueEntry", **about(name), "CallerIDName": clean(name), **place}


JOIN = {"Event": "QueueCallerJoin", **about(NASTY), "Queue": "sales", "Position": "1", "Count": "1"}
PARKED = {"Event": "ParkedCall", **about(NASTY, "Parkee"), "Parkinglot": "default", "ParkingSpace": "701"}
TELLING = {
    name: [{"Event": name, **about(NASTY)}] for name in ("Newchannel", "Newstate", "CoreShowChannel")
} | {
    "NewCallerid": [{"Event": "Newchannel", **about("")}, {"Event": "NewCallerid", **about(NASTY)}],
    "QueueCallerJoin": [JOIN],
    "QueueEntry": [entry(NASTY)],
    "ParkedCall": [PARKED],
    "all of them": [entry(NASTY), {"Event": "CoreShowChannel", **about(NASTY)}, JOIN, PARKED],
}  # fmt: skip


def names_in(state: State) -> set[str | None]:
    board = Board(LinkRow("", "", "live", 0))
    for change in changes(state, everything(state), board, {}, 0.0):
        board.apply(change)
    names: set[str | None] = {row.caller_name for row in board.calls.values()}
    names.update(row.caller_name for row in board.parked.values())
    return names


def test_every_event_tells_the_same_name() -> None:
    for name, events in TELLING.items():
        state = State()
        for event in events:
            apply(state, event, 0.0)
        assert names_in(state) == {HARMLESS}, name


def test_a_list_agrees_with_the_events() -> None:
    rows = [entry(NASTY), {"Event": "CoreShowChannel", **about(NASTY)}]
    lived, listed = State(), read(State(), [(row, 0.0) for row in rows], [], 0.0)
    apply(lived, JOIN, 0.0)
    found = compare(canonical(lived), canonical(listed))
    assert not [item for item in found.differences if item.key.startswith("caller")]
    other = read(State(), [(entry("somebody else"), 0.0)], [], 0.0)
    assert "caller" in str(compare(canonical(lived), canonical(other))), "a wrong name is a difference"


def test_rows_that_stand_in_for_a_refused_list_keep_the_names() -> None:
    state = State()
    for event in TELLING["all of them"]:
        apply(state, event, 0.0)
    again = read(State(), [*rows_of_channels(state, 0.0), *rows_of_parked(state, 0.0)], [], 0.0)
    assert again.channels[ID].caller_name == again.channels[ID].connected_name == HARMLESS
    assert again.parked[ID].name == HARMLESS


def test_rows_of_the_log_hold_the_name_as_it_is() -> None:
    for event in (JOIN, entry(NASTY)):
        (row,) = Seen().feed(event, 100.0)
        assert row.params[-1] == HARMLESS
