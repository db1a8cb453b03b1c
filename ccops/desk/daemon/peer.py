"""Who is at the other end of a Unix socket, as the kernel says."""

import grp
import os
import pwd
import socket
import struct
from typing import Any, Final

from ccops.desk.roles import Person

_UCRED: Final = struct.Struct("3i")
_PEERGROUPS: Final = 59
"""SO_PEERGROUPS of Linux 4.13 and later; Python has no name for it."""
_LONGEST_ANSWER: Final = 1024


def person_of(connection: Any) -> Person:
    """Return the person behind a connected Unix socket (SO_PEERCRED, SO_PEERGROUPS): user, groups, process.

    The groups are those of the process, as for a file: who joins or leaves one is known by it after the next login.
    May wait for the machine's user directory.
    """
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    process, uid, gid = _UCRED.unpack(raw)
    groups = _process_groups(connection)
    return person(uid, gid, groups, origin=f"socket pid {process}{_terminal(process)}")


def _process_groups(connection: Any) -> list[int] | None:
    """Return the supplementary groups of the peer; None where the kernel does not tell, or there are over 250."""
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _PEERGROUPS, _LONGEST_ANSWER)
    except OSError:
        return None
    return [gid for (gid,) in struct.iter_unpack("I", raw)]


def myself(origin: str = "") -> Person:
    """Return the person who runs this process."""
    origin = origin or f"local pid {os.getpid()}{_terminal(os.getpid())}"
    return person(os.getuid(), os.getgid(), os.getgroups(), origin=origin)


def person(uid: int, gid: int, groups: list[int] | None, *, origin: str) -> Person:
    """Return name and groups of a user; whoever has no name goes by number (uid1001, gid1001)."""
    name = _user(uid)
    if groups is None:
        groups = os.getgrouplist(name, gid)
    return Person(name, uid, tuple(dict.fromkeys(_group(item) for item in (gid, *groups))), origin)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid{uid}"


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return f"gid{gid}"


def _terminal(process: int) -> str:
    """Return the terminal of a process, e.g. ` pts/3`, where it has one and we may look."""
    try:
        link = os.readlink(f"/proc/{process}/fd/0")
    except OSError:
        return ""
    return " " + link.removeprefix("/dev/") if link.startswith(("/dev/pts/", "/dev/tty")) else ""
