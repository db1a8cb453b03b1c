"""Sessions of the simulated PBX: greeting, login, rights, event masks, filters, what it makes of bad input."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from ccops.errors import UsageProblem
from ccops.pbx.sim import CentrePlan, SimPbx
from tests.sim_client import Client, Said
from tests.sim_plays import laboratory

DATA = Path(__file__).parent / "data"
USERS = {
    "nothing": ("", ""),
    "monitor": ("system,call,agent", "reporting"),
    "supervisor": ("system,call,agent", "call,agent,originate,reporting"),
}
"""The users of the laboratory: what they may read, what they may do."""


@pytest.fixture
async def sim() -> AsyncIterator[SimPbx]:
    """A quiet centre in which time stands still."""
    async with SimPbx(CentrePlan.default(4, 2), quiet=True, speed=0, secret="s3cret") as sim:
        yield sim


async def exchange(sim: SimPbx, *parts: bytes) -> bytes:
    """Everything that the PBX says to these bytes until it has nothing to say, greeting left out."""
    reader, writer = await asyncio.open_connection(sim.host, sim.port)
    await reader.readline()
    for part in parts:
        writer.write(part)
        await writer.drain()
    writer.write(b"Action: Logoff\r\nActionID: end\r\n\r\n")
    said = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return said


def login(sim: SimPbx, **headers: str) -> bytes:
    """A Login action."""
    lines = {"Username": sim.username, "Secret": sim.secret, "Events": "off"} | headers
    return ("Action: Login\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n").encode()


# -- greeting and login -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "greeting"), [("22", "11.0.0"), ("16", "5.0.4")])
async def test_it_greets_as_the_release_it_passes_for(version: str, greeting: str) -> None:
    async with SimPbx(quiet=True, version=version) as sim, Client(sim) as client:
        assert client.greeting == f"Asterisk Call Manager/{greeting}"
        (version_line,) = await client.act("CoreSettings")
        assert version_line["AsteriskVersion"].startswith(version)


def test_a_release_that_it_cannot_pass_for_is_refused_by_name() -> None:
    with pytest.raises(UsageProblem, match="11"):
        SimPbx(version="11")


async def test_login_is_answered_and_the_boot_told(sim: SimPbx) -> None:
    async with Client(sim) as client:
        await client.settle()
        assert client.messages[0].names == ["Response", "ActionID", "Message"]
        assert client.messages[0]["Message"] == "Authentication accepted"
        assert client.last("FullyBooted")["Status"] == "Fully Booted"


@pytest.mark.parametrize("wrong", [{"Secret": "no"}, {"Username": "nobody"}, {"Secret": ""}, {"AuthType": "MD5"}])
async def test_a_wrong_login_is_refused_and_cut_off(sim: SimPbx, wrong: dict[str, str]) -> None:
    said = await exchange(sim, b"Action: Ping\r\nActionID: 1\r\n\r\n", login(sim, **wrong))
    assert said == (
        b"Response: Error\r\nActionID: 1\r\nMessage: Permission denied\r\n\r\n"
        b"Response: Error\r\nMessage: Authentication failed\r\n\r\n"
    )


async def test_a_challenge_can_be_answered_instead_of_sending_the_secret(sim: SimPbx) -> None:
    async with Client(sim, events="") as client:
        (challenge,) = await client.act("Challenge", AuthType="MD5")
        key = hashlib.md5((challenge["Challenge"] + sim.secret).encode(), usedforsecurity=False).hexdigest()
        (answer,) = await client.act("Login", Username=sim.username, AuthType="MD5", Key=key, Events="off")
        assert answer["Message"] == "Authentication accepted"


async def test_a_challenge_answers_for_one_connection_only(sim: SimPbx) -> None:
    async with Client(sim, events="") as first, Client(sim, events="") as second:
        (challenge,) = await first.act("Challenge", AuthType="MD5")
        key = hashlib.md5((challenge["Challenge"] + sim.secret).encode(), usedforsecurity=False).hexdigest()
        await second.act("Login", Username=sim.username, AuthType="MD5", Key=key)
        await second.until(lambda: second.closed)
        assert second.messages[-1]["Message"] == "Authentication failed"


async def test_logoff_says_goodbye_and_closes(sim: SimPbx) -> None:
    said = await exchange(sim, login(sim))
    assert said.endswith(b"Response: Goodbye\r\nActionID: end\r\nMessage: Thanks for all the fish.\r\n\r\n")


async def test_every_generated_secret_differs_and_a_given_one_is_kept() -> None:
    assert SimPbx(quiet=True, seed=1).secret != SimPbx(quiet=True, seed=2).secret
    assert SimPbx(quiet=True, secret="mine").secret == "mine"
    assert len(SimPbx(quiet=True).secret) >= 16


# -- what it makes of bytes -------------------------------------------------------------------------------------


async def test_bad_input_is_answered_as_asterisk_answers_it(sim: SimPbx) -> None:
    said = await exchange(
        sim,
        login(sim).replace(b"\r\n", b"\n"),
        b"Action: Ping\r\nActionID: " + b"x" * 2000 + b"\r\n\r\n",
        b"Action: Ping\r\n" + b"".join(b"V%d: 1\r\n" % number for number in range(300)) + b"\r\n",
        b"garbage\r\n\r\n",
        b"ActionID: 4\r\nfoo: x\r\n\r\n",
        b"action:ping\r\nactionid:4\r\nfoo: x\r\n\r\n",
    )
    messages = [Said(part) for part in said.decode().split("\r\n\r\n") if part]
    assert [one["Message"] for one in messages[:5]] == [
        "Authentication accepted",
        "Failed to parse message: line too long",
        "Too many lines in message or allocation failure",
        "Missing action in request",
        "Missing action in request",
    ]
    assert messages[5]["Ping"] == "Pong"
    assert messages[5]["ActionID"] == "4"


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
async def test_actions_may_arrive_in_pieces(sim: SimPbx, size: int) -> None:
    data = login(sim) + b"Action: Ping\r\nActionID: a\r\n\r\nAction: Ping\r\nActionID: b\r\n\r\n"
    said = await exchange(sim, *(data[at : at + size] for at in range(0, len(data), size)))
    assert [said.count(f"ActionID: {name}\r\nPing: Pong".encode()) for name in "ab"] == [1, 1]


async def test_bytes_that_are_no_text_do_no_harm(sim: SimPbx) -> None:
    said = await exchange(sim, b"\xff\xfe\x00\x01\r\n\r\n" * 3, login(sim), b"Action: Ping\r\nActionID: \xff\r\n\r\n")
    assert b"ActionID: \xff\r\nPing: Pong" in said


async def test_an_unknown_action_is_named_in_the_answer(sim: SimPbx) -> None:
    async with Client(sim) as client:
        (answer,) = await client.act("Nope")
        assert answer["Message"].startswith("Invalid/unknown command: Nope.")


# -- rights -----------------------------------------------------------------------------------------------------


def recorded_rights(version: str) -> dict[str, list[tuple[list[tuple[str, str]], Said]]]:
    """Per user of the laboratory: each action with the first answer to it."""
    text = gzip.decompress((DATA / f"rights-{version}.ami.gz").read_bytes()).decode()
    found: dict[str, list[tuple[list[tuple[str, str]], Said]]] = {}
    action: list[tuple[str, str]] = []
    for part in text.split("\r\n\r\n"):
        if "### " in part:
            pairs = (pair.partition(": ") for pair in part.partition("> ")[2].split(" | ") if ": " in pair)
            action = [(name, value) for name, _, value in pairs]
            if dict(action)["Action"] == "Login":
                user = found.setdefault(dict(action)["Username"], [])
        elif action and "Response: " in part:
            user.append((action, Said(part)))
            action = []
    return found


@pytest.mark.parametrize("version", ["22", "16"])
@pytest.mark.parametrize("user", USERS)
async def test_what_a_user_may_do_is_what_it_may_do_on_asterisk(version: str, user: str) -> None:
    sim = SimPbx(laboratory(), quiet=True, speed=0, version=version)
    sim.add_user(user, "secret", *USERS[user])
    async with sim, Client(sim, "on", user, "secret") as client:
        for action, recorded in recorded_rights(version)[user]:
            headers = dict(action)
            name = headers.pop("Action")
            headers.pop("ActionID")
            if name in ("Login", "Logoff"):
                continue
            answer = (await client.act(name, **headers))[0]
            if name == "ListCommands":
                may = {key for key, _ in recorded.headers}
                assert {key for key, _ in answer.headers} <= may
                assert {"QueueAdd", "Originate", "Redirect"} & may <= {key for key, _ in answer.headers}
            else:
                told = (recorded["Response"], recorded["Message"])
                assert (name, answer["Response"], answer["Message"]) == (name, *told)


# -- events -----------------------------------------------------------------------------------------------------


async def heard_with(sim: SimPbx, mask: str) -> set[str]:
    """The classes of the events that a session with this mask hears of a call and a pause."""
    async with Client(sim, mask) as client:
        since = len(client.messages)
        sim.hang_up(sim.call_in("sales", "5551"))
        await client.act("QueuePause", Interface="PJSIP/1001", Paused="true")
        await client.act("UserEvent", UserEvent="Mine")
        await client.settle(1)
        return {one["Privilege"].split(",")[0] for one in client.events(since=since)}


@pytest.mark.parametrize(
    ("mask", "classes"),
    [
        ("on", {"call", "agent", "dialplan", "user"}),
        ("off", set()),
        ("agent,call,system", {"call", "agent"}),
        ("agent", {"agent"}),
        ("call", {"call"}),
        ("user,nonsense", {"user"}),
        ("all", {"call", "agent", "dialplan", "user"}),
    ],
)
async def test_a_session_hears_what_its_mask_asks_for(sim: SimPbx, mask: str, classes: set[str]) -> None:
    assert await heard_with(sim, mask) == classes


async def test_a_session_hears_only_what_its_user_may_read(sim: SimPbx) -> None:
    sim.add_user("half", "x", "agent", "all")
    async with Client(sim, "on", "half", "x") as client:
        sim.hang_up(sim.call_in("sales", "5551"))
        await client.act("QueuePause", Interface="PJSIP/1001", Paused="true")
        await client.settle(1)
        assert {one["Privilege"] for one in client.events()} == {"agent,all"}


async def test_the_mask_can_be_changed_on_the_way(sim: SimPbx) -> None:
    async with Client(sim) as client:
        assert (await client.act("Events", EventMask="off"))[0]["Events"] == "Off"
        since = len(client.messages)
        sim.call_in("sales", "5551")
        await client.settle(1)
        assert client.events(since=since) == []
        assert (await client.act("Events", EventMask="call"))[0]["Events"] == "On"
        sim.call_in("sales", "5552")
        await client.settle(1)
        assert client.last("Newchannel")["CallerIDNum"] != ""


async def test_filters_let_through_what_they_match(sim: SimPbx) -> None:
    async with Client(sim) as client:
        await client.act("Filter", Operation="Add", Filter="Event: (QueueCaller|Newchannel)")
        await client.act("Filter", Operation="Add", Filter="!CallerIDNum: 5552")
        since = len(client.messages)
        sim.call_in("sales", "5551")
        sim.call_in("sales", "5552")
        await client.settle(1)
        heard = client.events(since=since)
        assert {one["Event"] for one in heard} <= {"QueueCallerJoin", "QueueCallerLeave", "Newchannel"}
        assert "5551" in {one["CallerIDNum"] for one in heard}
        assert "5552" not in {one["CallerIDNum"] for one in heard}
        (refused,) = await client.act("Filter", Operation="Add", Filter="*[")
        assert refused["Response"] == "Error"


async def test_everybody_hears_the_same_events_in_the_same_order(sim: SimPbx) -> None:
    async with Client(sim) as first, Client(sim) as second:
        for number in range(5):
            sim.call_in("sales", str(number))
        await first.settle(30)
        await second.settle()
        texts = [[repr(one) for one in client.events() if one["Event"] != "FullyBooted"] for client in (first, second)]
        assert len(texts[0]) > 50
        assert texts[0] == texts[1]


async def test_an_answer_comes_before_the_events_that_the_action_causes(sim: SimPbx) -> None:
    async with Client(sim) as client:
        await client.act("QueuePause", Interface="PJSIP/1001", Paused="true", Reason="lunch")
        await client.settle()
        order = [one["Response"] or one["Event"] for one in client.messages if one["Event"] != "FullyBooted"]
        assert order.index("Success", 1) < order.index("QueueMemberPause")


async def test_a_client_that_does_not_read_is_dropped_and_the_others_stay(sim: SimPbx) -> None:
    _, deaf = await asyncio.open_connection(sim.host, sim.port)
    deaf.write(login(sim, Events="on"))
    await sim.client()
    async with Client(sim) as client:
        for _ in range(2000):
            if sim.stats.clients < 2:
                break
            sim.garbage(b"Event: Noise\r\nPad: " + b"x" * 500_000 + b"\r\n\r\n")
            await client.settle()
            client.messages.clear()
        assert sim.stats.clients == 1
        assert not client.closed
    deaf.transport.abort()
