"""The live centre beside a simulated PBX: links that break, lists that are refused, events that get lost."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ccops.board import AgentRow, Board, Change, LinkRow
from ccops.errors import LinkError, LoginRefused
from ccops.pbx.link import Event, LinkSettings
from ccops.pbx.live import LiveCentre
from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from ccops.pbx.state import canonical, changes, everything

pytestmark = pytest.mark.timeout(60)
SECRET = "not-a-secret"


def plan() -> CentrePlan:
    queues = [QueuePlan("sales", ring_timeout=15), QueuePlan("support", strategy="ringall")]
    agents = [
        AgentPlan("1001", "Ana 王芳", queues=(("sales", 0),), shift=(0.0, 24.0)),
        AgentPlan("1002", "Ben", "freepbx", queues=(("support", 0),), shift=(0.0, 24.0)),
        AgentPlan("1003", "Chi", "hint", queues=(("support", 0),), shift=(0.0, 24.0)),
    ]
    return CentrePlan(queues=queues, agents=agents)


@asynccontextmanager
async def pbx(**how: Any) -> AsyncIterator[SimPbx]:
    async with SimPbx(plan(), secret=SECRET, quiet=True, **how) as sim:
        yield sim


def link_settings(sim: SimPbx, **changes: Any) -> LinkSettings:
    values: dict[str, Any] = {"port": sim.port, "username": sim.username, "secret": SECRET, "backoff_first": 0.05}
    return LinkSettings(host="127.0.0.1", **{**values, **changes})


@asynccontextmanager
async def live_on(sim: SimPbx, *, relist_every: float = 3600, **how: Any) -> AsyncIterator[Centre]:
    link = {key: how.pop(key) for key in ("username", "secret", "silence", "action_timeout") if key in how}
    live = Centre(link_settings(sim, **link), relist_every=relist_every, **how)
    task = asyncio.create_task(live.run())
    await until(lambda: live.board.link.state == "live")
    try:
        yield live
    finally:
        await live.close()
        await task


class Centre(LiveCentre):
    """A live centre that can be made deaf to some events, as if the line had lost them."""

    deaf_to: frozenset[str] = frozenset()

    def _hear(self, event: Event, at: float) -> None:
        if event["Event"] not in self.deaf_to:
            super()._hear(event, at)


async def until(condition: Callable[[], object], patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.01)


def scratch(live: LiveCentre) -> Board:
    board = Board(live.board.link)
    for change in changes(live.state, everything(live.state), board, {"sales": "Sales"}, 0.0):
        board.apply(change)
    return board


# --- one look ---


async def test_one_look_at_the_centre() -> None:
    async with pbx() as sim:
        sim.agent_behaviour("1001", "ring")
        sim.call_in("sales", "5550001", "李雷")
        live = LiveCentre(link_settings(sim), site="here", titles={"sales": "Sales"})
        await until(lambda: sim.truth.queue("sales").waiting)
        await live.start()
        await live.close()
    board = live.board
    assert board.queues["sales"].title == "Sales"
    assert board.queues["sales"].waiting == 1
    (call,) = board.calls.values()
    assert (call.queue, call.caller_number, call.caller_name, call.position) == ("sales", "5550001", "李雷", 1)
    assert {row.agent for row in board.agents.values()} == {"Ana 王芳", "Ben", "Chi"}
    assert board.link.site == "here"
    assert board.link.version.startswith("22")
    assert board == scratch(live)


async def test_nobody_there_is_told_at_once_and_nothing_is_left_open() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    live = LiveCentre(LinkSettings(host="127.0.0.1", port=port, username="x", secret="y"))
    with pytest.raises(LinkError):
        await live.start()
    assert live.board.link.state == "down"
    await live.close()


async def test_a_wrong_secret_ends_the_run_for_good() -> None:
    async with pbx() as sim:
        live = LiveCentre(link_settings(sim, secret="wrong"))
        with pytest.raises(LoginRefused):
            await asyncio.wait_for(live.run(), 10)
        assert live.board.link.state == "refused"
        assert live.board.link.detail
        await live.close()


# --- members of all kinds ---


@pytest.mark.parametrize(("number", "queue"), [("1001", "sales"), ("1002", "support"), ("1003", "support")])
async def test_the_phone_of_every_kind_of_member_is_found(number: str, queue: str) -> None:
    """Plain, FreePBX with a state interface, FreePBX with a hint: what a supervisor may listen to is the phone."""
    async with pbx() as sim, live_on(sim) as live:
        for other in {"1001", "1002", "1003"} - {number}:
            sim.agent_behaviour(other, "reject")
        sim.agent_behaviour(number, "answer", 0.05)
        uid = sim.call_in(queue, "5550002")

        def talking() -> list[AgentRow]:
            return [row for row in live.board.agents.values() if row.state == "talking"]

        await until(talking)
        await until(lambda: talking()[0].channel)
        (row,) = talking()
        assert row.device == f"PJSIP/{number}"
        assert row.channel is not None
        assert row.channel.startswith(f"PJSIP/{number}-")
        assert (row.queue, row.caller_number, row.call_id) == (queue, "5550002", uid)
        fresh = LiveCentre(link_settings(sim))
        await fresh.start()
        await fresh.close()
        assert fresh.board.agents[row.key].channel == row.channel
        assert canonical(fresh.state) == canonical(live.state)


# --- broken links ---


async def test_a_lost_link_blanks_nothing_and_what_happened_meanwhile_is_found() -> None:
    async with pbx() as sim, live_on(sim) as live:
        sim.agent_behaviour("1001", "answer", 0.05)
        first = sim.call_in("sales", "5550001")
        await until(lambda: [row for row in live.board.agents.values() if row.state == "talking"])
        seen: list[LinkRow] = []
        live.subscribe(lambda batch: seen.extend(c.row for c in batch if isinstance(c.row, LinkRow)))
        sim.drop_clients()
        await until(lambda: live.board.link.state == "down")
        assert live.board.calls, "rows stay while the link is gone"
        assert live.board.link.heard_at is not None
        sim.hang_up(first)
        second = sim.call_in("support", "5550002")
        await until(lambda: live.board.link.state == "live")
        assert [row.state for row in seen].count("down") >= 1
        assert live.board.link.reconnects == 1
        assert live.board.link.restarts == 0
        assert set(live.board.calls) == {second}
        assert live.board.ended[first].outcome == "answered"
        assert live.board.link.drift_repaired == 0, "a gap is no drift"
        assert live.board == scratch_without_titles(live)


def scratch_without_titles(live: LiveCentre) -> Board:
    board = Board(live.board.link)
    for change in changes(live.state, everything(live.state), board, {}, 0.0):
        board.apply(change)
    return board


async def test_a_call_that_outlives_a_gap_keeps_its_story() -> None:
    async with pbx() as sim, live_on(sim) as live:
        sim.agent_behaviour("1001", "answer", 0.05)
        uid = sim.call_in("sales", "5550001")
        await until(lambda: live.board.calls.get(uid) and live.board.calls[uid].state == "talking")
        before = live.board.calls[uid]
        since = live.board.agents["PJSIP/1001"].state_since
        sim.drop_clients()
        await until(lambda: live.board.link.state == "down")
        await until(lambda: live.board.link.state == "live")
        assert live.board.calls[uid].steps == before.steps
        assert live.board.calls[uid].answered_at == before.answered_at
        assert live.board.agents["PJSIP/1001"].state_since == since


@pytest.mark.parametrize("clean", [True, False])
async def test_a_restart_is_told_from_a_gap(clean: bool) -> None:
    async with pbx() as sim, live_on(sim) as live:
        sim.agent_behaviour("1001", "answer", 0.05)
        talking = sim.call_in("sales", "5550001")
        await until(lambda: live.board.calls.get(talking) and live.board.calls[talking].state == "talking")
        # A start is told in whole seconds, so a PBX that starts twice in one cannot be told from itself.
        await asyncio.sleep(1.1)
        await sim.restart(clean=clean)
        await until(lambda: live.board.link.state == "live" and live.board.link.restarts)
        assert live.board.link.restarts == 1
        assert not live.board.calls
        assert live.board.ended[talking].outcome == "interrupted"
        assert not live.state.channels


async def test_a_silent_pbx_is_stale_with_its_age_and_its_rows_stay() -> None:
    async with pbx() as sim, live_on(sim, silence=0.6) as live:
        sim.stall()
        await until(lambda: live.board.link.state == "stale")
        assert len(live.board.agents) == 3
        assert live.board.link.heard_at is not None
        sim.unstall()
        await until(lambda: live.board.link.state == "live")


# --- lists ---


async def test_lost_events_are_noticed_repaired_and_counted() -> None:
    async with pbx() as sim, live_on(sim) as live:
        sim.agent_behaviour("1001", "ring")
        live.deaf_to = frozenset({"QueueCallerJoin", "Newchannel", "AgentCalled", "Newstate", "DialBegin"})
        uid = sim.call_in("sales", "5550001")
        await until(lambda: sim.truth.queue("sales").waiting)
        await asyncio.sleep(0.1)
        live.deaf_to = frozenset()
        assert live.board.queues["sales"].waiting == 0
        drift = await live.resync()
        assert len(drift) >= 3
        assert "waiting sales" in str(drift)
        await asyncio.sleep(0)
        assert live.board.queues["sales"].waiting == 1
        assert live.board.calls[uid].caller_number == "5550001"
        assert live.board.link.drift_repaired == len(drift)
        assert not await live.resync(), "once repaired there is nothing left to repair"
        assert live.board == scratch_without_titles(live)


async def test_the_centre_lists_anew_by_itself() -> None:
    async with pbx() as sim, live_on(sim, relist_every=0.2) as live:
        del live.state.queues["sales"].waiting[:]
        ana = live.state.agents["PJSIP/1001"]
        ana.members["sales"].paused = True
        await until(lambda: live.board.link.drift_repaired)
        assert not live.state.agents["PJSIP/1001"].members["sales"].paused


async def test_listing_while_much_happens_finds_no_drift() -> None:
    lively = CentrePlan.default(seats=30, queues=3, seed=5)
    start = 1_795_435_200.0  # a Monday at ten in the morning, UTC
    sim = SimPbx(lively, seed=5, speed=30, start=start, secret=SECRET)
    await sim.warm_up()
    async with sim, live_on(sim) as live:
        for _ in range(12):
            await asyncio.sleep(0.2)
            assert str(await live.resync()) == "none"
        assert live.board.ended
        assert live.board == scratch_without_titles(live)


@pytest.mark.parametrize(
    ("write", "refused"),
    [
        ("reporting", {"ParkedCalls"}),
        ("", {"CoreShowChannels", "ParkedCalls", "ExtensionStateList"}),
    ],
)
async def test_missing_rights_are_noted_and_the_rest_goes_on(write: str, refused: set[str]) -> None:
    async with pbx() as sim:
        sim.add_user("poor", SECRET, read="system,call,agent", write=write)
        live = LiveCentre(link_settings(sim, username="poor"))
        await live.start()
        assert live.board.link.state == "live"
        lists = ("QueueStatus", "CoreShowChannels", "ParkedCalls", "ExtensionStateList")
        assert {name for name in lists if f"{name} (" in live.board.link.detail} == refused
        assert set(live.board.queues) == {"sales", "support"}
        await live.close()


async def test_without_the_list_of_channels_a_phone_in_use_counts_as_busy() -> None:
    """CoreShowChannels may be refused: then the phone's state is all there is, and nothing that is known is lost."""
    async with pbx() as sim, live_on(sim) as live:
        listing = live.link.listing

        async def refusing(action: Any, *, timeout: float | None = None) -> Any:
            if action["Action"] == "CoreShowChannels":
                return await listing({"Action": "NoSuchAction"}, timeout=timeout)
            return await listing(action, timeout=timeout)

        live.link.listing = refusing  # type: ignore[method-assign]
        sim.agent_behaviour("1001", "answer", 0.05)
        uid = sim.call_in("sales", "5550001")
        await until(lambda: live.board.calls.get(uid) and live.board.calls[uid].state == "talking")
        assert str(await live.resync()) == "none"
        assert "CoreShowChannels" in live.board.link.detail
        assert live.board.calls[uid].agent == "Ana 王芳"
        fresh = LiveCentre(link_settings(sim))
        fresh.link.listing = refusing  # type: ignore[method-assign]
        await fresh.start()
        await fresh.close()
        assert fresh.board.agents["PJSIP/1001"].state in ("talking", "busy")


