"""Fuzzing without atheris: hypothesis changes kept inputs, and climbs towards lines that were not executed before."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings, target
from hypothesis import strategies as st

_ROUND: Final = 500


def seeds(folder: Path) -> list[bytes]:
    """Return the kept inputs of a target, in a fixed order."""
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def changed(kept: list[bytes]) -> st.SearchStrategy[bytes]:
    """Return inputs made from kept ones: cut out, put together, with bytes put in; and any bytes at all."""
    piece = st.one_of(st.sampled_from(kept), st.binary(max_size=40), st.sampled_from(_WORDS))
    cut = st.builds(lambda data, low, high: data[low : len(data) - high], piece, st.integers(0, 99), st.integers(0, 99))
    return st.one_of(
        st.lists(st.one_of(piece, cut), max_size=6).map(b"".join),
        st.builds(
            _put, st.sampled_from(kept), st.integers(0, 4096), st.one_of(st.sampled_from(_WORDS), st.binary(max_size=9))
        ),
    )


_WORDS: Final = (
    b"\r\n", b"\n", b"\r", b"\n\n", b"\r\n\r\n", b": ", b"|", b",", b'"', b"\xff", b"\x00", b"\x1b[2J", b"\xe7\x8e\x8b",
    b"\xe2\x80\xae", b"\xef\xbb\xbf", b"=1+1", b"Event: ", b"Response: ", b"-1", b"99999999999999999999", b"1e999",
    b"nan", b"[[", b"{", b"null", b"[ami]\n", b"\\u0000",
)  # fmt: skip


def _put(data: bytes, place: int, word: bytes) -> bytes:
    place %= len(data) + 1
    return data[:place] + word + data[place + len(word) :]


class Coverage:
    """Lines of ccops that have been executed, counted by the interpreter's own trace."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, int]] = set()

    def run(self, one: Callable[[bytes], None], data: bytes) -> int:
        """Run a target; return how many lines are new."""
        before = len(self.seen)
        sys.settrace(self._enter)
        try:
            one(data)
        finally:
            sys.settrace(None)
        return len(self.seen) - before

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        if "ccops" not in frame.f_code.co_filename:
            return None
        self.seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        self.seen.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line


def climb(one: Callable[[bytes], None], folder: Path, inputs: int, seconds: int) -> None:
    """Run rounds of inputs until there are enough or the time is over; prints a line like libFuzzer's after each."""
    kept, coverage = seeds(folder), Coverage()
    end, count = time.monotonic() + (seconds or 1e9), 0
    while count < inputs and time.monotonic() < end:
        count += _round(one, kept, coverage)
        print(f"#{count}\tcov: {len(coverage.seen)} kept: {len(kept)}", file=sys.stderr, flush=True)


def _round(one: Callable[[bytes], None], kept: list[bytes], coverage: Coverage) -> int:
    ran = 0

    @settings(
        max_examples=_ROUND, deadline=None, database=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.target, Phase.shrink],
    )  # fmt: skip
    @given(changed(kept))
    def trial(data: bytes) -> None:
        nonlocal ran
        ran += 1
        new = coverage.run(one, data)
        target(float(new), label="lines executed for the first time")
        if new and len(data) <= 4096:
            kept.append(data)

    trial()
    return ran
