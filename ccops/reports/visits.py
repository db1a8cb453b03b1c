"""Visits from log rows: one stay of one caller in one queue, from entry to its outcome (METRICS.md, FACTS.md §5).

A pure reducer: rows in the log's order go in, a visit comes out once when it is over; those that are not over
can be looked at any time. The same reducer makes the live day, the store's visits and the reports.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ccops.pbx.queue_log.lines import AGENT, CALLID, EVENT, P1, P2, P3, P4, QUEUE, Fields, LogRow, whole
from ccops.reports.deeds import TAKEN_OUT, TAKEN_OVER
from ccops.reports.deeds import ActionLog as ActionLog
from ccops.reports.spelling import QueueNames


class Outcome(StrEnum):
    """How a visit ended."""

    WAITING = "waiting"
    """No end yet."""
    ANSWERED = "answered"
    """An agent took it; it may still be talking."""
    ABANDONED = "abandoned"
    """The caller hung up."""
    TIMEOUT = "timeout"
    """The queue let go of it after its time-out."""
    EXIT_EMPTY = "exit_empty"
    """Nobody was logged in any more."""
    EXIT_KEY = "exit_key"
    """The caller left by a key."""
    WITHDRAWN = "withdrawn"
    """Taken out by us: a supervisor's pull or move, or an AMI withdraw."""
    INTERRUPTED = "interrupted"
    """Open when the PBX restarted."""


LOST = frozenset({Outcome.ABANDONED, Outcome.TIMEOUT, Outcome.EXIT_EMPTY, Outcome.EXIT_KEY})
"""Outcomes in which the caller was offered and not served."""
OFFERED = LOST | {Outcome.ANSWERED}
"""Outcomes that count as offered."""
TRANSFERS = frozenset({"blind", "attended", "transfer"})
"""Values of `ended_by` that are transfers."""

_STALE = 86_400


@dataclass(init=False, eq=False)
class Visit:
    """One stay of one caller in one queue.

    Not made by its fields: a reducer over millions of rows sets at entry only what is known then, everything
    else is the class's own default until it happens.
    """

    number: int
    """Counts up in order of entry."""
    callid: str
    queue: str
    nth: int
    """Which stay of this call in this queue, from 1."""
    entered: int
    """Epoch seconds, UTC."""
    caller: str
    """Number as the PBX gave it."""
    caller_name: str = ""
    position: int | None = None
    """Place in the queue on entry."""
    file: int = 0
    offset: int = 0
    """Where the entry's line stands."""

    outcome: Outcome = Outcome.WAITING
    wait: int | None = None
    """Seconds from entry to the answer or the exit, as the log says."""
    connected: int | None = None
    agent: str = ""
    member_uniqueid: str = ""
    ring: int | None = None
    """Seconds that the answering agent's phone rang."""
    ended: int | None = None
    ended_by: str = ""
    """agent, caller, blind, attended, transfer, takeover, interrupted; unknown where the end was never written, of an
    unanswered one too; empty while it lasts and where nobody answered."""
    talk: int | None = None
    wrap: int | None = None
    """Seconds of a wrap-up pause after it; None where the queue's configured wrap-up holds."""
    transfer_to: str = ""
    key: str = ""
    """Key by which the caller left."""
    end_file: int = 0
    end_offset: int = 0
    """Where the line that ended it stands."""
    turn: int = 0
    """The reducer's turn in which it entered or was answered."""

    @property
    def open(self) -> bool:
        """True while it waits or talks."""
        return self.ended is None


class Missed(NamedTuple):
    """One phone that rang without answer."""

    at: int
    queue: str
    agent: str
    callid: str
    ring: float
    """Seconds."""
    canceled: bool = False
    """Taken by another agent or gone before the time was up (RINGCANCELED): no miss of the agent's."""
    visit: int | None = None
    """Number of the visit that rang."""
    file: int = 0
    offset: int = 0
    """Where its line stands."""


Handler = Callable[[int, Fields, int, int], None]
"""Takes in a row: its stamp, its fields, its file and its offset there."""


def fields_of(row: LogRow) -> Fields:
    """Return a row's fields as handlers take them."""
    return ["", row.callid, row.queue, row.agent, row.event, *row.params]


