"""A job that ran twice delivers once; what may work later is tried again; what fails is told."""

import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ccops.errors import CcopsError, ConfigError, ExitCode
from ccops.reports.deliver.ledger import FileLedger
from ccops.reports.deliver.model import (
    Content,
    DeliveryFailed,
    DeliveryRefused,
    DeliveryTimeout,
    Errand,
    Key,
    Outcome,
    Parcel,
    failure,
)  # fmt: skip
from ccops.reports.deliver.operator import tell_operator
from ccops.reports.deliver.send import Patience, deliver, planned
from ccops.reports.paper.render import Form
from ccops.settings import Settings
from ccops.settings.model import Site
from ccops.settings.reporting import Reports, Smtp
from ccops.settings.secret import Secret
from tests import paper_samples as samples
from tests.mailserver import mail_server

PARCEL = Parcel("daily", samples.paper(), [Content(Form.PDF, b"x")])
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@dataclass
class Pretend:
    """A target that notes what it is sent, and fails as it is told."""

    recipients: Sequence[str] = ("a",)
    errors: dict[str, list[CcopsError]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    def errands(self, parcel: Parcel) -> Sequence[Errand]:
        return [
            Errand(Key(parcel.job, parcel.when, name, parcel.content_name(parcel.contents)), self._to(name))
            for name in self.recipients
        ]

    def _to(self, name: str) -> Callable[[], str]:
        def send() -> str:
            if self.errors.get(name):
                raise self.errors[name].pop(0)
            self.sent.append(name)
            return "taken"

        return send


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    return FileLedger(tmp_path / "store" / "deliveries.db", wait=10)


def states(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.state for outcome in outcomes]


def test_a_job_that_ran_twice_delivers_once(ledger: FileLedger) -> None:
    target = Pretend(("a", "b"))
    patience = Patience(clock=lambda: 1_774_929_600.0)
    assert states(deliver(PARCEL, [target], ledger, patience)) == ["delivered", "delivered"]
    again = deliver(PARCEL, [target], FileLedger(ledger.path), patience)
    assert states(again) == ["already", "already"]
    assert again[0].sentence == "a: was delivered before: at 2026-03-31 04:00:00 UTC"
    assert target.sent == ["a", "b"]
    assert failure(again) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(PARCEL, job="weekly"),
        replace(PARCEL, paper=samples.paper(period=samples.BEFORE)),
        replace(PARCEL, contents=[Content(Form.CSV, b"x")]),
        replace(PARCEL, paper=samples.paper(filters={"Queue": "support"})),
        replace(PARCEL, occasion="second thoughts"),
    ],
)
def test_another_job_period_form_or_filter_is_another_delivery(ledger: FileLedger, other: Parcel) -> None:
    target = Pretend()
    deliver(PARCEL, [target], ledger)
    assert states(deliver(other, [target], ledger)) == ["delivered"]
    assert len(target.sent) == 2


def test_a_report_without_a_period_is_delivered_once_a_day(ledger: FileLedger) -> None:
    target = Pretend()
    for later in (0, 3600, 86_400):
        paper = samples.paper(period=None, generated_at=samples.GENERATED_AT + later)
        deliver(replace(PARCEL, paper=paper), [target], ledger)
    assert len(target.sent) == 2


def test_again_means_again(ledger: FileLedger) -> None:
    target = Pretend()
    deliver(PARCEL, [target], ledger)
    assert states(deliver(PARCEL, [target], ledger, again=True)) == ["delivered"]
    assert states(deliver(PARCEL, [target], ledger)) == ["already"]


def test_what_may_work_later_is_tried_with_growing_waits(ledger: FileLedger) -> None:
    waits: list[float] = []
    target = Pretend(errors={"a": [DeliveryFailed("busy", passing=True)] * 3})
    [outcome] = deliver(PARCEL, [target], ledger, Patience(tries=4, first_wait=10, sleep=waits.append))
    assert (outcome.state, outcome.tries, target.sent) == ("delivered", 4, ["a"])
    assert [wait / 10 == pytest.approx(2**turn, rel=0.21) for turn, wait in enumerate(waits)] == [True] * 3


