"""Planning of a simulated centre: its people as a team, a published roster around today, requests to decide on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from ccops.desk.planning.needs import requirement, table
from ccops.desk.planning.office import Deed, Office
from ccops.desk.planning.rosters import Order, Rosters
from ccops.desk.planning.teams import save_team
from ccops.errors import UsageProblem
from ccops.store import planning as store
from ccops.store.planning import DayRow, LeaveRow, SwapRow
from ccops.wfm.demo import DemoCentre, DemoPerson, breaks_of, demo_team, shift_of
from ccops.wfm.plan.build import Needs
from ccops.wfm.plan.weeks import monday_of
from ccops.wfm.team.model import Team, span_of

_PAST_WEEKS = 2
"""Weeks before this one for which a roster is published: adherence has something to look back on."""
_WEEKS = 2


def make(office: Office, centre: DemoCentre) -> None:
    """Give a demo whose store holds some weeks of history a team, published rosters, leave and a swap; under a second.

    The rosters say what the simulated people do: whoever `works`.
    """
    today = office.today()
    this_week = monday_of(today)
    team = demo_team(centre, today)
    save_team(office, team, note="demo")
    with office.doing("wfm.publish", "demo") as deed:
        _publish(deed, office, centre, team, this_week - timedelta(weeks=_PAST_WEEKS), _PAST_WEEKS)
        rows = _publish(deed, office, centre, team, this_week, _WEEKS)
        _requests(deed, centre, rows, today)


def _publish(deed: Deed, office: Office, centre: DemoCentre, team: Team, first: date, weeks: int) -> Sequence[DayRow]:
    """Publish what people work in some weeks, measured against what the history before asks for."""
    needs = _needs(office, team, first, weeks)
    rows = [
        row
        for place, person in enumerate(centre.people)
        for row in _days(place, person, span_of(first, 7 * weeks), centre)
    ]
    rosters = Rosters(office)
    order = Order(first, 7 * weeks, note="demo")
    version, _team = office.team_version()
    rosters.publish_in(
        deed, rosters.save(deed, order, rows, {"needs": needs, "interval": team.interval}, version, None)
    )
    return rows


def _needs(office: Office, team: Team, first: date, weeks: int) -> Needs:
    """Return what is required; nothing where the history does not reach back that far."""
    try:
        return table(requirement(office, first, 7 * weeks, team=team))
    except UsageProblem:
        return {}


def _days(place: int, person: DemoPerson, span: Sequence[date], centre: DemoCentre) -> list[DayRow]:
    """Return somebody's days; people of the same shift follow one another by the number of kinds of shifts."""
    kinds = len({one.hours for one in centre.people})
    shift, breaks = shift_of(person.hours), breaks_of(person.hours, place // kinds)
    queue = person.queues[0]
    work = DayRow(0, person.id, span[0], shift.name, shift.start, shift.minutes, shift.paid, breaks, queue)
    free = DayRow(0, person.id, span[0], "", 0, 0, 0, ())
    return [replace(work if centre.works(person.id, day) else free, day=day) for day in span]


def _requests(deed: Deed, centre: DemoCentre, rows: Sequence[DayRow], today: date) -> None:
    """Leave something to decide on: a leave that is asked for, a shift that is offered."""
    asks, offers = centre.people[0].id, centre.people[-1].id
    offered = next((row for row in rows if row.person == offers and row.shift and row.day > today), None)
    start = today + timedelta(days=3)
    leave = LeaveRow(0, asks, start, start + timedelta(days=1), "leave", "requested", deed.at, asks, "", None, "", "")
    with deed.database.write() as connection:
        store.put_leave(connection, leave)
        if offered is not None:
            swap = SwapRow(0, offers, offered.day, offered.shift, "", None, "offered", deed.at, offers, None, "", "")
            store.put_swap(connection, swap)
