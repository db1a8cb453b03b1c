"""Closing the link: at any moment, for good, without waiting for the dead."""

import asyncio
from functools import partial

import pytest

from ccops.errors import LinkError, LinkLost
from tests.badserver import (
    BANNER,
    PATIENCE,
    BadServer,
    Conn,
    Snapshot,
    client,
    opened,
    until,
    well_behaved,
)


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
