"""The schedule by its keys, on days that go otherwise: sick calls, leave, offers, open shifts, the rest of today."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.settings.model import Role
from ccops.tui.dialogs import Choose, Confirm
from ccops.tui.schedule.asks import Ill, Noted, Rest, Takers
from ccops.tui.schedule.errands import Candidates, Cover, Decide, Refused, RequestList
from ccops.tui.schedule.shorts import shorts_of
from tests.planning_world import MONDAY, TEAM, WEDNESDAY, World, queue_log, week
from tests.test_tui_schedule import Inside, as_somebody, asked, cursor_to, judged, line, room, schedule, sheet, typed
from tests.test_tui_schedule_edit import planner_of
from tests.tui_app import Bench

THURSDAY, FRIDAY = WEDNESDAY + timedelta(days=1), WEDNESDAY + timedelta(days=2)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a centre whose first week is published, with one person free who could stand in."""
    made = World(tmp_path)
    team = made.team(TEAM)
    rows = [*week(team, "anna", "early"), *week(team, "bob", "late"), *week(team, "carl", "early", days=4)]
    made.published(rows, need=1)
    return made


async def chosen(bench: Bench, text: str) -> None:
    """Choose a line by what it says."""
    await asked(bench, Choose)
    await typed(bench, text)


# --- sick ---


async def test_a_sick_call_is_written_down_and_the_others_are_solved_around_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccops.tui.schedule.asking._SECONDS", 2.0)
    async with schedule(world, size=(120, 40)) as bench:
        await cursor_to(bench, "carl", WEDNESDAY)
        await bench.press("S")
        await chosen(bench, "Thu 03-05")
        await asked(bench, Confirm)
        await bench.until(lambda: "carl is sick, Wed 03-04 – Thu 03-05?" in bench.text())
        assert "agent hours missing" in bench.text()
        await bench.press("enter")  # never yes
        assert world.data("leave", "list") == []
        await bench.press("S")
        await chosen(bench, "Thu 03-05")
        await asked(bench, Confirm)
        await bench.press("y")
        await bench.until(lambda: room(bench).search is not None)
        (row,) = world.data("leave", "list")
        assert (row["person"], row["kind"], row["state"], row["last"]) == ("carl", "sick", "approved", "2026-03-05")
        await bench.until(lambda: bench.app.stage.crumbs[-1] == "Where it is short", 60)
        assert "planned)" in bench.lines()[1]
        await bench.press("escape")
        await bench.until(lambda: "version 2, a draft" in bench.lines()[1])
        await judged(bench)
        assert not sheet(bench).draft.row("carl", WEDNESDAY).shift
        assert not sheet(bench).draft.row("carl", THURSDAY).shift
        assert sheet(bench).draft.row("carl", MONDAY).shift == "early"
        assert "sick" in line(bench, "carl")
    assert world.data("roster", "list")[0]["note"] == "sick: carl"
    assert world.data("leave", "list") == [row]  # once


async def test_a_sick_call_for_days_without_a_shift_changes_no_roster(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "dora", THURSDAY)
        await bench.press("S")
        await chosen(bench, "only Thu")
        await asked(bench, Confirm)
        assert "The cover allows it" in bench.text()
        await bench.press("y")
        await bench.until(lambda: "Nothing that is published changes" in bench.text())
        await bench.until(lambda: "sick" in line(bench, "dora"))
    assert [row["version"] for row in world.data("roster", "list")] == [1]


async def test_another_last_day_can_be_typed_and_must_be_one(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "dora", THURSDAY)
        await bench.press("L")
        await chosen(bench, "another")
        await bench.until(lambda: "The last day" in bench.text())
        await typed(bench, "32")
        await bench.until(lambda: "That is no day" in bench.text())
        await bench.press(*["backspace"] * 12)
        await typed(bench, "2026-03-01")
        await bench.until(lambda: "That is before" in bench.text())
        await bench.press(*["backspace"] * 12)
        await typed(bench, "2026-04-01")
        await typed(bench, "far away")
        await asked(bench, Confirm)
        await bench.until(lambda: "Wed 04-01" in bench.text())
        await bench.press("y")
        await bench.until(lambda: "Leave 1 is asked for" in bench.text())
    (row,) = world.data("leave", "list")
    assert (row["state"], row["last"], row["note"]) == ("requested", "2026-04-01", "far away")


