"""The screen of the schedule by its keys, on a small planned centre: seen, changed, kept, published, decided on."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from ccops.desk.planning.office import Office
from ccops.desk.planning.rights import PLANNING_ACTIONS
from ccops.desk.roles import Person
from ccops.settings import Settings
from ccops.settings.model import Role
from ccops.tui.cells import width_of
from ccops.tui.dialogs import Choose, Confirm
from ccops.tui.schedule.errands import Answer, Errand
from ccops.tui.schedule.planner import Planner
from ccops.tui.schedule.room import Schedule
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.told import told
from tests.planning_world import MONDAY, NOON, TEAM, WEDNESDAY, World, queue_log, week, worked
from tests.tui_app import Bench, console

CJK = TEAM + '\n[people.wang]\nname = "王小明"\ncontract = "full"\nskills = ["sales"]\n'


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a centre whose first week is published: three people at work, two agents required in each queue."""
    made = World(tmp_path)
    team = made.team(CJK)
    rows = [
        *week(team, "anna", "early"),
        *week(team, "bob", "late"),
        *week(team, "carl", "early", days=3),
        *week(team, "wang", "late", days=3),
    ]
    made.published(rows, need=2)
    return made


@asynccontextmanager
async def schedule(world: World, **more: Any) -> AsyncIterator[Bench]:
    """Run the console on its schedule, on the Wednesday at noon."""
    async with schedule_of(world.loaded.settings, **more) as bench:
        yield bench


@asynccontextmanager
async def schedule_of(settings: Settings, **more: Any) -> AsyncIterator[Bench]:
    """Run the console on the schedule of a site."""
    options = {"settings": settings, "zone": settings.zone}
    async with console(screen="schedule", now=NOON, options=options, **more) as bench:
        yield bench


def room(bench: Bench) -> Schedule:
    return next(view for view in bench.app.stage._roots.values() if isinstance(view, Schedule))


def sheet(bench: Bench) -> Sheet:
    found = room(bench).sheet
    assert found is not None
    return found


async def judged(bench: Bench) -> None:
    """Wait until what is seen was read and judged."""
    await bench.until(lambda: room(bench).sheet is not None and sheet(bench).verdict is not None)
    await bench.until(lambda: not room(bench)._judging)
    await bench.settle()


async def cursor_to(bench: Bench, person: str, day: date) -> None:
    """Put the cursor on a person's day by keys."""
    await judged(bench)
    step = sheet(bench).people.index(next(one for one in sheet(bench).people if one.id == person)) - sheet(bench).place
    await bench.press(*(["down"] * step if step > 0 else ["up"] * -step))
    days = (day - sheet(bench).day).days
    await bench.press(*(["right"] * days if days > 0 else ["left"] * -days))
    assert (sheet(bench).person, sheet(bench).day) == (person, day)


def line(bench: Bench, word: str) -> str:
    """Return the first line of the screen with that word, or nothing."""
    return next((text for text in bench.lines() if word in text), "")


async def asked(bench: Bench, kind: type[Choose] | type[Confirm]) -> None:
    """Wait until a question stands on the screen."""
    await bench.until(lambda: isinstance(bench.app.screen, kind) and bench.text().strip())
    await bench.until(lambda: kind is Confirm or isinstance(bench.app.focused, Input))


async def typed(bench: Bench, text: str) -> None:
    """Put a text into the field that is asked for, and take it."""
    await bench.until(lambda: isinstance(bench.app.focused, Input))
    await bench.type(text)
    await bench.press("enter")


class Inside:
    """The planner in this process, at the service of somebody else than who runs the tests."""

    def __init__(self, world: World, person: str, **roles: Role) -> None:
        settings = replace(world.loaded.settings, roles=roles)
        self.planner = Planner(told(settings))
        self.planner.office = Office(settings, person=Person(person, 4711), clock=lambda: NOON)

    async def ask(self, errand: Errand) -> Answer:
        return self.planner.do(errand)

    async def close(self) -> None:
        pass


async def as_somebody(bench: Bench, inside: Inside) -> None:
    """Let the screen be of that person from here on."""
    await judged(bench)
    await room(bench).office.close()
    room(bench).office = inside  # type: ignore[assignment]
    await bench.press("r")
    await bench.until(lambda: sheet(bench).book.allowed != frozenset(PLANNING_ACTIONS))
    await judged(bench)


