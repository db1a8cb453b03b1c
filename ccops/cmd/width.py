"""How many cells of a terminal a text takes, so that columns with CJK names stand straight."""

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=4096)
def _char(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def cells(text: str) -> int:
    """Return the width of a text in cells."""
    return len(text) if text.isascii() else sum(_char(char) for char in text)


def fit(text: str, width: int, mark: str = "…") -> str:
    """Return `text` cut to `width` cells, its end replaced by `mark` where something is lost."""
    if cells(text) <= width:
        return text
    room = width - cells(mark)
    if room < 0:
        return mark[:width]
    kept: list[str] = []
    for char in text:
        room -= _char(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + mark


def pad(text: str, width: int, right: bool = False) -> str:
    """Return `text` filled with spaces to `width` cells, flush left or right."""
    space = " " * max(0, width - cells(text))
    return space + text if right else text + space
