"""One attempt of a waiting caller to reach a member: who is rung, who refuses, who answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ccops.pbx.sim.calls import Calls, Progress
from ccops.pbx.sim.channel import Channel, Party
from ccops.pbx.sim.clock import SECOND
from ccops.pbx.sim.legs import Legs
from ccops.pbx.sim.members import Member
from ccops.pbx.sim.queue_room import QueueRoom
from ccops.pbx.sim.queues import Entry
from ccops.pbx.sim.tasks import Interrupt, StepsTo

NO_TIMEOUT = 24 * 3600


@dataclass(slots=True, frozen=True)
class Digit:
    """A key that the caller pressed."""

    key: str


@dataclass(slots=True, frozen=True)
class Answered:
    """A member picked up."""

    leg: Channel
    member: Member
    ring_seconds: int


@dataclass(slots=True, frozen=True)
class Exit:
    """A way out of the queue without an answer: the event of its log line, and the key that was pressed."""

    event: str
    key: str = ""

    @property
    def status(self) -> str:
        """QUEUESTATUS for the dialplan."""
        return {"EXITWITHTIMEOUT": "TIMEOUT", "EXITEMPTY": "LEAVEEMPTY", "WITHDRAW": "WITHDRAW"}.get(self.event, "")


@dataclass(slots=True, eq=False)
class _Ringing:
    leg: Channel
    member: Member
    since_us: int


class Attempt:
    """Rings one member, or all that are equally good, for as long as the queue rings."""

    def __init__(
        self, calls: Calls, legs: Legs, room: QueueRoom, entry: Entry, exit_by_key: Callable[[Entry, str], Exit | None]
    ) -> None:  # fmt: skip
        self._calls = calls
        self._legs = legs
        self._room = room
        self._entry = entry
        self._exit_by_key = exit_by_key
        self._tried: set[str] = set()
        self._ringing: dict[str, _Ringing] = {}
        self._begun_us = calls.clock.now_us
        timeout = entry.queue.plan.ring_timeout or NO_TIMEOUT
        until = self._begun_us + timeout * SECOND
        self._until_us = min(until, entry.expires * SECOND) if entry.expires is not None else until

    def run(self) -> StepsTo[Answered | Exit | None]:
        """Ring until somebody answers (Answered), the caller takes a way out (Exit), or nobody does (None)."""
        self._entry.pending = True
        try:
            self._ring_next()
            while self._ringing:
                now = self._calls.clock.now_us
                if now >= self._until_us:
                    self._nobody_answered()
                    return None
                message = yield (self._until_us - now) / SECOND
                result = self._take(message)
                if result is not None:
                    return result
            return None
        except (Interrupt, GeneratorExit):
            self._given_up()
            raise
        finally:
            self._entry.pending = False

    # -- ringing ------------------------------------------------------------------------------------------------

    def _ring_next(self) -> None:
        """Ring the best member left, and with ringall everybody who is as good."""
        queue = self._entry.queue
        together = queue.plan.strategy == "ringall"
        level: int | None = None
        for metric, place, member in queue.metrics(self._entry, self._calls.clock.second):
            if level is not None and metric > level:
                break
            if member.interface in self._tried or not self._can_ring(member):
                continue
            self._tried.add(member.interface)
            if self._ring(member):
                queue.rang(place, self._entry)
                level = metric
                if not together:
                    break

    def _can_ring(self, member: Member) -> bool:
        return not member.ringing and member.rings_now(self._calls.clock.second)

    def _ring(self, member: Member) -> bool:
        caller, calls, queue = self._entry.channel, self._calls, self._entry.queue
        leg = self._legs.request(member.interface, linkedid=caller.linkedid)
        if leg is None:
            return False
        self._room.set_ringing(member.interface, ringing=True)
        self._ringing[leg.name] = _Ringing(leg, member, calls.clock.now_us)
        leg.role = "agent"
        leg.owner = caller.task
        own = caller.connected if caller.connected.number else Party(caller.place.exten)
        self._legs.introduce(leg, caller.caller, own)
        self._legs.link(leg)
        self._called(leg, member)
        if queue.plan.strategy != "ringall" and leg.pair is None:
            calls.set_connected(caller, leg.caller)
        self._legs.call(leg)
        return True

    def _called(self, leg: Channel, member: Member) -> None:
        # The snapshot of the dial message is older than that of the queue's.
        caller = self._entry.channel
        before = {"place": leg.place, "connected": leg.connected, "application": leg.application, "data": leg.data}
        after = {
            "place": leg.place._replace(exten=caller.place.exten), "connected": caller.caller,
            "application": "AppQueue", "data": "(Outgoing Line)",
        }  # fmt: skip
        leg.change(**after)
        self._calls.events.agent("AgentCalled", self._entry.queue.name, member, caller, leg)
        leg.change(**before)
        if leg.pair is None:
            leg.unread = leg.headers()
        self._calls.events.dial_begin(caller, leg, member.interface)
        leg.change(**after)
        leg.identified = False

    # -- what the legs do ---------------------------------------------------------------------------------------

    def _take(self, message: object) -> Answered | Exit | None:
        if isinstance(message, Progress):
            rung = self._ringing.get(message.leg.name)
            return self._progress(rung, message.kind) if rung else None
        way: Exit | None = Exit("WITHDRAW") if self._entry.withdrawn else None
        if isinstance(message, Digit):
            way = self._exit_by_key(self._entry, message.key)
        if way is not None:
            self._given_up()
        return way

    def _progress(self, rung: _Ringing, kind: str) -> Answered | None:
        caller, leg = self._entry.channel, rung.leg
        match kind:
            case "identified":
                self._calls.set_connected(caller, leg.caller)
            case "ringing":
                self._calls.events.dial_state(caller, leg, "RINGING")
            case "answered" if not leg.hanging_up:
                return self._answered(rung)
            case "answered" | "refused":
                self._refused(rung)
        return None

    def _answered(self, rung: _Ringing) -> Answered:
        caller, calls = self._entry.channel, self._calls
        del self._ringing[rung.leg.name]
        calls.events.dial_end(caller, rung.leg, "ANSWER")
        others = list(self._ringing.values())
        for other in others:
            calls.events.dial_end(caller, other.leg, "CANCEL")
        calls.set_connected(caller, rung.leg.caller)
        for other in others:
            calls.events.dial_end(caller, other.leg, "CANCEL")
            self._drop(other, cause=26)
        self._room.set_ringing(rung.member.interface, ringing=False)
        seconds = (calls.clock.now_us - self._begun_us) // SECOND
        return Answered(rung.leg, rung.member, seconds)

    def _refused(self, rung: _Ringing) -> None:
        caller = self._entry.channel
        self._calls.events.dial_end(caller, rung.leg, "NOANSWER")
        begun = self._begun_us // SECOND
        self._missed(rung, (self._calls.clock.second - begun) * 1000)
        self._drop(rung, cause=rung.leg.cause)
        if self._entry.queue.plan.strategy != "ringall":
            self._ring_next()

    def _nobody_answered(self) -> None:
        caller = self._entry.channel
        rung = list(self._ringing.values())
        milliseconds = (self._until_us - self._begun_us) // SECOND * 1000
        for one in rung:
            self._missed(one, milliseconds)
        for status in ("NOANSWER", "CANCEL"):
            for one in rung:
                self._calls.events.dial_end(caller, one.leg, status)
        for one in rung:
            self._drop(one, cause=0)

    def _missed(self, rung: _Ringing, milliseconds: int) -> None:
        queue, caller = self._entry.queue, self._entry.channel
        self._room.log.write(
            "RINGNOANSWER", milliseconds, call=caller.uniqueid, queue=queue.name, agent=rung.member.name
        )
        self._calls.events.agent(
            "AgentRingNoAnswer", queue.name, rung.member, caller, rung.leg, f"RingTime: {milliseconds}\r\n"
        )

    def _given_up(self) -> None:
        """The caller is gone: stop ringing."""
        caller, queue = self._entry.channel, self._entry.queue
        rung = list(self._ringing.values())
        if rung and caller.music:
            self._calls.events.music_stop(caller)
        for one in rung:
            milliseconds = (self._calls.clock.now_us - one.since_us) // 1000
            self._room.log.write(
                "RINGCANCELED", milliseconds, call=caller.uniqueid, queue=queue.name, agent=one.member.name
            )
        for _ in range(2):
            for one in rung:
                self._calls.events.dial_end(caller, one.leg, "CANCEL")
        for one in rung:
            self._drop(one, cause=0)

    def _drop(self, rung: _Ringing, cause: int) -> None:
        self._ringing.pop(rung.leg.name, None)
        leg = rung.leg
        leg.owner = None
        leg.cause = cause
        self._calls.end(leg)
        self._room.set_ringing(rung.member.interface, ringing=False)
