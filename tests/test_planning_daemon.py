"""Planning through the daemon: people who may not touch the store plan all the same, by role, and are audited."""

import asyncio
import contextlib
import io
import json
import socket
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccops.cmd.environment import Environment
from ccops.cmd.main import main
from ccops.desk.daemon import codec
from ccops.desk.daemon.planning import Pieces, PlanningService
from ccops.desk.planning.away import Away, may_write
from ccops.desk.planning.deeds import deed_of
from ccops.desk.planning.office import Office
from ccops.desk.planning.wire import plain, tagged, taken, untagged
from ccops.desk.roles import Person, Rights
from ccops.errors import CcopsError, LinkError, UsageProblem
from ccops.settings import load
from ccops.store.planning import DayRow, LeaveRow
from tests.daemons import NOBODY, PATIENCE, Daemon, Ran, Served, as_root, served, simulated
from tests.planning_world import NOON, TEAM, WEDNESDAY, World, history_csv, queue_log, week, worked

THURSDAY = WEDNESDAY + timedelta(days=1)
PLANNER, AGENT, STRANGER, LISTENER = 54_001, 54_002, 54_003, 54_004
ROLES = f"""
[roles.planners]
users = ["uid{PLANNER}"]
actions = ["wfm.*"]
[roles.agents]
users = ["uid{AGENT}"]
actions = []
queues = []
[roles.listeners]
users = ["uid{LISTENER}"]
actions = ["listen"]
"""
CREW = TEAM.replace('login = "annam"', f'login = "uid{AGENT}"')


def planned(door: Daemon | Served) -> World:
    """Give the daemon's store a team and a published roster, as its owner would."""
    world = World(door.folder, CCOPS_SITE__TIMEZONE="UTC", CCOPS_DAEMON__SOCKET="/nonexistent/socket")
    team = world.team(CREW)
    rows = [*week(team, "anna", "early"), *week(team, "dora", "early"), *week(team, "bob", "late")]
    world.published([*rows, *week(team, "carl", "late")], need=1)
    return world


async def as_user(door: Daemon | Served, uid: int, *arguments: str) -> Ran:
    """Run a command as another user, who knows the daemon's socket and may not touch its store."""

    class Somebody(Away):
        def _reach(self) -> socket.socket:
            return door.connect(uid, NOBODY) if uid else super()._reach()

    out, err = io.StringIO(), io.StringIO()
    variables = {
        "HOME": "/nonexistent", "CCOPS_DAEMON__SOCKET": str(door.place), "CCOPS_STORE__PATH": "/dev/null/ccops.db",
        "CCOPS_SITE__TIMEZONE": "UTC",
    }  # fmt: skip
    environment = Environment(io.StringIO(), out, err, variables, lambda: NOON)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ccops.desk.planning.away.Away", Somebody)
        code = await asyncio.to_thread(main, arguments, environment)
    return Ran(code, out.getvalue(), err.getvalue())


