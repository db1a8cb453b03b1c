"""Screen 1: every queue with its callers, members and day; below them who waits, who does what, what happened."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from ccops.board import QueueRow, Topic
from ccops.tui.call_columns import WAITING, CallLine, CallLines
from ccops.tui.panes import DayPane, Lately
from ccops.tui.queue_columns import QUEUES
from ccops.tui.rowlist import RowList
from ccops.tui.station import Station
from ccops.tui.tiles import AgentTiles
from ccops.tui.view import View


class Overview(View):
    """The screen to keep open all day."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset({"queue", "agent", "call", "link"})
    SCOPED_CSS: ClassVar[bool] = False  # the rules name the size classes of the console around it
    DEFAULT_CSS = """
    Overview #queues { height: auto; max-height: 50%; min-height: 3; }
    Overview #lower { height: 1fr; margin-top: 1; }
    Overview #waiting { width: 2fr; }
    Overview AgentTiles { width: 3fr; margin-left: 2; }
    Overview DayPane { display: none; margin-top: 1; max-height: 7; }
    .-narrow Overview #lower { margin-top: 0; }
    .-narrow Overview AgentTiles { display: none; }
    .-narrow Overview DayPane { display: block; }
    .-narrow.-short Overview DayPane { margin-top: 0; }
    .-low Overview DayPane { display: none; }
    Overview Lately { height: 30%; margin-top: 1; display: none; }
    .-tall Overview Lately { display: block; }
    """

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """Build the lists with their remembered order."""
        super().__init__(station, view_name, title)
        self._queues: RowList[QueueRow] = self.rows(QUEUES)
        self._waiting: RowList[CallLine] = self.rows(WAITING)
        self._lines = CallLines()

    def compose(self) -> ComposeResult:
        """Queues above, callers and agents below, the log at the bottom where there is room."""
        yield self._queues
        with Horizontal(id="lower"):
            yield self._waiting
            yield AgentTiles(self.station)
        yield DayPane(self.station)
        yield Lately(self.station)

    def load(self) -> None:
        """Hand queues and waiting callers to the lists."""
        board = self.station.board
        self._queues.load(board.queues)
        self._waiting.load(self._lines.of(board, "waiting"))
