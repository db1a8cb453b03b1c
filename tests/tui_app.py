"""Runs the console in a test, on a fake desk, without a terminal."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input

from ccops.board import AgentRow, AgentState, Board, CallRow, Figures, LinkRow, Membership, QueueRow
from ccops.desk import Desk
from ccops.settings import Settings
from ccops.tui.app import ConsoleApp
from ccops.tui.memory import Memory
from ccops.tui.options import look_for, options_from
from ccops.tui.rowlist import RowList
from tests.tui_desk import FakeDesk

NOW = 1_700_000_000.0


@dataclass
class Bench:
    """A running console and its parts."""

    app: ConsoleApp
    pilot: Pilot[int]
    desk: FakeDesk

    async def press(self, *keys: str) -> None:
        """Press keys one after the other; each is dealt with before the next."""
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
            event = events.Key(name, key if len(key) == 1 else None)
            event.set_sender(self.app)
            self.app.post_message(event)
            await self.settle()

    async def settle(self) -> None:
        """Wait until every widget has dealt with its messages, and with those that came of them, and is drawn."""
        # A key climbs from the focused widget to the app and may mount a screen: each round is a step of that.
        for _ in range(5):
            await self.pilot._wait_for_screen()
        self.app.screen._on_timer_update()

    async def type(self, text: str) -> None:
        """Put a text into the field that has the keys."""
        field = self.app.focused
        assert isinstance(field, Input)
        field.value = text
        await self.settle()

    async def until(self, holds: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"never held; the screen shows:\n{self.text()}")
            await asyncio.sleep(0.01)
            await self.settle()

    def lines(self) -> list[str]:
        """Return what the screen on top shows."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        """Return the screen as one text."""
        return "\n".join(self.lines())

    def flowing(self) -> str:
        """Return the words of the screen in order, however long paths have wrapped its lines."""
        return " ".join(self.text().split())

    def rows(self) -> RowList[Any]:
        """Return the list that has the keys."""
        view = self.app.stage.view
        assert view is not None
        found = view.active_list()
        assert found is not None
        return found

    def line_of(self, word: str) -> int:
        """Return the first line of the screen with that word."""
        return next(index for index, line in enumerate(self.lines()) if word in line)


@asynccontextmanager
async def console(
    desk: FakeDesk | None = None,
    *,
    size: tuple[int, int] = (120, 40),
    now: float | None = NOW,
    folder: Path | None = None,
    options: dict[str, Any] | None = None,
    wait: bool = True,
    **started: Any,
) -> AsyncIterator[Bench]:
    """Run the console; `now` stops its clock, None lets it run; `options` are set beside the settings."""
    desk = small_desk() if desk is None else desk

    async def factory() -> Desk:
        return desk

    with tempfile.TemporaryDirectory() as temporary:
        memory = Memory(folder or Path(temporary))
        given = replace(options_from(Settings(), **started), **(options or {}))
        clock: Callable[[], float] = time.time if now is None else lambda: now
        app = ConsoleApp(factory, given, memory, look_for(given, memory), clock=clock)
        async with app.run_test(size=size) as pilot:
            bench = Bench(app, pilot, desk)
            if wait:
                await bench.until(lambda: app.station.desk is not None)
                await asyncio.sleep(0.13)  # the first frame
                await bench.settle()
            yield bench


def agent(name: str, number: int, state: AgentState = AgentState.AVAILABLE, **more: Any) -> AgentRow:
    """Return an agent of sales."""
    key = f"PJSIP/{number}"
    row = AgentRow(
        key,
        name,
        key,
        key,
        memberships=(Membership("sales"),),
        state=state,
        state_since=NOW - number % 1000,
        today=Figures(answered=number % 10, missed=0, talk=600.0, aht=120.0, occupancy=0.5),
    )
    return replace(row, **more)


def caller(call_id: str, name: str = "Pia Lund", **more: Any) -> CallRow:
    """Return a caller who waits in sales."""
    return replace(CallRow(call_id, "sales", "+4930123", name, "waiting", NOW - 12, position=1), **more)


def small_desk(**more: Any) -> FakeDesk:
    """Return a desk with two queues, four agents and two calls."""
    board = Board(LinkRow("Riverside", "pbx.example", "live", NOW - 100, NOW, "22.10.0", figures_from="queue_log"))
    today = Figures(offered=10, answered=9)
    board.queues = {
        "sales": QueueRow("sales", "Sales", 1, NOW - 12, 3, 1, talking=1, paused=1, today=today),
        "support": QueueRow("support", "Support", 0, None, 1, 1),
    }
    talking = agent(
        "Bo Chen",
        1002,
        AgentState.TALKING,
        call_id="c2",
        channel="PJSIP/1002-1",
        caller_number="+4940999",
        caller_name="Ivo Kaya",
        queue="sales",
    )
    resting = (Membership("sales", paused=True),)
    people = [
        agent("Anna Berg", 1001),
        talking,
        agent("Carla Diaz", 1003, AgentState.PAUSED, pause_reason="lunch", memberships=resting),
        agent("王小明", 1004, memberships=(Membership("support"),)),
    ]
    board.agents = {row.key: row for row in people}
    live = caller(
        "c2",
        "Ivo Kaya",
        caller_number="+4940999",
        state="talking",
        position=None,
        entered_at=NOW - 60,
        answered_at=NOW - 40,
        agent="Bo Chen",
        agent_key="PJSIP/1002",
    )
    board.calls = {"c1": caller("c1"), "c2": live}
    return FakeDesk(board, **more)
