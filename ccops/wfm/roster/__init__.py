"""Rosters: who works what when, from requirements, contracts, rules and wishes.

The door for everybody else; light to import, nothing below is needed from outside:

    plan = Plan(first, days, shifts, contracts, people, queue_needs=…, leave=…, wishes=…, fixed=…)
    result = solve(plan, seconds=60, progress=tell, stop=event.is_set)
    result.assignments    one Assignment per person and day: shift, start, end, breaks, queue
    result.costs          the penalty in parts; result.penalty, result.bound, result.gap
    result.shortfalls     what falls short and why: kind, why, person, queue, day, start, end, missing

    check(plan, assignments, people={"a01"})   hard rules broken, in milliseconds: drags, swaps, leave
    coverage(plan, assignments)                required, scheduled and missing per queue and interval
    price(plan, assignments)                   the penalty of a roster changed by hand
    keep(plan, assignments, until=today)       the plan of a re-solve that stays close to a roster
    verify(plan)                               refuses contradictions (UsageProblem) before anything is solved

Days are dates, times of day minutes after midnight, lengths minutes; a day off has the shift DAY_OFF ("").
`solve` holds the calling thread; call it from a worker thread or process where a screen is drawn.
"""

from ccops.wfm.roster.broken import BrokenRule
from ccops.wfm.roster.control import Progress
from ccops.wfm.roster.door import check, coverage, keep, price, solve, verify
from ccops.wfm.roster.model import (
    DAY_OFF,
    EVERY_DAY,
    Before,
    Break,
    Contract,
    Fairness,
    Fixed,
    FreeShift,
    Kept,
    Leave,
    Person,
    Plan,
    QueueNeed,
    Shift,
    ShiftNeed,
    Wish,
)
from ccops.wfm.roster.result import Assignment, Costs, Placed, Result, Shortfall

__all__ = [
    "DAY_OFF",
    "EVERY_DAY",
    "Assignment",
    "Before",
    "Break",
    "BrokenRule",
    "Contract",
    "Costs",
    "Fairness",
    "Fixed",
    "FreeShift",
    "Kept",
    "Leave",
    "Person",
    "Placed",
    "Plan",
    "Progress",
    "QueueNeed",
    "Result",
    "Shift",
    "ShiftNeed",
    "Shortfall",
    "Wish",
    "check",
    "coverage",
    "keep",
    "price",
    "solve",
    "verify",
]
