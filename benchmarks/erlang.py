"""Times a week of Erlang A searches (672 quarter hours), beside pyworkforce in the same run where it is installed.

    python -m benchmarks.erlang [--json] [--sample N]

pyworkforce is no dependency of ours; without it only our own time is printed. It needs seconds for one search, so it
is timed on an even sample of the intervals and its time for all of them is that of the sample scaled up.
"""

import argparse
import importlib
import json
import math
import sys
import time

INTERVAL, AHT, PATIENCE, LEVEL, THRESHOLD = 900.0, 180.0, 120.0, 0.8, 20.0


def week() -> list[float]:
    """Return calls per quarter hour of a week: nights nearly empty, a morning and an afternoon peak of 60 erlangs."""
    calls = []
    for quarter in range(672):
        hour, day = quarter % 96 / 4, quarter // 96
        shape = math.exp(-(((hour - 10.5) / 2.2) ** 2)) + 0.8 * math.exp(-(((hour - 15.5) / 2.5) ** 2)) + 0.01
        calls.append(round(300 * shape * (1.0 if day < 5 else 0.4), 1))
    return calls


def ours(calls: list[float]) -> tuple[float, list[int]]:
    """Return seconds and answers of ours, the imports left out of the time as for the other."""
    from ccops.wfm.erlang import Traffic
    from ccops.wfm.staffing import agents_needed
    from ccops.wfm.targets import ServiceRule, Target

    rule, target = ServiceRule("offered", THRESHOLD), Target(LEVEL)
    agents_needed(Traffic(calls[:4], INTERVAL, AHT, PATIENCE), target, rule)
    start = time.perf_counter()
    found = agents_needed(Traffic(calls, INTERVAL, AHT, PATIENCE), target, rule)
    return time.perf_counter() - start, [int(count) for count in found]


def theirs(calls: list[float]) -> tuple[float, list[int]] | None:
    """Return seconds and answers of pyworkforce for these calls, or None where it is not installed."""
    try:
        model = importlib.import_module("pyworkforce.queuing").ErlangA
    except (ImportError, AttributeError):
        return None
    start, found = time.perf_counter(), []
    for count in calls:
        search = model(count, AHT / 60, THRESHOLD / 60, INTERVAL / 60, PATIENCE / 60)
        found.append(int(search.required_positions(LEVEL)["raw_positions"]))
    return time.perf_counter() - start, found


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sample", type=int, default=12, help="searches that pyworkforce does")
    given = parser.parse_args()
    calls = week()
    seconds, answers = ours(calls)
    result: dict[str, object] = {"searches": len(calls), "seconds": round(seconds, 4)}
    step = max(1, len(calls) // given.sample)
    other = theirs(calls[::step])
    if other is None:
        print("pyworkforce is not installed here: only our own time", file=sys.stderr)
    else:
        whole = other[0] * len(calls) / len(calls[::step])
        result |= {"pyworkforce_seconds": round(whole, 2), "times_faster": round(whole / seconds)}
        result["answers_that_differ"] = sum(a != b for a, b in zip(answers[::step], other[1], strict=True))
    print(json.dumps(result) if given.json else "\n".join(f"{key:>22} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
