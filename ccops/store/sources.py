"""Where log lines come from: files and standard input; finds what of them the store does not hold yet."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from ccops.pbx.queue_log.files import BLOCK, Block, blocks_of, can_seek, naming, open_plain, read_some, unpacked
from ccops.pbx.queue_log.lines import LONGEST_LINE, OnBad
from ccops.store.database import Database
from ccops.store.raw import FileRow, Verifier, data_of, files_with_head, verifier

_HEAD = 1024
"""Bytes that stand for a first line that has no end."""


@dataclass(slots=True)
class Source:
    """An opened log."""

    path: Path | None
    """None for standard input."""
    stream: BinaryIO
    device: int | None = None
    inode: int | None = None
    final: bool = False
    """It can grow no more, so a last line without line end is a line."""
    size: int | None = None
    """Bytes on disk, compressed or not."""
    plain: BinaryIO | None = None
    """The file as it stands on disk: where it stands says how far it is read."""

    @property
    def name(self) -> str:
        """How the store names it."""
        return "-" if self.path is None else str(self.path.absolute())


@contextmanager
def opened(path: Path | None) -> Iterator[Source]:
    """Open a log file, or standard input for None; raises `UsageProblem` where it cannot be read."""
    if path is None:
        yield Source(None, unpacked(sys.stdin.buffer), final=True)
        return
    with open_plain(path) as plain:
        status = os.fstat(plain.fileno())
        with unpacked(plain) as stream, naming(path):
            final = not can_seek(stream)
            yield Source(path, stream, status.st_dev, status.st_ino, final, status.st_size, plain)


@dataclass(slots=True)
class News:
    """What a source has that the store has not."""

    file: FileRow | None
    """The file of the store that it continues; None for one never seen."""
    base: int
    """Byte from which it is new."""
    lines: int
    """Lines before that."""
    head: bytes
    """Its first line."""
    rest: bytes
    """Read already, from `base` on."""


def news_of(database: Database, source: Source) -> News | None:
    """Read a source as far as the store knows it; return what follows, or None where it is empty or not a line long."""
    data = read_some(source.stream, BLOCK)
    end = data.find(b"\n", 0, LONGEST_LINE) + 1
    if not end and not (data and source.final) and len(data) < LONGEST_LINE:
        return None
    head = data[: end or _HEAD]
    verifiers = [verifier(database, file) for file in files_with_head(database, head)]
    return _Reading(database, source, head, data, verifiers).news()


class _Reading:
    """Reads a source while it may still be one that the store knows."""

    def __init__(self, database: Database, source: Source, head: bytes, data: bytes, verifiers: list[Verifier]) -> None:
        self._database, self._source, self._head = database, source, head
        self._data, self._offset, self._lines = data, 0, 0
        self._verifiers = verifiers

    def news(self) -> News:
        more = True
        while more:
            for one in self._verifiers:
                one.look(self._data, self._offset)
            more = any(one.needs_from is not None for one in self._verifiers) and self._read_on()
        best = self._best()
        if best is None:
            return News(None, 0, 0, self._head, self._data)
        cut = max(self._end_of_known(best), self._offset)
        same = best.complete or cut == self._offset + len(self._data)
        self._drop(cut)
        return News(best.file if same else None, cut, self._lines, self._head, self._data)

    def _best(self) -> Verifier | None:
        """Return the file that the source agrees with furthest; all of a file is better than much of one."""
        whole = [one for one in self._verifiers if one.complete]
        best = max(whole or self._verifiers, key=lambda one: one.verified, default=None)
        begins = best is not None and (best.verified or (best.blocks and best.blocks[0].start == 0))
        return best if begins else None

    def _end_of_known(self, best: Verifier) -> int:
        """Return the byte up to which source and store agree: whole lines, also inside a block."""
        if best.complete:
            return best.verified
        start = best.blocks[best.index].start
        if start < self._offset:
            return best.verified
        theirs, mine = data_of(self._database, best.file.id, start), self._data[start - self._offset :]
        if theirs.startswith(mine):
            return start + len(mine)
        return start + _common_lines(theirs, mine)

    def _read_on(self) -> bool:
        self._drop(min(one.needs_from for one in self._verifiers if one.needs_from is not None))
        data = read_some(self._source.stream, BLOCK)
        self._data += data
        return bool(data)

    def _drop(self, before: int) -> None:
        cut = min(before - self._offset, len(self._data))
        if cut > 0:
            self._lines += self._data.count(b"\n", 0, cut)
            self._data, self._offset = self._data[cut:], self._offset + cut


def _common_lines(left: bytes, right: bytes) -> int:
    """Return how many bytes of whole lines two runs of lines have in common at their beginning."""
    common = 0
    for mine, theirs in zip(left.split(b"\n"), right.split(b"\n"), strict=False):
        if mine != theirs:
            break
        common += len(mine) + 1
    return min(common, len(left), len(right))


def new_blocks(source: Source, news: News, bad: OnBad | None = None) -> Iterator[Block]:
    """Yield what is new of a source, in blocks of whole lines."""
    stream = cast("BinaryIO", _Continued(news.rest, source.stream))
    yield from blocks_of(stream, news.base, final=source.final, bad=bad)


class _Continued(io.RawIOBase):
    """A stream some of which is read already."""

    def __init__(self, read: bytes, stream: BinaryIO) -> None:
        self._ready, self._stream = read, stream

    def read(self, size: int = -1) -> bytes:
        if self._ready:
            data, self._ready = self._ready, b""
            return data
        return self._stream.read(size)
