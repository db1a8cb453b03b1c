"""Shipping between two stores: the copy is the store of one instant, whole at every moment, and never the wrong way."""

import errno
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ccops.store import StoreError, StoreFull, check, open_store
from ccops.store.standby import image as images
from ccops.store.standby.image import CHUNK, Image
from ccops.store.standby.pair import confirmed, fetched, followed, promoted
from ccops.store.standby.patch import Fresh, Staged, digests_of, put_in, undone
from ccops.store.standby.peer import PeerRefused
from ccops.store.standby.role import Role, StoreFenced, claim_of, new_node, put_role
from ccops.store.standby.wire import PeerUnreachable
from tests.standby_pair import Machine, calls, content, count, pair


def plain_store(path: Path, rows: int = 3000) -> sqlite3.Connection:
    """Make a database of some megabytes with a sum that every transaction keeps right."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=20)
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, n INTEGER, b BLOB)")
    connection.execute("CREATE TABLE s (total INTEGER)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO t (n, b) VALUES (1, randomblob(1500))", [()] * rows)
    connection.execute("INSERT INTO s SELECT sum(n) FROM t")
    connection.execute("COMMIT")
    return connection


def change(connection: sqlite3.Connection, dice: random.Random, rows: int = 3000) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for _change in range(dice.randrange(1, 60)):
        key = dice.randrange(1, rows)
        connection.execute("UPDATE t SET n = n + 1, b = randomblob(1500) WHERE a = ?", (key,))
        if dice.random() < 0.1:
            connection.execute("INSERT INTO t (n, b) VALUES (1, randomblob(1500))")
    connection.execute("UPDATE s SET total = (SELECT sum(n) FROM t)")
    connection.execute("COMMIT")
    if dice.random() < 0.1:
        connection.execute(f"PRAGMA wal_checkpoint({dice.choice(['PASSIVE', 'RESTART', 'TRUNCATE'])})")


def sound(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        total, found = connection.execute("SELECT total, (SELECT sum(n) FROM t) FROM s").fetchone()
        return bool(total == found and connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))
    finally:
        connection.close()


def brought(source: Path, copy: Path) -> int:
    """Bring a copy to what a store is now, as a shipment does; return how many chunks differed."""
    mine, _size = digests_of(copy)
    with Image(source) as image, closing(Staged(copy.parent) if mine else Fresh(copy, image.page_size)) as staged:
        theirs, found = image.digests(), 0
        for number in range(image.chunks):
            digest = theirs[number * 16 : number * 16 + 16]
            if mine[number * 16 : number * 16 + 16] != digest:
                staged.add(number, image.chunk(number), digest)
                found += 1
        if isinstance(staged, Fresh):
            staged.become(image.pages)
        else:
            put_in(copy, image.pages, image.page_size, staged)
    return found


@contextmanager
def being_written(connection: sqlite3.Connection, seed: int) -> Iterator[list[int]]:
    stop, done, dice = threading.Event(), [0], random.Random(seed)

    def work() -> None:
        while not stop.is_set():
            change(connection, dice)
            done[0] += 1
            stop.wait(dice.random() * 0.02)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_copy_is_one_instant_of_a_store_that_is_written_to_and_checkpointed(tmp_path: Path, seed: int) -> None:
    source, copy, dice = tmp_path / "store.db", tmp_path / "copy.db", random.Random(seed)
    connection = plain_store(source)
    with being_written(connection, seed) as done:
        begun = time.monotonic()
        while time.monotonic() - begun < 3 or done[0] < 20:
            brought(source, copy)
            assert sound(copy)
            time.sleep(dice.random() * 0.05)
    brought(source, copy)
    connection.close()
    assert brought(source, copy) == 0, "nothing differs where nothing was written"
    both = [sqlite3.connect(path) for path in (source, copy)]
    assert both[0].execute("SELECT * FROM t").fetchall() == both[1].execute("SELECT * FROM t").fetchall()
    for one in both:
        one.close()


def test_a_copy_shrinks_with_its_store(tmp_path: Path) -> None:
    source, copy = tmp_path / "store.db", tmp_path / "copy.db"
    connection = plain_store(source)
    brought(source, copy)
    before = copy.stat().st_size
    connection.execute("DELETE FROM t WHERE a > 100")
    connection.execute("UPDATE s SET total = (SELECT sum(n) FROM t)")
    connection.execute("VACUUM")
    brought(source, copy)
    assert copy.stat().st_size < before
    assert sound(copy)
    connection.close()


def test_the_page_that_sqlite_leaves_empty_is_in_no_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a store beyond a gigabyte; a journal that held that page would be put back only up to there."""
    assert images.lock_page(8192) == 131_073
    source, copy = tmp_path / "store.db", tmp_path / "copy.db"
    connection = plain_store(source)
    # SQLite itself does not know, so this only shows that the page is left out where it would be.
    with Image(source) as image:
        monkeypatch.setattr(images, "_LOCKS_AT", 8192 * 40)
        empty = images.lock_page(8192) - 1
        chunk = image.chunk(empty // CHUNK)
        assert chunk[(empty % CHUNK) * 8192 :][:8192] == bytes(8192)
    connection.close()
    assert not copy.exists()


_PATCHER = """
import random, sys
from pathlib import Path
from tests.test_standby_copies import brought
import ccops.store.standby.patch as patch
import os
real = os.pwrite
def slow(*arguments):
    print("writing", flush=True)
    sys.stdin.readline()
    return real(*arguments)
patch.os.pwrite = slow
brought(Path(sys.argv[1]), Path(sys.argv[2]))
print("done", flush=True)
"""


@pytest.mark.parametrize("writes", [1, 2, 5])
def test_kill_9_in_the_middle_of_a_patch_leaves_the_copy_as_it_was(tmp_path: Path, writes: int) -> None:
    source, copy, dice = tmp_path / "store.db", tmp_path / "copy.db", random.Random(7)
    connection = plain_store(source)
    brought(source, copy)
    held = sqlite3.connect(copy)
    before = held.execute("SELECT a, n FROM t").fetchall()
    held.close()
    for _change in range(20):
        change(connection, dice)
    process = subprocess.Popen(
        [sys.executable, "-c", _PATCHER, str(source), str(copy)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    for _write in range(writes):
        assert process.stdout.readline() == "writing\n"
        process.stdin.write("\n")
        process.stdin.flush()
    assert process.stdout.readline() == "writing\n"
    process.kill()
    process.communicate()
    assert copy.with_name("copy.db-journal").exists()
    with pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(f"file:{copy}?mode=ro", uri=True).execute("SELECT * FROM t")
    if writes == 5:
        undone(copy)  # as `open_store` does for who only reads
    held = sqlite3.connect(copy)  # any program that opens it puts the old pages back
    assert held.execute("SELECT a, n FROM t").fetchall() == before
    held.close()
    assert sound(copy)
    brought(source, copy)
    assert sound(copy)
    connection.close()


def test_a_full_disk_in_the_middle_of_a_patch_leaves_the_copy_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, copy = tmp_path / "store.db", tmp_path / "copy.db"
    connection = plain_store(source, 500)
    brought(source, copy)
    before = copy.read_bytes()
    change(connection, random.Random(3), 500)
    written, real = [0], os.pwrite

    def full(*arguments: Any) -> int:
        written[0] += 1
        if written[0] == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    monkeypatch.setattr("ccops.store.standby.patch.os.pwrite", full)
    with pytest.raises(StoreFull):
        brought(source, copy)
    assert written[0] == 3
    assert copy.read_bytes() == before
    monkeypatch.undo()
    brought(source, copy)
    assert sound(copy)
    connection.close()


def test_who_reads_a_copy_sees_it_whole_while_it_is_patched(tmp_path: Path) -> None:
    source, copy = tmp_path / "store.db", tmp_path / "copy.db"
    connection = plain_store(source, 500)
    brought(source, copy)
    reader = sqlite3.connect(copy, timeout=20)
    totals, dice = set(), random.Random(5)
    for _round in range(20):
        change(connection, dice)
        brought(source, copy)
        total, found = reader.execute("SELECT total, (SELECT sum(n) FROM t) FROM s").fetchone()
        assert total == found
        totals.add(total)
    reader.close()
    connection.close()
    assert len(totals) == 20, "what it remembers of the file it forgets with each patch"


# -- the pair ----------------------------------------------------------------------------------------------------------


def test_a_standby_has_all_and_writes_nothing(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    first = followed(two.store, two.peer)
    assert (first.kept, first.claim.term) == (None, 1)
    assert content(two.store) == content(one.store)
    one.take_in(calls(10, 5))
    one.act("1001")
    second = fetched(two.store, two.peer)
    assert 0 < second.chunks <= 4
    assert content(two.store) == content(one.store)
    assert check(two.store) == []
    assert fetched(two.store, two.peer).chunks == 0
    refused = two.run("ingest", "queue-log", str(one.folder / "queue_log"))
    assert (refused.returncode, "promote" in refused.stderr) == (4, True)
    assert two.done("report", "queues", "--from", "2026-02-01", "--to", "2026-02-28")[0]["offered"] == 15
    assert two.done("standby", "status")["peer"] == "primary"


def test_taking_over_fetches_the_rest_and_stops_the_former_writer_at_once(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    followed(two.store, two.peer)
    with open_store(one.store) as held:
        one.act("1001")  # not shipped yet
        done = promoted(two.store, two.peer)
        assert (done.fenced, done.role.term) == ("answered", 2)
        with pytest.raises(StoreFenced, match="took over"), held.write():
            pass
    assert two.count("audit") == 2
    with pytest.raises(StoreFenced):
        open_store(one.store)
    with pytest.raises(StoreFenced):
        one.act("1002")
    two.act("1003")
    assert two.count("audit") == 4
    # Lines that were shipped are known by their content, wherever the log stands on this machine.
    two.take_in(calls(0, 15))
    assert two.count("visits") == 15
    again = promoted(two.store, two.peer)
    assert (again.fenced, again.role.term) == ("nobody", 2)


def test_who_cannot_be_asked_must_be_declared_off(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    followed(two.store, two.peer)
    one.act("1001")
    dead = [sys.executable, "-c", "raise SystemExit('no route to host')"]
    with pytest.raises(PeerUnreachable, match="no route to host"):
        promoted(two.store, dead)
    with pytest.raises(PeerUnreachable):
        promoted(two.store, [])
    with pytest.raises(Exception, match="ended with 3"):
        promoted(two.store, dead, off=True, fencing=[sys.executable, "-c", "raise SystemExit(3)"])
    assert two.role.kind == "standby"
    assert promoted(two.store, dead, fencing=[sys.executable, "-c", ""]).fenced == "command"
    assert two.role.term == 2
    # The other one comes back and knows nothing.
    confirmed(two.store, two.peer, starting=True)
    with pytest.raises(StoreFenced, match="took over"):
        confirmed(one.store, one.peer, starting=True)
    assert one.role.kind == "superseded"
    with pytest.raises(StoreFenced):
        one.act("1002")


def test_what_the_former_writer_alone_has_is_kept_and_named(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    followed(two.store, two.peer)
    one.act("1001")
    one.take_in(calls(10, 4))
    promoted(two.store, ["false"], off=True)
    two.act("1003")
    two.take_in(calls(0, 12))
    back = one.done("standby", "follow", "--yes")
    kept = Path(back["kept"])
    assert kept == one.store.with_name("ccops.db.before-standby")
    assert back["only_kept"] == "lines 6, audit 2"
    assert count(kept, "audit") == 2
    assert content(one.store) == content(two.store)
    assert (one.role.kind, one.role.term) == ("standby", 2)
    # And back again, with nothing in the way this time.
    assert promoted(one.store, one.peer).role.term == 3
    assert content(one.store)["audit"] == content(two.store)["audit"]
    with pytest.raises(StoreFenced):
        two.act("1004")


def test_two_that_take_over_at_once_are_one(tmp_path: Path) -> None:
    """Two standbys of one primary ask it in the same moment; it gives up to the first."""
    one, two = pair(tmp_path)
    three = Machine(tmp_path / "three", peer=one.ship)
    for standby in (two, three):
        followed(standby.store, standby.peer)
    results: dict[str, object] = {}

    def take(name: str, machine: Machine) -> None:
        try:
            results[name] = promoted(machine.store, machine.peer).role.term
        except PeerRefused as refused:
            results[name] = refused

    threads = [threading.Thread(target=take, args=item) for item in (("two", two), ("three", three))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [name for name, result in results.items() if result == 2]
    assert len(won) == 1, results
    (lost,) = [result for result in results.values() if result != 2]
    assert "took over already" in str(lost)
    assert sorted(machine.role.kind for machine in (one, two, three)) == ["primary", "standby", "superseded"]


def test_of_two_that_were_both_told_that_the_other_is_off_one_gives_way(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    three = Machine(tmp_path / "three", peer=two.ship)
    followed(two.store, two.peer)
    followed(three.store, one.ship)
    for standby in (two, three):
        assert promoted(standby.store, ["false"], off=True).role.term == 2
    two.peer = three.ship
    refused = []
    for machine in (two, three, two, three):
        try:
            confirmed(machine.store, machine.peer, starting=True)
        except StoreFenced:
            refused.append(machine)
    assert {len(refused), len({id(machine) for machine in refused})} <= {1, 2}
    assert sorted(machine.role.kind for machine in (two, three)) == ["primary", "superseded"]


def test_nothing_is_shipped_the_wrong_way(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    three = Machine(tmp_path / "three", peer=two.ship)
    followed(two.store, two.peer)
    with pytest.raises(PeerRefused, match="standby"):
        followed(three.store, three.peer)  # a standby does not ship
    promoted(two.store, ["false"], off=True)
    with pytest.raises(Exception, match="follows nobody"):
        fetched(two.store, two.peer)  # into the one that writes
    followed(three.store, two.ship)
    with pytest.raises(StoreError, match="left behind"):
        fetched(three.store, one.ship)  # term 1 into a copy of term 2
    other = Machine(tmp_path / "other")
    other.take_in(calls(0, 3))
    followed(Machine(tmp_path / "fourth").store, other.ship)
    with pytest.raises(StoreError, match="another store"):
        fetched(three.store, other.ship)
    assert content(three.store) == content(two.store)


_CUT = """
import subprocess, sys
left = int(sys.argv[1])
ship = subprocess.Popen(sys.argv[2:], stdin=sys.stdin.buffer, stdout=subprocess.PIPE)
while left and (data := ship.stdout.read1(min(left, 4096))):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    left -= len(data)
ship.kill()
"""


def test_a_shipment_that_is_cut_anywhere_leaves_the_copy_whole(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    whole = 0

    def cut(after: int) -> list[str]:
        return [sys.executable, "-c", _CUT, str(after), *one.ship]

    with pytest.raises(PeerUnreachable):
        followed(two.store, cut(2_000))
    assert not two.store.exists()
    followed(two.store, two.peer)
    before = content(two.store)
    one.take_in(calls(10, 200))
    for after in (0, 100, 900, 2_000, 6_000, 12_000):
        with pytest.raises(PeerUnreachable):
            fetched(two.store, cut(after))
        assert content(two.store) == before
        assert check(two.store) == []
        whole += 1
    assert whole == 6
    fetched(two.store, two.peer)
    assert content(two.store) == content(one.store)


def test_what_is_damaged_on_its_way_is_not_taken(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    followed(two.store, two.peer)
    before = content(two.store)
    one.take_in(calls(10, 50))
    swap = "import sys, subprocess; p = subprocess.run(sys.argv[1:], input=b'', stdout=subprocess.PIPE); "
    noise = [sys.executable, "-c", swap + "sys.stdout.buffer.write(p.stdout[:40] + b'x' * 400)", *one.ship]
    for command in (noise, ["echo", "Welcome to desk1"], ["echo", '{"ccops": 1}'], ["true"], ["/no/such/program"]):
        with pytest.raises(PeerUnreachable):
            fetched(two.store, command)
    assert content(two.store) == before


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"", 0),
        (b"garbage\n", 3),
        (b"[]\n", 3),
        (b'{"do": "nothing"}\n', 0),
        (b'{"do": "fence", "node": "x", "host": "y"}\n', 0),
        (b'{"do": "fence", "node": "x", "host": "y", "term": 1}\n', 0),
        (b'{"do": "fence", "node": "x", "host": "\\u001b[2J", "term": 9}\n', 0),
        (b'{"do": "copy", "node": "x", "host": "y"}\n', 0),
        (b'{"do": "copy", "node": "x", "host": "y"}\n{"want": [-1]}\n', 0),
        (b'{"do": "copy", "node": "x", "host": "y"}\n{"want": ["a"]}\n', 0),
        (b'{"do": "copy", "node": "x", "host": "y"}\n{"want": [0]}\n{"done": 1}\n', 0),
    ],
)
def test_nonsense_from_the_other_end_does_nothing(tmp_path: Path, said: bytes, code: int) -> None:
    one, two = pair(tmp_path)
    followed(two.store, two.peer)
    role = one.role
    found = subprocess.run(one.ship, input=said, capture_output=True, check=False, timeout=60, env=one.variables)
    assert (found.returncode, b"Traceback" in found.stderr) == (code, False), found.stderr
    assert one.role == role
    one.act("1001")


def test_who_says_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = pair(tmp_path)
    followed(two.store, two.peer)
    monkeypatch.setattr("ccops.store.standby.peer.SILENCE", 0.3)
    from ccops.store.standby.peer import Peer

    with pytest.raises(PeerUnreachable), Peer(["sleep", "60"], silence=0.3):
        pass
    assert one.role.kind == "primary"


def test_a_copy_that_was_carried_is_not_written_before_somebody_says_so(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    followed(two.store, two.peer)
    carried = Machine(tmp_path / "carried")
    one.done("db", "backup", str(carried.store))
    with pytest.raises(StoreFenced, match="is a copy of one that"):
        carried.act("1001")
    assert carried.run("standby", "leave", "--yes").returncode == 0
    carried.act("1001")
    with open_store(carried.store, read_only=True) as database:
        assert claim_of(database.connection) is None


def test_a_restore_on_the_writer_stays_in_its_pair_and_on_a_standby_is_refused(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    backup = tmp_path / "backup.db"
    one.done("db", "backup", str(backup))
    followed(two.store, two.peer)
    one.take_in(calls(10, 5))
    fetched(two.store, two.peer)
    refused = two.run("db", "restore", str(backup), "--yes")
    assert refused.returncode == 4
    assert two.count("visits") == 15
    one.done("db", "restore", str(backup), "--yes")
    assert (one.count("visits"), one.role.term) == (10, 1)
    one.done("db", "restore", str(backup), "--log", str(one.folder / "queue_log"), "--yes")
    assert one.count("visits") == 15
    fetched(two.store, two.peer)
    assert content(two.store) == content(one.store)


def test_a_copy_in_the_writers_place_is_not_overwritten_but_kept(tmp_path: Path) -> None:
    """Killed between saying that it follows and putting its own store aside, the next shipment does that."""
    one, two = pair(tmp_path)
    two.take_in(calls(500, 3))
    from ccops.store.standby.peer import Peer

    with Peer(two.peer) as peer:
        state = peer.ask("pair", new_node())
    put_role(two.store, Role("standby", state["store"], state["term"], new_node(), time.time()))
    kept = fetched(two.store, two.peer).kept
    assert kept is not None
    assert count(kept, "visits") == 3
    assert content(two.store) == content(one.store)


def test_a_role_that_cannot_be_read_stops_writing(tmp_path: Path) -> None:
    one, _two = pair(tmp_path)
    place = one.store.with_name("ccops.db.standby")
    for wrong in ("", "{}", '{"kind": "king"}', '{"kind": "primary", "term": "9"}', "[" * 50_000):
        place.write_text(wrong)
        with pytest.raises(StoreError, match="does not say"):
            one.act("1001")


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
