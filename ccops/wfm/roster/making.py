"""From a plan to a roster: numbers, solvers, and the way back to what people read."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ccops.i18n import _
from ccops.wfm.roster.compile import Compiled, compile_plan
from ccops.wfm.roster.control import Control
from ccops.wfm.roster.core import Breaks, Roster
from ccops.wfm.roster.descent import State
from ccops.wfm.roster.ease import Eased, ease
from ccops.wfm.roster.engine import Answer, Engine
from ccops.wfm.roster.explain import Explainer
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.model import DAY_OFF, Plan
from ccops.wfm.roster.pricetag import costs_of
from ccops.wfm.roster.result import Assignment, Placed, Result, Shortfall
from ccops.wfm.roster.sharing import with_queues
from ccops.wfm.roster.steady import with_steady_breaks


def make_roster(plan: Plan, control: Control, *, seed: int = 1, start: Iterable[Assignment] | None = None) -> Result:
    """Return the best roster found within the control's limit (see `door.solve`)."""
    compiled = compile_plan(plan)
    core, eased = ease(compiled.core)
    compiled = replace(compiled, core=core)
    compiled.told.extend(_told(compiled, one) for one in eased)
    before = None if start is None else tuple(start)
    hint = None if before is None else _as_numbers(compiled, before)
    answer = Engine(core, control, seed, hint).solve()
    if before is not None and hint is not None and isinstance(core.cover, IntervalCover):
        places = _places(compiled, before)
        answer = replace(answer, state=with_steady_breaks(core.cover, answer.state, hint, places))
    return _result(compiled, answer, control)


def _places(compiled: Compiled, start: Iterable[Assignment]) -> list[Breaks]:
    """Return where the breaks of assignments begin, by person; -1 where a place is none that the shift allows."""
    plan = compiled.plan
    most = max((len(shift.breaks) for shift in compiled.shifts), default=0)
    found: list[Breaks] = [np.full((plan.days, most), -1, np.int16) for _person in plan.people]
    for one in start:
        person, number = compiled.person_place.get(one.person), compiled.shift_place.get(one.shift)
        day = plan.place_of(one.day)
        if person is None or number is None or not 0 <= day < plan.days:
            continue
        shift = compiled.shifts[number]
        for place, (placed, rule) in enumerate(zip(one.breaks, shift.breaks, strict=False)):
            at = placed.start - one.start
            if rule.earliest <= at <= rule.latest and at % plan.interval == 0:
                found[person][day, place] = at // plan.interval
    return found


def _as_numbers(compiled: Compiled, start: Iterable[Assignment]) -> Roster:
    """Return assignments as the solver knows them; shifts and people that the plan does not know are left out."""
    roster: Roster = np.full((compiled.core.people, compiled.plan.days), OFF, np.int16)
    for one in start:
        person, shift = compiled.person_place.get(one.person), compiled.shift_place.get(one.shift)
        day = compiled.plan.place_of(one.day)
        if person is not None and shift is not None and 0 <= day < compiled.plan.days:
            roster[person, day] = shift
    return roster


def _told(compiled: Compiled, one: Eased) -> Shortfall:
    why = _("these rules cannot all hold: {rules} gave way").format(rules=", ".join(one.rules))
    if one.reachable is not None:
        why += _("; {hours:.1f} hours are the most that can be worked").format(hours=one.reachable / 60)
    return Shortfall("rule", why, person=compiled.plan.people[one.person].id)


def _result(compiled: Compiled, answer: Answer, control: Control) -> Result:
    state = answer.state
    assignments = tuple(
        _assignment(compiled, person, day, state)
        for person in range(compiled.core.people)
        for day in range(compiled.plan.days)
    )
    assignments = with_queues(compiled.plan, assignments)
    return Result(
        assignments,
        costs_of(compiled.plan, assignments),
        answer.bound,
        (*compiled.told, *Explainer(compiled, state.roster, state.counts).shortfalls()),
        control.seconds,
        answer.proved,
    )


def _assignment(compiled: Compiled, person: int, day: int, state: State) -> Assignment:
    who, date = compiled.plan.people[person].id, compiled.plan.date_of(day)
    duty = int(state.roster[person, day])
    if duty == OFF:
        return Assignment(who, date, DAY_OFF)
    shift = compiled.shifts[duty]
    placed = state.presence[person].breaks
    breaks: tuple[Placed, ...] = ()
    if placed is not None:
        breaks = tuple(
            Placed(one.name, shift.start + int(placed[day, place]) * compiled.plan.interval, one.minutes, one.paid)
            for place, one in enumerate(shift.breaks)
        )
    return Assignment(who, date, shift.name, shift.start, shift.minutes, shift.paid, breaks)
