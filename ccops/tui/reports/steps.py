"""One period further: the same number of days, months or years before or after."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from ccops.reports.periods import Period, day_of, start_of
from ccops.reports.when import WORDS, named

_DAY = timedelta(days=1)
_MONTHS = 12


def stepped(text: str, direction: int, now: float, zone: ZoneInfo) -> str:
    """Return the period before (-1) or after (1) one that is written so, as a person would write it.

    Whole months go by months, whole years by years, days and weeks by as many days, all else by its length. Raises
    `UsageProblem` for a text that is no period, `OverflowError` beyond the calendar.
    """
    period = named(text, now, zone, "--period")
    days = _whole_days(period, zone)
    if days is None:
        length = period.seconds * direction
        return written(Period(period.start + length, period.end + length), zone)
    first, after = days
    months = (after.year - first.year) * _MONTHS + after.month - first.month
    if first.day == after.day == 1 and months > 0:
        return _days_text(_months_on(first, months * direction), _months_on(after, months * direction))
    length_of = (after - first) * direction
    return _days_text(first + length_of, after + length_of)


def written(period: Period, zone: ZoneInfo) -> str:
    """Return a period as a person would write it."""
    days = _whole_days(period, zone)
    if days is not None:
        return _days_text(*days)
    return "..".join(_instant(at, zone) for at in period.span)


def word_of(text: str, now: float, zone: ZoneInfo) -> str:
    """Return the word for a period where there is one for just these days, else the text as it is."""
    period = named(text, now, zone, "--period")
    return next((word for word in WORDS if named(word, now, zone, "--period") == period), text)


def _days_text(first: date, after: date) -> str:
    if after - first == _DAY:
        return first.isoformat()
    if first.day == 1 and _months_on(first, 1) == after:
        return f"{first:%Y-%m}"
    if (first.month, first.day) == (1, 1) and _months_on(first, _MONTHS) == after:
        return f"{first:%Y}"
    return f"{first.isoformat()}..{(after - _DAY).isoformat()}"


def _months_on(day: date, months: int) -> date:
    number = day.year * _MONTHS + day.month - 1 + months
    return date(number // _MONTHS, number % _MONTHS + 1, 1)


def _instant(at: int, zone: ZoneInfo) -> str:
    from ccops.reports.paper.values import local

    return local(at, zone).isoformat()


def _whole_days(period: Period, zone: ZoneInfo) -> tuple[date, date] | None:
    first, after = day_of(period.start, zone), day_of(period.end, zone)
    whole = (start_of(first, zone), start_of(after, zone)) == period.span
    return (first, after) if whole else None
