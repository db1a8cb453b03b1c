"""Clients that misbehave: garbage, floods, silence, half a connection, hundreds at once; the others notice nothing."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccops.board import Board, Change, LinkRow
from ccops.desk.daemon import codec, server, session
from ccops.desk.daemon.client import RemoteDesk
from ccops.errors import ActionTimeout, CcopsError, LinkError
from tests.daemons import PATIENCE, Desk, Served, live, served, short_folder, shows, talking, until


class Raw:
    """A client that says what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def answer(self) -> dict[str, Any]:
        """Return the next answer to a request."""
        while True:
            message = await self.message()
            if "id" in message:
                return message

    async def message(self) -> dict[str, Any]:
        data = await asyncio.wait_for(self.reader.readline(), PATIENCE)
        assert data.endswith(b"\n"), "the daemon hung up"
        message: dict[str, Any] = json.loads(data)
        return message

    async def hung_up(self) -> bool:
        """Return whether the daemon closes the connection."""
        try:
            while await asyncio.wait_for(self.reader.read(65_536), PATIENCE):
                pass
        except ConnectionResetError:
            return True
        return True

    def ask(self, **request: Any) -> None:
        self.writer.write(json.dumps(request).encode() + b"\n")


@asynccontextmanager
async def raw(door: Served) -> AsyncIterator[Raw]:
    reader, writer = await asyncio.open_unix_connection(str(door.place), limit=2**26)
    try:
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()


async def alive(desk: RemoteDesk) -> None:
    """The desk is served as ever."""
    assert (await desk.do("agent.pause", "Ben")).ok
    assert (await desk.do("agent.unpause", "Ben")).ok


@pytest.mark.parametrize(
    "data",
    [
        b"hello?\n" * 3,
        b"\0" * 1000 + b"\n" + b"\0\n\0\n",
        b"[1]\n2\n" + b'"x"\n',
        b"\xff\xfe\n" * 3,
        (b"[" * 60_000 + b"\n") * 3,
        b'{"id": ' + b"9" * 10_000 + b"}\n" + b"x\ny\n",
        b"x" * 10_000_000,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["words", "nuls", "no objects", "no utf-8", "deep", "huge number", "10 MB without a line", "http"],
)
async def test_garbage_is_answered_and_then_hung_up_on(data: bytes) -> None:
    async with served() as (_sim, door), door.desk() as other, raw(door) as bad:
        bad.writer.write(data)
        if len(data) < session.BEHIND:  # whoever still talks when the daemon hangs up may miss its last word
            answer = await bad.answer()
            assert answer["error"]["type"] in ("LinkError", "UsageProblem")
        assert await bad.hung_up()
        await alive(other)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"do": None},
        {"do": 5, "target": "x"},
        {"do": "agent.pause", "target": ["Ben"]},
        {"do": "agent.pause", "target": "Ben", "arguments": []},
        {"do": "agent.pause", "target": "Ben", "arguments": {"queue": {"a": 1}}},
        {"do": "agent.pause", "target": "Ben", "arguments": {"nonsense": 1}},
        {"do": "agent.pause", "target": "Ben\r\nAction: Logoff"},
        {"do": "agent.pause", "target": "Ben", "reason": "x\ny"},
        {"do": "agent.pause", "target": "Ben", "phone": "x\0"},
        {"do": "agent.pause", "target": "x" * 60_000},
        {"do": "agent.pause", "target": ""},
        {"do": "agent.pause", "target": "\ud800"},
        {"do": "__class__", "target": "Ben"},
        {"do": "agent.penalty", "target": "Ben", "arguments": {"penalty": 1e308}},
        {"do": "agent.penalty", "target": "Ben", "arguments": {"penalty": float("nan")}},
    ],
)
async def test_a_request_that_means_nothing_is_answered_as_such(request_: dict[str, Any]) -> None:
    async with served() as (_sim, door), raw(door) as client:
        for number in (1, "two", None, 2**70):
            client.ask(id=number, **request_)
            answer = await client.answer()
            assert answer["id"] == number
            assert answer["error"]["type"] in ("UsageProblem", "NotFound")
        client.ask(id=3, do="agent.pause", target="Ben")
        assert (await client.answer())["outcome"]["ok"] is True


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["id", "do", "target", "arguments", "reason", "dry_run", "phone", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        ),
    )
)
def test_any_object_is_a_request_or_a_usage_problem(request_: dict[str, Any]) -> None:
    from ccops.desk.roles import Person

    message = codec.read_line(codec.line({"x": 0} | json.loads(json.dumps(request_))))
    try:
        person, name, target, arguments, reason = session._checked(Person("anna", 1), message)
    except CcopsError:
        return
    assert all(isinstance(text, str) for text in (person.phone, name, target, reason))
    assert isinstance(arguments, dict)


