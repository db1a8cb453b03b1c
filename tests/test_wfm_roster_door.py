"""The public door of rosters: what a planner can rely on, whatever the plan looks like."""

import time
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ccops.errors import NotFound, UsageProblem
from ccops.wfm.roster import (
    DAY_OFF,
    Assignment,
    Before,
    Break,
    BrokenRule,
    Contract,
    Fairness,
    Fixed,
    FreeShift,
    Leave,
    Person,
    Placed,
    Plan,
    Progress,
    QueueNeed,
    Shift,
    ShiftNeed,
    Wish,
    check,
    coverage,
    keep,
    price,
    solve,
    verify,
)
from tests.roster_checker import broken_rules_of_plan, penalty_of_plan
from tests.roster_plans import EARLY, LATE, MONDAY, days

FULL = Contract("full", week_max=2400, max_days_in_row=5, max_weekends=1, min_rest=660)
LUNCH = Break("lunch", 30, 180, 300)
DAY, EVENING = Shift("D", 480, 480, (LUNCH,)), Shift("V", 720, 480, (LUNCH,))


def centre(people: int = 6, length: int = 7, contract: Contract = FULL) -> Plan:
    """Return a small centre of two queues with half-hour needs from 8 to 20."""
    table = np.zeros((length, 48))
    table[:, 16:40] = 1 + people // 4
    other = np.zeros((length, 48))
    other[:, 20:34] = 1
    skills = [frozenset({"sales"}), frozenset({"help"}), frozenset({"sales", "help"})]
    return Plan(
        MONDAY,
        length,
        (DAY, EVENING),
        (contract,),
        tuple(Person(f"p{number}", contract.name, skills[number % 3]) for number in range(people)),
        queue_needs=(QueueNeed("sales", table), QueueNeed("help", other, 6.0)),
        interval=30,
    )


def desk(people: int = 3, length: int = 7, wanted: int = 1) -> Plan:
    """Return a plan with needs per shift."""
    needs = tuple(ShiftNeed(day, name, wanted) for day in days(length) for name in ("E", "L"))
    team = tuple(Person(f"p{number}", "full") for number in range(people))
    return Plan(MONDAY, length, (EARLY, LATE), (FULL,), team, shift_needs=needs)


def work(person: str, day: int, shift: Shift) -> Assignment:
    """Return a day of work by the template."""
    return Assignment(person, MONDAY + timedelta(days=day), shift.name, shift.start, shift.minutes, shift.paid)


# --- what is always true ---


@pytest.mark.parametrize("plan", [centre(), desk()], ids=["queues", "shifts"])
def test_a_roster_keeps_every_rule_and_costs_what_it_says(plan: Plan) -> None:
    result = solve(plan, seconds=2, deterministic=True)
    assert broken_rules_of_plan(plan, result) == []
    assert check(plan, result.assignments) == []
    assert result.penalty == pytest.approx(penalty_of_plan(plan, result))
    assert price(plan, result.assignments).total == pytest.approx(result.penalty)
    assert result.bound <= result.penalty + 1e-9
    assert 0 <= result.gap <= 1


@pytest.mark.parametrize("plan", [centre(), desk()], ids=["queues", "shifts"])
def test_a_deterministic_roster_is_the_same_again(plan: Plan) -> None:
    first, again = (solve(plan, seconds=2, deterministic=True, seed=5) for _run in range(2))
    assert first.assignments == again.assignments
    assert first.bound == again.bound


@pytest.mark.parametrize("plan", [centre(9, 14), desk(6, 28)], ids=["queues", "shifts"])
def test_progress_only_gets_better_and_stop_keeps_the_best(plan: Plan) -> None:
    heard: list[Progress] = []
    result = solve(plan, seconds=120, progress=heard.append, stop=lambda: len(heard) >= 2)
    penalties = [one.penalty for one in heard if one.penalty is not None]
    assert penalties == sorted(penalties, reverse=True)
    assert [one.bound for one in heard] == sorted(one.bound for one in heard)
    assert result.penalty == pytest.approx(penalties[-1])
    assert broken_rules_of_plan(plan, result) == []
    assert result.seconds < 60


def test_a_stopped_solve_still_has_a_roster() -> None:
    result = solve(centre(9, 14), seconds=60, stop=lambda: True)
    assert broken_rules_of_plan(centre(9, 14), result) == []


