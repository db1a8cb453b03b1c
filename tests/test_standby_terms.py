"""Two stores of a pair: shipping, taking over, and never two that write; never the wrong way."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ccops.store import StoreError, check, open_store
from ccops.store.standby.pair import confirmed, fetched, followed, promoted
from ccops.store.standby.peer import PeerRefused
from ccops.store.standby.role import Role, StoreFenced, claim_of, new_node, put_role
from ccops.store.standby.wire import PeerUnreachable
from tests.standby_pair import Machine, calls, content, count, pair


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
