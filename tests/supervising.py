"""Helpers of the supervision tests: desks on a lab, an audit in memory, who hears whom."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ccops.board import Board
from ccops.desk.local import LocalDesk
from ccops.desk.roles import Person
from ccops.settings import Secret, Settings
from ccops.settings.model import Actions, Ami, Supervisor
from tests.lab.numbers import AGENT_TONE, CALLER_TONE, SUPERVISOR_TONE
from tests.lab.pbx import Lab
from tests.lab.scenario import Scene

ENOUGH = 0.4
"""Seconds of sound that are looked at."""


@dataclass
class MemoryAudit:
    """The audit of a test: every row with its end."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    ended: list[dict[str, Any]] = field(default_factory=list)

    def begin(self, **row: str) -> int:
        self.rows.append({**row, "result": "open"})
        return len(self.rows) - 1

    def end(self, number: int, *, result: str, detail: str, data: Mapping[str, Any]) -> None:
        self.rows[number] |= {"result": result, "detail": detail, "data": dict(data)}

    def leg_ended(self, **row: Any) -> None:
        self.ended.append(row)


def settings_of(lab: Lab, user: str = "supervisor", **changes: Any) -> Settings:
    """Return the settings of a desk on the lab as one of its manager users."""
    known = lab.user(user)
    ami = Ami(host=lab.host, port=lab.ami_port, username=known.username, secret=Secret(known.secret))
    actions = Actions(transfer_context="internal", queue_context="queues", ring_timeout=8)
    settings = Settings(ami=ami, supervisor=Supervisor(phone="PJSIP/9001"), actions=actions)
    return replace(settings, **changes)


@contextlib.asynccontextmanager
async def desk_on(
    lab: Lab, user: str = "supervisor", *, name: str = "anna", **changes: Any
) -> AsyncIterator[LocalDesk]:
    """Open a desk that stays; wait until it is live."""
    desk = LocalDesk(settings_of(lab, user, **changes), audit=MemoryAudit(), person=Person(name, 1000, (), "test"))
    await desk.run()
    try:
        await shows(desk, lambda board: board.link.state == "live")
        yield desk
    finally:
        await desk.close()


async def shows(desk: LocalDesk, holds: Callable[[Board], bool], timeout: float = 10) -> None:
    """Wait until the board shows that `holds`."""
    end = time.monotonic() + timeout
    while not holds(desk.board):
        assert time.monotonic() < end, f"not shown within {timeout} s: {desk.board}"
        await asyncio.sleep(0.02)


async def in_call(desk: LocalDesk, agent: str) -> None:
    """Wait until the board shows the agent talking, with a channel to listen to."""
    await shows(
        desk, lambda board: any(row.agent == agent and row.channel and row.call_id for row in board.agents.values())
    )


@dataclass(frozen=True)
class Ears:
    """Who hears whom at one moment."""

    supervisor_hears_caller: bool
    supervisor_hears_agent: bool
    agent_hears_supervisor: bool
    caller_hears_supervisor: bool
    agent_hears_caller: bool

    def __str__(self) -> str:
        return (
            " ".join(name for name in self.__slots__ if getattr(self, name))
            if hasattr(self, "__slots__")
            else repr(self)
        )


LISTEN = Ears(True, True, False, False, True)
WHISPER = Ears(True, True, True, False, True)
PRIVATE = Ears(False, False, True, False, True)
BARGE = Ears(True, True, True, True, True)


def ears(scene: Scene, caller: Any, agent: str = "1001", supervisor: str = "9001", *, settle: float = 0.6) -> Ears:
    """Listen for a moment at all three phones."""
    time.sleep(settle)
    begin = time.time()
    end = begin + ENOUGH
    at_supervisor, at_agent, at_caller = scene.tape(supervisor), scene.tape(agent), scene.tape(caller)
    return Ears(
        at_supervisor.heard(CALLER_TONE, begin, end),
        at_supervisor.heard(AGENT_TONE, begin, end),
        at_agent.heard(SUPERVISOR_TONE, begin, end),
        at_caller.heard(SUPERVISOR_TONE, begin, end),
        at_agent.heard(CALLER_TONE, begin, end),
    )


def taken_over(scene: Scene, caller: Any) -> None:
    """Caller and supervisor hear each other, the agent hears nobody and is free."""
    time.sleep(0.6)
    begin = time.time()
    end = begin + 0.4
    assert scene.tape(caller).heard(SUPERVISOR_TONE, begin, end)
    assert not scene.tape(caller).heard(AGENT_TONE, begin, end)
    assert scene.tape("9001").heard(CALLER_TONE, begin, end)
    assert not scene.tape("9001").heard(AGENT_TONE, begin, end)
