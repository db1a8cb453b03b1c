"""`ccops check` and `ccops metrics`: exit codes, lines for monitors, data for scripts, figures for Prometheus."""

import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_fd_to_metric_families

from ccops.alerts.checks import Verdict, nagios_line
from ccops.alerts.metrics import text
from ccops.board import AlertLevel, AlertRow, Board, Figures, LinkRow, QueueRow
from ccops.cmd.limits import Asked, limits_of
from ccops.errors import LinkError, LoginRefused, UsageProblem
from tests.cmd_tools import NOW, FakeDesk, Result, a_board, invoke, seat


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> FakeDesk:
    return seat(monkeypatch, FakeDesk(a_board()))


PERF = re.compile(r"'[^']+'=-?[\d.]+s?;[\d.:]*;[\d.:]*;0")


def nagios(*arguments: str) -> tuple[int, str]:
    """Run a check for a monitor; everything that such a monitor insists on is asserted."""
    result = invoke("check", *arguments, "--nagios")
    assert result.out.count("\n") == 1
    line = result.out.rstrip("\n")
    said, _bar, perf = line.partition(" | ")
    assert "|" not in said
    word = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}[result.code]
    assert re.fullmatch(rf"CCOPS [A-Z]+ {word} - .+", said), line
    if perf:
        assert all(PERF.fullmatch(part) for part in re.findall(r"'[^']*'=\S+", perf)), perf
    return result.code, line


# --- a queue: two wait, the longest 75.5 s; service level 87.5 % ---


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        (["--max-waiting", "2"], 0),
        (["--max-waiting", "1"], 6),
        (["--max-wait", "75.5"], 0),
        (["--max-wait", "75"], 6),
        (["--max-wait", "1m15s"], 6),
        (["--max-wait", "2m"], 0),
        (["--min-service-level", "0.875"], 0),
        (["--min-service-level", "87%"], 0),
        (["--min-service-level", "88%"], 6),
        (["--min-service-level", "0.9"], 6),
        (["--min-free", "0"], 0),
        (["--min-free", "1"], 6),
        (["--max-waiting", "5", "--max-wait", "10", "--min-service-level", "0.1"], 6),
        (["--max-waiting", "5", "--max-wait", "100", "--min-service-level", "0.1"], 0),
        (["--max-waiting", "1,5"], 6),
        (["--max-waiting", "2,5"], 0),
    ],
)
def test_a_breach_ends_with_6_and_what_is_at_its_threshold_is_none(
    desk: FakeDesk, given_: list[str], code: int
) -> None:
    assert invoke("check", "queue", "sales", *given_).code == code


@pytest.mark.parametrize(
    ("given_", "code", "said"),
    [
        (["--max-waiting", "5"], 0, "'waiting'=2;;5;0"),
        (["--max-waiting", "1,5"], 1, "waiting 2"),
        (["--max-waiting", "1"], 2, "'waiting'=2;;1;0"),
        (["--min-service-level", "95%,90%"], 2, "'service_level'=0.875;0.95:;0.9:;0"),
        (["--min-service-level", "95%,50%"], 1, "service_level 87.5%"),
        (["--max-wait", "60,120"], 1, "'longest_wait'=75.5s;60;120;0"),
    ],
)
def test_monitors_get_one_line_their_codes_and_their_data(
    desk: FakeDesk, given_: list[str], code: int, said: str
) -> None:
    found, line = nagios("queue", "sales", *given_)
    assert found == code
    assert said in line


def test_scripts_get_every_figure_with_its_thresholds(desk: FakeDesk) -> None:
    result = invoke("check", "queue", "销售", "--max-waiting", "1,5", "--min-service-level", "0.8", "--json")
    first, second = json.loads(result.out)
    assert (result.code, first["status"], first["value"], first["warning"], first["critical"]) == (
        6,
        "warning",
        2,
        1,
        5,
    )
    assert (second["status"], second["value"], second["figure"]) == ("ok", 0.875, "service_level")


