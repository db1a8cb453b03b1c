"""A roster on paper: the week as a grid of people by days, its cover by day, what falls short; or one row per day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ccops.i18n import _
from ccops.reports.figures import Unit
from ccops.reports.paper.model import Chart, Column, Paper, Section
from ccops.reports.periods import Period, start_of
from ccops.store.planning import DayRow
from ccops.wfm.plan.coverage import Slot
from ccops.wfm.team.model import Team, span_of
from ccops.wfm.team.words import clock_text

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Printed:
    """All that a paper of a roster needs."""

    number: int
    state: str
    first: date
    days: int
    rows: Sequence[DayRow]
    team: Team
    site: str
    zone: ZoneInfo
    at: float
    """Epoch seconds of printing."""
    slots: Sequence[Slot] = ()
    shortfalls: Sequence[Mapping[str, Any]] = ()
    person: str = ""
    """Only this one."""

    @property
    def shown(self) -> list[DayRow]:
        """The rows that are printed."""
        return [row for row in self.rows if not self.person or row.person == self.person]


def grid_paper(printed: Printed) -> Paper:
    """Return the paper for people: a grid per week, then cover and shortfalls."""
    sections = list(_weeks(printed))
    if printed.slots and not printed.person:
        sections.append(_cover(printed))
    if printed.shortfalls and not printed.person:
        sections.append(_shortfalls(printed))
    return _paper(printed, sections)


def data_paper(printed: Printed) -> Paper:
    """Return the paper for programs: one row per person and day of work."""
    return _paper(printed, [_days(printed)])


def workbook_paper(printed: Printed) -> Paper:
    """Return the paper for a workbook: the grid, and the days to reckon with."""
    grid = grid_paper(printed)
    return _paper(printed, [*grid.sections, _days(printed)])


def _paper(printed: Printed, sections: Sequence[Section]) -> Paper:
    end = printed.first + timedelta(days=printed.days)
    period = Period(start_of(printed.first, printed.zone), start_of(end, printed.zone))
    filters = {_("Version"): str(printed.number), _("State"): printed.state}
    if printed.person:
        filters[_("Person")] = _name(printed.team, printed.person)
    return Paper(
        "roster", _("Roster"), printed.site, printed.zone, printed.at, period, sections,
        filters=filters,
    )  # fmt: skip


def _name(team: Team, person: str) -> str:
    member = team.member(person)
    return member.name if member is not None else person


def _weeks(printed: Printed) -> Iterator[Section]:
    by_day = {(row.person, row.day): row for row in printed.shown}
    people = list(dict.fromkeys(row.person for row in printed.shown))
    span = span_of(printed.first, printed.days)
    for begin in range(0, len(span), _WEEK):
        days = span[begin : begin + _WEEK]
        columns = [Column("person", _("Person")), *(_day_column(day) for day in days)]
        columns.append(Column("hours", _("Hours"), "number", rule=_("paid hours of these days")))
        rows = [_line(printed.team, person, days, by_day) for person in people]
        week = days[0].isocalendar()
        title = _("Week {week} of {year}").format(week=week.week, year=week.year)
        yield Section(f"week_{begin // _WEEK + 1}", title, columns, rows)


def _day_column(day: date) -> Column:
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    return Column(day.isoformat(), f"{names[day.weekday()]} {day:%d.%m.}")


def _line(team: Team, person: str, days: Sequence[date], by_day: Mapping[tuple[str, date], DayRow]) -> dict[str, Any]:
    rows = [by_day.get((person, day)) for day in days]
    cells = {day.isoformat(): cell_text(row) for day, row in zip(days, rows, strict=True)}
    paid = sum(row.paid for row in rows if row is not None)
    return {"person": _name(team, person), **cells, "hours": paid / 60}


def cell_text(row: DayRow | None, *, breaks: bool = False) -> str:
    """Return what stands in the grid for a day; with `breaks`, when each of them begins."""
    if row is None or not row.shift:
        return "–"
    times = f"{clock_text(row.start)}–{clock_text(row.start + row.minutes)}"
    # A free shift carries its hours in its name already.
    text = row.shift if row.shift.endswith(times.replace("–", "-")) else f"{row.shift} {times}"
    placed = ", ".join(f"{name} {clock_text(start)}" for name, start, _minutes, _paid in row.breaks)
    return f"{text} ({placed})" if breaks and placed else text


def _cover(printed: Printed) -> Section:
    sums: dict[tuple[date, str], list[float]] = {}
    hours = printed.team.interval / 60
    for slot in printed.slots:
        found = sums.setdefault((slot.day, slot.queue), [0.0, 0.0])
        found[0] += slot.required * hours
        found[1] += slot.missing * hours
    rows = [
        {"day": day, "queue": queue, "required": required, "missing": missing,
         "covered": None if not required else 1 - missing / required}
        for (day, queue), (required, missing) in sums.items()
    ]  # fmt: skip
    columns = [
        Column("day", _("Day"), "day"),
        Column("queue", _("Queue")),
        Column("required", _("Required"), "number", rule=_("agent hours that the forecast asks for")),
        Column("missing", _("Missing"), "number", rule=_("agent hours of intervals with too few"), better="less"),
        Column("covered", _("Covered"), Unit.RATE, rule=_("1 − missing / required"), better="more"),
    ]
    chart = Chart("bars", "day", ["required", "missing"]) if len({queue for _day, queue in sums}) == 1 else None
    return Section("cover", _("Cover"), columns, rows, chart=chart)


def _shortfalls(printed: Printed) -> Section:
    names = ("kind", "day", "start", "end", "queue", "person", "missing", "why")
    titles = (_("Kind"), _("Day"), _("From"), _("To"), _("Queue"), _("Person"), _("Missing"), _("Why"))
    columns = [
        Column(name, title, "number" if name == "missing" else "text")
        for name, title in zip(names, titles, strict=True)
    ]
    rows = [{name: one.get(name) or None for name in names} for one in printed.shortfalls]
    return Section("shortfalls", _("What falls short"), columns, rows)


def _days(printed: Printed) -> Section:
    columns = [
        Column("person", _("Person")),
        Column("name", _("Name")),
        Column("day", _("Day"), "day"),
        Column("shift", _("Shift")),
        Column("start", _("Start")),
        Column("end", _("End")),
        Column("minutes", _("Minutes"), Unit.COUNT),
        Column("paid", _("Paid minutes"), Unit.COUNT),
        Column("queue", _("Queue")),
        Column("breaks", _("Breaks")),
    ]
    rows = [day_record(printed.team, row) for row in printed.shown if row.shift]
    return Section("days", _("Days"), columns, rows)


def day_record(team: Team, row: DayRow) -> dict[str, Any]:
    """Return a day as data: times on the site's clock, an end beyond midnight lies on the next day."""
    works = bool(row.shift)
    breaks = [f"{name} {clock_text(start)}-{clock_text(start + minutes)}" for name, start, minutes, _paid in row.breaks]
    return {
        "person": row.person,
        "name": _name(team, row.person),
        "day": row.day,
        "shift": row.shift or None,
        "start": clock_text(row.start) if works else None,
        "end": clock_text(row.start + row.minutes) if works else None,
        "minutes": row.minutes,
        "paid": row.paid,
        "queue": row.queue or None,
        "breaks": ", ".join(breaks) or None,
    }
