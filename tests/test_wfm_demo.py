"""The demo comes with people, a roster and something to decide on; what the roster says is what the people do."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccops.cmd import demo_past
from ccops.cmd.demo_past import make_past, plan_of
from ccops.cmd.demo_planning import demo_centre
from ccops.desk.planning.demo import make
from ccops.desk.planning.leave import Leaves
from ccops.desk.planning.office import Office
from ccops.desk.planning.rosters import Rosters
from ccops.desk.planning.swaps import Swaps
from ccops.reports.periods import day_period
from ccops.settings import load
from ccops.wfm.adherence import report_rows

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
    assert len(team.people) == 6
    rosters = Rosters(office)
    today = rosters.published(TODAY)
    assert today is not None
    assert all(row.shift for row in today.rows if row.day == TODAY), "everybody works today"
    assert set(today.needs) == set(team.queue_names())
    assert rosters.broken(today) == []
    assert [row.state for row in Leaves(office).all()] == ["requested"]
    assert [row.state for row in Swaps(office).all()] == ["offered"]
    yesterday = TODAY - timedelta(days=1)
    crew = {agent.name for agent in plan_of(SHAPE, 16, yesterday).agents}
    rows = report_rows(settings, day_period(yesterday, zone))
    assert rows
    assert {row["agent"] for row in rows} <= crew
    assert all(0.5 < row["adherence"] <= 1 for row in rows), "they came and left as planned"
