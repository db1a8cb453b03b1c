"""Members of queues: who can be rung, and how events show them."""

from __future__ import annotations

from dataclasses import dataclass

from ccops.pbx.sim.devices import DeviceState


@dataclass(slots=True, eq=False)
class Member:
    """One interface in one queue."""

    interface: str
    name: str
    state_interface: str
    dynamic: bool
    login_time: int
    penalty: int = 0
    ring_in_use: bool = False
    wrap_up: int = 0
    """The member's own wrap-up time in seconds; 0 leaves it to the queue."""
    status: DeviceState = DeviceState.NOT_INUSE
    paused: bool = False
    reason: str = ""
    calls: int = 0
    last_call: int = 0
    last_pause: int = 0
    in_call: bool = False
    ringing: bool = False
    """A leg to it is under way, in whichever queue."""
    queue_wrap_up: int = 0

    @property
    def membership(self) -> str:
        """Dynamic or static, as events say it."""
        return "dynamic" if self.dynamic else "static"

    def wrapped_up_at(self) -> int:
        """Epoch second from which it may be rung again after its last call."""
        return self.last_call + (self.wrap_up or self.queue_wrap_up) if self.last_call else 0

    def rings_now(self, now: int) -> bool:
        """True where the queue would ring it now."""
        if self.paused or self.status in (DeviceState.INVALID, DeviceState.UNAVAILABLE):
            return False
        free = self.status in (DeviceState.NOT_INUSE, DeviceState.UNKNOWN)
        return (free or self.ring_in_use) and now >= self.wrapped_up_at()

    def headers(self) -> str:
        """What events of members say."""
        return (
            f"MemberName: {self.name}\r\nInterface: {self.interface}\r\n{self._middle()}{self._tail(ring_in_use=True)}"
        )

    def row(self) -> str:
        """What QueueStatus says, where name and interface go by other headers."""
        who = f"Name: {self.name}\r\nLocation: {self.interface}\r\n"
        return who + self._middle() + self._tail(ring_in_use=False)

    def _middle(self) -> str:
        return (
            f"StateInterface: {self.state_interface}\r\nMembership: {self.membership}\r\nPenalty: {self.penalty}\r\n"
            f"CallsTaken: {self.calls}\r\nLastCall: {self.last_call}\r\nLastPause: {self.last_pause}\r\n"
            f"LoginTime: {self.login_time}\r\nInCall: {self.in_call:d}\r\nStatus: {self.status:d}\r\n"
        )

    def _tail(self, *, ring_in_use: bool) -> str:
        ring = f"Ringinuse: {self.ring_in_use:d}\r\n" if ring_in_use else ""
        return f"Paused: {self.paused:d}\r\nPausedReason: {self.reason}\r\n{ring}Wrapuptime: {self.wrap_up}\r\n"
