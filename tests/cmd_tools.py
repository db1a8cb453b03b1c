"""A world for commands in tests: streams, variables, clock, and a desk with a board of our own."""

import asyncio
import io
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ccops.board import AgentRow, AgentState, Board, CallRow, Change, Figures, LinkRow, Membership, QueueRow
from ccops.cmd.environment import Environment
from ccops.cmd.main import main
from ccops.desk.api import Listener, Outcome
from ccops.settings import Settings

NOW = 1_772_600_400.0
"""2026-03-04 05:00:00 UTC."""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Result:
    """How one run ended."""

    code: int
    out: str
    err: str


def invoke(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    terminal: bool = False,
    stdout: Any = None,
) -> Result:
    """Run ccops in a world without files and variables of the machine."""
    kind = Terminal if terminal else io.StringIO
    out, err = stdout or kind(), kind()
    variables = {"HOME": "/nonexistent", "TZ": "Asia/Shanghai", "CCOPS_AMI__USERNAME": "tester", **(env or {})}
    code = main(arguments, Environment(kind(stdin), out, err, variables, lambda: NOW))
    return Result(code, "" if stdout else out.getvalue(), err.getvalue())


@dataclass
class FakeDesk:
    """A desk whose board a test made; changes are sent by the test."""

    board: Board
    read_only: bool = False
    listeners: list[Listener] = field(default_factory=list)
    closed: bool = False

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def send(self, *changes: Change) -> None:
        for change in changes:
            self.board.apply(change)
        for listener in tuple(self.listeners):
            listener(changes)

    def offers(self, topic: str) -> Sequence[str]:
        return ()

    async def do(self, action: str, target: str = "", **arguments: Any) -> Outcome:
        raise NotImplementedError

    async def close(self) -> None:
        self.closed = True
        self.board.link = replace(self.board.link, state="down", detail="The link is closed.")
        await asyncio.sleep(0)


def seat(monkeypatch: pytest.MonkeyPatch, desk: FakeDesk) -> FakeDesk:
    """Make every command find this desk instead of an engine."""

    link = getattr(desk.board, "link", None)

    async def open_desk(_settings: Settings, *, read_only: bool = False, live: bool = True) -> FakeDesk:
        desk.read_only = read_only
        if link is not None:
            desk.board.link = link
        return desk

    engine = types.SimpleNamespace(open_desk=open_desk, live_desk=open_desk)
    monkeypatch.setitem(sys.modules, "ccops.desk.local", engine)
    return desk


def a_board() -> Board:
    """A small centre with everything that is hard to print."""
    link = LinkRow(
        site="Riverside", host="pbx", state="live", since=NOW - 100, heard_at=NOW - 0.25, version="22.1.0",
        clock_offset=0.01234, figures_from="seen", figures_since=NOW - 3600,
    )  # fmt: skip
    sales = QueueRow(
        queue="sales", title="销售", waiting=2, oldest_entered_at=NOW - 75.5, members=2, talking=1, paused=1,
        today=Figures(offered=10, answered=8, abandoned=1, service_level=0.875, asa=12.3456),
    )  # fmt: skip
    support = QueueRow(queue="support", members=1, available=1)
    anna = AgentRow(
        key="PJSIP/1001", agent="李安娜", interface="PJSIP/1001", device="PJSIP/1001",
        memberships=(Membership("sales"), Membership("support", penalty=5)), state=AgentState.TALKING,
        state_since=NOW - 60, queue="sales", call_id="1.1", caller_number="+4930123", caller_name="=cmd|' /C calc'!A0",
        today=Figures(answered=4),
    )  # fmt: skip
    bob = AgentRow(
        key="Local/1002@from-queue/n", agent="Bob", interface="Local/1002@from-queue/n", device="PJSIP/1002",
        memberships=(Membership("sales", paused=True, pause_reason="Lunch"),), state=AgentState.PAUSED,
        state_since=NOW - 4000, pause_reason="Lunch",
    )  # fmt: skip
    calls = [
        CallRow(
            "1.1", "sales", "+4930123", "=cmd|' /C calc'!A0", "talking", NOW - 90, answered_at=NOW - 60, agent="李安娜"
        ),
        CallRow("1.2", "sales", "", "\x1b[2Jevil\u202e[red]", "waiting", NOW - 75.5, position=1),
        CallRow("1.3", "sales", "555", 'a,"b"\nc', "waiting", NOW - 5, position=2),
    ]
    return Board(
        link,
        queues={row.queue: row for row in (sales, support)},
        agents={row.key: row for row in (anna, bob)},
        calls={row.call_id: row for row in calls},
    )
