"""The link against real Asterisk 16 and 22: logins, lists, rights, limits, restarts and a spoiled line."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ccops.errors import ActionTimeout, LinkError, LinkLost, LoginRefused, PermissionRefused
from ccops.pbx.link import Event, Link, LinkSettings, LinkStatus
from ccops.pbx.link.wire import MAX_HEADERS, MAX_LINE
from tests.badserver import Client, until
from tests.lab.pbx import Lab
from tests.lab.proxy import Proxy
from tests.lab.scenario import Scene

pytestmark = pytest.mark.timeout(240)


@asynccontextmanager
async def linked(lab: Lab, user: str = "supervisor", *, up: bool = True, **changes: Any) -> AsyncIterator[Client]:
    """Yield a client of the lab's PBX, logged in unless `up` is False."""
    events: list[Event] = []
    statuses: list[LinkStatus] = []
    values: dict[str, Any] = {
        "host": lab.host,
        "port": lab.ami_port,
        "username": user,
        "secret": lab.user(user).secret,
        "action_timeout": 20.0,
        "backoff_max": 1.0,
    }
    settings = LinkSettings(**{**values, **changes})
    link = Link(settings, on_event=lambda item, _at: events.append(item), on_status=statuses.append)
    try:
        if up:
            await link.open()
        yield Client(link, events, statuses)
    finally:
        await link.close()


class Ups:
    """Counts snapshots and takes them as the live layer would."""

    def __init__(self, one: Client) -> None:
        self.times = 0
        self.started: list[str] = []
        self._link = one.link

    async def __call__(self) -> None:
        status = (await self._link.send({"Action": "CoreStatus"})).headers
        self.started.append(f"{status['CoreStartupDate']} {status['CoreStartupTime']}")
        for action in ("QueueStatus", "CoreShowChannels", "DeviceStateList"):
            assert (await self._link.listing({"Action": action})).ok
        self.times += 1


# -- login ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("md5", [True, False])
async def test_login_by_challenge_and_plain(asterisk: Lab, md5: bool) -> None:
    async with linked(asterisk, md5=md5) as one:
        assert one.link.status.state == "up"
        assert one.link.status.banner.startswith("Asterisk Call Manager/")
        await until(lambda: one.link.status.uptime is not None)
        assert one.names[0] == "FullyBooted"
        ours, theirs = one.link.status.heard_at, await one.link.ping()
        assert ours is not None
        assert theirs is not None
        assert abs(ours - theirs) < 60


async def test_login_over_tls(asterisk: Lab) -> None:
    tls: dict[str, Any] = {"tls": True, "port": asterisk.tls_port, "server_name": asterisk.tls_name}
    async with linked(asterisk, **tls, ca_file=str(asterisk.ca_file)) as one:
        assert await one.link.ping() is not None
        assert len((await one.link.listing({"Action": "QueueStatus"})).events) > 0
    async with linked(asterisk, up=False, **tls) as one:
        with pytest.raises(LinkError, match="not to be trusted"):
            await one.link.open()
    async with linked(
        asterisk, up=False, **{**tls, "server_name": "other.example"}, ca_file=str(asterisk.ca_file)
    ) as one:
        with pytest.raises(LinkError, match="not to be trusted"):
            await one.link.open()
    async with linked(asterisk, up=False, **{**tls, "port": asterisk.ami_port}) as one:
        with pytest.raises(LinkError, match="TLS with"):
            await one.link.open()


@pytest.mark.parametrize("md5", [True, False])
@pytest.mark.parametrize(
    ("user", "changes"), [("supervisor", {"secret": "wrong"}), ("supervisor", {"username": "nobody"}), ("denied", {})]
)
async def test_a_refused_login_is_tried_once(asterisk: Lab, user: str, changes: dict[str, str], md5: bool) -> None:
    with Proxy(asterisk.host, asterisk.ami_port) as proxy:
        async with linked(asterisk, user, up=False, port=proxy.port, md5=md5, backoff_first=0.05, **changes) as one:
            ups = Ups(one)
            one.link.keep(ups)
            await until(lambda: one.link.status.state == "refused")
            await asyncio.sleep(0.5)
            assert b"".join(data for _at, data in proxy.from_client).count(b"Action: Login") == 1
            assert isinstance(one.link.status.error, LoginRefused)
            assert "Authentication failed" in one.link.status.detail
            assert ups.times == 0


