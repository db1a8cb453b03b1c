"""How channels begin, ring, answer, are redirected and end: what every application and action builds on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ccops.pbx.sim.bridge import Bridge, Bridges
from ccops.pbx.sim.channel import Channel, Channels, ChannelState, Party, Place
from ccops.pbx.sim.clock import Clock
from ccops.pbx.sim.devices import Devices
from ccops.pbx.sim.events import Events
from ccops.pbx.sim.tasks import Interrupt, Steps, Task

if TYPE_CHECKING:
    from ccops.pbx.sim.phones import Phones

BRIDGE_THREAD = 0.001
"""Seconds by which a leg in a bridge notices the end of a call after the thread of the caller has."""

HangupWatcher = Callable[[Channel], None]


@dataclass(slots=True, frozen=True)
class Progress:
    """What the thread that dialled a leg is told about it."""

    leg: Channel
    kind: Literal["identified", "ringing", "answered", "refused", "left"]


class Calls:
    """The switch: channels, their threads and their ends."""

    def __init__(
        self, clock: Clock, channels: Channels, bridges: Bridges, devices: Devices, events: Events, phones: Phones
    ) -> None:  # fmt: skip
        self.clock = clock
        self.channels = channels
        self.bridges = bridges
        self.devices = devices
        self.events = events
        self.phones = phones
        self.run_dialplan: Callable[[Channel], Steps] = _no_dialplan
        self.on_hangup_request: list[HangupWatcher] = []
        """Told when either side of a channel asks for its end, before it leaves its bridge."""
        self.before_hangup: list[HangupWatcher] = []
        """Told when a channel is about to go."""
        self.on_hangup: list[HangupWatcher] = []
        """Told when a channel is gone."""
        self.on_redirect: list[HangupWatcher] = []
        """Told of a channel before it is sent elsewhere."""
        bridges.on_expelled = self._expelled

    # -- state --------------------------------------------------------------------------------------------------

    def set_state(self, channel: Channel, state: ChannelState) -> None:
        """Move a channel on, tell it, and look at its device again."""
        if channel.state != state:
            channel.change(state=state)
            self.events.new_state(channel)
            self.devices.changed(channel.device)

    def answer(self, channel: Channel) -> None:
        """Pick up a channel that came in; on a Local half the other half is answered with it."""
        if channel.state != ChannelState.UP:
            self.set_state(channel, ChannelState.UP)
            if channel.pair is not None:
                self.far_answered(channel.pair)

    def set_connected(self, channel: Channel, party: Party) -> None:
        """Let a channel know whom it talks to; on a Local half the news travels on."""
        if party == channel.connected or channel.gone:
            return
        channel.change(connected=party)
        self.events.new_connected_line(channel)
        pair = channel.pair
        if pair is not None and not pair.gone and pair.caller != party:
            self.clock.soon(self._news_across, pair, party)

    def _news_across(self, channel: Channel, party: Party) -> None:
        # To its own side, the other half of a Local channel is who is at the far end.
        if channel.gone:
            return
        channel.change(caller=party)
        if channel.owner is not None and channel.state != ChannelState.UP:
            channel.identified = False
            channel.owner.post(Progress(channel, "identified"))
            return
        self.events.new_caller_id(channel)
        partner = channel.bridge.other(channel) if channel.bridge else None
        if partner is not None:
            self.set_connected(partner, party)

    # -- the far end --------------------------------------------------------------------------------------------

    def far_ringing(self, leg: Channel) -> None:
        """The phone at the end of a leg rings."""
        if leg.gone or leg.state != ChannelState.DOWN:
            return
        self.set_state(leg, ChannelState.RINGING)
        self._identify(leg)
        if leg.owner:
            leg.owner.post(Progress(leg, "ringing"))

    def far_answered(self, leg: Channel) -> None:
        """The phone at the end of a leg was picked up."""
        if leg.gone or leg.hanging_up or leg.state == ChannelState.UP:
            return
        self.set_state(leg, ChannelState.UP)
        self._identify(leg)
        if leg.owner:
            leg.owner.post(Progress(leg, "answered"))

    def _identify(self, leg: Channel) -> None:
        # A leg tells whom it stands for with its first sign of life.
        leg.unread = ""
        if not leg.identified:
            leg.identified = True
            if leg.tech == "Local":
                self.events.new_caller_id(leg)
            if leg.role != "second":
                self.events.new_connected_line(leg)

    def far_refused(self, leg: Channel, cause: int, tech_cause: int) -> None:
        """The phone is busy or its person declines."""
        if leg.gone:
            return
        leg.cause, leg.tech_cause = cause, tech_cause
        self.events.hangup_request(leg, cause)
        if leg.owner:
            leg.owner.post(Progress(leg, "refused"))
        else:
            self.end(leg)

    def far_hangup(self, channel: Channel, cause: int | None = 16) -> None:
        """The other end of the line hung up. `cause` None: it gave no reason."""
        if channel.gone or channel.hanging_up:
            return
        channel.cause = (0 if self.events.far_cause else 16) if cause is None else cause
        self.events.hangup_request(channel, cause)
        self._asked_to_end(channel)
        self.unhold(channel)
        self._let_go(channel)

    def hang_up(self, channel: Channel, cause: int = 0) -> None:
        """The PBX itself ends a channel, as the Hangup action asks."""
        if channel.gone or channel.hanging_up:
            return
        channel.cause = cause
        channel.tech_cause = 486 if cause == 17 else 0
        self._let_go(channel)

    def soft_hangup(self, channel: Channel) -> None:
        """Tell that the PBX ends a channel; whoever waits for that end hears of it."""
        self.events.soft_hangup_request(channel)
        self._asked_to_end(channel)

    def _asked_to_end(self, channel: Channel) -> None:
        for watcher in self.on_hangup_request:
            watcher(channel)

    def _let_go(self, channel: Channel) -> None:
        """Make whoever holds a channel give it up."""
        channel.hanging_up = True
        if channel.task and channel.task.alive:
            channel.task.interrupt()
        elif channel.bridge:
            if not channel.cause:
                channel.cause = 16
            self.bridges.leave(channel)
            self.clock.after(BRIDGE_THREAD, self.end, channel)
        elif channel.owner and channel.owner.alive and channel.state != ChannelState.UP:
            channel.owner.post(Progress(channel, "refused"))
        else:
            self.end(channel)

    def end(self, channel: Channel) -> None:
        """A channel is over: the last event, and nobody knows it any more."""
        if channel.gone:
            return
        channel.hanging_up = True
        if channel.bridge:
            self.bridges.leave(channel)
        pair = channel.pair
        if pair is not None and not pair.gone:
            self._tell_other_half(pair, channel.cause)
        for watcher in self.before_hangup:
            watcher(channel)
        self.channels.remove(channel)
        self.events.hangup(channel)
        if channel.unread:
            # What it had not read yet is told although it is gone.
            self.events.new_connected_line(channel)
        self.devices.changed(channel.device)
        if channel.far:
            channel.far.ended(channel)
        for watcher in self.on_hangup:
            watcher(channel)

    def _tell_other_half(self, half: Channel, cause: int) -> None:
        if half.hanging_up:
            self.events.hangup_request(half, cause)
        else:
            self.far_hangup(half, cause)

    def _expelled(self, channel: Channel, bridge: Bridge) -> None:
        """Decide what becomes of a channel whose partner left the bridge."""
        if channel.task and channel.task.alive:
            channel.task.post(Progress(channel, "left"))
        elif channel.after_bridge:
            place, channel.after_bridge = channel.after_bridge, None
            self.start(channel, place)
        else:
            channel.hanging_up = True
            channel.cause = channel.cause or 16
            self.clock.after(BRIDGE_THREAD, self._end_expelled, channel)

    def _end_expelled(self, channel: Channel) -> None:
        if channel.application == "" and channel.role == "bridged":
            self.events.soft_hangup_request(channel)
        self.end(channel)

    # -- threads ------------------------------------------------------------------------------------------------

    def start(self, channel: Channel, place: Place) -> None:
        """Run the dialplan on a channel from a place."""
        channel.change(place=place)
        channel.owner = None
        channel.in_dialplan = True
        self.channels.processed += 1
        channel.task = Task(self.clock, self._thread(channel))

    def start_application(self, channel: Channel, steps: Steps) -> None:
        """Run one application on a channel without a dialplan; the channel ends with it."""
        channel.owner = None
        channel.in_dialplan = False
        channel.task = Task(self.clock, self._application_thread(channel, steps))

    def _thread(self, channel: Channel) -> Steps:
        while True:
            try:
                yield from self.run_dialplan(channel)
                if channel.last_bridge is not None:
                    channel.cause = channel.cause or 16
            except Interrupt:
                if not channel.hanging_up and channel.goto is not None:
                    channel.goto = None
                    continue
            break
        if channel.bridge:
            self.bridges.leave(channel)
        channel.hanging_up = True
        self.soft_hangup(channel)
        if channel.ran_out:
            channel.change(place=channel.place._replace(priority=channel.place.priority + 1))
        self.clock.soon(self.end, channel)

    def _application_thread(self, channel: Channel, steps: Steps) -> Steps:
        try:
            yield from steps
        except Interrupt:
            if not channel.hanging_up and channel.goto is not None:
                place, channel.goto = channel.goto, None
                self.clock.soon(self.start, channel, place)
                return
        self.clock.soon(self.end, channel)

    def redirect(self, channel: Channel, place: Place) -> None:
        """Send a channel to a place in the dialplan, out of whatever it does."""
        for watcher in self.on_redirect:
            watcher(channel)
        if channel.music and channel.task and channel.task.alive:
            self.events.music_stop(channel)
        channel.change(place=place)
        if channel.task and channel.task.alive:
            channel.goto = place
            channel.task.interrupt()
        elif channel.bridge:
            self.bridges.leave(channel)
            self.start(channel, place)
        else:
            self.start(channel, place)

    def take_from_thread(self, channel: Channel) -> None:
        """Take a channel away from the application that runs on it, without that application noticing."""
        if channel.music:
            self.events.music_stop(channel)
        if channel.task:
            channel.task.drop()
            channel.task = None
        if channel.in_dialplan:
            channel.change(place=channel.place._replace(priority=channel.place.priority + 1))
        channel.in_dialplan = False
        channel.change(application="", data="")
        self.events.surrogate(channel.device)

    # -- talking ------------------------------------------------------------------------------------------------

    def converse(self, caller: Channel, leg: Channel) -> Steps:
        """Bridge a caller, on whose thread this runs, with a leg that was answered; return when the caller may go on.

        Raises Interrupt where the caller is not to go on: hung up, redirected, or left over by the other side.
        """
        leg.owner = None
        bridge = self.bridges.create()
        self.bridges.enter(bridge, leg)
        self.bridges.enter(bridge, caller)
        try:
            while caller.bridge is not None:
                yield None
        except Interrupt:
            self._walk_out(caller)
            raise
        if caller.last_bridge is None or not caller.last_bridge.go_on:
            caller.cause = caller.cause or leg.cause or 16
            caller.hanging_up = True
            raise Interrupt

    def _walk_out(self, caller: Channel) -> None:
        if caller.hanging_up:
            caller.cause = caller.cause or 16
        if caller.bridge:
            partner = caller.bridge.other(caller)
            if partner is not None and caller.hanging_up and not partner.cause:
                partner.cause = caller.cause
                partner.tech_cause = caller.tech_cause
            self.bridges.leave(caller)

    @staticmethod
    def _neighbour(channel: Channel) -> Channel | None:
        return channel.bridge.other(channel) if channel.bridge else None

    @staticmethod
    def partner(channel: Channel) -> Channel | None:
        """Whom a channel really talks to: through Local pairs to the channel beyond them."""
        other = channel.bridge.other(channel) if channel.bridge else None
        while other is not None and other.pair is not None:
            near = other.pair
            other = near.bridge.other(near) if near.bridge else None
        return other

    def hold(self, channel: Channel) -> None:
        """The phone of a channel pressed hold: the other side hears music."""
        partner = self._neighbour(channel)
        if partner is None or channel.holding:
            return
        channel.holding = True
        self.events.hold(channel)
        self.events.music_start(partner)
        self._set_listening(partner, held=True)

    def unhold(self, channel: Channel) -> None:
        """The phone took the call back."""
        if not channel.holding:
            return
        channel.holding = False
        partner = self._neighbour(channel)
        self.events.unhold(channel)
        if partner is not None and partner.music:
            self.events.music_stop(partner)
            self._set_listening(partner, held=False)

    def _set_listening(self, channel: Channel, *, held: bool) -> None:
        channel.held = held
        if channel.pair is None:
            self.devices.changed(channel.device)


def _no_dialplan(channel: Channel) -> Steps:
    yield 0.0
