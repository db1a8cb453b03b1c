"""Runs what stands on a page of the documentation: its commands, in their order, in a folder of their own."""

import asyncio
import io
import os
import re
import shlex
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccops.cmd.environment import Environment
from ccops.cmd.main import main
from tests.cmd_tools import Result

DOCS = Path(__file__).parent.parent / "docs"


def commands(page: str) -> list[list[str]]:
    """Return the commands of the page's sh blocks as words, without `ccops`, comments and redirections."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["ccops"]:
                found.append(words[1:])
    return found


@dataclass
class Place:
    """Where commands run: a configuration, a moment, variables."""

    config: Path | None
    clock: Callable[[], float] = time.time
    variables: Mapping[str, str] | None = None

    def run(self, *words: str) -> Result:
        """Run one command in this process."""
        out, err = io.StringIO(), io.StringIO()
        variables = {"HOME": "/nonexistent", "TZ": "UTC", "PATH": os.environ["PATH"], **(self.variables or {})}
        config = ["--config", str(self.config)] if self.config else []
        code = main([*config, *words], Environment(io.StringIO(), out, err, variables, self.clock))
        return Result(code, out.getvalue(), err.getvalue())


@contextmanager
def beside(work: Callable[[asyncio.Event, Callable[[Any], None]], Awaitable[None]]) -> Iterator[Any]:
    """Run a coroutine in a thread of its own until the block ends; yields what it hands to its second argument.

    Commands must run in the main thread, where signals are heard, and so what they talk to must run elsewhere.
    """
    loop, done = asyncio.new_event_loop(), asyncio.Event()
    made: list[Any] = []
    ready = threading.Event()

    def hand_over(thing: Any) -> None:
        made.append(thing)
        ready.set()

    async def whole() -> None:
        try:
            await work(done, hand_over)
        finally:
            ready.set()

    thread = threading.Thread(target=loop.run_until_complete, args=(whole(),))
    thread.start()
    try:
        assert ready.wait(60)
        assert made, "it did not start"
        yield made[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(60)
        loop.close()
