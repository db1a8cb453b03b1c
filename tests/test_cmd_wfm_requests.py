"""Leave, swaps, open shifts and sick calls: measured, checked by the rules, decided by whoever may, audited."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from ccops.desk.planning.leave import Leaves
from ccops.desk.planning.office import Office
from ccops.desk.planning.rosters import Rosters
from ccops.desk.planning.swaps import Swaps
from ccops.desk.roles import Person
from ccops.errors import PermissionRefused, ReasonNeeded
from ccops.settings import load
from ccops.wfm.plan.build import assignment_of
from ccops.wfm.roster import price
from tests.planning_world import MONDAY, NOON, TEAM, WEDNESDAY, World, history_csv, queue_log, week, worked

THURSDAY = WEDNESDAY + timedelta(days=1)
WEEK = timedelta(days=7)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Anna and Dora in the morning, Bob and Carl late; support needs one."""
    made = World(tmp_path)
    team = made.team()
    rows = [*week(team, "anna", "early"), *week(team, "dora", "early"), *week(team, "bob", "late")]
    made.published([*rows, *week(team, "carl", "late")], need=1)
    return made


def shifts_on(world: World, day: date) -> dict[str, str]:
    return {row.person: row.shift for row in Rosters(world.office).scheduled(day, day) if row.shift}


def audit(world: World) -> list[tuple[str, str, str]]:
    rows = json.loads(world.run("audit", "list", "--json").out)
    return [(row["action"], row["target"], row["result"]) for row in rows]


# -- leave -------------------------------------------------------------------------------------------------------------


def test_leave_is_measured_by_who_would_be_missing(world: World) -> None:
    asked = world.data("leave", "request", "Anna", "--from", THURSDAY.isoformat(), "--dry-run")
    assert asked["leave"] is None
    # Two in the morning, one needed in each of two queues: without Anna four hours of one are missing more.
    (day,) = asked["capacity"]
    assert (day["basis"], day["fits"]) == ("roster", False)
    assert day["missing_after"] > day["missing_before"]
    assert world.data("leave", "list") == []
    free = world.data("leave", "request", "anna", "--from", "2026-03-07")
    assert (free["leave"], free["state"], free["fits"]) == (1, "requested", True)
    assert world.data("leave", "approve", "1")["state"] == "approved"


def test_leave_that_does_not_fit_is_approved_by_force_and_its_shifts_are_open(world: World) -> None:
    day = THURSDAY.isoformat()
    world.data("leave", "request", "anna", "--from", day)
    refused = world.wfm("leave", "approve", "1")
    assert refused.code == 1
    assert "--force" in refused.err
    approved = world.data("leave", "approve", "1", "--force", "--reason", "wedding")
    assert (approved["state"], approved["reason"]) == ("approved", "wedding")
    assert approved["rosters"] == [2]
    assert "anna" not in shifts_on(world, THURSDAY)
    assert shifts_on(world, WEDNESDAY)["anna"] == "early"
    (offer,) = world.data("swap", "list")
    assert (offer["person"], offer["day"], offer["shift"], offer["state"]) == (None, day, "early", "offered")
    assert ("wfm.leave.decide", "1", "done") in audit(world)
    assert world.data("roster", "check", "2") == []


def test_leave_beyond_the_roster_is_measured_by_the_week(world: World) -> None:
    world.ingest(queue_log(weeks=5))
    asked = world.data("leave", "request", "anna", "--from", "2026-03-23", "--to", "2026-03-27", "--dry-run")
    (week_,) = asked["capacity"]
    assert (week_["day"], week_["basis"]) == ("2026-03-23", "week")
    assert week_["missing_after"] == pytest.approx(week_["missing_before"] + 40, abs=40)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["leave", "request", "anna", "--from", "2026-03-05", "--to", "2026-03-04"], "--to lies before"),
        (["leave", "request", "ana", "--from", "2026-03-05"], "anna"),
        (["leave", "request", "anna", "--from", "tomorrow"], "tomorrow"),
        (["leave", "request", "anna", "--from", "2026-03-05", "--to", "2029-03-05"], "more than a year"),
        (["leave", "approve", "9"], "no leave 9"),
        (["swap", "offer", "anna", "2026-03-07"], "does not work"),
        (["swap", "offer", "anna", "2027-03-07"], "No roster is published"),
        (["swap", "open", "2026-03-05", "ealry"], "early"),
        (["swap", "take", "9", "bob"], "no offer 9"),
        (["sick", "nobody"], "nobody"),
    ],
)
def test_what_cannot_be_is_told(world: World, arguments: list[str], said: str) -> None:
    result = world.wfm(*arguments)
    assert result.code == 2
    assert said in result.err


