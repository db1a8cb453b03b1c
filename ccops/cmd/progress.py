"""A bar on stderr while a log is read; only where a person looks at a terminal."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccops.cmd.environment import is_terminal
from ccops.cmd.run import Run
from ccops.i18n import _

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

Tell = Callable[[int, int | None], None]
"""Told how many bytes of the present file are read, and of how many; None where nobody knows."""


@contextmanager
def reading(run: Run, paths: Sequence[Path | None]) -> Iterator[Tell | None]:
    """Show how much of some files is read while the block lasts; gives None where nobody would see it."""
    environment = run.environment
    if run.options.quiet or not is_terminal(environment.stderr):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    plain = run.options.no_color or bool(environment.variables.get("NO_COLOR"))
    console = Console(file=environment.stderr, no_color=plain, highlight=False)
    with Progress(*_columns(run), console=console, transient=True) as bar:
        yield _Meter(bar, _size_of(paths))


def _columns(run: Run) -> "list[ProgressColumn]":
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    text = TextColumn("{task.description}", markup=False)
    # The bar's own characters are no ASCII.
    drawn: list[Any] = [TextColumn("{task.percentage:>3.0f}%")] if run.options.ascii else [BarColumn()]
    return [text, *drawn, DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]


def _size_of(paths: Sequence[Path | None]) -> int | None:
    try:
        return sum(path.stat().st_size for path in paths if path is not None) if None not in paths else None
    except OSError:  # whoever opens it says so
        return None


class _Meter:
    """Adds up what is told of one file after the other."""

    def __init__(self, bar: "Progress", total: int | None) -> None:
        self._bar, self._total = bar, total
        self._task = bar.add_task(_("Reading"), total=total)
        self._before, self._read = 0, 0
        self._size: int | None = None

    def __call__(self, read: int, size: int | None) -> None:
        if read < self._read or size != self._size:  # the next file has begun
            self._before += self._size or self._read
        self._read, self._size = read, size
        done = self._before + read
        total = None if self._total is None else max(self._total, done)
        self._bar.update(self._task, completed=done, total=total)
