"""Values as people read them, the comparison with a former period, and the panels of wide tables."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.errors import NotFound
from ccops.reports.figures import Unit
from ccops.reports.paper.about import facts, period_text
from ccops.reports.paper.compare import compared, tone
from ccops.reports.paper.headline import headline
from ccops.reports.paper.model import Column
from ccops.reports.paper.panels import balanced, leading, panels
from ccops.reports.paper.pick import picked
from ccops.reports.paper.values import Writing, duration, texts, total_texts, writer_of
from ccops.reports.periods import Period
from tests import paper_samples as samples

PLAIN = Writing(samples.BERLIN)
PAPER = Writing(samples.BERLIN, grouping="\u202f")


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Unit.COUNT, 1234567, "1234567"),
        (Unit.COUNT, 50.0, "50"),
        (Unit.COUNT, 2.5, "2.5"),
        (Unit.SECONDS, 59.6, "1:00"),
        (Unit.SECONDS, 3725, "1:02:05"),
        (Unit.RATE, 0.8731, "87.3%"),
        (Unit.RATE, 0, "0.0%"),
        ("number", 2.25, "2.2"),
        ("text", "a\x1b[2Jb", "a[2Jb"),
        ("list", ["a", "b\n"], "a, b"),
        ("list", [], "–"),
        ("flag", False, "no"),
        ("instant", samples.PERIOD.start + 86_400 + 2 * 3600, "2026-03-29 03:00:00"),
        ("day", samples.FIRST, "2026-03-28"),
        ("time", 30_600, "08:30"),
        ("weekday", 7, "Sunday"),
        (Unit.RATE, None, "–"),
        (Unit.COUNT, -5, "−5"),
    ],
)
def test_each_kind_is_written_in_one_way(kind: str, value: object, text: str) -> None:
    assert writer_of(Column("k", "K", kind), PLAIN)(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Unit.COUNT, 12, "+12"),
        (Unit.COUNT, -12, "−12"),
        (Unit.COUNT, 0, "0"),
        (Unit.RATE, 0.0234, "+2.3 pp"),
        (Unit.RATE, -0.0001, "0.0 pp"),
        (Unit.SECONDS, -75, "−1:15"),
        (Unit.SECONDS, None, "–"),
    ],
)
def test_changes_have_a_sign(kind: Unit, value: float | None, text: str) -> None:
    assert writer_of(Column("k", "K", kind, change=True), PLAIN)(value) == text


def test_five_digits_are_grouped_on_paper_and_four_are_not() -> None:
    write = writer_of(Column("k", "K", Unit.COUNT), PAPER)
    assert [write(value) for value in (9999, 10_000, -1_234_567)] == ["9999", "10\u202f000", "−1\u202f234\u202f567"]


@given(st.integers(0, 10_000_000))
def test_a_duration_says_its_seconds(seconds: int) -> None:
    parts = [int(part) for part in duration(seconds).split(":")]
    assert sum(part * 60**power for power, part in enumerate(reversed(parts))) == seconds
    assert duration(-seconds).removeprefix("-") == duration(seconds)


def test_a_total_is_named_and_has_gaps_where_it_has_no_figure() -> None:
    section = samples.queues()
    assert total_texts(section.columns, {"offered": 5}, PLAIN) == ["Total", "5", "", "", ""]


def test_periods_are_days_with_the_last_one_where_they_can_be() -> None:
    start = samples.PERIOD.start
    assert period_text(samples.PERIOD, samples.BERLIN) == "2026-03-28 – 2026-03-30 (3 days)"
    assert period_text(Period(start, start + 86_400), samples.BERLIN) == "2026-03-28"
    # The 29th has 23 hours.
    assert period_text(Period(start + 86_400, start + 86_400 + 23 * 3600), samples.BERLIN) == "2026-03-29"
    part = Period(start + 8 * 3600, start + 12 * 3600 + 30)
    assert period_text(part, samples.BERLIN) == "2026-03-28 08:00 – 2026-03-28 12:00:30"


def test_facts_name_site_period_zone_filter_and_time() -> None:
    told = {fact.key: fact.text for fact in facts(samples.paper(compared_with=samples.BEFORE))}
    assert told == {
        "site": "Riverside & Co",
        "period": "2026-03-28 – 2026-03-30 (3 days)",
        "compared_with": "2026-03-25 – 2026-03-27 (3 days)",
        "zone": "Europe/Berlin",
        "filter": "Queue: sales, 客户服务",
        "generated_at": "2026-03-31 06:00:00+02:00",
    }
    assert {fact.key: fact.text for fact in facts(samples.paper(filters={}))}["filter"] == "none"


def test_rules_of_figures_that_differ_by_section_are_both_told() -> None:
    talk = [Column("talk", "Talk", Unit.SECONDS, "one"), Column("talk", "Talk", Unit.SECONDS, "two")]
    sections = [replace(samples.queues(), name=name, title=name, columns=[column]) for name, column in
                zip(("A", "B", "C"), (*talk, talk[1]), strict=True)]  # fmt: skip
    assert samples.paper(*sections).all_rules() == {"Counted": "visits", "Talk": "one", "Talk (B)": "two"}


def test_compare_puts_each_figure_beside_its_former_value() -> None:
    before = replace(samples.queues(), rows=[*samples.queue_rows()[:1], {"queue": "gone", "offered": 7}])
    section = compared(samples.queues(scale=2), before)
    rows = {row["queue"]: row for row in section.rows}
    assert [rows["sales"][key] for key in ("offered", "offered_before", "offered_change")] == [240, 120, 120]
    assert rows["sales"]["service_level_change"] == pytest.approx(0.01)
    assert rows["客户服务"]["offered_before"] is None
    assert rows["客户服务"]["offered_change"] is None
    assert rows["quiet"]["service_level_change"] is None
    assert list(rows) == ["sales", "客户服务", "quiet", "gone"]
    assert (rows["gone"].get("offered"), rows["gone"]["offered_before"]) == (None, 7)
    keys = [column.key for column in section.columns]
    assert keys[:4] == ["queue", "offered", "offered_before", "offered_change"]
    assert section.column("offered_change").full_title == "Offered, change"
    assert section.total is not None
    assert section.total["offered_change"] == 12465
    assert section.chart is not None
    assert section.chart.y == ("offered", "offered_before")


def test_a_change_is_good_or_bad_by_its_figure_and_none_where_it_reads_as_none() -> None:
    level, lost = samples.figures("service_level", "lost")
    up, down = replace(level, change=True), replace(lost, change=True)
    assert [tone(up, value) for value in (0.1, -0.1, 0.0001, None)] == ["good", "bad", "", ""]
    assert [tone(down, value) for value in (3, -3, 0)] == ["bad", "good", ""]
    assert tone(level, 0.5) == ""


def test_the_headline_shows_figures_of_the_first_total_with_their_change() -> None:
    section = compared(samples.queues(scale=2), samples.queues())
    tiles = headline(samples.paper(section), PLAIN)
    assert [tile.title for tile in tiles] == ["Offered", "Answered", "Service level", "Average speed of answer"]
    assert (tiles[0].value, tiles[0].before, tiles[0].change) == ("24930", "12465", "+12465")
    assert headline(samples.EMPTY, PLAIN) == []


WIDTHS = st.lists(st.integers(1, 30), min_size=1, max_size=30)


@given(WIDTHS, st.integers(10, 120), st.integers(1, 3))
def test_panels_hold_every_column_once_and_repeat_what_rows_are_about(widths: list[int], room: int, names: int) -> None:
    columns = [Column(f"n{i}", "N") if i < names else Column(f"c{i}", "C", Unit.COUNT) for i in range(len(widths))]
    lead = list(range(leading(columns, widths, room, 2)))
    for found in (panels(columns, widths, room, 2), balanced(columns, widths, room, 2)):
        assert sorted([i for panel in found for i in panel if i not in lead] + lead) == list(range(len(widths)))
        assert all(panel[: len(lead)] == lead for panel in found)
        for panel in found:
            taken = sum(widths[i] for i in panel) + 2 * (len(panel) - 1)
            assert taken <= room or len(panel) <= len(lead) + 1
    assert len(balanced(columns, widths, room, 2)) == len(panels(columns, widths, room, 2))


def test_panels_keep_groups_together() -> None:
    columns = [Column("q", "Q"), *(Column(f"{g}{i}", "x", Unit.COUNT, group=g) for g in "abc" for i in range(3))]
    found = panels(columns, [5] * 10, 40, 2)
    assert found == [[0, 1, 2, 3], [0, 4, 5, 6], [0, 7, 8, 9]]


def test_texts_follow_the_columns() -> None:
    section = samples.queues()
    assert texts(section.columns, section.rows, PLAIN)[0] == ["sales", "120", "100", "87.3%", "0:12"]


def test_columns_can_be_picked_in_any_order() -> None:
    made = picked(samples.paper(), ["asa", "queue"])
    assert [section.name for section in made.sections] == ["queues"]
    assert [column.key for column in made.sections[0].columns] == ["asa", "queue"]
    assert made.sections[0].chart is None
    assert picked(samples.paper(), ["queue", "offered"]).sections[0].chart is not None
    assert [column.key for column in picked(samples.paper(), ["call_id"]).sections[0].shown] == ["call_id"]
    with pytest.raises(NotFound, match=r"There is no field “asaa”. Did you mean asa\? Fields: queue, offered"):
        picked(samples.paper(), ["asaa"])


def test_long_tables_are_read_last() -> None:
    table = replace(samples.agents(41), chart=None, name="table")
    drawn, short = samples.agents(60), replace(samples.agents(40), chart=None, name="short")
    paper = samples.paper(table, drawn, short)
    assert [section.name for section in paper.in_reading_order] == ["agents", "short", "table"]
    assert [section.name for section in paper.sections] == ["table", "agents", "short"]
