"""Backups and restores that are stopped or killed, and what doctor says of backup and standby."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ccops.store import check
from ccops.store.standby.pair import followed
from ccops.store.standby.role import put_role
from tests.standby_pair import Machine, calls, count, pair


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_backup_that_is_stopped_leaves_nothing_by_its_name(tmp_path: Path, number: int) -> None:
    source, copy = tmp_path / "store.db", tmp_path / "copy.db"
    machine = Machine(tmp_path / "one")
    machine.take_in(calls(0, 30_000))
    os.replace(machine.store, source)
    command = [sys.executable, "-m", "ccops", "--db", str(source), "db", "backup", str(copy)]
    process = subprocess.Popen(command, env=machine.variables, stderr=subprocess.DEVNULL)
    partial, end = tmp_path / "copy.db.partial", time.monotonic() + 20
    while not partial.exists():
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(number)
    process.wait()
    assert not copy.exists() or check(copy) == [], "it was whole before the signal came"
    assert partial.exists() == (number == signal.SIGKILL and not copy.exists())
    again = machine.run("--db", str(source), "db", "backup", str(copy), "--check")
    assert (again.returncode, partial.exists()) == (0, False) if not copy.exists() else True


def doctored(machine: Machine, name: str) -> dict[str, Any]:
    rows = json.loads(machine.run("doctor", "--offline", "--json").stdout)
    return next(row for row in rows if row["check"] == name)


def test_doctor_says_how_old_backup_and_copy_are(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    none = doctored(one, "backup")
    assert (none["ok"], "ccops db backup" in none["remedy"]) == (None, True)
    backups = tmp_path / "backups"
    backups.mkdir()
    abandoned = backups / "ccops-20260101-034000.db.partial"
    abandoned.write_bytes(b"")
    os.utime(abandoned, (0, 0))
    one.done("db", "backup", str(backups), "--keep", "2")
    assert not abandoned.exists()
    found = doctored(one, "backup")
    assert (found["ok"], str(backups) in found["detail"]) == (True, True)
    note = one.store.with_name("ccops.db.backup")
    note.write_text(json.dumps({**json.loads(note.read_text()), "at": time.time() - 4 * 86_400}))
    assert doctored(one, "backup")["ok"] is False
    assert doctored(one, "standby")["ok"] is None
    followed(two.store, two.peer)
    for machine, kind in ((one, "Primary"), (two, "Standby")):
        fresh = doctored(machine, "standby")
        assert (fresh["ok"], fresh["detail"].startswith(f"{kind}, term 1")) == (True, True)
        put_role(machine.store, replace(machine.role, shipped_at=time.time() - 900))
        old = doctored(machine, "standby")
        assert (old["ok"], "15" in old["detail"], "fetch" in old["remedy"]) == (False, True, True)
    two.peer = []
    assert "standby.peer" in doctored(two, "standby")["remedy"]


_RESTORER = """
import os, sys
real = os.replace
def slow(*arguments):
    print("replacing", flush=True)
    sys.stdin.readline()
    real(*arguments)
os.replace = slow
from pathlib import Path
from ccops.store import restore
restore(Path(sys.argv[1]), Path(sys.argv[2]))
print("done", flush=True)
"""


def test_a_restore_that_is_killed_leaves_a_store(tmp_path: Path) -> None:
    machine, backup = Machine(tmp_path / "one"), tmp_path / "backup.db"
    machine.take_in(calls(0, 10))
    machine.done("db", "backup", str(backup))
    machine.take_in(calls(10, 5))
    said, steps = "replacing\n", 0
    while said == "replacing\n":
        process = subprocess.Popen(
            [sys.executable, "-c", _RESTORER, str(machine.store), str(backup)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for _step in range(steps):
            process.stdout.readline()
            process.stdin.write("\n")
            process.stdin.flush()
        said = process.stdout.readline()
        process.kill()
        process.communicate()
        assert machine.count("visits") == (15 if said == "replacing\n" else 10)
        assert check(machine.store) == []
        steps += 1
    assert steps >= 3
    kept = sorted(machine.folder.glob("ccops.db.before-restore*"))
    assert {count(path, "visits") for path in kept if path.suffix not in ("-wal", "-shm")} == {15}
