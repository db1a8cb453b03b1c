"""Threads of channels: generators that wait in virtual time and can be interrupted, as a thread waits for frames."""

from collections import deque
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from ccops.pbx.sim.clock import Clock, Timer

Result = TypeVar("Result")
StepsTo = Generator[float | None, Any, Result]
"""Yields for how many seconds to wait at most (None: without end); is sent what woke it, or None when time is up."""
Steps = StepsTo[None]


class Interrupt(Exception):
    """The channel of this thread was hung up or sent elsewhere: clean up and leave the application."""


class Task:
    """One running thread."""

    __slots__ = ("_clock", "_done", "_inbox", "_interrupted", "_steps", "_timer")

    def __init__(self, clock: Clock, steps: Steps, done: Callable[[], None] | None = None) -> None:
        """Start at this very instant, after what is due already; `done` is called when the steps are through."""
        self._clock = clock
        self._steps: Steps | None = steps
        self._done = done
        self._inbox: deque[Any] = deque()
        self._interrupted = False
        self._timer: Timer | None = clock.soon(self._resume, True)

    @property
    def alive(self) -> bool:
        """True until the steps are through."""
        return self._steps is not None

    def post(self, message: object) -> None:
        """Wake it with a message; messages are taken one by one, in order."""
        if self._steps is not None:
            self._inbox.append(message)
            self._wake()

    def interrupt(self) -> None:
        """Raise Interrupt where it waits."""
        if self._steps is not None:
            self._interrupted = True
            self._wake()

    def drop(self) -> None:
        """End it where it waits without another step: its channel was taken away from it."""
        if self._timer:
            self._timer.cancel()
        if self._steps is not None:
            steps, self._steps = self._steps, None
            steps.close()

    def _wake(self) -> None:
        # A timer that is due now already resumes it; any later one is replaced.
        if self._timer is not None and self._timer.callback is not None:
            if self._timer.due_us <= self._clock.now_us:
                return
            self._timer.cancel()
        self._timer = self._clock.soon(self._resume, False)

    def _resume(self, first: bool) -> None:
        self._timer = None
        steps = self._steps
        if steps is None:
            return
        try:
            wait = self._step(steps, first=first)
        except (StopIteration, Interrupt):
            self._finish()
            return
        self._sleep(wait)

    def _step(self, steps: Steps, *, first: bool) -> float | None:
        if first:
            return next(steps)
        if self._interrupted:
            self._interrupted = False
            return steps.throw(Interrupt())
        return steps.send(self._inbox.popleft() if self._inbox else None)

    def _sleep(self, wait: float | None) -> None:
        if not self.alive:  # it ended its own thread while it ran
            return
        if self._inbox or self._interrupted:
            self._timer = self._clock.soon(self._resume, False)
        elif wait is not None:
            self._timer = self._clock.after(wait, self._resume, False)

    def _finish(self) -> None:
        self._steps = None
        if self._done:
            self._done()
