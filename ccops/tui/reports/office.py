"""The console's side of the process that reads the store: errands out, answers in, and taking one back."""

import asyncio
import contextlib
import pickle
import struct
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import fields
from typing import Any

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.settings import Settings
from ccops.tui.reports.errands import Answer, Errand

_SIZE = struct.Struct(">Q")
_SECRETS = frozenset({"ami", "smtp"})
"""What the other process has no business with."""


class TakenBack(Exception):
    """The errand was taken back before it was done."""


class Office:
    """Starts the process with the first errand, and anew after one was taken back."""

    def __init__(self, settings: Settings) -> None:
        """`settings` say where the store is."""
        self._settings = settings
        self._clerk: Process | None = None
        self._ending: list[Process] = []
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
        clerk = await self._started()
        assert clerk.stdin is not None  # noqa: S101 (a pipe)
        assert clerk.stdout is not None  # noqa: S101 (a pipe)
        clerk.stdin.write(_framed(errand))
        await clerk.stdin.drain()
        (size,) = _SIZE.unpack(await clerk.stdout.readexactly(_SIZE.size))
        answer: Answer = pickle.loads(await clerk.stdout.readexactly(size))  # noqa: S301 (from our own child)
        return answer

    async def _started(self) -> Process:
        if self._clerk is None or self._clerk.returncode is not None:
            self._clerk = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "ccops.tui.reports.clerk",
                stdin=PIPE,
                stdout=PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # the terminal is the console's
                start_new_session=True,  # ctrl+c at the terminal is for the console alone
            )
            assert self._clerk.stdin is not None  # noqa: S101 (a pipe)
            self._clerk.stdin.write(_framed(_told(self._settings)))
        return self._clerk

    def _end(self) -> None:
        clerk, self._clerk = self._clerk, None
        if clerk is None:
            return
        if clerk.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                clerk.kill()
        self._ending = [*(one for one in self._ending if one.returncode is None), clerk]


def _told(settings: Settings) -> dict[str, Any]:
    """Return the settings without what is secret."""
    return {one.name: getattr(settings, one.name) for one in fields(settings) if one.name not in _SECRETS}


def _framed(value: Any) -> bytes:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return _SIZE.pack(len(data)) + data
