"""How a store on a disk that has become read-only is opened: SQLite by itself would have to make files beside it."""

import os
from pathlib import Path


def query_of(path: Path, *, read_only: bool) -> str:
    """Return how SQLite is to open a file, as the query of its URI.

    A write-ahead log needs a file of shared memory beside the store, which cannot be made on a read-only disk. Where
    neither is there nobody can be writing, so the store may be read as it lies, without them.
    """
    if not read_only:
        return "mode=rwc"
    beside = [path.with_name(path.name + end) for end in ("-wal", "-shm")]
    return "mode=ro&immutable=1" if _is_still(path) and not any(one.exists() for one in beside) else "mode=ro"


def _is_still(path: Path) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False
