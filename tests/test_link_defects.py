"""Each defect of bare panoramisk, against a server that misbehaves that way, and what the link does instead."""

import asyncio
import logging

import pytest

from ccops.errors import (
    ActionRefused,
    ActionTimeout,
    ExitCode,
    LinkError,
    LinkLost,
    PermissionRefused,
    UsageProblem,
)
from ccops.pbx.link import Event
from tests.badserver import (
    BOOTED,
    GOOD,
    Action,
    BadServer,
    Conn,
    client,
    event,
    opened,
    until,
)


async def rows(conn: Conn, action: Action, count: int) -> None:
    conn.answer(action, EventList="start", Message="Queue status will follow")
    for number in range(count):
        conn.write(event("QueueMember", ActionID=action["ActionID"], Queue="sales", Name=f"agent {number}"))


def complete(conn: Conn, action: Action) -> None:
    conn.write(event("QueueStatusComplete", ActionID=action["ActionID"], EventList="Complete", ListItems="3"))


# -- reading -------------------------------------------------------------------------------------------------------


async def test_a_character_split_over_two_reads_arrives_whole() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        data = event("QueueMemberAdded", MemberName="Ana 王芳")
        at = data.index("王".encode()) + 1
        conn.write(data[:at])
        await conn.action()  # the rest goes out when the first part has surely been read
        conn.write(data[at:])
        await conn.serve()

    async with opened(script) as (_server, one):
        with pytest.raises(ActionTimeout):
            await one.link.send({"Action": "Ping"}, timeout=0.05)
        await until(lambda: one.events)
        assert one.events == [{"Event": "QueueMemberAdded", "MemberName": "Ana 王芳"}]


async def test_the_last_header_arrives_even_when_empty() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        conn.write(b"Event: QueueMemberPause\r\nPaused: 1\r\nPausedReason: \r\n\r\n")
        await conn.serve()

    async with opened(script) as (_server, one):
        await until(lambda: one.events)
        assert one.events[0]["PausedReason"] == ""


async def test_a_handler_that_raises_is_logged_counted_and_followed_by_the_next_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        conn.write(event("Hangup", Uniqueid="1.1") + BOOTED + GOOD)
        await conn.serve()

    def fail(item: Event) -> None:
        if item["Event"] in ("Hangup", "FullyBooted"):
            raise ZeroDivisionError("a bug in the handler")

    async with opened(script, on_event=fail) as (server, one):
        await until(lambda: "QueueMemberPause" in one.names)
        assert one.link.status.state == "up"
        assert one.link.status.faults == 2
        assert (await one.link.send({"Action": "Ping"})).ok
        assert server.connections == 1
    assert any(status.faults == 1 for status in one.statuses)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.exc_info[0] for record in errors if record.exc_info] == [ZeroDivisionError] * 2
    assert "Hangup" in errors[0].getMessage()


async def test_a_failing_handler_does_not_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        conn.write(GOOD * 3_000)
        await conn.serve()

    def fail(_item: Event) -> None:
        raise ZeroDivisionError

    async with opened(script, on_event=fail) as (_server, one):
        await until(lambda: len(one.events) == 3_000)
        assert one.link.status.faults == 3_000
    assert 10 <= len([record for record in caplog.records if record.levelno == logging.ERROR]) < 20


async def test_a_status_handler_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    from ccops.pbx.link import Link, LinkStatus
    from tests.badserver import settings_for

    def fail(_status: LinkStatus) -> None:
        raise ZeroDivisionError

    async with BadServer() as server:
        link = Link(settings_for(server), on_event=lambda _event, _at: None, on_status=fail)
        await link.open()
        assert link.status.state == "up"
        await link.close()
    assert "status failed" in caplog.text


# -- actions -------------------------------------------------------------------------------------------------------


async def test_an_action_without_an_answer_times_out_and_its_late_answer_does_no_harm() -> None:
    late: list[Action] = []

    async def script(conn: Conn) -> None:
        await conn.login()
        late.append(await conn.action())
        second = await conn.action()
        conn.answer(late[0], Message="late")
        conn.answer(second, Message="in time")
        await conn.serve()

    async with opened(script) as (_server, one):
        with pytest.raises(ActionTimeout, match=r"QueuePause within 0\.05 s") as caught:
            await one.link.send({"Action": "QueuePause", "Queue": "sales"}, timeout=0.05)
        assert caught.value.exit_code == ExitCode.TIMEOUT
        assert (await one.link.send({"Action": "Ping"})).message == "in time"


