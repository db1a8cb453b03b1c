"""Every event that the simulated PBX sends: names, headers and their order, as recorded from Asterisk 16 and 22.

A method per event. Each asks the bus first whether anybody would hear the event: in a warm-up nobody does, and
writing the text is most of the cost of an event.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ccops.pbx.sim.bus import AGENT, CALL, DIALPLAN, SYSTEM, USER, Bus
from ccops.pbx.sim.channel import CAUSE_TEXT, UNKNOWN, Channel, Place
from ccops.pbx.sim.versions import Version

if TYPE_CHECKING:
    from ccops.pbx.sim.bridge import Bridge
    from ccops.pbx.sim.members import Member
    from ccops.pbx.sim.parking import Parked
    from ccops.pbx.sim.queues import Entry, Queue

CALL_HEAD = "Privilege: call,all\r\n"
AGENT_HEAD = "Privilege: agent,all\r\n"


class Events:
    """Writes events; the state that they tell of is changed by others, before."""

    def __init__(self, bus: Bus, version: Version) -> None:
        self._bus = bus
        self._version = version

    # -- channels -----------------------------------------------------------------------------------------------

    def _channel(self, name: str, channel: Channel, extra: str = "") -> None:
        if not self._bus.idle(CALL):
            self._bus.send(CALL, f"Event: {name}\r\n{CALL_HEAD}{channel.headers()}{extra}\r\n")

    def new_channel(self, channel: Channel) -> None:
        """A channel appeared."""
        self._channel("Newchannel", channel)

    def new_state(self, channel: Channel) -> None:
        """It rings or is up."""
        self._channel("Newstate", channel)

    def new_caller_id(self, channel: Channel) -> None:
        """Its own number or name changed."""
        self._channel("NewCallerid", channel, "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n")

    def new_connected_line(self, channel: Channel) -> None:
        """It learnt whom it is connected to."""
        self._channel("NewConnectedLine", channel)

    def music_start(self, channel: Channel) -> None:
        """It hears music on hold."""
        channel.music = True
        self._channel("MusicOnHoldStart", channel, "Class: default\r\n")

    def music_stop(self, channel: Channel) -> None:
        """The music ended."""
        channel.music = False
        self._channel("MusicOnHoldStop", channel)

    def hold(self, channel: Channel) -> None:
        """Its phone pressed hold."""
        self._channel("Hold", channel)

    def unhold(self, channel: Channel) -> None:
        """Its phone took the call back."""
        self._channel("Unhold", channel)

    def mix_monitor(self, channel: Channel, *, on: bool) -> None:
        """A recording began or ended."""
        self._channel("MixMonitorStart" if on else "MixMonitorStop", channel)

    def hangup_request(self, channel: Channel, cause: int | None) -> None:
        """The far end hung up."""
        if not self._bus.idle(CALL):
            early = self._version.far_cause
            shown = channel.unread if early and channel.unread else channel.headers()
            why = self._cause(channel, cause) if early or channel.pair is not None else ""
            self._bus.send(CALL, f"Event: HangupRequest\r\n{CALL_HEAD}{shown}{why}\r\n")

    def soft_hangup_request(self, channel: Channel, cause: int = 16) -> None:
        """The PBX ends the channel."""
        self._channel("SoftHangupRequest", channel, f"Cause: {cause}\r\n")

    @property
    def far_cause(self) -> bool:
        """The far end says why a channel ends."""
        return self._version.far_cause

    def _cause(self, channel: Channel, cause: int | None) -> str:
        if cause is None:
            return ""
        return f"Cause: {cause}\r\n{self._tech_cause(channel)}"

    def _tech_cause(self, channel: Channel) -> str:
        return f"TechCause: {channel.tech_cause}\r\n" if self._version.tech_cause and channel.tech_cause else ""

    def hangup(self, channel: Channel) -> None:
        """A channel is gone."""
        text = CAUSE_TEXT.get(channel.cause, CAUSE_TEXT[0])
        extra = f"Cause: {channel.cause}\r\nCause-txt: {text}\r\n{self._tech_cause(channel)}"
        self._channel("Hangup", channel, extra)

    def new_exten(self, channel: Channel) -> None:
        """It executes the next step of the dialplan."""
        if not self._bus.idle(DIALPLAN):
            place = channel.place
            step = f"Extension: {place.exten}\r\nApplication: {channel.application}\r\nAppData: {channel.data}\r\n"
            text = f"Event: Newexten\r\nPrivilege: dialplan,all\r\n{channel.headers()}{step}\r\n"
            self._bus.send(DIALPLAN, text)

    def local_bridge(self, one: Channel, two: Channel, *, optimize: bool) -> None:
        """The halves of a Local channel know each other."""
        if not self._bus.idle(CALL):
            tail = (
                f"Context: {two.place.context}\r\nExten: {two.place.exten}\r\n"
                f"LocalOptimization: {'Yes' if optimize else 'No'}\r\n"
            )
            halves = one.headers("LocalOne") + two.headers("LocalTwo")
            self._bus.send(CALL, f"Event: LocalBridge\r\n{CALL_HEAD}{halves}{tail}\r\n")

    # -- dialling -----------------------------------------------------------------------------------------------

    def _dial(self, name: str, caller: Channel | None, dest: Channel, extra: str) -> None:
        if not self._bus.idle(CALL):
            source = caller.headers() if caller else ""
            self._bus.send(CALL, f"Event: {name}\r\n{CALL_HEAD}{source}{dest.headers('Dest')}{extra}\r\n")

    def dial_begin(self, caller: Channel | None, dest: Channel, dialled: str) -> None:
        """A leg is being called."""
        self._dial("DialBegin", caller, dest, f"DialString: {dialled}\r\n")

    def dial_state(self, caller: Channel | None, dest: Channel, status: str) -> None:
        """It rings."""
        self._dial("DialState", caller, dest, f"DialStatus: {status}\r\n")

    def dial_end(self, caller: Channel | None, dest: Channel, status: str) -> None:
        """It was answered, refused or given up."""
        self._dial("DialEnd", caller, dest, f"DialStatus: {status}\r\n")

    def originate_response(
        self, action_id: str, channel: str, uniqueid: str, target: str, reason: int, caller: tuple[str, str], *,
        ok: bool,
    ) -> None:  # fmt: skip
        """What became of an asynchronous Originate; `target` holds the headers that say where it goes."""
        if not self._bus.idle(CALL):
            head = f"ActionID: {action_id}\r\n" if action_id else ""
            text = (
                f"Event: OriginateResponse\r\n{CALL_HEAD}{head}Response: {'Success' if ok else 'Failure'}\r\n"
                f"Channel: {channel}\r\n{target}Reason: {reason}\r\nUniqueid: {uniqueid or UNKNOWN}\r\n"
                f"CallerIDNum: {caller[0] or UNKNOWN}\r\nCallerIDName: {caller[1] or UNKNOWN}\r\n\r\n"
            )
            self._bus.send(CALL, text)

    # -- bridges ------------------------------------------------------------------------------------------------

    def bridge(self, name: str, bridge: Bridge, channel: Channel | None = None) -> None:
        """BridgeCreate, BridgeDestroy, BridgeEnter or BridgeLeave."""
        if not self._bus.idle(CALL):
            who = channel.headers() if channel else ""
            self._bus.send(CALL, f"Event: {name}\r\n{CALL_HEAD}{bridge.headers()}{who}\r\n")

    def bridge_merge(self, to: Bridge, source: Bridge) -> None:
        """One bridge is emptied into another."""
        if not self._bus.idle(CALL):
            both = to.headers("To") + source.headers("From")
            self._bus.send(CALL, f"Event: BridgeMerge\r\n{CALL_HEAD}{both}\r\n")

    def blind_transfer(self, transferer: Channel, transferee: str, bridge: Bridge, to: Place) -> None:
        """Who sent whom where; `transferee` is the caller's snapshot from before it was sent."""
        if not self._bus.idle(CALL):
            text = (
                f"Event: BlindTransfer\r\n{CALL_HEAD}Result: Success\r\n{transferer.headers('Transferer')}{transferee}"
                f"{bridge.headers()}IsExternal: Yes\r\nContext: {to.context}\r\nExtension: {to.exten}\r\n\r\n"
            )
            self._bus.send(CALL, text)

    def attended_transfer(self, transferer: Channel, first: Bridge, second: Bridge, transferee: Channel) -> None:
        """Two calls of one agent became one."""
        if not self._bus.idle(CALL):
            text = (
                f"Event: AttendedTransfer\r\n{CALL_HEAD}Result: Success\r\n"
                f"{transferer.headers('OrigTransferer')}{first.headers('Orig')}"
                f"{transferer.headers('SecondTransferer')}{second.headers('Second')}"
                f"{transferee.headers('Transferee')}IsExternal: No\r\nDestType: Bridge\r\n"
                f"DestBridgeUniqueid: {first.uniqueid}\r\n\r\n"
            )
            self._bus.send(CALL, text)

    def spy(self, spyer: Channel, spied: Channel, *, on: bool) -> None:
        """A supervisor's leg hears a channel, or no longer."""
        if not self._bus.idle(CALL):
            both = spyer.headers("Spyer") + spied.headers("Spyee")
            name = "ChanSpyStart" if on else "ChanSpyStop"
            self._bus.send(CALL, f"Event: {name}\r\n{CALL_HEAD}{both}\r\n")

    # -- devices ------------------------------------------------------------------------------------------------

    def device_state(self, device: str, state: str) -> None:
        """A device changed."""
        if not self._bus.idle(CALL):
            text = f"Event: DeviceStateChange\r\n{CALL_HEAD}Device: {device}\r\nState: {state}\r\n\r\n"
            self._bus.send(CALL, text)

    def surrogate(self, device: str) -> None:
        """A channel was taken away from its thread."""
        if self._version.surrogates:
            self.device_state(f"Surrogate/{device}", "UNKNOWN")

    def extension_status(self, headers: str) -> None:
        """The device behind a hint changed."""
        if not self._bus.idle(CALL):
            self._bus.send(CALL, f"Event: ExtensionStatus\r\n{CALL_HEAD}{headers}\r\n")

    # -- parking ------------------------------------------------------------------------------------------------

    def parked(self, name: str, parked: Parked, now: float, retriever: Channel | None = None) -> None:
        """ParkedCall, UnParkedCall, ParkedCallGiveUp or ParkedCallTimeOut."""
        if not self._bus.idle(CALL):
            who = retriever.headers("Retriever") if retriever else ""
            text = f"Event: {name}\r\n{CALL_HEAD}{parked.channel.headers('Parkee')}{who}{parked.headers(now)}\r\n"
            self._bus.send(CALL, text)

    # -- queues -------------------------------------------------------------------------------------------------

    def member(self, name: str, queue: Queue, member: Member, reason: str = "") -> None:
        """QueueMemberAdded, …Removed, …Pause, …Penalty, …Ringinuse or …Status."""
        if not self._bus.idle(AGENT):
            extra = f"Reason: {reason}\r\n" if reason and self._version.pause_reason_twice else ""
            head = f"Event: {name}\r\n{AGENT_HEAD}Queue: {queue.name}\r\n"
            self._bus.send(AGENT, f"{head}{member.headers()}{extra}\r\n")

    def caller_join(self, entry: Entry) -> None:
        """A caller entered a queue."""
        self._entry("QueueCallerJoin", entry, f"Position: {entry.position}\r\nCount: {entry.queue.count}\r\n")

    def caller_leave(self, entry: Entry) -> None:
        """A caller left a queue, however."""
        self._entry("QueueCallerLeave", entry, f"Position: {entry.position}\r\nCount: {entry.queue.count}\r\n")

    def caller_abandon(self, entry: Entry, wait: int) -> None:
        """A caller left without an answer."""
        extra = f"Position: {entry.position}\r\nOriginalPosition: {entry.original}\r\nHoldTime: {wait}\r\n"
        self._entry("QueueCallerAbandon", entry, extra)

    def _entry(self, name: str, entry: Entry, extra: str) -> None:
        if not self._bus.idle(AGENT):
            head = f"Event: {name}\r\n{AGENT_HEAD}{entry.channel.headers()}Queue: {entry.queue.name}\r\n"
            self._bus.send(AGENT, f"{head}{extra}\r\n")

    def agent(
        self, name: str, queue: str, member: Member, caller: Channel | None, leg: Channel | None, extra: str = ""
    ) -> None:
        """AgentCalled, AgentConnect, AgentComplete or AgentRingNoAnswer; a channel that is gone is left out."""
        if not self._bus.idle(AGENT):
            who = caller.headers() if caller else ""
            dest = leg.headers("Dest") if leg else ""
            what = f"Queue: {queue}\r\nInterface: {member.interface}\r\nMemberName: {member.name}\r\n"
            self._bus.send(AGENT, f"Event: {name}\r\n{AGENT_HEAD}{who}{dest}{what}{extra}\r\n")

    # -- the machine --------------------------------------------------------------------------------------------

    def system(self, name: str, headers: Iterable[tuple[str, object]]) -> None:
        """Reload, Shutdown …"""
        if not self._bus.idle(SYSTEM):
            lines = "".join(f"{key}: {value}\r\n" for key, value in headers)
            self._bus.send(SYSTEM, f"Event: {name}\r\nPrivilege: system,all\r\n{lines}\r\n")

    def user(self, headers: Iterable[tuple[str, str]]) -> None:
        """What a UserEvent action asked to be told."""
        if not self._bus.idle(USER):
            lines = "".join(f"{key}: {value}\r\n" for key, value in headers)
            self._bus.send(USER, f"Event: UserEvent\r\nPrivilege: user,all\r\n{lines}\r\n")
