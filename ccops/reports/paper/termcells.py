"""Text in the cells of a terminal: how wide it is, cut and filled to a width, names in CJK included."""

from collections.abc import Callable
from functools import cache


def cells(text: str) -> int:
    """Return how many cells a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def fit(text: str, width: int, mark: str = "…") -> str:
    """Return a text cut to `width` cells, its end replaced by `mark` where something is lost."""
    # The first is true of nearly every cell of a long table.
    if (len(text) <= width and text.isascii()) or cells(text) <= width:
        return text
    room = width - cells(mark)
    if room < 0:
        return mark[:width]
    while cells(text) > room:
        text = text[:-1]
    return text + mark


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return a text filled with spaces to `width` cells, flush left or right."""
    if text.isascii():
        return text.rjust(width) if right else text.ljust(width)
    space = " " * max(0, width - cells(text))
    return space + text if right else text + space


def laid_out(width: int, mark: str, *, right: bool) -> Callable[[str], str]:
    """Return what makes texts the cells of a column, each once: most of a long table's come again and again."""
    return cache(lambda text: pad(fit(text, width, mark), width, right=right))


def words_in(text: str, width: int) -> list[str]:
    """Return a text in lines of up to `width` cells, broken at spaces; a longer word has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and cells(lines[-1]) + 1 + cells(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]
