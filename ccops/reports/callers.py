"""Callers' numbers: written one way, who called again, and who is to be called back."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ccops.reports.visits import LOST, Visit

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
        site = settings.site
        return cls(site.country_code, site.international_prefix, site.national_prefix)

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

    def writings(self, same: str) -> set[str]:
        """Return the ways, separators apart, in which a number may be written that `same` gives these digits of."""
        found = {same, f"+{same}"}
        if self.country_code:
            found.add(self.international + same)
            if same.startswith(self.country_code):
                found.add(self.national + same[len(self.country_code) :])
        return found


Same = Callable[[str], str]


def remembering(numbers: Numbers) -> Same:
    """Return `numbers.same` that looks at each way of writing once."""
    known: dict[str, str] = {}

    def same(number: str) -> str:
        found = known.get(number)
        if found is None:
            known[number] = found = numbers.same(number)
        return found

    return same


class Caller(Protocol):
    """A visit, as far as its caller goes."""

    @property
    def number(self) -> int:
        """Counts up in order of entry."""

    @property
    def callid(self) -> str:
        """The call."""

    @property
    def entered(self) -> int:
        """Epoch seconds."""

    @property
    def caller(self) -> str:
        """Number as the PBX gave it."""


def repeated(visits: Iterable[Caller], same: Same) -> set[int]:
    """Return the numbers of the visits after which the same caller entered again within `REPEAT_WITHIN`.

    Another visit of the same call is none; anonymous callers are never the same one.
    """
    by_number: dict[str, list[Caller]] = {}
    for visit in visits:
        number = same(visit.caller)
        if number:
            by_number.setdefault(number, []).append(visit)
    found: set[int] = set()
    for some in by_number.values():
        if len(some) > 1:
            found |= _repeated(sorted(some, key=lambda visit: (visit.entered, visit.number)))
    return found


def _repeated(ordered: list[Caller]) -> set[int]:
    """The next visit of another call decides: all later ones are further away."""
    found: set[int] = set()
    following: Caller | None = None
    for visit, later in zip(reversed(ordered[:-1]), reversed(ordered[1:]), strict=True):
        following = later if later.callid != visit.callid else following
        if following is not None and following.entered - visit.entered <= REPEAT_WITHIN:
            found.add(visit.number)
    return found


@dataclass(slots=True)
class CallBack:
    """A number that nobody has served since it was lost."""

    number: str
    """As every way of writing it gives it."""
    visits: list[Visit]
    """Lost since it was last served, in the order of entry."""

    @property
    def last(self) -> Visit:
        """The last one."""
        return self.visits[-1]


def call_backs(
    lost: Iterable[Visit], same: Same, answered: Mapping[str, tuple[int, int]], called: Mapping[str, float]
) -> list[CallBack]:
    """Return who is to be called back, newest first: lost, not since answered, not since called out.

    `answered` holds entry and number of each caller's last answered visit, `called` when each was called out last.
    Visits that were not lost are passed over; anonymous callers cannot be called.
    """
    found: dict[str, CallBack] = {}
    for visit in sorted(lost, key=lambda visit: (visit.entered, visit.number)):
        number = same(visit.caller)
        if not number or visit.outcome not in LOST:
            continue
        if (visit.entered, visit.number) < answered.get(number, (0, 0)) or visit.entered < called.get(number, 0):
            continue
        found.setdefault(number, CallBack(number, [])).visits.append(visit)
    return sorted(found.values(), key=lambda one: (one.last.entered, one.last.number), reverse=True)