def test_a_rate_that_nobody_made_yet_is_fine_and_one_that_nobody_knows_is_told(desk: FakeDesk) -> None:
    desk.board.queues["sales"] = replace(desk.board.queues["sales"], today=Figures(offered=0))
    assert nagios("queue", "sales", "--min-service-level", "0.8")[0] == 0
    desk.board.queues["sales"] = replace(desk.board.queues["sales"], today=Figures())
    result = invoke("check", "queue", "sales", "--min-service-level", "0.8")
    assert result.code == 0
    assert "not known" in result.err
    assert nagios("queue", "sales", "--min-service-level", "0.8")[0] == 3


def test_without_thresholds_the_rules_are_asked(desk: FakeDesk) -> None:
    found = json.loads(invoke("check", "queue", "sales", "--json").out)
    assert {row["check"] for row in found} >= {"nobody", "wait", "service_level"}
    assert {row["check"]: row["status"] for row in found}["nobody"] == "critical"


@pytest.mark.parametrize(
    "given_",
    [
        ["--max-waiting", "x"],
        ["--max-waiting", "1,2,3"],
        ["--max-waiting", "5,1"],
        ["--min-service-level", "50%,90%"],
        ["--max-wait", "soon"],
        ["--min-service-level", "80"],
    ],
)
def test_a_threshold_that_means_nothing_is_refused(desk: FakeDesk, given_: list[str]) -> None:
    result = invoke("check", "queue", "sales", *given_)
    assert result.code == 2
    assert given_[0] in result.err


@pytest.mark.parametrize(
    "words", [["queue", "sales", "--max-wait", "abc"], ["link", "--max-age", "x"], ["log", "--max-silence", "1,2,3"]]
)
def test_a_threshold_that_means_nothing_is_no_alarm_for_monitors(desk: FakeDesk, words: list[str]) -> None:
    code, line = nagios(*words)
    assert code == 3
    assert "UNKNOWN" in line


