"""Login, greeting and secrets of the link, against servers that misbehave."""

import asyncio
import logging

import pytest

from ccops.errors import (
    ActionTimeout,
    ExitCode,
    LinkError,
    LinkLost,
    LoginRefused,
    NotAsterisk,
)
from tests.badserver import (
    BANNER,
    SECRET,
    BadServer,
    Conn,
    client,
    opened,
    until,
)

# -- login ---------------------------------------------------------------------------------------------------------


async def test_the_secret_does_not_cross_the_line_and_the_events_are_asked_for() -> None:
    async with opened(events="agent,call") as (server, _one):
        [login] = server.named("Login")
        assert login["AuthType"] == "MD5"
        assert login["Events"] == "agent,call"
        assert all(SECRET not in value for action in server.actions for value in action.values())


async def test_plain_login_where_it_is_asked_for() -> None:
    async with opened(md5=False) as (server, _one):
        assert server.named("Challenge") == []
        assert server.named("Login")[0]["Secret"] == SECRET


async def test_a_server_without_md5_gets_the_secret_on_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(conn: Conn) -> None:
        conn.write(BANNER)
        conn.answer(await conn.action(), "Error", Message="Invalid/unknown command")
        await conn.login(greet=b"")
        await conn.serve()

    async with opened(script) as (server, _one):
        assert server.named("Login")[0]["Secret"] == SECRET
    monkeypatch.setattr("ccops.pbx.link.manager.LinkManager._is_this_machine", lambda _self: False)
    async with BadServer(script) as server, client(server) as one:
        with pytest.raises(LoginRefused, match="no MD5 login"):
            await one.link.open()
        assert server.named("Login") == []


async def test_a_wrong_secret_is_tried_once_and_said_clearly() -> None:
    async with BadServer() as server, client(server, secret="wrong") as one:

        async def never() -> None:
            raise AssertionError("on_up after a refused login")

        one.link.keep(never)
        await until(lambda: one.link.status.state == "refused")
        await asyncio.sleep(0.5)  # five times the longest back-off
        assert server.connections == 1
        assert len(server.named("Login")) == 1
        status = one.link.status
        assert isinstance(status.error, LoginRefused)
        assert "refuses the login of “ccops”: Authentication failed" in status.detail
        with pytest.raises(LinkError, match="refuses the login"):
            await one.link.send({"Action": "Ping"})
    assert one.states == ["connecting", "refused"]


async def test_a_wrong_secret_of_a_single_command() -> None:
    async with BadServer() as server, client(server, secret="wrong", md5=False) as one:
        with pytest.raises(LoginRefused, match="Authentication failed") as caught:
            await one.link.open()
        assert caught.value.exit_code == ExitCode.DENIED


async def test_a_session_that_the_pbx_believes_alive_is_waited_for() -> None:
    async def script(conn: Conn) -> None:
        if conn.number < 3:
            conn.write(BANNER)
            conn.answer(await conn.action(), "Error", Message="Login Already In Use")
            return
        await conn.login()
        await conn.serve()

    async with BadServer(script) as server, client(server) as one:
        up = asyncio.Event()

        async def on_up() -> None:
            up.set()

        one.link.keep(on_up)
        await asyncio.wait_for(up.wait(), 20)
        assert server.connections == 3
    assert "refused" not in one.states


async def test_a_login_without_an_answer_times_out() -> None:
    async def script(conn: Conn) -> None:
        conn.write(BANNER)
        await conn.hold()

    async with BadServer(script) as server, client(server, action_timeout=0.1) as one:
        with pytest.raises(ActionTimeout, match="Challenge"):
            await one.link.open()
        assert one.link.status.state == "down"
        assert server.actions == [], "nothing is said to who does not greet"


async def test_a_link_lost_during_login_is_said() -> None:
    async def script(conn: Conn) -> None:
        conn.write(BANNER)
        await conn.action()

    async with BadServer(script) as server, client(server) as one:
        with pytest.raises(LinkLost, match="Challenge"):
            await one.link.open()
        assert one.link.status.state == "down"


# -- greeting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0"),
        (b"220 mail.example.org ESMTP\r\n", "220 mail"),
        (b"\x1b[2J\x1b]0;pwn\x07HTTP/1.1 400 Bad Request\r\n", "HTTP/1.1 400"),
        (b"\xff\xfb\x01" * 50, "“"),
        (b"Asterisk Call Manager/" + b"9" * 1_000, "Asterisk"),
        (b"\r\n\r\n", "“”"),
    ],
)
async def test_what_is_no_asterisk_is_told_at_once(said: bytes, shown: str) -> None:
    async def script(conn: Conn) -> None:
        conn.write(said)
        await conn.hold()

    async with BadServer(script) as server, client(server, connect_timeout=20) as one:
        with pytest.raises(NotAsterisk) as caught:
            await one.link.open()
        assert shown in str(caught.value)
        assert str(caught.value).isprintable()
        assert server.actions == []  # the user name is not told to strangers


async def test_no_greeting_at_all() -> None:
    async def script(conn: Conn) -> None:
        await conn.hold()

    async with BadServer(script) as server, client(server, connect_timeout=0.1) as one:
        with pytest.raises(NotAsterisk, match=r"sent no greeting.* within 0\.1 s"):
            await one.link.open()
        assert one.link.status.state == "down"


async def test_a_connection_closed_without_greeting() -> None:
    async def script(conn: Conn) -> None:
        conn.hang_up()

    async with BadServer(script) as server, client(server) as one:
        with pytest.raises(NotAsterisk, match="closed the connection"):
            await one.link.open()


async def test_a_slow_greeting_is_waited_for() -> None:
    async def script(conn: Conn) -> None:
        for byte in BANNER:
            conn.write(bytes([byte]))
            await asyncio.sleep(0.005)
        await conn.login(greet=b"")
        await conn.serve()

    async with opened(script) as (_server, one):
        assert one.link.status.banner == "Asterisk Call Manager/5.0.4"


async def test_nobody_listens() -> None:
    async with BadServer() as server:
        pass
    async with client(server) as one:
        with pytest.raises(LinkError, match="Nothing listens at") as caught:
            await one.link.open()
        assert "manager.conf" in str(caught.value)


async def test_an_unknown_host() -> None:
    async with BadServer() as server, client(server, host="no-such-host.invalid") as one:
        with pytest.raises(LinkError, match=r"no-such-host\.invalid"):
            await one.link.open()


# -- secrets -------------------------------------------------------------------------------------------------------


async def test_secrets_are_in_no_log_line_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened(md5=False) as (server, one):
        shown = [one.link.settings, one.link, one.link.status, one.link._manager, one.link._manager.protocol]  # type: ignore[union-attr]
        with pytest.raises(ActionTimeout):
            await one.link.send({"Action": "Ping", "Variable": f"PIN={SECRET}"}, timeout=0.0)
        server.conns[0].hang_up()
        await until(lambda: one.link.status.state == "down")
        text = caplog.text + "".join(map(repr, shown)) + repr(vars(one.link._manager)["config"])
    assert SECRET not in text
