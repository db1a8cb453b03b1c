"""Logs and disks as they should not be: told clearly, the store intact, all of it taken in once things are right."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ccops.reports.archive import Archive
from ccops.reports.ingest import Following
from ccops.reports.ingest.run import Ingest
from ccops.store import check, open_store
from ccops.store.quarantine import bad_lines
from tests.history_pbx import T0, Pbx
from tests.test_cmd_frame import CLEAN, ROOT
from tests.test_ingest_once import RULES, stored_visits, take
from tests.test_ingest_once import UTC as ZONE


def entry(at: int, callid: object, queue: str = "q") -> bytes:
    return f"{at}|{callid}|{queue}|NONE|ENTERQUEUE||1|1\n".encode()


def test_stamps_that_cannot_be_are_kept_apart_and_move_no_time(tmp_path: Path) -> None:
    store, log = tmp_path / "s.db", tmp_path / "queue_log"
    future = 4_000_000_000
    log.write_bytes(entry(T0, "a") + entry(-5, "b") + entry(0, "c") + entry(99 * 10**11, "d") + entry(future, "e"))
    counts = take(store, log)
    assert (counts.new, counts.quarantined, counts.visits) == (5, 4, 1)
    with Archive.opened(store, RULES, ZONE) as archive:
        assert archive.known_to == T0
        assert archive.covers is not None
        assert archive.covers.span == (T0, T0 + 1)
        assert [bad.line for bad in bad_lines(archive.database)] == [2, 3, 4, 5]
        assert "future" in [bad.reason for bad in bad_lines(archive.database)][-1]
    other = tmp_path / "queue_log.2"
    other.write_bytes(entry(T0 + 100, "f"))
    take(store, other)
    assert [visit.callid for visit in stored_visits(store)] == ["a", "f"]


def test_a_log_that_shrinks_between_runs(tmp_path: Path) -> None:
    store, log = tmp_path / "s.db", tmp_path / "queue_log"
    lines = [entry(T0 + number, number) for number in range(100)]
    log.write_bytes(b"".join(lines))
    take(store, log)
    log.write_bytes(b"".join(lines[:40]))
    assert take(store, log).new == 0
    log.write_bytes(b"".join(lines[:40]) + entry(T0 + 500, "other"))
    assert take(store, log).new == 1
    assert [visit.callid for visit in stored_visits(store)] == [*map(str, range(100)), "other"]
    assert check(store) == []


def test_a_log_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    store, log = tmp_path / "s.db", tmp_path / "queue_log"
    data = b"".join(entry(T0 + number, number) for number in range(60_000))
    log.write_bytes(data)
    cut = data.index(b"\n", len(data) // 2) + 1

    def shrink(_read: int, _size: int | None) -> None:
        os.truncate(log, cut)

    with Ingest(store, RULES, ZONE, progress=shrink) as work:
        first = work.add([log])
    assert 0 < first.new < 60_000
    log.write_bytes(data)
    assert take(store, log).new == 60_000 - first.new
    assert len(stored_visits(store)) == 60_000


@pytest.mark.parametrize("limit", [100_000, 1_500_000])
def test_a_full_disk_is_told_and_costs_nothing(tmp_path: Path, limit: int) -> None:
    """No file may grow beyond the limit, which is how a quota looks to whoever writes."""
    store, log = tmp_path / "s.db", tmp_path / "queue_log"
    log.write_bytes(b"".join(entry(T0 + number, number) for number in range(50_000)))

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-m", "ccops", "--db", str(store), "ingest", "queue-log", str(log)]
    done = subprocess.run(
        command,
        env={**CLEAN, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=limited,
    )
    assert done.returncode == 1
    assert "Make room on the disk" in done.stderr
    assert "Traceback" not in done.stderr
    if limit > 1_000_000:  # with less there is not even an empty store
        assert check(store) == []
    assert take(store, log).lines == 50_000
    assert len(stored_visits(store)) == 50_000
    assert check(store) == []


def test_many_open_visits_cost_a_step_nothing(tmp_path: Path) -> None:
    store, pbx = tmp_path / "s.db", Pbx(tmp_path)
    pbx.write(5000)  # entries whose ends never come
    with Following(store, pbx.path, RULES, ZONE) as following:
        connection = following.database.connection
        pbx.write(1)
        following.step()
        before = connection.total_changes
        pbx.write(1)
        assert following.step() == 1
        assert connection.total_changes - before < 50
    pbx.close()
    with open_store(store, read_only=True) as database:
        assert database.rows("SELECT count(*) FROM visits") == [(5002,)]


def test_a_gigabyte_without_an_end_of_line_is_one_bad_line(tmp_path: Path) -> None:
    """A hole in a file reads as zeros; it must neither stand in memory nor stop what follows."""
    store, log = tmp_path / "s.db", tmp_path / "queue_log"
    log.write_bytes(entry(T0, "a"))
    os.truncate(log, 256 << 20)
    with log.open("ab") as stream:
        stream.write(b"\n" + entry(T0 + 9, "b"))
    code = (
        "import sys\nfrom pathlib import Path\nfrom ccops.reports.ingest import ingest\n"
        "from tests.test_ingest_once import RULES, UTC\n"
        "counts = ingest(Path(sys.argv[1]), [Path(sys.argv[2])], RULES, UTC)\n"
        "print(counts.new, counts.quarantined, counts.visits)\n"
        # Not getrusage: its maximum outlives exec, and would be that of the process that runs the tests.
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(store), str(log)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told, kilobytes = done.stdout.splitlines()
    assert told == "3 1 2"
    assert int(kilobytes) < 200_000
