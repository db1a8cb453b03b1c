"""Puts shipped pages into a copy of a store, so that it is whole at every moment: the one before, or the one after.

It is done as SQLite does it: under its exclusive lock, what is about to be overwritten goes into a rollback journal
first. Whatever stops this in the middle, kill -9 or a power cut, the next program to open the copy finds the journal
and puts the old pages back, be it ccops or `sqlite3`.
"""

import contextlib
import os
import secrets
import sqlite3
import struct
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ccops.i18n import _
from ccops.store.copying import sync_folder
from ccops.store.errors import StoreDamaged, told, unwritten
from ccops.store.standby.image import CHUNK, digest, lock_page, neutral

PATIENCE: Final = 30.0
"""Seconds to wait for readers of the copy, such as a long report."""
_MAGIC: Final = bytes.fromhex("d9d505f920a163d7")
_SECTOR: Final = 512
_JOURNAL: Final = struct.Struct(">8sIIIII")
"""Magic, records, number that checksums begin with, pages before, bytes of a sector, bytes of a page."""
_CHECKED: Final = 200
"""Every so manieth byte of a page, from its end, is in its checksum."""


def digests_of(path: Path) -> tuple[bytes, int]:
    """Return the digests of a copy's chunks and its page size; nothing and 0 where there is none that can be added to.

    Puts an interrupted patch back first.
    """
    if not path.exists() or not _is_closed(path):
        return b"", 0
    size = _page_size(path)
    with path.open("rb") as file:
        pages = os.fstat(file.fileno()).st_size // size
        chunks = range(-(-pages // CHUNK))
        found = [digest(_neutral_chunk(file.read(CHUNK * size), number, size, pages)) for number in chunks]
    return b"".join(found), size


def _is_closed(path: Path) -> bool:
    """Tell whether all of a copy stands in its one file."""
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        return False
    with told(path):
        connection = sqlite3.connect(path, timeout=PATIENCE)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # puts back what was interrupted
            return str(connection.execute("PRAGMA journal_mode").fetchone()[0]) == "delete"
        finally:
            connection.close()


def _page_size(path: Path) -> int:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(18)[16:], "big")
    return 65_536 if size == 1 else size


def _neutral_chunk(data: bytes, number: int, size: int, pages: int) -> bytes:
    empty = lock_page(size) - 1 - number * CHUNK
    if number == 0:
        data = neutral(data[:size], pages) + data[size:]
    if 0 <= empty < CHUNK:
        data = data[: empty * size] + bytes(len(data[empty * size : (empty + 1) * size])) + data[(empty + 1) * size :]
    return data


def put_in(path: Path, pages: int, page_size: int, staged: "Staged") -> None:
    """Make the copy at `path` one of so many pages, with these chunks changed.

    Raises `StoreLocked` where somebody reads the copy all the time, `StoreFull` where there is no room; the copy is as
    it was then.
    """
    with told(path):
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            connection.execute("BEGIN EXCLUSIVE")
            _Patch(path, descriptor, page_size).put(pages, staged)
            connection.execute("ROLLBACK")  # SQLite itself has changed nothing, and lets go of its lock
        except OSError as problem:
            raise unwritten(path, problem) from problem
        finally:
            connection.close()
            # Not before: it gives SQLite's own lock away (POSIX).
            os.close(descriptor)
            undone(path)


def undone(path: Path) -> None:
    """Put back what an interrupted patch has left half done, if one has; who only reads could not.

    Where that cannot be done now whoever opens the copy hears of it.
    """
    if path.with_name(path.name + "-journal").exists() and os.access(path, os.W_OK):
        connection = sqlite3.connect(path, timeout=PATIENCE)
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.close()


def _for_owner(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _counted(first_chunk: bytes, changes: int) -> bytes:
    """Return the first chunk with its number of changes, by which readers know that what they remember is old."""
    count = struct.pack(">I", changes % 2**32)
    return first_chunk[:24] + count + first_chunk[28:92] + count + first_chunk[96:]


class _Patch:
    """One change of a copy that is locked."""

    def __init__(self, path: Path, descriptor: int, page_size: int) -> None:
        self._path, self._descriptor, self._size = path, descriptor, page_size
        self._journal = path.with_name(path.name + "-journal")
        self._before = os.fstat(descriptor).st_size // page_size

    def put(self, pages: int, staged: "Staged") -> None:
        """Do it; the journal's end is the moment from which on it holds."""
        changes = int.from_bytes(os.pread(self._descriptor, 4, 24), "big") + 1
        self._write_journal(self._overwritten(staged.numbers, pages))
        for number, data in staged:
            new = _counted(data, changes) if number == 0 else data
            os.pwrite(self._descriptor, new, number * CHUNK * self._size)
        os.ftruncate(self._descriptor, pages * self._size)
        os.fsync(self._descriptor)
        self._journal.unlink()
        sync_folder(self._path.parent)

    def _overwritten(self, staged: Iterable[int], pages: int) -> list[int]:
        """Return the pages whose content must be kept until the end."""
        touched = {page for number in staged for page in range(number * CHUNK + 1, (number + 1) * CHUNK + 1)}
        touched.update(range(pages + 1, self._before + 1))
        return sorted(page for page in touched if page <= self._before and page != lock_page(self._size))

    def _write_journal(self, kept: list[int]) -> None:
        start = secrets.randbits(32)
        with open(self._journal, "xb", opener=_for_owner) as file:
            head = _JOURNAL.pack(_MAGIC, len(kept), start, self._before, _SECTOR, self._size)
            file.write(head.ljust(_SECTOR, b"\0"))
            for page in kept:
                data = os.pread(self._descriptor, self._size, (page - 1) * self._size)
                check = (start + sum(data[self._size - _CHECKED : 0 : -_CHECKED])) % 2**32
                file.write(struct.pack(">I", page) + data + struct.pack(">I", check))
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._path.parent)


class Staged:
    """Chunks that have come in, in a file without a name, until all of them are there."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where there is no room."""
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by whoever made this)
        self._places: dict[int, tuple[int, int]] = {}

    def add(self, number: int, data: bytes, expected: bytes) -> None:
        """Keep a chunk; raises `StoreDamaged` where it is not the one that was announced."""
        _see(data, expected)
        self._places[number] = (self._file.seek(0, os.SEEK_END), len(data))
        self._file.write(data)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for number, (at, length) in sorted(self._places.items()):
            self._file.seek(at)
            yield number, self._file.read(length)

    @property
    def numbers(self) -> Iterable[int]:
        """Which chunks they are."""
        return self._places.keys()

    def close(self) -> None:
        """Forget them."""
        self._file.close()


