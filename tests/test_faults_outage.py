"""Webhook and mail server down for an hour: by a clock of its own, and with real servers that go and come back."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ccops.alerts.book import Book
from ccops.alerts.channels import NotDelivered
from ccops.alerts.message import Message
from ccops.alerts.outbox import LONGEST_WAIT, Outbox, Patience
from ccops.store import open_store
from ccops.store.alerts import DeliveryRecord, put_delivery
from tests.daemons import Daemon, simulated, until
from tests.hooks import LOST, Hook, hook
from tests.mailserver import Mailbox, mail_server
from tests.test_alerts_daemon import _waits, crowd
from tests.test_alerts_deliver import BODY

HOUR = 3600.0
EVERY = 90.0
"""Seconds between two alerts of that hour."""
SPREAD = 0.2


class Hours(asyncio.SelectorEventLoop):
    """A loop in which hours take as long as what is done in them: where nothing is to be done, its clock jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> Any:
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 (whoever waits for it gets it)
            done.set_exception(error)
        return done

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


@dataclass
class Down:
    """A recipient that takes nothing for a while; it keeps when it was tried and what it took."""

    loop: Hours
    until: float = HOUR
    recipient: str = "test:1"
    gather: float = 0.0
    tried: list[tuple[float, str]] = field(default_factory=list)
    taken: list[tuple[float, str]] = field(default_factory=list)
    most_waiting: int = 0

    def send(self, message: Message) -> str:
        self.tried.append((self.loop.now, message.id))
        if self.loop.now < self.until:
            raise NotDelivered("503")
        self.taken.append((self.loop.now, message.id))
        return "204"


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Any:
    loop = Hours()
    monkeypatch.setattr("ccops.alerts.outbox.time", SimpleNamespace(monotonic=loop.time))
    yield loop
    loop.close()


def record(number: int, made_at: float, recipient: str) -> DeliveryRecord:
    return DeliveryRecord(f"m{number:03}", 1, number, "t", recipient, json.dumps(BODY), 1, made_at)


async def an_hour(path: Path, loop: Hours, *ways: Down, patience: Patience | None = None) -> None:
    """Put an alert into the outbox every while, for an hour, and wait until nothing is left to do."""
    book = Book(path)
    book.start()
    box = Outbox(book, patience or Patience(), quiet=lambda: False, holds=lambda _n: True, clock=loop.time)
    for number in range(int(HOUR / EVERY)):
        for way in ways:
            one = record(number * len(ways) + ways.index(way), loop.now, way.recipient)
            noted = book.write(lambda connection, one=one: put_delivery(connection, one))  # type: ignore[misc]
            box.put(one, Message(one.id, BODY), way, noted)
            way.most_waiting = max(way.most_waiting, box.waiting.get(way.recipient, 0))
        await asyncio.sleep(EVERY)
    while box.waiting:  # noqa: ASYNC110 (its own clock jumps)
        await asyncio.sleep(1.0)
    await box.close()
    await book.close(20)


def run(loop: Hours, work: Coroutine[Any, Any, None]) -> None:
    loop.run_until_complete(work)


def kept(path: Path) -> list[tuple[str, str, int]]:
    with open_store(path, read_only=True) as database:
        return [tuple(row) for row in database.rows("SELECT id, state, tries FROM alert_deliveries ORDER BY id")]


def test_for_an_hour_it_is_tried_ever_more_slowly_and_then_all_is_delivered_once_in_order(
    tmp_path: Path, hours: Hours
) -> None:
    path, way, other = tmp_path / "s.db", Down(hours), Down(hours, until=0.0, recipient="test:2")
    began = time.monotonic()
    run(hours, an_hour(path, hours, way, other))
    assert hours.now >= HOUR
    assert time.monotonic() - began < HOUR / 10  # the clock was ours
    # Who is down holds up nobody else, who gets each at once.
    assert len(other.taken) == len(other.tried) == HOUR / EVERY
    # The first is tried ever more slowly; the others wait behind it, so that a dead server is asked once a minute.
    first = [at for at, number in way.tried if at < HOUR]
    assert {number for at, number in way.tried if at < HOUR} == {"m000"}
    gaps = [after - before for before, after in pairwise(first)]
    for number, gap in enumerate(gaps):
        plain = min(LONGEST_WAIT, 2.0 * 2**number)
        assert plain * (1 - SPREAD) <= gap <= plain * (1 + SPREAD) + 0.01, (number, gap)
    assert HOUR / (LONGEST_WAIT * (1 + SPREAD)) <= len(first) <= HOUR / (LONGEST_WAIT * (1 - SPREAD)) + 6
    # It comes back: within a minute everything goes, in order, each once.
    assert [number for _at, number in way.taken] == [f"m{2 * n:03}" for n in range(int(HOUR / EVERY))]
    assert way.taken[0][0] - HOUR <= LONGEST_WAIT * (1 + SPREAD)
    assert way.taken[-1][0] - way.taken[0][0] <= EVERY
    # Memory and store hold one of each, however often it was tried.
    assert way.most_waiting == HOUR / EVERY
    rows = kept(path)
    assert len(rows) == 2 * HOUR / EVERY
    assert {state for _id, state, _tries in rows} == {"delivered"}
    assert {tries for number, _state, tries in rows if number != "m000"} == {1}
    assert path.stat().st_size < 2_000_000


