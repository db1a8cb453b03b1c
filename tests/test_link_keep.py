"""A kept link: reconnecting, silence, restarts, closing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from ccops.errors import ConfigError, LinkError, LinkLost
from ccops.pbx.link import Link
from ccops.pbx.link.pulse import Pulse
from tests.badserver import (
    BANNER,
    BOOTED,
    GOOD,
    PATIENCE,
    BadServer,
    Client,
    Conn,
    client,
    event,
    opened,
    settings_for,
    until,
    well_behaved,
)


class Snapshot:
    """An `on_up` that counts and does what the test wants."""

    def __init__(self, then: Callable[[int], Awaitable[None]] | None = None) -> None:
        self.times = 0
        self.cancelled = 0
        self._then = then

    def has_run(self, times: int) -> bool:
        return self.times == times

    async def __call__(self) -> None:
        self.times += 1
        if self._then is not None:
            try:
                await self._then(self.times)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise


# -- coming back ---------------------------------------------------------------------------------------------------


async def test_a_lost_link_comes_back_and_the_snapshot_is_taken_again() -> None:
    async with BadServer() as server, client(server) as one:
        snapshot = Snapshot()
        one.link.keep(snapshot)
        await until(lambda: snapshot.times == 1)
        server.conns[0].hang_up()
        await until(lambda: snapshot.times == 2)
        assert one.link.status.state == "up"
        assert one.link.status.reconnects == 1
        assert one.link.status.error is None
    assert one.states == ["connecting", "up", "down", "up", "down"]
    lost = next(status for status in one.statuses if status.state == "down")
    assert isinstance(lost.error, LinkLost)
    assert "closed by the PBX" in lost.detail
    assert lost.heard_at is not None


async def test_a_pbx_that_is_not_there_yet_is_waited_for() -> None:
    async with BadServer() as server:
        pass
    async with client(server) as one:
        snapshot = Snapshot()
        one.link.keep(snapshot)
        await until(lambda: one.link.status.error)
        since = one.link.status.since
        await asyncio.sleep(0.2)
        assert one.link.status.since == since, "an outage began when it began, whatever is tried meanwhile"
        async with BadServer(port=server.port):
            await until(lambda: snapshot.times == 1)
            assert one.link.status.reconnects == 0


async def test_an_opened_link_can_be_kept() -> None:
    async with opened() as (server, one):
        snapshot = Snapshot()
        one.link.keep(snapshot)
        await until(lambda: snapshot.times == 1)
        assert server.connections == 1
        with pytest.raises(RuntimeError):
            one.link.keep(snapshot)
        await one.link.open()
        assert server.connections == 1


async def test_attempts_are_spaced_by_a_growing_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    link = Link(settings_for(BadServer(), backoff_first=0.5, backoff_max=30.0), on_event=lambda _event, _at: None)
    for random, part in ((1.0, 1.0), (0.0, 0.5)):
        monkeypatch.setattr("random.uniform", lambda low, high, at=random: low + (high - low) * at)
        pauses = [link._pause(failures) / part for failures in range(1, 10)]
        assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
        assert link._pause(0) == 0.5 * part
        assert link._pause(10**6) == 30.0 * part


async def test_a_link_that_falls_at_once_does_not_hammer_the_pbx() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()

    async with BadServer(script) as server, client(server, backoff_first=0.2, backoff_max=20.0) as one:
        one.link.keep(Snapshot())
        await until(lambda: server.connections == 2)
        await asyncio.sleep(0.5)
        # Pauses of at least 0.1, 0.2, 0.4, 0.8 s: without growth there would be five or more.
        assert server.connections <= 4


async def test_the_pause_is_short_again_after_a_good_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with BadServer() as server, client(server, backoff_first=0.01, backoff_max=0.05) as one:
        snapshot = Snapshot()
        one.link.keep(snapshot)
        pauses: list[int] = []
        pause = one.link._pause

        def note(failures: int) -> float:
            pauses.append(failures)
            return pause(failures)

        monkeypatch.setattr(one.link, "_pause", note)
        for turn in range(1, 4):
            await until(partial(snapshot.has_run, turn))
            await asyncio.sleep(0.1)
            server.conns[-1].hang_up()
        await until(lambda: len(pauses) == 3)
        assert pauses == [0, 0, 0]


async def test_events_flow_while_the_snapshot_is_taken() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        conn.write(BOOTED)
        await conn.action()
        conn.write(GOOD)
        await conn.serve()

    async with BadServer(script) as server, client(server) as one:

        async def ask(_times: int) -> None:
            with pytest.raises(Exception, match="answer"):
                await one.link.send({"Action": "CoreStatus"}, timeout=0.2)
            assert one.names == ["FullyBooted", "QueueMemberPause"]

        snapshot = Snapshot(ask)
        one.link.keep(snapshot)
        await until(lambda: len(one.events) == 2)
        await asyncio.sleep(0.3)
        assert (one.link.status.state, snapshot.times) == ("up", 1)


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), LinkError("no rights")])
async def test_a_failing_snapshot_drops_the_link_and_is_taken_again(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail_first(times: int) -> None:
        if times == 1:
            raise error

    async with BadServer() as server, client(server) as one:
        snapshot = Snapshot(fail_first)
        one.link.keep(snapshot)
        await until(lambda: snapshot.times == 2 and one.link.status.state == "up")
        assert server.connections == 2
    assert any(str(error) in status.detail for status in one.statuses)
    unexpected = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert bool(unexpected) == isinstance(error, ZeroDivisionError)


async def test_a_snapshot_that_hangs_does_not_keep_the_link_from_coming_back() -> None:
    async def hang_first(times: int) -> None:
        if times == 1:
            await asyncio.Event().wait()

    async with BadServer() as server, client(server) as one:
        snapshot = Snapshot(hang_first)
        one.link.keep(snapshot)
        await until(lambda: snapshot.times == 1)
        server.conns[0].hang_up()
        await until(lambda: snapshot.times == 2)
        assert snapshot.cancelled == 1


async def test_a_wrong_setting_is_said_and_may_be_mended() -> None:
    async with BadServer() as server, client(server, tls=True, ca_file="no/such/file.pem") as one:
        one.link.keep(Snapshot())
        await until(lambda: isinstance(one.link.status.error, ConfigError))
        assert "no/such/file.pem" in one.link.status.detail


# -- restart or gap ------------------------------------------------------------------------------------------------


def shut_down(one: Client) -> bool:
    return one.link.status.shutdown


async def test_a_restart_of_the_pbx_is_told_from_a_gap() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        conn.write(event("FullyBooted", Uptime=str(518 if conn.number != 2 else 3)))
        if conn.number == 1:
            await conn.action()
            conn.write(event("Shutdown", Shutdown="Cleanly", Restart="False"))
            return
        await conn.serve()

    async with BadServer(script) as server, client(server, wanted={"Hangup"}) as one:
        snapshot = Snapshot()
        one.link.keep(snapshot)
        await until(lambda: one.link.status.uptime == 518)
        assert shut_down(one) is False
        with pytest.raises(LinkLost):
            await one.link.ping()
        await until(lambda: snapshot.times == 2 and one.link.status.uptime == 3)
        assert shut_down(one) is True
        assert one.names == ["FullyBooted", "Shutdown", "FullyBooted"]
        assert "The PBX shut down." in [status.detail for status in one.statuses]
        server.conns[1].hang_up()
        await until(lambda: snapshot.times == 3 and one.link.status.uptime == 518)
        assert shut_down(one) is False


@pytest.mark.parametrize("uptime", ["", "-1", "soon", "٣", "1e9999", "9" * 400])
async def test_an_odd_uptime_is_no_uptime(uptime: str) -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        conn.write(event("FullyBooted", Uptime=uptime))
        await conn.serve()

    async with opened(script) as (_server, one):
        await until(lambda: one.events)
        assert one.link.status.uptime is None


# -- silence -------------------------------------------------------------------------------------------------------


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


# -- closing -------------------------------------------------------------------------------------------------------


async def test_closing_says_goodbye_and_ends_it() -> None:
    async with opened() as (server, one):
        one.link.keep(Snapshot())
        await one.link.close()
        await until(lambda: server.named("Logoff"))
        await asyncio.sleep(0.2)
        assert server.connections == 1
        assert one.link.status.state == "down"
        await one.link.close()
        with pytest.raises(LinkError):
            await one.link.send({"Action": "Ping"})
    assert [(status.state, status.error) for status in one.statuses][-1] == ("down", None)
    assert one.states == ["connecting", "up", "down"]


async def test_closing_while_reconnecting_ends_that_too() -> None:
    async with BadServer(lambda conn: conn.login()) as server, client(server) as one:
        one.link.keep(Snapshot())
        await until(lambda: server.connections >= 2)
        await one.link.close()
        seen = server.connections
        await asyncio.sleep(0.5)
        assert server.connections == seen


def is_connected(server: BadServer, times: int) -> bool:
    return server.connections == times


async def test_closing_while_connecting_and_while_logging_in() -> None:
    async def script(conn: Conn) -> None:
        if conn.number > 1:
            conn.write(BANNER)
        await conn.hold()

    async with BadServer(script) as server:
        for number in (1, 2):
            async with client(server) as one:
                one.link.keep(Snapshot())
                await until(partial(is_connected, server, number))
                await asyncio.sleep(0.05)
            assert one.link.status.state == "down"
        await asyncio.sleep(0.3)
        assert server.connections == 2


async def test_closing_ends_what_waits() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.hold()

    async with opened(script) as (_server, one):
        waiting = asyncio.create_task(one.link.send({"Action": "QueueStatus"}))
        await asyncio.sleep(0.05)
        await one.link.close()
        with pytest.raises(LinkLost, match="closed by us"):
            await waiting


async def test_closing_does_not_wait_for_a_dead_peer() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        conn.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(60)

    async with opened(script) as (_server, one):
        protocol = one.link._manager.protocol  # type: ignore[union-attr]
        assert protocol is not None
        for _ in range(400):
            protocol.transport.write(b"x" * 65_536)
        assert protocol.transport.get_write_buffer_size() > 0
        await asyncio.wait_for(one.link.close(), PATIENCE)
        assert one.link.status.state == "down"


async def test_a_cancelled_attempt_leaves_nothing_behind() -> None:
    async def script(conn: Conn) -> None:
        await conn.hold()

    async with BadServer(script) as server, client(server) as one:
        attempt = asyncio.create_task(one.link.open())
        await until(lambda: server.connections == 1)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        server.script = well_behaved
        await one.link.open()
        assert one.link.status.state == "up"


async def test_a_bug_in_the_keeper_is_not_swallowed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with BadServer() as server, client(server) as one:

        def fail(_failures: int) -> float:
            raise ZeroDivisionError

        monkeypatch.setattr(one.link, "_pause", fail)
        one.link.keep(Snapshot())
        await until(lambda: one.link.status.state == "up")
        server.conns[0].hang_up()
        await until(lambda: "not kept" in one.link.status.detail)
    assert "not kept any more" in caplog.text
