"""The right to be the single writer of a store: a lock that dies with its process."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccops.i18n import _
from ccops.store.errors import StoreError, StoreLocked


@contextmanager
def writer_lock(path: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the right to write history into the store; raises `StoreLocked` naming who has it.

    Short independent rows (audit) need it not: SQLite's own lock serves them. `wait` is in seconds.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o640)
    except OSError as problem:
        message = _("“{path}” cannot be opened: {reason}.").format(path=lock, reason=problem.strerror)
        raise StoreError(message, remedy=_("Check the rights on the store's folder.")) from problem
    try:
        _take(descriptor, path, time.monotonic() + wait)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            if time.monotonic() < until:
                time.sleep(0.05)
                continue
            owner = os.pread(descriptor, 20, 0).decode("ascii", "replace") or "?"
            raise StoreLocked(
                _("The store “{path}” is being written by process {owner}.").format(path=path, owner=owner),
                remedy=_("The daemon and `ingest --follow` take new log lines in by themselves; stop it to write."),
            ) from problem
        return
