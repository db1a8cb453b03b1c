"""Alerts through real daemons on the simulated PBX: raised, delivered, taken, and all of it over a restart."""

import asyncio
import json
import signal
import sqlite3
from typing import Any

import pytest

from ccops.store import open_store
from ccops.store.alerts import open_alerts, waiting
from ccops.store.audit import records
from tests.daemons import ME, Daemon, shows, simulated, until
from tests.hooks import Hook, hook

RULES = """
[alerts]
targets = ["hook"]
retry_wait = 0.2
[alert_rules.crowd]
figure = "waiting"
warning = 1
critical = 3
[alert_rules.nobody]
off = true
[alert_rules.link]
tell_after = 0
[alert_rules.disk]
off = true
[alert_rules.wait]
off = true
[alert_targets.hook]
webhook = "{url}"
signing_key = "a key that is long enough"
"""


def rules(receiver: Hook, more: str = "") -> str:
    return RULES.format(url=receiver.url) + more


async def crowd(sim: Any, count: int) -> list[str]:
    """Let so many callers wait: nobody answers in support."""
    sim.agent_behaviour("1002", "busy", 0.05)
    sim.agent_behaviour("1003", "busy", 0.05)
    return [sim.call_in("support", f"555{number:04}", f"Caller {number}") for number in range(count)]


async def test_a_breach_reaches_the_webhook_the_board_and_the_store() -> None:
    with hook() as receiver:
        async with simulated(rules(receiver)) as (sim, daemon), daemon.desk() as desk:
            calls = await crowd(sim, 2)
            await until(lambda: receiver.taken, "the alert is delivered")
            await shows(desk, lambda board: board.alerts, "and is on the board")
            (alert,) = desk.board.alerts.values()
            assert (alert.rule, alert.level, alert.key, alert.value) == ("crowd", "warning", "support", 2)
            body = receiver.taken[0].body
            assert (body["event"], body["alert"], body["value"], body["threshold"]) == ("raised", alert.alert_id, 2, 1)
            assert "Caller" not in receiver.taken[0].raw.decode()
            assert "555000" not in receiver.taken[0].raw.decode()
            await crowd(sim, 2)
            await until(lambda: len(receiver.taken) == 2, "it gets worse")
            assert receiver.events()[1] == ("worse", "crowd", "critical")
            for call in calls:
                sim.hang_up(call)
            await shows(
                desk, lambda board: [row.level for row in board.alerts.values()] == ["warning"], "it gets better"
            )
            listed = await daemon.cli("alert", "list", "--json")
            (row,) = json.loads(listed.out)
            assert (row["alert_id"], row["level"], row["rule"]) == (alert.alert_id, "warning", "crowd")
            past = await history(daemon, 3)
            assert [event["kind"] for event in past["events"]] == ["raised", "worse", "better"]
            assert (past["highest"], past["delivered"], past["failed"]) == ("critical", 2, 0)


async def test_who_takes_an_alert_is_known_to_all_and_to_the_audit() -> None:
    with hook() as receiver:
        async with simulated(rules(receiver)) as (sim, daemon), daemon.desk() as desk:
            await crowd(sim, 2)
            await shows(desk, lambda board: board.alerts, "the alert is on the board")
            number = next(iter(desk.board.alerts))
            done = await daemon.cli("alert", "ack", number, "--reason", "calling in two more", "--json")
            assert done.code == 0, done.err
            assert json.loads(done.out)["alert_id"] == number
            await shows(desk, lambda board: board.alerts[number].acknowledged_by == ME, "everybody sees who has it")
            done = await daemon.cli("alert", "snooze", "crowd", "--minutes", "5")
            assert done.code == 0, done.err
            await shows(desk, lambda board: board.alerts[number].snoozed_by == ME, "it rests")
            assert desk.board.alerts[number].acknowledged_by == ""
            every = await daemon.cli("alert", "ack", "crowd", "--all", "--json")
            told = json.loads(every.out)
            assert (told["ok"], told["count"], told["outcomes"][0]["alert_id"]) == (True, 1, number)
            none = await daemon.cli("alert", "ack", "crwd", "--all")
            assert (none.code, "crowd" in none.err) == (2, True)
            refused = await daemon.cli("alert", "ack", "4711")
            assert refused.code == 2
            past = await history(daemon, 4)
            assert [(e["kind"], e["who"], e["note"]) for e in past["events"]][1] == (
                "acknowledged", ME, "calling in two more",
            )  # fmt: skip
            with open_store(daemon.store, read_only=True) as database:
                audited = [(row["action"], row["who"], row["target"], row["result"]) for row in records(database)]
            done_ = [("alert.ack", ME, number, "done"), ("alert.snooze", ME, number, "done")]
            assert audited == [*done_, ("alert.ack", ME, number, "done")]


