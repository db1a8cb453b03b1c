"""When the bell rings: once for everything new that presses, that nobody has taken, outside quiet hours."""

from ccops.settings.hours import within
from ccops.tui.station import Station

Pressing = frozenset[tuple[str, str, str]]
"""Kind, key and level of what is worth a ring."""


class AlertBell:
    """Remembers what it rang for."""

    def __init__(self) -> None:
        self._rung: Pressing = frozenset()

    def due(self, station: Station) -> bool:
        """Tell whether to ring now: something presses that did not before."""
        now = pressing(station)
        new, self._rung = now - self._rung, now
        return bool(new)


def pressing(station: Station) -> Pressing:
    """Return what is worth a ring at this moment."""
    options = station.options
    quiet = within(options.quiet, station.clock(), options.zone)
    loud = ("critical",) if quiet else ("critical", "warning")
    found = (notice for notice in station.notices if notice.level in loud and not notice.taken_by)
    return frozenset((notice.kind, notice.key, notice.level) for notice in found)
