"""Charts as SVG inside a page: colours are classes, so that the page's style sheet chooses them."""

from collections.abc import Callable
from html import escape
from typing import Any, Final

from ccops.reports.paper.charts.shapes import Dot, Drawing, Line, Path, Rect, Text


def svg(drawing: Drawing) -> str:
    """Return a drawing as an SVG element that takes the width it is given."""
    body = "".join(_WRITERS[type(shape)](shape) for shape in drawing.shapes)
    box = f"0 0 {_n(drawing.width)} {_n(drawing.height)}"
    return f'<svg viewBox="{box}" role="img" aria-label="{escape(drawing.title)}">{body}</svg>'


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _tip(text: str) -> str:
    return f"<title>{escape(text)}</title>" if text else ""


def _rect(shape: Rect) -> str:
    place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
    return f'<rect class="f-{shape.ink}" {place}>{_tip(shape.tip)}</rect>'


def _line(shape: Line) -> str:
    dash = ' stroke-dasharray="4 3"' if shape.dashed else ""
    ends = f'x1="{_n(shape.x1)}" y1="{_n(shape.y1)}" x2="{_n(shape.x2)}" y2="{_n(shape.y2)}"'
    return f'<line class="s-{shape.ink}" stroke-width="{_n(shape.width)}"{dash} {ends}/>'


def _path(shape: Path) -> str:
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
    width = f'stroke-width="{_n(shape.width)}"'
    return f'<polyline class="s-{shape.ink}" fill="none" stroke-linejoin="round" {width} points="{points}"/>'


def _dot(shape: Dot) -> str:
    place = f'cx="{_n(shape.x)}" cy="{_n(shape.y)}" r="{_n(shape.radius)}"'
    return f'<circle class="f-{shape.ink}" {place}>{_tip(shape.tip)}</circle>'


def _text(shape: Text) -> str:
    anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
    bold = ' font-weight="600"' if shape.bold else ""
    place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}"'
    return f'<text class="f-{shape.ink}" {place}{anchor}{bold}>{escape(shape.text)}</text>'


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    Rect: _rect,
    Line: _line,
    Path: _path,
    Dot: _dot,
    Text: _text,
}
