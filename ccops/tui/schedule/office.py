"""The console's side of the planning processes: errands out, answers in; a search that tells how far it is."""

import asyncio
from collections.abc import Callable

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.messages import Garbled
from ccops.settings import Settings
from ccops.tui.beside import Beside
from ccops.tui.schedule.asks import Around, Rearranged
from ccops.tui.schedule.errands import LANGUAGE, Answer, Errand, Refused, Solve, Solved, Step
from ccops.tui.told import told


def _ended() -> CcopsError:
    return CcopsError(
        _("The process that plans ended before it was done."),
        remedy=_("Open the screen again; `ccops doctor` says whether the packages for planning are there."),
    )


class Office:
    """Starts the planner with the first errand; errands are done one after the other."""

    def __init__(self, settings: Settings, *, read_only: bool = False, ahead: float = 0.0) -> None:
        """`settings` say where the store is; `ahead` is by how much the console's clock is before the machine's."""
        self._told = told(settings, read_only=read_only, ahead=ahead)
        self._planner: Beside | None = None
        self._ending: list[Beside] = []
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
            except Garbled:
                self._let_go()  # what else it says cannot be understood either
                raise
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                self._let_go()
                raise _ended() from error

    async def _asked(self, errand: Errand) -> Answer:
        if self._planner is None or self._planner.ended:
            self._planner = await Beside.started("ccops.tui.schedule.planner", LANGUAGE, self._told)
        answer: Answer = await self._planner.ask(errand)
        return answer

    def _let_go(self) -> None:
        """Close the planner's input: it does what it was asked and ends by itself."""
        planner, self._planner = self._planner, None
        if planner is not None:
            planner.close()
            self._ending = [*(one for one in self._ending if not one.ended), planner]

    async def close(self) -> None:
        """Let the process end, once it has done what it was asked."""
        if self._late is not None:
            await asyncio.wait([self._late])
        self._let_go()
        for planner in self._ending:
            await planner.wait()


class Search:
    """One run of the solver, in a process of its own."""

    def __init__(self, settings: Settings, order: Solve | Around, *, ahead: float = 0.0) -> None:
        """`order` says what is to be made."""
        self.order = order
        self.step: Step | None = None
        self.stopping = False
        self._told = told(settings, ahead=ahead)
        self._solver: Beside | None = None

    async def run(self, tell: Callable[[], None]) -> Solved | Rearranged | Refused:
        """Return what became of it; `tell` is called whenever `step` has changed."""
        try:
            self._solver = await Beside.started("ccops.tui.schedule.solver", LANGUAGE, self._told, self.order)
            while True:
                found = await self._solver.hear()
                if not isinstance(found, Step):
                    return found  # type: ignore[no-any-return]
                self.step = found
                tell()
        except Garbled as error:
            return Refused(error.message, error.remedy)
        except (asyncio.IncompleteReadError, ConnectionError):
            ended = _ended()
            return Refused(ended.message, ended.remedy)
        finally:
            self.stop()

    def stop(self) -> None:
        """End the search; the best so far is kept. Closing its input is how the solver hears of it."""
        self.stopping = True
        if self._solver is not None:
            self._solver.close()
