"""Actions on channels: hang up, redirect, bridge, transfer, park, variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ccops.pbx.sim.actions import Action, Actions, Request
from ccops.pbx.sim.channel import STATE_TEXT, Channel, Place
from ccops.pbx.sim.wire import leading_number

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx

BRIDGE_LETS_GO = 0.002
"""Seconds."""
HIGHEST_CAUSE = 127


def actions(pbx: Pbx, table: Actions) -> list[Action]:
    """The actions of this family."""
    family = _Channels(pbx)
    return [
        Action("Hangup", "system,call", "Hangup channel.", family.hangup),
        Action("Redirect", "call", "Redirect (transfer) a call.", family.redirect),
        Action("Bridge", "call", "Bridge two channels already in the PBX.", family.bridge),
        Action("BlindTransfer", "call", "Blind transfer channel(s) to the given destination", family.blind_transfer),
        Action("Atxfer", "call", "Attended transfer.", family.attended_transfer),
        Action("CancelAtxfer", "call", "Cancel an attended transfer.", family.cancel_transfer),
        Action("Park", "call", "Park a channel.", family.park),
        Action("Getvar", "call,reporting", "Gets a channel variable or function value.", family.get_variable),
        Action("Setvar", "call", "Sets a channel variable or function value.", family.set_variable),
    ]


class _Channels:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    # -- ending -------------------------------------------------------------------------------------------------

    def hangup(self, request: Request) -> None:
        name = request.get("Channel")
        cause = leading_number(request.get("Cause"))
        cause = cause if 0 < cause <= HIGHEST_CAUSE else 0
        if not name:
            request.refuse("No channel specified")
        elif len(name) > 1 and name.startswith("/") and name.endswith("/"):
            self._hangup_matching(request, name, cause)
        elif (channel := self._pbx.channels.find(name)) is None:
            request.refuse("No such channel")
        else:
            request.ok("Channel Hungup")
            self._pbx.calls.hang_up(channel, cause)

    def _hangup_matching(self, request: Request, name: str, cause: int) -> None:
        try:
            pattern = re.compile(name[1:-1].replace("\\/", "/"))
        except re.error:
            request.refuse(f"Regex compile failed on: {name}")
            return
        found = [channel for channel in self._pbx.channels if pattern.search(channel.name)]
        request.begin_list("Channels hung up will follow")
        for channel in found:
            request.row("ChannelHungup", f"Channel: {channel.name}\r\n")
        request.end_list("ChannelsHungupListComplete", len(found))
        for channel in found:
            # Who waits in an application hears of it at once, a bridge lets its channels go a moment later.
            delay = BRIDGE_LETS_GO if channel.bridge else 0.0
            self._pbx.clock.after(delay, self._pbx.calls.hang_up, channel, cause)

    # -- moving -------------------------------------------------------------------------------------------------

    def redirect(self, request: Request) -> None:
        if not request.get("Channel"):
            request.refuse("Channel not specified")
            return
        place = self._place(request, "")
        extra_name = request.get("ExtraChannel")
        extra_place = self._place(request, "Extra") if request.get("ExtraExten") else place
        if place is None or extra_place is None:
            request.refuse("Priority is invalid")
            return
        channel = self._pbx.channels.find(request.get("Channel"))
        extra = self._pbx.channels.find(extra_name) if extra_name else None
        if channel is None or (extra_name and extra is None):
            request.refuse(f"Channel does not exist: {extra_name if channel else request.get('Channel')}")
            return
        request.ok("Dual Redirect successful" if extra else "Redirect successful")
        self._send(channel, place, extra, extra_place)

    def _send(self, channel: Channel, place: Place, extra: Channel | None, extra_place: Place) -> None:
        calls = self._pbx.calls
        if extra is None:
            calls.redirect(channel, place)
            return
        # Both are told where to go before either leaves the bridge, or the one left over would be hung up.
        if extra.bridge is not None and extra.bridge is channel.bridge:
            extra.change(place=extra_place)
            extra.after_bridge = extra_place
            if extra.task and extra.task.alive:
                calls.redirect(extra, extra_place)
            calls.redirect(channel, place)
            return
        calls.redirect(channel, place)
        calls.redirect(extra, extra_place)

    def _place(self, request: Request, prefix: str) -> Place | None:
        """Where headers say to go; None where the priority is no number."""
        priority = request.get(f"{prefix}Priority", "1") or "1"
        if not priority.isdigit():
            return None
        return Place(request.get(f"{prefix}Context", "default"), request.get(f"{prefix}Exten", "s"), int(priority))

    def bridge(self, request: Request) -> None:
        names = request.get("Channel1"), request.get("Channel2")
        if not all(names):
            request.refuse("Missing channel parameter in request")
            return
        found = [self._pbx.channels.find(name) for name in names]
        for number, (name, channel) in enumerate(zip(names, found, strict=True), 1):
            if channel is None or channel.hanging_up:
                request.refuse(f"Channel{number} does not exist: {name}")
                return
        first, second = (channel for channel in found if channel is not None)
        request.ok("Channels have been bridged")
        self._pbx.transfers.bridge(first, second)

    # -- transfers ----------------------------------------------------------------------------------------------

    def _transferer(self, request: Request) -> tuple[Channel, str] | None:
        """The channel and extension of a transfer; what is missing is answered here."""
        name, exten = request.get("Channel"), request.get("Exten")
        channel = self._pbx.channels.find(name) if name else None
        if not name:
            request.refuse("No channel specified")
        elif not exten:
            request.refuse("No extension specified")
        elif channel is None:
            request.refuse("Channel specified does not exist")
        else:
            return channel, exten
        return None

    def blind_transfer(self, request: Request) -> None:
        if (given := self._transferer(request)) is None:
            return
        channel, exten = given
        place = Place(request.get("Context") or channel.place.context, exten, 1)
        if channel.bridge is None or channel.bridge.other(channel) is None:
            request.refuse("Transfer not permitted")
            return
        request.ok("Transfer succeeded")
        self._pbx.transfers.blind(channel, place)

    def attended_transfer(self, request: Request) -> None:
        if (given := self._transferer(request)) is None:
            return
        channel, exten = given
        request.ok("Atxfer successfully queued")
        place = Place(request.get("Context") or channel.place.context, exten, 1)
        self._pbx.calls.clock.soon(self._pbx.transfers.consult, channel, place)

    def cancel_transfer(self, request: Request) -> None:
        name = request.get("Channel")
        channel = self._pbx.channels.find(name) if name else None
        if not name:
            request.refuse("No channel specified")
        elif channel is None:
            request.refuse("Channel specified does not exist")
        else:
            request.ok("CancelAtxfer successfully queued")
            self._pbx.transfers.cancel(channel)

    # -- parking ------------------------------------------------------------------------------------------------

    def park(self, request: Request) -> None:
        name = request.get("Channel")
        channel = self._pbx.channels.find(name) if name else None
        lot = request.get("Parkinglot")
        if not name:
            request.refuse("Channel not specified")
        elif channel is None:
            request.refuse(f"Channel does not exist: {name}")
        elif lot and lot != self._pbx.parking.lot.name:
            request.refuse("Park failed")
        else:
            self._park(request, channel)

    def _park(self, request: Request, channel: Channel) -> None:
        back = request.get("TimeoutChannel") or channel.name
        parker = back.rpartition("-")[0] or back
        timeout = leading_number(request.get("Timeout")) // 1000
        if self._pbx.parking.park(channel, parker, timeout):
            request.ok("Park successful\n")  # the line end is Asterisk's own
        else:
            request.refuse("Park failed")

    # -- variables ----------------------------------------------------------------------------------------------

    def _variables_of(self, request: Request) -> tuple[dict[str, str], Channel | None] | None:
        """Where a variable lives; what is missing is answered here."""
        if not request.get("Variable"):
            request.refuse("No variable specified")
            return None
        name = request.get("Channel")
        if not name:
            return self._pbx.variables, None
        channel = self._pbx.channels.find(name)
        if channel is None:
            request.refuse("No such channel")
            return None
        return channel.variables, channel

    def get_variable(self, request: Request) -> None:
        if (found := self._variables_of(request)) is None:
            return
        variables, channel = found
        name = request.get("Variable")
        value = _function(channel, name) if channel and "(" in name else variables.get(name, "")
        request.reply(("Variable", name), ("Value", value))

    def set_variable(self, request: Request) -> None:
        if (found := self._variables_of(request)) is None:
            return
        found[0][request.get("Variable")] = request.get("Value")
        request.ok("Variable Set")


def _function(channel: Channel, name: str) -> str:
    """The value of a dialplan function on a channel; empty where it is not known."""
    values = {
        "channel(state)": STATE_TEXT[channel.state],
        "channel(linkedid)": channel.linkedid,
        "channel(uniqueid)": channel.uniqueid,
        "channel(channeltype)": channel.tech,
        "callerid(num)": channel.caller.number,
        "callerid(name)": channel.caller.name,
        "connectedline(num)": channel.connected.number,
    }
    return values.get(name.casefold(), "")
