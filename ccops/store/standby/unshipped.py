"""What a store that was put aside has and the one in its place has not."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from ccops.store.errors import told

_DERIVED: Final = frozenset(
    ("visits", "rings", "sessions", "pauses", "queue_slots", "agent_days", "queues", "agents", "meta")
)
"""Made from log lines, and so counted with them."""
_LINES: Final = """
    SELECT coalesce(sum(max(0, kept.lines - coalesce(now.lines, 0))), 0)
    FROM (SELECT head, max(lines) AS lines FROM kept.files GROUP BY head) AS kept
    LEFT JOIN (SELECT head, max(lines) AS lines FROM main.files GROUP BY head) AS now ON now.head = kept.head
"""


def unshipped(kept: Path, now: Path) -> dict[str, int]:
    """Return how many rows only `kept` has, by table, and how many log lines as `lines`; what is not there is left out.

    Log lines come back from the queue_log; the rest is in the file that was kept and nowhere else.
    """
    with told(kept), closing(sqlite3.connect(f"{now.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("ATTACH ? AS kept", (f"{kept.absolute().as_uri()}?mode=ro",))
        here = _tables(connection, "main")
        found = {"lines": int(connection.execute(_LINES).fetchone()[0])} if "files" in here else {}
        for table in sorted(_tables(connection, "kept") - _DERIVED - {"files", "blocks"}):
            found[table] = _only_there(connection, table, known=table in here)
    return {name: count for name, count in found.items() if count}


def _tables(connection: sqlite3.Connection, schema: str) -> set[str]:
    # Names come from the two schemas, which are ours.
    sql = f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"  # noqa: S608
    return {name for (name,) in connection.execute(sql)}


def _only_there(connection: sqlite3.Connection, table: str, *, known: bool) -> int:
    other = f'EXCEPT SELECT * FROM main."{table}"' if known else ""  # noqa: S608
    sql = f'SELECT count(*) FROM (SELECT * FROM kept."{table}" {other})'  # noqa: S608
    return int(connection.execute(sql).fetchone()[0])
