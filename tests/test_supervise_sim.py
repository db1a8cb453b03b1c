"""The scenarios of supervision on the simulated PBX: the same outcomes as on the real one, without its seconds."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ccops.board import AgentState
from ccops.desk.local import LocalDesk
from ccops.desk.roles import Person
from ccops.errors import ActionRefused, CcopsError, LinkError, PermissionRefused, UsageProblem
from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from ccops.settings import Secret, Settings
from ccops.settings.model import Actions, Ami, Supervisor
from tests.supervising import MemoryAudit, in_call, shows

PLAN = CentrePlan(
    queues=[QueuePlan("sales"), QueuePlan("support")],
    agents=[
        AgentPlan("1001", "Ana", "dynamic", (("sales", 0),)),
        AgentPlan("1002", "Ben", "freepbx", (("support", 0),)),
        AgentPlan("1003", "Chi", "hint", (("support", 1),)),
    ],
)


@contextlib.asynccontextmanager
async def centre(version: str = "22") -> AsyncIterator[SimPbx]:
    sim = SimPbx(PLAN, version=version, quiet=True, speed=4.0)
    sim.add_user("least", "least", "system,call,agent", "call,agent,originate,reporting")
    sim.add_user("watch", "watch", "system,call,agent", "reporting")
    async with sim:
        yield sim


@contextlib.asynccontextmanager
async def desk_on(
    sim: SimPbx, user: str = "least", *, name: str = "anna", phone: str = "PJSIP/9001"
) -> AsyncIterator[LocalDesk]:
    ami = Ami(host=sim.host, port=sim.port, username=user, secret=Secret(user))
    actions = Actions(transfer_context="internal", queue_context="queues", ring_timeout=4)
    settings = Settings(ami=ami, supervisor=Supervisor(phone=phone), actions=actions)
    desk = LocalDesk(settings, audit=MemoryAudit(), person=Person(name, 1000, (), "test"))
    await desk.run()
    try:
        await shows(desk, lambda board: board.link.state == "live")
        yield desk
    finally:
        await desk.close()


async def talking(sim: SimPbx, desk: LocalDesk, agent: str = "Ana") -> str:
    """Have the agent talk to a caller; return the caller's uniqueid."""
    queue = "sales" if agent == "Ana" else "support"
    caller = sim.call_in(queue, "5550001", "Zoë")
    await in_call(desk, agent)
    return caller


def audit_of(desk: LocalDesk) -> list[dict[str, Any]]:
    assert isinstance(desk.audit, MemoryAudit)
    return desk.audit.rows


@pytest.mark.parametrize("version", ["22", "16"])
@pytest.mark.parametrize("agent", ["Ana", "Ben"])
async def test_one_leg_through_all_modes_to_the_takeover(version: str, agent: str) -> None:
    async with centre(version) as sim, desk_on(sim) as desk:
        caller = await talking(sim, desk, agent)
        ids = set()
        for mode in ("listen", "whisper", "private", "barge", "listen", "takeover"):
            outcome = await desk.do(mode, agent)
            assert outcome.data["mode"] == mode
            assert outcome.data["call_id"] == caller
            ids.add(outcome.data["supervision_id"])
        assert len(ids) == 1
        await shows(desk, lambda board: all(row.state is not AgentState.TALKING for row in board.agents.values()))
        sim.hang_up(caller)
        await shows(desk, lambda board: not board.supervisions)
        assert [row["result"] for row in audit_of(desk)] == ["done"] * 6


async def test_each_mode_from_a_desk_of_its_own_as_commands_do_finds_the_leg_again() -> None:
    async with centre() as sim:
        async with desk_on(sim) as desk:
            await talking(sim, desk)
        ids: set[str] = set()
        for mode in ("listen", "whisper", "private", "barge", "takeover"):
            async with desk_on(sim) as desk:
                if ids:
                    await shows(desk, lambda board: bool(board.supervisions))
                ids.add((await desk.do(mode, "Ana")).data["supervision_id"])
        assert len(ids) == 1
        async with desk_on(sim) as desk:
            await shows(desk, lambda board: all(row.channel is None for row in board.agents.values()))


