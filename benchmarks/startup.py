"""How long a command takes to start, in units of `import typer`, which any program on typer pays.

    python -m benchmarks.startup [--runs 15] [--json]

To reach: `ccops --help` 2.5 times, a one-shot `ccops queue list --json` on a local PBX 4 times. The PBX is
the simulated one, in a process of its own. The programs take turns, so that a busy machine slows all alike.
"""

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
BASE = "import typer"
REACH = {"ccops --help": 2.5, "ccops queue list --json": 4.0}


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a measured program: no settings of this machine, compiled modules allowed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CCOPS_", "PYTHON"))}
    return {**kept, "HOME": "/nonexistent", "PYTHONPATH": str(ROOT), **more}


def commands() -> dict[str, list[str]]:
    """Return the programs by name."""
    ccops = [sys.executable, "-m", "ccops"]
    return {
        BASE: [sys.executable, "-c", "import typer"],
        "ccops --help": [*ccops, "--help"],
        "ccops queue list --json": [*ccops, "queue", "list", "--json"],
    }


def seconds(command: Sequence[str], env: Mapping[str, str]) -> float:
    """Return the wall time of one run; raises where the program fails."""
    start = time.perf_counter()
    done = subprocess.run(command, env=env, cwd="/", capture_output=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.decode(errors='replace')}")
    return taken


@contextmanager
def simulated_pbx() -> Iterator[dict[str, str]]:
    """Run a small simulated PBX; yields the variables that lead to it."""
    command = [sys.executable, "-m", "ccops", "demo", "pbx", "--seats", "20", "--queues", "3", "--seed", "1", "--json"]
    with subprocess.Popen(command, env=environment({}), cwd="/", stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            place = json.loads(child.stdout.readline())
            yield {
                "CCOPS_AMI__HOST": place["host"],
                "CCOPS_AMI__PORT": str(place["port"]),
                "CCOPS_AMI__USERNAME": place["user"],
                "CCOPS_AMI__SECRET": place["secret"],
            }
        finally:
            child.terminate()


def measure(runs: int) -> dict[str, float]:
    """Return the median wall time of each program, seconds."""
    compileall.compile_dir(ROOT / "ccops", quiet=1)
    times: dict[str, list[float]] = {name: [] for name in commands()}
    with simulated_pbx() as place:
        env = environment(place)
        for turn in range(runs + 1):
            for name, command in commands().items():
                taken = seconds(command, env)
                if turn:  # the first turn warms the disk's cache
                    times[name].append(taken)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> int:
    """Print the ratios; exit 1 where one is not reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    medians = measure(options.runs)
    ratios = {name: medians[name] / medians[BASE] for name in REACH}
    if options.json:
        print(json.dumps({"medians": medians, "ratios": ratios, "reach": REACH}, indent=2))
    else:
        print(f"{BASE:26} {medians[BASE] * 1000:6.0f} ms")
        for name, ratio in ratios.items():
            mark = "reached" if ratio <= REACH[name] else "MISSED"
            print(f"{name:26} {medians[name] * 1000:6.0f} ms  {ratio:4.2f} times (at most {REACH[name]}): {mark}")
    return 0 if all(ratios[name] <= REACH[name] for name in REACH) else 1


if __name__ == "__main__":
    sys.exit(main())
