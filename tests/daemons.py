"""Helpers of the daemon tests: real daemon processes on the simulated PBX, and clients of other users."""

import asyncio
import contextlib
import os
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

from ccops.board import Board
from ccops.desk.daemon.client import RemoteDesk
from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx

PATIENCE = 20.0
"""Seconds after which a test gives up waiting for what should happen at once."""

NOBODY = 65534

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")

_CONNECT_AS = """
import socket, sys
there = socket.socket(socket.AF_UNIX)
there.connect(sys.argv[1])
socket.send_fds(socket.socket(fileno=int(sys.argv[2])), [b"x"], [there.fileno()])
"""


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
class Daemon:
    """One daemon process and its folder."""

    folder: Path
    config: Path
    env: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    err: list[str] = field(default_factory=list)
    _reading: asyncio.Task[None] | None = None

    @property
    def place(self) -> Path:
        return self.folder / "s"

    @property
    def store(self) -> Path:
        return self.folder / "ccops.db"

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

    async def cli(self, *arguments: str, uid: int | None = None, gid: int | None = None, config: bool = True) -> Ran:
        """Run ccops against this daemon, as another user where one is given."""
        who: dict[str, Any] = {} if uid is None else {"user": uid, "group": gid or uid, "extra_groups": []}
        options = ["--config", str(self.config)] if config else []
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ccops", *options, *arguments, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=_environment() | {"CCOPS_DAEMON__SOCKET": str(self.place)}, **who,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    def connect(self, uid: int, gid: int, groups: Sequence[int] = ()) -> socket.socket:
        """Return a connection that was opened by another user: the kernel remembers who connected."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            subprocess.run(
                [sys.executable, "-S", "-E", "-c", _CONNECT_AS, str(self.place), str(theirs.fileno())],
                check=True, pass_fds=[theirs.fileno()], user=uid, group=gid, extra_groups=list(groups),
            )  # fmt: skip
            _data, descriptors, _flags, _address = socket.recv_fds(ours, 1, 1)
        return socket.socket(fileno=descriptors[0])

    @contextlib.asynccontextmanager
    async def desk(self, connection: socket.socket | None = None, **options: Any) -> AsyncIterator[RemoteDesk]:
        """Open a desk through the daemon, over a connection where one is given."""
        desk = RemoteDesk(self.place, **options) if connection is None else DeskOver(connection, self.place)
        await desk.open()
        try:
            yield desk
        finally:
            await desk.close()


class DeskOver(RemoteDesk):
    """A desk over a connection that was made before."""

    def __init__(self, connection: socket.socket, path: Path) -> None:
        super().__init__(path)
        self._connection = connection

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(sock=self._connection, limit=2**26)


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
    sim = SimPbx(plan(), quiet=True, secret="s3cret", **options)
    with short_folder() as folder:
        await sim.start()
        daemon = Daemon(folder, write_config(folder, sim.port, sim.username, sim.secret, roles))
        try:
            await daemon.start()
            yield sim, daemon
        finally:
            await daemon.close()
            await sim.stop()


async def live(desk: Any) -> None:
    """Wait until the board is live."""
    await until(lambda: desk.board.link.state == "live", "the board is live")


async def shows(desk: Any, holds: Callable[[Board], Any], what: str = "") -> None:
    """Wait until the board shows that something holds."""
    await until(lambda: holds(desk.board), what)
