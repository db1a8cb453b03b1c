"""Times the import of a generated year into the store, beside `sqlite3 .import` of the raw file, in one run.

    python -m benchmarks.ingest [--visits 1000000] [--rounds 2] [--kills 0] [--json] [--folder DIR]

To reach: at most twice the wall time of `.import`, store and memory each at most 400 MB; a line of a followed log in
the store within a second. The two take turns; the best
round of each counts. `--kills N` also ends the import N times with SIGKILL at random and lets it go on: nothing may be
lost or doubled then.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.history_year import write_year

REACH, MEGABYTES, DELAY = 2.0, 400, 1.0
_IMPORT = """
import json, resource, sys
from pathlib import Path
from zoneinfo import ZoneInfo
from ccops.reports.ingest import ingest
from ccops.reports.rules import Rules

if __name__ == "__main__":
    store, *logs = map(Path, sys.argv[1:])
    counts = ingest(store, logs, Rules(wrap_up=10), ZoneInfo("Europe/Berlin"), wait=60)
    used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({**counts.as_dict(), "megabytes": sum(used) / 1000}))
"""
_FOLLOW = """
import sys
from pathlib import Path
from zoneinfo import ZoneInfo
from ccops.reports.ingest import Following
from ccops.reports.rules import Rules

if __name__ == "__main__":
    with Following(Path(sys.argv[1]), Path(sys.argv[2]), Rules(), ZoneInfo("UTC")) as following:
        following.run(lambda: False)
"""
_TABLE = "CREATE TABLE log (at, callid, queue, agent, event, p1, p2, p3, p4, p5)"


def ours(folder: Path, log: Path) -> dict[str, float]:
    """Import into a fresh store; return what it says, the wall time and the store's size."""
    store = folder / "store" / "ccops.db"
    shutil.rmtree(store.parent, ignore_errors=True)
    begun = time.perf_counter()
    done = subprocess.run(_command(folder, store, log), capture_output=True, check=True)
    wall = time.perf_counter() - begun
    size = sum(path.stat().st_size for path in store.parent.iterdir()) / 1e6
    told: dict[str, float] = json.loads(done.stdout)
    return {**told, "wall": wall, "store_megabytes": size}


def _command(folder: Path, store: Path, log: Path) -> list[str]:
    script = folder / "importing.py"
    script.write_text(_IMPORT)
    return [sys.executable, str(script), str(store), str(log)]


def theirs(folder: Path, log: Path) -> float:
    """Import into one table with the sqlite3 shell; return the wall time."""
    path = folder / "plain.db"
    path.unlink(missing_ok=True)
    begun = time.perf_counter()
    shell = ["sqlite3", str(path), _TABLE, ".mode list", ".separator |", f".import {log} log"]
    # It complains of every line with fewer columns.
    subprocess.run(shell, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall = time.perf_counter() - begun
    path.unlink()
    return wall


def killed(folder: Path, log: Path, times: int, seed: int = 3) -> tuple[int, int]:
    """Kill the import at random and let it go on; return (visits, lines) of the store in the end."""
    dice, store = random.Random(seed), folder / "store" / "killed.db"
    store.parent.mkdir(exist_ok=True)
    command = _command(folder, store, log)
    kills = 0
    while kills < times:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            process.wait(0.3 + dice.random() * 1.7)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        else:
            store.unlink()  # it is through: begin again
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    from ccops.store import check, open_store

    with open_store(store, read_only=True) as database:
        (visits,) = database.rows("SELECT count(*) FROM visits")[0]
        (lines,) = database.rows("SELECT sum(lines) FROM blocks")[0]
    problems = check(store)
    if problems:
        raise RuntimeError(problems[0])
    return visits, lines


def delays(folder: Path, lines: int = 40, seed: int = 5) -> list[float]:
    """Write lines of a log that is followed; return the seconds until each was in the store, the longest last."""
    from ccops.store import open_store

    store, log, dice = folder / "store" / "followed.db", folder / "followed", random.Random(seed)
    log.write_bytes(_line(0))
    process = subprocess.Popen([sys.executable, "-c", _FOLLOW, str(store), str(log)])
    try:
        while not store.exists() or not _held(store):
            time.sleep(0.05)
        found = []
        with open_store(store, read_only=True) as database, log.open("ab", buffering=0) as stream:
            for number in range(1, lines + 1):
                time.sleep(dice.random() * 0.5)
                stream.write(_line(number))
                begun = time.perf_counter()
                while database.rows("SELECT count(*) FROM visits")[0][0] <= number:
                    time.sleep(0.005)
                found.append(time.perf_counter() - begun)
    finally:
        process.kill()
        process.wait()
    return sorted(found)


def _line(number: int) -> bytes:
    return b"%d|%d.1|sales|NONE|ENTERQUEUE||1|1\n" % (1_790_000_000 + number, number)


def _held(store: Path) -> int:
    from ccops.errors import CcopsError
    from ccops.store import open_store

    try:
        with open_store(store, read_only=True) as database:
            return int(database.rows("SELECT count(*) FROM visits")[0][0])
    except CcopsError:
        return 0  # it is being made


def measure(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Return everything measured."""
    log = folder / "queue_log"
    lines = write_year(log, visits=options.visits)
    result: dict[str, float] = {"lines": lines, "visits": options.visits, "log_megabytes": log.stat().st_size / 1e6}
    rounds = []
    for _round in range(options.rounds):
        plain = theirs(folder, log)
        rounds.append((plain, ours(folder, log)))
    best = min((told for _plain, told in rounds), key=lambda told: told["wall"])
    result |= {"sqlite_import": min(plain for plain, _told in rounds), "ours": best["wall"]}
    result |= {"ratio": result["ours"] / result["sqlite_import"]}
    result |= {name: best[name] for name in ("megabytes", "store_megabytes")}
    result["right"] = float(best["new"] == lines and best["visits"] == options.visits and not best["quarantined"])
    result["delay"] = delays(folder)[-1]
    if options.kills:
        result["kills"] = options.kills
        result["right"] *= float(killed(folder, log, options.kills) == (options.visits, lines))
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measures; exit 1 where one is not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folder", type=Path, default=None, help="where to work; a temporary folder otherwise")
    options = parser.parse_args(arguments)
    if shutil.which("sqlite3") is None:
        print("skipped: there is no sqlite3 shell to measure against")
        return 0
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        result = measure(Path(folder), options)
    reached = result["ratio"] <= REACH and max(result["megabytes"], result["store_megabytes"]) <= MEGABYTES
    reached = reached and result["delay"] <= DELAY
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        _tell(result, reached)
    return 0 if reached and result["right"] else 1


def _tell(result: dict[str, float], reached: bool) -> None:
    print(f"a year: {result['visits']:.0f} visits, {result['lines']:.0f} lines, {result['log_megabytes']:.0f} MB")
    print(f"sqlite3 .import  {result['sqlite_import']:6.1f} s")
    print(f"into visits      {result['ours']:6.1f} s  {result['ratio']:.2f} times (at most {REACH})")
    print(f"memory {result['megabytes']:.0f} MB, store {result['store_megabytes']:.0f} MB (at most {MEGABYTES})")
    print(f"a line written is in the store after {result['delay']:.2f} s (at most {DELAY:.0f})")
    if result.get("kills"):
        print(f"after {result['kills']:.0f} × SIGKILL the store is {'whole' if result['right'] else 'WRONG'}")
    print("reached" if reached and result["right"] else "MISSED")


if __name__ == "__main__":
    sys.exit(main())
