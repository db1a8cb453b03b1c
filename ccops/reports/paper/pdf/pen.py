"""Draws on one page: texts in mixed fonts, rectangles, lines, charts. y grows downwards from the upper edge."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ccops.reports.paper.charts.shapes import Anchor, Dot, Drawing, Line, Path, Rect, Text
from ccops.reports.paper.palette import LIGHT
from ccops.reports.paper.pdf.fonts import runs, width

Placed = tuple[float, str]
"""Left edge and text."""


@lru_cache(maxsize=64)
def _colour(ink: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(LIGHT[ink])


class Pen:
    """The hand that draws on reportlab's canvas."""

    def __init__(self, canvas: Any, height: float) -> None:
        """`height` is that of the page, points."""
        self.canvas = canvas
        self._height = height

    def text(self, x: float, y: float, text: str, size: float, **style: Any) -> None:
        """Write a text on the base line `y`; style: ink, bold, anchor."""
        bold = bool(style.get("bold"))
        anchor: Anchor = style.get("anchor", "start")
        if anchor != "start":
            taken = width(text, size, bold=bold)
            x -= taken if anchor == "end" else taken / 2
        self.words([(x, text)], y, size, ink=style.get("ink", "ink"), bold=bold)

    def words(self, placed: Iterable[Placed], y: float, size: float, *, ink: str = "ink", bold: bool = False) -> None:
        """Write many texts on one base line: what the cells of a row are."""
        canvas = self.canvas
        canvas.setFillColor(_colour(ink))
        writing = canvas.beginText()
        font = ""
        for x, text in placed:
            writing.setTextOrigin(x, self._height - y)
            for name, part in runs(text, bold=bold):
                if name != font:
                    writing.setFont(name, size)
                    font = name
                writing.textOut(part)
        canvas.drawText(writing)

    def rect(self, x: float, y: float, wide: float, high: float, ink: str, *, radius: float = 0) -> None:
        """Fill a rectangle whose upper left corner is x, y."""
        self.canvas.setFillColor(_colour(ink))
        if radius:
            self.canvas.roundRect(x, self._height - y - high, wide, high, radius, stroke=0, fill=1)
        else:
            self.canvas.rect(x, self._height - y - high, wide, high, stroke=0, fill=1)

    def line(self, x1: float, y1: float, x2: float, y2: float, ink: str, *, wide: float = 0.5) -> None:
        """Draw a straight line."""
        self.canvas.setStrokeColor(_colour(ink))
        self.canvas.setLineWidth(wide)
        self.canvas.line(x1, self._height - y1, x2, self._height - y2)

    def mark(self, name: str, title: str, y: float) -> None:
        """Make a place that the reader's list of contents leads to."""
        self.canvas.bookmarkHorizontal(name, 0, self._height - y)
        self.canvas.addOutlineEntry(title, name, level=0)

    def drawing(self, drawing: Drawing, x: float, y: float) -> None:
        """Draw a chart, its upper left corner at x, y."""
        for shape in drawing.shapes:
            if isinstance(shape, Rect):
                self.rect(x + shape.x, y + shape.y, shape.width, shape.height, shape.ink)
            elif isinstance(shape, Text):
                style = {"ink": shape.ink, "bold": shape.bold, "anchor": shape.anchor}
                self.text(x + shape.x, y + shape.y, shape.text, shape.size, **style)
            elif isinstance(shape, Dot):
                self._dot(shape, x, y)
            else:
                self._stroke(shape, x, y)

    def _dot(self, dot: Dot, x: float, y: float) -> None:
        self.canvas.setFillColor(_colour(dot.ink))
        self.canvas.circle(x + dot.x, self._height - y - dot.y, dot.radius, stroke=0, fill=1)

    def _stroke(self, shape: Line | Path, x: float, y: float) -> None:
        points = ((shape.x1, shape.y1), (shape.x2, shape.y2)) if isinstance(shape, Line) else shape.points
        dashed = isinstance(shape, Line) and shape.dashed
        canvas = self.canvas
        canvas.setStrokeColor(_colour(shape.ink))
        canvas.setLineWidth(shape.width)
        canvas.setDash(*((4, 3) if dashed else ()))
        path = canvas.beginPath()
        path.moveTo(x + points[0][0], self._height - y - points[0][1])
        for across, down in points[1:]:
            path.lineTo(x + across, self._height - y - down)
        canvas.drawPath(path, stroke=1, fill=0)
        canvas.setDash()
