"""Own reports do what their file says: filters, groups, order and limit, held against counting visits one by one."""

from collections.abc import Callable, Hashable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.pbx.queue_log import parse_block
from ccops.reports.catalogue import Ask, own_report, trace_own
from ccops.reports.figures import AGENT_FIGURES, QUEUE_FIGURES
from ccops.reports.own import FILTERS, GROUPS, WEEKDAYS, read_own
from ccops.reports.periods import Period
from ccops.reports.tally import Tally
from ccops.reports.visits import Visit, visits_of
from tests.catalogue_tools import NOW, RULES, ZONES, cuts, delta_of, figure_again, moved, period_of, sources_of
from tests.history_logs import AGENTS, QUEUES, Log, logs

OUTCOMES = ("answered", "abandoned", "timeout", "exit_*")
HOURS = ((7, 12), (0, 24), (13, 17))
toml_filters = st.fixed_dictionaries(
    {},
    optional={
        "queue": st.lists(st.sampled_from((*QUEUES, "S*", "nowhere")), min_size=1, max_size=2, unique=True),
        "agent": st.lists(st.sampled_from((*AGENTS, "*n*")), min_size=1, max_size=2, unique=True),
        "outcome": st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=2, unique=True),
        "number": st.sampled_from((["555000?"], ["5550001", "5550002"])),
        "weekday": st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=5, unique=True),
        "hours": st.sampled_from((["07:00-12:00"], ["07:00-12:00", "13:00-17:30"], ["06:10-18:07"])),
    },
)
groups = st.lists(st.sampled_from(GROUPS["visits"]), max_size=2, unique=True)


def toml(source: str, figures: list[str], group: list[str], filters: dict[str, Any], more: str = "") -> str:
    """Return the file of an own report."""
    lines = [f'source = "{source}"', f"figures = {figures!r}", f"group = {group!r}", more, "[filter]"]
    return "\n".join(lines + [f"{name} = {value!r}" for name, value in filters.items()]).replace(
        '"Ben O\'Neil"', "'''Ben O'Neil'''"
    )


def meant(visit: Visit, filters: dict[str, Any], zone: ZoneInfo) -> bool:
    """Decide on one visit as a reader of the file would."""
    at = datetime.fromtimestamp(visit.entered, zone)
    queues = {"nowhere": "", "S*": "s"}
    tests: dict[str, Callable[[Any], bool]] = {
        "queue": lambda value: visit.queue.startswith(queues[value]) if value == "S*" else visit.queue == value,
        "agent": lambda value: "n" in visit.agent.casefold() if value == "*n*" else visit.agent == value,
        "outcome": lambda value: visit.outcome.startswith("exit_") if value == "exit_*" else visit.outcome == value,
        "number": lambda value: visit.caller.startswith("555000") if "?" in value else visit.caller == value,
        "weekday": lambda value: WEEKDAYS[at.weekday()] == value,
        "hours": lambda value: value.split("-")[0] <= f"{at:%H:%M}" < value.split("-")[1],
    }
    return all(any(tests[name](value) for value in values) for name, values in filters.items())


def group_of(visit: Visit, name: str, zone: ZoneInfo, dids: dict[str, str]) -> Hashable:
    """Return the group of one visit."""
    at = datetime.fromtimestamp(visit.entered, zone)
    minute = at.hour * 60 + at.minute
    year, week, _day = at.isocalendar()
    return {
        "queue": visit.queue,
        "agent": visit.agent or None,
        "outcome": visit.outcome.value,
        "did": dids.get(visit.callid),
        "month": f"{at:%Y-%m}",
        "week": f"{year}-W{week:02}",
        "day": at.date(),
        "weekday": at.isoweekday(),
        "hour": minute // 60 * 3600,
        "half_hour": minute // 30 * 1800,
        "quarter_hour": minute // 15 * 900,
    }[name]


@settings(max_examples=70, deadline=None)
@given(
    logs(days=1, stays=15),
    cuts,
    st.sampled_from(ZONES),
    toml_filters,
    groups,
    st.lists(st.sampled_from(list(QUEUE_FIGURES)), min_size=1, max_size=5, unique=True),
    st.data(),
)
def test_visits_by_anything(
    tmp_path_factory: pytest.TempPathFactory,
    log: Log,
    cut: tuple[int, int, int],
    name: str,
    filters: dict[str, Any],
    group: list[str],
    figures: list[str],
    data: st.DataObject,
) -> None:
    folder, zone, delta = tmp_path_factory.mktemp("o"), ZoneInfo(name), delta_of(name)
    text, period = moved(log.data(), delta), period_of(cut, delta)
    (folder / "mine.toml").write_text(toml("visits", figures, group, filters))
    own = read_own(folder / "mine.toml")
    visits = [one for one in visits_of(parse_block(text)) if one.entered in period and meant(one, filters, zone)]
    dids = {one.callid: f"8{one.callid[-1]}" for one in visits[::2]}
    with sources_of(folder, text, zone) as sources:
        put_dids(folder / "s.db", dids)
        ask = Ask(period, NOW)
        (section,) = own_report(own, ask, sources).sections
        expected: dict[tuple[Hashable, ...], Tally] = {} if group else {(): Tally()}
        for visit in visits:
            key = tuple(group_of(visit, one, zone, dids) for one in group)
            expected.setdefault(key, Tally()).add(visit, RULES)
        found = {tuple(row[one] for one in group): row for row in section.rows}
        assert set(found) == set(expected)
        for key, tally in expected.items():
            assert {figure: found[key][figure] for figure in figures} == {
                figure: QUEUE_FIGURES[figure].of(tally, RULES) for figure in figures
            }
        cells = [(row, figure) for row in (*section.rows, section.total or {}) for figure in figures]
        row, figure = data.draw(st.sampled_from(cells))
        traced = trace_own(own, ask, sources, row, figure)
        assert figure_again("queues", "queues", figure, traced, row) == row[figure]


