"""Runs the daemon: one desk with the only link, served on the socket until it is told to stop."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable

from ccops.board import LinkRow
from ccops.desk.daemon.server import DeskServer
from ccops.desk.local import LocalDesk
from ccops.errors import LoginRefused
from ccops.i18n import _
from ccops.settings import Settings

log = logging.getLogger(__name__)


def notify(text: str) -> None:
    """Tell systemd how we are (sd_notify(3)); without systemd nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out, contextlib.suppress(OSError):
        out.sendto(text.encode(), "\0" + address[1:] if address.startswith("@") else address)


def watchdog_interval() -> float | None:
    """Return how often systemd wants a sign of life, seconds; None where it does not watch."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(usec) / 2_000_000 if usec.isdigit() and int(usec) > 0 and mine else None


async def serve(settings: Settings, *, say: Callable[[str], None], ready: Callable[[], None] = lambda: None) -> None:
    """Serve until SIGTERM or SIGINT.

    `say` tells what happens, `ready` is called once clients may connect. Raises `ConfigError` for a socket that
    cannot be made, `LinkError` where another daemon serves, `LoginRefused` where the PBX refuses the user.
    """
    desk = LocalDesk(settings)
    server = DeskServer(desk, settings)
    stop = asyncio.Event()
    refused: list[str] = []
    _on_signals(stop)
    desk.subscribe(_LinkWatch(desk, stop, refused, say))
    try:
        await server.start()
        await desk.run()
        ready()
        notify("READY=1")
        say(_("Serving {path}.").format(path=settings.daemon.socket))
        await _alive_until(stop)
    finally:
        notify("STOPPING=1")
        await server.stop()
        await desk.close()
    if refused:
        raise LoginRefused(refused[0], remedy=_("Correct [ami] in the configuration and start again."))


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


async def _alive_until(stop: asyncio.Event) -> None:
    """Wait for the end, giving systemd its signs of life: a loop that hangs gives none and is restarted."""
    interval = watchdog_interval()
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), interval)
        notify("WATCHDOG=1")


class _LinkWatch:
    """Tells of the link's ups and downs; a refused login ends the daemon, since trying again locks users out."""

    def __init__(self, desk: LocalDesk, stop: asyncio.Event, refused: list[str], say: Callable[[str], None]) -> None:
        self._desk, self._stop, self._refused, self._say = desk, stop, refused, say
        self._told = ""

    def __call__(self, _changes: object) -> None:
        link: LinkRow = self._desk.board.link
        text = f"{link.state}: {link.detail}" if link.detail else link.state
        if text != self._told:
            self._told = text
            self._say(_("PBX {host}: {text}").format(host=link.host, text=text))
        if link.state == "refused" and not self._refused:
            self._refused.append(link.detail)
            self._stop.set()
