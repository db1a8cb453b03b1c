"""Public holidays of a country as special days, and the days before them, from the package `holidays`.

Which days a country keeps is its authors' knowledge; what a day does to the calls is learned from the history.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from types import ModuleType
from typing import Final

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.wfm.days import EVE, MINOR, PUBLIC, SpecialDay
from ccops.wfm.effects import first_told

_MAIN: Final = ("public", "government", "mandatory", "de_facto")
_OTHERS: Final = ("half_day", "bank", "optional")
"""Categories of the package; school holidays, religious and unofficial days say little of who calls."""
_SHOWN: Final = 20
_ASIDE = re.compile(r"\s*\([^()]*\)$")


def with_holidays(own: Iterable[SpecialDay], country: str, first: date, last: date) -> tuple[SpecialDay, ...]:
    """Return special days and the holidays of a country beside them (none without one); what is one's own wins."""
    return first_told([*own, *(country_holidays(country, first, last) if country else ())])


@lru_cache(maxsize=16)
def country_holidays(country: str, first: date, last: date) -> tuple[SpecialDay, ...]:
    """Return the holidays of a country from `first` to `last`, and the days before the public ones.

    `country` is an ISO 3166 code: AT, or with a part of the country DE-BY. A day with two names has that of the
    weightier category. Raises `UsageProblem` for a country or a part that is unknown.
    """
    code, part = _known(country)
    found: dict[date, SpecialDay] = {}
    years = range(first.year, (last + timedelta(days=1)).year + 1)
    for group, categories in ((PUBLIC, _MAIN), (MINOR, _OTHERS)):
        for category in categories:
            for day, name in _named(code, part, years, category):
                found.setdefault(day, SpecialDay(day, name, group=group))
    for special in [one for one in found.values() if one.group == PUBLIC]:
        eve = special.day - timedelta(days=1)
        if eve not in found or found[eve].group == MINOR:
            found[eve] = SpecialDay(eve, _("day before {name}").format(name=special.name), group=EVE)
    return tuple(found[day] for day in sorted(found) if first <= day <= last)


def _package() -> ModuleType:
    try:
        import holidays
    except ModuleNotFoundError:
        raise UsageProblem(
            _("The holidays of a country need the package “holidays”, which is not installed."),
            remedy=_("Install it: pip install 'ccops[wfm]'."),
        ) from None
    return holidays


def _known(country: str) -> tuple[str, str | None]:
    """Return country and part as the package writes them."""
    known: dict[str, list[str]] = _package().list_supported_countries()
    code, _hyphen, asked = country.strip().partition("-")
    code = code.upper()
    if code not in known:
        raise UsageProblem(
            _("No holidays are known of a country “{country}”.").format(country=country),
            remedy=_("Write its two letters of ISO 3166, such as AT or US, or a part of it, such as DE-BY."),
        )
    if not asked:
        return code, None
    part = next((one for one in known[code] if one.casefold() == asked.casefold()), None)
    if part is None:
        names = ", ".join(known[code][:_SHOWN]) + (" …" if len(known[code]) > _SHOWN else "")
        raise UsageProblem(
            _("No holidays are known of a part “{part}” of {country}.").format(part=asked, country=code),
            remedy=_("Leave it out, or take one of: {names}").format(names=names or "–"),
        )
    return code, part


def _named(code: str, part: str | None, years: range, category: str) -> Iterator[tuple[date, str]]:
    """Yield the days of one category, without what the package adds to a name, such as “(observed)”."""
    try:
        calendar = _package().country_holidays(code, subdiv=part, years=years, categories=(category,))
    except ValueError:  # the country has no such category
        return
    for day, names in sorted(calendar.items()):
        yield day, _ASIDE.sub("", names.split("; ")[0]).strip()
