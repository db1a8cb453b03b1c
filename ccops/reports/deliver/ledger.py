"""Remembers what was delivered, so that a job that ran twice delivers once.

A delivery is noted before it begins and again when it is done, each on the disk before the next step. Two runs of one
job wait for each other. What a crash leaves begun is delivered again, by mail under the same identity.
"""

import fcntl
import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final, Protocol

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.reports.deliver.model import DeliveryTimeout, Key
from ccops.store.errors import told

_VERSION: Final = 1
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS deliveries (
    job TEXT NOT NULL,
    occasion TEXT NOT NULL,
    recipient TEXT NOT NULL,
    content TEXT NOT NULL,
    begun_at REAL NOT NULL,
    delivered_at REAL,
    detail TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (job, occasion, recipient, content)
) WITHOUT ROWID
"""


class Ledger(Protocol):
    """What was delivered."""

    def hold(self, job: str) -> AbstractContextManager[None]:
        """Let nobody else run this job meanwhile; raises DeliveryTimeout where somebody does for too long."""
        ...

    def delivered_at(self, key: Key) -> float | None:
        """Return when something was delivered, epoch seconds, or None."""
        ...

    def begin(self, key: Key, at: float) -> None:
        """Note that a delivery begins."""
        ...

    def done(self, key: Key, at: float, detail: str) -> None:
        """Note that it is done."""
        ...

    def forget(self, before: float) -> None:
        """Forget the deliveries that began before a moment, epoch seconds."""
        ...


class FileLedger:
    """A ledger in a file of its own: jobs run beside the daemon, which alone writes the store."""

    def __init__(self, path: Path, *, wait: float = 300.0, sleep: Callable[[float], None] = time.sleep) -> None:
        """`wait` is how long another run of the same job may take, seconds."""
        self.path = path
        self._wait, self._sleep = wait, sleep
        self._make()
        with told(path), self._opened() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise CcopsError(
                    _("“{path}” was written by a newer ccops.").format(path=path), remedy=_("Update ccops.")
                )
            if version < _VERSION:
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _make(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))  # it names people
        except OSError as error:
            raise CcopsError(
                _("The ledger of deliveries, {path}, cannot be opened: {why}.").format(
                    path=self.path, why=error.strerror
                ),
                remedy=_("Check the rights on the store's folder."),
            ) from None

    @contextmanager
    def hold(self, job: str) -> Iterator[None]:
        """Hold the lock of a job; it ends with the process, however that ends."""
        name = hashlib.sha256(job.encode("utf-8", "replace")).hexdigest()[:16]
        path = self.path.with_name(f"{self.path.name}.{name}.lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(descriptor, job)
            yield
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int, job: str) -> None:
        waited, step = 0.0, 0.1
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waited >= self._wait:
                    raise DeliveryTimeout(
                        _("Another run of “{job}” has not ended after {seconds:g} s.").format(job=job, seconds=waited)
                    ) from None
                self._sleep(step)
                waited += step
            else:
                return

    def delivered_at(self, key: Key) -> float | None:
        """Return when something was delivered, or None."""
        query = "SELECT delivered_at FROM deliveries WHERE (job, occasion, recipient, content) = (?, ?, ?, ?)"
        with told(self.path), self._opened() as connection:
            row = connection.execute(query, _values(key)).fetchone()
        return None if row is None else row[0]

    def begin(self, key: Key, at: float) -> None:
        """Note that a delivery begins; that it can be noted is known before anything is sent."""
        self._write(
            "INSERT INTO deliveries (job, occasion, recipient, content, begun_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET begun_at = excluded.begun_at, delivered_at = NULL",
            (*_values(key), at),
        )

    def done(self, key: Key, at: float, detail: str) -> None:
        """Note that it is done."""
        self._write(
            "UPDATE deliveries SET delivered_at = ?, detail = ?"
            " WHERE (job, occasion, recipient, content) = (?, ?, ?, ?)",
            (at, detail, *_values(key)),
        )

    def forget(self, before: float) -> None:
        """Forget the deliveries that began before a moment; they name people, and no run asks for them any more."""
        self._write("DELETE FROM deliveries WHERE begun_at < ?", (before,))

    def _write(self, statement: str, values: tuple[str | float, ...]) -> None:
        with told(self.path), self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(statement, values)
            connection.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection
        finally:
            connection.close()


def _values(key: Key) -> tuple[str, str, str, str]:
    return key.job, key.occasion, key.recipient, key.content
