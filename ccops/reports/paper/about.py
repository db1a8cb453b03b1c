"""What stands on every paper whatever its form: site, period, zone, filter, rules, and when it was made."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.paper.model import Paper
from ccops.reports.paper.values import local
from ccops.reports.periods import Period, day_of, start_of


@dataclass(slots=True, frozen=True)
class Fact:
    """One line about a paper."""

    key: str
    """Name in data."""
    title: str
    text: str


def facts(paper: Paper) -> list[Fact]:
    """Return the lines about a paper, without its rules."""
    found = [Fact("site", _("Site"), clean(paper.site))]
    if paper.period is not None:
        found.append(Fact("period", _("Period"), period_text(paper.period, paper.zone)))
    if paper.compared_with is not None:
        found.append(Fact("compared_with", _("Compared with"), period_text(paper.compared_with, paper.zone)))
    found.append(Fact("zone", _("Time zone"), paper.zone.key))
    found.append(Fact("filter", _("Filter"), filter_text(paper)))
    found.append(Fact("generated_at", _("Generated"), generated_text(paper)))
    return found


def rules(paper: Paper, *, rates_only: bool = False) -> list[Fact]:
    """Return the rules that the paper rests on."""
    found = paper.all_rules(rates_only=rates_only)
    return [Fact("rule", clean(title), clean(text)) for title, text in found.items()]


def warnings(paper: Paper) -> list[str]:
    """Return what may make the figures wrong, fit for any reader."""
    return [clean(warning) for warning in paper.warnings]


def period_text(period: Period, zone: ZoneInfo) -> str:
    """Return a period as days, its last one included, or as instants where it does not consist of whole days."""
    first = day_of(period.start, zone)
    if period.end > period.start and _at_midnight(period.start, zone) and _at_midnight(period.end, zone):
        last = day_of(period.end - 1, zone)
        if first == last:
            return first.isoformat()
        days = _("{count} days").format(count=(last - first).days + 1)
        return f"{first.isoformat()} – {last.isoformat()} ({days})"
    return f"{_minute(period.start, zone)} – {_minute(period.end, zone)}"


def filter_text(paper: Paper) -> str:
    """Return what the paper was narrowed to."""
    if not paper.filters:
        return _("none")
    return ", ".join(f"{title}: {clean(value)}" for title, value in paper.filters.items())


def generated_text(paper: Paper) -> str:
    """Return when the paper was made, with the offset of its zone."""
    return local(round(paper.generated_at), paper.zone).isoformat(" ", "seconds")


def empty_text(paper: Paper) -> str:
    """Return the sentence of a paper without a row."""
    if paper.period is None:
        return _("Nothing to report: there is no row.")
    return _("Nothing to report: there is no row for this period and filter.")


def _at_midnight(at: int, zone: ZoneInfo) -> bool:
    return start_of(day_of(at, zone), zone) == at


def _minute(at: int, zone: ZoneInfo) -> str:
    text = local(at, zone).isoformat(" ", "seconds")[:19]
    return text.removesuffix(":00")
