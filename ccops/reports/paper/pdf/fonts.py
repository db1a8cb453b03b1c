"""Fonts of the PDF: Latin, Greek and Cyrillic at once, Chinese, Japanese and Korean when a name needs them.

They are embedded, so that the paper looks the same everywhere and its text can be copied out. See fonts/README.md.
"""

from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent.parent / "fonts"
REGULAR: Final = "ccops"
BOLD: Final = "ccops-bold"
CJK: Final = "ccops-cjk"
MISSING: Final = "□"
"""Stands for a character that no font has."""

_FILES: Final = {REGULAR: "Roboto-Regular.ttf", BOLD: "Roboto-Medium.ttf", CJK: "DroidSansFallback.ttf"}

Run = tuple[str, str]
"""Name of a font, and the text that it draws."""


@lru_cache(maxsize=8)
def _face(name: str) -> Any:
    """Return a font, made known to reportlab on first use: the one for CJK takes a tenth of a second."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = TTFont(name, str(FOLDER / _FILES[name]))
    pdfmetrics.registerFont(font)
    return font


@lru_cache(maxsize=8)
def _has(name: str) -> frozenset[int]:
    return frozenset(_face(name).face.charToGlyph)


@lru_cache(maxsize=65536)
def runs(text: str, *, bold: bool = False) -> tuple[Run, ...]:
    """Return a text in parts that one font can draw each."""
    main = BOLD if bold else REGULAR
    _face(main)
    if text.isascii() or all(ord(char) in _has(main) for char in text):
        return ((main, text),)
    found = []
    for name, chars in groupby(text, lambda char: _font_of(char, main)):
        part = "".join(chars)
        found.append((main, MISSING * len(part)) if name is None else (name, part))
    return tuple(found)


def _font_of(char: str, main: str) -> str | None:
    if ord(char) in _has(main):
        return main
    return CJK if ord(char) in _has(CJK) else None


@lru_cache(maxsize=65536)
def _em(text: str, bold: bool) -> float:
    return sum(float(_face(name).stringWidth(part, 1.0)) for name, part in runs(text, bold=bold))


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is, points."""
    return size * _em(text, bold)


def cut(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """Return a text cut to `room` points, with an ellipsis where something is lost."""
    if width(text, size, bold=bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle] + "…", size, bold=bold) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def wrapped(text: str, size: float, room: float, *, bold: bool = False, most: int = 4) -> list[str]:
    """Return a text in lines of at most `room` points; what does not fit into `most` lines is cut."""
    if width(text, size, bold=bold) <= room:
        return [text]
    lines = [""]
    for piece in _pieces(text):
        longer = lines[-1] + piece
        if not lines[-1].strip() or width(longer.rstrip(), size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(piece.lstrip())
    kept = [line.rstrip() for line in lines]
    if len(kept) > most:
        kept = [*kept[: most - 1], " ".join(kept[most - 1 :])]
    return [cut(line, size, room, bold=bold) for line in kept]


def _pieces(text: str) -> list[str]:
    """Return the parts of a text between which a line may break: words, and each character of CJK."""
    found = [""]
    for char in text:
        if found[-1].endswith(" ") or ord(char) >= 0x2E80 or (found[-1] and ord(found[-1][-1]) >= 0x2E80):
            found.append(char)
        else:
            found[-1] += char
    return [piece for piece in found if piece]
