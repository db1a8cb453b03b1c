"""The report as HTML: one file that runs nothing, asks nobody, and shows what the rows say."""

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from ccops.pbx.text import clean
from ccops.reports.paper.compare import compared
from ccops.reports.paper.html import POLICY, page
from ccops.reports.paper.model import Column, Paper, Section
from tests import paper_samples as samples

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Seen(HTMLParser):
    """Everything that a browser would see, and that the tags are in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.cells: list[list[str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1][-1] += data


def seen(paper: Paper) -> Seen:
    return Seen(page(paper))


def test_it_says_rule_period_zone_filter_and_time() -> None:
    text = " ".join(seen(samples.paper()).texts)
    assert all(fact in text for fact in samples.FACTS)
    assert "12 visits have no end <here>" in text


def test_it_runs_nothing_and_asks_nobody_for_anything() -> None:
    found = seen(samples.paper())
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base", "a"} & set(found.tags)
    assert not [item for item in found.attributes if item[1] in ("src", "href", "xlink:href", "srcset", "background")]
    assert not [item for item in found.attributes if item[1].startswith("on")]
    assert ("meta", "content", POLICY) in found.attributes
    style = "".join(re.findall(r"<style>(.*?)</style>", page(samples.paper()), re.DOTALL))
    assert "url(" not in style
    assert "@import" not in style


def test_every_row_is_there_with_its_values() -> None:
    cells = seen(samples.paper(samples.queues())).cells
    assert cells == [
        ["Queue", "Offered", "Answered", "Service level", "Average speed of answer"],
        ["sales", "120", "100", "87.3%", "0:12"],
        ["客户服务", "12\u202f345", "12\u202f000", "90.0%", "1:01:05"],
        ["quiet", "0", "0", "–", "–"],
        ["Total", "12\u202f465", "12\u202f100", "89.9%", "0:40"],
    ]


def test_hostile_names_are_text() -> None:
    found = seen(samples.paper(samples.calls()))
    shown = [row[4] for row in found.cells[1:]]
    assert shown == [clean(name) for name in samples.HOSTILE + samples.NAMES]


def test_columns_for_programs_are_left_out() -> None:
    assert "1774700000" not in page(samples.paper(samples.calls()))


def test_charts_are_inline_and_can_be_read_by_those_who_do_not_see() -> None:
    found = seen(samples.paper())
    assert found.tags.count("svg") == 5
    assert ("svg", "aria-label", "By day") in found.attributes
    assert "goal 80.0%" in found.texts


def test_a_comparison_has_headings_over_headings_and_good_and_bad_news() -> None:
    section = compared(samples.queues(2), samples.queues())
    found = seen(samples.paper(section, compared_with=samples.BEFORE))
    assert found.cells[0] == ["", "Offered", "Answered", "Service level", "Average speed of answer"]
    assert found.cells[1][:4] == ["Queue", "now", "before", "change"]
    assert {len(row) for row in found.cells[1:]} == {13}
    assert ("td", "class", "r good") in found.attributes
    assert "2026-03-25 – 2026-03-27 (3 days)" in found.texts


def test_an_empty_report_says_so_and_draws_nothing() -> None:
    found = seen(samples.EMPTY)
    assert "Nothing to report: there is no row for this period and filter." in found.texts
    assert "table" not in found.tags
    assert "svg" not in found.tags
    assert all(fact in " ".join(found.texts) for fact in samples.FACTS)


def test_it_is_the_same_file_for_the_same_report() -> None:
    assert page(samples.paper()) == page(samples.paper())


TEXT = st.text(min_size=1).filter(clean)


def named(name: str, title: str) -> Paper:
    """Return a report that says one text everywhere a person may have written one."""
    section = Section("s", title, [Column("a", title, rule=name)], [{"a": name}], note=name)
    return samples.paper(section, title=title, site=name, filters={title: name}, rules={}, warnings=[name])


@given(TEXT, TEXT)
def test_no_text_leaves_its_place(name: str, title: str) -> None:
    found = seen(named(name, title))
    assert found.tags == seen(named("x", "t")).tags
    assert found.cells[-1] == [clean(name)]
