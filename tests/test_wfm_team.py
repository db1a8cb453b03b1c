"""Team files: what they say comes back unchanged, and whatever is wrong with them is named with its place."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.errors import UsageProblem
from ccops.wfm.roster import Break, Contract, FreeShift, Shift
from ccops.wfm.team import words
from ccops.wfm.team.model import Activity, Member, QueuePlan, SpecialDay, Team, WishRule
from ccops.wfm.team.people_csv import people_csv, read_people
from ccops.wfm.team.read import read_team, team_of
from ccops.wfm.team.tables import BadFile
from ccops.wfm.team.write import document_of, toml_of
from tests.planning_world import TEAM, World


def read(tmp_path: Path, text: str) -> Team:
    path = tmp_path / "team.toml"
    path.write_text(text, encoding="utf-8")
    return read_team(path)


def problems(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageProblem) as caught:
        read(tmp_path, text)
    return str(caught.value)


# -- round trip --------------------------------------------------------------------------------------------------------

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
QUARTERS = st.integers(0, 95).map(lambda slot: slot * 15)
DAYS = st.frozensets(st.integers(0, 6), min_size=1)


@st.composite
def shifts(draw: st.DrawFn, name: str) -> Shift:
    minutes = draw(st.integers(16, 40)) * 15
    breaks: tuple[Break, ...] = ()
    if draw(st.booleans()):
        breaks = (
            Break(draw(NAMES), 30, draw(st.integers(4, 6)) * 15, draw(st.integers(6, 9)) * 15, draw(st.booleans())),
        )
    return Shift(name, draw(QUARTERS), minutes, breaks, draw(DAYS))


@st.composite
def teams(draw: st.DrawFn) -> Team:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=str.casefold))
    made = tuple(draw(shifts(name)) for name in names)
    contract = Contract("full", week_max=draw(st.none() | st.integers(1, 60).map(lambda h: h * 60)),
                        max_days_in_row=draw(st.integers(1, 7)), max_weekends=draw(st.none() | st.integers(0, 4)),
                        min_rest=draw(st.integers(0, 16)) * 60, max_shifts={names[0]: 3})  # fmt: skip
    ids = draw(st.lists(NAMES, max_size=4, unique_by=str.casefold))
    people = tuple(
        Member(name, f"{name} {place}", "full", ("sales",), f"agent{place}", hours=draw(hours()),
               wishes=(WishRule(names[0], weekday=draw(st.integers(0, 6)), wanted=draw(st.booleans())),),
               leave_minutes=draw(st.none() | st.just(450)))
        for place, name in enumerate(ids)
    )  # fmt: skip
    free = FreeShift("flex", 480, 600, 240, 360, 30, ((300, Break("b", 15, 60, 120)),), draw(DAYS))
    days = (SpecialDay(date(2026, 12, 25), "Christmas", draw(st.booleans())),)
    activity = Activity("meeting", 600, 30, tuple(ids[:1]), weekdays=draw(DAYS))
    queue = QueuePlan("sales", (0.9, 15.0), patience=draw(st.none() | st.just(90.0)), minimum=draw(st.integers(0, 3)))
    return Team(people, (contract,), made, (free,), (queue,), (activity,), days, shrinkage=0.25)


def hours() -> st.SearchStrategy[dict[int, tuple[tuple[int, int], ...]]]:
    return st.dictionaries(
        st.integers(0, 6), st.sampled_from([(), ((480, 1020),), ((0, 600), (720, 1440)), ((1320, 1800),)])
    )


@given(teams())
def test_a_team_is_the_same_after_toml_and_after_json(team: Team) -> None:
    import tomllib

    assert team_of(tomllib.loads(toml_of(team))) == team
    assert team_of(json.loads(json.dumps(document_of(team)))) == team


@given(teams())
def test_people_are_the_same_after_csv(team: Team) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        path.write_text(people_csv(team), encoding="utf-8", newline="")
        assert read_people(path, team).people == team.people


@given(st.integers(0, 1439))
def test_times_of_day(minutes: int) -> None:
    assert words.clock(words.clock_text(minutes)) == minutes
    assert words.length(words.length_text(minutes)) == minutes


def test_weekdays_in_every_writing() -> None:
    assert words.weekdays("mon-fri") == frozenset(range(5))
    assert words.weekdays("Fri-mon") == {4, 5, 6, 0}
    assert words.weekdays(["Monday", "wed"]) == {0, 2}


# -- what is wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('skills = ["support"]', 'skils = ["support"]', ["people.bob.skils", "Did you mean skills"]),
        ('contract = "full"\nskills = ["sales"]', 'contract = "ful"', ["people.carl.contract", "“ful”", "full"]),
        ('skills = ["support"]', 'skills = ["suport"]', ["people.bob.skills", "suport", "support"]),
        ("week_hours_max = 40", "week_hours_max = 20\nweek_hours_min = 30", ["week_hours_min", "contradict"]),
        ("week_hours_max = 40", "week_hours_max = 90\nweek_hours_min = 80", ["seven of the longest", "contradict"]),
        ('start = "12:00"', 'start = "25:00"', ["shifts.late.start", "25:00"]),
        ('length = "8h"', 'length = "8h"\nend = "20:00"', ["shifts.late.end", "keep one"]),
        ('latest = "5h"', 'latest = "8h"', ["shifts.early.breaks.0", "inside"]),
        ('start = "08:00"', 'start = "08:10"', ["shifts.early", "do not fit intervals of 30"]),
        ("minimum = 1", "minimum = -1", ["queues.sales.minimum", "-1"]),
        ("[days.2026-03-08]", "[days.someday]", ["days.someday", "no day"]),
        ('shift = "off", weight = 3', 'shift = "ealry", weight = 3', ["people.anna.wishes", "ealry", "early"]),
        ('weekday = "fri", ', "", ["a wish is for a day or for a weekday"]),
        ('sat = []', 'sat = ["17:00-17:00"]', ["people.anna.hours.sat", "17:00-17:00"]),
        ("[people.dora]", "[people.Bob]", ["people.Bob", "twice", "bob"]),
        ('interface = "PJSIP/1002"', 'agent = "ANNA"', ["people.bob.agent", "agent of “anna”"]),
        ("[people.dora]", '[people.dora]\nname = "carl"', ["people.dora.name", "the name of “carl”"]),
        ("interval = 30", 'intervall = 30', ["settings.intervall", "Did you mean interval"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_line_and_the_nearest_word(
    tmp_path: Path, old: str, new: str, said: list[str]
) -> None:
    assert old in TEAM
    text = TEAM.replace(old, new, 1)
    told = problems(tmp_path, text)
    for word in said:
        assert word in told, told
    line = int(told.split("team.toml:")[1].split(":")[0])
    assert 1 <= line <= text.count("\n") + 1


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = TEAM.replace("interval = 30", "interval = 30\ncolour = 1").replace('length = "8h"', 'length = "x"')
    text = text.replace('contract = "full"\nskills = ["sales"]', 'contract = "gone"')
    with pytest.raises(BadFile) as caught:
        read(tmp_path, text)
    assert [problem.key for problem in caught.value.problems] == [
        "settings.colour", "shifts.late.length", "people.carl.contract",
    ]  # fmt: skip


def test_a_person_twice_is_named_by_toml_itself(tmp_path: Path) -> None:
    path = tmp_path / "team.toml"
    path.write_text(TEAM + "[people.bob]\ncontract = 'full'\n", encoding="utf-8")
    from ccops.errors import ConfigError

    with pytest.raises(ConfigError) as caught:
        read_team(path)
    assert "bob" in str(caught.value)
    assert f"{path}:" in str(caught.value)


def test_a_team_of_a_later_ccops_is_refused_whole(tmp_path: Path) -> None:
    assert "later ccops" in problems(tmp_path, TEAM.replace("format = 1", "format = 2"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,contract\nx,full\n", "“id”"),
        ("id,nmae\nx,y\n", "Did you mean name"),
        ("id,contract\nx,full\nX,full\n", "twice, in line 2"),
        ("id,contract\nx,ful\n", ":2: "),
        ("id,contract,mon\nx,full,8-16\n", "8-16"),
        ("id,contract,leave_hours\nx,full,many\n", "many"),
        ("id,contract\n,full\n", "“id” is missing"),
    ],
)
def test_a_wrong_csv_of_people_names_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageProblem) as caught:
        read_people(path, read(tmp_path, TEAM))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_formula_in_a_name_is_no_formula_in_the_csv_and_comes_back(tmp_path: Path) -> None:
    team = read(tmp_path, TEAM.replace("Anna Müller", "=cmd()"))
    text = people_csv(team)
    assert "'=cmd()" in text
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8", newline="")
    assert read_people(path, team) == team


# -- commands ----------------------------------------------------------------------------------------------------------


def test_import_show_export_and_the_versions(tmp_path: Path) -> None:
    world = World(tmp_path)
    path = world.file("team.toml", TEAM)
    assert world.data("team", "import", str(path), "--dry-run")["version"] is None
    assert not (tmp_path / "ccops.db").exists()
    first = world.data("team", "import", str(path))
    assert (first["version"], first["people"]) == (1, 4)
    again = world.data("team", "import", str(path))
    assert (again["version"], again["changes"]) == (None, [])
    shown = world.data("team", "show")
    assert [one["person"] for one in shown["members"]] == ["anna", "bob", "carl", "dora"]
    assert (shown["shifts"], shown["queues"]) == (["early", "late"], ["sales", "support"])
    exported = world.wfm("team", "export")
    assert world.data("team", "import", str(world.file("again.toml", exported.out)))["changes"] == []
    text = exported.out.replace('name = "Anna Müller"', 'name = "Anna Meyer"')
    changed = world.data("team", "import", str(world.file("new.toml", text)), "--note", "married")
    assert (changed["version"], changed["changes"]) == (2, ["people.anna.name"])
    assert [one["note"] for one in world.data("team", "list")] == ["married", "team.toml"]
    assert "Anna Müller" in world.wfm("team", "export", "--version", "1").out


def test_people_come_from_a_csv_and_wishes_stay(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.team()
    path = tmp_path / "people.csv"
    assert world.wfm("team", "export", "-o", str(path)).code == 0
    path.write_text(path.read_text(encoding="utf-8").replace("carl,carl", "carl,Carlo"), encoding="utf-8")
    assert world.data("team", "import", str(path))["changes"] == ["people.carl.name"]
    assert world.office.team().person("Anna").wishes


def test_a_change_of_the_team_is_in_the_audit(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.team()
    rows = json.loads(world.run("audit", "list", "--json").out)
    assert [(row["action"], row["result"]) for row in rows] == [("wfm.team", "done")]
    assert world.run("audit", "verify").code == 0


def test_a_wrong_file_changes_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.team()
    result = world.wfm("team", "import", str(world.file("bad.toml", TEAM.replace("full", "fool", 1))))
    assert result.code == 2
    assert "bad.toml:" in result.err
    assert len(world.data("team", "list")) == 1


@pytest.mark.parametrize("arguments", [["team", "show"], ["team", "export"], ["roster", "show"], ["roster", "solve"]])
def test_without_a_team_it_says_how_to_get_one(tmp_path: Path, arguments: list[str]) -> None:
    result = World(tmp_path).wfm(*arguments)
    assert result.code == 2
    assert "team import" in result.err or "ingest" in result.err


def test_nights_are_available_beyond_midnight(tmp_path: Path) -> None:
    from ccops.wfm.plan.build import assignment_of, day_row, plan_of
    from ccops.wfm.roster import check
    from tests.planning_world import MONDAY, VIENNA

    text = TEAM.replace('start = "12:00"', 'start = "22:00"').replace("sat = []", 'mon = ["22:00-06:00"], sat = []')
    team = read(tmp_path, text)
    assert team.person("anna").hours[0] == ((1320, 1800),)
    plan = plan_of(team, {}, MONDAY, 7, VIENNA)
    night, early = team.shifts[1], team.shifts[0]
    assert check(plan, [assignment_of(day_row("anna", MONDAY, night, 30))]) == []
    (broken,) = check(plan, [assignment_of(day_row("anna", MONDAY, early, 30))])
    assert broken.rule == "availability"


def test_a_queue_with_a_space_in_its_name_comes_back_from_the_csv(tmp_path: Path) -> None:
    team = read(
        tmp_path, TEAM.replace('"support"', '"tech support"').replace("[queues.support]", '[queues."tech support"]')
    )
    path = tmp_path / "people.csv"
    path.write_text(people_csv(team), encoding="utf-8", newline="")
    assert read_people(path, team) == team
