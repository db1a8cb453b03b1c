"""The widgets of the schedule: the grid that has the keys, the curve under it, and what is said of the cursor."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from ccops.i18n import _
from ccops.tui.cells import safe
from ccops.tui.columns import Moment
from ccops.tui.painted import Painted
from ccops.tui.schedule.curve import curve
from ccops.tui.schedule.draw import Drawer
from ccops.tui.schedule.geometry import Geometry, geometry
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.spans import Line, clipped, strip_of
from ccops.tui.station import Station

Held = Callable[[], Sheet | None]


class ScheduleGrid(Painted, can_focus=True):
    """People by time; the cursor is on one person's day."""

    DEFAULT_CSS = """
    ScheduleGrid { height: 1fr; }
    """

    class Chosen(Message):
        """A cell was clicked, twice where `deep`."""

        def __init__(self, place: int, day: int | None, *, deep: bool) -> None:
            self.place, self.day, self.deep = place, day, deep
            super().__init__()

    class Wheeled(Message):
        """The wheel was turned."""

        def __init__(self, step: int) -> None:
            self.step = step
            super().__init__()

    def __init__(self, station: Station, held: Held) -> None:
        """`held` returns what is shown."""
        super().__init__(station, id="schedule-grid")
        self._held = held
        self._first = 0
        self._cursor_line = -1
        self._geometry: Geometry | None = None
        self._trouble: list[Line] = []
        self.live: Mapping[str, bool] = {}
        """Who is where they should be at this moment, where today is seen."""

    @property
    def dims(self) -> bool:
        """The roster does not grow old while the link is stale."""
        return False

    def tell(self, lines: list[Line]) -> None:
        """Say why nothing is shown."""
        self._trouble = lines
        self.restyle()

    @property
    def page(self) -> int:
        """Lines of people that are seen."""
        return max(1, self.size.height - 1)

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the title line and a line per person."""
        sheet = self._held()
        if sheet is None or height < 1:
            return self._trouble[:height]
        self._geometry = geometry(sheet, width)
        drawer = Drawer(sheet, self._geometry, moment.look, self._presences(sheet), self._now(sheet, moment))
        self._follow(sheet.place, len(sheet.people))
        lines, cursor_line = drawer.head(), -1
        for worker in sheet.people[self._first : self._first + height - 1]:
            here = worker.id == sheet.person
            cursor_line = len(lines) if here else cursor_line
            lines.append(drawer.line(worker, here=here, focused=self.has_focus))
        self._cursor_to(cursor_line)
        if not sheet.people:
            text = _("Nobody’s name or skill has “{text}” in it.").format(text=safe(sheet.wanted))
            lines.append((("  ", "text"), (text, "muted")))
        return lines

    def _cursor_to(self, line: int) -> None:
        """Let the ground of the cursor go with it: spans alone do not tell of it."""
        if line != self._cursor_line:
            for y in (line, self._cursor_line):
                if y >= 0:
                    self.refresh(Region(0, y, self.size.width, 1))
            self._cursor_line = line

    def _presences(self, sheet: Sheet) -> Mapping[str, bool]:
        seen = sheet.day if sheet.whole_day else sheet.book.today if sheet.book.today in sheet.week else None
        return self.live if seen == sheet.book.today else {}

    def _now(self, sheet: Sheet, moment: Moment) -> int | None:
        at = datetime.fromtimestamp(moment.now, moment.zone)
        return at.hour * 60 + at.minute if at.date() == sheet.day else None

    def _follow(self, place: int, count: int) -> None:
        """Keep the cursor in sight."""
        page = self.page
        if place < self._first:
            self._first = place
        elif place >= self._first + page:
            self._first = place - page + 1
        self._first = max(0, min(self._first, count - page))

    def render_line(self, y: int) -> Strip:
        """Return one line; that of the cursor stands on a ground of its own."""
        if y != self._cursor_line or y >= len(self._lines):
            return super().render_line(y)
        ground = "cursor-idle"
        return strip_of(self._lines[y], self.size.width, self.station.look, ground=ground)

    def on_focus(self) -> None:
        """Show the cursor."""
        self.restyle()

    def on_blur(self) -> None:
        """Show that the keys are elsewhere."""
        self.restyle()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; the second click opens the day."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < 1 or self._geometry is None:
            return
        self.post_message(
            self.Chosen(self._first + offset.y - 1, self._geometry.day_at(offset.x), deep=event.chain == 2)
        )

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go down."""
        event.stop()
        self.post_message(self.Wheeled(3))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go up."""
        event.stop()
        self.post_message(self.Wheeled(-3))


class CoverCurve(Painted):
    """Required against scheduled."""

    SCOPED_CSS: ClassVar[bool] = False  # the rules name the size classes of the console around it
    DEFAULT_CSS = """
    CoverCurve { height: 7; }
    .-short CoverCurve { height: 5; }
    .-low CoverCurve { height: 3; }
    .-tall CoverCurve { height: 11; }
    """

    def __init__(self, station: Station, held: Held) -> None:
        """`held` returns what is shown."""
        super().__init__(station)
        self._held = held

    @property
    def dims(self) -> bool:
        """The roster does not grow old while the link is stale."""
        return False

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the lines."""
        sheet = self._held()
        return [] if sheet is None else curve(sheet, geometry(sheet, width), moment.look, height)


class ScheduleFoot(Painted):
    """Lines of text under the curve."""

    DEFAULT_CSS = """
    ScheduleFoot { height: 3; }
    """

    def __init__(self, station: Station, say: Callable[[], list[Line]]) -> None:
        """`say` returns the lines."""
        super().__init__(station)
        self._say = say

    @property
    def dims(self) -> bool:
        """It tells of the roster."""
        return False

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the lines."""
        return [clipped(line, width, moment.look.glyph("ellipsis")) for line in self._say()[:height]]
