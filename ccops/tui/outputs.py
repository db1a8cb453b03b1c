"""Filters at the last step before the terminal: no colours where they are refused, plain characters where needed."""

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_PLAIN: dict[str, str] = {
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "~",
    "·": ".",
    "•": "*",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "›": ">",
    "»": ">",
    "‹": "<",
    "«": "<",
    "×": "x",
    "✓": "+",
    "●": "*",
    "○": "o",
    "■": "#",
    "▲": "^",
    "▼": "v",
    "▶": ">",
    "◀": "<",
    "\u00a0": " ",
}


_SYMBOLS = ((0x2000, 0x206F), (0x2190, 0x2BFF), (0xE000, 0xF8FF), (0x1F000, 0x1FBFF))
"""Punctuation, arrows to symbols (with box drawing and blocks), private use, pictographs."""


def _symbol(char: str) -> str:
    """Return the stand-in of a line, block or symbol character."""
    code = ord(char)
    if 0x2500 <= code <= 0x257F:
        return "-" if char in "─━┄┅┈┉╌╍═╴╶╸╺" else "|" if char in "│┃┆┇┊┋╎╏║╵╷╹╻" else "+"
    if 0x2580 <= code <= 0x259F:
        return "#"
    return "*"


def _is_symbol(code: int) -> bool:
    return any(first <= code <= last for first, last in _SYMBOLS)


@lru_cache(maxsize=8192)
def plain(text: str, letters: bool) -> str:
    """Return `text` in the same cells without symbols; `letters` keeps names in other scripts as they are."""
    if text.isascii():
        return text
    return "".join(_plain_char(char, letters) for char in text)


def _plain_char(char: str, letters: bool) -> str:
    if char.isascii():
        return char
    stand_in = _PLAIN.get(char)
    if stand_in is not None:
        return stand_in
    if _is_symbol(ord(char)):
        return _symbol(char) * max(1, cell_len(char))
    return char if letters else "?" * cell_len(char)


class PlainCharacters(LineFilter):
    """Draws with ASCII only; with `letters` names keep their own script, for terminals that can show it."""

    def __init__(self, *, letters: bool) -> None:
        super().__init__()
        self._letters = letters

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with every character replaced that must be."""
        return [Segment(plain(text, self._letters), style, control) for text, style, control in segments]


@lru_cache(maxsize=1024)
def colourless(style: Style) -> Style:
    """Return the style without colours, bold, dim, underline and reverse as they were."""
    return Style(bold=style.bold, dim=style.dim, italic=style.italic, underline=style.underline, reverse=style.reverse)


class NoColours(LineFilter):
    """Removes colours altogether, so that not one colour code reaches the terminal (https://no-color.org)."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with plain styles."""
        return [
            Segment(text, None if style is None else colourless(style), control) for text, style, control in segments
        ]
