"""JSON, lines of JSON, CSV and TSV: for programs, and harmless in a spreadsheet."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.pbx.text import clean
from ccops.reports.paper.data import delimited, json_lines, json_text
from ccops.reports.paper.model import Column, Section
from tests import paper_samples as samples

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def test_json_is_an_array_of_the_first_section_keyed_as_scripts_know_it() -> None:
    rows = json.loads(json_text(samples.paper()))
    assert rows[0] == {"queue": "sales", "offered": 120, "answered": 100, "service_level": 0.8731, "asa": 12.4}
    assert rows[2]["service_level"] is None
    assert json.loads(json_text(samples.EMPTY)) == []


def test_json_values_are_plain_and_instants_carry_their_offset() -> None:
    rows = json.loads(json_text(samples.paper(samples.calls())))
    assert rows[0]["entered_at"] == "2026-03-29T01:00:00+01:00"
    assert rows[1]["entered_at"] == "2026-03-29T03:00:00+02:00"
    assert rows[3]["entered_at"] == "2026-03-29T05:00:00.250+02:00"
    assert (rows[1]["day"], rows[1]["time"], rows[1]["weekday"]) == ("2026-03-29", "00:30", 2)
    assert (rows[1]["held"], rows[0]["queues"], rows[2]["caller_number"], rows[5]["wait"]) == (False, [], None, None)
    assert rows[1]["call_id"] == "1774700000.1"
    assert rows[8]["caller_name"] == "]0;owned[2J"


def test_whole_json_says_what_the_report_rests_on() -> None:
    document = json.loads(json_text(samples.paper(compared_with=samples.BEFORE), whole=True))
    assert document["period"] == {"from": "2026-03-28T00:00:00+01:00", "to": "2026-03-31T00:00:00+02:00"}
    assert document["compared_with"]["to"] == document["period"]["from"]
    assert (document["zone"], document["generated_at"]) == ("Europe/Berlin", "2026-03-31T06:00:00+02:00")
    assert document["filters"] == {"Queue": "sales, 客户服务"}
    assert document["rules"]["Service level"] == samples.RULE
    assert [section["name"] for section in document["sections"]] == [s.name for s in samples.paper().sections]
    assert document["sections"][0]["total"]["service_level"] == 0.899
    assert document["warnings"] == ["12 visits have no end <here>"]


def test_lines_of_json_hold_one_row_each() -> None:
    bare = [json.loads(line) for line in json_lines(samples.paper()).splitlines()]
    assert bare == json.loads(json_text(samples.paper()))
    whole = [json.loads(line) for line in json_lines(samples.paper(), whole=True).splitlines()]
    assert whole[0]["report"] == "queues"
    assert {line["section"] for line in whole[1:]} == {section.name for section in samples.paper().sections}


def test_ascii_only_json_is_the_same_data() -> None:
    text = json_text(samples.paper(), ascii_only=True)
    assert text.isascii()
    assert json.loads(text) == json.loads(json_text(samples.paper()))


@pytest.mark.parametrize("tabs", [False, True])
def test_a_bare_table_is_a_header_and_rows(tabs: bool) -> None:
    text = delimited(samples.paper(samples.calls()), tabs=tabs)
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t" if tabs else ","))
    assert [row["call_id"] for row in rows] == [f"1774700000.{i}" for i in range(len(rows))]
    assert (rows[2]["caller_number"], rows[0]["held"], rows[3]["wait"]) == ("", "true", "183")
    assert rows[0]["caller_name"] == "'=cmd|' /C calc'!A0"
    assert rows[7]["caller_name"] == "a|bcde"
    assert not any((cell or "").startswith(FORMULA) for row in rows for cell in row.values())


def test_the_header_can_be_left_out() -> None:
    assert delimited(samples.paper(), header=False).splitlines()[0] == "sales,120,100,0.8731,12.4"


def test_a_whole_table_says_what_it_rests_on_and_holds_every_section() -> None:
    lines = list(csv.reader(io.StringIO(delimited(samples.paper(), whole=True))))
    said = [line[0] for line in lines if line and line[0].startswith("#")]
    assert f"# Service level: {samples.RULE}" in said
    assert "# Period: 2026-03-28 – 2026-03-30 (3 days)" in said
    assert [f"# {section.title}" for section in samples.paper().sections] == said[-len(samples.paper().sections) :]


def test_an_empty_report_says_so_where_it_says_anything() -> None:
    assert "Nothing to report" in delimited(samples.EMPTY, whole=True)
    assert delimited(samples.EMPTY) == "queue,offered,answered,service_level,asa\n"


@given(st.lists(st.text(), min_size=1, max_size=5), st.booleans())
def test_no_text_becomes_a_formula_or_breaks_its_row(names: list[str], tabs: bool) -> None:
    section = Section("x", "X", [Column("a", "A"), Column("b", "B", "list")], [{"a": n, "b": names} for n in names])
    text = delimited(samples.paper(section), tabs=tabs)
    rows = list(csv.reader(io.StringIO(text), delimiter="\t" if tabs else ","))
    assert len(rows) == len(names) + 1
    assert all(len(row) == 2 and not cell.startswith(FORMULA) for row in rows for cell in row)


@given(st.text(st.characters()))
def test_any_text_is_json_without_what_steers_a_terminal(name: str) -> None:
    section = Section("x", "X", [Column("a", "A")], [{"a": name}])
    rows: list[dict[str, str]] = json.loads(json_text(samples.paper(section)))
    assert rows == [{"a": clean(name)}]
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in rows[0]["a"])
