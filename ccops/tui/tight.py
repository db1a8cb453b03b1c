"""Sends only the cells that changed, in as few bytes as it takes.

Textual's partial update starts every span at the left edge of its widget and repeats all colours for every piece
of text. On a list of fifty rows whose durations tick that is ten times what needs to be said, which is felt over a
slow line. This compositor cuts each span at both ends and says only what differs from the piece before.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from rich.color import Color, ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.screen import Screen

_PLAIN = Style()
_NOTHING = ("", "39", "49")
"""No attributes, the terminal's own colours."""
_SHOWN_ON_SPACE = {"4", "7", "9", "21", "53"}
"""Underline, reverse, strike, double underline, overline: what makes a space look different besides its ground."""


@lru_cache(maxsize=4096)
def _codes(style: Style, system: ColorSystem) -> tuple[str, str, str]:
    """Return a style as its attributes, foreground and background."""
    attributes = Style(
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        reverse=style.reverse,
        strike=style.strike,
        blink=style.blink,
    )
    return (
        attributes._make_ansi_codes(system),
        _colour(style.color, system, foreground=True),
        _colour(style.bgcolor, system, foreground=False),
    )


def _colour(colour: Color | None, system: ColorSystem, *, foreground: bool) -> str:
    if colour is None:
        return "39" if foreground else "49"
    return ";".join(colour.downgrade(system).get_ansi_codes(foreground))


class Pen:
    """Remembers what the terminal is set to and says only what changes."""

    def __init__(self, system: ColorSystem) -> None:
        self._system = system
        self._now = _NOTHING
        self.parts: list[str] = []

    def move(self, x: int, y: int) -> None:
        """Go to a cell."""
        self.parts.append(f"\x1b[{y + 1};{x + 1}H")

    def draw(self, segments: Sequence[Segment]) -> None:
        """Write pieces of text."""
        for text, style, control in segments:
            if control or not text:
                continue
            self._set(style or _PLAIN, space=text.isspace())
            self.parts.append(text)

    def done(self) -> str:
        """Return everything, leaving the terminal as it was."""
        if self._now != _NOTHING:
            self.parts.append("\x1b[0m")
        return "".join(self.parts)

    def _set(self, style: Style, *, space: bool) -> None:
        wanted = _codes(style, self._system)
        attributes, _front, back = self._now
        if wanted == self._now:
            return
        if space and wanted[2] == back and not self._seen_on_space(attributes, wanted[0]):
            return  # on empty cells of the same ground nothing else can be seen
        afresh = ";".join(["0", *(code for code in wanted if code not in ("", "39", "49"))])
        change = ";".join(new for new, old in zip(wanted, self._now, strict=True) if new != old)
        # There is no code that takes one attribute off everywhere, so then one has to begin afresh.
        lost = bool(attributes) and wanted[0] != attributes
        self.parts.append(f"\x1b[{afresh if lost or len(afresh) < len(change) else change}m")
        self._now = wanted

    @staticmethod
    def _seen_on_space(*attributes: str) -> bool:
        return any(code in _SHOWN_ON_SPACE for codes in attributes for code in codes.split(";"))


class TightUpdate(ChopsUpdate):
    """Renders exactly the dirty spans."""

    def render_segments(self, console: Console) -> str:
        """Return the terminal sequences: for every span a cursor move and its cells."""
        pen = Pen(console._color_system or ColorSystem.TRUECOLOR)
        for y, first, last in self.spans:
            at = -1
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= last or end <= first:
                    continue
                left, right = max(x, first), min(end, last)
                if left != at:
                    pen.move(left, y)
                pen.draw(strip._segments if (left, right) == (x, end) else strip.crop(left - x, right - x)._segments)
                at = right
        return pen.done()


class TightCompositor(Compositor):
    """The stock compositor with tight partial updates."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return the update, or None where nothing is dirty."""
        update = super().render_partial_update()
        if update is None:
            return None
        chops: Sequence[Any] = update.chops
        return TightUpdate(chops, update.spans, update.chop_ends)


class ConsoleScreen(Screen[None]):
    """The screen that everything stands on."""

    def __init__(self) -> None:
        super().__init__(id="_default")
        self._compositor = TightCompositor()
