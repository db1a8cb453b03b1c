"""Plays recorded on real Asterisk 16 and 22, enacted again on the simulated PBX.

`data/plays-*.ami.gz` hold what one manager client heard while a second Asterisk played phones and callers, with marks
between the messages: `### time STEP title` where a step of a play begins, and `### time > headers` for each action
that the client sent. The actions are sent again to the simulation, at the same virtual times, with the names that the
channels have there. What people did is not in a recording; `PEOPLE` says it.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ccops.errors import NotFound
from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from tests.sim_client import Client, Said
from tests.sim_compare import Tokens

DATA = Path(__file__).parent / "data"
EMPTY = frozenset({"paused", "inuse", "invalid", "unavailable", "unknown"})
STRICT = frozenset({"penalty", "paused", "invalid", "unavailable", "unknown"})
PHONES = ("1001", "1002", "1003", "1004", "1006", "9001", "9002")
MARK = re.compile(r"^### (?P<time>[0-9.]+) (?:STEP (?P<step>.*)|> (?P<action>.*)|(?P<other>.*))$")

PEOPLE = {
    "agent bye": "0.02 call 5550001 sales",
    "agent bye: bye": "0.01 down 1001",
    "caller bye": "0.01 call 5550002 sales",
    "caller bye: bye": "0.01 bye 5550002",
    "caller abandons while ringing": "0 phone 1001 ring; 0.02 call 5550003 sales",
    "abandon": "0.01 bye 5550003; 1.02 phone 1001 1",
    "phone rejects": "0 phone 1001 reject; 0.02 call 5550004 sales; 6.0 phone 1001 busy",
    "phone busy": "4.01 bye 5550004; 5.02 phone 1001 1",
    "ring no answer, retried": "0 phone 1001 ring; 0.02 call 5550005 sales",
    "rna: caller goes": "0.01 bye 5550005; 1.02 phone 1001 1",
    "ringall": "0 phone 1003 5; 0.05 call 5550006 ringers",
    "ringall: bye": "0.01 down 1002; 2.02 phone 1003 1",
    "ringall nobody answers": "0 phone 1002 ring; 0 phone 1003 ring; 0.03 call 5550007 ringers",
    "ringall rna: caller goes": "0.01 bye 5550007; 1.02 phone 1002 1; 1.02 phone 1003 1",
    "freepbx member": "0.03 call 5550008 fpbx",
    "freepbx: agent bye": "0.01 down 1002",
    "freepbx caller bye": "0.01 call 5550009 fpbx",
    "freepbx: caller bye": "0.01 bye 5550009",
    "freepbx rna then hint member": "0 phone 1002 ring; 0.02 call 5550010 fpbx",
    "freepbx hint: agent bye": "0.01 down 1003; 2.02 phone 1002 1",
    "freepbx spy takeover": "0.01 call 5550011 fpbx",
    "freepbx takeover end": "0.01 bye 5550011",
    "spy leg": "0.01 call 5550012 sales",
    "spy: supervisor hangs up": "0.01 down 9002",
    "takeover end: supervisor bye": "0.02 everybody",
    "spied call ends": "0.01 call 5550013 sales",
    "spied call ends: agent bye": "0.01 down 1001",
    "spy on gone target without u": "3.03 down 9001",
    "spy by uniqueid": "0.01 call 5550014 sales; 5.24 down 9001",
    "spy without E: agent goes": "1.65 down 1001",
    "spy follows into next call": "0.01 call 5550015 sales; 3.23 down 1001; 4.24 down 9001",
    "spy whisper w mode and exten": "0.01 call 5550016 sales; 4.85 everybody",
    "originate: phone busy": "0 phone 9001 busy",
    "originate: phone reject": "0 phone 9001 reject",
    "originate: phone ring": "0 phone 9001 ring",
    "originate sync: busy": "0 phone 9001 busy",
    "originate sync: answers": "0 phone 9001 1",
    "click to call end": "0.01 down 9001",
    "internal call": "0.01 dial 1003 1002",
    "internal call end": "0.01 down 1002",
    "direct inbound": "0.01 call 5550020 1004",
    "direct inbound end": "0.01 bye 5550020",
    "member busy with own call (status)": "0.01 dial 1001 1002",
    "own call end": "0.01 down 1002",
    "phone blind transfer": "0.01 call 5550021 sales",
    "REFER to 1004": "0.01 transfer 1001 1004",
    "blind: bye": "0.01 bye 5550021",
    "AMI blind transfer to queue": "0.01 call 5550022 sales; 4.2 bye 5550022",
    "blind transfer errors": "0.04 call 5550023 sales; 3.3 everybody",
    "AMI atxfer": "0.01 call 5550024 sales",
    "atxfer complete: agent bye": "0.01 down 1001",
    "atxfer end": "0.01 down 1004",
    "AMI atxfer cancelled": "0.01 call 5550025 sales; 8.2 everybody",
    "hold": "0.01 call 5550026 sales",
    "hold now": "0.02 hold 1001",
    "hold end": "0.01 everybody",
    "exit with key": "0.02 call 5550030 sales; 1.5 key 5550030 5",
    "withdraw, priority, move": "0.01 call 5550031 sales; 0.02 call 5550032 sales",
    "withdraw": "3.01 everybody",
    "full": "0.01 call 5550040 sales; 0.31 call 5550041 sales; 0.62 call 5550042 sales; 0.93 call 5550043 sales; "
    "4.2 everybody",
    "timeout 20": "0.01 call 5550045 sales; 23.02 everybody",
    "join empty": "0.01 call 5550046 strict; 1.95 everybody",
    "leave empty": "0 phone 1003 ring; 0.03 call 5550047 strict; 22.1 everybody; 22.2 phone 1003 1",
    "park": "0.01 call 5550050 sales",
    "unpark by redirect phone": "4.02 everybody",
    "park with short timeout": "0.01 call 5550051 sales; 8.25 everybody",
    "park and hangup": "0.01 call 5550052 sales; 3.25 bye 5550052",
    "park waiting caller": "0.02 call 5550053 sales; 4.04 everybody",
    "mixmonitor mute text": "0.01 call 5550060 sales",
    "redirect two": "0 phone 9001 1.01; 4.03 everybody; 4.1 phone 9001 1",
    "redirect errors": "0.05 call 5550061 sales; 3.2 everybody",
    "hangup variants": "0.04 call 5550062 sales; 8.3 call 5550063 sales",
    "bridge errors": "0.03 call 5550064 sales; 2.3 everybody",
    "outbound call by agent": "0.01 dial 1003 5559999; 4.02 everybody",
    "transfer while spied": "0.01 call 5550070 sales; 6.83 everybody",
    "redirect of spyer": "0.01 call 5550071 sales; 4.83 everybody",
    "spy caller leg goes: caller bye": "0.01 call 5550072 sales; 3.83 bye 5550072; 5.85 everybody",
    "member of two queues": "0.02 call 5550073 sales; 2.25 down 1001",
    "member with busy_at 1": "0.02 call 5550074 ringers; 2.25 everybody",
    "freepbx member transfers": "0.01 call 5550080 fpbx",
    "second call": "0.01 call 5550081 fpbx",
    "first caller goes": "0.01 bye 5550080; 1.55 everybody",
    "freepbx member AMI blind": "0.01 call 5550082 fpbx; 6.4 everybody",
    "freepbx hold": "0.01 call 5550083 fpbx",
    "fhold": "0.02 hold 1002",
    "funhold": "2.03 everybody",
    "freepbx atxfer": "0.01 call 5550084 fpbx; 7.26 down 1002; 9.3 everybody",
}
"""What callers and agents do in each step: seconds after it began, a verb, and whom it is about."""
BEHIND_LOCAL = {"freepbx member transfers": "0.01 transfer 1002 1004"}
"""The same step after another one."""


def laboratory() -> CentrePlan:
    """What the Asterisk of the recordings was configured to be."""
    queues = [
        QueuePlan("sales", ring_timeout=8, retry=2, wrap_up=4, service_level=20, max_length=3, exit_context="qexit"),
        QueuePlan("ringers", strategy="ringall", ring_timeout=6, retry=1, service_level=0),
        QueuePlan("fpbx", strategy="linear", ring_timeout=8, retry=1, service_level=0),
        QueuePlan("static", strategy="linear", join_empty=EMPTY, ring_in_use=True, service_level=0),
        QueuePlan(
            "strict",
            strategy="leastrecent",
            join_empty=STRICT,
            leave_empty=STRICT,
            ring_in_use=True,
            service_level=0,
        ),
    ]
    contexts = {
        "queues": {
            "sales": [("Answer", ""), ("Queue", "sales,tT,,,20"), ("Wait", "1"), ("Hangup", "")],
            "ringers": [("Answer", ""), ("Queue", "ringers,,,,30")],
            "fpbx": [("Answer", ""), ("Queue", "fpbx,t,,,30")],
            "static": [("Answer", ""), ("Queue", "static,,,,30")],
            "strict": [("Answer", ""), ("Queue", "strict,,,,30"), ("NoOp", "${QUEUESTATUS}"), ("Wait", "2")],
        },
        "from-trunk": {"1004": [("Dial", "PJSIP/1004,20")]},
        "internal": {
            "_[19]00X": [("Dial", "PJSIP/${EXTEN},20"), ("Hangup", "")],
            "_555XXXX": [("Dial", "PJSIP/${EXTEN}@trunk,20")],
            "spy": [("ChanSpy", "${SPYTARGET},qudE")],
        },
        "from-queue": {"_100X": [("Dial", "PJSIP/${EXTEN},20,tT")]},
        "qexit": {"5": [("NoOp", ""), ("Wait", "2")]},
    }
    agents = [AgentPlan(number, f"Agent {number}", busy_at=int(number == "1006")) for number in PHONES]
    agents.append(AgentPlan("1005", "Static Sam", "static", (("static", 0),)))
    return CentrePlan(
        queues, agents, supervisors=(), contexts=contexts,
        includes={"internal": ("parkedcalls", "queues"), "from-trunk": ("queues",)},
    )  # fmt: skip


@dataclass
class Step:
    """A step of a play: marks with what was said after each."""

    title: str
    begins: float
    said: list[Said] = field(default_factory=list)
    actions: list[tuple[float, list[tuple[str, str]]]] = field(default_factory=list)
    ends: float = 0.0


def sessions(version: str) -> list[list[Step]]:
    """The recorded sessions, each from an Asterisk that had just been started."""
    text = gzip.decompress((DATA / f"plays-{version}.ami.gz").read_bytes()).decode("utf-8", "surrogateescape")
    found: list[list[Step]] = []
    for part in text.split("\r\n\r\n"):
        mark = MARK.match(part.strip("\r\n"))
        if mark is None:
            if part.strip():
                found[-1][-1].said.append(Said(part))
            continue
        if mark["action"] and mark["action"].startswith("Action: Login") and "Events" in mark["action"]:
            found.append([Step("login", float(mark["time"]))])
        _note(found[-1], mark)
    return found


def _note(steps: list[Step], mark: re.Match[str]) -> None:
    when = float(mark["time"])
    steps[-1].ends = when
    if mark["step"]:
        steps.append(Step(mark["step"], when, ends=when))
    elif mark["action"]:
        pairs = (part.partition(": ")[::2] for part in mark["action"].split(" | ") if part)
        steps[-1].actions.append((when, [(name, value) for name, value in pairs]))


@dataclass
class Enacted:
    """A step with what the recording and the simulation said in it."""

    title: str
    recorded: list[Said]
    simulated: list[Said]


class Enactment:
    """Enacts one session on a simulation."""

    def __init__(self, sim: SimPbx, client: Client, steps: list[Step]) -> None:
        self._sim = sim
        self._client = client
        self._steps = steps
        self._begins = steps[0].begins
        self._start = sim.now
        self._real = Tokens([one for step in steps for one in step.said])
        self._callers: dict[str, str] = {}
        self._known = Tokens([])
        self._read = 0

    async def play(self) -> list[Enacted]:
        """Every step in order."""
        self._furnish()
        enacted: list[Enacted] = []
        for number, step in enumerate(self._steps):
            known = len(self._client.messages)
            await self._enact(step, number)
            enacted.append(Enacted(step.title, step.said, self._client.messages[known:]))
        return enacted

    def _furnish(self) -> None:
        """Nobody is a member yet but the static one, and every phone is picked up after a second."""
        for phone in PHONES:
            self._sim.phone_behaviour(phone, 1.0)

    async def _enact(self, step: Step, number: int) -> None:
        last = number + 1 == len(self._steps)
        ends = step.ends + 5 if last else self._steps[number + 1].begins
        doings: list[tuple[float, object]] = [(step.begins + delay, words) for delay, words in self._people(number)]
        doings += [(when, action) for when, action in step.actions[number == 0 :]]
        for when, doing in sorted(doings, key=lambda one: one[0]):
            await self._until(when)
            if isinstance(doing, list):
                await self._send(doing)
            else:
                self._do(step, str(doing).split())
        await self._until(ends)

    def _people(self, number: int) -> Iterator[tuple[float, str]]:
        title, before = self._steps[number].title, self._steps[number - 1].title
        for phrase in (BEHIND_LOCAL.get(before) or PEOPLE.get(title, "")).split(";"):
            delay, _, words = phrase.strip().partition(" ")
            if words:
                yield float(delay), words

    async def _until(self, when: float) -> None:
        await self._client.settle(max(0.0, self._start + when - self._begins - self._sim.now))

    # -- what people do -----------------------------------------------------------------------------------------

    def _do(self, step: Step, words: list[str]) -> None:
        verb, *whom = words
        match verb:
            case "call":
                self._callers[whom[0]] = self._sim.call_in(whom[1], whom[0], "Caller")
            case "bye":
                self._sim.hang_up(self._callers[whom[0]])
            case "down":
                self._sim.hang_up(self._sim.leg_of(whom[0]))
            case "phone":
                habit = whom[1]
                self._sim.phone_behaviour(whom[0], habit if habit in ("ring", "busy", "reject") else float(habit))  # type: ignore[arg-type]
            case "dial":
                self._sim.dial(whom[0], whom[1])
            case "transfer":
                self._sim.transfer(self._sim.leg_of(whom[0]), whom[1])
            case "hold" | "unhold":
                self._sim.hold(self._sim.leg_of(whom[0]), on=verb == "hold")
            case "key":
                self._sim.press_key(self._callers[whom[0]], whom[1])
            case _:
                self._everybody(step)

    def _everybody(self, step: Step) -> None:
        """All phones and callers hang up, in the order in which the recording heard of it."""
        ours = self._ours()
        for event in step.said:
            name = ours.get(self._real.value("", event["Channel"]), "")
            if event["Event"] == "HangupRequest" and name.startswith("PJSIP/"):
                with suppress(NotFound):
                    self._sim.hang_up(name)

    # -- what the client does -----------------------------------------------------------------------------------

    def _ours(self) -> dict[str, str]:
        """What our channels, ids and bridges are called, by token."""
        self._known.learn(self._client.events(since=self._read))
        self._read = len(self._client.messages)
        return self._known.names()

    async def _send(self, action: list[tuple[str, str]]) -> None:
        ours = self._ours()
        lines = [f"{name}: {self._translated(value, ours)}" for name, value in action]
        self._client.write(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))
        await self._client.settle()

    def _translated(self, value: str, ours: dict[str, str]) -> str:
        target, comma, options = value.partition(",")
        token = self._real.value("", target)
        return f"{ours.get(token, target)}{comma}{options}"
