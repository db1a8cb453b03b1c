"""Moves the rows of a former period to the days that they stand against."""

from collections.abc import Hashable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from ccops.reports.catalogue.work import Work
from ccops.reports.paper.model import Row, Section
from ccops.reports.periods import day_of, days_of


def shifted(section: Section, before: Work, now: Work) -> Section:
    """Return a section of the former period with its days and intervals moved to those of the period now."""
    if not any(column.key in _MOVED for column in section.columns):
        return section
    return replace(section, rows=[_moved(row, before, now) for row in section.rows])


def row_before(row: Row, before: Work, now: Work) -> dict[str, Any]:
    """Return a row of the period now as it is named in the former one."""
    return _moved(row, now, before)


_MOVED = ("start", "day")


def _moved(row: Row, source: Work, target: Work) -> dict[str, Any]:
    moved = dict(row)
    if isinstance(moved.get("day"), date):
        days = (day_of(target.period.start, target.zone) - day_of(source.period.start, source.zone)).days
        moved["day"] += timedelta(days=days)
    if "start" in moved:
        moved["start"] = _intervals(source, target).get(moved["start"], moved["start"])
    return moved


def _intervals(source: Work, target: Work) -> dict[Hashable, int]:
    """Pair intervals by how many days into the period they are and by the time of the day."""
    there = {place: start for start, place in _places(target)}
    return {start: there[place] for start, place in _places(source) if place in there}


def _places(work: Work) -> list[tuple[int, tuple[int, ...]]]:
    first = next((day for day, _part in days_of(work.period, work.zone)), date.min)
    found: list[tuple[int, tuple[int, ...]]] = []
    for cut in work.cuts:
        local = datetime.fromtimestamp(cut.start, work.zone)
        found.append((cut.start, ((local.date() - first).days, local.hour, local.minute, local.second, local.fold)))
    return found
