"""Pages of a store that is written to, and a copy they are put into: one instant, and whole at every moment."""

import errno
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ccops.store import StoreFull
from ccops.store.standby import image as images
from ccops.store.standby.image import CHUNK, Image
from ccops.store.standby.patch import Fresh, Staged, digests_of, put_in, undone


def plain_store(path: Path, rows: int = 3000) -> sqlite3.Connection:
    """Make a database of some megabytes with a sum that every transaction keeps right."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=20)
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, n INTEGER, b BLOB)")
    connection.execute("CREATE TABLE s (total INTEGER)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO t (n, b) VALUES (1, randomblob(1500))", [()] * rows)
    connection.execute("INSERT INTO s SELECT sum(n) FROM t")
    connection.execute("COMMIT")
    return connection


def change(connection: sqlite3.Connection, dice: random.Random, rows: int = 3000) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for _change in range(dice.randrange(1, 60)):
        key = dice.randrange(1, rows)
        connection.execute("UPDATE t SET n = n + 1, b = randomblob(1500) WHERE a = ?", (key,))
        if dice.random() < 0.1:
            connection.execute("INSERT INTO t (n, b) VALUES (1, randomblob(1500))")
    connection.execute("UPDATE s SET total = (SELECT sum(n) FROM t)")
    connection.execute("COMMIT")
    if dice.random() < 0.1:
        connection.execute(f"PRAGMA wal_checkpoint({dice.choice(['PASSIVE', 'RESTART', 'TRUNCATE'])})")


def sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        total, found = connection.execute("SELECT total, (SELECT sum(n) FROM t) FROM s").fetchone()
        return bool(total == found and connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))
    finally:
        connection.close()


def brought(source: Path, copy: Path) -> int:
    """Bring a copy to what a store is now, as a shipment does; return how many chunks differed."""
    mine, _size = digests_of(copy)
    with Image(source) as image, closing(Staged(copy.parent) if mine else Fresh(copy, image.page_size)) as staged:
        theirs, found = image.digests(), 0
        for number in range(image.chunks):
            digest = theirs[number * 16 : number * 16 + 16]
            if mine[number * 16 : number * 16 + 16] != digest:
                staged.add(number, image.chunk(number), digest)
                found += 1
        if isinstance(staged, Fresh):
            staged.become(image.pages)
        else:
            put_in(copy, image.pages, image.page_size, staged)
    return found


@contextmanager
def being_written(connection: sqlite3.Connection, seed: int) -> Iterator[list[int]]:
    stop, done, dice = threading.Event(), [0], random.Random(seed)

    def work() -> None:
        while not stop.is_set():
            change(connection, dice)
            done[0] += 1
            stop.wait(dice.random() * 0.02)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_copy_is_one_instant_of_a_store_that_is_written_to_and_checkpointed(tmp_path: Path, seed: int) -> None:
    source, copy, dice = tmp_path / "store.db", tmp_path / "copy.db", random.Random(seed)
    connection = plain_store(source)
    with being_written(connection, seed) as done:
        begun = time.monotonic()
        while time.monotonic() - begun < 3 or done[0] < 20:
            brought(source, copy)
            assert sound(copy)
            time.sleep(dice.random() * 0.05)
    brought(source, copy)
    connection.close()
    assert brought(source, copy) == 0, "nothing differs where nothing was written"
    both = [sqlite3.connect(path) for path in (source, copy)]
    assert both[0].execute("SELECT * FROM t").fetchall() == both[1].execute("SELECT * FROM t").fetchall()
    for one in both:
        one.close()


def test_a_copy_shrinks_with_its_store(tmp_path: Path) -> None:
    source, copy = tmp_path / "store.db", tmp_path / "copy.db"
    connection = plain_store(source)
    brought(source, copy)
    before = copy.stat().st_size
    connection.execute("DELETE FROM t WHERE a > 100")
    connection.execute("UPDATE s SET total = (SELECT sum(n) FROM t)")
    connection.execute("VACUUM")
    brought(source, copy)
    assert copy.stat().st_size < before
    assert sound(copy)
    connection.close()


def test_the_page_that_sqlite_leaves_empty_is_in_no_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a store beyond a gigabyte; a journal that held that page would be put back only up to there."""
    assert images.lock_page(8192) == 131_073
    source, copy = tmp_path / "store.db", tmp_path / "copy.db"
    connection = plain_store(source)
    # SQLite itself does not know, so this only shows that the page is left out where it would be.
    with Image(source) as image:
        monkeypatch.setattr(images, "_LOCKS_AT", 8192 * 40)
        empty = images.lock_page(8192) - 1
        chunk = image.chunk(empty // CHUNK)
        assert chunk[(empty % CHUNK) * 8192 :][:8192] == bytes(8192)
    connection.close()
    assert not copy.exists()


_PATCHER = """
import random, sys
from pathlib import Path
from tests.test_standby_copies import brought
import ccops.store.standby.patch as patch
import os
real = os.pwrite
def slow(*arguments):
    print("writing", flush=True)
    sys.stdin.readline()
    return real(*arguments)
patch.os.pwrite = slow
brought(Path(sys.argv[1]), Path(sys.argv[2]))
print("done", flush=True)
"""


@pytest.mark.parametrize("writes", [1, 2, 5])
def test_kill_9_in_the_middle_of_a_patch_leaves_the_copy_as_it_was(tmp_path: Path, writes: int) -> None:
    source, copy, dice = tmp_path / "store.db", tmp_path / "copy.db", random.Random(7)
    connection = plain_store(source)
    brought(source, copy)
    held = sqlite3.connect(copy)
    before = held.execute("SELECT a, n FROM t").fetchall()
    held.close()
    for _change in range(20):
        change(connection, dice)
    process = subprocess.Popen(
        [sys.executable, "-c", _PATCHER, str(source), str(copy)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    for _write in range(writes):
        assert process.stdout.readline() == "writing\n"
        process.stdin.write("\n")
        process.stdin.flush()
    assert process.stdout.readline() == "writing\n"
    process.kill()
    process.communicate()
    assert copy.with_name("copy.db-journal").exists()
    with pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(f"file:{copy}?mode=ro", uri=True).execute("SELECT * FROM t")
    if writes == 5:
        undone(copy)  # as `open_store` does for who only reads
    held = sqlite3.connect(copy)  # any program that opens it puts the old pages back
    assert held.execute("SELECT a, n FROM t").fetchall() == before
    held.close()
    assert sound(copy)
    brought(source, copy)
    assert sound(copy)
    connection.close()


def test_a_full_disk_in_the_middle_of_a_patch_leaves_the_copy_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, copy = tmp_path / "store.db", tmp_path / "copy.db"
    connection = plain_store(source, 500)
    brought(source, copy)
    before = copy.read_bytes()
    change(connection, random.Random(3), 500)
    written, real = [0], os.pwrite

    def full(*arguments: Any) -> int:
        written[0] += 1
        if written[0] == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    monkeypatch.setattr("ccops.store.standby.patch.os.pwrite", full)
    with pytest.raises(StoreFull):
        brought(source, copy)
    assert written[0] == 3
    assert copy.read_bytes() == before
    monkeypatch.undo()
    brought(source, copy)
    assert sound(copy)
    connection.close()


def test_who_reads_a_copy_sees_it_whole_while_it_is_patched(tmp_path: Path) -> None:
    source, copy = tmp_path / "store.db", tmp_path / "copy.db"
    connection = plain_store(source, 500)
    brought(source, copy)
    reader = sqlite3.connect(copy, timeout=20)
    totals, dice = set(), random.Random(5)
    for _round in range(20):
        change(connection, dice)
        brought(source, copy)
        total, found = reader.execute("SELECT total, (SELECT sum(n) FROM t) FROM s").fetchone()
        assert total == found
        totals.add(total)
    reader.close()
    connection.close()
    assert len(totals) == 20, "what it remembers of the file it forgets with each patch"
