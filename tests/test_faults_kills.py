"""Kill -9 of the daemon at any moment, with calls, supervision, alerts and the log under way."""

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ccops.errors import CcopsError
from ccops.pbx.queue_log import parse_block
from ccops.pbx.sim import SimPbx
from ccops.reports.visits import Visit, visits_of
from ccops.store import check, open_store
from ccops.store.alerts import DeliveryRecord, deliveries_of, history, waiting
from ccops.store.audit import entries, records
from ccops.store.chain import verify
from tests.daemons import Daemon, Desk, live, plan, quick, short_folder, until, write_config
from tests.hooks import Got, Hook, hook
from tests.test_alerts_daemon import rules
from tests.test_daemon_history import visits
from tests.test_ingest_once import stored_visits

KILLS = int(os.environ.get("CCOPS_KILLS", "5"))
"""100 in the long form."""
LIVES = ((0.05, 0.8), (0.8, 2.5))
"""Seconds that a daemon lives: some die while they start, most at work."""


@dataclass
class Site:
    """A PBX with a log, a receiver of alerts, a daemon, and people who never stop."""

    sim: SimPbx
    daemon: Daemon
    receiver: Hook
    log: Path
    luck: random.Random
    told_done: int = 0
    calls: list[str] = field(default_factory=list)

    async def calling(self) -> None:
        """Callers come, are answered, give up; the queue in which nobody answers fills and empties."""
        number = 0
        while True:
            number += 1
            queue = "sales" if number % 2 else "support"
            self.calls.append(self.sim.call_in(queue, f"555{number:04}", f"C {number}", self.luck.uniform(0.2, 3), 0.3))
            if number % 25 == 0:  # everybody who waits goes, so that the alert ends, too
                await asyncio.sleep(3)
            await asyncio.sleep(self.luck.uniform(0.02, 0.2))

    async def supervising(self) -> None:
        """Listen, switch and stop, as soon as there is a daemon to ask."""
        desk = Desk(self.daemon.place)
        await desk.open()
        try:
            while True:
                for action, target in (("listen", "Ana 王芳"), ("whisper", "Ana 王芳"), ("agent.penalty", "Ben")):
                    with suppress(CcopsError):
                        more: dict[str, Any] = {"penalty": self.luck.randint(0, 9)} if "." in action else {}
                        outcome = await asyncio.wait_for(desk.do(action, target, **more), 30)
                        self.told_done += outcome.ok
                for leg in list(desk.board.supervisions):
                    with suppress(CcopsError):
                        self.told_done += (await desk.do("supervision.stop", leg)).ok
                await asyncio.sleep(self.luck.uniform(0.01, 0.2))
        finally:
            await desk.close()

    async def receiving(self) -> None:
        """The receiver of alerts is down half of the time."""
        while True:
            await asyncio.sleep(self.luck.uniform(0.1, 1.5))
            self.receiver.down = not self.receiver.down


@asynccontextmanager
async def site(luck: random.Random) -> AsyncIterator[Site]:
    with hook() as receiver, short_folder() as folder:
        log = folder / "queue_log"
        sim = quick(SimPbx(plan(), quiet=True, secret="s3cret", queue_log=log))
        sim.agent_behaviour("1002", "busy", 0.05)
        sim.agent_behaviour("1003", "busy", 0.05)
        await sim.start()
        more = rules(receiver, f'[queue_log]\npath = "{log}"\n')
        daemon = Daemon(folder, write_config(folder, sim.port, sim.username, sim.secret, more))
        try:
            yield Site(sim, await daemon.start(), receiver, log, luck)
        finally:
            await daemon.close()
            await sim.stop()


async def killed_again_and_again(place: Site) -> int:
    """Kill and start the daemon; return how often it died before it served."""
    early = 0
    for _kill in range(KILLS):
        await asyncio.sleep(place.luck.uniform(*LIVES[place.luck.random() < 0.7]))
        early += not place.daemon.said("Serving")
        await place.daemon.signal(signal.SIGKILL)
        await place.daemon.start(ready=False)
    await until(lambda: place.daemon.said("Serving"))
    await until(lambda: place.receiver.taken and place.told_done, "there was something to lose")
    return early


