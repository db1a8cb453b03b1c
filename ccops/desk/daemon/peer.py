"""Who is at the other end of a Unix socket, as the kernel says."""

import grp
import os
import pwd
import socket
import struct

from ccops.desk.roles import Person

_UCRED = struct.Struct("3i")


def person_of(connection: socket.socket) -> Person:
    """Return the person behind a connected Unix socket (SO_PEERCRED: process, user, group)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    process, uid, gid = _UCRED.unpack(raw)
    return person(uid, gid, origin=f"socket pid {process}{_terminal(process)}")


def myself(origin: str = "") -> Person:
    """Return the person who runs this process."""
    return person(os.getuid(), os.getgid(), origin=origin or f"local pid {os.getpid()}{_terminal(os.getpid())}")


def person(uid: int, gid: int, *, origin: str) -> Person:
    """Return name and groups of a user; a user without a name goes by number."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return Person(f"uid{uid}", uid, (_group(gid),), origin)
    return Person(name, uid, tuple(_group(item) for item in os.getgrouplist(name, gid)), origin)


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
