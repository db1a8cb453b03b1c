"""The daemon keeps the store's history: it follows the log, corrects pulls, and outlives every failure of that."""

import asyncio
import json
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ccops.desk.attention import notices
from ccops.desk.daemon.history import HistoryKeeper
from ccops.settings import Settings, load
from ccops.store import check, open_store
from ccops.store.lock import writer_lock
from tests.daemons import Daemon, live, simulated, until
from tests.history_pbx import Pbx


def visits(store: Path) -> int:
    """Return how many visits the store holds, -1 where there is none yet."""
    if not store.exists():
        return -1
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM visits").fetchone()[0])
    except sqlite3.OperationalError:
        return -1
    finally:
        connection.close()


@pytest.fixture
def pbx(tmp_path: Path) -> Iterator[Pbx]:
    made = Pbx(tmp_path)
    yield made
    made.close()


def settings_with(store: Path, path: Path) -> Settings:
    return load(None, {"CCOPS_STORE__PATH": str(store), "CCOPS_QUEUE_LOG__PATH": str(path)}).settings


@asynccontextmanager
async def keeping(store: Path, path: Path) -> AsyncIterator[HistoryKeeper]:
    keeper = HistoryKeeper(settings_with(store, path), retry=0.05)
    keeper.start()
    try:
        yield keeper
    finally:
        await keeper.stop()


# --- the daemon as a process ---


async def with_log(daemon: Daemon, pbx: Pbx) -> None:
    """Start the daemon anew with a log configured."""
    await daemon.signal(signal.SIGTERM)
    daemon.config.write_text(f'{daemon.config.read_text()}\n[queue_log]\npath = "{pbx.path}"\n')
    await daemon.start()


async def test_the_daemon_follows_and_nobody_else_writes(pbx: Pbx) -> None:
    async with simulated() as (_sim, daemon):
        pbx.write(3)
        await with_log(daemon, pbx)
        await until(lambda: visits(daemon.store) == 3)
        pbx.write(2)
        pbx.rename(1)
        pbx.write(1)
        await until(lambda: visits(daemon.store) == 7)
        refused = await daemon.cli("ingest", "queue-log", str(pbx.path))
        assert refused.code == 1
        assert str(daemon.pid) in refused.err
        assert "daemon" in refused.err
        copy = await daemon.cli("db", "backup", str(daemon.folder / "copy.db"), "--json")
        assert copy.code == 0
        assert visits(daemon.folder / "copy.db") == 7
        restored = await daemon.cli("db", "restore", str(daemon.folder / "copy.db"), "--yes")
        assert restored.code == 1
        assert await daemon.signal(signal.SIGTERM) == 0
        pbx.write(1)
        again = await daemon.cli("ingest", "queue-log", str(pbx.path), "--json")
        assert (again.code, visits(daemon.store)) == (0, 8)
        assert check(daemon.store) == []


async def test_a_killed_daemon_has_lost_nothing(pbx: Pbx) -> None:
    async with simulated() as (_sim, daemon):
        await with_log(daemon, pbx)
        for number in range(1, 4):
            pbx.write(5)
            if number < 3:
                await until(lambda done=5 * number: visits(daemon.store) >= done)  # type: ignore[misc]
            await daemon.signal(signal.SIGKILL)
            await daemon.start()
        await until(lambda: visits(daemon.store) == 15)
        await asyncio.sleep(0.6)
        assert visits(daemon.store) == 15


