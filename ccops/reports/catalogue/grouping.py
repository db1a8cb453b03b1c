"""Tallies by whatever a report groups by: queue, day, weekday, hour …; from roll-ups where they know enough."""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import TypeVar
from zoneinfo import ZoneInfo

from ccops.reports.catalogue.ask import INTERVALS
from ccops.reports.catalogue.work import Work, cuts_of
from ccops.reports.periods import DAY, Period, day_of, day_period
from ccops.reports.tally import AgentTally, Tally
from ccops.reports.visits import Visit

Key = tuple[Hashable, ...]
T = TypeVar("T")
TimeKey = Callable[[int], Hashable]


def _day(at: int, zone: ZoneInfo) -> date:
    return day_of(at, zone)


def _weekday(at: int, zone: ZoneInfo) -> int:
    return day_of(at, zone).isoweekday()


def _month(at: int, zone: ZoneInfo) -> str:
    return f"{day_of(at, zone):%Y-%m}"


def _week(at: int, zone: ZoneInfo) -> str:
    year, week, _day = day_of(at, zone).isocalendar()
    return f"{year}-W{week:02}"


def _slot(seconds: int) -> Callable[[int, ZoneInfo], int]:
    def of(at: int, zone: ZoneInfo) -> int:
        local = datetime.fromtimestamp(at, zone)
        return (local.hour * 3600 + local.minute * 60 + local.second) // seconds * seconds

    return of


_TIMES: dict[str, tuple[Callable[[int, ZoneInfo], Hashable], int]] = {
    "month": (_month, 86_400),
    "week": (_week, 86_400),
    "day": (_day, 86_400),
    "weekday": (_weekday, 86_400),
    "hour": (_slot(3600), 3600),
    "half_hour": (_slot(1800), 1800),
    "quarter_hour": (_slot(900), 900),
}
"""How an instant is grouped, and the longest interval that lies in one group."""
START = "start"
"""Groups by the intervals that the request cuts its period by."""
VISIT_KEYS: dict[str, Callable[[Visit], Hashable]] = {
    "queue": lambda visit: visit.queue,
    "agent": lambda visit: visit.agent or None,
    "outcome": lambda visit: visit.outcome.value,
    "ended_by": lambda visit: visit.ended_by or None,
}


def is_time(name: str) -> bool:
    """Tell whether a key groups by time."""
    return name == START or name in _TIMES


def time_key(name: str, work: Work) -> TimeKey:
    """Return what tells the group of an instant of the period."""
    if name == START:
        cuts, start_of = work.cuts, attrgetter("start")
        return lambda at: cuts[bisect_right(cuts, at, key=start_of) - 1].start
    of, zone = _TIMES[name][0], work.zone
    return lambda at: of(at, zone)


def visit_key(name: str, work: Work) -> Callable[[Visit], Hashable]:
    """Return what tells the group of a visit."""
    if is_time(name):
        of = time_key(name, work)
        return lambda visit: of(visit.entered)
    if name == "did":
        dids = work.dids
        return lambda visit: dids.get(visit.callid)
    return VISIT_KEYS[name]


def period_of(name: str, value: Hashable, work: Work) -> Period | None:
    """Return the part of the work's period in which a group of a time key lies; None where that is scattered."""
    if name == START:
        return next((cut for cut in work.cuts if cut.start == value), None)
    if name == "day" and isinstance(value, date):
        day = day_period(value, work.zone)
        return Period(max(day.start, work.period.start), min(day.end, work.period.end))
    return None


def grouped(work: Work, keys: Sequence[str], *, waits: bool = False) -> dict[Key, Tally]:
    """Return the tally of each group, groups in order; `waits` asks for what percentiles need."""
    timed = [name for name in keys if is_time(name)]
    if work.rolled_up and all(name == "queue" or is_time(name) for name in keys):
        if not timed and work.when is None:
            by_queue = work.queue_tallies(waits=waits)
            return _merged(((name,) if keys else (), tally) for name, tally in by_queue.items())
        if not waits and work.grain is not None:
            lengths = [_length(name, work) for name in timed]
            return _from_intervals(work, keys, min([*lengths, work.grain]))
    return _from_visits(work, keys)


def _length(name: str, work: Work) -> int:
    return _TIMES[name][1] if name != START else INTERVALS[work.interval] or DAY


def _from_intervals(work: Work, keys: Sequence[str], seconds: int) -> dict[Key, Tally]:
    of = [None if name == "queue" else _of_start(name, work) for name in keys]
    return _merged(
        (tuple(one.queue if key is None else key(one.period.start) for key in of), one.tally)
        for one in work.interval_tallies(seconds, apart="queue" in keys)
    )


def _of_start(name: str, work: Work) -> TimeKey:
    """The archive's intervals begin where ours do."""
    return (lambda at: at) if name == START else time_key(name, work)


def _from_visits(work: Work, keys: Sequence[str]) -> dict[Key, Tally]:
    of = [visit_key(name, work) for name in keys]
    found: dict[Key, Tally] = {}
    for visit in work.visits():
        found.setdefault(tuple(key(visit) for key in of), Tally()).add(visit, work.rules)
    return ordered(found)


def _merged(parts: Iterable[tuple[Key, Tally]]) -> dict[Key, Tally]:
    found: dict[Key, Tally] = {}
    for key, tally in parts:
        if key in found:
            found[key].merge(tally)
        else:
            found[key] = tally
    return ordered(found)


def ordered(found: dict[Key, T]) -> dict[Key, T]:
    """Return groups by their keys; None, for nobody, first."""
    return dict(sorted(found.items(), key=lambda item: tuple((part is not None, part) for part in item[0])))


def agents_grouped(work: Work, keys: Sequence[str]) -> dict[Key, AgentTally]:
    """Return the tally of each agent in each group of time, groups in order; "agent" is among the keys."""
    if list(keys) == ["agent"] and work.when is None:
        return {(name,): tally for name, tally in work.agent_tallies().items()}
    of = [None if name == "agent" else time_key(name, work) for name in keys]
    found: dict[Key, AgentTally] = {}
    cuts = [cut for cut in cuts_for(work, keys) if work.when is None or work.when(cut.start)]
    for period, agent, tally in work.agent_interval_tallies(cuts):
        key = tuple(agent if one is None else one(period.start) for one in of)
        found.setdefault(key, AgentTally()).merge(tally)
    return ordered(found)


def cuts_for(work: Work, keys: Sequence[str]) -> list[Period]:
    """Return the period cut into parts each of which lies in one group of the time keys; days without any."""
    if START in keys:
        return work.cuts
    names = {3600: "hour", 1800: "30m", 900: "15m", DAY: "day"}
    lengths = [_TIMES[name][1] for name in keys if name in _TIMES]
    return cuts_of(work.period, names[min([*lengths, DAY])], work.zone)
