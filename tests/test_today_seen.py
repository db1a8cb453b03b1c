"""Rows made from manager events: they agree with the log of the same calls, on recorded streams and in the corners."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccops.pbx.queue_log import LogRow, parse_block
from ccops.pbx.seen import LEFT_FOR, Seen
from ccops.reports.today import Today
from ccops.reports.visits import ActionLog, visits_of

DATA = Path(__file__).parent / "data"
TRACES = Path(__file__).parents[2] / "shared" / "traces"
T0 = 1_790_000_000
VERSIONS = ("asterisk-16.28", "asterisk-22.10")


def events_of(path: Path) -> Iterator[tuple[dict[str, str], float]]:
    """Yield the events of a recorded stream with the time, as far as headers of the stream tell it."""
    clock = 0.0
    for block in path.read_bytes().decode("utf-8", "replace").split("\r\n\r\n"):
        event = dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line)
        for header in ("SentNTP", "Uniqueid", "DestUniqueid", "LoginTime", "LastPause", "LastCall"):
            text = event.get(header, "")
            if text.replace(".", "").isdigit():
                clock = max(clock, float(text) if header == "SentNTP" else float(text.split(".")[0]))
        if "Event" in event:
            yield event, clock


def replay(version: str) -> list[LogRow]:
    path = TRACES / f"{version}.ami"
    if not path.exists():
        pytest.skip("the recordings are not beside this checkout")
    seen = Seen()
    return [row for event, at in events_of(path) for row in seen.feed(event, at)]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_recorded_stream_says_what_the_recorded_log_says(version: str) -> None:
    seen = {visit.callid: visit for visit in visits_of(replay(version))}
    logged = visits_of(parse_block((DATA / f"{version}.queue_log").read_bytes()))
    logged = [visit for visit in logged if visit.caller]  # a call of another day stands at the end of one log
    assert len(seen) == len(logged) == 11
    for visit in logged:
        other = seen[visit.callid]
        assert (other.outcome, other.queue, other.agent) == (visit.outcome, visit.queue, visit.agent)
        assert (other.ended_by, other.transfer_to, other.caller) == (visit.ended_by, visit.transfer_to, visit.caller)
        assert abs((other.wait or 0) - (visit.wait or 0)) <= 1
        assert abs((other.talk or 0) - (visit.talk or 0)) <= 1
        assert abs(other.entered - visit.entered) <= 1


@pytest.mark.parametrize("version", VERSIONS)
def test_today_from_the_stream_is_today_from_the_log(version: str) -> None:
    seen, logged = Today(ZoneInfo("UTC"), source="seen"), Today(ZoneInfo("UTC"))
    for row in replay(version):
        seen.feed(row)
    rows = [row for row in parse_block((DATA / f"{version}.queue_log").read_bytes()) if row.at < 1_795_290_000]
    for row in rows:
        logged.feed(row)
    now = rows[-1].at
    for queue in ("sales", "support"):
        one, other = seen.queue(queue, now), logged.queue(queue, now)
        assert (one.offered, one.answered, one.abandoned, one.lost) == (
            other.offered,
            other.answered,
            other.abandoned,
            other.lost,
        )
        assert (one.service_level, one.asa, one.talk, one.longest_wait) == (
            other.service_level,
            other.asa,
            other.talk,
            other.longest_wait,
        )
    assert seen.agent("Never Answers", now).missed == logged.agent("Never Answers", now).missed == 1


class Port:
    """Feeds events as a PBX would raise them."""

    def __init__(self) -> None:
        self.seen = Seen()
        self.rows: list[LogRow] = []

    def event(self, name: str, at: float, **headers: str) -> "Port":
        self.rows += self.seen.feed({"Event": name, **headers}, T0 + at)
        return self

    def join(self, at: float, callid: str = "a", queue: str = "q", **headers: str) -> "Port":
        place = {"Context": "in", "Exten": "600", **headers}
        return self.event(
            "QueueCallerJoin", at, Uniqueid=callid, Queue=queue, Position="1", CallerIDNum="5551", **place
        )

    def abandon(self, at: float, hold: int, exten: str = "600") -> "Port":
        place = {"Context": "in", "Exten": exten, "Uniqueid": "a", "Queue": "q"}
        self.event("QueueCallerAbandon", at, HoldTime=str(hold), Position="1", OriginalPosition="1", **place)
        return self.event("QueueCallerLeave", at, **place)

    def connect(self, at: float) -> "Port":
        talk = {"Uniqueid": "a", "Queue": "q", "DestUniqueid": "m", "Interface": "PJSIP/1", "MemberName": "Ana"}
        self.event("QueueCallerLeave", at, Uniqueid="a", Queue="q")
        return self.event("AgentConnect", at, HoldTime="5", RingTime="2", **talk)

    def outcome(self, actions: ActionLog | None = None) -> tuple[str, int | None, str, int | None]:
        (visit,) = visits_of(self.rows, actions)
        return visit.outcome.value, visit.wait, visit.ended_by, visit.talk


def test_a_hang_up_a_time_out_and_a_redirect_are_told_apart() -> None:
    hung_up = Port().join(0).event("HangupRequest", 4, Uniqueid="a").abandon(4, 4)
    assert hung_up.outcome() == ("abandoned", 4, "", None)
    timed_out = (
        Port().join(0).abandon(60, 60).event("SoftHangupRequest", 60, Uniqueid="a").event("Hangup", 60, Uniqueid="a")
    )
    assert timed_out.outcome() == ("timeout", 60, "", None)
    redirected = Port().join(0).abandon(9, 9, exten="9002")
    assert redirected.outcome() == ("abandoned", 9, "", None)
    silenced = (
        Port()
        .join(0)
        .event("MusicOnHoldStart", 0, Uniqueid="a")
        .event("MusicOnHoldStop", 9, Uniqueid="a")
        .abandon(9, 9)
    )
    assert silenced.outcome() == ("abandoned", 9, "", None)
    waited = Port().join(0).event("MusicOnHoldStart", 0, Uniqueid="a").abandon(9, 9)
    assert waited.outcome() == ("timeout", 9, "", None)
    assert redirected.outcome(ActionLog([("a", T0 + 8.8, "pull")])) == ("withdrawn", 9, "", None)
    assert timed_out.outcome(ActionLog([("a", T0 + 59.5, "withdraw")])) == ("withdrawn", 60, "", None)


@pytest.mark.parametrize("how", ["hangup", "join", "time"])
def test_who_leaves_and_meets_nobody_left_by_a_key(how: str) -> None:
    port = Port().join(0).event("QueueCallerLeave", 7, Uniqueid="a", Queue="q")
    assert port.outcome()[0] == "waiting"
    if how == "hangup":
        port.event("Hangup", 8, Uniqueid="a")
    elif how == "join":
        port.join(8, queue="r")
        port.rows = [row for row in port.rows if row.queue == "q"]
    else:
        port.rows += port.seen.settle(T0 + 7 + LEFT_FOR + 1)
    assert port.outcome() == ("exit_key", 7, "", None)


def test_a_slow_connect_is_no_exit() -> None:
    port = Port().join(0).event("QueueCallerLeave", 5, Uniqueid="a", Queue="q").event("FullyBooted", 15, Uptime="900")
    assert port.connect(20).outcome() == ("answered", 5, "", None)


@pytest.mark.parametrize(
    "headers", [{"Uniqueid": "a", "DestUniqueid": "m"}, {"DestUniqueid": "m"}, {"Uniqueid": "a"}, {}]
)
def test_a_completion_finds_its_talk_by_what_headers_are_left(headers: dict[str, str]) -> None:
    port = Port().join(0).connect(5)
    port.event(
        "AgentComplete", 65, Queue="q", Interface="PJSIP/1", HoldTime="5", TalkTime="60", Reason="agent", **headers
    )
    assert port.outcome() == ("answered", 5, "agent", 60)


@pytest.mark.parametrize(
    ("kind", "headers", "ended_by", "target"),
    [
        ("BlindTransfer", {"Extension": "1004", "Context": "internal"}, "blind", "1004"),
        ("AttendedTransfer", {"DestType": "Bridge", "DestBridgeUniqueid": "b-1"}, "attended", "BRIDGE|b-1"),
        ("AttendedTransfer", {"DestType": "App", "DestApp": "Queue"}, "attended", "APP|Queue"),
        (
            "AttendedTransfer",
            {"DestType": "Link", "LocalOneChannel": "x", "LocalTwoChannel": "y"},
            "attended",
            "LINK|x|y",
        ),
    ],
)
def test_transfers(kind: str, headers: dict[str, str], ended_by: str, target: str) -> None:
    port = Port().join(0).connect(5).event(kind, 30, Result="Success", TransfereeUniqueid="a", **headers)
    port.event(
        "AgentComplete", 30, Queue="q", Uniqueid="a", DestUniqueid="m", HoldTime="5", TalkTime="25", Reason="transfer"
    )
    (visit,) = visits_of(port.rows)
    assert (visit.ended_by, visit.transfer_to, visit.talk) == (ended_by, target, 25)


def test_lists_after_login_are_taken_once() -> None:
    port = Port()
    member = {"Queue": "q", "Name": "Ana", "Location": "PJSIP/1", "Membership": "dynamic", "Paused": "1"}
    times = {"LoginTime": str(T0 - 500), "LastPause": str(T0 - 100), "PausedReason": "lunch"}
    for at in (0, 60):
        port.event("QueueMember", at, **member, **times)
        port.event("QueueMember", at, Queue="q", Name="Eva", Location="PJSIP/2", Membership="static", Paused="0")
        port.event("QueueEntry", at, Queue="q", Uniqueid="a", Position="1", Wait=str(40 + at), CallerIDNum="<unknown>")
    assert [(row.at - T0, row.agent, row.event, row.params) for row in port.rows] == [
        (-500, "Ana", "ADDMEMBER", ("",)),
        (-100, "Ana", "PAUSE", ("lunch",)),
        (-40, "NONE", "ENTERQUEUE", ("", "", "1")),
    ]


def test_a_restart_of_the_pbx_is_told_from_a_new_login() -> None:
    port = Port().event("FullyBooted", 0, Uptime="1000").join(10).event("FullyBooted", 50, Uptime="1050")
    assert port.outcome()[0] == "waiting"
    port.event("FullyBooted", 100, Uptime="20")
    assert port.outcome() == ("interrupted", 70, "", None)


def test_hostile_names_and_numbers_do_no_harm() -> None:
    port = (
        Port()
        .join(0, CallerIDName="\x1b[2J[/]", HoldTime="x")
        .event("QueueMemberAdded", 1, Queue="q", MemberName="A\x00na")
    )
    port.event("QueueEntry", 2, Uniqueid="z", Queue="q", Wait="many").event("FullyBooted", 3, Uptime="soon").abandon(
        4, 4
    )
    assert all(text.isprintable() for row in port.rows for text in (row.queue, row.agent, *row.params))


def test_the_pbx_own_stamp_is_taken() -> None:
    port = Port().join(30, Timestamp=f"{T0 + 3}.25")
    assert port.rows[0].at == T0 + 3
