"""Forecast accuracy on the two real call records, and the time of a forecast of 8 weeks from 2 years.

    python -m benchmarks.forecast [--data ../shared/data/calls] [--weeks 8] [--sets 1999,2003] [--json]

Rolling weekly origin at 30 minutes; every week is forecast from what was known before it, with the country's holidays
told and without. Each is judged twice. `all`: every day, over the intervals that the model held open. `ordinary`: days
with at least 0.8 of the median of their weekday, over the fixed opening hours; the baselines (last week, mean of the
last 4 same weekdays, median of 8, and for the rest of a day mean of 8 with and without ratio update) take ordinary days
only as well. The data are not part of this project; where they are absent only the time is measured.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ccops.wfm.backtest import at_noon, noon_of, poisson_deviation
from ccops.wfm.days import WEEK, SpecialDay
from ccops.wfm.forecast import fit, forecast
from ccops.wfm.history import Array, History, read_history
from ccops.wfm.holidays import country_holidays
from ccops.wfm.intraday import learn_echo

if TYPE_CHECKING:
    from ccops.wfm.daylevel import Days as Places
    from ccops.wfm.profile import Mask

_ORDINARY = 0.8
_AHEAD = (1, 4)


@dataclass(frozen=True)
class Record:
    """A record of calls and what its centre is known for."""

    file: str
    zone: str
    country: str
    hours: tuple[tuple[int, int], ...]
    """Monday to Sunday: the hours from which to which it is open."""


SETS = {
    "1999": Record("bank-1999-6min.csv", "Asia/Jerusalem", "IL", ((7, 24),) * 4 + ((7, 14), (20, 24), (7, 24))),
    "2003": Record("bank-2003-5min.csv", "America/New_York", "US", ((7, 21),) * 5 + ((0, 0), (0, 0))),
}


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
    """Return the seconds that 8 weeks take from two years of counts, with the holidays of a country and without."""
    history = two_years()
    told = country_holidays("AT", history.first, date(2026, 12, 31))
    found: dict[str, float] = {}
    for name, specials in (("seconds", ()), ("seconds_with_holidays", told)):
        start = time.perf_counter()
        found["intervals"] = len(forecast(history, history.after, 56, specials)[0])
        found[name] = round(time.perf_counter() - start, 3)
    return found


# --- forecasts ---


@dataclass(frozen=True)
class Judged:
    """One day as it was forecast at one horizon."""

    horizons: tuple[str, ...]
    place: int
    origin: int
    """Days known then."""
    found: tuple[Array, Array, Array]
    open: "Mask"
    rest: bool = False
    """Only what came after noon counts."""


def rolled(history: History, weeks: int, specials: tuple[SpecialDay, ...]) -> Iterator[Judged]:
    """Yield every day of the last weeks at every horizon."""
    for origin in range(history.days - WEEK * weeks, history.days, WEEK):
        model = fit(history.between(0, origin), specials)
        echo = learn_echo(model)
        for place in range(origin, min(origin + WEEK * max(_AHEAD), history.days)):
            day, week = history.first + timedelta(days=place), (place - origin) // WEEK + 1
            open_ = model.profiles.open[day.weekday()]
            if week in _AHEAD:
                names = (f"week {week}", f"day {place - origin + 1}") if week == 1 else (f"week {week}",)
                yield Judged(names, place, origin, model.day(day), open_)
            if week == 1:
                rest = at_noon(history, model, echo, place)
                yield Judged(("rest of day",), place, place, (rest.calls, rest.low, rest.high), open_, rest=True)


# --- judging ---


@dataclass
class Sums:
    """What one horizon adds up to."""

    calls: float = 0.0
    intervals: int = 0
    inside: int = 0
    missed: dict[str, float] = field(default_factory=dict)

    def add(self, real: Array, guesses: dict[str, Array], band: tuple[Array, Array], where: "Mask") -> None:
        """Count one day over the intervals of `where`."""
        seen = real[where]
        self.calls += float(seen.sum())
        self.intervals += len(seen)
        self.inside += int(((seen >= band[0][where] - 1e-9) & (seen <= band[1][where] + 1e-9)).sum())
        for name, guess in guesses.items():
            self.missed[name] = self.missed.get(name, 0.0) + float(abs(seen - guess[where]).sum())
        floor = float(poisson_deviation(guesses["wape"][where]).sum())
        self.missed["floor"] = self.missed.get("floor", 0.0) + floor

    def told(self) -> dict[str, float | int]:
        """Return errors as shares of the calls, and the share of counts inside the range."""
        shares = {name: round(missed / self.calls, 4) for name, missed in self.missed.items()}
        return {**shares, "coverage": round(self.inside / self.intervals, 3), "intervals": self.intervals}


class Judge:
    """Scores forecasts of a record over all days, or over ordinary days."""

    def __init__(self, record: Record, history: History, *, ordinary: bool) -> None:
        import numpy as np

        self.history, self.ordinary = history, ordinary
        self.calls = np.nan_to_num(history.calls)
        self.weekday = (history.first.weekday() + np.arange(history.days)) % WEEK
        slots = np.arange(self.calls.shape[1]) * history.interval / 60
        self.hours = np.array([(slots >= begin) & (slots < end) for begin, end in record.hours])
        volume = (self.calls * self.hours[self.weekday]).sum(axis=1)
        had = [volume[(self.weekday == day) & (volume > 0)] for day in range(WEEK)]
        middle = np.array([np.median(known) if len(known) else np.inf for known in had])
        self.usable = (volume > _ORDINARY * middle[self.weekday]) if ordinary else volume > 0
        self.sums: dict[str, Sums] = {}

    def add(self, one: Judged) -> None:
        """Count one forecast where it is of a day that this judge looks at."""
        import numpy as np

        noon, weekday = noon_of(self.history), self.weekday[one.place]
        where = self.hours[weekday] if self.ordinary else one.open & np.isfinite(self.history.calls[one.place])
        if one.rest and not (where[:noon].any() and where[noon:].any()):
            return
        past = np.flatnonzero(self.usable[: one.origin] & (self.weekday[: one.origin] == weekday))[-8:]
        if len(past) < 8 or (self.ordinary and not self.usable[one.place]):
            return
        guesses = {"wape": one.found[0], **self._baselines(one, past, where, noon)}
        if one.rest:
            where = where & (np.arange(len(where)) >= noon)
        for name in one.horizons:
            self.sums.setdefault(name, Sums()).add(self.calls[one.place], guesses, one.found[1:], where)

    def _baselines(self, one: Judged, past: "Places", where: "Mask", noon: int) -> dict[str, Array]:
        import numpy as np

        rows = self.calls[past]
        mean = rows.mean(axis=0)
        if one.rest:
            morning = where[:noon]
            ratio = self.calls[one.place][:noon][morning].sum() / max(float(mean[:noon][morning].sum()), 1.0)
            return {"mean_of_8": mean, "ratio_update": mean * ratio}
        return {"last_week": rows[-1], "mean_of_4": rows[-4:].mean(axis=0), "median_of_8": np.median(rows, axis=0)}


def scores(record: Record, data: Path, weeks: int) -> dict[str, dict[str, dict[str, dict[str, float | int]]]]:
    """Return what each judge says of one record, with the country's holidays told and without."""
    history = read_history(data / record.file, ZoneInfo(record.zone), 30)
    holidays = country_holidays(record.country, history.first, history.after + timedelta(days=WEEK))
    found = {}
    for name, specials in (("nothing told", ()), (f"holidays of {record.country} told", holidays)):
        judges = {"ordinary": Judge(record, history, ordinary=True), "all": Judge(record, history, ordinary=False)}
        for one in rolled(history, weeks, specials):
            for judge in judges.values():
                judge.add(one)
        found[name] = {
            kind: {horizon: sums.told() for horizon, sums in judge.sums.items()} for kind, judge in judges.items()
        }
    return found


def table(name: str, found: dict[str, dict[str, dict[str, dict[str, float | int]]]]) -> str:
    """Return the scores of one record as lines of text."""
    lines = [f"\n{name}"]
    for told, kinds in found.items():
        for kind, horizons in kinds.items():
            lines.append(f"  {kind} days, {told}")
            lines += [
                f"    {horizon:12}" + "  ".join(f"{key} {figure:.4g}" for key, figure in figures.items())
                for horizon, figures in horizons.items()
            ]
    return "\n".join(lines)


def main() -> None:
    """Print scores per record, judge and horizon."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "calls")
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result: dict[str, object] = {"eight_weeks_from_two_years": timed()}
    if not given.json:
        print(f"8 weeks from 2 years: {result['eight_weeks_from_two_years']}")
    for name in given.sets.split(","):
        record = SETS[name]
        if not (given.data / record.file).is_file():
            print(f"{record.file} is not here: skipped", file=sys.stderr)
            continue
        found = scores(record, given.data, given.weeks)
        result[name] = found
        if not given.json:
            print(table(f"{name}, last {given.weeks} weeks", found))
    if given.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