class Visits:
    """Makes visits of rows that are fed in the log's order."""

    def __init__(
        self,
        *,
        closed: Callable[[Visit], None],
        missed: Callable[[Missed], None] | None = None,
        actions: ActionLog | None = None,
        first_number: int = 1,
    ) -> None:
        """`closed` gets every visit once, when it is over or given up; `missed` every phone that rang in vain."""
        self.open: dict[tuple[str, str], Visit] = {}
        self.orphans = 0
        """Rows about a call whose entry was never seen."""
        self.actions = actions if actions is not None else ActionLog()
        self.next_number = first_number
        self.turn = 0
        """Counted up by who wants to know which open visits have changed since."""
        self._closed, self._missed = closed, missed
        self._nth: dict[tuple[str, str], int] = {}
        self._nth_before: dict[tuple[str, str], int] = {}
        self._nth_since = 0
        self._used: set[tuple[str, float, str]] = set()
        self._talks: dict[tuple[str, str], dict[int, Visit]] | None = None
        """Who talks, by queue and agent; kept from the first end on that is of no known call."""
        self.handlers: dict[str, Handler] = {
            "ENTERQUEUE": self._enter,
            "CONNECT": self._connect,
            "COMPLETEAGENT": self._complete,
            "COMPLETECALLER": self._complete,
            "BLINDTRANSFER": self._transfer,
            "ATTENDEDTRANSFER": self._transfer,
            "TRANSFER": self._transfer,
            "ABANDON": self._leave,
            "EXITWITHTIMEOUT": self._leave,
            "EXITEMPTY": self._leave,
            "EXITWITHKEY": self._leave,
            "WITHDRAW": self._leave,
            "RINGNOANSWER": self._ring_no_answer,
            "RINGCANCELED": self._ring_no_answer,
            "QUEUESTART": self._restart,
        }
        """What each event does; every other event leaves visits as they are."""

    def feed(self, row: LogRow) -> None:
        """Take in the next row."""
        handler = self.handlers.get(row.event)
        if handler is not None:
            handler(row.at, fields_of(row), row.file, row.offset)

    def adopt(self, visit: Visit) -> None:
        """Take in a visit that was open when an earlier run ended."""
        self.open[visit.callid, visit.queue] = visit
        self.count_from(visit.callid, visit.queue, visit.nth)
        self.next_number = max(self.next_number, visit.number + 1)

    def count_from(self, callid: str, queue: str, count: int) -> None:
        """Remember how often a call was in a queue in an earlier run."""
        self._nth[callid, queue] = count

    def _enter(self, at: int, row: Fields, file: int, offset: int) -> None:
        callid, queue = key = (row[CALLID], row[QUEUE])
        if key in self.open:  # entering again is the proof that the stay before is over, however it ended
            self._give_up(key)
        visit = Visit()
        visit.number = number = self.next_number
        self.next_number = number + 1
        visit.callid, visit.queue, visit.entered = callid, queue, at
        if abs(at - self._nth_since) > _STALE:
            self._age(at)
        visit.nth = nth = (self._nth.get(key) or self._nth_before.get(key, 0)) + 1
        self._nth[key] = nth
        visit.file, visit.offset, visit.turn = file, offset, self.turn
        visit.caller = row[P2] if len(row) > P2 else ""
        if len(row) > P3:
            visit.position = whole(row, P3)
            if len(row) > P4:
                visit.caller_name = "|".join(row[P4:])
        self.open[key] = visit

    def _age(self, at: int) -> None:
        # A call does not last for days, so what two days have counted is enough to remember; and an entry whose end
        # was never written (FACTS §5) stays "waiting", but need not be kept in hand.
        before, self._nth_since = self._nth_since, at
        self._nth_before, self._nth = self._nth, {}
        stale = [key for key, visit in self.open.items() if visit.entered < before]
        for key in stale:
            self._give_up(key)

    def _give_up(self, key: tuple[str, str]) -> None:
        visit = self.open.pop(key)
        visit.ended_by = "unknown"
        self._talked(visit)
        self._closed(visit)

    def _connect(self, at: int, row: Fields, file: int, offset: int) -> None:
        visit = self.open.get((row[CALLID], row[QUEUE]))
        if visit is None:
            self.orphans += 1
            return
        if self._talks is not None:
            self._talked(visit)  # who is connected again, talks to somebody else now
            self._talks.setdefault((visit.queue, row[AGENT]), {})[visit.number] = visit
        visit.outcome, visit.turn = Outcome.ANSWERED, self.turn
        visit.connected = at
        visit.agent = row[AGENT]
        try:
            visit.wait = int(row[P1])
            visit.member_uniqueid = row[P2]
            visit.ring = int(row[P3])
        except (IndexError, ValueError):
            self._connect_in_part(visit, at, row)

    def _connect_in_part(self, visit: Visit, at: int, row: Fields) -> None:
        wait = whole(row, P1)
        visit.wait = wait if wait is not None else max(0, at - visit.entered)
        visit.member_uniqueid = row[P2] if len(row) > P2 else ""
        visit.ring = whole(row, P3)

    def _complete(self, at: int, row: Fields, file: int, offset: int) -> None:
        visit = self.open.get((row[CALLID], row[QUEUE]))
        if visit is None or visit.connected is None:
            visit = self._talking(at, row)
            if visit is None:
                self.orphans += 1
                return
        ended_by = "agent" if row[EVENT] == "COMPLETEAGENT" else "caller"
        if visit.callid in self.actions.by_call and self._done_by_us(visit.callid, at, TAKEN_OVER):
            ended_by = "takeover"
        visit.end_file, visit.end_offset = file, offset
        self._hang_up(visit, at, ended_by, whole(row, P2))

    def _transfer(self, at: int, row: Fields, file: int, offset: int) -> None:
        visit = self._talking(at, row)
        if visit is None:
            self.orphans += 1
            return
        params = row[P1:]
        # Counted from the end: an attended transfer's target takes one field or two.
        attended = row[EVENT] == "ATTENDEDTRANSFER"
        visit.transfer_to = "|".join(params[:-3]) if attended else "".join(params[:1])
        visit.end_file, visit.end_offset = file, offset
        self._hang_up(visit, at, _TRANSFER_KIND[row[EVENT]], whole(params, -2))

    def _hang_up(self, visit: Visit, at: int, ended_by: str, talk: int | None) -> None:
        visit.ended = at
        visit.ended_by = ended_by
        visit.talk = talk if talk is not None else max(0, at - (visit.connected or at))
        del self.open[visit.callid, visit.queue]
        if self._talks is not None:
            self._talked(visit)
        self._closed(visit)

    def _talking(self, at: int, row: Fields) -> Visit | None:
        visit = self.open.get((row[CALLID], row[QUEUE]))
        if visit is not None:
            return visit if visit.connected is not None else None
        return self._talking_under_other_id(at, row)

    def _talking_under_other_id(self, at: int, row: Fields) -> Visit | None:
        """Find the visit that an end under another callid belongs to.

        Where Asterisk optimises a Local channel away, the end carries the uniqueid of the channel that took its
        place; queue and agent stay, and hold and talk still tell when the talk began.
        """
        if self._talks is None:
            self._talks = {}
            for visit in self.open.values():
                if visit.connected is not None:
                    self._talks.setdefault((visit.queue, visit.agent), {})[visit.number] = visit
        same = self._talks.get((row[QUEUE], row[AGENT]), {}).values()
        for visit in same:
            if visit.member_uniqueid == row[CALLID]:
                return visit
        params = row[P1:]
        hold, talk = whole(params, -3), whole(params, -2)
        fits = [visit for visit in same if hold == visit.wait and _began(visit, at, talk)]
        return min(fits, key=lambda visit: visit.number, default=None)

    def _talked(self, visit: Visit) -> None:
        """Forget who talks with whom in a visit."""
        if self._talks is not None and visit.connected is not None:
            self._talks.get((visit.queue, visit.agent), {}).pop(visit.number, None)

    def _leave(self, at: int, row: Fields, file: int, offset: int) -> None:
        key = (row[CALLID], row[QUEUE])
        visit = self.open.get(key)
        if visit is None or visit.connected is not None:
            self.orphans += 1
            return
        event = row[EVENT]
        outcome, place = EXITS[event], P3
        if outcome is Outcome.EXIT_KEY:
            visit.key, place = "".join(row[P1:P2]), P4
        elif event in TAKEN_OUT and key[0] in self.actions.by_call and self._done_by_us(key[0], at, TAKEN_OUT[event]):
            outcome = Outcome.WITHDRAWN
        wait = whole(row, place)
        visit.outcome = outcome
        visit.wait = wait if wait is not None else max(0, at - visit.entered)
        visit.ended = at
        visit.end_file, visit.end_offset = file, offset
        del self.open[key]
        self._closed(visit)

    def _done_by_us(self, callid: str, at: int, kinds: frozenset[str]) -> bool:
        for when, kind in self.actions.near(callid, at, kinds):
            if (callid, when, kind) not in self._used:
                self._used.add((callid, when, kind))  # one action has one effect
                return True
        return False

    def _ring_no_answer(self, at: int, row: Fields, file: int, offset: int) -> None:
        if self._missed is not None:
            callid, queue = key = row[CALLID], row[QUEUE]
            visit = self.open.get(key)
            number = visit.number if visit is not None else None
            ring = (whole(row, P1) or 0) / 1000
            canceled = row[EVENT] == "RINGCANCELED"
            # Straight to the tuple: its own constructor is Python, and two in three calls ring somebody in vain.
            missed = (at, queue, row[AGENT], callid, ring, canceled, number, file, offset)
            self._missed(tuple.__new__(Missed, missed))

    def _restart(self, at: int, row: Fields, file: int, offset: int) -> None:
        for visit in self.open.values():
            if visit.connected is None:
                visit.outcome = Outcome.INTERRUPTED
                visit.wait = max(0, at - visit.entered)
            else:
                visit.ended_by = "interrupted"  # how long they talked, nobody knows
            visit.ended = at
            visit.end_file, visit.end_offset = file, offset
            self._closed(visit)
        self.open.clear()
        self._talks = None


