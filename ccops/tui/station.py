"""What every screen and widget holds: the board that is shown, the present moment, the look, the memory."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from ccops.alerts.figures import Site
from ccops.board import Board
from ccops.desk import Desk
from ccops.desk.attention import Attention, Limits, Notice
from ccops.settings import Settings
from ccops.tui.cells import clock as clock_text
from ccops.tui.columns import Moment
from ccops.tui.feed import Feed, Frame
from ccops.tui.journal import Journal
from ccops.tui.look import Look
from ccops.tui.memory import Memory

if TYPE_CHECKING:  # loaded with the first report
    from ccops.tui.reports.study import Study


@dataclass(slots=True, frozen=True)
class Options:
    """How this console was started."""

    screen: str = "overview"
    read_only: bool = False
    wall: bool = False
    ascii: bool = False
    theme: str = ""
    tick: float = 1.0
    bell: bool = False
    zone: tzinfo = UTC
    site: str = ""
    phone: str = ""
    """The supervisor's own phone, rung for listening; asked for where it is not configured."""
    pause_reasons: tuple[tuple[str, str], ...] = ()
    """Reason as the queue_log writes it, and its name for people."""
    limits: Limits = field(default_factory=Limits)
    """From when on things are marked, with the rules that they come from."""
    quiet: tuple[str, ...] = ()
    """Hours in which the bell rings for critical things only."""
    settings: Settings = field(default_factory=Settings)
    """For what is read from the store."""


class Station:
    """One person's place at the console."""

    def __init__(
        self,
        options: Options,
        look: Look,
        memory: Memory,
        *,
        on_frame: Callable[[Frame], None],
        ready: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`on_frame` is told when something is worth drawing, `ready` says whether the terminal keeps up."""
        self.options, self.memory, self.clock = options, memory, clock
        self.phone = options.phone
        """The supervisor's own phone; one that was asked for is remembered while the console is open."""
        self.journal = Journal()
        self.desk: Desk | None = None
        self.study: Study | None = None
        """What is being read of the past; made with the first look at it."""
        self._look = look
        self._moment: Moment | None = None
        self._notices: list[Notice] | None = None
        self._attention = Attention(options.limits.rules)
        self._on_frame = on_frame
        self.feed = Feed(self.journal, clock, self._frame, ready=ready, tick=options.tick)

    @property
    def board(self) -> Board:
        """The rows that are shown: the desk's own, or held still while frozen."""
        return self.feed.board

    @property
    def look(self) -> Look:
        """Glyphs and styles."""
        return self._look

    @look.setter
    def look(self, look: Look) -> None:
        self._look = look
        self._moment = None

    @property
    def read_only(self) -> bool:
        """True where no action is offered."""
        return self.options.read_only or self.desk is None or self.desk.read_only

    @property
    def moment(self) -> Moment:
        """The present as cells see it; one object per frame, so that a frame is of one instant."""
        if self._moment is None:
            self._moment = self._make_moment()
        return self._moment

    @property
    def notices(self) -> list[Notice]:
        """What needs attention at this moment."""
        if self._notices is None:
            self._notices = self._attention.notices(self.board, self.moment.now, at=time.monotonic())
        return self._notices

    def plan(self, site: Site) -> None:
        """Take in what is known of the plan of the day; the next frame shows it."""
        self._attention.site = site
        self._notices = None

    def time_of(self, instant: float | None, *, with_seconds: bool = True) -> str:
        """Return the time of day at the site."""
        if instant is None:
            return self.look.glyph("dash")
        return clock_text(int(instant), self.options.zone, with_seconds=with_seconds)

    def attach(self, desk: Desk) -> None:
        """Sit down at this desk."""
        self.desk = desk
        self.forget()
        self.feed.attach(desk)

    def forget(self) -> None:
        """Let go of the moment: the next look is at the present."""
        self._moment = self._notices = None

    def _frame(self, frame: Frame) -> None:
        self.forget()
        self._on_frame(frame)

    def _make_moment(self) -> Moment:
        link = self.board.link
        now = self.feed.frozen_at if self.feed.frozen_at is not None else self.clock()
        stale = link.state != "live"
        if stale:
            # Nobody knows what went on since the PBX was last heard, so durations stop there.
            now = min(now, link.heard_at if link.heard_at is not None else link.since)
        return Moment(now, self.board, self.look, self.options.limits, stale, self.options.zone)
