"""Roles through the socket: who may do what on whom, what is sent to whom at all, and what stands in the audit."""

import asyncio
import grp
import json
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from ccops.board import AgentState
from ccops.desk.roles import Person, Rights
from ccops.errors import LinkError, NotFound, PermissionRefused, UsageProblem
from tests.daemons import ME, NOBODY, Desk, Served, as_root, live, served, shows, talking, until


def role(name: str, actions: Sequence[str] = ("*",), *, users: Sequence[str] = (ME,), **more: object) -> str:
    """Return a role as TOML."""
    values = {"users": list(users), "actions": list(actions), **more}
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([f"[roles.{name}]", *lines, ""])


def last(door: Served) -> tuple[str, str, str]:
    row = door.audited()[-1]
    return row["who"], row["action"], row["result"]


async def behind(desk: Desk, door: Served) -> None:
    """Wait until the desk has heard all that the daemon had to say so far."""
    with pytest.raises(NotFound):
        await desk.do("no.such.action")


# --- who it is ---


def a_group() -> grp.struct_group:
    return next(item for item in grp.getgrall() if item.gr_gid not in (0, NOBODY) and not item.gr_mem)


@as_root
@pytest.mark.parametrize("way", ["user", "primary group", "group", "number"])
async def test_a_role_comes_by_user_or_by_group_as_the_kernel_knows_them(way: str) -> None:
    group = a_group()
    named = {
        "user": role("r", users=["nobody"]),
        "number": role("r", users=["uid54321"]),
        "group": role("r", users=[], groups=[group.gr_name]),
        "primary group": role("r", users=[], groups=[group.gr_name]),
    }[way]
    uid = 54321 if way == "number" else NOBODY
    gid = group.gr_gid if way == "primary group" else NOBODY
    async with served(named) as (_sim, door):
        with pytest.raises(PermissionRefused, match="uid54322 has no role here"):
            await Desk(door.place, door.connect(54322, NOBODY)).open()
        groups = [group.gr_gid] if way == "group" else []
        async with door.desk(door.connect(uid, gid, groups)) as desk:
            assert desk.hello["roles"] == ["r"]
            assert desk.hello["person"] == ("uid54321" if way == "number" else "nobody")
            outcome = await desk.do("agent.pause", "Ben", reason="x")
            assert outcome.ok
            assert last(door) == (desk.hello["person"], "agent.pause", "done")
            assert door.audited()[-1]["origin"].startswith("socket pid ")


async def test_who_runs_the_daemon_may_do_all_unless_a_role_names_them() -> None:
    async with served() as (_sim, door), door.desk() as desk:
        assert (desk.read_only, desk.hello["roles"]) == (False, [])
        assert (await desk.do("agent.pause", "Ben")).ok
    async with served(role("look", [])) as (_sim, door), door.desk() as desk:
        assert (desk.read_only, desk.hello["roles"]) == (True, ["look"])
        with pytest.raises(PermissionRefused, match=r"Your roles \(look\) do not include agent\.pause"):
            await desk.do("agent.pause", "Ben")


# --- doing ---


async def test_what_no_role_grants_is_refused_before_anything_goes_out_and_audited() -> None:
    async with served(role("r", ["agent.*"])) as (sim, door), door.desk() as desk:
        await live(desk)
        await talking(sim, desk)
        heard = sim.tap()
        with pytest.raises(PermissionRefused, match="do not include listen"):
            await desk.do("listen", "Ana 王芳", reason="curious")
        row = door.audited()[-1]
        assert (row["who"], row["action"], row["target"], row["result"]) == (ME, "listen", "Ana 王芳", "denied")
        assert (row["reason"], row["detail"]) == ("curious", "Your roles (r) do not include listen.")
        assert not any("9001" in event for event in heard)
        assert "listen" not in desk.offers("agent")
        assert "agent.pause" in desk.offers("agent")


async def test_dry_runs_are_checked_and_not_audited() -> None:
    async with served(role("r", ["agent.pause"])) as (_sim, door), door.desk() as desk:
        outcome = await desk.do("agent.pause", "Ben", dry_run=True)
        assert outcome.sent[0]["Action"] == "QueuePause"
        with pytest.raises(PermissionRefused):
            await desk.do("agent.unpause", "Ben", dry_run=True)
        assert not door.store.exists() or door.audited() == []


async def test_a_reason_can_be_demanded() -> None:
    async with served(role("r", reason_required=["agent.p*"])) as (_sim, door), door.desk() as desk:
        with pytest.raises(UsageProblem, match="needs a reason"):
            await desk.do("agent.penalty", "Ben", penalty=3)
        assert last(door) == (ME, "agent.penalty", "refused")
        await desk.do("agent.penalty", "Ben", penalty=3, reason="slow today")
        assert door.audited()[-1]["reason"] == "slow today"