def test_a_check_that_is_called_wrongly_or_fails_by_itself_is_unknown(
    desk: FakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in (["queue"], ["queue", "sales", "--nothing"], ["nonsense"]):
        assert invoke("check", *words, "--nagios").code == 3
        assert invoke("check", *words).code == 2
    _broken(monkeypatch, RuntimeError("a fault of ours"))
    result = invoke("check", "link", "--nagios")
    assert (result.code, result.out.split(" - ")[0]) == (3, "CCOPS UNKNOWN")
    assert invoke("check", "link").code == 1


def test_an_unknown_queue_is_usage_for_scripts_and_unknown_for_monitors(desk: FakeDesk) -> None:
    assert invoke("check", "queue", "slaes", "--max-waiting", "1").code == 2
    code, line = nagios("queue", "slaes", "--max-waiting", "1")
    assert code == 3
    assert "sales" in line


# --- agents, link, log, all ---


def test_agents_are_counted_once_however_many_queues_they_are_in(desk: FakeDesk) -> None:
    assert invoke("check", "agents", "--max-paused", "1").code == 0
    assert invoke("check", "agents", "--max-paused", "0").code == 6
    assert invoke("check", "agents", "--min-free", "1").code == 6
    assert invoke("check", "agents", "--max-pause", "1h", "--queue", "sales").code == 6
    assert invoke("check", "agents", "--max-pause", "1h", "--queue", "support").code == 0
    code, line = nagios("agents", "--max-pause", "2h,3h")
    assert code == 0
    assert "'pause_time'=4000s;7200;10800;0" in line


def test_a_live_link_is_fine_and_a_lost_one_is_a_breach(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke("check", "link").code == 0
    assert nagios("link")[0] == 0
    assert invoke("check", "link", "--max-clock-offset", "0.01s").code == 6
    for error in (LinkError("gone"), LoginRefused("no")):
        _broken(monkeypatch, error)
        assert invoke("check", "link").code == 6
        assert nagios("link")[0] == 2
        # Whoever asks something else cannot be told.
        assert invoke("check", "queue", "sales", "--max-waiting", "1").code == int(error.exit_code)
        assert nagios("queue", "sales", "--max-waiting", "1")[0] == 3


def _broken(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    import sys
    import types

    async def open_desk(*_given: object, **_more: object) -> None:
        raise error

    monkeypatch.setitem(sys.modules, "ccops.desk.local", types.SimpleNamespace(open_desk=open_desk))


def test_a_log_that_does_not_tell_the_calls_is_a_breach(desk: FakeDesk, tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    env = {"CCOPS_QUEUE_LOG__PATH": str(log), "CCOPS_STORE__PATH": str(tmp_path / "ccops.db")}

    def check(*given_: str) -> Result:
        return invoke("check", "log", *given_, env=env)

    missing = check()
    assert missing.code == 6
    assert f"There is no queue_log at {log}" in missing.out
    assert " h " not in missing.out
    log.write_text("1|x|NONE|NONE|QUEUESTART|\n")
    os.utime(log, (NOW - 1, NOW - 1))
    assert check().code == 0
    os.utime(log, (NOW - 500, NOW - 500))
    result = check("--json")
    assert result.code == 6
    assert json.loads(result.out)[0]["value"] == 90
    assert check("--max-silence", "2m").code == 0
    assert invoke("check", "log").code == 2


def test_a_daemon_without_a_link_still_tells_its_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    board = a_board()
    desk = seat(monkeypatch, FakeDesk(replace(board, watched=True, link=replace(board.link, state="down"))))
    assert invoke("check", "all").code == 3
    assert nagios("all")[0] == 3
    desk.board.alerts["1"] = AlertRow(
        "1", "link", "link_down", "critical", "link", "", "pbx", "No link to pbx", NOW, NOW, 5, 0
    )
    assert invoke("check", "all").code == 6
    assert nagios("all")[0] == 2
    assert "No link to pbx" in invoke("alert", "list").out
    assert families(invoke("metrics").out)["ccops_link_up"][0][2] == 0


def test_the_data_of_kept_alerts_has_each_threshold_in_its_place(desk: FakeDesk) -> None:
    def row(number: str, rule: str, level: AlertLevel, value: float, threshold: float) -> AlertRow:
        return AlertRow(number, rule, rule, level, "queue", "sales", "Sales", "…", NOW, NOW, value, threshold)

    desk.board.watched = True
    desk.board.alerts = {
        "1": row("1", "waiting", "critical", 7, 5),
        "2": row("2", "service_level", "warning", 0.7, 0.8),
        "3": row("3", "longest_wait", "info", 70, 60),
    }
    _code, line = nagios("all")
    assert "'waiting'=7;;5;0" in line
    assert "'service_level'=0.7;0.8:;;0" in line
    assert "'longest_wait'=70s;;;0" in line


def test_all_is_what_the_rules_say_or_what_the_daemon_keeps(desk: FakeDesk) -> None:
    assert invoke("check", "all").code == 6
    desk.board.watched = True
    assert invoke("check", "all").code == 0
    desk.board.alerts["1"] = AlertRow("1", "crowd", "waiting", "info", "queue", "sales", "Sales", "2 wait", NOW, NOW, 2)
    assert invoke("check", "all").code == 0
    desk.board.alerts["1"] = replace(desk.board.alerts["1"], level="warning", acknowledged_by="anna")
    code, line = nagios("all")
    assert code == 1
    assert "anna" in line


WILD = st.text(max_size=30)


@given(st.lists(st.builds(Verdict, WILD, WILD, st.just("waiting"), st.floats(0, 1e9), st.none(), st.floats(0, 1e9),
                          st.sampled_from(["ok", "warning", "critical", "unknown"]), WILD), max_size=8))  # fmt: skip
def test_no_name_breaks_out_of_the_line(found: list[Verdict]) -> None:
    line = nagios_line("queue", found)
    said, _bar, perf = line.partition(" | ")
    assert "\n" not in line
    assert "|" not in said
    assert "|" not in perf
    labels = re.findall(r"'([^']*)'=", perf)
    assert len(labels) == len(found)


def test_thresholds_are_of_their_figures_unit() -> None:
    (rule,) = limits_of(Asked("--max-wait", "longest_wait", "1m,5m"), Asked("--x", "waiting", None))
    assert list(rule.limits) == [None, 60, 300]
    with pytest.raises(UsageProblem, match="--x"):
        limits_of(Asked("--x", "waiting", "-1"))


# --- metrics ---


def families(page: str) -> dict[str, list[tuple[str, dict[str, str], float]]]:
    """Return what Prometheus' own parser reads."""
    return {
        family.name: [(sample.name, sample.labels, sample.value) for sample in family.samples]
        for family in text_string_to_metric_families(page)  # type: ignore[no-untyped-call]
    }


def test_prometheus_reads_every_figure(desk: FakeDesk) -> None:
    result = invoke("metrics", "--agents")
    assert result.code == 0
    found = families(result.out)
    assert ("ccops_queue_waiting_callers", {"queue": "sales"}, 2.0) in found["ccops_queue_waiting_callers"]
    assert ("ccops_queue_longest_wait_seconds", {"queue": "sales"}, 75.5) in found["ccops_queue_longest_wait_seconds"]
    assert ("ccops_queue_service_level_ratio", {"queue": "sales"}, 0.875) in found["ccops_queue_service_level_ratio"]
    visits = {(s[0], s[1]["queue"], s[1]["outcome"]): s[2] for s in found["ccops_queue_visits"]}
    assert visits["ccops_queue_visits_total", "sales", "answered"] == 8
    assert visits["ccops_queue_visits_created", "sales", "answered"] == NOW - 3600
    # What is not known has no line.
    assert not [sample for sample in found["ccops_queue_service_level_ratio"] if sample[1]["queue"] == "support"]
    states = {(s[1]["agent"], s[1]["state"]): s[2] for s in found["ccops_agent_state"]}
    assert states["Bob", "paused"] == 1
    assert states["Bob", "talking"] == 0
    assert found["ccops_link_up"][0][2] == 1


def test_the_node_exporter_takes_it_too(desk: FakeDesk) -> None:
    """Its text files are of the older format: one type that it does not know, and it refuses the whole file."""
    page = invoke("metrics", "--agents").out
    types = [line.split() for line in page.splitlines() if line.startswith("# TYPE")]
    assert {kind for *_rest, kind in types} == {"gauge", "counter"}
    assert len({name for _hash, _type, name, _kind in types}) == len(types)
    old = {family.name for family in text_fd_to_metric_families(io.StringIO(page))}
    assert {"ccops_queue_waiting_callers", "ccops_agent_state", "ccops_build_info"} <= old


def test_of_a_pbx_out_of_reach_only_that_is_told(desk: FakeDesk) -> None:
    desk.board.link = replace(desk.board.link, state="down")
    found = families(text(desk.board, NOW, agents=True))
    assert found["ccops_link_up"][0][2] == 0
    assert not [name for name in found if name.startswith(("ccops_queue", "ccops_agent", "ccops_calls"))]


def test_people_are_named_only_where_that_is_wanted(desk: FakeDesk) -> None:
    page = invoke("metrics").out
    assert "Bob" not in page
    for private in ("+4930123", "cmd|", "555"):
        assert private not in invoke("metrics", "--agents").out


def test_a_file_is_whole_or_the_one_before(desk: FakeDesk, tmp_path: Path) -> None:
    target = tmp_path / "ccops.prom"
    target.write_text("before")
    assert invoke("metrics", "-o", str(target)).out == ""
    assert families(target.read_text())["ccops_link_up"]
    assert [path.name for path in tmp_path.iterdir()] == ["ccops.prom"]
    assert invoke("metrics", "-o", "/proc/none/x").code != 0


@given(st.lists(st.text(), max_size=5, unique=True))
def test_no_name_breaks_the_page(names: list[str]) -> None:
    board = Board(LinkRow('ma"in\n\\', "pbx", "live", NOW, NOW))
    board.queues = {name: QueueRow(name, waiting=index) for index, name in enumerate(names)}
    found = families(text(board, NOW))
    waiting = found.get("ccops_queue_waiting_callers", [])
    assert sorted(sample[2] for sample in waiting) == list(range(len(names)))
    for name in names:
        if name.isprintable():
            assert name in {sample[1]["queue"] for sample in waiting}
