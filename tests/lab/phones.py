"""The people at the other end of the lines: callers who ring in, agents and supervisors with phones on their desks."""

from __future__ import annotations

import base64
import itertools
import socket
import time
from dataclasses import dataclass

from tests.lab.ami import Ami, AmiRefused, Message
from tests.lab.audio import Tape
from tests.lab.numbers import CALLER_TONE, tone_of
from tests.lab.pbx import Lab


@dataclass(frozen=True)
class Handle:
    """A call from outside: its channel on the PBX, and the name under which its caller is driven and recorded."""

    uniqueid: str
    channel: str
    number: str
    party: str


class Phones:
    """Drives the street. A party is a phone's number (``1001``) or a caller (``Handle.party``)."""

    def __init__(self, lab: Lab, pbx: Ami) -> None:
        self._lab = lab
        self._pbx = pbx
        self._calls = itertools.count(1)
        self._plugged: set[str] = set()
        self.ami = lab.street_ami()

    # --- calls -------------------------------------------------------------------------------------------------------

    def ring_in(
        self,
        exten: str,
        number: str,
        name: str,
        *,
        tone: int = CALLER_TONE,
        patience: float | None = None,
        timeout: int = 120,
    ) -> Handle:
        """A caller rings ``exten`` of the trunk and is answered; hangs up by himself after ``patience`` seconds."""
        party = f"caller{next(self._calls)}"
        since = self._pbx.mark()
        headers = {"Id": party, "Number": _base64(number), "Name": _base64(name), "Timeout": str(timeout)}
        variables = {f"PJSIP_HEADER(add,X-Lab-{key})": value for key, value in headers.items() if value}
        self._originate(f"PJSIP/{exten}@outside", party, tone, variables, patience)
        arrived = self._pbx.expect("VarSet", since=since, Variable="LAB_CALL", Value=party)
        return Handle(arrived["Uniqueid"], arrived["Channel"], number, party)

    def dial(self, number: str, exten: str, *, patience: float | None = None) -> None:
        """The phone ``number`` is picked up and dials ``exten``; returns when it is under way, answered or not."""
        self._originate(f"PJSIP/{exten}@{number}", number, tone_of(number), {}, patience)

    def _originate(
        self, channel: str, party: str, tone: int, variables: dict[str, str], patience: float | None
    ) -> None:
        variables = {**variables, "LAB_PARTY": party, "TONE": str(tone)}
        if patience is not None:
            variables["TIMEOUT(absolute)"] = str(patience)
        fields = {"Variable": "\n".join(f"{key}={value}" for key, value in variables.items())}
        self.ami.action(
            "Originate", fields, Channel=channel, Context="talking", Exten="s", Priority="1", Async="true",
            Timeout="60000",
        )  # fmt: skip

    # --- deeds of a party that is in a call ---------------------------------------------------------------------------

    def hang_up(self, party: str) -> None:
        """The party puts its phone down."""
        try:
            self.ami.action("Hangup", Channel=self.channel(party))
        except AmiRefused as refusal:
            if "No such channel" not in str(refusal):  # the other side was faster
                raise

    def hold(self, party: str) -> None:
        """The party presses hold: its phone says so to the PBX (a re-INVITE that only sends)."""
        self._send_to(party, "hold")

    def unhold(self, party: str) -> None:
        """The party takes its call back from hold."""
        self._send_to(party, "unhold")

    def transfer(self, party: str, exten: str) -> None:
        """The party's phone transfers the call blindly, by a SIP REFER."""
        channel = self.channel(party)
        self.ami.action("Setvar", Channel=channel, Variable="LAB_TO", Value=exten)
        self._send_to(party, "transfer")

    def sing(self, party: str, tone: int) -> None:
        """The party changes its tone."""
        self.ami.action("Setvar", Channel=self.channel(party), Variable="TONE", Value=str(tone))
        self._send_to(party, "sing")

    def press(self, party: str, digits: str) -> None:
        """The party presses keys."""
        channel = self._at_rest(party)["Channel"]
        for digit in digits:
            self.ami.action("PlayDTMF", Channel=channel, Digit=digit, Duration="100")
            time.sleep(0.05)  # two equal digits without a gap are one

    def _send_to(self, party: str, deed: str) -> None:
        """Send the party's channel to a deed of its dialplan, and wait until it is done."""
        channel = self._at_rest(party)
        since = self.ami.mark()
        self.ami.action("Redirect", Channel=channel["Channel"], Context="deeds", Exten=deed, Priority="1")
        if resting := {"hold": "BridgeWait", "unhold": "Wait", "sing": "Wait"}.get(deed):
            self.ami.expect("Newexten", since=since, Uniqueid=channel["Uniqueid"], Application=resting)

    def _at_rest(self, party: str) -> Message:
        """The party's channel once it has answered and its dialplan waits: a Goto under way would undo a Redirect."""
        newest = self._newest(party, 10)
        self.ami.expect("Newexten", Uniqueid=newest["Uniqueid"], Context="talking", Application="Wait")
        return newest

    def channel(self, party: str, *, timeout: float = 10) -> str:
        """The street's channel of a party's newest call; waits for it."""
        return self._newest(party, timeout)["Channel"]

    def tape(self, party: str) -> Tape:
        """What the party hears in its newest call, recorded while it is heard."""
        return self._tape(party, "rx")

    def tape_said(self, party: str) -> Tape:
        """What the party says in its newest call."""
        return self._tape(party, "tx")

    def _tape(self, party: str, direction: str) -> Tape:
        uniqueid = self._newest(party, 10)["Uniqueid"]
        begun = self.ami.expect("MixMonitorStart", Uniqueid=uniqueid)
        return Tape(self._lab.tapes / f"{party}.{uniqueid}.{direction}.sln48", float(begun["ReceivedAt"]))

    def _newest(self, party: str, timeout: float) -> Message:
        self.ami.expect("VarSet", timeout=timeout, Variable="LAB_PARTY", Value=party)
        return self.ami.seen("VarSet", Variable="LAB_PARTY", Value=party)[-1]

    # --- the phones themselves ----------------------------------------------------------------------------------------

    def behave(self, number: str, behaviour: str, seconds: float = 0) -> None:
        """Until the next reset the phone treats calls so: answer, drop, busy, reject, silent (see numbers.py)."""
        self.ami.action("DBPut", Family="manner", Key=number, Val=behaviour)
        self.ami.action("DBPut", Family="seconds", Key=number, Val=str(seconds))

    def text(self, number: str) -> str:
        """The last text message that the phone showed; empty if none."""
        since = self.ami.mark()
        try:
            self.ami.action("DBGet", Family="text", Key=number)
        except Exception as error:
            if "not found" in str(error):
                return ""
            raise
        return self.ami.expect("DBGetResponse", since=since)["Val"]

    def register(self, number: str, seconds: int = 3600) -> None:
        """A 16xx phone is plugged in (or unplugged, with 0 seconds): the PBX learns where it is by a SIP REGISTER."""
        here, there = self._lab.phones_address, self._lab.pbx_address
        call = f"lab-{next(self._calls)}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.bind((here, 0))
            line.settimeout(5)
            via = f"{here}:{line.getsockname()[1]}"
            line.sendto(
                f"REGISTER sip:{there} SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bK{call}\r\nMax-Forwards: 70\r\n"
                f"From: <sip:{number}@{there}>;tag={call}\r\nTo: <sip:{number}@{there}>\r\nCall-ID: {call}\r\n"
                f"CSeq: {next(self._calls)} REGISTER\r\nContact: <sip:{number}@{here}:5060>\r\nExpires: {seconds}\r\n"
                f"Content-Length: 0\r\n\r\n".encode(),
                (there, 5060),
            )
            answer = line.recv(4096).decode()
        if not answer.startswith("SIP/2.0 200"):
            raise RuntimeError(f"the PBX refused to register {number}: {answer.splitlines()[0]}")
        (self._plugged.add if seconds else self._plugged.discard)(number)

    def unregister(self, number: str) -> None:
        """A 16xx phone is unplugged."""
        self.register(number, 0)

    def follow(self, pbx: Ami) -> None:
        """Watch the PBX through another connection, after the first was lost with a restart."""
        self._pbx = pbx

    def channels(self) -> list[Message]:
        """Every channel at every phone and caller."""
        return self.ami.listing("CoreShowChannels", "CoreShowChannelsComplete")

    def hang_up_all(self) -> None:
        """Every phone is put down."""
        self.ami.action("Command", Command="channel request hangup all")

    def reset(self) -> None:
        """Every phone behaves as its number says; recordings are thrown away."""
        for number in list(self._plugged):
            self.unregister(number)
        for family in ("manner", "seconds", "text"):
            self.ami.action("Command", Command=f"database deltree {family}")
        self.ami.forget()
        for path in self._lab.tapes.iterdir():
            path.unlink(missing_ok=True)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