# --- seen ---


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_a_week_shows_people_hours_and_cover_in_columns(
    world: World, size: tuple[int, int], ascii_only: bool
) -> None:
    async with schedule(world, size=size, ascii=ascii_only) as bench:
        await judged(bench)
        head = line(bench, "2026-W10")
        assert [day for day in ("Mon", "Wed", "Sun") if day in head] == ["Mon", "Wed", "Sun"]
        hours = ("8-16", "12-20") if size[0] == 80 else ("08:00-16:00", "12:00-20:00")
        assert line(bench, "Anna Müller").count(hours[0]) == 5
        assert line(bench, "bob").count(hours[1]) == 5
        assert "closed" in line(bench, "dora")
        assert "-18.0 h" in line(bench, "agent hours")
        assert "version 1, published" in bench.lines()[1]
        assert "6 Log" in bench.lines()[0]
        assert {width_of(text) for text in bench.lines()} == {size[0]}
        drawn = "".join(bench.lines()[bench.line_of("2026-W10") :])
        assert ("█" in drawn) is not ascii_only


async def test_names_in_other_scripts_do_not_shift_the_columns(world: World) -> None:
    async with schedule(world, size=(80, 24)) as bench:
        await judged(bench)
        places = [
            width_of(text[: text.index("12-20")]) for text in bench.lines() if "12-20" in text and "▌" not in text
        ]
        assert len(places) == 2
        assert len(set(places)) == 1


