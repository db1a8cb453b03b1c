"""Following into the store: every line once, through rotation, restarts and kill -9; pulls are corrected when known."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccops.reports.ingest import Following, ingest
from ccops.reports.rules import Rules
from ccops.store import StoreLocked, check, open_store
from ccops.store.audit import open_audit
from tests.history_pbx import T0, Pbx
from tests.test_ingest_once import stored_visits

UTC = ZoneInfo("UTC")
RULES = Rules()

steps = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 5)),
    st.just(("write_half",)),
    st.tuples(st.just("rename"), st.integers(0, 3)),
    st.tuples(st.just("truncate"), st.integers(0, 3), st.booleans()),
    st.just(("poll",)),
    st.just(("restart",)),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(steps, max_size=12))
def test_every_line_is_in_the_store_once(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[object, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("follow")
    store = folder / "s.db"
    pbx = Pbx(folder)
    following = Following(store, pbx.path, RULES, UTC)
    for name, *arguments in plan:
        if name == "poll":
            following.step()
        elif name == "restart":
            following.close()
            following = Following(store, pbx.path, RULES, UTC)
        else:
            turn(pbx, following, str(name), arguments)
    pbx.finish_line()
    for _look in range(4):
        following.step()
    following.close()
    pbx.close()
    assert [visit.caller for visit in stored_visits(store)] == [str(number + 1) for number in range(pbx.written)]
    assert check(store) == []


def turn(pbx: Pbx, following: Following, name: str, arguments: list[object]) -> None:
    """Rotate with lines before and after it, as a living log has; two rotations between two looks lose the first."""
    rotates = name in {"rename", "truncate"}
    if rotates:
        pbx.write(1)
        following.step()
        following.step()
    getattr(pbx, name)(*arguments)
    if rotates:
        pbx.write(1)
        following.step()
        following.step()


@pytest.mark.parametrize("how", ["rename", "truncate"])
def test_what_was_rotated_while_nobody_followed_is_taken_in(tmp_path: Path, how: str) -> None:
    pbx = Pbx(tmp_path)
    pbx.write(3)
    with Following(tmp_path / "s.db", pbx.path, RULES, UTC) as following:
        pbx.write(2)
        assert following.step() == 2
    pbx.write(2)
    pbx.rename(1) if how == "rename" else pbx.truncate(1, packed=True)
    pbx.write(2)
    pbx.rename(0)
    pbx.write(1)
    with Following(tmp_path / "s.db", pbx.path, RULES, UTC) as following:
        pbx.write(1)
        following.step()
    pbx.close()
    callers = [visit.caller for visit in stored_visits(tmp_path / "s.db")]
    assert callers == [str(number + 1) for number in range(pbx.written)]


def test_an_older_past_is_left_alone_when_following_begins(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path)
    pbx.write(3)
    pbx.rename(0)
    pbx.write(1)
    with Following(tmp_path / "s.db", pbx.path, RULES, UTC) as following:
        assert following.counts.new == 1
    pbx.close()


def test_a_missing_log_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    with Following(tmp_path / "s.db", path, RULES, UTC) as following:
        assert following.step() == 0
        path.write_bytes(b"1790000001|a|q|NONE|ENTERQUEUE||1|1\n")
        assert following.step() == 1
        assert (following.counts.new, following.counts.visits) == (1, 1)


def test_only_one_writes(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path)
    pbx.write(1)
    with (
        Following(tmp_path / "s.db", pbx.path, RULES, UTC),
        pytest.raises(StoreLocked, match=str(os.getpid())),
    ):
        ingest(tmp_path / "s.db", [pbx.path], RULES, UTC)
    ingest(tmp_path / "s.db", [pbx.path], RULES, UTC)
    pbx.close()


def entered(at: int) -> bytes:
    return b"%d|a|q|NONE|ENTERQUEUE||1|1\n" % (T0 + at)


@pytest.mark.parametrize("known", ["before", "after"])
def test_a_pull_is_no_abandon_whenever_it_becomes_known(tmp_path: Path, known: str) -> None:
    store, log = tmp_path / "s.db", tmp_path / "queue_log"
    log.write_bytes(entered(0))
    gone = b"%d|a|q|NONE|ABANDON|1|1|40\n" % (T0 + 40)
    clock = [T0 + 39.5]
    audit = open_audit(store, lambda: clock[0])
    row = {"who": "eva", "origin": "tty", "action": "call.pull", "target": "a", "call_id": "a"}
    with Following(store, log, RULES, UTC) as following, pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: clock[0])
        if known == "after":
            append(log, gone)
            following.step()
            assert outcomes(store) == ["abandoned"]
        number = audit.begin(**row, arguments="{}", reason="")
        clock[0] += 1
        audit.end(number, result="done", detail="", data={})
        if known == "before":
            following.step()
            append(log, gone)
        following.step()
        assert outcomes(store) == ["withdrawn"]
        assert slots(store) == [(0, 1)]
    audit.close()


def append(log: Path, data: bytes) -> None:
    with log.open("ab") as stream:
        stream.write(data)


def outcomes(store: Path) -> list[str]:
    return [visit.outcome.value for visit in stored_visits(store)]


def slots(store: Path) -> list[tuple[int, int]]:
    with open_store(store, read_only=True) as database:
        return database.rows("SELECT abandoned, withdrawn FROM queue_slots")


FOLLOW = """
import sys
from pathlib import Path
from zoneinfo import ZoneInfo
from ccops.reports.ingest import Following
from ccops.reports.rules import Rules

store, log = map(Path, sys.argv[1:])
with Following(store, log, Rules(), ZoneInfo("UTC"), wait=10) as following:
    following.run(lambda: False)
"""


def held(store: Path) -> int:
    if not store.exists() or not store.stat().st_size:
        return 0
    with open_store(store) as database:
        return int(database.rows("SELECT coalesce(max(id), 0) FROM visits")[0][0])


def test_killed_at_any_time_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    store, pbx = tmp_path / "s.db", Pbx(tmp_path)
    pick = random.Random(7)
    for kill in range(6):
        process = subprocess.Popen([sys.executable, "-c", FOLLOW, str(store), str(pbx.path)])
        before, until = held(store), float("inf")
        while time.monotonic() < until:
            pbx.write(pick.randint(1, 300))
            time.sleep(0.01)
            if until == float("inf") and held(store) > before:  # it is at work: let it go on for a while
                until = time.monotonic() + pick.random() * 0.4
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if kill % 2:
            pbx.rename(2) if kill % 4 == 1 else pbx.truncate(2, packed=False)
            pbx.write(2)
    with Following(store, pbx.path, RULES, UTC, wait=10) as following:
        following.step()
    pbx.close()
    callers = [visit.caller for visit in stored_visits(store)]
    assert callers == [str(number + 1) for number in range(pbx.written)]
    assert check(store) == []