async def test_the_one_session_of_a_user_is_waited_for(asterisk: Lab) -> None:
    path = asterisk.pbx.home / "etc/manager.conf"
    text = path.read_text().replace("[monitor]", "[monitor]\nallowmultiplelogin = no", 1)
    await asyncio.to_thread(asterisk.write_config, "manager.conf", text, "manager reload")
    async with linked(asterisk, "monitor") as first, linked(asterisk, "monitor", up=False) as second:
        with pytest.raises(LoginRefused, match="allowmultiplelogin"):
            await second.link.open()
        ups = Ups(second)
        second.link.keep(ups)
        await asyncio.sleep(1.5)
        assert second.link.status.state == "down"
        await first.link.close()
        await until(lambda: ups.times == 1)


async def test_the_event_mask_of_the_login_holds(scene: Scene) -> None:
    async with linked(scene.lab, "ops") as masked, linked(scene.lab, "ops", events="on") as everything:
        await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana 王芳")
        await asyncio.to_thread(scene.queue_call, "sales", "5550001", "李雷")
        await until(lambda: "AgentConnect" in masked.names and "AgentConnect" in everything.names)
        assert "VarSet" in everything.names
        assert "VarSet" not in masked.names
        classes = {item["Privilege"].partition(",")[0] for item in masked.events}
        assert classes <= {"agent", "call", "system"}
        assert "Ana 王芳" in {item.get("MemberName") for item in masked.events}
        assert "李雷" in {item.get("CallerIDName") for item in masked.events}


# -- asking --------------------------------------------------------------------------------------------------------

LISTS = {
    "QueueStatus": "QueueStatusComplete",
    "QueueSummary": "QueueSummaryComplete",
    "CoreShowChannels": "CoreShowChannelsComplete",
    "DeviceStateList": "DeviceStateListComplete",
    "Status": "StatusComplete",
    "ParkedCalls": "ParkedCallsComplete",
    "Parkinglots": "ParkinglotsComplete",
    "BridgeList": "BridgeListComplete",
    "PJSIPShowEndpoints": "EndpointListComplete",
}


async def test_every_list_that_we_use_ends_and_reaches_nobody_else(scene: Scene) -> None:
    await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana 王芳")
    await asyncio.to_thread(scene.queue_call, "sales")
    async with linked(scene.lab, "ops") as one:
        replies = await asyncio.gather(*(one.link.listing({"Action": action}) for action in LISTS))
        found = dict(zip(LISTS, replies, strict=True))
        assert all(reply.ok and reply.headers["EventList"] == "start" for reply in replies)
        assert len(found["CoreShowChannels"].events) == 2
        # A parking lot that was used once keeps its bridge, empty.
        assert sum(row["BridgeType"] != "parking" for row in found["BridgeList"].events) == 1
        members = [row for row in found["QueueStatus"].events if row["Event"] == "QueueMember"]
        assert "Ana 王芳" in {row["Name"] for row in members}
        listed = len(await asyncio.to_thread(scene.channels))
        assert listed == 2
        assert not any("ActionID" in item for item in one.events)
        assert not set(LISTS.values()) & {row["Event"] for reply in replies for row in reply.events}


async def test_an_empty_list_and_a_list_that_is_refused(asterisk: Lab) -> None:
    async with linked(asterisk, "ops") as one:
        empty = await one.link.listing({"Action": "QueueStatus", "Queue": "no-such-queue"})
        assert (empty.ok, empty.events) == (True, ())
        refused = await one.link.listing({"Action": "PJSIPShowEndpoint", "Endpoint": "no-such"})
        assert (refused.ok, refused.events) == (False, ())
        unknown = await one.link.send({"Action": "NoSuchAction"})
        assert not unknown.ok
        assert "NoSuchAction" in unknown.message


