"""AMI servers on loopback that misbehave to order: each connection runs a script of the test.

A script is an async function that gets a `Conn`. What it does not do does not happen: no greeting, no answer, no
end, unless it says so. `Conn.serve` behaves well, for the parts of a test where the server should.
"""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import run
from types import TracebackType
from typing import Any, Self

from ccops.pbx.link import Event, Link, LinkSettings, LinkStatus

SECRET = "s3cret-字-wörd"
USER = "ccops"
BANNER = b"Asterisk Call Manager/5.0.4\r\n"
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 518\r\nLastReload: 0\r\nStatus: Fully Booted\r\n\r\n"
PATIENCE = 20.0
"""Seconds after which a test gives up waiting for what should happen at once."""

Action = dict[str, str]
Script = Callable[["Conn"], Awaitable[None]]
Handler = Callable[["Conn", Action], Any]


def event(name: str, **headers: str) -> bytes:
    """Return the bytes of an event."""
    lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


GOOD = event("QueueMemberPause", Queue="sales", Interface="PJSIP/1001", Paused="1")


@dataclass
class Conn:
    """One connection as the server sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "BadServer"
    number: int
    """1 for the first connection of this server, 2 for the next …"""

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)

    async def action(self) -> Action:
        """Read one action; repeated headers are joined by a line feed."""
        block = await self.reader.readuntil(b"\r\n\r\n")
        action: Action = {}
        for line in block.decode().split("\r\n")[:-2]:
            name, _, value = line.partition(": ")
            action[name] = f"{action[name]}\n{value}" if name in action else value
        self.server.actions.append(action)
        return action

    def answer(self, action: Action, response: str = "Success", **headers: str) -> None:
        """Send a response to `action`."""
        lines = [f"Response: {response}"]
        if "ActionID" in action:
            lines.append(f"ActionID: {action['ActionID']}")
        lines += [f"{key}: {value}" for key, value in headers.items()]
        self.write("\r\n".join([*lines, "", ""]).encode())

    async def login(self, *, greet: bytes = BANNER) -> None:
        """Greet, and let in who knows the secret, by challenge or plain."""
        self.write(greet)
        while True:
            action = await self.action()
            if action["Action"] == "Challenge":
                self.answer(action, Challenge="840415273")
            elif self._knows_secret(action):
                self.answer(action, Message="Authentication accepted")
                return
            else:
                self.answer(action, "Error", Message="Authentication failed")
                await self.writer.drain()
                self.hang_up()
                raise asyncio.IncompleteReadError(b"", None)

    @staticmethod
    def _knows_secret(action: Action) -> bool:
        key = hashlib.md5(b"840415273" + SECRET.encode(), usedforsecurity=False).hexdigest()
        return action.get("Secret") == SECRET or action.get("Key") == key

    async def serve(self, handlers: Mapping[str, Handler] | None = None) -> None:
        """Answer actions until the client goes: by `handlers` where they know the action, else with Success."""
        while True:
            action = await self.action()
            handler = (handlers or {}).get(action["Action"])
            if handler is not None:
                result = handler(self, action)
                if asyncio.iscoroutine(result):
                    await result
            elif action["Action"] == "Ping":
                self.answer(action, Ping="Pong", Timestamp="1795289738.250000")
            else:
                self.answer(action)

    async def hold(self) -> None:
        """Read and answer nothing until the client goes."""
        while await self.reader.read(65_536):
            pass

    def hang_up(self) -> None:
        """Close the connection."""
        self.writer.close()


async def well_behaved(conn: Conn) -> None:
    """Be a server as it should be."""
    await conn.login()
    conn.write(BOOTED)
    await conn.serve()


@dataclass
class BadServer:
    """Runs a script on each connection; remembers what it was sent."""

    script: Script = well_behaved
    tls: ssl.SSLContext | None = None
    actions: list[Action] = field(default_factory=list)
    connections: int = 0
    conns: list[Conn] = field(default_factory=list)
    port: int = 0

    def named(self, action: str) -> list[Action]:
        """Return the actions of that name received so far."""
        return [item for item in self.actions if item["Action"] == action]

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        for task in self._tasks:
            if task.done() and not task.cancelled() and (problem := task.exception()) and error is None:
                raise problem

    async def stop(self) -> None:
        """Listen no more and cut all connections."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for conn in self.conns:
            conn.writer.transport.abort()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        conn = Conn(reader, writer, self, self.connections)
        self.conns.append(conn)
        self._tasks.add(asyncio.get_running_loop().create_task(self._run(conn)))

    async def _run(self, conn: Conn) -> None:
        try:
            await self.script(conn)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            conn.hang_up()


@dataclass
class Client:
    """A link and what it was told."""

    link: Link
    events: list[Event]
    statuses: list[LinkStatus]

    @property
    def names(self) -> list[str]:
        """Names of the events delivered so far."""
        return [item["Event"] for item in self.events]

    @property
    def states(self) -> list[str]:
        """States in their order, without repetition."""
        states: list[str] = []
        for status in self.statuses:
            if not states or states[-1] != status.state:
                states.append(status.state)
        return states


class Snapshot:
    """An `on_up` that counts and does what the test wants."""

    def __init__(self, then: Callable[[int], Awaitable[None]] | None = None) -> None:
        self.times = 0
        self.cancelled = 0
        self._then = then

    def has_run(self, times: int) -> bool:
        return self.times == times

    async def __call__(self) -> None:
        self.times += 1
        if self._then is not None:
            try:
                await self._then(self.times)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise


def settings_for(server: BadServer, **changes: Any) -> LinkSettings:
    """Return settings that reach `server` with the right secret and try again soon."""
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "username": USER,
        "secret": SECRET,
        "backoff_first": 0.02,
        "backoff_max": 0.1,
    }
    return LinkSettings(**{**values, **changes})


@asynccontextmanager
async def client(
    server: BadServer,
    *,
    wanted: set[str] | None = None,
    on_event: Callable[[Event], None] | None = None,
    **changes: Any,
) -> AsyncIterator[Client]:
    """Yield a client of `server`, not connected yet; it is closed at the end."""
    events: list[Event] = []
    statuses: list[LinkStatus] = []

    def take(item: Event, _at: float) -> None:
        events.append(item)
        if on_event is not None:
            on_event(item)

    link = Link(settings_for(server, **changes), on_event=take, on_status=statuses.append, wanted=wanted)
    try:
        yield Client(link, events, statuses)
    finally:
        await link.close()


@asynccontextmanager
async def opened(script: Script = well_behaved, **changes: Any) -> AsyncIterator[tuple[BadServer, Client]]:
    """Yield a server with `script` and a client that has logged in."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(BadServer(script))
        one = await stack.enter_async_context(client(server, **changes))
        await one.link.open()
        yield server, one


async def until(condition: Callable[[], Any], what: str = "") -> None:
    """Wait until `condition` holds; fails after `PATIENCE`."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110  # any condition, not only our own
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never happened: {what or condition}") from None


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS context with a fresh certificate for `name`, and the file to trust it by."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    kind = "IP" if name[0].isdigit() else "DNS"
    run(
        [*new, "-addext", f"subjectAltName={kind}:{name}", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert
