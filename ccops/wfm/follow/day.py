"""A day under way: forecast and count of each queue, what its rest needs, who is there for it, and what follows.

What is scheduled is counted as rosters count it: each person once, for the queue whose lack costs most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from ccops.store.planning import DayRow, LeaveRow
from ccops.wfm.erlang import Traffic
from ccops.wfm.history import Array
from ccops.wfm.plan.build import assignment_of, plan_of
from ccops.wfm.require import QueueRequirement
from ccops.wfm.roster import Assignment, Placed, Plan, coverage
from ccops.wfm.staffing import staff
from ccops.wfm.team.model import Team


@dataclass(frozen=True, eq=False)
class QueueDay:
    """One queue over the intervals of the day."""

    queue: str
    planned: Array
    """Calls, as forecast before the day."""
    seen: Array
    """Calls that came; NaN for what is not over."""
    expected: Array
    """What came, then what is expected now."""
    low: Array
    high: Array
    factor: float
    """What is still to come against the forecast made before the day."""
    needed: QueueRequirement
    """Of `expected`, as one day."""


@dataclass(frozen=True)
class Today:
    """The day as it stands."""

    day: date
    place: int
    """Interval in which it is now."""
    team: Team
    zone: ZoneInfo
    queues: tuple[QueueDay, ...]
    rows: tuple[DayRow, ...]
    """What is published for the day."""
    leave: tuple[LeaveRow, ...] = ()

    @property
    def interval(self) -> int:
        """Minutes."""
        return self.team.interval

    @cached_property
    def plan(self) -> Plan:
        """The day as a plan whose needs are those of the rest of the day: what is over needs nobody any more."""
        return self._plan(self.place)

    @cached_property
    def whole(self) -> Plan:
        """The day as a plan with the needs of what is over, too."""
        return self._plan(0)

    def _plan(self, first: int) -> Plan:
        needs = {
            queue.queue: [[0.0 if place < first else float(count) for place, count in enumerate(agents)]]
            for queue in self.queues
            for agents in queue.needed.agents
        }
        # Activities are taken out of people's time below; nobody has to be asked to stand in for them again.
        crew = replace(self.team, activities=())
        return plan_of(crew, needs, self.day, 1, self.zone, leave=self.leave)

    def assignments(self, rows: Sequence[DayRow] | None = None) -> list[Assignment]:
        """Return the day's people, their planned activities being time off the phones."""
        return [self._busy(assignment_of(row)) for row in (self.rows if rows is None else rows) if row.shift]

    def _busy(self, one: Assignment) -> Assignment:
        activities = self.team.activities_of(one.person, self.day)
        placed = tuple(Placed(act.name, act.start, act.minutes, True) for act in activities)
        return replace(one, breaks=(*one.breaks, *placed))

    def scheduled(self, rows: Sequence[DayRow] | None = None, *, whole: bool = False) -> Mapping[str, Array]:
        """Return agents per queue and interval; `whole`: also of what is over, by what it needed."""
        if not self.queues or not self.team.people:
            return {}
        plan = self.whole if whole else self.plan
        return {one.queue: one.scheduled[0] for one in coverage(plan, self.assignments(rows))}


@dataclass(frozen=True, eq=False)
class Effect:
    """What the rest of the day looks like with some people."""

    today: Today
    agents: Mapping[str, Array]
    """Of each queue, from now on."""
    lacking: Mapping[str, float]
    """Agent hours that are missing, of each queue."""

    @property
    def missing(self) -> float:
        """Agent hours, over all queues."""
        return sum(self.lacking.values())

    @cached_property
    def service_level(self) -> Mapping[str, float | None]:
        """Expected, weighted by calls; worked out when somebody asks, since most effects are only compared."""
        return {queue.queue: level_of(queue, self.agents[queue.queue], self.today) for queue in self.today.queues}


def effect_of(today: Today, rows: Sequence[DayRow] | None = None) -> Effect:
    """Return what the rest of the day would be like with these people, the published ones where none are given."""
    scheduled = today.scheduled(rows)
    agents, lacking = {}, {}
    for queue in today.queues:
        there = scheduled.get(queue.queue, np.zeros(len(queue.expected)))[today.place :]
        needed = queue.needed.agents[0][today.place :]
        agents[queue.queue] = there
        lacking[queue.queue] = float(np.maximum(needed - there, 0).sum()) * today.interval / 60
    return Effect(today, agents, lacking)


def level_of(queue: QueueDay, agents: Array, today: Today) -> float | None:
    """Return the expected service level of the rest of the day with some agents per interval; None without calls."""
    figures = levels_of(queue, agents, today)
    calls = queue.expected[today.place :]
    known = np.array([figure is not None for figure in figures]) & (calls > 0)
    if not known.any():
        return None
    values = np.array([0.0 if figure is None else figure for figure in figures])
    return float((values * calls)[known].sum() / calls[known].sum())


def levels_of(queue: QueueDay, agents: Array, today: Today) -> list[float | None]:
    """Return the expected service level of each interval from now on."""
    calls = np.nan_to_num(queue.expected[today.place :])
    aht = queue.needed.aht[0][today.place :]
    handled = np.where(np.isfinite(aht) & (aht > 0), aht, 1.0)
    traffic = Traffic(calls, today.interval * 60, handled, queue.needed.patience)
    return [one.service_level for one in staff(traffic, queue.needed.rule, agents)]
