"""Multi-skill: how far people who serve several queues bring down what single queues would need, by simulation.

The busiest day is played with the agents that each queue needs alone, taken from the team's people with their skills,
and then with fewer and fewer of them, until some queue misses its target.
"""

import math
from collections.abc import Mapping
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
_LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Pooled:
    """What the simulation says."""

    requirement: Requirement
    """With the agents of every queue brought down alike."""
    factor: float
    day: date
    runs: int
    levels: Mapping[str, Estimate]
    """Service level of each queue that day with these agents."""


def pooled(requirement: Requirement, team: Team, *, runs: int = 12, seed: int = 1) -> Pooled:
    """Return the smallest share of the agents that still meets every queue's target on the busiest day.

    Raises `UsageProblem` for a team without people, and where nobody serves a queue.
    """
    busiest = int(np.argmax(sum(queue.agents.sum(axis=1) for queue in requirement.queues)))
    play = _Day(requirement, team, busiest, Settings(runs=runs, seed=seed))
    high, best = 1.0, play.simulated(1.0)
    low = _LEAST
    for _step in range(_STEPS):
        middle = (low + high) / 2
        found = play.simulated(middle)
        if play.fine(found):
            high, best = middle, found
        else:
            low = middle
    factors = dict.fromkeys((queue.queue for queue in requirement.queues), high)
    levels = {name: figures.service_level for name, figures in best.queues.items()}
    day = requirement.first + timedelta(days=busiest)
    return Pooled(requirement.scaled(factors), high, day, runs, levels)


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

    def simulated(self, factor: float) -> Simulated:
        """Return what this share of the agents achieves."""
        rules = {queue.queue: queue.rule for queue in self.queues}
        centre = Centre(
            tuple(SimQueue(queue.queue) for queue in self.queues),
            tuple(self._demand(queue) for queue in self.queues),
            tuple(self._members(factor)),
        )
        return simulate(centre, ServiceRule(), self.settings, rules=rules)

    def fine(self, found: Simulated) -> bool:
        """Say whether every queue meets its target."""
        return all(
            found.queues[queue.queue].service_level.mean >= (queue.target.service_level or 0.0) for queue in self.queues
        )

    def _demand(self, queue: QueueRequirement) -> Demand:
        calls = queue.calls[self.day]
        known = calls > 0
        aht = float((calls * np.nan_to_num(queue.aht[self.day]))[known].sum() / calls[known].sum())
        seconds = float(self.requirement.interval * 60)
        return Demand(queue.queue, tuple(calls.tolist()), seconds, aht, queue.patience)

    def _members(self, factor: float) -> list[SimMember]:
        """Return people, and copies of them where they are too few, each with the stretches they are needed in."""
        shifts: dict[tuple[str, int], list[tuple[float, float]]] = {}
        seconds = float(self.requirement.interval * 60)
        for place in range(self.queues[0].agents.shape[1]):
            left = {queue.queue: float(queue.agents[self.day, place]) * factor for queue in self.queues}
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