def test_what_will_not_work_later_is_not_tried_again(ledger: FileLedger) -> None:
    target = Pretend(errors={"a": [DeliveryRefused("no")]})
    [outcome] = deliver(PARCEL, [target], ledger, Patience(sleep=lambda _s: pytest.fail("it waited")))
    assert (outcome.state, outcome.tries, outcome.detail) == ("failed", 1, "no")


def test_tries_come_to_an_end(ledger: FileLedger) -> None:
    target = Pretend(errors={"a": [DeliveryTimeout("slow", passing=True)] * 9})
    [outcome] = deliver(PARCEL, [target], ledger, Patience(tries=3, first_wait=0))
    assert (outcome.state, outcome.tries) == ("failed", 3)
    assert len(target.errors["a"]) == 6


def test_one_that_fails_does_not_keep_the_others_and_only_it_is_sent_again(ledger: FileLedger) -> None:
    target = Pretend(("a", "b", "c"), {"b": [ConfigError("no server", remedy="Set it.")]})
    outcomes = deliver(PARCEL, [target], ledger)
    assert states(outcomes) == ["delivered", "failed", "delivered"]
    error = failure(outcomes)
    assert error is not None
    assert (str(error), error.exit_code) == ("no server Set it.", ExitCode.USAGE)
    assert states(deliver(PARCEL, [target], ledger)) == ["already", "delivered", "already"]
    assert target.sent == ["a", "c", "b"]


def test_many_failures_are_one_error_with_their_common_exit_code(ledger: FileLedger) -> None:
    target = Pretend(("a", "b", "c"), {"a": [DeliveryTimeout("x")], "b": [DeliveryTimeout("y")]})
    error = failure(deliver(PARCEL, [target], ledger))
    assert error is not None
    assert error.exit_code == ExitCode.TIMEOUT
    assert str(error).splitlines() == ["2 of 3 deliveries failed:", "  a: failed: x", "  b: failed: y"]


def test_a_delivery_that_a_crash_left_open_is_made_again(ledger: FileLedger) -> None:
    target = Pretend()
    key = target.errands(PARCEL)[0].key
    ledger.begin(key, 1.0)
    assert ledger.delivered_at(key) is None
    assert states(deliver(PARCEL, [target], ledger)) == ["delivered"]


def test_two_runs_of_one_job_wait_for_each_other(ledger: FileLedger) -> None:
    target, slow = Pretend(), Pretend()
    inside, go_on = threading.Event(), threading.Event()

    def send() -> str:
        inside.set()
        assert go_on.wait(30)
        slow.sent.append("a")
        return "taken"

    errand = replace(slow.errands(PARCEL)[0], send=send)

    class Slow:
        def errands(self, parcel: Parcel) -> Sequence[Errand]:
            return [errand]

    results: list[list[Outcome]] = []
    first = threading.Thread(target=lambda: results.append(deliver(PARCEL, [Slow()], FileLedger(ledger.path))))
    first.start()
    assert inside.wait(30)
    second = threading.Thread(target=lambda: results.append(deliver(PARCEL, [target], FileLedger(ledger.path))))
    second.start()
    second.join(0.3)
    assert second.is_alive()
    go_on.set()
    first.join(30)
    second.join(30)
    assert (slow.sent, target.sent) == (["a"], [])
    assert [states(result) for result in results] == [["delivered"], ["already"]]


def test_a_run_that_never_ends_is_told_to_the_next_one(ledger: FileLedger) -> None:
    slept: list[float] = []
    impatient = FileLedger(ledger.path, wait=0.5, sleep=slept.append)
    with ledger.hold("daily"):
        with pytest.raises(DeliveryTimeout, match="Another run of “daily”"):
            deliver(PARCEL, [Pretend()], impatient)
        with impatient.hold("another"):
            pass
    assert 3 <= len(slept) <= 7


def _die_while_sending(path: Path) -> None:
    ledger = FileLedger(path)
    with ledger.hold("daily"):
        ledger.begin(Pretend().errands(PARCEL)[0].key, 1.0)
        os._exit(9)


def test_a_run_that_is_killed_leaves_neither_a_lock_nor_a_lie(ledger: FileLedger) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_die_while_sending, args=(ledger.path,))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    target = Pretend()
    assert states(deliver(PARCEL, [target], ledger)) == ["delivered"]


