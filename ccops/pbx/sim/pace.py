"""Pace: how virtual time follows the clock on the wall, or a wanted rate of events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from ccops.pbx.sim.clock import SECOND, Clock

LONGEST_SLEEP = 0.05
FLOOD_TIMERS_AT_ONCE = 50
FLOOD_NAP = 0.005
FLOOD_TURN = 0.05
MOST_TIMERS_AT_ONCE = 2_000
"""After so many timers the event loop has its turn, so that actions are answered under load."""


class Pacer:
    """Moves virtual time on. `catch_up` may be called at any time, e.g. when an action has come in."""

    def __init__(self, clock: Clock, speed: float, after_run: Callable[[], None]) -> None:
        """`speed` is virtual seconds per second; `after_run` is called when time has moved."""
        self._clock = clock
        self._speed = speed
        self._after_run = after_run
        self._base_wall = monotonic()
        self._base_us = clock.now_us
        self._task: asyncio.Task[None] | None = None
        self._running = False
        self.paused = False

    def start(self) -> None:
        """Let time run, beginning at the clock's present."""
        self.rebase()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="sim pace")

    async def stop(self) -> None:
        """Let time stand."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    def rebase(self) -> None:
        """Count wall time from now: virtual time was moved by somebody else."""
        self._base_wall = monotonic()
        self._base_us = self._clock.now_us

    def set_speed(self, speed: float) -> None:
        """Go on at another speed."""
        self.catch_up()
        self.rebase()
        self._speed = speed

    def target_us(self) -> int:
        """Where virtual time should be at this moment."""
        return self._base_us + round((monotonic() - self._base_wall) * self._speed * SECOND)

    def catch_up(self) -> bool:
        """Bring virtual time to where it should be; false where there was more to do than fits in one turn."""
        if self._task is None or self._running or self.paused:
            return True
        self._running = True
        try:
            target = self.target_us()
            ran = self._clock.run_until(target, at_most=MOST_TIMERS_AT_ONCE)
        finally:
            self._running = False
        self._after_run()
        return ran < MOST_TIMERS_AT_ONCE

    async def _run(self) -> None:
        while True:
            done = self.catch_up()
            await asyncio.sleep(self._nap() if done else 0)

    async def by_events(self, rate: float, seconds: float, count: Callable[[], int]) -> None:
        """Let time run as fast as gives `rate` events a second, for so many wall seconds; then go on as before."""
        await self.stop()
        begun, counted = monotonic(), count()
        while (passed := monotonic() - begun) < seconds:
            wanted = counted + rate * passed
            while count() < wanted and (due := self._clock.next_due_us()) is not None:
                self._clock.run_until(due, at_most=FLOOD_TIMERS_AT_ONCE)
                if monotonic() - begun - passed > FLOOD_TURN:
                    break  # a client that has not logged in yet hears nothing, and must have its turn to do so
            self._after_run()
            await asyncio.sleep(FLOOD_NAP)
        self.start()

    def _nap(self) -> float:
        due = self._clock.next_due_us()
        if due is None or self._speed <= 0:
            return LONGEST_SLEEP
        seconds = (due - self.target_us()) / SECOND / self._speed
        return min(max(seconds, 0.001), LONGEST_SLEEP)
