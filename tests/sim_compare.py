"""Holds events of the simulated PBX against recordings of real Asterisk.

Names, ids and times differ from run to run, so events are written with tokens first: channels by device and order of
creation, bridges by order of creation, times not at all. A run of Asterisk is then split into streams: the events that
one channel, bridge, device, member or waiting caller is the subject of. Within a stream the order is fixed, and so is
every header. Between streams threads of Asterisk race; there the order must be kept only where both recordings,
16 and 22, agree on it, and what is known to race (`RACING`) is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tests.sim_client import Said

CHANNEL = re.compile(r"^((?:PJSIP|Local)/\S+?)-[0-9a-f]{8}(;[12])?$")
EPOCH = re.compile(r"^1[0-9]{9}$")
UNIQUEID = re.compile(r"^1[0-9]{9}\.[0-9]+$")
BRIDGE = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
UNTOLD = {"HoldTime", "TalkTime", "ActionID", "ParkingTimeout", "ParkingDuration", "BridgeTechnology",
          "ToBridgeTechnology", "FromBridgeTechnology", "OrigBridgeTechnology", "SecondBridgeTechnology"}  # fmt: skip
"""Headers whose value is a matter of time."""
COMPLETED = ("Event", "Privilege", "Queue", "Interface", "MemberName", "HoldTime", "TalkTime", "Reason")
FAR_HALF = re.compile(r"Local/\d+@callers\S*;2")
"""The half of a Local channel where a caller of the laboratory sits: it takes note of names when it comes to it."""
RACING = {
    # Device states come from a thread of their own, with what depends on them.
    "DeviceStateChange", "QueueMemberStatus", "ExtensionStatus",
    # The end of a queue call is noticed by a thread that hears of hangups.
    "AgentComplete",
    # Told by the thread of the manager action.
    "OriginateResponse",
    # The other half of a Local channel reads its frames when it comes to it.
    "NewCallerid",
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """One event with tokens: its stream, and its text with every header."""

    name: str
    stream: str
    text: str


def said(data: bytes) -> list[Said]:
    """Every message of a recorded stream, greeting left out, marks (`### …`) as messages of one header."""
    text = data.decode("utf-8", "surrogateescape")
    if text.startswith("Asterisk Call Manager"):
        text = text.partition("\r\n")[2]
    return [Said(part) for part in text.split("\r\n\r\n") if part.strip("\r\n")]


def heard(messages: Iterable[Said], mask: Sequence[str] = ("call", "agent", "system")) -> list[Said]:
    """The events that a client with this mask hears."""
    return [one for one in messages if "Event" in one and one["Privilege"].split(",")[0] in mask]


class Tokens:
    """Gives names to what a run has numbered."""

    def __init__(self, events: Sequence[Said]) -> None:
        self._names: dict[str, str] = {}
        self._bridges: dict[str, str] = {}
        self._created: dict[str, int] = {}
        self.learn(events)

    def learn(self, events: Sequence[Said]) -> None:
        """Give names to what these events made."""
        for event in events:
            if event["Event"] == "Newchannel":
                self._channel(event["Channel"], event["Uniqueid"], self._created)
            if event["Event"] == "BridgeCreate":
                self._bridges[event["BridgeUniqueid"]] = f"bridge#{len(self._bridges) + 1}"

    def _channel(self, name: str, uniqueid: str, created: dict[str, int]) -> None:
        found = CHANNEL.match(name)
        if found is None:
            return
        half = found[2] or ""
        created[found[1] + half] = number = created.get(found[1] + half, 0) + 1
        self._names[name] = f"{found[1]}#{number}{half}"
        self._names[uniqueid] = f"id of {found[1]}#{number}{half}"

    def names(self) -> dict[str, str]:
        """What each token stands for."""
        return {token: name for name, token in (self._names | self._bridges).items()}

    def value(self, name: str, value: str) -> str:
        """A header's value as it would be in any other run."""
        if value in self._names:
            return self._names[value]
        if value in self._bridges:
            return self._bridges[value]
        if name in UNTOLD:
            return "*"
        if name in ("Data", "ApplicationData") and "," in value:
            target, _, options = value.partition(",")
            return f"{self.value('', target)},{options}"
        if CHANNEL.match(value):
            return CHANNEL.sub(r"\1#old\2", value)
        if BRIDGE.match(value):
            return "bridge#old"
        if UNIQUEID.match(value):
            return "id of old"
        return "then" if EPOCH.match(value) else value


