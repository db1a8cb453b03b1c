"""Base of the small widgets: a subclass says its lines, and only the parts that differ are painted again."""

from typing import ClassVar

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ccops.tui.columns import Moment
from ccops.tui.spans import Line, differing, strip_of
from ccops.tui.station import Station


class Painted(Widget):
    """A widget that draws lines of spans at a moment."""

    ALLOW_SELECT = False
    GROUND: ClassVar[str] = "background"
    DEFAULT_CSS = """
    Painted { height: auto; width: 1fr; }
    """

    def __init__(self, station: Station, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        """`station` is where it finds the board and the look."""
        super().__init__(id=id, classes=classes)
        self.station = station
        self._lines: list[Line] = []
        self._stale = False

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the lines to show in that many cells; a subclass does this and nothing else."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw again and mark what differs."""
        if not self.is_mounted or not self.display:
            return
        moment = self.station.moment
        before, self._lines = self._lines, self._drawn_now(moment)
        if moment.stale != self._stale:
            self._stale = moment.stale
            self.refresh()
            return
        for y in range(max(len(before), len(self._lines))):
            self._compare(y, before, self._lines)

    def restyle(self) -> None:
        """Draw everything again: the theme changed."""
        if self.is_mounted:
            self._lines = self._drawn_now(self.station.moment)
            self.refresh()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.restyle()

    def on_show(self) -> None:
        """Draw again: what it holds may be from before it was hidden."""
        self.restyle()

    def render_line(self, y: int) -> Strip:
        """Return one line of the screen."""
        width = self.size.width
        line = self._lines[y] if y < len(self._lines) else ()
        return strip_of(line, width, self.station.look, stale=self._stale and self.dims, ground=self.GROUND)

    @property
    def dims(self) -> bool:
        """Whether it is drawn dimmed while the link is stale."""
        return True

    def _drawn_now(self, moment: Moment) -> list[Line]:
        width, height = self.size
        return self.draw(width, height, moment) if width > 0 else []

    def _compare(self, y: int, before: list[Line], after: list[Line]) -> None:
        old = before[y] if y < len(before) else None
        new = after[y] if y < len(after) else None
        parts = differing(old, new) if old is not None and new is not None else None
        if parts is None:
            self.refresh(Region(0, y, self.size.width, 1))
        elif parts:
            self.refresh(*(Region(x, y, width, 1) for x, width in parts))
