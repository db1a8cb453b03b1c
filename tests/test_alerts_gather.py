"""Gathering: a storm of one rule is one message, what presses waits for nothing, and no news are lost or told twice."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccops.alerts.book import Book
from ccops.alerts.channels import MAIL_GATHER, Channel, CommandChannel, MailChannel, channels_of
from ccops.alerts.gather import Gathering, Item
from ccops.alerts.message import SEVERAL, Message, gathered, letter, sentence, subject
from ccops.alerts.outbox import Outbox, Patience
from ccops.alerts.rules import LEVELS
from ccops.reports.deliver.mail import MailServer
from ccops.settings import Settings
from ccops.settings.alerting import AlertTarget
from ccops.settings.reporting import Smtp
from ccops.store import open_store
from ccops.store.alerts import DeliveryRecord

UTC = ZoneInfo("UTC")


def news(alert: int, event: str = "raised", level: str = "warning", rule: str = "wait", **more: Any) -> Message:
    body = {
        "event": event, "alert": str(alert), "site": "Riverside", "at": 1_772_600_400.0 + alert, "rule": rule,
        "figure": "wait_ratio", "level": level, "highest": level, "topic": "queue", "key": f"q{alert}",
        "name": f"Queue {alert}", "text": f"Queue {alert}: longest wait", "value": 3.2, "threshold": 3.0,
        "since": 1_772_600_300.0, "raised_at": 1_772_600_390.0 + alert, "step": 0,
    }  # fmt: skip
    return Message(f"{alert}-{event}-{level}", {**body, **more})


def item(message: Message) -> Item:
    body = message.body
    record = DeliveryRecord(message.id, int(body["alert"]), 1, "t", "test:1", json.dumps(body), 1, body["at"])
    return Item(record, message, None)


def items(*messages: Message) -> list[Item]:
    return [item(message) for message in messages]


# --- when ---


def test_the_first_goes_at_once_and_what_follows_waits_for_the_end_of_the_time() -> None:
    gathering = Gathering(60)
    (first,) = items(news(1))
    assert gathering.ripe([first], 100) == [first]
    gathering.went([first], 100)
    more = items(news(2), news(3), news(1, "cleared"))
    assert gathering.ripe(more, 159.9) == []
    assert gathering.due(more) == 160
    assert gathering.ripe(more, 160) == more


def test_what_is_more_pressing_goes_at_once_and_takes_along_what_waits() -> None:
    gathering = Gathering(60)
    gathering.went(items(news(1)), 100)
    waiting = items(news(2), news(2, "worse", "critical"))
    assert gathering.ripe(waiting, 101) == waiting
    gathering.went(waiting, 101)
    assert gathering.ripe(items(news(3, level="critical")), 102) == []
    assert gathering.ripe(items(news(3, level="critical")), 161) != []


def test_one_rule_holds_up_no_other() -> None:
    gathering = Gathering(60)
    gathering.went(items(news(1)), 100)
    one, other = items(news(2), news(3, rule="paused"))
    assert gathering.ripe([one, other], 101) == [other]


def test_without_a_time_each_goes_alone() -> None:
    gathering = Gathering(0)
    waiting = items(news(1), news(2))
    assert gathering.ripe(waiting, 100) == waiting[:1]
    gathering.went(waiting[:1], 100)
    assert gathering.ripe(waiting[1:], 100) == waiting[1:]


STEPS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(["wait", "paused"]), st.sampled_from(LEVELS), st.booleans()),
    max_size=40,
)


@given(STEPS)
def test_nothing_is_lost_and_a_rule_is_told_of_at_most_once_in_its_time_unless_it_gets_more_pressing(
    steps: list[tuple[int, str, str, bool]],
) -> None:
    gathering, at, waiting, all_of, sent = (
        Gathering(60),
        0.0,
        list[Item](),
        list[Item](),
        list[tuple[float, list[Item]]](),
    )

    def send() -> None:
        nonlocal waiting
        while batch := gathering.ripe(waiting, at):
            gathering.went(batch, at)
            sent.append((at, batch))
            waiting = [one for one in waiting if one not in batch]

    for number, (pause, rule, level, over) in enumerate(steps):
        at += pause
        all_of += items(news(number, "cleared" if over else "raised", level, rule))
        waiting.append(all_of[-1])
        send()
    at += 60
    send()
    assert sorted(one.record.alert for _at, batch in sent for one in batch) == [one.record.alert for one in all_of]
    for rule in ("wait", "paused"):
        told = [(when, max(one.pressing for one in batch)) for when, batch in sent if batch[0].rule == rule]
        for (before, weak), (after, strong) in pairwise(told):
            assert after - before >= 60 or strong > weak


# --- what it says ---


def test_one_alone_stays_what_it_was() -> None:
    message = news(1)
    assert gathered([message]) is message


def test_a_storm_is_one_sentence_and_a_list() -> None:
    storm = gathered([news(n, level="critical" if n == 7 else "warning") for n in range(1, 51)])
    assert sentence(storm.body) == ("Critical: 50 alerts of the rule “wait”: Queue 7, Queue 1, Queue 2 and 47 more")
    assert subject(storm.body).startswith("[Riverside] Critical: 50 alerts")
    text = letter(storm.body, UTC)
    assert all(f"\n{n:>2}  " in text for n in range(1, 51))
    assert " 7  Critical: Queue 7: longest wait, 3.2 × the threshold (since 2026-03-04 04:58:20+00:00)" in text
    assert "ccops alert ack NUMBER" in text


def test_what_is_over_is_told_with_the_rest_and_an_alert_once() -> None:
    mixed = gathered([news(1), news(2), news(1, "worse", "critical"), news(2, "cleared")])
    assert (mixed.body["count"], mixed.body["over"], mixed.body["level"]) == (2, 1, "critical")
    assert sentence(mixed.body) == "Critical: 2 alerts of the rule “wait”, 1 of them over: Queue 1, Queue 2"
    assert letter(mixed.body, UTC).count("Queue 2: longest wait") == 1
    over = gathered([news(1, "cleared"), news(2, "cleared")])
    assert sentence(over.body) == "Over: 2 alerts of the rule “wait”: Queue 1, Queue 2"
    assert "alert ack" not in letter(over.body, UTC)
    assert sentence(gathered([news(1), news(1, "cleared")]).body).startswith("Over: Queue 1: longest wait")


def test_a_list_has_an_end() -> None:
    text = letter(gathered([news(n) for n in range(1, 400)]).body, UTC)
    assert text.count("longest wait") == 100
    assert "and 299 more" in text


def test_a_program_gets_every_single_one() -> None:
    messages = [news(1), news(2), news(1, "cleared")]
    body = gathered(messages).body
    assert body["event"] == SEVERAL
    assert [one["id"] for one in body["alerts"]] == [message.id for message in messages]
    assert [{k: v for k, v in one.items() if k != "id"} for one in body["alerts"]] == [m.body for m in messages]
    json.dumps(body)


def test_a_command_finds_all_of_them_in_its_environment(tmp_path: Path) -> None:
    out = tmp_path / "out"
    way = CommandChannel(
        ("/bin/sh", "-c", f'echo "$CCOPS_ALERT_EVENT|$CCOPS_ALERT_ALERT|$CCOPS_ALERT_RULE" > {out}'), 10
    )
    way.send(gathered([news(1), news(2)]))
    assert out.read_text() == "several|1 2|wait\n"


def test_the_same_once_more_has_the_same_identity() -> None:
    assert gathered([news(1), news(2)]).id == gathered([news(1), news(2)]).id
    assert gathered([news(1), news(2)]).id != gathered([news(1), news(3)]).id


def test_a_mail_belongs_to_the_threads_of_all() -> None:
    way = MailChannel(MailServer("localhost"), "ccops@example.net", "lead@example.net", UTC)
    one = str(way.letter(news(1))["References"])
    assert one in str(way.letter(gathered([news(1), news(2)]))["References"])


def test_who_is_gathered_for() -> None:
    def of(**more: Any) -> Sequence[Channel]:
        target = AlertTarget(
            mail=("a@example.net",), webhook="https://hooks.example.net/x", command=("/bin/true",), syslog="local0",
            journal=True, **more,
        )  # fmt: skip
        return channels_of(
            Settings(smtp=Smtp(host="localhost", sender="b@example.net"), alert_targets={"x": target}), "x"
        )

    assert [way.gather for way in of()] == [MAIL_GATHER, 0, 0, 0, 0]
    assert [way.gather for way in of(gather=300.0)] == [300, 300, 300, 0, 0]
    assert [way.gather for way in of(gather=0.0)] == [0, 0, 0, 0, 0]


# --- through the outbox ---


@dataclass
class Way:
    """A recipient that gathers."""

    gather: float
    recipient: str = "test:1"
    got: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> str:
        self.got.append(message)
        return "taken"


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("quiet_first", [False, True])
async def test_fifty_queues_at_once_are_one_message_and_fifty_rows(tmp_path: Path, quiet_first: bool) -> None:
    path, way, quiet = tmp_path / "s.db", Way(0.3), [quiet_first]
    book = Book(path)
    book.start()
    box = Outbox(book, Patience(5, 0.01), quiet=lambda: quiet[0], holds=lambda _n: True, clock=lambda: 1.0)
    storm = items(*(news(n) for n in range(1, 51)))
    for one in storm:
        record = DeliveryRecord(**{**_fields(one.record), "urgent": int(not quiet_first)})
        box.put(record, one.message, way, None)
    if quiet_first:
        await asyncio.sleep(0.05)
        assert not way.got
        quiet[0] = False
        box.put(items(news(51))[0].record, news(51), way, None)  # wakes the lane
    await until(lambda: way.got)
    for n in (60, 61, 62):
        box.put(items(news(n))[0].record, news(n), way, None)
        await asyncio.sleep(0.02)
    await until(lambda: sum(message.body.get("count", 1) for message in way.got) >= 53)
    await box.close()
    await book.close()
    assert [message.body.get("count", 1) for message in way.got] == [51 if quiet_first else 50, 3]
    with open_store(path, read_only=True) as database:
        rows = database.rows("SELECT state, tries, detail FROM alert_deliveries WHERE alert <= 50")
    assert len(rows) == 50
    assert {tuple(row) for row in rows} == {
        ("delivered", 1, f"taken, as one message with {50 if quiet_first else 49} others")
    }


def _fields(record: DeliveryRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in DeliveryRecord.__dataclass_fields__}