async def test_who_is_spared_is_not_listened_to_nor_recorded() -> None:
    async with served(role("r", no_listen=["Ana*"])) as (sim, door), door.desk() as desk:
        call = await talking(sim, desk)
        for action, target in (("listen", "Ana 王芳"), ("takeover", "1001"), ("call.record", call)):
            with pytest.raises(PermissionRefused, match="may not be listened to"):
                await desk.do(action, target)
            assert last(door) == (ME, action, "denied")


async def test_who_may_listen_may_stop_their_own_leg_and_nobody_elses() -> None:
    async with served(role("r", ["listen"], queues=["sales"])) as (sim, door), door.desk() as desk:
        await talking(sim, desk)
        mine = await desk.do("listen", "Ana 王芳")
        assert (await desk.do("supervision.stop", mine.data["supervision_id"])).data["changed"]
        ben = Person("ben", 4711)
        theirs = await door.local.do_as(ben, Rights({}, everything=True), "listen", "Ana 王芳", {})
        with pytest.raises(PermissionRefused, match=r"do not include supervision\.stop"):
            await desk.do("supervision.stop", theirs.data["supervision_id"])
        assert theirs.data["supervision_id"] in door.local.board.supervisions


# --- queues and agents ---


async def test_nothing_of_other_queues_is_sent_at_all() -> None:
    async with served(role("r", queues=["sales"])) as (sim, door), door.desk() as desk:
        await live(desk)
        assert set(desk.board.queues) == {"sales"}
        assert {row.agent for row in desk.board.agents.values()} == {"Ana 王芳", "Cho"}
        await talking(sim, door.local, "support", "5550002", "Hidden Hannah")
        await door.local.do("listen", "Ben")
        await door.local.do("call.hangup", "5550002")
        await talking(sim, desk, "sales", "5550003", "Seen Sam")
        await behind(desk, door)
        assert b"Seen Sam" in desk.heard
        for secret in (b"Hannah", b"5550002", b"Ben", b"1002"):
            assert secret not in desk.heard, secret


async def test_a_row_that_moves_into_sight_appears_and_one_that_leaves_goes() -> None:
    async with served(role("r", queues=["sales"])) as (_sim, door), door.desk() as desk:
        await live(desk)
        await door.local.do("agent.login", "Ben", queue="sales")
        await shows(desk, lambda board: any(row.agent == "Ben" for row in board.agents.values()), "Ben sells now")
        await door.local.do("agent.logout", "Ben", queue="sales")
        await shows(desk, lambda board: all(row.agent != "Ben" for row in board.agents.values()), "Ben is gone")
        assert [change.row for change in desk.changes if change.key == "PJSIP/1002"][-1] is None
        await door.local.do("agent.pause", "Ben")
        before = desk.heard
        await behind(desk, door)
        assert b"1002" not in desk.heard.removeprefix(before)


async def test_an_agent_of_two_queues_is_seen_but_not_with_a_caller_of_the_other() -> None:
    async with served(role("r", queues=["sales"])) as (sim, door), door.desk() as desk:
        await live(desk)
        await door.local.do("agent.pause", "Ben")
        await talking(sim, door.local, "support", "5550002", "Hidden Hannah")
        await shows(
            desk, lambda board: any(row.state is AgentState.TALKING for row in board.agents.values()), "Cho talks"
        )
        (cho,) = (row for row in desk.board.agents.values() if row.agent == "Cho")
        assert (cho.state, cho.caller_number, cho.call_id, cho.channel, cho.queue) == ("talking", *[None] * 4)
        with pytest.raises(PermissionRefused, match="do not reach support"):
            await desk.do("listen", "Cho")
        assert last(door) == (ME, "listen", "denied")
        assert b"5550002" not in desk.heard
        leg = await door.local.do("listen", "Cho")
        await behind(desk, door)
        assert not desk.board.supervisions
        assert leg.data["supervision_id"].encode() not in desk.heard


async def test_what_touches_all_queues_of_an_agent_needs_all_of_them() -> None:
    async with served(role("r", queues=["sales"])) as (_sim, door), door.desk() as desk:
        with pytest.raises(PermissionRefused, match=r"do not reach support.*--queue"):
            await desk.do("agent.pause", "Cho")
        assert (await desk.do("agent.pause", "Cho", queue="sales")).ok
        (cho,) = (row for row in door.local.board.agents.values() if row.agent == "Cho")
        assert {item.queue: item.paused for item in cho.memberships} == {"sales": True, "support": False}


@pytest.mark.parametrize("queue", ["support", "SUPPORT", "Sales hotline", "sales HOTLINE"])
async def test_a_queue_goes_by_its_name_whatever_it_is_called(queue: str) -> None:
    """A title that looks like one of the role's queues must not open another one."""
    title = '[queues.support]\ntitle = "Sales hotline"\n'
    async with served(role("r", queues=["sales*"]) + title) as (sim, door), door.desk() as desk:
        call = await talking(sim, desk)
        for action, target in (("agent.login", "Ana 王芳"), ("call.move", call)):
            with pytest.raises((PermissionRefused, NotFound)):
                await desk.do(action, target, queue=queue)
        (ana,) = (row for row in door.local.board.agents.values() if row.agent == "Ana 王芳")
        assert ana.queues == ("sales",)