@pytest.mark.parametrize(("behaviour", "said"), [("busy", "busy"), ("reject", "reject"), ("ring", "did not answer")])
async def test_a_phone_that_does_not_take_the_call_is_told_and_nothing_is_left(behaviour: Any, said: str) -> None:
    async with centre() as sim, desk_on(sim) as desk:
        await talking(sim, desk)
        sim.phone_behaviour("PJSIP/9001", behaviour)
        with pytest.raises(ActionRefused, match=said):
            await desk.do("listen", "Ana")
        assert not desk.board.supervisions
        assert not any("9001" in name for name in sim.truth.channels())
        assert audit_of(desk)[-1]["result"] == "failed"


async def test_the_call_ends_while_the_phone_rings() -> None:
    async with centre() as sim, desk_on(sim) as desk:
        caller = await talking(sim, desk)
        sim.phone_behaviour("PJSIP/9001", 1.0)
        listening = asyncio.create_task(desk.do("listen", "Ana"))
        await shows(desk, lambda board: any(row.state == "ringing" for row in board.supervisions.values()))
        sim.hang_up(caller)
        with pytest.raises(ActionRefused, match="ended before your phone answered"):
            await listening


async def test_the_leg_ends_with_the_call_and_does_not_follow_into_the_next() -> None:
    async with centre() as sim, desk_on(sim) as desk:
        caller = await talking(sim, desk)
        await desk.do("listen", "Ana")
        sim.hang_up(caller)
        await shows(desk, lambda board: not board.supervisions and not board.calls)
        await talking(sim, desk)
        assert not desk.board.supervisions


async def test_one_speaker_a_call_and_any_number_of_listeners() -> None:
    async with centre() as sim, desk_on(sim) as anna, desk_on(sim, name="ben") as ben:
        await talking(sim, anna)
        await in_call(ben, "Ana")
        await anna.do("whisper", "Ana")
        with pytest.raises(ActionRefused, match="anna"):
            await ben.do("whisper", "Ana", phone="9002")
        assert (await ben.do("listen", "Ana", phone="9002")).ok
        with pytest.raises(ActionRefused, match=r"in use: anna"):
            await ben.do("listen", "Ana", phone="9001")


async def test_a_phone_is_named_once_a_running_leg_is_switched_without() -> None:
    async with centre() as sim, desk_on(sim, phone="") as desk:
        await talking(sim, desk)
        with pytest.raises(UsageProblem, match="No phone to ring"):
            await desk.do("listen", "Ana")
        first = await desk.do("listen", "Ana", phone="PJSIP/9001")
        second = await desk.do("whisper", "Ana")
        assert second.data["supervision_id"] == first.data["supervision_id"]
        assert second.data["phone"] == "PJSIP/9001"


async def test_going_to_another_agent_ends_the_leg_on_the_first() -> None:
    async with centre() as sim, desk_on(sim) as desk:
        await talking(sim, desk)
        await talking(sim, desk, "Ben")
        first = await desk.do("listen", "Ana")
        second = await desk.do("whisper", "Ben")
        assert set(desk.board.supervisions) == {second.data["supervision_id"]}
        assert first.data["supervision_id"] != second.data["supervision_id"]


async def test_a_restart_of_the_pbx_ends_every_leg_and_a_lost_link_does_not() -> None:
    async with centre() as sim, desk_on(sim) as desk:
        await talking(sim, desk)
        outcome = await desk.do("barge", "Ana")
        sim.drop_clients()
        await shows(desk, lambda board: board.link.state != "live")
        await shows(desk, lambda board: board.link.state == "live")
        assert set(desk.board.supervisions) == {outcome.data["supervision_id"]}
        await desk.do("whisper", "Ana")
        await sim.restart()
        await shows(desk, lambda board: board.link.state == "live" and not board.supervisions, 20)


