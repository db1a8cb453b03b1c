"""Reports that are figures over visits: by queue and by interval."""

from collections.abc import Iterable

from ccops.reports.catalogue.grouping import START, Key
from ccops.reports.catalogue.parts import Part
from ccops.reports.catalogue.tables import VisitTable
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import marked
from ccops.reports.paper.model import Chart
from ccops.reports.periods import days_of

SHOWN = ("offered", "answered", "lost", "abandoned", "service_level", "abandon_rate", "asa", "longest_wait", "aht")
REST = (
    "timeout",
    "exit_empty",
    "exit_key",
    "short_abandoned",
    "withdrawn",
    "interrupted",
    "waiting",
    "abandon_wait",
    "talk",
    "wrap",
    "transfers",
)
_PERCENTILES = ("wait_p50", "wait_p90", "wait_p95")


def queues(work: Work) -> list[Part]:
    """Figures of each queue, cut by intervals where that is asked for."""
    shown = (*SHOWN[:8], "wait_p90", "aht")
    if not work.interval:
        rest = (*REST, "wait_p50", "wait_p95")
        chart = Chart("bars", "queue", ("answered", "lost"), stacked=True)
        return [VisitTable("queues", marked("Queues"), ("queue",), shown, rest, chart=chart, crew=True)]
    return [VisitTable("queues", marked("Queues"), (_cut(work), "queue"), SHOWN, REST)]


def intervals(work: Work) -> list[Part]:
    """Figures of each interval, the empty ones too."""
    key = _cut(work)
    chart = Chart("bars" if key == "weekday" else "lines", key, ("offered", "answered"))
    return [VisitTable("intervals", marked("Intervals"), (key,), SHOWN, REST, fill=every, chart=chart)]


def _cut(work: Work) -> str:
    return "weekday" if work.interval == "weekday" else START


def every(work: Work) -> Iterable[Key]:
    """Return every interval of the period; of weekdays those that it has."""
    if work.interval == "weekday":
        return [(weekday,) for weekday in sorted({day.isoweekday() for day, _part in days_of(work.period, work.zone)})]
    return [(cut.start,) for cut in work.cuts]
