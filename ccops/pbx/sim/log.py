"""Writes the queue_log of the simulated PBX, line by line as app_queue does, with member names as agents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from ccops.pbx.sim.clock import Clock


class QueueLog:
    """Appends `epoch|callid|queue|agent|EVENT|p1|…`; nothing is escaped, because Asterisk escapes nothing either."""

    def __init__(self, clock: Clock, path: Path | None) -> None:
        """Without a path nothing is written, but watchers still hear every line."""
        self._clock = clock
        self._file: TextIO | None = None
        self._closed = False
        self.path = path
        self.lines = 0
        self.watchers: list[Callable[[str], None]] = []
        self.told: list[Callable[[str], None]] = []
        """Told the verb of every line."""

    def write(
        self, event: str, *parameters: object, call: str = "NONE", queue: str = "NONE", agent: str = "NONE"
    ) -> None:
        """Append one line; without parameters it ends with the separator, as Asterisk's does."""
        values = "|".join(str(value) for value in parameters)
        line = f"{self._clock.second}|{call}|{queue}|{agent}|{event}|{values}"
        self.lines += 1
        for told in self.told:
            told(event)
        if self.path is not None and not self._closed:
            self._opened(self.path).write(line + "\n")
        for watcher in self.watchers:
            watcher(line)

    def _opened(self, path: Path) -> TextIO:
        if self._file is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8", errors="surrogateescape", newline="\n")
        return self._file

    def flush(self) -> None:
        """Let readers of the file see everything."""
        if self._file:
            self._file.flush()

    def close(self) -> None:
        """Close the file for good: threads that are collected later have nothing more to write."""
        self._closed = True
        if self._file:
            self._file.close()
            self._file = None
