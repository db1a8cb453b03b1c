"""Ways out: signed webhooks, mail over TLS, commands, syslog, journal; retried, in order, each once."""

import asyncio
import hmac
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.alerts.book import Book
from ccops.alerts.channels import CommandChannel, JournalChannel, NotDelivered, SyslogChannel, channels_of
from ccops.alerts.message import Message, duration, letter, quantity, sentence, subject, trial_body
from ccops.alerts.outbox import Outbox, Patience
from ccops.alerts.webhook import WebhookChannel
from ccops.errors import CcopsError, ConfigError
from ccops.settings import Settings, load
from ccops.settings.alerting import AlertTarget
from ccops.settings.hours import NoHours, hours_of, within
from ccops.settings.secret import Secret
from ccops.store import open_store
from ccops.store.alerts import DeliveryRecord, put_alert, put_delivery, waiting
from tests.badserver import certificate
from tests.hooks import hook

BERLIN = ZoneInfo("Europe/Berlin")
BODY: dict[str, Any] = {
    **trial_body("Riverside", 1_772_600_400.0), "event": "raised", "alert": "17", "rule": "wait",
    "figure": "wait_ratio", "level": "critical",
    "topic": "queue", "key": "sales", "name": "Sales", "text": "Sales: longest wait", "value": 4.5,
    "threshold": 3.0,
}  # fmt: skip


def message(number: str = "m1", **more: Any) -> Message:
    return Message(number, {**BODY, **more})


# --- words ---


def test_an_alert_is_said_in_one_sentence() -> None:
    assert sentence(BODY) == "Critical: Sales: longest wait, 4.5 × the threshold"
    assert sentence({**BODY, "event": "cleared", "at": BODY["raised_at"] + 125}) == (
        "Over: Sales: longest wait, after 2 min 5 s"
    )
    late = {**BODY, "step": 1, "at": BODY["raised_at"] + 900}
    assert sentence(late).endswith("nobody has acknowledged it for 15 min")
    assert subject(BODY).startswith("[Riverside] Critical")
    text = letter(BODY, BERLIN)
    assert "2026-03-04 06:00:00+01:00" in text
    assert "ccops alert ack 17" in text


@pytest.mark.parametrize(
    ("figure", "value", "said"),
    [("service_level", 0.725, "72.5%"), ("service_level", 0.8, "80%"), ("waiting", 7, "7"),
     ("longest_wait", 3725, "1 h 2 min"), ("longest_wait", None, "–")],
)  # fmt: skip
def test_quantities_have_their_units(figure: str, value: float | None, said: str) -> None:
    assert quantity(figure, value) == said
    assert [duration(seconds) for seconds in (59.6, 61, 3600, 7260)] == ["1 min", "1 min 1 s", "1 h", "2 h 1 min"]


# --- webhook ---


def test_a_webhook_is_signed_over_its_time_and_its_bytes() -> None:
    with hook() as receiver:
        WebhookChannel(Secret(receiver.url), Secret("the key"), clock=lambda: 1234.5).send(message())
        (got,) = receiver.got
        expected = hmac.new(b"the key", b"1234." + got.raw, sha256).hexdigest()
        assert got.headers["X-Ccops-Signature"] == f"v1={expected}"
        assert (got.headers["X-Ccops-Timestamp"], got.headers["X-Ccops-Delivery"]) == ("1234", "m1")
        assert got.headers["Content-Type"] == "application/json"
        assert got.path == "/hook?token=t0ken"
        assert got.body["alert"] == "17"
        assert got.body["message"].startswith("Critical")


@pytest.mark.parametrize(
    ("status", "passing"), [(500, True), (503, True), (429, True), (404, True), (400, False), (403, False)]
)
def test_what_a_receiver_refuses_is_told_and_some_of_it_passes(status: int, passing: bool) -> None:
    with hook() as receiver:
        receiver.answers = [status]
        with pytest.raises(NotDelivered, match=str(status)) as caught:
            WebhookChannel(Secret(receiver.url), Secret("k")).send(message())
    assert caught.value.passing is passing
    assert "t0ken" not in str(caught.value)


def test_no_redirect_is_followed() -> None:
    with hook() as receiver:
        receiver.answers = [302]
        with pytest.raises(NotDelivered):
            WebhookChannel(Secret(receiver.url), Secret("k")).send(message())
        assert len(receiver.got) == 1


