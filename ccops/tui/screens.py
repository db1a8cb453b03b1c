"""The screens of the console, one line each; a new screen is a line here and a file."""

import gc
from dataclasses import dataclass
from importlib import import_module

from ccops.board import Topic
from ccops.i18n import _
from ccops.tui.station import Station
from ccops.tui.view import View


@dataclass(slots=True, frozen=True)
class ScreenLine:
    """One screen: its key, its name on the command line, its title, and where its class is."""

    key: str
    name: str
    title: str
    place: str
    """module:class, loaded when the screen is first opened."""
    late: bool = False
    """It is not loaded beforehand: what it takes is only for whoever goes there."""


SCREENS: tuple[ScreenLine, ...] = (
    ScreenLine("1", "overview", _("Overview"), "ccops.tui.overview:Overview"),
    ScreenLine("2", "agents", _("Agents"), "ccops.tui.agents:Agents"),
    ScreenLine("3", "calls", _("Calls"), "ccops.tui.calls:Calls"),
    ScreenLine("4", "schedule", _("Schedule"), "ccops.tui.schedule.room:Schedule", late=True),
    ScreenLine("5", "reports", _("Reports"), "ccops.tui.reports.room:Reports", late=True),
    ScreenLine("6", "log", _("Log"), "ccops.tui.log:Log"),
)
WALL = ScreenLine("", "wall", _("Wall"), "ccops.tui.wall:Wall")
"""Has no tab: it is a way to look, not a place to work."""
ALERTS = ScreenLine("A", "alerts", _("Alerts"), "ccops.tui.alerts:Alerts")
"""Has no tab either: the ribbon says what is in it."""
DETAILS: dict[Topic, str] = {
    "queue": "ccops.tui.queue_detail:QueueDetail",
    "agent": "ccops.tui.agent_detail:AgentDetail",
    "call": "ccops.tui.call_detail:CallDetail",
    "ended": "ccops.tui.call_detail:CallDetail",
}


def screen_line(name: str) -> ScreenLine | None:
    """Return the screen of that name."""
    return next((line for line in (*SCREENS, WALL, ALERTS) if line.name == name), None)


def _loaded(place: str) -> type[View]:
    module, _colon, name = place.partition(":")
    found: type[View] = getattr(import_module(module), name)
    return found


def preload(*, for_good: bool) -> None:
    """Load the modules of the live screens and details, so that the first look at one is as quick as the next.

    With `for_good` the garbage collector is spared everything that is there by then: it stays until the end, and
    going through it takes longer than a frame.
    """
    early = (line.place for line in (*SCREENS, ALERTS) if not line.late)
    for place in (*early, *DETAILS.values()):
        _loaded(place)
    if for_good:
        gc.freeze()


def make_screen(line: ScreenLine, station: Station) -> View:
    """Build a screen."""
    return _loaded(line.place)(station, line.name, line.title)


def make_detail(topic: Topic, key: str, station: Station) -> View | None:
    """Build the detail of one row; None where this kind of row has none."""
    place = DETAILS.get(topic)
    return None if place is None else _loaded(place)(station, topic, key)
