"""The weeks before today of the simulated centre: made up day by day beside the console, into the demo's store.

`python -m ccops.cmd.demo_past CONFIG SEATS QUEUES SEED` does it, then follows the day's queue_log, until its standard
input ends. It is a process of its own, and yields to everything else: nobody waits for the past before the first look.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ccops.pbx.sim import CentrePlan
    from ccops.settings import Settings

DAYS: Final = 28
LARGE: Final = 50
"""Seats from which on fewer days are made up: they cost as much as they have calls."""
FEWEST: Final = 7
CHUNK: Final = 7
"""Days that are taken into the store at once: something is there to look at early."""
WEEK: Final = (1.08, 1.02, 1.0, 0.98, 0.94, 0.46, 0.34)
"""Demand by day of the centre's week (`place_in_week`)."""
GROWTH: Final = 0.002
"""More calls every day, up to those of today."""
_NICE: Final = 15


@contextlib.contextmanager
def past_beside(config: Path, shape: tuple[int, int, int], variables: Mapping[str, str]) -> Iterator[None]:
    """Make up the past of a centre of (seats, queues, seed) while the console runs; ends with it."""
    command = [sys.executable, "-m", "ccops.cmd.demo_past", str(config), *map(str, shape)]
    with (config.parent / "past.log").open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 (our own interpreter, our own words)
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=dict(variables),
            start_new_session=True,  # ctrl+c at the terminal is for the console alone
        )
    try:
        yield
    finally:
        child.kill()  # its store goes with the folder
        child.communicate()


# --- in the process beside ---


def main(arguments: list[str]) -> None:
    """Make up the weeks before today, then follow today."""
    os.nice(_NICE)
    from ccops.settings import load

    config, seats, queues, seed = arguments
    settings = load(Path(config), {}, {}).settings  # the environment may name a store that is no demo's
    gone = threading.Event()
    threading.Thread(target=_until_gone, args=(gone,), daemon=True).start()
    shape, today = (int(seats), int(queues), int(seed)), datetime.now(settings.zone).date()
    make_past(settings, shape, today, gone.is_set)
    if not gone.is_set():
        _plan(settings, shape, today)
    _follow(settings, gone.is_set)


def _plan(settings: "Settings", shape: tuple[int, int, int], today: date) -> None:
    from ccops.cmd.demo_planning import plan_demo

    # A demo without the packages for planning still has a past.
    with contextlib.suppress(ModuleNotFoundError):
        plan_demo(settings, shape, today, today - timedelta(days=days_of(shape)))


def days_of(shape: tuple[int, int, int]) -> int:
    """Return how many days before today are made up for a centre of (seats, queues, seed)."""
    return max(FEWEST, min(DAYS, DAYS * LARGE // shape[0]))


def _until_gone(gone: threading.Event) -> None:
    sys.stdin.buffer.read()
    gone.set()


def make_past(
    settings: "Settings", shape: tuple[int, int, int], today: date, stopped: Callable[[], bool] = lambda: False
) -> None:
    """Take the days before `today` of a centre of (seats, queues, seed) into the store that the settings name."""
    from ccops.reports.ingest import ingest
    from ccops.reports.rules import Rules

    count = days_of(shape)
    days = [today - timedelta(days=back) for back in range(count, 0, -1)]
    folder = settings.store.path.parent
    for first in range(0, count, CHUNK):
        logs: list[Path | None] = []
        for place in range(first, min(first + CHUNK, count)):
            if stopped():
                return
            log = folder / f"queue_log-{days[place]:%Y%m%d}"
            asyncio.run(write_day(log, plan_of(shape, place, days[place]), days[place], settings.site.timezone))
            logs.append(log)
        ingest(settings.store.path, logs, Rules.of(settings), settings.zone, wait=10.0)


def plan_of(shape: tuple[int, int, int], place: int, day: date) -> "CentrePlan":
    """Return the centre as it was on the n-th day of its past: who worked then, more calls on busy days of the week."""
    from ccops.cmd.demo_rota import crew_of, place_in_week
    from ccops.pbx.sim import CentrePlan

    plan, ago = CentrePlan.default(*shape), days_of(shape) - place
    today = day + timedelta(days=ago)
    chance = Random(f"past:{shape}:{day}").uniform(0.92, 1.08)  # noqa: S311
    factor = WEEK[place_in_week(day, today)] * (1 - GROWTH * ago) * chance
    plan.queues = [replace(queue, calls_per_hour=queue.calls_per_hour * factor) for queue in plan.queues]
    plan.agents = crew_of(shape, day, today)
    return plan


async def write_day(log: Path, plan: "CentrePlan", day: date, zone: str) -> None:
    """Write the queue_log of a whole day, from opening until everybody has gone home."""
    from zoneinfo import ZoneInfo

    from ccops.pbx.sim import SimPbx

    evening = datetime.combine(day, time(min(23, int(plan.closes) + 2)), ZoneInfo(zone)).timestamp()
    sim = SimPbx(plan, seed=day.toordinal(), start=evening, zone=zone, queue_log=log)
    await sim.warm_up()
    await sim.stop()


def _follow(settings: "Settings", stopped: Callable[[], bool]) -> None:
    from ccops.reports.ingest import Following
    from ccops.reports.rules import Rules

    assert settings.queue_log.path is not None  # noqa: S101 (the demo has one)
    with Following(
        settings.store.path, settings.queue_log.path, Rules.of(settings), settings.zone, wait=10.0
    ) as following:
        following.run(stopped)


if __name__ == "__main__":
    main(sys.argv[1:])
