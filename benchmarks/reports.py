"""Times reports from a store that holds a year of a 50-seat centre, each as a whole process from the shell.

    python -m benchmarks.reports [--visits 1000000] [--rounds 5] [--json] [--folder DIR]

To reach: a month of queues in at most half of what DuckDB takes for the same figures from the raw log, start
included; half hours and agents of the year in 0.8 s; calls of a day by agent or number in 0.35 s. The best of some
rounds counts, in which the commands take turns. Log and store are kept in the folder (by default one beside other
temporary files) and used again. Without the package duckdb, the month is held against SQL over a table of raw lines.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.history_year import agents, write_year

ZONE = "Europe/Berlin"
MONTH, YEAR, DAY = ("2025-03-01", "2025-03-31"), ("2025-01-01", "2025-12-31"), ("2025-03-12", "2025-03-12")
REACH = {"intervals": 0.8, "agents": 0.8, "calls by agent": 0.35, "calls by number": 0.35}
RAW = "raw log"
SHARE = 0.5
_RAW = Path(__file__).with_name("reports_raw.py")


class Site:
    """The year on disk."""

    def __init__(self, folder: Path, visits: int) -> None:
        """Generates and imports what is not there yet."""
        self.folder = folder / f"ccops-bench-year-{visits}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log, self.store = self.folder / "queue_log", self.folder / "ccops.db"
        self.config = self.folder / "config.toml"
        self.config.write_text(f'[site]\ntimezone = "{ZONE}"\n[store]\npath = "{self.store}"\n')
        if not self.log.exists():
            half = self.log.with_suffix(".half")
            write_year(half, visits=visits)
            half.rename(self.log)
        self.run("ingest", "queue-log", str(self.log))

    def run(self, *arguments: str) -> str:
        """Run a command of ours and return what it prints."""
        variables = {**os.environ, "CCOPS_CONFIG": str(self.config)}
        command = [sys.executable, "-m", "ccops", *arguments]
        return subprocess.run(command, capture_output=True, check=True, text=True, env=variables).stdout

    def raw(self) -> str:
        """Work the month out from the raw log in a process of its own; return what it prints."""
        from ccops.reports.periods import start_of

        first, last = (date.fromisoformat(day) for day in MONTH)
        span = [str(start_of(day, ZoneInfo(ZONE))) for day in (first, last.replace(month=last.month + 1, day=1))]
        command = [sys.executable, str(_RAW), str(self.log), *span]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def commands(site: Site) -> dict[str, list[str]]:
    """Return the reports to time, by name."""
    month, year, day = (["--from", first, "--to", last] for first, last in (MONTH, YEAR, DAY))
    calls = json.loads(site.run("report", "calls", *day, "--json", "--agent", agents()[0]))
    number = next(row["caller_number"] for row in calls if row["caller_number"])
    return {
        "queues": ["report", "queues", *month],
        "intervals": ["report", "intervals", "--interval", "30m", *year],
        "agents": ["report", "agents", *year],
        "calls by agent": ["report", "calls", *day, "--agent", agents()[0]],
        "calls by number": ["report", "calls", *day, "--number", number],
    }


def timed(run: Any, *arguments: str) -> tuple[float, float]:
    """Return wall and processor seconds of a child process."""
    before, begun = _used(), time.perf_counter()
    run(*arguments)
    return time.perf_counter() - begun, _used() - before


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def same_figures(site: Site) -> bool:
    """Tell whether the month from the raw log and ours are the same."""
    names = ("queue", "offered", "answered", "abandoned", "short_abandoned", "longest_wait", "wait_p90", "talk")
    ours = json.loads(site.run(*commands(site)["queues"], "--json", "--fields", ",".join(names)))
    theirs = json.loads(site.raw())
    return sorted(map(_plain, ours)) == sorted(map(_plain, theirs)) and bool(ours)


def _plain(row: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((key, value if isinstance(value, str) else f"{value:.3f}") for key, value in row.items())


def measure(site: Site, rounds: int) -> dict[str, tuple[float, float]]:
    """Return the best wall and processor seconds of everything."""
    best: dict[str, tuple[float, float]] = {}
    wanted = commands(site)
    for _round in range(rounds):
        for name, arguments in wanted.items():
            best[name] = min(best.get(name, (9e9, 9e9)), timed(site.run, *arguments))
        best[RAW] = min(best.get(RAW, (9e9, 9e9)), timed(site.raw))
    return best


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measures; exit 1 where one is not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the year is kept")
    options = parser.parse_args(arguments)
    site = Site(options.folder, options.visits)
    right, best = same_figures(site), measure(site, options.rounds)
    reach = {**REACH, "queues": SHARE * best[RAW][0]}
    missed = [name for name, most in reach.items() if best[name][0] > most]
    if options.json:
        seconds = {name: {"wall": wall, "cpu": used} for name, (wall, used) in best.items()}
        print(json.dumps({"seconds": seconds, "right": right, "missed": missed}, indent=2))
    else:
        _tell(best, reach, right)
    return 0 if right and not missed else 1


def _tell(best: dict[str, tuple[float, float]], reach: dict[str, float], right: bool) -> None:
    tool = "DuckDB" if find_spec("duckdb") else "SQLite over raw lines (duckdb is not installed)"
    for name, (wall, used) in best.items():
        most = f"at most {reach[name]:.2f} s" if name in reach else tool
        print(f"{name:16} {wall:6.3f} s, {used:.3f} s of processor  {most}")
    print(f"the month from store and raw log {'is the same' if right else 'DIFFERS'}")
    missed = [name for name, most in reach.items() if best[name][0] > most]
    print(f"MISSED: {', '.join(missed)}" if missed else "reached")


if __name__ == "__main__":
    sys.exit(main())
