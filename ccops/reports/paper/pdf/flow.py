"""Lays a paper out on pages before anything is drawn, so that each page knows how many there are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ccops.reports.paper.pdf.pen import Pen

Draw = Callable[[Pen], None]

SIZES: Final[dict[str, tuple[float, float]]] = {"A4": (595.28, 841.89), "letter": (612.0, 792.0)}
"""Points, upright."""

SIDE: Final = 36.0
TOP: Final = 50.0
"""Free above the text, where the running head is."""
BOTTOM: Final = 40.0


@dataclass(slots=True)
class Flow:
    """Pages that fill from top to bottom."""

    width: float
    height: float
    pages: list[list[Draw]] = field(default_factory=lambda: [[]])
    y: float = SIDE
    """Where the next thing goes on the last page; the first page has no running head."""

    @property
    def room(self) -> float:
        """Width of the text."""
        return self.width - 2 * SIDE

    @property
    def left(self) -> float:
        """Height that is left on the page."""
        return self.height - BOTTOM - self.y

    @property
    def whole(self) -> float:
        """Height of the text on a page that has nothing yet."""
        return self.height - BOTTOM - TOP

    @property
    def fresh(self) -> bool:
        """True where the page has nothing yet."""
        return not self.pages[-1]

    def turn(self) -> None:
        """Begin a new page."""
        self.pages.append([])
        self.y = TOP

    def need(self, height: float) -> None:
        """Begin a new page where less than `height` is left on this one."""
        if self.left < height and not self.fresh:
            self.turn()

    def put(self, height: float, draw: Draw) -> None:
        """Place something of a height; it is drawn later."""
        self.pages[-1].append(draw)
        self.y += height

    def skip(self, height: float) -> None:
        """Leave room, but none at the top of a page."""
        if not self.fresh:
            self.y += height
