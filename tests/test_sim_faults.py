"""What goes wrong on purpose: cut connections, hanging, garbage, restarts, floods of events; and days gone by."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccops.pbx.queue_log.lines import parse_line
from ccops.pbx.sim import CentrePlan, SimPbx
from tests.sim_client import Client

MIDNIGHT = 1_794_268_800.0
NOON = MIDNIGHT + 12 * 3600


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[SimPbx]:
    """A quiet centre with a queue_log."""
    plan = CentrePlan.default(4, 2)
    async with SimPbx(plan, quiet=True, speed=0, start=NOON, queue_log=tmp_path / "queue_log") as sim:
        yield sim


# -- faults -----------------------------------------------------------------------------------------------------


async def test_connections_can_be_cut_while_calls_go_on(sim: SimPbx) -> None:
    async with Client(sim) as client:
        caller = sim.call_in("sales", "1")
        sim.drop_clients()
        await client.until(lambda: client.closed)
    await sim.settle(5)
    assert caller in sim.truth.channels()
    async with Client(sim) as again:
        assert (await again.act("Ping"))[0]["Ping"] == "Pong"


async def test_a_pbx_that_hangs_accepts_and_says_nothing_until_it_goes_on(sim: SimPbx) -> None:
    async with Client(sim) as client:
        sim.stall()
        sim.call_in("sales", "1")
        client.write(b"Action: Ping\r\nActionID: late\r\n\r\n")
        _, late = await asyncio.open_connection(sim.host, sim.port)
        known = len(client.messages)
        for _ in range(20):
            await sim.settle(1)
            await asyncio.sleep(0.005)
        assert len(client.messages) == known
        assert not client.closed
        sim.unstall()
        await client.until(lambda: any(one["ActionID"] == "late" for one in client.messages))
        await client.settle()
        assert client.events("Newchannel")
        late.close()
        await late.wait_closed()


async def test_garbage_reaches_every_client_as_it_is(sim: SimPbx) -> None:
    reader, writer = await asyncio.open_connection(sim.host, sim.port)
    await reader.readline()
    writer.write(f"Action: Login\r\nUsername: {sim.username}\r\nSecret: {sim.secret}\r\nEvents: off\r\n\r\n".encode())
    await sim.client()
    sim.garbage(b"\xff\x00 no header at all \r\n\r\n")
    said = await asyncio.wait_for(reader.readuntil(b"no header at all \r\n\r\n"), 10)
    assert said.endswith(b"\xff\x00 no header at all \r\n\r\n")
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("clean", [False, True])
async def test_a_restart_loses_calls_and_keeps_the_port_and_the_members(sim: SimPbx, clean: bool) -> None:
    sim.agent_behaviour("1001", "answer", 1.0)
    port = sim.port
    before = {name: queue.members for name, queue in sim.truth.queues().items()}
    async with Client(sim) as client:
        sim.call_in("sales", "1")
        sim.call_in("sales", "2")
        await client.settle(5)
        assert sim.truth.channels()
        await sim.restart(clean=clean)
        await client.until(lambda: client.closed)
        assert bool(client.events("Shutdown")) is clean
        assert client.events("Hangup") == []
    assert (sim.port, sim.truth.channels(), sim.truth.bridges()) == (port, {}, {})
    after = {name: queue.members for name, queue in sim.truth.queues().items()}
    assert {name: {one.interface for one in members} for name, members in after.items()} == {
        name: {one.interface for one in members} for name, members in before.items()
    }
    async with Client(sim) as again:
        (status,) = await again.act("CoreStatus")
        assert status["CoreCurrentCalls"] == "0"
        assert {one["Calls"] for one in await again.act("QueueStatus") if one["Event"] == "QueueParams"} == {"0"}
        caller = sim.call_in("sales", "3")
        assert caller.endswith(".0")
        await again.settle(5)
        assert again.last("QueueCallerJoin")["Uniqueid"] == caller


async def test_a_restart_is_in_the_log_and_lost_visits_have_no_end(sim: SimPbx, tmp_path: Path) -> None:
    sim.call_in("sales", "1")
    await sim.settle(2)
    await sim.restart()
    await sim.settle(2)
    verbs = [parse_line(line).event for line in (tmp_path / "queue_log").read_bytes().splitlines()]
    assert verbs.count("QUEUESTART") == 2
    assert "ABANDON" not in verbs[verbs.index("ENTERQUEUE") :]


async def test_nobody_gets_through_while_it_is_away(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    sim = SimPbx(CentrePlan.default(30, 3), speed=600, start=NOON, queue_log=log)
    await sim.warm_up()
    async with sim:
        before = sim.stats.log_lines
        await sim.restart(away=0.5)
        verbs = [parse_line(line).event for line in log.read_bytes().splitlines()[before:]]
        assert "ENTERQUEUE" not in verbs[: verbs.index("QUEUESTART")]


async def test_a_centre_recovers_from_a_restart_in_the_middle_of_its_day() -> None:
    sim = SimPbx(CentrePlan.default(10, 3), speed=0, start=NOON)
    await sim.warm_up()
    async with sim:
        await sim.restart()
        answered = sim.stats.answered
        await sim.settle(3600)
        assert sim.stats.answered > answered + 20


# -- days -------------------------------------------------------------------------------------------------------


async def test_warming_up_lives_through_the_day_from_opening_on(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    sim = SimPbx(CentrePlan.default(8, 3), start=NOON, queue_log=log)
    await sim.warm_up()
    rows = [parse_line(line) for line in log.read_bytes().splitlines()]
    assert sim.now == NOON
    assert MIDNIGHT + 7.5 * 3600 < rows[0].at < MIDNIGHT + 8.5 * 3600
    assert NOON - 600 < rows[-1].at <= NOON
    assert Counter(row.event for row in rows)["CONNECT"] > 40
    assert sim.stats.answered == sum(row.event == "CONNECT" for row in rows)
    with pytest.raises(RuntimeError):
        await sim.warm_up()
    await sim.stop()


async def test_history_has_whole_days_with_nights_between(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    sim = SimPbx(CentrePlan.default(6, 2), start=NOON, queue_log=log)
    await sim.warm_up(history_days=3)
    await sim.stop()
    rows = [parse_line(line) for line in log.read_bytes().splitlines()]
    days = Counter(datetime.fromtimestamp(row.at, UTC).date() for row in rows)
    assert len(days) == 4
    hours = {datetime.fromtimestamp(row.at, UTC).hour for row in rows if row.event == "ENTERQUEUE"}
    assert hours <= set(range(8, 21))
    assert [row.event for row in rows].count("QUEUESTART") == 1


async def test_opening_hours_are_those_of_the_zone(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    sim = SimPbx(CentrePlan.default(6, 2), start=NOON, zone="Asia/Tokyo", queue_log=log)
    await sim.warm_up()
    await sim.stop()
    entered = [parse_line(line) for line in log.read_bytes().splitlines() if b"|ENTERQUEUE|" in line]
    # Noon in UTC is nine in the evening in Tokyo: the day from eight to eight is over.
    first, last = entered[0].at, entered[-1].at
    assert MIDNIGHT - 1 * 3600 <= first < last <= MIDNIGHT + 11.5 * 3600


async def test_a_warm_start_is_the_same_as_having_been_there_all_day(tmp_path: Path) -> None:
    heard = []
    for number, warm in enumerate((True, False)):
        start = NOON if warm else MIDNIGHT + 7.75 * 3600
        sim = SimPbx(CentrePlan.default(6, 2), speed=0, start=start, queue_log=tmp_path / str(number))
        if warm:
            await sim.warm_up()
        async with sim:
            await sim.settle(NOON + 1800 - start)
        heard.append((tmp_path / str(number)).read_bytes())
    assert heard[0] == heard[1]


# -- load -------------------------------------------------------------------------------------------------------


async def test_a_flood_in_a_process_of_its_own_delivers_the_events_that_were_asked_for() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ccops.pbx.sim", "--seats", "20", "--queues", "3", "--secret", "x", "--seed", "5",
        "--flood", "2000", "--flood-seconds", "1.5", "--seconds", "60",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    door = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    reader, writer = await asyncio.open_connection(door["host"], door["port"])
    writer.write(b"Action: Login\r\nUsername: ccops\r\nSecret: x\r\nEvents: call,agent,system\r\n\r\n")
    events, rest = 0, b""
    async with asyncio.timeout(90):
        while events < 2500:
            data = await reader.read(1 << 16)
            assert data, "the simulation hung up"
            rest = rest[-20:] + data
            events += data.count(b"\r\nPrivilege: ")
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    process.terminate()
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, errors) == (0, b"")


async def test_a_flood_stays_consistent() -> None:
    async with SimPbx(CentrePlan.sleepless(20, 3), speed=0, start=NOON) as sim, Client(sim) as client:
        await sim.settle(300)
        since = len(client.messages)
        await sim.flood(1500, 1.0)
        await client.settle()
        heard = client.events(since=since)
        assert len(heard) > 300
        begun = {one["Uniqueid"] for one in client.events("Newchannel")}
        assert {one["Uniqueid"] for one in heard if one["Event"] == "Hangup"} <= begun
        assert {one["Uniqueid"] for one in heard if one["Event"] == "AgentConnect"} <= {
            one["Uniqueid"] for one in client.events("QueueCallerJoin")
        }
