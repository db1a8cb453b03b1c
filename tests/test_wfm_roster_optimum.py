"""Rosters against every possible roster: small plans solved by brute force with the independent checker."""

import itertools
import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.wfm.roster import DAY_OFF, Assignment, Costs, Leave, Plan, Result, Wish, check, price, solve
from ccops.wfm.roster.compile import compile_plan
from ccops.wfm.roster.control import Control
from ccops.wfm.roster.daymoves import DayMoves
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.relax import relax
from ccops.wfm.roster.rules import breaches
from ccops.wfm.roster.totals import Totals
from tests.roster_checker import broken_rules_of_plan, penalty_of_plan
from tests.roster_plans import MONDAY, queue_plans, shift_plans

SUNDAY = MONDAY.replace(day=8)


def _assignment(plan: Plan, person: str, day: int, name: str) -> Assignment:
    shift = next((one for one in plan.shifts if one.name == name), None)
    if shift is None:
        return Assignment(person, plan.date_of(day), DAY_OFF)
    return Assignment(person, plan.date_of(day), name, shift.start, shift.minutes, shift.paid)


def _result(rows: dict[str, tuple[str, ...]], plan: Plan) -> Result:
    every = tuple(_assignment(plan, who, day, name) for who, row in rows.items() for day, name in enumerate(row))
    return Result(every, Costs(0, 0, 0, 0, 0), -math.inf, (), 0.0, False)


def _patterns(plan: Plan, person: str) -> list[tuple[str, ...]]:
    """Return every row of a person that the independent checker allows."""
    alone = replace(plan, people=tuple(one for one in plan.people if one.id == person))
    choices = [DAY_OFF, *(shift.name for shift in plan.shifts)]
    rows = itertools.product(choices, repeat=plan.days)
    return [row for row in rows if not broken_rules_of_plan(alone, _result({person: row}, alone))]


def _own(plan: Plan, person: str, row: tuple[str, ...]) -> float:
    alone = replace(
        plan,
        shift_needs=(),
        wishes=tuple(one for one in plan.wishes if one.person == person),
        kept=tuple(one for one in plan.kept if one.person == person),
    )
    return penalty_of_plan(alone, _result({person: row}, alone))


def _least(plan: Plan) -> float | None:
    """Return the least penalty of all rosters of two people; None where someone has no allowed row."""
    first, second = (one.id for one in plan.people)
    rows = {who: _patterns(plan, who) for who in (first, second)}
    if not all(rows.values()):
        return None
    own = [np.array([_own(plan, who, row) for row in rows[who]]) for who in (first, second)]
    total = own[0][:, None] + own[1][None, :]
    for need in plan.shift_needs:
        day = plan.place_of(need.day)
        there = [np.array([row[day] == need.shift for row in rows[who]], int) for who in (first, second)]
        lack = need.people - there[0][:, None] - there[1][None, :]
        total = total + np.where(lack > 0, need.under * lack, -need.over * lack)
    return float(total.min())


@settings(max_examples=25)
@given(shift_plans(length=6) | shift_plans(length=6, start=SUNDAY))
def test_proved_rosters_are_the_best_of_all(plan: Plan) -> None:
    result = solve(plan, seconds=20, deterministic=True)
    least = _least(plan)
    told = [one for one in result.shortfalls if one.kind == "rule"]
    if least is None:
        assert told, "someone has no allowed pattern, and nobody said so"
        return
    assert not told
    assert broken_rules_of_plan(plan, result) == []
    assert result.penalty == pytest.approx(penalty_of_plan(plan, result))
    assert result.bound <= least + 1e-6 <= result.penalty + 2e-6
    assert result.proved
    assert result.penalty == pytest.approx(least)


@settings(max_examples=15)
@given(queue_plans())
def test_rosters_per_interval_keep_rules_bound_and_penalty(plan: Plan) -> None:
    result = solve(plan, seconds=1, deterministic=True)
    assert broken_rules_of_plan(plan, result) == []
    assert result.penalty == pytest.approx(penalty_of_plan(plan, result))
    assert result.penalty == pytest.approx(price(plan, result.assignments).total)
    assert result.bound <= result.penalty + 1e-6
    assert all(one.queue in {"", "a", "b"} for one in result.assignments)


