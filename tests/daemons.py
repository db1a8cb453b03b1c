"""Helpers of the daemon tests: real daemon processes on the simulated PBX, and clients of other users."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ccops.board import AgentRow, AgentState, Board, Change
from ccops.desk.daemon import codec
from ccops.desk.daemon.client import RemoteDesk
from ccops.desk.daemon.server import DeskServer
from ccops.desk.local import LocalDesk
from ccops.errors import LinkLost
from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from ccops.settings import load
from ccops.store import open_store
from ccops.store.audit import records

PATIENCE = 20.0
"""Seconds after which a test gives up waiting for what should happen at once."""

NOBODY = 65534

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")


def plan() -> CentrePlan:
    """Two queues; Ana sells, Ben supports, Cho does both, Dee is in none at first."""
    return CentrePlan(
        queues=[QueuePlan("sales", "Sales"), QueuePlan("support", "Sales hotline", strategy="linear")],
        agents=[
            AgentPlan("1001", "Ana 王芳", queues=(("sales", 0),)),
            AgentPlan("1002", "Ben", queues=(("support", 0),)),
            AgentPlan("1003", "Cho", queues=(("sales", 5), ("support", 5))),
        ],
    )


def quick(sim: SimPbx) -> SimPbx:
    """Let everybody answer at once."""
    for number in ("1001", "1002", "1003"):
        sim.agent_behaviour(number, "answer", 0.05)
    for number in ("9001", "9002"):
        sim.phone_behaviour(f"PJSIP/{number}", 0.05)
    return sim


async def until(holds: Callable[[], Any], what: str = "") -> None:
    """Wait until something holds; fails after `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"never happened: {what or holds}"
        await asyncio.sleep(0.01)


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Door:
    """A daemon's folder and the way in."""

    folder: Path
    config: Path

    @property
    def place(self) -> Path:
        return self.folder / "s"

    @property
    def store(self) -> Path:
        return self.folder / "ccops.db"

    async def cli(self, *arguments: str) -> Ran:
        """Run ccops in a process of its own as somebody who knows the daemon's socket and nothing else."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ccops", *arguments, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=_environment()
            | {"CCOPS_DAEMON__SOCKET": str(self.place), "CCOPS_STORE__PATH": str(self.store)}
            | {"CCOPS_AMI__CONNECT_TIMEOUT": "2"},
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    def connect(self, uid: int, gid: int, groups: Sequence[int] = ()) -> socket.socket:
        """Return a connection that another user has opened: the kernel remembers who connected."""
        connection = socket.socket(socket.AF_UNIX)
        mine = os.getgroups()
        try:
            os.setgroups(list(groups))
            os.setegid(gid)
            os.seteuid(uid)
            connection.connect(str(self.place))
        finally:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(mine)
        return connection

    @contextlib.asynccontextmanager
    async def desk(self, connection: socket.socket | None = None, **options: Any) -> AsyncIterator["Desk"]:
        """Open a desk through the daemon, over a connection where one is given."""
        desk = Desk(self.place, connection, **options)
        await desk.open()
        try:
            yield desk
        finally:
            await desk.close()


@dataclass
class Daemon(Door):
    """One daemon process."""

    env: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    err: list[str] = field(default_factory=list)
    _reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def start(self, *, ready: bool = True) -> "Daemon":
        """Start it; with `ready` wait until clients may connect."""
        self.err.clear()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ccops", "--config", str(self.config), "daemon", "run",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**_environment(), **self.env},
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read(self.process))
        if ready:
            await until(lambda: self.said("Serving") or self.process is None or self.process.returncode is not None)
            assert self.said("Serving"), self.err
        return self

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            self.err.append(line.decode(errors="replace").rstrip())

    def said(self, text: str) -> bool:
        """Return whether it has said something with this text on stderr."""
        return any(text in line for line in self.err)

    async def ended(self) -> int:
        """Wait for its end; return the exit code."""
        assert self.process is not None
        assert self._reading is not None
        code = await asyncio.wait_for(self.process.wait(), PATIENCE)
        await self._reading
        return code

    async def signal(self, number: int) -> int:
        """Send a signal and wait for the end."""
        assert self.process is not None
        self.process.send_signal(number)
        return await self.ended()

    async def close(self) -> None:
        if self.process is not None and self.process.returncode is None:
            await self.signal(signal.SIGKILL)


class Desk(RemoteDesk):
    """A desk that keeps every byte it is sent, over a connection that was made before where one is given."""

    def __init__(self, path: Path, connection: socket.socket | None = None, **options: Any) -> None:
        super().__init__(path, **options)
        self._connection = connection
        self.heard = b""
        self.changes: list[Change] = []
        self.subscribe(self.changes.extend)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._connection is None:
            return await super()._reach()
        return await asyncio.open_unix_connection(sock=self._connection, limit=2**26)

    async def _read(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        data = await reader.readline()
        self.heard += data
        if not data.endswith(b"\n"):
            raise LinkLost("closed")
        return codec.read_line(data)


def _environment() -> dict[str, str]:
    """A world without the settings of the machine; without a terminal the log is plain."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parent.parent), "HOME": "/nonexistent"}


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A folder that others may enter, with a path that leaves room for a socket's name."""
    folder = Path(tempfile.mkdtemp(prefix="ccops-d."))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_config(folder: Path, port: int, user: str, secret: str, more: str = "", mode: str = "0666") -> Path:
    """Write the configuration of a daemon; `more` is TOML, roles for instance."""
    path = folder / "config.toml"
    path.write_text(
        f"""
[site]
name = "Riverside"
timezone = "UTC"
[ami]
port = {port}
username = "{user}"
secret = "{secret}"
[store]
path = "{folder / "ccops.db"}"
[daemon]
socket = "{folder / "s"}"
socket_mode = "{mode}"
[supervisor]
phone = "PJSIP/9001"
[actions]
transfer_context = "internal"
queue_context = "queues"
ring_timeout = 8
{more}
""",
        encoding="utf-8",
    )
    path.chmod(0o600)
    return path


@contextlib.asynccontextmanager
async def simulated(roles: str = "", **options: Any) -> AsyncIterator[tuple[SimPbx, Daemon]]:
    """Run a quiet simulated PBX in this process and a daemon on it in a process of its own."""
    sim = quick(SimPbx(plan(), quiet=True, secret="s3cret", **options))
    with short_folder() as folder:
        await sim.start()
        daemon = Daemon(folder, write_config(folder, sim.port, sim.username, sim.secret, roles))
        try:
            await daemon.start()
            yield sim, daemon
        finally:
            await daemon.close()
            await sim.stop()


@dataclass
class Served(Door):
    """The daemon's engine in this process, with its real socket."""

    local: LocalDesk
    server: DeskServer

    def audited(self) -> list[dict[str, Any]]:
        """Return what stands in the audit."""
        with open_store(self.store, read_only=True) as database:
            return list(records(database))


@contextlib.asynccontextmanager
async def served(roles: str = "", **options: Any) -> AsyncIterator[tuple[SimPbx, Served]]:
    """Run a quiet simulated PBX, and the daemon's engine on it, both in this process: quicker than a process."""
    sim = quick(SimPbx(plan(), quiet=True, secret="s3cret", **options))
    with short_folder() as folder:
        await sim.start()
        config = write_config(folder, sim.port, sim.username, sim.secret, roles)
        settings = load(config, {}).settings
        local = LocalDesk(settings)
        server = DeskServer(local, settings)
        await server.start()
        await local.run()
        try:
            await live(local)
            yield sim, Served(folder, config, local, server)
        finally:
            await server.stop()
            await local.close()
            await sim.stop()


async def live(desk: Any) -> None:
    """Wait until the board is live."""
    await until(lambda: desk.board.link.state == "live", "the board is live")


ME = pwd.getpwuid(os.getuid()).pw_name
"""Who runs the tests; a role that names them binds them too."""


async def talking(sim: SimPbx, desk: Any, queue: str = "sales", number: str = "5550001", name: str = "Zed") -> str:
    """Let somebody call a queue and wait until the board shows an agent talking to them; return the call's id."""
    uniqueid = sim.call_in(queue, number, name)
    await shows(desk, lambda board: any(_on(row, uniqueid) for row in board.agents.values()), "the call is answered")
    return uniqueid


def _on(row: AgentRow, call_id: str) -> bool:
    return row.call_id == call_id and row.state is AgentState.TALKING and row.channel is not None


async def shows(desk: Any, holds: Callable[[Board], Any], what: str = "") -> None:
    """Wait until the board shows that something holds."""
    await until(lambda: holds(desk.board), what)
