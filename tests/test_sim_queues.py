"""How queues of the simulated PBX choose members and callers: strategies, penalties, wrap-up, limits, ways out."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from tests.sim_client import Client

PHONES = ("1001", "1002", "1003")


def centre(strategy: str = "rrmemory", penalties: tuple[int, ...] = (0, 0, 0), **queue: object) -> CentrePlan:
    """One queue with three agents."""
    plan = QueuePlan("sales", strategy=strategy, **queue)  # type: ignore[arg-type]
    agents = [
        AgentPlan(number, f"Agent {number}", queues=(("sales", penalty),))
        for number, penalty in zip(PHONES, penalties, strict=True)
    ]
    return CentrePlan([plan], agents)


async def served(sim: SimPbx, client: Client, calls: int, pause: float = 2.0) -> list[str]:
    """Who answers calls that come one after the other, each ended at once."""
    for number in range(calls):
        caller = sim.call_in("sales", f"555{number}")
        await client.settle(5)
        sim.hang_up(caller)
        await client.settle(pause)
    return [one["Interface"].removeprefix("PJSIP/") for one in client.events("AgentConnect")]


def answer_all(sim: SimPbx) -> None:
    """Every phone is picked up after a second."""
    for phone in PHONES:
        sim.phone_behaviour(phone, 1.0)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("rrmemory", ["1001", "1002", "1003", "1001", "1002"]),
        ("leastrecent", ["1001", "1002", "1003", "1001", "1002"]),
        ("linear", ["1001", "1001", "1001", "1001", "1001"]),
        ("fewestcalls", ["1001", "1002", "1003", "1001", "1002"]),
    ],
)
async def test_strategies_share_calls_in_their_own_way(strategy: str, expected: list[str]) -> None:
    async with SimPbx(centre(strategy), quiet=True, speed=0) as sim, Client(sim) as client:
        answer_all(sim)
        assert await served(sim, client, 5) == expected


async def test_ringall_rings_everybody_and_the_first_to_answer_has_the_call() -> None:
    async with SimPbx(centre("ringall"), quiet=True, speed=0) as sim, Client(sim) as client:
        for phone, seconds in zip(PHONES, (3.0, 1.0, 2.0), strict=True):
            sim.phone_behaviour(phone, seconds)
        sim.call_in("sales", "1")
        await client.settle(5)
        assert {one["Interface"] for one in client.events("AgentCalled")} == {f"PJSIP/{phone}" for phone in PHONES}
        assert [one["Interface"] for one in client.events("AgentConnect")] == ["PJSIP/1002"]
        lost = [one for one in client.events("Hangup") if one["Cause"] == "26"]
        assert {one["Channel"].split("-")[0] for one in lost} == {"PJSIP/1001", "PJSIP/1003"}


async def test_a_higher_penalty_is_rung_only_when_the_lower_ones_cannot() -> None:
    plan = centre("rrmemory", (5, 0, 5))
    async with SimPbx(plan, quiet=True, speed=0) as sim, Client(sim) as client:
        answer_all(sim)
        assert await served(sim, client, 3) == ["1002", "1002", "1002"]
        await client.act("QueuePause", Interface="PJSIP/1002", Paused="true")
        assert set((await served(sim, client, 2))[3:]) <= {"1001", "1003"}


async def test_nobody_is_rung_during_wrap_up() -> None:
    async with SimPbx(centre("linear", wrap_up=30), quiet=True, speed=0) as sim, Client(sim) as client:
        answer_all(sim)
        assert await served(sim, client, 3, pause=1.0) == ["1001", "1002", "1003"]
        sim.call_in("sales", "9")
        await client.settle(10)
        assert len(client.events("AgentConnect")) == 3
        await client.settle(30)
        assert [one["Interface"] for one in client.events("AgentConnect")][3:] == ["PJSIP/1001"]


async def test_a_member_in_a_call_of_its_own_is_not_rung_unless_the_queue_says_so() -> None:
    for ring_in_use, rung in ((False, False), (True, True)):
        plan = centre("linear", ring_in_use=ring_in_use)
        async with SimPbx(plan, quiet=True, speed=0) as sim, Client(sim) as client:
            answer_all(sim)
            sim.phone_behaviour("9001", 1.0)
            sim.dial("1001", "9001")
            await client.settle(3)
            sim.call_in("sales", "1")
            await client.settle(3)
            assert (client.last("AgentConnect")["Interface"] == "PJSIP/1001") is rung


async def test_a_phone_that_is_not_picked_up_is_given_up_and_the_next_one_rung() -> None:
    plan = centre("linear", ring_timeout=8, retry=2)
    async with SimPbx(plan, quiet=True, speed=0) as sim, Client(sim) as client:
        answer_all(sim)
        sim.phone_behaviour("1001", "ring")
        sim.call_in("sales", "1")
        await client.settle(8.5)
        assert client.last("AgentRingNoAnswer")["RingTime"] in ("8000", "7000")
        await client.settle(4)
        assert client.last("AgentConnect")["Interface"] == "PJSIP/1002"


async def test_a_refusal_goes_to_the_next_member_at_once() -> None:
    async with SimPbx(centre("linear"), quiet=True, speed=0) as sim, Client(sim) as client:
        answer_all(sim)
        sim.phone_behaviour("1001", "reject")
        sim.call_in("sales", "1")
        await client.settle(2)
        assert client.last("AgentConnect")["Interface"] == "PJSIP/1002"


async def test_the_oldest_caller_of_the_highest_priority_is_served_first() -> None:
    async with SimPbx(centre(), quiet=True, speed=0) as sim, Client(sim) as client:
        await client.act("QueuePause", Interface="PJSIP/1001", Paused="true")
        for phone in PHONES[1:]:
            await client.act("QueueRemove", Queue="sales", Interface=f"PJSIP/{phone}")
        ids = [sim.call_in("sales", str(number)) for number in range(3)]
        await client.settle(2)
        urgent = sim.truth.channels()[ids[2]]
        await client.act("QueueChangePriorityCaller", Queue="sales", Caller=urgent, Priority=9, Immediate="yes")
        waiting = sim.truth.queue("sales").waiting
        assert [one.uniqueid for one in waiting] == [ids[2], ids[0], ids[1]]
        sim.phone_behaviour("1001", 0.5)
        await client.act("QueuePause", Interface="PJSIP/1001", Paused="false")
        await client.settle(5)
        assert client.last("AgentConnect")["Uniqueid"] == ids[2]


async def test_several_free_members_serve_several_callers_at_once() -> None:
    async with SimPbx(centre(), quiet=True, speed=0) as sim, Client(sim) as client:
        answer_all(sim)
        for number in range(5):
            sim.call_in("sales", str(number))
        await client.settle(5)
        assert len({one["Interface"] for one in client.events("AgentConnect")}) == 3
        assert len(sim.truth.queue("sales").waiting) == 2


async def test_a_full_queue_takes_nobody() -> None:
    async with SimPbx(centre(max_length=2), quiet=True, speed=0) as sim, Client(sim) as client:
        for phone in PHONES:
            await client.act("QueuePause", Interface=f"PJSIP/{phone}", Paused="true")
        for number in range(4):
            sim.call_in("sales", str(number))
            await client.settle(1)
        assert len(client.events("QueueCallerJoin")) == 2
        assert len(sim.truth.queue("sales").waiting) == 2


async def test_nobody_waits_where_nobody_could_answer_if_the_queue_says_so(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    plan = centre(join_empty=frozenset({"paused", "unavailable"}), leave_empty=frozenset({"paused"}))
    async with SimPbx(plan, quiet=True, speed=0, queue_log=log) as sim, Client(sim) as client:
        for phone in PHONES[1:]:
            await client.act("QueuePause", Interface=f"PJSIP/{phone}", Paused="true")
        sim.phone_behaviour("1001", "ring")
        waits = sim.call_in("sales", "1")
        await client.settle(2)
        await client.act("QueuePause", Interface="PJSIP/1001", Paused="true")
        await client.settle(20)
        sim.call_in("sales", "2")
        await client.settle(2)
        assert [one["Uniqueid"] for one in client.events("QueueCallerJoin")] == [waits]
        assert sim.truth.queue("sales").waiting == ()
    assert "EXITEMPTY" in log.read_text("utf-8")


async def test_callers_leave_by_key_by_time_and_by_order(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    plan = centre(exit_context="sales-exit", wait_timeout=30)
    async with SimPbx(plan, quiet=True, speed=0, queue_log=log) as sim, Client(sim) as client:
        for phone in PHONES:
            await client.act("QueuePause", Interface=f"PJSIP/{phone}", Paused="true")
        by_key, by_order, by_time = (sim.call_in("sales", number) for number in "123")
        await client.settle(5)
        sim.press_key(by_key, "1")
        name = sim.truth.channels()[by_order]
        await client.act("QueueWithdrawCaller", Queue="sales", Caller=name, WithdrawInfo="lead")
        await client.settle(30)
    ends = [line.split("|") for line in log.read_text("utf-8").splitlines()]
    ways = {one[1]: one[4:] for one in ends if one[4] in ("EXITWITHKEY", "WITHDRAW", "EXITWITHTIMEOUT")}
    assert ways == {
        by_key: ["EXITWITHKEY", "1", "1", "1", "5"],
        by_order: ["WITHDRAW", "1", "2", "5", "lead"],
        by_time: ["EXITWITHTIMEOUT", "1", "3", "30"],
    }


@pytest.mark.parametrize("kind", ["dynamic", "static", "freepbx", "hint"])
async def test_members_of_every_kind_take_calls_and_show_their_phone(kind: str) -> None:
    agent = AgentPlan("1001", "Ana", kind, (("sales", 0),))  # type: ignore[arg-type]
    async with SimPbx(CentrePlan([QueuePlan("sales")], [agent]), quiet=True, speed=0) as sim, Client(sim) as client:
        sim.phone_behaviour("1001", 1.0)
        caller = sim.call_in("sales", "1")
        await client.settle(5)
        assert client.last("AgentConnect")["Interface"] == agent.interface
        assert client.last("QueueMemberStatus")["Status"] == "2"
        row = next(one for one in await client.act("QueueStatus", Queue="sales") if one["Event"] == "QueueMember")
        assert (row["Name"], row["Location"], row["StateInterface"]) == ("Ana", agent.interface, agent.state_interface)
        assert row["Membership"] == ("static" if kind == "static" else "dynamic")
        sim.hang_up(caller)
        await client.settle(2)
        assert client.last("QueueMemberStatus")["Status"] == "1"
        assert client.last("AgentComplete")["Reason"] == "caller"
        assert len(sim.truth.channels()) == 0


async def test_figures_of_a_queue_are_counted_and_set_back() -> None:
    async with SimPbx(centre(service_level=20), quiet=True, speed=0) as sim, Client(sim) as client:
        answer_all(sim)
        await served(sim, client, 2)
        for phone in PHONES:
            await client.act("QueuePause", Interface=f"PJSIP/{phone}", Paused="true")
        gone = sim.call_in("sales", "9")
        await client.settle(3)
        sim.hang_up(gone)
        await client.settle(1)

        async def params() -> tuple[str, str, str]:
            rows = await client.act("QueueStatus", Queue="sales")
            row = next(one for one in rows if one["Event"] == "QueueParams")
            return row["Completed"], row["Abandoned"], row["ServicelevelPerf"]

        assert await params() == ("2", "1", "100.0")
        await client.act("QueueReset", Queue="sales")
        assert await params() == ("0", "0", "0.0")