async def test_without_a_team_it_says_which_command_makes_one_and_looks_again(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with schedule(world) as bench:
        await bench.until(lambda: "ccops wfm team import" in bench.text())
        world.team()
        await bench.press("r")
        await judged(bench)
        assert "no roster for this week yet" in bench.lines()[1]
        await bench.until(lambda: "dora" in bench.text())


async def test_a_day_is_opened_with_hours_across_and_left_again(world: World) -> None:
    async with schedule(world, size=(80, 24)) as bench:
        await judged(bench)
        await bench.press("enter")
        head = line(bench, "Wed 03-04")
        assert head.index("08") < head.index("12") < head.index("19")
        bar = line(bench, "carl")
        assert bar.count("█") == 29  # 8 hours of half hours in two cells each, without its letter and the lunch
        assert "S" in bar
        assert bar.count("─") == 2
        await bench.press("right_square_bracket")
        await bench.until(lambda: "Thu 03-05" in bench.text())
        await bench.press("escape")
        await bench.until(lambda: "2026-W10" in bench.text())


async def test_weeks_are_turned_and_empty_ones_can_be_planned_by_hand(world: World) -> None:
    async with schedule(world) as bench:
        await judged(bench)
        await bench.press("right_square_bracket")
        await bench.until(lambda: "2026-W11" in bench.text())
        await bench.press("right_square_bracket")
        await bench.until(lambda: "2026-W12" in bench.text())
        await judged(bench)
        assert sheet(bench).book.state == "empty"
        await bench.press("n")
        await asked(bench, Choose)
        await typed(bench, "early")
        await judged(bench)
        assert sheet(bench).row.shift == "early"
        await bench.press("t")
        await bench.until(lambda: "2026-W10" in bench.text())
        await bench.press("right_square_bracket", "right_square_bracket")
        await bench.until(lambda: "2026-W12" in bench.text())
        assert "changed and not kept: 1" in bench.lines()[1]


async def test_a_click_selects_and_the_second_opens_the_day(world: World) -> None:
    async with schedule(world, size=(80, 24)) as bench:
        await judged(bench)
        grid = room(bench)._grid
        await bench.pilot.click(grid, offset=(17 + 9 * 1 + 3, 2))
        await bench.settle()
        assert (sheet(bench).person, sheet(bench).day) == ("bob", MONDAY + timedelta(days=1))
        await bench.pilot.click(grid, offset=(17 + 9 * 1 + 3, 2), times=2)
        await bench.settle()
        assert sheet(bench).whole_day


async def test_people_are_filtered_ordered_and_the_curve_is_of_one_queue(world: World) -> None:
    async with schedule(world) as bench:
        await judged(bench)
        await bench.press("slash")
        await typed(bench, "support")
        assert [one.id for one in sheet(bench).people] == ["anna", "bob", "dora"]
        assert "3/5" in bench.lines()[1]
        await bench.press("escape")
        assert len(sheet(bench).people) == 5
        both = sheet(bench).missing_on(MONDAY)
        await bench.press("f")
        assert sheet(bench).queue == "sales"
        one = sheet(bench).missing_on(MONDAY)
        await bench.press("f")
        other = sheet(bench).missing_on(MONDAY)
        assert both == pytest.approx((one or 0) + (other or 0))


# --- changed ---


async def test_a_shift_is_picked_up_and_moved_and_rules_price_and_cover_follow(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "anna", WEDNESDAY)
        price = sheet(bench).verdict.price  # type: ignore[union-attr]
        await bench.press("m", *["right"] * 11)
        await judged(bench)
        await bench.until(lambda: "picked up" in bench.text())
        assert sheet(bench).row.start == 13 * 60 + 30
        assert sheet(bench).row.breaks[0][1] == 17 * 60 + 30
        await bench.until(lambda: "10.5 h of rest, at least 11.0" in bench.text())
        assert sheet(bench).broken("anna", WEDNESDAY)
        assert sheet(bench).verdict.price != price  # type: ignore[union-attr]
        await bench.press("escape")
        await judged(bench)
        assert sheet(bench).row.start == 8 * 60
        assert not sheet(bench).draft.changes()
        assert sheet(bench).verdict.price == pytest.approx(price)  # type: ignore[union-attr]


async def test_a_shift_that_passes_over_others_leaves_them_their_own_day(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "anna", WEDNESDAY)
        await bench.press("m", "down", "down", "down", "enter")
        draft = sheet(bench).draft
        shifts = {person: draft.row(person, WEDNESDAY).shift for person in ("anna", "bob", "carl", "dora")}
        assert shifts == {"anna": "", "bob": "late", "carl": "early", "dora": "early"}
        assert sheet(bench).person == "dora"
        await bench.press("u")
        assert not draft.changes()
        await bench.press("U")
        assert set(draft.changes()) == {("anna", WEDNESDAY), ("dora", WEDNESDAY)}


async def test_keys_move_stretch_take_out_and_undo_without_picking_up(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "carl", MONDAY)
        await bench.press("greater_than_sign", "plus", "plus")
        row = sheet(bench).row
        assert (row.start, row.minutes, row.paid) == (8 * 60 + 30, 9 * 60, 8 * 60 + 30)
        await bench.press("minus", "less_than_sign")
        assert (sheet(bench).row.start, sheet(bench).row.minutes) == (8 * 60, 8 * 60 + 30)
        await bench.press("x")
        assert sheet(bench).row.shift == ""
        await bench.press("u", "u", "u", "u", "u", "u")
        assert sheet(bench).row == sheet(bench).draft.base["carl", MONDAY]
        await bench.press("u")
        await bench.until(lambda: "Nothing to undo" in bench.text())


async def test_a_shift_is_given_to_whom_it_breaks_nothing_for(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "carl", MONDAY)
        await bench.press("g")
        await asked(bench, Choose)
        dialog: Any = bench.app.screen
        names = [choice.value for choice in dialog._by_key.values()]
        assert names.index("dora") < names.index("bob")
        assert names[0] == "dora"  # free on that day
        # whoever works late would give that, and the giver goes on with early on the next day
        await bench.until(lambda: "follower" in line(bench, "12:00-20:00  ▲"))
        await typed(bench, "dora")
        await judged(bench)
        assert sheet(bench).draft.row("dora", MONDAY).shift == "early"
        assert sheet(bench).draft.row("carl", MONDAY).shift == ""


async def test_broken_rules_are_listed_and_lead_to_their_day(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "anna", WEDNESDAY)
        await bench.press(*["greater_than_sign"] * 11)
        await judged(bench)
        await bench.press("up", "exclamation_mark")
        await bench.until(lambda: "Broken rules" in bench.lines()[1])
        await bench.until(lambda: "rest" in bench.text())
        await bench.until(lambda: "Anna Müller" in bench.text())
        await bench.press("enter")
        await bench.until(lambda: bench.app.stage.crumbs == ["Schedule"])
        assert sheet(bench).person == "anna"


async def test_read_only_and_roles_leave_the_roster_as_it_is(world: World) -> None:
    async with schedule(world, read_only=True) as bench:
        await cursor_to(bench, "anna", WEDNESDAY)
        await bench.press("x", "greater_than_sign", "n", "P", "o")
        assert not sheet(bench).draft.changes()
        await bench.until(lambda: "read-only" in bench.text())
    async with schedule(world) as bench:
        await as_somebody(bench, Inside(world, "leo", leads=Role(users=("leo",), actions=("wfm.leave.decide",))))
        await cursor_to(bench, "anna", WEDNESDAY)
        await bench.press("x")
        assert not sheet(bench).draft.changes()
        await bench.until(lambda: "wfm.roster" in bench.text())
        assert "solve" not in bench.lines()[-1]


# --- kept and published ---


async def test_changes_are_kept_as_a_draft_and_published_after_a_question_that_names_whom_it_touches(
    world: World,
) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "carl", MONDAY)
        await bench.press("x", "w")
        await typed(bench, "carl is free")
        await bench.until(lambda: "version 2, a draft" in bench.lines()[1])
        await judged(bench)
        assert world.data("roster", "list")[0]["note"] == "carl is free"
        await bench.press("P")
        await asked(bench, Confirm)
        await bench.until(lambda: "carl: Mon 03-02 early 08:00–16:00 → –" in bench.text())
        await bench.press("enter")  # never yes
        assert world.data("roster", "list")[0]["state"] == "draft"
        await bench.press("P")
        await asked(bench, Confirm)
        await bench.press("y")
        await bench.until(lambda: "version 2, published" in bench.lines()[1])
    days = world.data("roster", "show", "2")
    assert not [row for row in days if (row["person"], row["day"]) == ("carl", MONDAY.isoformat())]
    audit = json.loads(world.run("audit", "list", "--json").out)
    assert {"wfm.roster", "wfm.publish"} <= {row["action"] for row in audit if row["result"] == "done"}


