"""Which queue each agent on duty is counted for, and what that leaves missing: required against scheduled.

In each interval the queue whose shortage costs most is filled first, from the least flexible agents; an agent moves
to another queue where that lets one more be served (augmenting paths: Ford & Fulkerson 1956), so nothing is counted
as missing that a better sharing out could serve, and no agent counts twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ccops.wfm.roster.model import Plan
from ccops.wfm.roster.result import Assignment

Reals = npt.NDArray[np.float64]
_DAY = 24 * 60
_NONE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """One queue, required against scheduled; all tables are days × intervals of a day."""

    queue: str
    required: Reals
    scheduled: Reals
    """Agents counted for this queue; who is not needed anywhere stays with the queue of the largest need."""
    missing: Reals


def coverage_of(plan: Plan, assignments: Iterable[Assignment]) -> list[Coverage]:
    """Return what a roster does for each queue, in the order of the plan's needs."""
    return _Sharing(plan, assignments).coverage()


def with_queues(plan: Plan, assignments: Sequence[Assignment]) -> tuple[Assignment, ...]:
    """Return the assignments, each with the queue it is counted for during most of the shift."""
    return _Sharing(plan, assignments).named() if plan.queue_needs else tuple(assignments)


class _Sharing:
    def __init__(self, plan: Plan, assignments: Iterable[Assignment]) -> None:
        self.plan, self.assignments = plan, list(assignments)
        self.slots = _DAY // plan.interval
        self.size = self.slots * plan.days
        self.needs = sorted(plan.queue_needs, key=lambda need: -need.under)
        self.queues = [need.queue for need in self.needs]
        self.required = np.array([need.agents.ravel() for need in self.needs]).reshape(len(self.needs), self.size)
        skills = {person.id: person.skills.intersection(self.queues) for person in plan.people}
        kinds = sorted({kind for kind in skills.values() if kind}, key=lambda kind: (len(kind), sorted(kind)))
        self.group = {person: kinds.index(kind) for person, kind in skills.items() if kind}
        self.serves = [tuple(self.queues.index(queue) for queue in kind) for kind in kinds]
        self.counts = np.zeros((len(kinds), self.size))
        for one in self.assignments:
            if one.works and one.person in self.group:
                self.counts[self.group[one.person]] += self.presence(one)
        self.shares = self._share()

    def presence(self, one: Assignment) -> Reals:
        """Return in which share of each interval someone is there and on no break."""
        minutes = np.zeros(self.size * self.plan.interval + 1)
        at = self.plan.place_of(one.day) * _DAY
        spans = [(at + one.start, at + one.end, 1.0)]
        spans += [(at + rest.start, at + rest.start + rest.minutes, -1.0) for rest in one.breaks]
        last = len(minutes) - 1
        for begin, end, sign in spans:
            minutes[min(max(begin, 0), last)] += sign
            minutes[min(max(end, 0), last)] -= sign
        there: Reals = np.cumsum(minutes)[:-1].reshape(self.size, self.plan.interval).mean(axis=1)
        return there

    def _share(self) -> Reals:
        """Return groups × queues × intervals."""
        found = np.zeros((len(self.serves), len(self.queues), self.size))
        known: dict[tuple[float, ...], Reals] = {}
        for slot in np.flatnonzero(self.counts.sum(axis=0) > _NONE).tolist():
            agents, need = self.counts[:, slot].tolist(), self.required[:, slot].tolist()
            key = (*agents, *need)
            if key not in known:
                known[key] = np.array(share_out(agents, need, self.serves))
            found[:, :, slot] = known[key]
        return found

    def coverage(self) -> list[Coverage]:
        """Return the tables per queue."""
        shape, scheduled = (self.plan.days, self.slots), self.shares.sum(axis=0)
        found = {
            queue: Coverage(
                queue,
                self.required[row].reshape(shape),
                scheduled[row].reshape(shape),
                np.maximum(self.required[row] - scheduled[row], 0.0).reshape(shape),
            )
            for row, queue in enumerate(self.queues)
        }
        return [found[need.queue] for need in self.plan.queue_needs]

    def named(self) -> tuple[Assignment, ...]:
        """Give each assignment its queue; people of one group share out what the group does for each."""
        left = self.shares.copy()
        found = []
        for one in self.assignments:
            if not one.works or one.person not in self.group:
                found.append(one)
                continue
            group, there = self.group[one.person], self.presence(one)
            served = {queue: float(np.minimum(left[group, queue], there).sum()) for queue in self.serves[group]}
            queue = max(served, key=lambda queue: (served[queue], -queue))
            left[group, queue] = np.maximum(left[group, queue] - there, 0.0)
            found.append(replace(one, queue=self.queues[queue]))
        return tuple(found)


def share_out(agents: Sequence[float], need: Sequence[float], serves: Sequence[tuple[int, ...]]) -> list[list[float]]:
    """Return how many agents of each group serve each queue; queues come dearest first, `serves` is by group."""
    spare = list(agents)
    shares = [[0.0] * len(need) for _group in agents]
    order = sorted(range(len(agents)), key=lambda group: len(serves[group]))
    for queue, wanted in enumerate(need):
        open_ = wanted
        while open_ > _NONE:
            path = _path(queue, spare, shares, serves, order)
            if not path:
                break
            moved = min(
                open_, spare[path[-1][0]], *(shares[group][loses] for group, _gains, loses in path if loses >= 0)
            )
            for group, gains, loses in path:
                shares[group][gains] += moved
                if loses >= 0:
                    shares[group][loses] -= moved
            spare[path[-1][0]] -= moved
            open_ -= moved
    for group, left in enumerate(spare):
        if left > _NONE:
            shares[group][max(serves[group], key=lambda queue: need[queue])] += left
    return shares


def _path(
    queue: int, spare: list[float], shares: list[list[float]], serves: Sequence[tuple[int, ...]], order: list[int]
) -> list[tuple[int, int, int]]:
    """Return the moves (group, queue that gains, queue that loses or -1) that bring one more agent to a queue."""
    paths: dict[int, list[tuple[int, int, int]]] = {queue: []}
    waiting = [queue]
    for wanted in waiting:
        for group in order:
            if wanted in serves[group] and spare[group] > _NONE:
                return [*paths[wanted], (group, wanted, -1)]
        for group in order:
            for other in serves[group]:
                if wanted in serves[group] and other not in paths and shares[group][other] > _NONE:
                    paths[other] = [*paths[wanted], (group, wanted, other)]
                    waiting.append(other)
    return []
