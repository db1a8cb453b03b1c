"""Hours of the week as a person writes them: `22:00-07:00`, `sat,sun 00:00-24:00`, `mon-fri 12:30-13:00`."""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Final

from ccops.i18n import _

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:-[a-z]{3})?(?:\s*,\s*[a-z]{3}(?:-[a-z]{3})?)*)\s+)?"
    r"(?P<from>\d{1,2}:\d{2})\s*[-–]\s*(?P<to>\d{1,2}:\d{2})"
)
_WHOLE_DAY: Final = 24 * 60


class NoHours(ValueError):
    """A text is no hours; says why."""


@dataclass(slots=True, frozen=True)
class Hours:
    """A span of the local day on some days of the week; one that ends before it begins goes on past midnight."""

    days: frozenset[int]
    """Monday is 0; the day on which it begins."""
    start: int
    """Minutes after midnight."""
    end: int

    def hold(self, local: datetime) -> bool:
        """Tell whether they hold at a local time: by the clock on the wall, so a skipped or doubled hour counts as
        it reads there.
        """
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        evening = day in self.days and minute >= self.start
        return evening or ((day - 1) % 7 in self.days and minute < self.end)


@lru_cache(maxsize=256)
def hours_of(text: str) -> Hours:
    """Return the hours that a text means; raises NoHours."""
    found = _FORM.fullmatch(text.strip().lower())
    if found is None:
        raise NoHours(_("“{text}” is no time of the week such as 22:00-07:00 or sat,sun 00:00-24:00").format(text=text))
    start, end = _minutes(found["from"]), _minutes(found["to"])
    if start == end or start >= _WHOLE_DAY:
        raise NoHours(_("“{text}” ends when it begins; a whole day is 00:00-24:00").format(text=text))
    return Hours(_days(found["days"] or "mon-sun"), start, end)


def _minutes(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    if hour * 60 + minute > _WHOLE_DAY or minute > 59:
        raise NoHours(_("there is no time {time}").format(time=text))
    return hour * 60 + minute


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _dash, last = part.strip().partition("-")
        for name in (first, last or first):
            if name not in DAYS:
                raise NoHours(_("there is no day “{name}”; write {days}").format(name=name, days=", ".join(DAYS)))
        begin, length = DAYS.index(first), (DAYS.index(last or first) - DAYS.index(first)) % 7
        found |= {(begin + step) % 7 for step in range(length + 1)}
    return frozenset(found)


def within(texts: tuple[str, ...], at: float, zone: tzinfo) -> bool:
    """Tell whether an instant (epoch seconds) lies in one of these hours, in the local time of `zone`."""
    if not texts:
        return False
    local = datetime.fromtimestamp(at, zone)
    return any(hours_of(text).hold(local) for text in texts)
