"""Some columns of a report instead of all, in the order that somebody asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ccops.errors import NotFound
from ccops.i18n import _
from ccops.reports.paper.model import Chart, Column, Paper, Section


def picked(paper: Paper, keys: Sequence[str]) -> Paper:
    """Return a paper with only these columns; raises NotFound naming the nearest ones for one that does not exist.

    Sections that have none of them are left out, and so are charts that need another column.
    """
    known = list(dict.fromkeys(column.key for section in paper.sections for column in section.columns))
    for key in keys:
        if key not in known:
            error = NotFound(_("field"), key, known)
            error.remedy = f"{error.remedy} {_('Fields: {names}.').format(names=', '.join(known))}".strip()
            raise error
    return replace(paper, sections=list(_sections(paper.sections, keys)))


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
