"""Finds the daemon, where one serves."""

import stat
from pathlib import Path

from ccops.desk.daemon.client import RemoteDesk
from ccops.errors import LinkError
from ccops.settings import Settings


def is_socket(path: Path) -> bool:
    """Return whether there is a socket that we can see."""
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False


async def daemon_desk(settings: Settings, *, read_only: bool) -> RemoteDesk | None:
    """Return a desk through the daemon, or None where there is no daemon.

    Raises `PermissionRefused` where there is one that does not let us in: going round it in-process would give
    rights that the daemon's roles refuse.
    """
    path = settings.daemon.socket
    if not is_socket(path):
        return None
    desk = RemoteDesk(path, read_only=read_only)
    try:
        await desk.open()
    except LinkError:
        # A socket left by a daemon that died; doctor says so.
        return None
    return desk
