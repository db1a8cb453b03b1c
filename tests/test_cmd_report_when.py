"""Periods as people write them on the command line, and the periods to compare with."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.errors import UsageProblem
from ccops.reports.periods import Period
from ccops.reports.when import WORDS, asked, compared, named

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 4, 1, 6, tzinfo=BERLIN).timestamp()


def told(period: Period, zone: ZoneInfo = BERLIN) -> str:
    ends = [datetime.fromtimestamp(at, zone).isoformat()[:16].removesuffix("T00:00") for at in period.span]
    return "..".join(ends)


@pytest.mark.parametrize(
    ("since", "until", "period", "meant"),
    [
        (None, None, None, "2026-04-01..2026-04-02"),
        ("2026-03-01", "2026-03-31", None, "2026-03-01..2026-04-01"),
        ("2026-03-01", "2026-03-01", None, "2026-03-01..2026-03-02"),
        ("2026-03-01T08:00", "2026-03-01T12:30", None, "2026-03-01T08:00..2026-03-01T12:30"),
        ("2026-03-01 08:00", "2026-03-02", None, "2026-03-01T08:00..2026-03-03"),
        ("2026-03-01T08:00Z", "2026-03-01T12:00+03:00", None, "2026-03-01T09:00..2026-03-01T10:00"),
        ("2026-03-30", None, None, "2026-03-30..2026-04-02"),
        ("2026-05-01", None, None, "2026-05-01..2026-05-02"),
        ("yesterday", "today", None, "2026-03-31..2026-04-02"),
        (None, None, "yesterday", "2026-03-31..2026-04-01"),
        (None, None, "last-week", "2026-03-23..2026-03-30"),
        (None, None, "this-month", "2026-04-01..2026-05-01"),
        (None, None, "2026-03", "2026-03-01..2026-04-01"),
        (None, None, "2026", "2026-01-01..2027-01-01"),
        (None, None, "2026-W10", "2026-03-02..2026-03-09"),
        (None, None, "2026-03-29", "2026-03-29..2026-03-30"),
        (None, None, "2026-03-01..2026-03-14", "2026-03-01..2026-03-15"),
        (None, None, "2026-03-01T08:00..2026-03-01T09:00", "2026-03-01T08:00..2026-03-01T09:00"),
    ],
)
def test_what_people_write(since: str | None, until: str | None, period: str | None, meant: str) -> None:
    assert told(asked(since, until, period, NOW, BERLIN)) == meant


def test_a_day_of_23_hours_is_a_day() -> None:
    assert named("2026-03-29", NOW, BERLIN, "--period").seconds == 23 * 3600


@pytest.mark.parametrize(
    ("since", "until", "period", "said"),
    [
        ("2026-13-01", "2026-03-02", None, "--from: “2026-13-01” is no date"),
        ("2026-03-01", "tomorow", None, "--to: “tomorow” is no date"),
        ("2026-03-02", "2026-03-01", None, "ends before it begins"),
        ("2026-03-02T08:00", "2026-03-02T08:00", None, "ends before it begins"),
        ("2026-03-02T08:00+99:00", "2026-03-02", None, "--from"),
        ("9999-12-31", "9999-12-31", None, "--from"),
        ("", "", None, "--from"),
        ("0206-03-01", "2026-03-31", None, "has 1820 years"),
        (None, "2026-03-01", None, "Add --from"),
        ("2026-03-01", None, "today", "exclude each other"),
        (None, None, "yesterdy", "Did you mean yesterday"),
        (None, None, "2026-13", "--period: “2026-13” is no period"),
        (None, None, "2026-W60", "--period"),
        (None, None, "2026-03-05..2026-03-01", "ends before it begins"),
        (None, None, "..", "no period"),
        (None, None, "٢٠٢٦-٠٣", "--period"),
    ],
)
def test_what_is_no_period_is_told(since: str | None, until: str | None, period: str | None, said: str) -> None:
    with pytest.raises(UsageProblem, match=said):
        asked(since, until, period, NOW, BERLIN)


@pytest.mark.parametrize(
    ("period", "text", "meant"),
    [
        ("2026-03", "former", "2026-02-01..2026-03-01"),
        ("2026-03", "year", "2025-03-01..2025-04-01"),
        ("2026-01-01..2026-03-31", "former", "2025-10-01..2026-01-01"),
        ("2026", "former", "2025-01-01..2026-01-01"),
        ("2024-02", "year", "2023-02-01..2023-03-01"),
        ("2026-W14", "former", "2026-03-23..2026-03-30"),
        ("2026-W14", "year", "2025-03-31..2025-04-07"),
        ("2026-03-30", "former", "2026-03-29..2026-03-30"),
        ("2026-03-02..2026-03-11", "former", "2026-02-20..2026-03-02"),
        ("2026-03-01T08:00..2026-03-01T12:00", "former", "2026-03-01T04:00..2026-03-01T08:00"),
        ("2026-03-04", "2026-02-02..2026-02-08", "2026-02-02..2026-02-09"),
        ("2026-03-04", "last-month", "2026-03-01..2026-04-01"),
    ],
)
def test_what_it_is_compared_with(period: str, text: str, meant: str) -> None:
    assert told(compared(text, named(period, NOW, BERLIN, "--period"), NOW, BERLIN)) == meant


def test_a_period_to_compare_with_that_is_none_is_told() -> None:
    with pytest.raises(UsageProblem, match="--compare: “before” is no period"):
        compared("before", named("2026-03", NOW, BERLIN, "--period"), NOW, BERLIN)


@given(
    st.sampled_from(WORDS),
    st.floats(86_400 * 366, 4e9),
    st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Auckland", "UTC"]),
)
def test_former_ends_where_the_period_begins_and_a_year_back_is_about_a_year(word: str, now: float, name: str) -> None:
    zone = ZoneInfo(name)
    period = named(word, now, zone, "--period")
    before = compared("former", period, now, zone)
    assert before.start < before.end == period.start
    back = period.start - compared("year", period, now, zone).start
    assert abs(back - timedelta(days=365).total_seconds()) <= 2 * 86_400
