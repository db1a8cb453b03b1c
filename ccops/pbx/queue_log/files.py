"""The files of a queue_log: plain or compressed, rotated or not; blocks of whole lines; the place of an instant."""

import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.pbx.queue_log.lines import LATEST_STAMP, LONGEST_LINE, LogRow, OnBad, parse_block

BLOCK = 1 << 19
_SHOWN = 200
"""Bytes of an overlong line that are kept to show."""
_DISORDER = 5
"""Seconds by which lines may stand out of order: several threads of the PBX write them."""
_NEAR = 65_536


class DamagedLog(UsageProblem):
    """What is compressed is cut off or damaged."""


class Block(NamedTuple):
    """A run of whole lines; each ends in a line feed, except a last one that can grow no more."""

    offset: int
    """Byte in the uncompressed file at which it begins."""
    data: bytes


def open_plain(path: Path) -> io.BufferedReader:
    """Open a file as it is; raises `UsageProblem` that names it where it is a directory, missing or unreadable."""
    try:
        return path.open("rb")
    except IsADirectoryError as problem:
        message = _("“{path}” is a directory.").format(path=path)
        raise UsageProblem(message, remedy=_("Name the log file in it.")) from problem
    except OSError as problem:
        message = _("“{path}” cannot be read: {reason}.").format(path=path, reason=problem.strerror)
        raise UsageProblem(message, remedy=_("Check the path and that this user may read it.")) from problem


@contextmanager
def open_log(path: Path) -> Iterator[BinaryIO]:
    """Open a log file for reading, decompressed where its content says gzip, bzip2 or Zstandard.

    Raises `UsageProblem` as `open_plain` does, and where nothing installed here can decompress it.
    """
    with open_plain(path) as plain, unpacked(plain) as stream, naming(path):
        yield stream


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Give a damaged log its name."""
    try:
        yield
    except DamagedLog as problem:
        message = _("“{path}” cannot be read to its end. {reason}").format(path=path, reason=problem.message)
        raise DamagedLog(message, remedy=problem.remedy) from problem


def unpacked(stream: BinaryIO) -> BinaryIO:
    """Return a stream of the log's own bytes for one that may be compressed; needs no seek."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    head = buffered.peek(4)[:4]
    if head.startswith(b"\x1f\x8b"):
        import gzip

        return cast("BinaryIO", gzip.GzipFile(fileobj=buffered))
    if head.startswith(b"BZh"):
        import bz2

        return cast("BinaryIO", bz2.BZ2File(buffered))
    if head == b"\x28\xb5\x2f\xfd":
        return io.BufferedReader(_Zstandard(buffered))
    return buffered


class _Zstandard(io.RawIOBase):
    """Decompresses with the package `zstandard`, which need not be installed; a log cut off is an error."""

    def __init__(self, stream: BinaryIO) -> None:
        try:
            import zstandard
        except ModuleNotFoundError as problem:
            raise UsageProblem(
                _("The log is compressed with Zstandard, which this installation cannot read."),
                remedy=_("Install the package “zstandard”, or decompress it with `zstd -d` first."),
            ) from problem
        self._module = zstandard
        self._stream = stream
        self._begun = False
        """Whether the present frame has begun: a log that ends then is cut off."""
        self._frame = self._next_frame()
        self._packed = self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, self._next_frame()
            packed = self._packed or self._stream.read(BLOCK)
            if not packed:
                if self._begun:
                    raise EOFError(_("it ends in the middle"))
                return 0
            self._packed, self._begun = b"", True
            self._ready = self._unpack(packed)
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def _next_frame(self) -> Any:
        self._begun = False
        return self._module.ZstdDecompressor().decompressobj()

    def _unpack(self, packed: bytes) -> bytes:
        try:
            return bytes(self._frame.decompress(packed))
        except self._module.ZstdError as problem:
            raise OSError(str(problem)) from problem


def can_seek(stream: BinaryIO) -> bool:
    """Tell whether the stream reaches any place at once: a plain file, not a compressed one or a pipe."""
    return isinstance(stream, io.BufferedReader) and stream.seekable()


def blocks_of(
    stream: BinaryIO, offset: int = 0, *, size: int = BLOCK, final: bool = False, bad: OnBad | None = None
) -> Iterator[Block]:
    """Yield the whole lines of a stream that stands at byte `offset` of its log, in blocks of about `size` bytes.

    A last line without line end is left out, unless `final` says that it can grow no more. A line that is longer
    than a block is told to `bad` and passed over, an empty block behind it: it never stands in memory whole.
    Raises `UsageProblem` where what is compressed is damaged.
    """
    rest, more = b"", True
    while more:
        data = read_some(stream, size)
        more, data = bool(data), rest + data
        end = data.rfind(b"\n") + 1
        if end:
            yield Block(offset, data[:end])
        offset, rest = offset + end, data[end:]
        if len(rest) > max(LONGEST_LINE, size):
            offset, rest = _pass_over(stream, offset, rest, bad)
            yield Block(offset, b"")
    if rest and final:
        yield Block(offset, rest)


