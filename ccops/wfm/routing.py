"""One simulated run of a centre: calls arrive, ring, are answered or give up, by the rules of Asterisk's queues.

Modelled: the eight strategies, penalties (with widening by wait), queue weight, wrap-up, ring time, patience, maximum
wait and length, shifts. A member has one phone: a call or wrap-up in one queue keeps them from all. Between queues of
equal weight, where Asterisk lets whichever thread comes first win, the caller who has waited longest goes first.
"""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ccops.wfm.centre import Centre, Demand, SimMember, SimQueue


@dataclass(slots=True)
class Call:
    """One visit to one queue and what became of it."""

    queue: int
    arrived: float
    talk: float
    patience: float
    state: str = "waiting"
    """waiting, ringing, answered, abandoned, timeout or full."""
    wait: float = 0.0
    limit: float = math.inf
    """Highest penalty that may be asked now."""


class _Member:
    __slots__ = ("busy", "call", "calls", "idle", "index", "last", "on", "order", "penalty", "since", "there")

    def __init__(self, index: int, member: SimMember, places: dict[str, int]) -> None:
        self.index = index
        self.penalty = {places[name]: penalty for name, penalty in member.queues.items()}
        self.order: dict[int, int] = {}
        self.calls = dict.fromkeys(self.penalty, 0)
        self.last = -math.inf
        self.call: Call | None = None
        self.on = self.idle = False
        self.since = 0.0
        self.busy = self.there = 0.0


class _Line:
    """A queue while it runs: who waits, who could answer, and whose turn it is."""

    __slots__ = ("inside", "members", "next", "place", "rules", "turn", "waiting")

    def __init__(self, place: int, rules: SimQueue) -> None:
        self.place, self.rules = place, rules
        self.turn = _TURNS.get(rules.strategy, _by_luck)
        self.inside = 0
        self.waiting: deque[Call] = deque()
        self.members: list[_Member] = []
        self.next = 0

    def head(self) -> Iterator[Call]:
        """Yield the waiting callers, oldest first, dropping those who are gone."""
        while self.waiting and self.waiting[0].state != "waiting":
            self.waiting.popleft()
        return (call for call in self.waiting if call.state == "waiting")

    def able(self, call: Call) -> list[_Member]:
        """Return who is free and may be asked for this call."""
        place = self.place
        return [one for one in self.members if one.idle and one.penalty[place] <= call.limit]

    def choose(self, able: list[_Member], luck: Callable[[], float]) -> _Member:
        """Return who is rung: the lowest penalty first, then whose turn it is by the strategy."""
        place = self.place
        if len(able) == 1:
            return able[0]
        if self.rules.strategy == "wrandom":
            return min(able, key=lambda one: luck() * (1 + one.penalty[place]))
        return min(able, key=lambda one: (one.penalty[place], self.turn(self, one, luck), one.order[place]))


def _by_luck(_line: _Line, _member: _Member, luck: Callable[[], float]) -> float:
    # random, and ringall too: every phone rings, and nobody knows who is quickest.
    return luck()


def _by_memory(line: _Line, member: _Member, _luck: Callable[[], float]) -> float:
    return (member.order[line.place] - line.next) % len(line.members)


_TURNS: dict[str, Callable[[_Line, _Member, Callable[[], float]], float]] = {
    "leastrecent": lambda _line, member, _luck: member.last,
    "fewestcalls": lambda line, member, _luck: member.calls[line.place],
    "linear": lambda line, member, _luck: member.order[line.place],
    "rrmemory": _by_memory,
    "rrordered": _by_memory,
}

Event = tuple[float, int, Callable[..., None], tuple[object, ...]]


