"""Device states and hints: computed from the channels and phones, told when they change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum

from ccops.pbx.sim.channel import Channel, Channels, ChannelState
from ccops.pbx.sim.clock import Clock, Timer
from ccops.pbx.sim.events import Events


class DeviceState(IntEnum):
    """Device states by the numbers that queue events show as Status."""

    UNKNOWN = 0
    NOT_INUSE = 1
    INUSE = 2
    BUSY = 3
    INVALID = 4
    UNAVAILABLE = 5
    RINGING = 6
    RINGINUSE = 7
    ONHOLD = 8


_HINT_STATUS = {
    DeviceState.UNKNOWN: (0, "Idle"),
    DeviceState.NOT_INUSE: (0, "Idle"),
    DeviceState.INUSE: (1, "InUse"),
    DeviceState.BUSY: (2, "Busy"),
    DeviceState.INVALID: (4, "Unavailable"),
    DeviceState.UNAVAILABLE: (4, "Unavailable"),
    DeviceState.RINGING: (8, "Ringing"),
    DeviceState.RINGINUSE: (9, "InUse&Ringing"),
    DeviceState.ONHOLD: (16, "Hold"),
}


class Devices:
    """States of phones, trunks, Local channels, queues and parking spaces."""

    def __init__(self, clock: Clock, channels: Channels, events: Events, *, ringing_counts: bool = True) -> None:
        self._ringing_counts = ringing_counts
        self._clock = clock
        self._channels = channels
        self._events = events
        self._busy_at: dict[str, int] = {}
        self._offline: set[str] = set()
        self._told: dict[str, DeviceState] = {}
        self._pending: dict[str, Timer] = {}
        self._hints: dict[tuple[str, str], str] = {}
        self.watchers: list[Callable[[str, DeviceState], None]] = []
        """Told of every change of a phone: the queues keep the status of their members by it."""

    def register(self, device: str, *, busy_at: int = 0) -> None:
        """Make a phone or trunk known; `busy_at` is the number of calls at which it counts as busy (0: never)."""
        self._busy_at[device] = busy_at
        self._told[device] = self.state(device)

    def add_hint(self, exten: str, context: str, device: str) -> None:
        """Let an extension stand for a device."""
        self._hints[exten, context] = device

    def behind(self, state_interface: str) -> str:
        """The device that a state interface means: itself, or what the hint of `hint:1001@ext-local` points at."""
        if not state_interface.startswith("hint:"):
            return state_interface
        exten, _, context = state_interface[5:].partition("@")
        return self._hints.get((exten, context), "")

    def set_online(self, device: str, *, online: bool) -> None:
        """A phone registered or went away."""
        if online:
            self._offline.discard(device)
        else:
            self._offline.add(device)
        self.changed(device)

    def online(self, device: str) -> bool:
        """True where the phone can be rung."""
        return device in self._busy_at and device not in self._offline

    def state(self, device: str) -> DeviceState:
        """The state of a device as it is now."""
        channels = self._channels.of_device(device)
        if device.startswith("Local/"):
            return DeviceState.INUSE if len(channels) >= 2 else DeviceState.NOT_INUSE
        if device not in self._busy_at:
            return self._told.get(device, DeviceState.INVALID)
        if not channels:
            return DeviceState.UNAVAILABLE if device in self._offline else DeviceState.NOT_INUSE
        return self._in_use(device, channels)

    def _in_use(self, device: str, channels: list[Channel]) -> DeviceState:
        live = [one for one in channels if one.state != ChannelState.DOWN]
        if not live:
            return DeviceState.NOT_INUSE
        if self._is_busy(self._busy_at[device], live):
            return DeviceState.BUSY
        ringing = [one for one in live if one.state == ChannelState.RINGING]
        if ringing:
            return DeviceState.RINGING if len(ringing) == len(live) else DeviceState.RINGINUSE
        return DeviceState.ONHOLD if all(one.held for one in live) else DeviceState.INUSE

    def _is_busy(self, limit: int, live: list[Channel]) -> bool:
        if self._ringing_counts:
            return 0 < limit <= len(live)
        return 0 < limit == sum(one.state == ChannelState.UP for one in live)

    def changed(self, device: str) -> None:
        """Look at a device again, after what is due at this instant: the PBX does it in a thread of its own."""
        if device.startswith("Local/"):
            self._clock.soon(self._tell_local, device)
        elif device in self._busy_at and device not in self._pending:
            self._pending[device] = self._clock.soon(self._tell_device, device)

    def _tell_local(self, device: str) -> None:
        # Local channels are not cached: each change of a half is told, even if the state stays.
        self._events.device_state(device, self.state(device).name)

    def _tell_device(self, device: str) -> None:
        self._pending.pop(device, None)
        state = self.state(device)
        if self._told.get(device) == state:
            return
        self._told[device] = state
        self._events.device_state(device, state.name)
        for watcher in self.watchers:
            watcher(device, state)
        for (exten, context), behind in self._hints.items():
            if behind == device:
                self._events.extension_status(self._hint_headers(exten, context, state))

    def set_custom(self, device: str, state: DeviceState) -> None:
        """Set a state that the PBX itself keeps (Queue:sales, Queue:sales_avail, park:701@…); told where it changed."""
        if self._told.get(device) != state:
            self._told[device] = state
            self._events.device_state(device, state.name)

    def known(self) -> Iterator[tuple[str, str]]:
        """Every device that has a cached state, and that state."""
        for device, state in list(self._told.items()):
            yield device, state.name

    def hints(self) -> list[str]:
        """The headers of every hint, as ExtensionStateList shows them."""
        return [self.hint_headers(exten, context) for exten, context in self._hints]

    def hint_headers(self, exten: str, context: str) -> str:
        """The headers of one hint; status -1 where there is none."""
        device = self._hints.get((exten, context))
        if device is None:
            return f"Exten: {exten}\r\nContext: {context}\r\nHint: \r\nStatus: -1\r\nStatusText: Unknown\r\n"
        return self._hint_headers(exten, context, self.state(device))

    def _hint_headers(self, exten: str, context: str, state: DeviceState) -> str:
        number, text = _HINT_STATUS[state]
        hint = self._hints[exten, context]
        return f"Exten: {exten}\r\nContext: {context}\r\nHint: {hint}\r\nStatus: {number}\r\nStatusText: {text}\r\n"

    def restart(self) -> None:
        """Begin anew: nothing was told yet, phones that were registered are there again."""
        self._pending.clear()
        self._told.clear()
        for device in self._busy_at:
            self._told[device] = self.state(device)
