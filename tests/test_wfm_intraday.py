"""The day under way: forecast anew from what has come, gap against roster and people, suggestions with their effect."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ccops.board import AgentRow, AgentState, Board, LinkRow, Membership
from ccops.desk.planning.intraday import alarms, interval_rows, staff_of, suggested, today_of
from ccops.store.planning import DayRow
from ccops.wfm.follow.day import QueueDay, Today, effect_of
from ccops.wfm.follow.suggest import Suggestion, suggestions
from ccops.wfm.require import staffed
from ccops.wfm.targets import ServiceRule
from ccops.wfm.team.model import Team
from ccops.wfm.team.read import team_of
from tests.planning_world import NOON, TEAM, VIENNA, WEDNESDAY, World, queue_log, week, worked

SLOTS = 48


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A morning with twice the calls; two in the morning shift, one late."""
    world = World(tmp_path_factory.mktemp("busy"))
    team = world.team()
    world.ingest(queue_log(weeks=7, busy=2.0, swing=0.5))
    rows = [*week(team, "anna", "early"), *week(team, "dora", "early"), *week(team, "bob", "late")]
    world.published(rows, need=1)
    return world


@pytest.fixture(scope="module")
def told(busy: World) -> Any:
    return busy.data("intraday")


def test_the_rest_of_the_day_is_forecast_from_what_came(told: Any) -> None:
    assert (told["day"], told["now"], told["queues"]) == ("2026-03-04", "12:00", ["sales", "support"])
    for total in told["totals"]:
        assert total["factor"] > 1.05, "twice the calls in the morning say something of the afternoon"
    rows = [row for row in told["intervals"] if row["queue"] == "sales"]
    past = [row for row in rows if row["start"] < "2026-03-04T12"]
    ahead = [row for row in rows if row["start"] >= "2026-03-04T12"]
    # The last one counts as over only when a line of the log lies after it.
    assert all(row["calls"] is not None and row["service_level"] is None for row in past[:-1])
    assert all(row["calls"] is None for row in ahead)
    assert all(row["low"] <= row["expected"] <= row["high"] for row in ahead)
    assert sum(row["expected"] for row in ahead) > 1.05 * sum(row["forecast"] for row in ahead)
    assert all(row["gap"] == row["scheduled"] - row["required"] for row in rows)
    assert [row["logged_in"] for row in rows].count(None) == len(rows) - 1, "who is there is known of this moment only"


def test_what_is_over_is_shared_out_by_what_it_needed(told: Any) -> None:
    morning = [row for row in told["intervals"] if "T08:00" <= row["start"][10:] < "T11:00"]
    starts = {row["start"] for row in morning}
    for start in starts:
        both = {row["queue"]: row for row in morning if row["start"] == start}
        assert all(row["required"] > 0 for row in both.values())
        assert sum(row["scheduled"] for row in both.values()) == 2, "Anna and Dora, whoever lacks them more"
        assert all(row["scheduled"] <= row["required"] or row["gap"] > 0 for row in both.values())


def test_every_suggestion_tells_an_effect_that_helps(told: Any) -> None:
    kinds = {one["kind"] for one in told["suggestions"]}
    assert "overtime" in kinds
    for one in told["suggestions"]:
        if one["kind"] == "release":
            assert one["missing_after"] <= one["missing_before"]
        else:
            assert one["missing_after"] < one["missing_before"]
        if one["service_level_before"] is not None and one["kind"] != "release":
            assert one["service_level_after"] >= one["service_level_before"]


