"""The console's schedule through the daemon: people who may not touch the store see, plan or are refused, by role."""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ccops.settings import Settings, load
from ccops.tui.dialogs import Choose, Confirm
from tests.daemons import NOBODY, Daemon, as_root, simulated
from tests.planning_world import WEDNESDAY, World, queue_log
from tests.test_planning_daemon import LISTENER, PLANNER, ROLES, planned
from tests.test_tui_schedule import asked, cursor_to, judged, line, room, schedule_of, sheet, typed
from tests.tui_app import Bench

WATCHER = 54_005
THURSDAY = WEDNESDAY + timedelta(days=1)
CREW = f"""{ROLES}
[roles.watchers]
users = ["uid{WATCHER}"]
actions = ["wfm.read"]
"""


def settings_of(daemon: Daemon) -> Settings:
    """Return the settings of somebody who knows the daemon's socket and has no store."""
    variables = {
        "HOME": "/nonexistent", "CCOPS_DAEMON__SOCKET": str(daemon.place), "CCOPS_STORE__PATH": "/dev/null/ccops.db",
        "CCOPS_SITE__TIMEZONE": "UTC",
    }  # fmt: skip
    return load(None, variables).settings


@asynccontextmanager
async def attached(daemon: Daemon, uid: int, patch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """Run the console on its schedule as another user, attached to the daemon like its processes."""
    patch.setattr(
        "ccops.tui.beside.command_of", lambda module: [sys.executable, "-m", "tests.planner_as", str(uid), module]
    )
    patch.chdir(Path(__file__).parent.parent)
    settings = settings_of(daemon)
    async with daemon.desk(daemon.connect(uid, NOBODY)) as desk, schedule_of(settings, desk=desk) as bench:
        yield bench


@as_root
async def test_a_planner_changes_keeps_and_publishes_what_lies_with_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    async with simulated(CREW) as (_sim, daemon):
        world = planned(daemon)
        async with attached(daemon, PLANNER, monkeypatch) as bench:
            await cursor_to(bench, "bob", THURSDAY)
            assert "version 1, published" in bench.lines()[1]
            await bench.press("x", "w")
            await typed(bench, "bob is free")
            await bench.until(lambda: "version 2, a draft" in bench.lines()[1])
            assert _head(world) == (2, "draft", f"uid{PLANNER}", "bob is free")
            await judged(bench)
            await bench.press("P")
            await asked(bench, Confirm)
            await bench.until(lambda: "bob: Thu 03-05" in bench.text())
            await bench.press("y")
            await bench.until(lambda: "version 2, published" in bench.lines()[1])
        assert _head(world)[:2] == (2, "published")
        assert {"wfm.roster", "wfm.publish"} <= _audited(world, PLANNER)


@as_root
async def test_a_sick_call_is_written_and_solved_through_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccops.tui.schedule.asking._SECONDS", 1.0)
    async with simulated(CREW) as (_sim, daemon):
        world = planned(daemon)
        async with attached(daemon, PLANNER, monkeypatch) as bench:
            await cursor_to(bench, "bob", THURSDAY)
            await bench.press("S")
            await asked(bench, Choose)
            await typed(bench, "only Thu")
            await asked(bench, Confirm)
            await bench.until(lambda: "bob is sick, Thu 03-05?" in bench.text())
            await bench.press("y")
            await bench.until(lambda: bench.app.stage.crumbs[-1] == "Where it is short", 60)
            await bench.press("escape")
            await judged(bench)
            assert not sheet(bench).draft.row("bob", THURSDAY).shift
            assert "sick" in line(bench, "bob")
        assert _head(world) == (2, "draft", f"uid{PLANNER}", "sick: bob")
        (row,) = world.data("leave", "list")
        assert (row["person"], row["kind"], row["decided_by"]) == ("bob", "sick", f"uid{PLANNER}")
        assert {"wfm.sick", "wfm.roster"} <= _audited(world, PLANNER)


@as_root
async def test_the_rest_of_today_is_the_daemons(monkeypatch: pytest.MonkeyPatch) -> None:
    async with simulated(CREW) as (_sim, daemon):
        world = planned(daemon)
        world.ingest(queue_log())
        async with attached(daemon, WATCHER, monkeypatch) as bench:
            await judged(bench)
            await bench.press("I")
            await bench.until(lambda: "agent hours missing   service level" in bench.text(), 30)
            today = datetime.fromtimestamp(time.time(), UTC).date().isoformat()
            assert today in bench.lines()[1]  # its clock and its store, not ours


@as_root
async def test_a_supervisor_without_the_right_to_plan_looks_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with simulated(CREW) as (_sim, daemon):
        world = planned(daemon)
        async with attached(daemon, WATCHER, monkeypatch) as bench:
            await cursor_to(bench, "bob", THURSDAY)
            assert "12:00-20:00" in line(bench, "bob")
            assert sheet(bench).book.allowed == {"wfm.read"}
            for key, right in (
                ("x", "wfm.roster"), ("o", "wfm.roster"), ("P", "wfm.publish"), ("S", "wfm.sick"),
                ("L", "wfm.leave.request"), ("O", "wfm.swap.offer"),
            ):  # fmt: skip
                await bench.press(key)
                await bench.until(lambda: right in bench.text())  # noqa: B023 (asked at once)
                assert not isinstance(bench.app.screen, Choose | Confirm)
            assert not sheet(bench).draft.changes()
            shown = bench.lines()[-1]
            assert "solve" not in shown
            assert "publish" not in shown
            await bench.press("i")
            await bench.until(lambda: "are where they should be" in bench.lines()[1])
        assert _head(world)[:2] == (1, "published")
        assert world.data("leave", "list") == []
        assert not _audited(world, WATCHER)


@as_root
async def test_who_has_no_right_in_planning_sees_no_plan_and_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async with simulated(CREW) as (_sim, daemon):
        planned(daemon)
        async with attached(daemon, LISTENER, monkeypatch) as bench:
            await bench.until(lambda: room(bench).trouble is not None, 20)
            await bench.until(lambda: "wfm.read" in bench.text() or "roles" in bench.text())
            assert room(bench).sheet is None
            assert "bob" not in bench.text()
            await bench.press("S", "x", "I", "l")
            assert bench.app.stage.crumbs == ["Schedule"]


@as_root
async def test_a_daemon_that_goes_away_is_told_and_what_was_changed_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    async with simulated(CREW) as (_sim, daemon):
        world = planned(daemon)
        async with attached(daemon, PLANNER, monkeypatch) as bench:
            await cursor_to(bench, "bob", THURSDAY)
            await bench.press("x")
            await judged(bench)
            await daemon.close()
            await bench.press("w")
            await typed(bench, "")
            await bench.until(lambda: "aemon" in bench.lines()[-1], 20)
            assert sheet(bench).draft.changes()
            await daemon.start()
            await bench.press("w")
            await typed(bench, "after all")
            await bench.until(lambda: "version 2, a draft" in bench.lines()[1], 20)
        assert _head(world)[3] == "after all"


def _head(world: World) -> tuple[Any, ...]:
    """Return number, state, maker and note of the newest version."""
    row = world.data("roster", "list")[0]
    return row["version"], row["state"], row["who"], row["note"]


def _audited(world: World, uid: int) -> set[str]:
    import json

    rows = json.loads(world.run("audit", "list", "--json").out)
    return {row["action"] for row in rows if row["who"] == f"uid{uid}" and row["result"] == "done"}
