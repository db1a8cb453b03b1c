"""Virtual time of the simulated PBX: a heap of timers on whole microseconds, run by whoever keeps the pace."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

SECOND = 1_000_000


class Timer:
    """One call that is due later; `cancel` may be called at any time, also after it ran."""

    __slots__ = ("args", "callback", "due_us", "life")

    def __init__(self, due_us: int, callback: Callable[..., object], args: tuple[Any, ...], life: int) -> None:
        self.due_us = due_us
        self.life = life
        self.callback: Callable[..., object] | None = callback
        self.args = args

    def cancel(self) -> None:
        """Never run it."""
        self.callback = None
        self.args = ()


class Clock:
    """Time since the epoch that moves only when told to.

    Instants are whole microseconds: sums of floats would depend on the order in which they were added, and
    two runs from one seed must agree to the last digit.
    """

    def __init__(self, start: float) -> None:
        """`start` is in epoch seconds."""
        self.now_us = round(start * SECOND)
        self._heap: list[tuple[int, int, Timer]] = []
        self._order = 0
        self._life = 1

    @property
    def now(self) -> float:
        """Virtual epoch seconds."""
        return self.now_us / SECOND

    @property
    def second(self) -> int:
        """Whole virtual epoch seconds, as time(NULL) says them: what logs and most headers carry."""
        return self.now_us // SECOND

    def at(self, due_us: int, callback: Callable[..., object], *args: Any) -> Timer:
        """Call back at an instant (microseconds); what is due at one instant runs in the order it was asked for."""
        return self._push(Timer(max(due_us, self.now_us), callback, args, self._life))

    def _push(self, timer: Timer) -> Timer:
        self._order += 1
        heappush(self._heap, (timer.due_us, self._order, timer))
        return timer

    def after(self, seconds: float, callback: Callable[..., object], *args: Any) -> Timer:
        """Call back that many virtual seconds from now."""
        return self.at(self.now_us + round(seconds * SECOND), callback, *args)

    def soon(self, callback: Callable[..., object], *args: Any) -> Timer:
        """Call back at this very instant, after everything that is already due."""
        return self.at(self.now_us, callback, *args)

    def outside_at(self, due_us: int, callback: Callable[..., object], *args: Any) -> Timer:
        """Call back at an instant, whatever becomes of the machine: people and the day go on when a PBX dies."""
        return self._push(Timer(max(due_us, self.now_us), callback, args, 0))

    def outside_after(self, seconds: float, callback: Callable[..., object], *args: Any) -> Timer:
        """Call back that many virtual seconds from now, whatever becomes of the machine."""
        return self.outside_at(self.now_us + round(seconds * SECOND), callback, *args)

    def run_until(self, until_us: int, *, at_most: int | None = None) -> int:
        """Run what is due up to an instant and move time there; return how many timers ran.

        With `at_most` it stops early, at the time of the last timer that ran, so that a caller can share the CPU.
        """
        ran = 0
        heap = self._heap
        while heap and heap[0][0] <= until_us:
            if at_most is not None and ran >= at_most:
                return ran
            due, _, timer = heappop(heap)
            if timer.callback is None or (timer.life and timer.life != self._life):
                continue
            self.now_us = due
            callback, timer.callback = timer.callback, None
            callback(*timer.args)
            ran += 1
        self.now_us = max(self.now_us, until_us)
        return ran

    def next_due_us(self) -> int | None:
        """When the next timer is due, None where nothing is."""
        while self._heap and self._heap[0][2].callback is None:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def forget_machine(self) -> None:
        """Drop every timer of the machine: it is gone."""
        self._life += 1

    def rebase(self, start: float) -> None:
        """Begin again at another instant; only a clock on which nothing is due can do that."""
        if self.next_due_us() is not None:
            raise RuntimeError("a clock with timers cannot be set to another time")
        self.now_us = round(start * SECOND)
