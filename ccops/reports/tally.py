"""What figures are counted from: sums over visits and over an agent's time that can be added up in any order."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from ccops.reports.rules import Rules
from ccops.reports.spans import Pause, Session, Span, clip, seconds, union
from ccops.reports.visits import TRANSFERS, Missed, Outcome, Visit


@dataclass(slots=True)
class Tally:
    """Sums over visits of a queue, an interval, or anything; thresholds are already applied visit by visit."""

    answered: int = 0
    abandoned: int = 0
    timeout: int = 0
    exit_empty: int = 0
    exit_key: int = 0
    withdrawn: int = 0
    interrupted: int = 0
    waiting: int = 0
    short_abandoned: int = 0
    """Abandoned with a wait below the site's `short_abandon`."""
    answered_within: int = 0
    """Answered with a wait of at most the queue's threshold."""
    abandoned_within: int = 0
    answered_wait: int = 0
    """Seconds, sum."""
    abandoned_wait: int = 0
    longest_wait: int | None = None
    """Over answered and lost."""
    talked: int = 0
    """Answered visits whose talk is over and known."""
    talk: int = 0
    wrap: int = 0
    longest_talk: int | None = None
    transfers: int = 0
    waits: dict[int, int] = field(default_factory=dict)
    """How many of answered and lost waited how many seconds: what percentiles are read from."""

    @property
    def offered(self) -> int:
        """Visits entered, less withdrawn, interrupted and still waiting."""
        return self.answered + self.lost

    @property
    def lost(self) -> int:
        """Offered and not answered."""
        return self.abandoned + self.timeout + self.exit_empty + self.exit_key

    def add(self, visit: Visit, rules: Rules) -> None:
        """Count one visit."""
        outcome = visit.outcome
        setattr(self, outcome, getattr(self, outcome) + 1)
        if outcome is Outcome.ANSWERED:
            self._add_answered(visit, rules)
        elif outcome is Outcome.ABANDONED:
            self._add_abandoned(visit, rules)
        elif outcome in _NOT_OFFERED:
            return
        wait = visit.wait or 0
        self.longest_wait = _longer(self.longest_wait, wait)
        self.waits[wait] = self.waits.get(wait, 0) + 1

    def _add_answered(self, visit: Visit, rules: Rules) -> None:
        wait = visit.wait or 0
        self.answered_wait += wait
        self.answered_within += wait <= rules.threshold_of(visit.queue)
        self.transfers += visit.ended_by in TRANSFERS
        if visit.talk is not None:
            self.talked += 1
            self.talk += visit.talk
            self.wrap += wrap_of(visit, rules)
            self.longest_talk = _longer(self.longest_talk, visit.talk)

    def _add_abandoned(self, visit: Visit, rules: Rules) -> None:
        wait = visit.wait or 0
        self.abandoned_wait += wait
        self.short_abandoned += wait < rules.short_abandon
        self.abandoned_within += wait <= rules.threshold_of(visit.queue)

    def merge(self, other: "Tally") -> None:
        """Add the sums of another tally to this one."""
        _merge(self, other, _SUMS, _LONGEST)
        _count_up(self.waits, other.waits)


def merged(tallies: Iterable[Tally]) -> Tally:
    """Return the sums over several tallies; much faster than one `merge` after the other where they are many."""
    some = list(tallies)
    total = Tally(**{name: sum(map(attrgetter(name), some)) for name in _SUMS})
    for name in _LONGEST:
        known = [value for value in map(attrgetter(name), some) if value is not None]
        setattr(total, name, max(known, default=None))
    for tally in some:
        if tally.waits:
            _count_up(total.waits, tally.waits)
    return total


_LONGEST = ("longest_wait", "longest_talk")
_NOT_OFFERED = frozenset({Outcome.WITHDRAWN, Outcome.INTERRUPTED, Outcome.WAITING})
_SUMS = tuple(item.name for item in fields(Tally) if item.type is int)
SUMS = frozenset({*_SUMS, *_LONGEST})
"""Names of what a tally holds; a figure of the same name is that very number."""


def _merge(mine: object, other: object, sums: Iterable[str], longest: Iterable[str]) -> None:
    for name in sums:
        setattr(mine, name, getattr(mine, name) + getattr(other, name))
    for name in longest:
        value = getattr(other, name)
        if value is not None:
            setattr(mine, name, _longer(getattr(mine, name), value))