async def test_a_link_that_is_lost_in_the_middle_is_said_and_nothing_is_sent_twice() -> None:
    async with centre() as sim, desk_on(sim) as desk:
        await talking(sim, desk)
        sim.phone_behaviour("PJSIP/9001", 3.0)
        listening = asyncio.create_task(desk.do("listen", "Ana"))
        await shows(desk, lambda board: any(row.state == "ringing" for row in board.supervisions.values()))
        sim.drop_clients()
        with pytest.raises(LinkError):
            await listening
        assert audit_of(desk)[-1]["result"] == "unknown"
        await shows(desk, lambda board: board.link.state == "live")
        assert sum("9001" in name for name in sim.truth.channels()) <= 1


async def test_a_manager_user_without_the_right_is_told_which() -> None:
    async with centre() as sim, desk_on(sim, "watch") as desk:
        await talking(sim, desk)
        with pytest.raises(PermissionRefused, match="Add originate to"):
            await desk.do("listen", "Ana")
        with pytest.raises(PermissionRefused, match="Add agent to"):
            await desk.do("agent.pause", "Ana")
        assert [row["result"] for row in audit_of(desk)] == ["denied", "denied"]


async def test_after_a_takeover_stopping_would_cut_the_caller_off_and_is_refused() -> None:
    async with centre() as sim, desk_on(sim) as desk:
        caller = await talking(sim, desk)
        outcome = await desk.do("takeover", "Ana")
        with pytest.raises(UsageProblem, match="cut them off"):
            await desk.do("supervision.stop", outcome.data["supervision_id"])
        await desk.do("call.hangup", caller)
        await shows(desk, lambda board: not board.supervisions)


async def test_a_read_only_desk_refuses_everything_before_it_reaches_the_pbx() -> None:
    async with centre() as sim:
        settings = Settings(ami=Ami(host=sim.host, port=sim.port, username="least", secret=Secret("least")))
        desk = LocalDesk(settings, read_only=True, audit=MemoryAudit())
        await desk.start()
        try:
            assert not desk.offers("agent")
            for action in desk.table:
                with pytest.raises(CcopsError, match="read-only"):
                    await desk.do(action.name, "Ana")
        finally:
            await desk.close()


async def test_every_action_on_calls_and_agents_is_obeyed() -> None:
    async with centre() as sim, desk_on(sim) as desk:
        await desk.do("agent.pause", "Ana", pause_reason="lunch")
        first = sim.call_in("sales", "5550001")
        second = sim.call_in("sales", "5550002")
        await shows(desk, lambda board: board.queues["sales"].waiting == 2)
        assert (await desk.do("call.priority", second, priority=5)).data["position"] == 1
        await desk.do("call.move", first, queue="support")
        await desk.do("call.pull", second, to="9002")
        await desk.do("agent.penalty", "Ana", penalty=4)
        await desk.do("agent.unpause", "Ana")
        third = await talking(sim, desk)
        await desk.do("agent.message", "Ana", text="Well done")
        await desk.do("call.park", third)
        await desk.do("parked.fetch", desk.board.parked[third].space, to="9001")
        fourth = await talking(sim, desk)
        await desk.do("call.transfer", fourth, to="1003")
        await desk.do("agent.login", "9002", queue="sales", name="Eve")
        await desk.do("agent.logout", "Eve")
        await desk.do("call.hangup", first)
        assert {row["result"] for row in audit_of(desk)} == {"done"}


async def test_a_pulled_caller_is_no_abandon_in_todays_figures_and_one_who_gives_up_is() -> None:
    async with centre() as sim, desk_on(sim) as desk:
        await desk.do("agent.pause", "Ana", pause_reason="lunch")
        pulled, lost = sim.call_in("sales", "5550001"), sim.call_in("sales", "5550002")
        await shows(desk, lambda board: board.queues["sales"].waiting == 2)
        await desk.do("call.pull", pulled, to="9002")
        sim.hang_up(lost)
        await shows(desk, lambda board: board.queues["sales"].today.offered == 1)
        assert desk.board.queues["sales"].today.abandoned == 1
