"""Callers who are moved about: sent on through a Local channel, parked and fetched, taken out of a queue, back in line.

`data/sent-on-*.ami.gz` is what a supervisor's client was told by real Asterisk: an agent of FreePBX's kind sends a
caller to another queue and takes the next one. Five times in between it listed everything.
"""

import gzip
import itertools

import pytest

from ccops.board import Board, LinkRow
from ccops.pbx.seen import Seen
from ccops.pbx.state import State, apply, canonical, changes, compare, everything, read
from tests.recordings import DATA, messages
from tests.test_state_names import Event

LISTS = ("first", "waits", "talks", "both", "last")


def board(state: State) -> Board:
    found = Board(LinkRow("", "", "live", 0))
    for change in changes(state, everything(state), found, {}, 0.0):
        found.apply(change)
    return found


# --- sent on through a Local channel ---


def sent_on(version: str) -> tuple[list[Event], dict[str, tuple[int, list[Event]]]]:
    """The events of a recording; and each time everything was listed: after how many events, and the rows."""
    data = gzip.decompress((DATA / f"sent-on-{version}.ami.gz").read_bytes()).partition(b"\r\n")[2]
    events: list[Event] = []
    lists: dict[str, tuple[int, list[Event]]] = {}
    for message in messages([data]):
        tag = message.get("ActionID", "").rpartition("-")[0]
        if "Event" not in message:
            continue
        if tag in LISTS:
            lists.setdefault(tag, (len(events), []))[1].append(message)
        else:
            events.append(message)
    return events, lists


@pytest.mark.parametrize("version", ["16", "22"])
def test_a_caller_sent_on_through_a_local_channel_is_the_agents_no_more(version: str) -> None:
    events, lists = sent_on(version)
    assert tuple(lists) == LISTS
    lived = read(State(), [(row, 0.0) for row in lists["first"][1]], [], 0.0)
    heard = 0
    for name, (count, rows) in lists.items():
        for event in events[heard:count]:
            apply(lived, event, 0.0)
        heard = count
        listed = read(State(), [(row, 0.0) for row in rows], [], 0.0)
        assert str(compare(canonical(lived), canonical(listed))) == "none", name
        if name == "talks":
            for state in (lived, listed):
                ana = board(state).agents["Local/1001@from-queue/n"]
                assert (ana.agent, ana.state, ana.queue, ana.caller_number) == ("Ana", "talking", "sales", "5550002")
    assert not board(lived).calls


# --- parked and fetched ---


def line(name: str, number: str, serial: int, **more: str) -> Event:
    uniqueid = f"1795000000.{serial}"
    return {
        "Channel": name, "ChannelState": "6", "CallerIDNum": number, "CallerIDName": "<unknown>", "Context": "queues",
        "Exten": "s", "Uniqueid": uniqueid, "Linkedid": uniqueid, **more,
    }  # fmt: skip


def prefixed(prefix: str, headers: Event) -> Event:
    return {prefix + name: value for name, value in headers.items()}


CALLER, DESK = line("PJSIP/trunk-00000001", "5550001", 1), line("PJSIP/1002-00000002", "1002", 2)
PARKED = {"Event": "ParkedCall", **prefixed("Parkee", CALLER), "Parkinglot": "default", "ParkingSpace": "701"}
JOINED = {"Event": "QueueCallerJoin", **CALLER, "Queue": "sales", "Position": "1", "Count": "1"}
IN_LOT = {"Event": "BridgeEnter", **CALLER, "BridgeUniqueid": "lot", "BridgeType": "parking"}
OUT_OF_LOT = {"Event": "BridgeLeave", **CALLER, "BridgeUniqueid": "lot", "BridgeType": "parking"}
FETCHED = {"Event": "UnParkedCall", **prefixed("Parkee", CALLER), **prefixed("Retriever", DESK)}


def entering(who: Event, bridge: str = "talk") -> Event:
    return {"Event": "BridgeEnter", **who, "BridgeUniqueid": bridge, "BridgeType": "basic"}


def ladder(state: State) -> list[str]:
    (call,) = board(state).calls.values()
    return [f"{step.kind} {step.detail}".strip() for step in call.steps]


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_whoever_fetches_a_parked_caller_is_connected_in_whatever_order_it_is_told(order: tuple[int, ...]) -> None:
    state = State()
    told = [FETCHED, entering(CALLER), entering(DESK)]
    before = [{"Event": "Newchannel", **CALLER}, PARKED, IN_LOT, {"Event": "Newchannel", **DESK}, OUT_OF_LOT]
    for at, event in enumerate([*before, *(told[number] for number in order)]):
        apply(state, event, float(at))
    assert ladder(state) == ["arrived s", "parked 701", "unparked 1002", "connected 1002"]
    assert not state.parked


# --- taken out of a queue ---


@pytest.mark.parametrize("taken", [PARKED, entering(CALLER)], ids=["parked", "bridged"])
def test_who_is_taken_out_of_a_queue_waits_no_more_though_the_queue_says_nothing(taken: Event) -> None:
    state, seen = State(), Seen()
    apply(state, JOINED, 10.0)
    apply(state, taken, 12.0)
    assert state.queues["sales"].waiting == []
    assert "pulled" in ladder(state)
    apply(state, {"Event": "Hangup", **CALLER}, 20.0)
    (ended,) = board(state).ended.values()
    assert ended.outcome == "withdrawn"
    (row,) = [*seen.feed(JOINED, 10.0), *seen.feed(taken, 12.0), *seen.feed({"Event": "Hangup", **CALLER}, 20.0)][1:]
    assert (row.event, row.params) == ("ABANDON", ("1", "1", "2")), "as the log books it"


# --- back in line ---


def join(serial: int, position: int, queue: str = "sales") -> Event:
    who = line(f"PJSIP/trunk-0000000{serial}", f"555000{serial}", serial)
    return {"Event": "QueueCallerJoin", **who, "Queue": queue, "Position": str(position)}


def leave(serial: int, queue: str = "sales") -> list[Event]:
    who = line(f"PJSIP/trunk-0000000{serial}", f"555000{serial}", serial)
    return [{"Event": name, **who, "Queue": queue} for name in ("QueueCallerAbandon", "QueueCallerLeave")]


def row(serial: int, position: int) -> Event:
    who = line(f"PJSIP/trunk-0000000{serial}", f"555000{serial}", serial)
    return {"Event": "QueueEntry", **who, "Queue": "sales", "Position": str(position), "Wait": "1", "Priority": "0"}


def test_who_leaves_and_joins_again_while_lists_come_keeps_his_place_before_who_came_later() -> None:
    """2 leaves and joins again, 3 joins; the row of the line is later than all of it, yet told before."""
    again = [*leave(2), join(2, 1, "support"), *leave(2, "support"), join(2, 1), join(3, 2)]
    rows = [(row(2, 1), 0.0), (row(3, 2), 0.0)]
    state = read(State(), rows, [(event, 0.0) for event in again], 0.0)
    assert state.queues["sales"].waiting == ["1795000000.2", "1795000000.3"]


def test_who_was_let_in_before_others_stays_before_them() -> None:
    """A caller of higher priority joined before another: the row knows it, the events must not undo it."""
    first, second = join(2, 1) | {"Count": "1"}, join(3, 1) | {"Count": "2"}
    rows = [(row(3, 1), 0.0), (row(2, 2), 0.0)]
    state = read(State(), rows, [(first, 0.0), (second, 0.0)], 0.0)
    assert state.queues["sales"].waiting == ["1795000000.3", "1795000000.2"]
