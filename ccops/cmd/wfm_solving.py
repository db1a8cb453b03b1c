"""A search under way: progress with bound and gap on stderr, and ctrl+c that ends it with the best so far."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ccops.cmd.environment import is_terminal
from ccops.cmd.run import Run
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.wfm.roster import Progress

_EVERY = 1.0
"""Seconds between two lines where stderr is no terminal and --verbose asks for them."""


class Watch:
    """Hears of progress; says when to stop."""

    def __init__(self, run: Run) -> None:
        """A terminal gets one line that changes, another stderr lines with --verbose only."""
        self._run = run
        self._live = is_terminal(run.environment.stderr) and not run.options.quiet
        self._told = 0.0
        self._width = 0
        self.interrupted = False

    def stopped(self) -> bool:
        """Say whether ctrl+c was pressed."""
        return self.interrupted

    def interrupt(self, *_signal: object) -> None:
        """End the search with the best so far."""
        self.interrupted = True

    def tell(self, progress: "Progress") -> None:
        """Show how far it is."""
        now = time.monotonic()
        if now - self._told < (0.1 if self._live else _EVERY):
            return
        self._told = now
        text = _line(progress)
        if self._live:
            stderr = self._run.environment.stderr
            stderr.write("\r" + text.ljust(self._width))
            stderr.flush()
            self._width = len(text)
        else:
            self._run.narrator.detail(text)

    def end(self) -> None:
        """Clear the line."""
        if self._live and self._width:
            self._run.environment.stderr.write("\r" + " " * self._width + "\r")
            self._run.environment.stderr.flush()


def _line(progress: "Progress") -> str:
    penalty = "–" if progress.penalty is None else f"{progress.penalty:,.1f}"
    bound = "–" if progress.bound < -1e18 else f"{progress.bound:,.1f}"
    gap = "–" if progress.gap is None or progress.bound < -1e18 else f"{progress.gap:.1%}"
    return _("{seconds:5.0f} s  penalty {penalty}  bound {bound}  gap {gap}  {phase}").format(
        seconds=progress.seconds, penalty=penalty, bound=bound, gap=gap, phase=progress.phase
    )


@contextmanager
def solving(run: Run) -> Iterator[Watch]:
    """Let ctrl+c end the search instead of the program while the block lasts; a second one ends the program."""
    watch = Watch(run)
    before: Any = None
    try:
        before = signal.signal(signal.SIGINT, _once(watch))
    except ValueError:  # not the main thread: whoever runs it there stops it in another way
        before = None
    try:
        yield watch
    finally:
        watch.end()
        if before is not None:
            signal.signal(signal.SIGINT, before)


def _once(watch: Watch) -> Any:
    def handle(_number: int, _frame: object) -> None:
        if watch.interrupted:
            raise KeyboardInterrupt
        watch.interrupt()

    return handle
