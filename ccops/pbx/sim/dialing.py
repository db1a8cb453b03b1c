"""The Dial application: ring one phone and talk to it."""

from __future__ import annotations

from ccops.pbx.sim.calls import Calls, Progress
from ccops.pbx.sim.channel import Channel, Party
from ccops.pbx.sim.clock import SECOND
from ccops.pbx.sim.dialplan import Executor
from ccops.pbx.sim.legs import Legs
from ccops.pbx.sim.tasks import Interrupt, Steps, StepsTo

DEFAULT_SECONDS = 60
SETTING_UP = 0.002
"""Seconds before the leg exists: what the dialplan did before is told by then."""


class DialApplication:
    """Dial(PJSIP/1001,20): goes on in the dialplan where nobody answers."""

    def __init__(self, calls: Calls, legs: Legs, executor: Executor) -> None:
        self._calls = calls
        self._legs = legs
        executor.applications["dial"] = self.run

    def run(self, channel: Channel, argument: str) -> Steps:
        """Execute on a caller's thread."""
        dialled, _, rest = argument.partition(",")
        seconds = rest.partition(",")[0]
        yield SETTING_UP
        leg = self._legs.request(dialled, linkedid=channel.linkedid)
        if leg is None:
            channel.variables["DIALSTATUS"] = "CHANUNAVAIL"
            return
        self._call(channel, leg, dialled.partition("/")[2])
        wait = int(seconds) if seconds.isdigit() else DEFAULT_SECONDS
        try:
            status = yield from self._ring(channel, leg, wait)
        except (Interrupt, GeneratorExit):
            self._calls.events.dial_end(channel, leg, "CANCEL")
            leg.cause = 16
            self._drop(leg)
            raise
        channel.variables["DIALSTATUS"] = status
        if status != "ANSWER":
            self._calls.events.dial_end(channel, leg, status)
            self._drop(leg)
            return
        leg.change(place=leg.place._replace(exten=""))
        self._calls.events.dial_end(channel, leg, "ANSWER")
        self._calls.answer(channel)
        yield from self._calls.converse(channel, leg)

    def _call(self, channel: Channel, leg: Channel, shown: str) -> None:
        calls = self._calls
        leg.role = "dialled"
        leg.owner = channel.task
        leg.change(
            connected=channel.caller, place=leg.place._replace(exten=channel.place.exten),
            application="AppDial", data="(Outgoing Line)",
        )  # fmt: skip
        if leg.caller == Party():
            leg.change(caller=Party(channel.place.exten))
            calls.events.new_caller_id(leg)
        if leg.pair is not None:
            self._legs.introduce(leg, channel.caller)
            self._legs.link(leg)
        else:
            calls.events.new_connected_line(leg)
        calls.events.dial_begin(channel, leg, shown)
        calls.set_connected(channel, leg.caller)
        self._legs.call(leg)

    def _ring(self, channel: Channel, leg: Channel, seconds: int) -> StepsTo[str]:
        """Wait for what becomes of it: ANSWER, BUSY, NOANSWER …"""
        clock = self._calls.clock
        until = clock.now_us + seconds * SECOND
        while clock.now_us < until:
            message = yield (until - clock.now_us) / SECOND
            if not isinstance(message, Progress) or message.leg is not leg:
                continue
            match message.kind:
                case "ringing":
                    self._calls.events.dial_state(channel, leg, "RINGING")
                    if channel.pair is not None:
                        self._calls.far_ringing(channel.pair)
                case "answered" if not leg.hanging_up:
                    return "ANSWER"
                case "answered" | "refused":
                    return "BUSY" if leg.cause == 17 else "NOANSWER"
        return "NOANSWER"

    def _drop(self, leg: Channel) -> None:
        leg.owner = None
        self._calls.end(leg)
