"""Times, lengths, weekdays and targets as a team file writes them: 08:30, 8h30m, mon-fri, 80/20."""

import re
from typing import Final

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.targets import parse_service_level

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = 24 * 60
OFF: Final = "off"
"""How a file writes the day off."""
_CLOCK: Final = re.compile(r"(\d{1,2}):([0-5]\d)", re.ASCII)
_LENGTH: Final = re.compile(r"(?:(\d{1,3})h)?\s*(?:(\d{1,4})m(?:in)?)?", re.ASCII)


class Wrong(ValueError):
    """A word that cannot be read; the text says what is expected."""


def clock(text: object) -> int:
    """Return the minutes after midnight of 08:30; 24:00 is the end of the day. Raises `Wrong`."""
    found = _CLOCK.fullmatch(text.strip()) if isinstance(text, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY + 1
    if minutes > DAY:
        raise Wrong(_("“{text}” is no time of day; write it like 08:30.").format(text=text))
    return minutes


def clock_text(minutes: int) -> str:
    """Return 08:30 of minutes after midnight; what lies beyond midnight goes on from 00:00."""
    minutes = minutes if minutes == DAY else minutes % DAY
    return f"{minutes // 60:02}:{minutes % 60:02}"


def length(value: object) -> int:
    """Return the minutes of 8h30m, 45m or a bare number of minutes. Raises `Wrong`."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _LENGTH.fullmatch(value.strip()) if isinstance(value, str) and value.strip() else None
    if found is None:
        raise Wrong(_("“{text}” is no length; write it like 8h30m, 45m or 45.").format(text=value))
    return int(found[1] or 0) * 60 + int(found[2] or 0)


def length_text(minutes: int) -> str:
    """Return 8h30m of minutes."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}h{rest}m" if hours and rest else f"{hours}h" if hours else f"{rest}m"


def weekdays(value: object) -> frozenset[int]:
    """Return the weekdays of "mon-fri", "mon, wed" or a list of such. Raises `Wrong`."""
    parts = value if isinstance(value, list) else str(value).split(",")
    found: set[int] = set()
    for part in parts:
        first, dash, last = str(part).strip().casefold().partition("-")
        start, end = _weekday(first, value), _weekday(last if dash else first, value)
        found |= {(start + step) % 7 for step in range((end - start) % 7 + 1)}
    return frozenset(found)


def _weekday(word: str, value: object) -> int:
    # Monday, mon and montag's own "mo" are all taken; two letters tell weekdays apart.
    for place, name in enumerate(WEEKDAYS):
        if len(word) >= 2 and name.startswith(word[:3]):
            return place
    raise Wrong(_("“{text}” is no weekday; write mon-fri, or mon, wed.").format(text=value))


def weekdays_text(days: frozenset[int]) -> list[str]:
    """Return the names of weekdays, Monday first."""
    return [WEEKDAYS[day] for day in sorted(days)]


def window(value: object) -> tuple[int, int]:
    """Return (from, to) of 08:00-16:30; 22:00-06:00 ends on the next day. Raises `Wrong`."""
    first, dash, last = str(value).replace("–", "-").partition("-")
    try:
        start, end = clock(first), clock(last)
    except Wrong:
        start = end = 0
    if end < start:
        end += DAY
    if not dash or end == start:
        raise Wrong(_("“{text}” is no span of a day; write it like 08:00-16:30.").format(text=value))
    return start, end


def window_text(span: tuple[int, int]) -> str:
    """Return 08:00-16:30."""
    return f"{clock_text(span[0])}-{clock_text(span[1])}"


def target(value: object) -> tuple[float, float]:
    """Return share and seconds of 80/20. Raises `Wrong`."""
    try:
        return parse_service_level(str(value))
    except UsageProblem as problem:
        raise Wrong(str(problem)) from None


def target_text(found: tuple[float, float]) -> str:
    """Return 80/20."""
    return f"{round(found[0] * 100, 6):g}/{found[1]:g}"
