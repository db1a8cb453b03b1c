"""Callers' numbers: written one way, and what became of who called again."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccops.reports.visits import LOST, Outcome, Visit

if TYPE_CHECKING:
    from ccops.settings import Settings

REPEAT_WITHIN = 7 * 86_400
"""Seconds within which the same number entering again is a repeat."""
_ANONYMOUS = frozenset(
    {"", "anonymous", "unknown", "<unknown>", "restricted", "unavailable", "private", "asterisk", "s"}
)
_NOT_DIGITS = re.compile(r"\D+")


@dataclass(slots=True, frozen=True)
class Numbers:
    """How numbers are written at a site."""

    country_code: str = ""
    """Digits, e.g. 49; without it national numbers stay national."""
    international: str = "00"
    """Prefix before a country code."""
    national: str = "0"
    """Prefix before an area code."""

    @classmethod
    def of(cls, settings: "Settings") -> "Numbers":
        """Return how numbers are written at the site of these settings."""
        return cls()

    def same(self, number: str) -> str:
        """Return a number's digits as every way of writing it gives them; empty for an anonymous caller."""
        text = number.strip()
        if text.casefold() in _ANONYMOUS:
            return ""
        digits = _NOT_DIGITS.sub("", text)
        if text.startswith("+") or not self.country_code:
            return digits
        if self.international and digits.startswith(self.international):
            return digits[len(self.international) :]
        if self.national and digits.startswith(self.national):
            return self.country_code + digits[len(self.national) :]
        return digits


@dataclass(slots=True)
class Calling:
    """One number's visits in a period."""

    number: str
    visits: int = 0
    answered: int = 0
    repeated: int = 0
    """Visits after which the number entered again within the time."""
    answered_once: int = 0
    """Answered and not repeated."""
    lost: int = 0
    first_at: int = 0
    last_at: int = 0


def callings(visits: Iterable[Visit], numbers: Numbers, until: int) -> list[Calling]:
    """Return what became of each number that entered before `until`, most visits first.

    `visits` go on for `REPEAT_WITHIN` beyond it, so that repeats of the last ones are seen. Another visit of the same
    call is no repeat; anonymous callers are left out, nobody knows who they are.
    """
    by_number: dict[str, list[Visit]] = {}
    for visit in visits:
        number = numbers.same(visit.caller)
        if number:
            by_number.setdefault(number, []).append(visit)
    found = [_calling(number, some, until) for number, some in by_number.items()]
    return sorted((one for one in found if one.visits), key=lambda one: (-one.visits, one.number))


def _calling(number: str, visits: list[Visit], until: int) -> Calling:
    one = Calling(number)
    ordered = sorted(visits, key=lambda visit: (visit.entered, visit.number))
    for place, visit in enumerate(ordered):
        if visit.entered >= until:
            break
        again = any(
            later.callid != visit.callid
            for later in ordered[place + 1 :]
            if later.entered - visit.entered <= REPEAT_WITHIN
        )
        one.visits += 1
        one.repeated += again
        one.lost += visit.outcome in LOST
        if visit.outcome is Outcome.ANSWERED:
            one.answered += 1
            one.answered_once += not again
        one.first_at = one.first_at or visit.entered
        one.last_at = visit.entered
    return one


@dataclass(slots=True)
class CallBack:
    """A number that nobody has served since it was lost."""

    number: str
    caller_name: str
    queue: str
    lost_at: int
    """When it entered last and was lost."""
    wait: int
    attempts: int
    """Lost visits since it was last served."""


def call_backs(visits: Iterable[Visit], numbers: Numbers, called: dict[str, float]) -> list[CallBack]:
    """Return who is to be called back, newest first: lost, not since answered, not since called out.

    `called` holds when each number was called out last. Visits in the order of entry.
    """
    found: dict[str, CallBack] = {}
    for visit in visits:
        number = numbers.same(visit.caller)
        if not number:
            continue
        if visit.outcome is Outcome.ANSWERED:
            found.pop(number, None)
        elif visit.outcome in LOST:
            before = found.get(number)
            attempts = 1 if before is None else before.attempts + 1
            found[number] = CallBack(number, visit.caller_name, visit.queue, visit.entered, visit.wait or 0, attempts)
    left = [one for one in found.values() if called.get(one.number, 0) <= one.lost_at]
    return sorted(left, key=lambda one: -one.lost_at)
