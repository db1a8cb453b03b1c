"""The catalogue of reports: what there is, how a paper is made of it, and what every figure on it is made of."""

from ccops.reports.catalogue.ask import INTERVALS, Ask
from ccops.reports.catalogue.entry import Entry, entries
from ccops.reports.catalogue.making import make_paper, trace
from ccops.reports.catalogue.owned import own_report, trace_own
from ccops.reports.catalogue.parts import Found, Trace
from ccops.reports.catalogue.sides import compare_rules
from ccops.reports.catalogue.work import AuditReader, Sources

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
