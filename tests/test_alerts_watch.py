"""The watch on a board of our own: when it looks, what it holds back, and what a broken store or rule costs it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ccops.alerts import watch as module
from ccops.alerts.watch import Watch
from ccops.board import Board, Change, LinkRow, QueueRow
from ccops.settings import Settings
from ccops.settings.alerting import AlertRule
from ccops.settings.model import Store

OFF = {name: AlertRule(off=True) for name in ("nobody", "disk", "wait")}


@dataclass
class Desk:
    """A board that a test changes."""

    board: Board = field(default_factory=lambda: Board(LinkRow("m", "pbx", "live", time.time() - 60, time.time())))
    listeners: list[Callable[[Sequence[Change]], None]] = field(default_factory=list)

    def subscribe(self, listener: Callable[[Sequence[Change]], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def show(self, change: Change) -> None:
        self.put(change.topic, change.key, change.row)

    def put(self, topic: Any, key: str, row: Any) -> None:
        change = Change(time.time(), topic, key, row)
        self.board.apply(change)
        for listener in tuple(self.listeners):
            listener([change])

    def waiting(self, count: int, since: float | None = None) -> None:
        began = (time.time() if since is None else since) if count else None
        self.put("queue", "q", QueueRow("q", waiting=count, oldest_entered_at=began, members=2, available=1))

    def rules(self) -> dict[str, str]:
        return {row.rule: row.level for row in self.board.alerts.values()}


@asynccontextmanager
async def watching(store: Path, rules: dict[str, AlertRule]) -> AsyncIterator[tuple[Desk, Watch]]:
    desk = Desk()
    settings = Settings(store=Store(path=store), alert_rules={**OFF, **rules})
    one = Watch(desk, settings, sees=lambda _role, _row: True)
    await one.start()
    try:
        yield desk, one
    finally:
        await one.close()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_time_alone_raises_what_nobody_reports(tmp_path: Path) -> None:
    rules = {
        "slow": AlertRule(figure="longest_wait", warning=2, critical=3),
        "long": AlertRule(figure="waiting", info=0, lasting=2),
    }
    async with watching(tmp_path / "s.db", rules) as (desk, _watch):
        await asyncio.sleep(1.2)
        desk.waiting(1)
        begun = time.monotonic()
        await until(lambda: desk.rules().get("slow") == "warning")
        assert time.monotonic() - begun >= 1.9
        await until(lambda: desk.rules() == {"slow": "critical", "long": "info"})
        desk.waiting(0)
        await until(lambda: not desk.rules())


async def test_it_looks_seldom_when_nothing_happens_and_at_most_five_times_a_second_when_much_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(tmp_path / "s.db", {}) as (desk, watch):
        await asyncio.sleep(1.5)
        looks: list[float] = []
        judge = watch._judge

        def counted(wall: float, at: float) -> None:
            looks.append(at)
            judge(wall, at)

        monkeypatch.setattr(watch, "_judge", counted)
        for number in range(200):
            desk.waiting(number % 3)
            await asyncio.sleep(0.005)
        lasted = looks[-1] - looks[0]
        assert len(looks) <= lasted / module.AT_MOST_EVERY + 2
        desk.waiting(0)
        await asyncio.sleep(0.3)
        looks.clear()
        await asyncio.sleep(2)
        assert len(looks) <= 2


async def test_while_the_link_is_down_nothing_of_the_pbx_is_raised_or_over(tmp_path: Path) -> None:
    rules = {"crowd": AlertRule(figure="waiting", warning=1), "slow": AlertRule(figure="longest_wait", warning=1)}
    async with watching(tmp_path / "s.db", rules) as (desk, _watch):
        desk.waiting(2)
        await until(lambda: "crowd" in desk.rules())
        desk.put("link", "link", replace(desk.board.link, state="down"))
        await until(lambda: "link" in desk.rules())
        desk.waiting(0)
        await asyncio.sleep(1.5)
        assert "crowd" in desk.rules()
        desk.put("link", "link", replace(desk.board.link, state="live"))
        await until(lambda: not desk.rules())


async def test_a_store_that_cannot_be_read_at_the_start_loses_no_alert_of_before(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.mkdir()
    async with watching(path, {"crowd": AlertRule(figure="waiting", warning=1)}) as (desk, watch):
        desk.waiting(2)
        await until(lambda: "crowd" in desk.rules())
        assert watch.keeper.last > 1_700_000_000


async def test_a_fault_while_judging_costs_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [ValueError("odd")]
    async with watching(tmp_path / "s.db", {"crowd": AlertRule(figure="waiting", warning=1)}) as (desk, watch):
        judge = watch._judge

        def odd(wall: float, at: float) -> None:
            if faults:
                raise faults.pop()
            judge(wall, at)

        monkeypatch.setattr(watch, "_judge", odd)
        desk.waiting(2)
        await until(lambda: not faults)
        desk.waiting(3)
        await until(lambda: "crowd" in desk.rules())
