"""The public door of rosters: what others call. Everything heavy is loaded only when something is asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from ccops.wfm.roster.broken import BrokenRule, broken_rules
from ccops.wfm.roster.control import Progress
from ccops.wfm.roster.model import DAY_OFF, Fixed, Kept, Plan
from ccops.wfm.roster.result import Assignment, Costs, Result

if TYPE_CHECKING:  # loads numpy
    from ccops.wfm.roster.sharing import Coverage

_TAIL, _MOST_TAIL = 0.15, 1.5


def solve(
    plan: Plan,
    *,
    seconds: float = 60.0,
    deterministic: bool = False,
    seed: int = 1,
    start: Iterable[Assignment] | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Result:
    """Return the best roster found within `seconds`; there always is one, `shortfalls` says what it lacks and why.

    `start` is a roster to begin from (it need not keep the rules). `progress` hears, on the calling thread, of every
    better roster and bound. `stop` is asked now and then; true ends the search with the best roster so far. With
    `deterministic` work is counted instead of time: the same plan and seed give the same roster on every machine, and
    `seconds` are those of a middling one. A plan that contradicts itself is refused (UsageProblem).
    """
    from ccops.wfm.roster.control import Control
    from ccops.wfm.roster.making import make_roster

    # What is left is for the reasons of shortfalls and the queues of each shift.
    limit = seconds - min(_MOST_TAIL, _TAIL * seconds)
    control = Control(limit, deterministic=deterministic, tell=progress, stop=stop)
    return make_roster(plan, control, seed=seed, start=start)


def check(plan: Plan, assignments: Iterable[Assignment], *, people: Collection[str] | None = None) -> list[BrokenRule]:
    """Return every hard rule that the assignments break, for some people or all; takes milliseconds.

    Shifts are judged by their own times, so they may have been moved or stretched by hand. Days without assignment
    are days off.
    """
    return broken_rules(plan, assignments, people)


def coverage(plan: Plan, assignments: Iterable[Assignment]) -> list[Coverage]:
    """Return required, scheduled and missing agents per queue and interval (plans with queue needs)."""
    from ccops.wfm.roster.sharing import coverage_of

    return coverage_of(plan, assignments)


def price(plan: Plan, assignments: Iterable[Assignment]) -> Costs:
    """Return the penalty of any roster of the plan, in parts; broken rules cost nothing here (see `check`)."""
    from ccops.wfm.roster.pricetag import costs_of

    return costs_of(plan, assignments)


def verify(plan: Plan) -> None:
    """Refuse (UsageProblem) a plan that contradicts itself: the same words as `solve`, without solving."""
    from ccops.wfm.roster.validate import check_plan

    check_plan(plan)


def keep(plan: Plan, assignments: Iterable[Assignment], *, weight: float = 10.0, until: date | None = None) -> Plan:
    """Return the plan with a roster to stay close to: each changed day costs `weight`, days before `until` are fixed.

    For a sick call: add the leave to the plan, keep the published roster, and solve with it as `start`.
    """
    worked = {(one.person, one.day): one.shift for one in assignments if one.works}
    known = {shift.name for shift in plan.all_shifts()}
    settled = {(one.person, one.day) for one in plan.fixed} | {(one.person, one.day) for one in plan.leave}
    fixed, kept = list(plan.fixed), []
    for person in plan.people:
        for day in map(plan.date_of, range(plan.days)):
            shift = worked.get((person.id, day), DAY_OFF)
            if (person.id, day) in settled or (shift != DAY_OFF and shift not in known):
                continue
            if until is not None and day < until:
                fixed.append(Fixed(person.id, day, shift))
            else:
                kept.append(Kept(person.id, day, shift, weight))
    return replace(plan, fixed=tuple(fixed), kept=tuple(kept))