# --- fixed days, leave, stability ---


def test_fixed_days_and_leave_hold() -> None:
    plan = replace(
        centre(),
        fixed=(Fixed("p0", MONDAY, "V"), Fixed("p1", MONDAY, DAY_OFF)),
        leave=(Leave("p2", MONDAY + timedelta(days=1), 450),),
    )
    result = solve(plan, seconds=1, deterministic=True)
    by_day = {(one.person, one.day): one.shift for one in result.assignments}
    assert by_day["p0", MONDAY] == "V"
    assert by_day["p1", MONDAY] == DAY_OFF
    assert by_day["p2", MONDAY + timedelta(days=1)] == DAY_OFF


def test_a_day_of_leave_asks_for_no_more_days_off_and_cuts_days_in_a_row_short() -> None:
    contract = replace(FULL, min_days_off=2, min_days_in_row=3, week_min=2160)
    needs = tuple(ShiftNeed(day, "E", 1) for day in days(12) if day.weekday() < 5)
    away = MONDAY + timedelta(days=8)
    person = (Person("p0", contract.name),)
    plan = Plan(MONDAY, 14, (EARLY,), (contract,), person, shift_needs=needs, leave=(Leave("p0", away, 480),))
    result = solve(plan, seconds=2, deterministic=True)
    worked = {one.day for one in result.assignments if one.works}
    assert worked == {need.day for need in needs} - {away}
    assert [(one.kind, one.day) for one in result.shortfalls] == [("cover", away)]
    assert not check(plan, result.assignments)
    assert not broken_rules_of_plan(plan, result)
    unexcused = {broken.rule for broken in check(replace(plan, leave=()), result.assignments)}
    assert {"days_off", "least_days_in_row"} <= unexcused


def test_a_sick_call_changes_little_and_nothing_before_today() -> None:
    plan = centre(9, 14)
    old = solve(plan, seconds=2, deterministic=True)
    today = MONDAY + timedelta(days=4)
    sick = replace(plan, leave=(Leave("p0", today), Leave("p0", today + timedelta(days=1))))
    again = keep(sick, old.assignments, weight=30, until=today)
    new = solve(again, seconds=2, deterministic=True, start=old.assignments)
    before = {(one.person, one.day): one.shift for one in old.assignments}
    changed = [one for one in new.assignments if before[one.person, one.day] != one.shift]
    assert all(one.day >= today for one in changed)
    assert len([one for one in changed if one.person != "p0"]) <= 6
    assert new.costs.changes == 30 * len([one for one in changed if (one.person, one.day) not in _away(sick)])


def test_breaks_stay_where_a_shift_stays() -> None:
    plan = centre(9, 7)
    old = solve(plan, seconds=1, deterministic=True)
    # As somebody may have placed them by hand: where nothing is needed, any place is as good.
    idle = replace(plan, queue_needs=tuple(replace(need, agents=need.agents * 0) for need in plan.queue_needs))
    shifts = {shift.name: shift for shift in plan.shifts}
    moved = tuple(_with_latest_breaks(one, shifts[one.shift]) if one.works else one for one in old.assignments)
    again = solve(keep(idle, moved, weight=100), seconds=1, deterministic=True, start=moved)
    before = {(one.person, one.day): one for one in moved}
    same = [one for one in again.assignments if one.works and before[one.person, one.day].shift == one.shift]
    assert same
    assert all(one.breaks == before[one.person, one.day].breaks for one in same)
    assert price(idle, again.assignments).total == pytest.approx(again.penalty)


def _with_latest_breaks(one: Assignment, shift: Shift) -> Assignment:
    placed = zip(one.breaks, shift.breaks, strict=True)
    return replace(one, breaks=tuple(replace(rest, start=one.start + rule.latest) for rest, rule in placed))


def _away(plan: Plan) -> set[tuple[str, date]]:
    return {(one.person, one.day) for one in plan.leave}


def test_an_unchanged_plan_keeps_its_roster() -> None:
    plan = desk(6, 14)
    old = solve(plan, seconds=3, deterministic=True)
    new = solve(keep(plan, old.assignments), seconds=3, deterministic=True, start=old.assignments)
    assert [one.shift for one in new.assignments] == [one.shift for one in old.assignments]


# --- never infeasible ---


