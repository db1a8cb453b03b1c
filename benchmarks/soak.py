"""A centre that is left running while everything goes wrong: memory, descriptors, drift, and figures against the truth.

`python -m benchmarks.soak [--days 7] [--speed 20] [--seats 50] [--every 60] [--seed 1] [--json]`. A simulated PBX in
this process, the daemon in one of its own. Every so many seconds one fault; after each the board must come to equal
the PBX. At the end the report of the store must count what the PBX counted. Exit code 1 where anything is amiss.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.soak_faults import ENDS, FAULTS, Running
from ccops.board import Board
from ccops.pbx.sim import CentrePlan, SimPbx
from tests.daemons import Daemon, short_folder, write_config

DAY: Final = 86_400
REPAIRED_WITHIN: Final = 60.0
"""Seconds in which the board must have come to equal the PBX after a fault; what is slower counts as drift."""
MEMORY_GROWTH: Final = 0.05
"""Of the daemon, from its first quarter hour on: ISSUE's measure for a week."""
COUNTED: Final = ("answered", "abandoned", "timeout", "exit_empty", "exit_key", "withdrawn")


@dataclass
class Sample:
    """The daemon at one moment."""

    at: float
    """Seconds since the start."""
    pid: int
    rss_mb: float
    descriptors: int


@dataclass
class Result:
    """What a soak has found."""

    seconds: float = 0.0
    virtual_days: float = 0.0
    calls: int = 0
    events: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    drifted: list[str] = field(default_factory=list)
    """Faults after which the board did not come to equal the PBX."""
    slowest_repair: float = 0.0
    memory_growth: float = 0.0
    """The largest of any daemon that lived a quarter hour: its last quarter against its first, as a fraction."""
    descriptors: tuple[int, int] = (0, 0)
    """Fewest and most at rest."""
    truth: dict[str, int] = field(default_factory=dict)
    report: dict[str, int] = field(default_factory=dict)

    def amiss(self) -> list[str]:
        """Return what is not as it should be."""
        found = [f"drift after {name}" for name in self.drifted]
        if self.memory_growth > MEMORY_GROWTH:
            found.append(f"memory grew by {self.memory_growth:.1%}")
        if self.descriptors[1] - self.descriptors[0] > 8:
            found.append(f"descriptors from {self.descriptors[0]} to {self.descriptors[1]}")
        return found + [
            f"{name}: report {self.report.get(name)}, truth {count}"
            for name, count in self.truth.items()
            if self.report.get(name) != count
        ]


def differences(board: Board, sim: SimPbx) -> list[str]:
    """Return in what the board and the PBX differ at this moment; both move, so ask again before believing it."""
    queues, calls = sim.truth.queues(), board.calls.values()
    waiting = {one.uniqueid: name for name, queue in queues.items() for one in queue.waiting}
    shown = {row.call_id: row.queue for row in calls if row.state in ("waiting", "ringing") and row.queue}
    talking = set(sim.truth.talking())
    shown_talking = {row.call_id for row in calls if row.state == "talking" and row.queue}
    paused = {one.interface for queue in queues.values() for one in queue.members if one.paused}
    shown_paused = {row.interface for row in board.agents.values() if any(one.paused for one in row.memberships)}
    pairs: dict[str, tuple[set[Any], set[Any]]] = {
        "waiting": (set(waiting.items()), set(shown.items())),
        "talking": (talking, shown_talking),
        "paused": (paused, shown_paused),
    }
    return [f"{name}: {sorted(map(str, ours ^ theirs))}" for name, (ours, theirs) in pairs.items() if ours != theirs]


async def repaired(running: Running) -> float | None:
    """Return after how many seconds the board equals the PBX; None where it never does."""
    began = time.monotonic()
    while time.monotonic() < began + REPAIRED_WITHIN:
        board = running.desk.board
        if board.link.state == "live" and not differences(board, running.sim):
            return time.monotonic() - began
        await asyncio.sleep(0.02)
    return None


def sample(daemon: Daemon, since: float) -> Sample:
    """Look at the daemon from outside."""
    place = Path(f"/proc/{daemon.pid}")
    pages = next(line for line in place.joinpath("status").read_text().splitlines() if line.startswith("VmRSS"))
    return Sample(
        time.monotonic() - since, daemon.pid, int(pages.split()[1]) / 1024, len(list((place / "fd").iterdir()))
    )


def growth(samples: Sequence[Sample], warm_up: float) -> float:
    """Return the largest growth of a process: mean of its last quarter over that of its first after the warm-up."""
    largest = 0.0
    for pid in {one.pid for one in samples}:
        of_one = [one for one in samples if one.pid == pid]
        steady = [one.rss_mb for one in of_one if one.at - of_one[0].at >= warm_up]
        quarter = len(steady) // 4
        if quarter:
            largest = max(largest, sum(steady[-quarter:]) / sum(steady[:quarter]) - 1)
    return largest