async def test_a_fault_of_ours_is_answered_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with served() as (_sim, door), door.desk() as desk:

        async def broken(*_arguments: Any, **_more: Any) -> None:
            raise ZeroDivisionError("oops")

        monkeypatch.setattr(door.local, "do_as", broken)
        with pytest.raises(CcopsError, match="fault in the daemon: ZeroDivisionError"):
            await desk.do("agent.pause", "Ben")
        assert "oops" in caplog.text


async def test_a_request_that_is_never_answered_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as (_sim, door), door.desk() as desk:

        async def stuck(*_arguments: Any, **_more: Any) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(door.local, "do_as", stuck)
        desk.hello["patience"] = 0.2
        with pytest.raises(ActionTimeout, match=r"not answer within 0\.2 s; whether it was done is not known"):
            await desk.do("agent.pause", "Ben")
        monkeypatch.setattr(server, "FINISH_WITHIN", 0.1)


async def test_a_flood_of_requests_is_slowed_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PER_SECOND", 50)
    async with served() as (_sim, door), door.desk() as other, raw(door) as flood:
        began = asyncio.get_running_loop().time()
        for number in range(5_000):
            flood.ask(id=number, do="agent.pause", target="nobody of that name")
        await alive(other)
        answers = [await flood.answer() for _n in range(101)]
        assert [item["id"] for item in answers] == list(range(101))
        assert asyncio.get_running_loop().time() - began >= 1.9
        await alive(other)


async def test_requests_under_way_are_limited_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as (_sim, door), raw(door) as client:
        running, most, gate = 0, 0, asyncio.Event()

        async def slow(*_arguments: Any, **_more: Any) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await gate.wait()
            running -= 1
            raise CcopsError("done")

        monkeypatch.setattr(door.local, "do_as", slow)
        for number in range(30):
            client.ask(id=number, do="x")
        await until(lambda: running == session.AT_ONCE)
        gate.set()
        assert {(await client.answer())["id"] for _n in range(30)} == set(range(30))
        assert most == session.AT_ONCE


# --- who does not read ---


def load(door: Served, rounds: int) -> None:
    """Let the board change in rows of 20 kB."""
    for number in range(rounds):
        row = LinkRow("Riverside", "pbx", "live", float(number), detail="x" * 20_000)
        door.server._changed([Change(0.0, "link", "link", row)])
        door.server._send_now()


def unsent(door: Served) -> list[int]:
    return [item._writer.transport.get_write_buffer_size() for item in door.server._sessions]


async def test_a_client_that_never_reads_is_dropped_and_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "BEHIND", 100_000)
    monkeypatch.setattr(session, "GIVE_UP_AFTER", 0.3)
    async with served() as (_sim, door), door.desk() as other:
        stuck = socket.socket(socket.AF_UNIX)
        stuck.connect(str(door.place))
        await live(other)
        await until(lambda: len(door.server._sessions) == 2)
        for _round in range(50):
            load(door, 2)
            await asyncio.sleep(0)
            assert max(unsent(door)) < 100_000 + 45_000
        await until(lambda: len(door.server._sessions) == 1, "it is dropped")
        await alive(other)
        stuck.close()


async def test_a_client_that_reads_again_gets_a_whole_board_and_every_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "BEHIND", 100_000)
    async with served() as (sim, door):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(door.place))
        await until(lambda: door.server._sessions)
        (served_session,) = door.server._sessions
        going_on, may_end = asyncio.Event(), asyncio.Event()
        act = door.local.do_as

        async def act_slowly(*given: Any, **named: Any) -> Any:
            going_on.set()
            await may_end.wait()
            return await act(*given, **named)

        monkeypatch.setattr(door.local, "do_as", act_slowly)
        connection.send(b'{"id": 1, "do": "agent.penalty", "target": "Ben", "arguments": {"penalty": 7}}\n')
        await asyncio.wait_for(going_on.wait(), PATIENCE)
        load(door, 40)
        assert not served_session._caught_up.is_set()
        may_end.set()
        await until(lambda: served_session._owed, "the answer waits")
        await talking(sim, door.local)
        assert max(unsent(door)) < 100_000 + 45_000
        slow = Raw(*await asyncio.open_unix_connection(sock=connection, limit=2**26))
        board: Board | None = None
        answered = False
        while not answered or board is None or not board.calls:
            message = await slow.message()
            answered = answered or message.get("id") == 1
            board = codec.read_board(message["board"]) if "board" in message else board
        assert (board.calls, board.agents) == (door.local.board.calls, door.local.board.agents)
        slow.writer.transport.abort()


