"""Actions on members of queues: add, remove, pause, penalty, ring in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ccops.pbx.sim.actions import Action, Actions, Request
from ccops.pbx.sim.members import Member
from ccops.pbx.sim.wire import FALSE_WORDS, TRUE_WORDS, leading_number

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx


def actions(pbx: Pbx, table: Actions) -> list[Action]:
    """The actions of this family."""
    family = _Members(pbx)
    return [
        Action("QueueAdd", "agent", "Add interface to queue.", family.add),
        Action("QueueRemove", "agent", "Remove interface from queue.", family.remove),
        Action("QueuePause", "agent", "Makes a queue member temporarily unavailable.", family.pause),
        Action("QueuePenalty", "agent", "Set the penalty for a queue member.", family.penalty),
        Action("QueueMemberRingInUse", "agent", "Set the ringinuse value for a queue member.", family.ring_in_use),
        Action("QueueLog", "agent", "Adds custom entry in queue_log.", family.log),
    ]


class _Members:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def add(self, request: Request) -> None:
        queue_name, interface = request.get("Queue"), request.get("Interface")
        for name, value in (("Queue", queue_name), ("Interface", interface)):
            if not value:
                request.refuse(f"'{name}' not specified.")
                return
        queue = self._pbx.room.find(queue_name)
        if queue is None:
            request.refuse("Unable to add interface to queue: No such queue")
        elif interface in queue.members:
            request.refuse("Unable to add interface: Already there")
        else:
            member = self._member(request, interface, ring_in_use=queue.plan.ring_in_use)
            request.ok("Added interface to queue")
            self._pbx.room.add_member(queue, member)
            paused = "PAUSED" if member.paused else ""
            self._pbx.log.write("ADDMEMBER", paused, call="MANAGER", queue=queue.name, agent=member.name)

    def _member(self, request: Request, interface: str, *, ring_in_use: bool) -> Member:
        now = self._pbx.clock.second
        paused = request.get("Paused").casefold() in TRUE_WORDS
        reason = request.get("Reason") if paused and self._pbx.version.moves_in_queue else ""
        return Member(
            interface, request.get("MemberName") or interface, request.get("StateInterface") or interface,
            True, now, max(0, leading_number(request.get("Penalty"))), ring_in_use, paused=paused,
            reason=reason, last_pause=now if paused else 0,
        )  # fmt: skip

    def remove(self, request: Request) -> None:
        queue_name, interface = request.get("Queue"), request.get("Interface")
        if not queue_name or not interface:
            request.refuse("Need 'Queue' and 'Interface' parameters.")
            return
        queue = self._pbx.room.find(queue_name)
        member = queue.members.get(interface) if queue else None
        if queue is None:
            request.refuse("Unable to remove interface from queue: No such queue")
        elif member is None:
            request.refuse("Unable to remove interface: Not there")
        elif not member.dynamic:
            request.refuse("Member not dynamic")
        else:
            request.ok("Removed interface from queue")
            self._pbx.room.remove_member(queue, member)
            self._pbx.log.write("REMOVEMEMBER", "", call="MANAGER", queue=queue.name, agent=member.name)

    def pause(self, request: Request) -> None:
        interface, word = request.get("Interface"), request.get("Paused")
        if not interface or not word:
            request.refuse("Need 'Interface' and 'Paused' parameters.")
            return
        paused = word.casefold() in TRUE_WORDS
        queue, reason = request.get("Queue"), request.get("Reason")
        if not self._pbx.room.memberships(interface, queue):
            request.refuse("Interface not found")
            return
        request.ok(f"Interface {'paused' if paused else 'unpaused'} successfully")
        self._pbx.room.pause(interface, queue, paused=paused, reason=reason)

    def penalty(self, request: Request) -> None:
        interface, text = request.get("Interface"), request.get("Penalty")
        if not interface or not text:
            request.refuse("Need 'Interface' and 'Penalty' parameters.")
            return
        penalty = leading_number(text)
        known = bool(self._pbx.room.memberships(interface, request.get("Queue")))
        if penalty < 0 or not known:
            request.refuse("Invalid interface, queuename or penalty")
            return
        request.ok("Interface penalty set successfully")
        self._pbx.room.set_penalty(interface, request.get("Queue"), penalty)

    def ring_in_use(self, request: Request) -> None:
        interface, word = request.get("Interface"), request.get("RingInUse").casefold()
        if not interface or not word:
            request.refuse("Need 'Interface' and 'RingInUse' parameters.")
        elif word not in TRUE_WORDS | FALSE_WORDS:
            request.refuse("'RingInUse' parameter must be a truth value (yes/no, on/off, 0/1, etc)")
        elif not self._pbx.room.memberships(interface, request.get("Queue")):
            request.refuse("Invalid interface, queuename, or ringinuse value\n")  # the line end is Asterisk's own
        else:
            request.ok("Interface ringinuse set successfully")
            self._pbx.room.set_ring_in_use(interface, request.get("Queue"), on=word in TRUE_WORDS)

    def log(self, request: Request) -> None:
        queue, event = request.get("Queue"), request.get("Event")
        if not queue or not event:
            request.refuse("Need 'Queue' and 'Event' parameters.")
            return
        self._pbx.log.write(
            event, request.get("Message"), call=request.get("Uniqueid") or "NONE", queue=queue,
            agent=request.get("Interface") or "NONE",
        )  # fmt: skip
        request.ok("Event added successfully")
