"""Steps that leave the interpreter's lock for most of their time, side by side on two cores."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Answer = TypeVar("Answer")
CORES = min(2, os.cpu_count() or 1)
"""More would take the machine from the PBX."""


def in_parallel(steps: Sequence[Callable[[], Answer]], *, alone: bool = False) -> list[Answer]:
    """Return the answers in the order of the steps; `alone` runs one after the other."""
    if alone or CORES == 1 or len(steps) < 2:
        return [step() for step in steps]
    with ThreadPoolExecutor(CORES) as pool:
        return [job.result() for job in [pool.submit(step) for step in steps]]
