"""`ccops db` through the program's door: sound or not, copies while somebody writes, and copies brought back."""

import json
import shutil
import socket
import sqlite3
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from ccops.store import open_store
from ccops.store.audit import open_audit
from ccops.store.lock import writer_lock
from tests.cmd_tools import Result, invoke
from tests.test_cmd_frame import loaded_by

DATA = Path(__file__).parent / "data"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    invoke("--db", str(path), "ingest", "queue-log", str(DATA / "asterisk-22.10.queue_log"))
    return path


def db(store: Path, *arguments: str, **world: Any) -> Result:
    return invoke("--db", str(store), "db", *arguments, **world)


def data(result: Result) -> Any:
    assert result.code == 0, result.err
    return json.loads(result.out)


def visits(path: Path) -> int:
    with open_store(path, read_only=True) as database:
        return int(database.rows("SELECT count(*) FROM visits")[0][0])


def break_page(path: Path) -> None:
    """Overwrite a block of log lines where SQLite's own check sees nothing wrong."""
    connection = sqlite3.connect(path)
    connection.execute("UPDATE blocks SET data = CAST(replace(data, '|', '!') AS BLOB)")
    connection.commit()
    connection.close()


def make_newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()


# -- check -------------------------------------------------------------------------------------------------------------


def test_a_sound_store(store: Path) -> None:
    found = data(db(store, "check", "--json"))
    assert list(found) == ["ok", "store", "bytes", "problems", "seconds"]
    assert (found["ok"], found["store"], found["problems"]) == (True, str(store), [])
    assert db(store, "check", "-f", "csv", "--fields", "ok").out == "ok\ntrue\n"


@pytest.mark.parametrize("how", ["lines", "garbage"])
def test_a_damaged_store_is_told_as_data_and_by_the_exit_code(store: Path, how: str) -> None:
    if how == "lines":
        break_page(store)
    else:
        store.write_bytes(b"garbage, " * 1000)
    result = db(store, "check", "--json")
    assert result.code == 1
    found = json.loads(result.out)
    assert found["ok"] is False
    assert len(found["problems"]) == 1
    assert "ccops db restore" in result.err


def test_stores_that_cannot_be_looked_at(store: Path, tmp_path: Path) -> None:
    missing = db(tmp_path / "none.db", "check", "--json")
    assert (missing.code, missing.out) == (2, "")
    assert "ccops ingest" in missing.err
    assert db(tmp_path, "check").code == 2
    make_newer(store)
    newer = db(store, "check", "--json")
    assert (newer.code, newer.out) == (1, "")
    assert "999" in newer.err
    assert "newer ccops" in newer.err


# -- backup ------------------------------------------------------------------------------------------------------------


