"""Requests to stop, as one call: signals from outside, a reader or a parent that went away."""

import asyncio
import contextlib
import os
import signal
import stat
from collections.abc import Callable, Iterator
from typing import Final, TextIO

from ccops.errors import ExitCode

STOPPING: Final = (signal.SIGTERM, signal.SIGHUP)

Stop = Callable[[], object]


@contextlib.contextmanager
def on_signals(stop: Stop) -> Iterator[None]:
    """Call `stop` on SIGTERM and SIGHUP; ctrl+c stays an interrupt."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number in STOPPING:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


@contextlib.contextmanager
def cleaned_up() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind what is inside, so that nothing is left behind; the exit code is 0."""

    def unwind(_number: int, _frame: object) -> None:
        raise SystemExit(ExitCode.OK)

    before = {number: signal.signal(number, unwind) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def on_reader_gone(stdout: TextIO, stop: Stop) -> Iterator[None]:
    """Call `stop` when the reader of a pipe goes away, even while nothing is written to it."""
    descriptor = _pipe(stdout)
    if descriptor is None:
        yield
        return
    # The write end of a pipe never becomes readable; the only thing epoll tells of it is that its reader is gone.
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, stop)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)


@contextlib.contextmanager
def on_end_of_input(stdin: TextIO, stop: Stop) -> Iterator[None]:
    """Call `stop` when the other end of a pipe closes it: the parent is gone."""
    descriptor = _pipe(stdin)
    if descriptor is None:
        yield
        return

    def read() -> None:
        if not os.read(descriptor, 4096):
            stop()

    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)


def _pipe(stream: TextIO) -> int | None:
    try:
        descriptor = stream.fileno()
        piped = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except (OSError, ValueError):
        return None
    return descriptor if piped else None
