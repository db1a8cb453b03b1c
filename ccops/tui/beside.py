"""A process beside the console, as the console sees it: started, told, asked, ended."""

import asyncio
import contextlib
from asyncio.subprocess import PIPE, Process
from typing import Any

from ccops.beside import command_of
from ccops.messages import HEAD, Language, size_of


class Beside:
    """One such process; only whoever asked it reads its answers."""

    def __init__(self, words: Language, process: Process) -> None:
        """`words` is what the two understand."""
        assert process.stdin is not None  # noqa: S101 (a pipe)
        assert process.stdout is not None  # noqa: S101 (a pipe)
        self._words, self._process = words, process
        self._in, self._out = process.stdin, process.stdout

    @classmethod
    async def started(cls, module: str, words: Language, *first: object) -> "Beside":
        """Start a module of ccops and tell it the first things."""
        process = await asyncio.create_subprocess_exec(
            *command_of(module),
            stdin=PIPE,
            stdout=PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # the terminal is the console's
            start_new_session=True,  # ctrl+c at the terminal is for the console alone
        )
        beside = cls(words, process)
        for message in first:
            beside._in.write(words.framed(message))
        return beside

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """True where it is known to be gone."""
        return self._process.returncode is not None

    async def ask(self, message: object) -> Any:
        """Say something and return the answer; raises what `hear` does, and OSError where nobody listens."""
        self._in.write(self._words.framed(message))
        await self._in.drain()
        return await self.hear()

    async def hear(self) -> Any:
        """Return what it says next; raises IncompleteReadError where it ended, `Garbled` where that is no message."""
        size = size_of(await self._out.readexactly(HEAD))
        return self._words.message(await self._out.readexactly(size))

    def close(self) -> None:
        """Say no more: it does what it was asked and ends by itself."""
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._in.close()

    def kill(self) -> None:
        """End it at once."""
        if not self.ended:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def wait(self) -> None:
        """Wait until it is gone."""
        await self._process.wait()
