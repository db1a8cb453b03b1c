"""Changing a roster by hand, judged by what a change touches: held against the whole, and undone to the beginning."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccops.desk.planning.office import Office
from ccops.desk.roles import Person
from ccops.settings.model import Role
from ccops.store.planning import DayRow
from ccops.tui.look import Look
from ccops.tui.schedule import edit
from ccops.tui.schedule.covering import Ledger
from ccops.tui.schedule.edit import Draft, Lifted, break_moved, day_off, hours_text, moved, shift_row, stretched
from ccops.tui.schedule.errands import (
    Book,
    Compare,
    Decide,
    Difference,
    Open,
    Refused,
    RequestList,
    Requests,
    Save,
    Saved,
    Source,
)
from ccops.tui.schedule.planner import Planner
from ccops.tui.schedule.signs import letters, times
from ccops.tui.told import told
from ccops.wfm.plan.build import assignment_of
from ccops.wfm.roster import Break, Contract, Plan, QueueNeed, Shift, check, coverage, price
from ccops.wfm.roster import Person as Worker
from tests.planning_world import MONDAY, NOON, World, week

EARLY = Shift("early", 480, 480, (Break("lunch", 30, 180, 300),))
LATE = Shift("late", 720, 480, (Break("lunch", 30, 180, 300), Break("coffee", 15, 360, 420, True)))
NIGHT = Shift("night", 1320, 480, (Break("meal", 30, 180, 300),))
FREE = Shift("flex 09:00-15:00", 540, 360)
SHIFTS = (EARLY, LATE, NIGHT, FREE)
PEOPLE = ("anna", "bob", "carl", "dora")
SKILLS = {"anna": ("sales", "support"), "bob": ("support",), "carl": ("sales",), "dora": ("sales", "support")}
DAYS = 9


def plan(days: int = DAYS) -> Plan:
    """Return a plan of two queues over some days, nights among them."""
    luck = np.random.default_rng(4)
    needs = tuple(
        QueueNeed(queue, luck.integers(0, 3, (days, 96)).astype(float), under)
        for queue, under in (("sales", 10.0), ("support", 7.0))
    )
    workers = tuple(Worker(name, "full", frozenset(SKILLS[name]), name) for name in PEOPLE)
    return Plan(MONDAY, days, SHIFTS, (Contract("full", week_max=2400, max_days_in_row=5),), workers, queue_needs=needs)


days = st.integers(0, DAYS - 1).map(lambda offset: MONDAY + timedelta(days=offset))
steps = st.tuples(
    st.sampled_from(["put", "out", "move", "stretch", "give", "undo", "redo"]),
    st.sampled_from(PEOPLE),
    days,
    st.integers(-8, 8),
    st.sampled_from(SHIFTS),
)


def do(draft: Draft, step: tuple[str, str, date, int, Shift]) -> None:
    """Do one step as the keys would."""
    what, person, day, by, shift = step
    row = draft.row(person, day)
    if what == "undo":
        draft.undo()
    elif what == "redo":
        draft.redo()
    elif what == "put":
        draft.apply({(person, day): shift_row(person, day, shift, 15)})
    elif not row.shift:
        return
    elif what == "out":
        draft.apply({(person, day): day_off(person, day)})
    elif what == "give":
        other = PEOPLE[(PEOPLE.index(person) + 1) % len(PEOPLE)]
        draft.apply(edit.given(draft.rows, row, other, SKILLS[other]))
    else:
        changed = moved(row, by * 15, SHIFTS) if what == "move" else stretched(row, by * 15, SHIFTS, 15)
        if changed is not None:
            draft.apply({(person, day): changed})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=14))
def test_what_is_judged_step_by_step_is_what_the_whole_roster_says(work: list[Any]) -> None:
    whole, draft = plan(), Draft({})
    ledger = Ledger(whole)
    for step in work:
        do(draft, step)
        ledger.judge(draft.rows)
    found = ledger.judge(draft.rows)
    assignments = [assignment_of(row) for row in draft.rows.values()]
    assert sorted(map(str, found.broken)) == sorted(map(str, check(whole, assignments)))
    assert found.price == pytest.approx(price(whole, assignments).total)
    for mine, theirs in zip(found.cover, sorted(coverage(whole, assignments), key=lambda one: one.queue), strict=True):
        assert mine.queue == theirs.queue
        np.testing.assert_allclose(mine.required, theirs.required)
        short = np.maximum(0, np.array(mine.required) - np.array(mine.scheduled))
        np.testing.assert_allclose(short.sum(), theirs.missing.sum(), atol=1e-6)


@given(st.lists(steps, max_size=25))
def test_everything_can_be_undone_and_done_again(work: list[Any]) -> None:
    base = {(name, MONDAY): shift_row(name, MONDAY, EARLY, 15) for name in PEOPLE[:2]}
    draft = Draft(base)
    for step in work:
        do(draft, step)
    after = draft.changes()
    count = len(draft.done)
    while draft.undo():
        pass
    assert draft.changes() == {}
    assert draft.rows == base
    while len(draft.done) < count:
        draft.redo()
    assert draft.changes() == after


@given(st.sampled_from(SHIFTS), st.integers(-40, 40), st.integers(-40, 40))
def test_a_shift_that_is_moved_and_stretched_keeps_its_breaks_inside(shift: Shift, by: int, longer: int) -> None:
    row: DayRow | None = shift_row("anna", MONDAY, shift, 15)
    assert row is not None
    row = moved(row, by * 15, SHIFTS) or row
    row = stretched(row, longer * 15, SHIFTS, 15) or row
    assert 0 <= row.start < 1440
    assert 0 < row.minutes <= 1440
    ends = row.start
    for _name, at, minutes, _paid in row.breaks:
        assert ends <= at
        ends = at + minutes
    assert ends <= row.start + row.minutes
    assert row.paid == row.minutes - sum(minutes for _name, _at, minutes, paid in row.breaks if not paid)


def test_names_follow_the_hours_where_they_say_them() -> None:
    row = shift_row("anna", MONDAY, FREE, 15)
    assert moved(row, 30, SHIFTS).shift == "flex 09:30-15:30"  # type: ignore[union-attr]
    early = shift_row("anna", MONDAY, EARLY, 15)
    assert moved(early, 30, SHIFTS).shift == "early"  # type: ignore[union-attr]
    assert moved(early, 240, SHIFTS).shift == "late"  # type: ignore[union-attr]
    assert moved(early, 16 * 60, SHIFTS) is None
    assert stretched(early, -480, SHIFTS, 15) is None


def test_a_break_moves_inside_its_shift_and_past_no_other() -> None:
    row = shift_row("anna", MONDAY, LATE, 15)
    lunch, coffee = row.breaks
    later = break_moved(row, 0, 30)
    assert later is not None
    assert later.breaks[0][1] == lunch[1] + 30
    assert break_moved(row, 0, coffee[1] - lunch[1]) is None
    assert break_moved(row, 1, 600) is None


def test_a_lifted_shift_goes_to_a_free_day_only() -> None:
    row = shift_row("anna", MONDAY, EARLY, 15)
    tuesday = MONDAY + timedelta(days=1)
    rows = {("anna", MONDAY): row, ("bob", tuesday): shift_row("bob", tuesday, LATE, 15)}
    lifted = Lifted(row, replace(row, day=tuesday), 0)
    assert lifted.changes(rows, ("sales",)) == {
        ("anna", MONDAY): day_off("anna", MONDAY),
        ("anna", tuesday): replace(row, day=tuesday),
    }
    lifted.now = replace(row, person="bob", day=tuesday)
    assert lifted.changes(rows, ("support",)) is None


def test_hours_are_short_where_there_is_little_room_and_queues_have_letters_of_their_own() -> None:
    fine, plain = Look(), Look(ascii=True)
    assert times(480, 510, 11, fine) == "08:00-16:30"
    assert times(480, 510, 7, fine) == "8-16½"
    assert times(615, 495, 7, fine) == "10¼-18½"
    assert times(1320, 480, 7, fine) == "22-6"
    assert times(615, 495, 9, plain) == "1015-1830"
    assert times(615, 495, 7, plain) == "10+-18+"
    for start in range(0, 1440, 15):
        for look in (fine, plain):
            assert len(times(start, 495, 7, look)) <= 7
    assert hours_text(1320, 480) == "22:00-06:00"
    assert list(letters(["sales", "support", "spa", "西"]).values()) == ["S", "U", "P", "A"]


# --- the planner by itself ---


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    team = made.team()
    made.published([*week(team, "anna", "early"), *week(team, "bob", "late")], need=1)
    return made


def planner_of(world: World, person: str = "", **roles: Role) -> Planner:
    """Return the planner of somebody; of the store's owner where nobody is named."""
    found = Planner(told(replace(world.loaded.settings, roles=roles)))
    who = Person(person, 4711) if person else None
    found.office = Office(found.office.settings, person=who, clock=lambda: NOON)
    return found


