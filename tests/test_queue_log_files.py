"""Log files: compressed and rotated ones, the place of an instant by bisection, overlong lines, clear errors."""

import bz2
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ccops.errors import UsageProblem
from ccops.pbx.queue_log import open_log, parse_block, rows_since
from ccops.pbx.queue_log.files import blocks_of, place_of

Pack = Callable[[bytes], bytes]
DAY = 86_400
T0 = 1_790_000_000


def log_lines(start: int, count: int, step: int = 60) -> bytes:
    return b"".join(
        b"%d|%d.1|sales|NONE|ENTERQUEUE||5551|1\n" % (at, at) for at in range(start, start + count * step, step)
    )


@pytest.mark.parametrize(
    "pack",
    [
        bytes,
        gzip.compress,
        bz2.compress,
        zstandard.compress,
        lambda data: gzip.compress(data[:50]) + gzip.compress(data[50:]),
    ],
)
def test_compressed_logs_are_read_by_what_they_hold(tmp_path: Path, pack: Pack) -> None:
    data = log_lines(T0, 500)
    path = tmp_path / "queue_log.old"
    path.write_bytes(pack(data))
    with open_log(path) as stream:
        blocks = list(blocks_of(stream, size=1000))
    assert b"".join(block.data for block in blocks) == data
    assert [block.offset for block in blocks] == [sum(len(b.data) for b in blocks[:n]) for n in range(len(blocks))]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.compress])
def test_a_damaged_archive_is_a_clear_error(tmp_path: Path, pack: Pack) -> None:
    path = tmp_path / "queue_log.1"
    packed = pack(log_lines(T0, 20_000))
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(UsageProblem, match="damaged"), open_log(path) as stream:
        for _block in blocks_of(stream, size=1000):
            pass


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="is a directory"), open_log(tmp_path):
        pass
    with pytest.raises(UsageProblem, match=r"nothing.*cannot be read"), open_log(tmp_path / "nothing"):
        pass


@given(st.binary(max_size=400), st.integers(1, 50), st.booleans())
def test_blocks_hold_every_whole_line_once(data: bytes, size: int, final: bool) -> None:
    blocks = list(blocks_of(io.BytesIO(data), 7, size=size, final=final))
    cut = len(data) if final else data.rfind(b"\n") + 1
    assert b"".join(block.data for block in blocks) == data[:cut]
    at = 7
    for block in blocks:
        assert block.offset == at
        assert block.data.endswith(b"\n") or (final and block is blocks[-1])
        at += len(block.data)


def test_a_line_without_end_never_stands_in_memory() -> None:
    class Endless(io.RawIOBase):
        left = 64 << 20

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            size = min(len(buffer), self.left)
            self.left -= size
            buffer[:size] = b"x" * size
            return size

    told: list[tuple[int, int]] = []
    before = b"1|c|q|a|CONNECT|1|2|3\n"
    after = b"\n2|c|q|a|CONNECT|1|2|3\n"
    stream = _Joined(before, Endless(), after)
    blocks = list(blocks_of(stream, bad=lambda at, raw, reason: told.append((at, len(raw)))))  # type: ignore[arg-type]
    rows = [row for block in blocks for row in parse_block(block.data, 0, block.offset)]
    assert [(row.at, row.offset) for row in rows] == [(1, 0), (2, len(before) + (64 << 20) + 1)]
    assert told == [(len(before), 200)]


class _Joined:
    def __init__(self, before: bytes, middle: io.RawIOBase, after: bytes) -> None:
        self._parts: list[object] = [io.BytesIO(before), middle, io.BytesIO(after)]

    def read(self, size: int) -> bytes:
        while self._parts:
            data = bytes(self._parts[0].read(size))  # type: ignore[attr-defined]
            if data:
                return data
            self._parts.pop(0)
        return b""


@pytest.mark.parametrize("instant", [T0 - 5, T0, T0 + 1, T0 + 123_456, T0 + 60 * 19_999, T0 + 60 * 20_000])
def test_bisection_finds_the_place(instant: int) -> None:
    data = log_lines(T0, 20_000)
    place = place_of(io.BytesIO(data), instant)
    assert place == 0 or data[place - 1 : place] == b"\n"
    skipped = [row.at for row in parse_block(data[:place])]
    assert all(at < instant for at in skipped)
    wanted = data.find(b"%d|" % (T0 + 60 * -((T0 - instant) // 60)))
    if wanted > 0:
        assert wanted - place < 200_000


def test_bisection_passes_over_garbage() -> None:
    garbage = b"\x00\xff no log line \n" * 20_000
    data = log_lines(T0, 3000) + garbage + log_lines(T0 + DAY * 3, 3000)
    place = place_of(io.BytesIO(data), T0 + DAY * 3 + 600)
    assert all(row.at < T0 + DAY * 3 + 600 for row in parse_block(data[:place]))
    assert place > len(garbage)


def write_rotated(folder: Path) -> Path:
    """Four files of a day each, named and packed in three ways, the newest still growing."""
    packs: list[tuple[str, Pack]] = [
        ("queue_log.3.gz", gzip.compress),
        ("queue_log-20260920.bz2", bz2.compress),
        ("queue_log.1", bytes),
        ("queue_log", bytes),
    ]
    for number, (name, pack) in enumerate(packs):
        (folder / name).write_bytes(pack(log_lines(T0 + number * DAY, 1440)))
    (folder / "queue_log.lock").mkdir()
    (folder / "queue_log.txt").write_bytes(b"not a log\n")
    return folder / "queue_log"


@pytest.mark.parametrize("back", [0, 1, 2, 3, 9])
def test_rows_of_rotated_files_come_first(tmp_path: Path, back: float) -> None:
    path = write_rotated(tmp_path)
    instant = T0 + (3 - back) * DAY + 3600
    rows = list(rows_since(path, instant))
    assert [row.at for row in rows] == [at for at in range(T0, T0 + 4 * DAY, 60) if at >= instant]


def test_an_empty_live_file_still_has_a_past(tmp_path: Path) -> None:
    path = write_rotated(tmp_path)
    path.write_bytes(b"")
    rows = list(rows_since(path, T0 + 3 * DAY - 120))
    assert [row.at for row in rows] == [T0 + 3 * DAY - 120, T0 + 3 * DAY - 60]
