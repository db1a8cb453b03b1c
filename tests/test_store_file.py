"""The store's file: made, brought up to date, refused, checked, copied and restored; errors that say what to do."""

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccops.errors import UsageProblem
from ccops.reports.ingest import Following, ingest
from ccops.reports.rules import Rules
from ccops.store import (
    Database,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreNewer,
    backup,
    check,
    open_store,
    restore,
)
from ccops.store.lock import writer_lock
from ccops.store.schema import VERSION
from tests.history_pbx import T0, Pbx

UTC = ZoneInfo("UTC")


def filled(folder: Path, lines: int = 3000) -> Path:
    pbx = Pbx(folder)
    pbx.write(lines)
    pbx.close()
    ingest(folder / "s.db", [pbx.path], Rules(), UTC)
    return folder / "s.db"


def count(store: Path) -> int:
    with open_store(store, read_only=True) as database:
        return int(database.rows("SELECT count(*) FROM visits")[0][0])


def test_a_store_is_made_for_owner_and_group(tmp_path: Path) -> None:
    store = tmp_path / "deep" / "down" / "s.db"
    with open_store(store) as database:
        assert database.rows("PRAGMA journal_mode") == [("wal",)]
        assert database.rows("PRAGMA synchronous") == [(2,)]
        assert database.rows("PRAGMA user_version") == [(VERSION,)]
    assert stat.S_IMODE(store.stat().st_mode) & 0o007 == 0
    with open_store(store):
        pass
    assert check(store) == []


def test_reading_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="ingest"):
        open_store(tmp_path / "s.db", read_only=True)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageProblem, match="directory"):
        open_store(tmp_path)


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    store = filled(tmp_path, 3)
    with sqlite3.connect(store) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    for read_only in (False, True):
        with pytest.raises(StoreNewer, match=f"schema {VERSION + 1}"):
            open_store(store, read_only=read_only)


def other_program(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (name)")
    connection.close()


def no_database(path: Path) -> None:
    path.write_bytes(b"once upon a time " * 1000)


@pytest.mark.parametrize("make", [other_program, no_database])
def test_what_is_no_store_is_refused_and_left_as_it_is(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "s.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match=r"s\.db"):
        open_store(path)
    assert path.read_bytes() == before


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="rights"):
        open_store(tmp_path / "s.db")


def test_a_write_is_whole_or_not_at_all(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    with open_store(store) as database:
        with pytest.raises(StoreError, match="failed"):
            half_written(database)
        assert database.meta("a") is None
        with database.write() as connection:
            connection.execute("INSERT INTO meta VALUES ('a', 'b')")
    with open_store(store) as database:
        assert database.meta("a") == "b"


def half_written(database: Database) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")
        connection.execute("no SQL")


def test_a_locked_store_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccops.store.database.BUSY_TIMEOUT", 0.05)
    store = filled(tmp_path, 3)
    with open_store(store) as mine, open_store(store) as theirs, mine.write():
        assert theirs.rows("SELECT count(*) FROM visits") == [(3,)]  # who only reads is not in the way
        with pytest.raises(StoreLocked, match="another process"), theirs.write():
            pass


def test_the_right_to_write_is_one_processs(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    with (
        writer_lock(store),
        pytest.raises(StoreLocked, match=str(os.getpid())),
        writer_lock(store, wait=0.1),
    ):
        pass
    with writer_lock(tmp_path / "s.db"):
        pass


def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path)
    pbx.write(50)
    store = tmp_path / "s.db"
    with Following(store, pbx.path, Rules(), UTC) as following:
        connection = following.database.connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 3}")
        pbx.write(5000)
        with pytest.raises(StoreFull, match="Make room"):
            following.step()
    assert count(store) == 50
    assert check(store) == []
    assert ingest(store, [pbx.path], Rules(), UTC).new == 5000
    pbx.close()


def test_the_check_finds_a_damaged_block(tmp_path: Path) -> None:
    store = filled(tmp_path)
    with open_store(store) as database, database.write() as connection:
        (data,) = connection.execute("SELECT data FROM blocks WHERE packed").fetchone()
        broken = data[:-20] + bytes(20)
        connection.execute("UPDATE blocks SET data = ? WHERE packed", (broken,))
    assert any("queue_log" in problem for problem in check(store))


def test_the_check_finds_a_damaged_page(tmp_path: Path) -> None:
    store = filled(tmp_path)
    with store.open("r+b") as stream:
        stream.seek(8192 * 12 + 3)
        stream.write(bytes(range(200)))
    assert found_damaged(store)


def found_damaged(store: Path) -> bool:
    try:
        return bool(check(store))
    except StoreDamaged:
        return True


def test_backup_while_writing_and_restore(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path)
    pbx.write(10)
    store, copy = tmp_path / "s.db", tmp_path / "copy.db"
    with Following(store, pbx.path, Rules(), UTC) as following:
        pbx.write(5)
        following.step()
        backup(store, copy)
        pbx.write(5)
        following.step()
        with pytest.raises(StoreLocked):
            restore(store, copy)
    assert (count(store), count(copy)) == (20, 15)
    with pytest.raises(UsageProblem, match="exists"):
        backup(store, copy)
    restore(store, copy)
    assert (count(store), count(tmp_path / "s.db.before-restore")) == (15, 20)
    assert check(store) == []
    assert ingest(store, [pbx.path], Rules(), UTC).new == 5
    pbx.close()


def test_a_damaged_backup_is_not_restored(tmp_path: Path) -> None:
    store, copy = filled(tmp_path), tmp_path / "copy.db"
    backup(store, copy)
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE blocks SET digest = x'00'")
    connection.close()
    with pytest.raises(StoreDamaged, match="damaged"):
        restore(store, copy)
    assert count(store) == 3000
    assert not (tmp_path / "s.db.before-restore").exists()


def test_a_damaged_store_can_be_restored(tmp_path: Path) -> None:
    store, copy = filled(tmp_path), tmp_path / "copy.db"
    backup(store, copy)
    store.write_bytes(b"gone")
    for suffix in ("-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    restore(store, copy)
    assert count(store) == 3000


def test_small_blocks_are_joined_and_packed(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path)
    pbx.write(1)
    store = tmp_path / "s.db"
    with Following(store, pbx.path, Rules(), UTC) as following:
        for _batch in range(60):
            pbx.write(50)
            following.step()
    pbx.close()
    with open_store(store, read_only=True) as database:
        blocks = database.rows("SELECT first_line, lines, packed FROM blocks ORDER BY start")
        assert database.rows("SELECT lines FROM files") == [(3001,)]
        assert database.rows("SELECT first_at, last_at FROM files") == [(T0 + 1, T0 + 3001)]
    assert len(blocks) < 60
    assert sum(packed for _first, _lines, packed in blocks) >= 1
    assert [first for first, _lines, _packed in blocks] == [
        1 + sum(lines for _f, lines, _p in blocks[:place]) for place in range(len(blocks))
    ]
    assert check(store) == []
