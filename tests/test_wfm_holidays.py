"""Holidays told by a country: which days they are, what is learned from them, and what they leave alone."""

import json
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.errors import UsageProblem
from ccops.wfm.days import EVE, MINOR, PUBLIC, SpecialDay
from ccops.wfm.effects import STRETCHES, first_told, learn_effects, ratios_of, that_matter
from ccops.wfm.forecast import Model, fit
from ccops.wfm.history import Array, History, read_history
from ccops.wfm.holidays import country_holidays, with_holidays
from tests.cmd_tools import invoke
from tests.planning_world import World, history_csv

VIENNA = ZoneInfo("Europe/Vienna")
FIRST = date(2024, 1, 1)
DATA = Path(__file__).parents[2] / "shared" / "data" / "calls"
EVERY_DAY = np.ones(7)


def named(country: str, year: int = 2025) -> dict[date, SpecialDay]:
    return {one.day: one for one in country_holidays(country, date(year, 1, 1), date(year, 12, 31))}


def centre(days: int, keeping: tuple[SpecialDay, ...] = (), effect: float = 0.3, seed: int = 1) -> History:
    """Return a centre of 500 calls a day, Mon-Fri 8-18, on whose holidays a share of them comes."""
    luck = np.random.default_rng(seed)
    slots = np.arange(48)
    shape = np.where((slots >= 16) & (slots < 36), 1.0, 0.0)
    places = (FIRST.weekday() + np.arange(days)) % 7
    means = np.where((places < 5)[:, None], 500 * shape / shape.sum(), 0.0)
    for one in keeping:
        if 0 <= (one.day - FIRST).days < days:
            means[(one.day - FIRST).days] *= effect
    return History(FIRST, 30, VIENNA, luck.poisson(means).astype(float), np.full((days, 48), np.nan))


def total(model: Model, day: date) -> float:
    return float(model.day(day)[0].sum())


# --- which days ---


def test_a_country_and_a_part_of_it() -> None:
    assert named("AT")[date(2025, 10, 26)].group == PUBLIC
    assert date(2025, 6, 19) not in named("DE"), "Corpus Christi is kept in some parts only"
    assert named("de-by")[date(2025, 6, 19)].group == PUBLIC
    assert named("AT")[date(2025, 12, 24)].group == EVE
    assert named("IL", 1999)[date(1999, 3, 2)].group == MINOR


@pytest.mark.parametrize(
    ("country", "word", "remedy"),
    [("Austria", "Austria", "two letters"), ("XX", "XX", "two letters"), ("DE-XY", "XY", "BY"), ("", "“”", "ISO")],
)
def test_an_unknown_country_is_named_with_a_remedy(country: str, word: str, remedy: str) -> None:
    with pytest.raises(UsageProblem) as problem:
        country_holidays(country, FIRST, FIRST)
    assert word in str(problem.value)
    assert remedy in problem.value.remedy


@given(st.sampled_from(["AT", "DE-BY", "US", "IL", "GB", "FR", "JP"]), st.integers(1995, 2035), st.integers(0, 500))
@settings(max_examples=30, deadline=None)
def test_holidays_are_in_order_once_each_and_have_eves(country: str, year: int, length: int) -> None:
    first = date(year, 2, 1)
    found = country_holidays(country, first, first + timedelta(days=length))
    days = [one.day for one in found]
    assert days == sorted(set(days))
    assert all(first <= day <= first + timedelta(days=length) for day in days)
    known = {one.day: one for one in found}
    for one in found:
        before = one.day - timedelta(days=1)
        if one.group == PUBLIC and before >= first:
            assert known[before].group in (PUBLIC, EVE)
        assert "(" not in one.name


def test_what_is_ones_own_wins() -> None:
    own = SpecialDay(date(2025, 12, 25), "open house", factor=2.0)
    found = {one.day: one for one in with_holidays([own], "AT", date(2025, 12, 1), date(2025, 12, 31))}
    assert found[own.day] is own
    assert date(2025, 12, 26) in found
    assert with_holidays([own], "", FIRST, date(2030, 1, 1)) == (own,)


