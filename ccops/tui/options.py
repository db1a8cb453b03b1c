"""From the settings and the command line to how this console is."""

from ccops.alerts.rules import rules_of
from ccops.desk.attention import Limits
from ccops.errors import NotFound
from ccops.i18n import _
from ccops.settings import Settings
from ccops.tui.look import Look, colours_refused, terminal_is_ascii
from ccops.tui.memory import Memory
from ccops.tui.screens import SCREENS, screen_line
from ccops.tui.station import Options
from ccops.tui.themes import DEFAULT_THEME, PALETTES


def options_from(
    settings: Settings,
    *,
    screen: str | None = None,
    read_only: bool = False,
    wall: bool = False,
    ascii: bool = False,  # noqa: A002 - the flag's name
    theme: str | None = None,
) -> Options:
    """Return the options; raises `NotFound` with the nearest names for an unknown screen or theme."""
    wanted = screen or settings.ui.screen
    if screen_line(wanted) is None:
        raise NotFound(_("screen"), wanted, [line.name for line in SCREENS])
    colours = theme or settings.ui.theme
    if colours and colours not in PALETTES:
        raise NotFound(_("theme"), colours, PALETTES)
    return Options(
        screen=wanted,
        read_only=read_only,
        wall=wall,
        ascii=ascii or settings.ui.ascii or terminal_is_ascii(),
        theme=colours,
        tick=settings.ui.refresh,
        bell=settings.ui.bell,
        zone=settings.zone,
        site=settings.site.name,
        phone=settings.supervisor.phone,
        limits=Limits.of(rules_of(settings)),
        quiet=settings.alerts.quiet,
        pause_reasons=tuple((name, reason.title or name) for name, reason in settings.pause_reasons.items()),
        settings=settings,
    )


def look_for(options: Options, memory: Memory) -> Look:
    """Return the look: the theme asked for, else the remembered one, else the default."""
    remembered = memory.word("console", "theme") or ""
    name = next((name for name in (options.theme, remembered) if name in PALETTES), DEFAULT_THEME)
    return Look(PALETTES[name], ascii=options.ascii, no_color=colours_refused(), letters=not terminal_is_ascii())
