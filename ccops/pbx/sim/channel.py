"""Channels of the simulated PBX: what each knows, how it shows itself in events, how ids and names are counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ccops.pbx.sim.clock import Clock
from ccops.pbx.sim.tasks import Task

if TYPE_CHECKING:
    from ccops.pbx.sim.bridge import Bridge

UNKNOWN = "<unknown>"


class ChannelState(IntEnum):
    """Channel states by the numbers that Asterisk gives them."""

    DOWN = 0
    RING = 4
    RINGING = 5
    UP = 6


STATE_TEXT = {
    ChannelState.DOWN: "Down",
    ChannelState.RING: "Ring",
    ChannelState.RINGING: "Ringing",
    ChannelState.UP: "Up",
}

CAUSE_TEXT = {
    0: "Unknown",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    20: "Subscriber absent",
    21: "Call Rejected",
    26: "Answered elsewhere",
    34: "Circuit/channel congestion",
}
"""Hangup causes (ITU-T Q.850) by number."""


class Party(NamedTuple):
    """Number and name of one side; empty where unknown."""

    number: str = ""
    name: str = ""


NOBODY = Party()

_ESCAPED = str.maketrans({
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
    "\\": "\\\\", "'": "\\'", '"': '\\"', "?": "\\?",
})  # fmt: skip


def escaped(name: str) -> str:
    """A party's name as channel events show it: Asterisk escapes it as in C there, and nowhere else."""
    return name.translate(_ESCAPED) or UNKNOWN


class Place(NamedTuple):
    """Where in the dialplan."""

    context: str
    exten: str
    priority: int


class FarEnd(Protocol):
    """Who is at the other end of a channel's line: a phone with a person, or a caller in the world."""

    def invited(self, channel: Channel) -> None:
        """The PBX rings this end."""

    def talking(self, channel: Channel) -> None:
        """The line is open: the channel shares a bridge with another."""

    def alone(self, channel: Channel) -> None:
        """The other side left the bridge."""

    def ended(self, channel: Channel) -> None:
        """The channel is gone."""


@dataclass(slots=True, eq=False)
class Channel:
    """One channel. Change what events show through `change`, so that the next event shows it."""

    name: str
    uniqueid: str
    linkedid: str
    device: str
    """PJSIP/1001, Local/1001@from-queue: what the name begins with, and what has a device state."""
    state: ChannelState
    caller: Party
    place: Place
    created_us: int
    serial: int
    """Order of creation, for "the oldest"."""
    far: FarEnd | None = None
    connected: Party = NOBODY
    application: str = ""
    data: str = ""
    language: str = "en"
    account: str = ""
    bridge: Bridge | None = None
    task: Task | None = None
    """The thread that runs its dialplan or application, if it has one."""
    owner: Task | None = None
    """The thread that dialled it and waits for its answer."""
    pair: Channel | None = None
    """The other half of a Local channel."""
    cause: int = 0
    tech_cause: int = 0
    """SIP status behind the cause (Asterisk 22 shows it)."""
    goto: Place | None = None
    """Where a redirect sends it."""
    hanging_up: bool = False
    gone: bool = False
    holding: bool = False
    """Its phone pressed hold."""
    held: bool = False
    """The other side pressed hold."""
    music: bool = False
    recording: bool = False
    muted: str = ""
    dialled: str = ""
    """What was called, for a channel that came in."""
    variables: dict[str, str] = field(default_factory=dict)
    after_bridge: Place | None = None
    role: str = ""
    """What the owner thinks of it: "agent", "dialled", "originated", "second"."""
    identified: bool = True
    """False while a leg that rings has learnt of its far end but not told so."""
    unread: str = ""
    """How a leg that a queue rings shows itself until its phone says something: as it was made."""
    in_dialplan: bool = False
    """Its thread executes the dialplan, not a single application."""
    last_bridge: Bridge | None = None
    ran_out: bool = False
    """Its dialplan came to an end without a hangup."""
    _shown: dict[str, str] = field(default_factory=dict)

    def change(self, **values: Any) -> None:
        """Set attributes that snapshots show."""
        for name, value in values.items():
            setattr(self, name, value)
        self._shown.clear()

    @property
    def tech(self) -> str:
        """PJSIP, Local …"""
        return self.device.partition("/")[0]

    def headers(self, prefix: str = "") -> str:
        """The snapshot that nearly every event carries, each header with `prefix`."""
        shown = self._shown.get(prefix)
        if shown is None:
            self._shown[prefix] = shown = self._render(prefix)
        return shown

    def _render(self, p: str) -> str:
        caller, connected, place = self.caller, self.connected, self.place
        return (
            f"{p}Channel: {self.name}\r\n"
            f"{p}ChannelState: {self.state:d}\r\n"
            f"{p}ChannelStateDesc: {STATE_TEXT[self.state]}\r\n"
            f"{p}CallerIDNum: {caller.number or UNKNOWN}\r\n"
            f"{p}CallerIDName: {escaped(caller.name)}\r\n"
            f"{p}ConnectedLineNum: {connected.number or UNKNOWN}\r\n"
            f"{p}ConnectedLineName: {escaped(connected.name)}\r\n"
            f"{p}Language: {self.language}\r\n"
            f"{p}AccountCode: {self.account}\r\n"
            f"{p}Context: {place.context}\r\n"
            f"{p}Exten: {place.exten}\r\n"
            f"{p}Priority: {place.priority}\r\n"
            f"{p}Uniqueid: {self.uniqueid}\r\n"
            f"{p}Linkedid: {self.linkedid}\r\n"
        )


