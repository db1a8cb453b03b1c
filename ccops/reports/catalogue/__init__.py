"""The catalogue of reports: what there is, how a paper is made of it, and what every figure on it is made of."""

from typing import TYPE_CHECKING

from ccops.reports.catalogue.ask import INTERVALS, Ask
from ccops.reports.catalogue.entry import Entry, entries
from ccops.reports.catalogue.making import make_paper, trace
from ccops.reports.catalogue.parts import Found, Trace
from ccops.reports.catalogue.work import AuditReader, Sources

if TYPE_CHECKING:
    from ccops.reports.own import OwnReport
    from ccops.reports.paper.model import Paper, Row
    from ccops.reports.periods import Period

__all__ = [
    "INTERVALS",
    "Ask",
    "AuditReader",
    "Entry",
    "Found",
    "Sources",
    "Trace",
    "compare_rules",
    "entries",
    "make_paper",
    "own_report",
    "trace",
    "trace_own",
]


def compare_rules(ask: Ask, sources: Sources) -> "Paper":
    """Return the service level of each queue, and of all, under each of the four rules."""
    from ccops.reports.catalogue import sides

    return sides.compare_rules(ask, sources)


def own_report(own: "OwnReport", ask: Ask, sources: Sources, *, compared: "Period | None" = None) -> "Paper":
    """Return the paper of a site's own report; what the ask is narrowed by narrows it further."""
    from ccops.reports.catalogue import owned

    return owned.own_report(own, ask, sources, compared=compared)


def trace_own(
    own: "OwnReport", ask: Ask, sources: Sources, row: "Row", figure: str, *, compared: "Period | None" = None
) -> Trace:
    """Return what a figure of a row of a site's own report is made of; raises as `trace` does."""
    from ccops.reports.catalogue import owned

    return owned.trace_own(own, ask, sources, row, figure, compared=compared)
