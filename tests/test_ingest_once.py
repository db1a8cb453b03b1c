"""Taking logs into the store: nothing lost, nothing doubled, whatever the files are called, packed or cut into."""

import bz2
import gzip
import io
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.errors import UsageProblem
from ccops.pbx.queue_log import parse_block
from ccops.reports.derive import visit_of
from ccops.reports.ingest import Counts, Ingest, ingest
from ccops.reports.rules import Rules
from ccops.reports.visits import Visit, visits_of
from ccops.store import Database, check, open_store
from ccops.store.derived import VISIT_COLUMNS, names
from tests.history_logs import Log, logs

DATA = Path(__file__).parent / "data"
UTC = ZoneInfo("UTC")
RULES = Rules(wrap_up=10)


def take(store: Path, *paths: Path | None) -> Counts:
    return ingest(store, list(paths), RULES, UTC)


def counted(counts: Counts) -> tuple[int, int, int, int, int]:
    return counts.lines, counts.new, counts.duplicate, counts.quarantined, counts.visits


def stored_visits(store: Path) -> list[Visit]:
    with open_store(store, read_only=True) as database:
        return visits_in(database)


def visits_in(database: Database) -> list[Visit]:
    queues, agents = ({number: name for name, number in some.items()} for some in names(database, 1))
    rows = database.rows(f"SELECT {VISIT_COLUMNS} FROM visits ORDER BY id")
    return [visit_of(row, queues, agents) for row in rows]


def told(visits: list[Visit]) -> list[tuple[Any, ...]]:
    """What a visit says, less where its lines stand and what is forgotten once it is over."""
    return [
        (
            visit.number,
            visit.callid,
            visit.queue,
            visit.nth,
            visit.entered,
            visit.caller,
            visit.outcome.value,
            visit.wait,
            visit.connected,
            visit.agent,
            visit.ring,
            visit.ended,
            visit.ended_by,
            visit.talk,
            visit.wrap,
            visit.transfer_to,
            visit.key,
        )
        for visit in visits
    ]


