"""The copy of a store that is kept before a newer ccops changes its schema."""

import os
import re
import sqlite3
from pathlib import Path
from typing import Final

KEPT: Final = 3
"""Copies that are kept; older ones are removed."""
_NAME: Final = re.compile(r"\.before-schema(\d+)\Z")


def copies(path: Path) -> list[Path]:
    """Return the copies beside a store, the oldest schema first."""
    found = [(int(match[1]), item) for item in path.parent.glob(f"{path.name}.before-schema*")
             if (match := _NAME.search(item.name)) and item.name == f"{path.name}{match[0]}"]  # fmt: skip
    return [item for _schema, item in sorted(found)]


def keep_copy(path: Path, schema: int) -> Path:
    """Copy a store that is about to be brought to `schema`; return where to, `NAME.before-schemaN`.

    The caller holds the right to write, so that nothing is written between copy and change. The copy is whole or not
    there. Raises sqlite3.Error where there is no room: then nothing must be changed either.
    """
    target = path.with_name(f"{path.name}.before-schema{schema}")
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _copy(path, partial)
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    for old in copies(path)[:-KEPT]:
        old.unlink(missing_ok=True)
    return target


def _copy(path: Path, target: Path) -> None:
    # A connection of its own: it sees what was committed, and nothing of the change that is under way.
    source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, easy to carry away
    finally:
        copy.close()
        source.close()
