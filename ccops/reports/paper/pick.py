"""Some columns of a report instead of all, its rows in another order: what somebody asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from ccops.errors import NotFound
from ccops.i18n import _
from ccops.reports.paper.model import Chart, Column, Paper, Row, Section


def picked(paper: Paper, keys: Sequence[str]) -> Paper:
    """Return a paper with only these columns; raises NotFound naming the nearest ones for one that does not exist.

    Sections that have none of them are left out, and so are charts that need another column.
    """
    _check(paper, keys)
    return replace(paper, sections=list(_sections(paper.sections, keys)))


def sorted_by(paper: Paper, text: str) -> Paper:
    """Return a paper with rows sorted by a column, the largest first for -COLUMN, unknown values last.

    Sections without that column stay as they are. Raises NotFound naming the nearest columns.
    """
    key, descending = text.removeprefix("-"), text.startswith("-")
    _check(paper, [key])
    return replace(
        paper,
        sections=[
            replace(section, rows=_in_order(section.rows, key, descending)) if _has(section, key) else section
            for section in paper.sections
        ],
    )


def _in_order(rows: Sequence[Row], key: str, descending: bool) -> list[Row]:
    known = [row for row in rows if row.get(key) is not None]
    known.sort(key=lambda row: _weight(row[key]), reverse=descending)
    return known + [row for row in rows if row.get(key) is None]


def _weight(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold()
    return [_weight(item) for item in value] if isinstance(value, list) else value


def _check(paper: Paper, keys: Sequence[str]) -> None:
    known = list(dict.fromkeys(column.key for section in paper.sections for column in section.columns))
    for key in keys:
        if key not in known:
            error = NotFound(_("field"), key, known)
            error.remedy = f"{error.remedy} {_('Fields: {names}.').format(names=', '.join(known))}".strip()
            raise error


def _sections(sections: Sequence[Section], keys: Sequence[str]) -> Iterator[Section]:
    for section in sections:
        columns = [_plain(section.column(key)) for key in keys if _has(section, key)]
        if columns:
            chart = section.chart if _enough(section.chart, keys) else None
            yield replace(section, columns=columns, chart=chart)


def _plain(column: Column) -> Column:
    return replace(column, extra=False)


def _has(section: Section, key: str) -> bool:
    return any(column.key == key for column in section.columns)


def _enough(chart: Chart | None, keys: Sequence[str]) -> bool:
    return chart is not None and {chart.x, *chart.y, *([chart.by] if chart.by else [])} <= set(keys)
