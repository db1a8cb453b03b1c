"""Adherence: how far agents were in the state that the published roster says, by agent and day."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ccops.i18n import _
from ccops.reports.catalogue import columns
from ccops.reports.catalogue.listing import Item, Listing
from ccops.reports.catalogue.parts import Part
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import marked, ratio
from ccops.reports.paper.model import Chart, Column, Row
from ccops.reports.periods import Period

if TYPE_CHECKING:
    from ccops.settings import Settings

_MODULE = "ccops.wfm.adherence"


def adherence(work: Work) -> list[Part]:
    """Scheduled and worked time, adherence and conformance of each agent: by day, and together."""
    chart = Chart("bars", "agent", ("adherence",))
    return [
        Listing("adherence", marked("Agents and days"), _day_columns, _days, _total, comparable=True, note=_note),
        Listing("agents", marked("Agents"), _columns, _agents, _total, chart, comparable=True),
    ]


def roster_rows(settings: "Settings", period: Period) -> Sequence[Mapping[str, Any]]:
    """Return what the rosters know of a period, by agent and day; durations are seconds."""
    if find_spec(_MODULE) is None:
        return []
    rows: Sequence[Mapping[str, Any]] = import_module(_MODULE).report_rows(settings, period)
    return rows


def _rows(work: Work) -> Sequence[Mapping[str, Any]]:
    crew = work.crew()
    rows = roster_rows(work.sources.settings, work.period)
    return [row for row in rows if crew is None or row["agent"] in crew]


def _note(work: Work, items: list[Item]) -> str:
    return "" if items else _("No roster is published for this period.")


def _columns(work: Work) -> list[Column]:
    return [columns.about("agent"), *_figures()]


def _day_columns(work: Work) -> list[Column]:
    return [columns.about("agent"), columns.about("day"), *_figures()]


def _figures() -> list[Column]:
    adherence = columns.rate("adherence", _("Adherence"), _("time in the scheduled state / scheduled time"))
    conformance = columns.rate("conformance", _("Conformance"), _("worked time / scheduled time"))
    return [
        columns.seconds("scheduled", _("Scheduled")),
        columns.seconds("worked", _("Worked")),
        replace(adherence, better="more"),
        replace(conformance, better="more"),
    ]


def _days(work: Work) -> list[Item]:
    rows = sorted(_rows(work), key=lambda row: (row["agent"], row["day"]))
    keys = ("agent", "day", "scheduled", "worked", "adherence", "conformance")
    return [Item({key: row[key] for key in keys}, records=[row]) for row in rows]


def _agents(work: Work) -> list[Item]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in _rows(work):
        groups.setdefault(row["agent"], []).append(row)
    return [Item({"agent": agent, **together(rows)}, records=rows) for agent, rows in sorted(groups.items())]


def _total(work: Work, items: list[Item]) -> Row:
    return together([record for item in items for record in item.records])


def together(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures over several agents or days: a day counts by its scheduled time."""
    scheduled = sum(row["scheduled"] for row in rows)
    kept = sum(row["adherence"] * row["scheduled"] for row in rows if row["adherence"] is not None)
    worked = sum(row["worked"] for row in rows)
    return {
        "scheduled": scheduled,
        "worked": worked,
        "adherence": ratio(kept, scheduled),
        "conformance": ratio(worked, scheduled),
    }
