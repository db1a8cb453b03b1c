"""Raw log lines in the store: blocks of whole lines, packed, addressable by file and offset, known again by content."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from sqlite3 import Connection
from typing import NamedTuple

from ccops.i18n import _
from ccops.pbx.queue_log.files import Block, stamp_of
from ccops.pbx.queue_log.lines import LATEST_STAMP
from ccops.store.database import Database

PACK_FROM = 65_536
"""Bytes from which a block is packed; smaller ones, as they come from following, are joined into such a one."""


def digest(data: bytes) -> bytes:
    """Return what a run of bytes is known again by."""
    return hashlib.blake2b(data, digest_size=16).digest()


class FileRow(NamedTuple):
    """A log file as the store knows it."""

    id: int
    path: str
    base: int
    size: int
    lines: int


class BlockRow(NamedTuple):
    """Where a block stands, without its data."""

    start: int
    end: int
    lines: int
    digest: bytes


class RawLine(NamedTuple):
    """One line as it was written, and where."""

    path: str
    line: int
    """Counted from 1."""
    offset: int
    text: bytes


class Packed(NamedTuple):
    """A block as it is stored."""

    start: int
    end: int
    lines: int
    first_at: int | None
    last_at: int | None
    digest: bytes
    packed: int
    data: bytes


def pack(block: Block, *, compress: bool = True, latest: int = LATEST_STAMP) -> Packed:
    """Make a block ready to be stored; the costly part, without the database.

    A stamp from `latest` on is a fault of the PBX's clock and says nothing of when the block was written.
    """
    data = block.data
    packed = compress and len(data) >= PACK_FROM
    stored = zlib.compress(data, 1) if packed else data
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    end = block.offset + len(data)
    return Packed(
        block.offset, end, lines, _first_stamp(data, latest), _last_stamp(data, latest), digest(data), packed, stored
    )


def unpack(packed: int, data: bytes) -> bytes:
    """Return the bytes of a stored block."""
    return zlib.decompress(data) if packed else data


def _first_stamp(data: bytes, latest: int) -> int | None:
    return _stamp_among(data[:4096].split(b"\n"), latest)


def _last_stamp(data: bytes, latest: int) -> int | None:
    return _stamp_among(reversed(data[-4096:].split(b"\n")), latest)


def _stamp_among(lines: Iterable[bytes], latest: int) -> int | None:
    return next((at for line in lines if (at := stamp_of(line)) is not None and at < latest), None)


def files_with_head(database: Database, head: bytes) -> list[FileRow]:
    """Return the files that begin with this first line, the longest first."""
    rows = database.rows(
        "SELECT id, path, base, size, lines FROM files WHERE head = ? ORDER BY size DESC", (digest(head),)
    )
    return [FileRow(*row) for row in rows]


def block_rows(database: Database, file: int) -> list[BlockRow]:
    """Return where the blocks of a file stand, in order."""
    rows = database.rows("SELECT start, end, lines, digest FROM blocks WHERE file = ? ORDER BY start", (file,))
    return [BlockRow(*row) for row in rows]


def next_file(database: Database) -> int:
    """Return the number that the next new file gets."""
    return int(database.rows("SELECT coalesce(max(id), 0) + 1 FROM files")[0][0])


def add_file(
    connection: Connection, *, file: int, site: int, path: str, head: bytes, base: int, lines: int, now: int
) -> None:
    """Make the row of a file that was never seen; `base` and `lines` are what another file holds of it already."""
    sql = "INSERT INTO files (id, site, path, head, base, size, lines, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    connection.execute(sql, (file, site, path, digest(head), base, base, lines, now))


def seen_at(connection: Connection, file: int, path: str, device: int | None, inode: int | None) -> None:
    """Remember where a file stands now."""
    connection.execute("UPDATE files SET path = ?, device = ?, inode = ? WHERE id = ?", (path, device, inode, file))


def append(connection: Connection, file: int, blocks: Iterable[Packed]) -> None:
    """Add blocks at the end of a file."""
    size, lines, small = _end_of(connection, file)
    for block in blocks:
        connection.execute(_INSERT, (file, block.start, block.end, lines + 1, *block[2:]))
        lines, size = lines + block.lines, block.end
        small = 0 if block.packed else small + len(block.data)
        if small >= PACK_FROM:
            _join(connection, file)
            small = 0
    connection.execute(
        """UPDATE files SET size = :size, lines = :lines,
           first_at = (SELECT min(first_at) FROM blocks WHERE file = :file),
           last_at = (SELECT last_at FROM blocks WHERE file = :file ORDER BY start DESC LIMIT 1)
           WHERE id = :file""",
        {"size": size, "lines": lines, "file": file},
    )


_INSERT = """INSERT INTO blocks (file, start, end, first_line, lines, first_at, last_at, digest, packed, data)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def _end_of(connection: Connection, file: int) -> tuple[int, int, int]:
    size, lines = connection.execute("SELECT size, lines FROM files WHERE id = ?", (file,)).fetchone()
    small = sum(len(data) for _start, data in _small_tail(connection, file))
    return size, lines, small


def _small_tail(connection: Connection, file: int) -> list[tuple[int, bytes]]:
    """Return the unpacked blocks at the end of a file that follow each other without a gap, last first."""
    found: list[tuple[int, bytes]] = []
    rows = connection.execute("SELECT start, end, packed, data FROM blocks WHERE file = ? ORDER BY start DESC", (file,))
    for start, end, packed, data in rows:
        if packed or (found and end != found[-1][0]):
            break
        found.append((start, data))
    return found


