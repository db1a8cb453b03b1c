"""What a machine of a pair does: follow the other one, take over from it, see that nobody took over from itself.

There is no third machine that could be asked who is right, so this is what can be known and what cannot:
who takes over asks the former writer to give up, and it does so on its disk, once, to the first who asks. Where it
cannot be asked, nobody but a person or a fencing command can know that it is off. Terms settle the rest: whoever comes
back with a lower one is refused as soon as both can talk, and it does not serve before they did.
"""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ccops.errors import CcopsError, UsageProblem
from ccops.i18n import _
from ccops.store.errors import StoreError, unwritten
from ccops.store.standby.peer import Peer, Shipment
from ccops.store.standby.place import alone_with, beaten, claim_in, writing
from ccops.store.standby.role import Claim, Role, StoreFenced, claim_by, fenced, new_node, put_claim, put_role, role_of
from ccops.store.standby.wire import PeerUnreachable

_FENCE_PATIENCE: Final = 120.0
"""Seconds that a fencing command may take."""


@dataclass(slots=True, frozen=True)
class Promotion:
    """How a take-over went."""

    role: Role
    fenced: str
    """How it is known that the former writer has stopped: answered, command, declared, nobody."""
    shipped_at: float | None
    """The instant that the store shows."""
    before: Role | None = None
    """What this machine was."""


def followed(path: Path, command: Sequence[str]) -> Shipment:
    """Make this machine the standby of the other one and bring its copy; what stands at `path` is kept beside.

    Raises `PeerUnreachable`, `PeerRefused` and the store's errors; a store that is being written is not touched.
    """
    from ccops.store.lock import writer_lock

    with alone_with(path), writer_lock(path), Peer(command) as peer:
        role = role_of(path)
        if role is None or role.kind != "standby":
            state = peer.ask("pair", role.node if role is not None else new_node())
            role = Role("standby", state["store"], state["term"], new_node(), time.time())
            # From here on nobody writes the store that stands here, so that all of it can be kept.
            put_role(path, role)
        return _fetched(path, role, peer)


def fetched(path: Path, command: Sequence[str]) -> Shipment:
    """Bring the copy of a standby up to date."""
    with alone_with(path):
        role = _standby(path)
        with Peer(command) as peer:
            return _fetched(path, role, peer)


def _standby(path: Path) -> Role:
    role = role_of(path)
    if role is not None and role.kind == "standby":
        return role
    if role is not None and role.kind == "superseded":
        raise fenced(path, role)
    raise UsageProblem(
        _("This machine writes “{path}” itself; it follows nobody.").format(path=path),
        remedy=_("`ccops standby follow` makes it the standby of the other machine."),
    )


def _fetched(path: Path, role: Role, peer: Peer) -> Shipment:
    def accepted(claim: Claim) -> None:
        if claim.store != role.store:
            text = _("{host} ships another store than the one that is followed here.").format(host=claim.host)
            raise StoreError(text, remedy=_("`ccops standby leave`, then `ccops standby follow`, to follow that one."))
        if claim.term < role.term:
            text = _("{host} ships term {theirs}, and the copy here is of term {mine}: it is the one left behind.")
            shown = text.format(host=claim.host, theirs=claim.term, mine=role.term)
            raise StoreError(shown, remedy=_("Let it follow: `ccops standby follow` there."))

    try:
        shipment = peer.copy(path, role.node, accepted)
    except OSError as problem:
        raise unwritten(path, problem) from problem
    put_role(path, replace(role, term=shipment.claim.term, shipped_at=shipment.at))
    return shipment


# --- taking over ---


def promoted(path: Path, command: Sequence[str], *, off: bool = False, fencing: Sequence[str] = ()) -> Promotion:
    """Make this machine the writer.

    The former one is asked to give up, and what it still has is fetched. Where it cannot be asked, `fencing` is run
    and must succeed; without that `off` says that a person has seen to it. Raises `PeerUnreachable` where neither is
    so, `PeerRefused` where it gives nothing up, `StoreError` for what is no standby.
    """
    with alone_with(path):
        role = _promotable(path)
        if role.kind == "primary":
            put_role(path, replace(role, alone=role.alone or off))
            return Promotion(role, "nobody", None, role)
        term, how = role.term + 1, "declared"
        try:
            with Peer(_named(command)) as peer:
                term, how = _asked(path, role, peer), "answered"
        except PeerUnreachable as problem:
            how = _without(problem, fencing, off=off)
        return _take(path, role, term, how)


