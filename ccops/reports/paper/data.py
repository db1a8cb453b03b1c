"""Papers for programs: JSON, lines of JSON, CSV and TSV.

Bare, they hold the rows of the first section and nothing else, so that a script reads them as any listing. Whole,
they hold every section and say period, zone, filter, rules and generation time too.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from ccops.i18n import _
from ccops.pbx.text import clean, guarded
from ccops.reports.figures import Unit
from ccops.reports.paper.about import empty_text, facts, rules, warnings
from ccops.reports.paper.model import Column, Paper, Section
from ccops.reports.paper.values import local, time_of_day
from ccops.reports.periods import Period

Reader = Callable[[Any], Any]


def value_of(column: Column, zone: ZoneInfo) -> Reader:
    """Return what turns a value of a column into a plain JSON value."""
    read = _PLAIN.get(column.kind)
    if column.kind == "instant":
        read = _instant(zone)
    if read is None:
        return _as_it_is
    known = read
    return lambda value: None if value is None else known(value)


def _as_it_is(value: Any) -> Any:
    return value


def _instant(zone: ZoneInfo) -> Reader:
    return lambda at: local(at, zone).isoformat(timespec="seconds" if at == int(at) else "milliseconds")


def _texts(values: Sequence[Any]) -> list[str]:
    return [clean(str(value)) for value in values]


_PLAIN: Final[dict[str, Reader]] = {
    Unit.SECONDS: lambda value: round(value, 3),
    Unit.RATE: lambda value: round(value, 6),
    "number": lambda value: round(value, 6),
    "text": lambda value: clean(str(value)),
    "phone": lambda value: clean(str(value)),
    "list": _texts,
    "flag": bool,
    "day": lambda value: value.isoformat(),
    "time": time_of_day,
}


def records(section: Section, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """Yield the rows of a section as plain JSON values, with every column."""
    readers = [(column.key, value_of(column, zone)) for column in section.columns]
    for row in section.rows:
        yield {key: read(row.get(key)) for key, read in readers}


def json_text(paper: Paper, *, whole: bool = False, ascii_only: bool = False) -> str:
    """Return a paper as JSON: an array of the first section's rows, or an object with everything."""
    if whole:
        return json.dumps(document(paper), indent=2, ensure_ascii=ascii_only, allow_nan=False) + "\n"
    # A row a line: indented objects are made without the library's encoder in C, and a year has many rows.
    encode = json.JSONEncoder(ensure_ascii=ascii_only, allow_nan=False).encode
    rows = ",\n".join(f"  {encode(row)}" for row in _first(paper))
    return f"[\n{rows}\n]\n" if rows else "[]\n"


def json_lines(paper: Paper, *, whole: bool = False, ascii_only: bool = False) -> str:
    """Return a paper as one object a line; whole, the first line is about the paper and rows name their section."""
    if not whole:
        lines: Iterator[Any] = _first(paper)
    else:
        lines = _whole_lines(paper)
    return "".join(json.dumps(line, ensure_ascii=ascii_only, allow_nan=False) + "\n" for line in lines)


def document(paper: Paper) -> dict[str, Any]:
    """Return everything that a paper says as plain JSON values."""
    return {**about(paper), "sections": [_section(section, paper.zone) for section in paper.sections]}


def about(paper: Paper) -> dict[str, Any]:
    """Return what a paper says beside its rows."""
    return {
        "report": paper.name,
        "title": clean(paper.title),
        "site": clean(paper.site),
        "zone": paper.zone.key,
        "period": _period(paper.period, paper.zone),
        "compared_with": _period(paper.compared_with, paper.zone),
        "filters": {title: clean(value) for title, value in paper.filters.items()},
        "rules": paper.all_rules(),
        "generated_at": local(round(paper.generated_at), paper.zone).isoformat(),
        "warnings": warnings(paper),
    }


def _whole_lines(paper: Paper) -> Iterator[dict[str, Any]]:
    yield about(paper)
    for section in paper.sections:
        for record in records(section, paper.zone):
            yield {"section": section.name, **record}


def _section(section: Section, zone: ZoneInfo) -> dict[str, Any]:
    readers = {column.key: value_of(column, zone) for column in section.columns}
    total = section.total
    return {
        "name": section.name,
        "title": section.title,
        "note": section.note or None,
        "columns": [{"key": column.key, "title": column.full_title, "kind": column.kind} for column in section.columns],
        "rows": list(records(section, zone)),
        "total": None if total is None else {key: readers[key](total[key]) for key in readers if key in total},
    }


def _period(period: Period | None, zone: ZoneInfo) -> dict[str, str] | None:
    if period is None:
        return None
    return {"from": local(period.start, zone).isoformat(), "to": local(period.end, zone).isoformat()}


def _first(paper: Paper) -> Iterator[dict[str, Any]]:
    return records(paper.sections[0], paper.zone) if paper.sections else iter(())


def delimited(paper: Paper, *, tabs: bool = False, whole: bool = False, header: bool = True) -> str:
    """Return a paper as CSV (RFC 4180, line feeds) or TSV; no cell can become a formula.

    Whole, lines that begin with # say what a bare table cannot, and sections follow each other after an empty line.
    """
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t" if tabs else ",", lineterminator="\n")
    if whole:
        writer.writerows(_preface(paper))
    for number, section in enumerate(paper.sections if whole else paper.sections[:1]):
        if whole:
            writer.writerows([*([[]] if number else []), [f"# {clean(section.title)}"]])
        writer.writerows(_table(section, paper.zone, header))
    return text.getvalue()


def _preface(paper: Paper) -> Iterator[list[str]]:
    yield [f"# {clean(paper.title)}"]
    for fact in [*facts(paper), *rules(paper)]:
        yield [f"# {fact.title}: {fact.text}"]
    for warning in warnings(paper):
        yield [f"# {_('Warning')}: {warning}"]
    if paper.empty:
        yield [f"# {empty_text(paper)}"]


def _table(section: Section, zone: ZoneInfo, header: bool) -> Iterator[list[str]]:
    readers = [(column.key, value_of(column, zone)) for column in section.columns]
    if header:
        yield [column.key for column in section.columns]
    for row in section.rows:
        yield [cell(read(row.get(key))) for key, read in readers]


def cell(value: Any) -> str:
    """Return a plain value as the text of a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return guarded(";".join(value) if isinstance(value, list) else str(value))
