"""A TCP proxy that spoils a link on purpose: cut, half-open, slow, byte by byte, garbled, refused.

It runs in a thread of its own, so a test may use it whether or not it has an event loop:

    with Proxy("127.0.0.1", lab.ami_port) as proxy:
        client.connect(proxy.host, proxy.port)
        proxy.stall()
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
Filter = Callable[[bytes], bytes]
_CHUNK = 65536


class Proxy:
    """Stands between clients and one server; every method may be called from any thread while data flows."""

    host = "127.0.0.1"

    def __init__(self, server_host: str, server_port: int) -> None:
        self._server_at = (server_host, server_port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lab-proxy", daemon=True)
        self._flows: set[_Flow] = set()
        self._listener: asyncio.Server | None = None
        self._delay = 0.0
        self._single_bytes = False
        self._filter: Filter | None = None
        self._moving = asyncio.Event()
        self._moving.set()
        self.port = 0
        self.from_client: list[tuple[float, bytes]] = []
        """What clients sent, with the time (time.monotonic) at which it passed."""

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._flows)

    def cut(self) -> None:
        """Break every connection at once, as when a server dies; new ones are accepted."""
        self._call(self._cut())

    def refuse(self) -> None:
        """Break every connection and refuse new ones until ``accept``."""
        self._call(self._shut())

    def accept(self) -> None:
        """Take connections again, on the same port."""
        self._call(self._listen())

    def stall(self) -> None:
        """Let nothing through, either way, while every connection stays open: a cable pulled out."""
        self._loop.call_soon_threadsafe(self._moving.clear)

    def resume(self) -> None:
        """End ``stall``: what was held back goes through."""
        self._loop.call_soon_threadsafe(self._moving.set)

    def slow(self, seconds: float) -> None:
        """Hold everything that the server sends for so long before it is passed on."""
        self._delay = seconds

    def single_bytes(self, on: bool = True) -> None:
        """Pass what the server sends on in pieces of one byte."""
        self._single_bytes = on

    def garble(self, change: Filter | None) -> None:
        """Pass every piece that the server sends through a function; None ends it."""
        self._filter = change

    def inject(self, data: bytes) -> None:
        """Send something to every client as if the server had."""
        self._call(self._inject(data))

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        await self._cut()

    async def _cut(self) -> None:
        flows = list(self._flows)
        for flow in flows:
            flow.abort()
        await asyncio.gather(*(flow.ended.wait() for flow in flows))

    async def _inject(self, data: bytes) -> None:
        for flow in self._flows:
            flow.client.write(data)
            await flow.client.drain()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(*self._server_at)
        except OSError:
            writer.transport.abort()
            return
        flow = _Flow(writer, back)
        self._flows.add(flow)
        try:
            flow.tasks = [
                asyncio.ensure_future(self._up(reader, back)),
                asyncio.ensure_future(self._down(there, writer)),
            ]
            await asyncio.wait(flow.tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            flow.abort()
            await asyncio.gather(*flow.tasks, return_exceptions=True)
            self._flows.discard(flow)
            flow.ended.set()

    async def _up(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self._moving.wait()
            self.from_client.append((time.monotonic(), data))
            server.write(data)
            await server.drain()

    async def _down(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self._delay:
                await asyncio.sleep(self._delay)
            await self._moving.wait()
            await self._pass_on(self._filter(data) if self._filter else data, client)

    async def _pass_on(self, data: bytes, client: asyncio.StreamWriter) -> None:
        if not self._single_bytes:
            client.write(data)
            await client.drain()
            return
        for index in range(len(data)):
            client.write(data[index : index + 1])
            await client.drain()
            await asyncio.sleep(0)  # so that the kernel gets each byte by itself


class _Flow:
    """One client's connection and the connection to the server that goes with it."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.tasks: list[asyncio.Task[None]] = []
        self.ended = asyncio.Event()

    def abort(self) -> None:
        for task in self.tasks:
            task.cancel()
        for writer in (self.client, self.server):
            with contextlib.suppress(RuntimeError):  # the loop is gone with the test
                writer.transport.abort()
