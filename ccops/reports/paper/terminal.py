"""A report on the terminal: charts of characters, aligned tables, panels where the terminal is narrow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.paper.about import Fact, empty_text, facts, rules, warnings
from ccops.reports.paper.compare import is_before, tone
from ccops.reports.paper.model import Column, Paper, Row, Section
from ccops.reports.paper.panels import balanced
from ccops.reports.paper.termcells import cells, fit, laid_out, pad, words_in
from ccops.reports.paper.values import Writing, texts, total_texts

_GAP: Final = "  "
_CUT: Final = ("text", "list", "phone")
"""Kinds that are cut where a terminal is narrow; half an instant would say something else."""
_RESET: Final = "\x1b[0m"
_TONES: Final = {
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "good": "\x1b[32m",
    "bad": "\x1b[31m",
    "warn": "\x1b[33m",
    "accent": "\x1b[36m",
}
_ASCII: Final = str.maketrans({"–": "-", "−": "-", "·": "-", "…": "...", "≤": "<=", "≥": ">=", "“": '"', "”": '"'})


@dataclass(slots=True, frozen=True)
class Look:
    """What the reader's terminal can show; a file or a pipe has no width and no colours."""

    width: int | None = None
    colour: bool = False
    ascii_only: bool = False
    charts: bool = True

    def toned(self, text: str, tone: str) -> str:
        """Return a text in a colour, where there are colours."""
        return f"{_TONES[tone]}{text}{_RESET}" if tone and self.colour and text.strip() else text

    @property
    def cut(self) -> str:
        """Mark of text that was cut."""
        return "..." if self.ascii_only else "…"


def terminal(paper: Paper, look: Look) -> str:
    """Return a paper as lines of text."""
    text = "".join(f"{line.rstrip()}\n" for line in _lines(paper, look))
    return text.translate(_ASCII) if look.ascii_only else text


def _lines(paper: Paper, look: Look) -> Iterator[str]:
    writing = Writing.plain(paper.zone) if look.ascii_only else Writing(paper.zone)
    yield look.toned(clean(paper.title), "bold")
    yield from _facts(facts(paper), look)
    for warning in warnings(paper):
        mark = _("Warning: {text}").format(text=warning)
        yield from (look.toned(line, "warn") for line in _folded(mark, look.width))
    if paper.empty:
        yield ""
        yield from _folded(empty_text(paper), look.width)
    for section in paper.sections:
        if section.rows:
            yield from _section(section, writing, look)
    found = rules(paper, rates_only=True)
    if found:
        yield ""
        yield from _facts(found, look)


def _facts(found: Sequence[Fact], look: Look) -> Iterator[str]:
    names = max(cells(fact.title) for fact in found)
    room = None if look.width is None else max(20, look.width - names - len(_GAP))
    for fact in found:
        for number, line in enumerate(_folded(fact.text, room)):
            yield look.toned(pad("" if number else fact.title, names), "dim") + _GAP + line


def _folded(text: str, width: int | None) -> list[str]:
    return [text] if width is None else words_in(text, width)


def _section(section: Section, writing: Writing, look: Look) -> Iterator[str]:
    yield ""
    yield look.toned(clean(section.title), "bold")
    if section.note:
        yield from (look.toned(line, "dim") for line in _folded(clean(section.note), look.width))
    if look.charts and section.chart is not None:
        from ccops.reports.paper.termcharts import chart_lines, shows_all

        drawn = chart_lines(section, section.chart, writing, look)
        yield from drawn
        if drawn and shows_all(section, section.chart, writing, look):
            return
        if drawn:
            yield ""
    yield from table_lines(section, writing, look)


def table_lines(section: Section, writing: Writing, look: Look) -> Iterator[str]:
    """Yield a section's table: one panel below the other where the terminal is too narrow for all columns."""
    grid = _Grid.of(section, writing, look)
    parts = [list(range(len(grid.columns)))]
    if look.width is not None:
        parts = balanced(grid.columns, grid.widths, look.width, len(_GAP))
    for number, part in enumerate(parts):
        if number:
            yield ""
        yield from grid.lines(part, look)


@dataclass(slots=True)
class _Grid:
    """A table as texts, measured."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    texts: list[list[str]]
    widths: list[int]
    total: list[str] | None

    @classmethod
    def of(cls, section: Section, writing: Writing, look: Look) -> "_Grid":
        columns = section.shown
        rows = texts(columns, section.rows, writing)
        total = None if section.total is None else total_texts(columns, section.total, writing)
        every = [*rows, total] if total else rows
        most = None if look.width is None else max(12, look.width // 3)
        widths = []
        for index, column in enumerate(columns):
            # Headings wrap rather than widen a column.
            words = max((cells(word) for word in clean(column.title).split()), default=0)
            width = max(words, *map(cells, {row[index] for row in every})) if every else words
            widths.append(min(width, most) if most is not None and column.kind in _CUT else width)
        return cls(columns, section.rows, rows, widths, total)

    def lines(self, part: Sequence[int], look: Look) -> Iterator[str]:
        """Yield headings, rows and total of some columns."""
        yield from (look.toned(line, "bold") for line in [*self._groups(part, look), *self._heads(part, look)])
        laid = [(index, laid_out(self.widths[index], look.cut, right=self.columns[index].right)) for index in part]
        for row, found in zip(self.rows, self.texts, strict=True):
            texts_laid = [cell(found[index]) for index, cell in laid]
            yield _GAP.join(self._toned(part, texts_laid, row, look) if look.colour else texts_laid)
        if self.total is not None:
            yield look.toned(_GAP.join(cell(self.total[index]) for index, cell in laid), "bold")

    def _heads(self, part: Sequence[int], look: Look) -> list[str]:
        heads = [
            ([fit(line, width, look.cut) for line in words_in(clean(column.title), width)], width, column.right)
            for column, width in ((self.columns[index], self.widths[index]) for index in part)
        ]
        return _stacked(heads)

    def _groups(self, part: Sequence[int], look: Look) -> list[str]:
        """Return the lines over the headings that name groups of columns."""
        if not any(self.columns[index].group for index in part):
            return []
        heads = []
        for name, members in groupby(part, lambda index: self.columns[index].group):
            widths = [self.widths[index] for index in members]
            span = sum(widths) + len(_GAP) * (len(widths) - 1)
            lines = [fit(line, span, look.cut) for line in words_in(clean(name), span)]
            heads.append((lines, span, bool(name)))
        return _stacked(heads)

    def _toned(self, part: Sequence[int], laid: Sequence[str], row: Row, look: Look) -> Iterator[str]:
        for index, text in zip(part, laid, strict=True):
            column = self.columns[index]
            yield look.toned(text, "dim" if is_before(column.key) else tone(column, row.get(column.key)))


_Head = tuple[list[str], int, bool]
"""Lines of a heading, its width, and whether it stands flush right."""


def _stacked(heads: Sequence[_Head]) -> list[str]:
    """Return headings side by side, standing on one base line."""
    high = max(len(lines) for lines, _width, _right in heads)
    stacked = []
    for level in range(high):
        line = []
        for lines, width, right in heads:
            number = level - (high - len(lines))
            line.append(pad(lines[number] if number >= 0 else "", width, right=right))
        stacked.append(_GAP.join(line))
    return stacked
