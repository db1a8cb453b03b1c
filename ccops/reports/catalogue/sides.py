"""One period under all four service-level rules, side by side."""

from dataclasses import dataclass
from typing import Any

from ccops.i18n import _
from ccops.reports.catalogue import columns
from ccops.reports.catalogue.ask import Ask
from ccops.reports.catalogue.counted import level_test
from ccops.reports.catalogue.grouping import grouped
from ccops.reports.catalogue.making import RULES, paper
from ccops.reports.catalogue.parts import Found, Trace, traced
from ccops.reports.catalogue.tables import doubt, visits_of_row
from ccops.reports.catalogue.work import Sources, Work
from ccops.reports.figures import SERVICE_LEVELS, Unit
from ccops.reports.paper.model import Chart, Column, Paper, Row, Section
from ccops.reports.rules import ServiceLevelRule
from ccops.reports.tally import Tally, merged

_COUNTS = ("offered", "answered", "abandoned", "short_abandoned", "lost")


def rule_key(rule: ServiceLevelRule) -> str:
    """Return the key of the column of one rule."""
    return f"service_level_{rule.value.replace('-', '_')}"


def compare_rules(ask: Ask, sources: Sources) -> Paper:
    """Return the service level of each queue, and of all, under each of the four rules."""
    work = Work(ask, sources)
    title = _("Service level under the four rules")
    return paper(work, RULES, title, [RuleTable().section(work)], dated=True, compared=None)


def trace_rules(ask: Ask, sources: Sources, row: Row, figure: str) -> Trace:
    """Return what a figure of that paper is made of."""
    return traced(Work(ask, sources), RuleTable(), row, figure)


@dataclass(frozen=True)
class RuleTable:
    """The service level of each queue under each rule."""

    name: str = "rules"
    comparable: bool = True

    def columns(self, work: Work) -> list[Column]:
        """Return the columns: queue, threshold, the rules, counts."""
        names = {
            ServiceLevelRule.OFFERED_LESS_SHORT: _("Level, offered less short"),
            ServiceLevelRule.OFFERED: _("Level, offered"),
            ServiceLevelRule.ANSWERED: _("Level, answered"),
            ServiceLevelRule.SL2: _("Level, SL2"),
        }
        levels = []
        for rule, name in names.items():
            mine = work.rules.service_level is rule
            title = _("{rule} (the site's)").format(rule=name) if mine else name
            text = _(SERVICE_LEVELS[rule].ruled).format(
                threshold=f"{work.worded.threshold:g}", short=f"{work.rules.short_abandon:g}"
            )
            levels.append(Column(rule_key(rule), title, Unit.RATE, text, "more"))
        return [
            columns.about("queue"),
            columns.plain("threshold", _("Threshold"), Unit.SECONDS),
            *levels,
            *columns.queue_columns(_COUNTS, work.worded),
        ]

    def section(self, work: Work) -> Section:
        """Make the section."""
        tallies = grouped(work, ("queue",))
        counts = columns.queue_values(_COUNTS, work.rules)

        def values(tally: Tally) -> dict[str, Any]:
            levels = {rule_key(rule): level.of(tally) for rule, level in SERVICE_LEVELS.items()}
            return {**levels, **counts(tally)}

        rows = [
            {"queue": str(queue), "threshold": work.rules.threshold_of(str(queue)), **values(tally)}
            for (queue,), tally in tallies.items()
        ]
        total = merged(tallies.values())
        doubt(work, total)
        chart = Chart("bars", "queue", tuple(rule_key(rule) for rule in ServiceLevelRule))
        return Section(self.name, _("Queues"), self.columns(work), rows, values(total), chart)

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return the visits that a level, or a count, is worked out from."""
        from ccops.reports.catalogue.counted import COUNTED, counted

        visits = visits_of_row(work, row, ("queue",))
        known = {rule_key(rule): level_test(rule) for rule in ServiceLevelRule}
        if figure in known:
            return Found([work.period], work.known_to, [one for one in visits if known[figure](one, work.rules)])
        if figure not in COUNTED:
            return None
        return Found([work.period], work.known_to, counted(figure, visits, work.rules))
