"""Required against scheduled, of one roster: curves for screens and papers, and what falls short."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ccops.store.planning import DayRow
from ccops.wfm.plan.build import assignment_of
from ccops.wfm.roster import Plan, coverage

if TYPE_CHECKING:
    from ccops.wfm.roster.sharing import Coverage


@dataclass(frozen=True, slots=True)
class Slot:
    """One interval of one queue."""

    day: date
    start: int
    """Minutes after midnight."""
    queue: str
    required: float
    scheduled: float

    @property
    def missing(self) -> float:
        """Agents too few."""
        return max(0.0, self.required - self.scheduled)


def slots_of(plan: Plan, rows: Iterable[DayRow]) -> Iterator[Slot]:
    """Yield every interval in which a queue needs or has somebody, by day, time and queue."""
    found = covered(plan, rows)
    per_day = 24 * 60 // plan.interval
    for day in range(plan.days):
        for place in range(per_day):
            for one in found:
                required, scheduled = float(one.required[day, place]), float(one.scheduled[day, place])
                if required or scheduled:
                    yield Slot(plan.date_of(day), place * plan.interval, one.queue, required, scheduled)


def covered(plan: Plan, rows: Iterable[DayRow]) -> "list[Coverage]":
    """Return the coverage of stored days; nothing for a plan without needs."""
    return coverage(plan, [assignment_of(row) for row in rows]) if plan.queue_needs else []


def missing_hours(plan: Plan, rows: Iterable[DayRow]) -> dict[date, float]:
    """Return the agent hours that each day lacks, over all queues."""
    found = covered(plan, rows)
    return {
        plan.first + timedelta(days=day): sum(float(one.missing[day].sum()) for one in found) * plan.interval / 60
        for day in range(plan.days)
    }


def summary(plan: Plan, rows: Sequence[DayRow]) -> dict[str, Any]:
    """Return how much of what is required is covered, over the whole roster."""
    found = covered(plan, rows)
    hours = plan.interval / 60
    required = sum(float(one.required.sum()) for one in found) * hours
    missing = sum(float(one.missing.sum()) for one in found) * hours
    return {
        "required_hours": round(required, 2),
        "missing_hours": round(missing, 2),
        "scheduled_hours": round(sum(row.minutes for row in rows if row.shift) / 60, 2),
        "paid_hours": round(sum(row.paid for row in rows) / 60, 2),
        "covered": None if not required else round(1 - missing / required, 6),
    }
