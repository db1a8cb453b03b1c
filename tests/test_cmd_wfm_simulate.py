"""What if: a planned day simulated with the site's routing, changes with intervals, and rosters for pooled people."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ccops.board import AgentRow, AgentState, Board, LinkRow, Membership, QueueRow
from ccops.desk.planning.trying import routing_of
from ccops.store.planning import DayRow
from ccops.wfm.erlang import Traffic, outcome
from ccops.wfm.require import QueueRequirement, Requirement
from ccops.wfm.simulate import Settings, simulate
from ccops.wfm.targets import ServiceRule, Target
from ccops.wfm.team.model import Activity, Member, QueuePlan, Team
from ccops.wfm.whatif import PlayedDay, Routing, played_day
from tests.planning_world import MONDAY, TEAM, VIENNA, WEDNESDAY, World, history_csv, week

THURSDAY = WEDNESDAY + timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Anna, Dora in the morning, Bob and Carl late, and a history to forecast from."""
    made = World(tmp_path)
    team = made.team()
    rows = [*week(team, "anna", "early"), *week(team, "dora", "early"), *week(team, "bob", "late")]
    made.published([*rows, *week(team, "carl", "late")], need=1)
    made.file("history.csv", history_csv())
    return made


def asked(world: World, *more: str) -> dict[str, Any]:
    history = str(world.folder / "history.csv")
    rows = world.data("simulate", "--day", THURSDAY.isoformat(), "--from-csv", history, "--runs", "20", *more)
    return {row["queue"]: row for row in rows}


def test_a_day_as_it_is_planned(world: World) -> None:
    found = asked(world)
    assert set(found) == {"sales", "support"}
    assert (found["sales"]["people"], found["support"]["people"]) == (3, 3)
    for row in found.values():
        for name in ("service_level", "asa", "abandon_rate"):
            assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]
            assert row[f"{name}_change"] is None
    assert found == asked(world), "the same seed, the same days"
    assert found != asked(world, "--seed", "2")


def test_every_change_says_what_it_does_with_an_interval(world: World) -> None:
    away = asked(world, "--without", "anna")
    for queue in ("sales", "support"):
        assert away[queue]["people"] == 2
        assert away[queue]["service_level_change_high"] < 0, "worse for sure"
        assert away[queue]["asa_change_low"] > 0
    more = asked(world, "--penalty", "carl=support=0")
    assert more["support"]["people"] == 4
    assert more["support"]["service_level_change_low"] > 0
    assert asked(world, "--calls", "1.5")["sales"]["service_level_change"] < 0
    assert asked(world, "--aht", "0.5")["sales"]["service_level_change"] > 0
    assert asked(world, "--wrap-up", "sales=3m")["sales"]["service_level_change"] < 0
    assert asked(world, "--patience", "sales=never")["sales"]["abandon_rate"] == 0
    assert asked(world, "--without", "anna=sales")["sales"]["people"] == 2
    sent = asked(world, "--max-wait", "sales=10s")
    assert sent["sales"]["sent_on_change_low"] > 0 == sent["support"]["sent_on"]
    heavy = asked(world, "--weight", "sales=5", "--ring", "support=20s")
    assert heavy["support"]["service_level_change_high"] < 0


def test_a_change_that_changes_nothing_makes_no_difference(world: World) -> None:
    same = asked(world, "--strategy", "sales=leastrecent")
    assert same == asked(world)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--strategy", "sales=fair"], "no strategy “fair”"),
        (["--strategy", "sale=linear"], "Did you mean sales?"),
        (["--strategy", "sales"], "--strategy"),
        (["--penalty", "bob=sales=-1"], "whole number"),
        (["--penalty", "bob=sales"], "--penalty"),
        (["--without", "nobody"], "nobody"),
        (["--wrap-up", "sales=soon"], "--wrap-up"),
        (["--patience", "sales=0"], "--patience"),
        (["--aht", "0"], "--aht"),
        (["--calls", "-1"], "--calls"),
        (["--roster", "9"], "no roster 9"),
        (["--day", "2026-03-08"], "No calls are expected"),
        (["--day", "2026-03-07"], "No calls are expected"),
        (["--day", "2026-03-23"], "Nobody works"),
        (["--day", "soon"], "--day"),
    ],
)
def test_what_cannot_be_tried(world: World, options: list[str], said: str) -> None:
    day = [] if "--day" in options else ["--day", THURSDAY.isoformat()]
    result = world.wfm("simulate", *day, "--from-csv", str(world.folder / "history.csv"), *options)
    assert result.code == 2, result.err
    assert said in result.err


def test_who_is_free_cannot_be_left_out(world: World) -> None:
    world.published(week(world.office.team(), "anna", "early"))
    result = world.wfm(
        "simulate", "--day", THURSDAY.isoformat(), "--from-csv", str(world.folder / "history.csv"), "--without", "bob"
    )
    assert result.code == 2
    assert "bob does not work on this day" in result.err