def tell(events: Sequence[Said], skip: Iterable[str] = (), *, loose: bool = False) -> list[Told]:
    """Events with tokens; those that mention one of `skip` (a device of the laboratory) are left out.

    `loose` leaves out as well what transfers, surprises and hangups of everybody at once make a matter of chance.
    """
    tokens = Tokens(events)
    left_out = tuple(skip)
    found: list[Told] = []
    moved = any(event["Event"] in ("BlindTransfer", "AttendedTransfer") for event in events)
    for event in events:
        if any(part in value for part in left_out for _, value in event.headers) or _late(event):
            continue
        if loose and _passing(event):
            continue
        headers = [
            (name, tokens.value(name, value))
            for name, value in event.headers
            if not (loose and _by_chance(event, name, moved=moved))
        ]
        found.append(_told(dict(reversed(headers)), headers))
    return found


def _passing(event: Said) -> bool:
    """What only shows where a thread looks at the right moment."""
    unknown = event["Event"] == "NewConnectedLine" and event["ConnectedLineNum"] == "<unknown>"
    return unknown or event["Device"].startswith(("Local/", "Surrogate/"))


def _late(event: Said) -> bool:
    """News of a party that a half of a Local channel tells when it comes to read it, which may be at its end."""
    return event["Event"] == "NewCallerid" and event["Channel"].startswith("Local/") and event["ChannelState"] == "6"


def _by_chance(event: Said, header: str, *, moved: bool) -> bool:
    """Headers whose value, or whether they are there, depends on which thread was first."""
    name = event["Event"]
    if name == "HangupRequest" and header == "Cause":
        # A phone or a provider gives a reason, or none.
        return event["Channel"].startswith("PJSIP/")
    if name in ("BridgeLeave", "BridgeMerge"):
        # Where both sides are sent out of their bridge, either may leave first.
        return header.endswith("BridgeNumChannels")
    if name == "AttendedTransfer":
        # The target is shown where it is still found; the transferee may have heard of the target already.
        return header.startswith(("TransferTarget", "TransfereeConnectedLine", "SecondBridgeNum"))
    if name == "MusicOnHoldStop":
        # Whether a caller shows already where it is sent to.
        return header in ("Context", "Exten", "Priority")
    # The half of a Local channel that stays with the caller learns of the new partner when it comes to it.
    return moved and header.startswith("CallerID") and event["Channel"].startswith("Local/")


def _told(first: dict[str, str], headers: list[tuple[str, str]]) -> Told:
    name = first["Event"]
    if name == "AgentComplete":
        # Which of the two channels is still there to be shown is a race.
        headers = [(key, value) for key, value in headers if key in COMPLETED]
    untold = _raced(name, first)
    text = " | ".join(f"{key}: {'*' if key in untold else value}" for key, value in headers)
    return Told(name, _stream(name, first), text)


def _raced(name: str, first: dict[str, str]) -> set[str]:
    """Headers whose value depends on which of two threads came first."""
    untold: set[str] = set()
    if name == "QueueMemberStatus" and first["Status"] != "1":
        untold.add("InCall")
    if name == "DeviceStateChange" and first["Device"].startswith("Local/"):
        # Told for each half at its own time; the state is that of both.
        untold.add("State")
    if name == "NewCallerid":
        untold |= {"ChannelState", "ChannelStateDesc"}
    if name == "DialState":
        untold |= {"DestChannelState", "DestChannelStateDesc"}
    if name in ("QueueCallerAbandon", "QueueCallerLeave"):
        # Whether a redirected caller shows already where it is sent to.
        untold |= {"Context", "Exten", "Priority"}
    if name == "SoftHangupRequest":
        # Whether a dialplan that ran out shows the step after the last one already.
        untold.add("Priority")
    if FAR_HALF.match(first.get("Channel", "")):
        untold |= {"CallerIDNum", "CallerIDName"}
    return untold


