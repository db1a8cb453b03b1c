"""A queue_log table that was exported: a CSV with a header, or a dump of MySQL or PostgreSQL."""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO, cast

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.reports.ingest.table import Mark, Row, columns_of
from ccops.store.sources import opened

_NAME = r"[`\"\[]?(?:\w+[`\"\]]?\.[`\"\[]?)?{table}[`\"\]]?"
_COLUMN_TYPES = re.compile(r"^\s*[`\"\[]?(\w+)[`\"\]]?\s+\w+", re.MULTILINE)
_NO_COLUMNS = frozenset({"primary", "key", "unique", "constraint", "index", "foreign", "check", "fulltext"})
_STRING = re.compile(r"[eE]?'((?:[^'\\]|\\.|'')*)'", re.DOTALL)
_PLAIN = re.compile(r"[^,()'\s]+")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "b": "\b", "Z": "\x1a"}
_LOOKED_AT = 1 << 16


class ExportedTable:
    """One file; its rows are in the order in which it holds them, by id where they have one."""

    def __init__(self, path: Path | None, table: str = "queue_log") -> None:
        """None is standard input."""
        self._path, self.name = path, table

    def going_by(self, mark: Mark) -> Mark:
        """Return the mark: a file does not tell whether its table was emptied meanwhile."""
        return mark

    def rows(self, mark: Mark | None) -> Iterator[Row]:
        """Yield all rows: which of them are new is for the caller to tell."""
        with self._text() as text:
            begin = text.read(_LOOKED_AT)
            if not begin:
                return
            stream = _Rejoined(begin, text)
            if re.search(r"(?im)^\s*(INSERT\s+INTO|CREATE\s+TABLE|COPY\s+\S+.*FROM\s+stdin)", begin):
                yield from self._dump(stream)
            else:
                yield from self._csv(stream, begin)

    @contextmanager
    def _text(self) -> Iterator[TextIO]:
        with opened(self._path) as source:
            text = TextIOWrapper(cast("Any", source.stream), "utf-8", "replace", newline="")
            try:
                yield text
            finally:
                text.detach()

    def _csv(self, stream: "_Rejoined", begin: str) -> Iterator[Row]:
        header = begin.partition("\n")[0]
        csv.field_size_limit(1 << 20)
        reader = csv.reader((line.replace("\0", "") for line in stream), delimiter=max(",;\t", key=header.count))
        first = next(reader, None)
        if first is None:
            return
        names = [name.strip().strip("\ufeff") for name in first]
        columns = columns_of(names, self.name)
        places = {meaning: names.index(name) for meaning, name in columns.items()}
        for row in reader:
            if row:
                yield {meaning: row[place] if place < len(row) else None for meaning, place in places.items()}

    def _dump(self, stream: "_Rejoined") -> Iterator[Row]:
        name = _NAME.format(table=re.escape(self.name.rpartition(".")[2]))
        insert = re.compile(rf"(?is)INSERT\s+(?:IGNORE\s+)?INTO\s+{name}\s*(?:\(([^)]*)\))?\s*VALUES")
        copy = re.compile(rf"(?i)COPY\s+{name}\s*\(([^)]*)\)\s+FROM\s+stdin")
        create = re.compile(rf"(?is)CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{name}\s*\((.*)\)")
        declared: list[str] = []
        found = False
        for statement in _statements(stream):
            if match := create.search(statement):
                declared = [one for one in _COLUMN_TYPES.findall(match[1]) if one.casefold() not in _NO_COLUMNS]
            elif match := insert.search(statement):
                columns, found = self._named(_names(match[1]) or declared), True
                yield from _of_values(columns, statement[match.end() :])
            elif match := copy.search(statement):
                columns, found = self._named(_names(match[1])), True
                yield from _of_copy(columns, stream)
        if not found and not declared:
            message = _("There are no rows of a table “{table}” in the dump.").format(table=self.name)
            raise UsageProblem(message, remedy=_("Name the table: --table-name NAME."))

    def _named(self, names: list[str]) -> dict[int, str]:
        """Return what each place of a row means."""
        columns = columns_of(names, self.name)
        return {names.index(name): meaning for meaning, name in columns.items()}


class _Rejoined:
    """Lines of a text whose beginning is read already."""

    def __init__(self, begin: str, text: TextIO) -> None:
        self._lines = _lines(begin, text)

    def __iter__(self) -> Iterator[str]:
        return self._lines


def _lines(begin: str, text: TextIO) -> Iterator[str]:
    *whole, rest = begin.splitlines(keepends=True) or [""]
    yield from whole
    yield rest if rest.endswith("\n") else rest + text.readline()
    yield from text


def _statements(stream: _Rejoined) -> Iterator[str]:
    """Yield statement after statement; one ends with the line that ends with a semicolon outside of a string."""
    held: list[str] = []
    quotes = 0
    for line in stream:
        if not held and (not line.strip() or line.startswith(("--", "/*", "\\"))):
            continue
        held.append(line)
        quotes += _STRING.sub("", line).count("'")
        if line.rstrip().endswith(";") and quotes % 2 == 0:
            yield "".join(held)
            held, quotes = [], 0


def _names(text: str | None) -> list[str]:
    return [name.strip(' \t\r\n`"[]') for name in text.split(",")] if text else []


def _of_values(columns: dict[int, str], text: str) -> Iterator[Row]:
    """Yield the rows of `(1,'a'),(2,'b');`."""
    place, values = 0, list[str | None]()
    while place < len(text):
        sign = text[place]
        if sign == "'" or text[place : place + 2] in ("E'", "e'"):
            match = _STRING.match(text, place)
            if match is None:
                raise _broken(text[place : place + 40])
            values.append(_unescaped(match[1]))
            place = match.end()
        elif sign == ")":
            yield {meaning: values[at] if at < len(values) else None for at, meaning in columns.items()}
            values, place = [], place + 1
        elif sign in "(,; \t\r\n":
            place += 1
        elif match := _PLAIN.match(text, place):
            values.append(None if match[0].upper() == "NULL" else match[0])
            place = match.end()
        else:
            raise _broken(text[place : place + 40])


def _broken(text: str) -> UsageProblem:
    return UsageProblem(_("The dump cannot be read at “{text}”.").format(text=text), remedy=_("Is it whole?"))


def _unescaped(text: str) -> str:
    if "\\" not in text and "''" not in text:
        return text
    return re.sub(
        r"\\(.)|''", lambda found: _ESCAPES.get(found[1], found[1]) if found[1] else "'", text, flags=re.DOTALL
    )


def _of_copy(columns: dict[int, str], stream: _Rejoined) -> Iterator[Row]:
    """Yield the rows of a COPY of PostgreSQL: tabs between fields, up to a line with a backslash and a dot."""
    for line in stream:
        text = line.rstrip("\r\n")
        if text == "\\.":
            return
        values = [None if value == "\\N" else _unescaped(value) for value in text.split("\t")]
        yield {meaning: values[at] if at < len(values) else None for at, meaning in columns.items()}
