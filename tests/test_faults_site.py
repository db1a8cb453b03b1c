"""Faults of a whole site through public doors: lost replies, clocks, locked and read-only stores, kills, secrets."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccops.errors import CcopsError
from ccops.pbx.sim import SimPbx
from ccops.reports.ingest import Following
from ccops.store import StoreError, check
from tests.daemons import Daemon, live, plan, quick, served, short_folder, simulated, talking, until, write_config
from tests.history_pbx import T0, Pbx
from tests.test_daemon_history import keeping, visits
from tests.test_ingest_once import RULES, UTC, stored_visits, take

CANARY = "kanarie-c4f1e7"
KILLS = int(os.environ.get("CCOPS_KILLS", "6"))
"""100 in the long form."""
ROOT = Path(__file__).parents[1]


async def test_an_originate_whose_reply_is_lost_rings_one_phone_once() -> None:
    async with served() as (sim, door):
        heard = sim.tap()
        sim.phone_behaviour("PJSIP/9001", "ring")
        await talking(sim, door.local)
        sim.stall()
        asking = asyncio.create_task(door.local.do("listen", "Ana 王芳"))
        await asyncio.sleep(0.2)  # the request is on its way, and nobody answers
        sim.unstall()
        sim.drop_clients()
        with pytest.raises(CcopsError):
            await asking
        await live(door.local)
        await asyncio.sleep(1.0)
        rung = [event for event in heard if "Event: Newchannel" in event and "Channel: PJSIP/9001" in event]
        assert len(rung) <= 1
        assert [row["result"] for row in door.audited() if row["action"] == "listen"] == ["unknown"]


def lines(*parts: str) -> bytes:
    return "".join(f"{part}\n" for part in parts).encode()


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_log_whose_clock_jumps_an_hour_loses_no_visit(tmp_path: Path, jump: int) -> None:
    log, at = tmp_path / "queue_log", T0
    parts = []
    for number in range(20):
        at += 60 + (jump if number == 10 else 0)
        step = jump if number == 5 else 0  # once in the middle of a call, once between two
        parts += [
            f"{at}|c{number}|sales|NONE|ENTERQUEUE||{number}|1",
            f"{at + 5}|c{number}|sales|Ana|CONNECT|5|x{number}|3",
            f"{at + 35 + step}|c{number}|sales|Ana|COMPLETECALLER|5|30|1",
        ]
    log.write_bytes(lines(*parts))
    take(tmp_path / "s.db", log)
    visits = stored_visits(tmp_path / "s.db")
    assert len(visits) == 20
    assert {(visit.outcome.value, visit.wait, visit.talk) for visit in visits} == {("answered", 5, 30)}


def test_a_uniqueid_that_comes_again_is_another_call(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_bytes(
        lines(
            f"{T0}|a.1|sales|NONE|ENTERQUEUE||5550001|1",
            f"{T0 + 9}|a.1|sales|NONE|ABANDON|1|1|9",
            f"{T0 + 100}|NONE|NONE|NONE|QUEUESTART|",
            f"{T0 + 200}|a.1|sales|NONE|ENTERQUEUE||5550002|1",
            f"{T0 + 203}|a.1|sales|Ana|CONNECT|3|b.1|2",
            f"{T0 + 233}|a.1|sales|Ana|COMPLETEAGENT|3|30|1",
        )
    )
    take(tmp_path / "s.db", log)
    found = [(visit.caller, visit.outcome.value, visit.wait) for visit in stored_visits(tmp_path / "s.db")]
    assert found == [("5550001", "abandoned", 9), ("5550002", "answered", 3)]


@pytest.fixture
def pbx(tmp_path: Path) -> Iterator[Pbx]:
    made = Pbx(tmp_path)
    yield made
    made.close()


def numbers(store: Path) -> list[str]:
    return [visit.caller for visit in stored_visits(store)]


async def test_a_store_that_is_locked_for_a_while_costs_no_line(
    tmp_path: Path, pbx: Pbx, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ccops.store.database.BUSY_TIMEOUT", 0.05)
    store = tmp_path / "s.db"
    pbx.write(10)
    async with keeping(store, pbx.path):
        await until(lambda: visits(store) == 10)
        holder = sqlite3.connect(store, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        pbx.write(10)
        await until(lambda: "History is not being kept" in caplog.text, "it is told")
        await asyncio.sleep(float(os.environ.get("CCOPS_LOCKED", "0.5")))
        pbx.write(1)
        holder.execute("ROLLBACK")
        holder.close()
        await until(lambda: visits(store) == 21)
    assert numbers(store) == [str(number + 1) for number in range(21)]


def test_a_store_that_became_read_only_can_be_read_and_writing_is_told(tmp_path: Path, pbx: Pbx) -> None:
    """As root no file is read-only; the connection is, and SQLite says what it says of a read-only disk."""
    store = tmp_path / "s.db"
    pbx.write(10)
    with Following(store, pbx.path, RULES, UTC) as following:
        following.database.connection.execute("PRAGMA query_only = 1")
        pbx.write(5)
        with pytest.raises(StoreError, match="cannot be written") as told:
            following.step()
        assert told.value.remedy
        assert len(numbers(store)) == 10
    take(store, pbx.path)
    assert numbers(store) == [str(number + 1) for number in range(15)]


def test_an_ingest_killed_again_and_again_ends_with_every_line_once(tmp_path: Path, pbx: Pbx) -> None:
    store, pick = tmp_path / "s.db", random.Random(11)
    command = [sys.executable, "-m", "ccops", "--db", str(store), "ingest", "queue-log", str(pbx.path)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"}
    for _kill in range(KILLS):
        pbx.write(pick.randint(1000, 20_000))
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(pick.uniform(0.05, 0.8))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    take(store, pbx.path)
    assert numbers(store) == [str(number + 1) for number in range(pbx.written)]
    assert check(store) == []


async def test_a_second_daemon_on_one_store_is_refused_by_name_and_the_first_goes_on() -> None:
    """Each has a socket of its own: both would tell every alert."""
    async with simulated() as (sim, daemon):
        config = daemon.folder / "second.toml"
        own = daemon.config.read_text().replace(f'"{daemon.place}"', f'"{daemon.folder / "s2"}"')
        config.write_text(own)
        config.chmod(0o600)
        second = await Daemon(daemon.folder, config).start(ready=False)
        assert await second.ended() == 3
        assert second.said(f"process {daemon.pid}")
        assert not (daemon.folder / "s2").exists()
        async with daemon.desk() as desk:
            await live(desk)
        assert sim.stats.clients == 1
        await daemon.signal(signal.SIGKILL)
        third = await Daemon(daemon.folder, config).start(ready=False)  # whoever died holds nothing
        await until(lambda: third.said("Serving"))
        await third.close()


async def test_a_canary_secret_is_nowhere_but_in_its_file() -> None:
    sim = quick(SimPbx(plan(), quiet=True, secret=CANARY))
    await sim.start()
    with short_folder() as folder:
        daemon = Daemon(folder, write_config(folder, sim.port, sim.username, CANARY))
        try:
            await daemon.start()
            async with daemon.desk() as desk:
                await live(desk)
                await talking(sim, desk)
                assert (await desk.do("listen", "Ana 王芳", reason="new")).ok
                heard = desk.heard
            said = [heard.decode()]
            for command in (
                ["config", "show", "--json"],
                ["doctor"],
                ["status", "--json"],
                ["audit", "list", "--json"],
            ):
                ran = await daemon.cli("--config", str(daemon.config), *command)
                said += [ran.out, ran.err]
            process = Path("/proc", str(daemon.pid))
            said += [process.joinpath(name).read_bytes().decode(errors="replace") for name in ("cmdline", "environ")]
            await _refused(sim, daemon)
            said += daemon.err
        finally:
            await daemon.close()
            await sim.stop()
        assert not [text for text in said if CANARY in text]
        told = [path for path in folder.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
        assert told == [daemon.config]


async def _refused(sim: SimPbx, daemon: Daemon) -> None:
    """The secret is no longer the PBX's: the way on which errors tell most."""
    sim.add_user(sim.username, "another")
    sim.drop_clients()
    await until(lambda: daemon.process is not None and daemon.process.returncode is not None, "the daemon gives up")
