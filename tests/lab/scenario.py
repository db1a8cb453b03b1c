"""Makes things happen in the lab: calls into queues, members, transfers, parking, and waiting for what follows.

Everything here blocks. A test that runs the code under test in its own event loop calls it by ``asyncio.to_thread``,
which keeps its types: ``handle = await asyncio.to_thread(scene.call_in, "sales", "5550001")``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Literal

from tests.lab.ami import AmiRefused, Condition, Message
from tests.lab.audio import Tape
from tests.lab.numbers import CALLER_TONE
from tests.lab.pbx import Lab
from tests.lab.phones import Handle, Phones

MemberStyle = Literal["device", "freepbx", "hint", "optimised"]


# Asterisk's own channel for text messages, which stays once there has been one.
_PERMANENT = {"Message/ast_msg_queue"}


class Scene:
    """What goes on in one lab. Parties are phone numbers (``1001``) or the handles of calls from outside."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.ami = lab.ami("ops")
        self.phones = Phones(lab, self.ami)
        self._static = self._members()

    # --- calls from outside -------------------------------------------------------------------------------------------

    def call_in(
        self, exten: str, number: str = "5550001", name: str = "", *, hangup_after: float | None = None,
        tone: int = CALLER_TONE, timeout: int = 120,
    ) -> Handle:  # fmt: skip
        """A caller rings a queue (or a phone's number) from outside; returns when the call has reached the PBX.

        ``name`` may hold any characters; the queue lets him wait ``timeout`` seconds, he himself ``hangup_after``.
        """
        return self.phones.ring_in(exten, number, name, tone=tone, patience=hangup_after, timeout=timeout)

    def queue_call(self, queue: str, number: str = "5550001", name: str = "", **how: int) -> Handle:
        """A caller rings a queue and is connected to an agent; returns when both are in the bridge."""
        handle = self.call_in(queue, number, name, **how)
        agent = self.connected(handle)["DestUniqueid"]
        for uniqueid in (handle.uniqueid, agent):
            self._entered(uniqueid)
        return handle

    def _entered(self, uniqueid: str) -> None:
        self.expect("BridgeEnter", Uniqueid=uniqueid)

    def waiting(self, handle: Handle, queue: str | None = None) -> Message:
        """Wait until the call stands in a queue: its QueueCallerJoin."""
        return self.expect("QueueCallerJoin", Uniqueid=handle.uniqueid, Queue=queue or "*")

    def connected(self, handle: Handle, *, timeout: float = 20) -> Message:
        """Wait until an agent has the call: its first AgentConnect."""
        return self.expect("AgentConnect", timeout=timeout, Uniqueid=handle.uniqueid)

    def completed(self, handle: Handle) -> Message:
        """Wait until the queue has done with a call that an agent had: its AgentComplete.

        Where both channels are gone by then, the event names neither, only queue and agent.
        """
        agent = self.connected(handle)
        since = self.ami.events.index(agent)
        return self.wait_for(
            lambda e: e["Event"] == "AgentComplete"
            and (e["Queue"], e["Interface"]) == (agent["Queue"], agent["Interface"])
            and e.get("Uniqueid", handle.uniqueid) == handle.uniqueid,
            since=since, what=f"AgentComplete of {handle.number}",
        )  # fmt: skip

    def abandoned(self, handle: Handle) -> Message:
        """Wait until the caller has given up waiting: his QueueCallerAbandon."""
        return self.expect("QueueCallerAbandon", Uniqueid=handle.uniqueid)

    def ended(self, handle: Handle) -> Message:
        """Wait until the caller's channel on the PBX is gone: its Hangup."""
        return self.expect("Hangup", Uniqueid=handle.uniqueid)

    # --- members ------------------------------------------------------------------------------------------------------

    def add_member(
        self, queue: str, number: str, name: str | None = None, *, penalty: int = 0, style: MemberStyle = "device"
    ) -> str:
        """Log a phone in to a queue and return the member's interface.

        ``device`` is plain ``PJSIP/1001``; ``freepbx`` is ``Local/1001@from-queue/n`` watched through ``PJSIP/1001``;
        ``hint`` is the same watched through ``hint:1001@ext-local``; ``optimised`` is ``freepbx`` without ``/n``, so
        that Asterisk takes the Local channel out of the call once it is up.
        """
        device = f"PJSIP/{number}"
        local = f"Local/{number}@from-queue" + ("" if style == "optimised" else "/n")
        interface = device if style == "device" else local
        state = f"hint:{number}@ext-local" if style == "hint" else device
        self.ami.action(
            "QueueAdd", Queue=queue, Interface=interface, StateInterface=state, MemberName=name or f"Agent {number}",
            Penalty=str(penalty),
        )  # fmt: skip
        return interface

    def remove_member(self, queue: str, interface: str) -> None:
        """Log a member out of a queue."""
        self.ami.action("QueueRemove", Queue=queue, Interface=interface)

    def pause(self, interface: str, reason: str = "", queue: str | None = None) -> None:
        """Pause a member, in every queue unless one is named."""
        self._set_pause(interface, "true", reason, queue)

    def unpause(self, interface: str, queue: str | None = None) -> None:
        """End a member's pause."""
        self._set_pause(interface, "false", "", queue)

    def _set_pause(self, interface: str, paused: str, reason: str, queue: str | None) -> None:
        optional = {key: value for key, value in (("Queue", queue), ("Reason", reason)) if value}
        self.ami.action("QueuePause", optional, Interface=interface, Paused=paused)

    def penalty(self, interface: str, penalty: int, queue: str | None = None) -> None:
        """Change a member's penalty."""
        self.ami.action("QueuePenalty", {"Queue": queue} if queue else {}, Interface=interface, Penalty=str(penalty))

    def member_status(self, interface: str, status: int, *, since: int = 0) -> Message:
        """Wait for a QueueMemberStatus with this state: 1 free, 2 in use, 5 unavailable, 6 ringing, 8 on hold."""
        return self.expect("QueueMemberStatus", since=since, Interface=interface, Status=str(status))

    def _members(self) -> dict[tuple[str, str], Message]:
        rows = self.ami.listing("QueueStatus", "QueueStatusComplete")
        return {(row["Queue"], row["Location"]): row for row in rows if row["Event"] == "QueueMember"}

    # --- what people and the PBX do with a call -----------------------------------------------------------------------

    def leg(self, number: str) -> str:
        """The PBX's channel of a phone that is in a call (``PJSIP/1001-0000000c``), never a Local one."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for row in self.channels():
                if row["Channel"].startswith(f"PJSIP/{number}-") and row["ChannelStateDesc"] == "Up":
                    return row["Channel"]
            time.sleep(0.05)
        raise TimeoutError(f"the phone {number} is in no call")

    def channels(self) -> list[Message]:
        """The channels of the PBX (CoreShowChannels)."""
        return self.ami.listing("CoreShowChannels", "CoreShowChannelsComplete")

    def hang_up(self, party: str | Handle) -> None:
        """A party puts its phone down."""
        self.phones.hang_up(_party(party))

    def hold(self, party: str | Handle) -> None:
        """A party presses hold on its phone."""
        self.phones.hold(_party(party))

    def unhold(self, party: str | Handle) -> None:
        """A party takes its call back from hold."""
        self.phones.unhold(_party(party))

    def press(self, party: str | Handle, digits: str) -> None:
        """A party presses keys."""
        self.phones.press(_party(party), digits)

    def tape(self, party: str | Handle) -> Tape:
        """What a party hears."""
        return self.phones.tape(_party(party))

    def blind_transfer(self, number: str, exten: str) -> None:
        """The agent's phone sends its caller to another extension, by SIP REFER."""
        self.phones.transfer(number, exten)

    def consult(self, number: str, exten: str) -> None:
        """The agent puts his caller on hold and asks a colleague, by feature code ``*2``; returns when they talk."""
        since = self.ami.mark()
        self.phones.press(number, f"*2{exten}")
        self.expect("BridgeEnter", since=since, Channel=f"PJSIP/{exten}-*")
        self.ami.settle()

    def hand_over(self, number: str) -> None:
        """The agent who consults hangs up, so that his caller and his colleague talk."""
        since = self.ami.mark()
        self.phones.hang_up(number)
        self.expect("AttendedTransfer", since=since)
        self.ami.settle()

    def attended_transfer(self, number: str, exten: str) -> None:
        """The agent asks a colleague and hands his caller over."""
        self.consult(number, exten)
        self.hand_over(number)

    def redirect(self, channel: str, exten: str, context: str = "internal") -> None:
        """The PBX sends a channel elsewhere in the dialplan."""
        self.ami.action("Redirect", Channel=channel, Context=context, Exten=exten, Priority="1")

    def take(self, handle: Handle, exten: str) -> None:
        """The caller's channel is sent to a phone, away from queue or agent."""
        self.redirect(handle.channel, exten)

    def park(self, channel: str, announce_to: str = "") -> str:
        """Park a channel and return its space."""
        since = self.ami.mark()
        fields = {"TimeoutChannel": announce_to} if announce_to else {}
        self.ami.action("Park", fields, Channel=channel, Parkinglot="default")
        return self.expect("ParkedCall", since=since, ParkeeChannel=channel)["ParkingSpace"]

    def spy(self, supervisor: str, channel: str, options: str = "quE", identity: str = "") -> str:
        """Ring a supervisor's phone and let it listen to a channel; returns the supervisor's channel once it does."""
        since = self.ami.mark()
        self.ami.action(
            "Originate", {"ChannelId": identity} if identity else {}, Channel=f"PJSIP/{supervisor}",
            Application="ChanSpy", Data=f"{channel},{options}", CallerID=f"Spy <{supervisor}>", Timeout="20000",
            Async="true",
        )  # fmt: skip
        return self.expect("ChanSpyStart", since=since, SpyerChannel=f"PJSIP/{supervisor}-*")["SpyerChannel"]

    def mode(self, spyer: str, digit: Literal["4", "5", "6"]) -> None:
        """Switch a spy that was started with option ``d``: 4 listens, 5 whispers, 6 barges in."""
        self.ami.action("PlayDTMF", Channel=spyer, Digit=digit, Receive="true")

    # --- waiting, and starting afresh ---------------------------------------------------------------------------------

    def wait_for(self, condition: Condition, *, since: int = 0, timeout: float = 15, what: str = "") -> Message:
        """The first event of the PBX since a mark (``scene.ami.mark()``) that meets the condition."""
        return self.ami.wait_for(condition, since=since, timeout=timeout, what=what)

    def expect(self, event: str, *, since: int = 0, timeout: float = 15, **headers: str) -> Message:
        """The same by name and headers: ``scene.expect("Hold", since=mark, Channel="PJSIP/1001-*")``."""
        return self.ami.expect(event, since=since, timeout=timeout, **headers)

    def send(self, action: str, fields: Mapping[str, str] | None = None, **more: str) -> Message:
        """Any other AMI action, as ``ops``."""
        return self.ami.action(action, {**(fields or {}), **more})

    def reconnect(self) -> None:
        """After the PBX was restarted: connect to it again."""
        self.ami.close()
        self.ami = self.lab.ami("ops")
        self.phones.follow(self.ami)

    def quiet(self, *, timeout: float = 10) -> None:
        """Wait until no channel is left on the PBX nor at any phone."""
        deadline = time.monotonic() + timeout
        while left := [row for row in self.channels() + self.phones.channels() if row["Channel"] not in _PERMANENT]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"still there: {', '.join(row['Channel'] for row in left)}")
            time.sleep(0.05)

    def reset(self) -> None:
        """As after a fresh start: no calls, members and statistics as configured, an empty queue_log."""
        if not self.lab.pbx.running:
            self.lab.start()
        if not self.ami.alive:
            self.reconnect()
        self.lab.restore_config()
        self.phones.hang_up_all()
        self.ami.action("Command", Command="channel request hangup all")
        self.quiet()
        for (queue, interface), row in self._members().items():
            self._restore(queue, interface, row)
        self.ami.action("QueueReset")
        self.phones.reset()
        self.ami.forget()
        self.lab.queue_log.write_text("")

    def _restore(self, queue: str, interface: str, row: Message) -> None:
        if row["Membership"] == "dynamic":
            try:
                self.remove_member(queue, interface)
            except AmiRefused as refusal:
                raise RuntimeError(f"{interface} does not leave {queue}: {refusal}") from refusal
            return
        if row["Paused"] == "1":
            self.unpause(interface, queue)
        usual = self._static[queue, interface]["Penalty"]
        if row["Penalty"] != usual:
            self.penalty(interface, int(usual), queue)

    def close(self) -> None:
        """End the driver's own connections."""
        self.ami.close()
        self.phones.ami.close()


def _party(party: str | Handle) -> str:
    return party.party if isinstance(party, Handle) else party