async def test_an_action_cut_off_by_a_lost_link_is_reported_and_never_repeated() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        if conn.number == 1:
            await conn.action()
            return
        await conn.serve()

    async with BadServer(script) as server, client(server) as one:
        ups = 0

        async def on_up() -> None:
            nonlocal ups
            ups += 1

        one.link.keep(on_up)
        await until(lambda: ups == 1)
        with pytest.raises(LinkLost, match="before it answered Originate"):
            await one.link.send({"Action": "Originate", "Channel": "PJSIP/9001"})
        await until(lambda: ups == 2)
        await one.link.ping()
        assert len(server.named("Originate")) == 1


async def test_what_is_sent_while_the_link_is_down_fails_now_and_is_not_sent_later() -> None:
    async with BadServer() as server, client(server) as one:
        with pytest.raises(LinkError, match="no link"):
            await one.link.send({"Action": "QueuePause"})
        await one.link.open()
        server.conns[0].hang_up()
        await until(lambda: one.link.status.state == "down")
        with pytest.raises(LinkError, match="no link") as caught:
            await one.link.send({"Action": "QueuePause"})
        assert caught.value.exit_code == ExitCode.NO_LINK
        await one.link.open()
        await one.link.ping()
        assert server.named("QueuePause") == []


async def test_a_list_cut_by_a_lost_link_raises() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        await rows(conn, await conn.action(), 2)
        await conn.writer.drain()

    async with opened(script) as (_server, one):
        with pytest.raises(LinkLost, match="QueueStatus"):
            await one.link.listing({"Action": "QueueStatus"})


async def test_a_list_that_stops_in_the_middle_times_out_and_its_late_rows_reach_nobody() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        action = await conn.action()
        await rows(conn, action, 2)
        await conn.action()
        conn.write(event("QueueMember", ActionID=action["ActionID"], Name="late"))
        complete(conn, action)
        conn.write(GOOD)
        await conn.serve()

    async with opened(script) as (_server, one):
        with pytest.raises(ActionTimeout, match="QueueStatus"):
            await one.link.listing({"Action": "QueueStatus"}, timeout=0.1)
        with pytest.raises(ActionTimeout):
            await one.link.ping()
        await until(lambda: one.events)
        assert one.names == ["QueueMemberPause"]


async def test_a_list_that_keeps_coming_may_take_longer_than_the_time_limit() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        action = await conn.action()
        await rows(conn, action, 0)
        for _ in range(6):
            await asyncio.sleep(0.1)
            conn.write(event("QueueMember", ActionID=action["ActionID"]))
        complete(conn, action)
        await conn.serve()

    async with opened(script) as (_server, one):
        reply = await one.link.listing({"Action": "QueueStatus"}, timeout=0.4)
        assert len(reply.events) == 6


async def test_a_list_gives_its_rows_to_whoever_asked_and_to_nobody_else() -> None:
    async def queue_status(conn: Conn, action: Action) -> None:
        await rows(conn, action, 2)
        conn.write(GOOD)
        conn.write(event("QueueMember", ActionID=action["ActionID"], Name="last"))
        conn.write(event("QueueMember", ActionID="somebody-else", Name="foreign"))
        complete(conn, action)

    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.serve({"QueueStatus": queue_status})

    async with opened(script, wanted={"QueueMemberPause"}) as (_server, one):
        reply = await one.link.listing({"Action": "QueueStatus"})
        assert reply.ok
        assert reply.message == "Queue status will follow"
        assert [row["Name"] for row in reply.events] == ["agent 0", "agent 1", "last"]
        assert one.names == ["QueueMemberPause"]


async def test_a_listing_answered_without_a_list_has_no_rows() -> None:
    def refuse(conn: Conn, action: Action) -> None:
        conn.answer(action, "Error", Message="No such queue")

    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.serve({"QueueStatus": refuse})

    async with opened(script) as (_server, one):
        reply = await one.link.listing({"Action": "QueueStatus", "Queue": "nope"})
        assert (reply.ok, reply.message, reply.events) == (False, "No such queue", ())
        assert (await one.link.listing({"Action": "CoreSettings"})).events == ()


async def test_queue_add_answers_at_once() -> None:
    def added(conn: Conn, action: Action) -> None:
        conn.answer(action, Message="Added interface to queue")

    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.serve({"QueueAdd": added})

    async with opened(script) as (_server, one):
        reply = await one.link.send({"Action": "QueueAdd", "Queue": "sales", "Interface": "PJSIP/1001"})
        assert reply.ok


