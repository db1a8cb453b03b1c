"""A part of a roster problem as a problem of its own: some people, some days, everything else as it is.

The days after the window that rules could reach into are taken along with their duties fixed, so that runs, rest and
followers are judged across the edge; what was worked outside is taken off the limits.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ccops.wfm.roster.core import Core, Reals, Roster
from ccops.wfm.roster.limits import OFF, Calendar, Counter, Duties, Limits, Whole

_AHEAD = 7


def tail_of(limits: Limits) -> int:
    """Return how many days after a change the rules of a person can still feel it."""
    return max(limits.max_run, limits.min_run, limits.min_off) + 1


def slice_calendar(calendar: Calendar, first: int, last: int) -> Calendar:
    """Return the days first…last-1, weeks counted from 0."""
    week = calendar.week[first:last]
    return Calendar(last - first, calendar.weekday[first:last], week - (week[0] if len(week) else 0))


def before_window(limits: Limits, pattern: Roster, first: int) -> Limits:
    """Return the limits with what was worked just before day `first` as the past."""
    if first == 0:
        return limits
    run = 0
    works = pattern[first - 1] != OFF
    while run < first and (pattern[first - 1 - run] != OFF) == works:
        run += 1
    if run == first:
        return _past_reaching_start(limits, works, run, int(pattern[first - 1]))
    if works:
        run = _excused(limits, pattern, first, run)
        return replace(limits, run_before=run, off_before=None, duty_before=int(pattern[first - 1]))
    rest = max(run, limits.min_off) if limits.away.intersection(range(first - run, first)) else run
    return replace(limits, run_before=0, off_before=rest, duty_before=OFF)


def _excused(limits: Limits, pattern: Roster, first: int, run: int) -> int:
    """Return the length of a run that began after leave, and is short, as one that is long enough."""
    if first - run - 1 not in limits.away:
        return run
    ahead = 0
    while first + ahead < len(pattern) and pattern[first + ahead] != OFF:
        ahead += 1
    return max(run, min(limits.min_run, limits.max_run)) if run + ahead < limits.min_run else run


def _past_reaching_start(limits: Limits, works: bool, run: int, duty: int) -> Limits:
    """Return the past of a window when one run fills all days before it."""
    unknown = not limits.run_before and limits.off_before is None
    if works:
        # A run from the start of a horizon with no known past may be of any length: as long as the rule asks.
        length = max(run, limits.min_run) if unknown and run < limits.min_run else run + limits.run_before
        return replace(limits, run_before=min(length, limits.max_run), off_before=None, duty_before=duty)
    excused = unknown or limits.away.intersection(range(run))
    length = limits.min_off if excused else run + (limits.off_before or 0)
    return replace(limits, run_before=0, off_before=max(length, 1), duty_before=OFF)


def _weekends(calendar: Calendar, works: Reals) -> int:
    """Return how many weekends are worked."""
    count = 0
    for day in np.flatnonzero(calendar.weekday == 5):
        count += bool(works[day] or (day + 1 < calendar.days and works[day + 1]))
    if calendar.days and calendar.weekday[0] == 6:
        count += bool(works[0])
    return count


def limits_in_window(core: Core, person: int, pattern: Roster, first: int, last: int) -> Limits:
    """Return what the limits of a person leave for the days first…last-1, all other days as in `pattern`."""
    limits = before_window(core.limits[person], pattern, first)
    outside = pattern.copy()
    outside[first:last] = OFF
    worked = outside[outside != OFF]
    minutes = int(core.minutes[worked].sum())
    weeks = range(int(core.calendar.week[first]), int(core.calendar.week[last - 1]) + 1)
    per_week = [_minutes_in(core, outside, week) for week in weeks]
    weekends = limits.max_weekends
    if weekends is not None:
        total = _weekends(core.calendar, (pattern != OFF).astype(float))
        inside = _weekends(slice_calendar(core.calendar, first, last), (pattern[first:last] != OFF).astype(float))
        weekends -= max(0, total - inside)
    return replace(
        limits,
        max_minutes=None if limits.max_minutes is None else limits.max_minutes - minutes,
        min_minutes=max(0, limits.min_minutes - minutes),
        week_max=tuple(limits.week_max[week] - used for week, used in zip(weeks, per_week, strict=True))
        if limits.week_max
        else (),
        week_min=tuple(max(0, limits.week_min[week] - used) for week, used in zip(weeks, per_week, strict=True))
        if limits.week_min
        else (),
        max_weekends=weekends,
        counters=tuple(_counter_left(counter, outside, first, last) for counter in limits.counters),
        away=frozenset(day - first for day in limits.away if first - 1 <= day < last),
    )


def _minutes_in(core: Core, pattern: Roster, week: int) -> int:
    worked = pattern[core.calendar.week == week]
    return int(core.minutes[worked[worked != OFF]].sum())


def _counter_left(counter: Counter, outside: Roster, first: int, last: int) -> Counter:
    used = counter.worked(outside)
    days = None if counter.days is None else frozenset(day - first for day in counter.days if first <= day < last)
    return Counter(counter.duties, max(0, counter.most - used), counter.price[used:], days)


def end_of_window(core: Core, people: Sequence[int], last: int) -> int:
    """Return the day after the fixed days behind a window."""
    return min(core.calendar.days, last + max(tail_of(core.limits[person]) for person in people))


def window_core(core: Core, roster: Roster, people: Sequence[int], first: int, last: int) -> Core:
    """Return the problem of `people` on the days first…last-1 and fixed ones behind; its cover is the whole's."""
    end = end_of_window(core, people, last)
    chosen = np.array(people)
    costs = core.costs[chosen][:, first:end].copy()
    off_costs = core.off_costs[chosen][:, first:end].copy()
    for row, person in enumerate(people):
        _fix_tail(costs[row], off_costs[row], roster[person, first:end], last - first)
    limits = tuple(limits_in_window(core, person, roster[person], first, end) for person in people)
    return replace(
        core,
        calendar=slice_calendar(core.calendar, first, end),
        rules=_rules_from(core, first),
        limits=limits,
        costs=costs,
        off_costs=off_costs,
        constant=0.0,
    )


