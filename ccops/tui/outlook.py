"""Keeps an eye on the plan of the day for the ribbon, where no daemon does: once a minute, beside the event loop."""

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from ccops.alerts.figures import Site
from ccops.alerts.planned import PLAN_EVERY, in_thread, still
from ccops.alerts.shifts import on_shift

if TYPE_CHECKING:
    from ccops.board import Board
    from ccops.settings import Settings
    from ccops.tui.station import Station

log = logging.getLogger(__name__)

_SETTLED: Final = 5.0
"""Seconds after the start: the first screens go first, and the board is whole by then."""


async def watch_plan(station: "Station", *, first: float = _SETTLED, every: float = PLAN_EVERY) -> None:
    """Tell the station what roster and calls say of the day, for as long as the console is open."""
    await asyncio.sleep(first)
    while True:
        if not station.board.watched:
            try:
                board, settings = still(station.board), station.options.settings
                site = await in_thread("plan", _look, settings, station.clock(), board)
                if site is not None:
                    station.plan(site)
            except Exception:
                # A fault in planning must cost its line in the ribbon, not the console.
                log.exception("the plan of the day could not be looked at")
        await asyncio.sleep(every)


def _look(settings: "Settings", now: float, board: "Board") -> Site | None:
    """Return what is known of the plan; None where nobody can tell at the moment."""
    from ccops.desk.outlook import Outlook

    plan = Outlook(settings).at(now, board)
    return None if plan is None else Site(shifts=on_shift(settings, now), plan=plan)
