"""What the palette offers: only what is valid now, by name, with its key."""

from collections.abc import Iterator

from ccops.i18n import _
from ccops.tui.actions import Offer
from ccops.tui.dialogs import Choice
from ccops.tui.screens import SCREENS
from ccops.tui.stage import Stage
from ccops.tui.station import Station
from ccops.tui.themes import PALETTES


def commands(station: Station, stage: Stage, offers: list[Offer]) -> list[Choice]:
    """Return all commands; a choice's value is an action of the app, or `view:ACTION`, `offer:N`, `go:topic:key`."""
    there = [*_actions(offers), *_view(stage), *_screens(stage), *_list(station, stage)]
    return [*there, *_console(station), *_rows(station)]


def _actions(offers: list[Offer]) -> Iterator[Choice]:
    for index, offer in enumerate(offers):
        label = f"{offer.action.title}: {offer.named}" if offer.targets else offer.action.title
        yield Choice(f"offer:{index}", label, offer.key)


def _view(stage: Stage) -> Iterator[Choice]:
    for action, label, key in stage.view.commands() if stage.view is not None else ():
        yield Choice(f"view:{action}", label, key)


def _screens(stage: Stage) -> Iterator[Choice]:
    for line in SCREENS:
        if stage.deep or line.name != stage.shown:
            yield Choice(f"show:{line.name}", _("Go to {screen}").format(screen=line.title), line.key)


def _list(station: Station, stage: Stage) -> Iterator[Choice]:
    rows = stage.view.active_list() if stage.view is not None else None
    if rows is None:
        return
    yield Choice("run:filter", _("Filter the list"), "/")
    if rows.arrangement.filter.text:
        yield Choice("run:clear_filter", _("Clear the filter"), "Esc")
    yield Choice("run:sort", _("Sort by …"), "s")
    if rows.spec.groupings:
        yield Choice("run:group", _("Group the list"), "z")
    if rows.row is not None:
        yield Choice("run:copy_row", _("Copy the row"), "c")
        yield Choice("run:copy_cell", _("Copy the cell"), "C")
    yield Choice("run:export", _("Write the list to a file"), "E")


def _console(station: Station) -> Iterator[Choice]:
    yield Choice("run:freeze", _("Go on") if station.feed.frozen else _("Freeze the screen"), "space")
    if station.notices:
        yield Choice("run:attention", _("Go to what needs attention"), "a")
    yield Choice("run:alerts", _("Go to {screen}").format(screen=_("Alerts")), "A")
    yield Choice("run:today", _("Today's report of what is selected"), "d")
    yield Choice("run:link", _("About the link and the figures"))
    yield Choice("run:wall", _("Wall mode"), "ctrl+w")
    for palette in PALETTES.values():
        if palette.name != station.look.palette.name:
            yield Choice(f"theme:{palette.name}", _("Theme: {name}").format(name=palette.title))
    yield Choice("run:help", _("Help"), "?")
    yield Choice("run:quit", _("Quit"), "q")


def _rows(station: Station) -> Iterator[Choice]:
    """Every queue and agent by name, so that one is found from anywhere."""
    for queue in station.board.queues.values():
        yield Choice(f"go:queue:{queue.queue}", queue.title or queue.queue, _("queue"))
    for agent in sorted(station.board.agents.values(), key=lambda row: row.agent.casefold()):
        yield Choice(f"go:agent:{agent.key}", agent.agent, _("agent"))