def _join(connection: Connection, file: int) -> None:
    tail = _small_tail(connection, file)
    start = tail[-1][0]
    block = pack(Block(start, b"".join(data for _start, data in reversed(tail))))
    (first_line,) = connection.execute(
        "SELECT first_line FROM blocks WHERE file = ? AND start = ?", (file, start)
    ).fetchone()
    connection.execute("DELETE FROM blocks WHERE file = ? AND start >= ?", (file, start))
    connection.execute(_INSERT, (file, block.start, block.end, first_line, *block[2:]))


def data_of(database: Database, file: int, start: int) -> bytes:
    """Return the bytes of the block that begins at a place."""
    rows = database.rows("SELECT packed, data FROM blocks WHERE file = ? AND start = ?", (file, start))
    return unpack(*rows[0]) if rows else b""


@lru_cache(maxsize=8)
def _unpacked(packed: int, data: bytes) -> bytes:
    """Unpack a block; whoever asks for the lines of many visits asks for the same blocks again and again."""
    return unpack(packed, data)


def all_blocks(database: Database, site: int) -> Iterator[tuple[int, Block]]:
    """Yield every block of a site with its file, the files in the order of their first stamps."""
    files = database.rows("SELECT id FROM files WHERE site = ? ORDER BY first_at, id", (site,))
    for (file,) in files:
        places = database.rows("SELECT start FROM blocks WHERE file = ? ORDER BY start", (file,))
        for (start,) in places:
            yield file, Block(start, data_of(database, file, start))


def line_at(database: Database, file: int, offset: int) -> RawLine | None:
    """Return the line that begins at a byte of a file, or None where the store does not hold it."""
    rows = database.rows(
        """SELECT f.path, b.start, b.first_line, b.packed, b.data FROM blocks b JOIN files f ON f.id = b.file
           WHERE b.file = ? AND b.start <= ? AND b.end > ? ORDER BY b.start DESC LIMIT 1""",
        (file, offset, offset),
    )
    if not rows:
        return None
    path, start, first_line, packed, data = rows[0]
    text = _unpacked(packed, data)
    at = offset - start
    line = first_line + text.count(b"\n", 0, at)
    end = text.find(b"\n", at)
    return RawLine(path, line, offset, text[at:] if end < 0 else text[at:end])


def lines_with(database: Database, file: int, start: int, end: int, words: Iterable[bytes]) -> Iterator[RawLine]:
    """Yield the lines from byte `start` of a file up to and with the one at `end` that hold any of `words`."""
    wanted = tuple(words)
    rows = database.rows(
        """SELECT f.path, b.start, b.first_line, b.packed, b.data FROM blocks b JOIN files f ON f.id = b.file
           WHERE b.file = ? AND b.end > ? AND b.start <= ? ORDER BY b.start""",
        (file, start, end),
    )
    for path, offset, number, packed, data in rows:
        text = _unpacked(packed, data)
        counted = 0
        for begin in sorted(_lines_holding(text, wanted, max(0, start - offset), end - offset)):
            number += text.count(b"\n", counted, begin)
            counted = begin
            stop = text.find(b"\n", begin)
            yield RawLine(path, number, offset + begin, text[begin:] if stop < 0 else text[begin:stop])


def _lines_holding(text: bytes, words: Iterable[bytes], low: int, high: int) -> set[int]:
    """Return where the lines begin that hold a word and begin from `low` up to `high`."""
    limit = text.find(b"\n", high) if high < len(text) else -1
    limit = len(text) if limit < 0 else limit
    found: set[int] = set()
    for word in words:
        at = text.find(word, low, limit)
        while at >= 0:
            begin = text.rfind(b"\n", 0, at) + 1
            if begin >= low:
                found.add(begin)
            after = text.find(b"\n", at, limit)
            at = text.find(word, after + 1, limit) if after >= 0 else -1
    return found


def broken_blocks(database: Database) -> list[str]:
    """Return what is wrong with the raw lines: blocks that do not unpack to their digest, or overlap."""
    found = []
    for file, path in database.rows("SELECT id, path FROM files"):
        before = 0
        for block in block_rows(database, file):
            if block.start < before or not _holds(database, file, block):
                found.append(
                    _("The lines of “{path}” from byte {start} on are damaged.").format(path=path, start=block.start)
                )
            before = block.end
    return found


def _holds(database: Database, file: int, block: BlockRow) -> bool:
    try:
        data = data_of(database, file, block.start)
    except zlib.error:
        return False
    return len(data) == block.end - block.start and digest(data) == block.digest


@dataclass(slots=True)
class Verifier:
    """Holds a stream against what the store has of one file, block by block."""

    file: FileRow
    blocks: list[BlockRow]
    verified: int = 0
    """Byte up to which the stream is known to be the same."""
    index: int = 0
    alive: bool = True

    def look(self, data: bytes, offset: int) -> None:
        """Look at the stream's bytes from `offset` on, as far as they go; may be asked again with more of them."""
        while self.alive and not self.complete:
            block = self.blocks[self.index]
            if block.end > offset + len(data):
                return
            if block.start < offset or digest(data[block.start - offset : block.end - offset]) != block.digest:
                self.alive = False
                return
            self.verified, self.index = block.end, self.index + 1

    @property
    def complete(self) -> bool:
        """True once all that the store has of the file was seen."""
        return bool(self.blocks) and self.index == len(self.blocks)

    @property
    def needs_from(self) -> int | None:
        """Byte from which it must be shown the stream on; None where it has seen enough."""
        return self.blocks[self.index].start if self.alive and not self.complete else None


def verifier(database: Database, file: FileRow) -> Verifier:
    """Return what a stream that may be this file is held against."""
    blocks = block_rows(database, file.id)
    return Verifier(file, blocks, alive=bool(blocks))