def test_leave_is_asked_for_once_and_decided_once(world: World) -> None:
    world.data("leave", "request", "anna", "--from", "2026-03-09", "--to", "2026-03-10")
    again = world.wfm("leave", "request", "anna", "--from", "2026-03-10")
    assert (again.code, "leave 1" in again.err) == (2, True)
    assert world.data("leave", "deny", "1", "--reason", "no")["state"] == "denied"
    assert world.wfm("leave", "approve", "1").code == 2
    assert world.data("leave", "request", "anna", "--from", "2026-03-10")["leave"] == 2
    assert world.data("leave", "withdraw", "2")["state"] == "withdrawn"
    assert [row["state"] for row in world.data("leave", "list", "--person", "anna")] == ["denied", "withdrawn"]


def test_the_solver_keeps_leave_free(world: World) -> None:
    world.data("leave", "request", "dora", "--from", "2026-03-10", "--to", "2026-03-11")
    world.data("leave", "approve", "1", "--force")
    path = world.file("history.csv", history_csv())
    world.data("roster", "solve", "--from", "2026-03-09", "--weeks", "1", "--seconds", "1", "--deterministic",
               "--from-csv", str(path))  # fmt: skip
    rows = world.data("roster", "show")
    assert not [row for row in rows if row["person"] == "dora" and row["day"] in ("2026-03-10", "2026-03-11")]
    assert [row for row in rows if row["person"] == "dora"]


# -- swaps -------------------------------------------------------------------------------------------------------------


def test_a_shift_changes_hands_when_it_is_taken_and_approved(world: World) -> None:
    team = world.office.team()
    world.published([*week(team, "anna", "early"), *week(team, "bob", "late", days=3)], need=1)
    day = THURSDAY.isoformat()
    offer = world.data("swap", "offer", "anna", day)
    assert (offer["swap"], offer["state"]) == (1, "offered")
    assert world.wfm("swap", "offer", "anna", day).code == 2
    assert world.data("swap", "take", "1", "dora")["state"] == "taken"
    assert shifts_on(world, THURSDAY) == {"anna": "early"}, "not before it is approved"
    approved = world.data("swap", "approve", "1")
    assert approved["state"] == "approved"
    assert shifts_on(world, THURSDAY) == {"dora": "early"}
    assert world.data("roster", "list")[0]["state"] == "published"
    assert audit(world)[-1] == ("wfm.swap.decide", "1", "done")


def test_a_swap_for_another_day(world: World) -> None:
    team = world.office.team()
    world.published([worked(team, "anna", WEDNESDAY, "early"), worked(team, "dora", THURSDAY, "late")])
    world.data("swap", "offer", "anna", WEDNESDAY.isoformat())
    world.data("swap", "take", "1", "dora", "--give", THURSDAY.isoformat())
    world.data("swap", "approve", "1")
    assert shifts_on(world, WEDNESDAY) == {"dora": "early"}
    assert shifts_on(world, THURSDAY) == {"anna": "late"}


def test_a_swap_that_breaks_a_rule_is_refused_by_its_name(world: World) -> None:
    team = world.office.team()
    world.published([worked(team, "anna", THURSDAY, "early"), worked(team, "carl", WEDNESDAY, "late")])
    world.data("swap", "offer", "anna", THURSDAY.isoformat())
    refused = world.wfm("swap", "take", "1", "carl")
    assert refused.code == 1
    assert "carl" in refused.err
    assert "may not follow" in refused.err
    assert world.data("swap", "list")[0]["state"] == "offered"


def test_a_rule_that_broke_since_is_found_at_the_approval(world: World) -> None:
    team = world.office.team()
    world.published([worked(team, "anna", THURSDAY, "early")])
    world.data("swap", "offer", "anna", THURSDAY.isoformat())
    world.data("swap", "take", "1", "carl")
    world.published([worked(team, "anna", THURSDAY, "early"), worked(team, "carl", WEDNESDAY, "late")])
    assert world.wfm("swap", "approve", "1").code == 1
    assert shifts_on(world, THURSDAY) == {"anna": "early"}


