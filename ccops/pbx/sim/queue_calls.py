"""Conversations that a queue has made: how each ends, and what log, figures and events say of it."""

from __future__ import annotations

from dataclasses import dataclass

from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.channel import Channel
from ccops.pbx.sim.members import Member
from ccops.pbx.sim.queue_room import QueueRoom
from ccops.pbx.sim.queues import Queue


@dataclass(slots=True, eq=False)
class QueueCall:
    """A caller connected to a member by a queue."""

    queue: Queue
    member: Member
    caller: Channel
    leg: Channel
    """The member's channel, the near half of a Local one."""
    entered: int
    connected: int
    original: int
    counted: bool = False
    """The member's call is in the figures."""


class QueueCalls:
    """All such conversations, until one side asks for the end or the call is transferred.

    As in app_queue, the first side whose hangup is asked for has ended the call. An agent whose channel goes
    without being asked (taken over, or ended by the Hangup action) leaves the call with the caller, and it counts
    as ended by the caller when that one goes. The member's own figures do not wait for that: its call is over as
    soon as its phone is free.
    """

    def __init__(self, calls: Calls, room: QueueRoom) -> None:
        self._calls = calls
        self._room = room
        self._by_channel: dict[str, QueueCall] = {}
        self._by_member: dict[tuple[str, str], QueueCall] = {}
        room.on_member_free = self._member_free
        calls.on_hangup_request.append(self._asked_to_end)
        calls.on_hangup.append(self._gone)

    def begin(self, call: QueueCall) -> None:
        """Follow a conversation from its connection on."""
        self._by_channel[call.caller.uniqueid] = call
        self._by_channel[call.leg.uniqueid] = call
        self._by_member[call.queue.name, call.member.interface] = call

    def of(self, channel: Channel) -> QueueCall | None:
        """The conversation that a caller's or member's channel is in."""
        return self._by_channel.get(channel.uniqueid)

    def __len__(self) -> int:
        return len({id(call) for call in self._by_channel.values()})

    def _asked_to_end(self, channel: Channel) -> None:
        call = self._by_channel.get(channel.uniqueid)
        if call is None:
            return
        by_caller = channel is call.caller
        if not by_caller and channel.holding:
            # An agent who hangs up with the call on hold is not taken for the one who ended it.
            return
        event = "COMPLETECALLER" if by_caller else "COMPLETEAGENT"
        hold, talk = self._times(call)
        self._log(call, event, hold, talk, call.original)
        self._complete(call, "caller" if by_caller else "agent")

    def blind_transferred(self, caller: Channel, exten: str, context: str) -> None:
        """The caller was sent to another extension."""
        if call := self._by_channel.get(caller.uniqueid):
            self._log(call, "BLINDTRANSFER", exten, context, *self._times(call), call.original)
            self._complete(call, "transfer")

    def attended_transferred(self, caller: Channel, bridge: str) -> None:
        """The caller was handed over in person."""
        if call := self._by_channel.get(caller.uniqueid):
            self._log(call, "ATTENDEDTRANSFER", "BRIDGE", bridge, *self._times(call), call.original)
            self._complete(call, "transfer")

    def _times(self, call: QueueCall) -> tuple[int, int]:
        return call.connected - call.entered, self._calls.clock.second - call.connected

    def _log(self, call: QueueCall, event: str, *parameters: object) -> None:
        self._room.log.write(
            event, *parameters, call=call.caller.uniqueid, queue=call.queue.name, agent=call.member.name
        )

    def _complete(self, call: QueueCall, reason: str) -> None:
        hold, talk = self._times(call)
        self._by_channel.pop(call.caller.uniqueid, None)
        self._by_channel.pop(call.leg.uniqueid, None)
        self._count(call)
        self._calls.events.agent(
            "AgentComplete", call.queue.name, call.member, None if call.caller.gone else call.caller,
            None if call.leg.gone else call.leg, f"HoldTime: {hold}\r\nTalkTime: {talk}\r\nReason: {reason}\r\n",
        )  # fmt: skip

    def _count(self, call: QueueCall) -> None:
        if call.counted:
            return
        call.counted = True
        hold, talk = self._times(call)
        call.queue.note_completed(talk, in_level=hold <= call.queue.plan.service_level)
        if self._by_member.get((call.queue.name, call.member.interface)) is call:
            del self._by_member[call.queue.name, call.member.interface]
            self._room.call_taken(call.queue, call.member)

    def _member_free(self, queue: Queue, member: Member) -> None:
        call = self._by_member.get((queue.name, member.interface))
        if call is not None:
            self._count(call)

    def _gone(self, channel: Channel) -> None:
        call = self._by_channel.get(channel.uniqueid)
        if call is not None and channel is call.leg:
            del self._by_channel[channel.uniqueid]
        elif call is not None:  # a caller without a dialplan ends without being asked
            self._asked_to_end(channel)

    def clear(self) -> None:
        """Forget all, as a PBX that dies does."""
        self._by_channel.clear()
        self._by_member.clear()
