"""Agents' sessions and pauses from log rows, and the arithmetic of spans of time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ccops.pbx.queue_log.lines import AGENT, P1, P2, QUEUE, Fields, whole

Span = tuple[int, int]
"""From an instant up to, not including, another; epoch seconds."""


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the same instants as spans that neither touch nor overlap, in order."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        elif end > start:
            merged.append((start, end))
    return merged


def clip(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """Return the parts of spans that lie inside [start, end)."""
    return [(max(a, start), min(b, end)) for a, b in spans if min(b, end) > max(a, start)]


def common(left: Iterable[Span], right: Iterable[Span]) -> list[Span]:
    """Return the instants that lie in both."""
    mine, theirs, found = union(left), union(right), []
    i = j = 0
    while i < len(mine) and j < len(theirs):
        start, end = max(mine[i][0], theirs[j][0]), min(mine[i][1], theirs[j][1])
        if start < end:
            found.append((start, end))
        if mine[i][1] < theirs[j][1]:
            i += 1
        else:
            j += 1
    return found


def seconds(spans: Iterable[Span]) -> int:
    """Return the length of spans together; overlaps count twice."""
    return sum(end - start for start, end in spans)


class Session(NamedTuple):
    """An agent's stay in a queue; queue is empty for a login that is of no one queue."""

    agent: str
    queue: str
    since: int
    until: int | None
    """None while it lasts."""


class Pause(NamedTuple):
    """A time in which an agent takes no calls, for one reason."""

    agent: str
    reason: str
    since: int
    until: int | None


@dataclass(slots=True)
class AgentClock:
    """What an agent's rows have opened and not yet closed."""

    sessions: dict[str, int]
    """Since when they are in each queue."""
    paused_in: dict[str, None]
    """Queues in which they are paused; "" for all of them."""
    reason: str = ""
    paused_since: int = 0
    logs_in: bool = False
    """A dynamic member, who can be paused only while logged in; a static one never logs in."""


