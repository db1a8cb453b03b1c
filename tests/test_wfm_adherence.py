"""Adherence and conformance: METRICS' figures from sessions and pauses against what was published, and live."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.board import AgentRow, AgentState, Board, LinkRow, Membership
from ccops.reports.periods import Period, day_period
from ccops.reports.spans import Span, clip, union
from ccops.wfm.adherence import report_rows
from ccops.wfm.adherence.actual import Done
from ccops.wfm.adherence.live import live_rows
from ccops.wfm.adherence.schedule import Asked, without
from ccops.wfm.adherence.score import score
from tests.cmd_tools import FakeDesk, seat
from tests.planning_world import MONDAY, NOON, TEAM, VIENNA, WEDNESDAY, World, log_lines, week

# -- the arithmetic ----------------------------------------------------------------------------------------------------

SPANS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 90)).map(lambda one: (one[0], one[0] + one[1])), max_size=6
)


def instants(spans: Iterable[Span]) -> set[int]:
    return {at for start, end in spans for at in range(start, end)}


@given(SPANS, SPANS)
def test_what_is_taken_out_is_what_lies_in_none(spans: list[Span], taken: list[Span]) -> None:
    left = without(spans, taken)
    assert instants(left) == instants(spans) - instants(taken)
    assert left == union(left)


@given(SPANS, SPANS, SPANS, st.integers(50, 250), st.integers(40, 200), st.integers(0, 60))
def test_scores_against_counting_second_by_second(
    phones: list[Span], work: list[Span], pauses: list[Span], start: int, length: int, at: int
) -> None:
    """The definition, instant by instant, with a break inside the shift."""
    shift = (start, start + length)
    breaks = clip([(start + at, start + at + 15)], *shift)
    productive = without(work, [])
    paused = without(pauses, productive)
    on = without(phones, [*productive, *paused])
    asked = [Asked("p", MONDAY, shift, tuple(without([shift], breaks)), tuple(breaks), ())]
    found = score(asked, Done(tuple(on), tuple(productive), tuple(paused)), shift)
    inside, rest = set(range(*shift)), instants(breaks)
    there = inside & (instants(on) | instants(productive) | instants(paused))
    span = set(range(min(there), max(there) + 1)) if there else set()
    kept = ((inside - rest) & instants(on)) | ((rest & span) - instants(on) - instants(productive))
    worked = inside & (instants(on) | instants(productive))
    free = span - worked
    assert found.scheduled == length
    assert found.kept == len(kept)
    assert found.worked == len(worked) + min(len(rest), len(free))
    assert found.adherence is not None
    assert 0 <= found.adherence <= 1


def test_who_keeps_the_roster_has_one_and_one() -> None:
    asked = [Asked("p", MONDAY, (0, 100), ((0, 40), (50, 100)), ((40, 50),), ())]
    for done in (Done(((0, 40), (50, 100)), (), ((40, 50),)), Done(((0, 40), (50, 100)))):
        found = score(asked, done, (0, 100))
        assert (found.adherence, found.conformance) == (1, 1)
    late = score(asked, Done(((10, 40), (60, 100)), (), ((40, 60),)), (0, 100))
    assert (late.adherence, late.conformance) == (0.8, 0.8)
    nobody = score(asked, Done(), (0, 100))
    assert (nobody.adherence, nobody.conformance) == (0, 0)
    assert score([], Done(((0, 10),)), (0, 100)).adherence is None


def test_an_activity_is_productive_work_or_being_away() -> None:
    asked = [Asked("p", MONDAY, (0, 100), ((0, 40), (60, 100)), (), (("training", (40, 60)),))]
    trained = Done(((0, 40), (60, 100)), ((40, 60),))
    assert score(asked, trained, (0, 100)).adherence == 1
    assert score(asked, Done(((0, 40), (60, 100))), (0, 100)).adherence == 1
    assert score(asked, Done(((0, 100),)), (0, 100)).adherence == 0.8
    assert score(asked, trained, (0, 100)).conformance == 1


# -- from the store ----------------------------------------------------------------------------------------------------


def at(day: date, clock: str) -> datetime:
    hour, minute = clock.split(":")
    return datetime.combine(day, time(int(hour), int(minute)), VIENNA)


def day_log(day: date, agent: str, came: str, *pauses: tuple[str, str, str], left: str) -> list[tuple[datetime, str]]:
    rows = [(at(day, came), f"M|sales|{agent}|ADDMEMBER|")]
    for begin, end, reason in pauses:
        rows += [
            (at(day, begin), f"N|sales|{agent}|PAUSE|{reason}"),
            (at(day, end), f"N|sales|{agent}|UNPAUSE|{reason}"),
        ]
    return [*rows, (at(day, left), f"M|sales|{agent}|REMOVEMEMBER|")]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Anna works 8–16 with lunch at 12; on Monday by the book, on Tuesday not; Bob never came; Carl is static."""
    made = World(tmp_path, CCOPS_PAUSE_REASONS__TRAINING__PRODUCTIVE="true")
    team = made.team(TEAM.replace('name = "Anna Müller"', 'name = "Anna Müller"', 1))
    made.published([*week(team, "anna", "early"), *week(team, "bob", "early"), *week(team, "carl", "early")])
    tuesday = MONDAY + timedelta(days=1)
    rows = [
        *day_log(MONDAY, "Anna", "8:00", ("12:00", "12:30", "lunch"), left="16:00"),
        *day_log(tuesday, "Anna", "8:30", ("12:00", "13:00", "lunch"), ("14:00", "14:30", "TRAINING"), left="16:00"),
        (at(MONDAY, "9:00"), "1.1|sales|NONE|ENTERQUEUE||1|1"),
        (at(MONDAY, "9:01"), "1.1|sales|carl|CONNECT|60|2.2|3"),
        (at(MONDAY, "9:02"), "1.1|sales|carl|COMPLETEAGENT|60|60|1"),
        (at(tuesday, "23:59"), "1.9|sales|NONE|ENTERQUEUE||1|1"),
    ]
    made.ingest(log_lines(iter(rows)))
    return made


