"""Actions that list what there is: channels, bridges, devices, hints, parked calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ccops.pbx.sim.actions import Action, Actions, Request
from ccops.pbx.sim.channel import UNKNOWN, Channel
from ccops.pbx.sim.clock import SECOND

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx


def actions(pbx: Pbx, table: Actions) -> list[Action]:
    """The actions of this family."""
    family = _Lists(pbx)
    reporting = "call,reporting"
    return [
        Action("CoreShowChannels", "system,reporting", "List currently active channels.", family.channels),
        Action("Status", "system,call,reporting", "List channel status.", family.status),
        Action("DeviceStateList", reporting, "List the current known device states.", family.devices),
        Action("ExtensionStateList", reporting, "List the current known extension states.", family.hints),
        Action("ExtensionState", reporting, "Check Extension Status.", family.hint),
        Action("PresenceStateList", reporting, "List the current known presence states.", family.presences),
        Action("ShowDialPlan", "config,reporting", "Show dialplan contexts and extensions", family.dialplan),
        Action("BridgeList", "", "Get a list of bridges in the system.", family.bridges),
        Action("BridgeInfo", "", "Get information about a bridge.", family.bridge),
        Action("ParkedCalls", "call", "List parked calls.", family.parked),
        Action("Parkinglots", "call", "Get a list of parking lots", family.lots),
    ]


class _Lists:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def _seconds(self, channel: Channel) -> int:
        return (self._pbx.clock.now_us - channel.created_us) // SECOND

    # -- channels -----------------------------------------------------------------------------------------------

    def channels(self, request: Request) -> None:
        request.begin_list("Channels will follow")
        items = 0
        for channel in self._pbx.channels:
            request.row("CoreShowChannel", channel.headers() + self._running(channel), id_first=True)
            items += 1
        request.end_list("CoreShowChannelsComplete", items)

    def _running(self, channel: Channel) -> str:
        minutes, seconds = divmod(self._seconds(channel), 60)
        duration = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
        bridge = channel.bridge.uniqueid if channel.bridge else ""
        return (
            f"Application: {channel.application}\r\nApplicationData: {channel.data}\r\nDuration: {duration}\r\n"
            f"BridgeId: {bridge}\r\n"
        )

    def status(self, request: Request) -> None:
        name = request.get("Channel")
        found = [self._pbx.channels.find(name)] if name else list(self._pbx.channels)
        channels = [channel for channel in found if channel is not None]
        if name and not channels:
            request.refuse("No such channel")
            return
        wanted = [part for part in request.get("Variables").split(",") if part]
        request.begin_list("Channel status will follow")
        for channel in channels:
            told = "".join(f"Variable: {part}={channel.variables.get(part, '(null)')}\r\n" for part in wanted)
            request.row("Status", f"Privilege: Call\r\n{channel.headers()}{self._details(channel)}{told}")
        request.end_list("StatusComplete", len(channels), ("Items", len(channels)))

    def _details(self, channel: Channel) -> str:
        bridge = channel.bridge.uniqueid if channel.bridge else ""
        connected = channel.connected
        return (
            f"Type: {channel.tech}\r\nDNID: {channel.dialled}\r\n"
            f"EffectiveConnectedLineNum: {connected.number or UNKNOWN}\r\n"
            f"EffectiveConnectedLineName: {connected.name or UNKNOWN}\r\n"
            f"TimeToHangup: 0\r\nBridgeID: {bridge}\r\nApplication: {channel.application}\r\nData: {channel.data}\r\n"
            "Nativeformats: (ulaw)\r\nReadformat: ulaw\r\nReadtrans: \r\nWriteformat: ulaw\r\nWritetrans: \r\n"
            f"Callgroup: 0\r\nPickupgroup: 0\r\nSeconds: {self._seconds(channel)}\r\n"
        )

    def dialplan(self, request: Request) -> None:
        """Where an extension is given it must match, as for a call; the listing names the steps it would take."""
        context, exten = request.get("Context"), request.get("Extension")
        plan = self._pbx.executor.dialplan
        if context and not plan.knows(context):
            request.refuse(f"Did not find context {context}")
            return
        steps = plan.steps(context, exten)
        if exten and not steps:
            request.refuse(f"Did not find extension {exten}@{context}")
            return
        request.begin_list("DialPlan list will follow")
        for place, (application, data) in enumerate(steps, 1):
            headers = f"Context: {context}\r\nExtension: {exten}\r\nPriority: {place}\r\nApplication: {application}\r\n"
            request.row("ListDialplan", f"{headers}AppData: {data}\r\nRegistrar: pbx_config\r\n", id_first=True)
        request.end_list("ShowDialPlanComplete", len(steps))

    # -- devices ------------------------------------------------------------------------------------------------

    def devices(self, request: Request) -> None:
        request.begin_list("Device State Changes will follow")
        items = 0
        for device, state in self._pbx.devices.known():
            request.row("DeviceStateChange", f"Device: {device}\r\nState: {state}\r\n", id_first=True)
            items += 1
        request.end_list("DeviceStateListComplete", items)

    def hints(self, request: Request) -> None:
        request.begin_list("Extension Statuses will follow")
        hints = self._pbx.devices.hints()
        for headers in hints:
            request.row("ExtensionStatus", headers, id_first=True)
        request.end_list("ExtensionStateListComplete", len(hints))

    def hint(self, request: Request) -> None:
        exten = request.get("Exten")
        if not exten:
            request.refuse("Extension not specified")
            return
        headers = self._pbx.devices.hint_headers(exten, request.get("Context") or "default")
        own = f"ActionID: {request.id}\r\n" if request.id else ""
        request.session.write(f"Response: Success\r\n{own}Message: Extension Status\r\n{headers}\r\n")

    def presences(self, request: Request) -> None:
        request.begin_list("Presence State Changes will follow")
        request.end_list("PresenceStateListComplete", 0)

    # -- bridges ------------------------------------------------------------------------------------------------

    def bridges(self, request: Request) -> None:
        request.begin_list("Bridge listing will follow")
        wanted = request.get("BridgeType")
        found = [bridge for bridge in self._pbx.bridges if not wanted or bridge.kind == wanted]
        for bridge in found:
            request.row("BridgeListItem", bridge.headers(), id_first=True)
        request.end_list("BridgeListComplete", len(found))

    def bridge(self, request: Request) -> None:
        uniqueid = request.get("BridgeUniqueid")
        bridge = self._pbx.bridges.find(uniqueid)
        if not uniqueid:
            request.refuse("BridgeUniqueid must be provided")
            return
        if bridge is None:
            request.refuse("Specified BridgeUniqueid not found")
            return
        request.begin_list("Bridge channel listing will follow")
        for channel in bridge.channels:
            request.row("BridgeInfoChannel", channel.headers(), id_first=True)
        own = f"ActionID: {request.id}\r\n" if request.id else ""
        request.session.write(
            f"Event: BridgeInfoComplete\r\n{own}EventList: Complete\r\nListItems: {len(bridge.channels)}\r\n"
            f"{bridge.headers()}\r\n"
        )

    # -- parking ------------------------------------------------------------------------------------------------

    def parked(self, request: Request) -> None:
        lot = request.get("ParkingLot")
        if lot and lot != self._pbx.parking.lot.name:
            request.refuse("Requested parking lot could not be found.")
            return
        parked = self._pbx.parking.all()
        request.begin_list("Parked calls will follow")
        for one in parked:
            request.row("ParkedCall", one.channel.headers("Parkee") + one.headers(self._pbx.clock.now))
        request.end_list("ParkedCallsComplete", len(parked), ("Total", len(parked)))

    def lots(self, request: Request) -> None:
        lot = self._pbx.parking.lot
        request.begin_list("Parking lots will follow")
        headers = f"Name: {lot.name}\r\nStartSpace: {lot.first}\r\nStopSpace: {lot.last}\r\nTimeout: {lot.timeout}\r\n"
        request.row("Parkinglot", headers, id_first=True)
        request.end_list("ParkinglotsComplete", 1)
