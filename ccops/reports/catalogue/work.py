"""One report under way: what was asked, where it is read from, and what several sections share."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from ccops.i18n import _
from ccops.reports.archive import Archive, Interval
from ccops.reports.callers import Numbers
from ccops.reports.catalogue.ask import INTERVALS, Ask, check, chosen
from ccops.reports.catalogue.entry import Entry
from ccops.reports.periods import DAY, Period, days_of, segments_of
from ccops.reports.rules import Rules
from ccops.reports.spans import Pause, Session
from ccops.reports.tally import AgentTally, Tally
from ccops.reports.visits import Missed, Outcome, Visit, calls_of

if TYPE_CHECKING:
    from ccops.settings import Settings
    from ccops.store.callers import Contact

CALL_REACH = 4 * 3600
"""Seconds around a period in which the other visits of a call may lie."""
T = TypeVar("T")


class AuditReader(Protocol):
    """Reads the audit of a store."""

    def records(self, since: float | None = None, until: float | None = None) -> Iterator[dict[str, Any]]:
        """Yield every action with its outcome, oldest first."""


@dataclass(slots=True)
class StoreAudit:
    """The audit in the store that an archive reads."""

    archive: Archive

    def records(self, since: float | None = None, until: float | None = None) -> Iterator[dict[str, Any]]:
        """Yield every action with its outcome, oldest first; instants are epoch seconds, `until` is exclusive."""
        from ccops.store.audit import records

        return records(self.archive.database, since, until)


@dataclass(slots=True)
class Sources:
    """What reports are made from."""

    archive: Archive
    settings: "Settings"
    audit: AuditReader | None = None
    """None where there is none: reports about supervision are empty then, and say so."""

    @classmethod
    def of(cls, archive: Archive, settings: "Settings") -> "Sources":
        """Return the sources that one store holds."""
        return cls(archive, settings, StoreAudit(archive))


class Work:
    """A request with everything that it takes to answer it; reads are narrowed to what was asked."""

    def __init__(self, ask: Ask, sources: Sources, entry: Entry | None = None) -> None:
        """Raises `UsageProblem` for a bad period, `NotFound` for an unknown queue or agent."""
        check(ask)
        self.ask, self.sources, self.archive = ask, sources, sources.archive
        self.entry = entry
        self.period = ask.period
        self.queues = chosen(_("queue"), ask.queue, self.archive.queues()) if ask.queue is not None else None
        self.agents = chosen(_("agent"), ask.agent, self.archive.agents()) if ask.agent is not None else None
        self.numbers = ask.numbers or Numbers.of(sources.settings)
        self.number = self.numbers.same(ask.number) if ask.number is not None else None
        self.warnings: list[str] = []
        self.when: Callable[[int], bool] | None = None
        """Keeps what began at some instants only; all of it where it is None."""
        self.memo: dict[str, Any] = {}
        """What parts of one report share."""
        self.grain: int | None = DAY
        """Longest intervals of a day that `when` keeps or drops whole; None where it looks at seconds."""

    def again(self, ask: Ask) -> "Work":
        """Return the same for another request."""
        return Work(ask, self.sources, self.entry)

    @property
    def rules(self) -> Rules:
        """The site's rules."""
        return self.archive.rules

    @property
    def zone(self) -> ZoneInfo:
        """The site's zone."""
        return self.archive.zone

    @property
    def worded(self) -> Rules:
        """The rules as they are told: of one queue, its own threshold."""
        if self.queues is None or len(self.queues) != 1:
            return self.rules
        return replace(self.rules, threshold=self.rules.threshold_of(self.queues[0]))

    @property
    def interval(self) -> str:
        """How the period is cut; "" where it is not."""
        return self.ask.interval or (self.entry.intervals[0] if self.entry is not None else "")

    @property
    def known_to(self) -> int:
        """Up to where what lasts is counted."""
        return self.archive.known_to + 1

    def warn(self, text: str) -> None:
        """Put a doubt on the paper, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    # --- visits ---

    @property
    def _queue(self) -> str | None:
        return self.queues[0] if self.queues is not None and len(self.queues) == 1 else None

    @property
    def _agent(self) -> str | None:
        return self.agents[0] if self.agents is not None and len(self.agents) == 1 else None

    @property
    def rolled_up(self) -> bool:
        """True where sums by queue and time are enough: nothing is narrowed by what they do not know."""
        return self.agents is None and self.number is None and not self.ask.calls

    def visits(
        self,
        period: Period | None = None,
        *,
        queue: str | None = None,
        outcomes: Sequence[Outcome] = (),
        ended_by: Sequence[str] = (),
    ) -> Iterator[Visit]:
        """Yield the visits, or calls, that are asked for, by entry."""
        period = period or self.period
        read = partial(self.archive.visits, period, queue=queue or self._queue, agent=self._agent)
        if self.ask.calls:
            found = iter(self._calls(period))
        elif self.number is not None:
            found = heapq.merge(
                *(read(caller=one) for one in self._spellings(period)), key=attrgetter("entered", "number")
            )
        else:
            found = read(outcomes=outcomes, ended_by=ended_by)
        for visit in found:
            if self.means(visit) and (queue is None or visit.queue == queue) and _one_of(outcomes, visit.outcome):
                yield visit

    def _calls(self, period: Period) -> list[Visit]:
        around = Period(period.start - CALL_REACH, period.end + CALL_REACH)
        calls = (call for call in calls_of(self.archive.visits(around)) if call.entered in period)
        return sorted(calls, key=lambda call: (call.entered, call.number))

    def _spellings(self, period: Period) -> list[str]:
        """Return how the number that is asked for is written in the log of a period."""
        from ccops.store.callers import contacts

        if not self.number:
            return []
        writings = self.numbers.writings(self.number)
        found = contacts(self.archive.database, self.archive.site, *period.span, writings)
        return sorted({one.caller for one in found if self.numbers.same(one.caller) == self.number})

    def writings(self, visits: Iterable[Visit]) -> set[str]:
        """Return all ways in which the callers of some visits may be written."""
        numbers = {self.numbers.same(visit.caller) for visit in visits} - {""}
        return set[str]().union(*map(self.numbers.writings, numbers))

    def means(self, visit: "Visit | Contact") -> bool:
        """Tell whether a visit is among those that are asked for."""
        if self.when is not None and not self.when(visit.entered):
            return False
        if self.queues is not None and visit.queue not in self.queues:
            return False
        if self.agents is not None and visit.agent not in self.agents:
            return False
        return self.number is None or (self.number != "" and self.numbers.same(visit.caller) == self.number)

    def queue_tallies(self, *, waits: bool) -> dict[str, Tally]:
        """Return the sums of each queue; only where `rolled_up`."""
        found = self.archive.queue_tallies(self.period, queue=self._queue, waits=waits)
        return {name: tally for name, tally in found.items() if self.queues is None or name in self.queues}

    def interval_tallies(self, seconds: int, *, apart: bool) -> Iterator[Interval]:
        """Yield the sums of each interval, apart by queue where several are chosen; only where `rolled_up`."""
        several = self.queues is not None and len(self.queues) != 1
        for one in self.archive.interval_tallies(self.period, seconds, queue=self._queue, apart=apart or several):
            if self.when is not None and not self.when(one.period.start):
                continue
            if not several or one.queue in (self.queues or ()):
                yield one

    # --- agents ---

    @cached_property
    def crews(self) -> dict[str, frozenset[str]]:
        """The members of each queue in the period: who had a session in it or took a visit."""
        return crews_of(self.archive, self.period)

    def crew(self) -> frozenset[str] | None:
        """Return the agents that are asked for: those named, and members of the queues named; None for all."""
        if self.queues is None:
            return None if self.agents is None else frozenset(self.agents)
        members = frozenset().union(*(self.crews.get(queue, frozenset()) for queue in self.queues))
        return members if self.agents is None else members & frozenset(self.agents)

    def agent_tallies(self) -> dict[str, AgentTally]:
        """Return the sums of each agent that is asked for."""
        crew = self.crew()
        found = self.archive.agent_tallies(self.period, agent=self._agent)
        return {name: tally for name, tally in found.items() if crew is None or name in crew}

    def agent_interval_tallies(self, periods: Sequence[Period]) -> Iterator[tuple[Period, str, AgentTally]]:
        """Yield the sums of each agent that is asked for in each of some periods."""
        crew = self.crew()
        for one in self.archive.agent_interval_tallies(periods, agent=self._agent):
            if crew is None or one[1] in crew:
                yield one

    def sessions(self, period: Period | None = None) -> list[Session]:
        """Return the sessions of the agents and in the queues that are asked for; without a queue, in any."""
        found = self._kept(self.archive.sessions, period)
        return [one for one in found if self.queues is None or not one.queue or one.queue in self.queues]

    def pauses(self, period: Period | None = None) -> list[Pause]:
        """Return the pauses of the agents that are asked for."""
        return self._kept(self.archive.pauses, period)

    def missed(self, period: Period | None = None) -> list[Missed]:
        """Return the phones that rang in vain, of the agents and in the queues that are asked for."""
        found = self.archive.missed(period or self.period)
        found = [one for one in found if self.agents is None or one.agent in self.agents]
        return [one for one in found if self.queues is None or one.queue in self.queues]

    def _kept(self, read: Callable[[Period], list[T]], period: Period | None) -> list[T]:
        crew = self.crew()
        found: list[Any] = read(period or self.period)
        return [one for one in found if crew is None or one.agent in crew]

    # --- time ---

    @cached_property
    def cuts(self) -> list[Period]:
        """The intervals of the period as the request cuts it, in order; days where it cuts by weekday."""
        return cuts_of(self.period, self.interval, self.zone)

    @cached_property
    def dids(self) -> dict[str, str]:
        """The numbers that were dialled, by call, as far as call records know them."""
        from ccops.store.details import dids

        return dids(self.archive.database, self.archive.site, *self.period.span)


def crews_of(archive: Archive, period: Period) -> dict[str, frozenset[str]]:
    """Return the members of each queue in a period: who had a session in it or took a visit."""
    from ccops.store.members import takers

    found: dict[str, set[str]] = {}
    for queue, agent in takers(archive.database, archive.site, *period.span):
        found.setdefault(queue, set()).add(agent)
    for session in archive.sessions(period):
        if session.queue:
            found.setdefault(session.queue, set()).add(session.agent)
    return {queue: frozenset(agents) for queue, agents in found.items()}


def cuts_of(period: Period, interval: str, zone: ZoneInfo) -> list[Period]:
    """Return the intervals of a period: they begin at multiples of their length since local midnight, days at it."""
    seconds = INTERVALS[interval]
    if seconds in (0, DAY):
        return [day for _date, day in days_of(period, zone)]
    found = []
    for part, offset in segments_of(period, zone):
        first = (part.start + offset) // seconds * seconds - offset
        found += [
            Period(max(start, part.start), min(start + seconds, part.end)) for start in range(first, part.end, seconds)
        ]
    return found


def _one_of(wanted: Sequence[Any], value: Any) -> bool:
    return not wanted or value in wanted