def test_days_of_people(world: World) -> None:
    rows = world.data("adherence", "--from", "2026-03-02", "--to", "2026-03-03")
    anna = [row for row in rows if row["person"] == "anna"]
    assert [row["agent"] for row in anna] == ["Anna", "Anna"]
    assert [row["scheduled"] for row in anna] == [28800, 28800]
    assert (anna[0]["adherence"], anna[0]["conformance"]) == (1, 1)
    # 30 min late, lunch 30 min too long, 30 min of training in time for the phones; training is work, lateness not.
    assert anna[1]["adherence"] == pytest.approx(1 - 1.5 / 8, abs=1e-6)
    assert anna[1]["conformance"] == pytest.approx(1 - 1 / 8, abs=1e-6)
    assert [(row["adherence"], row["worked"]) for row in rows if row["person"] == "bob"] == [(0, 0), (0, 0)]
    carl = next(row for row in rows if row["person"] == "carl")
    assert (carl["adherence"], carl["conformance"]) == (None, None), "static members never log in"


def test_the_report_asks_for_the_same(world: World) -> None:
    period = Period(day_period(MONDAY, VIENNA).start, day_period(MONDAY, VIENNA).end)
    rows = report_rows(world.loaded.settings, period)
    anna = next(row for row in rows if row["agent"] == "Anna")
    assert anna == {
        "agent": "Anna", "day": MONDAY, "scheduled": 28800, "worked": 28800, "adherence": 1.0, "conformance": 1.0,
    }  # fmt: skip
    assert not [row for row in rows if row["agent"] == "carl"]
    assert report_rows(World(world.folder / "nothing").loaded.settings, period) == []


def test_intervals_add_up_to_the_day(world: World) -> None:
    rows = world.data("adherence", "--from", "2026-03-03", "--agent", "anna", "--interval", "30m")
    assert len(rows) == 16
    assert sum(row["scheduled"] for row in rows) == 28800
    (day,) = world.data("adherence", "--from", "2026-03-03", "--agent", "anna")
    assert sum(row["in_state"] for row in rows) == day["in_state"]
    assert [row["start"][11:16] for row in rows if row["adherence"] == 0] == ["08:00", "12:30", "14:00"]


def test_only_what_is_over_counts(world: World) -> None:
    wednesday = day_log(WEDNESDAY, "Anna", "8:00", left="10:00")
    world.ingest(log_lines(iter(wednesday)))
    rows = world.data("adherence", "--from", "2026-03-04", "--agent", "anna")
    assert rows[0]["scheduled"] == pytest.approx(7200, abs=1)
    assert rows[0]["adherence"] == pytest.approx(1, abs=0.001)
    assert world.data("adherence", "--from", "2026-03-05") == []