def test_an_open_shift_is_taken(world: World) -> None:
    team = world.office.team()
    world.published([worked(team, "anna", THURSDAY, "early")])
    world.data("swap", "open", THURSDAY.isoformat(), "late")
    world.data("swap", "take", "1", "bob")
    world.data("swap", "approve", "1")
    assert shifts_on(world, THURSDAY) == {"anna": "early", "bob": "late"}
    assert world.data("roster", "check") == []


def test_an_offer_is_denied_or_withdrawn(world: World) -> None:
    world.data("swap", "offer", "anna", THURSDAY.isoformat())
    assert world.data("swap", "deny", "1", "--reason", "no")["reason"] == "no"
    world.data("swap", "offer", "anna", THURSDAY.isoformat())
    assert world.data("swap", "withdraw", "2")["state"] == "withdrawn"
    assert world.wfm("swap", "take", "2", "bob").code == 2


# -- sick --------------------------------------------------------------------------------------------------------------


def test_a_sick_call_changes_little_else(world: World) -> None:
    team = world.team(TEAM.replace("interval = 30", "interval = 30\nstability = 1000"))
    early = [*week(team, "anna", "early"), *week(team, "dora", "early", days=3)]
    world.published([*early, *week(team, "bob", "late", days=4), *week(team, "carl", "late")], need=1)
    before = {(row.person, row.day): row.shift for row in Rosters(world.office).scheduled(MONDAY, THURSDAY)}
    found = world.data("sick", "anna", "--from", THURSDAY.isoformat(), "--seconds", "1", "--deterministic")
    assert (found["kind"], found["state"], found["published"]) == ("sick", "approved", False)
    solved = Rosters(world.office).get(found["version"])
    after = {(row.person, row.day): row.shift for row in solved.rows}
    assert after["anna", THURSDAY] == ""
    past = {key: shift for key, shift in before.items() if key[1] < THURSDAY}
    assert {key: after[key] for key in past} == past, "what is over stays"
    assert world.data("roster", "check", str(found["version"])) == []
    assert found["changed"] <= 2
    assert shifts_on(world, THURSDAY)["anna"] == "early", "a draft until it is published"


def test_a_sick_call_of_today_leaves_what_has_begun_and_lets_nobody_begin_in_the_past(world: World) -> None:
    """It is noon: the early shift began at eight, the late one begins now."""
    team = world.team(TEAM)
    crew = {"anna": "early", "bob": "late", "carl": "early"}
    world.published([row for one, shift in crew.items() for row in week(team, one, shift)], need=2)
    days = ("--from", MONDAY.isoformat(), "--to", WEDNESDAY.isoformat())
    found = world.data("sick", "carl", *days, "--seconds", "1", "--deterministic")
    solved = {(row.person, row.day): row.shift for row in Rosters(world.office).get(found["version"]).rows}
    assert [solved[one, WEDNESDAY] for one in ("anna", "carl")] == ["early", ""]
    assert solved["dora", WEDNESDAY] in ("", "late")
    over = [MONDAY, MONDAY + timedelta(days=1)]
    assert [solved["dora", day] for day in over] == ["", ""]
    tomorrow = world.data("sick", "carl", "--from", THURSDAY.isoformat(), "--seconds", "1", "--deterministic")
    later = {(row.person, row.day): row.shift for row in Rosters(world.office).get(tomorrow["version"]).rows}
    assert later["dora", THURSDAY], "tomorrow anybody may begin at any time"


def test_a_sick_call_can_be_published_at_once_or_only_written_down(world: World) -> None:
    noted = world.data("sick", "bob", "--from", "2026-03-04", "--no-solve")
    assert noted["version"] is None
    found = world.data("sick", "anna", "--from", THURSDAY.isoformat(), "--seconds", "1", "--deterministic", "--publish")
    assert found["published"] is True
    assert "anna" not in shifts_on(world, THURSDAY)
    assert [row["kind"] for row in world.data("leave", "list")] == ["sick", "sick"]