# --- telling ---


async def test_changes_of_one_turn_come_as_one_batch_and_the_board_has_them_already() -> None:
    async with pbx() as sim, live_on(sim) as live:
        batches: list[Sequence[Change]] = []

        def hear(batch: Sequence[Change]) -> None:
            for change in batch:
                if change.topic == "agent":
                    assert live.board.agents.get(change.key) == change.row
            batches.append(batch)

        stop = live.subscribe(hear)
        sim.agent_behaviour("1001", "answer", 0.0)
        uid = sim.call_in("sales", "5550001")
        await until(lambda: live.board.calls.get(uid) and live.board.calls[uid].state == "talking")
        keys = [[(change.topic, change.key) for change in batch] for batch in batches]
        assert all(len(batch) == len(set(batch)) for batch in keys), "one change a row and turn"
        stop()
        count = len(batches)
        sim.hang_up(uid)
        await until(lambda: uid not in live.board.calls)
        assert len(batches) == count


async def test_a_listener_that_fails_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with pbx() as sim, live_on(sim) as live:
        heard: list[Change] = []

        def fail(_batch: Sequence[Change]) -> None:
            raise RuntimeError("broken listener")

        live.subscribe(fail)
        live.subscribe(heard.extend)
        uid = sim.call_in("sales", "5550001")
        await until(lambda: uid in live.board.calls)
        assert heard
        assert "broken listener" in caplog.text


