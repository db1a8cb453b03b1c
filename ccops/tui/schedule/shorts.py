"""Where agents are missing: the intervals of a roster that lack somebody, run together, the next ones first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar

from ccops.i18n import _
from ccops.tui.feed import Frame
from ccops.tui.listspec import ListSpec
from ccops.tui.schedule.asks import Rearranged
from ccops.tui.schedule.edit import clock
from ccops.tui.schedule.errands import Cover, Verdict
from ccops.tui.schedule.lists import Listed, column, listing
from ccops.tui.schedule.planning import Planning
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.schedule.signs import day_text

_NOTICEABLE = 0.05
"""Agents."""


@dataclass(frozen=True, slots=True)
class Short:
    """A time in which a queue lacks agents; times are minutes after midnight."""

    day: date
    queue: str
    start: int
    end: int
    most: float
    """Agents missing at its worst."""
    hours: float
    """Agent hours missing."""


def shorts_of(cover: Cover, first: date, interval: int) -> Iterator[Short]:
    """Yield the times in which one queue lacks agents, in the order of the days."""
    for place, (required, scheduled) in enumerate(zip(cover.required, cover.scheduled, strict=True)):
        run: list[float] = []
        lacks = [max(0.0, need - there) for need, there in zip(required, scheduled, strict=True)]
        for slot, lack in enumerate([*lacks, 0.0]):
            if lack > _NOTICEABLE:
                run.append(lack)
            elif run:
                start = (slot - len(run)) * interval
                day = first + timedelta(days=place)
                yield Short(day, cover.queue, start, slot * interval, max(run), sum(run) * interval / 60)
                run = []


SHORTS: ListSpec[Short] = listing(
    "shorts",
    _("Where it is short"),
    (
        column("day", _("Day"), 9, lambda row: day_text(row.day), sort=lambda row: row.day),
        column("from", _("From"), 5, lambda row: clock(row.start), sort=lambda row: row.start),
        column("to", _("To"), 5, lambda row: clock(row.end), sort=lambda row: row.end),
        column("queue", _("Queue"), 12, lambda row: row.queue, grow=20),
        column("agents", _("Agents"), 6, lambda row: f"{row.most:.0f}", sort=lambda row: row.most, align="right",
               tone=lambda _row: "crit"),
        column("hours", _("Hours"), 6, lambda row: f"{row.hours:.1f}", sort=lambda row: row.hours, align="right"),
    ),
    _("Nobody is missing."),
    _("When which queue lacks how many agents at its worst, and how many agent hours. Enter goes there."),
)  # fmt: skip


class ShortsView(Listed[Short]):
    """Where agents are missing in the roster that is open."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("Enter", _("open this day on the schedule")),)

    def __init__(self, room: Planning, sheet: Sheet, made: Rearranged | None = None) -> None:
        """`sheet` is the roster that is open; `made` tells what it was made for."""
        super().__init__(room, SHORTS)
        self._sheet, self._made = sheet, made
        self._listed: Verdict | None = None

    def on_mount(self) -> None:
        """List them where they are known."""
        self.load()

    def load(self) -> None:
        """List them where they are known, and other than those that are listed."""
        verdict, book = self._sheet.verdict, self._sheet.book
        if verdict is None or verdict is self._listed:
            return
        self._listed = verdict
        found = [short for cover in verdict.cover for short in shorts_of(cover, book.first, book.interval)]
        now = datetime.fromtimestamp(self.station.clock(), self.room.settings.zone)
        over = (now.date(), now.hour * 60 + now.minute)
        self.fill(sorted(found, key=lambda one: ((one.day, one.end) <= over, one.day, one.start, one.queue)))

    def frame(self, frame: Frame) -> None:
        """Look whether they are known now."""
        self.load()

    def note(self) -> str:
        """Return how much is missing, beside what was missing before."""
        made = self._made
        if made is not None:
            text = _("{now:.1f} h missing ({without:.1f} unfilled, {planned:.1f} planned)")
            return text.format(now=made.now, without=made.without, planned=made.planned)
        if self._sheet.verdict is None:
            return _("working out …")
        return _("{hours:.1f} agent hours missing").format(hours=self._sheet.verdict.missing)

    async def enter(self, row: Short) -> None:
        """Open the day there, with the curve of that queue."""
        self._sheet.day, self._sheet.queue, self._sheet.whole_day = row.day, row.queue, True
        self._sheet.arrange()
        await self.leave()
        self.room.redraw()
