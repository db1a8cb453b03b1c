"""Whatever the umask: what holds numbers, names or secrets is for its owner alone from the moment it is made."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ccops.store import upgrade
from tests.cmd_tools import invoke

DATA = Path(__file__).parent / "data"
LOG = str(DATA / "asterisk-22.10.queue_log")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def loose(folder: Path) -> list[str]:
    """Return the files below a folder that anybody but their owner may read or write."""
    return [
        f"{path.relative_to(folder)} {stat.S_IMODE(path.stat().st_mode):04o}"
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".lock") and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_what_is_made_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    store, config = tmp_path / "deep" / "s.db", tmp_path / "deep" / "config.toml"
    env = {"CCOPS_AMI__USERNAME": ""}
    with umask(mask):
        runs = [
            ["--db", str(store), "ingest", "queue-log", LOG],
            ["--db", str(store), "db", "backup", str(tmp_path / "copy.db")],
            ["--db", str(store), "db", "restore", str(tmp_path / "copy.db"), "--yes"],
            ["--db", str(store), "db", "restore", str(tmp_path / "copy.db"), "--yes", "--until", "2030-01-01"],
            ["--db", str(store), "audit", "export", str(tmp_path / "audit.jsonl")],
            ["--config", str(config), "init", "--host", "pbx", "--username", "u", "--secret", "canary", "--no-test"],
            ["--config", str(config), "init", "--host", "pbx", "--username", "v", "--secret", "canary", "--no-test",
             "--force"],
        ]  # fmt: skip
        for run in runs:
            result = invoke(*run, env=env if "init" in run else None)
            assert result.code == 0, (run, result.err)
        upgrade.keep_copy(store, 99)
    made = {path.name for path in tmp_path.rglob("*")}
    assert {"s.db", "copy.db", "s.db.before-restore", "s.db.before-schema99", "audit.jsonl", "config.toml"} <= made
    assert loose(tmp_path) == []


def test_the_write_ahead_log_is_as_private_as_the_store(tmp_path: Path) -> None:
    code = f"""
import os, pathlib
os.umask(0)
from ccops.store import open_store
database = open_store(pathlib.Path({str(tmp_path)!r}) / "s.db")
with database.write() as connection:
    connection.execute("INSERT INTO meta VALUES ('a', 'b')")
for path in pathlib.Path({str(tmp_path)!r}).iterdir():
    print(path.name, oct(path.stat().st_mode & 0o777))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "s.db-wal 0o600" in shown
    assert "s.db-shm 0o600" in shown


def test_the_lock_says_nothing_but_a_number(tmp_path: Path) -> None:
    invoke("--db", str(tmp_path / "s.db"), "ingest", "queue-log", LOG)
    lock = tmp_path / "s.db.lock"
    assert lock.read_text().isdecimal()
    assert stat.S_IMODE(lock.stat().st_mode) & 0o027 == 0