def test_roles_say_what_is_offered_and_what_is_refused(world: World) -> None:
    world.data("leave", "request", "bob", "--from", "2026-03-14")
    lead = Role(users=("leo",), actions=("wfm.leave.*",), reason_required=("wfm.leave.decide",))
    planner = planner_of(world, "leo", leads=lead)
    book = planner.do(Open(Source(MONDAY)))
    assert isinstance(book, Book)
    assert book.allowed == {"wfm.leave.request", "wfm.leave.decide"}
    refused = planner.do(Save(Source(MONDAY), {("bob", MONDAY): day_off("bob", MONDAY)}))
    assert isinstance(refused, Refused)
    assert "wfm.roster" in refused.message
    asked = planner.do(Decide("leave", 1, approve=True))
    assert isinstance(asked, Refused)
    assert asked.reason
    done = planner.do(Decide("leave", 1, approve=True, reason="earned"))
    assert isinstance(done, RequestList)
    assert done.rows == ()
    assert len(world.office.loaded.settings.roles) == 0
    assert world.data("leave", "list")[0]["state"] == "approved"


def test_a_draft_says_what_it_is_of_and_differs_by_what_was_changed(world: World) -> None:
    planner, source = planner_of(world), Source(MONDAY)
    book = planner.do(Open(source))
    assert isinstance(book, Book)
    change = {("anna", MONDAY): day_off("anna", MONDAY)}
    difference = planner.do(Compare(source, change))
    assert isinstance(difference, Difference)
    assert [(row.person, row.before, row.after) for row in difference.rows] == [("anna", "early 08:00–16:00", "–")]
    saved = planner.do(Save(source, change, "note"))
    assert isinstance(saved, Saved)
    fresh = planner.do(Open(Source(MONDAY, saved.version)))
    assert isinstance(fresh, Book)
    assert (fresh.state, fresh.versions[0].base, fresh.versions[0].note) == ("draft", book.version, "note")
    assert not next(row for row in fresh.rows if (row.person, row.day) == ("anna", MONDAY)).shift


def test_what_does_not_exist_is_a_word_and_not_a_fault(world: World, tmp_path: Path) -> None:
    planner = planner_of(world)
    for errand in (Open(Source(MONDAY, 99)), Decide("leave", 99, approve=True), Decide("swap", 99, approve=False)):
        answer = planner.do(errand)
        assert isinstance(answer, Refused)
        assert "99" in answer.message
    bare = World(tmp_path / "bare")
    (tmp_path / "bare").mkdir()
    answer = planner_of(bare).do(Requests())
    assert isinstance(answer, Refused)
    assert "ccops wfm team import" in answer.remedy
