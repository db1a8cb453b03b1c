"""The reducer in the hard places, one at a time, on a model PBX and on headers as Asterisk sends them."""

from __future__ import annotations

import pytest

from ccops.board import AgentRow, Board, CallRow, LinkRow
from ccops.pbx.state import RESTARTED, TICK, State, apply, canonical, changes, clock_offset, everything, read, repair
from tests.pbx_deeds import Pbx
from tests.pbx_model import EPOCH, Event, Mem, Talk


class Floor:
    """A model PBX and somebody who hears all of it."""

    def __init__(self, **how: object) -> None:
        self.pbx = Pbx()
        rows = [(row, self.pbx.now) for row in self.pbx.lists().rows()]
        self.state = read(State(**how), rows, [], self.pbx.now)  # type: ignore[arg-type]
        self._heard = 0
        self._kept = Board(LinkRow("", "", "live", 0))

    def hear(self) -> None:
        for event, at in self.pbx.events[self._heard :]:
            apply(self.state, event, at)
            self._keep()
        self._heard = len(self.pbx.events)

    def _keep(self) -> None:
        for change in changes(self.state, self.state.take_dirty(), self._kept, {}, 0.0):
            self._kept.apply(change)

    def tell(self, name: str, **headers: object) -> None:
        self.pbx.tell(name, **headers)
        self.hear()

    @property
    def board(self) -> Board:
        """The board made anew, which must be the one that was kept by changes."""
        self.hear()
        self._keep()
        board = Board(LinkRow("", "", "live", 0))
        for change in changes(self.state, everything(self.state), board, {}, 0.0):
            board.apply(change)
        assert board == self._kept
        return board

    def agent(self, number: int, queue: str = "sales", *, freepbx: bool = False) -> Mem:
        self.pbx.log_in(queue, number, freepbx=freepbx)
        self.hear()
        return list(self.pbx.members.values())[-1]

    def caller(self, queue: str = "sales", number: int = 1) -> Talk:
        self.pbx.call_in(queue, number)
        self.hear()
        return list(self.pbx.talks.values())[-1]

    def talking(self, mem: Mem, number: int = 1) -> Talk:
        talk = self.caller(mem.queue, number)
        self.pbx.ring(talk, mem)
        self.pbx.answer(talk, mem)
        self.hear()
        return talk

    def row(self, mem: Mem) -> AgentRow:
        return self.board.agents[mem.interface]

    def call(self, talk: Talk) -> CallRow:
        return self.board.calls[talk.uid]

    def relist(self, *, gap: bool = False) -> str:
        rows = [(row, self.pbx.now) for row in self.pbx.lists().rows()]
        return str(repair(self.state, read(self.state, rows, [], self.pbx.now), self.pbx.now, gap=gap))


def kinds(row: CallRow) -> list[str]:
    return [step.kind for step in row.steps]


# --- hold ---


@pytest.mark.parametrize("side", ["agent", "caller"])
@pytest.mark.parametrize("freepbx", [False, True])
def test_hold_by_either_side_shows_and_survives_a_list_that_does_not_tell_of_it(side: str, freepbx: bool) -> None:
    floor = Floor()
    mem = floor.agent(1001, freepbx=freepbx)
    talk = floor.talking(mem)
    talked_since = floor.row(mem).state_since
    held = talk.uid if side == "caller" else talk.rings["(connected)"][-1]
    floor.tell("Hold", **floor.pbx.about(held))
    assert floor.row(mem).state == "on_hold"
    assert floor.call(talk).held
    assert floor.board.queues["sales"].on_hold == 1
    held_since = floor.row(mem).state_since
    assert talked_since is not None
    assert held_since is not None
    assert held_since > talked_since
    assert floor.relist() == "none"
    assert (floor.row(mem).state, floor.row(mem).state_since) == ("on_hold", held_since)
    floor.tell("Unhold", **floor.pbx.about(held))
    assert floor.row(mem).state == "talking"
    assert kinds(floor.call(talk))[-2:] == ["held", "resumed"]


