"""What both ends do to a store and its role: one at a time on a machine, and so that a crash leaves no two writers."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

from ccops.i18n import _
from ccops.store.errors import StoreError, StoreLocked, told
from ccops.store.lock import held
from ccops.store.standby.role import (
    Claim,
    Role,
    begun,
    claim_by,
    claim_of,
    host,
    place_of,
    put_claim,
    put_role,
    role_of,
    superseded,
)

PATIENCE: Final = 60.0
"""Seconds to wait for a shipment that is under way on this machine."""
_WRITE_PATIENCE: Final = 15.0
"""Seconds to wait for a transaction that is under way."""


@contextmanager
def alone_with(path: Path, wait: float = PATIENCE) -> Iterator[None]:
    """Hold the right to change the role of a store; raises `StoreLocked` where somebody else has it for longer."""

    def taken(_descriptor: int) -> StoreLocked:
        message = _("A shipment or a take-over of “{path}” is under way.").format(path=path)
        return StoreLocked(message, remedy=_("Wait until it is done."))

    with held(place_of(path).with_name(place_of(path).name + ".lock"), 0o600, wait, taken):
        yield


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Write the store's own claim, whoever may write the rest; nobody else writes meanwhile."""
    with told(path), closing(_connected(path)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _connected(path: Path) -> sqlite3.Connection:
    """Open a store that is there; one that is not is not made."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=_WRITE_PATIENCE, isolation_level=None)


def paired(path: Path) -> Role:
    """Return the role of a store that is to be shipped; made with the first shipment. The caller is `alone_with` it.

    Raises `StoreError` where there is no store, or one that another machine writes.
    """
    role = role_of(path)
    if role is None:
        role, claim = begun()
        with writing(path) as connection:
            if claim_of(connection) is not None:
                raise _orphan(path)
            # In this order: a claim that no role stands beside would refuse every writer.
            put_role(path, role)
            put_claim(connection, claim)
    return role


def _orphan(path: Path) -> StoreError:
    message = _("The store “{path}” is a copy, and nothing says what this machine is to it.").format(path=path)
    return StoreError(message, remedy=_("`ccops standby promote` takes over; `ccops standby leave` frees it."))


def claim_in(path: Path) -> Claim | None:
    """Return who writes a store as the store says; None where there is none, or it is of no pair."""
    if not path.exists() or not path.stat().st_size:
        return None
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with told(path), closing(sqlite3.connect(uri, uri=True, timeout=_WRITE_PATIENCE)) as connection:
        return claim_of(connection)


def fence(path: Path, *, term: int, node: str, name: str) -> Role:
    """Give the right to write up, to a machine that takes over; no transaction is under way when this returns.

    The caller is `alone_with` the store. The first one to ask gets it; raises `StoreError` for all others.
    """
    role = role_of(path)
    if role is None:
        raise StoreError(_("This store is of no pair."))
    if role.kind == "superseded":
        by = role.by or {}
        if by.get("node") == node:
            return role
        text = _("{host} took over already, in term {term}.").format(host=by.get("host"), term=by.get("term"))
        raise StoreError(text, remedy=_("Let this machine follow that one: `ccops standby follow`."))
    if role.kind == "standby" or term <= role.term:
        text = _("It is in term {term} and gives nothing up for term {other}.").format(term=role.term, other=term)
        raise StoreError(text)
    given = superseded(role, term=term, node=node, host=name, at=time.time())
    with writing(path):
        put_role(path, given)
    return given


def beaten(path: Path, role: Role, state: dict[str, Any]) -> Role:
    """Note that the other machine, which says `state`, has taken over; return the role that is left here."""
    given = superseded(role, term=state["term"], node=state["node"], host=state["host"], at=state["since"])
    with alone_with(path), writing(path):
        put_role(path, given)
    return given


def shipped(path: Path, at: float) -> None:
    """Note that a standby has taken what there was at an instant; from now on it is asked before serving."""
    with alone_with(path):
        role = role_of(path)
        if role is not None and role.kind == "primary":
            put_role(path, replace(role, shipped_at=at, alone=False))


def released(path: Path) -> None:
    """Make a store one of no pair: its own claim and the role beside it go."""
    with alone_with(path):
        if path.exists():
            with writing(path) as connection:
                put_claim(connection, None)
        put_role(path, None)


def adopted(path: Path, role: Role | None) -> None:
    """Give a store that takes the place of another one that one's claim; none where its machine is of no pair."""
    claim = claim_in(path)
    mine = claim_by(role) if role is not None else None
    if claim != mine:
        with writing(path) as connection:
            put_claim(connection, mine)


def kept_aside(path: Path) -> Path:
    """Put a store out of the way, whole, under a name that is free; return it."""
    with told(path), closing(_connected(path)) as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        message = _("The store “{path}” is being used by another process.").format(path=path)
        raise StoreLocked(message, remedy=_("Wait until it is done, or stop it."))
    names = (path.with_name(f"{path.name}.before-standby{f'-{n}' if n > 1 else ''}") for n in count(1))
    kept = next(name for name in names if not name.exists())
    os.replace(path, kept)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return kept


def state_of(path: Path, *, serving: bool = False) -> dict[str, Any]:
    """Return what this machine tells the other one of itself."""
    role = role_of(path)
    state: dict[str, Any] = {"kind": "single" if path.exists() else "none", "host": host(), "serving": serving}
    if role is not None:
        state |= {"kind": role.kind, "store": role.store, "term": role.term, "node": role.node, "since": role.since}
        state |= {"shipped_at": role.shipped_at, "by": role.by}
    return state
