"""Phones and trunks: what hangs on the lines of the simulated PBX and how it behaves when it is rung."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from ccops.pbx.sim.channel import Channel, ChannelState, FarEnd, Party, Place

if TYPE_CHECKING:
    from ccops.pbx.sim.calls import Calls
    from ccops.pbx.sim.core import Pbx

HabitKind = Literal["answer", "busy", "reject", "ring"]
RINGS_AFTER = 0.03
"""Seconds until a phone says that it rings: a round trip in a local network."""
REFUSES_AFTER = 0.01


@dataclass(slots=True, frozen=True)
class Habit:
    """What happens when a phone is rung: picked up after `seconds`, busy, declined, or rung for ever."""

    kind: HabitKind = "answer"
    seconds: float = 1.0
    """0 picks up without ringing first."""


class Person(Protocol):
    """Who sits at a phone and decides."""

    habit: Habit | None

    def decide(self, channel: Channel) -> Habit | None:
        """What to do about a ringing phone; None leaves it to the habit of the phone."""


class Phone:
    """A phone or trunk: one endpoint of the PBX. It is the far end of its channels."""

    def __init__(
        self, calls: Calls, name: str, party: Party, *, context: str = "internal", habit: Habit | None = None
    ) -> None:  # fmt: skip
        self._calls = calls
        self.name = name
        self.device = f"PJSIP/{name}"
        self.party = party
        self.context = context
        self.habit = habit or Habit()
        self.person: Person | None = None
        self.messages: list[str] = []
        """Texts that were sent to this phone."""

    def invited(self, channel: Channel) -> None:
        """It rings, or not."""
        habit = (self.person.decide(channel) if self.person else None) or self.habit
        after = self._calls.clock.after
        match habit.kind:
            case "busy":
                after(REFUSES_AFTER, self._calls.far_refused, channel, 17, 486)
            case "reject":
                after(REFUSES_AFTER, self._calls.far_refused, channel, 21, 403)
            case "ring":
                after(RINGS_AFTER, self._calls.far_ringing, channel)
            case "answer":
                if habit.seconds > 0:
                    after(RINGS_AFTER, self._calls.far_ringing, channel)
                after(max(habit.seconds, RINGS_AFTER), self._calls.far_answered, channel)

    def call(self, pbx: Pbx, place: Place) -> Channel:
        """Somebody dials on this phone."""
        channel = pbx.channels.add(
            pbx.channels.next_name(self.device), device=self.device, state=ChannelState.RING, caller=self.party,
            place=place, far=self,
        )  # fmt: skip
        pbx.events.new_channel(channel)
        pbx.devices.changed(channel.device)
        pbx.calls.start(channel, place)
        return channel

    def talking(self, channel: Channel) -> None:
        """The line is open."""

    def alone(self, channel: Channel) -> None:
        """The other side left."""

    def ended(self, channel: Channel) -> None:
        """The call is over."""


class Phones:
    """All phones and trunks by device."""

    def __init__(self) -> None:
        self._by_device: dict[str, Phone] = {}
        self.outside: Callable[[str], FarEnd | None] = _nobody
        """Who answers a number that is called out through the trunk."""

    def __iter__(self) -> Iterator[Phone]:
        return iter(self._by_device.values())

    def add(self, phone: Phone) -> Phone:
        """Hang a phone on the line."""
        self._by_device[phone.device] = phone
        return phone

    def find(self, device: str) -> Phone | None:
        """The phone of a device, PJSIP/1001."""
        return self._by_device.get(device)

    def named(self, name: str) -> Phone | None:
        """The phone of this name, 1001 or PJSIP/1001."""
        return self._by_device.get(name) or self._by_device.get(f"PJSIP/{name}")


def _nobody(number: str) -> FarEnd | None:
    return None
