"""Notices a PBX that says nothing: asks it, then calls it stale, then dead."""

import asyncio
from collections.abc import Callable
from typing import Final

ASK: Final = 0.4
"""Part of the silence after which the PBX is asked for a sign of life."""
STALE: Final = 0.5
"""Part that it gets to answer: 0.4 + 0.5 < 1, so that silence is noticed within its limit."""
DEAD: Final = 1.1
"""Part after the question at which waiting ends: a PBX that swaps for a second or two keeps its link."""


class Pulse:
    """Watches one connection; counts from its own question, so that our own sleep kills no healthy link."""

    def __init__(
        self,
        silence: float,
        heard: Callable[[], float],
        *,
        ask: Callable[[], None],
        stale: Callable[[], None],
        dead: Callable[[], None],
    ) -> None:
        """`silence` in seconds; `heard` returns the loop time of the last byte; the rest is called when due."""
        self._silence, self._heard = silence, heard
        self._ask, self._stale, self._dead = ask, stale, dead
        self._loop = asyncio.get_running_loop()
        self._asked_at = float("-inf")
        self._called_stale = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._look_at(self._heard() + ASK * self._silence)

    def stop(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_at(self, when: float) -> None:
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        heard, now = self._heard(), self._loop.time()
        if heard >= self._asked_at:
            self._called_stale = False
            self._ask_when_due(heard + ASK * self._silence, now)
        elif not self._called_stale:
            self._called_stale = True
            self._look_at(self._asked_at + DEAD * self._silence)
            self._stale()
        else:
            self._timer = None
            self._dead()

    def _ask_when_due(self, due: float, now: float) -> None:
        if now < due:
            self._look_at(due)
            return
        self._asked_at = now
        self._look_at(now + STALE * self._silence)
        self._ask()
