"""Takes whole logs into the store: many files, compressed or not, or standard input; finds out what is new of each."""

import gc
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import tzinfo
from pathlib import Path
from types import TracebackType
from zoneinfo import ZoneInfo

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.pbx.queue_log.files import Block, first_stamp, stamp_of
from ccops.reports.derive import Derived, Standing
from ccops.reports.ingest.engine import Answer, Beside, Engine, Here
from ccops.reports.ingest.recorder import Batch, FilePlace, Recorder, mark_key
from ccops.reports.ingest.table import Lines, Mark, Table, blocks_of_rows
from ccops.reports.ingest.table import news as news_of_table
from ccops.reports.rules import Rules
from ccops.store import Database, derived, open_store, raw
from ccops.store.lock import writer_lock
from ccops.store.raw import Packed
from ccops.store.sources import News, Source, new_blocks, news_of, opened

Progress = Callable[[int, int | None], None]
"""Told how many bytes are read, and of how many; None where nobody knows."""

BATCH_BYTES = 16 << 20
"""Bytes of log that one transaction takes in."""
LARGE = 8 << 20
"""Bytes of new log after which it pays to derive in a process beside, and to make some indexes at the end."""
FIRST = 200_000
"""Visits in a store below which a large import is its first."""
_AHEAD = 24
"""Blocks that may be on their way: enough to read on while a batch is written."""


@dataclass(slots=True)
class Counts:
    """What an ingest did."""

    lines: int = 0
    """Whole lines in what was read."""
    new: int = 0
    duplicate: int = 0
    """Lines that the store held already."""
    quarantined: int = 0
    """New lines that could not be read."""
    visits: int = 0
    """Visits that entered in the new lines."""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, int | float]:
        """Return it as the command prints it."""
        return asdict(self)