def _count_up(mine: dict[Any, int], other: dict[Any, int]) -> None:
    for key, count in other.items():
        mine[key] = mine.get(key, 0) + count


def _longer(known: int | None, value: int) -> int:
    return value if known is None or value > known else known


def wrap_of(visit: Visit, rules: Rules) -> int:
    """Return the wrap-up seconds of an answered visit: its wrap-up pause, else what the queue is configured for."""
    return rules.wrap_up_of(visit.queue) if visit.wrap is None else visit.wrap


@dataclass(slots=True)
class AgentTally:
    """Sums over one agent's visits and time in a period."""

    answered: int = 0
    missed: int = 0
    transfers: int = 0
    talked: int = 0
    talk_whole: int = 0
    """Seconds of talk of the visits counted, wherever they reach; what the handling time is a mean of."""
    wrap_whole: int = 0
    longest_talk: int | None = None
    talk: int = 0
    """Seconds of talk that lie in the period."""
    wrap: int = 0
    ring: float = 0
    logged_in: int | None = None
    """Seconds; None for a static member, who never logs in."""
    paused: dict[str, int] = field(default_factory=dict)
    """Seconds by reason, wrap-up pauses not among them."""

    @property
    def paused_seconds(self) -> int:
        """Seconds paused for any reason."""
        return sum(self.paused.values())

    @property
    def available(self) -> int | None:
        """Seconds logged in and free for a call."""
        if self.logged_in is None:
            return None
        return max(0, self.logged_in - self.paused_seconds - self.talk - self.wrap)

    def merge(self, other: "AgentTally") -> None:
        """Add the sums of another tally, of the same person or of a whole team, to this one."""
        _merge(self, other, _AGENT_SUMS, ("longest_talk",))
        if other.logged_in is not None:
            self.logged_in = (self.logged_in or 0) + other.logged_in
        _count_up(self.paused, other.paused)

    def add(self, visit: Visit, rules: Rules) -> None:
        """Count one visit that the agent answered."""
        self.answered += 1
        self.transfers += visit.ended_by in TRANSFERS
        if visit.talk is not None:
            self.talked += 1
            self.talk_whole += visit.talk
            self.wrap_whole += wrap_of(visit, rules)
            self.longest_talk = _longer(self.longest_talk, visit.talk)

    def add_time(self, visit: Visit, span: Span, rules: Rules) -> None:
        """Add what of a visit's ringing, talk and configured wrap-up lies in a span; a talk that lasts, up to its end.

        Whether the visit itself counts in the period is another question: a talk over midnight is work of both days.
        """
        if visit.connected is None:
            return
        start, end = span
        self.ring += seconds(clip([(visit.connected - (visit.ring or 0), visit.connected)], start, end))
        if visit.ended_by == "unknown":
            return
        until = visit.connected + visit.talk if visit.talk is not None else visit.ended or end
        self.talk += seconds(clip([(visit.connected, until)], start, end))
        if visit.ended is not None and visit.wrap is None:
            wrap = rules.wrap_up_of(visit.queue)
            self.wrap += seconds(clip([(visit.ended, visit.ended + wrap)], start, end))

    def add_missed(self, missed: Missed) -> None:
        """Count one phone that rang in vain."""
        self.missed += not missed.canceled
        self.ring += missed.ring

    def clock(self, sessions: list[Session], pauses: list[Pause], span: Span, rules: Rules) -> None:
        """Add logged-in, paused and wrap-up time that lies in a span; what still lasts, up to the span's end."""
        start, end = span
        if sessions:
            logged_in = union(clip([(item.since, _until(item, end)) for item in sessions], start, end))
            self.logged_in = (self.logged_in or 0) + seconds(logged_in)
        for pause in pauses:
            length = min(_until(pause, end), end) - max(pause.since, start)
            if length <= 0:
                continue
            if rules.pause(pause.reason).wrap_up:
                self.wrap += length
            else:
                self.paused[pause.reason] = self.paused.get(pause.reason, 0) + length


_AGENT_SUMS = (*(item.name for item in fields(AgentTally) if item.type is int), "ring")


def _until(item: Session | Pause, end: int) -> int:
    return end if item.until is None else item.until
