"""Two daemons with two stores on one PBX: one serves, the other waits, and there are never two."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ccops.cmd.db import is_served
from ccops.desk.daemon.standby import Follower
from ccops.pbx.sim import SimPbx
from ccops.settings import load
from ccops.store import StoreFull, open_store
from ccops.store.standby.role import role_of
from tests.daemons import Daemon, Ran, plan, quick, short_folder, until, write_config
from tests.standby_pair import calls


@dataclass
class Box(Daemon):
    """A machine of the pair: a daemon, and commands with its configuration."""

    async def command(self, *arguments: str) -> Ran:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ccops", "--config", str(self.config), *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    async def done(self, *arguments: str) -> Any:
        found = await self.command(*arguments, "--json")
        assert found.code == 0, found.err
        return json.loads(found.out)

    @property
    def kind(self) -> str:
        role = role_of(self.store)
        return role.kind if role is not None else "single"

    def visits(self) -> int:
        with open_store(self.store, read_only=True) as database:
            return int(database.rows("SELECT count(*) FROM visits")[0][0])


@dataclass
class Site:
    """The PBX with its log, and the pair."""

    sim: SimPbx
    log: Path
    one: Box
    two: Box
    written: int = 0

    def write(self, count: int) -> None:
        """Let the PBX log so many calls."""
        with self.log.open("a", encoding="utf-8") as file:
            file.write(calls(self.written, count))
        self.written += count

    async def follow(self) -> None:
        """Let the second machine follow, with its daemon."""
        await until(lambda: self.one.visits() == self.written, "the first has the log")
        await self.two.done("standby", "follow")
        await self.two.start(ready=False)
        await until(lambda: self.two.said("Standby: "))


@contextlib.asynccontextmanager
async def site(more: str = "") -> AsyncIterator[Site]:
    """Run a PBX and the first daemon, which has taken ten calls in."""
    sim = quick(SimPbx(plan(), quiet=True, secret="s3cret"))
    with short_folder() as folder:
        await sim.start()
        log = folder / "queue_log"
        boxes: list[Box] = []
        for name, other in (("1", "2"), ("2", "1")):
            (folder / name).mkdir()
            ship = [sys.executable, "-m", "ccops", "--config", str(folder / other / "config.toml"), "db", "ship"]
            text = f'[queue_log]\npath = "{log}"\n[standby]\npeer = {json.dumps(ship)}\ninterval = 0.2\n{more}'
            config = write_config(folder / name, sim.port, sim.username, sim.secret, text)
            boxes.append(Box(folder / name, config))
        made = Site(sim, log, boxes[0], boxes[1])
        made.write(10)
        try:
            await made.one.start()
            yield made
        finally:
            for box in boxes:
                await box.close()
            await sim.stop()


async def figures(box: Box) -> Any:
    return await box.done("report", "queues", "--from", "2026-02-01", "--to", "2026-02-28")


async def truth(made: Site, folder: Path) -> Any:
    """Return the figures of the whole log, taken in by nobody who was ever killed."""
    alone = Box(folder, write_config(folder, 1, "x", "y"))
    await alone.done("ingest", "queue-log", str(made.log))
    return await figures(alone)


async def test_the_writer_is_killed_in_the_middle_and_the_standby_goes_on(tmp_path: Path) -> None:
    async with site() as made:
        one, two = made.one, made.two
        await made.follow()
        assert not (two.place).exists()
        stop = asyncio.Event()

        async def pbx() -> None:
            while not stop.is_set():
                made.write(3)
                await asyncio.sleep(0.02)

        writing = asyncio.create_task(pbx())
        await until(lambda: two.visits() > 10, "what comes is shipped")
        await until(lambda: one.visits() > 100, "it is in the middle of it")
        await one.signal(signal.SIGKILL)
        done = await two.done("standby", "promote", "--yes")
        assert (done["promoted"], done["term"], done["former_writer"]) == (True, 2, "answered")
        await until(lambda: two.said("Serving"), "it has the socket")
        await asyncio.sleep(0.5)
        stop.set()
        await writing
        await until(lambda: two.visits() == made.written, "every line once")
        async with two.desk() as desk:
            await until(lambda: desk.board.link.state == "live")
        assert await figures(two) == await truth(made, tmp_path)
        # The old one comes back.
        await one.start(ready=False)
        assert await one.ended() == 4
        assert one.said("superseded")
        assert one.said("ccops standby follow")
        assert not is_served(one.place)
        acted = await one.command("agent", "pause", "1001", "--reason", "x", "--yes")
        assert acted.code != 0
        assert "superseded" in acted.err, "no action goes out whose row cannot be written"
        checks = {row["check"]: row for row in json.loads((await one.command("doctor", "--offline", "--json")).out)}
        assert checks["standby"]["ok"] is False
        assert "follow" in checks["standby"]["remedy"]
        # And becomes the standby; what it had is kept.
        kept = Path((await one.done("standby", "follow", "--yes"))["kept"])
        assert kept.exists()
        await one.start(ready=False)
        await until(lambda: one.visits() == made.written)
        assert (one.kind, two.kind) == ("standby", "primary")


async def test_a_writer_that_runs_ends_when_another_takes_over() -> None:
    async with site() as made:
        one, two = made.one, made.two
        await made.follow()
        assert (await two.command("standby", "promote", "--yes")).code == 0
        assert await one.ended() == 4
        assert one.said("superseded")
        assert not one.place.exists()
        await until(lambda: two.said("Serving"))
        made.write(5)
        await until(lambda: two.visits() == 15)
        assert one.visits() == 10


async def test_a_machine_that_is_dead_is_replaced_by_itself_where_that_is_wanted(tmp_path: Path) -> None:
    """The machine does not answer at all; what it alone has is kept when it comes back."""
    async with site("takeover_after = 1.5\n") as made:
        one, two = made.one, made.two
        await made.follow()
        await until(lambda: two.visits() == 10)
        config = one.config.rename(one.config.with_name("off"))  # and so `db ship` there fails, as on a dead machine
        made.write(6)
        await until(lambda: one.visits() == 16, "taken in, and not shipped any more")
        assert two.visits() == 10
        await one.signal(signal.SIGKILL)
        await until(lambda: two.said("Serving"), "it takes over")
        assert two.said("Taken over in term 2 (declared)")
        made.write(4)
        await until(lambda: two.visits() == 20, "what was not shipped comes from the log")
        config.rename(one.config)
        await one.start(ready=False)
        assert await one.ended() == 4
        assert one.said("term 2, here 1")
        assert await figures(two) == await truth(made, tmp_path)


async def test_who_served_alone_before_asks_before_it_serves_again() -> None:
    async with site() as made:
        one, two = made.one, made.two
        await made.follow()
        await one.signal(signal.SIGTERM)
        await two.close()
        hidden = two.config.rename(two.config.with_name("off"))
        await one.start(ready=False)
        assert await one.ended() == 3
        assert one.said("cannot be known")
        assert one.said("--peer-is-off")
        assert (await one.command("standby", "promote", "--yes", "--peer-is-off")).code == 0
        await one.start()
        # Once the other one takes copies again, it is asked again.
        hidden.rename(two.config)
        assert (await two.command("standby", "fetch")).code == 0
        role = role_of(one.store)
        assert role is not None
        assert (role.kind, role.alone) == ("primary", False)


async def test_a_standby_ends_when_it_is_told_to_and_its_commands_write_nothing() -> None:
    async with site() as made:
        two = made.two
        await made.follow()
        refused = await two.command("ingest", "queue-log", str(made.log))
        assert refused.code == 4
        status = await two.done("standby", "status")
        assert (status["role"], status["peer"], status["peer_serving"]) == ("standby", "primary", True)
        checks = {row["check"]: row for row in json.loads((await two.command("doctor", "--offline", "--json")).out)}
        assert checks["standby"]["ok"] is True
        assert await two.signal(signal.SIGTERM) == 0
        assert made.one.kind == "primary"


async def test_a_standby_that_cannot_fetch_does_not_take_over_from_one_that_serves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with site("takeover_after = 30\n") as made:
        one, two = made.one, made.two
        await two.done("standby", "follow")
        now, said = [0.0], list[str]()
        follower = Follower(load(two.config, {}).settings, said.append, clock=lambda: now[0])

        def full(*_arguments: object) -> None:
            raise StoreFull("no room")

        monkeypatch.setattr("ccops.store.standby.pair.fetched", full)
        for _round in range(3):
            now[0] += 20
            await follower.round()
        assert said == ["Standby: no room"]
        assert (one.kind, two.kind) == ("primary", "standby")
        monkeypatch.undo()
        await one.signal(signal.SIGKILL)
        for kind in ("standby", "primary"):
            now[0] += 20
            await follower.round()
            assert two.kind == kind
        assert one.kind == "superseded"
