"""Measures the live state over a socket: how late it is at 200 events a second, and 5,000 a second for a minute.

`python -m benchmarks.live [--seconds N] [--json]` prints one table. The simulated PBX runs in a process of its own.
"""

import argparse
import asyncio
import contextlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccops.board import AgentRow, Change
from ccops.pbx.link import LinkSettings
from ccops.pbx.live import LiveCentre

RATE, FLOOD = 200, 5000


@contextlib.asynccontextmanager
async def child(*arguments: str) -> AsyncIterator[tuple[dict[str, Any], asyncio.subprocess.Process]]:
    """Run a simulated PBX of ours as a child; yield what it says first."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline()), process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def settings(place: dict[str, Any]) -> LinkSettings:
    return LinkSettings(host=place["host"], port=place["port"], username=place["username"], secret=place["secret"])


@contextlib.asynccontextmanager
async def live_on(place: dict[str, Any]) -> AsyncIterator[LiveCentre]:
    live = LiveCentre(settings(place))
    task = asyncio.create_task(live.run())
    async with asyncio.timeout(30):
        while live.board.link.state != "live":
            if task.done():
                await task
            await asyncio.sleep(0.01)
    try:
        yield live
    finally:
        await live.close()
        await task


@dataclass
class Lateness:
    """How long after its event each change of a row came."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, changes: Sequence[Change]) -> None:  # noqa: D102
        now = time.monotonic_ns()
        for change in changes:
            if isinstance(change.row, AgentRow) and change.row.pause_reason.isdigit():
                self.seconds.append((now - int(change.row.pause_reason)) / 1e9)


async def stamped(seconds: float) -> None:
    """The child of the first measure: 50 members whose pauses say when they were asked for."""
    from ccops.pbx.sim import CentrePlan, SimPbx

    sim = SimPbx(CentrePlan.default(50, 5), quiet=True)
    await sim.start()
    print(json.dumps({"host": sim.host, "port": sim.port, "username": sim.username, "secret": sim.secret}), flush=True)
    await sim.client()
    reader, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(f"Action: Login\r\nUsername: {sim.username}\r\nSecret: {sim.secret}\r\nEvents: off\r\n\r\n".encode())
    await asyncio.sleep(1)
    drain = asyncio.create_task(reader.read())
    interfaces = [agent.interface for agent in sim.plan.agents]
    begin = time.monotonic()
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(max(0.0, begin + number / RATE - time.monotonic()))
        interface, stamp = interfaces[number % len(interfaces)], time.monotonic_ns()
        action = f"Action: QueuePause\r\nInterface: {interface}\r\nPaused: true\r\nReason: {stamp}\r\n\r\n"
        writer.write(action.encode())
    await drain


async def lateness(seconds: float) -> dict[str, float]:
    """Measure how late the state is at 200 actions, each an event or more, a second."""
    async with child(str(Path(__file__)), "--stamped", str(seconds)) as (place, _process), live_on(place) as live:
        late = Lateness()
        live.subscribe(late)
        await asyncio.sleep(seconds + 2)
    found = sorted(late.seconds)
    return {
        "changes": len(found),
        "median_ms": 1000 * statistics.median(found),
        "p99_ms": 1000 * found[int(0.99 * len(found))],
    }


def memory_mb() -> float:
    """Return what this process holds now, MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def flood(seconds: float) -> dict[str, float]:
    """Follow 5,000 events a second; at the end the state must equal a fresh look."""
    arguments = ["-m", "ccops.pbx.sim", "--seats", "50", "--queues", "5", "--flood", str(FLOOD)]
    async with child(*arguments, "--flood-seconds", str(seconds)) as (place, _process), live_on(place) as live:
        heard = 0

        def count(_event: object, _at: float) -> None:
            nonlocal heard
            heard += 1

        live.on_raw(count)
        await asyncio.sleep(seconds / 6)
        early, cpu, begin, before = memory_mb(), time.process_time(), time.monotonic(), heard
        await asyncio.sleep(seconds * 5 / 6 - 1)
        took, used, counted = time.monotonic() - begin, time.process_time() - cpu, heard - before
        late = memory_mb()
        await asyncio.sleep(3)
        drift = await live.resync()
    return {
        "handled_per_s": counted / took,
        "cpu_share": used / took,
        "memory_early_mb": early,
        "memory_late_mb": late,
        "drift": len(drift),
        "link_losses": live.board.link.reconnects,
    }


async def measure(seconds: float) -> dict[str, dict[str, float]]:
    return {"lateness": await lateness(min(20.0, seconds)), "flood": await flood(seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--stamped", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stamped:
        asyncio.run(stamped(arguments.stamped))
        return
    found = asyncio.run(measure(arguments.seconds))
    if arguments.json:
        print(json.dumps(found))
        return
    late, load = found["lateness"], found["flood"]
    print("what                                              measured                    reach")
    print(f"event → state changed, {RATE}/s, {late['changes']:.0f} changes    p99 {late['p99_ms']:.2f} ms (median "
          f"{late['median_ms']:.2f})      ≤ 5 ms")  # fmt: skip
    print(f"{FLOOD} events/s for {arguments.seconds:.0f} s (handled {load['handled_per_s']:.0f}/s of them)   "
          f"drift {load['drift']:.0f}, losses {load['link_losses']:.0f}        0")  # fmt: skip
    print(f"  its memory, MB                                  {load['memory_early_mb']:.1f} → "
          f"{load['memory_late_mb']:.1f}               flat")  # fmt: skip
    print(f"  its CPU                                         {load['cpu_share']:.0%} of a core")


if __name__ == "__main__":
    main()
