"""`ccops wfm require` and `roster`: from calls to a published roster, its versions, papers and calendars."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from ccops.desk.planning.rosters import Rosters
from ccops.pbx.text import clean
from ccops.store.planning import DayRow, EventRow
from ccops.wfm.erlang import Traffic
from ccops.wfm.history import read_histories
from ccops.wfm.publish.events import changed_events
from ccops.wfm.publish.ical import calendar_of
from ccops.wfm.require import WhatIf, require
from ccops.wfm.staffing import agents_needed
from ccops.wfm.targets import ServiceRule, Target
from tests.planning_world import MONDAY, TEAM, VIENNA, WEDNESDAY, World, history_csv, week, worked


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.file("history.csv", history_csv())
    return made


def csv(world: World) -> list[str]:
    return ["--from-csv", str(world.folder / "history.csv")]


# -- requirement -------------------------------------------------------------------------------------------------------


def test_the_requirement_is_what_erlang_says_of_the_forecast(world: World) -> None:
    world.team()
    rows = world.data("require", "--from", MONDAY.isoformat(), *csv(world))
    assert {row["queue"] for row in rows} == {"sales", "support"}
    assert rows[0]["start"] == "2026-03-02T08:00:00+01:00"
    rule, target = ServiceRule("offered", 20, 0), Target(0.8)
    for row in rows:
        patience = 120 if row["queue"] == "sales" else None  # support: Erlang C
        asked = int(agents_needed(Traffic(row["calls"], 1800, row["aht"], patience), target, rule))
        assert abs(row["agents"] - max(1, asked)) <= (1 if row["calls"] % 1 > 0.99 else 0)
        assert row["positions"] == row["agents"]
        assert row["service_level"] >= 0.8
    assert not [row for row in rows if row["start"] > "2026-03-07"], "closed at weekends"


def test_what_if_asks_for_more(world: World) -> None:
    world.team()
    histories = read_histories(world.folder / "history.csv", VIENNA, 30)

    def total(**asked: Any) -> int:
        found = require(world.office.team(), histories, MONDAY, 5, ServiceRule(), WhatIf(**asked))
        return int(sum(queue.positions.sum() for queue in found.queues))

    plain = total()
    for more in ({"calls": 1.5}, {"aht": 1.5}, {"target": (0.95, 10.0)}, {"shrinkage": 0.3}, {"max_occupancy": 0.3}):
        assert total(**more) > plain, more
    assert total(patience=30.0) < plain  # support lost its endless patience
    more_calls = world.data("require", "--from", MONDAY.isoformat(), *csv(world), "--calls", "1.5")
    assert sum(row["positions"] for row in more_calls) == total(calls=1.5)


def test_pooling_needs_fewer(world: World) -> None:
    world.team()
    base = world.data("require", "--from", MONDAY.isoformat(), *csv(world))
    result = world.wfm("require", "--from", MONDAY.isoformat(), *csv(world), "--simulate", "--json")
    assert result.code == 0, result.err
    pooled = json.loads(result.out)
    assert sum(row["agents"] for row in pooled) <= sum(row["agents"] for row in base)
    assert "Simulated 2026-03-0" in result.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start,calls\n", "no call count"),
        ("start,calls,aht,queue\n2026-02-02 08:00,-3,60,sales\n", "no call count"),
        ("start,calls\n2026-02-02 08:00,3\n", "which queue"),
        ("start,calls,queue\nyesterday,3,sales\n", "line 2"),
    ],
)
def test_bad_histories_are_told(world: World, text: str, said: str) -> None:
    world.team()
    path = world.file("bad.csv", text)
    result = world.wfm("require", "--from", MONDAY.isoformat(), "--from-csv", str(path))
    assert result.code == 2
    assert said in result.err


def test_odd_histories_give_an_answer_and_a_word(world: World) -> None:
    world.team()
    half = "start,calls,aht,queue\n" + "".join(
        f"2026-02-02 {hour:02}:{minute:02},{calls},180,sales\n"
        for hour in range(8, 20)
        for minute, calls in ((0, 2.5), (30, 3))
    )
    result = world.wfm(
        "require", "--from", MONDAY.isoformat(), "--from-csv", str(world.file("one.csv", half)), "--json"
    )
    assert result.code == 0, result.err
    assert "not whole" in result.err
    assert "Only 1 days" in result.err
    assert json.loads(result.out)
    zero = half.replace(",2.5,", ",0,").replace(",3,", ",0,")
    nothing = world.wfm(
        "require", "--from", MONDAY.isoformat(), "--from-csv", str(world.file("zero.csv", zero)), "--json"
    )
    assert (nothing.code, json.loads(nothing.out)) == (0, [])
    assert "no calls" in nothing.err


def test_handle_times_that_nobody_knows_are_asked_for(world: World) -> None:
    world.team()
    path = world.file("short.csv", "\n".join(line.replace(",200,", ",,") for line in history_csv(3).splitlines()))
    result = world.wfm("require", "--from", MONDAY.isoformat(), "--queue", "sales", "--from-csv", str(path))
    assert result.code == 2
    assert "[queues.sales]" in result.err
    world.team(TEAM.replace("patience = 120", "patience = 120\naht = 200"))
    assert world.data("require", "--from", MONDAY.isoformat(), "--queue", "sales", "--from-csv", str(path))


def test_days_of_a_clock_change_have_23_and_25_hours(world: World) -> None:
    world.team()
    lines = ["start,calls,aht,queue"]
    for offset in range(56):
        day = date(2026, 2, 1) + timedelta(days=offset)
        lines += [f"{day}T{slot // 2:02}:{slot % 2 * 30:02},5,180,sales" for slot in range(48)]
    path = world.file("always.csv", "\n".join(lines) + "\n")
    rows = world.data("require", "--from", "2026-03-29", "--queue", "sales", "--from-csv", str(path))
    assert sum(row["start"].startswith("2026-03-29") for row in rows) == 46
    rows = world.data("require", "--from", "2026-10-25", "--queue", "sales", "--from-csv", str(path))
    assert sum(row["start"].startswith("2026-10-25") for row in rows) == 50


# -- solving -----------------------------------------------------------------------------------------------------------


def solve(world: World, *more: str) -> Any:
    first = [] if "--from" in more else ["--from", MONDAY.isoformat()]
    return world.data(
        "roster", "solve", *first, "--weeks", "1", "--seconds", "1", "--deterministic", *csv(world), *more
    )


def test_a_solved_roster_keeps_the_rules_and_is_the_same_again(world: World) -> None:
    world.team()
    made = solve(world)
    assert (made["version"], made["state"], made["days"]) == (1, "draft", 7)
    assert made["bound"] <= made["penalty"]
    assert 0 < made["covered"] < 1
    assert made["shortfalls"], "four people are too few, and it says where"
    assert world.data("roster", "check") == []
    rows = world.data("roster", "show")
    assert rows
    assert all(row["shift"] in ("early", "late") for row in rows)
    assert not any(row["person"] == "anna" and row["day"] in ("2026-03-07", "2026-03-08") for row in rows)
    assert not any(row["day"] == "2026-03-08" for row in rows), "closed"
    solve(world)
    assert world.data("roster", "diff", "1", "2") == []


def test_what_is_odd_about_the_calls_is_told_with_the_roster(world: World) -> None:
    world.team()
    text = (world.folder / "history.csv").read_text(encoding="utf-8")
    path = world.file("odd.csv", text + "2026-02-28T10:00:00,-4,200,sales\n")
    result = world.wfm(
        "roster", "solve", "--from", MONDAY.isoformat(), "--weeks", "1", "--seconds", "0.5", "--deterministic",
        "--from-csv", str(path), "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "left out as unknown" in result.err
    assert json.loads(result.out)["state"] == "draft"


def test_the_same_store_gives_a_roster_close_to_the_one_that_is_kept(world: World) -> None:
    world.team()
    solve(world)
    again = solve(world, "--keep", "1")
    assert world.data("roster", "list")[0]["base"] == 1
    assert world.data("roster", "diff", "1", str(again["version"])) == []


def test_an_empty_team_cannot_be_rostered(world: World) -> None:
    world.team(TEAM[: TEAM.index("[people.anna]")])
    result = world.wfm("roster", "solve", "--from", MONDAY.isoformat(), *csv(world))
    assert result.code == 2
    assert "nobody" in result.err


def test_a_roster_across_a_clock_change(world: World) -> None:
    world.team()
    made = solve(world, "--from", "2026-03-23")
    world.wfm("roster", "publish", "--yes")
    assert made["days"] == 7
    assert world.data("roster", "check") == []


# -- versions ----------------------------------------------------------------------------------------------------------


def test_versions_are_listed_compared_and_published(world: World) -> None:
    team = world.team()
    world.published(week(team, "anna", "early"))
    world.published([*week(team, "anna", "early", days=4), *week(team, "bob", "late")])
    listed = world.data("roster", "list")
    assert [(one["version"], one["state"]) for one in listed] == [(2, "published"), (1, "published")]
    diff = world.data("roster", "diff", "1", "2")
    assert (diff[0]["person"], diff[0]["day"]) == ("bob", "2026-03-02")
    assert {one["person"] for one in diff} == {"anna", "bob"}
    result = world.wfm("roster", "publish", "1", "--yes")
    assert result.code == 2
    assert "published already" in result.err


def test_publishing_asks_and_an_unpublished_roster_holds_for_nobody(world: World) -> None:
    world.team()
    solve(world)
    refused = world.wfm("roster", "publish")
    assert (refused.code, "Add --yes" in refused.err) == (2, True)
    said_no = world.wfm("roster", "publish", terminal=True, stdin="n\n")
    assert said_no.code == 2
    assert Rosters(world.office).published(MONDAY) is None
    assert world.data("roster", "publish", "--dry-run")["changed"] is None
    assert world.wfm("roster", "publish", terminal=True, stdin="y\n").code == 0
    assert Rosters(world.office).published(MONDAY) is not None


def test_a_check_names_broken_rules_and_ends_with_1(world: World) -> None:
    team = world.team()
    world.published([*week(team, "carl", "late", days=1), worked(team, "carl", MONDAY + timedelta(days=1), "early"),
                     *week(team, "bob", "early", days=7)])  # fmt: skip
    result = world.wfm("roster", "check", "--json")
    assert result.code == 1
    found = json.loads(result.out)
    assert {(one["person"], one["rule"]) for one in found} >= {("carl", "follower"), ("bob", "days_in_row")}
    told = world.wfm("roster", "publish", "--yes")
    assert told.code == 2


def test_who_left_the_team_is_told_with_their_shifts(world: World) -> None:
    team = world.team()
    world.published([*week(team, "anna", "early"), *week(team, "carl", "late", days=2)])
    world.team(TEAM.replace("[people.carl]", "[people.carla]"))
    result = world.wfm("roster", "check", "--json")
    assert result.code == 1
    (one,) = json.loads(result.out)
    assert (one["person"], one["rule"], one["days"]) == ("carl", "person", ["2026-03-02", "2026-03-03"])
    assert "carl" in world.wfm("roster", "show").out
    again = world.wfm("roster", "publish", "--yes")
    assert again.code == 2
    assert "published already" in again.err
    assert "warning" not in again.err, "what it breaks does not matter any more"


def test_an_unknown_version_names_those_that_there_are(world: World) -> None:
    team = world.team()
    world.published(week(team, "anna", "early"))
    result = world.wfm("roster", "show", "7")
    assert result.code == 2
    assert "Versions: 1." in result.err


# -- papers and files --------------------------------------------------------------------------------------------------


def test_a_roster_in_every_form(world: World) -> None:
    team = world.team()
    world.published([*week(team, "anna", "early"), *week(team, "bob", "late")], need=1)
    for name in ("r.html", "r.pdf", "r.xlsx", "r.csv", "r.md", "r.jsonl"):
        path = world.folder / name
        assert world.data("roster", "export", "-o", str(path))["files"] == [str(path)]
        assert path.stat().st_size > 100
    html = (world.folder / "r.html").read_text(encoding="utf-8")
    assert "Anna Müller" in html
    assert "early 08:00–16:00" in html
    assert "Missing" not in html
    assert "Missing" in (world.folder / "r.md").read_text(encoding="utf-8")
    whole = json.loads(world.wfm("roster", "export", "--json").out)
    assert whole["kind"] == "ccops-roster"
    assert world.wfm("roster", "export").out.startswith("person,")
    rows = (world.folder / "r.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 11
    assert (world.folder / "r.pdf").read_bytes().startswith(b"%PDF")
    assert world.wfm("roster", "show", "--grid").out.count("early 08:00–16:00") == 5


def test_a_roster_file_comes_back_as_a_draft(world: World) -> None:
    team = world.team()
    world.published(week(team, "anna", "early"), need=1)
    path = world.folder / "roster.json"
    world.wfm("roster", "export", "-o", str(path))
    taken = world.data("roster", "import", str(path))
    assert (taken["version"], taken["days"]) == (2, 14)
    assert world.data("roster", "diff", "1", "2") == []
    assert world.data("roster", "list")[0]["state"] == "draft"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"format": 1', '"format": 2', "another version"),
        ('"kind": "ccops-roster"', '"kind": "else"', "no roster of ccops"),
        ('"anna"', '"anja"', "anja"),
        ('"first": "2026-03-02"', '"first": "2026-04-02"', "outside"),
        ('"2026-03-03"', '"2026-13-03"', "cannot be read"),
        ('"days": 14', '"days": 14,,', "no JSON"),
        ('"interval": 30', '"interval": 30, "gap": Infinity', "cannot be read"),
    ],
)
def test_a_roster_file_that_does_not_fit_changes_nothing(world: World, old: str, new: str, said: str) -> None:
    team = world.team()
    world.published(week(team, "anna", "early"))
    path = world.folder / "roster.json"
    world.wfm("roster", "export", "-o", str(path))
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1) if "days" in old else text.replace(old, new), encoding="utf-8")
    result = world.wfm("roster", "import", str(path))
    assert result.code == 2
    assert said in result.err
    assert len(world.data("roster", "list")) == 1


# -- calendars ---------------------------------------------------------------------------------------------------------


def events(world: World, person: str = "anna") -> dict[date, Any]:
    path = world.folder / "person.ics"
    assert world.wfm("roster", "export", "-o", str(path), "--person", person).code == 0
    raw = path.read_bytes()
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert raw.endswith(b"\r\n")
    calendar = Calendar.from_ical(raw)
    assert [str(part["TZID"]) for part in calendar.walk("VTIMEZONE")] == ["Europe/Vienna"]
    return {event.decoded("DTSTART").date(): event for event in calendar.walk("VEVENT")}


def test_a_calendar_tells_shifts_in_the_sites_zone(world: World) -> None:
    team = world.team(TEAM.replace("Anna Müller", "Anna; Müller, " + "学" * 40))
    world.published(week(team, "anna", "early"))
    found = events(world)
    assert sorted(found) == [MONDAY + timedelta(days=offset) for offset in range(5)]
    event = found[MONDAY]
    assert event.decoded("DTSTART").astimezone(UTC) == datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert event.decoded("DTEND").astimezone(UTC) == datetime(2026, 3, 2, 15, tzinfo=UTC)
    assert (event["SEQUENCE"], event["STATUS"], str(event["SUMMARY"])) == (0, "CONFIRMED", "early")
    assert str(event["DESCRIPTION"]) == "lunch 12:00-12:30"


def test_a_changed_day_keeps_its_uid_and_raises_its_sequence_and_one_that_is_gone_is_cancelled(world: World) -> None:
    team = world.team()
    world.published(week(team, "anna", "early"))
    before = events(world)
    world.now += 3600
    rows = [*week(team, "anna", "early", days=3), worked(team, "anna", MONDAY + timedelta(days=3), "late")]
    world.published(rows)
    after = events(world)
    assert {day: str(event["UID"]) for day, event in before.items()} == {
        day: str(event["UID"]) for day, event in after.items()
    }
    told = {day: (event["SEQUENCE"], str(event["STATUS"])) for day, event in after.items()}
    assert list(told.values()) == [(0, "CONFIRMED")] * 3 + [(1, "CONFIRMED"), (1, "CANCELLED")]
    assert after[MONDAY].decoded("DTSTAMP") < after[MONDAY + timedelta(days=4)].decoded("DTSTAMP")
    world.published(week(team, "anna", "early"))
    back = events(world)
    assert [event["SEQUENCE"] for event in back.values()] == [0, 0, 0, 2, 2]
    assert all(str(event["STATUS"]) == "CONFIRMED" for event in back.values())


@pytest.mark.parametrize(
    ("monday", "hours"), [(date(2026, 3, 23), {27: 7, 29: 6}), (date(2026, 10, 19), {23: 6, 25: 7})]
)
def test_a_calendar_across_a_clock_change(world: World, monday: date, hours: dict[int, int]) -> None:
    team = world.team()
    world.published(week(team, "bob", "early", monday, days=7), monday, 7)
    path = world.folder / "person.ics"
    world.wfm("roster", "export", "1", "-o", str(path), "--person", "bob")
    calendar = Calendar.from_ical(path.read_bytes())
    starts = {event.decoded("DTSTART").date().day: event.decoded("DTSTART") for event in calendar.walk("VEVENT")}
    for day, hour in hours.items():
        assert starts[day].astimezone(UTC).hour == hour
    (zone,) = calendar.walk("VTIMEZONE")
    assert {str(part.name) for part in zone.subcomponents} == {"STANDARD", "DAYLIGHT"}
    # What the calendar says of its zone is what the zone is.
    rules = zone.to_tz()  # type: ignore[attr-defined]
    for start in starts.values():
        assert start.replace(tzinfo=rules).utcoffset() == start.utcoffset()


def test_a_calendar_for_everybody(world: World) -> None:
    team = world.team(TEAM.replace("[people.dora]", '[people."../dora"]'))
    world.published([*week(team, "anna", "early"), *week(team, "../dora", "late")])
    folder = world.folder / "calendars"
    made = world.data("roster", "export", "-o", str(folder), "--calendars")["files"]
    assert len(made) == 4
    assert all(Path(path).parent == folder and Path(path).exists() for path in made)
    assert world.wfm("roster", "export", "-o", str(world.folder / "x.ics")).code == 2


def test_a_later_roster_does_not_bring_back_what_another_replaced(world: World) -> None:
    """A swap in week two must not resurrect the days of week one that a newer roster changed since."""
    team = world.team()
    world.published([*week(team, "anna", "early"), *week(team, "bob", "early", MONDAY + timedelta(days=7))])
    world.published(week(team, "anna", "late"), MONDAY, 7)
    day = MONDAY + timedelta(days=8)
    swap = world.data("swap", "offer", "bob", day.isoformat())["swap"]
    world.data("swap", "take", str(swap), "dora")
    world.data("swap", "approve", str(swap))
    rows = {(row.person, row.day): row.shift for row in Rosters(world.office).scheduled(MONDAY, day)}
    assert rows["anna", WEDNESDAY] == "late"
    assert (rows["bob", day], rows["dora", day]) == ("", "early")


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_settled_days_are_kept_and_what_they_break_is_told(world: World) -> None:
    world.team()
    made = solve(world, "--fix", "carl=2026-03-04=late", "--fix", "bob=2026-03-05=off")
    rows = {(row["person"], row["day"]): row["shift"] for row in world.data("roster", "show")}
    assert rows["carl", "2026-03-04"] == "late"
    assert ("bob", "2026-03-05") not in rows
    assert made["version"] == 1
    for wrong in ("carl", "carl=2026-03-04", "nobody=2026-03-04=late", "carl=soon=late", "carl=2026-03-04=ealry"):
        result = world.wfm("roster", "solve", "--from", "2026-03-02", "--weeks", "1", *csv(world), "--fix", wrong)
        assert result.code == 2, wrong


def test_days_before_until_stay_as_they_are(world: World) -> None:
    world.team()
    solve(world)
    world.data("roster", "assign", "carl", "2026-03-03", "off")
    solve(world, "--keep", "2", "--until", "2026-03-05")
    assert not [one for one in world.data("roster", "diff", "2", "3") if one["day"] < "2026-03-05"]
    assert world.wfm("roster", "solve", "--until", "2026-03-05", *csv(world)).code == 2


def test_a_day_changed_by_hand_is_a_draft_and_its_rules_are_told(world: World) -> None:
    team = world.team()
    world.published(week(team, "carl", "early", days=5))
    free = world.data("roster", "assign", "carl", "2026-03-03", "off", "--note", "dentist")
    assert (free["version"], free["base"], free["broken"]) == (2, 1, [])
    assert world.data("roster", "list")[0]["note"] == "dentist"
    broken = world.wfm("roster", "assign", "carl", "2026-03-02", "late", "--version", "1", "--json")
    assert broken.code == 1
    assert {one["rule"] for one in json.loads(broken.out)["broken"]} == {"follower"}
    assert world.wfm("roster", "assign", "carl", "2026-05-02", "late").code == 2
    assert world.wfm("roster", "assign", "carl", "2026-03-02", "ealry").code == 2
    assert len(world.data("roster", "list")) == 3


def test_ctrl_c_keeps_the_best_roster_so_far(world: World) -> None:
    people = "".join(f'[people.p{n}]\ncontract = "full"\nskills = ["sales", "support"]\n' for n in range(14))
    world.team(TEAM[: TEAM.index("[people.anna]")] + people)
    environment = {"PATH": os.environ["PATH"], **world.variables}
    words = ["-v", "wfm", "roster", "solve", "--from", MONDAY.isoformat(), "--weeks", "4", "--seconds", "120", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "ccops", *words, *csv(world)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
    ) as child:  # fmt: skip
        assert child.stderr is not None
        for line in child.stderr:
            if "penalty" in line and "penalty –" not in line:
                break
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=100)
    assert child.returncode == 0, err
    made = json.loads(out)
    assert made["penalty"] is not None
    assert made["seconds"] < 110
    assert "Stopped" in err
    assert world.data("roster", "check", str(made["version"])) == []


# -- calendars, by property --------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.sampled_from(' ;,:\\"n'), min_size=1)
DAYS = st.integers(0, 40).map(lambda offset: MONDAY + timedelta(days=offset))


@given(
    TEXTS, TEXTS, TEXTS, st.integers(0, 95), st.integers(1, 96), DAYS,
    st.sampled_from(["Europe/Vienna", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "UTC"]),
)  # fmt: skip
def test_any_shift_comes_back_from_a_calendar(
    name: str, shift: str, rest: str, start: int, length: int, day: date, zone: str
) -> None:
    event = EventRow("p", day, 3, 1_772_600_400.0, "x", shift, start * 15, length * 15, ((rest, start * 15, 15, True),))
    text = calendar_of("p", name, [event], "mark", ZoneInfo(zone), days=(day, day))
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    (found,) = Calendar.from_ical(text).walk("VEVENT")
    assert (str(found["SUMMARY"]), found["SEQUENCE"]) == (clean(shift), 3)
    assert str(found["DESCRIPTION"]).startswith(clean(rest))
    begin, end = found.decoded("DTSTART"), found.decoded("DTEND")
    wanted = (datetime.combine(day, datetime.min.time()) + timedelta(minutes=start * 15)).replace(tzinfo=ZoneInfo(zone))
    assert begin.astimezone(UTC) == wanted.astimezone(UTC)
    assert end.astimezone(UTC) - begin.astimezone(UTC) <= timedelta(minutes=length * 15 + 60)


ROWS = st.dictionaries(
    st.tuples(st.sampled_from("ab"), st.integers(0, 3)), st.sampled_from(["", "early", "late"]), min_size=1
)


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_sequences_only_rise_and_calendars_tell_what_holds(publications: list[dict[tuple[str, int], str]]) -> None:
    known: dict[tuple[str, date], EventRow] = {}
    for at, wanted in enumerate(publications):
        rows = [
            DayRow(0, person, MONDAY + timedelta(days=day), shift, 480 if shift else 0, 480 if shift else 0, 480, ())
            for (person, day), shift in wanted.items()
        ]
        changed = list(changed_events(known.values(), rows, float(at)))
        for event in changed:
            before = known.get((event.person, event.day))
            assert event.sequence == (0 if before is None else before.sequence + 1)
            known[event.person, event.day] = event
        told = {key: event.shift for key, event in known.items() if event.digest}
        assert told == {(row.person, row.day): row.shift for row in rows if row.shift}
        assert not list(changed_events(known.values(), rows, 99.0)), "the same again changes nothing"


def test_forecasts_know_the_special_days_of_the_team(world: World) -> None:
    text = history_csv().replace(",queue\n", "\n").replace(",sales", "").replace(",support", "")
    path = world.file("all.csv", text)
    asked = ["forecast", "--weeks", "1", "--from-csv", str(path), "--start", MONDAY.isoformat()]
    assert [row for row in world.data(*asked) if row["start"].startswith("2026-03-04") and row["calls"] > 0]
    world.team(TEAM.replace("[days.2026-03-08]", "[days.2026-03-04]"))
    closed = [row for row in world.data(*asked) if row["start"].startswith("2026-03-04")]
    assert all(row["calls"] == 0 for row in closed)
    again = [row for row in world.data(*asked, "--special", "2026-03-04=0.5") if row["start"].startswith("2026-03-04")]
    assert sum(row["calls"] for row in again) > 0, "what is given goes before what the team says"
