"""A kept link: reconnecting, silence, restarts, closing."""

import asyncio
import logging
from functools import partial

import pytest

from ccops.errors import ActionRefused, ActionTimeout, ConfigError, LinkError, LinkLost
from ccops.pbx.link import Link
from tests.badserver import (
    BOOTED,
    GOOD,
    Action,
    BadServer,
    Client,
    Conn,
    Snapshot,
    client,
    event,
    opened,
    settings_for,
    until,
)

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


async def test_a_pbx_that_still_starts_is_read_again_when_it_has_booted() -> None:
    booted = asyncio.Event()

    def queue_status(conn: Conn, action: Action) -> None:
        if booted.is_set():
            conn.answer(action)
        else:  # as Asterisk says before app_queue is loaded
            conn.answer(action, "Error", Message="Invalid/unknown command: QueueStatus.")

    async def script(conn: Conn) -> None:
        await conn.login()
        serving = asyncio.create_task(conn.serve({"QueueStatus": queue_status}))
        await booted.wait()
        conn.write(BOOTED)
        await serving

    async with BadServer(script) as server, client(server) as one:

        async def read(_times: int) -> None:
            reply = await one.link.send({"Action": "QueueStatus"})
            if not reply.ok:
                raise ActionRefused(reply.message)

        snapshot = Snapshot(read)
        one.link.keep(snapshot)
        await until(lambda: "could not be read" in one.link.status.detail)
        assert one.link.status.state == "up"
        booted.set()
        await until(lambda: snapshot.times == 2 and not one.link.status.detail)
        assert (server.connections, one.link.status.state) == (1, "up")


async def test_a_snapshot_of_a_pbx_that_still_starts_is_taken_again() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.action()
        conn.write(BOOTED)
        conn.write(BOOTED)
        await conn.serve()

    async with BadServer(script) as server, client(server, wanted=set()) as one:
        snapshot = Snapshot()
        one.link.keep(snapshot)
        await until(lambda: snapshot.times == 1)
        with pytest.raises(ActionTimeout):
            await one.link.send({"Action": "Ping"}, timeout=0.1)
        await until(lambda: snapshot.times == 2)
        await asyncio.sleep(0.1)
        assert (snapshot.times, server.connections) == (2, 1)


async def test_a_pbx_that_cannot_be_read_and_never_boots_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccops.pbx.link.link._BOOTED_LATE", 0.05)

    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.serve()

    async def fail(_times: int) -> None:
        raise ActionRefused("no such queue")

    async with BadServer(script) as server, client(server) as one:
        one.link.keep(Snapshot(fail))
        await until(lambda: server.connections == 3)
        assert any("no such queue" in status.detail for status in one.statuses if status.state == "down")


async def test_a_user_who_may_not_hear_of_booting_gets_its_snapshot_too() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.serve()

    async with BadServer(script) as server, client(server) as one:
        snapshot = Snapshot()
        one.link.keep(snapshot)
        await until(lambda: snapshot.times == 1)
        await one.link.ping()
        assert (snapshot.times, server.connections, one.link.status.uptime) == (1, 1, None)


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
