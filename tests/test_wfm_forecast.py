"""Forecasts: the CSV reader, what the model finds again in made-up centres, odd histories, and the real data."""

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.errors import UsageProblem
from ccops.wfm.backtest import at_noon, backtest, poisson_deviation
from ccops.wfm.days import SpecialDay
from ccops.wfm.forecast import fit, forecast, list_intervals
from ccops.wfm.history import Count, History, build_history, moments, read_history
from ccops.wfm.intraday import Echo, forecast_rest, learn_echo, rest_of_day

VIENNA = ZoneInfo("Europe/Vienna")
FIRST = date(2025, 1, 6)
"""A Monday."""
DATA = Path(__file__).parents[2] / "shared" / "data" / "calls"
real_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real call data of ../shared/data are not here")


def made_up(days: int, seed: int = 1, level: float = 600, noise: float = 0.05, first: date = FIRST) -> History:
    """Return a centre open Mon-Fri 8-18 and Sat 9-13 with a morning and an afternoon peak."""
    luck = np.random.default_rng(seed)
    slots = np.arange(48)
    shape = np.exp(-(((slots - 21) / 4) ** 2)) + 0.7 * np.exp(-(((slots - 30) / 5) ** 2)) + 0.1
    week = np.zeros((7, 48))
    week[:5, 16:36] = shape[16:36]
    week[5, 18:26] = shape[18:26] * 0.4
    week /= week[0].sum()
    places = (first.weekday() + np.arange(days)) % 7
    means = level * np.exp(luck.normal(0, noise, days))[:, None] * week[places]
    calls = luck.poisson(means).astype(float)
    aht = np.where(calls > 0, 180 + 40 * (slots > 25) + luck.normal(0, 5, calls.shape), np.nan)
    return History(first, 30, VIENNA, calls, aht)


def day_after(history: History) -> date:
    return history.first + timedelta(days=history.days)


# --- the grid and its reader ---


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_adds_up_to_the_asked_interval(tmp_path: Path) -> None:
    rows = "".join(f"2025-03-03 08:{minute:02},{minute}.0,{100 + minute}\n" for minute in range(0, 60, 10))
    history = read_history(written(tmp_path, "start,calls,aht\n" + rows), VIENNA, 30)
    assert history.first == date(2025, 3, 3)
    assert history.calls[0, 16:18].tolist() == [30.0, 120.0]
    assert np.isnan(history.calls[0, 18])
    assert history.aht[0, 16] == pytest.approx((110 * 10 + 120 * 20) / 30)
    assert history.notes == ()


def test_stamps_with_an_offset_are_put_on_the_sites_clock(tmp_path: Path) -> None:
    text = "start,calls\n2025-07-01T06:00:00+00:00,3\n2025-07-01T06:30:00Z,4\n"
    history = read_history(written(tmp_path, text), VIENNA, 30)
    assert history.calls[0, 16:18].tolist() == [3.0, 4.0]


def test_odd_counts_are_told_and_nothing_else_is_lost(tmp_path: Path) -> None:
    text = "Date,Calls\n2025-03-03 08:00,-4\n2025-03-03 08:30,2.5\n2025-03-03 09:00,n/a\n2025-03-03 09:30,7\n\n"
    history = read_history(written(tmp_path, text), VIENNA, 30)
    assert np.isnan(history.calls[0, 16])
    assert history.calls[0, 17] == 2.5
    assert np.isnan(history.calls[0, 18])
    assert history.calls[0, 19] == 7
    assert "2 counts are negative or no numbers" in history.notes[0]
    assert "2025-03-03 08:00" in history.notes[0]
    assert "1 counts are not whole" in history.notes[1]


def test_a_start_twice_is_added_and_told(tmp_path: Path) -> None:
    text = "start,calls\n2025-03-03 08:00,4\n2025-03-03 08:30,2\n2025-03-03 08:00,5\n2025-03-03 09:00,1\n"
    history = read_history(written(tmp_path, text), VIENNA, 30)
    assert history.calls[0, 16] == 9
    assert "more than once" in history.notes[0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no column"),
        ("when,how many\n", "no column"),
        ("start,calls\n", "no call count"),
        ("start,calls\nyesterday,4\n", "line 2"),
        ("start,calls\n2025-03-03 08:00,4\n2025-03-03 08:45,4\n", "45 minutes"),
        ("start,calls\n2025-03-03 08:00,4\n2025-03-03 10:00,4\n", "120 minutes"),
    ],
)
def test_a_bad_file_is_refused_in_clear_words(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(UsageProblem, match=word):
        read_history(written(tmp_path, text), VIENNA, 30)


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="cannot be read"):
        read_history(tmp_path / "none.csv", VIENNA, 30)
    binary = tmp_path / "calls.csv"
    binary.write_bytes(b"start,calls\n\xff\xfe\x00")
    with pytest.raises(UsageProblem, match="no CSV"):
        read_history(binary, VIENNA, 30)
    with pytest.raises(UsageProblem, match="divide"):
        build_history([Count(datetime(2025, 3, 3, 8), 1)], VIENNA, 7)  # noqa: DTZ001 - local on purpose


