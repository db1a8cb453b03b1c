"""Callers: their patience, their talk, and what happens to them in a conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ccops.pbx.sim.channel import Channel, ChannelState, Party, Place
from ccops.pbx.sim.clock import SECOND, Timer

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx

LEAST_TALK_AFTER_TRANSFER = 20.0


@dataclass(slots=True)
class Traits:
    """What chance gave a caller."""

    number: str
    name: str = ""
    patience: float | None = None
    """Seconds of waiting until the caller hangs up; None waits for ever."""
    talk: float | None = None
    """Seconds of conversation; None talks until somebody ends it."""
    ended_by: Literal["agent", "caller"] = "agent"
    hold_at: float | None = None
    hold_for: float = 0.0
    transfer_at: float | None = None
    transfer: Literal["", "blind", "attended"] = ""
    exit_key_at: float | None = None
    exit_key: str = "1"


class Caller:
    """Somebody who calls in: the far end of a channel of the trunk."""

    def __init__(
        self, pbx: Pbx, traits: Traits, ended: Callable[[Caller], None] = lambda caller: None,
        transfer_to: Callable[[str], Place] | None = None,
    ) -> None:  # fmt: skip
        """`transfer_to` says where an agent's device sends this caller, if it comes to that."""
        self._pbx = pbx
        self._transfer_to = transfer_to
        self.traits = traits
        self.talked = False
        self.channel: Channel | None = None
        self._told_end = ended
        self._timers: list[Timer] = []
        self._talk_left = traits.talk
        self._talk_began_us = 0

    # -- calling ------------------------------------------------------------------------------------------------

    def call(self, exten: str, context: str = "from-trunk") -> Channel:
        """Call a number of the centre."""
        pbx, trunk = self._pbx, self._pbx.plan.trunk
        device = f"PJSIP/{trunk}"
        channel = pbx.channels.add(
            pbx.channels.next_name(device), device=device, state=ChannelState.RING,
            caller=Party(self.traits.number, self.traits.name), place=Place(context, exten, 1), far=self,
        )  # fmt: skip
        channel.dialled = exten
        self.channel = channel
        pbx.events.new_channel(channel)
        pbx.devices.changed(device)
        pbx.calls.start(channel, channel.place)
        self._wait()
        if self.traits.exit_key_at is not None:
            self._later(self.traits.exit_key_at, self._press_key)
        return channel

    def hang_up(self) -> None:
        """Put the phone down."""
        if self.channel is not None and not self.channel.gone:
            self._pbx.calls.far_hangup(self.channel, 16 if self.talked else None)

    def _later(self, seconds: float, callback: Callable[[], None]) -> None:
        self._timers.append(self._pbx.clock.outside_after(seconds, callback))

    def _forget_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _wait(self) -> None:
        if self.traits.patience is not None:
            self._later(self.traits.patience, self.hang_up)

    def _press_key(self) -> None:
        from ccops.pbx.sim.queue_ring import Digit

        if self.channel is not None and self.channel.task and self._pbx.room.waiting(self.channel):
            self.channel.task.post(Digit(self.traits.exit_key))

    # -- being the far end --------------------------------------------------------------------------------------

    def invited(self, channel: Channel) -> None:
        """Nobody calls a caller."""

    def talking(self, channel: Channel) -> None:
        """Somebody is on the line."""
        self._forget_timers()
        first, self.talked = not self.talked, True
        self._talk_began_us = self._pbx.clock.now_us
        if self._talk_left is None:
            return
        self._later(self._talk_left, self._end_talk)
        if first:
            self._plan_conversation()

    def _plan_conversation(self) -> None:
        traits = self.traits
        if traits.hold_at is not None:
            self._later(traits.hold_at, self._hold)
        if traits.transfer_at is not None and traits.transfer:
            self._later(traits.transfer_at, self._transfer)

    def alone(self, channel: Channel) -> None:
        """The other side is gone, for now or for good: talk less, and wait anew."""
        self._forget_timers()
        if self._talk_left is not None:
            talked = (self._pbx.clock.now_us - self._talk_began_us) / SECOND
            self._talk_left = max(LEAST_TALK_AFTER_TRANSFER, round(self._talk_left - talked, 3))
        if not channel.hanging_up:
            self._wait()

    def ended(self, channel: Channel) -> None:
        """The call is over."""
        self._forget_timers()
        self._told_end(self)

    # -- in the conversation ------------------------------------------------------------------------------------

    def _partner(self) -> Channel | None:
        if self.channel is None or self.channel.gone:
            return None
        return self._pbx.calls.partner(self.channel)

    def _end_talk(self) -> None:
        partner = self._partner()
        if self.traits.ended_by == "agent" and partner is not None:
            self._pbx.calls.far_hangup(partner)
        else:
            self.hang_up()

    def _hold(self) -> None:
        partner = self._partner()
        if partner is not None:
            self._pbx.calls.hold(partner)
            self._later(self.traits.hold_for, self._unhold)

    def _unhold(self) -> None:
        partner = self._partner()
        if partner is not None:
            self._pbx.calls.unhold(partner)

    def _transfer(self) -> None:
        partner = self._partner()
        if partner is None or self._transfer_to is None or partner.holding:
            return
        to = self._transfer_to(partner.device)
        if self.traits.transfer == "blind":
            self._pbx.transfers.blind(partner, to)
        elif self._pbx.transfers.consult(partner, to):
            # The consultation lasts until the agent puts the phone down, whether the caller waits for it or not.
            seconds = max(8.0, self.traits.hold_for)
            self._pbx.clock.after(seconds, self._pbx.calls.far_hangup, partner)


class Callee:
    """Somebody in the world whom an agent calls."""

    def __init__(self, pbx: Pbx, answers_after: float | None, talk: float) -> None:
        """`answers_after` None never picks up; `talk` is how long they talk, in seconds."""
        self._pbx = pbx
        self._answers_after = answers_after
        self._talk = talk

    def invited(self, channel: Channel) -> None:
        """The phone out there rings."""
        clock, calls = self._pbx.clock, self._pbx.calls
        clock.after(1.2, calls.far_ringing, channel)
        if self._answers_after is not None:
            clock.after(1.2 + self._answers_after, calls.far_answered, channel)

    def talking(self, channel: Channel) -> None:
        """They talk for a while."""
        self._pbx.clock.after(self._talk, self._pbx.calls.far_hangup, channel)

    def alone(self, channel: Channel) -> None:
        """The agent hung up."""

    def ended(self, channel: Channel) -> None:
        """The call is over."""