async def test_a_role_sees_and_takes_only_what_is_of_its_queues() -> None:
    roles = f"""
[roles.sellers]
users = ["{ME}"]
queues = ["sales"]
actions = ["alert.*"]
"""
    with hook() as receiver:
        async with simulated(rules(receiver, roles)) as (sim, daemon), daemon.desk() as desk:
            await crowd(sim, 2)
            await until(lambda: receiver.taken, "the alert is delivered")
            assert json.loads((await daemon.cli("alert", "list", "--json")).out) == []
            assert desk.board.alerts == {}
            assert desk.board.watched
            assert (await daemon.cli("alert", "ack", "1")).code == 4
            with open_store(daemon.store, read_only=True) as database:
                assert [row["result"] for row in records(database)] == ["denied"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_alerts_and_deliveries_outlive_the_daemon_and_nothing_is_told_twice(how: signal.Signals) -> None:
    with hook() as receiver:
        async with simulated(rules(receiver)) as (sim, daemon):
            async with daemon.desk() as desk:
                calls = await crowd(sim, 2)
                await until(lambda: receiver.taken, "the first is delivered")
                receiver.down = True
                await crowd(sim, 2)
                await shows(desk, lambda board: [row.level for row in board.alerts.values()] == ["critical"], "worse")
                await until(lambda: len(receiver.got) > 2, "it is tried again")
                await until(lambda: _waits(daemon) == 1, "it stands in the store")
            await daemon.signal(how)
            assert [record.level for record in _open(daemon)] == ["critical"]
            receiver.down = False
            await daemon.start()
            await until(lambda: len(receiver.taken) == 2, "the next daemon delivers it")
            async with daemon.desk() as desk:
                await shows(desk, lambda board: len(board.alerts) == 1, "and shows the alert")
                await asyncio.sleep(1.5)  # the time in which it would be raised once more
                assert receiver.events() == [("raised", "crowd", "warning"), ("worse", "crowd", "critical")]
                ids = [one.headers["X-Ccops-Delivery"] for one in receiver.taken]
                assert len(set(ids)) == 2
                for call in calls:
                    sim.hang_up(call)
                await shows(desk, lambda board: [row.level for row in board.alerts.values()] == ["warning"], "better")


async def history(daemon: Daemon, events: int) -> Any:
    """Return the only alert that was, once so many events stand in the store, with all deliveries done."""
    for _n in range(40):
        (past,) = json.loads((await daemon.cli("alert", "history", "--json")).out)
        if len(past["events"]) == events and not past["waiting"]:
            return past
        await asyncio.sleep(0.1)
    raise AssertionError(f"never stood in the store: {past}")


def _waits(daemon: Daemon) -> int:
    with open_store(daemon.store, read_only=True) as database:
        return len(waiting(database))


def _open(daemon: Daemon) -> list[Any]:
    with open_store(daemon.store, read_only=True) as database:
        return open_alerts(database)


async def test_a_lost_pbx_is_an_alert_that_ends_when_it_is_back() -> None:
    with hook() as receiver:
        async with simulated(rules(receiver)) as (sim, daemon), daemon.desk() as desk:
            await crowd(sim, 2)
            await until(lambda: receiver.taken, "there is an alert")
            port = sim.port
            await sim.stop()
            await until(lambda: ("raised", "link", "critical") in receiver.events(), "the lost link is told")
            # What was known of the queue is neither over nor new.
            assert [event for event in receiver.events() if event[1] == "crowd"] == [("raised", "crowd", "warning")]
            assert {row.rule for row in desk.board.alerts.values()} >= {"link", "crowd"}
            del port


async def test_a_store_that_cannot_be_written_keeps_no_alert_from_going_out() -> None:
    with hook() as receiver:
        async with simulated(rules(receiver)) as (sim, daemon):
            with sqlite3.connect(daemon.store, isolation_level=None) as other:
                other.execute("BEGIN IMMEDIATE")
                await crowd(sim, 2)
                await until(lambda: receiver.taken, "it is delivered all the same")
                other.execute("ROLLBACK")
            other.close()
            await until(lambda: len(_open(daemon)) == 1, "and written when that is possible again")
            await until(lambda: _waits(daemon) == 0, "with its delivery")


async def test_a_wrong_rule_keeps_the_daemon_from_starting() -> None:
    with hook() as receiver:
        async with simulated(rules(receiver)) as (_sim, daemon):
            await daemon.signal(signal.SIGTERM)
            daemon.config.write_text(daemon.config.read_text() + '[alert_rules.x]\nfigure = "waiting"\nwarning = 1\n'
                                     'targets = ["nobody-there"]\n')  # fmt: skip
            await daemon.start(ready=False)
            assert await daemon.ended() == 2
            assert daemon.said("nobody-there")
