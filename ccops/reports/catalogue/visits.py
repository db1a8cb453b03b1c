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
_MOST_DAYS = 31
"""Days that a heat map has room for."""


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


def overview(work: Work) -> list[Part]:
    """Figures by queue and day, by day, and by queue."""
    by_day = Chart("lines", "day", ("offered", "answered"))
    by_queue = Chart("bars", "queue", ("answered", "lost"), stacked=True)
    few = sum(1 for _day in days_of(work.period, work.zone)) <= _MOST_DAYS
    both = Chart("heat", "day", ("offered",), by="queue") if few else None
    return [
        VisitTable("overview", marked("Queues by day"), ("day", "queue"), SHOWN, REST, chart=both),
        VisitTable("days", marked("Days"), ("day",), SHOWN, REST, fill=_days, chart=by_day),
        VisitTable("queues", marked("Queues"), ("queue",), (*SHOWN[:8], "wait_p90", "aht"), chart=by_queue, crew=True),
    ]


def distribution(work: Work) -> list[Part]:
    """Figures by hour of the day, by weekday, and by both."""
    figures = ("offered", "answered", "lost", "service_level", "abandon_rate", "asa", "aht")
    heat = Chart("heat", "hour", ("offered",), by="weekday")
    return [
        VisitTable(
            "hours",
            marked("Hours of the day"),
            ("hour",),
            figures,
            fill=_hours,
            chart=Chart("bars", "hour", ("offered",)),
        ),
        VisitTable(
            "weekdays",
            marked("Weekdays"),
            ("weekday",),
            figures,
            fill=_weekdays,
            chart=Chart("bars", "weekday", ("offered",)),
        ),
        VisitTable("heat", marked("Weekday and hour"), ("weekday", "hour"), figures, fill=_heat, chart=heat),
    ]


def _days(work: Work) -> Iterable[Key]:
    return [(day,) for day, _part in days_of(work.period, work.zone)]


def _weekdays(work: Work) -> Iterable[Key]:
    return [(weekday,) for weekday in sorted({day.isoweekday() for day, _part in days_of(work.period, work.zone)})]


def _hours(work: Work) -> Iterable[Key]:
    return [(hour * 3600,) for hour in range(24)]


def _heat(work: Work) -> Iterable[Key]:
    return [(*day, *hour) for day in _weekdays(work) for hour in _hours(work)]


def _cut(work: Work) -> str:
    return "weekday" if work.interval == "weekday" else START


def every(work: Work) -> Iterable[Key]:
    """Return every interval of the period; of weekdays those that it has."""
    if work.interval == "weekday":
        return _weekdays(work)
    return [(cut.start,) for cut in work.cuts]