async def test_originate_returns_its_own_outcome() -> None:
    async def place(conn: Conn, action: Action) -> None:
        conn.answer(action, Message="Originate successfully queued")
        await asyncio.sleep(0.05)
        conn.write(event("OriginateResponse", ActionID="somebody-else", Response="Failure"))
        conn.write(event("OriginateResponse", ActionID=action["ActionID"], Response="Success", Uniqueid="7.7"))

    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.serve({"Originate": place})

    async with opened(script, wanted={"Hangup"}) as (server, one):
        outcome = await one.link.originate({"Action": "Originate", "Channel": "PJSIP/9001"}, timeout=10)
        assert (outcome["Response"], outcome["Uniqueid"]) == ("Success", "7.7")
        assert server.named("Originate")[0]["Async"] == "true"
    async with opened(script) as (_server, one):
        await one.link.originate({"Action": "Originate", "ActionID": "mine-1"}, timeout=10)
        assert one.names == ["OriginateResponse", "OriginateResponse"]  # the live state hears of it too
        assert one.events[1]["ActionID"] == "mine-1"


async def test_an_action_id_is_ours_or_the_callers_but_never_two_at_once() -> None:
    async with opened() as (server, one):
        first = asyncio.create_task(one.link.send({"Action": "Hold", "actionid": "mine"}))
        await asyncio.sleep(0)
        with pytest.raises(UsageProblem, match="mine"):
            await one.link.send({"Action": "Hold", "ActionID": "mine"})
        assert (await first).headers["ActionID"] == "mine"
        assert (await one.link.send({"Action": "Hold", "ActionID": "mine"})).ok
        ids = [(await one.link.send({"Action": "Ping"})).headers["ActionID"] for _ in range(3)]
        assert len({*ids, *(action["ActionID"] for action in server.named("Login"))}) == 4


async def test_originate_that_is_refused_or_never_ends() -> None:
    def refuse(conn: Conn, action: Action) -> None:
        if action["Channel"] == "bad":
            conn.answer(action, "Error", Message="Channel not specified")
        else:
            conn.answer(action, Message="Originate successfully queued")

    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.serve({"Originate": refuse})

    async with opened(script) as (_server, one):
        with pytest.raises(ActionRefused, match="Channel not specified") as caught:
            await one.link.originate({"Action": "Originate", "Channel": "bad"}, timeout=10)
        assert caught.value.reply == "Channel not specified"
        with pytest.raises(ActionTimeout):
            await one.link.originate({"Action": "Originate", "Channel": "PJSIP/9001"}, timeout=0.1)


@pytest.mark.parametrize("bad", ["x\r\nAction: Logoff", "x\nAction: Logoff", "x\rAction: Logoff", "x\x00", "x\x85"])
async def test_nothing_is_smuggled_into_an_action(bad: str) -> None:
    async with opened() as (server, one):
        for action in ({"Action": "QueuePause", "Reason": bad}, {"Action": "QueuePause", bad: "x"}):
            with pytest.raises(UsageProblem):
                await one.link.send(action)
        with pytest.raises(UsageProblem):
            await one.link.send({"Action": "Ping", "ActionID": bad})
        assert (await one.link.send({"Action": "Ping"})).ok
        assert {action["Action"] for action in server.actions} == {"Challenge", "Login", "Ping"}


@pytest.mark.parametrize("words", ["Permission denied", "Originate Access Forbidden: app or data blacklisted"])
async def test_a_missing_right_is_told_from_a_failure(words: str) -> None:
    def refuse(conn: Conn, action: Action) -> None:
        conn.answer(action, "Error", Message=words)

    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.serve({"Originate": refuse, "QueueStatus": refuse})

    async with opened(script) as (_server, one):
        with pytest.raises(PermissionRefused, match="“ccops” do Originate") as caught:
            await one.link.send({"Action": "Originate"})
        assert caught.value.exit_code == ExitCode.DENIED
        with pytest.raises(PermissionRefused):
            await one.link.listing({"Action": "QueueStatus"})
        with pytest.raises(PermissionRefused):
            await one.link.originate({"Action": "Originate"}, timeout=5)


async def test_answers_go_to_their_askers_in_any_order() -> None:
    async def script(conn: Conn) -> None:
        await conn.login()
        actions = [await conn.action() for _ in range(20)]
        for action in reversed(actions):
            conn.answer(action, Message=action["Number"])
        await conn.serve()

    async with opened(script) as (_server, one):
        asked = [one.link.send({"Action": "X", "Number": str(number)}) for number in range(20)]
        assert [reply.message for reply in await asyncio.gather(*asked)] == [str(number) for number in range(20)]


async def test_ping_tells_the_clock_of_the_pbx() -> None:
    def odd(conn: Conn, action: Action) -> None:
        conn.answer(action, Ping="Pong", Timestamp="nan" if action.get("Odd") else "no clock")

    async def script(conn: Conn) -> None:
        await conn.login()
        await conn.serve({"Ping": odd} if conn.number == 2 else None)

    async with opened(script) as (server, one):
        assert await one.link.ping() == 1795289738.25
        server.conns[0].hang_up()
        await until(lambda: one.link.status.state == "down")
        await one.link.open()
        assert await one.link.ping() is None
