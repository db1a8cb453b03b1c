"""The same misbehaving servers against bare panoramisk: shows that the checks of the link can fail.

Should one of these fail after an upgrade, panoramisk has mended that defect and the cure here may go.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from panoramisk import Manager
from panoramisk.actions import Action as BareAction

from tests.badserver import BANNER, GOOD, SECRET, USER, Action, BadServer, Conn, Script, event, until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@asynccontextmanager
async def bare(script: Script, secret: str = SECRET, **config: Any) -> AsyncIterator[tuple[BadServer, Any, list[Any]]]:
    """Yield a server and a bare manager that has connected to it."""
    async with BadServer(script) as server:
        events: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, _context: None)
        manager = Manager(
            loop=loop,
            host="127.0.0.1",
            port=server.port,
            username=USER,
            secret=secret,
            **{"reconnect_timeout": 0, "ping_delay": 1, "ping_interval": 1, **config},
        )
        manager.register_event("*", lambda _manager, message: events.append(message))
        with suppress(OSError):
            await manager.connect()
        await until(lambda: server.conns)
        try:
            yield server, manager, events
        finally:
            manager.connect = lambda *_args, **_kwargs: None  # what close() does not stop
            manager.close()
            await asyncio.sleep(0)


async def logged_in(conn: Conn) -> None:
    await conn.login()
    conn.write(event("FullyBooted"))


async def is_answered(future: Any, seconds: float = 0.3) -> bool:
    done, _ = await asyncio.wait((asyncio.ensure_future(future),), timeout=seconds)
    return bool(done)


async def test_a_split_character_is_lost() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        data = event("QueueMemberAdded", MemberName="Ana 王芳")
        at = data.index("王".encode()) + 1
        conn.write(data[:at])
        await conn.action()
        conn.write(data[at:])
        await conn.serve()

    async with bare(script) as (_server, manager, events):
        await until(lambda: manager.authenticated)
        await asyncio.sleep(0.05)
        manager.send_action({"Action": "Ping"})
        await until(lambda: len(events) == 2)
        assert events[1].membername != "Ana 王芳"


async def test_the_last_empty_header_is_lost() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        conn.write(b"Event: QueueMemberPause\r\nPaused: 1\r\nPausedReason: \r\n\r\n")
        await conn.serve()

    async with bare(script) as (_server, _manager, events):
        await until(lambda: len(events) == 2)
        assert "PausedReason" not in events[1]


async def test_a_handler_that_raises_ends_the_connection() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        await conn.action()
        conn.write(event("Hangup") + GOOD)
        await conn.serve()

    async with bare(script, reconnect_timeout=60) as (server, manager, events):
        await until(lambda: events)
        manager.register_event("Hangup", lambda _manager, _message: 1 / 0)
        manager.send_action({"Action": "Ping"})
        await until(lambda: not manager._connected)
        assert [item.event for item in events] == ["FullyBooted", "Hangup"]
        assert server.connections == 1


async def test_an_unanswered_action_waits_for_ever_and_is_sent_again() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        await (conn.hold() if conn.number == 1 else conn.serve())

    async with bare(script) as (server, manager, _events):
        await until(lambda: manager.authenticated)
        future = manager.send_action({"Action": "Originate", "Channel": "PJSIP/9001"})
        assert not await is_answered(future)
        server.conns[0].hang_up()
        await until(lambda: server.named("Originate"), "the Originate is sent again")


async def test_what_is_sent_while_down_is_sent_later() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        if conn.number == 1:
            await conn.action()
            return
        await conn.serve()

    async with bare(script, reconnect_timeout=1) as (server, manager, _events):
        await until(lambda: manager.authenticated)
        manager.send_action({"Action": "Logoff"})
        await until(lambda: not manager._connected)
        manager.send_action({"Action": "QueuePause"})
        await until(lambda: server.named("QueuePause"), "the action is sent to the next connection")


async def test_a_cut_list_hangs() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        if conn.number == 1:
            action = await conn.action()
            conn.answer(action, EventList="start", Message="Queue status will follow")
            conn.write(event("QueueMember", ActionID=action["ActionID"]))
            await conn.writer.drain()
            return
        await conn.serve()

    async with bare(script) as (server, manager, _events):
        await until(lambda: manager.authenticated)
        future = manager.send_action({"Action": "QueueStatus"})
        await until(lambda: server.connections == 2 and manager.authenticated)
        assert not await is_answered(future)


async def test_an_action_can_be_smuggled_in() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        await conn.serve()

    async with bare(script) as (server, manager, _events):
        await until(lambda: manager.authenticated)
        manager.send_action({"Action": "QueuePause", "Reason": "x\r\n\r\nAction: Originate\r\nChannel: PJSIP/0900"})
        await until(lambda: server.named("Originate"), "the smuggled action arrives")


@pytest.mark.parametrize(
    ("action", "message"),
    [("QueueAdd", "Added interface to queue"), ("Originate", "Originate successfully queued")],
)
async def test_queue_add_and_originate_hang(action: str, message: str) -> None:
    def answer(conn: Conn, received: Action) -> None:
        conn.answer(received, Message=message)

    async def script(conn: Conn) -> None:
        await logged_in(conn)
        await conn.serve({action: answer})

    async with bare(script) as (_server, manager, _events):
        await until(lambda: manager.authenticated)
        assert not await is_answered(manager.send_action({"Action": action, "Async": "true"}))


async def test_a_wrong_secret_is_tried_again_and_again() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        await conn.serve()

    async with bare(script, secret="wrong") as (server, _manager, _events):
        await until(lambda: len(server.named("Login")) >= 3)


async def test_closing_while_reconnecting_reconnects() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        if conn.number == 1:
            await conn.action()
            return
        await conn.serve()

    async with bare(script, reconnect_timeout=1) as (server, manager, _events):
        await until(lambda: manager.authenticated)
        manager.send_action({"Action": "Ping"})
        await until(lambda: not manager._connected)
        manager.close()
        await until(lambda: server.connections == 2, "a closed manager connects again")


async def test_silence_is_not_noticed() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        await conn.hold()

    async with bare(script, ping_delay=0, ping_interval=0.05) as (server, manager, _events):
        manager.ping_interval = 0.05  # the constructor makes whole seconds of it
        await until(lambda: manager.authenticated)
        await asyncio.sleep(0.6)
        assert manager._connected
        assert len(manager.protocol.responses) > 3, "pings pile up unanswered"
        assert server.connections == 1


async def test_input_without_an_end_is_kept_without_limit() -> None:
    async def script(conn: Conn) -> None:
        await logged_in(conn)
        for _ in range(50):
            conn.write(b"x" * 65_536)
            await conn.writer.drain()
        await conn.serve()

    async with bare(script) as (_server, manager, _events):
        await until(lambda: sum(map(len, manager.protocol.queue)) >= 50 * 65_536)


async def test_anything_is_taken_for_an_asterisk_and_told_the_secret() -> None:
    async def script(conn: Conn) -> None:
        conn.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await conn.serve()

    async with bare(script) as (server, _manager, _events):
        await until(lambda: server.named("Login"))
        assert server.named("Login")[0]["Secret"] == SECRET


async def test_secrets_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def script(conn: Conn) -> None:
        conn.write(BANNER)
        await conn.login(greet=b"")
        conn.write(event("FullyBooted"))
        if conn.number == 1:
            await conn.action()
            return
        await conn.serve()

    async with bare(script) as (_server, manager, _events):
        await until(lambda: manager.authenticated)
        manager.send_action(BareAction({"Action": "Originate", "Variable": f"PIN={SECRET}"}))
        await until(lambda: "awaiting list" in caplog.text)
    assert SECRET in caplog.text


def test_tls_cannot_be_given_a_name() -> None:
    assert "server_hostname" not in Manager.connect.__code__.co_names + Manager.connect.__code__.co_consts
