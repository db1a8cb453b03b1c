"""Screen 2: every agent with state, caller or reason and today's figures; one in detail beside where there is room."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from ccops.board import AgentRow, Topic
from ccops.tui.agent_columns import AGENTS
from ccops.tui.agent_pane import AgentPane
from ccops.tui.rowlist import RowList
from ccops.tui.station import Station
from ccops.tui.view import View


class Agents(View):
    """The list of agents."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset({"agent", "supervision", "link"})
    SCOPED_CSS: ClassVar[bool] = False  # the rules name the size classes of the console around it
    DEFAULT_CSS = """
    Agents AgentPane { width: 52; margin-left: 2; display: none; }
    .-rich Agents AgentPane { display: block; }
    """

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """Build the list with its remembered order and grouping."""
        super().__init__(station, view_name, title)
        self._agents: RowList[AgentRow] = self.rows(AGENTS)
        self._pane = AgentPane(station)

    def compose(self) -> ComposeResult:
        """List and pane."""
        with Horizontal():
            yield self._agents
            yield self._pane

    def load(self) -> None:
        """Hand the agents to the list."""
        self._agents.load(self.station.board.agents)

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Show the agent under the cursor in the pane."""
        self._pane.show(message.key)