def test_too_few_people_are_told_with_reasons() -> None:
    result = solve(desk(1, 7, wanted=2), seconds=1, deterministic=True)
    told = [one for one in result.shortfalls if one.kind == "cover"]
    assert told
    assert any("of 1 who can" in one.why for one in told)
    assert sum(one.missing for one in told) == 28 - sum(one.works for one in result.assignments)


def test_a_queue_nobody_can_serve_is_told() -> None:
    plan = replace(centre(), people=tuple(replace(one, skills=frozenset({"sales"})) for one in centre().people))
    result = solve(plan, seconds=1, deterministic=True)
    assert any(one.queue == "help" and one.why == "nobody has the skill" for one in result.shortfalls)


def test_a_time_without_shift_is_told() -> None:
    plan = centre()
    table = plan.queue_needs[0].agents.copy()
    table[0, 4] = 2
    plan = replace(plan, queue_needs=(QueueNeed("sales", table), plan.queue_needs[1]))
    result = solve(plan, seconds=1, deterministic=True)
    night = [one for one in result.shortfalls if one.start is not None and one.start.hour == 2]
    assert [one.why for one in night] == ["no shift covers this time"]
    assert night[0].missing == 2


def test_rules_of_one_person_that_cannot_hold_together_are_named() -> None:
    contract = replace(FULL, week_min=2400, week_max=2400)
    plan = replace(
        desk(3),
        contracts=(contract,),
        leave=tuple(Leave("p0", day) for day in days(4)),
        shift_needs=desk(3).shift_needs,
    )
    result = solve(plan, seconds=1, deterministic=True)
    told = [one for one in result.shortfalls if one.kind == "rule"]
    assert [one.person for one in told] == ["p0"]
    assert "minimum hours of a week" in told[0].why


def test_leave_beats_a_fixed_shift_and_says_so() -> None:
    plan = replace(desk(), fixed=(Fixed("p0", MONDAY, "E"),), leave=(Leave("p0", MONDAY),))
    result = solve(plan, seconds=1, deterministic=True)
    assert [one.kind for one in result.shortfalls if one.person == "p0"] == ["conflict"]


# --- contradictions are refused by name ---

