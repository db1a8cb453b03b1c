"""The console's side of the planning processes: errands out, answers in; a search that tells how far it is."""

import asyncio
import contextlib
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from typing import Any

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.settings import Settings
from ccops.tui.schedule.errands import Answer, Errand, Refused, Solve, Solved, Step
from ccops.tui.schedule.wire import SIZE, Told, framed, told


async def _started(module: str, *first: Any) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=PIPE,
        stdout=PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # the terminal is the console's
        start_new_session=True,  # ctrl+c at the terminal is for the console alone
    )
    await _write(process, *first)
    return process


async def _write(process: Process, *values: Any) -> None:
    assert process.stdin is not None  # noqa: S101 (a pipe)
    for value in values:
        process.stdin.write(framed(value))
    await process.stdin.drain()


async def _read(process: Process) -> Any:
    assert process.stdout is not None  # noqa: S101 (a pipe)
    (size,) = SIZE.unpack(await process.stdout.readexactly(SIZE.size))
    return pickle.loads(await process.stdout.readexactly(size))  # noqa: S301 (from our own child)


def _ended() -> CcopsError:
    return CcopsError(
        _("The process that plans ended before it was done."),
        remedy=_("Open the screen again; `ccops doctor` says whether the packages for planning are there."),
    )


class Office:
    """Starts the planner with the first errand; errands are done one after the other."""

    def __init__(self, settings: Settings, *, read_only: bool = False, ahead: float = 0.0) -> None:
        """`settings` say where the store is; `ahead` is by how much the console's clock is before the machine's."""
        self._told = Told(told(settings), read_only, ahead)
        self._planner: Process | None = None
        self._turn = asyncio.Lock()
        self._late: asyncio.Future[Answer] | None = None

    async def ask(self, errand: Errand) -> Answer:
        """Return the answer; raises `CcopsError` where the process died."""
        async with self._turn:
            if self._late is not None:
                await asyncio.wait([self._late])  # its answer must not be taken for that of this errand
            # What was begun is done to its end, whoever still waits for it: it may be half written.
            self._late = asyncio.ensure_future(self._asked(errand))
            try:
                return await asyncio.shield(self._late)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                self._planner = None
                raise _ended() from error

    async def _asked(self, errand: Errand) -> Answer:
        if self._planner is None or self._planner.returncode is not None:
            self._planner = await _started("ccops.tui.schedule.planner", self._told)
        await _write(self._planner, errand)
        answer: Answer = await _read(self._planner)
        return answer

    def _let_go(self) -> None:
        """Close the planner's input: it does what it was asked and ends by itself."""
        planner, self._planner = self._planner, None
        if planner is not None and planner.stdin is not None:
            planner.stdin.close()

    async def close(self) -> None:
        """Let the process end, once it has done what it was asked."""
        if self._late is not None:
            await asyncio.wait([self._late])
        planner = self._planner
        self._let_go()
        if planner is not None:
            await planner.wait()


class Search:
    """One run of the solver, in a process of its own."""

    def __init__(self, settings: Settings, order: Solve, *, ahead: float = 0.0) -> None:
        """`order` says what is to be made."""
        self.order = order
        self.step: Step | None = None
        self.stopping = False
        self._told = Told(told(settings), ahead=ahead)
        self._solver: Process | None = None

    async def run(self, tell: Callable[[], None]) -> Solved | Refused:
        """Return what became of it; `tell` is called whenever `step` has changed."""
        try:
            self._solver = await _started("ccops.tui.schedule.solver", self._told, self.order)
            while True:
                found = await _read(self._solver)
                if not isinstance(found, Step):
                    return found  # type: ignore[no-any-return]
                self.step = found
                tell()
        except (asyncio.IncompleteReadError, ConnectionError):
            error = _ended()
            return Refused(error.message, error.remedy)
        finally:
            self.stop()

    def stop(self) -> None:
        """End the search; the best so far is kept. Closing its input is how the solver hears of it."""
        self.stopping = True
        if self._solver is not None and self._solver.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._solver.stdin.close()
