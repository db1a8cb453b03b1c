"""What can be wrong with the store, each with a remedy; SQLite's own errors never reach a person."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccops.errors import CcopsError
from ccops.i18n import _


class StoreError(CcopsError):
    """Something is wrong with the store; what was written before is intact."""


class StoreLocked(StoreError):
    """Somebody else is writing."""


class StoreNewer(StoreError):
    """A newer ccops has written this store."""


class StoreDamaged(StoreError):
    """The file is no store, or is damaged."""


class StoreFull(StoreError):
    """The disk is full or fails."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn SQLite's errors inside the block into ours, naming the store."""
    try:
        yield
    except sqlite3.DatabaseError as problem:
        raise _ours(path, problem) from problem


def _ours(path: Path, problem: sqlite3.DatabaseError) -> StoreError:
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    text = str(problem)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreLocked(
            _("The store “{path}” is being written by another process.").format(path=path),
            remedy=_("Wait until it is done, or stop it."),
        )
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return StoreFull(
            _("The store “{path}” cannot be written: {reason}.").format(path=path, reason=text),
            remedy=_(
                "Make room on the disk and run it again; where there is room, see dmesg: the disk fails. Nothing that"
                " was reported as done is lost."
            ),
        )
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreDamaged(
            _("“{path}” is no store of ccops, or is damaged: {reason}.").format(path=path, reason=text),
            remedy=_("Check the path; `ccops db restore FILE` brings a backup back."),
        )
    if code == sqlite3.SQLITE_READONLY:
        return StoreError(
            _("The store “{path}” cannot be written: {reason}.").format(path=path, reason=text),
            remedy=_("See the rights of file and folder, and dmesg: a disk with errors is mounted read-only."),
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(
            _("The store “{path}” cannot be opened: {reason}.").format(path=path, reason=text),
            remedy=_("Check the path and that this user may read and write it and its folder."),
        )
    return StoreError(_("The store “{path}” failed: {reason}.").format(path=path, reason=text))


def unwritten(path: Path, problem: OSError) -> StoreError:
    """Return the error for a file of the store that the system did not let us write."""
    message = _("“{path}” cannot be written: {reason}.").format(path=path, reason=problem.strerror)
    if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return StoreFull(message, remedy=_("Make room on the disk, or name a place on another one."))
    return StoreError(message, remedy=_("Check the path and the rights on its folder."))
