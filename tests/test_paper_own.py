"""Own reports as TOML: what they say, and every mistake with its line and the nearest name."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.errors import ConfigError, NotFound
from ccops.reports.figures import AGENT_FIGURES, QUEUE_FIGURES
from ccops.reports.own import Order, own_report, own_reports, read_own
from ccops.reports.paper.model import Chart
from ccops.settings.problems import BadSettings

FULL = """
title = "Mornings"
source = "visits"
figures = ["offered", "answered", "service_level"]
group = ["queue", "weekday"]
order = ["-offered", "queue"]
limit = 10
note = "Before noon."
[filter]
queue = ["sales", "support*"]
weekday = ["monday", "friday"]
hours = ["08:00-12:00", "13:30 – 24:00"]
[chart]
kind = "bars"
x = "queue"
y = ["offered", "answered"]
title = "Calls"
stacked = true
goal = 100
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mornings.toml").write_text(FULL)
    return tmp_path


def test_everything_that_a_report_can_say(folder: Path) -> None:
    report = own_report(folder, "mornings")
    assert (report.name, report.title, report.source, report.limit) == ("mornings", "Mornings", "visits", 10)
    assert report.figures == ["offered", "answered", "service_level"]
    assert report.group == ["queue", "weekday"]
    assert report.order == [Order("offered", descending=True), Order("queue")]
    assert report.filters.names == {"queue": ["sales", "support*"]}
    assert report.filters.weekdays == [1, 5]
    assert report.filters.hours == [(28_800, 43_200), (48_600, 86_400)]
    assert report.chart == Chart("bars", "queue", ["offered", "answered"], "Calls", stacked=True, goal=100)
    assert (report.note, report.path) == ("Before noon.", folder / "mornings.toml")


def test_the_least_that_a_report_must_say(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('source = "agents"\nfigures = "occupancy"\n')
    report = read_own(path)
    assert (report.title, report.source, report.figures, report.group) == ("a", "agents", ["occupancy"], [])
    assert (report.chart, report.limit, report.order) == (None, None, [])


def test_reports_are_found_by_name(folder: Path) -> None:
    (folder / "notes.txt").write_text("")
    (folder / ".hidden.toml").write_text("")
    assert list(own_reports(folder)) == ["mornings"]
    assert own_reports(folder / "nowhere") == {}
    with pytest.raises(NotFound, match="Did you mean mornings"):
        own_report(folder, "morning", ["queues"])
    with pytest.raises(NotFound, match="Did you mean queues"):
        own_report(folder, "queus", ["queues"])


@pytest.mark.parametrize(
    ("line", "number", "message"),
    [
        ('figures = ["offered", "answred"]', 1, "there is no “answred”. Did you mean answered"),
        ("figures = []", 1, "it names no figure"),
        ("figures = 3", 1, "no list of texts"),
        ('figures = ["offered", "offered"]', 1, "“offered” is there twice"),
        ('figures = ["offered"]\ngroup = ["que"]', 2, "there is no “que”. Did you mean queue"),
        ('figures = ["offered"]\nfigurs = []', 2, "there is no “figurs”. Did you mean figures"),
        ('figures = ["offered"]\nsource = "agent"', 2, "there is no “agent”. Did you mean agents"),
        ('figures = ["offered"]\norder = ["asa"]', 2, "there is no “asa”"),
        ('figures = ["offered"]\nlimit = 0', 2, "no whole number above 0"),
        ('figures = ["offered"]\ntitle = 3', 2, "no text"),
        ('figures = ["offered"]\n[filter]\nqueu = "a"', 3, "there is no “queu”. Did you mean queue"),
        ('figures = ["offered"]\n[filter]\nweekday = ["mon"]', 3, "there is no “mon”. Did you mean monday"),
        ('figures = ["offered"]\n[filter]\nhours = "8-12"', 3, "“8-12” is no span of a day. Write it like"),
        ('figures = ["offered"]\n[filter]\nhours = "12:00-08:00"', 3, "no span of a day"),
        ('figures = ["offered"]\nfilter = 3', 2, r"write \[filter\]"),
        ('figures = ["offered"]\ngroup = ["queue"]\n[chart]\nkind = "pie"\ny = ["offered"]', 4, "there is no “pie”"),
        ('figures = ["offered"]\n[chart]\ny = ["answered"]', 3, "there is no “answered”"),
        ('figures = ["offered", "asa"]\n[chart]\ny = ["offered", "asa"]', 3, "different kinds"),
        ('figures = ["offered"]\n[chart]\ny = ["offered"]\ngoal = "x"', 4, "no number"),
        ('figures = ["offered"]\n[chart]\ny = ["offered"]\nstacked = 1', 4, "neither true nor false"),
        ('figures = ["offered"]\ngroup = ["hour"]\n[chart]\nkind = "heat"\ny = ["offered"]', 3, "needs `by`"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(tmp_path: Path, line: str, number: int, message: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(line + "\n")
    with pytest.raises(BadSettings, match=message) as caught:
        read_own(path)
    assert str(caught.value).startswith(f"{path}:{number}: ")


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "A bad name.toml"
    path.write_text('figures = ["x1", "offered"]\ngroup = ["x2"]\norder = ["x3"]\n')
    with pytest.raises(BadSettings) as caught:
        read_own(path)
    assert [str(problem).partition(": ")[0] for problem in caught.value.problems] == [
        f"{path}:{line}" for line in (1, 1, 2, 3)
    ]


def test_what_is_no_toml_and_what_is_no_file_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("figures = [")
    with pytest.raises(ConfigError, match=r"a\.toml:1"):
        read_own(path)
    (tmp_path / "b.toml").mkdir()
    with pytest.raises(ConfigError, match="folder"):
        read_own(tmp_path / "b.toml")


@given(st.sampled_from(["visits", "agents"]), st.data())
def test_every_figure_can_be_asked_for(
    tmp_path_factory: pytest.TempPathFactory, source: str, data: st.DataObject
) -> None:
    known = list(QUEUE_FIGURES if source == "visits" else AGENT_FIGURES)
    figures = data.draw(st.lists(st.sampled_from(known), min_size=1, unique=True))
    path = tmp_path_factory.mktemp("own") / "a.toml"
    path.write_text(f'source = "{source}"\nfigures = {figures!r}\n')
    assert read_own(path).figures == figures