def test_a_ledger_that_cannot_be_used_stops_the_job_before_anything_is_sent(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database " * 100)
    with pytest.raises(CcopsError, match=r"damaged\.db"):
        FileLedger(damaged)
    newer = tmp_path / "newer.db"
    FileLedger(newer)
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(CcopsError, match="newer ccops"):
        FileLedger(newer)
    (tmp_path / "file").write_text("")
    with pytest.raises(CcopsError, match="cannot be opened"):
        FileLedger(tmp_path / "file" / "deliveries.db")


def test_the_ledger_is_for_its_owner_only(ledger: FileLedger) -> None:
    assert ledger.path.stat().st_mode & 0o077 == 0


def settings(port: int, operator: str = "it@example.net") -> Settings:
    return Settings(
        site=Site(name="Riverside", timezone="Europe/Berlin"),
        smtp=Smtp(
            host="127.0.0.1", port=port, security="none", sender="ccops@example.net", timeout=5,
            username="u", password=Secret("hush hush"),
        ),
        reports=Reports(operator=operator),
    )  # fmt: skip


def outcomes_of(*errors: CcopsError | None) -> list[Outcome]:
    key = Key("daily", "x", "mail:anna@example.net", "queues pdf")
    return [Outcome(key, "failed" if error else "delivered", str(error or "ok"), 1, error) for error in errors]


def test_the_operator_is_told_what_failed_what_arrived_and_no_secret() -> None:
    with mail_server() as box:
        made = settings(box.port)
        made = replace(made, smtp=replace(made.smtp, username=""))
        outcomes = outcomes_of(DeliveryFailed("no\x1b[2J room for hush hush"), None)
        error = failure(outcomes)
        assert error is not None
        told = tell_operator(made, "daily", error, outcomes, now=samples.GENERATED_AT)
    assert told == "it@example.net was told."
    [message] = box.messages
    assert message["Subject"] == "Riverside: report job daily failed"
    text = message.get_content()
    assert "no[2J room for ********" in text
    assert "mail:anna@example.net: delivered: ok" in text
    assert "2026-03-31 06:00:00+02:00" in text


def test_an_operator_who_cannot_be_told_is_no_second_failure() -> None:
    with mail_server() as box:
        box.refused = {"it@example.net": "550 gone"}
        made = replace(settings(box.port), smtp=replace(settings(box.port).smtp, username=""))
        told = tell_operator(made, "daily", ValueError("boom"), now=0)
    assert told.startswith("it@example.net could not be told:")
    assert "550 gone" in told
    assert "not set" in tell_operator(settings(1, operator=""), "daily", ValueError("boom"), now=0)
    unset = replace(settings(1), smtp=Smtp())
    assert "smtp.host is not set" in tell_operator(unset, "daily", ValueError("boom"), now=0)


def test_a_dry_run_says_what_would_be_and_notes_nothing(ledger: FileLedger) -> None:
    target = Pretend(("a", "b"))
    assert states(planned(PARCEL, [target], None)) == ["planned", "planned"]
    assert states(planned(PARCEL, [target], ledger)) == ["planned", "planned"]
    deliver(PARCEL, [Pretend(("a",))], ledger)
    found = planned(PARCEL, [target], ledger)
    assert states(found) == ["already", "planned"]
    assert found[1].sentence == "b: would be delivered"
    assert states(planned(PARCEL, [target], ledger, again=True)) == ["planned", "planned"]
    assert target.sent == []
    assert states(deliver(PARCEL, [target], ledger)) == ["already", "delivered"]


def test_the_ledger_forgets_what_is_older_than_a_year(ledger: FileLedger) -> None:
    start, year = 1_774_929_600.0, 366 * 86_400
    deliver(PARCEL, [Pretend(("a",))], ledger, Patience(clock=lambda: start))
    other = replace(PARCEL, job="weekly")
    assert states(deliver(other, [Pretend(("a",))], ledger, Patience(clock=lambda: start + year))) == ["delivered"]
    assert states(deliver(PARCEL, [Pretend(("a",))], ledger, Patience(clock=lambda: start + year))) == ["already"]
    deliver(other, [Pretend(("b",))], ledger, Patience(clock=lambda: start + year + 1))
    with sqlite3.connect(ledger.path) as connection:
        rows = connection.execute("SELECT job, recipient FROM deliveries ORDER BY job, recipient").fetchall()
    connection.close()
    assert rows == [("weekly", "a"), ("weekly", "b")]
