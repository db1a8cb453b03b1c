"""The console on a made-up centre, as the benchmark starts it: `python -m benchmarks.console_child MODE [SCREEN]`.

Modes: busy (a busy hour of 50 seats), flood (5,000 changes a second), events (a marked caller every half second).
"""

import asyncio
import itertools
import sys
import time
from dataclasses import replace

from ccops.board import AgentState, CallRow, Change
from ccops.desk import Desk
from ccops.settings import Settings
from ccops.tui.app import run_console
from tests.tui_desk import Centre, FakeDesk

BUSY_STEPS = 1.0
"""Steps of the centre per second, each about three changes: 600 calls in an hour, five steps each, and the pauses."""
FLOOD = 5000
_BEAT = 0.02


async def busy(desk: FakeDesk, centre: Centre) -> None:
    """Let the centre live at the pace of a busy hour."""
    while True:
        await asyncio.sleep(1 / BUSY_STEPS)
        centre.now = time.time()
        desk.emit(*centre.step())


async def flood(desk: FakeDesk, centre: Centre) -> None:
    """Change agents' rows 5,000 times a second, every change another state."""
    rows = list(centre.board.agents.values())
    states = itertools.cycle(AgentState)
    turn = itertools.cycle(range(len(rows)))
    per_beat, begun, sent = int(FLOOD * _BEAT), time.monotonic(), 0
    while True:
        now = time.time()
        changes = []
        for _ in range(per_beat):
            index = next(turn)
            rows[index] = replace(rows[index], state=next(states), state_since=now)
            changes.append(Change(now, "agent", rows[index].key, rows[index]))
        desk.emit(*changes)
        sent += per_beat
        await asyncio.sleep(max(0.0, begun + sent / FLOOD - time.monotonic()))


async def events(desk: FakeDesk, centre: Centre) -> None:
    """Let a caller come whose name is the time, so that whoever reads the screen knows how late it is."""
    desk.task = asyncio.create_task(busy(desk, centre))  # type: ignore[attr-defined]
    for number in itertools.count():
        await asyncio.sleep(0.5 + 0.013 * (number % 17))
        stamp = f"EV{time.monotonic_ns() // 1000}Z"
        key = f"ev{number}"
        row = CallRow(key, "sales", "", stamp, "waiting", time.time() - 3600 + number)
        desk.put("call", key, row)
        desk.put("call", f"ev{number - 1}", None)


MODES = {"busy": busy, "flood": flood, "events": events}


def main() -> int:
    """Run one mode on one screen until a key ends it."""
    mode, screen = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None

    async def factory() -> Desk:
        centre = Centre(now=time.time())
        desk = FakeDesk(centre.board)
        desk.driver = asyncio.create_task(MODES[mode](desk, centre))  # type: ignore[attr-defined]
        return desk

    return run_console(factory, Settings(), screen=screen)


if __name__ == "__main__":
    sys.exit(main())