async def data(door: Daemon | Served, uid: int, *arguments: str) -> Any:
    ran = await as_user(door, uid, "wfm", *arguments, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


# -- a daemon in a process of its own ----------------------------------------------------------------------------------


@as_root
async def test_a_planner_who_may_not_read_the_store_plans_through_the_daemon() -> None:
    async with simulated(ROLES) as (_sim, daemon):
        world = planned(daemon)
        asked = await data(daemon, PLANNER, "leave", "request", "anna", "--from", "2026-03-07")
        assert (asked["leave"], asked["state"], asked["fits"]) == (1, "requested", True)
        assert (await data(daemon, PLANNER, "leave", "approve", "1"))["state"] == "approved"
        assert (await data(daemon, PLANNER, "sick", "carl", "--from", "2026-03-05", "--no-solve"))["kind"] == "sick"
        (open_,) = [await data(daemon, PLANNER, "swap", "open", "2026-03-06", "late")]
        assert open_["state"] == "offered"
        again = await data(daemon, PLANNER, "roster", "assign", "bob", "2026-03-06", "off")
        shown = await data(daemon, PLANNER, "roster", "show", str(again["version"]), "--person", "bob")
        assert [row["day"] for row in shown] == [f"2026-03-0{number}" for number in range(2, 6)]
        assert (await data(daemon, PLANNER, "roster", "publish", "--yes"))["state"] == "published"
        team = daemon.folder / "new.toml"
        team.write_text(CREW.replace('target = "80/20"', 'target = "90/20"'))
        assert (await data(daemon, PLANNER, "team", "import", str(team)))["version"] == 2
        rows = json.loads(world.run("audit", "list", "--json").out)
        mine = [(row["action"], row["result"]) for row in rows if row["who"] == f"uid{PLANNER}"]
        assert sorted(mine) == sorted(
            (name, "done")
            for name in ("wfm.leave.request", "wfm.leave.decide", "wfm.sick", "wfm.swap.decide", "wfm.roster",
                         "wfm.publish", "wfm.team")
        )  # fmt: skip
        assert all(row["origin"].startswith("socket pid") for row in rows if row["who"] == f"uid{PLANNER}")
        assert json.loads(world.run("audit", "verify", "--json").out)["ok"] is True


@as_root
async def test_the_solver_runs_with_the_planner_and_its_roster_is_the_daemons() -> None:
    async with simulated(ROLES) as (_sim, daemon):
        world = planned(daemon)
        calls = daemon.folder / "history.csv"
        calls.write_text(history_csv())
        arguments = ("--weeks", "1", "--from", "2026-03-09", "--seconds", "1", "--from-csv", str(calls))
        made = await data(daemon, PLANNER, "roster", "solve", *arguments)
        assert (made["state"], made["first"]) == ("draft", "2026-03-09")
        kept = world.data("roster", "list")[0]
        assert (kept["version"], kept["who"]) == (made["version"], f"uid{PLANNER}")
        ill = await data(daemon, PLANNER, "sick", "bob", "--from", "2026-03-05", "--seconds", "1")
        assert (ill["version"], ill["published"]) == (made["version"] + 1, False)
        page = await as_user(daemon, PLANNER, "wfm", "roster", "export", str(made["version"]), "--json")
        assert json.loads(page.out)["kind"] == "ccops-roster"


@as_root
async def test_forecasts_of_a_store_that_is_the_daemons() -> None:
    async with simulated(ROLES) as (_sim, daemon):
        world = planned(daemon)
        world.ingest(queue_log(weeks=4))
        asked = ("--interval", "30m", "--queue", "sales")
        first = ("forecast", "--weeks", "1", "--start", "2026-03-09", *asked)
        assert await data(daemon, PLANNER, *first) == world.data(*first)
        last = ("backtest", "--weeks", "1", "--ahead", "1", *asked)
        assert await data(daemon, PLANNER, *last) == world.data(*last)
        assert (await as_user(daemon, AGENT, "wfm", *first)).code == 4
        assert "slaes" in (await as_user(daemon, PLANNER, "wfm", "forecast", "--queue", "slaes")).err


@as_root
async def test_an_agent_asks_for_themselves_and_sees_nobody_elses_leave() -> None:
    async with simulated(ROLES) as (_sim, daemon):
        planned(daemon)
        await data(daemon, PLANNER, "leave", "request", "bob", "--from", "2026-03-07", "--note", "private")
        assert (await data(daemon, AGENT, "leave", "request", "anna", "--from", "2026-03-07"))["person"] == "anna"
        assert [row["person"] for row in await data(daemon, AGENT, "leave", "list")] == ["anna"]
        assert (await data(daemon, AGENT, "swap", "offer", "anna", "2026-03-05"))["state"] == "offered"
        assert await data(daemon, AGENT, "roster", "show", "--person", "anna")
        for arguments in (
            ("leave", "request", "bob", "--from", "2026-03-06"), ("leave", "approve", "1", "--force"),
            ("swap", "offer", "bob", "2026-03-05"), ("sick", "bob"), ("roster", "publish", "1", "--yes"),
            ("roster", "assign", "anna", "2026-03-06", "off"), ("require", "--weeks", "1"),
        ):  # fmt: skip
            ran = await as_user(daemon, AGENT, "wfm", *arguments)
            assert ran.code == 4, (arguments, ran.err)
        exported = await as_user(daemon, AGENT, "wfm", "team", "export")
        assert "sat = []" in exported.out
        assert "weekday" not in exported.out.split("[people.bob]")[1]


@as_root
async def test_the_day_is_followed_through_the_daemon_by_its_own_board() -> None:
    async with simulated(ROLES) as (_sim, daemon):
        world = planned(daemon)
        world.ingest(queue_log(weeks=5))
        span = ("--from", "2026-03-02", "--to", "2026-03-03")
        assert await data(daemon, PLANNER, "adherence", *span) == world.data("adherence", *span)
        byhour = ("adherence", *span, "--interval", "30m", "--agent", "anna")
        assert await data(daemon, PLANNER, *byhour) == world.data(*byhour)
        assert isinstance(await data(daemon, PLANNER, "adherence", "--live"), list)
        assert {"intervals", "suggestions", "totals"} <= set(await data(daemon, PLANNER, "intraday", "--no-live"))
        required = await data(daemon, PLANNER, "require", "--weeks", "1", "--from", "2026-03-09", "--calls", "1.5")
        assert required == world.data("require", "--weeks", "1", "--from", "2026-03-09", "--calls", "1.5")
        for arguments in (("adherence", *span), ("adherence", "--live"), ("intraday", "--no-live")):
            ran = await as_user(daemon, AGENT, "wfm", *arguments)
            assert (ran.code, ran.out) == (4, "")


@as_root
async def test_who_has_no_part_in_planning_is_refused() -> None:
    async with simulated(ROLES) as (_sim, daemon):
        planned(daemon)
        for uid in (STRANGER, LISTENER):
            for arguments in (("leave", "list"), ("roster", "show"), ("swap", "open", "2026-03-06", "late")):
                ran = await as_user(daemon, uid, "wfm", *arguments)
                assert (ran.code, ran.out) == (4, ""), (uid, arguments, ran.err)


@as_root
async def test_without_a_daemon_who_may_not_write_is_told_so() -> None:
    async with simulated(ROLES) as (_sim, daemon):
        planned(daemon)
        await daemon.close()
        ran = await as_user(daemon, 0, "wfm", "leave", "list")
        assert ran.code != 0
        assert "store" in ran.err


# -- garbage -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def service(tmp_path: Path) -> tuple[World, PlanningService]:
    world = World(tmp_path)
    team = world.team()
    world.published(week(team, "anna", "early"))
    return world, PlanningService(world.loaded)


_ALL = Rights({}, everything=True)
_ME = Person("planner", 1, (), "test")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_NAMES = (
    "read", "check", "leave.request", "leave.approve", "leave.deny", "leave.withdraw", "sick", "swap.offer",
    "swap.open",
    "swap.take", "swap.approve", "swap.deny", "swap.withdraw", "roster.keep", "roster.edit", "roster.publish",
    "team.save", "requirement", "adherence", "adherence.live", "today",
)  # fmt: skip
_WORDS = (
    "person", "first", "last", "number", "note", "day", "shift", "rows", "document", "days", "team", "changes", "what",
    "parameters", "action", "reason", "force", "dry_run", "give", "base", "keep", "queue", "what_if",
)  # fmt: skip
_LIKELY: st.SearchStrategy[Any] = st.sampled_from(
    ["anna", "bob", "2026-03-05", "early", 1, -1, 0, True, None, [], {}, "team", "days_of", ""]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(_NAMES) | _JSON,
    arguments=st.dictionaries(st.sampled_from(_WORDS), _LIKELY | _JSON, max_size=5) | _JSON,
)
def test_garbage_is_refused_in_words_and_changes_no_roster(
    service: tuple[World, PlanningService], name: Any, arguments: Any
) -> None:
    world, planning = service

    async def ask() -> None:
        try:
            answer = await planning.answer(_ME, _ALL, name, arguments)
        except CcopsError as error:
            codec.line({"error": codec.error_json(error)})
        else:
            codec.line({"answer": answer})

    asyncio.run(ask())
    world.data("roster", "show")
    world.data("leave", "list")
    world.data("swap", "list")


_KINDS = (str, int, float, bool, date, date | None, Sequence[DayRow], LeaveRow, tuple[float, float])


@given(kind=st.sampled_from(_KINDS), value=_JSON)
def test_an_argument_is_of_its_type_or_refused(kind: Any, value: Any) -> None:
    try:
        found = taken(kind, value, "it")
    except UsageProblem:
        return
    assert plain(found) == value or isinstance(value, int | str)


@given(value=_JSON)
def test_an_answer_is_read_as_it_was_written_and_garbage_is_named(value: Any) -> None:
    assert repr(untagged(json.loads(json.dumps(tagged(value))))) == repr(value)
    with contextlib.suppress(LinkError):
        untagged(value)


@given(pieces=st.lists(st.text(max_size=40), max_size=5))
def test_pieces_that_do_not_fit_are_refused(pieces: list[str]) -> None:
    kept = Pieces()
    for piece in pieces:
        kept.add(1, piece)
    with pytest.raises(UsageProblem):
        kept.take(1)


def test_a_bomb_of_pieces_is_refused() -> None:
    import base64
    import zlib

    kept = Pieces()
    kept.add(1, base64.b64encode(zlib.compress(b" " * (65 * 1024 * 1024))).decode())
    with pytest.raises(UsageProblem):
        kept.take(1)


def test_answers_name_no_type_outside_planning() -> None:
    for tag in ("os:environ", "ccops.settings.model:Role", "ccops.wfm.team.model:json", "ccops.wfm.nowhere:X"):
        with pytest.raises(LinkError):
            untagged({"$": tag, "v": {}})


@pytest.mark.parametrize(
    "row",
    [
        {"person": "nobody"}, {"day": "2026-04-01"}, {"minutes": -30}, {"start": 5000}, {"paid": 9999},
        {"breaks": [["lunch", 10, 30, True]]}, {"minutes": 10**8},
    ],
)  # fmt: skip
async def test_days_that_cannot_be_are_not_kept(service: tuple[World, PlanningService], row: dict[str, Any]) -> None:
    world, planning = service
    good = plain(worked(world.office.team(), "anna", THURSDAY, "late"))
    before = world.data("roster", "list")
    with pytest.raises(UsageProblem):
        await planning.answer(_ME, _ALL, "roster.edit", {"number": 1, "changes": [{**good, **row}]})
    assert world.data("roster", "list") == before
    assert await planning.answer(_ME, _ALL, "roster.edit", {"number": 1, "changes": [good]})


# -- who goes through the daemon ---------------------------------------------------------------------------------------


async def test_long_requests_go_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccops.desk.planning.away.PIECE", 100)
    async with served() as (_sim, door):
        world = planned(door)
        away = Away(door.place)
        team = world.office.team()
        taken_in = await asyncio.to_thread(away.ask, "team.save", {"team": team, "note": "again"})
        assert taken_in.team == team
        changes = [worked(team, "anna", THURSDAY, "late")]
        made = await asyncio.to_thread(away.ask, "roster.edit", {"number": 1, "changes": changes})
        assert made.head.id == 2
        rows = await asyncio.to_thread(away.rows, "days_of", [2])
        assert {row[3] for row in rows if row[1:3] == ("anna", THURSDAY.isoformat())} == {"late"}
        away.close()


async def test_the_connection_ends_no_sooner_than_three_lines_of_garbage() -> None:
    async with served() as (_sim, door):
        planned(door)
        reader, writer = await asyncio.open_unix_connection(str(door.place), limit=2**24)
        for request in ({"plan": "read"}, {"plan": ["x"], "arguments": 3}, {"piece": 5}, {"plan": "x", "pieces": True}):
            writer.write(codec.line({"id": 7, **request}))
        found: list[Any] = []
        while len(found) < 4:
            message = codec.read_line(await asyncio.wait_for(reader.readline(), PATIENCE))
            if message.get("id") == 7:
                found.append(message["error"]["type"])
        assert set(found) <= {"UsageProblem", "NotFound"}
        writer.close()


def test_whoever_may_write_the_store_needs_no_daemon(tmp_path: Path) -> None:
    assert may_write(tmp_path / "a" / "b" / "ccops.db")
    assert World(tmp_path).office.away is None
    assert not may_write(Path("/dev/null/ccops.db"))


def test_a_dead_socket_is_no_daemon(tmp_path: Path) -> None:
    dead = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(dead))
    variables = {"CCOPS_STORE__PATH": "/dev/null/ccops.db", "CCOPS_DAEMON__SOCKET": str(dead), "HOME": "/nonexistent"}
    assert Office(load(None, variables)).away is None


def test_every_deed_has_types_that_can_be_sent() -> None:
    for name in _NAMES[1:]:
        with pytest.raises(UsageProblem):
            deed_of(name).bind({"no such argument": 1})
