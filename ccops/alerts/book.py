"""Writes alerts to the store in a thread of its own, in order; what cannot be written now is written later."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.store import Database, open_store

log = logging.getLogger(__name__)

Note = Callable[[Connection], None]
"""Writes something within a transaction."""

AGAIN_AFTER: Final = 5.0
"""Seconds after which a store that was locked, full or read-only is tried again."""
MOST: Final = 50_000
"""Notes that wait at most: some days of a store that cannot be written."""


class Book:
    """The pen to the alerts' tables; may be used from the event loop only."""

    def __init__(self, path: Path, *, again_after: float = AGAIN_AFTER) -> None:
        """`path` is that of the store."""
        self._path, self._again_after = path, again_after
        self._notes: deque[tuple[Sequence[Note], asyncio.Future[None]]] = deque(maxlen=MOST)
        self._wake = threading.Condition()
        self._ending = False
        self._trouble = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)
        self._thread.start()

    def write(self, *notes: Note) -> "asyncio.Future[None]":
        """Write notes as one transaction, after all that came before; done once they are on the disk."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._wake:
            self._notes.append((notes, future))
            self._wake.notify()
        return future

    async def close(self, within: float = 3.0) -> None:
        """Write what waits and end; what cannot be written `within` so many seconds is lost."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, within)

    # --- in the thread ---

    def _work(self) -> None:
        database: Database | None = None
        while self._next_is_there():
            try:
                database = database or open_store(self._path)
                self._write(database)
            except CcopsError as error:
                self._tell(str(error))
                if database is not None:
                    database.close()
                    database = None
                if not self._wait():
                    break
        if database is not None:
            database.close()

    def _next_is_there(self) -> bool:
        """Wait for a note; False at the end."""
        with self._wake:
            while not self._notes and not self._ending:
                self._wake.wait()
            return bool(self._notes)

    def _write(self, database: Database) -> None:
        with self._wake:
            batch = list(self._notes)
        with database.write() as connection:
            for notes, _future in batch:
                for note in notes:
                    note(connection)
        with self._wake:
            for _n in batch:
                if self._notes:
                    self._notes.popleft()
        self._trouble = ""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_done, [future for _notes, future in batch])

    def _wait(self) -> bool:
        """Wait before the next try; False where there will be none."""
        with self._wake:
            if not self._ending:
                self._wake.wait_for(lambda: self._ending, self._again_after)
                return True
        return False

    def _tell(self, trouble: str) -> None:
        """Tell once what goes wrong again and again; alerts go out all the same."""
        if trouble != self._trouble:
            self._trouble = trouble
            log.warning(_("Alerts cannot be written to the store, and are delivered all the same: %s"), trouble)


def _done(futures: Sequence["asyncio.Future[None]"]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
