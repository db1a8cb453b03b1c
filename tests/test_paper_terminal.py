"""The report on a terminal and in a pipe, and as Markdown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ccops.pbx.text import clean
from ccops.reports.paper.compare import compared
from ccops.reports.paper.markdown import escaped, markdown
from ccops.reports.paper.model import Column, Section
from ccops.reports.paper.termcells import cells, fit, pad, words_in
from ccops.reports.paper.terminal import Look, table_lines, terminal
from ccops.reports.paper.values import Writing
from tests import paper_samples as samples

WRITING = Writing(samples.BERLIN)


def test_columns_stand_straight_with_names_in_cjk() -> None:
    lines = [line for line in table_lines(samples.queues(), WRITING, Look()) if line.strip()]
    assert {cell_len(line) for line in lines} == {cell_len(lines[0])}
    assert lines[-1].split() == ["Total", "12465", "12100", "89.9%", "0:40"]
    assert lines[-2].split() == ["quiet", "0", "0", "–", "–"]


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    before = compared(samples.queues(2), samples.queues())
    text = terminal(samples.paper(before, samples.agents(3), samples.calls()), Look(width))
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_a_narrow_terminal_gets_every_column_in_panels_that_name_their_rows() -> None:
    lines = list(table_lines(samples.agents(2), WRITING, Look(60)))
    names = [line.split()[1] for line in lines if line.startswith("Agent 0")]
    assert names[:2] == ["0000", "0001"]
    assert len(names) >= 4
    text = " ".join(lines)
    assert all(word in text for column in samples.agents(1).columns for word in column.title.split())


def test_a_pipe_gets_whole_lines_and_no_colours() -> None:
    section = Section("s", "S", [Column("name", "Name")], [{"name": "x" * 500}])
    text = terminal(samples.paper(section), Look())
    assert "x" * 500 in text
    assert "\x1b" not in text


def test_rule_period_zone_filter_and_time_are_told() -> None:
    text = terminal(samples.paper(), Look(100))
    assert all(fact in text for fact in samples.FACTS)
    assert "Warning: 12 visits have no end <here>" in text


def test_a_callers_name_cannot_steer_the_terminal() -> None:
    text = terminal(samples.paper(samples.calls()), Look(100, colour=True))
    rest = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "\x1b" not in rest
    assert "\x07" not in rest
    assert "‮" not in rest


def test_ascii_only_means_it_but_for_names() -> None:
    section = compared(samples.queues(2), samples.queues())
    text = terminal(samples.paper(section, samples.days(), samples.heat(), filters={}), Look(90, ascii_only=True))
    assert text.replace("客户服务", "").isascii()


def test_changes_have_colours_that_mean_something() -> None:
    section = compared(samples.queues(2), samples.queues())
    coloured = terminal(samples.paper(section), Look(200, colour=True))
    plain = terminal(samples.paper(section), Look(200))
    assert "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_an_empty_report_says_so_and_still_what_it_rests_on() -> None:
    text = terminal(samples.EMPTY, Look(80))
    assert "Nothing to report" in text
    assert all(fact in text for fact in samples.FACTS)
    assert "Offered" not in text


def test_a_heat_map_that_shows_all_needs_no_table() -> None:
    assert "Monday" not in terminal(samples.paper(samples.heat()), Look(80))
    assert "Monday" in terminal(samples.paper(samples.heat()), Look(9))
    assert "Monday" in terminal(samples.paper(samples.heat()), Look(80, charts=False))


@given(st.text(max_size=30), st.integers(0, 40))
def test_cells_are_cut_and_filled_to_their_width(text: str, width: int) -> None:
    text = clean(text)
    assert cells(text) == cell_len(text)
    assert cells(fit(text, width)) <= max(width, 0)
    assert cells(pad(fit(text, width), width)) == width


@given(st.text("ab ", max_size=60), st.integers(1, 20))
def test_words_are_broken_at_spaces_only(text: str, width: int) -> None:
    lines = words_in(text, width)
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= width or " " not in line for line in lines)


def test_markdown_is_a_table_per_section_with_its_facts() -> None:
    text = markdown(samples.paper())
    shown = text.replace("\\", "")
    assert all(fact in shown for fact in samples.FACTS)
    assert "| sales | 120 | 100 | 87.3% | 0:12 |" in text
    assert "| --- | ---: | ---: | ---: | ---: |" in text
    assert "| **Total** | **12465** | **12100** | **89.9%** | **0:40** |" in text
    assert "Nothing to report" in markdown(samples.EMPTY)


@given(st.text(max_size=40))
def test_markdown_keeps_a_cell_a_cell(name: str) -> None:
    section = Section("s", "S", [Column("a", "A"), Column("b", "B")], [{"a": name, "b": "end"}])
    row = next(line for line in markdown(samples.paper(section)).split("\n") if line.endswith("| end |"))
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>`*\[\]]", escaped(name))