async def reported(daemon: Daemon, first: float, last: float) -> dict[str, int]:
    """Return the counts of the report of all queues, as a sysadmin asks for it."""
    days = [time.strftime("%Y-%m-%d", time.gmtime(moment)) for moment in (first, last)]
    ran = await daemon.cli(
        "--config", str(daemon.config), "report", "queues", "--from", days[0], "--to", days[1], "--json"
    )
    if ran.code:
        raise RuntimeError(ran.err)
    rows: list[dict[str, Any]] = json.loads(ran.out)
    return {name: sum(int(row[name]) for row in rows) for name in COUNTED}


async def agreed(running: Running, start: float, result: Result) -> None:
    """Ask for the report until it agrees with the PBX: its last lines may still be under way. Gives up in time."""
    await running.sim.settle()
    result.truth = truth_of(running.sim)
    end = time.monotonic() + REPAIRED_WITHIN / 2
    while True:
        result.report = await reported(running.daemon, start, running.sim.now)
        if result.report == result.truth or time.monotonic() > end:
            return
        await asyncio.sleep(0.5)


def truth_of(sim: SimPbx) -> dict[str, int]:
    """Return what the PBX has counted."""
    stats = sim.stats
    counts = (stats.answered, stats.abandoned, stats.timeouts, stats.exits_empty, stats.exits_by_key, stats.withdrawn)
    return dict(zip(COUNTED, counts, strict=True))


async def soak(asked: argparse.Namespace) -> Result:
    """Run it; see the arguments of the module."""
    span = asked.days * DAY
    start = (time.time() - span) // DAY * DAY - 2 * DAY + asked.hour * 3600
    plan = CentrePlan.default(asked.seats, 5, asked.seed)
    result, chance = Result(), Random(asked.seed)
    with short_folder() as folder:
        log = folder / "queue_log"
        sim = SimPbx(plan, seed=asked.seed, speed=asked.speed, start=start, queue_log=log, secret="s3cret")
        await sim.start()
        more = f'[queue_log]\npath = "{log}"\n'
        daemon = Daemon(folder, write_config(folder, sim.port, sim.username, sim.secret, more))
        await daemon.start()
        try:
            async with daemon.desk() as desk:
                running = Running(sim, daemon, desk, log, chance)
                samples = await _faults(running, asked, span / asked.speed, result)
                sim.stall()
                await agreed(running, start, result)
                _figure(result, sim, samples, asked, sim.now - start)
        finally:
            await daemon.close()
            await sim.stop()
    return result


async def _faults(running: Running, asked: argparse.Namespace, seconds: float, result: Result) -> list[Sample]:
    began, samples = time.monotonic(), []
    # On a machine that is too busy it takes longer, until each fault has been.
    while (spent := time.monotonic() - began) < seconds or not result.faults.keys() >= set(asked.faults):
        # A process must live long for its memory to be judged: the daemon is killed in the last third only.
        names = [name for name in asked.faults if spent > seconds * 2 / 3 or name not in ENDS]
        name = (names or asked.faults)[sum(result.faults.values()) % len(names or asked.faults)]
        result.faults[name] = result.faults.get(name, 0) + 1
        await FAULTS[name](running)
        took = await repaired(running)
        if took is None:
            result.drifted.append(f"{name}: {differences(running.desk.board, running.sim)}")
        result.slowest_repair = max(result.slowest_repair, took or 0.0)
        await asyncio.sleep(asked.every)
        samples.append(sample(running.daemon, began))
        if not asked.json:
            print(f"{spent:7.0f} s  {name:14} {took and round(took, 2)} s  {samples[-1]}", flush=True)
    result.seconds = round(time.monotonic() - began, 1)
    return samples


def _figure(result: Result, sim: SimPbx, samples: Sequence[Sample], asked: argparse.Namespace, lived: float) -> None:
    result.virtual_days = round(lived / DAY, 3)
    result.calls, result.events = sim.stats.calls, sim.stats.events
    result.memory_growth = round(growth(samples, asked.warm_up), 4)
    counts = [one.descriptors for one in samples]
    result.descriptors = (min(counts), max(counts))


def asked_for(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=7.0, help="virtual days")
    parser.add_argument("--hour", type=float, default=0.0, help="of the first virtual day")
    parser.add_argument("--speed", type=float, default=20.0)
    parser.add_argument("--seats", type=int, default=50)
    parser.add_argument("--every", type=float, default=60.0, help="seconds between faults")
    parser.add_argument("--warm-up", type=float, default=900.0, help="seconds of a daemon that memory may grow in")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def main() -> int:
    """Soak, print the result, say by the exit code whether all was well."""
    asked = asked_for()
    result = asyncio.run(soak(asked))
    print(json.dumps({**asdict(result), "amiss": result.amiss()}, indent=None if asked.json else 2))
    return 1 if result.amiss() else 0


if __name__ == "__main__":
    sys.exit(main())