def test_over_tls_the_certificate_is_checked(tmp_path: Path) -> None:
    context, authority = certificate(tmp_path, "127.0.0.1")
    with hook(context) as receiver:
        WebhookChannel(Secret(receiver.url), Secret("k"), authority).send(message())
        assert len(receiver.taken) == 1
        with pytest.raises(NotDelivered, match="certificate"):
            WebhookChannel(Secret(receiver.url), Secret("k")).send(message())
        assert len(receiver.got) == 1


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[alert_targets.x]\nwebhook = "https://h.example/"\nsigning_key = "k3y"\n')
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        load(path, {})
    assert "k3y" not in str(caught.value)
    path.write_text('[alert_targets.x]\nwebhook = "https://h.example/"\nsigning_key_file = "key"\n')
    (tmp_path / "key").write_text("k3y\n")
    (tmp_path / "key").chmod(0o640)
    settings = load(path, {}).settings
    with pytest.raises(ConfigError, match="chmod 600"):
        channels_of(settings, "x")
    (tmp_path / "key").chmod(0o600)
    assert channels_of(settings, "x")
    assert Secret("k3y") in settings.secrets()
    assert "k3y" not in repr(channels_of(settings, "x"))


def test_a_url_with_a_token_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    path, url = tmp_path / "c.toml", tmp_path / "url"
    path.write_text('[alert_targets.x]\nwebhook_file = "url"\n')
    url.write_text("https://h.example/t0ken\n")
    url.chmod(0o600)
    settings = load(path, {}).settings
    (way,) = channels_of(settings, "x")
    assert way.recipient.startswith("webhook:h.example #")
    assert "t0ken" not in repr(way)
    assert Secret("https://h.example/t0ken") in settings.secrets()
    url.write_text("http://h.example/t0ken\n")
    with pytest.raises(ConfigError, match="without https") as caught:
        channels_of(settings, "x")
    assert "t0ken" not in str(caught.value)


def test_nobody_there_passes() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NotDelivered) as caught:
            WebhookChannel(Secret(f"http://127.0.0.1:{taken.getsockname()[1]}/"), Secret()).send(message())
    assert caught.value.passing


def test_who_gets_it_is_named_without_the_token() -> None:
    assert "t0ken" not in WebhookChannel(Secret("https://h.example/x?token=t0ken"), Secret("k")).recipient


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.net/",
        "ftp://x/",
        "https://user:pass@x/",
        "https://x/#f",
        "https://x/ y",
        "//x",
        "http://10.0.0.1/",
    ],
)
def test_a_url_that_would_leak_is_refused(tmp_path: Path, url: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(f'[alert_targets.x]\nwebhook = "{url}"\n')
    with pytest.raises(ConfigError, match="webhook"):
        load(path, {})


# --- command, syslog, journal ---


def test_a_command_reads_the_alert_and_sees_no_secret(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = f"import os,sys,json; json.dump([json.load(sys.stdin), dict(os.environ)], open({str(out)!r}, 'w'))"
    environment = {"PATH": "/bin", "CCOPS_AMI__SECRET": "s3cret", "CCOPS_SMTP__PASSWORD": "s3cret"}
    CommandChannel((sys.executable, "-c", code), 20.0, environment).send(message(text="$(reboot); `x`\n|"))
    body, variables = json.loads(out.read_text())
    assert body["text"] == "$(reboot); `x`\n|"
    assert (variables["CCOPS_ALERT_LEVEL"], variables["CCOPS_ALERT_EVENT"]) == ("critical", "raised")
    assert "s3cret" not in out.read_text()


@pytest.mark.parametrize(("code", "passing"), [("raise SystemExit(75)", True), ("raise SystemExit(3)", False)])
def test_a_command_that_fails_says_so(code: str, passing: bool) -> None:
    with pytest.raises(CcopsError) as caught:
        CommandChannel((sys.executable, "-c", code), 20.0).send(message())
    assert getattr(caught.value, "passing", None) is passing


@pytest.fixture
def log(tmp_path: Path) -> Any:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "log"))
    listening.settimeout(5)
    yield listening
    listening.close()


def test_syslog_gets_one_line_with_its_priority(log: Any) -> None:
    SyslogChannel("local3", Path(log.getsockname())).send(message(text="a\nb\x1b[2J"))
    line = log.recv(9000).decode()
    assert line.startswith(f"<{19 * 8 + 2}>ccops[")
    assert "\n" not in line
    assert "\x1b" not in line
    SyslogChannel("local3", Path(log.getsockname())).send(message(event="cleared"))
    assert log.recv(9000).decode().startswith(f"<{19 * 8 + 5}>")


def test_the_journal_gets_fields_that_no_value_can_forge(log: Any) -> None:
    JournalChannel(Path(log.getsockname())).send(message(key="x\nPRIORITY=0\nEVIL=1"))
    fields = dict(_fields(log.recv(9000)))
    assert fields["PRIORITY"] == "2"
    assert fields["CCOPS_KEY"] == "x\nPRIORITY=0\nEVIL=1"
    assert "EVIL" not in fields
    assert fields["CCOPS_ALERT"] == "17"


