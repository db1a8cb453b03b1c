"""Writes records as JSON, lines of JSON, CSV, TSV or Markdown; a caller's text stays text."""

import json
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, Final

from ccops.cmd.columns import Column, Record
from ccops.pbx.text import clean, guarded


class Format(StrEnum):
    """The forms that every listing can be printed in."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    MD = "md"


_MARKDOWN: Final = str.maketrans({char: f"\\{char}" for char in "\\`*[]<>|#~"})


def cleaned(value: Any) -> Any:
    """Return a value in which every text is harmless."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: cleaned(item) for key, item in value.items()}
    return [cleaned(item) for item in value] if isinstance(value, list | tuple) else value


def json_text(value: Any, *, ascii_only: bool = False) -> str:
    """Return a listing or one thing as JSON, indented."""
    return json.dumps(cleaned(value), indent=2, ensure_ascii=ascii_only, allow_nan=False) + "\n"


def json_line(value: Any, *, ascii_only: bool = False) -> str:
    """Return one thing as one line of JSON."""
    return json.dumps(cleaned(value), ensure_ascii=ascii_only, allow_nan=False) + "\n"


def scalar(value: Any) -> str:
    """Return a value as the text of one cell: numbers as they are, lists with semicolons, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return ";".join(clean(item) for item in value)
        return json.dumps(cleaned(value), ensure_ascii=False)
    if isinstance(value, dict):
        return json.dumps(cleaned(value), ensure_ascii=False)
    return clean(str(value))


def _cell(value: Any) -> str:
    """Return the text of a cell that no spreadsheet takes for a formula."""
    text = scalar(value)
    return guarded(text) if isinstance(value, str | list) else text


def delimited(columns: Sequence[Column], records: Iterable[Record], *, tabs: bool, header: bool) -> str:
    """Return records as CSV (RFC 4180) or, with tabs, as TSV."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t" if tabs else ",", lineterminator="\n")
    if header:
        writer.writerow([column.name for column in columns])
    writer.writerows([_cell(record.get(column.name)) for column in columns] for record in records)
    return text.getvalue()


def markdown(columns: Sequence[Column], records: Iterable[Record], *, header: bool) -> str:
    """Return records as a Markdown table."""
    rule = ["---:" if column.right else "---" for column in columns]
    heads = [[column.name for column in columns], rule] if header else []
    rows = [[scalar(record.get(column.name)).translate(_MARKDOWN) for column in columns] for record in records]
    return "".join(f"| {' | '.join(row)} |\n" for row in [*heads, *rows])


WRITERS: Final[dict[Format, Callable[..., str]]] = {
    Format.CSV: lambda columns, records, header: delimited(columns, records, tabs=False, header=header),
    Format.TSV: lambda columns, records, header: delimited(columns, records, tabs=True, header=header),
    Format.MD: lambda columns, records, header: markdown(columns, records, header=header),
}