class Fresh:
    """A copy that comes in whole; it has its name once all of it is there."""

    def __init__(self, path: Path, page_size: int) -> None:
        """Raises OSError where there is no room."""
        self._path, self._size = path, page_size
        self._partial = path.with_name(path.name + ".shipping")
        self._partial.unlink(missing_ok=True)
        self._file = open(self._partial, "xb", opener=_for_owner)  # noqa: SIM115 (closed by whoever made this)

    def add(self, number: int, data: bytes, expected: bytes) -> None:
        """Write a chunk; raises `StoreDamaged` where it is not the one that was announced."""
        _see(data, expected)
        self._file.seek(number * CHUNK * self._size)
        self._file.write(_counted(data, 1) if number == 0 else data)

    def become(self, pages: int) -> None:
        """Give it its name."""
        self._file.truncate(pages * self._size)
        self._file.flush()
        os.fsync(self._file.fileno())
        os.replace(self._partial, self._path)
        sync_folder(self._path.parent)

    def close(self) -> None:
        """Forget it, unless it has its name."""
        with contextlib.suppress(OSError):  # what is still in the buffer has no room
            self._file.close()
        self._partial.unlink(missing_ok=True)


def _see(data: bytes, expected: bytes) -> None:
    if digest(data) != expected:
        raise StoreDamaged(_("What was shipped is damaged on its way."), remedy=_("It is tried again."))
