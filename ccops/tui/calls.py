"""Screen 3: waiting, live, parked and lately ended calls; the ladder of one beside where there is room."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from ccops.board import CallRow, Topic
from ccops.tui.call_columns import CALLS, CallLine, CallLines
from ccops.tui.ladder import Ladder
from ccops.tui.rowlist import RowList
from ccops.tui.station import Station
from ccops.tui.view import View


class Calls(View):
    """The list of calls."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset({"call", "ended", "parked", "link"})
    SCOPED_CSS: ClassVar[bool] = False  # the rules name the size classes of the console around it
    DEFAULT_CSS = """
    Calls Ladder { width: 58; margin-left: 2; display: none; }
    .-rich Calls Ladder { display: block; }
    """

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """Build the list with its remembered order and grouping."""
        super().__init__(station, view_name, title)
        self._calls: RowList[CallLine] = self.rows(CALLS, group="phase")
        self._ladder = Ladder(station)
        self._lines = CallLines()

    def compose(self) -> ComposeResult:
        """List and ladder."""
        with Horizontal():
            yield self._calls
            yield self._ladder

    def load(self) -> None:
        """Hand all lines to the list."""
        self._calls.load(self._lines.of(self.station.board))
        self._show_ladder()

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Show the call under the cursor as a ladder."""
        self._show_ladder()

    def _show_ladder(self) -> None:
        picked = self._calls.under_cursor()
        self._ladder.show(picked.row if picked is not None and isinstance(picked.row, CallRow) else None)
