"""The demo comes with people, a roster and something to decide on; what the roster says is what the people do."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.cmd import demo_past
from ccops.cmd.demo_past import make_past, plan_of
from ccops.cmd.demo_planning import demo_centre
from ccops.cmd.demo_rota import crew_of, days_off, people_of, place_in_week
from ccops.desk.planning.demo import make
from ccops.desk.planning.leave import Leaves
from ccops.desk.planning.office import Office
from ccops.desk.planning.rosters import Rosters
from ccops.desk.planning.swaps import Swaps
from ccops.pbx.sim import CentrePlan
from ccops.reports.periods import day_period
from ccops.settings import load
from ccops.wfm.adherence import report_rows
from ccops.wfm.plan.coverage import summary

SHAPE = (6, 2, 3)
TODAY = date(2026, 11, 18)


def test_a_planned_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_past, "DAYS", 17)
    settings = load(
        None, {"CCOPS_STORE__PATH": str(tmp_path / "ccops.db"), "CCOPS_SITE__TIMEZONE": "Europe/Vienna"}
    ).settings
    zone = ZoneInfo("Europe/Vienna")
    make_past(settings, SHAPE, TODAY)
    first = TODAY - timedelta(days=17)
    noon = datetime(2026, 11, 18, 12, tzinfo=zone).timestamp()
    office = Office(settings, clock=lambda: noon)
    make(office, demo_centre(SHAPE, TODAY, first))
    team = office.team()
    assert len(team.people) == 7, "one more than seats: everybody has days off"
    rosters = Rosters(office)
    today = rosters.published(TODAY)
    assert today is not None
    at_work = {row.person for row in today.rows if row.day == TODAY and row.shift}
    assert at_work == {agent.number for agent in CentrePlan.default(*SHAPE).agents}, "whom the simulated PBX has"
    assert set(today.needs) == set(team.queue_names())
    assert rosters.broken(today) == []
    assert 0.75 < summary(rosters.plan(today), today.rows)["covered"] < 1, "people and calls fit each other"
    assert [row.state for row in Leaves(office).all()] == ["requested"]
    assert [row.state for row in Swaps(office).all()] == ["offered"]
    yesterday = TODAY - timedelta(days=1)
    crew = {agent.name for agent in plan_of(SHAPE, 16, yesterday).agents}
    rows = report_rows(settings, day_period(yesterday, zone))
    assert rows
    assert {row["agent"] for row in rows} <= crew
    assert all(0.5 < row["adherence"] <= 1 for row in rows), "they came and left as planned"


@given(st.integers(1, 80), st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_everybody_has_two_days_off_in_a_row_and_today_every_seat_is_taken(seats: int, today: date) -> None:
    shape = (seats, 2, 1)
    people, off = people_of(shape), days_off(seats, today)
    assert len(people) == len(off) == seats + seats // 4
    assert len({agent.number for agent in people}) == len({agent.name for agent in people}) == len(people)
    assert all(not free or (max(free) - min(free)) in (1, 6) for free in off)
    assert all(len(free) == (2 if seats >= 4 else 0) for free in off)
    assert [agent.number for agent in crew_of(shape, today, today)] == [agent.number for agent in people[:seats]]
    assert place_in_week(today, today) < 5, "today is a busy day, whatever its name"
    week = [len(crew_of(shape, today + timedelta(days=ahead), today)) for ahead in range(7)]
    assert min(week) >= 1
    assert max(week) <= seats + max(2, seats // 10)