@settings(max_examples=10)
@given(queue_plans(people=2, length=2))
def test_the_bound_per_interval_is_below_every_roster(plan: Plan) -> None:
    plan = replace(plan, shifts=tuple(replace(shift, breaks=()) for shift in plan.shifts))
    result = solve(plan, seconds=1, deterministic=True)
    rows = [_patterns(plan, person.id) for person in plan.people]
    every = itertools.product(*rows)
    names = [person.id for person in plan.people]
    least = min(penalty_of_plan(plan, _result(dict(zip(names, row, strict=True)), plan)) for row in every)
    assert result.bound <= least + 1e-6
    assert least <= result.penalty + 1e-6


@settings(max_examples=20)
@given(queue_plans(people=2, length=3), st.sampled_from([4, 5, 6]), st.sampled_from([None, 0, 1]), st.integers(0, 2))
def test_what_whole_totals_prove_is_below_every_roster(plan: Plan, weekday: int, most: int | None, away: int) -> None:
    """Three days from Friday, Saturday or Sunday on; weekends may be limited, someone may be away or serve nothing."""
    contract = replace(plan.contracts[0], max_weekends=most)
    shifts = tuple(replace(shift, breaks=()) for shift in plan.shifts[:1])
    first = MONDAY + timedelta(days=weekday)
    wishes = (Wish("p0", first, DAY_OFF, 7), Wish("p1", first, DAY_OFF, 9), Wish("p1", first, shifts[0].name, 3))
    leave = (Leave("p0", first + timedelta(days=away)),) if away else ()
    plan = replace(plan, first=first, contracts=(contract,), shifts=shifts, wishes=wishes, leave=leave)
    if weekday == 6:
        plan = replace(plan, people=(plan.people[0], replace(plan.people[1], skills=frozenset())))
    core, control = compile_plan(plan).core, Control(60, deterministic=True)
    assert isinstance(core.cover, IntervalCover)
    totals = Totals(core, core.cover, relax(core, core.cover, control, 10), control)
    proved = list(totals.prove(lambda: False))
    rows = [_patterns(plan, person.id) for person in plan.people]
    names = [person.id for person in plan.people]
    every = (dict(zip(names, row, strict=True)) for row in itertools.product(*rows))
    least = min(penalty_of_plan(plan, _result(roster, plan)) for roster in every)
    assert proved
    assert -math.inf < max(proved) <= least + 1e-6


@settings(max_examples=15)
@given(queue_plans(people=4, length=7), st.integers(0, 3))
def test_moves_of_days_keep_the_rules_and_never_cost_more(plan: Plan, most: int) -> None:
    contract = replace(plan.contracts[0], week_max=1440, max_weekends=most or None)
    core, control = compile_plan(replace(plan, contracts=(contract,))).core, Control(60, deterministic=True)
    assert isinstance(core.cover, IntervalCover)
    totals = Totals(core, core.cover, relax(core, core.cover, control, 10), control)
    start = np.full((core.people, plan.days), OFF, np.int16)
    moves = DayMoves(core, totals, start)
    before = moves.value.sum()
    after = moves.run(lambda: False)
    broken = [breach.rule for person in range(core.people) for breach in breaches(core, person, after[person])]
    assert set(broken) <= {"follow"}
    assert totals.least(after).sum() == pytest.approx(moves.value.sum())
    wishes = [sum(core.off_costs[person][row == OFF]) for person, row in enumerate(after)]
    assert moves.value.sum() + sum(wishes) <= before + core.off_costs.sum() + 1e-6


@settings(max_examples=60)
@given(st.data(), shift_plans(people=1, length=7))
def test_check_agrees_with_the_independent_checker(data: st.DataObject, plan: Plan) -> None:
    choices = [DAY_OFF, *(shift.name for shift in plan.shifts)]
    row = tuple(data.draw(st.lists(st.sampled_from(choices), min_size=7, max_size=7)))
    result = _result({"p0": row}, plan)
    assert bool(check(plan, result.assignments)) == bool(broken_rules_of_plan(plan, result))
