"""Takes raw log lines from an instant on out of a store, so that history can be derived as it was known then."""

from sqlite3 import Connection

from ccops.pbx.queue_log.files import Block, stamp_of
from ccops.store import derived, raw
from ccops.store.database import Database


def cut(database: Database, until: float) -> int:
    """Remove from every file the first line stamped `until` (epoch seconds) or later and all that follow it.

    Return how many lines went. What is derived is out of date then: whoever writes next makes it anew.
    """
    gone = 0
    with database.write() as connection:
        for (file,) in database.rows("SELECT id FROM files ORDER BY id"):
            place = _first_from(database, file, until)
            if place is not None:
                gone += _cut_file(database, connection, file, *place)
        derived.put_meta(connection, "rebuild", 1)
    return gone


def _first_from(database: Database, file: int, until: float) -> tuple[int, int] | None:
    """Return block and byte of the first line of a file that is too late."""
    for block in raw.block_rows(database, file):
        offset = block.start
        for line in raw.data_of(database, file, block.start).splitlines(keepends=True):
            stamp = stamp_of(line)
            if stamp is not None and stamp >= until:
                return block.start, offset
            offset += len(line)
    return None


def _cut_file(database: Database, connection: Connection, file: int, start: int, offset: int) -> int:
    head = raw.data_of(database, file, start)[: offset - start]
    before = database.rows("SELECT lines FROM files WHERE id = ?", (file,))[0][0]
    (first_line,) = database.rows("SELECT first_line FROM blocks WHERE file = ? AND start = ?", (file, start))[0]
    connection.execute("DELETE FROM blocks WHERE file = ? AND start >= ?", (file, start))
    connection.execute("DELETE FROM quarantine WHERE file = ? AND offset >= ?", (file, offset))
    connection.execute("UPDATE files SET size = ?, lines = ? WHERE id = ?", (start, first_line - 1, file))
    if head:
        raw.append(connection, file, [raw.pack(Block(start, head))])
    kept = database.rows("SELECT lines FROM files WHERE id = ?", (file,))[0][0]
    if not database.rows("SELECT 1 FROM blocks WHERE file = ? LIMIT 1", (file,)):
        connection.execute("DELETE FROM quarantine WHERE file = ?", (file,))
        connection.execute("DELETE FROM files WHERE id = ?", (file,))
    return int(before - kept)
