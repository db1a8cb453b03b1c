"""The report as a workbook, read back by another library."""

import io
from datetime import date, time, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from ccops.reports.figures import Unit
from ccops.reports.paper import xlsx as module
from ccops.reports.paper.compare import compared
from ccops.reports.paper.model import Column, Paper, Section
from ccops.reports.paper.xlsx import xlsx
from tests import paper_samples as samples


def book(paper: Paper) -> Any:
    return load_workbook(io.BytesIO(xlsx(paper)))


def test_the_cover_says_rule_period_zone_filter_and_time() -> None:
    cover = book(samples.paper()).worksheets[0]
    text = " ".join(str(cell.value) for row in cover.iter_rows() for cell in row if cell.value is not None)
    assert all(fact in text for fact in samples.FACTS)
    assert cover["A1"].value == "Queues <of> the *site*"


def test_there_is_a_sheet_per_section_that_begins_with_its_table() -> None:
    made = book(samples.paper())
    assert made.sheetnames == ["Report", "Queues", "Days", "Weekday and hour", "Weekday and hour map", "Waits",
                               "Causes", "Calls   all   x"]  # fmt: skip
    sheet = made["Queues"]
    assert [cell.value for cell in sheet[1]] == ["Queue", "Offered", "Answered", "Service level",
                                                 "Average speed of answer"]  # fmt: skip
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:E4"
    assert len(sheet._charts) == 1
    assert made["Report"]["A11"].hyperlink.location.endswith("!A1")


def test_cells_have_types() -> None:
    sheet = book(samples.paper(samples.queues()))["Queues"]
    assert [cell.value for cell in sheet[2]][:4] == ["sales", 120, 100, 0.8731]
    asa = sheet["E3"]
    assert asa.number_format == "[h]:mm:ss"
    # The reader turns a number in this format into a duration.
    assert asa.value == timedelta(seconds=3665)
    assert sheet["D2"].number_format == "0.0%"
    assert (sheet["D4"].value, sheet["E4"].value) == (None, None)
    assert [cell.value for cell in sheet[5]][:3] == ["Total", 12465, 12100]
    assert sheet["A5"].font.bold


def test_instants_days_and_times_are_dates_in_the_zone_of_the_site() -> None:
    sheet = book(samples.paper(samples.calls())).worksheets[1]
    assert [sheet[name].value.isoformat() for name in ("A2", "A3")] == ["2026-03-29T01:00:00", "2026-03-29T03:00:00"]
    assert sheet["A3"].number_format == "yyyy-mm-dd hh:mm:ss"
    assert sheet["B3"].value.date() == date(2026, 3, 29)
    assert sheet["C3"].value == time(0, 30)
    assert (sheet["D3"].value, sheet["H3"].value, sheet["F4"].value) == ("Tuesday", False, None)
    assert sheet.column_dimensions["K"].hidden


def test_text_is_never_a_formula_or_a_link() -> None:
    sheet = book(samples.paper(samples.calls())).worksheets[1]
    for row, name in enumerate(samples.HOSTILE[:5], 2):
        assert sheet.cell(row, 5).data_type == "s"
        assert sheet.cell(row, 5).value == name
        assert sheet.cell(row, 5).hyperlink is None
    assert sheet["E12"].hyperlink is None
    assert sheet["E10"].value == "]0;owned[2J"


def test_a_comparison_has_signed_changes() -> None:
    section = compared(samples.queues(2), samples.queues())
    sheet = book(samples.paper(section))["Queues"]
    heads = [cell.value for cell in sheet[1]]
    change = sheet.cell(2, heads.index("Offered, change") + 1)
    assert (change.value, change.number_format) == (120, "+#,##0;-#,##0;0")
    longer = sheet.cell(2, heads.index("Average speed of answer, change") + 1)
    assert (longer.value, longer.number_format) == (0, '+0 "s";-0 "s";0 "s"')


def test_a_heat_map_is_a_sheet_of_shaded_cells() -> None:
    sheet = book(samples.paper(samples.heat()))["Weekday and hour map"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2, max_row=5)]
    assert rows == [[None, "09:00", "10:00", "11:00"], ["Mon", 9, 10, 11], ["Tue", 18, 20, 22], ["Sun", 63, None, 77]]
    assert len(sheet.conditional_formatting) == 1


@pytest.mark.parametrize("title", ["", "'", "History", "x" * 60, "Queues", "a/b:c*d?e[f]g\\h", "名" * 40])
def test_any_title_makes_a_sheet(title: str) -> None:
    sections = [Section(f"s{number}", title, [Column("a", "A")], [{"a": number}]) for number in range(3)]
    names = book(samples.paper(*sections)).sheetnames
    assert len(names) == len({name.casefold() for name in names}) == 4
    assert all(0 < len(name) <= 31 for name in names)


def test_rows_that_a_sheet_cannot_hold_go_on_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_ROWS", 4)
    section = Section("s", "Many", [Column("n", "N", Unit.COUNT)], [{"n": number} for number in range(10)])
    made = book(samples.paper(section))
    assert made.sheetnames == ["Report", "Many", "Many (2)", "Many (3)"]
    found = [row[0] for name in made.sheetnames[1:] for row in made[name].iter_rows(min_row=2, values_only=True)]
    assert found == list(range(10))


def test_an_empty_report_says_so() -> None:
    made = book(samples.EMPTY)
    text = " ".join(str(cell.value) for row in made.worksheets[0].iter_rows() for cell in row)
    assert "Nothing to report" in text
    assert made["Queues"]["A1"].value == "Queue"
    assert made["Queues"].max_row == 1


def test_long_texts_are_cut_to_what_a_cell_holds() -> None:
    section = Section("s", "S", [Column("a", "A")], [{"a": "x" * 40_000}])
    assert len(book(samples.paper(section))["S"]["A2"].value) == 32_767


def test_it_is_the_same_file_for_the_same_report() -> None:
    assert xlsx(samples.paper()) == xlsx(samples.paper())
