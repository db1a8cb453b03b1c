"""What a roster costs, from what people see: needs, pay, wishes, kept days, fairness.

Agrees with the solver's own sum for rosters it made, and prices rosters changed by hand in the same way.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

from ccops.wfm.roster.fair import FairShares
from ccops.wfm.roster.model import DAY_OFF, Plan
from ccops.wfm.roster.result import Assignment, Costs
from ccops.wfm.roster.sharing import coverage_of

Worked = dict[tuple[str, date], Assignment]


def costs_of(plan: Plan, assignments: Iterable[Assignment]) -> Costs:
    """Return the penalty in parts."""
    inside = {plan.date_of(day) for day in range(plan.days)}
    worked = {(one.person, one.day): one for one in assignments if one.works and one.day in inside}
    missing, staff = _by_queue(plan, worked) if plan.queue_needs else _by_shift(plan, worked)
    changed = sum(
        one.weight for one in plan.kept if one.day in inside and _shift(worked, one.person, one.day) != one.shift
    )
    return Costs(missing, staff, _wishes(plan, worked, inside), float(changed), _fairness(plan, worked))


def _shift(worked: Worked, person: str, day: date) -> str:
    one = worked.get((person, day))
    return DAY_OFF if one is None else one.shift


def _by_queue(plan: Plan, worked: Worked) -> tuple[float, float]:
    """Return the cost of agents missing and of paid hours."""
    under = {need.queue: need.under for need in plan.queue_needs}
    missing = sum(under[one.queue] * float(one.missing.sum()) for one in coverage_of(plan, worked.values()))
    return missing, sum(one.paid for one in worked.values()) / 60 * plan.pay


def _by_shift(plan: Plan, worked: Worked) -> tuple[float, float]:
    """Return the cost of people too few and of people too many; needs of one shift and day add up."""
    there = Counter((one.day, one.shift) for one in worked.values())
    wanted: dict[tuple[date, str], int] = defaultdict(int)
    prices: dict[tuple[date, str], tuple[float, float]] = {}
    for need in plan.shift_needs:
        if 0 <= plan.place_of(need.day) < plan.days:
            wanted[need.day, need.shift] += need.people
            prices[need.day, need.shift] = need.under, need.over
    few = sum(prices[key][0] * max(0, count - there[key]) for key, count in wanted.items())
    many = sum(prices[key][1] * max(0, there[key] - count) for key, count in wanted.items())
    return float(few), float(many)


def _wishes(plan: Plan, worked: Worked, inside: set[date]) -> float:
    return float(
        sum(
            wish.weight
            for wish in plan.wishes
            if wish.day in inside and (_shift(worked, wish.person, wish.day) == wish.shift) != wish.wanted
        )
    )


def _fairness(plan: Plan, worked: Worked) -> float:
    total = 0.0
    for fair in plan.fairness:
        shares = FairShares(plan, fair)
        counts = Counter(
            one.person for one in worked.values() if one.shift in fair.shifts and one.day.weekday() in fair.weekdays
        )
        total += sum(shares.price(counts[person]) for person in shares.able)
    return total
