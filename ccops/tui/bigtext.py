"""Large figures drawn from blocks, for a screen that is read from across the room."""

_FONT: dict[str, tuple[str, ...]] = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", "###", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", "  #", "  #"),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    ":": (" ", "#", " ", "#", " "),
    "%": ("# #", "  #", " # ", "#  ", "# #"),
    "h": ("#  ", "#  ", "###", "# #", "# #"),
    "d": ("  #", "  #", "###", "# #", "###"),
    "-": ("   ", "   ", "###", "   ", "   "),
    " ": (" ", " ", " ", " ", " "),
}
LINES = 5
"""Lines of a figure at scale 1."""


def big(text: str, scale: int, block: str) -> list[str]:
    """Return `text` as `LINES * scale` lines; a character without a picture is drawn as a dash."""
    pictures = [_FONT.get(char, _FONT["-"]) for char in text]
    lines: list[str] = []
    for row in range(LINES):
        # A cell is about twice as high as wide, so a dot is two cells wide.
        line = (" " * 2 * scale).join("".join(_dot(dot, scale, block) for dot in picture[row]) for picture in pictures)
        lines += [line] * scale
    return lines


def _dot(dot: str, scale: int, block: str) -> str:
    return (block if dot == "#" else " ") * (2 * scale)


def big_width(text: str, scale: int) -> int:
    """Return how many cells `big` takes in width."""
    dots = sum(len(_FONT.get(char, _FONT["-"])[0]) for char in text) + max(0, len(text) - 1)
    return dots * 2 * scale
