"""`ccops ingest` through the program's door: what it prints, refuses, shows on a terminal, and how it is stopped."""

import bz2
import gzip
import io
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.cmd_tools import Result, invoke
from tests.history_pbx import Pbx
from tests.test_cmd_frame import CLEAN, PYTHON, ROOT, loaded_by

LOG = Path(__file__).parent / "data" / "asterisk-22.10.queue_log"
LINES = LOG.read_bytes().count(b"\n")
KEYS = ["lines", "new", "duplicate", "quarantined", "visits", "seconds"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


def take(store: Path, *arguments: str, **world: Any) -> Result:
    return invoke("--db", str(store), "ingest", "queue-log", *arguments, **world)


def counts(store: Path, *arguments: str) -> dict[str, Any]:
    result = take(store, *arguments, "--json")
    assert result.code == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


def test_the_promised_object_and_the_line_for_people(store: Path) -> None:
    first = counts(store, str(LOG))
    assert list(first) == KEYS
    assert first.pop("seconds") >= 0
    assert first == {"lines": LINES, "new": LINES, "duplicate": 0, "quarantined": 0, "visits": 11}
    again = take(store, str(LOG))
    assert (again.code, again.err) == (0, "")
    assert again.out.startswith(f"0 of {LINES} lines are new ({LINES} were known, 0 cannot be read): 0 visits in ")
    assert again.out.count("\n") == 1


@pytest.mark.parametrize("form", ["jsonl", "csv", "tsv", "md"])
def test_every_form(store: Path, form: str) -> None:
    result = take(store, str(LOG), "-f", form, "--fields", "new,visits")
    assert result.code == 0
    assert str(LINES) in result.out.splitlines()[-1]
    assert "duplicate" not in result.out


def test_many_files_packed_or_not_and_the_same_ones_again(store: Path, tmp_path: Path) -> None:
    data = LOG.read_bytes()
    cut = [data.index(b"\n", len(data) * part // 4) + 1 for part in (1, 2, 3)]
    parts = [data[: cut[0]], data[cut[0] : cut[1]], data[cut[1] : cut[2]], data[cut[2] :]]
    packers: list[Callable[[bytes], bytes]] = [gzip.compress, bz2.compress, zstandard.compress, bytes]
    names = []
    for name, part, pack in zip(("q.1.gz", "q.2.bz2", "q.3.zst", "q"), parts, packers, strict=True):
        (tmp_path / name).write_bytes(pack(part))
        names.append(str(tmp_path / name))
    found = counts(store, *reversed(names))
    assert (found["new"], found["visits"], found["duplicate"]) == (LINES, 11, 0)
    assert counts(store, *names)["new"] == 0


def test_standard_input(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for new in (LINES, 0):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(LOG.read_bytes()))))
        assert counts(store, "-")["new"] == new


def test_without_a_path_it_is_the_configured_log(store: Path) -> None:
    result = take(store, "--json", env={"CCOPS_QUEUE_LOG__PATH": str(LOG)})
    assert json.loads(result.out)["visits"] == 11
    result = take(store)
    assert (result.code, result.out) == (2, "")
    assert "[queue_log]" in result.err
    assert "PATH" in result.err


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", "is a directory"),
        ("missing", "No such file"),
        ("prose", "queue_log"),
        ("cut.gz", "damaged"),
        ("no.gz", "damaged"),
    ],
)
def test_what_is_no_log_is_named_and_leaves_the_store_as_it_was(
    store: Path, tmp_path: Path, name: str, said: str
) -> None:
    counts(store, str(LOG))
    (tmp_path / "folder").mkdir()
    (tmp_path / "prose").write_text("Once upon a time\nthere was a queue.\n")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(LOG.read_bytes().replace(b"|", b"|x"))[:-40])
    (tmp_path / "no.gz").write_bytes(b"\x1f\x8b\x08 no gzip at all")
    result = take(store, str(tmp_path / name))
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert name in result.err
    assert "Traceback" not in result.err
    assert invoke("--db", str(store), "db", "check").code == 0
    assert counts(store, str(LOG))["new"] == 0


