"""Which layout a terminal gets, as classes that the styles of the screens refer to."""

from ccops.tui.tiny import LOW, NARROW


def size_classes(width: int, height: int) -> dict[str, bool]:
    """Return every size class and whether it holds for this many columns and lines."""
    return {
        "-tiny": width < NARROW or height < LOW,
        "-narrow": width < 110,
        "-middle": 110 <= width < 150,
        "-rich": width >= 150,
        "-low": height < 20,
        "-short": height < 30,
        "-tall": height >= 40,
    }
