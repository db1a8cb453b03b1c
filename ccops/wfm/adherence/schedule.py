"""What a published day asks of a person, as spans of instants: on the phones, on a break, in a planned activity."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ccops.reports.spans import Span, clip, common, union
from ccops.store.planning import DayRow
from ccops.wfm.team.model import Team


@dataclass(frozen=True, slots=True)
class Asked:
    """One person's day as it was published; spans are epoch seconds."""

    person: str
    day: date
    shift: Span
    phones: tuple[Span, ...]
    breaks: tuple[Span, ...]
    activities: tuple[tuple[str, Span], ...]

    def state_at(self, at: float) -> str:
        """Return phones, break, activity or off at an instant."""
        if not self.shift[0] <= at < self.shift[1]:
            return "off"
        if any(start <= at < end for start, end in self.breaks):
            return "break"
        if any(start <= at < end for _name, (start, end) in self.activities):
            return "activity"
        return "phones"

    def until(self, at: float) -> float:
        """Return when the state of an instant inside the shift ends."""
        edges = [edge for span in (*self.breaks, *(span for _name, span in self.activities)) for edge in span]
        return min(edge for edge in (*edges, self.shift[1], at + 1e9) if edge > at)


def instant(day: date, minutes: int, zone: ZoneInfo) -> int:
    """Return the instant of a time on a day's clock, also beyond midnight; epoch seconds."""
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return int(local.replace(tzinfo=zone).timestamp())


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """Return the instants of `spans` that lie in none of `taken`."""
    found: list[Span] = []
    holes = union(taken)
    for start, end in union(spans):
        at = start
        for begin, stop in clip(holes, start, end):
            if begin > at:
                found.append((at, begin))
            at = max(at, stop)
        if at < end:
            found.append((at, end))
    return found


def asked_of(row: DayRow, team: Team, zone: ZoneInfo) -> Asked:
    """Return what a stored day of work asks."""
    shift = (instant(row.day, row.start, zone), instant(row.day, row.start + row.minutes, zone))
    breaks = [
        (instant(row.day, start, zone), instant(row.day, start + minutes, zone))
        for _name, start, minutes, _paid in row.breaks
    ]
    activities = [
        (one.name, (instant(row.day, one.start, zone), instant(row.day, one.start + one.minutes, zone)))
        for one in team.activities_of(row.person, row.day)
    ]
    inside = [(name, part) for name, span in activities for part in without(common([span], [shift]), breaks)]
    phones = without([shift], [*breaks, *(span for _name, span in inside)])
    return Asked(row.person, row.day, shift, tuple(phones), tuple(breaks), tuple(inside))


def asked_days(rows: Iterable[DayRow], team: Team, zone: ZoneInfo) -> Mapping[str, list[Asked]]:
    """Return what is asked of each person, in order of time."""
    found: dict[str, list[Asked]] = {}
    for row in rows:
        if row.shift:
            found.setdefault(row.person, []).append(asked_of(row, team, zone))
    for days in found.values():
        days.sort(key=lambda one: one.shift)
    return found
