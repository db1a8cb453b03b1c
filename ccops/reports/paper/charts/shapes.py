"""Shapes that a chart is made of; colours are names, so that page, screen and print choose their own."""

import unicodedata
from dataclasses import dataclass, field
from typing import Final, Literal

Anchor = Literal["start", "middle", "end"]

HEAT_STEPS: Final = 9
SERIES: Final = 6
"""How many series have a colour of their own; later ones begin again."""


@dataclass(slots=True, frozen=True)
class Rect:
    """A filled rectangle; x, y is its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    ink: str
    tip: str = ""
    """What a reader who points at it is told."""


@dataclass(slots=True, frozen=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    ink: str
    width: float = 0.6
    dashed: bool = False


@dataclass(slots=True, frozen=True)
class Path:
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    ink: str
    width: float = 1.6


@dataclass(slots=True, frozen=True)
class Dot:
    """A small disc."""

    x: float
    y: float
    radius: float
    ink: str
    tip: str = ""


@dataclass(slots=True, frozen=True)
class Text:
    """A word; y is its base line."""

    x: float
    y: float
    text: str
    ink: str = "ink"
    anchor: Anchor = "start"
    size: float = 8
    bold: bool = False


Shape = Rect | Line | Path | Dot | Text


@dataclass(slots=True)
class Drawing:
    """A chart of a given size; units are points, y grows downwards."""

    width: float
    height: float
    title: str = ""
    shapes: list[Shape] = field(default_factory=list)

    def add(self, *shapes: Shape) -> None:
        """Put shapes on top."""
        self.shapes.extend(shapes)


def series_ink(index: int) -> str:
    """Return the colour of a series."""
    return f"series{index % SERIES}"


def heat_ink(share: float) -> str:
    """Return the colour of a cell whose value is this share of the largest."""
    return f"heat{round(max(0.0, min(1.0, share)) * (HEAT_STEPS - 1))}"


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is: exact enough to keep labels apart, without any font at hand."""
    return size * sum(_em(char) for char in text)


def _em(char: str) -> float:
    if char in " .,:;'|!ijlIt·":
        return 0.28
    if unicodedata.east_asian_width(char) in ("W", "F"):
        return 1.0
    if char in "%mwMW":
        return 0.85
    return 0.66 if char.isupper() else 0.57


def fitted(text: str, size: float, width: float) -> str:
    """Return a text cut to a width, with an ellipsis where something is lost."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"
