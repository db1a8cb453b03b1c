"""Today's figures of every queue and agent, kept row by row for the live board.

Fed from the queue_log or from what the manager port was seen to say (`ccops.pbx.seen`). Feed it some hours from
before midnight too: a call or a session that began yesterday is known then. Visits count on the day they entered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ccops.board import Figures, FiguresSource
from ccops.pbx.queue_log.lines import LogRow
from ccops.reports.deeds import ActionLog
from ccops.reports.figures import AGENT_FIGURES, QUEUE_FIGURES, ratio
from ccops.reports.history import History, Sinks
from ccops.reports.periods import HALF_HOUR, Period, day_around
from ccops.reports.rules import Rules
from ccops.reports.spans import Pause, Session, Span
from ccops.reports.tally import AgentTally, Tally, wrap_of
from ccops.reports.visits import OFFERED, Missed, Visit

if TYPE_CHECKING:
    from ccops.settings import Settings

LOOK_BACK = 57_600
"""Seconds before midnight from which the log should be fed, so that the night's sessions and calls are known."""


@dataclass(slots=True)
class _QueueDay:
    tally: Tally = field(default_factory=Tally)
    slots: dict[int, int] = field(default_factory=dict)
    agents: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _AgentDay:
    visits: list[Visit] = field(default_factory=list)
    """Answered and over."""
    tally: AgentTally = field(default_factory=AgentTally)
    """Sums over missed rings and the first `counted` of the visits."""
    counted: int = 0
    missed_ring: float = 0
    sessions: list[Session] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)