class Channels:
    """All live channels, and the counters behind their ids and names."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_name: dict[str, Channel] = {}
        self._by_id: dict[str, Channel] = {}
        self._by_device: dict[str, dict[str, Channel]] = {}
        self._serial = 0
        self._names = {"PJSIP": 0, "Local": 0}
        self.processed = 0
        """Dialplans that were begun since the start, whatever channel ran them."""

    def __iter__(self) -> Iterator[Channel]:
        return iter(list(self._by_name.values()))

    def __len__(self) -> int:
        return len(self._by_name)

    def find(self, name_or_id: str) -> Channel | None:
        """The channel with this name or uniqueid; names are compared without case."""
        found = self._by_name.get(name_or_id) or self._by_id.get(name_or_id)
        if found is None and "/" in name_or_id:
            wanted = name_or_id.casefold()
            return next((channel for name, channel in self._by_name.items() if name.casefold() == wanted), None)
        return found

    def of_device(self, device: str) -> list[Channel]:
        """Live channels of one device, oldest first."""
        return list(self._by_device.get(device, {}).values())

    def has_id(self, uniqueid: str) -> bool:
        """True where a live channel has this uniqueid."""
        return uniqueid in self._by_id

    def next_name(self, device: str) -> str:
        """A name for a new channel of a device, without the half of a Local pair."""
        tech = device.partition("/")[0]
        number = self._names.get(tech, 0)
        self._names[tech] = number + 1
        return f"{device}-{number:08x}"

    def next_id(self) -> tuple[str, int]:
        """The uniqueid of a new channel, counted as Asterisk does, and its serial number."""
        number = self._serial
        self._serial += 1
        return f"{self._clock.second}.{number}", number

    def add(
        self, name: str, *, device: str, state: ChannelState, caller: Party, place: Place, uniqueid: str = "",
        linkedid: str = "", far: FarEnd | None = None,
    ) -> Channel:  # fmt: skip
        """Make a channel known; without `linkedid` it begins a call of its own."""
        counted, serial = self.next_id()
        uniqueid = uniqueid or counted
        channel = Channel(
            name, uniqueid, linkedid or uniqueid, device, state, caller, place, self._clock.now_us, serial, far
        )
        self._by_name[name] = self._by_id[uniqueid] = channel
        self._by_device.setdefault(device, {})[name] = channel
        return channel

    def remove(self, channel: Channel) -> None:
        """Forget a channel that has ended."""
        channel.gone = True
        self._by_name.pop(channel.name, None)
        self._by_id.pop(channel.uniqueid, None)
        of_device = self._by_device.get(channel.device)
        if of_device is not None:
            of_device.pop(channel.name, None)
            if not of_device:
                del self._by_device[channel.device]

    def clear(self) -> None:
        """Forget all at once, as a PBX that dies does."""
        for channel in self:
            if channel.task:
                channel.task.drop()
            self.remove(channel)
        self._names = dict.fromkeys(self._names, 0)
        self._serial = self.processed = 0
