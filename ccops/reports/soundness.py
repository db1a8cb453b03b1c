"""What about a log may make figures wrong: visits without an end, steps of the clock, doubles, gaps, odd agents."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ccops.reports.archive import Archive
from ccops.reports.periods import Period
from ccops.store.codes import OUTCOME_CODES
from ccops.store.sums import SLOT

STEP = 60
"""Seconds by which the clock must go back to be a step: lines of several threads stand out of order by a few."""
LASTING = 86_400
"""Seconds after which a visit that waits or talks is taken for one whose end was never written."""
_SHORTEST_GAP = 4
"""Slots without a visit, an hour."""
_EXPECTED = 30
"""Visits that must usually enter in such a time for it to be a gap: by chance it never stays empty."""
_SHOWN = 50


class Step(NamedTuple):
    """The clock went back."""

    before: int
    after: int


class Gap(NamedTuple):
    """A time in which nobody entered though many usually do."""

    period: Period
    expected: int


@dataclass(slots=True, frozen=True)
class Soundness:
    """What was found in one site's history."""

    visits: int
    lines: int
    unreadable: int
    endless: int
    """Visits whose end was never written."""
    endless_talks: int
    """Those of them that an agent had answered."""
    local_agents: list[str]
    """Agents whom the log names by a Local channel."""
    static_agents: list[str]
    """Agents who take calls and never log in."""
    steps: list[Step]
    doubles: int
    """Visits that entered in the same second as another stay of the same call in the same queue."""
    gaps: list[Gap]


def audited(archive: Archive) -> Soundness:
    """Look at a whole history; a year of a million visits takes about a second."""
    with archive.database.snapshot():
        endless, talks = _endless(archive)
        unreadable, lines = _one(
            archive,
            """WITH ours AS (SELECT id FROM files WHERE site = :site)
               SELECT (SELECT count(*) FROM quarantine WHERE file IN ours),
                      (SELECT coalesce(sum(lines), 0) FROM blocks WHERE file IN ours)""",
        )
        return Soundness(
            visits=_one(archive, "SELECT count(*) FROM visits WHERE site = :site")[0],
            lines=lines,
            unreadable=unreadable,
            endless=endless,
            endless_talks=talks,
            local_agents=[name for name in archive.agents() if name.startswith("Local/")],
            static_agents=_static_agents(archive),
            steps=_steps(archive),
            doubles=_doubles(archive),
            gaps=gaps_of(_by_slot(archive), archive.zone),
        )


def _one(archive: Archive, sql: str, **more: int) -> tuple[int, ...]:
    row: tuple[int, ...] = archive.database.rows(sql, {"site": archive.site, **more})[0]
    return row


def _endless(archive: Archive) -> tuple[int, int]:
    # One that lasts is open; a call that an agent has talked in since yesterday is not.
    counts = _one(
        archive,
        """SELECT count(*), count(connected) FROM visits
           WHERE ended IS NULL AND site = :site AND (ended_by <> 0 OR entered < :lately)""",
        lately=archive.known_to - LASTING,
    )
    return counts[0], counts[1]


def _static_agents(archive: Archive) -> list[str]:
    rows = archive.database.rows(
        """SELECT name FROM agents WHERE site = :site AND id NOT IN (SELECT agent FROM sessions WHERE site = :site)
           AND (id IN (SELECT agent FROM agent_days WHERE answered > 0)
                OR id IN (SELECT agent FROM visits WHERE site = :site AND entered >= :lately)) ORDER BY name""",
        {"site": archive.site, "lately": archive.known_to - 2 * LASTING},
    )
    return [name for (name,) in rows]


def _steps(archive: Archive) -> list[Step]:
    # Visits are numbered as their entries stand in the log.
    rows = archive.database.rows(
        """SELECT before, entered FROM (SELECT entered, lag(entered) OVER (ORDER BY id) AS before, site FROM visits)
           WHERE entered < before - ? AND site = ? LIMIT ?""",
        (STEP, archive.site, _SHOWN),
    )
    return [Step(*row) for row in rows]


def _doubles(archive: Archive) -> int:
    (count,) = _one(
        archive,
        """SELECT count(*) FROM visits b WHERE b.nth > 1 AND b.site = :site AND EXISTS (
               SELECT 1 FROM visits a WHERE a.callid = b.callid AND a.queue = b.queue AND a.entered = b.entered
               AND a.nth < b.nth)""",
    )
    return count


def _by_slot(archive: Archive) -> list[tuple[int, int]]:
    """Return (slot, how many entered) of the slots in which anybody did, in order."""
    counted = " + ".join(name for name in OUTCOME_CODES)
    return archive.database.rows(
        f"""SELECT slot, sum({counted}) FROM queue_slots
            WHERE queue IN (SELECT id FROM queues WHERE site = ?) GROUP BY slot ORDER BY slot""",  # noqa: S608
        (archive.site,),
    )


def gaps_of(slots: Iterable[tuple[int, int]], zone: ZoneInfo) -> list[Gap]:
    """Return the times in which nobody entered though many usually do at that hour of that weekday.

    `slots` are (quarter of an hour since 1970, how many entered), in order, without empty ones.
    """
    known = list(slots)
    if not known:
        return []
    usual = _usual(known, zone)
    found = []
    last = known[0][0]
    for slot, _count in known[1:]:
        if slot - last > _SHORTEST_GAP:
            expected = sum(usual[_hour(empty, zone)] for empty in range(last + 1, slot)) / 4
            if expected >= _EXPECTED:
                found.append(Gap(Period((last + 1) * SLOT, slot * SLOT), round(expected)))
        last = slot
    return found


def _usual(known: list[tuple[int, int]], zone: ZoneInfo) -> dict[tuple[int, int], float]:
    """Return how many enter in an hour of each weekday, the median of the days on which anybody did.

    The median, because an hour that is busy for half a year and idle for the other is no measure.
    """
    counts: dict[tuple[int, int], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    days: dict[int, set[date]] = defaultdict(set)
    for slot, count in known:
        at = _local(slot, zone)
        counts[at.weekday(), at.hour][at.date()] += count
        days[at.weekday()].add(at.date())
    usual: dict[tuple[int, int], float] = defaultdict(float)
    for (weekday, hour), by_day in counts.items():
        if len(days[weekday]) > 1:
            usual[weekday, hour] = median([*by_day.values(), *[0] * (len(days[weekday]) - len(by_day))])
    return usual


def _hour(slot: int, zone: ZoneInfo) -> tuple[int, int]:
    at = _local(slot, zone)
    return at.weekday(), at.hour


def _local(slot: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(slot * SLOT, UTC).astimezone(zone)
