"""Every action on agents and calls on real Asterisk 22 and 16: what was asked for holds afterwards."""

import asyncio
from typing import Any

import pytest

from ccops.board import AgentRow, AgentState, CallRow
from ccops.desk.local import LocalDesk
from ccops.errors import ActionRefused, PermissionRefused, UsageProblem
from tests.lab.scenario import Scene
from tests.supervising import desk_on, in_call, shows


def agent(desk: LocalDesk, name: str) -> AgentRow:
    return next(row for row in desk.board.agents.values() if row.agent == name)


def knows(name: str) -> Any:
    return lambda board: any(row.agent == name for row in board.agents.values())


def has_reason(desk: LocalDesk, reason: str) -> Any:
    return lambda board: agent(desk, "Ana").pause_reason == reason


async def waiting(desk: LocalDesk, scene: Scene, queue: str = "sales", number: str = "5550001") -> CallRow:
    """Have a caller wait in a queue that nobody serves."""
    handle = await asyncio.to_thread(scene.call_in, queue, number)
    await asyncio.to_thread(scene.waiting, handle)
    await shows(desk, lambda board: handle.uniqueid in board.calls and board.calls[handle.uniqueid].queue == queue)
    return desk.board.calls[handle.uniqueid]


async def talking(desk: LocalDesk, scene: Scene) -> CallRow:
    await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana")
    handle = await asyncio.to_thread(scene.queue_call, "sales")
    await in_call(desk, "Ana")
    return desk.board.calls[handle.uniqueid]


async def test_login_and_logout_are_idempotent_and_take_a_name_in_any_script(scene: Scene) -> None:
    async with desk_on(scene.lab) as desk:
        for changed in (True, False):
            outcome = await desk.do("agent.login", "1001", queue="sales", name="Ana 王芳", penalty=3)
            assert outcome.data["changed"] is changed
            await shows(desk, knows("Ana 王芳"))
        row = agent(desk, "Ana 王芳")
        assert [(item.queue, item.penalty, item.dynamic) for item in row.memberships] == [("sales", 3, True)]
        await desk.do("agent.login", "Ana 王芳", queue="support")
        assert set(agent(desk, "Ana 王芳").queues) == {"sales", "support"}
        await desk.do("agent.logout", "1001", queue="support")
        assert agent(desk, "Ana 王芳").queues == ("sales",)
        assert (await desk.do("agent.logout", "1001")).data["changed"] is True
        await shows(desk, lambda board: not knows("Ana 王芳")(board))


async def test_a_freepbx_agent_is_logged_in_with_the_state_of_the_phone(scene: Scene) -> None:
    from ccops.settings.model import Agents

    agents = Agents(interface="Local/{number}@from-queue/n", state_interface="hint:{number}@ext-local")
    async with desk_on(scene.lab, agents=agents) as desk:
        await desk.do("agent.login", "1003", queue="sales", name="Chi")
        await shows(desk, lambda board: knows("Chi")(board) and agent(desk, "Chi").state is AgentState.AVAILABLE)
        row = agent(desk, "Chi")
        assert (row.interface, row.state_interface, row.device) == (
            "Local/1003@from-queue/n",
            "hint:1003@ext-local",
            "PJSIP/1003",
        )


async def test_pause_names_its_reason_replaces_it_and_ends(scene: Scene) -> None:
    await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana")
    await asyncio.to_thread(scene.add_member, "support", "1001", "Ana")
    async with desk_on(scene.lab) as desk:
        await shows(desk, knows("Ana"))
        for reason, changed in (("lunch", True), ("lunch", False), ("training", True)):
            outcome = await desk.do("agent.pause", "Ana", pause_reason=reason)
            assert outcome.data["changed"] is changed
            await shows(desk, has_reason(desk, reason))
        assert agent(desk, "Ana").state is AgentState.PAUSED
        await desk.do("agent.unpause", "Ana", queue="sales")
        assert [item.paused for item in agent(desk, "Ana").memberships if item.queue == "support"] == [True]
        assert (await desk.do("agent.unpause", "Ana")).data["changed"] is True
        assert (await desk.do("agent.unpause", "Ana")).data["changed"] is False
        await shows(desk, lambda board: agent(desk, "Ana").state is AgentState.AVAILABLE)


async def test_penalty_and_ring_in_use(scene: Scene) -> None:
    await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana")
    async with desk_on(scene.lab) as desk:
        await shows(desk, knows("Ana"))
        await desk.do("agent.penalty", "Ana", penalty="7")
        assert agent(desk, "Ana").memberships[0].penalty == 7
        await desk.do("agent.ring_in_use", "Ana", ring_in_use="yes")
        assert agent(desk, "Ana").memberships[0].ring_in_use


async def test_a_static_member_is_not_logged_out_and_why_is_said(scene: Scene) -> None:
    async with desk_on(scene.lab) as desk:
        await shows(desk, knows("Vera Static"))
        with pytest.raises(UsageProblem, match="static member of vip"):
            await desk.do("agent.logout", "Vera Static")


