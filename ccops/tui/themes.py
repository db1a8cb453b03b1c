"""The colours of the console: four calm palettes and the style of every tone that a widget may ask for.

A tone names a meaning ("paused", "warn"), never a colour. Meaning is always carried by a word or a glyph as
well; the colour-blind palette follows Okabe and Ito, "Color Universal Design" (2008), whose eight colours
stay apart under the common colour-vision deficiencies.
"""

from dataclasses import dataclass, field

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from ccops.i18n import _

DEFAULT_THEME = "calm-dark"


@dataclass(slots=True, frozen=True)
class Palette:
    """One palette: surfaces, then the colour of each tone."""

    name: str
    title: str
    dark: bool
    background: str
    surface: str
    panel: str
    cursor: str
    cursor_idle: str
    text: str
    muted: str
    faint: str
    accent: str
    tones: dict[str, str] = field(default_factory=dict)
    bold: frozenset[str] = frozenset({"crit", "title", "key"})
    reverse: frozenset[str] = frozenset()


_CALM_DARK = Palette(
    name=DEFAULT_THEME,
    title=_("Calm dark"),
    dark=True,
    background="#10151b",
    surface="#161d25",
    panel="#1d2630",
    cursor="#2a3a4d",
    cursor_idle="#1c2733",
    text="#cdd6df",
    muted="#8593a3",
    faint="#465363",
    accent="#7fb4e6",
    tones={
        "ok": "#86c08b",
        "info": "#7fb4e6",
        "warn": "#e6b862",
        "crit": "#f0776c",
        "available": "#86c08b",
        "talking": "#7fb4e6",
        "on_hold": "#62c4c3",
        "ringing": "#efe08a",
        "busy": "#a3a8e0",
        "paused": "#d6a27c",
        "wrap_up": "#c39bea",
        "unavailable": "#8593a3",
        "waiting": "#efe08a",
    },
)

_CALM_LIGHT = Palette(
    name="calm-light",
    title=_("Calm light"),
    dark=False,
    background="#fbfbf8",
    surface="#f2f2ee",
    panel="#e6e7e3",
    cursor="#cfe0f0",
    cursor_idle="#e4eaef",
    text="#22292f",
    muted="#5c6770",
    faint="#b9c0c4",
    accent="#1f5fa8",
    tones={
        "ok": "#2b7136",
        "info": "#1f5fa8",
        "warn": "#8a5a00",
        "crit": "#b3261e",
        "available": "#2b7136",
        "talking": "#1f5fa8",
        "on_hold": "#0f6d6c",
        "ringing": "#776000",
        "busy": "#4a4fa3",
        "paused": "#925022",
        "wrap_up": "#7436ac",
        "unavailable": "#5c6770",
        "waiting": "#776000",
    },
)

_COLOUR_BLIND = Palette(
    name="colour-blind",
    title=_("Colour-blind safe"),
    dark=True,
    background="#0f1216",
    surface="#161a20",
    panel="#20262e",
    cursor="#2c3947",
    cursor_idle="#1d252e",
    text="#e3e6ea",
    muted="#98a2ae",
    faint="#4a5460",
    accent="#56b4e9",
    tones={
        "ok": "#56b4e9",
        "info": "#e3e6ea",
        "warn": "#f0e442",
        "crit": "#ff8a3d",
        "available": "#56b4e9",
        "talking": "#e3e6ea",
        "on_hold": "#cc79a7",
        "ringing": "#f0e442",
        "busy": "#98a2ae",
        "paused": "#e69f00",
        "wrap_up": "#1fb58a",
        "unavailable": "#98a2ae",
        "waiting": "#f0e442",
    },
)

_HIGH_CONTRAST = Palette(
    name="high-contrast",
    title=_("High contrast"),
    dark=True,
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    cursor="#0b3d91",
    cursor_idle="#333333",
    text="#ffffff",
    muted="#d8d8d8",
    faint="#8a8a8a",
    accent="#66d9ff",
    tones={
        "ok": "#5dff7a",
        "info": "#66d9ff",
        "warn": "#ffe14d",
        "crit": "#ff9d94",
        "available": "#5dff7a",
        "talking": "#66d9ff",
        "on_hold": "#7af5ee",
        "ringing": "#ffe14d",
        "busy": "#d5d0ff",
        "paused": "#ffc48a",
        "wrap_up": "#f0b3ff",
        "unavailable": "#d8d8d8",
        "waiting": "#ffe14d",
    },
    bold=frozenset({"crit", "title", "key", "warn", "text", "ringing", "waiting"}),
    reverse=frozenset({"crit"}),
)