def _fix_tail(costs: Reals, off_costs: Reals, pattern: Roster, length: int) -> None:
    """Forbid every change of the days behind the window."""
    for day in range(length, len(pattern)):
        duty = int(pattern[day])
        kept = 0.0 if duty == OFF else float(costs[day, duty])
        costs[day] = np.inf
        if duty == OFF:
            off_costs[day] = 0.0
        else:
            costs[day, duty] = kept if np.isfinite(kept) else 0.0
            off_costs[day] = np.inf


def look_ahead(core: Core, last: int) -> int:
    """Return the day until which a window that ends with `last` is planned, so that what follows stays possible."""
    return min(core.calendar.days, last + _AHEAD)


def open_window(core: Core, roster: Roster, people: Sequence[int], first: int, last: int, slack: int) -> Core:
    """Return the problem of `people` on the days first…last-1 when nothing behind them is planned yet.

    Of what is limited over the horizon about the window's share may be used: `slack` of the longest duties more or
    less.
    """
    spare = slack * int(core.minutes.max())
    share = replace(core, limits=tuple(_share(one, last, core.calendar.days, spare) for one in core.limits))
    chosen = np.array(people)
    return replace(
        core,
        calendar=slice_calendar(core.calendar, first, last),
        rules=_rules_from(core, first),
        limits=tuple(limits_in_window(share, person, roster[person], first, last) for person in people),
        costs=core.costs[chosen][:, first:last],
        off_costs=core.off_costs[chosen][:, first:last],
        constant=0.0,
    )


def _share(limits: Limits, last: int, days: int, spare: int) -> Limits:
    """Return the limits with what of them may be used until day `last`."""
    if last >= days:
        return limits
    share = last / days
    return replace(
        limits,
        max_minutes=None if limits.max_minutes is None else int(limits.max_minutes * share) + spare,
        min_minutes=max(0, math.ceil(limits.min_minutes * share) - spare),
        max_weekends=None if limits.max_weekends is None else int(limits.max_weekends * share),
        counters=tuple(
            Counter(one.duties, math.ceil(one.most * share), one.price, one.days) for one in limits.counters
        ),
    )


def _rules_from(core: Core, first: int) -> tuple[Duties, ...]:
    return tuple(
        replace(duties, special={day - first: follow for day, follow in duties.special.items() if day >= first})
        for duties in core.rules
    )


def start_of_weeks(calendar: Calendar) -> Whole:
    """Return the days with which a week begins."""
    return np.flatnonzero(np.diff(calendar.week, prepend=-1))
