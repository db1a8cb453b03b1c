"""Charts are drawn with the colours of a terminal; here these become tones, which follow the theme."""

import re
from collections.abc import Iterator

from ccops.reports.paper.termcharts import heat_step
from ccops.tui.cells import safe
from ccops.tui.spans import Line, Span

_CODE = re.compile(r"\x1b\[([0-9;]*)m")
_TONES = {"1": "title", "2": "muted", "31": "crit", "32": "ok", "33": "warn", "36": "accent"}


def line_of(text: str) -> Line:
    """Return a drawn line as spans."""
    return tuple(_spans(text))


def _spans(text: str) -> Iterator[Span]:
    tone, at = "text", 0
    for code in _CODE.finditer(text):
        if code.start() > at:
            yield safe(text[at : code.start()]), tone
        tone, at = _tone(code[1], tone), code.end()
    if at < len(text):
        yield safe(text[at:]), tone


def _tone(code: str, before: str) -> str:
    if code.startswith("48;5;"):
        step = heat_step(int(code[5:]))
        return "text" if step is None else f"heat{step}"
    if code.startswith("38;"):
        return before  # the ink of a heat map is chosen by the theme
    return _TONES.get(code, "text")
