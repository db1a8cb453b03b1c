"""A store that somebody else holds: daemon, ingest, reports, actions and console while it lasts, and afterwards."""

import asyncio
import json
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ccops.errors import CcopsError
from ccops.store import check
from tests.daemons import Daemon, live, shows, simulated, talking, until
from tests.history_pbx import Pbx
from tests.hooks import hook
from tests.test_alerts_daemon import _open, _waits, crowd, rules
from tests.test_daemon_history import visits, with_log
from tests.test_daemon_process import audited
from tests.test_ingest_once import stored_visits

LOCKED = float(os.environ.get("CCOPS_LOCKED", "7"))
"""Seconds; 30 in the long form. The daemon waits five for whoever holds it, and then says so."""


@contextmanager
def held(store: Path) -> Iterator[None]:
    """Hold the store as a program that was stopped in the middle of a transaction does."""
    holder = sqlite3.connect(store, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


async def refused(daemon: Daemon, pbx: Pbx) -> None:
    """Whoever must write says who is in the way; whoever reads notices nothing."""
    report = await daemon.cli("report", "queues", "--from", "2026-09-01", "--to", "2026-10-01", "--json")
    assert report.code == 0
    assert "10 visits" in report.err  # which have no end in this log
    assert json.loads(report.out)
    taken = await daemon.cli("ingest", "queue-log", str(pbx.path))
    assert (taken.code, "is being written by" in taken.err) == (1, True)
    examined = await daemon.cli("--config", str(daemon.config), "doctor", "--offline", "--json")
    found = {one["check"]: one for one in json.loads(examined.out)}
    assert (examined.code, found["store"]["ok"], "fuser" in found["store"]["remedy"]) == (1, False, True)


@pytest.mark.timeout(120 + LOCKED)
async def test_while_a_store_is_locked_all_that_reads_goes_on_and_nothing_is_lost(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path)
    pbx.write(10)
    with hook() as receiver:
        async with simulated(rules(receiver)) as (sim, daemon):
            await with_log(daemon, pbx)
            await until(lambda: visits(daemon.store) == 10)
            async with daemon.desk() as desk:
                await live(desk)
                await talking(sim, desk)
                with held(daemon.store):
                    ends = time.monotonic() + LOCKED
                    pbx.write(10)
                    began = time.monotonic()
                    with pytest.raises(CcopsError, match="being written by another process"):
                        await desk.do("listen", "Ana 王芳")
                    assert time.monotonic() - began < 15, "nobody waits for ever"
                    assert not desk.board.supervisions
                    await crowd(sim, 2)
                    await until(lambda: receiver.taken, "alerts go out")
                    await shows(desk, lambda board: board.link.history_trouble, "the console says so")
                    await refused(daemon, pbx)
                    await asyncio.sleep(max(0.0, ends - time.monotonic()))
                    assert desk.board.link.state == "live"
                    pbx.write(1)
                await until(lambda: visits(daemon.store) == 21, "all lines come in")
                await shows(desk, lambda board: not board.link.history_trouble)
                assert (await desk.do("listen", "Ana 王芳")).ok
            await until(lambda: "crowd" in {one.rule for one in _open(daemon)}, "the alert is written down")
            await until(lambda: not _waits(daemon), "with its delivery")
            assert [row["result"] for row in audited(daemon)] == ["done"]
            assert await daemon.signal(15) == 0
            assert [visit.caller for visit in stored_visits(daemon.store)] == [str(n + 1) for n in range(21)]
            assert check(daemon.store) == []
    pbx.close()


async def test_an_ingest_waits_for_a_short_lock_and_takes_in_all(tmp_path: Path) -> None:
    pbx, store = Pbx(tmp_path), tmp_path / "s.db"
    command = [sys.executable, "-m", "ccops", "--db", str(store), "ingest", "queue-log", str(pbx.path)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[1]), "HOME": "/nonexistent"}

    async def begun() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.DEVNULL)

    pbx.write(10)
    assert await (await begun()).wait() == 0
    pbx.write(10)
    with held(store):
        process = await begun()
        await asyncio.sleep(1.5)
        assert process.returncode is None
    assert await process.wait() == 0
    assert len(stored_visits(store)) == 20
    pbx.close()
