"""The report as PDF, read back: text that can be copied, fonts inside, pages that belong together."""

import io
from typing import Any

import pytest
from pypdf import PdfReader

from ccops.reports.figures import Unit
from ccops.reports.paper.compare import compared
from ccops.reports.paper.model import Column, Paper, Section
from ccops.reports.paper.pdf.document import pdf
from ccops.reports.paper.pdf.fonts import cut, runs, width, wrapped
from tests import paper_samples as samples
from tests.paper_samples import squeezed


def read(paper: Paper, **how: Any) -> PdfReader:
    return PdfReader(io.BytesIO(pdf(paper, **how)))


def text_of(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def test_it_says_rule_period_zone_filter_and_time() -> None:
    text = squeezed(text_of(read(samples.paper())))
    assert all(squeezed(fact) in text for fact in samples.FACTS)
    assert squeezed("12 visits have no end <here>") in text


def test_every_page_has_its_number_and_what_it_belongs_to() -> None:
    pages = [page.extract_text() for page in read(samples.paper(samples.agents(120))).pages]
    assert len(pages) > 4
    for number, text in enumerate(pages, 1):
        assert f"page {number} of {len(pages)}" in text
        assert "Generated: 2026-03-31 06:00:00+02:00 · Europe/Berlin" in text
        assert "Riverside & Co" in text


def test_long_tables_break_over_pages_with_their_headings_and_lose_no_row() -> None:
    pages = [page.extract_text() for page in read(samples.paper(samples.agents(120))).pages]
    with_rows = [text for text in pages if text.count("Agent 0") > 5 and "Occupancy" in text]
    assert len(with_rows) >= 3
    lines = "\n".join(pages).splitlines()
    for number in range(120):
        assert any(line.startswith(f"Agent {number:04}") for line in lines), number


def test_names_of_all_scripts_can_be_copied_out() -> None:
    text = squeezed(text_of(read(samples.paper(samples.calls()))))
    for name in samples.NAMES:
        assert squeezed(name) in text, name


def test_fonts_travel_with_the_file_and_cjk_only_where_it_is_needed() -> None:
    def fonts(paper: Paper) -> set[str]:
        found = set()
        for page in read(paper).pages:
            for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
                details = font.get_object()
                if "/FontDescriptor" in details:
                    assert "/FontFile2" in details["/FontDescriptor"], details
                    found.add(str(details["/BaseFont"]).split("+")[-1])
        return found

    assert fonts(samples.paper(samples.days(), filters={})) == {"Roboto-Regular", "Roboto-Medium"}
    assert fonts(samples.paper()) == {"Roboto-Regular", "Roboto-Medium", "DroidSansFallback"}


def test_text_stays_on_its_page() -> None:
    wide = compared(samples.queues(2), samples.queues())
    for page in read(samples.paper(wide, samples.agents(30), samples.calls(), samples.days())).pages:
        box = page.mediabox
        places: list[tuple[str, list[float], float]] = []

        def note(
            text: str,
            _cm: list[float],
            tm: list[float],
            _font: object,
            size: float,
            to: list[tuple[str, list[float], float]] = places,
        ) -> None:
            to.append((text, tm, size))

        page.extract_text(visitor_text=note)
        for text, matrix, size in places:
            if text.strip():
                assert 20 <= matrix[4] <= float(box.width) - 20, text
                assert matrix[4] + width(text.strip(), size or 8) * 0.8 <= float(box.width), text
                assert 10 <= matrix[5] <= float(box.height) - 10, text


def test_it_has_a_title_and_a_list_of_contents() -> None:
    reader = read(samples.paper())
    assert reader.metadata is not None
    assert reader.metadata.title == "Queues <of> the *site* · Riverside & Co"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.isoformat() == "2026-03-31T06:00:00+02:00"
    titles = [item["/Title"] for item in reader.outline]  # type: ignore[call-overload]
    assert titles == [section.title for section in samples.paper().sections]


def test_a_page_lies_on_its_side_where_a_table_needs_it() -> None:
    upright = read(samples.paper(samples.queues())).pages[0].mediabox
    assert (round(upright.width), round(upright.height)) == (595, 842)
    lying = read(samples.paper(samples.agents(2))).pages[0].mediabox
    assert (round(lying.width), round(lying.height)) == (842, 595)
    letter = read(samples.paper(samples.queues()), size="letter").pages[0].mediabox
    assert (round(letter.width), round(letter.height)) == (612, 792)


def test_a_table_that_is_too_wide_comes_in_panels_that_name_their_rows() -> None:
    columns = [Column("a", "Agent"), *(Column(f"c{i}", f"Figure {i}", Unit.COUNT) for i in range(40))]
    section = Section("s", "S", columns, [{"a": "Anna", **{f"c{i}": 100_000 + i for i in range(40)}}])
    text = text_of(read(samples.paper(section)))
    assert text.count("Anna") >= 2
    assert all(f"100\u202f{i:03}" in text for i in range(40))


def test_long_texts_wrap_in_their_cell() -> None:
    section = Section("s", "S", [Column("a", "A"), Column("b", "B")], [{"a": "word " * 40, "b": "字" * 90}])
    text = text_of(read(samples.paper(section)))
    assert text.count("word") == 40
    assert text.count("字") == 90


def test_an_empty_report_says_so_on_one_page() -> None:
    reader = read(samples.EMPTY)
    text = text_of(reader)
    assert len(reader.pages) == 1
    assert "Nothing to report" in text
    assert all(squeezed(fact) in squeezed(text) for fact in samples.FACTS)


def test_it_is_the_same_file_for_the_same_report() -> None:
    assert pdf(samples.paper()) == pdf(samples.paper())


@pytest.mark.parametrize("text", ["plain", "Łukasz 王小明 x", "\U0001f600 สมชาย", ""])
def test_runs_hold_the_whole_text_and_boxes_for_what_no_font_has(text: str) -> None:
    joined = "".join(part for _font, part in runs(text))
    assert len(joined) == len(text)
    assert all(a == b or a == "□" for a, b in zip(joined, text, strict=True))


def test_texts_are_cut_and_wrapped_to_their_room() -> None:
    long = "The quick brown fox 王小明 jumps over the lazy dog"
    assert width(cut(long, 8, 60), 8) <= 60
    lines = wrapped(long, 8, 60, most=20)
    assert all(width(line, 8) <= 60 for line in lines)
    assert squeezed("".join(lines)) == squeezed(long)
    short = wrapped(long, 8, 60, most=2)
    assert len(short) == 2
    assert short[-1].endswith("…")


def test_the_first_page_of_a_long_report_holds_its_chart_and_whole_titles_of_the_figures() -> None:
    for size in ("A4", "letter"):
        first = squeezed(read(samples.paper(samples.agents(120)), size=size).pages[0].extract_text())
        assert "Agent0003" in first
        assert "moreinthetable" in first
    figures = samples.figures("offered", "answered", "service_level", "abandon_rate", "asa", "aht")
    row = dict.fromkeys((column.key for column in figures), 1)
    section = Section("x", "X", [Column("queue", "Queue"), *figures], [{"queue": "sales", **row}], row)
    tiles = squeezed(read(samples.paper(section)).pages[0].extract_text().partition("\nX\n")[0])
    assert "Averagespeedofanswer" in tiles
    assert "Averagehandlingtime" in tiles


def test_the_rules_stand_together() -> None:
    for count in range(1, 60, 4):
        pages = [page.extract_text() for page in read(samples.paper(samples.agents(count))).pages]
        holding = [
            text for text in pages if "How the figures are worked out" in text or "sum inside the period" in text
        ]
        assert len(holding) == 1, count