async def test_raw_events_can_be_tapped() -> None:
    async with pbx() as sim, live_on(sim) as live:
        names: list[str] = []
        stop = live.on_raw(lambda event, _at: names.append(event["Event"]))
        uid = sim.call_in("sales", "5550001")
        await until(lambda: "QueueCallerJoin" in names)
        stop()
        count = len(names)
        sim.hang_up(uid)
        await until(lambda: uid not in live.board.calls)
        assert len(names) == count


async def test_wrap_up_ends_without_an_event() -> None:
    async with pbx() as sim, live_on(sim, wrap_up={"sales": 2.0}) as live:
        sim.agent_behaviour("1001", "answer", 0.0)
        uid = sim.call_in("sales", "5550001")
        agents = live.board.agents
        await until(lambda: agents["PJSIP/1001"].state == "talking")
        sim.hang_up(uid)
        await until(lambda: agents["PJSIP/1001"].state == "wrap_up")
        row = agents["PJSIP/1001"]
        assert row.wrap_up_until is not None
        assert 0 < row.wrap_up_until - time.time() <= 2.0
        await until(lambda: agents["PJSIP/1001"].state == "available")
        assert time.time() >= row.wrap_up_until - 0.05


async def test_the_clock_of_the_pbx_is_not_ours() -> None:
    """A PBX an hour ahead: instants on the board are ours all the same."""
    async with pbx(start=time.time() + 3600) as sim, live_on(sim) as live:
        offset = live.board.link.clock_offset
        assert offset is not None
        assert 3590 < offset < 3610
        sim.agent_behaviour("1001", "answer", 0.0)
        uid = sim.call_in("sales", "5550001")
        await until(lambda: live.board.agents["PJSIP/1001"].state == "talking")
        sim.hang_up(uid)
        await until(lambda: live.board.agents["PJSIP/1001"].last_call_at)
        last_call = live.board.agents["PJSIP/1001"].last_call_at
        assert last_call is not None
        assert abs(last_call - time.time()) < 10


def test_importing_it_is_cheap() -> None:
    """One-shot commands pay for it: besides the link nothing but our own modules."""
    code = "import sys; import ccops.pbx.link; before = set(sys.modules); import ccops.pbx.live; "
    code += "print(*sorted(name for name in set(sys.modules) - before if not name.startswith('ccops')))"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.split() == []
