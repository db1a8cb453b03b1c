"""Stages of faults for `ccops doctor`: a configuration on which one thing is wrong, and what must be said of it."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccops.cmd.environment import Environment
from ccops.cmd.main import main
from ccops.pbx.sim import SimPbx
from tests.daemons import plan, quick, write_config

SECRET = "s3cret"


@dataclass
class Place:
    """A folder with a configuration that a stage may add to."""

    folder: Path
    stack: AsyncExitStack
    port: int = 1
    secret: str = SECRET
    more: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        return self.folder / "ccops.db"

    @property
    def log(self) -> Path:
        return self.folder / "queue_log"

    def write(self) -> Path:
        """Write the configuration as it is now."""
        return write_config(self.folder, self.port, "ccops", self.secret, "\n".join(self.more))

    async def pbx(self, **options: Any) -> SimPbx:
        """Have a simulated PBX that is in order."""
        sim = quick(SimPbx(plan(), quiet=True, secret=SECRET, **options))
        await sim.start()
        self.stack.push_async_callback(sim.stop)
        self.port = sim.port
        return sim


Stage = Callable[[Place], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """What is wrong, and what the doctor must say of it."""

    name: str
    check: str
    ok: bool | None
    words: str
    """In the remedy."""
    stage: Stage


def faults() -> tuple[list[Fault], Callable[..., Callable[[Any], Any]]]:
    """Return an empty list of faults, and what adds a stage to it: fault(CHECK, WORDS, ok=False)."""
    known: list[Fault] = []

    def fault(check: str, words: str, ok: bool | None = False) -> Callable[[Any], Any]:
        def add(stage: Callable[[Place], AsyncIterator[None]]) -> Callable[[Place], AsyncIterator[None]]:
            name = stage.__name__.replace("_", " ")
            known.append(Fault(name, check, ok, words, asynccontextmanager(stage)))
            return stage

        return add

    return known, fault


async def examined(config: Path, *arguments: str, **variables: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run the doctor; return its exit code and what it says, by check."""
    out, err = io.StringIO(), io.StringIO()
    environment = Environment(io.StringIO(), out, err, {"HOME": "/nonexistent", **variables}, time.time)
    given = ["--config", str(config), "doctor", "--json", *arguments]
    code = await asyncio.to_thread(main, given, environment)
    assert out.getvalue(), err.getvalue()
    return code, {one["check"]: one for one in json.loads(out.getvalue())}


async def diagnosed(fault: Fault, folder: Path) -> None:
    """Stage a fault and assert that the doctor names it with its remedy, and ends with 1 where it is a failure."""
    async with AsyncExitStack() as stack:
        place = Place(folder, stack)
        async with fault.stage(place):
            code, checks = await examined(place.write(), "--listen", "0", **place.variables)
    found = checks[fault.check]
    assert found["ok"] is fault.ok, found
    assert found["detail"]
    assert fault.words in (found["remedy"] or ""), found
    assert code == 1 or fault.ok is not False
