"""ChanSpy: a supervisor's leg that hears, whispers to or joins another channel."""

from __future__ import annotations

from dataclasses import dataclass, field

from ccops.pbx.sim.calls import Calls
from ccops.pbx.sim.channel import Channel, ChannelState
from ccops.pbx.sim.dialplan import Executor
from ccops.pbx.sim.tasks import Interrupt, Steps

LOOKS_EVERY = 0.1
"""Seconds between two looks for a channel to spy on."""
MODE_KEYS = {"4": "listen", "5": "whisper", "6": "barge"}


@dataclass(slots=True, eq=False)
class Spy:
    """One running spy."""

    channel: Channel
    prefix: str
    options: str
    mode: str
    target: Channel | None = None
    heard: list[str] = field(default_factory=list)
    """Uniqueids of every channel that it has listened to."""

    def key(self, digit: str) -> None:
        """Switch the mode, where option d allows it."""
        if "d" in self.options and digit in MODE_KEYS:
            self.mode = MODE_KEYS[digit]


def mode_of(options: str) -> str:
    """The mode that option letters begin in."""
    if "B" in options:
        return "barge"
    if "W" in options:
        return "private"
    return "whisper" if "w" in options else "listen"


class SpyApplication:
    """ChanSpy(prefix,options), with what its options q, u, E, d, w, W, B, S and b mean.

    The prefix is one: `PJSIP/100` also means PJSIP/1001-…, and none or `all` means every channel; only option u
    asks for exactly one channel, and fails where that is not there.
    """

    def __init__(self, calls: Calls, executor: Executor) -> None:
        self._calls = calls
        self._running: dict[str, Spy] = {}
        executor.applications["chanspy"] = self.run
        calls.before_hangup.append(self._target_goes)

    def running(self) -> list[Spy]:
        """Every spy, whether it has a target or looks for one."""
        return list(self._running.values())

    def of(self, channel: Channel) -> Spy | None:
        """The spy that runs on a channel."""
        return self._running.get(channel.uniqueid)

    def run(self, channel: Channel, argument: str) -> Steps:
        """Execute on the supervisor's thread."""
        prefix, _, options = argument.partition(",")
        prefix = "" if prefix.lower() == "all" else prefix
        self._calls.answer(channel)
        spy = Spy(channel, prefix, options, mode_of(options))
        self._running[channel.uniqueid] = spy
        try:
            yield from self._listen(spy)
        except Interrupt:
            if spy.target is not None:
                self._calls.events.spy(channel, spy.target, on=False)
            raise
        finally:
            self._running.pop(channel.uniqueid, None)

    def _listen(self, spy: Spy) -> Steps:
        exact, once, stop_at_none = "u" in spy.options, "E" in spy.options, "S" in spy.options
        while True:
            target = self._find(spy, exact=exact)
            if target is not None:
                yield from self._hear(spy, target)
                if once:
                    return
            elif exact or stop_at_none:
                return
            else:
                yield LOOKS_EVERY

    def _find(self, spy: Spy, *, exact: bool) -> Channel | None:
        for one in self._calls.channels:
            if one is spy.channel or one.state == ChannelState.DOWN or one.hanging_up:
                continue
            if "b" in spy.options and one.bridge is None:
                continue
            named = spy.prefix in (one.name, one.uniqueid)
            if named or (not exact and one.name.startswith(spy.prefix)):
                return one
        return None

    def _hear(self, spy: Spy, target: Channel) -> Steps:
        spy.target = target
        spy.heard.append(target.uniqueid)
        if target.bridge is not None:
            target.bridge.technology = "simple_bridge"
        self._calls.events.spy(spy.channel, target, on=True)
        while spy.target is target:
            yield None

    def _target_goes(self, channel: Channel) -> None:
        for spy in self._running.values():
            if spy.target is channel and spy.channel.task:
                self._calls.events.spy(spy.channel, channel, on=False)
                spy.target = None
                spy.channel.task.post("target gone")

    def clear(self) -> None:
        """Forget all, as a PBX that dies does."""
        self._running.clear()
