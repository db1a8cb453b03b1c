"""The processes that `benchmarks.desk` measures or is served by: a centre, a desk in-process, clients of a daemon.

Each says one line of JSON when it is ready and one when its standard input ends.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from ccops.board import AgentRow, Change

SEATS, TALKING = 50, 10
"""Agents, and how many of them are in a call that lasts."""


def say(facts: dict[str, Any]) -> None:
    print(json.dumps(facts), flush=True)


async def told_to_end() -> None:
    """Wait for the end of standard input."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


async def centre(rate: float) -> None:
    """Serve a quiet centre in which some agents talk, and the others pause with the time of asking as the reason."""
    from ccops.pbx.sim import CentrePlan, SimPbx

    plan = CentrePlan.default(SEATS, 5)
    sim = SimPbx(plan, quiet=True)
    sim.phone_behaviour("PJSIP/9001", 0.01)
    await sim.start()
    for agent in plan.agents:
        sim.agent_behaviour(agent.interface, "answer", 0.01)
    for agent in plan.agents[:TALKING]:
        sim.call_in(agent.queues[0][0], f"555{agent.number}", agent.name)
    await sim.settle(30)
    say({"host": sim.host, "port": sim.port, "username": sim.username, "secret": sim.secret})
    pausing = asyncio.create_task(_pauses(sim, [agent.interface for agent in plan.agents], rate))
    await told_to_end()
    pausing.cancel()


async def _pauses(sim: Any, interfaces: Sequence[str], rate: float) -> None:
    await sim.client()
    _reader, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(f"Action: Login\r\nUsername: {sim.username}\r\nSecret: {sim.secret}\r\nEvents: off\r\n\r\n".encode())
    begin = time.monotonic()
    number = 0
    while True:
        await asyncio.sleep(max(0.0, begin + number / rate - time.monotonic()))
        stamp = time.monotonic_ns()
        interface = interfaces[TALKING + number % (len(interfaces) - TALKING)]
        action = f"Action: QueuePause\r\nInterface: {interface}\r\nPaused: true\r\nReason: {stamp}\r\n\r\n"
        writer.write(action.encode())
        number += 1


class Seen:
    """When one client saw each stamp first."""

    def __init__(self) -> None:
        self.at: dict[int, int] = {}
        self.changes = 0

    def __call__(self, changes: Sequence[Change]) -> None:
        """Take changes in."""
        now = time.monotonic_ns()
        self.changes += len(changes)
        for change in changes:
            if isinstance(change.row, AgentRow) and change.row.pause_reason.isdigit():
                self.at.setdefault(int(change.row.pause_reason), now)


@contextlib.asynccontextmanager
async def seated(opened: Callable[[], Any], count: int) -> AsyncIterator[list[Seen]]:
    """Open desks, each with eyes on it."""
    desks = [await opened() for _n in range(count)]
    eyes = [Seen() for _desk in desks]
    for desk, one in zip(desks, eyes, strict=True):
        desk.subscribe(one)
    try:
        yield eyes
    finally:
        await asyncio.gather(*(desk.close() for desk in desks))


async def watch(opened: Callable[[], Any], count: int) -> None:
    """Look at desks until told to end; then say when the slowest of them saw each stamp."""
    async with seated(opened, count) as eyes:
        say({"ready": True})
        await told_to_end()
        common = set.intersection(*(set(one.at) for one in eyes))
        slowest = {stamp: max(one.at[stamp] for one in eyes) for stamp in common}
        say({"slowest": slowest, "changes": min(one.changes for one in eyes), "boards": len(eyes)})


async def clients(path: Path, count: int) -> None:
    from ccops.desk.daemon.client import RemoteDesk

    async def opened() -> RemoteDesk:
        desk = RemoteDesk(path)
        await desk.open()
        return desk

    await watch(opened, count)


async def local(config: Path) -> None:
    from ccops.desk.local import LocalDesk
    from ccops.settings import load

    async def opened() -> LocalDesk:
        desk = LocalDesk(load(config, {}).settings)
        await desk.run()
        return desk

    await watch(opened, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["centre", "clients", "local"])
    parser.add_argument("--path", type=Path)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--rate", type=float, default=200.0)
    given = parser.parse_args()
    if given.what == "centre":
        asyncio.run(centre(given.rate))
    elif given.what == "clients":
        asyncio.run(clients(given.path, given.count))
    else:
        asyncio.run(local(given.path))


if __name__ == "__main__":
    main()
