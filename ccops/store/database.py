"""Opens the store: pragmas, migrations, transactions, check, backup and restore."""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from ccops.errors import PermissionRefused, UsageProblem
from ccops.i18n import _
from ccops.store.copying import copy_to, is_as_written, put_away, sum_of
from ccops.store.errors import StoreDamaged, StoreError, StoreNewer, told, unwritten
from ccops.store.schema import APPLICATION_ID, LATER_INDEXES, MIGRATIONS, VERSION
from ccops.store.standby.role import Guard, refuse_unless_mine, role_of
from ccops.store.still import query_of
from ccops.store.upgrade import keep_copy

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another process's short transaction."""
_PAGE = 8192
_CACHE_KB = 32_768


class Database:
    """One connection to the store."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """Made by `open_store`."""
        self.path = path
        self.connection = connection
        self._guard = Guard(path)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run a block as one transaction that is on disk when the block is left; undone where it raises.

        Takes the right to write at once: a read that turned into a write could fail however long one waits. Raises
        `StoreFenced` where another machine has taken the store over meanwhile.
        """
        with told(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                self._guard.check()
                yield self.connection
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Read in a block that sees one state throughout, whatever is written meanwhile."""
        with told(self.path):
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows of a query as tuples."""
        with told(self.path):
            return self.connection.execute(sql, parameters).fetchall()

    def meta(self, key: str) -> str | None:
        """Return a value kept beside the data."""
        found = self.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(found[0][0]) if found else None

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def open_store(path: Path, *, read_only: bool = False, older: bool = False) -> Database:
    """Open the store at `path`; made where it does not exist, brought up to date where it is older.

    One that is brought up to date is copied before (`ccops.store.upgrade`); `older` opens it read-only as it is.
    Read-only never makes or changes one: raises `UsageProblem` where there is none. Raises `StoreNewer` for a
    schema of a later ccops, `StoreDamaged` for a file that is no store, `StoreFenced` where another machine writes it,
    `PermissionRefused` where its folder does not let us look, `StoreError` where it cannot be opened.
    """
    _refuse_unseen(path)
    if path.is_dir():
        raise UsageProblem(_("“{path}” is a directory, not a store.").format(path=path))
    if read_only and not path.exists():
        raise _none_yet(path)
    if path.with_name(path.name + "-journal").exists():
        from ccops.store.standby.patch import undone

        undone(path)
    if not read_only:
        refuse_unless_mine(path)
        _make_folder(path.parent)
        _make_file(path)
    with told(path):
        uri = f"{path.absolute().as_uri()}?{query_of(path, read_only=read_only)}"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None)
        try:
            _prepare(path, connection, read_only, older)
        except BaseException:
            connection.close()
            raise
    return Database(path, connection)


def _refuse_unseen(path: Path) -> None:
    """Say who may, where the store stands in a folder of somebody else: that of the daemon, usually."""
    try:
        path.stat()
    except PermissionError:
        raise PermissionRefused(
            _("You may not read the store {path}.").format(path=path),
            remedy=_(
                "Run this as its owner (sudo -u ccops ccops …), or ask to be put into the group that may read it."
            ),
        ) from None
    except OSError:
        return  # what that means is told by who opens it


