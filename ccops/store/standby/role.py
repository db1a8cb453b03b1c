"""Whose turn it is to write a store: the term in the store, and a file beside it that says what this machine is.

The store itself is the same on both machines, so what tells them apart stands beside it, in `NAME.standby`. Writers
look at that file inside every transaction: one who was superseded in between writes nothing more.
"""

import json
import os
import socket
import sqlite3
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Literal

from ccops.errors import ExitCode
from ccops.i18n import _
from ccops.store.copying import sync_folder
from ccops.store.errors import StoreDamaged, StoreError

Kind = Literal["primary", "standby", "superseded"]
_KINDS: Final = ("primary", "standby", "superseded")
_META: Final = "standby."
_LONGEST: Final = 65_536


class StoreFenced(StoreError):
    """Another machine writes this store, or wrote it last."""

    exit_code = ExitCode.DENIED


@dataclass(slots=True, frozen=True)
class Claim:
    """Who writes a store, as the store itself says."""

    store: str
    """Which store it is a copy of: the same on all machines, whatever its path."""
    term: int
    node: str
    host: str
    since: float
    """Epoch seconds."""


@dataclass(slots=True, frozen=True)
class Role:
    """What this machine is to a store."""

    kind: Kind
    store: str
    term: int
    node: str
    """This machine, for this store."""
    since: float
    shipped_at: float | None = None
    """Standby: the instant that its copy shows. Primary: when a standby last took what is new."""
    alone: bool = False
    """Primary: serves also where the other one cannot be asked, since somebody said that it is off."""
    by: Mapping[str, Any] | None = None
    """Superseded: term, node, host and time of who took over."""


def place_of(path: Path) -> Path:
    """Return the file that holds the role of the store at `path`."""
    return path.with_name(path.name + ".standby")


def role_of(path: Path) -> Role | None:
    """Return this machine's role for a store, None where it is of no pair; raises `StoreDamaged`, `StoreError`."""
    place = place_of(path)
    try:
        with place.open("rb") as file:
            data = json.loads(file.read(_LONGEST))
        return Role(**_checked(data))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        message = _("“{path}” cannot be read: {reason}.").format(path=place, reason=problem.strerror)
        raise StoreError(message, remedy=_("Check the rights on the store's folder.")) from problem
    except (ValueError, TypeError, RecursionError) as problem:
        message = _("“{path}” does not say what this machine is to its store.").format(path=place)
        remedy = _("Where the other machine writes, remove the file and run `ccops standby follow`.")
        raise StoreDamaged(message, remedy=remedy) from problem


def _checked(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict) or data.get("kind") not in _KINDS or not isinstance(data.get("term"), int):
        raise ValueError("no role")
    texts = all(isinstance(data.get(name), str) for name in ("store", "node"))
    times = isinstance(data.get("since"), int | float) and isinstance(data.get("shipped_at"), int | float | None)
    if not texts or not times or not isinstance(data.get("by"), dict | None):
        raise ValueError("no role")
    known = {item.name for item in fields(Role)}
    return {name: value for name, value in data.items() if name in known}


def put_role(path: Path, role: Role | None) -> None:
    """Write the role of a store, on disk when this returns; None forgets it."""
    place = place_of(path)
    if role is None:
        place.unlink(missing_ok=True)
        sync_folder(place.parent)
        return
    new = place.with_name(place.name + ".new")
    try:
        descriptor = os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        try:
            os.write(descriptor, json.dumps(asdict(role), ensure_ascii=False).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(new, place)
        sync_folder(place.parent)
    except OSError as problem:
        message = _("“{path}” cannot be written: {reason}.").format(path=place, reason=problem.strerror)
        raise StoreError(message, remedy=_("Check the rights on the store's folder, and its room.")) from problem


def claim_of(connection: sqlite3.Connection) -> Claim | None:
    """Return who writes a store according to itself; None where it was never shipped."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return None
    rows = connection.execute("SELECT key, value FROM meta WHERE key LIKE 'standby.%'").fetchall()
    found = {key.removeprefix(_META): value for key, value in rows}
    try:
        return Claim(found["store"], int(found["term"]), found["node"], found["host"], float(found["since"]))
    except (KeyError, ValueError):
        return None


def put_claim(connection: sqlite3.Connection, claim: Claim | None) -> None:
    """Write who writes a store into it, inside a transaction; None makes it a store of no pair."""
    connection.execute("DELETE FROM meta WHERE key LIKE 'standby.%'")
    if claim is not None:
        rows = [(_META + name, str(value)) for name, value in asdict(claim).items()]
        connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", rows)


def begun() -> tuple[Role, Claim]:
    """Return the first role and claim of a store that is shipped for the first time."""
    role = Role("primary", uuid.uuid4().hex, 1, new_node(), time.time())
    return role, claim_by(role)


def new_node() -> str:
    """Return a name for this machine that no other one has."""
    return uuid.uuid4().hex


def claim_by(role: Role) -> Claim:
    """Return the claim of the machine that has this role."""
    return Claim(role.store, role.term, role.node, host(), role.since)


def host() -> str:
    """Return this machine's name."""
    return socket.gethostname()[:255]


def superseded(role: Role, *, term: int, node: str, host: str, at: float) -> Role:
    """Return the role after another machine took over in `term`."""
    by = {"term": term, "node": node, "host": host, "at": at}
    return replace(role, kind="superseded", by=by, alone=False)


# --- the guard ---


def refuse_unless_mine(path: Path, connection: sqlite3.Connection | None = None) -> None:
    """Raise `StoreFenced` where another machine writes this store; with `connection` the store's own claim is asked."""
    role = role_of(path)
    if role is not None and role.kind != "primary":
        raise fenced(path, role)
    claim = claim_of(connection) if connection is not None else None
    if claim is None or (role is not None and (role.node, role.term) == (claim.node, claim.term)):
        return
    raise StoreFenced(
        _("The store “{path}” is a copy of one that {host} writes (term {term}).").format(
            path=path, host=claim.host, term=claim.term
        ),
        remedy=_("`ccops standby promote` takes over; `ccops standby leave` makes it a store of its own."),
    )


def fenced(path: Path, role: Role) -> StoreFenced:
    """Return what is wrong with writing where `role` is not that of the writer."""
    if role.kind == "standby":
        return StoreFenced(
            _("The store “{path}” follows that of another machine and is not written here.").format(path=path),
            remedy=_("`ccops standby promote` takes over from the other machine."),
        )
    by = role.by or {}
    return StoreFenced(
        _("The store “{path}” is superseded: {host} took over (term {term}, here {mine}).").format(
            path=path, host=by.get("host", "?"), term=by.get("term", "?"), mine=role.term
        ),
        remedy=_("`ccops standby follow` makes this machine the standby; what only it has is kept aside and named."),
    )


class Guard:
    """Looks inside a transaction whether this machine still is the writer; costs a look at one file's dates."""

    def __init__(self, path: Path) -> None:
        """`path` is that of the store."""
        self._path, self._place = path, place_of(path)
        self._seen: tuple[int, int, int] | None = None

    def check(self) -> None:
        """Raise `StoreFenced` where it is not."""
        try:
            status = os.stat(self._place)
        except (FileNotFoundError, NotADirectoryError):
            return
        now = status.st_ino, status.st_mtime_ns, status.st_size
        if now != self._seen:
            role = role_of(self._path)
            if role is not None and role.kind != "primary":
                raise fenced(self._path, role)
            self._seen = now