async def test_versions_are_listed_compared_and_opened(world: World) -> None:
    team = world.office.team()
    world.published(week(team, "dora", "late"), need=2)
    async with schedule(world) as bench:
        await judged(bench)
        assert "version 2, published" in bench.lines()[1]
        await bench.press("v")
        await bench.until(lambda: "published" in bench.text() and bench.app.stage.crumbs[-1] == "Versions")
        await bench.press("down", "V")
        await bench.until(lambda: bench.app.stage.crumbs[-1] == "Difference")
        await bench.until(lambda: "early 08:00–16:00" in bench.text())
        assert "version 2 against version 1" in bench.lines()[1]
        await bench.press("escape")
        await bench.until(lambda: bench.app.stage.crumbs[-1] == "Versions")
        await bench.press("enter")
        await bench.until(lambda: bench.app.stage.crumbs == ["Schedule"] and "version 1" in bench.lines()[1])
        await judged(bench)
        assert sheet(bench).draft.row("anna", MONDAY).shift == "early"


async def test_the_solver_tells_how_far_it_is_and_esc_keeps_the_best(world: World) -> None:
    world.ingest(queue_log())
    async with schedule(world, size=(120, 40)) as bench:
        await judged(bench)
        await bench.press("o")
        await asked(bench, Choose)
        await typed(bench, "1 weeks")
        await bench.until(lambda: room(bench).search is not None)
        await bench.until(lambda: "searching" in bench.text())
        await bench.press("down")  # the screen goes on
        assert sheet(bench).place == 1
        await bench.until(lambda: room(bench).search is None or "bound" in bench.text(), 60)
        await bench.press("escape")
        await bench.until(lambda: "version 2, a draft" in bench.lines()[1], 60)
        await judged(bench)
        assert sheet(bench).book.first == MONDAY + timedelta(days=7)
        assert any(row.shift for row in sheet(bench).book.rows)