# --- what is learned ---


special_names = st.sampled_from(["a", "b", "c", "d", "e"])
groups = st.sampled_from([PUBLIC, MINOR, EVE])


@given(
    st.lists(st.tuples(special_names, groups, st.floats(0, 3)), max_size=12),
    st.sampled_from([PUBLIC, MINOR, EVE, ""]),
    st.integers(0, 2**31),
)
@settings(max_examples=80, deadline=None)
def test_an_effect_stays_within_what_was_seen(rows: list[tuple[str, str, float]], group: str, seed: int) -> None:
    luck = np.random.default_rng(seed)
    group_of = {name: group for name, group, _ratio in rows}
    specials = [SpecialDay(FIRST + timedelta(days=day), row[0], group=group_of[row[0]]) for day, row in enumerate(rows)]
    ratios = np.array([[row[2]] * STRETCHES for row in rows] or np.zeros((0, STRETCHES)))
    ratios[luck.random(ratios.shape) < 0.2] = np.nan
    effects = learn_effects(specials, FIRST, ratios, luck.uniform(0.05, 1, 7))
    for name in ("a", "never seen"):
        factors = effects.of(SpecialDay(date(2026, 1, 1), name, group=group_of.get(name, group))).factors
        assert factors.shape == (STRETCHES,)
        assert np.isfinite(factors).all()
        assert (factors >= 0).all()
        assert (factors <= max([1.0, *(row[2] for row in rows)]) + 1e-9).all()