async def test_a_daemon_serves_on_where_history_cannot_be_kept(pbx: Pbx, tmp_path: Path) -> None:
    async with simulated() as (_sim, daemon):
        (tmp_path / "folder").mkdir()
        pbx.path = tmp_path / "folder"
        await with_log(daemon, pbx)
        await until(lambda: daemon.said("History is not being kept"))
        assert any("is a directory" in line for line in daemon.err)
        async with daemon.desk() as desk:
            await live(desk)
            assert (await desk.do("agent.pause", "Ben")).ok
            assert "is a directory" in desk.board.link.history_trouble
            await until(lambda: any(one.kind == "history" for one in notices(desk.board, time.time())))
            (notice,) = [one for one in notices(desk.board, time.time()) if one.kind == "history"]
            assert "is a directory" in notice.text
            assert notice.alert_id
        check = await daemon.cli("check", "log", "--max-silence", "0s", "--json")
        assert check.code == 6
        (kept,) = [one for one in json.loads(check.out) if one["figure"] == "history_stopped"]
        assert kept["status"] == "critical"
        status = await daemon.cli("status", "--json")
        assert "is a directory" in json.loads(status.out)["history_trouble"]
        doctor = await daemon.cli("doctor", "--offline", "--json")
        (check,) = [check for check in json.loads(doctor.out) if check["check"] == "history_kept"]
        assert (check["ok"], doctor.code) == (False, 1)
        assert "is a directory" in check["detail"]
        assert await daemon.signal(signal.SIGTERM) == 0


# --- the keeper alone ---


async def test_it_waits_for_the_store_and_tells_of_it_once(
    pbx: Pbx, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = tmp_path / "s.db"
    pbx.write(2)
    with writer_lock(store):
        async with keeping(store, pbx.path):
            await until(lambda: "being written" in caplog.text)
            await asyncio.sleep(0.3)
    assert caplog.text.count("History is not being kept") == 1
    async with keeping(store, pbx.path):
        await until(lambda: visits(store) == 2)


async def test_a_fault_of_ours_is_told_and_tried_again(
    pbx: Pbx, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ccops.reports.ingest import Following

    step = Following.step
    failed: list[int] = []

    def fail_twice(self: Following) -> int:
        if len(failed) < 2:
            failed.append(1)
            raise ZeroDivisionError("somewhere")
        return step(self)

    monkeypatch.setattr(Following, "step", fail_twice)
    store = tmp_path / "s.db"
    async with keeping(store, pbx.path):
        await until(lambda: len(failed) == 2)
        pbx.write(2)
        await until(lambda: visits(store) == 2)
    assert "ZeroDivisionError" in caplog.text
    with open_store(store, read_only=True) as database:
        assert database.rows("SELECT count(*) FROM files")[0][0] == 1


async def test_what_is_wrong_is_told_until_it_is_right(pbx: Pbx, tmp_path: Path) -> None:
    told: list[str] = []
    store = tmp_path / "s.db"
    pbx.write(1)
    with writer_lock(store):
        keeper = HistoryKeeper(settings_with(store, pbx.path), retry=0.05, told=told.append)
        keeper.start()
        await until(lambda: told)
        await asyncio.sleep(0.3)
    await until(lambda: told[-1] == "")
    await keeper.stop()
    assert [bool(text) for text in told] == [True, False]
    assert "being written" in told[0]


async def test_without_a_log_it_does_nothing(tmp_path: Path) -> None:
    keeper = HistoryKeeper(load(None, {"CCOPS_STORE__PATH": str(tmp_path / "s.db")}).settings)
    keeper.start()
    await keeper.stop()
    assert not (tmp_path / "s.db").exists()


async def test_a_long_log_is_left_at_once_when_the_daemon_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ccops.reports.ingest.run import Ingest

    path, store = tmp_path / "queue_log", tmp_path / "s.db"
    path.write_bytes(b"".join(b"17900%05d|%d|q|NONE|ENTERQUEUE||1|1\n" % (n, n) for n in range(60_000)))
    begun = []
    telling = Ingest._telling

    def slowly(self: Ingest, source: object, blocks: object) -> Iterator[object]:
        for block in telling(self, source, blocks):  # type: ignore[arg-type]
            begun.append(1)
            time.sleep(0.3)
            yield block

    monkeypatch.setattr(Ingest, "_telling", slowly)
    async with keeping(store, path) as keeper:
        await until(lambda: begun)
        await keeper.stop()
        assert keeper._thread is not None
        assert not keeper._thread.is_alive()
    taken = visits(store)
    assert 0 <= taken < 60_000
    monkeypatch.undo()
    async with keeping(store, path):
        await until(lambda: visits(store) == 60_000)