def test_a_sick_call_moves_no_breaks_on_days_that_stay(world: World) -> None:
    team = world.team(TEAM.replace("interval = 30", "interval = 30\nstability = 1000"))
    crew = {"anna": "early", "dora": "early", "bob": "late", "carl": "late"}
    both = [week(team, one, shift, first) for one, shift in crew.items() for first in (MONDAY, MONDAY + WEEK)]
    world.published([row for rows in both for row in rows], need=1)
    last = MONDAY + timedelta(days=13)
    before = {(row.person, row.day): row for row in Rosters(world.office).scheduled(MONDAY, last)}
    found = world.data("sick", "carl", "--from", THURSDAY.isoformat(), "--seconds", "1", "--deterministic")
    rosters = Rosters(world.office)
    solved = rosters.get(found["version"])
    changed = {row.day for row in solved.rows if row.shift != before[row.person, row.day].shift}
    assert THURSDAY in changed
    stays = [row for row in solved.rows if row.day not in changed and row.shift]
    assert any(row.day > THURSDAY for row in stays)
    assert all(row.breaks == before[row.person, row.day].breaks for row in stays)
    costs = price(rosters.plan(solved), [assignment_of(row) for row in solved.rows])
    assert solved.head.document["costs"]["missing"] == pytest.approx(costs.missing), "of the breaks that are kept"
    assert json.loads(world.wfm("roster", "list", "--json").out), "whatever is known of the bound"


def test_who_is_known_to_be_sick_is_not_written_down_again(world: World) -> None:
    call = ("sick", "anna", "--from", THURSDAY.isoformat(), "--to", "2026-03-06", "--no-solve")
    first, again = world.data(*call), world.data(*call)
    within = world.data("sick", "anna", "--from", THURSDAY.isoformat(), "--no-solve")
    assert first["leave"] == again["leave"] == within["leave"] == 1
    longer = world.data("sick", "anna", "--from", THURSDAY.isoformat(), "--to", "2026-03-09", "--no-solve")
    assert longer["leave"] == 2


# -- without doing it --------------------------------------------------------------------------------------------------


def test_a_dry_run_checks_everything_and_writes_nothing(world: World) -> None:
    team, day = world.office.team(), THURSDAY.isoformat()
    world.published([worked(team, "anna", THURSDAY, "early"), worked(team, "carl", THURSDAY, "late")], need=1)
    assert world.data("swap", "offer", "anna", day, "--dry-run")["swap"] is None
    assert world.data("swap", "open", day, "late", "--dry-run")["dry_run"] is True
    assert world.data("sick", "anna", "--from", day, "--dry-run")["leave"] is None
    assert world.data("swap", "list") == world.data("leave", "list") == []
    world.data("swap", "offer", "anna", day)
    world.data("leave", "request", "bob", "--from", day)
    written = len(audit(world))
    assert world.data("swap", "take", "1", "carl", "--give", day, "--dry-run")["state"] == "taken"
    assert "would be denied" in world.wfm("swap", "deny", "1", "--dry-run").out
    assert world.data("swap", "withdraw", "1", "--dry-run")["state"] == "withdrawn"
    assert world.data("leave", "approve", "1", "--force", "--dry-run")["rosters"] == []
    assert "would be denied" in world.wfm("leave", "deny", "1", "--dry-run").out
    assert world.data("leave", "withdraw", "1", "--dry-run")["state"] == "withdrawn"
    assert [row["state"] for row in world.data("swap", "list")] == ["offered"]
    assert [row["state"] for row in world.data("leave", "list")] == ["requested"]
    world.data("swap", "take", "1", "carl", "--give", day)
    assert world.data("swap", "approve", "1", "--dry-run")["rosters"] == []
    changed = world.wfm("roster", "assign", "carl", "2026-03-06", "early", "--dry-run")
    assert changed.code == 1
    assert "may not follow" in changed.err
    assert len(world.data("roster", "list")) == 2
    assert len(audit(world)) == written + 1, "the one that took it"
    assert shifts_on(world, THURSDAY)["anna"] == "early"


def test_a_dry_run_is_refused_to_whom_the_deed_is(world: World) -> None:
    office = Office(load(world.file("config.toml", ROLES), world.variables, {}), person=Person("alma", 4711))
    with pytest.raises(PermissionRefused):
        Swaps(office).open_shift(THURSDAY, "late", dry_run=True)
    with pytest.raises(PermissionRefused):
        Leaves(office).note_sick("anna", THURSDAY, THURSDAY, dry_run=True)