async def test_who_may_not_take_sick_calls_is_told_so(world: World) -> None:
    async with schedule(world) as bench:
        await as_somebody(bench, Inside(world, "leo", leads=Role(users=("leo",), actions=("wfm.read",))))
        for key, right in (("S", "wfm.sick"), ("L", "wfm.leave.request"), ("O", "wfm.swap.offer")):
            await bench.press(key)
            await bench.until(lambda: right in bench.text())  # noqa: B023 (asked at once)
        assert not isinstance(bench.app.screen, Choose | Confirm)
        assert {"S", "L", "O", "P", "w"}.isdisjoint(key for _action, _label, key in room(bench).commands())
    refused = planner_of(world, "leo", leads=Role(users=("leo",), actions=("wfm.read",))).do(
        Ill("anna", WEDNESDAY, WEDNESDAY)
    )
    assert isinstance(refused, Refused)
    assert world.data("leave", "list") == []


async def test_a_role_that_demands_a_reason_is_asked_for_it(world: World) -> None:
    lead = Role(users=("leo",), actions=("wfm.sick",), reason_required=("wfm.sick",))
    async with schedule(world) as bench:
        await as_somebody(bench, Inside(world, "leo", leads=lead))
        await cursor_to(bench, "dora", THURSDAY)
        await bench.press("S")
        await chosen(bench, "only Thu")
        await asked(bench, Confirm)
        await bench.press("y")
        await bench.until(lambda: "for the audit" in bench.text())
        await typed(bench, "called at seven")
        await bench.until(lambda: "Nothing that is published changes" in bench.text())
    assert [row["note"] for row in world.data("leave", "list")] == ["called at seven"]
    audit = json.loads(world.run("audit", "list", "--json").out)
    assert (
        next(row["reason"] for row in audit if row["action"] == "wfm.sick" and row["result"] == "done")
        == "called at seven"
    )


# --- offered, taken, taken back ---


async def test_a_shift_is_offered_taken_by_whose_rules_allow_it_and_approved(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "carl", THURSDAY)
        await bench.press("O")
        await asked(bench, Confirm)
        assert "Offer early of carl, Thu 03-05, to the others?" in bench.text()
        await bench.press("y")
        await bench.until(lambda: "Offered as 1" in bench.text())
        await bench.press("l")
        await bench.until(lambda: "nobody took it yet" in bench.text())
        await bench.press("y")
        await bench.until(lambda: "Nobody took this shift yet" in bench.text())
        await bench.press("t")
        await asked(bench, Choose)
        assert "breaks no rule" in line(bench, "dora")
        assert "carl" not in "\n".join(text for text in bench.lines() if "breaks no rule" in text)
        await typed(bench, "dora")
        await bench.until(lambda: "early to dora" in bench.text())
        await bench.press("y")
        await asked(bench, Confirm)
        await bench.press("y")
        await bench.until(lambda: "Approved" in bench.text())
        await bench.press("escape")
        await judged(bench)
        await bench.until(lambda: sheet(bench).draft.row("dora", THURSDAY).shift == "early")
        assert not sheet(bench).draft.row("carl", THURSDAY).shift


async def test_who_works_on_that_day_gives_theirs_in_return(world: World) -> None:
    world.data("swap", "offer", "anna", THURSDAY.isoformat(), "--yes")
    planner = planner_of(world)
    found = planner.do(Takers(1))
    assert isinstance(found, Candidates)
    broken = {one.person: one.broken for one in found.people}
    assert "anna" not in broken
    assert broken["dora"] == ()
    assert "follower" in broken["bob"] or "rest" in broken["bob"]  # late, then early, then late again
    world.published([*week(world.office.team(), "anna", "early"), *week(world.office.team(), "carl", "early")], need=1)
    world.data("swap", "open", FRIDAY.isoformat(), "late", "--yes")
    open_ = planner.do(Takers(2))
    assert isinstance(open_, Candidates)
    assert next(one.broken for one in open_.people if one.person == "carl") == ("twice",)


