"""Disks that are full or read-only, for real: small file systems in memory, under everything that writes."""

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ccops.board import AgentState
from ccops.errors import CcopsError
from ccops.pbx.sim import SimPbx
from ccops.reports.ingest import Following
from ccops.store import check, open_store
from ccops.store.alerts import AlertRecord, DeliveryRecord, open_alerts, waiting
from ccops.store.audit import records, verdict
from tests.cmd_tools import Result, invoke
from tests.daemons import Daemon, Desk, live, plan, quick, shows, talking, until, write_config
from tests.history_pbx import Pbx
from tests.hooks import hook
from tests.mounts import disk, failing_disk
from tests.test_alerts_daemon import crowd, rules
from tests.test_daemon_history import visits
from tests.test_ingest_once import RULES, UTC, stored_visits, take

REPORT = ("report", "queues", "--from", "2026-09-01", "--to", "2026-10-01")


def ccops(store: Path, *arguments: str) -> Result:
    return invoke("--db", str(store), *arguments)


# --- full ---


def test_a_full_disk_costs_the_store_nothing_and_ingest_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with disk() as place:
        store, pbx = place.path / "s.db", Pbx(tmp_path)
        pbx.write(50)
        take(store, pbx.path)
        ballast = place.fill()
        pbx.write(20_000)
        full = ccops(store, "ingest", "queue-log", str(pbx.path))
        assert full.code == 1
        assert "Make room on the disk" in full.err
        told = ccops(store, *REPORT)  # without a daemon, even reading needs a page beside the store
        assert (told.code, "Make room on the disk" in told.err) in ((0, False), (1, True))
        ballast.unlink()
        assert check(store) == []
        assert len(stored_visits(store)) == 50
        assert ccops(store, "ingest", "queue-log", str(pbx.path)).code == 0
        assert len(stored_visits(store)) == 20_050
        assert check(store) == []
        pbx.close()


@pytest.mark.parametrize("name", ["out.csv", "out.html", "out.xlsx"])
def test_a_report_that_has_no_room_is_told_and_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    store, pbx = tmp_path / "s.db", Pbx(tmp_path)
    pbx.write(5000)
    pbx.close()
    take(store, pbx.path)
    with disk("1m") as place:
        out = place.path / name
        out.write_bytes(b"yesterday's")
        place.fill()
        result = ccops(store, "report", "calls", *REPORT[2:], "-o", str(out))
        assert result.code == 1, result
        assert "No space left" in result.err
        assert "Traceback" not in result.err
        assert out.read_bytes() == b"yesterday's"
        assert {path.name for path in place.path.iterdir()} == {name, "ballast"}


def test_a_backup_that_has_no_room_is_told_and_leaves_the_last_one(tmp_path: Path) -> None:
    store, pbx = tmp_path / "s.db", Pbx(tmp_path)
    pbx.write(20_000)
    pbx.close()
    take(store, pbx.path)
    with disk("1m") as place:
        target = place.path / "b.db"
        result = ccops(store, "db", "backup", str(target))
        assert result.code == 1
        assert "Make room" in result.err
        assert list(place.path.iterdir()) == []
        assert check(store) == []


@asynccontextmanager
async def daemon_on(place: Path, log: Path, more: str) -> AsyncIterator[tuple[SimPbx, Daemon]]:
    """Run a daemon with everything it has in one folder, but the log."""
    sim = quick(SimPbx(plan(), quiet=True, secret="s3cret"))
    await sim.start()
    text = f'{more}\n[queue_log]\npath = "{log}"\n'
    daemon = Daemon(place, write_config(place, sim.port, sim.username, sim.secret, text))
    try:
        yield sim, await daemon.start()
    finally:
        await daemon.close()
        await sim.stop()


async def refused(daemon: Daemon, desk: Desk) -> None:
    """Nothing can be done: a few rows may still find room in what the store has, then none does."""

    async def again_and_again() -> None:
        for number in range(500):
            await desk.do("agent.penalty", "Ben", penalty=number % 10)

    with pytest.raises(CcopsError, match="cannot be written"):
        await again_and_again()
    with pytest.raises(CcopsError, match="cannot be written"):
        await desk.do("agent.pause", "Ben")
    assert not [row for row in desk.board.agents.values() if row.state is AgentState.PAUSED]
    checked = await daemon.cli("--config", str(daemon.config), "doctor", "--offline", "--json")
    failed = {one["check"]: one["remedy"] for one in json.loads(checked.out) if one["ok"] is False}
    assert checked.code == 1
    assert failed.keys() >= {"store", "history_kept"}
    assert all(failed.values())


def rows_of(store: Path) -> tuple[list[AlertRecord], list[DeliveryRecord], list[dict[str, Any]]]:
    """Return alerts that hold, deliveries that wait, and the audit, which must be whole."""
    with open_store(store, read_only=True) as database:
        assert verdict(database).ok
        return open_alerts(database), waiting(database), list(records(database))


