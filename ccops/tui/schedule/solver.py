"""The process that searches for a roster: `python -m ccops.tui.schedule.solver`, started by the console.

The order comes in on standard input, steps leave on standard output and last what became of it. When the input is
closed the search ends with the best so far, also where the console is gone: nobody's minute is lost.
"""

import math
import os
import sys
import threading
import time
from typing import BinaryIO, Final

from ccops.beside import pipes
from ccops.errors import CcopsError
from ccops.tui.schedule.asks import Around, Rearranged
from ccops.tui.schedule.errands import LANGUAGE, Refused, Solve, Solved, Step
from ccops.tui.schedule.planner import office_of
from ccops.tui.told import Told, fault_of
from ccops.wfm.roster import Progress

_EVERY: Final = 0.2
"""Seconds between two steps that are told."""
_NICE: Final = 10
"""The console and the live centre come first."""


class _Teller:
    """Tells the console of progress, not too often, and never fails where it is gone."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._told = 0.0

    def tell(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._told >= _EVERY:
            self._told = now
            self.write(_step(progress))

    def write(self, value: Step | Solved | Rearranged | Refused) -> None:
        try:
            self._out.write(LANGUAGE.framed(value))
            self._out.flush()
        except BrokenPipeError:
            self._told = math.inf  # nobody listens; the roster is kept all the same


def _step(progress: Progress) -> Step:
    bound = progress.bound if progress.bound > -1e18 else None
    gap = progress.gap if bound is not None else None
    return Step(progress.seconds, progress.penalty, bound, gap, progress.phase)


def found(told: Told, order: Solve | Around, teller: _Teller, stop: threading.Event) -> Solved | Rearranged | Refused:
    """Make what is ordered; what goes wrong is an answer too."""
    try:
        if isinstance(order, Around):
            return rearranged(told, order, teller, stop)
        return solved(told, order, teller, stop)
    except CcopsError as error:
        return Refused(error.message, error.remedy)
    except Exception as error:  # noqa: BLE001 (told; nobody sees what this process prints)
        return Refused(*fault_of(error))


def solved(told: Told, order: Solve, teller: _Teller, stop: threading.Event) -> Solved:
    """Make the roster that is ordered and keep it as a draft."""
    from ccops.desk.planning.rosters import Order, Rosters

    wanted = Order(order.first, order.days, order.seconds, keep=order.keep)
    roster, result = Rosters(office_of(told)).solve(wanted, progress=teller.tell, stop=stop.is_set)
    return Solved(roster.head.id, result.penalty, result.known_gap, len(result.shortfalls))


def rearranged(told: Told, order: Around, teller: _Teller, stop: threading.Event) -> Rearranged:
    """Solve the published roster anew around a sick call, and say what that changed and what falls short."""
    from ccops.desk.planning.leave import Leaves
    from ccops.desk.planning.rosters import Order
    from ccops.tui.schedule.judging import rearrangement

    leaves = Leaves(office_of(told))
    _row, roster, result = leaves.sick(
        order.person, order.first, order.last, order=Order(order.first, 1, order.seconds),
        progress=teller.tell, stop=stop.is_set,
    )  # fmt: skip
    if roster is None or result is None:
        return Rearranged(None)
    return rearrangement(leaves.rosters, roster, result, order)


def main() -> None:
    """Search until it is proved, the time is over, or the input is closed."""
    os.nice(_NICE)
    source, out = pipes()
    teller = _Teller(out)
    told, order = LANGUAGE.read(source), LANGUAGE.read(source)
    stop = threading.Event()

    def heed() -> None:
        source.read(1)  # returns when the console closes the pipe
        stop.set()

    threading.Thread(target=heed, daemon=True).start()
    teller.write(found(told, order, teller, stop))
    sys.stderr.flush()
    os._exit(0)  # a thread still waits for the console


if __name__ == "__main__":
    main()
