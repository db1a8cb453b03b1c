"""The daemon as a process: one link for all, starts and ends, kill -9 in the middle of a listen, hangs, systemd."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ccops.desk.daemon import client as client_module
from ccops.errors import LinkError, LinkLost, NotFound
from ccops.store import open_store
from ccops.store.audit import records, verdict
from tests.daemons import Daemon, Desk, live, short_folder, shows, simulated, talking, until, write_config


def audited(daemon: Daemon) -> list[dict[str, Any]]:
    with open_store(daemon.store, read_only=True) as database:
        assert verdict(database).ok
        return list(records(database))


# --- one link ---


async def test_many_desks_and_commands_cost_one_link() -> None:
    async with simulated() as (sim, daemon), daemon.desk() as one, daemon.desk() as two:
        await live(one)
        await live(two)
        uniqueid = await talking(sim, one)
        listed = await daemon.cli("call", "list", "--json")
        assert (listed.code, uniqueid in listed.out) == (0, True)
        assert sim.stats.clients == 1
        assert one.board.agents == two.board.agents
        assert one.board.calls.keys() == {uniqueid}


# --- ends ---


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_daemon_that_is_told_to_stop_leaves_no_socket(number: int) -> None:
    async with simulated() as (sim, daemon), daemon.desk() as desk:
        await live(desk)
        assert await daemon.signal(number) == 0
        assert not daemon.place.exists()
        await until(lambda: desk.board.link.state == "down")
        assert desk.board.agents
        assert sim.stats.clients == 0


async def test_a_desk_comes_back_when_the_daemon_does_and_shows_the_old_board_meanwhile() -> None:
    async with simulated() as (sim, daemon), daemon.desk() as desk:
        await live(desk)
        uniqueid = await talking(sim, desk)
        heard_at = desk.board.link.heard_at
        await daemon.signal(signal.SIGKILL)
        await until(lambda: desk.board.link.state == "down")
        assert (desk.board.link.heard_at, uniqueid in desk.board.calls) == (heard_at, True)
        assert "closed the connection" in desk.board.link.detail or "closed" in desk.board.link.detail
        with pytest.raises(LinkError, match="not connected"):
            await desk.do("listen", "Ana 王芳")
        sim.hang_up(uniqueid)
        await daemon.start()
        await live(desk)
        await shows(desk, lambda board: not board.calls, "the call has gone meanwhile")
        assert (await desk.do("agent.pause", "Ben")).ok


# --- kill -9 ---


async def test_a_leg_outlives_its_daemon_and_the_next_one_finds_and_stops_it() -> None:
    async with simulated() as (sim, daemon):
        async with daemon.desk() as desk:
            await live(desk)
            await talking(sim, desk)
            first = await desk.do("whisper", "Ana 王芳", reason="new here")
            await daemon.signal(signal.SIGKILL)
        leg = first.data["supervision_id"]
        assert sim.leg_of("9001") == leg
        await daemon.start()
        async with daemon.desk() as desk:
            await live(desk)
            await shows(desk, lambda board: leg in board.supervisions and board.supervisions[leg].owner, "the leg")
            row = desk.board.supervisions[leg]
            assert (row.mode, row.state, row.agent, row.phone) == ("whisper", "running", "Ana 王芳", "PJSIP/9001")
            again = await desk.do("barge", "Ana 王芳")
            assert again.data["supervision_id"] == leg
            assert (await desk.do("supervision.stop", leg)).data["changed"]
            await shows(desk, lambda board: not board.supervisions, "it is over")
        assert await daemon.signal(signal.SIGTERM) == 0
        told = [(row["action"], row["result"], row["reason"]) for row in audited(daemon)]
        assert told == [
            ("whisper", "done", "new here"), ("barge", "done", ""), ("supervision.stop", "done", ""),
            ("supervision.end", "done", ""),
        ] or told[2:] == [("supervision.end", "done", ""), ("supervision.stop", "done", "")]  # fmt: skip


async def test_what_was_under_way_at_kill_9_stands_in_the_audit_as_unknown() -> None:
    async with simulated() as (sim, daemon):
        sim.phone_behaviour("PJSIP/9001", "ring")
        async with daemon.desk() as desk:
            await talking(sim, desk)
            asking = asyncio.create_task(desk.do("listen", "Ana 王芳"))
            await shows(desk, lambda board: board.supervisions, "it rings")
            await daemon.signal(signal.SIGKILL)
            with pytest.raises(LinkLost, match="before it answered"):
                await asking
        assert [(row["action"], row["result"]) for row in audited(daemon)] == [("listen", "unknown")]
        # The place of a daemon that died is taken without a question.
        assert daemon.place.is_socket()
        await daemon.start()


async def test_a_request_that_outlasts_the_daemon_is_closed_as_unknown() -> None:
    async with simulated() as (sim, daemon):
        sim.phone_behaviour("PJSIP/9001", "ring")
        async with daemon.desk() as desk:
            await talking(sim, desk)
            asking = asyncio.create_task(desk.do("listen", "Ana 王芳"))
            await shows(desk, lambda board: board.supervisions, "it rings")
            assert await daemon.signal(signal.SIGTERM) == 0
            with pytest.raises(LinkLost):
                await asking
        # The phone does not ring on for nobody.
        with pytest.raises(NotFound):
            sim.leg_of("9001")
        (row,) = audited(daemon)
        assert (row["action"], row["result"], row["detail"]) == ("listen", "unknown", "CancelledError")
        assert row["ended_at"] is not None


# --- hangs ---


async def test_a_daemon_that_hangs_is_noticed_and_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "GREETED_WITHIN", 0.5)
    monkeypatch.setattr(client_module, "_AGAIN_AFTER", (0.1,))
    async with simulated() as (_sim, daemon), daemon.desk(silence=3.5) as desk:
        await live(desk)
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            listing = asyncio.create_task(daemon.cli("agent", "list"))
            with pytest.raises(LinkLost):
                await asyncio.wait_for(desk.do("agent.pause", "Ben"), 10)
            assert "no sign of life" in desk.board.link.detail
            with pytest.raises(LinkError, match="does not greet"):
                await Desk(daemon.place).open()
            listed = await listing
            assert (listed.code, "does not greet" in listed.err) == (3, True)
        finally:
            daemon.process.send_signal(signal.SIGCONT)
        await live(desk)


# --- beginnings that fail ---


async def test_two_daemons_on_one_socket_are_one_too_many() -> None:
    async with simulated() as (sim, daemon):
        second = await Daemon(daemon.folder, daemon.config).start(ready=False)
        assert await second.ended() == 3
        assert second.said("Another daemon serves")
        async with daemon.desk() as desk:
            await live(desk)
        assert sim.stats.clients == 1


@asynccontextmanager
async def configured(more: str, **changes: Any) -> AsyncIterator[Daemon]:
    with short_folder() as folder:
        yield Daemon(folder, write_config(folder, 1, "ccops", "x", more, **changes))


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ('[roles.leads]\nusers = "anna"', 'config.toml:21: roles.leads.users: "anna" is no list'),
        ('[roles.leads]\nusers = ["anna"]\nactoins = ["*"]', "config.toml:22: roles.leads.actoins"),
        (
            '[roles.leads]\nactions = ["listen", "agent.puase"]',
            "config.toml:21: roles.leads.actions: “agent.puase” is no",
        ),
        ('[roles.leads]\nreason_required = ["lisen"]', "config.toml:21: roles.leads.reason_required: “lisen” is no"),
        ('[roles.leads]\nmask_numbers = "yes"', "config.toml:21: roles.leads.mask_numbers"),
        ("[roles]\nleads = 1", "config.toml:21: roles.leads"),
        ("[roles.leads\nactions = []", "config.toml"),
    ],
)
async def test_a_daemon_does_not_start_with_wrong_roles_and_says_where(roles: str, said: str) -> None:
    async with configured(roles) as daemon:
        await daemon.start(ready=False)
        assert await daemon.ended() == 2
        assert said in "\n".join(daemon.err), daemon.err
        assert not daemon.place.exists()


async def test_a_role_of_unknown_people_is_only_pointed_out() -> None:
    roles = '[roles.a]\nusers = ["nobody-of-that-name"]\ngroups = ["no-such-group"]\n[roles.b]\nactions = ["*"]\n'
    async with configured(roles) as daemon:
        await daemon.start()
        assert daemon.said("no user “nobody-of-that-name”")
        assert daemon.said("no group “no-such-group”")
        assert daemon.said("roles.b: nobody has this role")
        assert await daemon.signal(signal.SIGTERM) == 0


async def test_a_refused_login_ends_the_daemon() -> None:
    async with simulated() as (_sim, daemon):
        assert await daemon.signal(signal.SIGTERM) == 0
        daemon.config.write_text(daemon.config.read_text().replace('"s3cret"', '"wrong"'))
        await daemon.start(ready=False)
        assert await daemon.ended() == 4
        assert daemon.said("Correct [ami]")
        assert not daemon.place.exists()


async def test_a_command_does_not_take_an_old_board_for_a_live_one() -> None:
    async with simulated() as (sim, daemon), daemon.desk() as desk:
        await live(desk)
        await sim.stop()
        await until(lambda: desk.board.link.state != "live")
        assert len(desk.board.agents) == 3
        listed = await daemon.cli("agent", "list")
        assert (listed.code, listed.out) == (3, "")
        assert "The daemon has no link to the PBX 127.0.0.1" in listed.err


async def test_an_audit_that_cannot_be_written_refuses_actions_and_nothing_else() -> None:
    async with simulated() as (sim, daemon):
        assert await daemon.signal(signal.SIGTERM) == 0
        (daemon.folder / "file").write_text("")
        text = daemon.config.read_text().replace(str(daemon.store), str(daemon.folder / "file" / "ccops.db"))
        daemon.config.write_text(text)
        await daemon.start()
        assert daemon.said("the audit cannot be written")
        async with daemon.desk() as desk:
            await live(desk)
            await talking(sim, desk)
            heard = sim.tap()
            refused = await daemon.cli("listen", "Ana 王芳")
            assert refused.code == 1
            assert "Nothing was done" in refused.err
            assert not any("9001" in event for event in heard)


# --- systemd ---


async def test_systemd_is_told_of_start_life_and_end(tmp_path: Path) -> None:
    with short_folder() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(folder / "notify"))
        ear.settimeout(20)
        env = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "200000"}
        daemon = Daemon(folder, write_config(folder, 1, "ccops", "x"), env)
        await daemon.start()
        try:
            heard = [(await asyncio.to_thread(ear.recv, 100)).decode() for _n in range(4)]
            assert heard == ["READY=1", *["WATCHDOG=1"] * 3]
            assert await daemon.signal(signal.SIGTERM) == 0
            ear.settimeout(0)
            rest: list[bytes] = []
            while rest[-1:] != [b"STOPPING=1"]:
                rest.append(ear.recv(100))
            assert set(rest[:-1]) <= {b"WATCHDOG=1"}
        finally:
            await daemon.close()
