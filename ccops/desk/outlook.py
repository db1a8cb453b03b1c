"""What the roster and the calls of the day tell for alerts: asked of planning, where it is installed and has a plan."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ccops.alerts.figures import Reading, Site
from ccops.alerts.shifts import is_planned, on_shift
from ccops.board import Board
from ccops.errors import CcopsError
from ccops.store import StoreError

if TYPE_CHECKING:
    from ccops.settings import Settings


class Outlook:
    """Looks at the plan of one site; without a published roster nothing is loaded for it."""

    def __init__(self, settings: "Settings") -> None:
        """`settings` name the store with the roster."""
        self._settings = settings

    def at(self, now: float, board: Board) -> Sequence[Reading] | None:
        """Return what the plan says at `now` (epoch seconds); None where the store does not tell at the moment.

        Takes some seconds at the first call of a day, so it is called in a thread.
        """
        try:
            if not is_planned(self._settings, now):
                return ()
            from ccops.desk.planning.intraday import measured

            return measured(self._settings, now, board)
        except StoreError:
            return None
        except (CcopsError, ModuleNotFoundError, PermissionError):
            return ()


def planned_site(site: Site, settings: "Settings", now: float, board: Board) -> Site:
    """Return what one look at the machine told together with one look at the plan."""
    return replace(site, shifts=on_shift(settings, now), plan=Outlook(settings).at(now, board) or ())
