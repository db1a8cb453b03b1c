"""Looks at the plan of the day for alerts: off the event loop, and on a board that stands still meanwhile."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, ParamSpec, TypeVar

from ccops.alerts.figures import Reading
from ccops.board import Board

P = ParamSpec("P")
R = TypeVar("R")

PLAN_EVERY: Final = 60.0
"""Seconds between looks: forecast and cover change by the interval, and a look costs some hundredths of a second."""

PlanLook = Callable[[float, Board], Sequence[Reading] | None]
"""Returns what the plan says of a moment (epoch seconds) and a board; None where that is not known now."""


def still(board: Board) -> Board:
    """Return the board as it is now, for a thread: rows never change, but tables do."""
    return replace(board, queues=dict(board.queues), agents=dict(board.agents))


async def in_thread(name: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function in a thread that the end of the program does not wait for; learning takes seconds."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[R] = loop.create_future()

    def ended(result: R | None, problem: BaseException | None) -> None:
        if future.done():
            return
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        result, problem = None, None
        try:
            result = function(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 (it is raised where it is waited for)
            problem = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile, so nobody waits any more
            loop.call_soon_threadsafe(ended, result, problem)

    threading.Thread(target=work, name=name, daemon=True).start()
    return await future