def test_the_pbx_saying_on_hold_is_hold_too() -> None:
    floor = Floor()
    mem = floor.agent(1001)
    floor.talking(mem)
    for status, state, held in (("8", "on_hold", True), ("2", "talking", False)):
        mem.status = status
        floor.tell("QueueMemberStatus", **floor.pbx.of(mem))
        (call,) = floor.board.calls.values()
        assert (floor.row(mem).state, call.held) == (state, held)


def test_an_unhold_out_of_nothing_is_no_news() -> None:
    """Asterisk says Unhold at the start of a transfer of a call that nobody held."""
    floor = Floor()
    talk = floor.talking(floor.agent(1001))
    before = floor.board
    floor.tell("Unhold", **floor.pbx.about(talk.rings["(connected)"][0]))
    assert floor.board == before


# --- several queues, several agents ---


def test_an_agent_of_two_queues_talks_in_one_and_is_busy_for_the_other() -> None:
    floor = Floor()
    mem = floor.agent(1001)
    floor.agent(1001, "support")
    floor.talking(mem)
    board = floor.board
    assert (board.queues["sales"].talking, board.queues["sales"].busy) == (1, 0)
    assert (board.queues["support"].talking, board.queues["support"].busy) == (0, 1)
    assert board.agents["PJSIP/1001"].queues == ("sales", "support")


def test_paused_is_who_is_paused_everywhere() -> None:
    floor = Floor()
    sales, support = floor.agent(1001), floor.agent(1001, "support")
    floor.pbx.pause(sales, "lunch")
    board = floor.board
    assert board.agents["PJSIP/1001"].state == "available"
    assert (board.queues["sales"].paused, board.queues["support"].available) == (1, 1)
    floor.pbx.pause(support, "lunch")
    assert floor.row(sales).state == "paused"
    assert floor.row(sales).pause_reason == "lunch"
    floor.pbx.unpause(sales)
    assert floor.row(sales).state == "available"


def test_ring_all_rings_all_and_one_gets_it() -> None:
    floor = Floor()
    first, second = floor.agent(1001), floor.agent(1002, freepbx=True)
    talk = floor.caller()
    floor.pbx.ring(talk, first)
    floor.pbx.ring(talk, second)
    assert [row.state for row in floor.board.agents.values()] == ["ringing", "ringing"]
    assert floor.call(talk).state == "ringing"
    assert floor.call(talk).agent is None, "two are rung: it is nobody's yet"
    floor.pbx.answer(talk, second)
    states = {key: row.state.value for key, row in floor.board.agents.items()}
    assert states == {"PJSIP/1001": "available", "Local/1002@from-queue/n": "talking"}
    assert floor.call(talk).agent == "Agent 1002"


def test_who_moves_to_another_queue_stays_the_same_agent() -> None:
    floor = Floor()
    mem = floor.agent(1001)
    floor.agent(1001, "support")
    since = floor.row(mem).state_since
    floor.pbx.log_out(mem)
    row = floor.board.agents["PJSIP/1001"]
    assert (row.queues, row.state_since) == (("support",), since)
    assert floor.board.queues["sales"].members == 0


# --- FreePBX ---


def test_a_local_member_is_one_call_one_agent_and_its_phone_is_found() -> None:
    floor = Floor()
    mem = floor.agent(1002, freepbx=True)
    talk = floor.talking(mem)
    row = floor.row(mem)
    assert row.device == "PJSIP/1002"
    assert row.channel == floor.pbx.channels[talk.rings["(connected)"][2]].name
    assert list(floor.board.calls) == [talk.uid], "neither Local halves nor the phone's leg are calls of their own"