class Ingest:
    """The single writer at work on one site's history."""

    def __init__(
        self,
        path: Path,
        rules: Rules,
        zone: ZoneInfo,
        *,
        site: int = 1,
        progress: Progress | None = None,
        wait: float = 0.0,
        cores: int | None = None,
    ) -> None:
        """`path` is the store; raises `StoreLocked` where somebody else writes it for longer than `wait` seconds."""
        self.progress = progress
        self._site = site
        self._cores = os.cpu_count() or 1 if cores is None else cores
        self._stack = ExitStack()
        try:
            self._stack.enter_context(writer_lock(path, wait=wait))
            self.database: Database = self._stack.enter_context(open_store(path))
            self.recorder = Recorder(self.database, rules, zone, site)
            self._settle()
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> "Ingest":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write."""
        self._stack.close()

    def _settle(self) -> None:
        """Finish what an earlier run could not, and follow changed rules."""
        recorder = self.recorder
        recorder.make_up()
        if self.database.meta("rebuild") or recorder.wrap_up_pauses_changed():
            self.rebuild()
        if recorder.rules_changed():
            recorder.settle_rules()

    def add(self, paths: Sequence[Path | None]) -> Counts:
        """Take in logs, in the order of their first stamps; None is standing input's place.

        Raises `UsageProblem` for a path that cannot be read, before anything is taken in, and for a file none of
        whose lines is one of a queue_log.
        """
        with self._counting() as counts:
            for path in sorted(paths, key=first_stamp_of):
                self._add_source(path, counts)
        return counts

    @contextmanager
    def _counting(self) -> Iterator[Counts]:
        begun, counts = time.monotonic(), Counts()
        try:
            yield counts
        finally:
            self.recorder.make_up()
        if self.database.meta("rebuild"):
            self.rebuild()
        counts.seconds = round(time.monotonic() - begun, 3)

    def add_table(self, table: Table, name: str, zone: tzinfo) -> Counts:
        """Take in what is new of a table; `name` is what it is known by again, `zone` that of its times.

        Raises `UsageProblem` where it is no queue_log table or another than before, and what reading it raises.
        """
        with self._counting() as counts:
            place = self._table_place(name)
            mark = Mark.of_text(self.database.meta(mark_key(place.id)))
            rows = news_of_table(table, mark, Lines(zone))
            blocks = blocks_of_rows(rows, place.base, mark.copy() if mark is not None else Mark(), place.marks)
            with closing(_Run(self.recorder, counts, cores=self._cores)) as run:
                run.take((place, block) for block in self._in_order(place, blocks))
        return counts

    def _table_place(self, name: str) -> FilePlace:
        path = f"table:{name}"
        found = self.database.rows("SELECT id, size, lines FROM files WHERE site = ? AND path = ?", (self._site, path))
        if not found:
            return FilePlace(raw.next_file(self.database), path, path.encode(), known=False)
        number, size, lines = found[0]
        return FilePlace(number, path, path.encode(), size, lines)

    def _in_order(self, place: FilePlace, blocks: Iterator[Block]) -> Iterator[Block]:
        first = True
        for block in blocks:
            if first:
                self._mark_disorder(place, block.data)
                first = False
            yield block

    def _add_source(self, path: Path | None, counts: Counts) -> None:
        with opened(path) as source:
            news = news_of(self.database, source)
            if news is None:
                return
            counts.lines, counts.duplicate = counts.lines + news.lines, counts.duplicate + news.lines
            place = self.place_of(source, news)
            if not place.known and not _looks_like_a_log(news.rest):
                message = _("“{path}” does not look like a queue_log.").format(path=source.name)
                raise UsageProblem(message, remedy=_("Its lines read `epoch|callid|queue|agent|EVENT|…`."))
            self._mark_disorder(place, news.rest)
            overlong: list[tuple[int, bytes, str]] = []
            blocks = new_blocks(source, news, lambda *line: overlong.append(line))
            told = self._telling(source, blocks)
            with closing(_Run(self.recorder, counts, cores=self._cores)) as run:
                run.take((place, block) for block in told if block.data)
            self.quarantine(place, overlong, counts)

    def place_of(self, source: Source, news: News) -> FilePlace:
        """Return where the news of a source belong."""
        if news.file is None:
            number, known = raw.next_file(self.database), False
        else:
            number, known = news.file.id, True
        return FilePlace(number, source.name, news.head, news.base, news.lines, known, source.device, source.inode)

    def _mark_disorder(self, place: FilePlace, data: bytes) -> None:
        """Remember that history must be derived anew where lines come in that are older than what it holds."""
        first = next((at for line in data.split(b"\n", 1000) if (at := stamp_of(line)) is not None), None)
        recorder = self.recorder
        if first is not None and place.id != recorder.last_file and first + _LATE < recorder.derived_to:
            with self.database.write() as connection:
                derived.put_meta(connection, "rebuild", 1)

    def _telling(self, source: Source, blocks: Iterator[Block]) -> Iterator[Block]:
        for block in blocks:
            yield block
            if self.progress is not None:
                read = block.offset + len(block.data) if source.plain is None else source.plain.tell()
                self.progress(read, source.size)

    def quarantine(self, place: FilePlace, lines: list[tuple[int, bytes, str]], counts: Counts) -> None:
        """Keep lines that are too long to be read; what else is wrong with a line comes out with its block."""
        if lines and place.known:
            counts.lines, counts.new = counts.lines + len(lines), counts.new + len(lines)
            counts.quarantined += len(lines)
            with self.database.write() as connection:
                derived.put_quarantine(connection, place.id, lines, int(time.time()))

    def rebuild(self) -> None:
        """Derive everything anew from the raw lines, in one transaction: readers see the old or the new."""
        recorder = self.recorder
        with self.database.write() as connection:
            derived.clear(connection, recorder.site)
            recorder.derived_to = 0
            blocks = raw.all_blocks(self.database, recorder.site)
            with closing(_Run(recorder, Counts(), cores=self._cores, rebuilding=True)) as run:
                run.take((FilePlace(file, ""), block) for file, block in blocks)
            connection.execute("DELETE FROM meta WHERE key = 'rebuild'")


_LATE = 60
"""Seconds by which a file may begin before the end of the one before."""


class _Run:
    """Sends blocks through an engine and writes what comes back; a batch is whatever stands between two standings."""

    def __init__(self, recorder: Recorder, counts: Counts, *, cores: int, rebuilding: bool = False) -> None:
        self._recorder, self._counts, self._rebuilding = recorder, counts, rebuilding
        self._engine: Engine = Here(recorder.state(), compress=not rebuilding)
        self._may_move = cores > 1
        self._collects = gc.isenabled()
        self._entered = 0
        self._batch = Batch()
        self._under_way: deque[tuple[FilePlace, Answer[tuple[Derived, Packed]]] | Answer[Standing]] = deque()
        self._asked = self._taken = 0

    def close(self) -> None:
        self._engine.close()
        if self._collects:
            gc.enable()

    def take(self, blocks: Iterable[tuple[FilePlace, Block]]) -> None:
        """Take in all blocks; returns when the last is written."""
        for place, block in blocks:
            self._under_way.append((place, self._engine.block(block, place.id)))
            self._asked += len(block.data)
            if self._asked >= (LARGE if self._may_move else BATCH_BYTES):
                self._ask()
            while len(self._under_way) > _AHEAD or (self._under_way and self._is_ready()):
                self._next()
            if self._may_move and self._taken >= LARGE:
                self._move()
        self._finish()

    def _move(self) -> None:
        """Go on in a process beside; from here on it pays."""
        self._finish()
        self._may_move, self._entered = False, 0
        self._engine.close()
        if not self._rebuilding and derived.next_visit(self._recorder.database) < FIRST:
            self._recorder.put_off()
        self._engine = Beside(self._recorder.state(), compress=not self._rebuilding)
        gc.disable()  # millions of tuples come and go, none of them in a circle

    def _finish(self) -> None:
        self._ask()
        while self._under_way:
            self._next()

    def _ask(self) -> None:
        if self._asked:
            self._under_way.append(self._engine.standing())
            self._taken, self._asked = self._taken + self._asked, 0

    def _is_ready(self) -> bool:
        first = self._under_way[0]
        return first.ready if isinstance(first, Answer) else first[1].ready

    def _next(self) -> None:
        first = self._under_way.popleft()
        if isinstance(first, Answer):
            self._commit(first.get())
            return
        place, answer = first
        found, block = answer.get()
        self._batch.add(place, block, found)
        self._counts.lines += block.lines
        self._counts.new += block.lines
        self._counts.quarantined += len(found.bad)

    def _commit(self, standing: Standing) -> None:
        batch, self._batch = self._batch, Batch()
        self._counts.visits += standing.entered - self._entered
        self._entered = standing.entered
        if self._rebuilding:
            self._recorder.write(self._recorder.database.connection, batch, standing, keep_raw=False)
        else:
            self._recorder.commit(batch, standing)


def first_stamp_of(path: Path | None) -> int:
    """Return the stamp that a log begins with, 0 where that cannot be known."""
    stamp = first_stamp(path) if path is not None else None
    return stamp if stamp is not None else 0


def _looks_like_a_log(data: bytes) -> bool:
    """Tell whether any of the first lines is one of a queue_log."""
    from ccops.pbx.queue_log.lines import BadLine, parse_line

    for line in data.split(b"\n", _LOOKED_AT)[:_LOOKED_AT]:
        try:
            parse_line(line)
        except BadLine:
            continue
        return True
    return False


_LOOKED_AT = 1000


def ingest(
    store: Path,
    paths: Sequence[Path | None],
    rules: Rules,
    zone: ZoneInfo,
    *,
    progress: Progress | None = None,
    wait: float = 0.0,
) -> Counts:
    """Take logs into the store at `store`; None among `paths` is standard input.

    Raises `UsageProblem` for what is no readable queue_log, and the store's errors. What was taken in before stays.
    """
    with Ingest(store, rules, zone, progress=progress, wait=wait) as work:
        return work.add(paths)
