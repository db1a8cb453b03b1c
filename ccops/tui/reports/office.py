"""The console's side of the process that reads the store: errands out, answers in, and taking one back."""

import asyncio

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.messages import Garbled
from ccops.settings import Settings
from ccops.tui.beside import Beside
from ccops.tui.reports.errands import LANGUAGE, Answer, Errand
from ccops.tui.told import told


class TakenBack(Exception):
    """The errand was taken back before it was done."""


class Office:
    """Starts the process with the first errand, and anew after one was taken back."""

    def __init__(self, settings: Settings) -> None:
        """`settings` say where the store is."""
        self._settings = settings
        self._clerk: Beside | None = None
        self._ending: list[Beside] = []
        self._turn = asyncio.Lock()
        self._round = 0

    async def ask(self, errand: Errand) -> Answer:
        """Return the answer; raises `TakenBack`, and `CcopsError` where the process died of something else."""
        now = self._round
        async with self._turn:
            if now != self._round:
                raise TakenBack
            try:
                return await self._asked(errand)
            except asyncio.CancelledError:
                self._end()  # what it is about to say answers nobody any more
                raise
            except Garbled:
                self._end()  # what else it says cannot be trusted either
                raise
            except (asyncio.IncompleteReadError, OSError) as error:
                self._end()
                if now != self._round:
                    raise TakenBack from None
                raise CcopsError(
                    _("The process that reads the store ended before it was done."),
                    remedy=_("Ask for less at once: a shorter period, or one queue."),
                ) from error

    def take_back(self) -> None:
        """Let go of all errands that are not done; reading stops at once."""
        self._round += 1
        if self._turn.locked():
            self._end()

    def rest(self) -> None:
        """End the process where it has nothing to do, for the sake of its memory; the next errand starts another."""
        if not self._turn.locked():
            self._end()

    async def close(self) -> None:
        """End the process."""
        self._round += 1
        self._end()
        for clerk in self._ending:
            await clerk.wait()

    async def _asked(self, errand: Errand) -> Answer:
        if self._clerk is None or self._clerk.ended:
            self._clerk = await Beside.started("ccops.tui.reports.clerk", LANGUAGE, told(self._settings))
        answer: Answer = await self._clerk.ask(errand)
        return answer

    def _end(self) -> None:
        clerk, self._clerk = self._clerk, None
        if clerk is None:
            return
        clerk.kill()
        self._ending = [*(one for one in self._ending if not one.ended), clerk]