def test_the_repeated_hour_of_the_clock_change_is_a_mean_not_a_sum() -> None:
    utc = ZoneInfo("UTC")
    begin = datetime(2025, 10, 25, 22, tzinfo=utc)
    counts = [Count(begin + timedelta(minutes=30 * step), 10.0) for step in range(50)]
    history = build_history(counts, VIENNA, 30)
    assert history.days == 1
    assert history.calls[0].tolist() == [10.0] * 48
    naive = [Count(count.start.astimezone(VIENNA).replace(tzinfo=None), 10.0) for count in counts]
    again = build_history(naive, VIENNA, 30)
    assert again.calls[0].tolist() == [10.0] * 48
    assert again.notes == ()


def test_days_of_23_and_25_hours_have_their_intervals() -> None:
    spring, autumn = (moments(day, 30, VIENNA) for day in (date(2025, 3, 30), date(2025, 10, 26)))
    assert (len(spring), len(autumn)) == (46, 50)
    assert 4 not in [place for place, _moment in spring]
    assert [place for place, _moment in autumn].count(4) == 2
    assert len({moment.isoformat() for _place, moment in autumn}) == 50


counts_strategy = st.lists(
    st.tuples(st.integers(0, 2000), st.one_of(st.floats(-5, 500), st.just(float("nan")), st.just(float("inf")))),
    min_size=1,
    max_size=60,
)


@given(counts_strategy)
@settings(max_examples=60, deadline=None)
def test_any_counts_are_kept_or_told(rows: list[tuple[int, float]]) -> None:
    counts = [Count(datetime(2025, 3, 3) + timedelta(minutes=30 * at), calls) for at, calls in rows]  # noqa: DTZ001
    good = [count for count in counts if np.isfinite(count.calls) and count.calls >= 0]
    if not good:
        with pytest.raises(UsageProblem):
            build_history(counts, VIENNA, 30)
        return
    try:
        history = build_history(counts, VIENNA, 30)
    except UsageProblem as problem:
        assert "minutes" in str(problem)  # noqa: PT017 - a coarser step is the one way out
        return
    assert np.nansum(history.calls) == pytest.approx(sum(count.calls for count in good))
    assert (len(good) < len(counts)) == any("left out" in note for note in history.notes)


# --- the model ---


def intervals(history: History, days: int = 7) -> Iterator[tuple[int, int, float, float, float]]:
    found, _model = forecast(history, day_after(history), days)
    for one in found:
        yield one.start.weekday(), one.start.hour * 2 + one.start.minute // 30, one.calls, one.low, one.high


def test_open_hours_are_inferred() -> None:
    open_ = {(day, slot) for day, slot, *_rest in intervals(made_up(70))}
    assert open_ == {(day, slot) for day in range(5) for slot in range(16, 36)} | {(5, slot) for slot in range(18, 26)}


def test_a_night_service_with_few_calls_stays_open() -> None:
    luck = np.random.default_rng(3)
    rate = np.where(np.arange(48) < 14, 0.4, 12.0)
    calls = luck.poisson(np.tile(rate, (84, 1))).astype(float)
    history = History(FIRST, 30, VIENNA, calls, np.full(calls.shape, np.nan))
    found = list(intervals(history))
    assert len(found) > 7 * 48 - 5
    nights = [calls for _day, slot, calls, _low, _high in found if slot < 14]
    assert np.mean(nights) == pytest.approx(0.4, rel=0.2)


def test_the_forecast_finds_the_week_again() -> None:
    history = made_up(140)
    truth = made_up(147, noise=0.0, level=600)
    wanted = np.zeros((7, 48))
    for day in range(7):
        wanted[day] = np.mean([truth.calls[place] for place in range(day, 147, 7)], axis=0)
    missed = sum(abs(calls - wanted[day, slot]) for day, slot, calls, _low, _high in intervals(history))
    assert missed / wanted.sum() < 0.05
    aht = {one.start.hour: one.aht for one in forecast(history, day_after(history), 1)[0]}
    assert aht[9] == pytest.approx(180, rel=0.03)
    assert aht[16] == pytest.approx(220, rel=0.03)


