"""`ccops wfm` through the program's door: published values, demands, bad input, forecasts from a CSV and the store."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.cmd.quantities import duration, minutes, share
from ccops.desk.demand import store_history
from ccops.errors import UsageProblem
from ccops.reports.ingest import ingest
from ccops.reports.rules import Rules
from ccops.settings import BadSettings, load
from ccops.wfm.targets import site_rule
from tests.cmd_tools import Result, invoke
from tests.test_cmd_frame import loaded_by

VIENNA = ZoneInfo("Europe/Vienna")
SITE = {"CCOPS_SITE__TIMEZONE": "Europe/Vienna"}
PROMISED = ["agents", "positions", "service_level", "asa", "occupancy", "wait_probability", "abandon_rate"]


def wfm(*arguments: str, **world: Any) -> Result:
    world["env"] = SITE | dict(world.get("env", {}))
    return invoke("wfm", *arguments, **world)


def ask(text: str, *more: str, **world: Any) -> Result:
    return wfm("staffing", *text.split(), *more, **world)


def staffing(text: str, **world: Any) -> dict[str, Any]:
    result = ask(text, "--json", **world)
    assert result.code == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


# -- staffing ----------------------------------------------------------------------------------------------------------


def test_the_promised_object() -> None:
    found = staffing("--calls 100 --interval 30m --aht 180 --target 80/20 --max-occupancy 0.85 --shrinkage 0.3")
    assert list(found)[: len(PROMISED)] == PROMISED
    assert (found["agents"], found["positions"]) == (14, 20)
    assert found["service_level"] == pytest.approx(0.888350, abs=5e-7)
    assert (found["erlangs"], found["threshold"], found["abandon_rate"]) == (10, 20, 0)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("--calls 100 --interval 1800s --aht 240 --agents 20", {"asa": 2.2435058}),
        ("--calls 100 --interval 30m --aht 5m --agents 20", {"asa": 30.43123}),
        ("--calls 48 --interval 1m --aht 60 --agents 50", {"asa": 20.83}),
        (
            "--calls 48 --interval 1m --aht 60s --agents 50 --patience 2m",
            {"abandon_rate": 0.030912, "mean_wait": 3.7095, "occupancy": 0.9303},
        ),
        ("--calls 1000 --interval 1h --aht 180 --agents 50 --patience 120 --threshold 20m", {"service_level": 0.93801}),
        ("--calls 400 --interval 15m --aht 3m --patience 60 --target 80/30", {"agents": 69}),
        ("--calls 53 --interval 15m --aht 3m --target 60/600", {"agents": 11}),
        ("--calls 100 --interval 30m --aht 180 --target 80%/20s", {"agents": 14}),
    ],
)
def test_published_values(asked: str, expected: dict[str, float]) -> None:
    found = staffing(asked)
    for name, value in expected.items():
        digits = len(str(value).partition(".")[2])
        assert found[name] == pytest.approx(value, abs=0.51 * 10**-digits), name


def test_abandons_count_as_the_sites_rule_says_where_it_says_so(tmp_path: Path) -> None:
    asked = "--calls 48 --interval 1m --aht 60 --agents 50 --patience 120"
    textbook = staffing(asked)
    assert (textbook["rule"], textbook["short_abandon"]) == ("offered", 0)
    assert textbook["abandon_rate"] == textbook["abandoned"]
    site = staffing(asked, env={"CCOPS_SERVICE_LEVEL__RULE": "offered-less-short"})
    assert (site["rule"], site["short_abandon"]) == ("offered-less-short", 5)
    short = (site["abandoned"] - site["abandon_rate"]) / (1 - site["abandon_rate"])
    assert 0 < short < site["abandoned"] == textbook["abandoned"]
    assert site["service_level"] == pytest.approx(textbook["service_level"] / (1 - short))
    asked_for = staffing(f"{asked} --rule offered-less-short --short-abandon 5s")
    assert asked_for == site
    assert staffing(asked, env={"CCOPS_SERVICE_LEVEL__THRESHOLD": "60"})["threshold"] == 60


def test_who_says_what_is_the_default_anyhow_says_it(tmp_path: Path) -> None:
    """Also to a process that knows the settings only: the console's planner, the daemon's alerts."""
    from ccops.tui.told import language, told

    path = tmp_path / "config.toml"
    path.write_text('[service_level]\nrule = "offered-less-short"\n', encoding="utf-8")
    said, silent = load(path, {}, {}).settings, load(None, {}, {}).settings
    assert said.service_level == silent.service_level
    words = language()
    for settings, rule in ((said, "offered-less-short"), (silent, "offered")):
        assert site_rule(settings).name == rule
        assert site_rule(words.read(io.BytesIO(words.framed(told(settings)))).settings).name == rule
    path.write_text("[service_level]\nsaid = true\n", encoding="utf-8")
    with pytest.raises(BadSettings):
        load(path, {}, {})


def test_the_fewest_that_meet_every_demand() -> None:
    asked = "--calls 200 --interval 30m --aht 200 --patience 90"
    for demand, name, limit in (
        ("--max-occupancy 80%", "occupancy", 0.8),
        ("--max-asa 5s", "asa", 5),
        ("--max-abandon-rate 0.01", "abandon_rate", 0.01),
    ):
        found = staffing(f"{asked} {demand}")
        fewer = staffing(f"{asked} --agents {found['agents'] - 1}")
        assert found[name] <= limit < fewer[name]
        both = staffing(f"{asked} {demand} --target 99/5")
        assert both["agents"] >= found["agents"]
        assert both["service_level"] >= 0.99


def test_trunks_hold_those_who_wait_and_those_who_talk() -> None:
    # 20 trunks turn away 1 % of 12.03 erlangs; here nobody waits to speak of.
    found = staffing("--calls 12.03 --interval 3m --aht 3m --agents 60 --trunks 1%")
    assert found["trunks"] == 20
    waiting = staffing("--calls 12.03 --interval 3m --aht 3m --agents 13 --trunks 1%")
    assert waiting["trunks"] > 20
    assert "trunks" not in staffing("--calls 12 --interval 3m --aht 3m --agents 60")


@pytest.mark.parametrize(
    "asked", ["--calls 100 --aht 180 --agents 14", "--calls 60 --aht 300 --agents 9 --patience 60"]
)
def test_every_answer_can_be_played(asked: str) -> None:
    found = staffing(f"{asked} --interval 30m --simulate")
    for name in ("service_level", "asa", "abandon_rate"):
        low, high = found[f"simulated_{name}_low"], found[f"simulated_{name}_high"]
        width = high - low
        assert low - width <= found[name] <= high + width, "three times the interval holds all but ever"
        assert low <= found[f"simulated_{name}"] <= high
    assert "simulated_asa" not in staffing(f"{asked} --interval 30m")
    assert "simulated" not in ask(f"{asked} --interval 30m").out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("--calls 0 --aht 180 --agents 3", "nothing to simulate"),
        ("--calls 100 --aht 180 --agents 10", "without end"),
        ("--calls 10000 --aht 180 --agents 1200", "too long"),
    ],
)
def test_what_cannot_be_played(asked: str, said: str) -> None:
    result = ask(f"{asked} --interval 30m --simulate")
    assert result.code == 2
    assert said in result.err


def test_no_calls_and_overload_are_answers() -> None:
    nothing = staffing("--calls 0 --interval 30m --aht 180 --target 80/20 --trunks 0.01")
    assert (nothing["agents"], nothing["positions"], nothing["trunks"]) == (0, 0, 0)
    assert [nothing[name] for name in ("service_level", "asa", "wait_probability", "abandon_rate")] == [None] * 4
    result = ask("--calls 100 --interval 30m --aht 1h --agents 10 --trunks 0.01", "--json")
    over = json.loads(result.out)
    assert (over["service_level"], over["asa"], over["occupancy"], over["trunks"]) == (0, None, 1, None)
    assert "without end" in result.err


def test_for_people_and_other_forms() -> None:
    asked = "--calls 100 --interval 30m --aht 180 --agents 14"
    text = ask(asked).out
    assert re.search(r"^service level +89%$", text, re.MULTILINE)
    assert re.search(r"^asa +7\.84 s$", text, re.MULTILINE)
    assert ask(asked, "-f", "csv", "--fields", "agents,positions").out == "agents,positions\n14,14\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--aht 180 --target 80/20", "--calls"),
        ("--calls -1 --aht 180 --target 80/20", "--calls"),
        ("--calls nan --aht 180 --target 80/20", "--calls"),
        ("--calls many --aht 180 --target 80/20", "--calls"),
        ("--calls 100 --aht 0 --target 80/20", "--aht"),
        ("--calls 100 --aht soon --target 80/20", "--aht"),
        ("--calls 100 --aht 180 --target 80", "80/20"),
        ("--calls 100 --aht 180 --target 100/20", "service level target"),
        ("--calls 100 --aht 180 --target 0/20", "service level target"),
        ("--calls 100 --aht 180", "--target 80/20"),
        ("--calls 100 --aht 180 --target 80/20 --agents 5", "--agents"),
        ("--calls 100 --aht 180 --max-occupancy 0.8 --agents 5", "--max-occupancy"),
        ("--calls 100 --aht 180 --target 80/20 --threshold 30", "--threshold"),
        ("--calls 100 --aht 180 --agents -1", "--agents"),
        ("--calls 100 --aht 180 --agents 2.5", "--agents"),
        ("--calls 100 --aht 180 --agents 5 --interval 30", "30m"),
        ("--calls 100 --aht 180 --agents 5 --interval 0m", "--interval"),
        ("--calls 100 --aht 180 --agents 5 --patience 0", "--patience"),
        ("--calls 100 --aht 180 --agents 5 --shrinkage 1", "--shrinkage"),
        ("--calls 100 --aht 180 --agents 5 --shrinkage 30", "30%"),
        ("--calls 100 --aht 180 --target 80/20 --max-occupancy 120%", "--max-occupancy"),
        ("--calls 100 --aht 180 --agents 5 --trunks 0", "--trunks"),
        ("--calls 100 --aht 180 --agents 5 --rule best", "offered-less-short"),
        ("--calls 1e9 --aht 1h --target 80/20", "--calls"),
    ],
)
def test_what_cannot_be_names_the_option_and_what_is_right(options: str, said: str) -> None:
    result = wfm("staffing", *options.split(), "--json")
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


# -- durations and shares ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("180", 180), ("90s", 90), ("30m", 1800), ("30min", 1800), ("1h30m", 5400), ("1.5h", 5400), (" 2 H ", 7200)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration("--x", text) == seconds


@given(st.integers(0, 300), st.integers(0, 59), st.integers(0, 59))
def test_durations_in_parts_add_up(hours: int, minute: int, second: int) -> None:
    assert duration("--x", f"{hours}h{minute}m{second}s", zero=True) == hours * 3600 + minute * 60 + second


@given(st.text(max_size=12))
def test_any_other_text_is_refused_with_the_options_name(text: str) -> None:
    for parse in (duration, share, minutes):
        said = refusal(parse, text)
        assert said is None or ("--some-option" in said.message and said.remedy)


def refusal(parse: Callable[[str, str], float], text: str) -> UsageProblem | None:
    try:
        assert parse("--some-option", text) > 0
    except UsageProblem as problem:
        return problem
    return None


def test_intervals_fill_a_day() -> None:
    assert (minutes("--interval", "15m"), minutes("--interval", "1h"), minutes("--interval", "1800s")) == (15, 60, 30)
    for text in ("7m", "90s", "25h", "30"):
        with pytest.raises(UsageProblem, match="--interval"):
            minutes("--interval", text)


# -- forecast from a CSV -----------------------------------------------------------------------------------------------


def calls_of(day: date, place: int) -> int:
    """A centre that is open Mon-Fri 9-17 and takes 10 to 25 calls in a half hour."""
    return 10 + (place % 8) + 2 * day.weekday() if day.weekday() < 5 and 18 <= place < 34 else 0


def counts_csv(path: Path, days: int, first: date = date(2025, 1, 6)) -> Path:
    rows = ["start,calls,aht"]
    for day in (first + timedelta(days=number) for number in range(days)):
        for place in range(96):
            half = calls_of(day, place // 2)
            rows.append(f"{day}T{place // 4:02}:{place % 4 * 15:02},{half // 2 + half % 2 * (place % 2)},200")
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_forecast_from_finer_counts(tmp_path: Path) -> None:
    path = counts_csv(tmp_path / "calls.csv", 70)
    result = wfm("forecast", "--weeks", "2", "--interval", "30m", "--from-csv", str(path), "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert list(found[0]) == ["start", "calls", "low", "high", "aht"]
    assert found[0]["start"] == "2025-03-17T09:00:00+01:00"
    assert len(found) == 2 * 5 * 16
    for row in found:
        start = datetime.fromisoformat(row["start"])
        assert row["calls"] == pytest.approx(calls_of(start.date(), start.hour * 2 + start.minute // 30), rel=0.1)
        assert row["low"] <= row["calls"] <= row["high"]
        assert row["aht"] == 200
    later = wfm("forecast", "--weeks", "1", "--from-csv", str(path), "--start", "2025-03-31", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(later.out)))
    assert rows[0]["start"] == "2025-03-31T09:00:00+02:00"
    assert len(rows) == 80


def test_only_what_was_known_before_the_start_counts(tmp_path: Path) -> None:
    path = counts_csv(tmp_path / "calls.csv", 56)
    asked = ["forecast", "--weeks", "1", "--start", "2025-02-17", "--from-csv", str(path), "--json"]
    before = wfm(*asked).out
    text = path.read_text().splitlines()
    path.write_text("\n".join(line if line < "2025-02-17" or line[0] == "s" else f"{line[:16]},500,9" for line in text))
    assert wfm(*asked).out == before


def test_special_days(tmp_path: Path) -> None:
    path = counts_csv(tmp_path / "calls.csv", 56)
    asked = ["forecast", "--weeks", "1", "--from-csv", str(path), "--json"]
    specials = ["--special", "2025-03-04=closed", "--special", "2025-03-05=0.5", "--special", "2025-03-06=Fair"]

    def by_day(*options: str) -> dict[str, float]:
        days: dict[str, float] = {}
        for row in json.loads(wfm(*asked, *options).out):
            days[row["start"][:10]] = days.get(row["start"][:10], 0) + row["calls"]
        return days

    plain, special = by_day(), by_day(*specials)
    assert special["2025-03-04"] == 0
    assert special["2025-03-05"] == pytest.approx(plain["2025-03-05"] / 2, rel=0.01)
    assert special["2025-03-06"] == pytest.approx(plain["2025-03-06"], rel=0.01)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "calls.csv"),
        ("a,b\n1,2\n", "start"),
        ("start,calls\nyesterday,5\n", "line 2"),
        ("start,calls\n", "no call count"),
        ("start,calls\n2025-01-06 09:00,-5\n", "no call count"),
        ("start,calls\n2025-01-06 09:00,5\n2025-01-06 10:00,5\n2025-01-06 11:00,5\n", "60"),
    ],
)
def test_a_csv_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(text)
    result = wfm("forecast", "--weeks", "1", "--interval", "30m", "--from-csv", str(path))
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--weeks", "0"], "--weeks"),
        (["--interval", "7m"], "--interval"),
        (["--start", "soon"], "--start"),
        (["--start", "2020-01-01"], "2025-01-06"),
        (["--special", "2025-03-04"], "--special"),
        (["--special", "someday=closed"], "--special"),
        (["--special", "2025-03-04=-1"], "--special"),
        (["--queue", "sales"], "--queue"),
    ],
)
def test_forecasts_that_cannot_be(tmp_path: Path, options: list[str], said: str) -> None:
    path = counts_csv(tmp_path / "calls.csv", 21)
    result = wfm("forecast", "--from-csv", str(path), *options)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_files_that_are_not_there_and_odd_counts(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        result = wfm("forecast", "--from-csv", str(path))
        assert result.code == 2
        assert str(path) in result.err
    path = counts_csv(tmp_path / "calls.csv", 28)
    path.write_text(path.read_text() + "2025-02-03T09:00,-4,\n2025-02-04T09:00,2.5,\n")
    result = wfm("forecast", "--weeks", "1", "--from-csv", str(path), "--json")
    assert result.code == 0
    assert "negative" in result.err
    assert "not whole" in result.err
    assert len(json.loads(result.out)) == 80


def test_a_backtest_scores_by_horizon(tmp_path: Path) -> None:
    path = counts_csv(tmp_path / "calls.csv", 70)
    result = wfm("backtest", "--from-csv", str(path), "--weeks", "3", "--ahead", "1,2", "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert list(found[0]) == ["horizon", "intervals", "calls", "wape", "last_week", "floor", "coverage"]
    week = next(row for row in found if row["horizon"] == "one week ahead")
    assert week["intervals"] == 3 * 80
    assert week["last_week"] == 0  # every week is like the one before
    assert week["wape"] < 0.05 < week["floor"]
    assert any("2 weeks" in row["horizon"] for row in found)
    short = wfm("backtest", "--from-csv", str(counts_csv(tmp_path / "short.csv", 8)))
    assert short.code == 2
    assert "8 days" in short.err
    for ahead in ("0", "1,x", ""):
        assert "--ahead" in wfm("backtest", "--from-csv", str(path), "--ahead", ahead).err


# -- forecast from the store -------------------------------------------------------------------------------------------


def queue_log(path: Path, first: date, days: int, *, always: bool = False) -> Path:
    """A log whose calls are those of `calls_of`; half as many again in another queue. `always`: one every hour."""
    lines = []
    for day in (first + timedelta(days=number) for number in range(days)):
        for place in range(48):
            for number in range(calls_of(day, place) if not always else 0):
                at = datetime(day.year, day.month, day.day, place // 2, place % 2 * 30, tzinfo=VIENNA)
                lines += visit(int(at.timestamp()) + number * 60, "sales")
                lines += visit(int(at.timestamp()) + number * 60 + 1, "support") if number % 2 else []
    if always:
        start = int(datetime(first.year, first.month, first.day, tzinfo=VIENNA).timestamp())
        lines = [line for hour in range(days * 24) for line in visit(start + hour * 3600, "sales")]
    path.write_text("\n".join(lines) + "\n")
    return path


def visit(at: int, queue: str) -> list[str]:
    name = f"{at}.{queue}"
    return [
        f"{at}|{name}|{queue}|NONE|ENTERQUEUE||1|1",
        f"{at + 3}|{name}|{queue}|Anna|CONNECT|3|x|3",
        f"{at + 43}|{name}|{queue}|Anna|COMPLETECALLER|3|40|1",
    ]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    ingest(folder / "s.db", [queue_log(folder / "log", date(2026, 1, 5), 33)], Rules(), VIENNA)
    return folder / "s.db"


def test_a_forecast_from_the_store(store: Path) -> None:
    env = {"CCOPS_STORE__PATH": str(store)}
    result = wfm("forecast", "--weeks", "1", "--interval", "30m", "--queue", "SALES", "--json", env=env)
    assert result.code == 0, result.err
    found = json.loads(result.out)
    # The log ends on Friday, 6 February.
    assert (found[0]["start"], len(found)) == ("2026-02-09T09:00:00+01:00", 80)
    for row in found:
        start = datetime.fromisoformat(row["start"])
        assert row["calls"] == pytest.approx(calls_of(start.date(), start.hour * 2 + start.minute // 30), rel=0.15)
        assert row["aht"] == 40
    both = json.loads(wfm("forecast", "--weeks", "1", "--json", env=env).out)
    assert sum(row["calls"] for row in both) > 1.4 * sum(row["calls"] for row in found)
    unknown = wfm("forecast", "--queue", "sails", env=env)
    assert unknown.code == 2
    assert "sales" in unknown.err
    assert wfm("backtest", "--weeks", "2", "--ahead", "1", env=env).code == 0


def test_the_stores_grid_is_what_was_called(store: Path) -> None:
    history = store_history(store, Rules(), VIENNA, 30, queue="sales")
    assert (history.first, history.days) == (date(2026, 1, 5), 33)
    for row in range(33):
        day = history.first + timedelta(days=row)
        for place in range(48):
            known = (row > 0 or place >= 18) and (row < 32 or place < 33)
            assert history.calls[row, place] == calls_of(day, place) if known else np.isnan(history.calls[row, place])


@pytest.mark.parametrize(("first", "hours"), [(date(2026, 3, 27), 23), (date(2026, 10, 23), 25)])
def test_days_on_which_the_clock_is_changed(tmp_path: Path, first: date, hours: int) -> None:
    ingest(tmp_path / "s.db", [queue_log(tmp_path / "log", first, 4, always=True)], Rules(), VIENNA)
    changed = store_history(tmp_path / "s.db", Rules(), VIENNA, 60).calls[2]
    assert np.flatnonzero(np.isnan(changed)).tolist() == ([2] if hours == 23 else [])
    assert changed[~np.isnan(changed)].tolist() == [1] * min(hours, 24)


def test_without_history_it_says_where_to_get_some(tmp_path: Path) -> None:
    for command in ("forecast", "backtest"):
        result = wfm(command, env={"CCOPS_STORE__PATH": str(tmp_path / "none.db")})
        assert (result.code, result.out) == (2, "")
        assert "ccops ingest queue-log" in result.err
        assert "--from-csv" in result.err
    (tmp_path / "empty").touch()
    env = {"CCOPS_STORE__PATH": str(tmp_path / "s.db")}
    assert invoke("ingest", "queue-log", str(tmp_path / "empty"), env=env).code == 0
    result = wfm("forecast", env=env)
    assert result.code == 2
    assert "no calls to learn from" in result.err


# -- what is loaded ----------------------------------------------------------------------------------------------------


def test_numpy_is_loaded_only_when_it_plans(tmp_path: Path) -> None:
    heavy = {"rich", "numpy", "pandas", "sqlite_utils", "textual", "panoramisk", "ortools", "ccops.tui"}
    for arguments in (["wfm", "--help"], ["wfm", "staffing", "--help"], ["wfm", "forecast", "--interval", "7m"]):
        assert not loaded_by(*arguments) & (heavy - {"numpy"} if "7m" in arguments else heavy)
    asked = "wfm staffing --calls 10 --interval 30m --aht 180 --agents 3"
    assert loaded_by(*asked.split()) & heavy == {"numpy"}
    path = counts_csv(tmp_path / "calls.csv", 21)
    assert loaded_by("wfm", "forecast", "--from-csv", str(path)) & heavy == {"numpy"}


def test_without_numpy_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def absent(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith("ccops.wfm"):
            raise ModuleNotFoundError("No module named 'numpy'", name="numpy")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", absent)
    result = ask("--calls 10 --interval 30m --aht 180 --agents 3")
    assert result.code == 1
    assert "ccops[wfm]" in result.err