class Today:
    """The site's day so far."""

    def __init__(
        self,
        zone: ZoneInfo,
        rules: Rules | None = None,
        *,
        source: FiguresSource = "queue_log",
        actions: ActionLog | None = None,
    ) -> None:
        """`source` says where the rows come from; `actions` is what our own supervisors did to calls."""
        self.zone = zone
        self.rules = rules or Rules()
        self.source: FiguresSource = source
        self.day = Period(0, 0)
        self.since: float | None = None
        """Stamp of the first row of the day: figures of what was before are not in it."""
        self.dirty_queues: set[str] = set()
        self.dirty_agents: set[str] = set()
        self._at = 0.0
        self._queues: dict[str, _QueueDay] = {}
        self._agents: dict[str, _AgentDay] = {}
        self._times: dict[str, tuple[int, tuple[int, int]]] = {}
        sinks = Sinks(self._visit, self._missed, self._session, self._pause, self._wrapped)
        self._history = History(self.rules, sinks, actions=actions)

    @classmethod
    def of(
        cls, settings: "Settings", *, source: FiguresSource = "queue_log", actions: ActionLog | None = None
    ) -> "Today":
        """Return the day of a site with the zone and rules of its settings."""
        return cls(settings.zone, Rules.of(settings), source=source, actions=actions)

    def feed(self, row: LogRow) -> None:
        """Take in the next row of the log."""
        self.roll(row.at)
        if self.since is None and row.at in self.day:
            self.since = row.at
        taken = self._history.feed(row)
        if taken is None:
            return
        self._times.clear()
        if taken.event == "QUEUESTART":
            self.dirty_queues.update(self._queues)
            self.dirty_agents.update(self._agents)
            return
        if taken.queue not in _NOBODY:
            self.dirty_queues.add(taken.queue)
            self._queue(taken.queue)
        if taken.agent not in _NOBODY:
            self.dirty_agents.add(taken.agent)
            self._agent(taken.agent)

    def roll(self, now: float) -> None:
        """Let the time come to `now`: past midnight a new day begins, empty."""
        self._at = max(self._at, now)
        if self._at < self.day.end:
            return
        self.day = day_around(self._at, self.zone)
        self.since = None
        self.dirty_queues.update(self._queues)
        self.dirty_agents.update(self._agents)
        self._queues.clear()
        self._agents.clear()

    def take_dirty(self) -> tuple[set[str], set[str]]:
        """Return the queues and agents whose figures may differ since last asked, and forget them."""
        dirty = self.dirty_queues, self.dirty_agents
        self.dirty_queues, self.dirty_agents = set(), set()
        return dirty

    def queues(self) -> list[str]:
        """Return the queues that the day's rows name."""
        return list(self._queues)

    def queue_tally(self, name: str, now: float) -> Tally:
        """Return the sums over the queue's visits of today, those still open included."""
        self.roll(now)
        tally, name = Tally(), self._history.names.spelling(name)
        known = self._queues.get(name)
        if known is not None:
            tally.merge(known.tally)
        for visit in self._history.visits.open.values():
            if visit.queue == name and visit.entered in self.day:
                tally.add(visit, self.rules)
        return tally

    def agent_tally(self, name: str, now: float, also: Iterable[str] = ()) -> AgentTally:
        """Return the sums over the agent's visits and time of today, up to `now`.

        `also` holds further names of the same person, e.g. the interface, that some logs write.
        """
        self.roll(now)
        tally = AgentTally()
        for one in dict.fromkeys((name, *also)):
            self._add_agent(tally, one, int(now))
        return tally

    def _add_agent(self, tally: AgentTally, name: str, now: int) -> None:
        day, span = self._agents.get(name, _AgentDay()), (self.day.start, min(now, self.day.end))
        self._count(day, now)
        tally.merge(day.tally)
        talking = [visit for visit in self._history.visits.open.values() if visit.agent == name]
        for visit in (*day.visits[day.counted :], *talking):
            self._add_visit(tally, visit, span)
        spans, pause = self._history.spans, self._history.spans.pause_of(name)
        pauses = [*day.pauses, pause] if pause is not None else day.pauses
        tally.clock(day.sessions + spans.sessions_of(name), pauses, span, self.rules)

    def _count(self, day: _AgentDay, now: int) -> None:
        # A visit whose wrap-up is past adds the same at any later time, so it is added up once.
        span = (self.day.start, self.day.end)
        for visit in day.visits[day.counted :]:
            if (visit.ended or now) + self.rules.wrap_up_of(visit.queue) > now:
                break
            self._add_visit(day.tally, visit, span)
            day.counted += 1

    def _add_visit(self, tally: AgentTally, visit: Visit, span: Span) -> None:
        if visit.entered in self.day:
            tally.add(visit, self.rules)
        tally.add_time(visit, span, self.rules)

    def queue(self, name: str, now: float) -> Figures:
        """Return today's figures of a queue, null where nothing is known."""
        tally, rules = self.queue_tally(name, now), self.rules
        value = {key: QUEUE_FIGURES[key].of(tally, rules) for key in _QUEUE_KEYS}
        return Figures(
            offered=tally.offered,
            answered=tally.answered,
            abandoned=tally.abandoned,
            lost=tally.lost,
            service_level=value["service_level"],
            abandon_rate=value["abandon_rate"],
            asa=value["asa"],
            aht=value["aht"],
            talk=tally.talk,
            longest_wait=tally.longest_wait,
            occupancy=self._queue_occupancy(name, now),
        )

    def _queue_occupancy(self, name: str, now: float) -> float | None:
        name = self._history.names.spelling(name)
        members = set(self._queues[name].agents) if name in self._queues else set()
        members.update(self._history.spans.members_of(name))
        times = [self._busy_and_free(agent, int(now)) for agent in members]
        busy = sum(one for one, _ in times)
        return ratio(busy, busy + sum(free for _, free in times))

    def _busy_and_free(self, agent: str, now: int) -> tuple[int, int]:
        # An agent of many queues is asked for by each of them in the same second.
        known = self._times.get(agent)
        if known is None or known[0] != now:
            tally = self.agent_tally(agent, now)
            times = (0, 0) if tally.available is None else (tally.talk + tally.wrap, tally.available)
            self._times[agent] = known = (now, times)
        return known[1]

    def agent(self, name: str, now: float, also: Iterable[str] = ()) -> Figures:
        """Return today's figures of an agent, null where nothing is known."""
        tally, rules = self.agent_tally(name, now, also), self.rules
        return Figures(
            answered=tally.answered,
            aht=AGENT_FIGURES["aht"].of(tally, rules),
            talk=tally.talk,
            missed=tally.missed,
            occupancy=AGENT_FIGURES["occupancy"].of(tally, rules),
        )

    def per_half_hour(self, queue: str, now: float | None = None) -> tuple[int, ...]:
        """Return how many were offered to the queue in each half hour of the day up to `now`."""
        self.roll(self._at if now is None else now)
        until = min(self._at, self.day.end - 1)
        queue = self._history.names.spelling(queue)
        counts = [0] * (int(until - self.day.start) // HALF_HOUR + 1)
        known = self._queues.get(queue)
        for slot, count in (known.slots if known is not None else {}).items():
            counts[min(slot, len(counts) - 1)] += count
        for visit in self._history.visits.open.values():
            if visit.queue == queue and visit.outcome in OFFERED and visit.entered in self.day:
                counts[min(self._slot(visit), len(counts) - 1)] += 1
        return tuple(counts)

    def _slot(self, visit: Visit) -> int:
        return (visit.entered - self.day.start) // HALF_HOUR

    def _queue(self, name: str) -> _QueueDay:
        return self._queues.setdefault(name, _QueueDay())

    def _agent(self, name: str) -> _AgentDay:
        return self._agents.setdefault(name, _AgentDay())

    def _visit(self, visit: Visit) -> None:
        if visit.entered in self.day:
            queue = self._queue(visit.queue)
            queue.tally.add(visit, self.rules)
            if visit.outcome in OFFERED:
                slot = self._slot(visit)
                queue.slots[slot] = queue.slots.get(slot, 0) + 1
        if visit.agent:
            self._queue(visit.queue).agents.add(visit.agent)
            self._agent(visit.agent).visits.append(visit)

    def _wrapped(self, visit: Visit, before: int | None) -> None:
        if visit.entered in self.day and visit.talk is not None:
            configured = self.rules.wrap_up_of(visit.queue) if before is None else before
            self._queue(visit.queue).tally.wrap += wrap_of(visit, self.rules) - configured
            self.dirty_queues.add(visit.queue)
        self._recount(self._agent(visit.agent))

    def _recount(self, day: _AgentDay) -> None:
        missed, ring = day.tally.missed, day.missed_ring
        day.tally, day.counted = AgentTally(missed=missed, ring=ring), 0

    def _missed(self, missed: Missed) -> None:
        if missed.at in self.day:
            day = self._agent(missed.agent)
            day.tally.add_missed(missed)
            day.missed_ring += missed.ring

    def _session(self, session: Session) -> None:
        self._agent(session.agent).sessions.append(session)
        if session.queue:
            self._queue(session.queue).agents.add(session.agent)

    def _pause(self, pause: Pause) -> None:
        self._agent(pause.agent).pauses.append(pause)


_NOBODY = frozenset({"", "NONE"})
_QUEUE_KEYS = ("service_level", "abandon_rate", "asa", "aht")
