"""Upgrades keep a copy of the store as it was; a restore brings it to a moment."""

import json
import shutil
import sqlite3
import stat
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccops.reports.ingest import ingest
from ccops.reports.ingest.point import bring_to
from ccops.reports.rules import Rules
from ccops.store import StoreError, backup, check, open_store, restore, schema, upgrade
from ccops.store.schema import APPLICATION_ID, MIGRATIONS, VERSION
from tests.cmd_tools import invoke
from tests.history_pbx import Pbx

UTC = ZoneInfo("UTC")
DATA = Path(__file__).parent / "data"
DERIVED = {
    "visits": "SELECT callid, nth, entered, outcome, wait, connected, ended, talk, offset FROM visits ORDER BY offset",
    "sessions": "SELECT name, since, until FROM sessions s JOIN agents a ON a.id = agent ORDER BY 1, 2, 3",
    "pauses": "SELECT name, since, until, reason FROM pauses p JOIN agents a ON a.id = agent ORDER BY 1, 2, 3",
    "slots": "SELECT slot, name, answered, abandoned, talk FROM queue_slots JOIN queues ON id = queue ORDER BY 1, 2",
}


def older(path: Path, version: int = 1) -> Path:
    """Make a store as an earlier ccops left it, with something in it."""
    connection = sqlite3.connect(path)
    for step in MIGRATIONS[:version]:
        connection.executescript(step)
    connection.execute("INSERT INTO meta VALUES ('mark', 'kept')")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.close()
    return path


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


@pytest.mark.parametrize("version", range(1, VERSION))
def test_every_older_store_is_copied_and_brought_up_to_date(tmp_path: Path, version: int) -> None:
    store = older(tmp_path / "s.db", version)
    with open_store(store) as database:
        assert database.meta("mark") == "kept"
        assert database.rows("PRAGMA user_version") == [(VERSION,)]
    (copy,) = upgrade.copies(store)
    assert copy.name == f"s.db.before-schema{VERSION}"
    assert version_of(copy) == version
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert check(store) == []
    # And back: the copy is a backup like any other.
    kept = restore(store, copy)
    assert kept is not None
    assert version_of(store) == VERSION


def test_a_new_store_and_one_of_today_leave_no_copy(tmp_path: Path) -> None:
    for _again in range(2):
        open_store(tmp_path / "s.db").close()
    assert upgrade.copies(tmp_path / "s.db") == []


def test_reading_an_older_store_changes_nothing(tmp_path: Path) -> None:
    store = older(tmp_path / "s.db")
    with pytest.raises(StoreError, match="older"):
        open_store(store, read_only=True)
    assert [item.name for item in tmp_path.iterdir() if "before" in item.name] == []


def test_the_last_three_copies_are_kept(tmp_path: Path) -> None:
    store = older(tmp_path / "s.db")
    for number in (2, 9, 10, 11):
        upgrade.keep_copy(store, number)
    (tmp_path / "s.db.before-schemaX").write_text("not ours")
    (tmp_path / "t.db.before-schema1").write_text("another store's")
    assert [item.name for item in upgrade.copies(store)] == [f"s.db.before-schema{n}" for n in (9, 10, 11)]
    upgrade.keep_copy(store, 12)
    assert len(list(tmp_path.glob("*.before-schema*"))) == 5


def test_where_the_copy_fails_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = older(tmp_path / "s.db")

    def full(_source: Path, _target: Path) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(upgrade, "_copy", full)
    with pytest.raises(StoreError):
        open_store(store)
    assert version_of(store) == 1
    assert not list(tmp_path.glob("*before*"))


def test_a_step_that_fails_leaves_store_and_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = older(tmp_path / "s.db", VERSION - 1)
    broken = (*MIGRATIONS[:-1], "CREATE TABLE once (a); CREATE TABLE once (a);")
    monkeypatch.setattr("ccops.store.database.MIGRATIONS", broken)
    with pytest.raises(StoreError):
        open_store(store)
    assert version_of(store) == version_of(upgrade.copies(store)[0]) == VERSION - 1
    assert schema.MIGRATIONS == MIGRATIONS
    monkeypatch.undo()
    open_store(store).close()
    assert version_of(store) == VERSION


def test_what_is_written_ahead_is_in_the_copy(tmp_path: Path) -> None:
    store = older(tmp_path / "s.db")
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("INSERT INTO meta VALUES ('late', 'in the log ahead')")
    connection.commit()  # stands in s.db-wal as long as this connection is open
    open_store(store).close()
    connection.close()
    copy = sqlite3.connect(upgrade.copies(store)[0])
    assert copy.execute("SELECT value FROM meta WHERE key = 'late'").fetchone() == ("in the log ahead",)
    copy.close()


