"""Whatever happens, the terminal shows what a fresh drawing would show: nothing stale, nothing left behind."""

import io
import random
from typing import Any

import pytest
from rich.color import ColorSystem
from rich.console import Console

from ccops.tui.feed import Frame
from ccops.tui.tight import Pen
from tests.tui_app import Bench, console
from tests.tui_desk import Centre, FakeDesk
from tests.tui_screen import Cell, shown

START = 1_700_000_000.0
KEYS = ("down", "down", "up", "pagedown", "pageup", "end", "home", "m", "S", "greater_than_sign", "z", "tab")
SCREENS = ("1", "2", "3", "6")


class Model:
    """Follows the console's output like a terminal."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.cells: dict[tuple[int, int], Cell] = {}
        self._console = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)
        bench.app._display = self.display  # type: ignore[method-assign, assignment]
        bench.app.screen.refresh(layout=True)

    def display(self, _screen: Any, update: Any) -> None:
        if update is not None and not self.bench.app._batch_count:
            shown(update.render_segments(self._console), self.cells)

    def seen(self) -> dict[tuple[int, int], tuple[str, ...]]:
        return {place: cell.seen() for place, cell in self.cells.items() if self._covers(place)}

    def fresh(self) -> dict[tuple[int, int], tuple[str, ...]]:
        """Draw everything anew."""
        self.bench.app._restyled()
        for widget in self.bench.app.screen.walk_children():
            widget._styles_cache.clear()  # type: ignore[attr-defined]
        pen = Pen(ColorSystem.TRUECOLOR)
        for y, strip in enumerate(self.bench.app.screen._compositor.render_strips()):
            pen.move(0, y)
            pen.draw(list(strip))
        return {place: cell.seen() for place, cell in shown(pen.done()).items() if self._covers(place)}

    def _covers(self, place: tuple[int, int]) -> bool:
        """The second cell of a wide character is not a cell of its own."""
        before = self.cells.get((place[0] - 1, place[1]))
        return before is None or ord(before.char) < 0x2E80


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_terminal_always_shows_what_a_fresh_drawing_would(seed: int) -> None:
    chance = random.Random(seed)
    centre = Centre(seats=30, queues=4, seed=seed, now=START)
    desk = FakeDesk(centre.board)
    now = START
    async with console(desk, size=(chance.choice((90, 130, 170)), 30)) as bench:
        bench.app.station.clock = lambda: now
        bench.app.station.feed.clock = lambda: now
        model = Model(bench)
        await bench.settle()
        for turn in range(16):
            for _ in range(chance.randint(0, 4)):
                centre.now = now
                desk.emit(*centre.step())
            if chance.random() < 0.5:
                await bench.press(*chance.choices(KEYS, k=chance.randint(1, 3)))
            if chance.random() < 0.15:
                await bench.press(chance.choice(SCREENS))
            bench.app.station._frame(Frame(frozenset(("queue", "agent", "call", "ended", "link"))))
            await bench.settle()
            now += chance.choice((0.4, 1.0, 1.0, 7.0))
            bench.app.station._frame(Frame(frozenset(), tick=True))
            await bench.settle()
            seen, fresh = model.seen(), model.fresh()
            wrong = {place: (seen.get(place), cell) for place, cell in fresh.items() if seen.get(place) != cell}
            assert not wrong, (turn, bench.app.stage.crumbs, sorted(wrong.items())[:5])
            await bench.settle()