def test_a_hint_is_resolved_to_the_phone_whenever_it_is_told() -> None:
    member = {"Queue": "sales", "Location": "Local/1003@from-queue/n", "Name": "Chi", "Status": "1", "Paused": "0"}
    row = {"Event": "QueueMember", **member, "StateInterface": "hint:1003@ext-local"}
    watched = "PJSIP/1003&Custom:DND1003,CustomPresence:1003"
    hint = {"Event": "ExtensionStatus", "Exten": "1003", "Context": "ext-local", "Hint": watched}
    for rows in ([row, hint], [hint, row]):
        state = read(State(), [(each, 1.0) for each in rows], [], 1.0)
        assert state.agents["Local/1003@from-queue/n"].phone == "PJSIP/1003"
        about = {"Uniqueid": "9.1", "Linkedid": "9.1", "Channel": "PJSIP/1003-00000001", "ChannelState": "6"}
        apply(state, {"Event": "Newchannel", **about}, 2.0)
        assert state.agents["Local/1003@from-queue/n"].state == "busy", "a call of the phone is a call of the agent"


def test_a_local_pair_that_is_optimised_away_leaves_the_call_whole() -> None:
    floor = Floor()
    mem = floor.agent(1002, freepbx=True)
    talk = floor.talking(mem)
    one, two, phone = talk.rings["(connected)"]
    bridge = floor.pbx.channels[one].bridge
    floor.pbx.leave(phone)
    floor.pbx.leave(one)
    floor.pbx.channels[phone].bridge = bridge
    about = {"BridgeUniqueid": bridge, "BridgeType": "basic", **floor.pbx.about(phone), "SwapUniqueid": one}
    floor.pbx.tell("BridgeEnter", **about)
    floor.pbx.leave(two)
    floor.pbx.hang_up(two, one)
    row = floor.row(mem)
    assert (row.state, row.channel) == ("talking", floor.pbx.channels[phone].name)
    assert floor.call(talk).agent == "Agent 1002"


# --- transfers and the like ---


def test_a_caller_who_is_bridged_to_the_supervisor_is_no_longer_the_agents() -> None:
    """A take-over by AMI Bridge: the spy leaves ChanSpy without a word, the agent's leg hangs up."""
    floor = Floor()
    mem = floor.agent(1001)
    talk = floor.talking(mem)
    (leg,) = talk.rings["(connected)"]
    floor.pbx.spy(9001, leg)
    (spy,) = floor.board.supervisions.values()
    assert (spy.state, spy.agent_key, spy.call_id) == ("running", mem.interface, talk.uid)
    spyer = spy.supervision_id
    floor.pbx.leave(talk.uid)
    floor.pbx.enter("taken", talk.uid)
    floor.pbx.spies.clear()
    floor.pbx.leave(leg)
    floor.pbx.hang_up(leg)
    floor.pbx.channels[spyer].linkedid = floor.pbx.channels[talk.uid].linkedid
    floor.pbx.enter("taken", spyer)
    board = floor.board
    assert not board.supervisions
    call = board.calls[talk.uid]
    assert (call.state, call.queue, call.agent) == ("talking", None, None)
    assert kinds(call)[-2:] == ["pulled", "connected"]
    assert board.agents[mem.interface].state == "available"


def test_bridged_lines_become_one_call_whichever_came_first() -> None:
    """The first to enter is the younger: nothing but the other's older Linkedid tells that they belong together."""
    floor = Floor()
    old, young = floor.pbx.channel("PJSIP/2001", "2001"), floor.pbx.channel("PJSIP/2002", "2002")
    for uid in (old, young):
        floor.pbx.become(uid, "6")
    assert len(floor.board.calls) == 2
    floor.pbx.enter("both", young, old)
    assert list(floor.board.calls) == [old]
    assert floor.board.calls[old].state == "talking"


def test_a_masquerade_renames_a_line_and_so_whose_it_is() -> None:
    floor = Floor()
    first, second = floor.agent(1001), floor.agent(1002)
    floor.pbx.dial(1001, 2001)
    floor.hear()
    assert (floor.row(first).state, floor.row(second).state) == ("busy", "available")
    uid = floor.pbx.outside[0][0]
    floor.tell("Rename", Channel=floor.pbx.channels[uid].name, Newname="PJSIP/1002-0000ffff", Uniqueid=uid)
    assert (floor.row(first).state, floor.row(second).state) == ("available", "busy")


