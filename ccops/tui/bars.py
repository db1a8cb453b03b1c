"""The lines around a screen: tabs and link at the top, the trail below them, the ribbon of what needs attention."""

import re
import time
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.message import Message

from ccops.board import LinkRow
from ccops.desk.attention import Notice
from ccops.i18n import _
from ccops.tui.cells import duration, fit, safe, width_of
from ccops.tui.columns import Moment
from ccops.tui.painted import Painted
from ccops.tui.screens import SCREENS
from ccops.tui.spans import Line, Span, clipped, joined, line_width
from ccops.tui.station import Station


def _between(left: Line, right: Line, width: int, ellipsis: str) -> Line:
    """Put one line at the left and one at the right; the left one gives way."""
    room = width - line_width(right)
    if room < 8:
        return clipped(right, width, ellipsis)
    cut = clipped(left, room - 1, ellipsis)
    return (*cut, (" " * (room - line_width(cut)), "text"), *right)


class TopBar(Painted):
    """Name of the site, tabs, flags, link and time."""

    GROUND: ClassVar[str] = "surface"
    DEFAULT_CSS = """
    TopBar { height: 1; }
    """

    class Chosen(Message):
        """A tab was clicked, or the link (`link`)."""

        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__()

    def __init__(self, station: Station, shown: Callable[[], str]) -> None:
        """`shown` names the screen whose tab is lit."""
        super().__init__(station, id="top")
        self._shown = shown
        self._tabs: list[tuple[int, int, str]] = []
        self._link_at = 10_000

    @property
    def dims(self) -> bool:
        """It tells the age of the rest, so it never looks old itself."""
        return False

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the line."""
        right = self._right(moment, width)
        site = safe(self.station.options.site or moment.board.link.site or "ccops")
        # Every tab can be seen and clicked at any width: the name of the site gives way first, then titles.
        room = width - line_width(right) - 1
        variants = ((f" {site} ", True), (" ", True), ("", False))
        left = next((made for made in (self._left(*one) for one in variants) if line_width(made) <= room), None)
        return [_between(left or self._left("", titled=False), right, width, moment.look.glyph("ellipsis"))]

    def _left(self, lead: str, titled: bool) -> Line:
        """Return the tabs, the one of the screen that is shown always with its title."""
        spans: list[Span] = [(lead, "title")]
        self._tabs = []
        for line in SCREENS:
            lit = line.name == self._shown()
            text = f" {line.key} {line.title} " if titled or lit else f" {line.key} "
            start = line_width(spans)
            self._tabs.append((start, start + width_of(text), line.name))
            spans.append((text, "tab-on" if lit else "tab"))
        return tuple(spans)

    def _right(self, moment: Moment, width: int) -> Line:
        flags = self._flags(moment)
        link = self._link(moment.board.link, moment, wide=width >= 110)
        shown: Line = (*link, (f"  {self.station.time_of(self.station.clock())} ", "text"))
        self._link_at = width - line_width(shown)
        return (*flags, *shown)

    def _flags(self, moment: Moment) -> Line:
        feed, look = self.station.feed, moment.look
        flags: list[Span] = []
        if self.station.desk is not None and self.station.read_only:
            flags += [(" " + _("read-only") + " ", "flag"), ("  ", "text")]
        if feed.frozen_at is not None:
            held = duration(self.station.clock() - feed.frozen_at)
            text = f" {look.glyph('freeze')} " + _("frozen {time}, {count} changes behind").format(
                time=held, count=feed.held_back
            )
            flags += [(text + " ", "flag"), ("  ", "text")]
        return tuple(flags)

    def _link(self, link: LinkRow, moment: Moment, *, wide: bool) -> Line:
        look = moment.look
        words = {
            "live": _("live"),
            "connecting": _("connecting"),
            "syncing": _("reading"),
            "stale": _("stale"),
            "down": _("no link"),
            "refused": _("refused"),
        }
        word = words[link.state]
        if link.state == "live":
            number = re.match(r"[\d.]+", link.version)  # what a distribution appends says nothing here
            version = f" {number.group()}" if wide and number else ""
            return ((f"{look.glyph('live')} {word}", "ok"), (version, "muted"))
        age = "" if link.heard_at is None else " " + duration(self.station.clock() - link.heard_at)
        tone = "warn" if link.state in ("connecting", "syncing") else "crit"
        return ((f"{look.glyph('down_link')} {word}{age}", tone),)

    def on_click(self, event: events.Click) -> None:
        """Open the screen whose tab was clicked, or what is known about the link."""
        if event.x >= self._link_at:
            self.post_message(self.Chosen("link"))
        for start, end, name in self._tabs:
            if start <= event.x < end:
                self.post_message(self.Chosen(name))


class Trail(Painted):
    """Where one is, how the list is sorted and filtered, and where today's figures come from."""

    DEFAULT_CSS = """
    Trail { height: 1; }
    """

    def __init__(
        self,
        station: Station,
        crumbs: Callable[[], list[str]],
        note: Callable[[], str],
        source: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`crumbs` are the names from the screen to the detail, `note` says what is special about the list, `source`
        where its figures come from where they are not the board's.
        """
        super().__init__(station, id="trail")
        self._crumbs, self._note, self._source = crumbs, note, source

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the line."""
        look = moment.look
        trail = f" {look.glyph('trail')} ".join(safe(crumb) for crumb in self._crumbs())
        left: list[Span] = [(f" {trail}", "title")]
        if note := self._note():
            left += [("   ", "text"), (note, "accent")]
        source = self._source()
        if source is None:
            source = figures_source(moment.board.link, self.station)
        return [_between(tuple(left), ((f"{source} ", "muted"),), width, look.glyph("ellipsis"))]


def figures_source(link: LinkRow, station: Station) -> str:
    """Return where today's figures come from: a count since start must not be taken for the day's."""
    if link.figures_from == "queue_log":
        return _("today's figures: queue_log")
    if link.figures_from == "seen":
        since = station.time_of(link.figures_since, with_seconds=False)
        return _("figures: only what was seen since {time}").format(time=since)
    return _("no figures yet")


class Ribbon(Painted):
    """What needs attention, most pressing first; its height is fixed so that the screen stays calm."""

    DEFAULT_CSS = """
    Ribbon { height: 1; }
    """

    class Chosen(Message):
        """A notice was clicked."""

        def __init__(self, notice: Notice) -> None:
            self.notice = notice
            super().__init__()

    def __init__(self, station: Station) -> None:
        """One ribbon for all screens."""
        super().__init__(station, id="ribbon")
        self._shown: list[list[tuple[int, int, Notice]]] = []

    @property
    def dims(self) -> bool:
        """The age of what is shown is its first news."""
        return False

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return one line per notice, or all in one line where there is only one."""
        notices = self.station.notices
        self._shown = []
        if not notices:
            return [((fit(" " + _("Nothing needs attention."), width), "muted"),)]
        if height <= 1:
            return [self._in_one(notices, width, moment)]
        lines: list[Line] = []
        for index, notice in enumerate(notices[:height]):
            left = len(notices) - height
            more = f"  +{left} " if left > 0 and index == height - 1 else ""
            self._shown.append([(0, width, notice)])
            text = self._span(notice, moment, width - len(more) - 1)
            lines.append((text, (more, "muted")))
        return lines

    def _in_one(self, notices: list[Notice], width: int, moment: Moment) -> Line:
        spans: list[Span] = []
        places: list[tuple[int, int, Notice]] = []
        for index, notice in enumerate(notices):
            more = f" +{len(notices) - index - 1}" if index + 1 < len(notices) else ""
            room = width - line_width(spans) - len(more) - 2
            span = self._span(notice, moment, room if index == 0 else 10_000)
            if index and line_width((span,)) > room:
                spans.append((f"  +{len(notices) - index}", "muted"))
                break
            start = line_width(spans)
            spans += [span, ("  ", "text")]
            places.append((start, line_width(spans), notice))
        self._shown = [places]
        return tuple(spans)

    def _span(self, notice: Notice, moment: Moment, width: int) -> Span:
        look = moment.look
        glyph = {"critical": "crit", "warning": "warn", "info": "info"}[notice.level]
        now = self.station.clock() if notice.topic == "link" else moment.now
        age = f" {duration(now - notice.since)}" if notice.since is not None else ""
        taken = " · " + _("taken by {name}").format(name=safe(notice.taken_by)) if notice.taken_by else ""
        text = f" {look.glyph(glyph)} {safe(notice.text)}{age}{taken}"
        tone = "muted" if taken else {"critical": "crit", "warning": "warn", "info": "muted"}[notice.level]
        return (clipped(((text, tone),), max(width, 0), look.glyph("ellipsis")) or (("", tone),))[0]

    def on_click(self, event: events.Click) -> None:
        """Go to what the clicked notice is about."""
        if event.y < len(self._shown):
            for start, end, notice in self._shown[event.y]:
                if start <= event.x < end:
                    self.post_message(self.Chosen(notice))
                    return


class Hints(Painted):
    """The bottom line: keys that are valid now, or what became of the last one."""

    GROUND: ClassVar[str] = "surface"
    DEFAULT_CSS = """
    Hints { height: 1; }
    """

    def __init__(self, station: Station, keys: Callable[[], list[tuple[str, str]]]) -> None:
        """`keys` are (key, what it does), the most useful first."""
        super().__init__(station, id="hints")
        self._keys = keys
        self._said: tuple[str, str] | None = None
        self._said_at = 0.0

    @property
    def dims(self) -> bool:
        """Keys work whatever the link does."""
        return False

    def say(self, text: str, tone: str = "text") -> None:
        """Show a message in place of the keys for some seconds."""
        self._said, self._said_at = (text, tone), self.station.clock()
        self._said_when = time.monotonic()
        self.repaint()

    def hush(self, before: float) -> None:
        """Show the keys again, unless it was said since then (monotonic clock): by the very key that was pressed."""
        if self._said is not None and self._said_when < before:
            self._said = None
            self.repaint()

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the line."""
        lasts = 12 if self._said and self._said[1] in ("crit", "warn") else 6
        if self._said is not None and self.station.clock() - self._said_at < lasts:
            text, tone = self._said
            return [clipped(((f" {safe(text)}", tone),), width, moment.look.glyph("ellipsis"))]
        self._said = None
        spans: list[Span] = [(" ", "text")]
        for key, what in self._keys():
            part = joined(((key, "key"), (what, "muted")), " ")
            if line_width(spans) + line_width(part) + 2 > width:
                break
            spans += [*part, ("  ", "text")]
        return [tuple(spans)]