def read_some(stream: BinaryIO, size: int) -> bytes:
    """Read up to `size` bytes; raises `DamagedLog` where what is compressed is damaged."""
    with _sound():
        return stream.read(size)


@contextmanager
def _sound() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError, zlib.error) as problem:
        message = _("The log is damaged: {reason}.").format(reason=str(problem).rstrip("."))
        remedy = _("The file may be cut off or damaged; what came before is kept.")
        raise DamagedLog(message, remedy=remedy) from problem


def _pass_over(stream: BinaryIO, offset: int, begun: bytes, bad: OnBad | None) -> tuple[int, bytes]:
    """Read on to the end of an overlong line; return where the next line begins and what is read of it."""
    length = len(begun)
    after = b""
    while data := read_some(stream, BLOCK):
        end = data.find(b"\n") + 1
        if end:
            length, after = length + end, data[end:]
            break
        length += len(data)
    if bad is not None:
        bad(offset, begun[:_SHOWN], _("longer than {limit} bytes").format(limit=LONGEST_LINE))
    return offset + length, after


def place_of(stream: BinaryIO, instant: float) -> int:
    """Return a byte offset before which no line is as late as `instant`, by bisection; the stream must seek.

    Reads about thirty small pieces of a file of gigabytes. Lines may stand some seconds out of order, so lines
    before the instant can follow; who reads on passes over them.
    """
    low, high = 0, stream.seek(0, os.SEEK_END)
    while high - low > _NEAR:
        middle = (low + high) // 2
        found = _first_stamp_from(stream, middle, high)
        if found is not None and found[1] < instant - _DISORDER:
            low = found[0]
        else:
            high = middle
    return low


def _first_stamp_from(stream: BinaryIO, offset: int, end: int) -> tuple[int, int] | None:
    """Find the first readable stamp of a line that begins after `offset`: (where the line begins, stamp)."""
    stream.seek(offset)
    stream.readline(LONGEST_LINE)
    while (begin := stream.tell()) < end:
        line = stream.readline(LONGEST_LINE)
        stamp = stamp_of(line)
        if stamp is not None:
            return begin, stamp
    return None


def stamp_of(line: bytes) -> int | None:
    """Return the stamp that a line begins with, or None where it begins with none."""
    head = line[:16].split(b"|", 1)
    if len(head) != 2 or not head[0].isdigit():
        return None
    stamp = int(head[0])
    return stamp if 0 < stamp < LATEST_STAMP else None


def first_stamp(path: Path) -> int | None:
    """Return the first readable stamp of a log file, or None where it has none near its beginning."""
    with open_log(path) as stream, _sound():
        for _line in range(100):
            line = stream.readline(LONGEST_LINE)
            if not line:
                return None
            stamp = stamp_of(line)
            if stamp is not None:
                return stamp
    return None


def siblings(path: Path) -> list[Path]:
    """Return the rotated files beside a log (`queue_log.1`, `queue_log-20260101.gz` …), in no particular order."""
    name = path.name
    try:
        entries = list(path.parent.iterdir())
    except OSError:
        return []
    return [item for item in entries if item.name.startswith((f"{name}.", f"{name}-")) and item.is_file()]


def files_since(path: Path, instant: float) -> list[Path]:
    """Return the files that hold the log from `instant` on, oldest first, the live file last.

    Rotation schemes number and date their files in every way, so the order comes from the first stamp of each.
    """
    begun = first_stamp(path)
    if begun is not None and begun < instant - _DISORDER:
        return [path]
    dated = [(stamp, item) for item in siblings(path) if (stamp := _stamp_if_readable(item)) is not None]
    older: list[Path] = []
    for stamp, item in sorted(dated, reverse=True):
        if begun is not None and stamp > begun:
            continue
        older.insert(0, item)
        if stamp < instant - _DISORDER:
            break
    return [*older, path]


def _stamp_if_readable(path: Path) -> int | None:
    try:
        return first_stamp(path)
    except (OSError, EOFError, zlib.error, UsageProblem):
        return None  # a neighbour is a help, not a must: what it holds is then simply not in today's figures


def rows_since(path: Path, instant: float, bad: OnBad | None = None) -> Iterator[LogRow]:
    """Yield the log's rows from `instant` on, also those that stand in rotated files by now.

    Finds the place by bisection, so it costs what the rows cost, not what the file weighs. Raises `UsageProblem`
    where the live file cannot be read.
    """
    for number, item in enumerate(files_since(path, instant)):
        with open_log(item) as stream:
            for block in blocks_since(stream, instant, bad):
                for row in parse_block(block.data, number, block.offset, bad):
                    if row.at >= instant:
                        yield row


def blocks_since(stream: BinaryIO, instant: float, bad: OnBad | None = None) -> Iterator[Block]:
    """Yield the whole lines of a stream from about `instant` on; a plain file is not read before its place."""
    offset = 0
    if can_seek(stream):
        offset = place_of(stream, instant)
        stream.seek(offset)
    yield from blocks_of(stream, offset, bad=bad)