def test_a_call_out_shows_whom_the_agent_called() -> None:
    floor = Floor()
    mem = floor.agent(1001)
    uid = floor.pbx.channel("PJSIP/1001", "1001")
    floor.pbx.events[-1][0]["Exten"] = "05551234"
    floor.pbx.become(uid, "4")
    row = floor.row(mem)
    assert (row.state, row.caller_number, row.call_id) == ("busy", "05551234", uid)
    assert floor.board.calls[uid].state == "ringing"
    assert floor.board.calls[uid].agent == "Agent 1001"


# --- lines, tombstones, odd orders ---


def test_two_who_join_together_stand_right_whichever_is_told_first() -> None:
    for order in ((1, 2), (2, 1)):
        state = State()
        for position in order:
            about = {"Uniqueid": f"1.{position}", "Linkedid": f"1.{position}", "Channel": f"PJSIP/t-{position}"}
            apply(state, {"Event": "QueueCallerJoin", **about, "Queue": "sales", "Position": str(position)}, 1.0)
        assert state.queues["sales"].waiting == ["1.1", "1.2"], order


def test_who_comes_with_priority_stands_in_front() -> None:
    floor = Floor()
    first = floor.caller()
    uid = floor.pbx.channel("PJSIP/trunk", "5550009")
    floor.tell("QueueCallerJoin", **floor.pbx.about(uid), Queue="sales", Position="1")
    assert (floor.board.calls[uid].position, floor.call(first).position) == (1, 2)
    floor.tell("QueueCallerLeave", **floor.pbx.about(uid), Queue="sales")
    assert floor.call(first).position == 1


@pytest.mark.parametrize("name", ["Newstate", "BridgeEnter", "QueueCallerJoin", "NewCallerid", "Hold", "Newchannel"])
def test_the_dead_stay_dead(name: str) -> None:
    floor = Floor()
    uid = floor.pbx.channel("PJSIP/2001", "2001")
    about = floor.pbx.about(uid)
    floor.pbx.hang_up(uid)
    floor.tell(name, **about, Queue="sales", BridgeUniqueid="late")
    board = floor.board
    assert not floor.state.channels
    assert not board.calls
    assert not floor.state.bridges
    assert not [queue for queue in board.queues.values() if queue.waiting]


def test_a_channel_that_nobody_announced_is_taken_as_it_comes() -> None:
    """Events of before our login are missing: whoever joins a queue is real all the same."""
    state = State()
    about = {"Uniqueid": "1.5", "Linkedid": "1.5", "Channel": "PJSIP/trunk-5", "ChannelState": "6", "CallerIDNum": "77"}
    apply(state, {"Event": "QueueCallerJoin", **about, "Queue": "new", "Position": "1"}, 5.0)
    assert state.queues["new"].waiting == ["1.5"]
    assert state.channels["1.5"].number == "77"


def test_a_leg_that_outlives_its_queue_call_counts_after_a_while() -> None:
    """Told to go when the queue call ended, but somebody sent it on: it is a call of its own then."""
    floor = Floor()
    mem = floor.agent(1001)
    talk = floor.talking(mem)
    (leg,) = talk.rings["(connected)"]
    floor.tell("AgentComplete", **floor.pbx.of_agent(talk, mem, leg), Reason="transfer")
    assert floor.row(mem).state == "available"
    due = floor.state.next_tick()
    assert due is not None
    apply(floor.state, TICK, due)
    assert floor.row(mem).state == "busy"


def test_a_call_that_the_queue_has_booked_is_over_even_if_nobody_said_so() -> None:
    """With rings of a Local that forwards, neither AgentComplete nor our leg's hangup need come first."""
    floor = Floor()
    mem = floor.agent(1001)
    floor.talking(mem)
    mem.in_call, mem.last_call, mem.status = False, int(floor.pbx.now) + 1, "1"
    floor.tell("QueueMemberStatus", **floor.pbx.of(mem))
    assert floor.row(mem).state == "available"


