"""Steps that leave the interpreter's lock for most of their time, side by side on two cores."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import TypeVar

Answer = TypeVar("Answer")
Other = TypeVar("Other")
CORES = min(2, os.cpu_count() or 1)
"""More would take the machine from the PBX."""


def in_parallel(steps: Sequence[Callable[[], Answer]], *, alone: bool = False) -> list[Answer]:
    """Return the answers in the order of the steps; `alone` runs one after the other."""
    if alone or CORES == 1 or len(steps) < 2:
        return [step() for step in steps]
    with ThreadPoolExecutor(CORES) as pool:
        return [job.result() for job in [pool.submit(step) for step in steps]]


def beside(
    step: Callable[[], Answer], here: Callable[[Callable[[], bool]], Other], *, alone: bool = False
) -> tuple[Answer, Other]:
    """Return the answers of `step` on another core and of `here` in this thread, which can ask whether `step` ended.

    `alone` runs one after the other.
    """
    if alone or CORES == 1:
        answer = step()
        return answer, here(lambda: False)
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(step)
        meanwhile = here(job.done)
        return job.result(), meanwhile


def begun(step: Callable[[], Answer]) -> "Future[Answer]":
    """Begin a step on another core and return its answer to come; not even the program's end waits for it."""
    answer: Future[Answer] = Future()

    def run() -> None:
        try:
            answer.set_result(step())
        except BaseException as problem:  # noqa: BLE001 - whoever asks for the answer hears of it
            answer.set_exception(problem)

    Thread(target=run, daemon=True).start()
    return answer
