"""All agents at a glance: one small cell each, always in the same place, so that the eye learns who sits where."""

from textual import events
from textual.message import Message

from ccops.board import AgentRow
from ccops.i18n import _
from ccops.tui.cells import fit, safe
from ccops.tui.columns import Moment
from ccops.tui.figures import state_age
from ccops.tui.painted import Painted
from ccops.tui.spans import Line, Span
from ccops.tui.station import Station
from ccops.tui.words import STATE_ORDER, state_word

_CELL, _GOOD, _WIDEST = 23, 30, 40
"""Cells of a tile: at least, where there is room for everybody, at most."""
_FOR = 7


class AgentTiles(Painted):
    """A heading that counts states, then the agents by name in columns."""

    DEFAULT_CSS = """
    AgentTiles { height: 1fr; width: 1fr; }
    """

    class Chosen(Message):
        """An agent was clicked."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    def __init__(self, station: Station) -> None:
        """One grid."""
        super().__init__(station, id="tiles")
        self._places: dict[tuple[int, int], str] = {}
        self._cell_width = _CELL

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return heading and grid; who does not fit is counted."""
        agents = sorted(moment.board.agents.values(), key=lambda row: (row.agent.casefold(), row.key))
        room, most = max(1, height - 1), max(1, width // _CELL)
        # No more columns than it takes: a name that is not cut is worth more than an empty cell below.
        columns = min(most, max(1, width // _GOOD, -(-len(agents) // room)))
        cell = self._cell_width = min(width // columns, _WIDEST)
        lines = min(room, -(-len(agents) // columns))
        shown = agents if columns * lines >= len(agents) else agents[: columns * lines - 1]
        self._places = {(index // lines, index % lines): row.key for index, row in enumerate(shown)} if lines else {}
        grid = [self._row(shown, line, lines, columns, cell, moment) for line in range(lines)]
        if len(shown) < len(agents) and grid:
            more = fit(_("+{count} more").format(count=len(agents) - len(shown)), cell)
            grid[-1] = (*grid[-1], (more, "muted"))
        return [self._heading(agents, width, moment), *grid]

    def _heading(self, agents: list[AgentRow], width: int, moment: Moment) -> Line:
        spans: list[Span] = [(_("Agents") + " ", "head-sorted")]
        for state in STATE_ORDER:
            count = sum(agent.state is state for agent in agents)
            if count:
                glyph = moment.look.glyph(state.value)
                spans += [(f" {glyph} ", state.value), (f"{count} {state_word(state)} ", "muted")]
        return tuple(spans)

    def _row(
        self, agents: list[AgentRow], line: int, lines: int, columns: int, cell: int, moment: Moment
    ) -> tuple[Span, ...]:
        spans: list[Span] = []
        for column in range(columns):
            index = column * lines + line
            if index < len(agents):
                spans += self._cell(agents[index], cell, moment)
        return tuple(spans)

    @staticmethod
    def _cell(agent: AgentRow, cell: int, moment: Moment) -> list[Span]:
        look = moment.look
        name_width = cell - _FOR - 4
        text, tone = state_age(agent, moment, "muted")
        calm = agent.state.value in ("available", "unavailable")
        return [
            (f"{look.glyph(agent.state.value)} ", agent.state.value),
            (fit(safe(agent.agent), name_width, "left", look.glyph("ellipsis")), "muted" if calm else "text"),
            (fit(text, _FOR, "right"), tone),
            ("  ", "text"),
        ]

    def on_click(self, event: events.Click) -> None:
        """Open the agent that was clicked."""
        key = self._places.get((event.x // self._cell_width, event.y - 1))
        if key is not None:
            self.post_message(self.Chosen(key))