async def test_on_a_full_disk_the_daemon_serves_does_nothing_unaudited_and_catches_up(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path)
    pbx.write(10)
    with hook() as receiver, disk("8m") as place:
        async with daemon_on(place.path, pbx.path, rules(receiver)) as (sim, daemon):
            await until(lambda: visits(daemon.store) == 10)
            ballast = place.fill()
            pbx.write(20_000)
            await until(lambda: daemon.said("History is not being kept"), "it is told")
            async with daemon.desk() as desk:
                await live(desk)
                await refused(daemon, desk)
                await crowd(sim, 2)
                await until(lambda: receiver.taken, "alerts go out all the same")
                await shows(
                    desk, lambda board: "cannot be written" in board.link.history_trouble, "the console says it"
                )
            await daemon.signal(signal.SIGKILL)
            await daemon.start()  # a full disk keeps nobody from looking at the centre
            async with daemon.desk() as desk:
                await live(desk)
            ballast.unlink()
            await until(lambda: visits(daemon.store) == 20_010, "it takes in what it missed")
            await until(lambda: rows_of(daemon.store)[0] and not rows_of(daemon.store)[1], "and writes its alert down")
            async with daemon.desk() as desk:
                await live(desk)
                assert (await desk.do("agent.pause", "Ben")).ok
            assert await daemon.signal(signal.SIGTERM) == 0
        assert check(daemon.store) == []
        assert rows_of(daemon.store)[2][-1]["action"] == "agent.pause"
    pbx.close()


# --- read-only ---


async def test_a_disk_that_fails_under_the_daemon_costs_writing_and_nothing_else(tmp_path: Path) -> None:
    """What the kernel does with a disk on which it finds an error: from now on it cannot be written."""
    pbx = Pbx(tmp_path)
    pbx.write(10)
    with hook() as receiver, failing_disk(tmp_path) as place:
        async with daemon_on(place.path, pbx.path, rules(receiver)) as (sim, daemon):
            await until(lambda: visits(daemon.store) == 10)
            place.fail()
            pbx.write(10)
            await until(lambda: daemon.said("History is not being kept"), "it is told")
            async with daemon.desk() as desk:
                await live(desk)
                await talking(sim, desk)
                await refused(daemon, desk)
                await crowd(sim, 2)
                await until(lambda: receiver.taken, "alerts go out all the same")
                read = await daemon.cli(*REPORT)
                assert (read.code, read.err) == (0, "")
                assert "sales" in read.out
            assert await daemon.signal(signal.SIGTERM) == 0, "\n".join(daemon.err)
    pbx.close()


def test_a_store_on_a_read_only_disk_can_be_read_checked_and_copied(tmp_path: Path) -> None:
    with disk() as place:
        store, pbx = place.path / "s.db", Pbx(tmp_path)
        pbx.write(10)
        take(store, pbx.path)
        place.read_only()
        assert len(stored_visits(store)) == 10
        for command in (REPORT, ("db", "check"), ("audit", "verify"), ("alert", "history"),
                        ("db", "backup", str(tmp_path / "copy.db"))):  # fmt: skip
            done = ccops(store, *command)
            assert done.code == 0, (command, done.err)
        assert len(stored_visits(tmp_path / "copy.db")) == 10
        pbx.write(1)
        told = ccops(store, "ingest", "queue-log", str(pbx.path))
        assert (told.code, "Read-only file system" in told.err) == (1, True)
        pbx.close()


def test_a_store_whose_writer_died_before_the_disk_became_read_only_can_be_read(tmp_path: Path) -> None:
    with disk() as place:
        store = place.path / "s.db"
        code = f"import os, pathlib; from ccops.store import open_store; d = open_store(pathlib.Path({str(store)!r}))\n"
        code += "with d.write() as c: c.execute(\"INSERT INTO meta VALUES ('a', 'last words')\")\nos._exit(9)"
        assert subprocess.run([sys.executable, "-c", code]).returncode == 9
        assert (place.path / "s.db-wal").exists()
        place.read_only()
        with open_store(store, read_only=True) as database:
            assert database.meta("a") == "last words"


def test_a_report_for_a_read_only_folder_is_told(tmp_path: Path) -> None:
    store, pbx = tmp_path / "s.db", Pbx(tmp_path)
    pbx.write(10)
    pbx.close()
    take(store, pbx.path)
    with disk() as place:
        place.read_only()
        for name in ("out.csv", "out.pdf"):
            done = ccops(store, *REPORT, "-o", str(place.path / name))
            assert (done.code, "Read-only file system" in done.err, "Traceback" in done.err) == (1, True, False)
        done = ccops(store, "db", "backup", str(place.path / "copy.db"))
        assert (done.code, "Traceback" in done.err) == (1, False)


def test_a_log_on_a_read_only_disk_is_followed(tmp_path: Path) -> None:
    """The folder of the log belongs to Asterisk: nothing is written there, not even a lock."""
    with disk() as place:
        pbx = Pbx(place.path)
        pbx.write(10)
        pbx.close()
        place.read_only()
        with Following(tmp_path / "s.db", pbx.path, RULES, UTC) as following:
            following.step()
        take(tmp_path / "t.db", pbx.path)
        assert len(stored_visits(tmp_path / "s.db")) == len(stored_visits(tmp_path / "t.db")) == 10
