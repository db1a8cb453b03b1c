"""From blocks of log lines to rows of the store: visits, rings, sessions, pauses, with what is open at any place.

A deriver can stop after any block and go on in another process from what the store holds: `State` is everything
that it needs to know of the past.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ccops.pbx.queue_log.lines import LATEST_STAMP, split_block
from ccops.reports.deeds import ActionLog
from ccops.reports.history import History, Sinks
from ccops.reports.rules import Rules
from ccops.reports.spans import Pause, Session
from ccops.reports.visits import Missed, Outcome, Visit
from ccops.store.codes import END_CODES, ENDS, OUTCOME_CODES, OUTCOMES

Row = tuple[Any, ...]

# In the order of the columns of the tables; None is what is not known or not over yet.
_Int = int | None
VisitRow = tuple[
    int, int, str, int, int, int, str, str, _Int, int, _Int, _Int, _Int, str | None, _Int, _Int, int, _Int, _Int,
    str, str, int, int, int, int,
]  # fmt: skip
RingRow = tuple[int, int, int, int, int, int, _Int, int, int]
SessionRow = tuple[int, int, _Int, int, _Int]
PauseRow = tuple[int, int, str, int, _Int, str | None]


@dataclass(slots=True)
class State:
    """What is known of the past, as plain values that another process can be given."""

    site: int = 1
    latest: int = LATEST_STAMP
    """Stamp from which on a line cannot be believed."""
    rules: Rules = field(default_factory=Rules)
    actions: list[tuple[str, float, str]] = field(default_factory=list)
    queues: dict[str, int] = field(default_factory=dict)
    agents: dict[str, int] = field(default_factory=dict)
    next_visit: int = 1
    open_visits: list[VisitRow] = field(default_factory=list)
    last_visits: list[VisitRow] = field(default_factory=list)
    """Visits that ended lately: a wrap-up pause may belong to one."""
    nth: list[tuple[str, str, int]] = field(default_factory=list)
    """(callid, queue, how many visits) of late."""
    members: list[str] = field(default_factory=list)
    """Agents who log in."""
    sessions: list[tuple[str, str, int]] = field(default_factory=list)
    pauses: list[tuple[str, str, int, str]] = field(default_factory=list)
    """(agent, reason, since, queues as JSON)."""


class Derived(NamedTuple):
    """What came of one block; names that are new get their numbers here."""

    visits: list[VisitRow]
    """Over or given up."""
    rings: list[RingRow]
    sessions: list[SessionRow]
    pauses: list[PauseRow]
    queues: list[tuple[str, int]]
    agents: list[tuple[str, int]]
    bad: list[tuple[int, bytes, str]]
    """(offset, beginning of the line, reason)."""


class Standing(NamedTuple):
    """What is open after the last block."""

    visits: list[VisitRow]
    """Those that entered or were answered since what was open was asked for last."""
    sessions: list[SessionRow]
    pauses: list[PauseRow]
    queues: list[tuple[str, int]]
    agents: list[tuple[str, int]]
    entered: int
    """Visits that entered since the deriver began."""


class Deriver:
    """Derives block after block, in the log's order."""

    def __init__(self, state: State) -> None:
        """Goes on where `state` stands."""
        self._site, self._latest = state.site, state.latest
        self._queues, self._agents = dict(state.queues), dict(state.agents)
        self._first = state.next_visit
        self._derived = _nothing()
        sinks = Sinks(self._visit, self._missed, self._session, self._pause, self._wrapped)
        self._history = History(state.rules, sinks, actions=ActionLog(state.actions), first_number=state.next_visit)
        self._adopt(state)
        self._history.visits.turn = 1

    def _adopt(self, state: State) -> None:
        history = self._history
        queues, agents = _by_number(self._queues), _by_number(self._agents)
        for name in state.queues:
            history.names.learn(name)
        for callid, queue, count in state.nth:
            history.visits.count_from(callid, queue, count)
        for row in state.open_visits:
            history.visits.adopt(visit_of(row, queues, agents))
        for row in state.last_visits:
            history.remember(visit_of(row, queues, agents))
        for agent in state.members:
            history.spans.adopt_member(agent)
        for agent, queue, since in state.sessions:
            history.spans.adopt_session(Session(agent, queue, since, None))
        for agent, reason, since, where in state.pauses:
            history.spans.adopt_pause(Pause(agent, reason, since, None), json.loads(where))

    def add_actions(self, actions: Iterable[tuple[str, float, str]]) -> None:
        """Learn what supervisors did meanwhile."""
        for action in actions:
            self._history.visits.actions.add(*action)

    def block(self, data: bytes, file: int, offset: int) -> Derived:
        """Take in a run of whole lines of a file; return what came of it."""
        self._derived = derived = _nothing()
        bad = derived.bad

        def refused(at: int, raw: bytes, reason: str) -> None:
            bad.append((at, raw[:_KEPT], reason))

        history = self._history
        rows = split_block(data, offset, refused, only=history.handlers.keys(), latest=self._latest)
        history.feed_all(rows, file)
        return derived

    def standing(self) -> Standing:
        """Return what is open now."""
        history, self._derived = self._history, _nothing()
        turn = history.visits.turn
        visits = [self._row(visit) for visit in history.visits.open.values() if visit.turn == turn]
        history.visits.turn = turn + 1
        sessions: list[SessionRow] = []
        pauses: list[PauseRow] = []
        for agent, clock in history.spans.agents.items():
            number = self._agent(agent)
            for queue, since in clock.sessions.items():
                sessions.append((self._site, number, self._queue(queue) if queue else None, since, None))
            if clock.paused_in:
                where = json.dumps(list(clock.paused_in), ensure_ascii=False)
                pauses.append((self._site, number, clock.reason, clock.paused_since, None, where))
        new = self._derived
        return Standing(visits, sessions, pauses, new.queues, new.agents, history.visits.next_number - self._first)

    def _queue(self, name: str) -> int:
        number = self._queues.get(name)
        if number is None:
            number = self._queues[name] = max(self._queues.values(), default=0) + 1
            self._derived.queues.append((name, number))
        return number

    def _agent(self, name: str) -> int:
        number = self._agents.get(name)
        if number is None:
            number = self._agents[name] = max(self._agents.values(), default=0) + 1
            self._derived.agents.append((name, number))
        return number

    def _visit(self, visit: Visit) -> None:
        self._derived.visits.append(self._row(visit))

    def _wrapped(self, visit: Visit, before: int | None) -> None:
        self._derived.visits.append(self._row(visit))

    def _row(self, visit: Visit) -> VisitRow:
        agent = visit.agent
        return (
            visit.number,
            self._site,
            visit.callid,
            self._queues.get(visit.queue) or self._queue(visit.queue),
            visit.nth,
            visit.entered,
            visit.caller,
            visit.caller_name,
            visit.position,
            OUTCOME_CODES[visit.outcome._value_],  # a member itself is hashed in Python, ten times as slowly
            visit.wait,
            visit.connected,
            (self._agents.get(agent) or self._agent(agent)) if agent else None,
            visit.member_uniqueid if visit.ended is None else None,
            visit.ring,
            visit.ended,
            END_CODES[visit.ended_by],
            visit.talk,
            visit.wrap,
            visit.transfer_to,
            visit.key,
            visit.file,
            visit.offset,
            visit.end_file,
            visit.end_offset,
        )

    def _missed(self, missed: Missed) -> None:
        at, name, who, _callid, seconds, canceled, visit, file, offset = missed
        queue = self._queues.get(name) or self._queue(name)
        agent = self._agents.get(who) or self._agent(who)
        ring = int(seconds * 1000 + 0.5)
        self._derived.rings.append((at, file, offset, self._site, queue, agent, visit, ring, int(canceled)))

    def _session(self, session: Session) -> None:
        queue = self._queue(session.queue) if session.queue else None
        row = (self._site, self._agent(session.agent), queue, session.since, session.until)
        self._derived.sessions.append(row)

    def _pause(self, pause: Pause) -> None:
        row = (self._site, self._agent(pause.agent), pause.reason, pause.since, pause.until, None)
        self._derived.pauses.append(row)


_KEPT = 1000
"""Bytes of an unreadable line that are kept in quarantine; all of it stands among the raw lines."""


def _nothing() -> Derived:
    return Derived([], [], [], [], [], [], [])


def _by_number(names: dict[str, int]) -> dict[int, str]:
    return {number: name for name, number in names.items()}


def visit_of(row: Row, queues: dict[int, str], agents: dict[int, str]) -> Visit:
    """Return the visit that a row of the store holds."""
    visit = Visit()
    visit.number, visit.callid, visit.queue, visit.nth = row[0], row[2], queues[row[3]], row[4]
    visit.entered, visit.caller, visit.caller_name, visit.position = row[5:9]
    visit.outcome, visit.wait, visit.connected = Outcome(OUTCOMES[row[9]]), row[10], row[11]
    visit.agent = agents[row[12]] if row[12] is not None else ""
    visit.member_uniqueid, visit.ring, visit.ended = row[13] or "", row[14], row[15]
    visit.ended_by, visit.talk, visit.wrap, visit.transfer_to, visit.key = ENDS[row[16]], *row[17:21]
    visit.file, visit.offset, visit.end_file, visit.end_offset = row[21:25]
    return visit
