"""Warnings of the engine go to the console's log: written to the terminal they would spoil the screen."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ccops.tui.journal import Journal


class ToJournal(logging.Handler):
    """Notes every record from WARNING on."""

    def __init__(self, journal: Journal) -> None:
        """`journal` keeps them."""
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Note one record; a message that cannot be put together is noted as it was written."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)
        tone = "crit" if record.levelno >= logging.ERROR else "warn"
        self._journal.note("console", tone, record.name, text, at=record.created)


@contextmanager
def logged_to(journal: Journal) -> Iterator[None]:
    """Send warnings to the journal meanwhile."""
    handler = ToJournal(journal)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
