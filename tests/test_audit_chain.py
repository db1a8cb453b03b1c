"""The audit: on disk before, closed after, append-only, chained; survives kill -9 and several writers."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccops.errors import CcopsError
from ccops.pbx.queue_log.lines import LogRow
from ccops.reports.visits import ActionLog, Outcome, visits_of
from ccops.store import StoreDamaged, StoreError, open_store
from ccops.store import audit as audit_module
from ccops.store.audit import (
    Audit,
    entries,
    export_lines,
    exported,
    first_broken,
    open_audit,
    pulls,
    records,
    verdict,
)
from ccops.store.chain import GENESIS, Entry, digest_of, verify


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_772_600_400.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ccops.db"


@pytest.fixture
def audit(store: Path, clock: Clock) -> Iterator[Audit]:
    audit = open_audit(store, clock)
    yield audit
    audit.close()


def begin(
    audit: Audit, action: str = "listen", target: str = "Ana 王芳", call_id: str = "1.1", who: str = "anna"
) -> int:
    return audit.begin(
        who=who,
        origin="pts/1",
        action=action,
        target=target,
        call_id=call_id,
        arguments='{"phone": "9001"}',
        reason="r",
    )


def done(audit: Audit, action: str, call_id: str = "1.1", **data: Any) -> int:
    number = begin(audit, action, call_id=call_id)
    audit.end(number, result="done", detail="well", data=data)
    return number


def told(store: Path) -> list[dict[str, Any]]:
    with open_store(store, read_only=True) as database:
        return list(records(database))


def test_a_row_stands_before_the_action_and_is_closed_by_a_row_of_its_own(
    audit: Audit, store: Path, clock: Clock
) -> None:
    number = begin(audit)
    assert [(row["number"], row["result"], row["ended_at"]) for row in told(store)] == [(1, "unknown", None)]
    clock.now += 2.5
    audit.end(number, result="done", detail="You listen.", data={"supervision_id": "ccops-1"})
    (row,) = told(store)
    assert (row["who"], row["target"], row["result"], row["detail"]) == ("anna", "Ana 王芳", "done", "You listen.")
    assert row["ended_at"] - row["at"] == 2.5
    with open_store(store, read_only=True) as database:
        assert [(entry.id, entry.opens) for entry in entries(database)] == [(1, None), (2, 1)]
        assert verdict(database).ok


def test_it_is_for_its_owner_alone(audit: Audit, store: Path) -> None:
    begin(audit)
    files = [path for path in store.parent.iterdir() if path.name.startswith("ccops.db")]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


@pytest.mark.parametrize("again", ["closed", "never there", "an end"])
def test_only_an_open_row_can_be_closed(audit: Audit, again: str) -> None:
    number = done(audit, "listen")
    wrong = {"closed": number, "never there": 99, "an end": 2}[again]
    with pytest.raises(StoreError, match=f"row {wrong} is not open"):
        audit.end(wrong, result="done", detail="", data={})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'ben' WHERE id = 1",
        "DELETE FROM audit WHERE id = 2",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE id = 1",
        "INSERT INTO audit SELECT 9, at, NULL, who, origin, action, target, call_id, arguments, reason, result, detail,"
        " data, previous, digest FROM audit WHERE id = 1",
        "INSERT INTO audit SELECT 3, at, NULL, who, origin, action, target, call_id, arguments, reason, result, detail,"
        " data, previous, digest FROM audit WHERE id = 1",
    ],
)
def test_nothing_that_is_written_can_be_touched(audit: Audit, store: Path, statement: str) -> None:
    done(audit, "listen")
    with sqlite3.connect(store) as connection, pytest.raises(sqlite3.DatabaseError, match="append-only"):
        connection.execute(statement)
    connection.close()
    with open_store(store, read_only=True) as database:
        assert first_broken(database) is None


def chain(count: int) -> list[Entry]:
    rows: list[Entry] = []
    for number in range(1, count + 1):
        opens = number - 1 if number % 2 == 0 else None
        previous = rows[-1].digest if rows else GENESIS
        rows.append(
            Entry.chained(
                id=number, at=1_772_600_400.0 + number, opens=opens, who="anna", action="listen", result="done",
                target=f"agent {number}", previous=previous,
            )
        )  # fmt: skip
    return rows


CHANGES: dict[str, Any] = {
    "at": 1.5, "who": "ben", "origin": "elsewhere", "action": "agent.pause", "target": "nobody", "call_id": "9.9",
    "arguments": "{}", "reason": "because", "result": "denied", "detail": "x", "data": "{}", "digest": "f" * 64,
    "previous": "e" * 64,
}  # fmt: skip


@given(st.integers(1, 12), st.data())
def test_a_change_in_any_column_is_found_in_its_row(count: int, data: st.DataObject) -> None:
    rows = chain(count)
    assert verify(rows).ok
    place = data.draw(st.integers(0, count - 1))
    name = data.draw(st.sampled_from(sorted(CHANGES)))
    rows[place] = replace(rows[place], **{name: CHANGES[name]})
    assert verify(rows).broken == place + 1


@given(st.integers(2, 12), st.data())
def test_a_rewritten_row_breaks_the_next_one(count: int, data: st.DataObject) -> None:
    rows = chain(count)
    place = data.draw(st.integers(0, count - 2))
    forged = replace(rows[place], who="somebody else")
    rows[place] = replace(forged, digest=digest_of(forged.record()))
    assert verify(rows).broken == place + 2


@given(st.integers(2, 12), st.data())
def test_dropped_doubled_and_swapped_rows_are_found(count: int, data: st.DataObject) -> None:
    rows = chain(count)
    place = data.draw(st.integers(0, count - 2))
    kind = data.draw(st.sampled_from(["drop", "double", "swap"]))
    if kind == "drop":
        del rows[place]
    elif kind == "double":
        rows.insert(place + 1, rows[place])
    else:
        rows[place], rows[place + 1] = rows[place + 1], rows[place]
    found = verify(rows).broken
    assert found == (place + 2 if kind == "double" else place + 1) or (kind == "double" and found == place + 1)


def test_rows_cut_off_at_the_end_are_found_by_an_anchor() -> None:
    rows = chain(6)
    anchor = (6, rows[5].digest)
    assert verify(rows, anchor).ok
    assert verify(rows[:4]).ok
    cut = verify(rows[:4], anchor)
    assert (cut.broken, cut.rows) == (5, 4)
    forged = chain(8)
    assert verify(forged, (6, "0" * 64)).broken == 6


def test_an_end_without_its_row_is_found() -> None:
    rows = chain(3)
    rows.append(Entry.chained(id=4, at=1.0, opens=2, previous=rows[-1].digest))
    assert verify(rows).broken == 4


WRITER = """
import sys
from pathlib import Path
from ccops.store.audit import open_audit
audit = open_audit(Path(sys.argv[1]))
for n in range(int(sys.argv[2])):
    row = dict(who=sys.argv[3], origin="t", action="listen", target=str(n), call_id="", arguments="{}", reason="")
    number = audit.begin(**row)
    print(number, flush=True)
    audit.end(number, result="done", detail="", data={})
