"""All queues together: membership, pauses, callers joining and leaving, each with its events and log lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.channel import Channel
from ccops.pbx.sim.clock import SECOND
from ccops.pbx.sim.devices import DeviceState
from ccops.pbx.sim.log import QueueLog
from ccops.pbx.sim.members import Member
from ccops.pbx.sim.queues import Entry, Queue

LOOKS_EVERY_US = SECOND
"""A waiting caller looks once a second whether it is its turn, counted from when it joined."""


class QueueRoom:
    """The queues of the PBX."""

    def __init__(self, calls: Calls, log: QueueLog) -> None:
        self._calls = calls
        self.log = log
        self._queues: dict[str, Queue] = {}
        self._entries: dict[str, Entry] = {}
        self._by_device: dict[str, list[tuple[Queue, Member]]] = {}
        self.on_member_free: Callable[[Queue, Member], None] = _ignore
        """Told when the phone of a member in a call of a queue is free again, before events tell of it."""
        calls.devices.watchers.append(self._device_changed)

    # -- queues -------------------------------------------------------------------------------------------------

    def add_queue(self, queue: Queue) -> None:
        """Make a queue known."""
        self._queues[queue.name] = queue

    def __iter__(self) -> Iterator[Queue]:
        return iter(self._queues.values())

    def find(self, name: str) -> Queue | None:
        """The queue of this name, whatever its case."""
        return self._queues.get(name) or self._queues.get(name.lower())

    def named(self, name: str) -> Iterable[Queue]:
        """The queue of this name, or all where no name is given; none where there is no such queue."""
        if not name:
            return list(self._queues.values())
        queue = self.find(name)
        return [queue] if queue else []

    def memberships(self, interface: str, queue: str = "") -> list[tuple[Queue, Member]]:
        """Where an interface is a member: in one queue or in all."""
        found = [(one, one.members.get(interface)) for one in self.named(queue)]
        return [(one, member) for one, member in found if member is not None]

    # -- members ------------------------------------------------------------------------------------------------

    def add_member(self, queue: Queue, member: Member) -> None:
        """Put a member into a queue and tell it."""
        devices, events = self._calls.devices, self._calls.events
        member.queue_wrap_up = queue.plan.wrap_up
        member.status = self._status(member)
        queue.members[member.interface] = member
        self._by_device.setdefault(devices.behind(member.state_interface), []).append((queue, member))
        pause_state = DeviceState.INUSE if member.paused else DeviceState.NOT_INUSE
        devices.set_custom(self._pause_device(queue, member), pause_state)
        if member.dynamic:
            events.member("QueueMemberAdded", queue, member)
        self._tell_available(queue, member)
        self.kick(queue)

    def _status(self, member: Member) -> DeviceState:
        device = self._calls.devices.behind(member.state_interface)
        return self._calls.devices.state(device) if device else DeviceState.INVALID

    def remove_member(self, queue: Queue, member: Member) -> None:
        """Take a member out of a queue and tell it; what rings at it rings on."""
        devices = self._calls.devices
        self._calls.events.member("QueueMemberRemoved", queue, member)
        del queue.members[member.interface]
        self._by_device[devices.behind(member.state_interface)].remove((queue, member))
        devices.set_custom(self._pause_device(queue, member), DeviceState.NOT_INUSE)
        self._tell_available(queue, None)
        self.kick(queue)

    def pause(self, interface: str, queue: str, *, paused: bool, reason: str) -> bool:
        """Pause or unpause an interface in one queue, or in all (`queue` empty); false where it is no member."""
        found = self.memberships(interface, queue)
        if found and not queue:
            event = "PAUSEALL" if paused else "UNPAUSEALL"
            self.log.write(event, reason, agent=found[0][1].name)
        for one, member in found:
            self._pause(one, member, paused=paused, reason=reason)
        return bool(found)

    def _pause(self, queue: Queue, member: Member, *, paused: bool, reason: str) -> None:
        member.paused = paused
        member.reason = reason if paused else ""
        if paused:
            member.last_pause = self._calls.clock.second
        state = DeviceState.INUSE if paused else DeviceState.NOT_INUSE
        self._calls.devices.set_custom(self._pause_device(queue, member), state)
        self._tell_available(queue, member)
        self.log.write("PAUSE" if paused else "UNPAUSE", reason, queue=queue.name, agent=member.name)
        self._calls.events.member("QueueMemberPause", queue, member, reason)
        self.kick(queue)

    def set_penalty(self, interface: str, queue: str, penalty: int) -> bool:
        """Set a penalty in one queue or all; false where the interface is no member."""
        found = self.memberships(interface, queue)
        for one, member in found:
            member.penalty = penalty
            self.log.write("PENALTY", penalty, queue=one.name, agent=interface)
            self._calls.events.member("QueueMemberPenalty", one, member)
        return bool(found)

    def set_ring_in_use(self, interface: str, queue: str, *, on: bool) -> bool:
        """Let a member be rung while it talks, or not; false where the interface is no member."""
        found = self.memberships(interface, queue)
        for one, member in found:
            member.ring_in_use = on
            self.log.write("RINGINUSE", int(on), queue=one.name, agent=interface)
            self._calls.events.member("QueueMemberRinginuse", one, member)
            self.kick(one)
        return bool(found)

    def set_ringing(self, interface: str, *, ringing: bool) -> None:
        """Note that a leg to an interface is under way, so that no other queue rings it too."""
        for queue, member in self.memberships(interface):
            member.ringing = ringing
            if not ringing:
                self.kick(queue)

    def call_taken(self, queue: Queue, member: Member) -> None:
        """Note the end of a member's call: count, time of the last call, wrap-up."""
        clock = self._calls.clock
        member.calls += 1
        member.in_call = False
        member.last_call = clock.second
        if member.wrapped_up_at() > clock.second:
            clock.at(member.wrapped_up_at() * SECOND, self._wrapped_up, queue, member)

    def _wrapped_up(self, queue: Queue, member: Member) -> None:
        # Asterisk tells nobody that a wrap-up is over: Queue:…_avail stays as it was until something else changes.
        if queue.members.get(member.interface) is member:
            self.kick(queue)

    def _device_changed(self, device: str, state: DeviceState) -> None:
        for queue, member in self._by_device.get(device, ()):
            member.status = state
            if member.in_call and state == DeviceState.NOT_INUSE:
                self.on_member_free(queue, member)
            self._calls.events.member("QueueMemberStatus", queue, member)
            self._tell_available(queue, member)
            self.kick(queue)

    def _tell_available(self, queue: Queue, member: Member | None) -> None:
        now = self._calls.clock.second
        name = f"Queue:{queue.name}_avail"
        if member is not None and queue.members.get(member.interface) is member and member.rings_now(now):
            self._calls.devices.set_custom(name, DeviceState.NOT_INUSE)
        elif not any(one.rings_now(now) for one in queue.members.values()):
            self._calls.devices.set_custom(name, DeviceState.INUSE)

    @staticmethod
    def _pause_device(queue: Queue, member: Member) -> str:
        return f"Queue:{queue.name}_pause_{member.interface}"

    # -- callers ------------------------------------------------------------------------------------------------

    def entry_of(self, name_or_id: str) -> Entry | None:
        """The place in line of a waiting channel."""
        channel = self._calls.channels.find(name_or_id)
        return self._entries.get(channel.uniqueid) if channel else None

    def waiting(self, channel: Channel) -> Entry | None:
        """The place in line of a channel, None where it does not wait."""
        return self._entries.get(channel.uniqueid)

    def join(self, entry: Entry) -> None:
        """Let a caller in."""
        queue, channel = entry.queue, entry.channel
        queue.insert(entry)
        self._entries[channel.uniqueid] = entry
        if queue.count == 1:
            self._calls.devices.set_custom(f"Queue:{queue.name}", DeviceState.RINGING)
        self._calls.events.caller_join(entry)
        self.log.write(
            "ENTERQUEUE", "", channel.caller.number, entry.position, call=channel.uniqueid, queue=queue.name
        )  # fmt: skip

    def leave(self, entry: Entry, *, silently: bool = False) -> None:
        """Take a caller out of line, whatever the reason; `silently` without the event."""
        queue = entry.queue
        if entry not in queue.entries:
            return
        queue.remove(entry)
        self._entries.pop(entry.channel.uniqueid, None)
        if not queue.count:
            self._calls.devices.set_custom(f"Queue:{queue.name}", DeviceState.NOT_INUSE)
        if not silently:
            self._calls.events.caller_leave(entry)
        self.kick(queue)

    def kick(self, queue: Queue) -> None:
        """Something changed: let those whose turn it may be look, each at its next look."""
        if not queue.entries:
            return
        clock = self._calls.clock
        left = queue.plan.leave_empty and self.is_empty(queue, queue.plan.leave_empty)
        for entry in queue.entries if left else queue.whose_turn(clock.second):
            passed = (clock.now_us - entry.entered_us) % LOOKS_EVERY_US
            clock.at(clock.now_us + (LOOKS_EVERY_US - passed) % LOOKS_EVERY_US, self._look, entry)

    @staticmethod
    def _look(entry: Entry) -> None:
        if entry in entry.queue.entries and entry.channel.task:
            entry.channel.task.post("look")

    @staticmethod
    def is_empty(queue: Queue, counts_as_gone: frozenset[str]) -> bool:
        """True where every member counts as gone by the given conditions (paused, penalty, inuse, unavailable …)."""
        return all(_is_gone(member, counts_as_gone) for member in queue.members.values())

    def clear(self) -> None:
        """Forget all callers, as a PBX that dies does; static members stay, dynamic ones too where they persist."""
        self._entries.clear()
        for queue in self:
            queue.entries.clear()
            queue.reset()
            queue.next_round_robin = 0
            for member in queue.members.values():
                member.in_call = member.ringing = False
                member.last_call = member.last_pause = 0
                member.login_time = self._calls.clock.second


_STATUS_WORDS = {
    DeviceState.INVALID: "invalid",
    DeviceState.UNAVAILABLE: "unavailable",
    DeviceState.UNKNOWN: "unknown",
    DeviceState.INUSE: "inuse",
    DeviceState.BUSY: "inuse",
    DeviceState.RINGING: "ringing",
    DeviceState.RINGINUSE: "ringing",
}


def _ignore(queue: Queue, member: Member) -> None:
    """Nobody cares yet."""


def _is_gone(member: Member, conditions: frozenset[str]) -> bool:
    if member.paused and "paused" in conditions:
        return True
    return _STATUS_WORDS.get(member.status, "") in conditions