def test_a_caller_who_goes_on_after_the_queue_gave_up_is_shown_without_queue() -> None:
    floor = Floor()
    talk = floor.caller()
    floor.tell("MusicOnHoldStart", **floor.pbx.about(talk.uid))
    floor.tell("QueueCallerAbandon", **floor.pbx.about(talk.uid), Queue="sales")
    floor.tell("QueueCallerLeave", **floor.pbx.about(talk.uid), Queue="sales")
    board = floor.board
    assert board.queues["sales"].waiting == 0
    assert (board.calls[talk.uid].queue, board.calls[talk.uid].state) == (None, "talking")
    floor.tell("Hangup", **floor.pbx.about(talk.uid))
    assert floor.board.ended[talk.uid].outcome == "timeout"


@pytest.mark.parametrize(("exten", "outcome"), [("2", "exit_key"), ("1234", "withdrawn"), ("s", "")])
def test_where_a_caller_goes_tells_how_he_left(exten: str, outcome: str) -> None:
    """Leaving without QueueCallerAbandon: a key pressed, a redirect, or something else."""
    floor = Floor()
    talk = floor.caller()
    gone = {**floor.pbx.about(talk.uid), "Context": "elsewhere" if exten != "s" else "queues", "Exten": exten}
    floor.pbx.tell("QueueCallerLeave", **gone, Queue="sales")
    floor.hear()
    floor.tell("Hangup", **gone)
    assert floor.board.ended[talk.uid].outcome == outcome


# --- time ---


def test_wrap_up_lasts_whole_seconds_of_the_pbx_clock_and_ends_by_tick() -> None:
    floor = Floor(wrap_up={"sales": 20.0})
    mem = floor.agent(1001)
    talk = floor.talking(mem)
    floor.pbx.complete(talk)
    row = floor.row(mem)
    assert row.state == "wrap_up"
    assert row.wrap_up_until == mem.last_call + 20
    apply(floor.state, TICK, mem.last_call + 19.9)
    assert floor.row(mem).state == "wrap_up"
    due = floor.state.next_tick()
    assert due is not None
    apply(floor.state, TICK, max(due, mem.last_call + 20))
    assert floor.row(mem).state == "available"
    assert floor.row(mem).state_since == mem.last_call + 20
    assert floor.state.next_tick() is None or floor.state.spent


def test_a_members_own_wrap_up_beats_the_configured_one_and_another_clock_is_corrected() -> None:
    row: Event = {
        "Event": "QueueMember", "Queue": "sales", "Location": "PJSIP/1001", "Name": "Ana", "Status": "1", "Paused": "0",
        "LastCall": str(EPOCH), "Wrapuptime": "30",
    }  # fmt: skip
    state = State(wrap_up={"sales": 5.0})
    apply(state, clock_offset(100.0), 0.0)
    fresh = read(state, [(row, EPOCH - 90.0)], [], EPOCH - 90.0)
    agent = fresh.agents["PJSIP/1001"]
    assert agent.wrap_until == EPOCH - 100 + 30
    assert (agent.state, agent.since) == ("wrap_up", EPOCH - 100)


def test_a_pause_for_paperwork_is_wrap_up() -> None:
    floor = Floor(wrap_up_reasons=frozenset({"paperwork"}))
    mem = floor.agent(1001)
    floor.pbx.pause(mem, "paperwork")
    assert floor.row(mem).state == "wrap_up"
    assert floor.board.queues["sales"].wrap_up == 1
    floor.pbx.pause(mem, "lunch")
    assert floor.row(mem).state == "paused"


def test_since_when_is_taken_from_what_a_list_tells() -> None:
    base: Event = {"Event": "QueueMember", "Queue": "sales", "Status": "1", "Paused": "0", "LoginTime": "100"}
    rows = [
        {**base, "Location": "PJSIP/1", "Name": "logged in"},
        {**base, "Location": "PJSIP/2", "Name": "called", "LastCall": "150"},
        {**base, "Location": "PJSIP/3", "Name": "paused", "LastCall": "150", "LastPause": "170", "Paused": "1"},
        {**base, "Location": "PJSIP/4", "Name": "gone", "Status": "5"},
    ]
    state = read(State(), [(row, 200.0) for row in rows], [], 200.0)
    assert {agent.name: agent.since for agent in state.agents.values()} == {
        "logged in": 100.0, "called": 150.0, "paused": 170.0, "gone": 200.0,
    }  # fmt: skip