def test_the_range_holds_four_of_five() -> None:
    inside = total = 0
    for seed in range(6):
        whole = made_up(119, seed=seed, noise=0.08)
        model = fit(whole.until(FIRST + timedelta(days=112)))
        for place in range(112, 119):
            _calls, low, high = model.day(FIRST + timedelta(days=place))
            where = model.profiles.open[place % 7]
            inside += int(((whole.calls[place] >= low) & (whole.calls[place] <= high))[where].sum())
            total += int(where.sum())
    assert 0.72 < inside / total < 0.88


@pytest.mark.parametrize("level", [20, 60, 2000])
def test_the_range_holds_where_calls_are_few_and_where_they_are_many(level: float) -> None:
    inside = total = 0
    for seed in range(3):
        whole = made_up(112 + 14, seed=seed, level=level, noise=0.05)
        model = fit(whole.between(0, 112))
        for place in range(112, 126):
            _calls, low, high = model.day(FIRST + timedelta(days=place))
            where = model.profiles.open[place % 7]
            inside += int(((whole.calls[place] >= low) & (whole.calls[place] <= high))[where].sum())
            total += int(where.sum())
    # Made-up days stray more evenly than real ones, whose tails the range starts from; half a call widens small counts.
    assert 0.66 < inside / total < 0.92


def test_one_wild_day_and_one_wild_interval_change_little() -> None:
    plain = made_up(84)
    wild = plain.calls.copy()
    wild[80] *= 6
    wild[73, 20] = 2000
    wild[66] *= 0.1
    spoiled = History(FIRST, 30, VIENNA, wild, plain.aht)
    before = np.array([calls for _d, _s, calls, _l, _h in intervals(plain)])
    after = np.array([calls for _d, _s, calls, _l, _h in intervals(spoiled)])
    assert np.abs(after - before).sum() / before.sum() < 0.06
    assert any("far from ordinary" in note for note in fit(spoiled).notes)


def test_a_wild_yesterday_does_not_bend_a_quick_fit() -> None:
    history = made_up(120)
    model = fit(history.between(0, 113))
    levels = model.levels
    assert levels is not None
    calls = history.calls.copy()
    calls[119 - 2] *= 0.1  # Friday
    spoiled = History(FIRST, 30, VIENNA, np.round(calls), history.aht)
    trust = np.full(120, np.nan)
    trust[levels.days] = levels.trust
    monday = day_after(history)
    plain, quick = (model.again(one, trust).day(monday)[0].sum() for one in (history, spoiled))
    assert quick == pytest.approx(plain, rel=0.06)
    believed = model.again(spoiled, np.nan_to_num(trust, nan=1.0)).day(monday)[0].sum()
    assert abs(believed - plain) > abs(quick - plain), "a day that nobody looked at yet is not to be believed"


def test_a_restless_weekday_gets_a_wider_range_than_the_others() -> None:
    history = made_up(200, noise=0.03)
    luck = np.random.default_rng(7)
    wild = np.where(np.arange(200) % 7 == 2, np.exp(luck.normal(0, 0.35, 200)), 1.0)
    calls = luck.poisson(history.calls * wild[:, None]).astype(float)
    model = fit(History(FIRST, 30, VIENNA, calls, history.aht))
    assert model.levels is not None
    unrest = model.levels.scales.unrest
    assert int(np.argmax(unrest)) == 2
    widths = []
    for weekday in range(5):
        _calls, low, high = model.day(FIRST + timedelta(days=203 + weekday))
        widths.append(float((high - low).sum()))
    assert int(np.argmax(widths)) == 2


def test_pay_days_are_found() -> None:
    history = made_up(300)
    dates = [FIRST + timedelta(days=place) for place in range(history.days + 40)]
    factors = np.array([1.5 if day.day <= 3 else 1.0 for day in dates])
    calls = np.random.default_rng(5).poisson(history.calls * factors[: history.days, None]).astype(float)
    model = fit(History(FIRST, 30, VIENNA, calls, history.aht))
    ahead = [day for day in dates[history.days :] if day.weekday() < 5]
    early = np.mean([model.day(day)[0].sum() for day in ahead if day.day <= 3])
    later = np.mean([model.day(day)[0].sum() for day in ahead if 8 <= day.day <= 24])
    assert 1.2 < early / later < 1.6


