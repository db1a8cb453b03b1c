"""Sums kept ready: visits by quarter of an hour and queue, agents by day; and the same sums for any other periods."""

import dataclasses
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from operator import attrgetter
from sqlite3 import Connection
from typing import Any
from zoneinfo import ZoneInfo

from ccops.reports.periods import Period, days_of
from ccops.reports.rules import Rules
from ccops.reports.spans import Pause, Session, clip, seconds
from ccops.reports.tally import AgentTally
from ccops.store import sums

_DAY_COLUMNS = (
    "answered",
    "missed",
    "transfers",
    "talked",
    "talk_whole",
    "wrap_whole",
    "longest_talk",
    "talk",
    "wrap",
    "ring",
    "logged_in",
)


def rules_text(rules: Rules, zone: ZoneInfo) -> str:
    """Return what roll-ups depend on, as text to compare."""
    return json.dumps({**dataclasses.asdict(rules), "zone": zone.key}, sort_keys=True, ensure_ascii=False)


Days = tuple[list[int], list[tuple[Any, ...]]]
"""First instants of some days, and the rows of `agent_days` for them."""


def agents_by_day(connection: Connection, site: int, rules: Rules, zone: ZoneInfo, period: Period) -> Days:
    """Work out what is rolled up of agents on the days of a period of whole days that are over."""
    days = [day for _date, day in days_of(period, zone)]
    tallies = agent_tallies(connection, site, rules, days, now=period.end)
    figures = attrgetter(*_DAY_COLUMNS)
    rows = [
        (start, agent, *figures(tally), json.dumps(tally.paused, ensure_ascii=False) if tally.paused else "{}")
        for (start, agent), tally in tallies.items()
    ]
    return [day.start for day in days], rows


def agent_tallies(
    connection: Connection,
    site: int,
    rules: Rules,
    periods: Sequence[Period],
    *,
    now: int,
    agent: int | None = None,
    source: str = sums.STORED,
) -> dict[tuple[int, int], AgentTally]:
    """Return the sums of every agent in each of some periods that do not overlap, by (start, agent's number).

    What lasts counts up to `now`; a talk that lasts counts once it is over. `source` is where wrap-up times are
    taken from. Writes temporary tables.
    """
    sums.set_spans(connection, [(period.start, period.end) for period in periods])
    found: dict[tuple[int, int], AgentTally] = {}

    def of(start: int, number: int) -> AgentTally:
        tally = found.get((start, number))
        if tally is None:
            found[start, number] = tally = AgentTally()
        return tally

    for start, number, *values in sums.agent_sums(connection, site, agent, rules=source):
        tally = of(start, number)
        for name, value in zip(sums.AGENT_SUMS, values, strict=True):
            setattr(tally, name, value)
    for visit in sums.reaching(connection, site, agent, rules=source):
        _share_out(visit, periods, of)
    for start, number, missed, ring in sums.ring_sums(connection, site, agent):
        tally = of(start, number)
        tally.missed, tally.ring = missed, tally.ring + ring / 1000
    clocks = _clocks(connection, site, periods, now, agent)
    for (place, number), (sessions, pauses) in clocks.items():
        period = periods[place]
        of(period.start, number).clock(sessions, pauses, (period.start, min(period.end, now)), rules)
    return found


def _share_out(visit: sums.Reaching, periods: Sequence[Period], of: Callable[[int, int], AgentTally]) -> None:
    """Give each period its part of the time of a visit that reaches over the end of one."""
    talk = visit.talk if visit.talk is not None else visit.ended - visit.connected
    times = (
        ("talk", visit.connected, talk),
        ("wrap", visit.ended, visit.wrap),
        ("ring", visit.connected - (visit.ring or 0), visit.ring or 0),
    )
    until = max(start + length for _name, start, length in times)
    place = max(bisect_right(periods, visit.entered, key=attrgetter("start")) - 1, 0)
    for period in islice(periods, place, None):
        if period.start >= until:
            break
        parts = {name: seconds(clip([(start, start + length)], *period.span)) for name, start, length in times}
        if visit.entered in period:  # it stands there whole
            parts = {name: parts[name] - length for name, _start, length in times}
        if any(parts.values()):
            tally = of(period.start, visit.agent)
            for name, part in parts.items():
                setattr(tally, name, getattr(tally, name) + part)


_Clocks = dict[tuple[int, int], tuple[list[Session], list[Pause]]]


def _clocks(connection: Connection, site: int, periods: Sequence[Period], now: int, agent: int | None) -> _Clocks:
    """Return the sessions and pauses that touch each period, by (place of the period, agent's number)."""
    found: _Clocks = {}
    starts, ends = [period.start for period in periods], [min(period.end, now) for period in periods]
    if not periods:
        return found

    def put(kind: int, number: int, item: Any, since: int, until: int | None) -> None:
        place = bisect_right(ends, since)  # the first that is not over by then
        while place < len(starts) and (until is None or starts[place] < until) and starts[place] < now:
            found.setdefault((place, number), ([], []))[kind].append(item)
            place += 1

    span = (starts[0], ends[-1])
    for number, _queue, since, until in sums.spans_between(connection, "sessions", site, *span):
        if agent in (None, number):
            put(0, number, Session("", "", since, until), since, until)
    for number, reason, since, until in sums.spans_between(connection, "pauses", site, *span):
        if agent in (None, number):
            put(1, number, Pause("", str(reason), since, until), since, until)
    return found


def rolled_up_days(rows: Iterable[Sequence[Any]]) -> list[tuple[int, int, AgentTally]]:
    """Return (day's first instant, agent's number, tally) of rows of `agent_days`."""
    found = []
    for start, number, *values, paused in rows:
        tally = AgentTally(**dict(zip(_DAY_COLUMNS, values, strict=True)), paused=json.loads(paused))
        found.append((start, number, tally))
    return found
