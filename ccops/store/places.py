"""Reads of where lines stand: the path of each file, and the number of the line at a byte."""

from collections.abc import Iterable

from ccops.store.database import Database
from ccops.store.raw import unpack

Place = tuple[int, int]
"""File and byte offset."""


def paths(database: Database) -> dict[int, str]:
    """Return the path of every file by its number."""
    return dict(database.rows("SELECT id, path FROM files"))


def line_numbers(database: Database, places: Iterable[Place]) -> dict[Place, int]:
    """Return the number, from 1, of the line that begins at each place that the store holds; each block read once."""
    found: dict[Place, int] = {}
    block: tuple[int, int, int] = (0, 0, 0)
    data, line, at = b"", 0, 0
    for file, offset in sorted(set(places)):
        if file != block[0] or not block[1] <= offset < block[2]:
            rows = database.rows(
                """SELECT start, end, first_line, packed, data FROM blocks
                   WHERE file = ? AND start <= ? ORDER BY start DESC LIMIT 1""",
                (file, offset),
            )
            if not rows or rows[0][1] <= offset:
                continue
            start, end, line, packed, stored = rows[0]
            block, data, at = (file, start, end), unpack(packed, stored), 0
        here = offset - block[1]
        line += data.count(b"\n", at, here)
        at = here
        found[file, offset] = line
    return found
