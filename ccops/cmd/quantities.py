"""Durations and shares as people write them on the command line: 30m, 1h30m, 180, 30%, 0.3."""

import math
import re
from typing import Final

from ccops.errors import UsageProblem
from ccops.i18n import _

_UNITS: Final = {"d": 86_400, "h": 3600, "min": 60, "m": 60, "s": 1, "": 1}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|min|m|s)\s*", re.ASCII)
_LONGEST: Final = 366 * 86_400


def duration(option: str, text: str, *, unit: bool = False, zero: bool = False) -> float:
    """Return the seconds of 30m, 90s, 1h30m, or of a bare number of seconds; raises UsageProblem naming the option.

    `unit` says that a bare number may mean anything and needs one; `zero` that there may be none at all.
    """
    given = text.strip().lower()
    found = _bare(given)
    if found is None:
        found = _parts(given)
    elif unit:
        raise UsageProblem(
            _("{option}: “{text}” has no unit.").format(option=option, text=text),
            remedy=_("Write {number}m for minutes, {number}s for seconds.").format(number=given),
        )
    if found is None or found > _LONGEST or (found == 0 and not zero):
        raise UsageProblem(
            _("{option}: “{text}” is no duration.").format(option=option, text=text),
            remedy=_("Write it like 90s, 30m or 1h30m."),
        )
    return found


def _bare(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII) else None


def _parts(text: str) -> float | None:
    if not text or _PART.sub("", text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def minutes(option: str, text: str) -> int:
    """Return an interval in whole minutes; raises UsageProblem naming the option."""
    seconds = duration(option, text, unit=True)
    if seconds % 60 or 86_400 % seconds:
        raise UsageProblem(
            _("{option}: intervals of {text} do not fill a day.").format(option=option, text=text),
            remedy=_("Use 15m, 30m or 1h."),
        )
    return round(seconds / 60)


def share(option: str, text: str, *, most: float = 1.0, zero: bool = False) -> float:
    """Return the fraction of 0.3 or 30%; raises UsageProblem naming the option.

    `most` is the largest that makes sense; `zero` says that 0 does.
    """
    given = text.strip()
    try:
        found = float(given.removesuffix("%")) / (100 if given.endswith("%") else 1)
    except ValueError:
        found = math.nan
    if not (0 <= found <= most) or (found == 0 and not zero):
        raise UsageProblem(
            _("{option}: “{text}” is no share that could be.").format(option=option, text=text),
            remedy=_("Write it like 0.3 or 30%; {most:.0%} is the most.").format(most=most),
        )
    return found


def amount(option: str, value: float, *, most: float) -> float:
    """Return a number of 0…most; raises UsageProblem naming the option."""
    if not 0 <= value <= most:  # false for what is not a number, too
        raise UsageProblem(
            _("{option}: {value:g} cannot be.").format(option=option, value=value),
            remedy=_("Give a number from 0 to {most:,.0f}.").format(most=most),
        )
    return value


def figure(value: float | None, digits: int = 9) -> float | None:
    """Return a figure as data carries it: null where there is none or it has no bound."""
    return None if value is None or not math.isfinite(value) else round(value, digits)
