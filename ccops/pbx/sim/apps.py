"""The plain applications of the dialplan: answer, wait, play, record, end."""

from __future__ import annotations

from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.channel import Channel, Place
from ccops.pbx.sim.dialplan import Executor
from ccops.pbx.sim.tasks import Interrupt, Steps

PLAYBACK_SECONDS = 4.0


class PlainApplications:
    """Registers itself with the executor."""

    def __init__(self, calls: Calls, executor: Executor) -> None:
        self._calls = calls
        executor.applications.update(
            {
                "answer": self._answer,
                "wait": self._wait,
                "hangup": self._hangup,
                "playback": self._playback,
                "playtones": self._nothing,
                "noop": self._nothing,
                "ringing": self._nothing,
                "set": self._set,
                "goto": self._goto,
                "mixmonitor": self._mix_monitor,
                "busy": self._busy,
                "echo": self._for_ever,
                "musiconhold": self._music,
            }
        )

    def _answer(self, channel: Channel, argument: str) -> Steps:
        self._calls.answer(channel)
        yield from ()

    def _wait(self, channel: Channel, argument: str) -> Steps:
        yield from _sleep(self._calls, _seconds(argument))

    def _playback(self, channel: Channel, argument: str) -> Steps:
        self._calls.answer(channel)
        yield from _sleep(self._calls, PLAYBACK_SECONDS)

    def _nothing(self, channel: Channel, argument: str) -> Steps:
        yield from ()

    def _set(self, channel: Channel, argument: str) -> Steps:
        name, _, value = argument.partition("=")
        channel.variables[name] = value
        yield from ()

    def _goto(self, channel: Channel, argument: str) -> Steps:
        context, exten, priority = [channel.place.context, channel.place.exten, *argument.split(",")][-3:]
        # The loop adds one after every step.
        channel.change(place=Place(context, exten, int(priority) - 1))
        yield from ()

    def _mix_monitor(self, channel: Channel, argument: str) -> Steps:
        channel.recording = True
        self._calls.events.mix_monitor(channel, on=True)
        yield from ()

    def _hangup(self, channel: Channel, argument: str) -> Steps:
        channel.cause = int(argument) if argument.isdigit() else channel.cause or 16
        channel.hanging_up = True
        yield from ()
        raise Interrupt

    def _busy(self, channel: Channel, argument: str) -> Steps:
        channel.cause = 17
        yield from _sleep(self._calls, _seconds(argument) or 10.0)
        channel.hanging_up = True
        raise Interrupt

    def _for_ever(self, channel: Channel, argument: str) -> Steps:
        while True:
            yield None

    def _music(self, channel: Channel, argument: str) -> Steps:
        self._calls.events.music_start(channel)
        try:
            while True:
                yield None
        finally:
            self._calls.events.music_stop(channel)


def _sleep(calls: Calls, seconds: float) -> Steps:
    """Sleep the whole time, whatever messages come in between."""
    until = calls.clock.now_us + round(seconds * 1_000_000)
    while calls.clock.now_us < until:
        yield (until - calls.clock.now_us) / 1_000_000


def _seconds(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0