async def test_an_open_shift_is_offered_from_a_day_off_and_withdrawn(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "dora", THURSDAY)
        await bench.press("O")
        await chosen(bench, "late")
        await bench.until(lambda: "Offered as 1" in bench.text())
        await bench.press("l")
        await bench.until(lambda: "open shift" in bench.text())
        await bench.press("w")
        await asked(bench, Confirm)
        await bench.press("y")
        await bench.until(lambda: "Taken back" in bench.text())
        await bench.until(lambda: "Nothing to decide on" in bench.text())
    assert [row["state"] for row in world.data("swap", "list")] == ["withdrawn"]


async def test_leave_is_asked_for_seen_and_withdrawn(world: World) -> None:
    async with schedule(world) as bench:
        await cursor_to(bench, "anna", FRIDAY)
        await bench.press("L")
        await chosen(bench, "only Fri")
        await typed(bench, "wedding")
        await asked(bench, Confirm)
        await bench.until(lambda: "Ask for leave of Anna Müller, Fri 03-06?" in bench.text())
        assert "Fri 03-06: " in bench.text()
        await bench.press("y")
        await bench.until(lambda: "Leave 1 is asked for" in bench.text())
        await bench.until(lambda: "1 to decide on" in bench.lines()[1])
        await bench.press("l")
        await bench.until(lambda: "wedding" in bench.text())
        await bench.press("w")
        await asked(bench, Confirm)
        await bench.press("y")
        await bench.until(lambda: "Taken back: wedding of Anna Müller" in bench.text())
    assert [row["state"] for row in world.data("leave", "list")] == ["withdrawn"]


def test_leave_that_the_cover_does_not_allow_names_the_person(world: World) -> None:
    world.data("leave", "request", "anna", "--from", FRIDAY.isoformat())
    answer = planner_of(world).do(Decide("leave", 1, approve=True))
    assert isinstance(answer, Refused)
    assert answer.short
    assert "Without Anna Müller" in answer.message


# --- by name ---


async def test_the_palette_has_what_can_be_done_on_the_schedule_now(world: World) -> None:
    async with schedule(world, size=(120, 40)) as bench:
        await cursor_to(bench, "carl", THURSDAY)
        labels = {key: label for _action, label, key in room(bench).commands()}
        assert labels["S"] == "Sick call: carl, Thu 03-05"
        assert "Offer the shift" in labels["O"]
        assert {"l", "L", "I", "F", "m", "g"} <= labels.keys()
        assert {"w", "u", "P"}.isdisjoint(labels)  # nothing is changed
        await bench.press("ctrl+p")
        await chosen(bench, "Offer the shift")
        await asked(bench, Confirm)
        assert "Offer early of carl" in bench.text()
        await bench.press("y")
        await bench.until(lambda: "Offered as 1" in bench.text())
        await bench.press("ctrl+p")
        await chosen(bench, "and open shifts")
        await bench.until(lambda: bench.app.stage.crumbs[-1] == "Leave and swaps")
        await bench.until(lambda: "nobody took it yet" in bench.text())
        labels = {key: label for _action, label, key in bench.app.stage.view.commands()}  # type: ignore[union-attr]
        assert labels.keys() == {"x", "t", "w"}
        await bench.press("ctrl+p")
        await chosen(bench, "Withdraw: ")
        await asked(bench, Confirm)


@pytest.mark.parametrize("keys", ["S", "L", "O", "I", "F"])
async def test_every_key_is_in_the_help(world: World, keys: str) -> None:
    assert keys in {key for key, _text in room_keys()}


def room_keys() -> tuple[tuple[str, str], ...]:
    from ccops.tui.schedule.room import Schedule

    return Schedule.KEYS


