"""From the team, the requirement and what is known of people's days to the plan that the solver takes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.store.planning import DayRow, LeaveRow
from ccops.wfm.roster import (
    DAY_OFF,
    Assignment,
    Before,
    Contract,
    Fixed,
    Leave,
    Person,
    Placed,
    Plan,
    QueueNeed,
    Shift,
    Wish,
)
from ccops.wfm.team.model import Member, Team, span_of

LOOK_BACK = 14
"""Days before the roster that are looked at for runs of work and rest."""
Needs = Mapping[str, Sequence[Sequence[float]]]
"""Queue → days × intervals."""


def plan_of(
    team: Team,
    needs: Needs,
    first: date,
    days: int,
    zone: ZoneInfo,
    *,
    leave: Iterable[LeaveRow] = (),
    before: Iterable[DayRow] = (),
) -> Plan:
    """Return the plan of `days` days; `leave` is what was approved, `before` what holds for the days before.

    Raises `UsageProblem` for an empty team.
    """
    if not team.people:
        raise UsageProblem(_("The team has nobody in it."), remedy=_("Add people and `ccops wfm team import FILE`."))
    plan = Plan(
        first,
        days,
        team.shifts,
        team.contracts,
        tuple(_person(member) for member in team.people),
        team.free_shifts,
        leave=tuple(_leave(team, first, days, leave)),
        wishes=tuple(_wishes(team, first, days)),
        queue_needs=tuple(_needs(team, needs, first, days)),
        fairness=team.fairness,
        interval=team.interval,
        zone=zone,
    )
    return replace(plan, before=tuple(_before(team, plan, list(before))))


def _person(member: Member) -> Person:
    return Person(member.id, member.contract, frozenset(member.skills), member.name, member.hours)


def _leave(team: Team, first: date, days: int, rows: Iterable[LeaveRow]) -> Iterator[Leave]:
    """Yield each day away once: leave that was approved, sickness, and days on which the centre is closed."""
    away = {(row.person, day) for row in rows if row.state == "approved" for day in away_days(row)}
    span = span_of(first, days)
    away |= {(member.id, day) for member in team.people for day in span if team.closed(day)}
    for person, day in sorted(away):
        if day in span and team.member(person) is not None:
            # A week of leave counts as a week of work: five days of it, whatever days would have been worked.
            yield Leave(person, day, team.leave_minutes(person) if day.weekday() < 5 else 0)


def away_days(row: LeaveRow) -> list[date]:
    """Return the days of a leave."""
    return span_of(row.first, (row.last - row.first).days + 1)


def _wishes(team: Team, first: date, days: int) -> Iterator[Wish]:
    for member in team.people:
        for rule in member.wishes:
            for day in filter(rule.on, span_of(first, days)):
                yield Wish(member.id, day, rule.shift, rule.weight, rule.wanted)


def _needs(team: Team, needs: Needs, first: date, days: int) -> Iterator[QueueNeed]:
    import numpy as np

    slots = 24 * 60 // team.interval
    for name, table in needs.items():
        agents = np.array(table, float).reshape(days, slots) + activity_need(team, name, first, days)
        yield QueueNeed(name, agents, team.queue(name).weight)


def activity_need(team: Team, queue: str, first: date, days: int) -> "list[list[float]]":
    """Return the agents that must stand in for those who are in a planned activity, each for their first queue.

    An activity of everybody is meant to take everybody off the phones: nobody stands in.
    """
    slots = 24 * 60 // team.interval
    extra = [[0.0] * slots for _day in range(days)]
    for offset, day in enumerate(span_of(first, days)):
        for activity in team.activities:
            if not activity.on(day):
                continue
            people = [team.member(name) for name in activity.people]
            count = sum(1 for one in people if one is not None and one.skills[:1] == (queue,))
            for slot in range(
                activity.start // team.interval, -(-(activity.start + activity.minutes) // team.interval)
            ):
                if slot < slots:
                    extra[offset][slot] += count
    return extra


def _before(team: Team, plan: Plan, rows: Sequence[DayRow]) -> Iterator[Before]:
    known = {shift.name for shift in plan.all_shifts()}
    by_person: dict[str, dict[date, DayRow]] = {}
    for row in rows:
        by_person.setdefault(row.person, {})[row.day] = row
    for member in team.people:
        days = by_person.get(member.id, {})
        last = days.get(plan.first - timedelta(days=1))
        if last is None:
            continue
        length = _run(days, plan.first, works=bool(last.shift))
        if last.shift:
            yield Before(member.id, length, 0, last.shift if last.shift in known else DAY_OFF)
        else:
            yield Before(member.id, 0, length)


def _run(days: Mapping[date, DayRow], first: date, *, works: bool) -> int:
    length = 0
    while (row := days.get(first - timedelta(days=length + 1))) is not None and bool(row.shift) is works:
        length += 1
    return length


# --- between the store's rows and the solver's assignments ---


def assignment_of(row: DayRow) -> Assignment:
    """Return a stored day as the solver knows it."""
    breaks = tuple(Placed(*one) for one in row.breaks)
    return Assignment(row.person, row.day, row.shift, row.start, row.minutes, row.paid, breaks, row.queue)


def row_of(one: Assignment, roster: int = 0) -> DayRow:
    """Return an assignment as the store keeps it."""
    breaks = tuple((placed.name, placed.start, placed.minutes, placed.paid) for placed in one.breaks)
    return DayRow(roster, one.person, one.day, one.shift, one.start, one.minutes, one.paid, breaks, one.queue)


def day_row(person: str, day: date, shift: Shift | None, interval: int) -> DayRow:
    """Return a day with this shift, its breaks in the middle of their windows; without a shift a day off."""
    if shift is None:
        return DayRow(0, person, day, DAY_OFF, 0, 0, 0, ())
    breaks = tuple(
        (one.name, shift.start + (one.earliest + one.latest) // 2 // interval * interval, one.minutes, one.paid)
        for one in shift.breaks
    )
    return DayRow(0, person, day, shift.name, shift.start, shift.minutes, shift.paid, breaks)


def fixed_rows(rows: Iterable[DayRow]) -> tuple[Fixed, ...]:
    """Return rows as days that are settled."""
    return tuple(Fixed(row.person, row.day, row.shift) for row in rows)


__all__ = ["Assignment", "Contract", "Needs", "Plan", "assignment_of", "away_days", "day_row", "fixed_rows", "plan_of"]
