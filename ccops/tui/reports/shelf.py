"""Which reports there are: those of the catalogue, and the site's own; of what, and why none can be made."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.reports.archive import Archive
from ccops.reports.catalogue import entries
from ccops.reports.own import own_reports, read_own
from ccops.settings import Settings
from ccops.tui.reports.errands import ReportLine, Shelf

RULES = "compare-rules"


def shelf_of(settings: Settings, opened: Callable[[], AbstractContextManager[Archive]]) -> Shelf:
    """Return everything that can be chosen; a store that cannot be read is told, not raised."""
    reports = list(_reports(settings))
    try:
        with opened() as archive:
            covers = archive.covers
            if covers is None:
                trouble = (
                    _("The store “{path}” is empty.").format(path=archive.database.path),
                    _("`ccops ingest queue-log PATH` fills it from the queue_log."),
                )
                return Shelf(reports, trouble=trouble)
            queues, agents = _seen(settings, archive)
            return Shelf(reports, queues, agents, (covers.start, covers.end))
    except CcopsError as error:
        return Shelf(reports, trouble=(error.message, error.remedy))


def _seen(settings: Settings, archive: Archive) -> tuple[list[str], list[str]]:
    """Return the names of queues and agents that a person may ask for."""
    queues, agents = archive.queues(), archive.agents()
    if not settings.roles:
        return queues, agents
    from ccops.desk.past import sights

    found = sights(settings, archive)
    wide = (any(sight.queues is None for sight in found), any(sight.agents is None for sight in found))
    mine = {name for sight in found for name in sight.queues or ()}
    people = {name for sight in found for name in sight.agents or ()}
    return (queues if wide[0] else sorted(mine)), (agents if wide[1] else sorted(people))


def _reports(settings: Settings) -> Iterator[ReportLine]:
    for name, entry in entries().items():
        yield ReportLine(name, entry.title, entry.about, entry.narrows, entry.intervals, entry.calls)
    about = _("One period under each of the four rules of the service level, side by side.")
    yield ReportLine(RULES, _("Rules compared"), about, frozenset({"queue"}), calls=True)
    try:
        paths = own_reports(settings.reports.own)
    except CcopsError as error:
        yield ReportLine("", _("Own reports"), str(error), own=True, problem=True)
        return
    for name, path in paths.items():
        yield _own(name, path)


def _own(name: str, path: Path) -> ReportLine:
    try:
        own = read_own(path)
    except CcopsError as error:
        return ReportLine(name, name, str(error), own=True, problem=True)
    about = own.note or _("Own report: {figures}.").format(figures=", ".join(own.figures))
    narrows = frozenset({"queue", "agent", "number"}) if own.source == "visits" else frozenset({"queue", "agent"})
    return ReportLine(name, own.title, about, narrows, calls=own.source == "visits", own=True)
