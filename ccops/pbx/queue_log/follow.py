"""Follows a growing queue_log through half lines and rotation, by rename or by copy and truncate."""

import io
import os
import zlib
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from ccops.errors import UsageProblem
from ccops.pbx.queue_log.files import (
    BLOCK,
    Block,
    blocks_of,
    blocks_since,
    files_since,
    open_log,
    open_plain,
    place_of,
    siblings,
)
from ccops.pbx.queue_log.lines import LogRow, OnBad, parse_block

_MARK = 128
"""Bytes before the place read up to, by which a file is known again."""
_MOST_AT_ONCE = 4
"""Blocks that one call returns."""


class FollowedBlock(NamedTuple):
    """A run of whole lines of a followed log."""

    path: Path
    generation: int
    """Counts the files that stood at the path, one after the other."""
    block: Block


class Tail:
    """Reads what is added to a log file, file after file.

    Polls by stat, so it works on any file system. Nothing is lost at a rotation: a renamed file is read to its end
    before the next one, and what was written between our last look and a truncation is read from the copy.
    """

    def __init__(self, path: Path, *, offset: int = 0, bad: OnBad | None = None) -> None:
        """Begin at byte `offset` of the file that stands at `path`; a missing file is waited for."""
        self.path = path
        self.offset = offset
        """Byte up to which the present file is read."""
        self.generation = 0
        self._stream: io.RawIOBase | None = None
        self._mark = b""
        self._bad = bad

    def close(self) -> None:
        """Let go of the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def identity(self) -> tuple[int, int] | None:
        """Return device and inode of the file being read, or None before there is one."""
        if self._stream is None:
            return None
        status = os.fstat(self._stream.fileno())
        return status.st_dev, status.st_ino

    def read(self) -> list[FollowedBlock]:
        """Return what was added since the last call: whole lines only, some megabytes at most."""
        if self._stream is None and not self.open():
            return []
        found = self._grown()
        if not found and self._replaced():
            # The PBX has opened the new file, so whatever it wrote to the old one is in it by now.
            found = self._grown()
            if not found:
                self._next_file()
                found = self._grown()
        return found

    def open(self) -> bool:
        """Open the file at the path where it is not open yet; return whether there is one."""
        if self._stream is not None:
            return True
        if not self.path.exists():
            return False
        self._stream = open_plain(self.path).detach()  # a buffer would show what stood there before
        self._mark = self._before(self.offset)
        return True

    def _next_file(self) -> None:
        self.close()
        self.offset, self._mark = 0, b""
        self.generation += 1
        self.open()

    def _replaced(self) -> bool:
        try:
            status = self.path.stat()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) != self.identity() and status.st_size > 0

    def _grown(self) -> list[FollowedBlock]:
        stream = self._stream
        if stream is None:
            return []
        size = os.fstat(stream.fileno()).st_size
        if size < self.offset or self._before(self.offset) != self._mark:
            return self._truncated()
        if size == self.offset:
            return []
        stream.seek(self.offset)
        found = self._take(cast("BinaryIO", stream), _MOST_AT_ONCE)
        self._mark = self._before(self.offset)
        return found

    def _take(self, stream: BinaryIO, most: int | None) -> list[FollowedBlock]:
        found = []
        for block in islice(blocks_of(stream, self.offset, bad=self._bad), most):
            self.offset = block.offset + len(block.data)
            if block.data:
                found.append(FollowedBlock(self.path, self.generation, block))
        return found

    def _truncated(self) -> list[FollowedBlock]:
        found = self._rest_in_copy()
        self.offset, self._mark = 0, b""
        self.generation += 1
        return found

    def _rest_in_copy(self) -> list[FollowedBlock]:
        if not self._mark:
            return []
        for copy in sorted(siblings(self.path), key=_changed, reverse=True):
            try:
                with open_log(copy) as stream:
                    stream.seek(self.offset - len(self._mark))
                    if stream.read(len(self._mark)) == self._mark:
                        return self._take(stream, None)
            except (OSError, EOFError, zlib.error, UsageProblem):
                continue  # it is being compressed or taken away just now; the next one may be the copy
        return []

    def _before(self, offset: int) -> bytes:
        length = min(offset, _MARK)
        return b"" if self._stream is None else os.pread(self._stream.fileno(), length, offset - length)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


class Follower:
    """Rows of a log from an instant on, and then as they are written."""

    def __init__(
        self, path: Path, *, since: float | None = None, interval: float = 0.25, bad: OnBad | None = None
    ) -> None:
        """Begin at the first row of `since`, in rotated files if it stands there; None begins at the log's end.

        `interval` is the time between two looks, seconds.
        """
        self.path = path
        self.interval = interval
        self._since = since
        self._bad = bad
        self._past = self._files_before()
        self._tail = Tail(path, offset=self._first_offset(), bad=bad)

    def _files_before(self) -> list[Path]:
        if self._since is None or not self.path.exists():
            return []
        return files_since(self.path, self._since)[:-1]

    def _first_offset(self) -> int:
        if not self.path.exists():
            return 0
        with open_log(self.path) as stream:
            if self._since is None:
                return _line_start(stream, stream.seek(0, os.SEEK_END))
            return place_of(stream, self._since)

    def poll(self) -> list[LogRow]:
        """Return the rows that came since the last call; the first calls bring those of the past.

        Raises `UsageProblem` or `OSError` where the file is there and cannot be read.
        """
        rows: list[LogRow] = []
        while self._past:
            self._add_file(self._past.pop(0), rows)
        for found in self._tail.read():
            rows.extend(self._rows(found.block, found.generation + 1))
        return rows

    def _add_file(self, path: Path, rows: list[LogRow]) -> None:
        with open_log(path) as stream:
            for block in blocks_since(stream, self._since or 0, self._bad):
                rows.extend(self._rows(block, 0))

    def _rows(self, block: Block, file: int) -> list[LogRow]:
        since = self._since or 0
        return [row for row in parse_block(block.data, file, block.offset, self._bad) if row.at >= since]

    async def batches(self) -> AsyncIterator[list[LogRow]]:
        """Yield what `poll` finds, batch by batch, for ever; empty batches are passed over."""
        import asyncio  # 20 ms that who only reads history need not pay

        while True:
            rows = self.poll()
            if rows:
                yield rows
            await asyncio.sleep(0 if rows else self.interval)

    def close(self) -> None:
        """Let go of the file."""
        self._tail.close()


def _line_start(stream: BinaryIO, end: int) -> int:
    """Return where the line that `end` stands in begins: the end itself after a line feed."""
    begin = max(0, end - BLOCK)
    stream.seek(begin)
    return begin + stream.read(end - begin).rfind(b"\n") + 1