def _fields(data: bytes) -> Any:
    """Read the journal's own form: name, length, value."""
    while data:
        name, _line, rest = data.partition(b"\n")
        length = int.from_bytes(rest[:8], "little")
        yield name.decode(), rest[8 : 8 + length].decode()
        data = rest[8 + length + 1 :]


def test_a_log_that_is_not_there_passes(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered, match="does not take") as caught:
        SyslogChannel("user", tmp_path / "none").send(message())
    assert caught.value.passing


def test_a_target_that_can_tell_nobody_is_refused() -> None:
    for target, said in ((AlertTarget(), "nobody"), (AlertTarget(mail=("a@example.net",)), "smtp.host")):
        with pytest.raises(ConfigError, match=said):
            channels_of(Settings(alert_targets={"x": target}), "x")


# --- the outbox ---


@dataclass
class Way:
    """A recipient that fails as told."""

    recipient: str = "test:1"
    faults: list[Exception] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    tried: int = 0
    gather: float = 0.0

    def send(self, message: Message) -> str:
        self.tried += 1
        if self.faults:
            raise self.faults.pop(0)
        self.got.append(message.id)
        return "taken"


def record(number: str, **more: Any) -> DeliveryRecord:
    given_: dict[str, Any] = {"alert": 1, "event": 1, "target": "t", "recipient": "test:1", "body": json.dumps(BODY)}
    return DeliveryRecord(number, **{**given_, "urgent": 1, "made_at": 0.0, **more})


@asynccontextmanager
async def outbox(
    path: Path,
    *,
    quiet: Callable[[], bool] = lambda: False,
    holds: Callable[[int], bool] = lambda _n: True,
    tries: int = 5,
) -> AsyncIterator[tuple[Outbox, Book]]:
    book = Book(path, again_after=0.1)
    book.start()
    box = Outbox(book, Patience(tries, 0.01), quiet=quiet, holds=holds, clock=lambda: 1.0)
    try:
        yield box, book
    finally:
        await box.close()
        await book.close()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def states(path: Path) -> dict[str, tuple[str, int]]:
    with open_store(path, read_only=True) as database:
        return {row[0]: (row[1], row[2]) for row in database.rows("SELECT id, state, tries FROM alert_deliveries")}


async def test_messages_go_in_order_and_again_until_they_are_taken(tmp_path: Path) -> None:
    path, way = tmp_path / "s.db", Way(faults=[NotDelivered("down"), OSError("odd"), NotDelivered("down")])
    async with outbox(path) as (box, _book):
        for number in ("a", "b", "c"):
            box.put(record(number), message(number), way, None)
        await until(lambda: len(way.got) == 3)
    assert way.got == ["a", "b", "c"]
    assert way.tried == 6
    assert states(path) == {"a": ("delivered", 4), "b": ("delivered", 1), "c": ("delivered", 1)}


