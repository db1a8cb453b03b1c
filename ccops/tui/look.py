"""How meaning becomes marks on the screen: glyphs with their ASCII stand-ins, and the style of each tone."""

import codecs
import os
import sys
from dataclasses import dataclass, field

from rich.style import Style

from ccops.tui.themes import DEFAULT_THEME, PALETTES, Palette, ground_styles, tone_styles

# Glyphs are one cell wide and differ in shape, so that a state is told without its colour.
_UNICODE: dict[str, str] = {
    "talking": "●",
    "on_hold": "◐",
    "ringing": "◉",
    "busy": "◆",
    "paused": "■",
    "wrap_up": "◔",
    "unavailable": "×",
    "available": "○",
    "waiting": "▸",
    "parked": "▪",
    "ended": "·",
    "cursor": "▌",
    "mark": "✓",
    "up": "▲",
    "down": "▼",
    "warn": "△",
    "crit": "▲",
    "info": "·",
    "live": "●",
    "down_link": "×",
    "trail": "›",
    "at_least": "≥",
    "before": "‹",
    "rule": "─",
    "rung": "├",
    "rung_last": "└",
    "rail": "│",
    "bar": "█",
    "track": "░",
    "ellipsis": "…",
    "dash": "–",
    "dot": "·",
    "freeze": "▮",
    "times": "×",
    "selected": "◆",
    "supervised": "◉",
}
_ASCII: dict[str, str] = {
    "talking": "*",
    "on_hold": "=",
    "ringing": "!",
    "busy": "#",
    "paused": "P",
    "wrap_up": "w",
    "unavailable": "x",
    "available": "o",
    "waiting": ">",
    "parked": "p",
    "ended": ".",
    "cursor": ">",
    "mark": "+",
    "up": "^",
    "down": "v",
    "warn": "!",
    "crit": "X",
    "info": ".",
    "live": "*",
    "down_link": "x",
    "trail": ">",
    "at_least": ">",
    "before": "<",
    "rule": "-",
    "rung": "|",
    "rung_last": "`",
    "rail": "|",
    "bar": "#",
    "track": ".",
    "ellipsis": "~",
    "dash": "-",
    "dot": ".",
    "freeze": "#",
    "times": "x",
    "selected": "*",
    "supervised": "@",
}
_SPARKS_UNICODE = " ▁▂▃▄▅▆▇█"
_SPARKS_ASCII = " .:-=+*#@"


@dataclass(slots=True)
class Look:
    """Glyphs and styles of this terminal and theme; replaced as a whole when the theme changes."""

    palette: Palette = field(default_factory=lambda: PALETTES[DEFAULT_THEME])
    ascii: bool = False
    no_color: bool = False
    letters: bool = True
    """Whether the terminal can show names in other scripts, where the drawing is plain."""
    glyphs: dict[str, str] = field(init=False)
    sparks: str = field(init=False)
    _tones: dict[str, Style] = field(init=False)
    _grounds: dict[str, Style] = field(init=False)
    _made: dict[tuple[str, str, bool], Style] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.glyphs = _ASCII if self.ascii else _UNICODE
        self.sparks = _SPARKS_ASCII if self.ascii else _SPARKS_UNICODE
        self._tones = tone_styles(self.palette, no_color=self.no_color)
        self._grounds = ground_styles(self.palette, no_color=self.no_color)

    def glyph(self, name: str) -> str:
        """Return the glyph of that name, one cell wide."""
        return self.glyphs[name]

    def style(self, tone: str, *, stale: bool = False, ground: str = "background") -> Style:
        """Return the style of a tone on a ground; an unknown tone reads as plain text.

        While the link is stale all tones but headings are dimmed, because what they say is no longer news.
        """
        made = self._made.get((tone, ground, stale))
        if made is None:
            known = self._tones.get(tone) or self._tones["text"]
            shown = self._tones["muted"] if stale and tone not in _NEVER_STALE else known
            made = self._made[tone, ground, stale] = self._grounds[ground] + shown
        return made


_NEVER_STALE = frozenset({"head", "head-sorted", "faint", "tab", "tab-on", "flag", "key"})


def terminal_is_ascii() -> bool:
    """True where the locale's encoding cannot carry box drawing and blocks."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "ascii"
    try:
        utf8 = codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        utf8 = False
    name = _locale_name()
    return not utf8 or name in ("C", "POSIX") or ("." in name and "utf" not in name.casefold())


def _locale_name() -> str:
    """Return the locale that a person chose, not the one that Python made of a plain C (PEP 538, 540)."""
    chosen, coerced, language = (os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    if chosen:
        return chosen
    if language and coerced in ("C.UTF-8", "C.utf8", "UTF-8"):
        return language
    return coerced or language


def colours_refused() -> bool:
    """True where NO_COLOR is set to anything (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))
