"""Detail of one agent: what is known about them, and the ladder of the call they are in."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from ccops.board import AgentRow, Topic
from ccops.tui.agent_pane import AgentPane
from ccops.tui.ladder import Ladder
from ccops.tui.listspec import Selection
from ccops.tui.station import Station
from ccops.tui.view import View


class AgentDetail(View, can_focus=True):
    """One agent; keys act on them."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset({"agent", "call", "supervision", "link"})
    SCOPED_CSS: ClassVar[bool] = False  # the rules name the size classes of the console around it
    DEFAULT_CSS = """
    AgentDetail AgentPane { width: 1fr; }
    AgentDetail Ladder { width: 1fr; margin-left: 2; display: none; }
    .-middle AgentDetail Ladder, .-tall AgentDetail Ladder { display: block; }
    .-narrow AgentDetail Ladder { display: none; }
    """

    def __init__(self, station: Station, _topic: Topic, key: str) -> None:
        """`key` is the agent's."""
        row = station.board.agents.get(key)
        super().__init__(station, "agent", row.agent if row else key)
        self._key = key
        self._last_known: AgentRow | None = row
        self._pane, self._ladder = AgentPane(station), Ladder(station)

    def compose(self) -> ComposeResult:
        """Facts at the left, the call at the right."""
        with Horizontal():
            yield self._pane
            yield self._ladder

    def load(self) -> None:
        """Show the agent and their call as they stand."""
        self._pane.show(self._key)
        row = self.station.board.agents.get(self._key)
        self._ladder.show(self.station.board.calls.get(row.call_id or "") if row else None)

    def selections(self) -> list[Selection]:
        """The agent."""
        row = self.station.board.agents.get(self._key)
        return [Selection("agent", self._key, row)] if row is not None else []

    def subject(self) -> tuple[Topic, str]:
        """The agent, as the log names them."""
        return "agent", self._last_known.agent if self._last_known is not None else self._key

    def focus_first(self) -> None:
        """Take the keys."""
        self.focus()
