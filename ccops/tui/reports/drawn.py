"""A paper as the console shows it: texts and values of its rows, charts as lines, and what stands around them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from ccops.reports.paper.about import empty_text, facts, rules, warnings
from ccops.reports.paper.model import Column, Paper, Section
from ccops.reports.paper.terminal import Look
from ccops.reports.paper.values import Writing, texts, total_texts
from ccops.tui.reports.errands import MOST_ROWS, Canvas, Document, Heading, Line, Sheet, Value

_BRIEF = ("period", "compared_with", "filter")
"""Facts that stand above the table; where the report was made is known there."""


def document_of(paper: Paper, canvas: Canvas, names: Mapping[str, str]) -> Document:
    """Return a paper to be shown; `names` are the names that files of it would have."""
    told = facts(paper)
    return Document(
        title=paper.title,
        facts=[
            (fact.title, fact.text) for fact in told if fact.key in _BRIEF and (fact.key != "filter" or paper.filters)
        ],
        about=[(fact.title, fact.text) for fact in told],
        sheets=[sheet_of(section, writing_of(paper, canvas), canvas) for section in paper.sections],
        rules=[(rule.title, rule.text) for rule in rules(paper)],
        warnings=warnings(paper),
        names=names,
        empty=empty_text(paper) if paper.empty else "",
    )


def writing_of(paper: Paper, canvas: Canvas) -> Writing:
    """Return how values are written."""
    return Writing.plain(paper.zone) if canvas.ascii else Writing(paper.zone)


def sheet_of(section: Section, writing: Writing, canvas: Canvas) -> Sheet:
    """Return a section to be shown: as many rows as a person scrolls through, its chart over all of them."""
    columns = section.shown
    return Sheet(
        name=section.name,
        title=section.title,
        headings=[Heading.of(column) for column in columns],
        lines=lines_of(columns, section.rows[:MOST_ROWS], writing),
        total=_total(columns, section, writing),
        note=section.note,
        count=len(section.rows),
        drawing=drawing(section, writing, canvas),
    )


def lines_of(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], writing: Writing) -> list[Line]:
    """Return rows as texts and values."""
    written = texts(columns, rows, writing)
    return [Line(index, tuple(written[index]), _values(columns, row)) for index, row in enumerate(rows)]


def _values(columns: Sequence[Column], row: Mapping[str, Any]) -> tuple[Value, ...]:
    return tuple(_sortable(row.get(column.key)) for column in columns)


def _sortable(value: Any) -> Value:
    if isinstance(value, list | tuple):
        return tuple(value)
    if isinstance(value, date):
        return value.isoformat()
    return value  # type: ignore[no-any-return]


def _total(columns: Sequence[Column], section: Section, writing: Writing) -> Line | None:
    if section.total is None or not section.rows:
        return None
    written = total_texts(columns, section.total, writing)
    return Line(-1, tuple(written), _values(columns, section.total))


def drawing_of(paper: Paper, section: str, canvas: Canvas) -> list[str]:
    """Return the chart of one section as lines."""
    found = next(one for one in paper.sections if one.name == section)
    return drawing(found, writing_of(paper, canvas), canvas)


def drawing(section: Section, writing: Writing, canvas: Canvas) -> list[str]:
    """Return a section's chart as lines, with the colours of a terminal; no lines where it has none."""
    if section.chart is None or not section.rows:
        return []
    from ccops.reports.paper.termcharts import chart_lines

    look = Look(canvas.width, colour=canvas.colour, ascii_only=canvas.ascii)
    return list(_plain(chart_lines(section, section.chart, writing, look), canvas))


def _plain(lines: Sequence[str], canvas: Canvas) -> Iterator[str]:
    for line in lines:
        text = line.rstrip()
        yield text.translate(_ASCII) if canvas.ascii else text


_ASCII = str.maketrans({"–": "-", "−": "-", "·": "-", "…": "~", "≤": "<=", "≥": ">="})