def test_what_is_known_without_calls_today(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.team()
    assert world.wfm("intraday").code == 2
    world.ingest(queue_log(weeks=3, busy=0.0))
    world.published(week(world.office.team(), "anna", "early"))
    found = world.data("intraday", "--queue", "sales")
    assert found["queues"] == ["sales"]
    assert world.wfm("intraday", "--queue", "slaes").code == 2
    assert "sales" in world.wfm("intraday", "--queue", "slaes").err


# -- who is there ------------------------------------------------------------------------------------------------------


def board(**people: tuple[AgentState, tuple[str, ...]]) -> Board:
    rows = {
        name: AgentRow(
            key=name, agent=name, interface=name, device=name, state=state, state_since=NOON - 900,
            memberships=tuple(Membership(queue) for queue in queues),
        )
        for name, (state, queues) in people.items()
    }  # fmt: skip
    return Board(LinkRow(site="Test", host="pbx", state="live", since=0.0), agents=rows)


def test_who_is_missing_and_who_could_serve_more(busy: World) -> None:
    office = busy.office
    office.clock = lambda: NOON + 5400  # 13:30: the lunches are over
    today = today_of(office)
    seen = board(
        Anna=(AgentState.UNAVAILABLE, ("sales", "support")),
        dora=(AgentState.AVAILABLE, ("support",)),
        **{"PJSIP/1002": (AgentState.TALKING, ("support",))},
    )
    staff = staff_of(office, today, seen)
    assert dict(staff.present) == {"anna": False, "dora": True, "bob": True}
    assert staff.phones == {"dora", "bob"}
    now = [row for row in interval_rows(today, staff) if row["logged_in"] is not None]
    assert sum(row["logged_in"] for row in now) == 2
    found = suggested(today, staff)
    assert [one.person for one in found if one.kind == "absent"] == ["anna"]
    assert {(one.person, one.queue) for one in found if one.kind == "skills"} <= {("dora", "sales")}


def test_alarms_for_the_ribbon(busy: World) -> None:
    settings = busy.loaded.settings
    late = board(Anna=(AgentState.UNAVAILABLE, ("sales",)), dora=(AgentState.TALKING, ("sales",)))
    found = alarms(settings, NOON + 5400, late)
    kinds = {(one.kind, one.topic, one.key) for one in found}
    assert ("adherence", "agent", "Anna") in kinds
    assert ("staffing", "queue", "sales") in kinds
    assert ("volume", "queue", "sales") in kinds
    assert [one.level for one in found] == sorted(
        (one.level for one in found), key=["critical", "warning", "info"].index
    )
    assert all(one.text for one in found)
    assert not [one for one in alarms(settings, NOON + 5400) if one.kind == "adherence"], "only the board knows it now"


def test_nobody_plans_no_alarm(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert alarms(world.loaded.settings, NOON) == []
    world.team()
    assert alarms(world.loaded.settings, NOON) == []


# -- suggestions -------------------------------------------------------------------------------------------------------


def made_day(team: Team, rows: list[DayRow], calls: dict[tuple[int, int], float], place: int = 20) -> Today:
    """Return a day of one queue with calls per interval in some stretches."""
    expected = np.zeros(SLOTS)
    for (start, end), count in calls.items():
        expected[start:end] = count
    aht = np.full((1, SLOTS), 200.0)
    open_ = (expected > 0)[None, :]
    needed = staffed(team, replace(team.queue("sales"), minimum=0), expected[None, :], aht, open_, ServiceRule(), 30)
    queue = QueueDay("sales", expected, np.full(SLOTS, np.nan), expected, expected, expected, 1.0, needed)
    return Today(WEDNESDAY, place, team, VIENNA, (queue,), tuple(rows))


@pytest.fixture
def team() -> Team:
    import tomllib

    return team_of(tomllib.loads(TEAM))


def best(found: list[Suggestion], kind: str) -> Suggestion:
    return next(one for one in found if one.kind == kind)


def test_a_break_moves_out_of_a_rush(team: Team) -> None:
    """Carl's lunch lies at 12:00, when the calls come; his window reaches from 11:00 to 13:00."""
    rows = [worked(team, "carl", WEDNESDAY, "early")]
    assert rows[0].breaks[0][1] == 12 * 60
    today = made_day(team, rows, {(24, 25): 4.0})
    move = best(suggestions(today), "break")
    assert (move.person, move.start != 12 * 60, move.after.missing) == ("carl", True, move.before.missing - 0.5)
    assert 11 * 60 <= move.start <= 13 * 60


def test_overtime_fills_the_evening_and_keeps_the_hours_of_the_day(team: Team) -> None:
    rows = [worked(team, "carl", WEDNESDAY, "early")]
    today = made_day(team, rows, {(32, 34): 1.0})  # 16:00-17:00, when Carl has gone
    longer = best(suggestions(today), "overtime")
    assert (longer.person, longer.start, longer.end, longer.minutes) == ("carl", 960, 1020, 60)
    assert longer.after.missing == longer.before.missing - 1.0
    strict = replace(team, contracts=tuple(replace(one, day_max=450) for one in team.contracts))
    assert not [one for one in suggestions(made_day(strict, rows, {(32, 34): 1.0})) if one.kind == "overtime"]


def test_who_is_not_needed_could_go_home(team: Team) -> None:
    rows = [worked(team, "carl", WEDNESDAY, "late"), worked(team, "dora", WEDNESDAY, "late")]
    today = made_day(team, rows, {(24, 30): 1.0})
    found = [one for one in suggestions(today) if one.kind == "release"]
    assert found
    assert all(one.minutes <= -60 and one.after.missing == one.before.missing for one in found)
    assert all(one.start >= today.place * 30 for one in found)


def test_an_activity_takes_people_off_the_phones(team: Team) -> None:
    import tomllib

    meeting = TEAM + '\n[[activities]]\nname = "meeting"\nstart = "14:00"\nlength = "1h"\nweekdays = ["wed"]\n'
    rows = [worked(team, "carl", WEDNESDAY, "early")]
    free, met = (made_day(crew, rows, {(28, 30): 1.0}) for crew in (team, team_of(tomllib.loads(meeting))))
    assert effect_of(free).missing == 0
    assert effect_of(met).missing == 1.0


def test_a_day_without_roster_has_no_suggestions(team: Team) -> None:
    today = made_day(team, [], {(24, 25): 4.0})
    assert suggestions(today) == []
    assert effect_of(today).missing > 0
    assert today.day == date(2026, 3, 4)
