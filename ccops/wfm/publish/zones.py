"""A time zone as calendars carry it: VTIMEZONE with every change of the clock in a span of days."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_NONE = timedelta()


def timezone_lines(zone: ZoneInfo, first: date, last: date) -> list[str]:
    """Return the lines of VTIMEZONE, valid for first…last (RFC 5545, 3.6.5); none for UTC itself.

    The rules are written out as single observances: those of a zone may change with a law, and a calendar that was
    published keeps the times that people were told.
    """
    if zone.key == "UTC":
        return []
    # The observance that holds on the first day began before it.
    begin = datetime.combine(first - timedelta(days=400), time(), UTC)
    end = datetime.combine(last + _DAY, time(), UTC)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.key}"]
    lines += _observance(zone, datetime(1970, 1, 1, tzinfo=UTC), begin)
    for change in _changes(zone, begin, end):
        lines += _observance(zone, change, change)
    return [*lines, "END:VTIMEZONE"]


def _observance(zone: ZoneInfo, onset: datetime, at: datetime) -> Iterator[str]:
    """Yield the observance that holds after `at`; `onset` is where it is said to begin."""
    after = at.astimezone(zone)
    offset = after.utcoffset() or _NONE
    before = offset if onset != at else (at - timedelta(seconds=1)).astimezone(zone).utcoffset() or _NONE
    kind = "DAYLIGHT" if after.dst() else "STANDARD"
    # The onset is told in the local time that held until then.
    local = (onset + before).replace(tzinfo=None)
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{local:%Y%m%dT%H%M%S}"
    yield f"TZOFFSETFROM:{_offset(before)}"
    yield f"TZOFFSETTO:{_offset(offset)}"
    if name := after.tzname():
        yield f"TZNAME:{name}"
    yield f"END:{kind}"


def _offset(shift: timedelta) -> str:
    seconds = round(shift.total_seconds())
    sign, seconds = ("-" if seconds < 0 else "+"), abs(seconds)
    return f"{sign}{seconds // 3600:02}{seconds // 60 % 60:02}" + (f"{seconds % 60:02}" if seconds % 60 else "")


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the instants at which the offset changes, to the second."""
    at = begin
    while at < end:
        later = min(at + _DAY, end)
        if at.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            yield _change(zone, at, later)
        at = later


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
