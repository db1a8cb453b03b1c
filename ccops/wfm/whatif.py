"""A planned day as the simulation plays it, and what can be tried on it: routing, people, calls.

The people are those of a roster, on the phones outside their breaks and activities; calls, handle times and patience
are those of the requirement; strategies and penalties are the PBX's where somebody has looked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.reports.spans import Span, clip, union
from ccops.store.planning import DayRow
from ccops.wfm.adherence.schedule import asked_of, instant
from ccops.wfm.centre import Centre, Demand, SimMember, SimQueue
from ccops.wfm.require import Requirement
from ccops.wfm.targets import ServiceRule
from ccops.wfm.team.model import Team

_CLOCK = ZoneInfo("UTC")
"""Times of a roster are those of the site's clock; the simulation counts from its midnight."""
_DAY = 86_400
_LEAST_TALK = 1.0


@dataclass(frozen=True, slots=True)
class Routing:
    """How the PBX hands out calls, as far as it is known."""

    strategies: Mapping[str, str] = field(default_factory=dict)
    wrap_ups: Mapping[str, float] = field(default_factory=dict)
    """Seconds."""
    penalties: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Of a person in a queue."""


@dataclass(frozen=True, slots=True)
class PlayedDay:
    """One day to be played; every change returns another one."""

    queues: Mapping[str, SimQueue]
    demand: Mapping[str, Demand]
    members: Mapping[str, SimMember]
    rules: Mapping[str, ServiceRule]

    @property
    def centre(self) -> Centre:
        """What is simulated."""
        return Centre(tuple(self.queues.values()), tuple(self.demand.values()), tuple(self.members.values()))

    def queue(self, name: str) -> str:
        """Return a queue's name as it is written; raises `NotFound` with the nearest."""
        found = next((one for one in self.queues if one.casefold() == name.casefold()), None)
        if found is None:
            raise NotFound(_("queue"), name, list(self.queues))
        return found

    def with_queue(self, name: str, **rules: object) -> "PlayedDay":
        """Return the day with some rules of a queue changed: strategy, weight, wrap_up, ring, max_wait."""
        changed = replace(self.queues[name], **rules)  # type: ignore[arg-type]
        return replace(self, queues={**self.queues, name: changed})

    def with_patience(self, name: str, seconds: float | None) -> "PlayedDay":
        """Return the day with other patience in a queue; None: nobody gives up."""
        return replace(self, demand={**self.demand, name: replace(self.demand[name], patience=seconds)})

    def with_penalty(self, person: str, queue: str, penalty: int) -> "PlayedDay":
        """Return the day with somebody in a queue at this penalty, whether they serve it already or not."""
        member = self._there(person)
        changed = replace(member, queues={**member.queues, queue: penalty})
        return replace(self, members={**self.members, person: changed})

    def without(self, person: str, queue: str | None = None) -> "PlayedDay":
        """Return the day without somebody, or without them in one queue."""
        member = self._there(person)
        left = {} if queue is None else {name: at for name, at in member.queues.items() if name != queue}
        others = {name: one for name, one in self.members.items() if name != person}
        return replace(self, members={**others, person: replace(member, queues=left)} if left else others)

    def _there(self, person: str) -> SimMember:
        if person not in self.members:
            raise UsageProblem(_("{person} does not work on this day.").format(person=person))
        return self.members[person]


def played_day(
    team: Team, requirement: Requirement, rows: Iterable[DayRow], routing: Routing | None = None
) -> PlayedDay:
    """Return the first day of a requirement with the people of a roster; `rows` may hold the day before, for nights.

    Raises `UsageProblem` where no calls are expected or nobody works.
    """
    known = routing or Routing()
    needs = [queue for queue in requirement.queues if queue.calls[0].any()]
    if not needs:
        raise UsageProblem(_("No calls are expected on {day}.").format(day=requirement.first))
    names = [need.queue for need in needs]
    members = _members(team, requirement, list(rows), names, known)
    if not members:
        raise UsageProblem(
            _("Nobody works on {day}.").format(day=requirement.first),
            remedy=_("Publish a roster for it, or name one with --roster."),
        )
    queues = {name: SimQueue(name, known.strategies.get(name, "leastrecent"),
                             wrap_up=known.wrap_ups.get(name, 0.0)) for name in names}  # fmt: skip
    demand = {}
    for need in needs:
        calls, busy = need.calls[0], need.calls[0] > 0
        handled = float((calls * np.nan_to_num(need.aht[0]))[busy].sum() / calls[busy].sum())
        talk = max(handled - queues[need.queue].wrap_up, _LEAST_TALK)
        seconds = requirement.interval * 60.0
        demand[need.queue] = Demand(need.queue, tuple(calls.tolist()), seconds, talk, need.patience)
    return PlayedDay(queues, demand, members, {need.queue: need.rule for need in needs})


def _members(
    team: Team, requirement: Requirement, rows: Sequence[DayRow], names: Sequence[str], routing: Routing
) -> dict[str, SimMember]:
    midnight = instant(requirement.first, 0, _CLOCK)
    days = (requirement.first - timedelta(days=1), requirement.first)
    spans: dict[str, list[Span]] = {}
    for row in rows:
        if row.shift and row.day in days:
            phones = asked_of(row, team, _CLOCK).phones
            spans.setdefault(row.person, []).extend((start - midnight, end - midnight) for start, end in phones)
    found = {}
    for member in team.people:
        there = clip(union(spans.get(member.id, [])), 0, _DAY)
        queues = {name: routing.penalties.get((member.id, name), 0) for name in names if name in member.skills}
        if there and queues:
            found[member.id] = SimMember(member.id, queues, tuple((float(start), float(end)) for start, end in there))
    return found
