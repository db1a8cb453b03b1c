"""Multi-skill: how far people who serve several queues bring down what single queues would need, by simulation.

The busiest day is played with the agents that each queue needs alone, taken from the team's people with their skills,
and then with fewer and fewer of them, until some queue misses its target.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.centre import Centre, Demand, SimMember, SimQueue
from ccops.wfm.estimate import Estimate
from ccops.wfm.require import QueueRequirement, Requirement
from ccops.wfm.simulate import Settings, Simulated, simulate
from ccops.wfm.targets import ServiceRule
from ccops.wfm.team.model import Member, Team

_STEPS = 5
_FINER = 3
_LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Pooled:
    """What the simulation says."""

    requirement: Requirement
    """With the agents of every queue brought down, rounded up per queue."""
    needs: Mapping[str, list[list[float]]]
    """Positions of each queue, days × intervals, not rounded: a roster shares people out over their queues."""
    factor: float
    """Share of all agents, of the day that was played."""
    day: date
    runs: int
    levels: Mapping[str, Estimate]
    """Service level of each queue that day with these agents."""


def pooled(requirement: Requirement, team: Team, *, runs: int = 12, seed: int = 1) -> Pooled:
    """Return how far the agents of each queue can be brought down with every target still met on the busiest day.

    First all queues alike, then each by itself, those with most to spare first. Raises `UsageProblem` for a team
    without people, and where nobody serves a queue.
    """
    busiest = int(np.argmax(sum(queue.agents.sum(axis=1) for queue in requirement.queues)))
    play = _Day(requirement, team, busiest, Settings(runs=runs, seed=seed))
    best = play.least(play.simulated({}), play.queues, {}, _STEPS)
    for queue in sorted(play.queues, key=lambda queue: -play.spare(best.found, queue)):
        best = play.least(best.found, [queue], best.factors, _FINER)
    hours = {queue.queue: float(queue.agents[busiest].sum()) for queue in play.queues}
    share = sum(best.factors.get(name, 1.0) * hours[name] for name in hours) / max(sum(hours.values()), 1.0)
    levels = {name: figures.service_level for name, figures in best.found.queues.items()}
    day = requirement.first + timedelta(days=busiest)
    needs = {queue.queue: _shared(queue, team, best.factors.get(queue.queue, 1.0)) for queue in requirement.queues}
    return Pooled(requirement.scaled(best.factors), needs, share, day, runs, levels)


def _shared(queue: QueueRequirement, team: Team, factor: float) -> list[list[float]]:
    own = team.queue(queue.queue).shrinkage
    shrinkage = team.shrinkage if own is None else own
    found: list[list[float]] = np.round(queue.agents * factor / (1 - shrinkage), 3).tolist()
    return found


@dataclass(frozen=True, slots=True)
class _Tried:
    """Shares of the agents of each queue that still do, and what they achieve."""

    factors: Mapping[str, float]
    found: Simulated


class _Day:
    """One day, to be played with different numbers of people."""

    def __init__(self, requirement: Requirement, team: Team, day: int, settings: Settings) -> None:
        self.requirement, self.day, self.settings = requirement, day, settings
        self.queues = [queue for queue in requirement.queues if queue.agents[day].any()]
        names = {queue.queue for queue in self.queues}
        self.people = [person for person in team.people if names & set(person.skills)]
        for name in sorted(names):
            if not any(name in person.skills for person in self.people):
                raise UsageProblem(
                    _("Nobody of the team serves “{queue}”.").format(queue=name),
                    remedy=_("Add it to somebody's skills, or leave --simulate out."),
                )

    def simulated(self, factors: Mapping[str, float]) -> Simulated:
        """Return what these shares of the agents achieve; a queue that is not named has all of them."""
        rules = {queue.queue: queue.rule for queue in self.queues}
        centre = Centre(
            tuple(SimQueue(queue.queue) for queue in self.queues),
            tuple(self._demand(queue) for queue in self.queues),
            tuple(self._members(factors)),
        )
        return simulate(centre, ServiceRule(), self.settings, rules=rules)

    def least(
        self, found: Simulated, queues: Sequence[QueueRequirement], factors: Mapping[str, float], steps: int
    ) -> _Tried:
        """Return the smallest common share of the agents of some queues that leaves every target met."""
        best, low = _Tried(factors, found), _LEAST
        high = max(factors.get(queue.queue, 1.0) for queue in queues)
        for _step in range(steps):
            middle = (low + high) / 2
            trial = {**factors, **{queue.queue: middle for queue in queues}}
            then = self.simulated(trial)
            if self.fine(then):
                high, best = middle, _Tried(trial, then)
            else:
                low = middle
        return best

    def fine(self, found: Simulated) -> bool:
        """Say whether every queue meets its target."""
        return all(self.spare(found, queue) >= 0 for queue in self.queues)

    def spare(self, found: Simulated, queue: QueueRequirement) -> float:
        """Return by how much a queue exceeds its target."""
        return found.queues[queue.queue].service_level.mean - (queue.target.service_level or 0.0)

    def _demand(self, queue: QueueRequirement) -> Demand:
        calls = queue.calls[self.day]
        known = calls > 0
        aht = float((calls * np.nan_to_num(queue.aht[self.day]))[known].sum() / calls[known].sum())
        seconds = float(self.requirement.interval * 60)
        return Demand(queue.queue, tuple(calls.tolist()), seconds, aht, queue.patience)

    def _members(self, factors: Mapping[str, float]) -> list[SimMember]:
        """Return people, and copies of them where they are too few, each with the stretches they are needed in."""
        shifts: dict[tuple[str, int], list[tuple[float, float]]] = {}
        seconds = float(self.requirement.interval * 60)
        for place in range(self.queues[0].agents.shape[1]):
            left = {
                queue.queue: float(queue.agents[self.day, place]) * factors.get(queue.queue, 1.0)
                for queue in self.queues
            }
            for key in self._chosen(left):
                spans = shifts.setdefault(key, [])
                start = place * seconds
                if spans and spans[-1][1] == start:
                    spans[-1] = (spans[-1][0], start + seconds)
                else:
                    spans.append((start, start + seconds))
        by_id = {person.id: person for person in self.people}
        return [self._member(by_id[name], copy, spans) for (name, copy), spans in sorted(shifts.items())]

    def _chosen(self, left: dict[str, float]) -> list[tuple[str, int]]:
        """Return who comes: always for the queue that lacks most, the least flexible first."""
        order = sorted(self.people, key=lambda person: (len(person.skills), person.id))
        chosen: list[tuple[str, int]] = []
        # What the queues need together is rounded up once: that is what pooling gains where queues are small.
        for _person in range(math.ceil(sum(left.values()) - 1e-9)):
            queue = max(left, key=lambda name: left[name])
            able = [person for person in order if queue in person.skills]
            taken = set(chosen)
            copy = next(n for n in range(10_000) if any((one.id, n) not in taken for one in able))
            person = next(one for one in able if (one.id, copy) not in taken)
            chosen.append((person.id, copy))
            left[queue] -= 1.0
        return chosen

    def _member(self, person: Member, copy: int, spans: list[tuple[float, float]]) -> SimMember:
        names = {queue.queue for queue in self.queues}
        skills = {name: 0 for name in person.skills if name in names}
        return SimMember(f"{person.id} +{copy}" if copy else person.id, skills, tuple(spans))