class Spans:
    """Makes sessions and pauses of rows that are fed in the log's order.

    An agent has one pause at a time: PAUSEALL and the PAUSE of each queue beside it are one, a PAUSE with another
    reason closes the one before, and the pause lasts until no queue is left in which it holds. Pauses of members who
    log in lie inside their sessions.
    """

    def __init__(self, *, session: Callable[[Session], None], pause: Callable[[Pause], None]) -> None:
        """`session` and `pause` get every span once, when it is over."""
        self.agents: dict[str, AgentClock] = {}
        self._session, self._pause = session, pause
        self.handlers: dict[str, Callable[[int, Fields, int, int], None]] = {
            "ADDMEMBER": self._add,
            "REMOVEMEMBER": self._remove,
            "AGENTLOGIN": self._login,
            "AGENTCALLBACKLOGIN": self._login,
            "AGENTLOGOFF": self._logoff,
            "AGENTCALLBACKLOGOFF": self._logoff,
            "PAUSE": self._pause_queue,
            "UNPAUSE": self._unpause_queue,
            "PAUSEALL": self._pause_all,
            "UNPAUSEALL": self._unpause_all,
        }
        """What each event does; every other event leaves spans as they are."""

    def adopt_session(self, session: Session) -> None:
        """Take in a session that was open when an earlier run ended."""
        self._clock(session.agent).sessions[session.queue] = session.since
        self.adopt_member(session.agent)

    def adopt_member(self, agent: str) -> None:
        """Take it as known from an earlier run that an agent logs in."""
        self._clock(agent).logs_in = True

    def adopt_pause(self, pause: Pause, queues: Iterable[str]) -> None:
        """Take in a pause that was open when an earlier run ended, and the queues that it held in."""
        clock = self._clock(pause.agent)
        clock.paused_in = dict.fromkeys(queues)
        clock.reason, clock.paused_since = pause.reason, pause.since

    def sessions_of(self, agent: str) -> list[Session]:
        """Return the agent's sessions that last."""
        clock = self.agents.get(agent)
        return [] if clock is None else [Session(agent, queue, at, None) for queue, at in clock.sessions.items()]

    def pause_of(self, agent: str) -> Pause | None:
        """Return the agent's pause that lasts, or None."""
        clock = self.agents.get(agent)
        if clock is None or not clock.paused_in:
            return None
        return Pause(agent, clock.reason, clock.paused_since, None)

    def members_of(self, queue: str) -> list[str]:
        """Return the agents who have a session in the queue that lasts."""
        return [agent for agent, clock in self.agents.items() if queue in clock.sessions]

    def _clock(self, agent: str) -> AgentClock:
        clock = self.agents.get(agent)
        if clock is None:
            self.agents[agent] = clock = AgentClock({}, {})
        return clock

    def _add(self, at: int, row: Fields, file: int, offset: int) -> None:
        # A second ADDMEMBER of a member comes after a restart; the session before never ended for anybody.
        clock = self._clock(row[AGENT])
        clock.sessions.setdefault(row[QUEUE], at)
        clock.logs_in = True
        if row[P1:P2] == ["PAUSED"]:
            self._start_pause(row[AGENT], row[QUEUE], "", at)

    def _remove(self, at: int, row: Fields, file: int, offset: int) -> None:
        agent, queue = row[AGENT], row[QUEUE]
        clock = self._clock(agent)
        since = clock.sessions.pop(queue, None)
        if since is not None:
            self._close_session(agent, queue, since, at)
        self._stop_pause(agent, queue, at, last=not clock.sessions and since is not None)

    def _login(self, at: int, row: Fields, file: int, offset: int) -> None:
        clock = self._clock(row[AGENT])
        clock.sessions.setdefault("", at)
        clock.logs_in = True

    def _logoff(self, at: int, row: Fields, file: int, offset: int) -> None:
        agent = row[AGENT]
        clock = self._clock(agent)
        if not clock.sessions:
            lasted = whole(row, P2)
            if lasted is not None and 0 < lasted < at:
                clock.sessions[""] = at - lasted
        for queue, since in clock.sessions.items():
            self._close_session(agent, queue, since, at)
        clock.sessions.clear()
        self._stop_pause(agent, "", at, last=True)

    def _pause_queue(self, at: int, row: Fields, file: int, offset: int) -> None:
        self._start_pause(row[AGENT], row[QUEUE], "|".join(row[P1:]), at)

    def _pause_all(self, at: int, row: Fields, file: int, offset: int) -> None:
        self._start_pause(row[AGENT], "", "|".join(row[P1:]), at)

    def _unpause_queue(self, at: int, row: Fields, file: int, offset: int) -> None:
        self._stop_pause(row[AGENT], row[QUEUE], at, last=False)

    def _unpause_all(self, at: int, row: Fields, file: int, offset: int) -> None:
        self._stop_pause(row[AGENT], "", at, last=True)

    def _start_pause(self, agent: str, queue: str, reason: str, at: int) -> None:
        clock = self._clock(agent)
        if clock.logs_in and not clock.sessions:
            return
        if not clock.paused_in:
            clock.reason, clock.paused_since = reason, at
        elif clock.reason != reason:
            self._close_pause(agent, clock, at)
            clock.reason, clock.paused_since = reason, at
        clock.paused_in[queue] = None

    def _stop_pause(self, agent: str, queue: str, at: int, *, last: bool) -> None:
        clock = self._clock(agent)
        if not clock.paused_in:
            return
        clock.paused_in.pop(queue, None)
        # "" only announces a pause of all queues: without a queue that holds it, it is over.
        if last or not any(clock.paused_in):
            clock.paused_in.clear()
            self._close_pause(agent, clock, at)

    def _close_session(self, agent: str, queue: str, since: int, at: int) -> None:
        if at > since:
            self._session(Session(agent, queue, since, at))

    def _close_pause(self, agent: str, clock: AgentClock, at: int) -> None:
        if at > clock.paused_since:
            self._pause(Pause(agent, clock.reason, clock.paused_since, at))
