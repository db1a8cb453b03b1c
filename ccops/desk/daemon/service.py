"""Runs the daemon: one desk with the only link, served on the socket until it is told to stop."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable

from ccops.board import LinkRow
from ccops.desk.auditing import StoreAudit
from ccops.desk.daemon.alerting import AlertService
from ccops.desk.daemon.history import HistoryKeeper
from ccops.desk.daemon.keeping import keeping
from ccops.desk.daemon.planning import PlanningService
from ccops.desk.daemon.rolecheck import check_roles
from ccops.desk.daemon.server import DeskServer
from ccops.desk.daemon.standby import Follower, Watchman
from ccops.desk.daemon.systemd import notify, watchdog_interval
from ccops.desk.local import LocalDesk
from ccops.errors import CcopsError, LoginRefused
from ccops.i18n import _
from ccops.settings import Loaded

log = logging.getLogger(__name__)

Say = Callable[[str], None]


async def serve(loaded: Loaded, *, say: Say) -> None:
    """Serve until SIGTERM or SIGINT.

    `say` tells what happens. Where this machine follows another one, it does so until it takes over. Raises
    `ConfigError` for roles with errors and for a socket that cannot be made, `LinkError` where another daemon serves
    the store or the socket, or the other machine of a pair cannot be asked, `LoginRefused` where the PBX refuses the
    user, `StoreFenced` where another machine took over.
    """
    settings = loaded.settings
    for warning in check_roles(loaded, LocalDesk.table):
        say(warning)
    with keeping(settings.store.path):
        stop = asyncio.Event()
        _on_signals(stop)
        await Follower(settings, say).until_mine(stop)
        watchman = Watchman(settings, stop)
        if not stop.is_set():
            await watchman.confirm()
            await _serve(loaded, stop, watchman, say)
        if watchman.lost is not None:
            raise watchman.lost


async def _serve(loaded: Loaded, stop: asyncio.Event, watchman: Watchman, say: Say) -> None:
    settings = loaded.settings
    audit = StoreAudit(settings.store.path)
    desk = LocalDesk(settings, audit=audit)
    alerts = AlertService(desk, settings)
    server = DeskServer(desk, settings, PlanningService(loaded, lambda: desk.board))
    history = HistoryKeeper(settings, told=desk.tell_history)
    watch = _LinkWatch(desk, stop, say)
    desk.subscribe(watch)
    try:
        await server.start()
        watchman.start()
        await _tell_audit(audit, say)
        history.start()
        await alerts.start()
        await desk.run()
        notify("READY=1")
        say(_("Serving {path}.").format(path=settings.daemon.socket))
        await _alive_until(stop)
        notify("STOPPING=1")
    finally:
        await watchman.stop()
        await server.stop()
        await asyncio.gather(history.stop(), alerts.stop())
        await desk.close()
    if watch.refused:
        raise LoginRefused(watch.refused, remedy=_("Correct [ami] in the configuration and start again."))


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


async def _tell_audit(audit: StoreAudit, say: Say) -> None:
    """Leave the audit's head in the journal, where it proves later that no row was cut off."""
    try:
        number, digest = await asyncio.to_thread(audit.head)
    except CcopsError as error:
        say(_("No action can be done, since the audit cannot be written: {why}").format(why=error))
    else:
        say(_("The audit stands at {number}:{digest}.").format(number=number, digest=digest))


async def _alive_until(stop: asyncio.Event) -> None:
    """Wait for the end, giving systemd its signs of life: a loop that hangs gives none and is restarted."""
    interval = watchdog_interval()
    while not stop.is_set():
        notify("WATCHDOG=1")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), interval)


class _LinkWatch:
    """Tells of the link's ups and downs; a refused login ends the daemon, since trying again locks users out."""

    def __init__(self, desk: LocalDesk, stop: asyncio.Event, say: Say) -> None:
        self._desk, self._stop, self._say = desk, stop, say
        self._told = ""
        self.refused = ""

    def __call__(self, _changes: object) -> None:
        link: LinkRow = self._desk.board.link
        text = f"{link.state}: {link.detail}" if link.detail else link.state
        if text != self._told:
            self._told = text
            self._say(_("PBX {host}: {text}").format(host=link.host, text=text))
        if link.state == "refused" and not self.refused:
            self.refused = link.detail or _("The PBX refuses the login.")
            self._stop.set()