async def test_what_will_never_work_is_given_up_and_does_not_hold_up_the_next(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    way = Way(faults=[NotDelivered("no such box", passing=False), *[NotDelivered("down")] * 5])
    async with outbox(path) as (box, _book):
        for number in ("a", "b", "c"):
            box.put(record(number), message(number), way, None)
        await until(lambda: way.got)
    assert way.got == ["c"]
    assert states(path) == {"a": ("failed", 1), "b": ("failed", 5), "c": ("delivered", 1)}


async def test_one_who_does_not_answer_holds_up_nobody_else(tmp_path: Path) -> None:
    slow, quick = Way("test:slow", faults=[NotDelivered("down")] * 1000), Way("test:quick")
    async with outbox(tmp_path / "s.db", tries=1000) as (box, _book):
        box.put(record("a", recipient="test:slow"), message("a"), slow, None)
        await until(lambda: slow.tried)
        box.put(record("b", recipient="test:quick"), message("b"), quick, None)
        await until(lambda: quick.got)


async def test_quiet_hours_hold_back_what_may_wait_and_drop_what_is_over(tmp_path: Path) -> None:
    path, way, quiet, holding = tmp_path / "s.db", Way(), [True], {1, 3}
    async with outbox(path, quiet=lambda: quiet[0], holds=holding.__contains__) as (box, _book):
        box.put(record("calm", alert=1, urgent=0), message("calm"), way, None)
        box.put(record("over", alert=2, urgent=0), message("over"), way, None)
        box.put(record("its end", alert=2, urgent=0), message("its end", event="cleared"), way, None)
        box.put(record("step", alert=5, urgent=0), message("step", event="escalated"), way, None)
        box.put(record("end of step", alert=5, urgent=0), message("end of step", event="cleared"), way, None)
        box.put(record("old end", alert=4, urgent=0), message("old end", event="cleared"), way, None)
        box.put(record("loud", alert=3), message("loud"), way, None)
        await until(lambda: way.got)
        await asyncio.sleep(0.1)
        assert way.got == ["loud"]
        quiet[0] = False
        box.put(record("next", alert=3), message("next"), way, None)
        await until(lambda: "next" in way.got)
    assert way.got == ["loud", "calm", "old end", "next"]
    assert {name: state for name, (state, _tries) in states(path).items()} == {
        "calm": "delivered", "over": "dropped", "its end": "dropped", "step": "dropped", "end of step": "dropped",
        "old end": "delivered", "loud": "delivered", "next": "delivered",
    }  # fmt: skip


async def test_what_is_not_taken_when_the_daemon_ends_stands_in_the_store(tmp_path: Path) -> None:
    path, way = tmp_path / "s.db", Way(faults=[NotDelivered("down")] * 1000)
    async with outbox(path, tries=1000) as (box, book):
        item = record("a")
        noted = book.write(lambda connection: put_delivery(connection, item))
        box.put(item, message("a"), way, noted)
        await until(lambda: way.tried > 2)
    with open_store(path, read_only=True) as database:
        (left,) = waiting(database)
    assert left.id == "a"
    assert left.tries > 0
    assert left.detail == "down"


async def test_the_book_writes_later_what_it_cannot_write_now(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    open_store(path).close()
    book = Book(path, again_after=0.05)
    path.rename(tmp_path / "away")
    (tmp_path / "s.db").mkdir()
    book.start()
    written = [book.write(partial(put_delivery, record=record(number))) for number in ("a", "b")]
    await asyncio.sleep(0.3)
    assert not any(future.done() for future in written)
    (tmp_path / "s.db").rmdir()
    (tmp_path / "away").rename(path)
    await asyncio.wait(written, timeout=20)
    await book.close()
    assert set(states(path)) == {"a", "b"}


# --- quiet hours ---


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("hours", "moment", "quiet"),
    [
        ("22:00-07:00", "2026-03-04T21:59:59", False),
        ("22:00-07:00", "2026-03-04T22:00:00", True),
        ("22:00-07:00", "2026-03-05T06:59:59", True),
        ("22:00-07:00", "2026-03-05T07:00:00", False),
        ("sat,sun 00:00-24:00", "2026-03-06T23:59:59", False),
        ("sat,sun 00:00-24:00", "2026-03-07T00:00:00", True),
        ("fri 22:00-06:00", "2026-03-07T05:00:00", True),
        ("fri 22:00-06:00", "2026-03-06T05:00:00", False),
        ("mon-fri 12:00-13:00", "2026-03-04T12:30:00", True),
        ("sat-mon 12:00-13:00", "2026-03-01T12:30:00", True),
        # The clock is set forward at 2:00 on 29 March and back at 3:00 on 25 October.
        ("01:30-02:30", "2026-03-29T01:59:59", True),
        ("01:30-02:30", "2026-03-29T03:00:00", False),
        ("01:30-02:30", "2026-10-25T02:15:00", True),
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall(hours: str, moment: str, quiet: bool) -> None:
    assert within((hours,), at(moment), BERLIN) is quiet


def test_in_the_night_with_25_hours_both_hours_are_quiet() -> None:
    first = at("2026-10-25T02:15:00")
    assert within(("02:00-03:00",), first, BERLIN)
    assert within(("02:00-03:00",), first + 3600, BERLIN)
    assert not within(("02:00-03:00",), first + 7200, BERLIN)


@pytest.mark.parametrize(
    "text", ["", "22-7", "25:00-26:00", "22:00-22:00", "24:00-07:00", "xyz 22:00-07:00", "22:00", "1:60-2:00"]
)
def test_hours_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(NoHours):
        hours_of(text)


@given(st.text(max_size=30))
def test_any_text_is_hours_or_is_refused(text: str) -> None:
    with suppress(NoHours):
        found = hours_of(text)
        assert found.days
        assert replace(found) == found


def test_the_store_keeps_hostile_names(tmp_path: Path) -> None:
    from ccops.store.alerts import AlertRecord, history

    odd = AlertRecord(
        1, "r", "f", "info", "info", "queue", "k\ud800", "'; DROP TABLE alerts; --", "x", None, None, 0.0, 0.0, None,
        "", None, "", 0, ("a", "b"), None,
    )  # fmt: skip
    with open_store(tmp_path / "s.db") as database:
        with database.write() as connection:
            put_alert(connection, odd)
        (found,) = history(database, None, None, 10)
    assert found == replace(odd, key="k?")