@given(st.floats(0.05, 1.5), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_the_more_often_a_day_was_seen_the_more_it_counts(ratio: float, times: int) -> None:
    specials = [SpecialDay(FIRST + timedelta(days=day), "own") for day in range(times + 1)]
    coming = SpecialDay(date(2026, 1, 1), "own")
    few, more = (
        learn_effects(specials[:count], FIRST, np.full((count, STRETCHES), ratio), EVERY_DAY).of(coming)
        for count in (times, times + 1)
    )
    assert abs(np.log(more.factors / ratio)).max() <= abs(np.log(few.factors / ratio)).max() + 1e-9
    assert more.variance <= few.variance + 1e-12


def test_a_name_without_a_past_borrows_from_its_group_and_closed_is_closed() -> None:
    past = [SpecialDay(FIRST + timedelta(days=day), f"feast {day}", group=PUBLIC) for day in range(4)]
    coming = SpecialDay(date(2026, 1, 1), "new", group=PUBLIC)
    fifth = learn_effects(past, FIRST, np.full((4, STRETCHES), 0.2), EVERY_DAY).of(coming)
    assert np.allclose(fifth.factors, 0.2, atol=0.1)
    assert fifth.variance > learn_effects(past, FIRST, np.full((4, STRETCHES), 0.2), EVERY_DAY).of(past[0]).variance
    shut = learn_effects(past, FIRST, np.zeros((4, STRETCHES)), EVERY_DAY).of(coming)
    assert shut.factors.tolist() == [0.0] * STRETCHES
    nobody_knows = learn_effects([], FIRST, np.zeros((0, STRETCHES)), EVERY_DAY)
    assert np.allclose(nobody_knows.of(coming).factors, 0.5)
    assert nobody_knows.of(SpecialDay(coming.day, "fair")).factors.tolist() == [1.0] * STRETCHES


def test_each_stretch_of_an_eve_has_its_own_effect() -> None:
    expected = np.full(48, 20.0)
    calls = np.where(np.arange(48) < 26, 20.0, 0.0)
    ratios = ratios_of(calls, expected)
    assert (ratios[:6] > 0.9).all()
    assert (ratios[7:] < 0.1).all()
    unknown = ratios_of(np.where(np.arange(48) < 24, calls, np.nan), expected)
    assert np.isnan(unknown[6:]).all()


def test_eves_on_quiet_weekdays_are_ordinary_days() -> None:
    sizes = np.array([1.0, 1, 1, 1, 0.3, 0, 0])
    monday, friday = (SpecialDay(date(2026, 3, day), "eve", group=EVE) for day in (2, 6))
    assert that_matter([monday, friday], sizes) == (monday,)
    assert first_told([monday, SpecialDay(monday.day, "other")]) == (monday,)


def test_told_holidays_are_forecast_and_bend_nothing() -> None:
    austria = country_holidays("AT", FIRST, date(2025, 12, 31))
    public = tuple(one for one in austria if one.group == PUBLIC)
    days = (date(2025, 10, 20) - FIRST).days
    history = centre(days, public)
    told, plain = fit(history, austria), fit(history)
    on_sunday, christmas = date(2025, 10, 26), date(2025, 12, 25)
    assert total(told, on_sunday) == 0
    assert 0.2 < total(told, christmas) / total(plain, christmas) < 0.42
    assert 0.9 < total(told, date(2025, 11, 5)) / 500 < 1.1
    assert 0.85 < total(told, date(2025, 12, 24)) / 500 < 1.15, "eves were ordinary here"


def test_a_site_that_shuts_on_holidays_gets_none_of_them() -> None:
    austria = country_holidays("AT", FIRST, date(2025, 12, 31))
    history = centre((date(2025, 4, 1) - FIRST).days, tuple(one for one in austria if one.group == PUBLIC), effect=0.0)
    model = fit(history, austria)
    calls, low, high = model.day(date(2025, 5, 1))
    assert (calls.sum(), low.sum(), high.sum()) == (0, 0, 0)
    gone = history.calls.copy()
    gone[np.nansum(gone, axis=1) == 0] = np.nan
    gaps = History(FIRST, 30, VIENNA, gone, history.aht)
    assert total(fit(gaps, austria), date(2025, 5, 1)) == 0, "rows that are not there are no calls either"


def test_a_history_of_holidays_alone_is_better_than_none() -> None:
    epiphany = (date(2024, 1, 6) - FIRST).days
    calls = np.tile(centre(1).calls, (epiphany + 1, 1))
    one = History(FIRST, 30, VIENNA, calls, np.full(calls.shape, np.nan)).between(epiphany, epiphany + 1)
    model = fit(one, country_holidays("AT", FIRST, date(2024, 12, 31)))
    assert total(model, date(2024, 1, 8)) == pytest.approx(calls[0].sum(), rel=0.1)
    assert not any("no calls" in note for note in model.notes)


@given(st.integers(0, 6), st.floats(0.0, 0.4))
@settings(max_examples=12, deadline=None)
def test_a_holiday_nobody_told_does_not_bend_the_days_after_it(back: int, effect: float) -> None:
    calls: Array = centre(120).calls.copy()
    calls[119 - back] *= effect
    spoiled = History(FIRST, 30, VIENNA, np.round(calls), np.full(calls.shape, np.nan))
    model, plain = fit(spoiled), fit(centre(120))
    ahead = [FIRST + timedelta(days=place) for place in range(122, 127)]
    assert sum(total(model, day) for day in ahead) == pytest.approx(sum(total(plain, day) for day in ahead), rel=0.08)


# --- through the program's door ---


def written(tmp_path: Path, history: History) -> Path:
    rows = (
        f"{FIRST + timedelta(days=day)} {place // 2:02}:{place % 2 * 30:02},{calls:.0f},200"
        for day, counts in enumerate(history.calls)
        for place, calls in enumerate(counts)
    )
    path = tmp_path / "calls.csv"
    path.write_text("start,calls,aht\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def closed_on_holidays(tmp_path: Path) -> Path:
    public = tuple(one for one in country_holidays("AT", FIRST, date(2024, 12, 31)) if one.group == PUBLIC)
    return written(tmp_path, centre((date(2024, 11, 4) - FIRST).days, public, effect=0.0))


def test_the_country_of_the_command_or_of_the_site(closed_on_holidays: Path) -> None:
    asked = ["wfm", "forecast", "--weeks", "1", "--from-csv", str(closed_on_holidays), "--json"]
    asked += ["--start", "2024-10-28"]

    def of_day(day: str, *options: str, **site: str) -> float:
        result = invoke(*asked, *options, env={"CCOPS_SITE__TIMEZONE": "Europe/Vienna", **site})
        assert result.code == 0, result.err
        return float(sum(row["calls"] for row in json.loads(result.out) if row["start"].startswith(day)))

    friday = "2024-11-01"
    assert of_day(friday) == pytest.approx(500, rel=0.1)
    assert of_day(friday, "--country", "AT") == 0
    assert of_day(friday, CCOPS_SITE__COUNTRY="AT") == 0
    assert of_day(friday, "--country", "IE", CCOPS_SITE__COUNTRY="AT") > 0, "the option goes first"
    assert of_day(friday, "--country", "AT", "--special", f"{friday}=0.5") == pytest.approx(250, rel=0.1)


def test_the_backtest_knows_the_country(closed_on_holidays: Path) -> None:
    asked = ["wfm", "backtest", "--weeks", "1", "--ahead", "1", "--from-csv", str(closed_on_holidays), "--json"]
    plain, told = (
        json.loads(invoke(*asked, *more, env={"CCOPS_SITE__TIMEZONE": "Europe/Vienna"}).out)[0]
        for more in ([], ["--country", "AT"])
    )
    assert told["wape"] < plain["wape"], "the first of November was closed"


@pytest.mark.parametrize("command", ["forecast", "backtest"])
def test_an_unknown_country_is_told_in_words(closed_on_holidays: Path, command: str) -> None:
    result = invoke("wfm", command, "--from-csv", str(closed_on_holidays), "--country", "Ruritania")
    assert (result.code, result.out) == (2, "")
    assert "Ruritania" in result.err
    assert "ISO 3166" in result.err


def test_a_site_without_such_a_country_is_told_when_it_starts() -> None:
    result = invoke("config", "show", env={"CCOPS_SITE__COUNTRY": "Austria"})
    assert result.code == 2
    assert "ISO 3166" in result.err


def test_requirements_know_the_holidays_of_the_site(tmp_path: Path) -> None:
    world = World(tmp_path, CCOPS_SITE__COUNTRY="AT")
    world.team()
    shut = ("2026-01-06", "2026-04-06")
    lines = history_csv(until=date(2026, 4, 27), weeks=16).splitlines()
    path = world.file("calls.csv", "\n".join(line for line in lines if not line.startswith(shut)))
    asked = ["require", "--from", "2026-04-27", "--weeks", "1", "--queue", "sales", "--from-csv", str(path)]
    calls: dict[str, float] = {}
    for row in world.data(*asked):
        calls[row["start"][:10]] = calls.get(row["start"][:10], 0.0) + row["calls"]
    assert calls["2026-04-30"] > 100
    assert calls["2026-05-01"] == 0


@pytest.mark.skipif(not DATA.is_dir(), reason="the real call data of ../shared/data are not here")
def test_the_holidays_of_a_real_autumn_are_better_told_than_not() -> None:
    history = read_history(DATA / "bank-1999-6min.csv", ZoneInfo("Asia/Jerusalem"), 30)
    start = (date(1999, 9, 12) - history.first).days
    israel = country_holidays("IL", history.first, history.after)
    missed = []
    for told in (israel, ()):
        model = fit(history.between(0, start), told)
        places = range(start, start + 21)
        found = np.array([model.day(history.first + timedelta(days=place))[0] for place in places])
        missed.append(float(np.abs(found - np.nan_to_num(history.calls[start : start + 21])).sum()))
    assert missed[0] < 0.75 * missed[1]
