"""The clock of a running daemon jumps by an hour, either way, with calls, supervision, alerts and the log under way."""

import asyncio
import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ccops.board import AgentState, LinkRow
from ccops.pbx.sim import SimPbx
from ccops.store import check, open_store
from ccops.store.audit import records, verdict
from tests.daemons import Daemon, live, plan, quick, short_folder, shows, talking, until, write_config
from tests.hooks import Hook, hook
from tests.test_alerts_daemon import _waits, crowd, rules
from tests.test_daemon_history import visits
from tests.test_ingest_once import stored_visits

FAKE = Path(__file__).parent / "faketime"
ROOT = Path(__file__).parents[1]


class Clock:
    """How far the daemon's wall clock is from ours."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.jump(0.0)

    def jump(self, seconds: float) -> None:
        """Let it be off by so much from now on; the file is mapped, so it is written in place."""
        with self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("d", seconds))


@asynccontextmanager
async def site(
    receiver: Hook, begins: float | None = None, zone: str = "UTC"
) -> AsyncIterator[tuple[SimPbx, Daemon, Clock]]:
    """Run a PBX with a log and a daemon whose clock can jump; the PBX's does not. Both begin at an instant."""
    with short_folder() as folder:
        log, clock = folder / "queue_log", Clock(folder / "clock")
        sim = quick(SimPbx(plan(), quiet=True, secret="s3cret", queue_log=log, start=begins))
        await sim.start()
        clock.jump(0.0 if begins is None else begins - time.time())
        config = write_config(
            folder, sim.port, sim.username, sim.secret, rules(receiver, f'[queue_log]\npath = "{log}"\n')
        )
        config.write_text(config.read_text().replace('timezone = "UTC"', f'timezone = "{zone}"'))
        daemon = Daemon(folder, config, {"CLOCK_OFF_BY": str(clock.path), "PYTHONPATH": f"{FAKE}{os.pathsep}{ROOT}"})
        try:
            yield sim, await daemon.start(), clock
        finally:
            await daemon.close()
            await sim.stop()


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
async def test_a_clock_that_jumps_under_the_daemon_makes_no_silence_no_alert_and_loses_nothing(jump: float) -> None:
    with hook() as receiver:
        async with site(receiver) as (sim, daemon, clock), daemon.desk() as desk:
            await live(desk)
            await talking(sim, desk)
            assert (await desk.do("listen", "Ana 王芳")).ok
            waiting = await crowd(sim, 2)
            await until(lambda: receiver.taken, "there is an alert")
            told = receiver.events()
            desk.changes.clear()
            clock.jump(jump)
            await asyncio.sleep(2.5)  # long enough for silence, alerts and keep-alives to be looked at
            # Nothing began or ended by it.
            assert {change.row.state for change in desk.changes if isinstance(change.row, LinkRow)} <= {"live"}
            assert (desk.board.link.state, desk.board.link.reconnects) == ("live", 0)
            assert receiver.events() == told
            assert [row.rule for row in desk.board.alerts.values()] == ["crowd"]
            assert desk.board.agents["PJSIP/1001"].state is AgentState.TALKING
            assert list(desk.board.supervisions)
            assert set(waiting) <= set(desk.board.calls)
            # Everything goes on.
            assert (await desk.do("agent.pause", "Ben")).ok
            assert (await desk.do("supervision.stop", next(iter(desk.board.supervisions)))).ok
            await _no_negative_time(daemon)
            for call in list(desk.board.calls):
                sim.hang_up(call)
            await until(lambda: receiver.events()[-1][0] == "cleared", "the alert ends when its cause does")
            await until(lambda: visits(daemon.store) == 3, "the log is taken in")
            clock.jump(0.0)  # and back
            await asyncio.sleep(1.0)
            assert desk.board.link.state == "live"
            await until(lambda: _waits(daemon) == 0)
            assert [event[0] for event in receiver.events()] == ["raised", "cleared"]
            assert await daemon.signal(15) == 0
            _sound(daemon.store)


async def _no_negative_time(daemon: Daemon) -> None:
    """Commands whose clock jumped with the machine's show ages that can be."""
    for noun in ("call", "agent", "queue"):
        rows = await _listed(daemon, noun, "list")
        assert rows
        assert not [row for row in rows if any(isinstance(one, int | float) and one < 0 for one in row.values())]


async def _listed(daemon: Daemon, *command: str) -> list[dict[str, Any]]:
    """Return the rows of a command whose clock is the daemon's."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ccops", "--config", str(daemon.config), *command, "--json",
        env={**daemon.env, "PATH": os.environ["PATH"], "HOME": "/nonexistent"}, stdout=subprocess.PIPE,
    )  # fmt: skip
    out, _err = await process.communicate()
    assert process.returncode == 0
    rows: list[dict[str, Any]] = json.loads(out)
    return rows


def _sound(store: Path) -> None:
    """The store is whole, visits have the PBX's times, and the audit its chain although it went back in time."""
    assert check(store) == []
    assert all(abs(visit.entered - time.time()) < 120 for visit in stored_visits(store))
    with open_store(store, read_only=True) as database:
        assert verdict(database).ok
        assert {"listen", "agent.pause", "supervision.stop"} <= {row["action"] for row in records(database)}


@pytest.mark.parametrize(
    ("change", "slots"),
    [
        ("2026-03-29T01:00:00+00:00", ["01:30", "03:00"]),  # two o'clock is three
        ("2026-10-25T01:00:00+00:00", ["02:30", "02:00"]),  # three o'clock is two, for the second time
    ],
)
async def test_a_change_of_the_clock_passes_under_the_daemon(change: str, slots: list[str]) -> None:
    """A call before, one across, one after; the next day the report has each where it was, and no interval twice."""
    begins = datetime.fromisoformat(change).timestamp() - 6
    with hook() as receiver:
        async with site(receiver, begins, "Europe/Berlin") as (sim, daemon, clock), daemon.desk() as desk:
            await live(desk)
            for agent in ("1002", "1003"):
                sim.agent_behaviour(agent, "busy", 0.05)
            first = await talking(sim, desk, number="1")
            sim.hang_up(first)
            waiting = sim.call_in("support", "2", patience=60)
            await shows(desk, lambda board: waiting in board.calls, "somebody waits")
            await until(lambda: sim.now > begins + 6.5, "the clock is changed")
            assert await talking(sim, desk, number="3")
            assert (desk.board.link.state, desk.board.link.reconnects, receiver.events()) == ("live", 0, [])
            for call in list(desk.board.calls):
                sim.hang_up(call)
            await until(lambda: visits(daemon.store) == 3, "the log is taken in")
            clock.jump(begins - time.time() + 86_400)
            rows = await _listed(daemon, "report", "intervals", "--period", change[:10], "--interval", "30m")
            offered = [(row["start"][11:16], row["offered"]) for row in rows if row["offered"]]
            assert offered == [(slots[0], 2), (slots[1], 1)]
            starts = [row["start"] for row in rows]
            assert len(set(starts)) == len(starts)
            assert await daemon.signal(15) == 0


def test_the_clock_of_a_process_can_be_made_to_jump(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    clock.jump(-3600.0)
    code = "import time; print(time.time() - time.clock_gettime(time.CLOCK_REALTIME))"
    environment = {"PYTHONPATH": str(FAKE), "CLOCK_OFF_BY": str(clock.path)}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert float(shown.stdout) == pytest.approx(-3600.0, abs=1)
