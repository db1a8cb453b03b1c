"""Whatever a server sends: the next good event is handled, the link stays, nothing crashes."""

import asyncio

import pytest

from ccops.errors import ActionTimeout
from ccops.pbx.text import clean
from tests.badserver import BANNER, BOOTED, GOOD, Action, BadServer, Conn, client, event, opened, until

BAD = {
    "garbage": bytes(range(256)) * 40 + b"\r\n\r\n",
    "garbage before an event in its message": b"%$#!\x00\xff\r\nEvent: Odd\r\nA: b\r\n\r\n",
    "NUL": b"\x00" * 4_096 + b"\r\n\r\n",
    "NUL in an event": b"Event: O\x00dd\r\nQue\x00ue: sa\x00les\r\n\r\n",
    "a header of 64 kB": b"Event: Odd\r\nData: " + b"x" * 65_536 + b"\r\n\r\n",
    "a header name of 64 kB": b"Event: Odd\r\n" + b"x" * 65_536 + b": y\r\n\r\n",
    "an event name of 64 kB": b"Event: " + b"x" * 65_536 + b"\r\n\r\n",
    "10 MB without an empty line": b"x" * 10_000_000 + b"\r\n\r\n",
    "10 MB of lines without an empty line": b"a: b\r\n" * 1_700_000 + b"\r\n",
    "10 MB of one repeated header": b"Event: Odd\r\n" + b"a: b\r\n" * 1_700_000 + b"\r\n",
    "1 MB of one repeated header": b"Event: Odd\r\n" + b"a: b\r\n" * 160_000 + b"\r\n",
    "invalid UTF-8": b"Event: Odd\r\nCallerIDName: \xff\xfe\xc3\x28\xed\xa0\x80\r\n\r\n",
    "a character cut off at the end": b"Event: Odd\r\nCallerIDName: \xe7\x8e\r\n\r\n",
    "a lone LF in a value": b"Event: Odd\r\nCallerIDName: a\nEvent: Hangup\n\nEvent: Hangup\r\n\r\n",
    "a lone CR in a value": b"Event: Odd\r\nCallerIDName: a\rEvent: Hangup\r\r\r\n\r\n",
    "LF line ends": b"Event: Odd\nA: b\n\n",
    "LF line ends in rubbish": b"rubbish\n\n\nmore\n\n",
    "too many empty lines": b"\r\n" * 1_000,
    "an unknown event": b"Event: NeverHeardOf\r\nPrivilege: call,all\r\nNews: yes\r\n\r\n",
    "an event without a name": b"Event: \r\nQueue: sales\r\n\r\n",
    "an event without headers": b"Event: Odd\r\n\r\n",
    "an event without Event": b"Queue: sales\r\nInterface: PJSIP/1001\r\n\r\n",
    "lines without colon": b"Event: Odd\r\nno colon\r\n: no name\r\n\r\n",
    "a response that nobody asked for": b"Response: Success\r\nActionID: never-1\r\n\r\nResponse: Error\r\n\r\n",
    "a row of a list that nobody asked for": event("QueueMember", ActionID="never-1", Queue="sales"),
    "the end of a list that nobody asked for": event("QueueStatusComplete", ActionID="never-1", EventList="Complete"),
    "a second greeting": BANNER,
    "repeated ActionID": b"Event: Odd\r\nActionID: a\r\nActionID: b\r\n\r\n",
    "a thousand event names": b"".join(b"Event: N%d\r\n\r\n" % number for number in range(3_000)),
    "terminal escapes": "Event: Odd\r\nCallerIDName: \x1b[2J\x1b]0;pwn\x07\x9b\u202ered\u2066\r\n\r\n".encode(),
}


@pytest.mark.parametrize("what", BAD)
async def test_the_next_good_event_is_handled(what: str) -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        conn.write(BAD[what])
        conn.write(b"\r\n" if what == "a second greeting" else b"")
        await conn.writer.drain()
        conn.write(GOOD)
        await conn.serve()

    async with opened(script) as (server, one):
        await until(lambda: "QueueMemberPause" in one.names)
        assert (await one.link.send({"Action": "Ping"})).ok
        assert one.link.status.state == "up"
        assert one.link.status.faults == 0
        assert server.connections == 1
        assert "Hangup" not in one.names
        assert one.events[-1] == {
            "Event": "QueueMemberPause",
            "Queue": "sales",
            "Interface": "PJSIP/1001",
            "Paused": "1",
        }
        for item in one.events:
            assert all(clean(part) == part for value in (*item, *item.values()) for part in value.split("\n"))


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_a_stream_in_tiny_reads(size: int) -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        data = event("QueueMemberAdded", MemberName="Ana 王芳", PausedReason="") * 3 + GOOD
        for start in range(0, len(data), size):
            conn.write(data[start : start + size])
            await asyncio.sleep(0)
        await conn.serve()

    async with opened(script) as (_server, one):
        await until(lambda: "QueueMemberPause" in one.names)
        assert one.events[:3] == [{"Event": "QueueMemberAdded", "MemberName": "Ana 王芳", "PausedReason": ""}] * 3


