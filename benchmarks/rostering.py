"""Solves a shift-scheduling benchmark file, or a made-up centre, and prints the roster with penalty and bound.

    python -m benchmarks.rostering FILE --seconds 60 --json
    python -m benchmarks.rostering --centre --seconds 60 [--people 45] [--weeks 4] [--seed 7] [--part 0.25] [--need 1.0]

With --json: {penalty, bound, seconds, roster: {employee: [shift or "", one per day]}}. Progress goes to stderr.
Without, the last line also says when the first roster was there, and the seconds of processor that were used: on a
machine that does something else as well, these say more than the clock.
"""

import argparse
import json
import math
import sys
import time
from datetime import date
from pathlib import Path

from ccops.errors import CcopsError
from ccops.wfm.roster.model import Plan


def made_up_centre(people: int = 45, weeks: int = 4, seed: int = 7, part: float = 0.25, need: float = 1.0) -> Plan:
    """Return a centre of three queues, open 7-21 on weekdays and 9-18 on weekends, with breaks, wishes and leave.

    `part` is the share of part-timers, `need` what is asked for beside what so many people are usually asked for.
    """
    from benchmarks.centre import centre

    return centre(people, weeks, date(2026, 3, 2), seed, part, need)


def main() -> int:
    """Solve and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--centre", action="store_true", help="a made-up centre instead of a file")
    parser.add_argument("--people", type=int, default=45)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7, help="of the centre")
    parser.add_argument("--part", type=float, default=0.25, help="share of part-timers")
    parser.add_argument("--need", type=float, default=1.0, help="calls, beside the usual number")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.centre == (given.file is not None):
        parser.error("give a FILE or --centre")
    begin = time.monotonic()
    try:
        return solve(given, begin)
    except CcopsError as problem:
        print(problem, file=sys.stderr)
        return int(problem.exit_code)


def solve(given: argparse.Namespace, begin: float) -> int:
    """Solve what was asked for; the time of reading counts."""
    from ccops.wfm.roster import Progress
    from ccops.wfm.roster import solve as make_roster
    from ccops.wfm.roster.benchmark import read_plan, shifts_by_person

    first: list[float] = []

    def tell(now: Progress) -> None:
        first.append(now.seconds)
        if not given.json:
            gap = "–" if now.gap is None else f"{now.gap:.2%}"
            print(
                f"{now.seconds:7.2f} s {now.phase:>8} penalty {now.penalty} bound {now.bound:.1f} gap {gap}",
                file=sys.stderr,
            )

    chosen = given.people, given.weeks, given.seed, given.part, given.need
    plan = made_up_centre(*chosen) if given.centre else read_plan(given.file)
    left = max(0.5, given.seconds - (time.monotonic() - begin) - 0.3)
    roster = make_roster(plan, seconds=left, deterministic=given.deterministic, progress=tell)
    bound = roster.bound if math.isfinite(roster.bound) else None
    result = {
        "penalty": _number(roster.penalty),
        "bound": None if bound is None else _number(bound),
        "seconds": round(time.monotonic() - begin, 2),
        "roster": shifts_by_person(roster),
    }
    if given.json:
        print(json.dumps(result))
    else:
        print(
            f"penalty {result['penalty']} bound {result['bound']} gap {roster.gap:.2%} in {result['seconds']} s;"
            f" first roster {first[0]:.1f} s, processor {time.process_time():.0f} s"
        )
        for shortfall in [one for one in roster.shortfalls if one.kind != "cover"][:20]:
            print(f"  {shortfall.kind} {shortfall.person} {shortfall.day or ''}: {shortfall.why}")
    return 0


def _number(value: float) -> float | int:
    return round(value) if abs(value - round(value)) < 1e-6 else round(value, 3)


if __name__ == "__main__":
    sys.exit(main())
