"""Whether a pattern keeps a person's limits, and which one it breaks: the check behind every hand and every move."""

import itertools
from collections.abc import Container
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ccops.wfm.roster.core import Core, Roster
from ccops.wfm.roster.limits import OFF, Limits


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that a pattern breaks; `days` are those to look at (places in the horizon)."""

    rule: str
    """not_allowed, must_work, follow, max_run, min_run, min_off, minutes, week_minutes, weekends or count."""
    days: tuple[int, ...]
    value: float = 0.0
    limit: float = 0.0


def breaches(core: Core, person: int, pattern: Roster) -> list[Breach]:
    """Return every limit of a person that the pattern breaks; an empty list is a pattern that may be worked."""
    limits = core.limits[person]
    return [
        *_days(core, person, pattern),
        *_followers(core, limits, pattern),
        *_runs(core, limits, pattern),
        *_minutes(core, limits, pattern),
        *_weekends(core, limits, pattern),
        *_counts(limits, pattern),
    ]


def fitting(core: Core, person: int, pattern: Roster, day: int, changing: Container[int] = ()) -> npt.NDArray[np.bool_]:
    """Return which duties may be worked on a day between those of the days beside it, unless these change as well."""
    limits = core.limits[person]
    rules, before, after = core.rules[limits.rules], day - 1, day + 1
    allowed: npt.NDArray[np.bool_] = np.isfinite(core.costs[person, day])
    if before >= 0 and before not in changing and pattern[before] != OFF:
        allowed = allowed & rules.follow_on(day)[pattern[before]]
    if after < core.calendar.days and after not in changing and pattern[after] != OFF:
        allowed = allowed & rules.follow_on(after)[:, pattern[after]]
    if day == 0 and limits.run_before and limits.duty_before != OFF:
        allowed = allowed & rules.follow_on(0)[limits.duty_before]
    return allowed


def _days(core: Core, person: int, pattern: Roster) -> list[Breach]:
    found = []
    for day, duty in enumerate(pattern.tolist()):
        if duty == OFF and not np.isfinite(core.off_costs[person, day]):
            found.append(Breach("must_work", (day,)))
        elif duty != OFF and not np.isfinite(core.costs[person, day, duty]):
            found.append(Breach("not_allowed", (day,)))
    return found


def _followers(core: Core, limits: Limits, pattern: Roster) -> list[Breach]:
    rules, before, found = core.rules[limits.rules], OFF, []
    if limits.run_before:
        before = limits.duty_before
    for day, duty in enumerate(pattern.tolist()):
        if before != OFF and duty != OFF and not rules.follow_on(day)[before, duty]:
            found.append(Breach("follow", (day - 1, day) if day else (day,)))
        before = duty
    return found


def _runs(core: Core, limits: Limits, pattern: Roster) -> list[Breach]:
    works = (pattern != OFF).tolist()
    edges = [0, *(day for day in range(1, len(works)) if works[day] != works[day - 1]), len(works)]
    found = []
    for first, last in itertools.pairwise(edges):
        found += _run(limits, works[first], first, last, core.calendar.days)
    return found


def _run(limits: Limits, works: bool, first: int, last: int, days: int) -> list[Breach]:
    """Judge one run; at the start it goes on from the past, at the end it may go on, so it is never too short there."""
    length, known = last - first, bool(limits.run_before or limits.off_before is not None)
    rest = limits.off_before or 0
    if first == 0:
        length += limits.run_before if works else (0 if limits.run_before else rest)
    span = tuple(range(first, last))
    found = []
    if works and length > limits.max_run:
        found.append(Breach("max_run", span, length, limits.max_run))
    least = limits.min_run if works else limits.min_off
    excused = limits.away.intersection((first - 1, last) if works else span)
    if length < least and last < days and (first > 0 or known) and not excused:
        found.append(Breach("min_run" if works else "min_off", span, length, least))
    if first == 0 and known:
        found += _past(limits, works)
    return found


def _past(limits: Limits, works: bool) -> list[Breach]:
    """Judge the run before the horizon where it ends with it."""
    if works and not limits.run_before and (limits.off_before or 0) < limits.min_off:
        return [Breach("min_off", (0,), limits.off_before or 0, limits.min_off)]
    if not works and 0 < limits.run_before < limits.min_run and 0 not in limits.away:
        return [Breach("min_run", (0,), limits.run_before, limits.min_run)]
    return []


def _minutes(core: Core, limits: Limits, pattern: Roster) -> list[Breach]:
    per_day = np.where(pattern == OFF, 0, core.minutes[pattern])
    total, found = int(per_day.sum()), []
    if limits.max_minutes is not None and total > limits.max_minutes:
        found.append(Breach("minutes", (), total, limits.max_minutes))
    if total < limits.min_minutes:
        found.append(Breach("minutes", (), total, limits.min_minutes))
    for week in range(int(core.calendar.week[-1]) + 1):
        days = np.flatnonzero(core.calendar.week == week)
        part = int(per_day[days].sum())
        if limits.week_max and part > limits.week_max[week]:
            found.append(Breach("week_minutes", tuple(days.tolist()), part, limits.week_max[week]))
        if limits.week_min and part < limits.week_min[week]:
            found.append(Breach("week_minutes", tuple(days.tolist()), part, limits.week_min[week]))
    return found


def _weekends(core: Core, limits: Limits, pattern: Roster) -> list[Breach]:
    if limits.max_weekends is None:
        return []
    saturdays = np.flatnonzero(core.calendar.weekday == 5).tolist()
    worked = [day for day in saturdays if (pattern[day : day + 2] != OFF).any()]
    if core.calendar.weekday[0] == 6 and pattern[0] != OFF and not limits.run_before:
        worked.append(0)
    if len(worked) <= limits.max_weekends:
        return []
    return [Breach("weekends", tuple(sorted(worked)), len(worked), limits.max_weekends)]


def _counts(limits: Limits, pattern: Roster) -> list[Breach]:
    found = []
    for counter in limits.counters:
        worked = counter.worked(pattern)
        if worked > counter.most:
            days = tuple(day for day, duty in enumerate(pattern.tolist()) if counter.counts(day, duty))
            found.append(Breach("count", days, worked, counter.most))
    return found