PALETTES: dict[str, Palette] = {item.name: item for item in (_CALM_DARK, _CALM_LIGHT, _COLOUR_BLIND, _HIGH_CONTRAST)}


def textual_theme(palette: Palette) -> Theme:
    """Return the Textual theme that colours the stock widgets (inputs, scrollbars) like ours."""
    return Theme(
        name=palette.name,
        primary=palette.accent,
        secondary=palette.muted,
        accent=palette.accent,
        warning=palette.tones["warn"],
        error=palette.tones["crit"],
        success=palette.tones["ok"],
        foreground=palette.text,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        dark=palette.dark,
        variables={
            "scrollbar": palette.faint,
            "scrollbar-hover": palette.muted,
            "scrollbar-active": palette.muted,
            "scrollbar-background": palette.background,
            "scrollbar-background-hover": palette.background,
            "scrollbar-background-active": palette.background,
            "scrollbar-corner-color": palette.background,
        },
    )


def tone_styles(palette: Palette, *, no_color: bool) -> dict[str, Style]:
    """Return the style of every tone; without colours bold, dim, underline and reverse carry what they can."""
    if no_color:
        return _plain_styles(palette)
    colours = {
        "text": palette.text,
        "muted": palette.muted,
        "faint": palette.faint,
        "title": palette.text,
        "key": palette.accent,
        "accent": palette.accent,
        **palette.tones,
    }
    styles = {
        tone: Style(color=colour, bold=tone in palette.bold or None, reverse=tone in palette.reverse or None)
        for tone, colour in colours.items()
    }
    styles["head"] = Style(color=palette.muted, bgcolor=palette.panel)
    styles["head-sorted"] = Style(color=palette.text, bgcolor=palette.panel, bold=True)
    styles["tab"] = Style(color=palette.muted)
    styles["tab-on"] = Style(color=palette.background, bgcolor=palette.accent, bold=True)
    styles["flag"] = Style(color=palette.background, bgcolor=palette.tones["warn"], bold=True)
    styles["cell"] = Style(color=palette.background, bgcolor=palette.accent, bold=True)
    return styles | _heat_styles(palette)


HEATS = 9
"""Steps of a heat map, from little to much."""
_BRIGHT = 0.5


def _heat_styles(palette: Palette) -> dict[str, Style]:
    """Return the cells of a heat map: from the background to the accent, with the ink that is read on each."""
    low, high = Color.parse(palette.panel), Color.parse(palette.accent)
    styles = {}
    for step in range(HEATS):
        ground = low.blend(high, step / (HEATS - 1))
        bright_ink = ground.brightness < _BRIGHT
        ink = palette.text if bright_ink == palette.dark else palette.background
        styles[f"heat{step}"] = Style(color=ink, bgcolor=ground.hex)
    return styles


def ground_styles(palette: Palette, *, no_color: bool) -> dict[str, Style]:
    """Return what a line stands on; without colours the cursor is reversed, an idle one underlined."""
    if no_color:
        plain = Style()
        return {
            "background": plain,
            "surface": plain,
            "cursor": Style(reverse=True),
            "cursor-idle": Style(underline=True),
        }
    return {
        "background": Style(bgcolor=palette.background),
        "surface": Style(bgcolor=palette.surface),
        "cursor": Style(bgcolor=palette.cursor),
        "cursor-idle": Style(bgcolor=palette.cursor_idle),
    }


def _plain_styles(palette: Palette) -> dict[str, Style]:
    plain, bold, dim = Style(), Style(bold=True), Style(dim=True)
    styles = dict.fromkeys(("text", "accent", *palette.tones), plain)
    styles |= dict.fromkeys(("title", "key", "warn", "crit", "ringing", "waiting"), bold)
    styles |= dict.fromkeys(("muted", "faint", "unavailable", "tab"), dim)
    styles |= {"head": Style(underline=True), "head-sorted": Style(underline=True, bold=True)}
    styles |= {"tab-on": Style(reverse=True, bold=True), "flag": Style(reverse=True, bold=True)}
    styles["cell"] = Style(reverse=False, bold=True, underline=True)
    return styles
