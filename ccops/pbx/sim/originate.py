"""Originate: ring a phone first, then run an application or the dialplan on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.channel import Channel, Party, Place
from ccops.pbx.sim.clock import SECOND
from ccops.pbx.sim.dialplan import Executor
from ccops.pbx.sim.legs import Legs
from ccops.pbx.sim.tasks import Steps, Task

REASON_ANSWERED = 4
REASON_RINGING = 3
REASON_FAILED = 0


@dataclass(slots=True)
class Order:
    """What is asked for."""

    channel: str
    application: str = ""
    data: str = ""
    place: Place | None = None
    caller: Party | None = None
    seconds: float = 30.0
    uniqueid: str = ""
    account: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    action_id: str = ""
    told: bool = True
    """An OriginateResponse tells what became of it."""

    def target_headers(self) -> str:
        """Where it goes, as OriginateResponse says it."""
        if self.place is None:
            return f"Application: {self.application}\r\nData: {self.data}\r\n"
        return f"Context: {self.place.context}\r\nExten: {self.place.exten}\r\n"


class Originates:
    """Carries orders out."""

    def __init__(self, calls: Calls, legs: Legs, executor: Executor) -> None:
        self._calls = calls
        self._legs = legs
        self._executor = executor

    def start(self, order: Order, done: Callable[[bool], None] = lambda ok: None) -> None:
        """Ring, and call `done` with whether the phone was picked up."""
        leg = self._legs.request(order.channel, uniqueid=order.uniqueid)
        if leg is None:
            self._tell(order, None, REASON_FAILED)
            done(False)
            return
        leg.role = "originated"
        leg.account = order.account
        leg.variables.update(order.variables)
        self._introduce(order, leg)
        task = Task(self._calls.clock, self._wait(order, leg, done))
        leg.owner = task
        self._calls.events.dial_begin(None, leg, order.channel.partition("/")[2])
        self._legs.call(leg)

    def _introduce(self, order: Order, leg: Channel) -> None:
        events = self._calls.events
        if order.caller is not None:
            leg.change(caller=order.caller)
            events.new_caller_id(leg)
            leg.change(connected=order.caller)
            events.new_connected_line(leg)
        if leg.pair is not None:
            self._legs.introduce(leg, order.caller or Party())
            self._legs.link(leg)

    def _wait(self, order: Order, leg: Channel, done: Callable[[bool], None]) -> Steps:
        calls = self._calls
        until = calls.clock.now_us + round(order.seconds * SECOND)
        rang = False
        while calls.clock.now_us < until:
            message = yield (until - calls.clock.now_us) / SECOND
            kind = getattr(message, "kind", "")
            if kind == "ringing":
                rang = True
                calls.events.dial_state(None, leg, "RINGING")
            elif kind == "answered" and not leg.hanging_up:
                calls.events.dial_end(None, leg, "ANSWER")
                self._answered(order, leg)
                done(True)
                return
            elif kind in ("answered", "refused"):
                calls.events.dial_end(None, leg, "BUSY" if leg.cause == 17 else "NOANSWER")
                self._failed(order, leg, REASON_FAILED)
                done(False)
                return
        leg.cause, leg.tech_cause = (19, 480) if calls.events.far_cause else (0, 0)
        self._failed(order, leg, REASON_RINGING if rang else REASON_FAILED)
        done(False)

    def _failed(self, order: Order, leg: Channel, reason: int) -> None:
        leg.owner = None
        self._tell(order, None, reason, leg.uniqueid)
        self._calls.end(leg)

    def _answered(self, order: Order, leg: Channel) -> None:
        self._tell(order, leg, REASON_ANSWERED, leg.uniqueid)
        if order.place is not None:
            self._calls.start(leg, order.place)
            return
        if not self._executor.knows(order.application):
            leg.cause = 0
            self._calls.clock.soon(self._calls.end, leg)
            return
        self._calls.start_application(leg, self._executor.execute(leg, order.application, order.data))

    def _tell(self, order: Order, leg: Channel | None, reason: int, uniqueid: str = "") -> None:
        if order.told:
            caller = order.caller or Party()
            self._calls.events.originate_response(
                order.action_id, leg.name if leg else order.channel, uniqueid or order.uniqueid,
                order.target_headers(), reason, caller, ok=leg is not None,
            )  # fmt: skip