async def test_a_board_larger_than_the_limit_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "BEHIND", 300)
    async with served() as (_sim, door), raw(door) as client:
        boards = 0
        client.ask(id=1, do="no such thing")
        while True:
            message = await client.message()
            boards += "board" in message
            if "id" in message:
                break
        assert boards == 1


# --- half connections, silence, crowds ---


async def test_half_a_connection_still_gets_its_answer() -> None:
    async with served() as (_sim, door), raw(door) as client:
        client.ask(id=1, do="agent.pause", target="Ben")
        client.writer.write_eof()
        assert (await client.answer())["outcome"]["ok"] is True
        assert await client.hung_up()


async def test_what_a_client_asked_for_is_finished_when_it_has_gone() -> None:
    async with served() as (_sim, door):
        async with raw(door) as client:
            await client.message()
            client.ask(id=1, do="agent.pause", target="Ben")
            await client.writer.drain()
        await until(lambda: not door.server._sessions)
        assert [row["result"] for row in door.audited()] == ["done"]


async def test_silence_is_no_fault_and_half_a_line_is_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BEAT_EVERY", 0.05)
    async with served() as (_sim, door), raw(door) as silent, raw(door) as half, door.desk() as other:
        half.writer.write(b'{"id": 1, "do": "agent.pa')
        beats = 0
        while beats < 3:
            beats += "beat" in await silent.message()
        await alive(other)
        half.writer.write(b'use", "target": "Ben"}\n')
        assert (await half.answer())["outcome"]["ok"] is True


async def test_three_hundred_connections_are_served_or_told_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_OF_ONE", 1_000)
    async with served() as (_sim, door), door.desk() as other, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(raw(door)) for _n in range(300)]
        first = [await client.message() for client in clients]
        assert sum("hello" in message for message in first) == server.MOST_CLIENTS - 1
        refused = [client for client, message in zip(clients, first, strict=True) if "error" in message]
        assert all("200 clients already" in message["error"]["message"] for message in first if "error" in message)
        assert await refused[0].hung_up()
        await alive(other)
    await until(lambda: not door.server._sessions)


# --- a daemon that misbehaves ---


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (b"", "closed the connection"),
        (b"HTTP/1.1 400 Bad Request\r\n", "not a message"),
        (b'{"hello": {"protocol": 99, "version": "9.9"}}\n', r"another version \(9\.9\)"),
        (b'{"hello": 5}\n', "another version"),
        (b'{"hello": {"protocol": 2}}\n{"board": {}}\n', "not a board"),
        (b'{"hello": {"protocol": 2}}\n{"board": {"link": {"site": 1}}}\n', "not a board"),
        (b'{"error": {"type": "KeyboardInterrupt", "message": "x"}}\n', "x"),
        (b"[" * 100_000 + b"\n", "not a message"),
    ],
)
async def test_what_is_no_daemon_is_told_apart(greeting: bytes, said: str) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()

    with short_folder() as folder:
        async with await asyncio.start_unix_server(greet, folder / "s"):
            with pytest.raises(CcopsError, match=said):
                await RemoteDesk(folder / "s").open()


async def test_garbage_from_the_daemon_costs_the_connection_and_not_the_board() -> None:
    async with served() as (_sim, door), door.desk() as desk:
        await live(desk)
        for line in (b"\0\n", b'{"changes": [{"topic": "moon", "row": {}, "key": 1, "at": 0}]}\n', b'{"changes": 5}\n'):
            (one,) = door.server._sessions
            one._writer.write(line)
            await until(lambda: desk.board.link.state == "down")
            assert len(desk.board.agents) == 3
            await live(desk)
        await alive(desk)


async def test_a_listener_that_fails_does_not_end_the_desk() -> None:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(context))
    async with served() as (_sim, door), door.desk() as desk:
        desk.subscribe(lambda changes: 1 / 0)  # type: ignore[arg-type]
        await alive(desk)
        await shows(desk, lambda board: board.link.state == "live")
    assert any(isinstance(context.get("exception"), ZeroDivisionError) for context in faults)


async def test_nothing_listens_there() -> None:
    with short_folder() as folder:
        with pytest.raises(LinkError, match="No daemon answers"):
            await Desk(folder / "s").open()
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(folder / "s"))
        left.close()
        with pytest.raises(LinkError, match="No daemon answers"):
            await Desk(folder / "s").open()