def test_an_unreadable_log(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_bytes(LOG.read_bytes())
    opened = Path.open

    def refuse(self: Path, *arguments: Any, **options: Any) -> Any:
        if self == path:  # root may read everything, so the rights alone would not do
            raise PermissionError(13, "Permission denied", str(path))
        return opened(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    result = take(store, str(path))
    assert result.code == 2
    assert "Permission denied" in result.err


def test_an_empty_log_is_no_error_but_is_told(store: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    result = take(store, str(tmp_path / "empty"), "--json")
    assert (result.code, json.loads(result.out)["lines"]) == (0, 0)
    assert "empty" in result.err


def test_standard_input_that_cannot_be(store: Path) -> None:
    for arguments, terminal, said in ((["-"], True, "terminal"), (["-", "-"], False, "once")):
        result = take(store, *arguments, terminal=terminal)
        assert result.code == 2
        assert said in result.err
    result = take(store, "-", "--follow")
    assert result.code == 2
    assert "followed" in result.err


def test_lines_that_cannot_be_read_are_kept_and_listed(store: Path, tmp_path: Path) -> None:
    good = b"1790000001|a|q|NONE|ENTERQUEUE||1|1\n"
    path = tmp_path / "log"
    path.write_bytes(good + b"=nonsense\x1b[2J\xff\n" + good.replace(b"|a|", b"|b|") * 30_000 + b"17900\n")
    result = take(store, str(path), "--json")
    assert json.loads(result.out)["quarantined"] == 2
    assert "ccops ingest quarantine" in result.err
    listed = invoke("--db", str(store), "ingest", "quarantine", "--json")
    first, last = json.loads(listed.out)
    assert (first["file"], first["line"], first["offset"]) == (str(path), 2, len(good))
    assert (last["line"], last["text"]) == (30_003, "17900")
    assert first["reason"]
    assert "\x1b" not in first["text"]
    table = invoke("--db", str(store), "ingest", "quarantine").out
    assert table.splitlines()[0].split() == ["FILE", "LINE", "REASON", "TEXT"]
    assert invoke("--db", str(store), "ingest", "quarantine", "-f", "csv").out.count("'=nonsense") == 1


def test_no_store_and_an_empty_quarantine(store: Path) -> None:
    result = invoke("--db", str(store), "ingest", "quarantine")
    assert result.code == 2
    assert "ccops ingest queue-log" in result.err
    counts(store, str(LOG))
    assert invoke("--db", str(store), "ingest", "quarantine", "--json").out == "[]\n"


def test_a_store_of_a_newer_ccops_is_left_alone(store: Path) -> None:
    counts(store, str(LOG))
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = store.read_bytes()
    result = take(store, str(LOG))
    assert (result.code, result.out) == (1, "")
    assert "newer ccops" in result.err
    assert store.read_bytes() == before


# -- on a terminal -----------------------------------------------------------------------------------------------------


def on_terminal(store: Path, *options: str) -> tuple[str, str]:
    """Run with stderr on a terminal; return stdout and what was drawn."""
    leader, follower = pty.openpty()
    env = CLEAN | {"TERM": "xterm", "CCOPS_STORE__PATH": str(store), "COLUMNS": "100"}
    command = [*PYTHON, *options, "ingest", "queue-log", str(LOG), "--json"]
    run = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=follower, timeout=60)
    os.close(follower)
    drawn = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        drawn += part
    os.close(leader)
    assert run.returncode == 0
    return run.stdout.decode(), drawn.decode()


def test_a_bar_for_people_on_stderr_alone(store: Path) -> None:
    out, drawn = on_terminal(store)
    assert json.loads(out)["visits"] == 11
    assert "Reading" in drawn
    assert on_terminal(store, "--quiet")[1] == ""


def test_rich_is_loaded_only_for_the_bar(store: Path) -> None:
    env = {"CCOPS_STORE__PATH": str(store)}
    assert not loaded_by("ingest", "--help") & {"rich", "numpy", "pandas", "sqlite_utils", "textual"}
    found = loaded_by("ingest", "queue-log", str(LOG), env=env)
    assert not found & {"rich", "numpy", "pandas", "sqlite_utils", "textual", "panoramisk", "ccops.tui"}
    assert store.exists()


# -- being stopped -----------------------------------------------------------------------------------------------------


class Running:
    """A real process that follows, or reads standard input."""

    def __init__(self, store: Path, *arguments: str) -> None:
        env = CLEAN | {"CCOPS_STORE__PATH": str(store)}
        self.store = store
        self.process = subprocess.Popen(
            [*PYTHON, "ingest", "queue-log", *arguments],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A test run in the background ignores ctrl+c, and its children would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def visits(self) -> int:
        if not self.store.exists():
            return -1
        connection = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)
        try:
            return int(connection.execute("SELECT count(*) FROM visits").fetchone()[0])
        except sqlite3.OperationalError:
            return -1
        finally:
            connection.close()

    def wait_for(self, visits: int) -> None:
        until = time.monotonic() + 60
        while self.visits() < visits:
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < until, self.visits()
            time.sleep(0.05)

    def stop(self, number: int) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


@pytest.fixture
def running() -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def start(*arguments: Any) -> Running:
        made.append(Running(*arguments))
        return made[-1]

    yield start
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_following_ends_with_all_that_was_written(
    store: Path, tmp_path: Path, running: Callable[..., Running], number: int, code: int
) -> None:
    pbx = Pbx(tmp_path)
    pbx.write(3)
    follower = running(store, str(pbx.path), "--follow", "--json")
    follower.wait_for(3)
    pbx.write(2)
    follower.wait_for(5)
    pbx.rename(1)
    pbx.write(1)
    follower.wait_for(7)
    busy = take(store, str(LOG))
    assert busy.code == 1
    assert str(follower.process.pid) in busy.err
    ended, out, err = follower.stop(number)
    assert ended == code, err
    assert {name: json.loads(out)[name] for name in ("new", "visits", "duplicate")} == {
        "new": 7,
        "visits": 7,
        "duplicate": 0,
    }
    assert "Traceback" not in err
    assert f"Following {pbx.path}" in err
    pbx.write(2)
    assert counts(store, str(pbx.path))["new"] == 2
    pbx.close()


def test_a_log_that_is_not_there_yet_is_waited_for(
    store: Path, tmp_path: Path, running: Callable[..., Running]
) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    follower = running(store, str(folder / "queue_log"), "--follow")
    follower.wait_for(0)
    pbx = Pbx(folder)
    pbx.write(2)
    follower.wait_for(2)
    pbx.close()
    code, out, err = follower.stop(signal.SIGTERM)
    assert code == 0
    assert out.startswith("2 of 2 lines are new")
    assert "waiting for it" in err
    nowhere = take(store, str(tmp_path / "nowhere" / "queue_log"), "--follow")
    assert nowhere.code == 2
    assert "folder" in nowhere.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 1), (signal.SIGINT, 130)])
