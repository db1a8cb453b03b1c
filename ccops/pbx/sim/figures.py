"""What has happened in a simulated centre, and what is: the truth that others are held against."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ccops.pbx.sim.core import Pbx
from ccops.pbx.sim.devices import DeviceState


@dataclass(slots=True)
class SimStats:
    """Counts since the simulation began."""

    events: int = 0
    calls: int = 0
    """Callers who rang up; one may enter several queues."""
    entered: int = 0
    answered: int = 0
    abandoned: int = 0
    timeouts: int = 0
    exits_by_key: int = 0
    exits_empty: int = 0
    withdrawn: int = 0
    completed: int = 0
    transferred: int = 0
    missed: int = 0
    log_lines: int = 0
    clients: int = 0
    virtual_seconds: float = 0.0


_VERBS = {
    "ENTERQUEUE": "entered",
    "CONNECT": "answered",
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timeouts",
    "EXITWITHKEY": "exits_by_key",
    "EXITEMPTY": "exits_empty",
    "WITHDRAW": "withdrawn",
    "COMPLETEAGENT": "completed",
    "COMPLETECALLER": "completed",
    "BLINDTRANSFER": "transferred",
    "ATTENDEDTRANSFER": "transferred",
    "RINGNOANSWER": "missed",
}


class LogCounter:
    """Counts the verbs of the queue_log as they are written."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def note(self, event: str) -> None:
        """Count one line."""
        if event in _VERBS:
            self.counts[_VERBS[event]] += 1


@dataclass(slots=True, frozen=True)
class WaitingTruth:
    """One waiting caller."""

    uniqueid: str
    channel: str
    number: str
    position: int
    entered: int
    priority: int


@dataclass(slots=True, frozen=True)
class MemberTruth:
    """One member of a queue."""

    interface: str
    name: str
    status: str
    in_call: bool
    paused: bool
    reason: str
    penalty: int


@dataclass(slots=True, frozen=True)
class QueueTruth:
    """One queue at this moment."""

    waiting: tuple[WaitingTruth, ...]
    members: tuple[MemberTruth, ...]


@dataclass(slots=True, frozen=True)
class SpyTruth:
    """One running ChanSpy."""

    uniqueid: str
    channel: str
    target: str
    mode: str
    heard: tuple[str, ...] = field(default=())


class Truth:
    """Looks into the machine."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def queues(self) -> dict[str, QueueTruth]:
        """Every queue: who waits and who is a member, in order."""
        return {queue.name: self.queue(queue.name) for queue in self._pbx.room}

    def queue(self, name: str) -> QueueTruth:
        """One queue; KeyError where there is none of this name."""
        queue = self._pbx.room.find(name)
        if queue is None:
            raise KeyError(name)
        waiting = tuple(
            WaitingTruth(
                one.channel.uniqueid, one.channel.name, one.channel.caller.number, one.position, one.entered,
                one.priority,
            )
            for one in queue.entries
        )  # fmt: skip
        members = tuple(
            MemberTruth(
                one.interface, one.name, DeviceState(one.status).name, one.in_call, one.paused, one.reason, one.penalty
            )
            for one in queue.members.values()
        )
        return QueueTruth(waiting, members)

    def talking(self) -> dict[str, str]:
        """Uniqueid of every caller whom a queue has connected, to the member's interface, while both are there."""
        found: dict[str, str] = {}
        for channel in self._pbx.channels:
            call = self._pbx.queue_calls.of(channel)
            if call is not None and call.caller is channel and not call.leg.gone:
                found[channel.uniqueid] = call.member.interface
        return found

    def channels(self) -> dict[str, str]:
        """Uniqueid and name of every channel."""
        return {channel.uniqueid: channel.name for channel in self._pbx.channels}

    def bridges(self) -> dict[str, tuple[str, ...]]:
        """Every bridge and the uniqueids in it."""
        return {one.uniqueid: tuple(channel.uniqueid for channel in one.channels) for one in self._pbx.bridges}

    def parked(self) -> dict[int, str]:
        """Space and uniqueid of every parked call."""
        return {one.space: one.channel.uniqueid for one in self._pbx.parking.all()}

    def spies(self) -> list[SpyTruth]:
        """Every running spy."""
        return [
            SpyTruth(
                spy.channel.uniqueid, spy.channel.name, spy.target.name if spy.target else "", spy.mode,
                tuple(spy.heard),
            )
            for spy in self._pbx.spies.running()
        ]  # fmt: skip