WRONG = {
    "nobody": (replace(desk(), people=()), "Nobody is on the team"),
    "twice": (replace(desk(), people=(Person("ann", "full"), Person("ann", "full"))), "“ann” is there twice"),
    "no days": (replace(desk(), days=0), "0 days"),
    "no shift": (replace(desk(), shifts=(), shift_needs=()), "no shift"),
    "least above most": (replace(desk(), contracts=(replace(FULL, week_min=3000),)), "“full” asks for at least 3000"),
    "break outside": (
        replace(centre(), shifts=(Shift("D", 480, 240, (LUNCH,)), EVENING)),
        "“lunch” does not lie inside shift “D”",
    ),
    "two needs": (
        replace(centre(), shift_needs=(ShiftNeed(MONDAY, "D", 1),)),
        "per shift and",
    ),
    "off the grid": (replace(centre(), shifts=(replace(DAY, start=490), EVENING)), "does not fit the grid of 30"),
    "shape": (replace(centre(), queue_needs=(QueueNeed("sales", np.zeros((3, 48))),)), "no table of 7 days × 48"),
    "below nothing": (replace(centre(), queue_needs=(QueueNeed("s", np.full((7, 48), -1.0)),)), "0 or more"),
    "fixed twice": (
        replace(desk(), fixed=(Fixed("p0", MONDAY, "E"), Fixed("p0", MONDAY, "L"))),
        "p0 is fixed to “E” and to “L”",
    ),
    "free shift": (
        replace(desk(), free_shifts=(FreeShift("f", 600, 480, 240, 300),)),
        "latest before its earliest",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_contradiction_is_refused_by_name(name: str) -> None:
    plan, words = WRONG[name]
    with pytest.raises(UsageProblem, match=words):
        verify(plan)
    with pytest.raises(UsageProblem, match=words):
        solve(plan, seconds=1)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="p9"):
        verify(replace(desk(), wishes=(Wish("p9", MONDAY, "E"),)))
    with pytest.raises(NotFound, match="E"):
        verify(replace(desk(), wishes=(Wish("p0", MONDAY, "EE"),)))


# --- check ---


def broken(plan: Plan, *assignments: Assignment) -> set[str]:
    return {one.rule for one in check(plan, assignments)}


def test_check_names_every_kind_of_rule() -> None:
    tight = replace(
        FULL, day_max=450, max_shifts={"V": 1}, week_max=900, max_days_in_row=2, min_days_in_row=2, min_days_off=2,
        max_weekends=0, min_minutes=480,
    )  # fmt: skip
    one = Person("p0", "full", frozenset({"sales"}), hours={0: ((480, 1200),), 1: ()})
    plan = replace(centre(1), contracts=(tight,), people=(one,))
    assert broken(plan, work("p0", 0, DAY), work("p0", 0, EVENING)) >= {"twice"}
    assert "availability" in broken(plan, work("p0", 1, DAY))
    assert "rest" in broken(plan, work("p0", 2, EVENING), replace(work("p0", 3, DAY), start=360))
    assert "days_in_row" in broken(plan, *(work("p0", day, DAY) for day in (2, 3, 4)))
    assert "least_days_in_row" in broken(plan, work("p0", 3, DAY))
    assert "days_off" in broken(plan, work("p0", 2, DAY), work("p0", 4, DAY))
    assert "week_hours" in broken(plan, *(work("p0", day, DAY) for day in (2, 3, 4)))
    assert "period_hours" in broken(plan)
    assert "weekends" in broken(plan, work("p0", 5, DAY))
    assert "shift_count" in broken(plan, work("p0", 2, EVENING), work("p0", 3, EVENING))
    assert "day_hours" in broken(plan, replace(work("p0", 2, DAY), paid=460))
    assert "skill" in broken(plan, replace(work("p0", 2, DAY), queue="help"))
    assert "leave" in broken(replace(plan, leave=(Leave("p0", days(3)[2]),)), work("p0", 2, DAY))
    assert "fixed" in broken(replace(plan, fixed=(Fixed("p0", days(3)[2], "V"),)), work("p0", 2, DAY))
    assert "fixed" in broken(replace(plan, fixed=(Fixed("p0", days(3)[2], "V"),)))
    assert "weekday" in broken(
        replace(plan, shifts=(replace(DAY, weekdays=frozenset({0})), EVENING)), work("p0", 2, DAY)
    )
    early = replace(EVENING, not_next_day=frozenset({"D"}))
    assert "follower" in broken(replace(plan, shifts=(DAY, early)), work("p0", 2, EVENING), work("p0", 3, DAY))


def test_check_judges_breaks_and_moved_shifts_by_their_own_times() -> None:
    plan = centre(1)
    good = replace(work("p0", 2, DAY), breaks=(Placed("lunch", 720, 30, False),))
    assert check(plan, [good]) == []
    assert broken(plan, replace(good, breaks=(Placed("lunch", 500, 30, False),))) == {"break"}
    stretched = replace(good, minutes=540, breaks=(Placed("lunch", 500, 30, False),))
    assert check(plan, [stretched]) == []
    assert broken(plan, replace(stretched, breaks=(Placed("lunch", 1010, 30, False),))) == {"break"}


def test_check_can_look_at_some_people_only() -> None:
    plan = replace(centre(2), leave=tuple(Leave(f"p{number}", MONDAY) for number in range(2)))
    rows = [work("p0", 0, DAY), work("p1", 0, DAY)]
    assert [one.person for one in check(plan, rows, people={"p1"})] == ["p1"]


def test_what_was_before_counts() -> None:
    plan = replace(desk(1), before=(Before("p0", days_worked=4, days_off=0, last_shift="L"),))
    rows = [work("p0", 0, EARLY), work("p0", 1, EARLY)]
    rules = {one.rule: one for one in check(plan, rows)}
    assert {"days_in_row", "rest", "follower"} <= rules.keys()
    assert all(isinstance(one, BrokenRule) and one.text for one in rules.values())


def test_a_short_night_is_counted_when_the_clock_changes() -> None:
    sunday = date(2026, 3, 29)
    late, early = Shift("N", 780, 480, weekdays=frozenset({5})), Shift("M", 480, 480, weekdays=frozenset({6}))
    plan = Plan(
        sunday - timedelta(days=1),
        2,
        (late, early),
        (Contract("c", min_rest=660),),
        (Person("p0", "c"),),
        shift_needs=(ShiftNeed(sunday - timedelta(days=1), "N", 1), ShiftNeed(sunday, "M", 1)),
        zone=ZoneInfo("Europe/Vienna"),
    )
    rows = [
        Assignment("p0", sunday - timedelta(days=1), "N", 780, 480, 480),
        Assignment("p0", sunday, "M", 480, 480, 480),
    ]
    assert [one.rule for one in check(plan, rows)] == ["rest"]
    assert check(replace(plan, zone=None), rows) == []
    assert sum(one.works for one in solve(plan, seconds=1, deterministic=True).assignments) == 1
    assert sum(one.works for one in solve(replace(plan, zone=None), seconds=1, deterministic=True).assignments) == 2


def test_check_is_quick() -> None:
    plan = centre(45, 28)
    rows = [work(person.id, day, DAY) for person in plan.people for day in range(28) if day % 7 < 5]
    begin = time.process_time()
    check(plan, rows)
    assert time.process_time() - begin < 2, "a drag must not wait; usually this takes 10 ms"


# --- coverage ---


def test_coverage_counts_nobody_twice_and_breaks_as_away() -> None:
    plan = centre(3)
    rows = [replace(work("p2", 0, DAY), breaks=(Placed("lunch", 720, 30, False),)), work("p0", 0, EVENING)]
    by_queue = {one.queue: one for one in coverage(plan, rows)}
    total = by_queue["sales"].scheduled + by_queue["help"].scheduled
    assert total[0, 16] == 1, "at 8 only the one with both skills"
    assert total[0, 24] == 1, "at 12 lunch, the other has come"
    assert total[0, 26] == 2
    assert by_queue["help"].scheduled[0, 26] == 1, "who serves both goes where nobody else can"
    assert by_queue["sales"].scheduled[0, 26] == 1
    assert (by_queue["help"].missing == np.maximum(by_queue["help"].required - by_queue["help"].scheduled, 0)).all()


def test_each_assignment_has_the_queue_it_is_counted_for() -> None:
    result = solve(centre(), seconds=1, deterministic=True)
    skills = {one.id: one.skills for one in centre().people}
    assert all(one.queue in skills[one.person] for one in result.assignments if one.works)


# --- free shifts, fairness, long horizons ---


def test_free_shifts_take_any_start_on_their_grid() -> None:
    free = FreeShift("f", 480, 720, 240, 480, step=60, breaks=((360, LUNCH),))
    plan = replace(centre(), shifts=(), free_shifts=(free,))
    result = solve(plan, seconds=2, deterministic=True)
    assert broken_rules_of_plan(plan, result) == []
    worked = [one for one in result.assignments if one.works]
    assert worked
    assert all(480 <= one.start <= 720 and one.start % 60 == 0 and 240 <= one.minutes <= 480 for one in worked)
    assert all(len(one.breaks) == (one.minutes >= 360) for one in worked)


def test_unloved_shifts_are_spread() -> None:
    plan = replace(desk(4, 14), fairness=(Fairness("late", frozenset({"L"}), weight=3.0),))
    result = solve(plan, seconds=5, deterministic=True)
    counts = [sum(one.shift == "L" for one in result.of(person.id)) for person in plan.people]
    assert sum(counts) == 14
    assert max(counts) - min(counts) <= 1


def test_a_long_horizon_is_planned_in_windows() -> None:
    plan = replace(desk(4, 70), contracts=(replace(FULL, max_weekends=8),))
    result = solve(plan, seconds=1.5, deterministic=True)
    assert broken_rules_of_plan(plan, result) == []
    assert result.penalty == pytest.approx(penalty_of_plan(plan, result))
    assert result.bound <= result.penalty


def test_nights_over_midnight_cover_the_next_morning() -> None:
    table = np.zeros((3, 24))
    table[:2, 22:] = 1
    table[1:, :6] = 1
    night = Shift("N", 22 * 60, 480)
    plan = Plan(
        MONDAY, 3, (night,), (Contract("c"),), (Person("p0", "c", frozenset({"q"})),),
        queue_needs=(QueueNeed("q", table),), interval=60,
    )  # fmt: skip
    result = solve(plan, seconds=1, deterministic=True)
    assert [one.shift for one in result.assignments] == ["N", "N", DAY_OFF]
    assert result.costs.missing == 0