"""


def writer(store: Path, count: int, who: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(store), str(count), who], stdout=subprocess.PIPE, text=True
    )


def test_kill_9_loses_no_row_that_was_told_and_leaves_a_whole_chain(store: Path) -> None:
    acknowledged: list[int] = []
    for rounds in range(3):
        process = writer(store, 10_000, "anna")
        assert process.stdout is not None
        acknowledged += [int(process.stdout.readline()) for _n in range(5 + 7 * rounds)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().split("\n")[:-1] if line]
        process.wait()
        process.stdout.close()
    with open_store(store, read_only=True) as database:
        assert verdict(database).ok
        rows = list(records(database))
    assert set(acknowledged) <= {row["number"] for row in rows}
    # At most the last row of each round was cut off, and those have an outcome that nobody knows.
    assert sum(row["result"] == "unknown" for row in rows) <= 3


def test_several_processes_and_threads_write_one_chain(store: Path) -> None:
    open_audit(store).close()
    processes = [writer(store, 30, f"p{number}") for number in range(3)]
    shared = open_audit(store)
    threads = [threading.Thread(target=lambda: [done(shared, "listen") for _n in range(15)]) for _t in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    shared.close()
    with open_store(store, read_only=True) as database:
        found = verdict(database)
        assert found.ok
        assert found.rows == 2 * (3 * 30 + 3 * 15)
        assert all(row["result"] == "done" for row in records(database))


def test_a_store_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CcopsError, match="file"):
        open_audit(tmp_path / "file" / "ccops.db")
    (tmp_path / "other.db").write_text("not a database at all, but long enough to look like one" * 50)
    with pytest.raises(StoreDamaged, match=r"other\.db"):
        open_audit(tmp_path / "other.db")
    monkeypatch.setattr(audit_module, "BUSY_TIMEOUT", 0.05)
    audit = open_audit(tmp_path / "ccops.db")
    with sqlite3.connect(tmp_path / "ccops.db") as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="written by another process"):
            begin(audit)
    holder.close()
    assert begin(audit) == 1
    audit.close()


def test_a_full_disk_is_told_and_the_chain_stays_whole(audit: Audit, store: Path) -> None:
    begin(audit)
    pages = audit._database.rows("PRAGMA page_count")[0][0]
    audit._database.rows(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for _n in range(1000):
            begin(audit, target="y" * 1500)

    with pytest.raises(StoreError, match="cannot be written"):
        fill()
    with open_store(store, read_only=True) as database:
        assert verdict(database).ok


def test_the_end_of_a_leg_is_written_once_however_many_desks_saw_it(audit: Audit, store: Path) -> None:
    leg: dict[str, Any] = {
        "who": "anna",
        "target": "Ben",
        "call_id": "1.1",
        "why": "the call ended",
        "seconds": 12.34567,
    }
    for _n in range(3):
        audit.leg_ended(supervision_id="ccops-1", **leg)
    audit.leg_ended(supervision_id="ccops-2", **leg)
    rows = told(store)
    assert [(row["action"], row["result"], row["detail"]) for row in rows] == [
        ("supervision.end", "done", "the call ended")
    ] * 2
    assert json.loads(rows[0]["data"]) == {"supervision_id": "ccops-1", "seconds": 12.346}


def test_pulls_and_takeovers_are_told_to_the_history(audit: Audit, store: Path, clock: Clock) -> None:
    start = clock.now
    number = begin(audit, "call.pull", call_id="1.1")
    clock.now += 3
    audit.end(number, result="done", detail="", data={"withdrawn": "1.1"})
    done(audit, "call.move", call_id="1.2", changed=False)
    done(audit, "call.move", call_id="1.3", changed=True)
    denied = begin(audit, "call.pull", call_id="1.4")
    audit.end(denied, result="denied", detail="", data={})
    done(audit, "listen", call_id="1.5")
    begin(audit, "takeover", call_id="1.6")
    clock.now += 60
    done(audit, "takeover", call_id="1.7")
    found = audit.pulls(0)
    assert found == [
        ("1.1", start + 3, "pull"), ("1.3", start + 3, "move"), ("1.6", start + 3, "takeover"),
        ("1.7", start + 63, "takeover"),
    ]  # fmt: skip
    with open_store(store, read_only=True) as database:
        assert pulls(database, start + 10) == found[-1:]


def test_a_pull_is_no_abandon_in_the_history(audit: Audit, clock: Clock) -> None:
    at = int(clock.now)
    log = [
        LogRow(at, "1.1", "sales", "NONE", "ENTERQUEUE", ("", "5550001", "1"), 1, 0),
        LogRow(at + 8, "1.1", "sales", "NONE", "ABANDON", ("1", "1", "8"), 1, 50),
    ]
    assert [visit.outcome for visit in visits_of(log)] == [Outcome.ABANDONED]
    clock.now += 7
    done(audit, "call.pull", call_id="1.1", withdrawn="1.1")
    assert [visit.outcome for visit in visits_of(log, ActionLog(audit.pulls(0)))] == [Outcome.WITHDRAWN]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(text=st.text(max_size=60), data=st.dictionaries(st.text(max_size=5), st.text(max_size=10), max_size=3))
def test_any_text_comes_back_from_store_and_export(audit: Audit, store: Path, text: str, data: dict[str, str]) -> None:
    number = begin(audit, target=text, who=text)
    audit.end(number, result="failed", detail=text, data=data)
    with open_store(store, read_only=True) as database:
        last = list(records(database))[-1]
        assert last["target"] == last["detail"] == text.encode("utf-8", "replace").decode()
        target = store.with_name("export.jsonl")
        target.write_text("".join(export_lines(database)), encoding="utf-8", newline="\n")
        assert list(exported(target)) == list(entries(database))
        assert verify(exported(target)).ok


@pytest.mark.parametrize(
    "line",
    [b"no json", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"id": 1}', b"null", b"\0\0\0"],
)
def test_a_line_of_an_export_that_is_none_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "export.jsonl"
    good = json.dumps(chain(1)[0].record()).encode()
    path.write_bytes(good + b"\n" + line + b"\n")
    with pytest.raises(StoreDamaged, match=r"export\.jsonl:2: "):
        verify(exported(path))


@pytest.mark.parametrize(
    "change",
    [{"id": "1"}, {"at": "now"}, {"at": 10**400}, {"at": -1}, {"at": float("nan")}, {"who": None}, {"opens": "x"}],
)
def test_a_value_of_the_wrong_kind_in_an_export_is_named(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "export.jsonl"
    path.write_text(json.dumps({**chain(1)[0].record(), **change}) + "\n")
    with pytest.raises(StoreDamaged, match=r"export\.jsonl:1: "):
        verify(exported(path))