def test_a_roster_for_people_who_serve_several_queues_requires_less(world: World) -> None:
    history = str(world.folder / "history.csv")

    def solved(*more: str) -> Any:
        world.team(TEAM)
        return world.data(
            "roster", "solve", "--from", MONDAY.isoformat(), "--weeks", "1", "--seconds", "1", "--deterministic",
            "--from-csv", history, *more,
        )  # fmt: skip

    assert solved("--simulate")["required_hours"] < solved()["required_hours"]


# -- the day as the simulation has it ----------------------------------------------------------------------------------


def a_day(calls: float, aht: float, *, patience: float | None = None, first: date = MONDAY) -> Requirement:
    shape = (1, 48)
    queue = QueueRequirement(
        "sales", np.full(shape, calls), np.full(shape, aht), np.ones(shape, np.int64), np.ones(shape, np.int64),
        ServiceRule(), Target(), patience, np.ones(shape, bool),
    )  # fmt: skip
    return Requirement(first, 1, 30, VIENNA, (queue,))


def people(count: int) -> Team:
    crew = tuple(Member(f"p{number}", f"P {number}", "full", ("sales",)) for number in range(count))
    return Team(people=crew, queues=(QueuePlan("sales"),), interval=30)


def shift(person: str, day: date, start: int, minutes: int, *breaks: tuple[str, int, int, bool]) -> DayRow:
    return DayRow(1, person, day, "any", start, minutes, minutes, breaks)


@pytest.mark.parametrize("patience", [None, 120.0])
def test_who_is_there_all_day_serves_as_erlang_says(patience: float | None) -> None:
    team, calls, aht = people(8), 40.0, 240.0
    rows = [shift(one.id, MONDAY, 0, 1440) for one in team.people]
    played = played_day(team, a_day(calls, aht, patience=patience), rows, Routing(wrap_ups={"sales": 60.0}))
    # Talk and wrap-up together are the handle time; with a fixed wrap-up they vary less than Erlang supposes.
    plain = played.with_queue("sales", wrap_up=0.0)
    plain = replace(plain, demand={"sales": replace(plain.demand["sales"], talk=aht)})
    found = simulate(plain.centre, ServiceRule(), Settings(runs=60, confidence=0.999, warm_up=3600))
    exact = outcome(Traffic(calls, 1800, aht, patience), 8, ServiceRule())
    assert found.queues["sales"].service_level.holds(float(exact.service_level))
    assert found.queues["sales"].mean_wait.holds(float(exact.mean_wait))
    assert played.demand["sales"].talk == aht - 60


def test_breaks_activities_and_nights_are_as_the_roster_has_them() -> None:
    team = replace(people(2), activities=(Activity("meeting", 600, 30, ("p0",), day=MONDAY),))
    sunday = MONDAY - timedelta(days=1)
    rows = [
        shift("p0", MONDAY, 480, 240, ("coffee", 540, 15, True)),
        shift("p1", sunday, 1320, 480),
        shift("p1", MONDAY, 1320, 480),
    ]
    members = played_day(team, a_day(5, 100), rows).members
    hours = {name: [(start / 60, end / 60) for start, end in one.shifts] for name, one in members.items()}
    assert hours["p0"] == [(480, 540), (555, 600), (630, 720)]
    assert hours["p1"] == [(0, 360), (1320, 1440)], "the night before, and this one up to midnight"


def test_routing_is_that_of_the_pbx(world: World) -> None:
    agent = AgentRow(
        key="PJSIP/1002", agent="Bob", interface="PJSIP/1002", device="PJSIP/1002", state=AgentState.AVAILABLE,
        memberships=(Membership("Support", penalty=3), Membership("other", penalty=9)),
    )  # fmt: skip
    board = Board(
        LinkRow(site="Test", host="pbx", state="live", since=0.0), agents={agent.key: agent},
        queues={"support": QueueRow("Support", strategy="rrmemory"), "other": QueueRow("other", strategy="linear")},
    )  # fmt: skip
    found = routing_of(world.office, world.office.team(), board)
    assert found.strategies == {"support": "rrmemory"}
    assert found.penalties == {("bob", "support"): 3}
    assert routing_of(world.office, world.office.team(), None).strategies == {}


def test_a_changed_day_leaves_the_other_as_it_was() -> None:
    team = people(2)
    before: PlayedDay = played_day(team, a_day(5, 100), [shift(one.id, MONDAY, 480, 480) for one in team.people])
    after = before.with_penalty("p0", "sales", 4).with_queue("sales", strategy="linear").without("p1")
    assert json.dumps(list(before.members)) == '["p0", "p1"]'
    assert before.queues["sales"].strategy == "leastrecent"
    assert (after.members["p0"].queues, list(after.members)) == ({"sales": 4}, ["p0"])
