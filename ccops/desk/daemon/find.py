"""Finds the daemon, where one serves."""

import asyncio
import logging
import stat
from pathlib import Path

from ccops.desk.daemon.client import NoDaemon, RemoteDesk
from ccops.errors import LinkError, PermissionRefused
from ccops.i18n import _
from ccops.settings import Settings

log = logging.getLogger(__name__)


def is_socket(path: Path) -> bool:
    """Return whether there is a socket; raises `PermissionRefused` where its folder does not let us look."""
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except PermissionError:
        raise PermissionRefused(
            _("You may not look into the folder of the daemon's socket {path}.").format(path=path),
            remedy=_("Ask to be put into the group that may, then log in again."),
        ) from None
    except OSError:
        return False


async def linked(desk: RemoteDesk, within: float) -> None:
    """Wait until the daemon's board is live; raises `LinkError` with what it says of its link after `within` seconds.

    A command that prints an old or an empty board as if it were true would lie.
    """
    live = asyncio.Event()
    stop = desk.subscribe(lambda _changes: live.set() if desk.board.link.state == "live" else None)
    try:
        if desk.board.link.state != "live":
            await asyncio.wait_for(live.wait(), within)
    except TimeoutError:
        link = desk.board.link
        text = _("The daemon has no link to the PBX {host}: {state}.").format(host=link.host, state=link.state)
        raise LinkError(text, remedy=link.detail or _("See its log: journalctl -u ccops.")) from None
    finally:
        stop()


async def daemon_desk(settings: Settings, *, read_only: bool) -> RemoteDesk | None:
    """Return a desk through the daemon, or None where there is none.

    Where there is one that does not let us in, is full, hangs or is of another version, this raises
    `PermissionRefused` or `LinkError`: going round it in-process would give rights that the daemon's roles refuse,
    and a second writer to its store.
    """
    path = settings.daemon.socket
    if not is_socket(path):
        return None
    desk = RemoteDesk(path, read_only=read_only, phone=settings.supervisor.phone)
    try:
        await desk.open()
    except NoDaemon as error:
        # A socket left by a daemon that died; the next one takes its place.
        log.info("%s", error)
        return None
    return desk
