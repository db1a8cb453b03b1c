"""Checks of a daemon through its own door: does it greet, does it hear the PBX, does it take the log in."""

import stat
from collections.abc import AsyncIterator

from ccops.board import LinkRow
from ccops.cmd.checkup.model import Check
from ccops.cmd.table import duration
from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.settings import Settings


def knock(settings: Settings) -> Check:
    """Say whether a daemon serves on the socket, by knocking."""
    import socket

    path = settings.daemon.socket
    try:
        served = stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return Check("daemon", None, _("None serves at {path}; commands work by themselves.").format(path=path))
    if not served:
        return Check("daemon", False, _("{path} is no socket.").format(path=path), _("Remove it."))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.settimeout(2)
        try:
            door.connect(str(path))
        except PermissionError:
            remedy = _("Ask to be added to the group of the socket (daemon.socket_group).")
            return Check("daemon", False, _("The daemon at {path} does not let you in.").format(path=path), remedy)
        except OSError as error:
            detail = _("Nobody answers at {path}: {why}.").format(path=path, why=error.strerror or error)
            return Check("daemon", False, detail, _("Start the daemon again; it takes the socket over."))
    return Check("daemon", True, _("It serves at {path}.").format(path=path))


async def inside(settings: Settings, now: float) -> AsyncIterator[Check]:
    """Yield what a daemon that opened says of itself; that it does not greet where it is full, hangs, or refuses."""
    from ccops.desk.daemon.find import daemon_desk

    try:
        desk = await daemon_desk(settings, read_only=True)
    except CcopsError as error:
        remedy = error.remedy or _("See its log; `systemctl restart ccops` where it hangs.")
        yield Check("daemon_greets", False, error.message, remedy)
        return
    if desk is None:
        yield Check("daemon_greets", None, _("No daemon serves."))
        return
    link = desk.board.link
    await desk.close()
    yield Check("daemon_greets", True, _("It lets you in."))
    yield _link(link, now)
    yield _history(link, now)


def _link(link: LinkRow, now: float) -> Check:
    if link.state == "live":
        return Check("daemon_link", True, _("It hears the PBX {host}.").format(host=link.host))
    detail = _("It does not hear the PBX {host}: {state}.").format(host=link.host, state=link.state)
    if link.heard_at is not None:
        detail += " " + _("What it shows is {age} old.").format(age=duration(max(0.0, now - link.heard_at)))
    if link.detail:
        detail += " " + link.detail
    return Check("daemon_link", False, detail, _("See the checks of the PBX below; the daemon tries again by itself."))


def _history(link: LinkRow, now: float) -> Check:
    if link.history_trouble:
        detail = _("The daemon cannot keep history: {why}").format(why=link.history_trouble)
        if link.history_since is not None:
            detail += " " + _("For {age}.").format(age=duration(max(0.0, now - link.history_since)))
        remedy = _("It tries again every few seconds; what the log holds is not lost.")
        return Check("history_kept", False, detail, remedy)
    if link.figures_from != "queue_log":
        remedy = _("Set queue_log.path in the daemon's configuration.")
        return Check("history_kept", None, _("The daemon has no log, so it keeps no history."), remedy)
    return Check("history_kept", True, _("The daemon takes the log in."))
