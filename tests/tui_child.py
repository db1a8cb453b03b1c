"""The console as a program of its own, for the tests of the terminal: `python -m tests.tui_child KIND`."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

from ccops.desk import Desk
from ccops.errors import LoginRefused
from ccops.settings import Settings
from ccops.settings.model import Ami
from ccops.settings.secret import Secret
from ccops.tui.app import run_console
from tests.tui_app import agent, small_desk
from tests.tui_desk import FakeDesk
from tests.tui_history import settings_for

CANARY = "k4n4rie"
"""The secret of the configuration."""
HOSTILE = "\x1b]0;owned\x07[/]\x1b[2J\x9b31m\u202e[@click=app.quit]x"


async def calm() -> Desk:
    """Return a desk on which nothing happens."""
    return small_desk()


async def hostile() -> Desk:
    """Return a desk whose names try to steer the terminal."""
    desk = small_desk()
    desk.board.agents = {key: replace(row, agent=HOSTILE) for key, row in desk.board.agents.items()}
    desk.board.calls = {key: replace(row, caller_name=HOSTILE) for key, row in desk.board.calls.items()}
    desk.board.queues = {key: replace(row, title=HOSTILE, available=0) for key, row in desk.board.queues.items()}
    return desk


async def busy() -> Desk:
    """Return a desk on which every row changes all the time."""
    desk = small_desk()
    desk.board.agents |= {f"PJSIP/{n}": agent(f"Agent {n}", n) for n in range(2000, 2060)}
    desk.driver = asyncio.create_task(_change(desk))  # type: ignore[attr-defined]
    return desk


async def _change(desk: FakeDesk) -> None:
    number = 0
    while True:
        number += 1
        for key, row in list(desk.board.agents.items()):
            desk.put("agent", key, replace(row, agent=f"{number} {key}"))
        await asyncio.sleep(0.02)


async def refused() -> Desk:
    """Fail as a wrong secret does."""
    raise LoginRefused("The PBX refuses the secret.", remedy="Check ami.secret.")


async def broken() -> Desk:
    """Fail as only a fault of ours can."""
    caller = "+4930 5550123"
    raise ZeroDivisionError(f"boom {len(caller)} {CANARY}")


KINDS = {"calm": calm, "hostile": hostile, "busy": busy, "refused": refused, "broken": broken}

if __name__ == "__main__":
    past = os.environ.get("PAST")
    given = settings_for(Path(past)) if past else Settings(ami=Ami(secret=Secret(CANARY)))
    screen = "reports" if "--reports" in sys.argv else None
    sys.exit(run_console(KINDS[sys.argv[1]], given, screen=screen, ascii="--ascii" in sys.argv))