async def rest(place: Site, people: Sequence["asyncio.Task[None]"]) -> None:
    """Let everybody go home, and the daemon do what is left to do."""
    for task in people:
        task.cancel()
    for task in people:
        with suppress(asyncio.CancelledError):
            await task
    place.receiver.down = False
    for call in place.calls:
        with suppress(CcopsError):
            place.sim.hang_up(call)
    await place.sim.settle(5)
    async with place.daemon.desk() as desk:
        await live(desk)
        for leg in list(desk.board.supervisions):
            with suppress(CcopsError):
                await desk.do("supervision.stop", leg)
        await until(lambda: not desk.board.calls, "everybody has gone")
        await until(lambda: not {row.rule for row in desk.board.alerts.values()} & {"crowd", "link"}, "the alerts end")
    await until(lambda: visits(place.daemon.store) == len(expected(place)), "the log is taken in")
    await until(lambda: not left(place), "all alerts are delivered")


def expected(place: Site) -> list[Visit]:
    return visits_of(parse_block(place.log.read_bytes()))


def left(place: Site) -> list[DeliveryRecord]:
    with open_store(place.daemon.store, read_only=True) as database:
        return waiting(database)


def said(visit: Visit) -> tuple[object, ...]:
    return visit.callid, visit.queue, visit.nth, visit.caller, visit.outcome, visit.wait, visit.agent, visit.talk


def told_twice(taken: Sequence[Got]) -> list[Got]:
    """Return what the receiver was told although it knew: the same message again is known by its id."""
    first: dict[str, Got] = {}
    for one in taken:
        known = first.setdefault(one.headers["X-Ccops-Delivery"], one)
        assert known.raw == one.raw
    level: dict[tuple[str, str], str] = {}
    wrong = []
    for one in first.values():
        about, event = (one.body["rule"], one.body["key"]), one.body["event"]
        if (event == "raised") == (about in level):
            wrong.append(one)
        level[about] = event
        if event == "cleared":
            del level[about]
    return wrong


@pytest.mark.timeout(120 + 10 * KILLS)
async def test_a_daemon_killed_again_and_again_loses_doubles_and_repeats_nothing() -> None:
    luck, began = random.Random(23), time.monotonic()
    async with site(luck) as place:
        rung = place.sim.tap()
        people = [asyncio.create_task(some) for some in (place.calling(), place.supervising(), place.receiving())]
        early = await killed_again_and_again(place)
        await rest(place, people)
        assert await place.daemon.signal(signal.SIGTERM) == 0
        store = place.daemon.store
        # The store: whole, every visit of the log once and as the log tells it.
        assert check(store) == []
        assert [said(one) for one in stored_visits(store)] == [said(one) for one in expected(place)]
        with open_store(store, read_only=True) as database:
            # The audit: whole, with every row of which somebody was told.
            assert verify(entries(database)).ok
            rows = list(records(database))
            told = deliveries_of(database, [record.id for record in history(database, None, None, 100_000)])
        assert sum(row["result"] == "done" for row in rows) >= place.told_done > 0
        # The phone: at most one ringing for each action that stands in the audit.
        legs = [event for event in rung if "Event: Newchannel" in event and "Channel: PJSIP/9001-" in event]
        asked = [row for row in rows if row["action"] in ("listen", "whisper")]
        assert 0 < len(legs) <= len(asked)
        # The alerts: everything that was to be told was taken, nothing as news twice.
        deliveries = [one for some in told.values() for one in some]
        assert {one.state for one in deliveries} == {"delivered"}
        assert {one.headers["X-Ccops-Delivery"] for one in place.receiver.taken} == {one.id for one in deliveries}
        assert told_twice(place.receiver.taken) == []
        print(
            f"{KILLS} kills, {early} before it served, in {time.monotonic() - began:.0f} s: {len(expected(place))}"
            f" visits, {len(rows)} audit rows, {len(legs)} legs, {len(deliveries)} deliveries"
            f" in {len(place.receiver.got)} tries"
        )
