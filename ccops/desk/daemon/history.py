"""Follows the queue_log into the store while the daemon runs; whatever happens to that, the daemon goes on."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.settings import Settings

log = logging.getLogger(__name__)

RETRY = 10.0
"""Seconds after which it tries again what went wrong: a full disk, a store that somebody else is writing."""
_PATIENCE = 5.0
"""Seconds that a stop waits for the batch at hand; a batch that is cut off is undone and taken in the next time."""


class _Stopped(Exception):
    """The daemon ends while a long log is being caught up with."""


class HistoryKeeper:
    """The single writer of history, in a thread of its own: parsing must not hold up the event loop."""

    def __init__(self, settings: Settings, *, retry: float = RETRY, told: Callable[[str], None] | None = None) -> None:
        """Does nothing where the settings name no queue_log.

        `told` is called in the event loop with why history is not being kept, and with "" once it is again.
        """
        self._settings, self._retry, self._told = settings, retry, told
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._trouble = ""

    def start(self) -> None:
        """Begin to follow."""
        if self._settings.queue_log.path is not None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._work, name="history", daemon=True)
            self._thread.start()

    async def stop(self) -> None:
        """End after the batch at hand."""
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _PATIENCE)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except _Stopped:
                return
            except CcopsError as error:
                self._tell(str(error))
            except Exception as error:
                # A fault here costs the history of some minutes; the live board and the supervisors' actions must stay.
                self._tell(f"{type(error).__name__}: {error}")
                log.debug("history", exc_info=True)
            self._stop.wait(self._retry)

    def _follow(self) -> None:
        # Only now: a daemon without a log need not pay for it.
        from ccops.reports.ingest import Following
        from ccops.reports.rules import Rules

        settings = self._settings
        path = settings.queue_log.path
        assert path is not None  # noqa: S101 (`start` has looked)
        rules, zone = Rules.of(settings), settings.zone
        with Following(settings.store.path, path, rules, zone, progress=self._caught_up_with) as following:
            self._show("")
            log.info(_("History: following %s, %d lines were new."), path, following.counts.new)
            following.run(self._stop.is_set)

    def _caught_up_with(self, _read: int, _size: int | None) -> None:
        if self._stop.is_set():
            raise _Stopped

    def _tell(self, trouble: str) -> None:
        """Tell once what goes wrong again and again."""
        if trouble != self._trouble:
            log.warning(_("History is not being kept: %s"), trouble)
            self._show(trouble)

    def _show(self, trouble: str) -> None:
        before, self._trouble = self._trouble, trouble
        if self._told is None or self._loop is None or trouble == before or self._stop.is_set():
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile, so nobody looks any more
            self._loop.call_soon_threadsafe(self._told, trouble)