def put_dids(store: Path, dids: dict[str, str]) -> None:
    """Write what call records know."""
    from ccops.store import open_store

    with open_store(store) as database, database.write() as connection:
        connection.executemany("INSERT INTO call_details (callid, did) VALUES (?, ?)", list(dids.items()))


@settings(max_examples=40, deadline=None)
@given(
    logs(days=1, stays=10),
    cuts,
    st.sampled_from(ZONES),
    st.lists(st.sampled_from(GROUPS["agents"]), max_size=2, unique=True),
    st.fixed_dictionaries(
        {},
        optional={
            "queue": st.just(["sales"]),
            "agent": st.just(["*n*"]),
            "weekday": st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True),
        },
    ),
    st.sampled_from(list(AGENT_FIGURES)),
    st.data(),
)
def test_agents_by_anything(
    tmp_path_factory: pytest.TempPathFactory,
    log: Log,
    cut: tuple[int, int, int],
    name: str,
    group: list[str],
    filters: dict[str, Any],
    figure: str,
    data: st.DataObject,
) -> None:
    folder, zone, delta = tmp_path_factory.mktemp("o"), ZoneInfo(name), delta_of(name)
    text, period = moved(log.data(), delta), period_of(cut, delta)
    (folder / "mine.toml").write_text(toml("agents", [figure], group, filters))
    own, ask = read_own(folder / "mine.toml"), Ask(period, NOW)
    with sources_of(folder, text, zone) as sources:
        (section,) = own_report(own, ask, sources).sections
        assert [column.key for column in section.columns] == [*group, figure]
        for row in data.draw(st.lists(st.sampled_from([*section.rows, section.total or {}]), max_size=4)):
            traced = trace_own(own, ask, sources, row, figure)
            assert figure_again("agents", "agents", figure, traced, row) == pytest.approx(row[figure])
        if figure == "answered" and "queue" not in group:
            assert (section.total or {})["answered"] == sum(row["answered"] for row in section.rows)


def test_the_numbers_that_were_dialled(tmp_path: Path) -> None:
    lines = [f"{NOW + n}|{n}|q|NONE|ENTERQUEUE||1|1\n{NOW + n}|{n}|q|NONE|EXITEMPTY|1|1|0\n" for n in range(5)]
    (tmp_path / "mine.toml").write_text('figures = "offered"\ngroup = "did"\n[filter]\ndid = ["80*", "911"]\n')
    with sources_of(tmp_path, "".join(lines).encode(), ZoneInfo("UTC")) as sources:
        put_dids(tmp_path / "s.db", {"0": "8001", "1": "8001", "2": "8002", "3": "911"})
        (section,) = own_report(read_own(tmp_path / "mine.toml"), Ask(Period(NOW, NOW + 60), NOW), sources).sections
    assert [(row["did"], row["offered"]) for row in section.rows] == [("8001", 2), ("8002", 1), ("911", 1)]


def test_order_limit_note_and_unknown_names(tmp_path: Path) -> None:
    lines = []
    for number, (queue, count) in enumerate((("a", 3), ("b", 5), ("c", 1), ("d", 5))):
        for call in range(count):
            at = NOW + number * 100 + call
            lines.append(
                f"{at}|{number}.{call}|{queue}|NONE|ENTERQUEUE||1|1\n{at}|{number}.{call}|{queue}|NONE|EXITEMPTY|1|1|0\n"
            )
    (tmp_path / "mine.toml").write_text(
        'title = "Mine"\nfigures = ["offered", "asa"]\ngroup = ["queue"]\norder = ["-offered", "-queue"]\nlimit = 3\n'
        'note = "For the boss."\n[filter]\nqueue = ["*", "zz"]\n[chart]\nkind = "share"\nx = "queue"\ny = ["offered"]\n'
    )
    own = read_own(tmp_path / "mine.toml")
    with sources_of(tmp_path, "".join(lines).encode(), ZoneInfo("UTC")) as sources:
        period = Period(NOW, NOW + 3600)
        paper = own_report(own, Ask(period, NOW), sources, compared=Period(NOW - 3600, NOW))
        (section,) = paper.sections
        assert [row["queue"] for row in section.rows] == ["d", "b", "a"]
        assert (section.rows[0]["offered_before"], section.total and section.total["offered"]) == (None, 14)
        assert section.note == "For the boss. The first 3 of 4 rows; the total is over all."
        assert any("“zz”" in warning for warning in paper.warnings)
        assert paper.filters == {"Queue": "*, zz"}
        assert (paper.name, paper.title) == ("mine", "Mine")
        narrowed = own_report(own, Ask(period, NOW, queue="b"), sources)
        assert [row["queue"] for row in narrowed.sections[0].rows] == ["b"]


def test_everything_that_own_reports_promise_is_carried_out() -> None:
    assert set(FILTERS["visits"]) == {"queue", "agent", "outcome", "did", "number", "weekday", "hours"}
    assert set(FILTERS["agents"]) == {"agent", "queue", "weekday"}
