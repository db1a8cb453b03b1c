"""A report as Markdown, for a ticket or a wiki: no cell can become markup."""

from collections.abc import Iterator, Sequence
from typing import Final

from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.paper.about import empty_text, facts, rules, warnings
from ccops.reports.paper.model import Column, Paper, Section
from ccops.reports.paper.values import Writing, texts, total_texts

_ESCAPES: Final = str.maketrans({char: f"\\{char}" for char in "\\`*_[]<>|#~$&!"})


def markdown(paper: Paper) -> str:
    """Return a paper as Markdown with tables (GitHub's way)."""
    return "\n".join(_lines(paper)) + "\n"


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return clean(text).translate(_ESCAPES)


def _lines(paper: Paper) -> Iterator[str]:
    writing = Writing(paper.zone)
    yield f"# {escaped(paper.title)}"
    yield ""
    for fact in facts(paper):
        yield f"- {escaped(fact.title)}: {escaped(fact.text)}"
    for warning in warnings(paper):
        yield f"- **{_('Warning')}:** {escaped(warning)}"
    if paper.empty:
        yield ""
        yield escaped(empty_text(paper))
    for section in paper.sections:
        if section.rows:
            yield from _section(section, writing)
    found = rules(paper)
    if found:
        yield ""
        yield f"## {_('How the figures are worked out')}"
        yield ""
        yield from (f"- {escaped(fact.title)}: {escaped(fact.text)}" for fact in found)


def _section(section: Section, writing: Writing) -> Iterator[str]:
    yield ""
    yield f"## {escaped(section.title)}"
    yield ""
    if section.note:
        yield escaped(section.note)
        yield ""
    columns = section.shown
    yield _row([escaped(column.full_title) for column in columns])
    yield _row(_sides(columns))
    for row in texts(columns, section.rows, writing):
        yield _row([escaped(text) for text in row])
    if section.total is not None:
        total = total_texts(columns, section.total, writing)
        yield _row([f"**{escaped(text)}**" if text else "" for text in total])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _sides(columns: Sequence[Column]) -> list[str]:
    return ["---:" if column.right else "---" for column in columns]
