"""Queues of the simulated PBX: callers in line, members, strategies and figures, as app_queue keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ccops.pbx.sim.channel import Channel
from ccops.pbx.sim.members import Member

if TYPE_CHECKING:
    from ccops.pbx.sim.plan import QueuePlan

_PENALTY = 1_000_000


@dataclass(slots=True, eq=False)
class Entry:
    """One caller in one queue."""

    queue: Queue
    channel: Channel
    entered: int
    """Epoch second; the queue counts time in whole seconds."""
    entered_us: int
    expires: int | None
    priority: int = 0
    position: int = 0
    original: int = 0
    pending: bool = False
    """Is ringing members at the moment, so those behind may have their turn."""
    next_linear: int = 0
    withdrawn: bool = False
    withdraw_info: str = ""

    def headers(self, now: int) -> str:
        """What QueueStatus says of a caller."""
        caller, connected = self.channel.caller, self.channel.connected
        return (
            f"Position: {self.position}\r\nChannel: {self.channel.name}\r\nUniqueid: {self.channel.uniqueid}\r\n"
            f"CallerIDNum: {caller.number or 'unknown'}\r\nCallerIDName: {caller.name or 'unknown'}\r\n"
            f"ConnectedLineNum: {connected.number or 'unknown'}\r\n"
            f"ConnectedLineName: {connected.name or 'unknown'}\r\n"
            f"Wait: {now - self.entered}\r\nPriority: {self.priority}\r\n"
        )


@dataclass(slots=True, eq=False)
class Queue:
    """One queue."""

    plan: QueuePlan
    entries: list[Entry] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    """By interface, in the order in which they were added."""
    hold_time: int = 0
    talk_time: int = 0
    completed: int = 0
    abandoned: int = 0
    completed_in_level: int = 0
    abandoned_in_level: int = 0
    next_round_robin: int = 0

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.plan.name

    @property
    def count(self) -> int:
        """How many callers wait."""
        return len(self.entries)

    def insert(self, entry: Entry) -> None:
        """Put a caller in line: behind everybody of the same or a higher priority."""
        place = next((n for n, one in enumerate(self.entries) if one.priority < entry.priority), len(self.entries))
        self.entries.insert(place, entry)
        self._renumber()
        entry.original = entry.original or entry.position

    def remove(self, entry: Entry) -> None:
        """Take a caller out; its own position stays as it was."""
        if entry in self.entries:
            self.entries.remove(entry)
            self._renumber()

    def resort(self, entry: Entry) -> None:
        """Move a caller to where its priority belongs now."""
        self.entries.remove(entry)
        self.insert(entry)
        entry.original = entry.position

    def _renumber(self) -> None:
        for number, one in enumerate(self.entries, 1):
            one.position = number

    def available(self, now: int) -> int:
        """How many members could be rung; one suffices where all are rung at once."""
        count = sum(1 for member in self.members.values() if not member.ringing and member.rings_now(now))
        return min(count, 1) if self.plan.strategy == "ringall" or not self.plan.autofill else count

    def whose_turn(self, now: int) -> list[Entry]:
        """The callers who may ring members now: as many as could be served, from the front."""
        waiting = [one for one in self.entries if not one.pending]
        if not self.plan.autofill:
            waiting = [one for one in waiting if one.position == 1]
        return waiting[: self.available(now)] if waiting else []

    def metrics(self, entry: Entry, now: int) -> list[tuple[int, int, Member]]:
        """Members by preference for this caller, best first: (metric, place, member)."""
        ranked = [
            (member.penalty * _PENALTY + self._metric(place, member, entry, now), place, member)
            for place, member in enumerate(self.members.values())
        ]
        return sorted(ranked, key=lambda one: one[:2])

    def _metric(self, place: int, member: Member, entry: Entry, now: int) -> int:
        match self.plan.strategy:
            case "rrmemory":
                return place if place >= self.next_round_robin else 1000 + place
            case "leastrecent":
                return _PENALTY - (now - member.last_call) if member.last_call else 0
            case "fewestcalls":
                return member.calls
            case "linear":
                return place if place >= entry.next_linear else 1000 + place
            case _:
                return 0

    def rang(self, place: int, entry: Entry) -> None:
        """Remember who was rung last, for the strategies that go round."""
        after = (place + 1) % max(1, len(self.members))
        entry.next_linear = after
        if self.plan.strategy == "rrmemory":
            self.next_round_robin = after

    def note_answer(self, wait: int) -> None:
        """Take an answered caller's wait into the running mean, as app_queue smooths it."""
        self.hold_time = (self.hold_time * 3 + wait) >> 2

    def note_completed(self, talk: int, *, in_level: bool) -> None:
        """Take a finished call into the figures."""
        self.completed += 1
        self.completed_in_level += in_level
        self.talk_time = (self.talk_time * 3 + talk) >> 2

    def note_abandoned(self, wait: int) -> None:
        """Count a caller who left unanswered: abandoned, timed out or withdrawn."""
        self.abandoned += 1
        self.abandoned_in_level += wait <= self.plan.service_level

    def reset(self) -> None:
        """Set the figures back, as QueueReset does."""
        self.hold_time = self.talk_time = self.completed = self.abandoned = 0
        self.completed_in_level = self.abandoned_in_level = 0
        for member in self.members.values():
            member.calls = 0

    def service_levels(self) -> tuple[float, float]:
        """ServicelevelPerf and ServicelevelPerf2 in percent."""
        ended = self.completed + self.abandoned
        first = 100 * self.completed_in_level / self.completed if self.completed else 0.0
        second = 100 * (self.completed_in_level + self.abandoned_in_level) / ended if ended else 0.0
        return first, second

    def headers(self) -> str:
        """What QueueStatus says of the queue."""
        first, second = self.service_levels()
        return (
            f"Queue: {self.name}\r\nMax: {self.plan.max_length}\r\nStrategy: {self.plan.strategy}\r\n"
            f"Calls: {self.count}\r\nHoldtime: {self.hold_time}\r\nTalkTime: {self.talk_time}\r\n"
            f"Completed: {self.completed}\r\nAbandoned: {self.abandoned}\r\nServiceLevel: {self.plan.service_level}\r\n"
            f"ServicelevelPerf: {first:.1f}\r\nServicelevelPerf2: {second:.1f}\r\nWeight: {self.plan.weight}\r\n"
        )
