"""Measures alerts: from a breach at the PBX to the delivered webhook, and what a daemon that watches 50 seats costs.

    python -m benchmarks.alerts [--breaches N] [--seconds N] [--json]

PBX, daemon and receiver run in processes or threads of their own on loopback. A breach is a caller who enters a queue
in which one is too many; the time runs from that moment in the PBX to the whole request at the receiver. The daemon is
measured without clients, with the history and the watch at work: on a PBX on which nothing happens, and in a busy hour
of 50 seats.
"""

import argparse
import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks.desk import Child, child, quantiles, until
from ccops.desk.daemon.client import RemoteDesk
from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from tests.hooks import hook

SEATS, QUEUES = 50, 5
EVENTS = 15
"""A second: about 40 to a call."""


def config(folder: Path, place: dict[str, Any], more: str) -> Path:
    path = folder / "config.toml"
    path.write_text(
        f'[ami]\nport = {place["port"]}\nusername = "{place["username"]}"\nsecret = "{place["secret"]}"\n'
        f'[store]\npath = "{folder / "ccops.db"}"\n[daemon]\nsocket = "{folder / "s"}"\n'
        f'[site]\ntimezone = "UTC"\n{more}'
    )
    path.chmod(0o600)
    return path


@contextlib.asynccontextmanager
async def daemon_on(path: Path) -> AsyncIterator[Child]:
    """Run a daemon and wait until its board is live and its watch has settled."""
    place = path.parent / "s"
    async with child("-m", "ccops", "--quiet", "--config", str(path), "daemon", "run", ready=False) as daemon:
        await until(place.exists)
        desk = RemoteDesk(place)
        await desk.open()
        await until(lambda: desk.board.link.state == "live")
        await desk.close()
        await asyncio.sleep(2)
        yield daemon


async def delivered(breaches: int) -> dict[str, float]:
    """Return how long it takes from a caller's entry to the receiver, over so many breaches in as many queues."""
    names = [f"q{number}" for number in range(breaches)]
    plan = CentrePlan(queues=[QueuePlan(name, name) for name in names], agents=[AgentPlan("1001", "Ana", queues=())])
    sim = SimPbx(plan, quiet=True, secret="s3cret")
    await sim.start()
    late: list[float] = []
    with tempfile.TemporaryDirectory() as name, hook() as receiver:
        rules = (
            '[alerts]\ntargets = ["hook"]\n[alert_rules.crowd]\nfigure = "waiting"\nwarning = 0\n'
            "[alert_rules.nobody]\noff = true\n"
            f'[alert_targets.hook]\nwebhook = "{receiver.url}"\nsigning_key = "a key"\n'
        )
        place = {"port": sim.port, "username": sim.username, "secret": sim.secret}
        async with daemon_on(config(Path(name), place, rules)):
            for queue in names:
                before, begun = len(receiver.taken), time.time()
                sim.call_in(queue, "5550001", "Zed")
                while len(receiver.taken) == before:
                    await asyncio.sleep(0.001)
                    assert time.time() - begun < 30
                late.append(receiver.taken[-1].at - begun)
                await asyncio.sleep(0.05)
    await sim.stop()
    return quantiles(late)


async def cost(seconds: float, *, busy: bool) -> dict[str, float]:
    """Return the share of a core and the memory of a daemon that watches 50 seats."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "queue_log"
        seats = ["--seats", str(SEATS), "--queues", str(QUEUES), "--queue-log", str(log)]
        # A centre that never sleeps with some 15 calls a minute; at night nobody calls and nobody is there.
        day = ["--flood", str(EVENTS), "--flood-seconds", str(seconds + 60)] if busy else ["--start", "1772582400"]
        async with child("-m", "ccops.pbx.sim", *seats, *day) as pbx:
            path = config(folder, pbx.said, f'[queue_log]\npath = "{log}"\n')
            log.touch()
            async with daemon_on(path) as daemon:
                await asyncio.sleep(5)
                before, begun, lines = daemon.cpu(), time.monotonic(), _lines(log)
                await asyncio.sleep(seconds)
                lasted = time.monotonic() - begun
                share, told = (daemon.cpu() - before) / lasted, _lines(log) - lines
                return {"share": share, "memory_mb": daemon.memory(), "lines_per_minute": told * 60 / lasted}


def _lines(log: Path) -> int:
    with log.open("rb") as file:
        return sum(1 for _line in file)


async def measure(breaches: int, seconds: float) -> dict[str, Any]:
    return {
        "delivered": await delivered(breaches),
        "idle": await cost(seconds, busy=False),
        "busy": await cost(seconds, busy=True),
    }


def table(found: dict[str, Any]) -> str:
    """Return the measures as a table."""
    late, idle, busy = found["delivered"], found["idle"], found["busy"]
    said = f"{late['p99_ms']:.0f} ms ({late['median_ms']:.0f}; n={late['count']:.0f})"
    rows = [
        ("what", "measured", "reach"),
        ("breach → delivered webhook, p99 (median)", said, "≤ 1000 ms"),
        (f"daemon, {SEATS} seats, idle PBX", f"{idle['share']:.2%}, {idle['memory_mb']:.0f} MB", "≤ 0.5 %, ≤ 90 MB"),
        (
            f"daemon, {SEATS} seats, busy hour ({busy['lines_per_minute']:.0f} log lines/min)",
            f"{busy['share']:.2%}, {busy['memory_mb']:.0f} MB",
            "≤ 3 %, ≤ 90 MB",
        ),
    ]
    return "\n".join(f"{what:<60}{measured:<28}{reach}" for what, measured, reach in rows)


def main() -> None:
    """Print the measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--breaches", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = asyncio.run(measure(given.breaches, given.seconds))
    print(json.dumps(found) if given.json else table(found))


if __name__ == "__main__":
    main()