def test_what_nobody_took_cannot_be_approved(world: World) -> None:
    world.data("swap", "offer", "anna", THURSDAY.isoformat())
    refused = world.wfm("swap", "approve", "1")
    assert refused.code == 2
    assert "Nobody has taken" in refused.err


# -- roles -------------------------------------------------------------------------------------------------------------

ROLES = """\
[site]
timezone = "Europe/Vienna"
[roles.planners]
users = ["petra"]
actions = ["wfm.*"]
[roles.leads]
users = ["leo"]
actions = ["wfm.leave.*", "wfm.sick"]
agents = ["bob", "carl"]
reason_required = ["wfm.leave.decide"]
"""


def office_of(world: World, name: str) -> Office:
    path = world.file("config.toml", ROLES)
    path.chmod(0o600)
    loaded = load(path, {"CCOPS_STORE__PATH": str(world.folder / "ccops.db")})
    return Office(loaded, person=Person(name, 1000), clock=lambda: NOON)


def test_who_may_do_what_is_said_by_roles(world: World) -> None:
    petra, leo, anna = (Leaves(office_of(world, name)) for name in ("petra", "leo", "annam"))
    own = anna.request("anna", date(2026, 3, 7), date(2026, 3, 7)).leave.id
    with pytest.raises(PermissionRefused):
        anna.approve(own)
    with pytest.raises(PermissionRefused, match="none"):
        Leaves(office_of(world, "nobody")).request("bob", date(2026, 3, 7), date(2026, 3, 7))
    with pytest.raises(PermissionRefused):
        anna.request("bob", date(2026, 3, 7), date(2026, 3, 7))
    with pytest.raises(PermissionRefused, match="reach"):
        leo.approve(own, reason="fine")
    bobs = leo.request("bob", date(2026, 3, 7), date(2026, 3, 7)).leave.id
    with pytest.raises(ReasonNeeded):
        leo.approve(bobs)
    assert leo.approve(bobs, reason="fine")[0].leave.decided_by == "leo"
    assert petra.approve(own)[0].leave.state == "approved"
    with pytest.raises(PermissionRefused):
        Rosters(office_of(world, "leo")).publish(1)
    denied = [row for row in audit(world) if row[2] == "denied"]
    assert len(denied) == 5, "attempts are written down"


def test_only_ones_own_shift_is_offered_without_a_role(world: World) -> None:
    swaps = Swaps(office_of(world, "annam"))
    assert swaps.offer("anna", THURSDAY).state == "offered"
    with pytest.raises(PermissionRefused):
        swaps.offer("bob", THURSDAY)
    with pytest.raises(PermissionRefused):
        swaps.open_shift(THURSDAY, "early")


def test_read_only_refuses_every_change(world: World) -> None:
    changed = world.file("changed.toml", TEAM + "\n[days.2026-05-01]\nclosed = true\n")
    for arguments in (
        ["leave", "request", "anna", "--from", "2026-03-09"],
        ["swap", "offer", "anna", "2026-03-05"],
        ["sick", "anna"],
        ["team", "import", str(changed)],
    ):
        assert world.run("--read-only", "wfm", *arguments).code == 4, arguments
    assert world.run("--read-only", "wfm", "leave", "list").code == 0
    assert world.data("leave", "list") == []


def test_roles_may_name_planning_and_misspellings_are_found(world: World) -> None:
    from ccops.desk.actions import TABLE
    from ccops.desk.daemon.rolecheck import check_roles
    from ccops.settings.problems import BadSettings

    path = world.file("config.toml", ROLES)
    check_roles(load(path, {}), TABLE)
    path.write_text(ROLES.replace("wfm.sick", "wfm.sik"), encoding="utf-8")
    with pytest.raises(BadSettings, match=r"wfm\.sick"):
        check_roles(load(path, {}), TABLE)


def test_states_and_numbers_that_cannot_be_are_refused_in_words(world: World) -> None:
    for arguments in (("leave", "list"), ("swap", "list")):
        ran = world.wfm(*arguments, "--state", "nonsense")
        assert (ran.code, ran.out) == (2, "")
        assert "approved" in ran.err or "nonsense" in ran.err
    huge = "9" * 20
    for words in (
        ("roster", "show", huge),
        ("roster", "publish", huge, "--yes"),
        ("team", "export", "--version", huge),
    ):
        ran = world.wfm(*words)
        assert ran.code == 2
        assert "fault" not in ran.err
