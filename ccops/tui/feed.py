"""From the desk to the screen: changes collapse into at most eight frames a second, durations tick once a second.

A busy centre reports thousands of changes a second; a person reads a few. The listener only notes what is
dirty, so its cost does not depend on what is drawn, and the screen is told when it is worth drawing.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

from ccops.board import TABLES, Board, Change, LinkRow, Topic
from ccops.desk import Desk, Unsubscribe
from ccops.tui.journal import Journal

_ALL: frozenset[Topic] = frozenset({"queue", "agent", "call", "ended", "parked", "supervision", "alert", "link"})
FRAME = 0.125
"""Shortest time between two frames, seconds."""
_SETTLING = 1.0
"""So long after the link came to life rows may still come from its snapshot, seconds."""


@dataclass(slots=True, frozen=True)
class Frame:
    """What a widget is told: which tables changed, and whether a second has passed."""

    topics: frozenset[Topic]
    tick: bool = False


def nothing_yet(now: float) -> Board:
    """Return the board that is shown until the desk is there."""
    return Board(LinkRow(site="", host="", state="connecting", since=now))


class Feed:
    """Holds the board that is shown: the desk's own, or a copy while frozen."""

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], float],
        on_frame: Callable[[Frame], None],
        *,
        ready: Callable[[], bool] = lambda: True,
        tick: float = 1.0,
    ) -> None:
        """`ready` says whether the terminal keeps up; while it does not, frames wait."""
        self.journal, self.clock = journal, clock
        self.board = nothing_yet(clock())
        self.frozen_at: float | None = None
        self.held_back = 0
        """Changes that came while frozen."""
        self._on_frame, self._ready, self._tick = on_frame, ready, tick
        self._desk: Desk | None = None
        self._unsubscribe: Unsubscribe | None = None
        self._dirty: set[Topic] = set()
        self._frame_timer: asyncio.TimerHandle | None = None
        self._tick_timer: asyncio.TimerHandle | None = None
        self._last_frame = -math.inf

    # Life

    def start(self) -> None:
        """Let the clock run; needs a running event loop."""
        self._schedule_tick()

    def attach(self, desk: Desk) -> None:
        """Show this desk's board."""
        self._desk = desk
        self.board = desk.board
        self.journal.prime(desk.board)
        self._unsubscribe = desk.subscribe(self._on_changes)
        self._dirty |= _ALL
        self._schedule_frame()

    def stop(self) -> None:
        """Stop all timers and leave the desk alone."""
        for timer in (self._frame_timer, self._tick_timer):
            if timer is not None:
                timer.cancel()
        self._frame_timer = self._tick_timer = None
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    # Freezing

    @property
    def frozen(self) -> bool:
        """True while the screen is held still."""
        return self.frozen_at is not None

    def freeze(self) -> None:
        """Hold what is shown; the centre goes on behind it."""
        if self._desk is None or self.frozen:
            return
        board = copy(self._desk.board)
        for table in TABLES.values():
            setattr(board, table, dict(getattr(board, table)))
        self.board, self.frozen_at, self.held_back = board, self.clock(), 0

    def thaw(self) -> None:
        """Show the present again."""
        self.frozen_at, self.held_back = None, 0
        if self._desk is not None:
            self.board = self._desk.board
            self._dirty |= _ALL
            self._schedule_frame()

    # Changes and time

    def _on_changes(self, changes: Sequence[Change]) -> None:
        self.journal.absorb(changes, news=self._settled())
        self._dirty.update(change.topic for change in changes)
        if self.frozen:
            self.held_back += len(changes)
        else:
            self._schedule_frame()

    def _settled(self) -> bool:
        """Return whether the snapshot is over: what appears with it was there before."""
        link = self._desk.board.link if self._desk is not None else None
        return link is not None and link.state == "live" and self.clock() - link.since > _SETTLING

    def _schedule_frame(self) -> None:
        if self._frame_timer is None:
            loop = asyncio.get_running_loop()
            self._frame_timer = loop.call_at(max(loop.time(), self._last_frame + FRAME), self._frame)

    def _frame(self) -> None:
        self._frame_timer = None
        self._last_frame = asyncio.get_running_loop().time()
        if not self._ready():
            self._schedule_frame()
            return
        if not self.frozen:
            topics, self._dirty = frozenset(self._dirty), set()
            self._on_frame(Frame(topics))

    def _schedule_tick(self) -> None:
        # On the beat of the wall clock, so that the seconds of two consoles side by side agree.
        now = self.clock()
        delay = self._tick - now % self._tick
        self._tick_timer = asyncio.get_running_loop().call_later(delay, self._on_tick)

    def _on_tick(self) -> None:
        self._schedule_tick()
        if self._ready():
            self._on_frame(Frame(frozenset(), tick=True))
