"""A caller in a queue: the Queue application from joining to the end of the conversation or the way out."""

from __future__ import annotations

from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.channel import Channel, Place
from ccops.pbx.sim.clock import SECOND
from ccops.pbx.sim.dialplan import Executor
from ccops.pbx.sim.legs import Legs
from ccops.pbx.sim.queue_calls import QueueCall, QueueCalls
from ccops.pbx.sim.queue_ring import Answered, Attempt, Digit, Exit
from ccops.pbx.sim.queue_room import QueueRoom
from ccops.pbx.sim.queues import Entry, Queue
from ccops.pbx.sim.tasks import Interrupt, Steps, StepsTo


class QueueApplication:
    """Queue(name,options,url,announce,timeout)."""

    def __init__(self, calls: Calls, legs: Legs, room: QueueRoom, ended: QueueCalls, executor: Executor) -> None:
        self._calls = calls
        self._legs = legs
        self._room = room
        self._queue_calls = ended
        self._executor = executor
        executor.applications["queue"] = self.run

    def run(self, channel: Channel, argument: str) -> Steps:
        """Execute on a caller's thread; returns where the caller goes on in the dialplan."""
        values = argument.split(",") + [""] * 5
        queue = self._room.find(values[0])
        if queue is None or self._turned_away(channel, queue):
            return
        clock = self._calls.clock
        timeout = int(values[4]) if values[4].isdigit() else 0
        entry = Entry(
            queue, channel, clock.second, clock.now_us, clock.second + timeout if timeout else None,
            priority=int(channel.variables.get("QUEUE_PRIO", "0") or 0),
        )  # fmt: skip
        self._room.join(entry)
        self._calls.events.music_start(channel)
        try:
            answered = yield from self._wait_and_ring(entry)
        except Interrupt:
            self._abandon(entry)
            raise
        except GeneratorExit:
            self._taken_away(entry)
            raise
        if answered is not None:
            yield from self._connect(entry, answered)

    def _turned_away(self, channel: Channel, queue: Queue) -> bool:
        full = 0 < queue.plan.max_length <= queue.count
        empty = bool(queue.plan.join_empty) and self._room.is_empty(queue, queue.plan.join_empty)
        if full or empty:
            channel.variables["QUEUESTATUS"] = "FULL" if full else "JOINEMPTY"
        return full or empty

    # -- waiting ------------------------------------------------------------------------------------------------

    def _wait_and_ring(self, entry: Entry) -> StepsTo[Answered | None]:
        """Wait for the turn and ring members until one answers; None where the caller left on another way."""
        queue, clock = entry.queue, self._calls.clock
        while True:
            way_out = self._way_out(entry)
            if way_out is not None:
                self._leave(entry, way_out)
                return None
            if entry in queue.whose_turn(clock.second):
                result = yield from Attempt(self._calls, self._legs, self._room, entry, self._exit_by_key).run()
                if isinstance(result, Answered):
                    return result
                if isinstance(result, Exit):
                    self._leave(entry, result)
                    return None
                way = yield from self._pause_before_retry(entry)
            else:
                way = self._heard(entry, (yield self._patience(entry)))
            if way is not None:
                self._leave(entry, way)
                return None

    def _pause_before_retry(self, entry: Entry) -> StepsTo[Exit | None]:
        until = self._calls.clock.now_us + entry.queue.plan.retry * SECOND
        while self._calls.clock.now_us < until:
            seconds = (until - self._calls.clock.now_us) / SECOND
            way = self._heard(entry, (yield seconds)) or self._way_out(entry)
            if way is not None:
                return way
        return None

    def _patience(self, entry: Entry) -> float | None:
        """Seconds until the queue gives up on this caller, None where it never does."""
        if entry.expires is None:
            return None
        return max(0.0, (entry.expires * SECOND - self._calls.clock.now_us) / SECOND)

    def _way_out(self, entry: Entry) -> Exit | None:
        plan = entry.queue.plan
        if entry.withdrawn:
            return Exit("WITHDRAW")
        if entry.expires is not None and self._calls.clock.second >= entry.expires:
            return Exit("EXITWITHTIMEOUT")
        if plan.leave_empty and self._room.is_empty(entry.queue, plan.leave_empty):
            return Exit("EXITEMPTY")
        return None

    def _heard(self, entry: Entry, message: object) -> Exit | None:
        if isinstance(message, Digit):
            return self._exit_by_key(entry, message.key)
        return None

    def _exit_by_key(self, entry: Entry, key: str) -> Exit | None:
        """The way out that a key opens: an extension of that name in the queue's exit context."""
        context = entry.queue.plan.exit_context
        if context and self._executor.dialplan.exists(Place(context, key, 1)):
            # One less than where to go: the loop of the dialplan adds one after every application.
            entry.channel.change(place=Place(context, key, 0))
            return Exit("EXITWITHKEY", key)
        return None

    # -- leaving ------------------------------------------------------------------------------------------------

    def _leave(self, entry: Entry, way: Exit) -> None:
        """Leave without an answer and go on in the dialplan."""
        wait = self._calls.clock.second - entry.entered
        counted = (entry.position, entry.original, wait)
        entry.channel.variables["QUEUESTATUS"] = way.status
        if way.event == "EXITWITHKEY":
            self._log(entry, way.event, way.key, *counted)
        elif way.event == "WITHDRAW":
            self._log(entry, way.event, *counted, entry.withdraw_info)
        else:
            self._log(entry, way.event, *counted)
        if way.event != "EXITWITHKEY":
            entry.queue.note_abandoned(wait)
            self._calls.events.caller_abandon(entry, wait)
        self._calls.events.music_stop(entry.channel)
        self._room.leave(entry)

    def _taken_away(self, entry: Entry) -> None:
        """Parked or bridged out of line: logged as abandoned, but no event tells of it (so on Asterisk 16 and 22)."""
        if entry not in entry.queue.entries:  # the machine has died: nobody is left to write
            return
        wait = self._calls.clock.second - entry.entered
        self._log(entry, "ABANDON", entry.position, entry.original, wait)
        entry.queue.note_abandoned(wait)
        self._room.leave(entry, silently=True)

    def _abandon(self, entry: Entry) -> None:
        if entry.channel.music:
            self._calls.events.music_stop(entry.channel)
        wait = self._calls.clock.second - entry.entered
        self._log(entry, "ABANDON", entry.position, entry.original, wait)
        entry.queue.note_abandoned(wait)
        self._calls.events.caller_abandon(entry, wait)
        self._room.leave(entry)

    def _log(self, entry: Entry, event: str, *parameters: object) -> None:
        self._room.log.write(event, *parameters, call=entry.channel.uniqueid, queue=entry.queue.name)

    # -- talking ------------------------------------------------------------------------------------------------

    def _connect(self, entry: Entry, answered: Answered) -> Steps:
        queue, channel, calls = entry.queue, entry.channel, self._calls
        now = calls.clock.second
        wait = now - entry.entered
        queue.note_answer(wait)
        calls.events.music_stop(channel)
        self._room.leave(entry)
        answered.member.in_call = True
        self._room.log.write(
            "CONNECT", wait, answered.leg.uniqueid, answered.ring_seconds,
            call=channel.uniqueid, queue=queue.name, agent=answered.member.name,
        )  # fmt: skip
        calls.events.agent(
            "AgentConnect", queue.name, answered.member, channel, answered.leg,
            f"HoldTime: {wait}\r\nRingTime: {answered.ring_seconds}\r\n",
        )  # fmt: skip
        self._queue_calls.begin(
            QueueCall(queue, answered.member, channel, answered.leg, entry.entered, now, entry.original)
        )
        yield from calls.converse(channel, answered.leg)