async def test_queue_add_answers_at_once_and_twice_is_an_error(asterisk: Lab) -> None:
    add = {"Action": "QueueAdd", "Queue": "sales", "Interface": "PJSIP/1001", "MemberName": "Ana 王芳"}
    async with linked(asterisk) as one:
        assert (await one.link.send(add)).message == "Added interface to queue"
        again = await one.link.send(add)
        assert not again.ok
        assert "Already there" in again.message
        await until(lambda: "QueueMemberAdded" in one.names)


async def test_originate_tells_how_it_ended(asterisk: Lab) -> None:
    call = {"Action": "Originate", "Application": "Wait", "Data": "30", "Timeout": "10000"}
    async with linked(asterisk) as one:
        good = await one.link.originate({**call, "Channel": "PJSIP/9001", "ChannelId": "ours-1"}, timeout=20)
        assert (good["Response"], good["Uniqueid"]) == ("Success", "ours-1")
        busy = await one.link.originate({**call, "Channel": "PJSIP/9401"}, timeout=20)
        assert busy["Response"] == "Failure"
        with pytest.raises(ActionTimeout):
            await one.link.originate({**call, "Channel": "PJSIP/9801"}, timeout=0.5)
        assert (await one.link.send({"Action": "Hangup", "Channel": good["Channel"]})).ok


@pytest.mark.parametrize(
    ("user", "action"),
    [
        ("no_originate", {"Action": "Originate", "Channel": "PJSIP/9001", "Application": "Wait", "Data": "1"}),
        ("no_agent", {"Action": "QueuePause", "Interface": "PJSIP/1001", "Paused": "true"}),
        ("no_call", {"Action": "Hangup", "Channel": "PJSIP/1001-00000001"}),
        ("no_reporting", {"Action": "CoreStatus"}),
        ("monitor", {"Action": "QueueAdd", "Queue": "sales", "Interface": "PJSIP/1001"}),
    ],
)
async def test_a_missing_right_is_told(asterisk: Lab, user: str, action: dict[str, str]) -> None:
    async with linked(asterisk, user) as one:
        if user == "no_reporting" and (await one.link.send({"Action": "ListCommands"})).headers.get("CoreStatus"):
            pytest.skip("this PBX lets call do CoreStatus as well")
        with pytest.raises(PermissionRefused, match=f"“{user}” do {action['Action']}"):
            await one.link.send(action)


async def test_what_we_let_out_asterisk_takes(asterisk: Lab) -> None:
    async with linked(asterisk) as one:
        assert (await one.link.send({"Action": "Ping", "Data": "x" * (MAX_LINE - len("Data: "))})).ok
        assert (await one.link.send({"Action": "Ping", "Variable": ["x=1"] * (MAX_HEADERS - 2)})).ok


# -- the line ------------------------------------------------------------------------------------------------------


async def test_a_line_that_passes_single_bytes(scene: Scene) -> None:
    with Proxy(scene.lab.host, scene.lab.ami_port) as proxy:
        proxy.single_bytes()
        async with linked(scene.lab, port=proxy.port) as one:
            await asyncio.to_thread(scene.add_member, "sales", "1001", "Ana 王芳")
            await until(lambda: "QueueMemberAdded" in one.names)
            added = next(item for item in one.events if item["Event"] == "QueueMemberAdded")
            assert added["MemberName"] == "Ana 王芳"
            assert one.link.status.garbled == 0


@pytest.mark.parametrize(
    "bad", [b"\x00\xff garbage\r\n\r\n", b"Event: Hangup\nUniqueid: 1\n\n", b"x" * 3_000_000 + b"\r\n\r\n"]
)
async def test_rubbish_between_real_messages(asterisk: Lab, bad: bytes) -> None:
    with Proxy(asterisk.host, asterisk.ami_port) as proxy:
        async with linked(asterisk, port=proxy.port) as one:
            await asyncio.to_thread(proxy.inject, bad)
            assert (await one.link.send({"Action": "CoreStatus"})).ok
            assert one.link.status.state == "up"