def test_night_shifts_belong_to_the_day_they_begin_on(tmp_path: Path) -> None:
    world = World(tmp_path)
    night = TEAM.replace('start = "12:00"', 'start = "22:00"').replace("days.2026-03-08", "days.2026-04-08")
    saturday = date(2026, 3, 28)  # the clock is put forward in that night
    team = world.team(night)
    world.published(week(team, "bob", "late", saturday, days=1), saturday, 7)
    log = [
        (at(saturday, "22:00"), "M|support|PJSIP/1002|ADDMEMBER|"),
        (at(saturday + timedelta(days=1), "6:00"), "M|support|PJSIP/1002|REMOVEMEMBER|"),
        (at(saturday + timedelta(days=2), "6:00"), "M|support|x|ADDMEMBER|"),
    ]
    world.ingest(log_lines(iter(log)))
    (row,) = world.data("adherence", "--from", "2026-03-28", "--to", "2026-03-29", "--agent", "bob")
    assert (row["day"], row["scheduled"]) == ("2026-03-28", 7 * 3600), "an hour less, that night"
    assert row["conformance"] == 1
    assert row["adherence"] == pytest.approx(1 - 0.5 / 7, abs=1e-6), "no lunch was taken"


def test_bad_questions(world: World) -> None:
    for arguments in (["--agent", "nobody"], ["--interval", "x"], ["--live", "--from", "2026-03-02"], ["--from", "x"]):
        assert world.wfm("adherence", *arguments).code == 2, arguments
    assert world.wfm("adherence", "--from", "2026-03-02", "--fields", "agent,adherence", "--interval", "1h").code == 0


# -- live --------------------------------------------------------------------------------------------------------------


def board(**states: tuple[AgentState, str]) -> Board:
    rows: dict[str, AgentRow] = {}
    for name, (state, reason) in states.items():
        member = Membership("sales", paused=state is AgentState.PAUSED, pause_reason=reason)
        rows[name] = AgentRow(
            key=name, agent=name, interface=name, device=name, memberships=(member,), state=state,
            state_since=NOON - 600, pause_reason=reason,
        )  # fmt: skip
    return Board(LinkRow(site="Test", host="pbx", state="live", since=0.0), agents=rows)


def test_this_moment_from_the_board(world: World) -> None:
    seen = board(Anna=(AgentState.PAUSED, "lunch"), bob=(AgentState.TALKING, ""), carl=(AgentState.UNAVAILABLE, ""))
    lunch = {row["person"]: row for row in live_rows(world.loaded.settings, NOON + 60, seen)}
    assert {name: (row["scheduled"], row["state"], row["adherent"]) for name, row in lunch.items()} == {
        "anna": ("break", "break", True),
        "bob": ("break", "phones", False),
        "carl": ("break", "off", True),
    }
    assert lunch["anna"]["until"] == NOON + 1800
    after = {row["person"]: row["adherent"] for row in live_rows(world.loaded.settings, NOON + 3600, seen)}
    assert after == {"anna": False, "bob": True, "carl": False}


@pytest.mark.parametrize(("reason", "state"), [("TRAINING", "activity"), ("lunch", "break"), ("", "break")])
def test_a_pause_is_what_its_reason_means(world: World, reason: str, state: str) -> None:
    rows = live_rows(world.loaded.settings, NOON, board(Anna=(AgentState.PAUSED, reason)))
    assert rows[0]["state"] == state


def test_this_moment_from_the_history(world: World) -> None:
    world.ingest(log_lines(iter([(at(WEDNESDAY, "8:00"), "M|sales|Anna|ADDMEMBER|"),
                                 (at(WEDNESDAY, "12:00"), "M|sales|y|ADDMEMBER|")])))  # fmt: skip
    rows: list[dict[str, Any]] = world.data("adherence", "--live")
    found = {row["person"]: (row["scheduled_state"], row["state"]) for row in rows}
    assert found["anna"] == ("break", "phones")
    assert found["bob"] == ("break", "off")


def test_the_command_asks_the_pbx_where_there_is_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seat(monkeypatch, FakeDesk(board(Anna=(AgentState.TALKING, ""))))
    world.variables["CCOPS_AMI__USERNAME"] = "tester"
    rows = {row["person"]: row for row in world.data("adherence", "--live")}
    assert (rows["anna"]["state"], rows["anna"]["detail"], rows["anna"]["adherent"]) == ("phones", "talking", False)
    assert rows["anna"]["until"] == "2026-03-04T12:30:00+01:00"