SUBJECTS = (
    (("QueueCaller", "AgentConnect"), "waiting", ("Channel",)),
    (("AgentCalled", "AgentRingNoAnswer"), "rung", ("Channel", "Interface")),
    (("AgentComplete",), "completed", ("Interface",)),
    (("Dial",), "dialling", ("DestChannel",)),
    (("QueueMember",), "member", ("Queue", "Interface")),
    (("DeviceStateChange",), "device", ("Device",)),
    (("ExtensionStatus",), "hint", ("Exten",)),
    (("ChanSpy",), "spy", ("SpyerChannel",)),
    (("NewCallerid",), "identity", ("Channel",)),
    (("LocalBridge",), "channel", ("LocalOneChannel",)),
    (("Parked", "UnParked"), "parking", ("ParkeeChannel",)),
    (("BridgeCreate", "BridgeDestroy"), "bridge", ("BridgeUniqueid",)),
    (("BridgeMerge",), "bridge", ("ToBridgeUniqueid",)),
    (("BlindTransfer", "AttendedTransfer", "OriginateResponse", "FullyBooted"), "once", ("Event",)),
    (("",), "channel", ("Channel",)),
)
"""What events are about: how their names begin, the kind of subject, the headers that name it."""


def _stream(name: str, first: dict[str, str]) -> str:
    kind, headers = next((kind, headers) for names, kind, headers in SUBJECTS if name.startswith(names))
    return f"{kind} {' '.join(first.get(header, '') for header in headers)}"


def streams(told: Sequence[Told]) -> dict[str, list[str]]:
    """The texts of each stream, in order."""
    found: dict[str, list[str]] = {}
    for one in told:
        found.setdefault(one.stream, []).append(one.text)
    return found


def differences(recorded: Sequence[Told], simulated: Sequence[Told]) -> list[str]:
    """Where the streams of the simulation are not those of the recording; empty where they agree."""
    ours, theirs = streams(simulated), streams(recorded)
    found: list[str] = []
    for stream in sorted(ours.keys() | theirs.keys()):
        for number, (real, sim) in enumerate(_pairs(theirs.get(stream, []), ours.get(stream, []))):
            if real != sim:
                found.append(f"[{stream}] {number}:\n  real {real}\n  sim  {sim}")
                break
    return found


def _pairs(left: list[str], right: list[str]) -> list[tuple[str, str]]:
    return list(zip_longest(left, right, fillvalue="nothing"))


def _marks(told: Sequence[Told]) -> dict[tuple[str, str, int], int]:
    """Where each event of each stream stands: the n-th of its name in its stream."""
    seen: Counter[tuple[str, str]] = Counter()
    marks: dict[tuple[str, str, int], int] = {}
    for place, one in enumerate(told):
        seen[one.stream, one.name] += 1
        if one.name not in RACING:
            marks[one.stream, one.name, seen[one.stream, one.name]] = place
    return marks


def disorder(
    recordings: Sequence[Sequence[Told]], simulated: Sequence[Told], racing: frozenset[frozenset[str]]
) -> list[str]:
    """Pairs of events whose order all recordings agree on and the simulation does not.

    `racing` holds pairs of event names that are known to race, however often recordings happen to agree.
    """
    marks = [_marks(told) for told in recordings]
    ours = _marks(simulated)
    common = [key for key in ours if all(key in one for one in marks)]
    found: list[str] = []
    for place, one in enumerate(common):
        for other in common[place + 1 :]:
            if frozenset((one[1], other[1])) in racing:
                continue
            first, second = sorted((one, other), key=lambda key: ours[key])
            if all(mark[second] < mark[first] for mark in marks):
                found.append(f"{second[1]} [{second[0]}] comes before {first[1]} [{first[0]}] on Asterisk")
    return found
