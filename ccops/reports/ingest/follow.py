"""Takes a growing queue_log into the store while it grows, through rotation and restarts of ours."""

import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from ccops.pbx.queue_log.files import siblings, stamp_of
from ccops.pbx.queue_log.follow import FollowedBlock, Tail
from ccops.reports.deeds import ACTION_REACH
from ccops.reports.ingest.engine import Here
from ccops.reports.ingest.late import correct
from ccops.reports.ingest.recorder import Batch, FilePlace
from ccops.reports.ingest.run import Counts, Ingest, Progress, first_stamp_of
from ccops.reports.rules import Rules
from ccops.store import Database, raw
from ccops.store.audit import head, pulls
from ccops.store.sources import news_of, opened

INTERVAL = 0.25
"""Seconds between two looks at the log."""
BREATH = 0.1
"""Seconds after a batch in which others may write: with batch after batch, an action's audit row never had its turn."""


class Following:
    """The single writer, following one log."""

    def __init__(
        self,
        store: Path,
        path: Path,
        rules: Rules,
        zone: ZoneInfo,
        *,
        progress: Progress | None = None,
        wait: float = 0.0,
    ) -> None:
        """Takes in first what was written while nobody followed, rotated files included.

        Raises what `Ingest` raises. Must be used from one thread.
        """
        self.path = path
        self.counts = Counts()
        self._work = Ingest(store, rules, zone, progress=progress, wait=wait)
        try:
            self._catch_up()
        except BaseException:
            self._work.close()
            raise

    @property
    def database(self) -> Database:
        """The store, for what else this thread has to do with it."""
        return self._work.database

    def close(self) -> None:
        """Let others write."""
        self._tail.close()
        self._work.close()

    def __enter__(self) -> "Following":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _catch_up(self) -> None:
        positioned = False
        while not positioned:
            missed = self._rotated_meanwhile()
            if self.path.exists():
                missed.append(self.path)
            if missed:
                self.counts = self._work.add(missed)
            positioned = self._position()
        self._generation = 0
        self._engine = Here(self._work.recorder.state())
        self._acted = head(self._work.database)
        self._known: dict[tuple[str, str], float] = {}
        self._entered = 0

    def _position(self) -> bool:
        """Open the log where it is taken in up to; False where it was rotated while we looked."""
        place, offset = self._present()
        self._place = place
        self._tail = Tail(self.path, offset=offset, bad=self._overlong)
        if place is None:
            return True  # nothing stands there yet
        return self._tail.open() and self._tail.identity() == (place.device, place.inode)

    def _present(self) -> tuple[FilePlace | None, int]:
        """Return the log that stands there now, and how far it is taken in."""
        if not self.path.exists():
            return None, 0
        with opened(self.path) as source:
            news = news_of(self._work.database, source)
            return (self._work.place_of(source, news), news.base) if news is not None else (None, 0)

    def _rotated_meanwhile(self) -> list[Path]:
        """Return the rotated files that go on where the store ends; an older past is taken in only when asked."""
        database, known_to = self._work.database, self._work.recorder.derived_to
        if not known_to:
            return []
        found = []
        for path in siblings(self.path):
            try:
                with opened(path) as source:
                    news = news_of(database, source)
            except Exception:  # noqa: BLE001,S112 (a neighbour that cannot be read is no reason not to follow)
                continue
            first = stamp_of(news.rest) if news is not None else None
            if first is not None and first >= known_to:
                found.append(path)
        return sorted(found, key=first_stamp_of)

    def step(self) -> int:
        """Take in what came since; return how many lines. On disk when it returns."""
        self._learn_actions()
        batch = Batch()
        for found in self._tail.read():
            self._add(batch, found)
        if not batch.blocks:
            return 0
        standing = self._engine.standing().get()
        self._work.recorder.commit(batch, standing)
        lines = sum(block.lines for _place, block in batch.blocks)
        counts = self.counts
        counts.lines, counts.new = counts.lines + lines, counts.new + lines
        counts.quarantined += sum(len(found.bad) for found in batch.derived)
        counts.visits, self._entered = counts.visits + standing.entered - self._entered, standing.entered
        return lines

    def _add(self, batch: Batch, found: FollowedBlock) -> None:
        if self._place is None or found.generation != self._generation:
            self._place, self._generation = self._next_place(found, batch), found.generation
        block = found.block
        derived, packed = self._engine.block(block, self._place.id).get()
        batch.add(self._place, packed, derived)

    def _next_place(self, found: FollowedBlock, batch: Batch) -> FilePlace:
        data = found.block.data
        first = data[: data.find(b"\n") + 1]
        number = max([raw.next_file(self._work.database), *(place.id + 1 for place, _block in batch.blocks)])
        device, inode = self._tail.identity() or (None, None)
        return FilePlace(number, str(self.path.absolute()), first, known=False, device=device, inode=inode)

    def _overlong(self, offset: int, shown: bytes, reason: str) -> None:
        place = self._place
        if place is not None:
            self._work.quarantine(place, [(offset, shown, reason)], self.counts)

    def _learn_actions(self) -> None:
        """Learn what supervisors did; correct what was taken in before they were heard of."""
        database = self._work.database
        acted = head(database)
        if acted == self._acted:
            return
        self._acted = acted
        actions = pulls(database, time.time() - _LATELY)
        # An action is told as begun and again as done, some moments later: that is one.
        self._engine.deriver.add_actions(action for action in actions if not self._is_known(*action))
        correct(self._work.recorder, actions)

    def _is_known(self, callid: str, at: float, kind: str) -> bool:
        before = self._known.get((callid, kind))
        self._known[callid, kind] = at
        return before is not None and abs(at - before) <= ACTION_REACH

    def run(self, stop: Callable[[], bool], told: Callable[[Counts], None] | None = None) -> None:
        """Follow until `stop` says so; `told` hears of every batch."""
        while not stop():
            if self.step():
                if told is not None:
                    told(self.counts)
                time.sleep(BREATH)
            else:
                time.sleep(INTERVAL)


_LATELY = 600
"""Seconds back in which an action may be news."""