def test_the_recorded_log(tmp_path: Path) -> None:
    store, log = tmp_path / "s.db", DATA / "asterisk-22.10.queue_log"
    lines = log.read_bytes().count(b"\n")
    assert counted(take(store, log)) == (lines, lines, 0, 0, 11)
    assert told(stored_visits(store)) == told(visits_of(parse_block(log.read_bytes())))
    assert counted(take(store, log)) == (lines, 0, lines, 0, 0)
    assert check(store) == []


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.compress])
def test_a_packed_copy_is_no_news_and_a_longer_one_is(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    data = (DATA / "asterisk-16.28.queue_log").read_bytes()
    half = data[: data.index(b"\n", len(data) // 2) + 1]
    store, log, packed = tmp_path / "s.db", tmp_path / "queue_log", tmp_path / "queue_log.1.packed"
    log.write_bytes(half)
    first = take(store, log)
    packed.write_bytes(pack(data))
    second = take(store, packed, log)
    assert counted(second)[:3] == (2 * half.count(b"\n") + second.new, data.count(b"\n") - first.new, 2 * first.new)
    assert told(stored_visits(store)) == told(visits_of(parse_block(data)))


def test_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = (DATA / "asterisk-22.10.queue_log").read_bytes()
    for packed in (gzip.compress(data), data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(packed)))
        counts = take(tmp_path / "s.db", None)
    assert (counts.new, counts.duplicate) == (0, data.count(b"\n"))
    assert len(stored_visits(tmp_path / "s.db")) == 11


def test_a_half_last_line_waits_and_an_archive_has_none(tmp_path: Path) -> None:
    store, log = tmp_path / "s.db", tmp_path / "queue_log"
    whole, half = b"1790000001|a|q|NONE|ENTERQUEUE||1|1\n", b"1790000009|a|q|NONE|ABANDON|1|1|8"
    log.write_bytes(whole + half[:-1])
    assert counted(take(store, log)) == (1, 1, 0, 0, 1)
    log.write_bytes(whole + half + b"\n")
    assert counted(take(store, log)) == (2, 1, 1, 0, 0)
    assert told(stored_visits(store))[0][7] == 8
    (tmp_path / "other.gz").write_bytes(gzip.compress(whole.replace(b"a", b"x") + half.replace(b"a", b"x")))
    assert counted(take(store, tmp_path / "other.gz")) == (2, 2, 0, 0, 1)


@settings(max_examples=25, deadline=None)
@given(logs(restarts=1), st.lists(st.integers(0, 60), max_size=4), st.randoms(use_true_random=False))
def test_any_cut_into_files_and_runs_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, log: Log, cuts: list[int], random: Any
) -> None:
    folder = tmp_path_factory.mktemp("cuts")
    data = log.data()
    lines = data.splitlines(keepends=True)
    marks = sorted({min(cut, len(lines)) for cut in cuts} | {0, len(lines)})
    files = []
    for number, (start, end) in enumerate(pairwise(marks)):
        path = folder / f"queue_log-{number}"
        path.write_bytes(b"".join(lines[start:end]))
        files.append(path)
    store = folder / "s.db"
    runs: Iterator[list[Path]] = iter(
        [files] if random.random() < 0.3 else [[file] for file in _shuffled(files, random)]
    )
    new = sum(take(store, *run).new for run in runs)
    assert new == len(lines)
    assert [row[1:] for row in told(stored_visits(store))] == [row[1:] for row in told(visits_of(parse_block(data)))]
    assert take(store, *files).new == 0


def _shuffled(files: list[Path], random: Any) -> list[Path]:
    # Files of the same second cannot be told apart by their stamps, so only whole other orders are tried.
    stamps = [file.read_bytes()[:10] for file in files]
    if len(set(stamps)) < len(stamps):
        return files
    copy = list(files)
    random.shuffle(copy)
    return copy


def test_two_logs_that_begin_alike_are_two(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    start = b"1790000000|NONE|NONE|NONE|QUEUESTART|\n"
    one = start + b"1790000001|a|q|NONE|ENTERQUEUE||1|1\n"
    other = start + b"1790000002|b|q|NONE|ENTERQUEUE||1|1\n1790000003|c|q|NONE|ENTERQUEUE||1|1\n"
    for name, data in (("one", one), ("other", other)):
        (tmp_path / name).write_bytes(data)
        take(store, tmp_path / name)
    assert [visit.callid for visit in stored_visits(store)] == ["a", "b", "c"]
    for name in ("one", "other"):
        assert take(store, tmp_path / name).new == 0
    (tmp_path / "other").write_bytes(other + b"1790000004|d|q|NONE|ENTERQUEUE||1|1\n")
    assert take(store, tmp_path / "other").new == 1
    assert check(store) == []


def test_lines_that_cannot_be_read_are_kept_and_stop_nothing(tmp_path: Path) -> None:
    store, log = tmp_path / "s.db", tmp_path / "queue_log"
    good = b"1790000001|a|q|NONE|ENTERQUEUE||1|1\n"
    bad = [b"garbage\n", b"-7|a|q|NONE|ABANDON|1|1|1\n", b"\x00\xff\xfe|x\n", b"1790000002|a|q|NONE|CUSTOM|x\n"]
    log.write_bytes(good + b"".join(bad) + b"y" * 3_000_000 + b"\n" + good.replace(b"|a|", b"|b|"))
    assert counted(take(store, log)) == (7, 7, 0, 4, 2)
    with open_store(store, read_only=True) as database:
        kept = database.rows("SELECT offset, line, reason FROM quarantine ORDER BY offset")
    assert [row[0] for row in kept] == [36, 44, 70, 105]
    assert [len(row[1]) for row in kept] == [7, 25, 5, 200]
    assert all(row[2] for row in kept)
    assert counted(take(store, log))[1] == 0


@pytest.mark.parametrize(("data", "word"), [(b"%PDF-1.7\nnothing\n", "queue_log"), (b"a,b,c\n1,2,3\n", "queue_log")])
def test_what_is_no_log_is_refused_and_nothing_is_stored(tmp_path: Path, data: bytes, word: str) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(UsageProblem, match=word):
        take(tmp_path / "s.db", tmp_path / "x")
    with open_store(tmp_path / "s.db") as database:
        assert database.rows("SELECT count(*) FROM files") == [(0,)]


def test_empty_missing_and_damaged_files(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    (tmp_path / "empty").write_bytes(b"")
    assert counted(take(store, tmp_path / "empty")) == (0, 0, 0, 0, 0)
    with pytest.raises(UsageProblem, match="directory"):
        take(store, tmp_path)
    with pytest.raises(UsageProblem, match="cannot be read"):
        take(store, tmp_path / "nowhere")
    many = b"".join(b"%d|c%d|q|NONE|ENTERQUEUE||1|1\n" % (1_790_000_000 + n, n) for n in range(60_000))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(many)[:-2000])
    with pytest.raises(UsageProblem, match="damaged"):
        take(store, tmp_path / "cut.gz")
    assert check(store) == []
    (tmp_path / "cut.gz").write_bytes(gzip.compress(many))
    take(store, tmp_path / "cut.gz")
    assert len(stored_visits(store)) == 60_000


def test_the_process_beside_finds_what_this_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccops.reports.ingest.run.LARGE", 40_000)
    monkeypatch.setattr("ccops.reports.ingest.run.BATCH_BYTES", 60_000)
    monkeypatch.setattr("ccops.pbx.queue_log.files.BLOCK", 9_000)
    monkeypatch.setattr("ccops.store.sources.BLOCK", 9_000)
    lines = []
    for number in range(4000):
        at = 1_790_000_000 + number * 7
        lines.append(f"{at}|c{number}|q{number % 3}|NONE|ENTERQUEUE||555{number}|1")
        lines.append(f"{at + 3}|c{number}|q{number % 3}|Ana {number % 5}|CONNECT|3|m{number}|2")
        if number > 4:
            lines.append(f"{at + 4}|c{number - 5}|q{(number - 5) % 3}|Ana {(number - 5) % 5}|COMPLETEAGENT|3|36|1")
    data = ("\n".join(lines) + "\n").encode()
    (tmp_path / "queue_log").write_bytes(data)
    progress: list[tuple[int, int | None]] = []
    with Ingest(tmp_path / "s.db", RULES, UTC, cores=2, progress=lambda *step: progress.append(step)) as work:
        counts = work.add([tmp_path / "queue_log"])
    assert counted(counts) == (len(lines), len(lines), 0, 0, 4000)
    assert told(stored_visits(tmp_path / "s.db")) == told(visits_of(parse_block(data)))
    assert progress[-1] == (len(data), len(data))
    with open_store(tmp_path / "s.db", read_only=True) as database:
        assert database.rows("SELECT 1 FROM sqlite_master WHERE name = 'visits_by_callid'") == [(1,)]
