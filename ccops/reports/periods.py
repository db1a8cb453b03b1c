"""Days, hours and weekdays in the site's time zone, as spans of UTC instants; 23- and 25-hour days come out right."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HALF_HOUR = 1800


@dataclass(slots=True, frozen=True)
class Period:
    """The instants from `start` up to, not including, `end`; epoch seconds, UTC."""

    start: int
    end: int

    def __contains__(self, at: float) -> bool:
        return self.start <= at < self.end

    @property
    def seconds(self) -> int:
        """Length."""
        return self.end - self.start

    @property
    def span(self) -> tuple[int, int]:
        """Start and end."""
        return self.start, self.end


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of an IANA name; raises `ConfigError` naming it and its nearest neighbours."""
    from zoneinfo import ZoneInfoNotFoundError, available_timezones

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from ccops.errors import ConfigError
        from ccops.i18n import _
        from ccops.names import nearest

        near = ", ".join(nearest(name, available_timezones())) or "Europe/London, Asia/Shanghai"
        message = _("There is no time zone “{name}”.").format(name=name)
        raise ConfigError(message, remedy=_("Use an IANA name, e.g. {near}.").format(near=near)) from None


def start_of(day: date, zone: ZoneInfo) -> int:
    """Return the first instant of a local day.

    Where the clock jumps over midnight the day begins at the jump; where midnight comes twice, at the first.
    """
    return int(datetime.combine(day, time(), zone).timestamp())


def day_of(at: float, zone: ZoneInfo) -> date:
    """Return the local day that an instant lies in."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone).date()


def day_period(day: date, zone: ZoneInfo) -> Period:
    """Return all instants of one local day: 23, 24 or 25 hours."""
    return Period(start_of(day, zone), start_of(day + timedelta(days=1), zone))


def day_around(at: float, zone: ZoneInfo) -> Period:
    """Return the local day that an instant lies in, as a period."""
    return day_period(day_of(at, zone), zone)


def days_of(period: Period, zone: ZoneInfo) -> Iterator[tuple[date, Period]]:
    """Yield every local day that the period touches, cut to the period."""
    if period.end <= period.start:
        return
    day, last = day_of(period.start, zone), day_of(period.end - 1, zone)
    while day <= last:
        whole = day_period(day, zone)
        if whole.seconds:  # a zone that moved over the date line has a day without an instant
            yield day, Period(max(whole.start, period.start), min(whole.end, period.end))
        day += timedelta(days=1)


def slots_of(period: Period, seconds: int) -> Iterator[Period]:
    """Yield the period in steps of `seconds`, the last one cut short where it does not fit."""
    for start in range(period.start, period.end, seconds):
        yield Period(start, min(start + seconds, period.end))


def segments_of(period: Period, zone: ZoneInfo) -> Iterator[tuple[Period, int]]:
    """Yield the period in parts within which the clock is not changed, each with its offset from UTC, seconds."""
    start, offset = period.start, _offset(period.start, zone)
    for at in range(period.start + DAY, period.end + DAY, DAY):
        later = _offset(min(at, period.end), zone)
        if later != offset:
            change = _change_between(at - DAY, min(at, period.end), zone)
            yield Period(start, change), offset
            start, offset = change, later
    if start < period.end:
        yield Period(start, period.end), offset


DAY = 86_400


def _offset(at: int, zone: ZoneInfo) -> int:
    shift = datetime.fromtimestamp(at, zone).utcoffset()
    return int(shift.total_seconds()) if shift is not None else 0


def _change_between(low: int, high: int, zone: ZoneInfo) -> int:
    """Return the first instant of the new offset; there is one change between the two."""
    before = _offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high