def test_news_of_that_hour_go_as_one_mail_when_the_server_is_back(tmp_path: Path, hours: Hours) -> None:
    way = Down(hours, gather=60.0, recipient="mail:a@example.net")
    run(hours, an_hour(tmp_path / "s.db", hours, way))
    assert len(way.taken) <= 3
    assert [row[:2] for row in kept(tmp_path / "s.db")] == [(f"m{n:03}", "delivered") for n in range(int(HOUR / EVERY))]


def test_a_whole_day_is_given_up_on_message_by_message_and_told(
    tmp_path: Path, hours: Hours, caplog: pytest.LogCaptureFixture
) -> None:
    """240 tries are some four hours: what nobody takes for so long is history."""
    way = Down(hours, until=24 * HOUR)
    run(hours, an_hour(tmp_path / "s.db", hours, way))
    states = [state for _id, state, _tries in kept(tmp_path / "s.db")]
    given_up = states.count("failed")
    assert states == ["failed"] * given_up + ["delivered"] * (len(states) - given_up)
    assert 4 <= given_up <= 7
    assert caplog.text.count("was not delivered") == given_up


# --- in real time ---

TARGETS = """
[alerts]
targets = ["hook", "people"]
retry_wait = 0.1
timeout = 2
[smtp]
host = "127.0.0.1"
port = {mail}
security = "none"
sender = "ccops@example.net"
[alert_targets.hook]
webhook = "{url}"
[alert_targets.people]
mail = ["lead@example.net"]
gather = 0
[alert_rules.crowd]
figure = "waiting"
warning = 1
critical = 3
[alert_rules.nobody]
off = true
[alert_rules.wait]
off = true
[alert_rules.service_level]
off = true
[alert_rules.abandoned]
off = true
"""


async def checks(daemon: Daemon) -> dict[str, dict[str, Any]]:
    done = await daemon.cli("--config", str(daemon.config), "doctor", "--listen", "0", "--json")
    return {one["check"]: one for one in json.loads(done.out)}


async def test_servers_that_go_and_come_back_get_everything_once_in_order() -> None:
    with ExitStack() as up, ExitStack() as again:
        receiver, box = up.enter_context(hook()), up.enter_context(mail_server())
        async with simulated(TARGETS.format(url=receiver.url, mail=box.port)) as (sim, daemon):
            receiver.answers = [LOST]  # it takes the first one and cannot say so
            calls = await crowd(sim, 2)
            await until(lambda: len(receiver.taken) == 2 and box.messages, "the first is delivered")
            found = await checks(daemon)
            assert (found["alert_target_hook"]["ok"], found["alert_target_people"]["ok"]) == (True, True)
            assert (len(receiver.got), len(box.messages)) == (2, 1), "the doctor sends nothing"
            up.close()  # nobody listens there any more
            calls += await crowd(sim, 2)
            await until(lambda: _waits(daemon) == 2, "the second waits")
            for call in calls:
                sim.hang_up(call)
            await until(lambda: _waits(daemon) == 4, "so does its end")
            found = await checks(daemon)
            for name in ("hook", "people"):
                check = found[f"alert_target_{name}"]
                assert (check["ok"], "refused" in check["detail"], bool(check["remedy"])) == (False, True, True)
            back = again.enter_context(hook(port=receiver.port))
            post = again.enter_context(mail_server(box.port))
            await until(lambda: _waits(daemon) == 0, "all is delivered")
            _delivered(receiver, back)
            _mailed(box, post)


def _delivered(before: Hook, after: Hook) -> None:
    """The receiver knows by the id that it has got one already."""
    ids = [one.headers["X-Ccops-Delivery"] for one in (*before.taken, *after.taken)]
    once = list(dict.fromkeys(ids))
    assert len(ids) == len(once) + 1
    same = [one.raw for one in before.taken if ids.count(one.headers["X-Ccops-Delivery"]) == 2]
    assert same[0] == same[1]
    body = {one.headers["X-Ccops-Delivery"]: one.body["event"] for one in (*before.taken, *after.taken)}
    assert [body[number] for number in once] == ["raised", "worse", "cleared"]


def _mailed(before: Mailbox, after: Mailbox) -> None:
    letters = [*before.messages, *after.messages]
    assert len({letter["Message-ID"] for letter in letters}) == len(letters) == 3
    words = ("Warning", "Critical", "Over")
    assert all(word in letter["Subject"] for word, letter in zip(words, letters, strict=True))