def test_special_days_are_learned_by_name_and_closed_days_are_zero() -> None:
    history = made_up(140)
    calls = history.calls.copy()
    sales = [SpecialDay(FIRST + timedelta(days=place), "sale") for place in (30, 65, 100)]
    for special in sales:
        calls[(special.day - FIRST).days] *= 2
    end = FIRST + timedelta(days=140)
    coming = [SpecialDay(end + timedelta(days=2), "sale"), SpecialDay(end + timedelta(days=3), "feast", closed=True)]
    coming += [SpecialDay(end + timedelta(days=4), "strike", factor=0.25)]
    model = fit(History(FIRST, 30, VIENNA, calls, history.aht), [*sales, *coming])
    ordinary = fit(history)
    days = [end + timedelta(days=offset) for offset in range(7)]
    ratios = [model.day(day)[0].sum() / max(ordinary.day(day)[0].sum(), 1e-9) for day in days[:5]]
    assert ratios[0] == pytest.approx(1, abs=0.06)
    assert 1.6 < ratios[2] < 2.1
    assert ratios[3] == 0
    assert 0.2 < ratios[4] < 0.35


def test_growth_is_carried_on() -> None:
    history = made_up(420, noise=0.03)
    growth = np.exp(0.3 * np.arange(420) / 365)
    calls = np.random.default_rng(2).poisson(history.calls * growth[:, None]).astype(float)
    model = fit(History(FIRST, 30, VIENNA, calls, history.aht))
    monday = FIRST + timedelta(days=448)
    assert monday.weekday() == 0
    truth = 600 * np.exp(0.3 * 448 / 365)
    assert model.day(monday)[0].sum() == pytest.approx(truth, rel=0.08)


# --- odd histories ---


def test_no_calls_at_all_forecast_zero_and_say_so() -> None:
    nothing = History(FIRST, 30, VIENNA, np.zeros((30, 48)), np.full((30, 48), np.nan))
    found, model = forecast(nothing, day_after(nothing), 7)
    assert found == []
    assert "no calls" in model.notes[-1]
    assert model.day(day_after(nothing))[2].sum() == 0


def test_one_day_of_history_is_an_answer_with_a_warning() -> None:
    one = made_up(1)
    found, model = forecast(one, day_after(one), 14)
    assert "Only 1 days of history" in " ".join(model.notes)
    totals = {day: sum(f.calls for f in found if f.start.weekday() == day) / 2 for day in range(7)}
    assert all(total == pytest.approx(one.calls.sum(), rel=0.1) for total in totals.values())
    assert all(f.low <= f.calls <= f.high for f in found)


def test_gaps_are_not_zeros() -> None:
    whole = made_up(140)
    calls = whole.calls.copy()
    calls[100:112] = np.nan
    calls[70, 16:22] = np.nan
    gappy = History(FIRST, 30, VIENNA, calls, whole.aht)
    before = sum(calls for _d, _s, calls, _l, _h in intervals(whole))
    after = sum(calls for _d, _s, calls, _l, _h in intervals(gappy))
    assert after == pytest.approx(before, rel=0.03)
    assert any("no calls although" in note for note in fit(gappy).notes)


def test_the_start_may_lie_in_the_history_and_hides_what_follows() -> None:
    history = made_up(140)
    start = FIRST + timedelta(days=70)
    found, _model = forecast(history, start, 7)
    assert found == forecast(history.until(start), start, 7)[0]
    assert found[0].start == datetime(2025, 3, 17, 8, tzinfo=VIENNA)
    with pytest.raises(UsageProblem, match="Nothing is known"):
        forecast(history, FIRST, 7)
    with pytest.raises(UsageProblem, match="days cannot"):
        forecast(history, start, 0)
    with pytest.raises(UsageProblem, match="too far"):
        fit(history, ahead=7).day(day_after(history) + timedelta(days=8))


def test_a_forecast_over_the_clock_change_has_every_interval() -> None:
    luck = np.random.default_rng(1)
    calls = luck.poisson(5, (60, 48)).astype(float)
    history = History(date(2025, 8, 27), 30, VIENNA, calls, np.full(calls.shape, np.nan))
    found = list_intervals(fit(history), date(2025, 10, 26), 1)
    assert len(found) == 50
    assert all(a.start.timestamp() < b.start.timestamp() for a, b in itertools.pairwise(found))


# --- the rest of a day, and the back-test ---


