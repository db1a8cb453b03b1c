from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from ccops.tui.arrange import Arrangement, Grouping, arrange
from ccops.tui.columns import Column, Order, placed
from ccops.tui.filtering import parse_filter

Row = tuple[str, int | None, str]
COLUMNS: tuple[Column[Row], ...] = (
    Column("name", "Name", 10, lambda row, _moment: (row[0], "text"), lambda row: row[0]),
    Column("size", "Size", 4, lambda row, _moment: (str(row[1]), "text"), lambda row: row[1], rank=1),
    Column("state", "State", 8, lambda row, _moment: (row[2], "text"), lambda row: row[2], rank=7, grow=20),
)
rows = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3),
    st.tuples(st.text("abc", max_size=2), st.none() | st.integers(0, 9), st.sampled_from(["on", "off"])),
    max_size=12,
)


def fields(row: Row) -> Mapping[str, str]:
    return {"name": row[0], "state": row[2]}


def wanted(order: Order, text: str = "", grouping: Grouping[Row] | None = None) -> Arrangement[Row]:
    found = parse_filter(text, frozenset({"name", "state"}))
    return Arrangement(COLUMNS, order, fields, lambda row: row[0], found, grouping)


@given(rows, st.sampled_from(["name", "size", "state"]), st.booleans())
def test_sorting_loses_nobody_and_puts_the_unknown_last(table: dict[str, Row], column: str, descending: bool) -> None:
    entries = arrange(table, wanted(Order(column, descending)))
    assert sorted(entry.key for entry in entries) == sorted(table)
    values = [entry.row[1] for entry in entries if entry.row] if column == "size" else []
    known = [value for value in values if value is not None]
    assert values[len(known) :] == [None] * (len(values) - len(known))
    assert known == sorted(known, reverse=descending)


def test_equal_rows_keep_the_order_of_their_names_in_both_directions() -> None:
    table: dict[str, Row] = {"x": ("b", 1, "on"), "y": ("a", 1, "on"), "z": ("c", 1, "on")}
    for descending in (False, True):
        assert [entry.key for entry in arrange(table, wanted(Order("size", descending)))] == ["y", "x", "z"]


def test_an_order_by_a_column_that_is_gone_falls_back() -> None:
    assert [entry.key for entry in arrange({"x": ("b", 1, ""), "y": ("a", 2, "")}, wanted(Order("gone")))] == ["y", "x"]


@given(rows)
def test_groups_hold_every_row_once_under_its_heading(table: dict[str, Row]) -> None:
    grouping: Grouping[Row] = Grouping("state", "by state", lambda row: row[2])
    entries = arrange(table, wanted(Order("name"), grouping=grouping))
    heading = ""
    for entry in entries:
        if entry.row is None:
            heading = entry.heading
        else:
            assert heading.startswith(entry.row[2] + " (")
    assert sum(entry.row is not None for entry in entries) == len(table)


def test_filter_terms() -> None:
    names = frozenset({"name", "state"})
    row = {"name": "Anna Berg", "state": "paused"}
    for text, shown in {
        "": True,
        "anna": True,
        "ANNA berg": True,
        "anna bo": False,
        "state:pau": True,
        "state:talk": False,
        "state:": True,
        "-state:paused": False,
        "-bo": True,
        "name:paused": False,
        "-": False,
    }.items():
        assert parse_filter(text, names).matches(row) is shown, text


def test_a_field_that_the_list_does_not_have_is_named() -> None:
    found = parse_filter("queue:sales sip:1001@x", frozenset({"name"}))
    assert found.unknown == ("queue", "sip")


@given(st.integers(1, 120))
def test_columns_never_leave_the_screen(width: int) -> None:
    places = placed(COLUMNS, width, 2, 1)
    assert places
    assert len(places) == 1 or places[-1].x + places[-1].width <= width


def test_the_least_important_columns_go_first() -> None:
    assert [place.column.key for place in placed(COLUMNS, 80, 2, 1)] == ["name", "size", "state"]
    assert [place.column.key for place in placed(COLUMNS, 24, 2, 1)] == ["name", "size"]
    assert [place.column.key for place in placed(COLUMNS, 14, 2, 1)] == ["name"]