# --- where it is short ---


async def test_where_it_is_short_is_listed_and_led_to(world: World) -> None:
    async with schedule(world) as bench:
        await judged(bench)
        await bench.press("F")
        await bench.until(lambda: bench.app.stage.crumbs[-1] == "Where it is short")
        await bench.until(lambda: "sales" in bench.text())
        first = next(text for text in bench.lines() if text.startswith("▌"))
        assert first.split()[1] in ("Wed", "Thu", "Fri", "Sat", "Sun")  # what is over comes last
        await bench.press("enter")
        await bench.until(lambda: bench.app.stage.crumbs == ["Schedule"])
        assert sheet(bench).whole_day


@given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=3), st.data())
def test_times_that_are_short_are_those_of_the_curve(required: list[list[int]], data: st.DataObject) -> None:
    there = [[data.draw(st.integers(0, 3)) for _slot in day] for day in required]
    found = list(shorts_of(Cover("q", required, there), MONDAY, 30))
    lacks = {
        (MONDAY + timedelta(days=day), slot * 30): need - there[day][slot]
        for day, needs in enumerate(required)
        for slot, need in enumerate(needs)
        if need > there[day][slot]
    }
    assert {(one.day, at) for one in found for at in range(one.start, one.end, 30)} == lacks.keys()
    assert sum(one.hours for one in found) == pytest.approx(sum(lacks.values()) / 2)
    for one in found:
        assert one.most == max(lacks[one.day, at] for at in range(one.start, one.end, 30))


# --- the rest of today ---


async def test_the_rest_of_today_is_what_the_command_says(world: World) -> None:
    world.ingest(queue_log())
    told = world.data("intraday", "--no-live")
    async with schedule(world, size=(160, 50)) as bench:
        await judged(bench)
        await bench.press("I")
        await bench.until(lambda: "agent hours missing   service" in bench.text(), 60)
        for total in told["totals"]:
            row = line(bench, total["queue"])
            assert f"{total['missing_hours']:.1f} of {total['required_hours']:.1f} agent hours missing" in row
            assert f"service level {total['service_level']:.0%}" in row
        assert f"{told['missing_hours']:.1f} agent hours missing" in bench.lines()[1]
        first = next(row for row in told["intervals"] if row["start"] >= "2026-03-04T12")
        row = next(text for text in bench.lines() if ["12:00", first["queue"]] == text.replace("▌", "").split()[:2])
        assert f"{first['expected']:,.1f}" in row
        await bench.press("f")
        assert bench.lines()[1].rstrip().count(told["queues"][0]) == 1


async def test_a_suggestion_leads_to_the_day_of_the_person(world: World) -> None:
    world.ingest(queue_log())
    async with schedule(world, size=(160, 50)) as bench:
        await judged(bench)
        await bench.press("I")
        await bench.until(lambda: "log bob into support" in bench.text(), 60)  # the board has bob, in no queue of ours
        await bench.press("enter")
        await bench.until(lambda: bench.app.stage.crumbs == ["Schedule"])
        assert (sheet(bench).person, sheet(bench).day, sheet(bench).whole_day) == ("bob", WEDNESDAY, True)


async def test_without_a_history_the_rest_of_today_says_why(world: World) -> None:
    async with schedule(world) as bench:
        await judged(bench)
        await bench.press("I")
        await bench.until(lambda: "has no calls to learn" in bench.flowing())
        assert "Paid min" not in bench.text()


def test_a_sick_call_is_audited_and_found_again(world: World) -> None:
    planner = planner_of(world)
    first, again = (planner.do(Ill("carl", WEDNESDAY, THURSDAY)) for _time in range(2))
    assert first == again == Noted(1, works=True)
    audit = json.loads(world.run("audit", "list", "--json").out)
    assert [row["action"] for row in audit if row["result"] == "done"].count("wfm.sick") == 1
    assert isinstance(planner.do(Rest(None, None)), Refused)
    assert isinstance(planner.do(Decide("leave", 9, approve=False)), Refused | RequestList)
