"""What the plan of the day says reaches ribbon, alerts and daemon, by the rules; without a roster nothing is loaded."""

import asyncio
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.alerts.ages import PlainAges
from ccops.alerts.figures import FIGURES, OF_PLAN, Reading, Site, measure
from ccops.alerts.planned import in_thread, still
from ccops.alerts.watch import Watch
from ccops.board import AgentRow, AgentState, Board, Change, LinkRow, Membership
from ccops.desk.attention import Attention
from ccops.desk.outlook import Outlook, planned_site
from ccops.desk.roles import Rights
from ccops.settings.model import Role
from ccops.tui.outlook import watch_plan
from tests.planning_world import NOON, World, queue_log, week


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Twice the calls on a Wednesday; two in the morning shift, one late, Carl nowhere."""
    world = World(tmp_path_factory.mktemp("busy"))
    team = world.team()
    world.ingest(queue_log(weeks=7, busy=2.0, swing=0.5))
    world.published([*week(team, "anna", "early"), *week(team, "dora", "early"), *week(team, "bob", "late")], need=1)
    return world


AT = NOON + 5400


def board(**agents: tuple[AgentState, str]) -> Board:
    made = Board(LinkRow("", "", "live", AT - 9000, heard_at=AT))
    for name, (state, reason) in agents.items():
        made.agents[name] = AgentRow(
            key=name, agent=name, interface=name, device=name, state_interface=name, state=state, state_since=AT - 1200,
            pause_reason=reason, memberships=(Membership("sales", 0),),
        )  # fmt: skip
    return made


def test_what_is_measured_are_the_figures_of_the_plan(busy: World) -> None:
    seen = board(Anna=(AgentState.PAUSED, "smoke"), dora=(AgentState.UNAVAILABLE, ""))
    found = Outlook(busy.loaded.settings).at(AT, seen)
    assert found
    assert {one.figure for one in found} == OF_PLAN
    assert all(one.topic == FIGURES[one.figure].topic and one.text for one in found)
    # Dora is not logged in: another rule tells of her.
    assert [(one.key, one.agents[0]) for one in found if one.figure == "off_roster"] == [("Anna", "Anna")]


def test_the_ribbon_shows_them_by_the_rules(busy: World) -> None:
    seen, attention = board(Anna=(AgentState.PAUSED, "smoke")), Attention()
    before = {one.kind for one in attention.notices(seen, AT)}
    assert not before & {"staffing", "staffing_soon", "adherence", "volume"}
    attention.site = planned_site(Site(), busy.loaded.settings, AT, seen)
    found = {one.kind: one for one in attention.notices(seen, AT)}
    assert {"adherence", "volume", "late"} <= set(found)
    assert {"staffing", "staffing_soon"} & set(found)
    assert (found["adherence"].topic, found["adherence"].key, found["adherence"].since) == ("agent", "Anna", AT - 1200)
    assert found["volume"].level == "info"


def test_time_in_the_wrong_state_grows_between_two_looks() -> None:
    reading = Reading("off_roster", "agent", "a", "A", 10.0, lambda: "late", since=AT - 10)
    (found,) = measure(board(), {"off_roster"}, PlainAges(AT + 50), Site(plan=(reading,)))["off_roster"]
    assert (found.value, found.growth) == (60.0, 1.0)


@given(now=st.floats(0, 7200), since=st.none() | st.floats(0, 7200), count=st.floats(0, 50))
def test_a_notice_stands_where_the_rule_says(now: float, since: float | None, count: float) -> None:
    plan = (
        Reading("agents_short", "queue", "sales", "sales", count, lambda: "short", queues=("sales",)),
        Reading("off_roster", "agent", "a", "A", 0.0, lambda: "off", since=since),
    )
    attention = Attention()
    attention.site = Site(plan=plan)
    found = {one.kind: one.level for one in attention.notices(board(), now)}
    assert found.get("staffing") == ("critical" if count > 1.9 else "warning" if count > 0.5 else None)
    assert ("adherence" in found) is (since is not None and now - since > 300)


# -- the watch in the daemon -------------------------------------------------------------------------------------------


class Watched:
    """A desk that shows what it is told."""

    def __init__(self, seen: Board) -> None:
        self.board = seen

    def subscribe(self, _listener: Any) -> Any:
        return lambda: None

    def show(self, change: Change) -> None:
        self.board.apply(change)


async def _until(holds: Any) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def test_the_daemon_keeps_them_as_alerts_and_roles_see_theirs(busy: World, tmp_path: Path) -> None:
    settings = replace(busy.loaded.settings, store=replace(busy.loaded.settings.store, path=tmp_path / "alerts.db"))
    plan = Outlook(busy.loaded.settings).at(AT, board(Anna=(AgentState.PAUSED, "smoke")))
    desk = Watched(board(Anna=(AgentState.PAUSED, "smoke")))
    watch = Watch(desk, settings, sees=lambda _role, _row: True, plan=lambda _now, _board: plan, wall=lambda: AT)
    await watch.start()
    try:
        await _until(lambda: {"adherence", "volume"} <= {row.rule for row in desk.board.alerts.values()})
    finally:
        await watch.close()
    sales = Rights({"lead": Role(users=("x",), queues=("sales",), agents=("Anna",))})
    support = Rights({"lead": Role(users=("x",), queues=("support",), agents=("Bob",))})
    seen = {row.rule for row in desk.board.alerts.values() if sales.sees(row, desk.board)}
    assert "adherence" in seen
    other = [row for row in desk.board.alerts.values() if support.sees(row, desk.board)]
    assert not [row for row in other if row.rule == "adherence" or row.key == "sales"]


async def test_a_fault_or_a_closed_store_keeps_what_was_known(busy: World, tmp_path: Path) -> None:
    answers: list[Any] = [ValueError("a fault"), None]

    def look(_now: float, _board: Board) -> Any:
        answer = answers.pop(0) if answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    settings = replace(busy.loaded.settings, store=replace(busy.loaded.settings.store, path=tmp_path / "alerts.db"))
    desk = Watched(board())
    watch = Watch(desk, settings, sees=lambda _role, _row: True, plan=look, wall=lambda: AT)
    await watch.start()
    await _until(lambda: len(answers) == 1)
    assert watch._unseen >= OF_PLAN
    await watch.close()


# -- the console -------------------------------------------------------------------------------------------------------


async def test_the_console_looks_beside_its_loop_and_not_where_a_daemon_does(busy: World) -> None:
    told: list[Site] = []

    class Station:
        options = type("Options", (), {"settings": busy.loaded.settings})
        board = board(Anna=(AgentState.PAUSED, "smoke"))
        clock = staticmethod(lambda: AT)
        plan = staticmethod(told.append)

    for watched in (True, False):
        Station.board.watched = watched
        task = asyncio.create_task(watch_plan(Station(), first=0.0, every=0.05))  # type: ignore[arg-type]
        if watched:
            await asyncio.sleep(0.3)
            assert told == []
        else:
            await _until(lambda: told)
            assert {one.figure for one in told[0].plan} == OF_PLAN
        task.cancel()


async def test_a_thread_returns_or_raises_where_it_is_waited_for() -> None:
    assert await in_thread("t", lambda: 5) == 5
    with pytest.raises(KeyError):
        await in_thread("t", dict[str, int]().__getitem__, "x")


def test_a_still_board_does_not_move() -> None:
    seen = board(Anna=(AgentState.PAUSED, ""))
    held = still(seen)
    seen.apply(Change(AT, "agent", "Anna", None))
    assert list(held.agents) == ["Anna"]


# -- no roster, no cost ------------------------------------------------------------------------------------------------


def test_without_a_roster_nothing_is_loaded(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.ingest(queue_log(weeks=1))
    code = """
import sys
from pathlib import Path
from ccops.board import Board, LinkRow
from ccops.desk.outlook import Outlook
from ccops.settings import load
settings = load(None, {"CCOPS_STORE__PATH": sys.argv[1], "HOME": "/nonexistent"}).settings
assert Outlook(settings).at(1772622000.0, Board(LinkRow("", "", "live", 0.0))) == ()
print("numpy" in sys.modules, "ortools" in sys.modules, "pandas" in sys.modules)
"""
    for store in (world.folder / "ccops.db", tmp_path / "nothing.db"):
        ran = subprocess.run([sys.executable, "-c", code, str(store)], capture_output=True, text=True, check=True)
        assert ran.stdout.split() == ["False"] * 3


def test_alerts_of_one_look_tell_of_the_plan(busy: World) -> None:
    site = planned_site(Site(), busy.loaded.settings, AT, board())
    assert site.shifts
    assert {"agents_short", "volume_change"} <= {one.figure for one in site.plan}