def _none_yet(path: Path) -> UsageProblem:
    return UsageProblem(
        _("There is no store at “{path}” yet.").format(path=path),
        remedy=_("`ccops ingest queue-log PATH` makes it from the queue_log."),
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _unmade(folder, problem) from problem


def _make_file(path: Path) -> None:
    try:
        if not path.exists():
            # Callers' numbers stand in it, and who listened to whom: for its owner alone.
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as problem:
        raise _unmade(path, problem) from problem


def _unmade(path: Path, problem: OSError) -> StoreError:
    message = _("The store “{path}” cannot be made: {reason}.").format(path=path, reason=problem.strerror)
    return StoreError(message, remedy=_("Check the path and the rights on its folder."))


def _prepare(path: Path, connection: sqlite3.Connection, read_only: bool, older: bool) -> None:
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    version = _version(path, connection)
    if read_only:
        if version == 0:  # whoever was making it was stopped, or had no room
            raise _none_yet(path)
        if version < VERSION and not older:
            message = _("The store “{path}” is of an older ccops.").format(path=path)
            raise StoreError(message, remedy=_("Any command that writes, e.g. `ccops ingest`, brings it up to date."))
        return
    refuse_unless_mine(path, connection)
    if version == 0:
        connection.execute(f"PRAGMA page_size = {_PAGE}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if version < VERSION:
        _migrate(path, connection)


def _version(path: Path, connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION_ID and not (empty and version == 0 and application == 0):
        message = _("“{path}” is a database of another program.").format(path=path)
        raise StoreDamaged(message, remedy=_("Name another file for the store."))
    if version > VERSION:
        raise StoreNewer(
            _("The store “{path}” was written by a newer ccops (schema {theirs}, this one knows {ours}).").format(
                path=path, theirs=version, ours=VERSION
            ),
            remedy=_("Install that version, or restore a backup from before it."),
        )
    return version


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have done it while this one waited.
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if 0 < version < VERSION:
            keep_copy(path, VERSION)
        for step in MIGRATIONS[version:]:
            for statement in _statements(step):
                connection.execute(statement)
        if version < VERSION:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk ends it by itself
            connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script one by one: running it whole would commit in between."""
    pending = ""
    for line in script.splitlines():
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


def drop_later_indexes(connection: sqlite3.Connection) -> None:
    """Drop the indexes that a large import makes at its end."""
    for name in LATER_INDEXES:
        connection.execute(f"DROP INDEX IF EXISTS {name}")


def make_later_indexes(database: Database, only: Iterable[str] = LATER_INDEXES) -> None:
    """Make those of them that are missing, be it that an import was killed before its end."""
    names = [row[0] for row in database.rows("SELECT name FROM sqlite_master WHERE type = 'index'")]
    missing = [LATER_INDEXES[name] for name in only if name not in names]
    if missing:
        with database.write() as connection:
            for sql in missing:
                connection.execute(sql)


def check(path: Path) -> list[str]:
    """Return what is wrong with a store, in the reader's language; empty where nothing is.

    Reads every page. Beside SQLite's own check: every raw block unpacks to what its digest says, blocks follow one
    another, the audit's chain is whole, and a backup has the sum that stands beside it.
    """
    from ccops.store.audit import first_broken
    from ccops.store.raw import broken_blocks

    written = is_as_written(path)  # before SQLite has locks on it, which reading it like this would give away
    with open_store(path, read_only=True, older=True) as database:
        if not written:
            return [_("It was changed after it was written, as {sum} shows.").format(sum=sum_of(path))]
        found = [str(row[0]) for row in database.rows("PRAGMA integrity_check") if row[0] != "ok"]
        found += [str(row) for row in database.rows("PRAGMA foreign_key_check")]
        if found:
            return found
        found = broken_blocks(database)
        broken = first_broken(database)
        if broken is not None:
            found.append(_("The audit's chain is broken at row {number}.").format(number=broken))
        return found


def backup(path: Path, target: Path) -> None:
    """Write a whole copy of a store, also while it is written to; `target` must not exist."""
    if target.exists():
        message = _("“{path}” exists already.").format(path=target)
        raise UsageProblem(message, remedy=_("Name a file that does not exist."))
    _make_folder(target.parent)
    with open_store(path, read_only=True, older=True) as database, told(target):
        try:
            copy_to(database.connection, target)
        except OSError as problem:
            raise unwritten(target, problem) from problem
    put_away(path)


def restore(path: Path, source: Path) -> Path | None:
    """Put a backup in the place of a store; return where what stood there is kept, beside it.

    Refuses a backup that does not pass `check`, and a store that somebody is writing, or another machine of its pair.
    What stands there afterwards is what this machine is: the writer of its pair, or of none.
    """
    refuse_unless_mine(path)
    problems = check(source)
    if problems:
        message = _("The backup “{path}” is damaged: {reason}.").format(path=source, reason=problems[0])
        raise StoreDamaged(message, remedy=_("Use another backup."))
    from ccops.store.lock import writer_lock
    from ccops.store.standby.place import adopted

    with writer_lock(path):
        fresh = path.with_name(path.name + ".restoring")
        fresh.unlink(missing_ok=True)
        backup(source, fresh)
        adopted(fresh, role_of(path))
        kept = _kept(path) if path.exists() else None
        for suffix in ("-wal", "-shm"):  # of a store that is gone: it must not be taken for this one's
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        os.replace(fresh, path)
    open_store(path).close()
    return kept


def _free_name(path: Path) -> Path:
    """Return the name under which a store is kept: a second restore must not overwrite what the first put aside."""
    name = f"{path.name}.before-restore"
    names = (path.with_name(f"{name}-{number}" if number > 1 else name) for number in count(1))
    return next(kept for kept in names if not kept.exists())


def _kept(path: Path) -> Path:
    """Give a store that is about to be replaced a second name, with what could not be brought into it; return it."""
    _settle(path)
    kept = _free_name(path)
    try:
        os.link(path, kept)  # so that at no moment there is no store
    except OSError:  # a disk that knows no links
        os.replace(path, kept)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            os.replace(beside, kept.with_name(kept.name + suffix))
    return kept


def _settle(path: Path) -> None:
    """Bring everything from the write-ahead log into the file itself."""
    try:
        with open_store(path) as database, told(path):
            database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except (StoreDamaged, StoreNewer):
        return  # it is replaced because it is of no use; it is kept as it is
