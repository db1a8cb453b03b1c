"""Reads the log lines that could not be understood, with the reason and where they stand."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from ccops.store.database import Database
from ccops.store.raw import data_of


class BadRow(NamedTuple):
    """A line in quarantine."""

    path: str
    line: int | None
    """Counted from 1; None for a line too long to be kept, whose number is not known."""
    offset: int
    """Byte in the uncompressed file at which it begins."""
    reason: str
    text: bytes
    """Its beginning."""
    added_at: int
    """When it was taken in, epoch seconds."""


_SQL = """SELECT q.file, b.start, b.first_line, f.path, q.offset, q.reason, q.line, q.added_at
          FROM quarantine q JOIN files f ON f.id = q.file
          LEFT JOIN blocks b ON b.file = q.file
            AND b.start = (SELECT max(start) FROM blocks WHERE file = q.file AND start <= q.offset)
            AND b.end > q.offset
          WHERE f.site = ? ORDER BY q.added_at, q.file, q.offset"""


def bad_lines(database: Database, site: int = 1) -> Iterator[BadRow]:
    """Yield the lines in quarantine in the order in which they came in."""
    rows = database.rows(_SQL, (site,))
    # Many bad lines mostly stand close together: each block is unpacked once for all of its own.
    for (file, start), some in groupby(rows, key=lambda row: (row[0], row[1])):
        data = b"" if start is None else data_of(database, file, start)
        for _file, _start, first_line, path, offset, reason, text, added_at in some:
            line = None if start is None else first_line + data.count(b"\n", 0, offset - start)
            yield BadRow(path, line, offset, reason, text, added_at)