class Run:
    """One run; `calls` and the members' times are read from it when it has ended."""

    def __init__(self, centre: Centre, seed: int, run: int, window: tuple[float, float]) -> None:
        places = {queue.name: place for place, queue in enumerate(centre.queues)}
        self.lines = [_Line(place, queue) for place, queue in enumerate(centre.queues)]
        self.members = [_Member(index, member, places) for index, member in enumerate(centre.members)]
        for member in self.members:
            for place in member.penalty:
                member.order[place] = len(self.lines[place].members)
                self.lines[place].members.append(member)
        self.window = window
        self.now = 0.0
        self._events: list[Event] = []
        self._ticket = itertools.count()
        # Each stream has its own generator, so that a change in one queue leaves the calls of the others as they were.
        self._luck = np.random.default_rng([seed, run]).random
        self.calls = [
            call
            for stream, need in enumerate(centre.demand)
            for call in draw_calls(need, places[need.queue], np.random.default_rng([seed, run, 1 + stream]))
        ]
        self.calls.sort(key=lambda call: call.arrived)
        self._shifts(centre)

    # --- the clock ---

    def _at(self, moment: float, what: Callable[..., None], *about: object) -> None:
        heapq.heappush(self._events, (moment, next(self._ticket), what, about))

    def play(self) -> None:
        """Run until every caller has left."""
        arrivals = iter(self.calls)
        upcoming = next(arrivals, None)
        while upcoming is not None or self._events:
            if upcoming is not None and (not self._events or upcoming.arrived <= self._events[0][0]):
                self.now = upcoming.arrived
                self._arrive(upcoming)
                upcoming = next(arrivals, None)
            else:
                self.now, _ticket, what, about = heapq.heappop(self._events)
                what(*about)
        for member in self.members:
            self._account(member, max(self.now, self.window[1]))

    def _shifts(self, centre: Centre) -> None:
        for member, plan in zip(self.members, centre.members, strict=True):
            for start, end in plan.shifts or ((0.0, math.inf),):
                self._at(start, self._come, member)
                if end < math.inf:
                    self._at(end, self._go, member)

    # --- callers ---

    def _arrive(self, call: Call) -> None:
        line = self.lines[call.queue]
        rules = line.rules
        call.limit = 0 if rules.widen else math.inf
        if rules.max_waiting is not None and line.inside >= rules.max_waiting and not line.able(call):
            call.state = "full"
            return
        for seconds, penalty in rules.widen:
            self._at(call.arrived + seconds, self._widen, call, penalty)
        longest = min(call.patience, math.inf if rules.max_wait is None else rules.max_wait)
        if longest < math.inf:
            self._at(call.arrived + longest, self._leave, call)
        line.waiting.append(call)
        line.inside += 1
        self._seek(call)

    def _widen(self, call: Call, penalty: int) -> None:
        call.limit = penalty
        if call.state == "waiting":
            self._seek(call)

    def _leave(self, call: Call) -> None:
        if call.state not in ("waiting", "ringing"):
            return
        rang = call.state == "ringing"
        line = self.lines[call.queue]
        line.inside -= 1
        longest = line.rules.max_wait
        call.wait = self.now - call.arrived
        call.state = "abandoned" if longest is None or call.patience <= longest else "timeout"
        if rang:
            member = next(member for member in line.members if member.call is call)
            self._account(member, self.now)
            member.call = None
            self._free(member)

    # --- routing ---

    def _seek(self, call: Call) -> None:
        """Ring the best member who is free and may be asked, if there is one."""
        line = self.lines[call.queue]
        if able := line.able(call):
            self._ring(call, line.choose(able, self._luck))

    def _ring(self, call: Call, member: _Member) -> None:
        line = self.lines[call.queue]
        line.next = (member.order[call.queue] + 1) % len(line.members)
        self._account(member, self.now)
        member.idle, member.call, call.state = False, call, "ringing"
        if line.rules.ring:
            self._at(self.now + line.rules.ring, self._answer, call, member)
        else:
            self._answer(call, member)

    def _answer(self, call: Call, member: _Member) -> None:
        if call.state != "ringing":
            return
        self._account(member, self.now)
        call.state, call.wait = "answered", self.now - call.arrived
        member.calls[call.queue] += 1
        line = self.lines[call.queue]
        line.inside -= 1
        member.last = self.now + call.talk
        self._at(member.last + line.rules.wrap_up, self._done, member)

    def _done(self, member: _Member) -> None:
        self._account(member, self.now)
        member.call = None
        self._free(member)

    def _free(self, member: _Member) -> None:
        """Give a member who has just become free to the caller who comes first among their queues."""
        if not member.on:
            return
        member.idle = True
        heads = []
        for place, penalty in member.penalty.items():
            call = next((call for call in self.lines[place].head() if call.limit >= penalty), None)
            if call is not None:
                heads.append((-self.lines[place].rules.weight, call.arrived, place, call))
        if heads:
            self._ring(min(heads, key=lambda head: head[:3])[3], member)

    # --- members ---

    def _come(self, member: _Member) -> None:
        self._account(member, self.now)
        member.on = True
        if member.call is None:
            self._free(member)

    def _go(self, member: _Member) -> None:
        self._account(member, self.now)
        member.on = member.idle = False

    def _account(self, member: _Member, until: float) -> None:
        """Book the time since the last change to busy and to there, inside the window."""
        start, end = max(member.since, self.window[0]), min(until, self.window[1])
        member.since = until
        if end <= start:
            return
        # Talk and wrap-up are work, ringing is not yet, as in the reports' occupancy.
        working = member.call is not None and member.call.state == "answered"
        if working:
            member.busy += end - start
        if working or member.on:
            member.there += end - start


def draw_calls(need: Demand, place: int, luck: np.random.Generator) -> list[Call]:
    """Return the calls of one stream for one run, in order: Poisson arrivals, talk and patience drawn with each."""
    counts = luck.poisson(need.calls)
    starts = np.repeat(np.arange(len(need.calls)) * need.interval, counts)
    arrived = np.sort(starts + luck.random(len(starts)) * need.interval)
    if need.talk_spread == 1.0:
        talk = luck.exponential(need.talk, len(arrived))
    else:
        shape = math.log1p(need.talk_spread**2)
        talk = luck.lognormal(math.log(need.talk) - shape / 2, math.sqrt(shape), len(arrived))
    never = need.patience is None
    patience = np.full(len(arrived), np.inf) if never else luck.exponential(need.patience or 0.0, len(arrived))
    return [
        Call(place, when, length, until)
        for when, length, until in zip(arrived.tolist(), talk.tolist(), patience.tolist(), strict=True)
    ]
