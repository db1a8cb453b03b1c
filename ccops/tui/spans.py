"""A line of the screen as spans (text, tone), its strip, and which part of it differs from before."""

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from textual.strip import Strip

from ccops.tui.cells import fit, safe, width_of
from ccops.tui.look import Look

Span = tuple[str, str]
"""Text that is already fitted to its cells, and the tone to draw it in."""
Line = tuple[Span, ...]


def line_width(line: Iterable[Span]) -> int:
    """Return how many cells the line takes."""
    return sum(width_of(text) for text, _ in line)


def strip_of(line: Line, width: int, look: Look, *, stale: bool = False, ground: str = "background") -> Strip:
    """Return the line as a strip of exactly `width` cells on a ground."""
    segments = [Segment(text, look.style(tone, stale=stale, ground=ground)) for text, tone in line if text]
    strip = Strip(segments, line_width(line))
    return strip if strip.cell_length == width else strip.adjust_cell_length(width, look.style("text", ground=ground))


def _placed(line: Line) -> dict[int, tuple[Span, int]]:
    placed: dict[int, tuple[Span, int]] = {}
    x = 0
    for span in line:
        width = width_of(span[0])
        placed[x] = (span, width)
        x += width
    return placed


def _leans(text: str) -> bool:
    """Return whether a text begins with a mark that is drawn into the cell before it."""
    return bool(text) and not text.isascii() and width_of(text[0]) == 0


def differing(old: Line, new: Line) -> list[tuple[int, int]] | None:
    """Return (x, width) of the spans that differ, neighbours joined; None where the lines are cut differently."""
    if old == new:
        return []
    before, after = _placed(old), _placed(new)
    if before.keys() != after.keys() or any(_leans(text) for line in (old, new) for text, _ in line):
        return None
    found: list[tuple[int, int]] = []
    for x, (span, width) in after.items():
        old_span, old_width = before[x]
        if old_span == span:
            continue
        if old_width != width:
            return None
        if found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + width)
        else:
            found.append((x, width))
    return found


def joined(parts: Sequence[Span], gap: str = "  ") -> Line:
    """Return the parts as one line with a gap between them."""
    line: list[Span] = []
    for part in parts:
        if line:
            line.append((gap, "text"))
        line.append(part)
    return tuple(line)


def clipped(line: Line, width: int, ellipsis: str = "…") -> Line:
    """Return as much of the line as `width` cells hold; the last span is cut visibly."""
    kept: list[Span] = []
    left = width
    for text, tone in line:
        taken = width_of(text)
        if taken > left:
            if left > 0:
                kept.append((fit(text, left, "left", ellipsis), tone))
            break
        kept.append((text, tone))
        left -= taken
    return tuple(kept)


def wrapped(text: str, width: int) -> list[str]:
    """Break running text at spaces into lines of at most `width` cells; a longer word is cut."""
    lines: list[str] = []
    line = ""
    for word in safe(text).split():
        candidate = f"{line} {word}" if line else word
        if width_of(candidate) <= width:
            line = candidate
            continue
        if line:
            lines.append(line)
        line = fit(word, width) if width_of(word) > width else word
    return [*lines, line] if line else lines