def _promotable(path: Path) -> Role:
    from ccops.store.database import open_store

    role = role_of(path)
    claim = claim_in(path)
    if role is None and claim is not None:  # a copy that somebody carried here
        role = Role("standby", claim.store, claim.term, new_node(), time.time())
    if role is None:
        text = _("The store “{path}” follows nobody, so there is nothing to take over.").format(path=path)
        raise UsageProblem(text, remedy=_("The daemon just runs: `ccops daemon run`."))
    if role.kind == "superseded":
        raise fenced(path, role)
    if claim is None and role.kind == "standby":
        raise StoreError(_("There is no copy at “{path}” yet.").format(path=path), remedy=_("`ccops standby fetch`."))
    open_store(path, read_only=True, older=True).close()  # one of a newer ccops is of no use here
    return role


def _named(command: Sequence[str]) -> Sequence[str]:
    if not command:
        raise PeerUnreachable(
            _("standby.peer names no way to the other machine."), remedy=_("Set it, see `ccops help install`.")
        )
    return command


def _asked(path: Path, role: Role, peer: Peer) -> int:
    """Have the other machine give up and fetch the rest; return the new term."""
    state = peer.state
    if state["kind"] in ("none", "single"):
        return role.term + 1
    if state["store"] != role.store:
        raise StoreError(_("{host} is of another pair.").format(host=state["host"]))
    term = 1 + max(role.term, int(state["term"]))
    if state["kind"] == "standby":  # it follows as well
        if state["term"] > role.term:
            raise _behind(state)
        return term
    by: dict[str, Any] = peer.ask("fence", role.node, term=term).get("by") or {}
    _fetched(path, role, peer)
    return int(by.get("term", term))


def _behind(state: dict[str, Any]) -> StoreError:
    text = _("{host} has a later copy, of term {term}.").format(host=state["host"], term=state["term"])
    return StoreError(text, remedy=_("Promote that one, or `ccops standby fetch` here first."))


def _without(problem: PeerUnreachable, fencing: Sequence[str], *, off: bool) -> str:
    """Return how it is known that the machine which does not answer has stopped."""
    if fencing:
        try:
            done = subprocess.run(list(fencing), check=False, stdin=subprocess.DEVNULL, timeout=_FENCE_PATIENCE)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CcopsError(_("The fencing command failed: {why}.").format(why=error)) from error
        if done.returncode == 0:
            return "command"
        text = _("The fencing command ended with {code}; nothing was taken over.").format(code=done.returncode)
        raise CcopsError(text, remedy=_("Switch the other machine off by hand, then add --peer-is-off."))
    if off:
        return "declared"
    raise PeerUnreachable(
        problem.message, remedy=_("See that it is off and stays off, then add --peer-is-off.")
    ) from problem


def _take(path: Path, role: Role, term: int, how: str) -> Promotion:
    found = role_of(path) or role
    mine = Role("primary", role.store, term, role.node, time.time(), alone=True)
    with writing(path) as connection:
        put_claim(connection, claim_by(mine))
    put_role(path, mine)
    return Promotion(mine, how, found.shipped_at, role)


# --- the writer ---


def confirmed(path: Path, command: Sequence[str], *, starting: bool) -> None:
    """See that nobody took over from this machine, before it serves and while it does.

    Raises `StoreFenced` where somebody did. Where the other machine cannot be asked: raises `PeerUnreachable` when
    `starting`, if a standby had taken a copy that it may have been promoted with.
    """
    role = role_of(path)
    if role is None or role.kind != "primary":
        if role is not None:
            raise fenced(path, role)
        return
    if not command:
        return
    try:
        with Peer(command) as peer:
            state = peer.state
    except PeerUnreachable as problem:
        if not starting or role.alone or role.shipped_at is None:
            return
        remedy = _("Start the other machine; or see that it is off, then: ccops standby promote --peer-is-off.")
        text = _("Whether the other machine took over cannot be known. {why}").format(why=problem.message)
        raise PeerUnreachable(text, remedy=remedy) from problem
    if _is_later(state, role):
        raise fenced(path, beaten(path, role, state))


def _is_later(state: dict[str, Any], role: Role) -> bool:
    """Tell whether the other machine's claim is the one that holds.

    Of two that took over in one term (both were told that the other is off) one must give way, and both must agree
    which: the order of their random names decides.
    """
    if state["kind"] not in ("primary", "standby") or state["store"] != role.store:
        return False
    if state["kind"] == "standby":
        return bool(state["term"] > role.term)
    return bool((state["term"], state["node"]) > (role.term, role.node))


__all__ = ["Promotion", "Shipment", "StoreFenced", "confirmed", "fetched", "followed", "promoted"]
