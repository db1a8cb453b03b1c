"""Bridges: which channels hear each other, and what becomes of them when one leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from ccops.pbx.sim.channel import UNKNOWN, Channel
from ccops.pbx.sim.events import Events


@dataclass(slots=True, eq=False)
class Bridge:
    """One bridge. A basic one ends when a channel leaves it; a holding one (parking) stays."""

    uniqueid: str
    kind: str = "basic"
    technology: str = "simple_bridge"
    creator: str = UNKNOWN
    name: str = UNKNOWN
    channels: list[Channel] = field(default_factory=list)
    go_on: bool = False
    """The PBX thread of a channel that is left over goes on in its dialplan (bridges of the Bridge action)."""
    gone: bool = False
    keep: bool = False
    """Does not end when a channel leaves: an attended transfer is under way."""

    def headers(self, prefix: str = "") -> str:
        """The snapshot that bridge events carry."""
        p = prefix + "Bridge"
        return (
            f"{p}Uniqueid: {self.uniqueid}\r\n{p}Type: {self.kind}\r\n{p}Technology: {self.technology}\r\n"
            f"{p}Creator: {self.creator}\r\n{p}Name: {self.name}\r\n{p}NumChannels: {len(self.channels)}\r\n"
            f"{p}VideoSourceMode: none\r\n"
        )

    def other(self, channel: Channel) -> Channel | None:
        """Whom a channel talks to here."""
        return next((one for one in self.channels if one is not channel), None)


class Bridges:
    """All bridges."""

    def __init__(self, events: Events, rng: Random) -> None:
        self._events = events
        self._rng = rng
        self._all: dict[str, Bridge] = {}
        self.on_expelled: Callable[[Channel, Bridge], None] = _ignore
        """Told of a channel that has to leave because another left; the calls room says what becomes of it."""

    def __iter__(self) -> Iterator[Bridge]:
        return iter(list(self._all.values()))

    def find(self, uniqueid: str) -> Bridge | None:
        """The bridge with this id."""
        return self._all.get(uniqueid)

    def create(self, **attributes: str) -> Bridge:
        """Make an empty bridge."""
        uniqueid = str(UUID(int=self._rng.getrandbits(128), version=4))
        bridge = Bridge(uniqueid, **attributes)  # type: ignore[arg-type]
        self._all[uniqueid] = bridge
        self._events.bridge("BridgeCreate", bridge)
        return bridge

    def enter(self, bridge: Bridge, channel: Channel) -> None:
        """Put a channel in; the second one opens the line."""
        bridge.channels.append(channel)
        channel.bridge = bridge
        self._share_linkedid(bridge)
        self._events.bridge("BridgeEnter", bridge, channel)
        if bridge.kind == "basic" and len(bridge.channels) == 2:
            self._choose_technology(bridge)
            for one in bridge.channels:
                if one.far:
                    one.far.talking(one)

    def _share_linkedid(self, bridge: Bridge) -> None:
        # All channels that ever talk to each other share the id of the oldest.
        if bridge.kind != "basic" or len(bridge.channels) < 2:
            return
        oldest = min(bridge.channels, key=lambda one: one.serial).linkedid
        for one in bridge.channels:
            if one.linkedid != oldest:
                one.change(linkedid=oldest)

    def _choose_technology(self, bridge: Bridge) -> None:
        native = all(one.tech == "PJSIP" and not one.recording for one in bridge.channels)
        bridge.technology = "native_rtp" if native else "simple_bridge"

    def leave(self, channel: Channel) -> None:
        """Take a channel out; a basic bridge sends the rest away and ends."""
        bridge = channel.bridge
        if bridge is None:
            return
        self._out(bridge, channel)
        if bridge.kind != "basic" or bridge.keep:
            return
        expelled = list(bridge.channels)
        for other in expelled:
            self._out(bridge, other)
        self.destroy(bridge)
        for other in expelled:
            self.on_expelled(other, bridge)

    def move(self, channel: Channel, to: Bridge) -> None:
        """Take a channel from where it is into another bridge; those it leaves behind are sent away."""
        bridge = channel.bridge
        left: list[Channel] = []
        if bridge is not None:
            self._out(bridge, channel)
            left = list(bridge.channels) if bridge.kind == "basic" and not bridge.keep else []
        self.enter(to, channel)
        if bridge is None:
            return
        for other in left:
            self._out(bridge, other)
        if bridge.kind == "basic" and not bridge.keep:
            self.destroy(bridge)
        for other in left:
            self.on_expelled(other, bridge)

    def _out(self, bridge: Bridge, channel: Channel) -> None:
        bridge.channels.remove(channel)
        channel.bridge, channel.last_bridge = None, bridge
        self._events.bridge("BridgeLeave", bridge, channel)
        if channel.far:
            channel.far.alone(channel)

    def destroy(self, bridge: Bridge) -> None:
        """End an empty bridge."""
        bridge.gone = True
        self._all.pop(bridge.uniqueid, None)
        self._events.bridge("BridgeDestroy", bridge)

    def clear(self) -> None:
        """Forget all at once, as a PBX that dies does."""
        self._all.clear()


def _ignore(channel: Channel, bridge: Bridge) -> None:
    """Nobody cares yet."""