# -- to a moment -------------------------------------------------------------------------------------------------------


def derived_of(path: Path) -> dict[str, list[object]]:
    with open_store(path, read_only=True) as database:
        return {name: list(database.rows(sql)) for name, sql in DERIVED.items()}


@pytest.mark.parametrize("share", [0.0, 0.13, 0.5, 0.999])
def test_a_store_cut_at_a_moment_is_the_store_of_that_moment(tmp_path: Path, share: float) -> None:
    pbx = Pbx(tmp_path)
    pbx.write(3000)
    pbx.close()
    log = pbx.path.read_bytes().splitlines(keepends=True)
    stamps = [int(line.split(b"|")[0]) for line in log]
    until = stamps[int(share * len(stamps))]
    ingest(tmp_path / "whole.db", [pbx.path], Rules(), UTC)
    first_late = next(index for index, stamp in enumerate(stamps) if stamp >= until)
    gone = bring_to(tmp_path / "whole.db", [], until, Rules(), UTC)
    assert gone == len(log) - first_late
    assert check(tmp_path / "whole.db") == []
    if not first_late:
        assert derived_of(tmp_path / "whole.db")["visits"] == []
        return
    short = tmp_path / "short_log"
    short.write_bytes(b"".join(log[:first_late]))
    ingest(tmp_path / "short.db", [short], Rules(), UTC)
    assert derived_of(tmp_path / "whole.db") == derived_of(tmp_path / "short.db")
    # The rest of the log is new to it, and then it is whole again.
    ingest(tmp_path / "whole.db", [pbx.path], Rules(), UTC)
    ingest(tmp_path / "all.db", [pbx.path], Rules(), UTC)
    assert derived_of(tmp_path / "whole.db") == derived_of(tmp_path / "all.db")


def test_a_backup_and_the_log_up_to_an_instant(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    lines = (DATA / "asterisk-22.10.queue_log").read_bytes().splitlines(keepends=True)
    half = len(lines) // 2
    log.write_bytes(b"".join(lines[:half]))
    store, copy = tmp_path / "s.db", tmp_path / "copy.db"
    assert invoke("--db", str(store), "ingest", "queue-log", str(log)).code == 0
    backup(store, copy)
    shutil.copy(DATA / "asterisk-22.10.queue_log", log)
    whole = tmp_path / "whole.db"
    ingest(whole, [log], Rules(), UTC)

    store.write_bytes(b"lost, " * 2000)  # the disk
    result = invoke("--db", str(store), "db", "restore", str(copy), "--yes", "--log", str(log), "--json")
    assert result.code == 0, result.err
    assert derived_of(store)["visits"] == derived_of(whole)["visits"]
    assert not list(tmp_path.glob(".ccops-restore-*"))

    then = tmp_path / "then.db"
    moment = int(lines[half].split(b"|")[0])
    text = datetime.fromtimestamp(moment, UTC).isoformat()
    result = invoke("--db", str(then), "db", "restore", str(store), "--until", text, "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert found["left_out"] == sum(int(line.split(b"|")[0]) >= moment for line in lines)
    assert found["kept"] is None
    assert invoke("--db", str(then), "db", "check").code == 0
    wrong = invoke("--db", str(then), "db", "restore", str(store), "--yes", "--until", "yesterday")
    assert wrong.code == 2


# -- copies by date ----------------------------------------------------------------------------------------------------


def test_copies_by_date_are_checked_and_the_newest_kept(tmp_path: Path) -> None:
    store, folder = tmp_path / "ccops.db", tmp_path / "backup"
    folder.mkdir()
    assert invoke("--db", str(store), "ingest", "queue-log", str(DATA / "asterisk-22.10.queue_log")).code == 0
    others = ["ccops-before-the-move.db", "other-20250101-000000.db", "ccops-20250101-000000.db.gz"]
    ours = [f"ccops-2025010{day}-000000.db" for day in range(1, 6)]
    for name in [*others, *ours]:
        (folder / name).write_text("a copy")
    result = invoke("--db", str(store), "db", "backup", str(folder), "--check", "--keep", "3", "--json")
    assert result.code == 0, result.err
    new = Path(json.loads(result.out)["backup"])
    assert new.name == "ccops-20260304-130000.db"  # in the site's zone
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*others, *ours[-2:], new.name, f"{new.name}.sha256"]
    )
    assert check(new) == []
    again = invoke("--db", str(store), "db", "backup", str(folder), "--keep", "1")
    assert again.code == 2  # in the same second: nothing is written over, and nothing removed
    assert (folder / ours[-1]).exists()
    assert invoke("--db", str(store), "db", "backup", str(tmp_path / "f.db"), "--keep", "1").code == 2
    assert invoke("--db", str(store), "db", "backup", str(folder), "--keep", "0").code == 2
