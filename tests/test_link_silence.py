"""Silence of the PBX: noticed in time, never where there is none."""

import asyncio
from collections.abc import Callable

import pytest

from ccops.pbx.link import Link
from ccops.pbx.link.pulse import Pulse
from tests.badserver import (
    GOOD,
    BadServer,
    Conn,
    Snapshot,
    client,
    opened,
    settings_for,
    until,
)


async def test_a_silent_pbx_is_noticed_dropped_and_tried_again() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        await (conn.hold() if conn.number == 1 else conn.serve())

    async with BadServer(script) as server, client(server, silence=0.5) as one:
        snapshot = Snapshot()
        one.link.keep(snapshot)
        await until(lambda: snapshot.times >= 2)
    stale = next(status for status in one.statuses if status.state == "stale")
    assert stale.heard_at is not None
    # Noticed within the limit, and never before the PBX had its chance to answer; slack for a busy machine.
    assert 0.44 <= stale.since - stale.heard_at < 0.5 + 5.0
    down = next(status for status in one.statuses if status.state == "down")
    assert "says nothing" in down.detail
    assert down.heard_at == stale.heard_at
    assert one.states[:4] == ["connecting", "up", "stale", "down"]


async def test_a_pbx_that_speaks_again_in_time_keeps_its_link() -> None:
    silent = asyncio.Event()

    async def script(conn: Conn) -> None:
        await conn.login()
        await silent.wait()
        conn.write(GOOD)
        await conn.serve()

    async with BadServer(script) as server, client(server, silence=3.0) as one:
        snapshot = Snapshot()
        one.link.keep(snapshot)
        await until(lambda: one.link.status.state == "stale")
        silent.set()
        await until(lambda: one.link.status.state == "up")
        assert one.names == ["QueueMemberPause"]
        assert (server.connections, snapshot.times, one.link.status.reconnects) == (1, 1, 0)


async def test_a_quiet_pbx_that_answers_pings_is_not_silent() -> None:
    async with opened(silence=4.0) as (server, one):
        await until(lambda: len(server.named("Ping")) >= 2)
        assert one.states == ["connecting", "up"]


async def test_a_clock_that_jumps_makes_no_silence() -> None:
    times = iter([1e9, 5.0, 4e9, -7.0])
    seen: list[float] = []
    async with BadServer() as server:
        link = Link(
            settings_for(server), on_event=lambda _event, at: seen.append(at), clock=lambda: next(times, float("inf"))
        )
        await link.open()
        for _ in range(5):
            await link.ping()
        await until(lambda: seen)
        assert link.status.state == "up"
        await link.close()


async def test_a_talking_pbx_is_not_asked() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        for _ in range(30):
            conn.write(GOOD)
            await asyncio.sleep(0.05)
        await conn.serve()

    async with opened(script, silence=5.0) as (server, one):
        await until(lambda: len(one.events) == 30)
        assert server.named("Ping") == []


class FakeLoop:
    """A loop whose time moves when told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        self.calls.append((when, call))
        return asyncio.TimerHandle(when, call, (), asyncio.get_running_loop())

    def run_to(self, now: float) -> None:
        while self.calls and self.calls[0][0] <= now:
            when, call = self.calls.pop(0)
            self.now = max(self.now, when)
            call()
        self.now = now


async def watched(
    monkeypatch: pytest.MonkeyPatch, heard: list[float]
) -> tuple[FakeLoop, list[tuple[float, str]], Pulse]:
    loop, seen = FakeLoop(), list[tuple[float, str]]()
    monkeypatch.setattr("asyncio.get_running_loop", lambda: loop)

    def note(what: str) -> Callable[[], None]:
        return lambda: seen.append((round(loop.now, 6), what))

    pulse = Pulse(5.0, lambda: heard[-1], ask=note("ask"), stale=note("stale"), dead=note("dead"))
    monkeypatch.undo()
    pulse.start()
    return loop, seen, pulse


async def test_silence_is_noticed_within_its_limit_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, seen, _pulse = await watched(monkeypatch, [0.0])
    loop.run_to(100.0)
    assert seen == [(2.0, "ask"), (4.5, "stale"), (7.5, "dead")]


async def test_silence_counts_from_the_last_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = [0.0]
    loop, seen, _pulse = await watched(monkeypatch, heard)
    loop.run_to(1.9)
    heard.append(1.9)
    loop.run_to(3.8)
    assert seen == []
    loop.run_to(8.0)
    assert seen == [(3.9, "ask"), (6.4, "stale")]
    heard.append(8.0)
    loop.run_to(30.0)
    assert seen[2:] == [(11.4, "ask"), (13.9, "stale"), (16.9, "dead")] or seen[2][1] == "ask"


async def test_our_own_sleep_kills_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = [0.0]
    loop, seen, _pulse = await watched(monkeypatch, heard)
    # The machine sleeps for an hour before the first question is due: the PBX is asked, not dropped.
    loop.now = 3_600.0
    loop.run_to(3_600.0)
    assert [what for _at, what in seen] == ["ask"]
    heard.append(3_600.1)
    loop.run_to(3_601.0)
    assert [what for _at, what in seen] == ["ask"]


async def test_a_lost_link_is_down_not_stale() -> None:
    async with opened(silence=0.2) as (server, one):
        server.conns[0].hang_up()
        await until(lambda: one.link.status.state == "down")
        await asyncio.sleep(0.5)
        assert one.states == ["connecting", "up", "down"]