async def test_the_roster_is_written_to_a_file_once_it_is_kept(world: World, tmp_path: Path) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "carl", MONDAY)
        await bench.press("x", "E")
        await bench.until(lambda: "Only what is kept" in bench.text())
        await bench.press("u", "E")
        await typed(bench, str(tmp_path / "roster.csv"))
        await bench.until(lambda: "written to" in bench.text())
        assert "carl" in (tmp_path / "roster.csv").read_text()


async def test_quitting_asks_where_changes_would_be_lost(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "carl", MONDAY)
        await bench.press("x", "q")
        await asked(bench, Confirm)
        await bench.until(lambda: "lose 1 changed days" in bench.text())
        await bench.press("enter")
        assert bench.app.return_code is None
        await bench.press("2", "q")  # from any other screen too
        await asked(bench, Confirm)
        await bench.until(lambda: "lose 1 changed days" in bench.text())
        await bench.press("n")
        assert bench.app.return_code is None
        await bench.press("4", "u", "q")
        await bench.until(lambda: bench.app.return_code == 0)


# --- decided on ---


async def test_leave_is_approved_where_the_cover_does_not_allow_it_only_after_a_second_question(world: World) -> None:
    world.data("leave", "request", "anna", "--from", "2026-03-05", "--note", "wedding")
    async with schedule(world) as bench:
        await judged(bench)
        assert "1 to decide on" in bench.lines()[1]
        assert "asked" not in line(bench, "bob")
        await bench.press("l")
        await bench.until(lambda: "wedding" in bench.text())
        await bench.until(lambda: "more hours missing" in bench.text())
        await bench.press("y")
        await asked(bench, Confirm)
        await bench.until(lambda: "Anna Müller" in bench.text())
        await bench.press("y")
        await bench.until(lambda: "all the same" in bench.text())
        await bench.press("n")
        assert world.data("leave", "list")[0]["state"] == "requested"
        await bench.press("y")
        await asked(bench, Confirm)
        await bench.press("y")
        await bench.until(lambda: "all the same" in bench.text())
        await bench.press("y")
        await bench.until(lambda: "Approved" in bench.text())
        await bench.press("escape")
        await bench.until(lambda: "leave" in line(bench, "Anna Müller"))
    assert world.data("leave", "list")[0]["state"] == "approved"


async def test_swaps_are_approved_by_rule_and_refused_without_the_right(world: World) -> None:
    world.data("swap", "offer", "bob", (WEDNESDAY + timedelta(days=1)).isoformat(), "--yes")
    number = str(world.data("swap", "list")[0]["swap"])
    world.data("swap", "take", number, "dora", "--yes")
    async with schedule(world) as bench:
        await as_somebody(bench, Inside(world, "leo", leads=Role(users=("leo",), actions=("wfm.roster",))))
        await bench.press("l")
        await bench.until(lambda: "late to dora" in bench.text())
        await bench.press("y")
        await bench.until(lambda: "wfm.swap.decide" in bench.text())
        assert "approve" not in bench.lines()[-1]
    async with schedule(world) as bench:
        await judged(bench)
        await bench.press("l")
        await bench.until(lambda: "breaks no rule" in bench.text())
        await bench.press("y")
        await asked(bench, Confirm)
        await bench.press("y")
        await bench.until(lambda: "Approved" in bench.text())
    path = world.loaded.settings.store.path
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT state FROM plan_swaps").fetchall() == [("approved",)]


async def test_who_is_where_they_should_be_is_told_from_the_board(world: World) -> None:
    async with schedule(world) as bench:
        await judged(bench)
        await bench.press("i")
        await bench.until(lambda: "are where they should be" in bench.lines()[1])
        await bench.until(lambda: "王小明" in bench.text())
        assert "4 of 4" in bench.lines()[1]
        bob = line(bench, "bob")
        assert "phones" in bob  # PJSIP/1002 talks
        assert "✓" in bob


async def test_keys_of_the_screen_are_in_its_help(world: World) -> None:
    async with schedule(world, size=(120, 60)) as bench:
        await judged(bench)
        await bench.press("question_mark")
        await bench.until(lambda: "pick the shift up" in bench.text())
        assert worked(world.office.team(), "anna", MONDAY, "early").shift == "early"
