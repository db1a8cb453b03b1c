"""Legs: outgoing channels to a phone, a trunk or a Local extension, from being requested to being called."""

from __future__ import annotations

from dataclasses import dataclass

from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.channel import Channel, ChannelState, Party, Place
from ccops.pbx.sim.phones import Phone


@dataclass(slots=True, frozen=True)
class Target:
    """A dial string taken apart: PJSIP/1001, PJSIP/5551234@trunk, Local/1001@from-queue/n."""

    tech: str
    number: str
    through: str
    options: str

    @classmethod
    def parse(cls, text: str) -> Target:
        """Take a dial string apart; never fails, an unknown technology is refused when it is requested."""
        tech, _, rest = text.partition("/")
        address, _, options = rest.partition("/")
        number, _, through = address.partition("@")
        return cls(tech.upper() if tech.lower() == "pjsip" else tech.capitalize(), number, through, options)

    @property
    def device(self) -> str:
        """What its channels are named after."""
        if self.tech == "Local":
            return f"Local/{self.number}@{self.through}"
        return f"PJSIP/{self.through or self.number}"


class Legs:
    """Makes and calls legs."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def request(self, dialled: str, linkedid: str = "", uniqueid: str = "") -> Channel | None:
        """Make a leg, not called yet; None where there is no such phone, it is away, or the id is taken."""
        target = Target.parse(dialled)
        if uniqueid and self._calls.channels.has_id(uniqueid):
            return None
        if target.tech == "Local" and target.through:
            return self._request_local(target, linkedid, uniqueid)
        phone = self._phone(target)
        if phone is None:
            return None
        return self._request_phone(phone, target, linkedid, uniqueid)

    def _phone(self, target: Target) -> Phone | None:
        if target.tech != "PJSIP":
            return None
        calls = self._calls
        phone = calls.phones.find(target.device)
        return phone if phone is not None and calls.devices.online(phone.device) else None

    def _request_phone(self, phone: Phone, target: Target, linkedid: str, uniqueid: str) -> Channel:
        calls = self._calls
        channel = calls.channels.add(
            calls.channels.next_name(phone.device), device=phone.device, state=ChannelState.DOWN,
            caller=phone.party, place=Place(phone.context, "s", 1), uniqueid=uniqueid, linkedid=linkedid,
            far=(calls.phones.outside(target.number) or phone) if target.through else phone,
        )  # fmt: skip
        calls.events.new_channel(channel)
        return channel

    def _request_local(self, target: Target, linkedid: str, uniqueid: str) -> Channel:
        calls = self._calls
        stem = calls.channels.next_name(target.device)
        place = Place(target.through, target.number, 1)
        one = calls.channels.add(
            f"{stem};1", device=target.device, state=ChannelState.DOWN, caller=Party(), place=place,
            uniqueid=uniqueid, linkedid=linkedid,
        )  # fmt: skip
        two = calls.channels.add(
            f"{stem};2", device=target.device, state=ChannelState.RING, caller=Party(), place=place,
            uniqueid=f"{uniqueid};2" if uniqueid else "", linkedid=one.linkedid,
        )  # fmt: skip
        one.pair, two.pair = two, one
        one.variables["optimize"] = "" if "n" in target.options else "yes"
        calls.events.new_channel(one)
        calls.events.new_channel(two)
        return one

    def introduce(self, leg: Channel, caller: Party, own: Party | None = None) -> None:
        """Tell the halves of a Local channel who calls; `own` is what the near half shows as its own number."""
        two = leg.pair
        if two is None:
            return
        events = self._calls.events
        if own is not None:
            leg.change(caller=own)
            events.new_caller_id(leg)
        two.change(caller=caller, connected=leg.caller)
        events.new_caller_id(two)
        if leg.caller != Party():
            events.new_connected_line(two)

    def link(self, leg: Channel) -> None:
        """Tell that the halves of a Local channel belong together."""
        if leg.pair is not None:
            optimize = leg.variables.pop("optimize", "") == "yes"
            self._calls.events.local_bridge(leg, leg.pair, optimize=optimize)

    def call(self, leg: Channel) -> None:
        """Ring it: a phone starts to ring, a Local extension starts to execute."""
        if leg.pair is not None:
            self._calls.start(leg.pair, leg.pair.place)
        elif leg.far is not None:
            leg.far.invited(leg)

    def device_leg(self, leg: Channel) -> Channel:
        """The phone's own channel behind a leg: through a Local pair to whom its other half talks to or rings."""
        seen = 0
        while leg.pair is not None and seen < 10:
            seen += 1
            beyond = leg.pair.bridge.other(leg.pair) if leg.pair.bridge else None
            if beyond is None:
                break
            leg = beyond
        return leg