def test_an_ingest_that_is_stopped_says_so_and_goes_on_later(
    store: Path, running: Callable[..., Running], number: int, code: int
) -> None:
    reader = running(store, "-")
    reader.wait_for(0)
    time.sleep(0.2)  # from the store to the first read
    ended, out, err = reader.stop(number)
    assert (ended, out) == (code, ""), err
    assert "Traceback" not in err
    assert ("run it again" in err) == (code == 1)
    assert counts(store, str(LOG))["new"] == LINES


def children_of(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has ended meanwhile
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(status.parent.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_process_that_reads_ahead_ends_with_the_other(
    store: Path, tmp_path: Path, running: Callable[..., Running], number: int
) -> None:
    path, total = tmp_path / "long", 130_000
    line = b"17%08d|%d|q|NONE|ENTERQUEUE||1|1\n17%08d|%d|q|NONE|ABANDON|1|1|0\n"
    path.write_bytes(b"".join(line % (n, n, n, n) for n in range(total)))
    reader = running(store, str(path))
    until = time.monotonic() + 60
    while not (children := children_of(reader.process.pid)):
        assert reader.process.poll() is None, reader.process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    reader.wait_for(1)
    reader.stop(number)
    while any(map(is_running, children)):
        assert time.monotonic() < until, "left behind"
        time.sleep(0.05)
    taken = reader.visits()
    assert 0 < taken <= total
    assert invoke("--db", str(store), "db", "check").code == 0
    rest = counts(store, str(path))
    assert rest["lines"] == rest["new"] + rest["duplicate"] == 2 * total
    assert rest["duplicate"] in (2 * taken, 2 * taken - 1)  # it may have been stopped between entry and end of a visit
    assert reader.visits() == total