async def test_a_target_out_of_sight_is_refused_by_name_and_never_suggested() -> None:
    async with served(role("r", queues=["sales"])) as (_sim, door), door.desk() as desk:
        with pytest.raises(PermissionRefused, match="do not reach Ben"):
            await desk.do("agent.penalty", "Ben", penalty=1)
        assert last(door) == (ME, "agent.penalty", "denied")
        with pytest.raises(NotFound) as near:
            await desk.do("agent.penalty", "Benn", penalty=1)
        assert "Ben?" not in str(near.value)
        with pytest.raises(PermissionRefused, match="do not reach support"):
            await desk.do("agent.login", "Ana 王芳", queue="support")


async def test_agents_are_named_by_name_interface_or_number() -> None:
    for pattern in ("Ana*", "PJSIP/1001", "1001"):
        async with served(role("r", agents=[pattern])) as (_sim, _door), _door.desk() as desk:
            await live(desk)
            assert {row.agent for row in desk.board.agents.values()} == {"Ana 王芳"}


# --- numbers ---


async def test_masked_numbers_are_never_on_the_wire() -> None:
    async with served(role("r", mask_numbers=True)) as (sim, door), door.desk() as desk:
        await live(desk)
        await talking(sim, desk, number="5550001", name="+49 (55) 50001")
        sim.call_in("sales", "5550002", "5550002")
        waiting = sim.call_in("sales", "5550003", "")
        await shows(desk, lambda board: len(board.calls) == 3, "three calls")
        assert (await desk.do("listen", "Ana 王芳")).ok
        for target in ("555000", "5550003", "5550002"):
            with pytest.raises(UsageProblem):
                await desk.do("call.hangup", target)
        await desk.do("call.pull", waiting, to="PJSIP/9002", dry_run=True)
        outcome = await desk.do("call.hangup", waiting)
        assert "555••••" in outcome.message
        await until(lambda: desk.board.ended, "it is among the ended")
        assert desk.board.ended[waiting].caller_number == "555••••"
        await behind(desk, door)
        assert b"50001" not in desk.heard
        # Only as the words that this client itself had asked for.
        assert (desk.heard.count(b"5550002"), desk.heard.count(b"5550003")) == (1, 1)
        assert {call["caller_number"] for call in seen_by_others(door)} >= {"5550001", "5550002"}


def seen_by_others(door: Served) -> list[dict[str, str | None]]:
    return [{"caller_number": row.caller_number} for row in door.local.board.calls.values()]


async def test_numbers_are_shown_by_a_role_only_where_that_role_reaches() -> None:
    roles = role("a", queues=["sales"], mask_numbers=True) + role("b", [], queues=["support"])
    async with served(roles) as (sim, door), door.desk() as desk:
        await live(desk)
        await talking(sim, desk, "sales", "5550001")
        await talking(sim, desk, "support", "5550002")
        numbers = {row.agent: row.caller_number for row in desk.board.agents.values()}
        assert numbers == {"Ana 王芳": "555••••", "Ben": "5550002", "Cho": None}
        assert b"5550001" not in desk.heard


# --- many ---


@as_root
async def test_people_of_one_role_and_of_several_see_each_their_own() -> None:
    roles = role("sell", queues=["sales"]) + role("help", users=["nobody"], queues=["support"])
    async with served(roles) as (sim, door), door.desk() as one, door.desk() as two, AsyncExitStack() as stack:
        three = await stack.enter_async_context(door.desk(door.connect(NOBODY, NOBODY)))
        desks = (one, two, three)
        for desk in desks:
            await live(desk)
        await talking(sim, one, "sales", "5550001")
        await talking(sim, three, "support", "5550002")
        await asyncio.gather(*(behind(desk, door) for desk in desks))
        assert one.board == two.board
        assert set(three.board.queues) == {"support"}
        assert b"5550002" not in one.heard + two.heard
        assert b"5550001" not in three.heard


@as_root
async def test_one_user_cannot_take_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccops.desk.daemon.server.MOST_OF_ONE", 2)
    async with served(role("r", users=["nobody"])) as (_sim, door):
        async with door.desk(door.connect(NOBODY, NOBODY)), door.desk(door.connect(NOBODY, NOBODY)):
            with pytest.raises(LinkError, match="2 clients of nobody already"):
                await Desk(door.place, door.connect(NOBODY, NOBODY)).open()
            async with door.desk() as mine:
                assert mine.hello["person"] == ME
        await until(lambda: not door.server._sessions)
        async with door.desk(door.connect(NOBODY, NOBODY)) as again:
            assert again.board.agents


def test_the_tests_know_who_they_are() -> None:
    assert os.getuid() != NOBODY