_TRANSFER_KIND = {"BLINDTRANSFER": "blind", "ATTENDEDTRANSFER": "attended", "TRANSFER": "transfer"}
EXITS = {
    "ABANDON": Outcome.ABANDONED,
    "EXITWITHTIMEOUT": Outcome.TIMEOUT,
    "EXITEMPTY": Outcome.EXIT_EMPTY,
    "EXITWITHKEY": Outcome.EXIT_KEY,
    "WITHDRAW": Outcome.WITHDRAWN,
}


def _began(visit: Visit, ended: int, talk: int | None) -> bool:
    return talk is None or visit.connected is None or abs(ended - talk - visit.connected) <= 1


def visits_of(rows: Iterable[LogRow], actions: ActionLog | None = None) -> list[Visit]:
    """Return all visits of rows in the log's order, those still open included, by order of entry."""
    found: list[Visit] = []
    reducer, names = Visits(closed=found.append, actions=actions), QueueNames()
    for row in rows:
        if row.event in reducer.handlers:
            fields = fields_of(row)
            names.spell(fields)
            reducer.handlers[row.event](row.at, fields, row.file, row.offset)
    found.extend(reducer.open.values())
    return sorted(found, key=lambda visit: visit.number)


def calls_of(visits: Iterable[Visit]) -> Iterator[Visit]:
    """Yield one visit-like record per call: all its stays together, first stays first.

    Queue and entry are those of the first visit, outcome, agent and talk those of the last, wait is the sum.
    """
    by_call: dict[str, list[Visit]] = {}
    for visit in visits:
        by_call.setdefault(visit.callid, []).append(visit)
    for stays in by_call.values():
        yield _merged(sorted(stays, key=lambda visit: (visit.entered, visit.number)))


def _merged(stays: list[Visit]) -> Visit:
    first, last = stays[0], stays[-1]
    call = Visit()
    call.__dict__.update(last.__dict__)
    for name in ("number", "queue", "nth", "entered", "position", "caller", "caller_name", "file", "offset"):
        setattr(call, name, getattr(first, name))
    waits = [visit.wait for visit in stays if visit.wait is not None]
    call.wait = sum(waits) if waits else None
    return call
