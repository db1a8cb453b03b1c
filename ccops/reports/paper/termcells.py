"""Text in the cells of a terminal: how wide it is, cut and filled to a width, names in CJK included."""


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


class Padded(dict[str, str]):
    """Texts of a column as its cells, each laid out once: most of a long table's texts come again and again."""

    def __init__(self, width: int, mark: str, *, right: bool) -> None:
        """A column of `width` cells."""
        super().__init__()
        self._width, self._mark, self._right = width, mark, right

    def __missing__(self, text: str) -> str:
        """Lay a text out that was not seen before."""
        made = self[text] = pad(fit(text, self._width, self._mark), self._width, right=self._right)
        return made


def words_in(text: str, width: int) -> list[str]:
    """Return a text in lines of up to `width` cells, broken at spaces; a longer word has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and cells(lines[-1]) + 1 + cells(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]
