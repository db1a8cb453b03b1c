"""Make a roster from a plan: the one door to the solvers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ccops.i18n import _
from ccops.wfm.roster.compile import Compiled, compile_plan
from ccops.wfm.roster.control import Control, Progress
from ccops.wfm.roster.core import DirectCover, Reals
from ccops.wfm.roster.descent import State
from ccops.wfm.roster.ease import Eased, ease
from ccops.wfm.roster.engine import Answer, Engine
from ccops.wfm.roster.explain import Explainer
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.model import DAY_OFF, Plan
from ccops.wfm.roster.result import Assignment, Costs, Placed, Roster, Shortfall


def make_roster(
    plan: Plan,
    seconds: float = 60.0,
    *,
    deterministic: bool = False,
    seed: int = 1,
    tell: Callable[[Progress], None] | None = None,
    control: Control | None = None,
) -> Roster:
    """Return the best roster found within the time; there always is one.

    Where rules cannot all hold for a person, or people are too few, the roster says so in `shortfalls`. `tell` hears
    of every better roster and bound; a `control` of one's own can be stopped from another thread. `deterministic`
    counts work instead of time: the same plan then gives the same roster on every machine. A plan that contradicts
    itself is refused (UsageProblem).
    """
    watch = control or Control(seconds, deterministic=deterministic, tell=tell)
    compiled = compile_plan(plan)
    core, eased = ease(compiled.core)
    compiled = replace(compiled, core=core)
    compiled.told.extend(_told(compiled, one) for one in eased)
    return _result(compiled, Engine(core, watch, seed).solve(), watch)


def _told(compiled: Compiled, one: Eased) -> Shortfall:
    why = _("these rules cannot all hold: {rules} gave way").format(rules=", ".join(one.rules))
    if one.reachable is not None:
        why += _("; {hours:.1f} hours are the most that can be worked").format(hours=one.reachable / 60)
    return Shortfall("rule", why, person=compiled.plan.people[one.person].id)


def _result(compiled: Compiled, answer: Answer, control: Control) -> Roster:
    state = answer.state
    under, over = _cover_parts(compiled, state.counts)
    assignments = tuple(
        _assignment(compiled, person, day, state)
        for person in range(compiled.core.people)
        for day in range(compiled.plan.days)
    )
    return Roster(
        assignments,
        Costs(under, over, compiled.core.constant + float(state.personal.sum())),
        answer.bound,
        (*compiled.told, *Explainer(compiled, state.roster, state.counts).shortfalls()),
        control.seconds,
        answer.proved,
    )


def _cover_parts(compiled: Compiled, counts: Reals) -> tuple[float, float]:
    """Return the penalty of agents missing and of agents too many."""
    cover = compiled.core.cover
    total = cover.cost(counts)
    if isinstance(cover, IntervalCover):
        under = float((cover.under[:, None] * cover.missing_by_queue(counts)).sum())
        return under, total - under
    if isinstance(cover, DirectCover):
        under = float((cover.under * np.maximum(cover.required - counts, 0)).sum())
        return under, total - under
    return total, 0.0


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
