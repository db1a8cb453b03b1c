"""The right to be the one daemon of a store, wherever its socket is: two would tell every alert twice."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ccops.errors import LinkError
from ccops.i18n import _

log = logging.getLogger(__name__)


@contextmanager
def keeping(store: Path) -> Iterator[None]:
    """Be the daemon of a store; raises `LinkError` naming the process that is. The lock dies with its process.

    It is not the right to write history (`ccops.store.lock`), which an import has for a while without a daemon.
    """
    descriptor = _opened(store.with_name(store.name + ".daemon.lock"))
    try:
        if descriptor is not None:
            _take(descriptor, store)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _opened(lock: Path) -> int | None:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        # A disk that is full or read-only keeps nobody from looking at the centre: the daemon serves all the same.
        log.warning(_("%s cannot be opened, so a second daemon would not be noticed: %s"), lock, error.strerror)
        return None


def _take(descriptor: int, store: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(descriptor, 20, 0).decode("ascii", "replace") or "?"
        raise LinkError(
            _("Another daemon serves the store {path} already: process {owner}.").format(path=store, owner=owner),
            remedy=_("Stop it first (systemctl stop ccops), or give this one a store of its own (store.path)."),
        ) from None
    with suppress(OSError):  # a full disk: then nobody is told the number
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