def test_a_backup_is_one_sound_file_for_its_owner_alone(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "folder" / "copy.db"
    found = data(db(store, "backup", str(copy), "--json"))
    assert list(found) == ["store", "backup", "bytes", "seconds"]
    assert found["bytes"] == copy.stat().st_size > 0
    assert sorted(item.name for item in copy.parent.iterdir()) == ["copy.db", "copy.db.sha256"]
    assert {item.stat().st_mode & 0o077 for item in copy.parent.iterdir()} == {0}
    assert visits(copy) == visits(store) == 11
    again = db(store, "backup", str(copy))
    assert again.code == 2
    assert "exists already" in again.err


def test_one_letter_that_changed_in_a_backup_is_found(store: Path, tmp_path: Path) -> None:
    """Where SQLite's own check, the digests of log lines and the audit's chain see nothing."""
    copy = tmp_path / "copy.db"
    data(db(store, "backup", str(copy), "--check", "--json"))
    assert subprocess.run(["sha256sum", "-c", "copy.db.sha256"], cwd=tmp_path, check=False).returncode == 0
    content = bytearray(copy.read_bytes())
    content[content.index(b"MANAGER") if b"MANAGER" in content else -1000] ^= 1
    copy.write_bytes(content)
    found = db(copy, "check", "--json")
    assert (found.code, "copy.db.sha256" in found.out) == (1, True)
    refused = db(store, "restore", str(copy), "--yes")
    assert (refused.code, "damaged" in refused.err) == (1, True)
    (tmp_path / "copy.db.sha256").unlink()
    assert visits(store) == 11


def test_a_backup_while_somebody_writes_is_a_moment_of_the_store(store: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    written = []

    def write() -> None:
        audit = open_audit(store)
        while not stop.is_set():
            number = audit.begin(
                who="anna", origin="test", action="listen", target="1001", call_id="", arguments="{}", reason=""
            )
            audit.end(number, result="done", detail="", data={})
            written.append(number)
        audit.close()

    writer = threading.Thread(target=write)
    with writer_lock(store):  # as the daemon holds it
        writer.start()
        try:
            for number in range(5):
                copy = tmp_path / f"copy-{number}.db"
                assert db(store, "backup", str(copy)).code == 0
                assert data(db(copy, "check", "--json"))["ok"]
        finally:
            stop.set()
            writer.join()
    assert written
    assert db(store, "check").code == 0


# -- restore -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(store: Path, tmp_path: Path) -> Path:
    """A backup, after which the store went on."""
    path = tmp_path / "copy.db"
    assert db(store, "backup", str(path)).code == 0
    assert invoke("--db", str(store), "ingest", "queue-log", str(DATA / "asterisk-16.28.queue_log")).code == 0
    assert visits(store) > 11
    return path


def test_a_restore_keeps_what_stood_there_every_time(store: Path, copy: Path) -> None:
    more = visits(store)
    first = data(db(store, "restore", str(copy), "--yes", "--json"))
    assert list(first) == ["store", "backup", "restored", "kept", "left_out", "seconds"]
    assert visits(store) == visits(copy) == 11
    assert visits(Path(first["kept"])) == more
    second = data(db(store, "restore", str(copy), "--yes", "--json"))
    assert second["kept"] != first["kept"]
    assert visits(Path(first["kept"])) == more
    assert visits(Path(second["kept"])) == 11
    assert db(store, "check").code == 0


def test_where_there_is_no_store_nobody_need_be_asked(tmp_path: Path, copy: Path) -> None:
    found = data(db(tmp_path / "new" / "s.db", "restore", str(copy), "--json"))
    assert (found["restored"], found["kept"]) == (True, None)
    assert visits(tmp_path / "new" / "s.db") == 11


def test_it_asks_and_takes_enter_for_no(store: Path, copy: Path) -> None:
    more = visits(store)
    unasked = db(store, "restore", str(copy))
    assert unasked.code == 2
    assert "--yes" in unasked.err
    for answer in ("\n", "n\n", ""):
        refused = db(store, "restore", str(copy), stdin=answer, terminal=True)
        assert refused.code == 2
        assert str(store) in refused.err
        assert str(copy) in refused.err
    assert visits(store) == more
    assert db(store, "restore", str(copy), stdin="y\n", terminal=True).code == 0
    assert visits(store) == 11


def test_a_dry_run_checks_and_touches_nothing(store: Path, copy: Path) -> None:
    more = visits(store)
    found = data(db(store, "restore", str(copy), "--dry-run", "--json"))
    assert (found["restored"], found["kept"]) == (False, None)
    assert visits(store) == more
    break_page(copy)
    assert db(store, "restore", str(copy), "--dry-run").code == 1


@pytest.mark.parametrize("how", ["lines", "garbage", "newer", "foreign", "missing", "itself", "folder"])
def test_what_is_no_sound_backup_is_refused_and_the_store_stays(store: Path, copy: Path, how: str) -> None:
    more = visits(store)
    if how == "lines":
        break_page(copy)
    elif how == "garbage":
        copy.write_bytes(b"garbage, " * 1000)
    elif how == "newer":
        make_newer(copy)
    elif how == "foreign":
        copy.unlink()
        connection = sqlite3.connect(copy)
        connection.execute("CREATE TABLE t (a)")
        connection.close()
    elif how == "missing":
        copy.unlink()
    source = {"itself": store, "folder": store.parent}.get(how, copy)
    result = db(store, "restore", str(source), "--yes", "--json")
    assert result.code == (2 if how in ("missing", "itself", "folder") else 1), result.err
    assert result.out == ""
    assert source.name in result.err
    assert visits(store) == more
    assert not list(store.parent.glob("*restor*"))


def test_a_damaged_store_can_be_replaced(store: Path, copy: Path) -> None:
    store.write_bytes(b"garbage, " * 1000)
    shutil.rmtree(store.with_name(store.name + "-wal"), ignore_errors=True)
    kept = Path(data(db(store, "restore", str(copy), "--yes", "--json"))["kept"])
    assert kept.read_bytes().startswith(b"garbage")
    assert visits(store) == 11


def test_not_while_somebody_writes(store: Path, copy: Path, tmp_path: Path) -> None:
    more = visits(store)
    with writer_lock(store):
        busy = db(store, "restore", str(copy), "--yes")
    assert busy.code == 1
    assert "being written" in busy.err
    with socket.socket(socket.AF_UNIX) as serving:
        serving.bind(str(tmp_path / "sock"))
        serving.listen()
        env = {"CCOPS_STORE__PATH": str(store), "CCOPS_DAEMON__SOCKET": str(tmp_path / "sock")}
        result = invoke("db", "restore", str(copy), "--yes", env=env)
    assert result.code == 1
    assert "daemon" in result.err
    assert visits(store) == more
    # A socket that a daemon left behind when it died stops nobody.
    assert invoke("db", "restore", str(copy), "--yes", env=env).code == 0


def test_nothing_heavy_is_loaded(store: Path, tmp_path: Path) -> None:
    env = {"CCOPS_STORE__PATH": str(store)}
    for arguments in (["db", "check"], ["db", "backup", str(tmp_path / "c.db")]):
        found = loaded_by(*arguments, env=env)
        assert not found & {"rich", "numpy", "pandas", "sqlite_utils", "textual", "panoramisk", "ccops.desk"}
