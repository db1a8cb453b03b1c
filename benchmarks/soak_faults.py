"""The faults of the soak, each a short coroutine that does its harm and leaves; the soak looks what became of it."""

import asyncio
import contextlib
import gzip
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from ccops.errors import CcopsError
from ccops.pbx.sim import SimPbx
from tests.daemons import Daemon, Desk


@dataclass
class Running:
    """A centre, the daemon on it, a desk that watches, and what the faults need."""

    sim: SimPbx
    daemon: Daemon
    desk: Desk
    log: Path
    chance: Random
    rotated: int = 0

    def visits(self) -> int:
        """Return how many visits the store holds."""
        with contextlib.closing(sqlite3.connect(f"file:{self.daemon.store}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM visits").fetchone()[0])

    async def read(self) -> None:
        """Wait until the store holds what has been written, so that a rotation cannot hide lines for good."""
        async with asyncio.timeout(60):
            while self.visits() < self.sim.stats.entered:  # noqa: ASYNC110  # another process writes
                await asyncio.sleep(0.05)


async def quiet(running: Running) -> None:
    """Nothing: the measure of all the others."""
    await asyncio.sleep(0.5)


async def cut_link(running: Running) -> None:
    """Every AMI connection is cut."""
    running.sim.drop_clients()


async def hang(running: Running) -> None:
    """The PBX says nothing for a while."""
    running.sim.stall()
    await asyncio.sleep(running.chance.uniform(0.5, 3.0))
    running.sim.unstall()


async def garbage(running: Running) -> None:
    """Bytes that are no AMI, a message without an end among them."""
    running.sim.garbage(running.chance.randbytes(4096) + b"\r\n\r\nEvent: Half\r\n" + b"x" * 5000 + b"\r\n\r\n")


async def restart(running: Running) -> None:
    """The PBX dies and comes back."""
    await running.sim.restart(away=running.chance.uniform(0.0, 1.0))


async def kill_daemon(running: Running) -> None:
    """Kill -9, and start again."""
    await running.daemon.signal(signal.SIGKILL)
    await running.daemon.start()


async def stop_daemon(running: Running) -> None:
    """SIGTERM, and start again."""
    await running.daemon.signal(signal.SIGTERM)
    await running.daemon.start()


async def truncate_log(running: Running) -> None:
    """Rotate the log as logrotate's copytruncate does."""
    running.sim.stall()  # what the PBX writes between copy and truncation is lost to everybody, with any reader
    await asyncio.sleep(0)
    running.rotated += 1
    await running.read()
    copy = running.log.with_name(f"queue_log.{running.rotated}.gz")
    copy.write_bytes(gzip.compress(running.log.read_bytes()))
    running.log.write_bytes(b"")
    running.sim.unstall()


async def flood_socket(running: Running) -> None:
    """Many clients that talk garbage and leave."""
    for _number in range(20):
        reader, writer = await asyncio.open_unix_connection(str(running.daemon.place))
        writer.write(running.chance.randbytes(200) + b"\n")
        with contextlib.suppress(OSError):
            await writer.drain()
        writer.transport.abort()
        del reader


async def act(running: Running) -> None:
    """People act meanwhile: somebody is paused and comes back."""
    agents = [name for name, row in running.desk.board.agents.items() if row.memberships]
    if not agents:
        return
    name = running.desk.board.agents[running.chance.choice(agents)].interface
    for action in ("agent.pause", "agent.unpause"):
        with contextlib.suppress(CcopsError):  # the agent may have gone home meanwhile
            await running.desk.do(action, name)


FAULTS: Final[dict[str, Callable[[Running], Awaitable[None]]]] = {
    "quiet": quiet,
    "cut_link": cut_link,
    "garbage": garbage,
    "kill_daemon": kill_daemon,
    "hang": hang,
    "restart": restart,
    "act": act,
    "flood_socket": flood_socket,
    "truncate_log": truncate_log,
    "stop_daemon": stop_daemon,
}
"""In the order in which they come, over and over."""

ENDS: Final = frozenset({"kill_daemon", "stop_daemon"})
"""Those that end a daemon's life."""
