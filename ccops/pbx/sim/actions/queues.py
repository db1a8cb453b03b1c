"""Actions on queues and their waiting callers: lists, figures, priority, withdrawal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ccops.pbx.sim.actions import Action, Actions, Request
from ccops.pbx.sim.devices import DeviceState
from ccops.pbx.sim.queues import Queue
from ccops.pbx.sim.wire import TRUE_WORDS, leading_number

if TYPE_CHECKING:
    from ccops.pbx.sim.core import Pbx


def actions(pbx: Pbx, table: Actions) -> list[Action]:
    """The actions of this family."""
    family = _Queues(pbx)
    return [
        Action("QueueStatus", "", "Show queue status.", family.status),
        Action("QueueSummary", "", "Show queue summary.", family.summary),
        Action("QueueReset", "", "Reset queue statistics.", family.reset),
        Action(
            "QueueReload", "", "Reload a queue, queues, or any sub-section of a queue or queues.", family.reload
        ),
        Action("QueueRule", "", "Queue Rules.", family.rule),
        Action(
            "QueueChangePriorityCaller", "", "Change priority of a caller on queue.", family.change_priority
        ),
        Action(
            "QueueWithdrawCaller", "", "Request to withdraw a caller from the queue back to the dialplan.",
            family.withdraw,
        ),
    ]  # fmt: skip


class _Queues:
    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx

    def status(self, request: Request) -> None:
        now, items = self._pbx.clock.second, 0
        only = request.get("Member")
        request.begin_list("Queue status will follow")
        for queue in self._pbx.room.named(request.get("Queue")):
            request.row("QueueParams", queue.headers())
            items += 1
            for member in queue.members.values():
                if not only or member.interface.casefold() == only.casefold():
                    request.row("QueueMember", f"Queue: {queue.name}\r\n{member.row()}")
                    items += 1
            for entry in queue.entries if not only else ():
                request.row("QueueEntry", f"Queue: {queue.name}\r\n{entry.headers(now)}")
                items += 1
        request.end_list("QueueStatusComplete", items)

    def summary(self, request: Request) -> None:
        request.begin_list("Queue summary will follow")
        found = list(self._pbx.room.named(request.get("Queue")))
        for queue in found:
            request.row("QueueSummary", self._summary(queue))
        request.end_list("QueueSummaryComplete", len(found))

    def _summary(self, queue: Queue) -> str:
        away = (DeviceState.UNAVAILABLE, DeviceState.INVALID)
        free = (DeviceState.NOT_INUSE, DeviceState.UNKNOWN)
        members = [one for one in queue.members.values() if one.status not in away]
        available = sum(1 for one in members if one.status in free and not one.paused)
        now = self._pbx.clock.second
        longest = max((now - entry.entered for entry in queue.entries), default=0)
        return (
            f"Queue: {queue.name}\r\nLoggedIn: {len(members)}\r\nAvailable: {available}\r\nCallers: {queue.count}\r\n"
            f"HoldTime: {queue.hold_time}\r\nTalkTime: {queue.talk_time}\r\nLongestHoldTime: {longest}\r\n"
        )

    def reset(self, request: Request) -> None:
        for queue in self._pbx.room.named(request.get("Queue")):
            queue.reset()
        request.ok("Queue stats reset successfully")

    def reload(self, request: Request) -> None:
        request.ok("Queue reloaded successfully")

    def rule(self, request: Request) -> None:
        request.ok()

    def change_priority(self, request: Request) -> None:
        values = {name: request.get(name) for name in ("Queue", "Caller", "Priority")}
        missing = next((name for name, value in values.items() if not value), None)
        queue = self._pbx.room.find(values["Queue"])
        entry = self._pbx.room.entry_of(values["Caller"])
        if missing is not None:
            request.refuse(f"'{missing}' not specified.")
        elif leading_number(values["Priority"]) == 0 and values["Priority"].strip() != "0":
            request.refuse("'Priority' need integer.")
        elif queue is None:
            request.refuse("Unable to change priority caller on queue: No such queue")
        elif entry is None or entry.queue is not queue:
            request.refuse("Unable to change priority caller on queue: No such caller")
        else:
            entry.priority = leading_number(values["Priority"])
            if self._pbx.version.moves_in_queue and request.get("Immediate").casefold() in TRUE_WORDS:
                queue.resort(entry)
            request.ok("Priority change for caller on queue")
            self._pbx.room.kick(queue)

    def withdraw(self, request: Request) -> None:
        values = {name: request.get(name) for name in ("Queue", "Caller")}
        missing = next((name for name, value in values.items() if not value), None)
        queue = self._pbx.room.find(values["Queue"])
        entry = self._pbx.room.entry_of(values["Caller"])
        if missing is not None:
            request.refuse(f"'{missing}' not specified.")
        elif queue is None:
            request.refuse("Unable to request withdraw from queue: No such queue")
        elif entry is None or entry.queue is not queue:
            request.refuse("Unable to request withdraw from queue: No such caller")
        elif entry.withdrawn:
            request.refuse("Unable to request withdraw from queue: Withdraw already requested")
        else:
            entry.withdrawn, entry.withdraw_info = True, request.get("WithdrawInfo")
            request.ok("Withdraw requested successfully")
            if entry.channel.task:
                entry.channel.task.post("withdraw")
