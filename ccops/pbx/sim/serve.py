"""Runs a simulated PBX until it is stopped: what `python -m ccops.pbx.sim` and the demo share."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccops.pbx.sim.figures import SimStats
from ccops.pbx.sim.plan import CentrePlan
from ccops.pbx.sim.sim import SimPbx

FILL_UP_SECONDS = 300.0
"""Virtual seconds until a centre that never sleeps is as busy as it gets."""


@dataclass(slots=True, frozen=True)
class Flood:
    """A load: so many events a second for so many seconds, beginning when the first client has logged in."""

    rate: float
    seconds: float


async def serve(
    plan: CentrePlan, *, seed: int = 1, speed: float = 1.0, start: float | None = None, zone: str = "UTC",
    queue_log: Path | None = None, host: str = "127.0.0.1", port: int = 0, username: str = "ccops",
    secret: str | None = None, version: str = "22", history_days: int = 0, quiet: bool = False,
    flood: Flood | None = None, seconds: float | None = None, ready: Callable[[SimPbx], None] = lambda sim: None,
) -> SimStats:  # fmt: skip
    """Serve a centre in the middle of its day until cancelled, or for `seconds`; return what happened.

    `ready` is called when the port is open.
    """
    sim = SimPbx(
        plan, seed=seed, speed=speed, start=start, zone=zone, queue_log=queue_log, host=host, port=port,
        username=username, secret=secret, version=version, quiet=quiet,
    )  # fmt: skip
    if not quiet and flood is None:
        await sim.warm_up(history_days=history_days)
    await sim.start()
    try:
        ready(sim)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _run(sim, flood)
    finally:
        await sim.stop()
    return sim.stats


async def _run(sim: SimPbx, flood: Flood | None) -> None:
    if flood is not None:
        await sim.settle(FILL_UP_SECONDS)
        await sim.client()
        await sim.flood(flood.rate, flood.seconds)
    await asyncio.Event().wait()
