"""The pages of a store as they are at one instant, while others write to it.

SQLite gives no pages out, so they are read from its files, as its file format describes them: a page stands in the
write-ahead log, in its last frame up to the instant, or else in the store. That this holds still for as long as it is
read is seen to by a read transaction of SQLite's own: it keeps the log from being begun anew, and anything later than
the instant from being put into the store.
"""

import hashlib
import os
import sqlite3
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

from ccops.i18n import _
from ccops.store.copying import Rests, put_away
from ccops.store.errors import StoreError, told

CHUNK: Final = 16
"""Pages that are compared and shipped together."""
_STRETCH: Final = 64
"""Chunks between two rests: 8 MB."""
DIGEST: Final = 16
"""Bytes of a chunk's digest."""
_HEADER: Final = 100
"""Bytes of the header of a SQLite file."""
_LOCKS_AT: Final = 1 << 30
"""Byte of the file that SQLite locks; the page around it holds nothing, and a journal must not hold it."""
_INDEX: Final = struct.Struct("=12xB3xII8x8s8x")
"""Header of the index of the write-ahead log: is it ready, frames in use, pages of the store, salts of the log."""
_INDEX_HEADER: Final = _INDEX.size
_PUT_IN_AT: Final = 2 * _INDEX_HEADER
"""Place in the index, after two copies of its header, of how many frames are in the store already."""
_FRAME: Final = struct.Struct(">II8s")
_WAL_HEADER, _FRAME_HEADER = 32, 24


class _Moved(Exception):
    """The write-ahead log was begun anew between two looks at it."""


def digest(data: bytes) -> bytes:
    """Return what a chunk is known by."""
    return hashlib.blake2b(data, digest_size=DIGEST).digest()


def neutral(page: bytes, pages: int) -> bytes:
    """Return the first page of a store without what differs between a store in use and a copy of it.

    That is the way it keeps its journal (bytes 18, 19) and how often it was changed (24 to 27, 92 to 95).
    """
    size = struct.pack(">I", pages)
    return b"".join((page[:18], b"\1\1", page[20:24], bytes(4), size, page[32:92], bytes(4), page[96:]))


def lock_page(page_size: int) -> int:
    """Return the number of the page that SQLite leaves empty."""
    return _LOCKS_AT // page_size + 1


class Image:
    """One instant of a store; use it in a `with`."""

    def __init__(self, path: Path) -> None:
        """Nothing is read before the `with`, which raises the store's errors."""
        self.path = path
        self.page_size = self.pages = 0
        self._frames: dict[int, int] = {}
        self._descriptors: list[int] = []

    def __enter__(self) -> "Image":
        with told(self.path):
            uri = f"{self.path.absolute().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            self._settle()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        with told(self.path):
            put_away(self.path)

    def _close(self) -> None:
        # In this order: closing a descriptor gives SQLite's own locks on that file away (POSIX).
        self._connection.close()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = []

    def _settle(self) -> None:
        for _attempt in range(20):
            with told(self.path):
                self._connection.execute("BEGIN")
                self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                mode = self._connection.execute("PRAGMA journal_mode").fetchone()[0]
            try:
                self._look(ahead=mode == "wal")
            except _Moved:
                self._connection.execute("ROLLBACK")
                continue
            return
        raise StoreError(_("The store “{path}” cannot be read while it is written.").format(path=self.path))

    def _look(self, *, ahead: bool) -> None:
        self._file = self._opened("")
        header = os.pread(self._file, _HEADER, 0)
        size = int.from_bytes(header[16:18], "big")
        self.page_size = 65_536 if size == 1 else size
        self.pages = os.fstat(self._file).st_size // self.page_size
        self._frames = {}
        if ahead:
            self._look_ahead()

    def _opened(self, suffix: str) -> int:
        try:
            descriptor = os.open(self.path.with_name(self.path.name + suffix), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise _Moved from None
        self._descriptors.append(descriptor)
        return descriptor

    def _look_ahead(self) -> None:
        """Find the frames of the write-ahead log that are part of the instant."""
        index = self._opened("-shm")
        seen = os.pread(index, 2 * _INDEX_HEADER, 0)
        put_in = int.from_bytes(os.pread(index, 4, _PUT_IN_AT), sys.byteorder)
        again = os.pread(index, 2 * _INDEX_HEADER, 0)
        header = seen[:_INDEX_HEADER]
        if seen != header * 2 or again != seen:  # somebody writes it just now
            raise _Moved
        ready, frames, pages, salts = _INDEX.unpack(header)
        if not ready:
            raise _Moved
        self.pages = pages or self.pages
        # Where all of it stands in the store already, nothing later gets there while the transaction lasts.
        if put_in < frames:
            self._log = self._opened("-wal")
            self._frames = dict(self._frames_of(frames, salts))

    def _frames_of(self, count: int, salts: bytes) -> Iterator[tuple[int, int]]:
        """Yield page and place of the first `count` frames, in their order: the last one of a page holds."""
        step = _FRAME_HEADER + self.page_size
        for number in range(count):
            at = _WAL_HEADER + number * step
            page, _commit, theirs = _FRAME.unpack(os.pread(self._log, _FRAME.size, at))
            if theirs != salts:
                raise _Moved
            yield page, at + _FRAME_HEADER

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return -(-self.pages // CHUNK)

    def chunk(self, number: int) -> bytes:
        """Return the pages of a chunk, one after the other; counted from 0."""
        first = number * CHUNK + 1
        last = min(first + CHUNK, self.pages + 1)
        size = self.page_size
        data = os.pread(self._file, (last - first) * size, (first - 1) * size)
        data = data.ljust((last - first) * size, b"\0")
        changed = [page for page in range(first, last) if page in self._frames]
        empty = lock_page(size)
        if not changed and first != 1 and not first <= empty < last:
            return data
        parts = [data[at : at + size] for at in range(0, len(data), size)]
        for page in changed:
            parts[page - first] = os.pread(self._log, size, self._frames[page])
        if first <= empty < last:
            parts[empty - first] = bytes(size)
        if first == 1:
            parts[0] = neutral(parts[0], self.pages)
        return b"".join(parts)

    def digests(self) -> bytes:
        """Return the digests of all chunks, one after the other."""
        return b"".join(digest(self.chunk(number)) for number in rested(range(self.chunks)))


def rested(numbers: Iterable[int]) -> Iterator[int]:
    """Yield numbers of chunks, with a rest now and then in which those who write the store have the machine."""
    rest = Rests()
    for place, number in enumerate(numbers, 1):
        yield number
        if place % _STRETCH == 0:
            rest()
