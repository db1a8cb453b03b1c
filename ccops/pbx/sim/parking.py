"""Parking: callers on a numbered shelf, until somebody takes one off or the time is over."""

from __future__ import annotations

from dataclasses import dataclass

from ccops.pbx.sim.bridge import Bridge
from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.channel import Channel, Place
from ccops.pbx.sim.clock import Timer
from ccops.pbx.sim.devices import DeviceState
from ccops.pbx.sim.dialplan import Executor
from ccops.pbx.sim.tasks import Interrupt, Steps

RECALL_SECONDS = 30


@dataclass(slots=True, eq=False)
class Parked:
    """One parked call."""

    channel: Channel
    lot: str
    space: int
    parker: str
    """What is rung when the time is over."""
    since: float
    timeout: int
    timer: Timer

    def headers(self, now: float) -> str:
        """What events and ParkedCalls say besides the channel."""
        duration = int(now - self.since)
        return (
            f"ParkerDialString: {self.parker}\r\nParkinglot: {self.lot}\r\nParkingSpace: {self.space}\r\n"
            f"ParkingTimeout: {max(0, self.timeout - duration)}\r\nParkingDuration: {duration}\r\n"
        )


@dataclass(slots=True)
class Lot:
    """A parking lot."""

    name: str = "default"
    first: int = 701
    last: int = 720
    timeout: int = 300
    context: str = "parkedcalls"


class Parking:
    """The default lot."""

    def __init__(self, calls: Calls, executor: Executor, lot: Lot) -> None:
        self._calls = calls
        self._executor = executor
        self.lot = lot
        self._bridge: Bridge | None = None
        self._parked: dict[int, Parked] = {}
        executor.applications["parkedcall"] = self._retrieve
        calls.on_hangup_request.append(self._gives_up)
        calls.on_redirect.append(self._gives_up)
        for space in range(lot.first, lot.last + 1):
            executor.dialplan.add(lot.context, str(space), [("ParkedCall", f"{lot.name},{space}")])

    def all(self) -> list[Parked]:
        """Every parked call, by space."""
        return [self._parked[space] for space in sorted(self._parked)]

    def of(self, channel: Channel) -> Parked | None:
        """The space of a parked channel."""
        return next((one for one in self._parked.values() if one.channel is channel), None)

    def park(self, channel: Channel, parker: str, timeout: int) -> bool:
        """Put a channel on the shelf; false where the lot is full. `timeout` in seconds, 0 for the lot's own."""
        space = next((n for n in range(self.lot.first, self.lot.last + 1) if n not in self._parked), None)
        if space is None:
            return False
        seconds = timeout or self.lot.timeout
        timer = self._calls.clock.after(seconds, self._time_over, space)
        self._parked[space] = Parked(channel, self.lot.name, space, parker, self._calls.clock.now, seconds, timer)
        self._calls.clock.soon(self._shelve, space)
        return True

    def _shelve(self, space: int) -> None:
        parked = self._parked.get(space)
        if parked is None:
            return
        calls, channel = self._calls, parked.channel
        if channel.gone or channel.hanging_up:
            self._take_off(space)
            return
        if self._bridge is None:
            self._bridge = calls.bridges.create(
                kind="parking", technology="holding_bridge", creator="Parking", name=self.lot.name
            )
        if channel.bridge is not None:
            calls.bridges.move(channel, self._bridge)
            self._tell("ParkedCall", parked)
        else:
            self._interrupt_application(channel)
            self._tell("ParkedCall", parked)
            calls.bridges.enter(self._bridge, channel)
        calls.events.music_start(channel)
        self._device(space, DeviceState.INUSE)

    def _interrupt_application(self, channel: Channel) -> None:
        # A waiting caller is taken out of the queue without the queue noticing; it shows as gone there.
        if channel.task and channel.task.alive:
            self._calls.take_from_thread(channel)

    def _tell(self, event: str, parked: Parked, retriever: Channel | None = None) -> None:
        self._calls.events.parked(event, parked, self._calls.clock.now, retriever)

    def _device(self, space: int, state: DeviceState) -> None:
        self._calls.devices.set_custom(f"park:{space}@{self.lot.context}", state)

    def _take_off(self, space: int) -> Parked | None:
        parked = self._parked.pop(space, None)
        if parked is not None:
            parked.timer.cancel()
            self._device(space, DeviceState.NOT_INUSE)
        return parked

    def _time_over(self, space: int) -> None:
        parked = self._parked.get(space)
        if parked is None:
            return
        calls, channel = self._calls, parked.channel
        calls.events.music_stop(channel)
        exten = parked.parker.replace("/", "_")
        self._executor.dialplan.add("park-dial", exten, [("Dial", f"{parked.parker},{RECALL_SECONDS}")])
        before, place = channel.place, Place("park-dial", exten, 1)
        channel.change(place=place)
        self._tell("ParkedCallTimeOut", parked)
        channel.change(place=before)
        self._take_off(space)
        calls.bridges.leave(channel)
        calls.redirect(channel, place)

    def _gives_up(self, channel: Channel) -> None:
        parked = self.of(channel)
        if parked is not None:
            if channel.music:
                self._calls.events.music_stop(channel)
            self._tell("ParkedCallGiveUp", parked)
            self._take_off(parked.space)

    def _retrieve(self, channel: Channel, argument: str) -> Steps:
        """ParkedCall(default,701): talk to whom is parked there."""
        space = argument.rpartition(",")[2]
        parked = self._parked.get(int(space)) if space.isdigit() else None
        self._calls.answer(channel)
        if parked is None:
            channel.hanging_up = True
            raise Interrupt
        calls, parkee = self._calls, parked.channel
        bridge = calls.bridges.create()
        calls.events.music_stop(parkee)
        self._tell("UnParkedCall", parked, channel)
        self._take_off(parked.space)
        calls.bridges.move(parkee, bridge)
        calls.bridges.enter(bridge, channel)
        calls.set_connected(parkee, channel.caller)
        calls.set_connected(channel, parkee.caller)
        try:
            while channel.bridge is not None:
                yield None
        except Interrupt:
            calls.bridges.leave(channel)
            raise
        channel.hanging_up = True
        raise Interrupt

    def clear(self) -> None:
        """Forget all, as a PBX that dies does."""
        self._parked.clear()
        self._bridge = None
