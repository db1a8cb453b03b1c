"""Looks at what the board does not show: does the log grow, is there room on the disks, who should be here."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ccops.alerts.figures import Site
from ccops.alerts.shifts import Names, on_shift
from ccops.board import Board, CallRow, Change
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.settings import Settings

EVERY: Final = 5.0
"""Seconds between looks."""
_SHIFTS_EVERY: Final = 60.0
MISSING: Final = 86_400.0
"""Seconds for which a log that is not there counts as silent: one look cannot tell for how long it has been gone."""


@dataclass(slots=True, frozen=True)
class Seen:
    """What a look at the machine found."""

    log: tuple[int, int, int] | None
    """Inode, size and time of change of the log; None where there is none."""
    disks: Mapping[str, float]


def look(log: Path | None, store: Path) -> Seen:
    """Look at log and disks; may wait for them, so it is called in a thread."""
    return Seen(_stamp(log), {name: free for name, free in _disks(log, store) if free is not None})


def _stamp(path: Path | None) -> tuple[int, int, int] | None:
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _disks(log: Path | None, store: Path) -> Sequence[tuple[str, float | None]]:
    found = [("store", free_part(store))]
    if log is not None and _device(log) != _device(store):
        found.append(("queue_log", free_part(log)))
    return found


def _device(path: Path) -> int | None:
    try:
        return _there(path).stat().st_dev
    except OSError:
        return None


def _there(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists."""
    return next((place for place in (path, *path.parents) if os.path.exists(place)), path)


def free_part(path: Path) -> float | None:
    """Return the part of a path's file system that is free for an ordinary user, 0 to 1; None where unknown."""
    try:
        found = os.statvfs(_there(path))
    except OSError:
        return None
    return found.f_bavail / found.f_blocks if found.f_blocks else None


class LogWatch:
    """Notices a log that does not grow although calls end, which it always tells."""

    def __init__(self, path: Path | None) -> None:
        """Does nothing where there is no log to watch."""
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._untold: float | None = None
        self._missing: float | None = None
        self._looked = False

    def saw(self, changes: Sequence[Change], at: float) -> None:
        """Take in what happened, at a moment of the monotonic clock."""
        if self._untold is None and any(_is_told(change) for change in changes):
            self._untold = at

    def take(self, stamp: tuple[int, int, int] | None, at: float) -> None:
        """Take in a look at the log."""
        if self._path is None:
            return
        if stamp is None:
            self._missing = at if self._missing is None else self._missing
        else:
            self._missing = None
            if stamp != self._stamp:
                self._untold = None
        self._stamp, self._looked = stamp, True

    def site(self, at: float, disks: Mapping[str, float], shifts: Mapping[Names, float]) -> Site:
        """Return what is known of the machine."""
        if self._path is None or not self._looked:
            return Site(None, "", disks, shifts)
        since = self._missing if self._missing is not None else self._untold
        detail = _("There is no queue_log at {path}").format(path=self._path) if self._missing is not None else ""
        return Site(0.0 if since is None else max(0.0, at - since), detail, disks, shifts)


def _is_told(change: Change) -> bool:
    """Tell whether the log must have a line about this: a visit ended."""
    return change.topic == "ended" and isinstance(change.row, CallRow) and change.row.queue is not None


class Shifts:
    """Who should be here, asked once a minute."""

    def __init__(self, settings: "Settings") -> None:
        """`settings` name the store with the roster."""
        self._settings = settings
        self._asked: float | None = None
        self._known: Mapping[Names, float] = {}

    def at(self, wall: float, steady: float) -> Mapping[Names, float]:
        """Return who should be here; may wait for the disk, so it is called in a thread."""
        if self._asked is None or steady - self._asked >= _SHIFTS_EVERY:
            self._asked, self._known = steady, on_shift(self._settings, wall)
        return self._known


def site_now(log: Path | None, store: Path, board: Board, now: float) -> Site:
    """Return what one look at the machine tells: a call that is in a queue for longer than the log has not grown."""
    seen = look(log, store)
    if log is None:
        return Site(disks=seen.disks)
    if seen.log is None:
        return Site(MISSING, _("There is no queue_log at {path}").format(path=log), seen.disks)
    grown = seen.log[2] / 1e9
    untold = [
        row.entered_at for row in board.calls.values() if row.queue is not None and row.entered_at > grown + _SLACK
    ]
    return Site(now - min(untold) if untold else 0.0, "", seen.disks)


_SLACK: Final = 2.0
"""Seconds by which the clocks of log and link may differ: the log's stamps are whole seconds."""
