"""Forecast accuracy on the two real call records, and the time of a forecast of 8 weeks from 2 years.

    python -m benchmarks.forecast [--data ../shared/data/calls] [--weeks 8] [--json]

Rolling weekly origin at 30 minutes; every week is forecast from what was known before it. The data are not part of
this project; where they are absent only the time is measured.
"""

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from ccops.wfm.backtest import backtest
from ccops.wfm.forecast import forecast
from ccops.wfm.history import History, read_history

SETS = {"bank-1999-6min.csv": "Asia/Jerusalem", "bank-2003-5min.csv": "America/New_York"}


def two_years() -> History:
    """Return two years of half hours of a made-up centre of 800 calls a day."""
    # Only now: ccops.wfm has to be loaded first, it sets how many threads numpy uses.
    import numpy as np

    luck = np.random.default_rng(1)
    slots, days = np.arange(48), np.arange(731)
    shape = np.where((slots >= 14) & (slots < 42), np.exp(-(((slots - 25) / 8) ** 2)), 0)
    week = np.array([1.15, 1.05, 1.0, 1.0, 0.95, 0.4, 0.0])[days % 7]
    means = 800 * np.exp(luck.normal(0, 0.06, 731) + 0.2 * np.sin(days / 58))[:, None] * week[:, None] * shape
    calls = luck.poisson(means / shape.sum()).astype(float)
    return History(date(2024, 1, 1), 30, ZoneInfo("Europe/Vienna"), calls, np.where(calls > 0, 200.0, np.nan))


def timed() -> dict[str, float]:
    """Return the seconds that 8 weeks take from two years of counts."""
    history = two_years()
    start = time.perf_counter()
    found, _model = forecast(history, history.after, 56)
    return {"intervals": len(found), "seconds": round(time.perf_counter() - start, 3)}


def main() -> None:
    """Print scores per horizon and data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "calls")
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result: dict[str, object] = {"eight_weeks_from_two_years": timed()}
    for name, zone in SETS.items():
        if not (given.data / name).is_file():
            print(f"{name} is not here: skipped", file=sys.stderr)
            continue
        scores = backtest(read_history(given.data / name, ZoneInfo(zone), 30), weeks=given.weeks)
        result[name] = [
            {key: getattr(score, key) for key in ("horizon", "wape", "last_week", "floor", "coverage", "intervals")}
            for score in scores
        ]
    print(json.dumps(result, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
