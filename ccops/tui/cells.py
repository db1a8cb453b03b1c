"""Text for one cell of the screen: fitted to its width, figures, durations, instants and sparklines."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from ccops.i18n import _
from ccops.pbx.text import clean

_DASH = "–"


@lru_cache(maxsize=8192)
def safe(text: str) -> str:
    """Return `text` without anything that steers a terminal or whose width terminals disagree on."""
    cleaned = clean(text)
    if cleaned.isascii():
        return cleaned
    # Variation selectors change the width of the glyph before them in some terminals and not in others.
    return "".join(char for char in cleaned if not "\ufe00" <= char <= "\ufe0f")


def width_of(text: str) -> int:
    """Return the number of cells that `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


@lru_cache(maxsize=16384)
def fit(text: str, width: int, align: str = "left", ellipsis: str = "…") -> str:
    """Return `text` in exactly `width` cells: padded, or cut with a visible `ellipsis`.

    `align` is left, right, or tail: that keeps the end of what is too long, where the end is now.
    """
    taken = width_of(text)
    if taken == width:
        return text
    if taken < width:
        space = " " * (width - taken)
        return space + text if align == "right" else text + space
    if width <= 0:
        return ""
    if align == "tail":
        return text[-width:]
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + ellipsis, width)


def duration(seconds: float | None) -> str:
    """Return a duration as a person reads it on a board: 0:07, 12:34, 1h02, 3d4h; unknown is a dash."""
    if seconds is None:
        return _DASH
    whole = max(0, int(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    return f"{whole // 86400}d{whole % 86400 // 3600}h"


def since(start: float | None, now: float) -> str:
    """Return how long ago `start` was (epoch seconds), as `duration` says it."""
    return duration(None if start is None else now - start)


def seconds(value: float | None) -> str:
    """Return a mean in seconds the way `duration` does, unknown as a dash."""
    return duration(None if value is None else value + 0.5)


def count(value: int | None) -> str:
    """Return a count, unknown as a dash."""
    return _DASH if value is None else str(value)


def rate(value: float | None) -> str:
    """Return a fraction of one as whole percent, unknown as a dash (METRICS: never 0 or 100 % for no data)."""
    if value is None:
        return _DASH
    percent = int(value * 100 + 0.5)
    # 99.6 % is not 100 %: a supervisor reads "nobody was missed" there.
    if percent == 100 and value < 1:
        percent = 99
    return f"{percent}%"


@lru_cache(maxsize=4096)
def clock(instant: int, zone: tzinfo = UTC, *, with_seconds: bool = True) -> str:
    """Return the time of day of an instant (epoch seconds) in the site's time zone."""
    return datetime.fromtimestamp(instant, zone).strftime("%H:%M:%S" if with_seconds else "%H:%M")


def sparkline(values: Sequence[int], width: int, sparks: str) -> str:
    """Return the last `width` values as bars between nothing and their maximum, right end = now."""
    shown = values[-width:] if width > 0 else ()
    top = max(shown, default=0)
    if not top:
        return fit("", max(width, 0))
    steps = len(sparks) - 1
    return fit("".join(sparks[-(-value * steps // top)] for value in shown), width)


def opening(days: Iterable[Sequence[int]]) -> int:
    """Return the first half hour in which any of these queues was called: before it there is nothing to draw."""
    firsts = [next((index for index, value in enumerate(day) if value), len(day)) for day in days if any(day)]
    return min(firsts, default=0)


def person(number: str | None, name: str | None) -> str:
    """Return a caller as shown everywhere: name and number, whichever is known."""
    known_name, known_number = safe(name or ""), safe(number or "")
    if known_name and known_number and known_name != known_number:
        return f"{known_name} {known_number}"
    return known_name or known_number or _("unknown caller")
