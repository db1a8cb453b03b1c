"""Faults in what the PBX says of its calls: found by fuzzing, kept as plays."""

import gc
from pathlib import Path

from ccops.board import Board, LinkRow
from ccops.pbx.sim import SimPbx
from ccops.pbx.state import State, apply, changes, everything
from tests.daemons import plan

AT = 1_795_000_000.0


def told(*events: dict[str, str]) -> Board:
    """Return the board after these events."""
    state, board = State(), Board(LinkRow("", "", "live", 0))
    for event in events:
        apply(state, event, AT)
    for change in changes(state, everything(state), board, {}, AT):
        board.apply(change)
    return board


def test_a_waiting_caller_whose_linkedid_becomes_an_older_one_still_waits() -> None:
    caller = {"Channel": "PJSIP/gw-1", "Uniqueid": "1795000003.3", "CallerIDNum": "5550001", "Queue": "sales"}
    join = {"Event": "QueueCallerJoin", **caller, "Linkedid": "1795000002.2", "Position": "1", "Count": "1"}
    older = {"Event": "Newstate", **caller, "Linkedid": "1795000001.1", "ChannelState": "6"}
    board = told(
        {"Event": "Newchannel", **caller, "Linkedid": "1795000002.2"},
        join,
        {"Event": "MusicOnHoldStart", **caller, "Linkedid": "1795000001.1"},
        older,
        {"Event": "AgentCalled", **caller, "Linkedid": "1795000001.1", "Interface": "PJSIP/1001", "MemberName": "Ana",
         "DestChannel": "PJSIP/1001-1", "DestUniqueid": "1795000004.4", "DestLinkedid": "1795000001.1"},
    )  # fmt: skip
    assert board.queues["sales"].waiting == 1
    assert [(row.caller_number, row.queue) for row in board.calls.values() if row.queue] == [("5550001", "sales")]


async def test_a_simulated_pbx_that_dies_writes_no_end_of_who_waited(tmp_path: Path) -> None:
    """Threads of the dead machine are collected some time later; what they wrote then made figures untrue."""
    log = tmp_path / "queue_log"
    sim = SimPbx(plan(), quiet=True, queue_log=log)
    await sim.start()
    try:
        for interface in ("1001", "1003"):
            sim.agent_behaviour(interface, "ring")
        for number in range(5):
            sim.call_in("sales", f"555000{number}")
        await sim.settle(3)
        await sim.restart()
        gc.collect()
        await sim.settle(3)
        assert (sim.stats.entered, sim.stats.abandoned) == (5, 0)
        assert "ABANDON" not in log.read_text()
    finally:
        await sim.stop()