async def test_a_stalled_line_is_stale_and_then_fresh(asterisk: Lab) -> None:
    with Proxy(asterisk.host, asterisk.ami_port) as proxy:
        async with linked(asterisk, port=proxy.port, silence=4.0) as one:
            ups = Ups(one)
            one.link.keep(ups)
            await until(lambda: ups.times == 1)
            proxy.stall()
            await until(lambda: one.link.status.state == "stale")
            proxy.resume()
            await until(lambda: one.link.status.state == "up")
            assert (ups.times, one.link.status.reconnects) == (1, 0)
            proxy.stall()
            await until(lambda: one.link.status.state == "down")
            proxy.resume()
            await until(lambda: ups.times == 2)
            assert not one.link.status.shutdown


async def test_a_gap_is_no_restart(asterisk: Lab) -> None:
    with Proxy(asterisk.host, asterisk.ami_port) as proxy:
        async with linked(asterisk, port=proxy.port) as one:
            ups = Ups(one)
            one.link.keep(ups)
            await until(lambda: ups.times == 1)
            await asyncio.to_thread(proxy.cut)
            await until(lambda: ups.times == 2)
            assert ups.started[0] == ups.started[1]
            assert not one.link.status.shutdown


async def test_what_waits_when_the_pbx_crashes_is_told(asterisk: Lab) -> None:
    call = {"Action": "Originate", "Channel": "PJSIP/9801", "Application": "Wait", "Data": "1"}
    async with linked(asterisk) as one:
        waiting = asyncio.create_task(one.link.originate(call, timeout=60))
        await until(lambda: "Newchannel" in one.names)
        await asyncio.to_thread(asterisk.kill)
        with pytest.raises(LinkLost, match="Originate"):
            await waiting
    await asyncio.to_thread(asterisk.restart)


async def restarted(asterisk: Lab, stop: Callable[[], None]) -> Client:
    async with linked(asterisk) as one:
        ups = Ups(one)
        one.link.keep(ups)
        await until(lambda: ups.times == 1)
        await asyncio.sleep(1.1)  # the PBX tells the time of its start in whole seconds
        await asyncio.to_thread(stop)
        await until(lambda: one.link.status.state == "down")
        with pytest.raises(LinkError):
            await one.link.send({"Action": "Ping"})
        await asyncio.to_thread(asterisk.restart)
        await until(lambda: ups.times >= 2 and one.link.status.uptime is not None)
        assert ups.started[0] != ups.started[-1]
        assert (one.link.status.uptime or 0) < 60
        assert (await one.link.send({"Action": "Ping"})).ok
    return one


async def test_an_orderly_restart_is_told(asterisk: Lab) -> None:
    one = await restarted(asterisk, asterisk.stop)
    assert one.link.status.shutdown
    assert "Shutdown" in one.names
    assert "The PBX shut down." in {status.detail for status in one.statuses}


async def test_a_crash_is_told_by_the_start_time(asterisk: Lab) -> None:
    one = await restarted(asterisk, asterisk.kill)
    assert not one.link.status.shutdown
    assert "Shutdown" not in one.names


async def test_a_line_feed_in_a_callers_name_makes_no_event(scene: Scene) -> None:
    async with linked(scene.lab) as one:
        # Nobody is logged in: Asterisk itself would send that name to a phone and break its own INVITE.
        await asyncio.to_thread(scene.call_in, "sales", "5550001", "Eve\n\nEvent: Shutdown\nUniqueid: x\n\n")
        await until(lambda: "QueueCallerJoin" in one.names)
        assert "Shutdown" not in one.names
        assert not one.link.status.shutdown
        assert any(item.get("CallerIDName", "").startswith("Eve") for item in one.events)
