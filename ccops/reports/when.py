"""Periods as people write them: days, date-times, months, words such as last-week, and the periods to compare with."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, get_args
from zoneinfo import ZoneInfo

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.names import nearest
from ccops.reports.periods import Period, day_of, start_of
from ccops.settings.reporting import JobPeriod

WORDS: Final[tuple[JobPeriod, ...]] = get_args(JobPeriod)
FORMER, YEAR = "former", "year"
_DAY: Final = timedelta(days=1)
_WEEKS: Final = timedelta(weeks=52)
"""A year back for days and weeks: the same weekdays stand against each other."""
_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_YEAR: Final = re.compile(r"\d{4}", re.ASCII)
_WEEK: Final = re.compile(r"\d{4}-?W\d{2}", re.ASCII)
_TO: Final = ".."
_YEAR_SECONDS: Final = 31_556_952
_LONGEST: Final = 200 * _YEAR_SECONDS
"""A longer period is a slip of the pen, and would cost a row for each of its days."""

Days = tuple[date, date]
"""A first day and the day after the last."""


def period_of(name: JobPeriod, now: float, zone: ZoneInfo) -> Period:
    """Return the period that a word stands for at a moment, whole days of a zone; weeks begin on Monday."""
    return _period(_days_of(name, day_of(now, zone)), zone)


def period_before(name: JobPeriod, now: float, zone: ZoneInfo) -> Period:
    """Return the period before that one, as long in days, weeks or months."""
    first, _after = _days_of(name, day_of(now, zone))
    return _period(_days_of(_CURRENT[name], first - _DAY), zone)


_CURRENT: Final[dict[JobPeriod, JobPeriod]] = {
    "today": "today",
    "yesterday": "today",
    "this-week": "this-week",
    "last-week": "this-week",
    "this-month": "this-month",
    "last-month": "this-month",
}


def _days_of(name: JobPeriod, day: date) -> Days:
    if name in ("last-week", "last-month", "yesterday"):
        first, _after = _days_of(_CURRENT[name], day)
        return _days_of(_CURRENT[name], first - _DAY)
    if name == "this-week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    if name == "this-month":
        return _month(day.year, day.month)
    return day, day + _DAY


def _month(year: int, month: int) -> Days:
    first = date(year, month, 1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _period(days: Days, zone: ZoneInfo) -> Period:
    return Period(start_of(days[0], zone), start_of(days[1], zone))


# --- what somebody wrote ---


def asked(since: str | None, until: str | None, period: str | None, now: float, zone: ZoneInfo) -> Period:
    """Return the period of --from, --to and --period; today where none is given.

    Days count whole, an end that is a date-time is not included. Raises `UsageProblem` for what is no date, what
    excludes each other, and an end before the beginning.
    """
    if period is not None:
        if since is not None or until is not None:
            raise UsageProblem(
                _("--period and --from, --to exclude each other."), remedy=_("Give the one or the other.")
            )
        return named(period, now, zone, "--period")
    if since is None:
        if until is not None:
            raise UsageProblem(_("--to says where the period ends, but not where it begins."), remedy=_("Add --from."))
        return period_of("today", now, zone)
    start, first_end = _moment("--from", since, now, zone)
    if until is None:
        return _checked(Period(start, max(first_end, period_of("today", now, zone).end)))
    return _checked(Period(start, _moment("--to", until, now, zone)[1]))


def named(text: str, now: float, zone: ZoneInfo, option: str) -> Period:
    """Return the period of a word, a day, a month, a week (2026-W10), a year, or FROM..TO; raises `UsageProblem`."""
    text = text.strip()
    if _TO in text:
        since, until = text.split(_TO, 1)
        return _checked(Period(_moment(option, since, now, zone)[0], _moment(option, until, now, zone)[1]))
    if text in WORDS:
        return _worded(text, now, zone)
    return _told(option, text, lambda: _calendar(text, zone))


def _worded(text: str, now: float, zone: ZoneInfo) -> Period:
    """Return the period of a text that is one of `WORDS`."""
    return period_of(next(word for word in WORDS if word == text), now, zone)


def _calendar(text: str, zone: ZoneInfo) -> Period:
    """Return a day, week, month or year of the calendar; raises ValueError, OverflowError."""
    month = _MONTH.fullmatch(text)
    if month is not None:
        return _period(_month(int(month[1]), int(month[2])), zone)
    if _YEAR.fullmatch(text):
        return _period((date(int(text), 1, 1), date(int(text) + 1, 1, 1)), zone)
    first = date.fromisoformat(text)
    return _period((first, first + timedelta(days=7 if _WEEK.fullmatch(text) else 1)), zone)


def _moment(option: str, text: str, now: float, zone: ZoneInfo) -> tuple[int, int]:
    """Return where a period begins that begins there, and where one ends that ends there."""
    text = text.strip()
    if text in ("today", "yesterday"):
        return _worded(text, now, zone).span
    return _told(option, text, lambda: _written(text, zone)).span


def _written(text: str, zone: ZoneInfo) -> Period:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        at = datetime.fromisoformat(text)
        second = int((at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp())
        return Period(second, second)
    return _period((day, day + _DAY), zone)


def _told(option: str, text: str, read: Callable[[], Period]) -> Period:
    try:
        return read()
    except (ValueError, OverflowError, OSError):
        near = nearest(text, WORDS, 1) if option == "--period" else []
        hint = _("Did you mean {name}?").format(name=near[0]) + " " if near else ""
        forms = {
            "--period": _("Write {words}, 2026-03-01, 2026-03, 2026-W10, 2026 or 2026-03-01..2026-03-14.").format(
                words=", ".join(WORDS)
            ),
            "--compare": _("Write former, year, 2026-03 or 2026-03-01..2026-03-14."),
        }
        plain = _("Write 2026-03-01, 2026-03-01T08:30 or 2026-03-01T08:30+01:00.")
        message = _("{option}: “{text}” is no date.") if option not in forms else _("{option}: “{text}” is no period.")
        raise UsageProblem(message.format(option=option, text=text), remedy=hint + forms.get(option, plain)) from None


def _checked(period: Period) -> Period:
    if period.end <= period.start:
        raise UsageProblem(
            _("The period ends before it begins."), remedy=_("Give the earlier day first, the later one as the end.")
        )
    if period.seconds > _LONGEST:
        years = period.seconds // _YEAR_SECONDS
        raise UsageProblem(
            _("The period has {years} years.").format(years=years), remedy=_("Check the years of both ends.")
        )
    return period


# --- what to compare with ---


def compared(text: str, period: Period, now: float, zone: ZoneInfo) -> Period:
    """Return the period to compare with: `former`, `year`, or one as `named` reads it; raises `UsageProblem`.

    Former is as long and ends where the period begins; the month or year before where it is a whole month or year.
    A year before are the same months of the year before, else the same weekdays 52 weeks before.
    """
    word = text.strip()
    if word not in (FORMER, YEAR):
        return named(word, now, zone, "--compare")
    days = _whole_days(period, zone)
    if days is None:
        length = period.seconds if word == FORMER else int(_WEEKS.total_seconds())
        return Period(period.start - length, period.end - length)
    months = _whole_months(days)
    if months:
        back = months if word == FORMER else 12
        return _period((_months_before(days[0], back), _months_before(days[1], back)), zone)
    shift = days[1] - days[0] if word == FORMER else _WEEKS
    return _period((days[0] - shift, days[1] - shift), zone)


def _whole_days(period: Period, zone: ZoneInfo) -> Days | None:
    first, after = day_of(period.start, zone), day_of(period.end, zone)
    whole = (start_of(first, zone), start_of(after, zone)) == period.span
    return (first, after) if whole else None


def _whole_months(days: Days) -> int:
    """Return how many whole months these days are; 0 where they are none."""
    first, after = days
    if first.day != 1 or after.day != 1:
        return 0
    return (after.year - first.year) * 12 + after.month - first.month


def _months_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
