"""The right to be the single writer of a store: a lock that dies with its process."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ccops.i18n import _
from ccops.store.errors import StoreError, StoreLocked


@contextmanager
def writer_lock(path: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the right to write history into the store; raises `StoreLocked` naming who has it.

    Short independent rows (audit) need it not: SQLite's own lock serves them. `wait` is in seconds.
    """

    def taken(descriptor: int) -> StoreLocked:
        owner = os.pread(descriptor, 20, 0).decode("ascii", "replace") or "?"
        return StoreLocked(
            _("The store “{path}” is being written by process {owner}.").format(path=path, owner=owner),
            remedy=_("The daemon and `ingest --follow` take new log lines in by themselves; stop it to write."),
        )

    with held(path.with_name(path.name + ".lock"), 0o640, wait, taken) as descriptor:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield


@contextmanager
def held(lock: Path, mode: int, wait: float, taken: Callable[[int], StoreLocked]) -> Iterator[int]:
    """Hold a lock file and give its descriptor; raises what `taken` makes of it where another has it after `wait` s."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, mode)
    except OSError as problem:
        message = _("“{path}” cannot be opened: {reason}.").format(path=lock, reason=problem.strerror)
        raise StoreError(message, remedy=_("Check the rights on the store's folder.")) from problem
    try:
        _take(descriptor, time.monotonic() + wait, taken)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, until: float, taken: Callable[[int], StoreLocked]) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            if time.monotonic() >= until:
                raise taken(descriptor) from problem
            time.sleep(0.05)
        else:
            return