async def test_a_text_reaches_a_phone_in_a_call(scene: Scene) -> None:
    async with desk_on(scene.lab) as desk:
        await talking(desk, scene)
        await desk.do("agent.message", "Ana", text="Please close the case.")


async def test_hang_up(scene: Scene) -> None:
    async with desk_on(scene.lab) as desk:
        call = await talking(desk, scene)
        await desk.do("call.hangup", call.call_id)
        assert call.call_id not in desk.board.calls


async def test_blind_transfer_of_a_talking_call_is_logged_as_one(scene: Scene) -> None:
    async with desk_on(scene.lab) as desk:
        call = await talking(desk, scene)
        await desk.do("call.transfer", call.call_id, to="1004")
        lines = await asyncio.to_thread(scene.lab.queue_log_lines)
        assert any("|BLINDTRANSFER|1004|" in line for line in lines)


@pytest.mark.parametrize(
    ("action", "arguments"),
    [("call.transfer", {"to": "4711999"}), ("call.pull", {"to": "4711999"}), ("call.move", {"queue": "UPPER"})],
)
async def test_nobody_is_sent_to_nowhere(scene22: Scene, action: str, arguments: dict[str, Any]) -> None:
    async with desk_on(scene22.lab) as desk:
        call = await waiting(desk, scene22)
        with pytest.raises(UsageProblem):
            await desk.do(action, call.call_id, **arguments)
        await asyncio.sleep(0.3)
        assert desk.board.calls[call.call_id].queue == "sales"


async def test_pull_a_waiting_caller(scene: Scene) -> None:
    async with desk_on(scene.lab) as desk:
        call = await waiting(desk, scene)
        outcome = await desk.do("call.pull", call.call_id, to="PJSIP/9002")
        assert outcome.data["withdrawn"] == call.call_id
        await shows(desk, lambda board: call.call_id not in board.calls or board.calls[call.call_id].queue is None)
        assert desk.board.queues["sales"].waiting == 0


async def test_move_a_waiting_caller_to_another_queue(scene: Scene) -> None:
    async with desk_on(scene.lab) as desk:
        call = await waiting(desk, scene)
        await desk.do("call.move", call.call_id, queue="SUPPORT")
        assert desk.board.calls[call.call_id].queue == "support"
        assert desk.board.queues["support"].waiting == 1
        again = await desk.do("call.move", call.call_id, queue="support")
        assert again.data["changed"] is False


async def test_priority_puts_a_caller_first(scene: Scene) -> None:
    async with desk_on(scene.lab) as desk:
        await waiting(desk, scene, number="5550001")
        second = await waiting(desk, scene, number="5550002")
        outcome = await desk.do("call.priority", second.call_id, priority=10)
        newer = scene.lab.version.startswith("22")
        assert outcome.data["position"] == (1 if newer else 2)
        third = await waiting(desk, scene, number="5550003")
        await desk.do("call.priority", third.call_id, priority=20)
        if newer:
            await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana")
            await in_call(desk, "Ana")
            assert agent(desk, "Ana").call_id == third.call_id


async def test_park_and_fetch(scene: Scene) -> None:
    async with desk_on(scene.lab) as desk:
        call = await talking(desk, scene)
        outcome = await desk.do("call.park", call.call_id)
        space = outcome.data["space"]
        assert space
        await desk.do("parked.fetch", str(space), to="9002")
        assert not desk.board.parked


async def test_recording_needs_a_right_that_the_recommended_user_lacks_and_works_with_it(scene: Scene) -> None:
    async with desk_on(scene.lab, "ops") as desk:
        call = await talking(desk, scene)
        outcome = await desk.do("call.record", call.call_id)
        files = scene.lab.pbx.home / "spool/monitor"
        end = asyncio.get_running_loop().time() + 5
        while not (files / outcome.data["file"]).exists():
            assert asyncio.get_running_loop().time() < end, sorted(files.rglob("*"))
            await asyncio.sleep(0.05)
        await desk.do("call.unrecord", call.call_id)


async def test_call_out_from_a_phone(scene: Scene) -> None:
    async with desk_on(scene.lab) as desk:
        await desk.do("call.dial", phone="1002", number="1003")
        await shows(desk, lambda board: any(row.queue is None for row in board.calls.values()))
        with pytest.raises(ActionRefused):
            await desk.do("call.dial", phone="1401", number="1003")


async def test_a_text_reaches_an_idle_phone_where_the_manager_user_may_send_one(scene22: Scene) -> None:
    await asyncio.to_thread(scene22.add_member, "sales", "1001", "Ana")
    async with desk_on(scene22.lab, "ops") as desk:
        await shows(desk, knows("Ana"))
        await desk.do("agent.message", "Ana", text="Meeting at three")
        end = asyncio.get_running_loop().time() + 5
        while await asyncio.to_thread(scene22.phones.text, "1001") != "Meeting at three":
            assert asyncio.get_running_loop().time() < end
            await asyncio.sleep(0.05)
    async with desk_on(scene22.lab) as desk:
        await shows(desk, knows("Ana"))
        with pytest.raises(PermissionRefused, match="Add message to"):
            await desk.do("agent.message", "Ana", text="Meeting at three")