def test_a_busy_morning_raises_the_afternoon_but_not_wholly() -> None:
    history = made_up(140, noise=0.15)
    model, day = fit(history), day_after(history)
    planned = model.day(day)[0]
    seen = np.where(np.arange(48) < 24, planned * 1.4, np.nan)
    rest = rest_of_day(model, learn_echo(model), day, seen)
    assert 1.05 < rest.factor < 1.4
    assert rest.calls[:24].tolist() == pytest.approx((planned * 1.4)[:24].tolist())
    assert (rest.low <= rest.calls + 1e-9).all()
    assert (rest.high >= rest.calls - 1e-9).all()


def test_without_news_the_rest_is_the_forecast() -> None:
    history = made_up(60)
    model, day = fit(history), day_after(history)
    rest = rest_of_day(model, Echo(), day, np.full(48, np.nan))
    assert rest.factor == pytest.approx(1)
    assert rest.calls.tolist() == pytest.approx(model.day(day)[0].tolist())


def test_errors_that_echo_are_told_from_errors_that_do_not() -> None:
    whole, none = (learn_echo(fit(made_up(140, noise=noise, level=6000))) for noise in (0.2, 0.0))
    assert whole.whole + whole.passing > 10 * (none.whole + none.passing)
    assert 0.01 < whole.whole + whole.passing < 0.1


def test_the_range_of_an_afternoon_holds_four_of_five() -> None:
    inside = total = 0
    for seed in range(4):
        whole = made_up(140, seed=seed, noise=0.1)
        model = fit(whole.between(0, 112))
        echo = learn_echo(model)
        for place in range(112, 140, 2):
            rest, seen = at_noon(whole, model, echo, place), np.arange(48) < 24
            where = ~seen & model.profiles.open[place % 7]
            inside += int(((whole.calls[place] >= rest.low) & (whole.calls[place] <= rest.high))[where].sum())
            total += int(where.sum())
    assert 0.72 < inside / total < 0.88


def test_a_rest_of_day_in_one_step_uses_only_the_past() -> None:
    history = made_up(100)
    day = FIRST + timedelta(days=84)
    seen = np.where(np.arange(48) < 24, history.calls[84], np.nan)
    spoiled = History(FIRST, 30, VIENNA, np.vstack([history.calls[:84], history.calls[84:] * 9]), history.aht)
    assert forecast_rest(fit(spoiled), day, seen).calls.tolist() == pytest.approx(
        forecast_rest(fit(history.until(day)), day, seen).calls.tolist(), rel=0.15
    )


@given(st.floats(0.001, 3000))
def test_the_poisson_floor_is_the_mean_deviation(mean: float) -> None:
    reach = int(mean + 12 * mean**0.5 + 30)
    logs = np.arange(reach) * np.log(mean) - mean - np.cumsum(np.log(np.maximum(np.arange(reach), 1)))
    exact = float((np.abs(np.arange(reach) - mean) * np.exp(logs)).sum())
    assert float(poisson_deviation(np.array([mean]))[0]) == pytest.approx(exact, rel=1e-6)


def test_the_back_test_reports_against_last_week_and_the_floor() -> None:
    scores = {score.horizon: score for score in backtest(made_up(112, noise=0.03), weeks=4, ahead=(1, 2))}
    week = scores["one week ahead"]
    assert week.wape is not None
    assert week.floor is not None
    assert week.last_week is not None
    assert week.coverage is not None
    assert week.floor * 0.85 < week.wape < week.last_week
    assert 0.65 < week.coverage < 0.95
    assert {"2 weeks ahead", "day 1", "rest of the day after 12:00"} <= set(scores)
    with pytest.raises(UsageProblem, match="too few"):
        backtest(made_up(8))


# --- real data ---


@real_data
@pytest.mark.parametrize(
    ("name", "zone", "most", "rest"),
    [("bank-1999-6min.csv", "Asia/Jerusalem", 0.21, 0.20), ("bank-2003-5min.csv", "America/New_York", 0.060, 0.047)],
)
def test_the_real_centres_are_forecast_better_than_by_last_week(name: str, zone: str, most: float, rest: float) -> None:
    history = read_history(DATA / name, ZoneInfo(zone), 30)
    scores = {score.horizon: score for score in backtest(history, weeks=4, ahead=(1,))}
    week, noon = scores["one week ahead"], scores["rest of the day after 12:00"]
    assert week.wape is not None
    assert week.last_week is not None
    assert week.floor is not None
    assert noon.wape is not None
    assert week.floor < week.wape < min(most, 0.75 * week.last_week)
    assert noon.wape < rest
