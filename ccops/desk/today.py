"""Today's figures for the board: from the queue_log where its path is known, else from what was seen."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from ccops.board import FiguresSource
from ccops.pbx.queue_log import rows_since
from ccops.pbx.seen import Seen
from ccops.reports.today import Today
from ccops.settings import Settings

log = logging.getLogger(__name__)

FOLLOW_EVERY = 0.5
"""Seconds between looks at the log; a figure may lag a call by that much."""


def midnight(now: float, settings: Settings) -> float:
    """Return the beginning of the site's day as epoch seconds."""
    day = datetime.fromtimestamp(now, settings.zone)
    return day.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


class TodayFeed:
    """Feeds the day's figures and puts them on rows."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        """`changed` is called after the figures of some queue or agent may have changed."""
        self._settings = settings
        self._clock = clock
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self.today = Today.of(settings)
        self.source: FiguresSource = "none"
        self.since: float | None = None
        self.trouble = ""
        """Why the log cannot be read, where it cannot."""
        self._seen = Seen()

    def read(self) -> None:
        """Read today's part of the log once; without a log, today begins now."""
        path = self._settings.queue_log.path
        now = self._clock()
        if path is None:
            self.source, self.since = "seen", now
            return
        start = midnight(now, self._settings)
        try:
            for row in rows_since(path, start):
                self.today.feed(row)
        except OSError as error:
            self.trouble = f"{path}: {error.strerror or error}"
            self.source, self.since = "seen", now
            return
        self.source, self.since = "queue_log", start