async def test_what_comes_before_the_login_is_nobodys_event_and_what_comes_behind_it_is() -> None:
    async def script(conn: Conn) -> None:
        conn.write(BANNER + event("Hangup", Uniqueid="1.1") + event("Shutdown") + b"Event: Hangup\nA: b\n\n")
        challenge = await conn.action()
        conn.answer(challenge, Challenge="1")
        login = await conn.action()
        # One write: the response and the first events reach the client in one read.
        both = f"Response: Success\r\nActionID: {login['ActionID']}\r\n\r\n".encode() + BOOTED + GOOD
        conn.write(event("Hangup", Uniqueid="1.2") + both)
        await conn.serve()

    async with opened(script) as (_server, one):
        await until(lambda: "QueueMemberPause" in one.names)
        assert one.names == ["FullyBooted", "QueueMemberPause"]
        assert not one.link.status.shutdown


async def test_a_whole_conversation_with_lf_line_ends() -> None:
    def lf(data: str) -> bytes:
        return data.replace("\r\n", "\n").encode()

    async def script(conn: Conn) -> None:
        conn.write(lf("Asterisk Call Manager/5.0.4\r\n"))
        for extra in ("Challenge: 1\r\n", "Message: Authentication accepted\r\n"):
            action = await conn.action()
            conn.write(lf(f"Response: Success\r\nActionID: {action['ActionID']}\r\n{extra}\r\n"))
        conn.write(lf(BOOTED.decode() + GOOD.decode()))
        action = await conn.action()
        id_line = f"ActionID: {action['ActionID']}\r\n"
        conn.write(lf(f"Response: Success\r\n{id_line}EventList: start\r\n\r\n"))
        conn.write(
            lf(f"Event: QueueMember\r\n{id_line}Name: Ana\r\n\r\nEvent: X\r\n{id_line}EventList: Complete\r\n\r\n")
        )
        await conn.hold()

    async with opened(script, wanted={"QueueMemberPause"}) as (_server, one):
        assert one.link.status.banner == "Asterisk Call Manager/5.0.4"
        reply = await one.link.listing({"Action": "QueueStatus"})
        assert [row["Name"] for row in reply.events] == ["Ana"]
        assert one.names == ["FullyBooted", "QueueMemberPause"]


async def test_answers_without_what_they_should_hold() -> None:
    def bare(conn: Conn, action: Action) -> None:
        conn.write(f"Response: \r\nActionID: {action['ActionID']}\r\n\r\n".encode())

    def nameless(conn: Conn, _action: Action) -> None:
        conn.write(b"Response: Success\r\nMessage: whose?\r\n\r\n")

    async with BadServer() as server, client(server) as one:

        async def script(conn: Conn) -> None:
            await conn.login()
            await conn.serve({"Bare": bare, "Nameless": nameless})

        server.script = script
        await one.link.open()
        reply = await one.link.send({"Action": "Bare"})
        assert (reply.ok, reply.message) == (False, "")
        with pytest.raises(ActionTimeout):
            await one.link.send({"Action": "Nameless"}, timeout=0.1)
        assert (await one.link.send({"Action": "Ping"})).ok


async def test_unreadable_messages_are_counted() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        conn.write(b"rubbish\r\n\r\n\r\n\r\nmore rubbish\r\n\r\n" + b"x" * 3_000_000 + b"\r\n\r\n" + GOOD)
        await conn.serve()

    async with opened(script) as (_server, one):
        await until(lambda: one.events)
        assert one.link.status.garbled == 3


async def test_unwanted_events_are_skipped_and_wanted_ones_are_not() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        conn.write(event("RTCPSent", SSRC="1") * 50 + BOOTED + GOOD + b"Event: RTCPSent\nA: b\n\n" + GOOD)
        await conn.serve()

    async with opened(script, wanted={"QueueMemberPause"}) as (_server, one):
        await until(lambda: len(one.events) == 3)
        assert one.names == ["FullyBooted", "QueueMemberPause", "QueueMemberPause"]


async def test_a_flood_is_delivered_whole_and_in_order() -> None:
    count = 20_000

    async def script(conn: Conn) -> None:
        await conn.login()
        for number in range(count):
            conn.write(event("QueueMemberStatus", Number=str(number), Name="Ana 王芳"))
            if number % 100 == 0:
                await conn.writer.drain()
        await conn.serve()

    async with opened(script) as (_server, one):
        await until(lambda: len(one.events) == count)
        assert [item["Number"] for item in one.events] == [str(number) for number in range(count)]