@pytest.mark.parametrize(("status", "interface", "expected"), [
    ("0", "PJSIP/1001", "unavailable"), ("4", "PJSIP/1001", "unavailable"), ("5", "PJSIP/1001", "unavailable"),
    ("0", "Local/1001@from-queue/n", "available"), ("1", "PJSIP/1001", "available"),
    ("2", "Custom:light", "busy"), ("6", "Custom:light", "ringing"),
])  # fmt: skip
def test_what_the_phones_state_makes_of_an_agent(status: str, interface: str, expected: str) -> None:
    row = {"Event": "QueueMember", "Queue": "sales", "Location": interface, "Name": "A", "Status": status}
    state = read(State(), [(row, 1.0)], [], 1.0)
    assert state.agents[interface].state == expected


# --- gaps, restarts, reloads ---


def test_a_restart_interrupts_every_call() -> None:
    floor = Floor()
    mem = floor.agent(1001)
    talk, waiting = floor.talking(mem), floor.caller(number=2)
    floor.pbx.dial(2001, 2002)
    floor.hear()
    apply(floor.state, RESTARTED, floor.pbx.now)
    board = floor.board
    assert not board.calls
    assert not floor.state.channels
    assert {board.ended[uid].outcome for uid in (talk.uid, waiting.uid)} == {"interrupted"}
    assert board.agents[mem.interface].state == "available"
    assert board.queues["sales"].waiting == 0


def test_what_ended_in_a_gap_ends_with_what_is_known_of_it() -> None:
    floor = Floor()
    mem = floor.agent(1001)
    talk, waiting = floor.talking(mem), floor.caller(number=2)
    floor.hear()
    floor.pbx.complete(talk)
    floor.pbx.give_up(waiting)
    floor._heard = len(floor.pbx.events)
    assert floor.relist(gap=True) != "none"
    board = floor.board
    assert not board.calls
    assert board.ended[talk.uid].outcome == "answered"
    assert board.ended[waiting.uid].outcome == "", "served or gone: nobody saw"
    assert kinds(board.ended[waiting.uid])[-2:] == ["lost", "ended"]


def test_a_reload_takes_queues_away_and_brings_others() -> None:
    floor = Floor()
    floor.agent(1001, "support")
    floor.caller("support")
    floor.hear()
    listed = [row for row in floor.pbx.lists().rows() if row.get("Queue") != "support"]
    rows = [(row, floor.pbx.now) for row in [*listed, {"Event": "QueueParams", "Queue": "new", "Strategy": "linear"}]]
    repair(floor.state, read(floor.state, rows, [], floor.pbx.now), floor.pbx.now)
    board = floor.board
    assert set(board.queues) == {"sales", "new"}
    assert not board.agents
    assert canonical(floor.state) == canonical(read(State(), rows, [], floor.pbx.now))


# --- spies ---


def test_a_spy_found_in_a_list_is_the_spy_that_was_heard() -> None:
    floor = Floor()
    talk = floor.talking(floor.agent(1001))
    floor.pbx.spy(9001, talk.rings["(connected)"][0])
    (heard,) = floor.board.supervisions.values()
    rows = [(row, floor.pbx.now) for row in floor.pbx.lists().rows()]
    found = read(State(), rows, [], floor.pbx.now)
    assert found.spies.keys() == {heard.supervision_id}
    assert found.spies[heard.supervision_id].target == talk.rings["(connected)"][0]
    assert not [row for row in floor.board.calls.values() if row.call_id == heard.supervision_id]


def test_a_spy_whose_target_is_gone_is_shown_waiting() -> None:
    floor = Floor()
    mem = floor.agent(1001)
    talk = floor.talking(mem)
    leg = talk.rings["(connected)"][0]
    floor.pbx.spy(9001, leg)
    floor.hear()
    floor.pbx.spies.clear()
    floor.pbx.complete(talk)
    (row,) = floor.board.supervisions.values()
    assert (row.state, row.target_channel, row.agent_key) == ("answered", "", None)
    assert floor.relist() == "none"
