"""Serves the figures over HTTP on 127.0.0.1: one page, nothing else, and only to who asks for this machine."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from ccops.alerts.metrics import CONTENT_TYPE
from ccops.errors import ConfigError
from ccops.i18n import _

log = logging.getLogger(__name__)

_LONGEST_REQUEST: Final = 8192
_PATIENCE: Final = 5.0
_MOST_AT_ONCE: Final = 8
_HERE: Final = frozenset({"localhost", "127.0.0.1", "[::1]", ""})
"""Names by which this machine may be asked for: a page in somebody's browser that has a name of its own pointed to
127.0.0.1 must not read what stands here."""


class Scrape:
    """The page for Prometheus."""

    def __init__(self, port: int, page: Callable[[], str]) -> None:
        """`page` makes the text when somebody asks."""
        self._port, self._page = port, page
        self._server: asyncio.Server | None = None
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)

    @property
    def port(self) -> int:
        """The port that is served."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server is not None else self._port

    async def start(self) -> None:
        """Serve; raises ConfigError where the port is taken."""
        try:
            self._server = await asyncio.start_server(self._client, "127.0.0.1", self._port, limit=_LONGEST_REQUEST)
        except OSError as error:
            raise ConfigError(
                _("alerts.metrics_port: port {port} of 127.0.0.1 cannot be opened: {why}.").format(
                    port=self._port, why=error.strerror or error
                ),
                remedy=_("Take another one, or 0 for none."),
            ) from None

    async def close(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE), self._places:
                writer.write(self._answer(await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _answer(self, request: bytes) -> bytes:
        first, *headers = request.decode("latin-1").split("\r\n")
        method, _space, rest = first.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if _host(headers) not in _HERE:
            return _response("403 Forbidden", "ask for 127.0.0.1\n")
        if method not in ("GET", "HEAD"):
            return _response("405 Method Not Allowed", "GET only\n", "Allow: GET, HEAD\r\n")
        if path != "/metrics":
            return _response("404 Not Found", "see /metrics\n")
        return _response("200 OK", self._page(), kind=CONTENT_TYPE, body=method == "GET")


def _host(headers: list[str]) -> str:
    """Return the name that was asked for, without its port."""
    for line in headers:
        name, _colon, value = line.partition(":")
        if name.strip().lower() == "host":
            host = value.strip().lower()
            return host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return ""


def _response(
    status: str, page: str, more: str = "", *, kind: str = "text/plain; charset=utf-8", body: bool = True
) -> bytes:
    data = page.encode("utf-8", "replace")
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n{more}"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + (data if body else b"")
