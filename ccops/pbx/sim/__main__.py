"""`python -m ccops.pbx.sim`: a simulated PBX in a process of its own, for load runs and for trying things out.

Prints one line of JSON with host, port, username and secret when the port is open, and one with what happened when
it ends (SIGINT, SIGTERM, or after --seconds).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ccops.errors import CcopsError
from ccops.pbx.sim.plan import CentrePlan
from ccops.pbx.sim.serve import Flood, serve
from ccops.pbx.sim.sim import SimPbx


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ccops.pbx.sim", description=__doc__)
    parser.add_argument("--seats", type=int, default=12)
    parser.add_argument("--queues", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0, help="virtual seconds per second")
    parser.add_argument("--start", type=float, help="epoch seconds at which the virtual clock begins")
    parser.add_argument("--zone", default="UTC", help="IANA name of the centre's time zone")
    parser.add_argument("--queue-log", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user", default="ccops")
    parser.add_argument("--secret")
    parser.add_argument("--release", default="22", help="Asterisk release to pass for: 16 or 22")
    parser.add_argument("--history-days", type=int, default=0)
    parser.add_argument("--flood", type=float, metavar="RATE", help="events a second, from a centre that never sleeps")
    parser.add_argument("--flood-seconds", type=float, default=60.0)
    parser.add_argument("--seconds", type=float, help="end by itself after so many seconds")
    return parser.parse_args(argv)


def _say(facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _ready(sim: SimPbx) -> None:
    _say({"host": sim.host, "port": sim.port, "username": sim.username, "secret": sim.secret})


async def _main(args: argparse.Namespace) -> None:
    make = CentrePlan.sleepless if args.flood else CentrePlan.default
    flood = Flood(args.flood, args.flood_seconds) if args.flood else None
    task = asyncio.ensure_future(
        serve(
            make(args.seats, args.queues, args.seed), seed=args.seed, speed=args.speed, start=args.start,
            zone=args.zone, queue_log=args.queue_log, port=args.port, username=args.user, secret=args.secret,
            version=args.release, history_days=args.history_days, flood=flood, seconds=args.seconds, ready=_ready,
        )
    )  # fmt: skip
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    stopper = asyncio.ensure_future(stopping.wait())
    await asyncio.wait({task, stopper}, return_when=asyncio.FIRST_COMPLETED)
    stopper.cancel()
    if task.done():
        _say(asdict(task.result()))
    else:
        task.cancel()
        await asyncio.wait({task})


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit code."""
    try:
        asyncio.run(_main(_arguments(argv)))
    except CcopsError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
