"""Copies a store while it is written to: one instant of it, in small steps, so that its writers do not notice."""

import contextlib
import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

STEP: Final = 256
"""Pages between two breaths: 2 MB."""
_SYNC: Final = 4
"""Steps after which what was written goes to the disk: a writer's own sync would wait for all of a copy that waits."""
_LONGEST_REST: Final = 0.1
LONG_WAL: Final = 4 << 20
"""Bytes of write-ahead log that a copy may leave behind for a writer to put away."""


def copy_to(source: sqlite3.Connection, target: Path) -> None:
    """Write a copy of one instant to `target`, as one file that is on the disk when this returns.

    It has its name only once it is whole: whatever stops this before leaves `NAME.partial` at most. Raises
    sqlite3.Error and OSError; nothing is left then.
    """
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        _copy(source, partial, Breaths(descriptor))
        os.fsync(descriptor)
        os.replace(partial, target)
        sync_folder(target.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    finally:
        # Not before SQLite is done with the file: closing it gives SQLite's own locks away (POSIX).
        os.close(descriptor)


def _copy(source: sqlite3.Connection, partial: Path, breaths: "Breaths") -> None:
    copy = sqlite3.connect(partial, isolation_level=None)
    # One read transaction over all steps: without it every write of somebody else would begin the copy anew.
    source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        # Nobody knows the file yet: it needs no journal, and is synced here.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        source.backup(copy, pages=STEP, progress=breaths)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, easy to carry away
    finally:
        copy.close()
        source.execute("ROLLBACK")


class Rests:
    """Called between two steps of long work: leaves as much time to others as the step took."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._clock = clock
        self._since = clock()

    def __call__(self, *_progress: object) -> None:
        """Take a rest."""
        time.sleep(min(max(0.0, self._clock() - self._since), _LONGEST_REST))
        self._since = self._clock()


class Breaths(Rests):
    """The same for a file that is being written, which comes to the disk piece by piece."""

    def __init__(self, descriptor: int) -> None:
        """`descriptor` is that of the file."""
        super().__init__()
        self._descriptor, self._steps = descriptor, 0

    def __call__(self, *_progress: object) -> None:
        """Take a rest; every few, what was written goes to the disk."""
        self._steps += 1
        if self._steps % _SYNC == 0:
            os.fdatasync(self._descriptor)
        super().__call__()


def sync_folder(folder: Path) -> None:
    """Bring names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_away(path: Path) -> None:
    """Bring a write-ahead log that grew during a long copy into the store, here instead of in a writer's next commit.

    Nobody waits for it (a passive checkpoint). Does nothing where the log is short or this user may not write.
    """
    wal = path.with_name(path.name + "-wal")
    if not wal.exists() or wal.stat().st_size < LONG_WAL or not os.access(path, os.W_OK):
        return
    connection = sqlite3.connect(path, timeout=0)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except sqlite3.OperationalError:
        pass  # a writer is at it already
    finally:
        connection.close()


# --- what a backup was when it was written ---


def sum_of(copy: Path) -> Path:
    """Return the file beside a backup that holds its sum, as `sha256sum -c` reads it."""
    return copy.with_name(copy.name + ".sha256")


def summed(copy: Path) -> None:
    """Write the sum of a backup beside it: SQLite itself does not see a changed letter in a row.

    Raises OSError where it cannot be written.
    """
    new = sum_of(copy).with_name(sum_of(copy).name + ".new")
    new.write_text(f"{_digest(copy)}  {copy.name}\n", encoding="utf-8")
    new.chmod(0o600)
    os.replace(new, sum_of(copy))


def is_as_written(copy: Path) -> bool:
    """Tell whether a file has the sum that stands beside it; True where none does."""
    try:
        noted = sum_of(copy).read_text(encoding="utf-8", errors="replace")[:64]
        return noted == _digest(copy)
    except OSError:
        return True


def _digest(copy: Path) -> str:
    found, rest = hashlib.sha256(), Rests()
    with copy.open("rb") as file:
        while piece := file.read(8 << 20):
            found.update(piece)
            rest()
    return found.hexdigest()


# --- when the last backup was made ---


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + ".backup")


def noted(path: Path, copy: Path, at: float, *, checked: bool) -> None:
    """Remember beside a store that it was backed up; where that cannot be written the backup is as good."""
    note = {"at": at, "path": str(copy.absolute()), "checked": checked}
    with contextlib.suppress(OSError):
        new = _note_of(path).with_name(_note_of(path).name + ".new")
        new.write_text(json.dumps(note), encoding="utf-8")
        new.chmod(0o600)
        os.replace(new, _note_of(path))


def last_backup(path: Path) -> tuple[float, str] | None:
    """Return when and where the last backup of a store was made; None where nobody knows of one."""
    try:
        note = json.loads(_note_of(path).read_bytes()[:65_536])
        return float(note["at"]), str(note["path"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
