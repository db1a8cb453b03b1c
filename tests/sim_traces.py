"""The script of the shared recordings, driven on the simulated PBX: the same plan, the same actions, step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ccops.pbx.sim import AgentPlan, CentrePlan, QueuePlan, SimPbx
from tests.sim_client import Client, Said

STEPS = {
    "login": 2, "pause": 5, "agent hangs up": 6, "caller hangs up": 8, "spy": 10, "blind transfer": 18,
    "take over": 21, "abandon": 24, "timeout": 26, "no answer": 27, "pull": 32, "hostile name": 38, "logout": 40,
}  # fmt: skip
"""The first action of each step, as its response numbers it (ActionID bar-N)."""
HOSTILE = "\x1b[2J\x1b]0;pwn\a[red]bold[/red]"


def plan() -> CentrePlan:
    """What the laboratory of the recordings was configured to be."""
    numbers = ["1001", "1002", "1003", "1004", "1801", "9001", "9002"]
    queues = [
        QueuePlan("billing-zh", strategy="leastrecent"),
        QueuePlan("support", strategy="leastrecent", service_level=30, retry=1, wrap_up=3),
        QueuePlan("sales", strategy="leastrecent", weight=5, retry=1, wrap_up=3),
    ]
    short = [("Answer", ""), ("Playtones", "350"), ("Wait", "2")]
    caller = [("Answer", ""), ("Wait", "1"), ("Playtones", "350"), ("Wait", "600")]
    contexts = {
        "from-trunk": {
            "sales": [("Answer", ""), ("Queue", "sales"), ("Hangup", "")],
            "support": [("Answer", ""), ("Queue", "support"), ("Hangup", "")],
            "abandon": [("Answer", ""), ("Queue", "sales,,,,5"), ("Hangup", "")],
        },
        "callers": {"_X.": caller},
        "callers-short": {"_X.": short},
        "internal": {"_XXXX": [("Dial", "PJSIP/${EXTEN},20")]},
    }
    agents = [AgentPlan(number, f"Agent {number}", queues=(), busy_at=1) for number in numbers]
    return CentrePlan(
        queues=queues, agents=agents, supervisors=(), contexts=contexts, includes={"from-trunk": ()}, hints=False
    )


class Script:
    """Plays the script; `heard` are the events of each step."""

    def __init__(self, sim: SimPbx, client: Client, recording: str = "22") -> None:
        self._sim = sim
        self._old = recording == "16"
        self._client = client
        self.heard: dict[str, list[Said]] = {}

    async def play(self) -> None:
        """Play every step in order."""
        for device in ("1001", "1002", "1003", "1004", "9001", "9002"):
            self._sim.phone_behaviour(device, 0)
        self._sim.phone_behaviour("1801", "ring")
        async for step in self._steps():
            begun = sum(len(events) for events in self.heard.values())
            self.heard[step] = self._client.events()[begun:]

    async def _call(self, number: str, exten: str = "sales", context: str = "callers", name: str = "Caller") -> str:
        """A caller of the laboratory: a Local channel whose far half is the caller; returns the near half's name."""
        await self._client.act(
            "Originate", Channel=f"Local/{number}@{context}/n", Context="from-trunk", Exten=exten, Priority=1,
            CallerID=f'"{name}" <{number}>', Async="true",
        )  # fmt: skip
        await self._client.settle(0.9)
        return next(
            one["Channel"]
            for one in reversed(self._client.events("Newchannel"))
            if f"/{number}@" in one["Channel"] and one["Channel"].endswith(";1")
        )

    def _leg(self) -> str:
        return self._client.last("AgentConnect")["DestChannel"]

    async def _hang_up(self, channel: str, seconds: float = 4.0) -> None:
        await self._client.act("Hangup", Channel=channel)
        await self._client.settle(seconds)

    async def _never_answers(self) -> None:
        await self._client.act(
            "QueueAdd", Queue="support", Interface="PJSIP/1801", MemberName="Never Answers", Penalty=0
        )

    async def _pause(self, interface: str, word: str, reason: str = "") -> None:
        await self._client.act("QueuePause", Interface=interface, Paused=word, Reason=reason)
        await self._client.settle(0.3)

    async def _spy(self, options: str) -> None:
        await self._client.act(
            "Originate", Channel="PJSIP/9001", Application="ChanSpy", Data=f"{self._leg()},{options}", Async="true"
        )
        await self._client.settle(0.8)

    async def _steps(self) -> AsyncIterator[str]:
        act, settle = self._client.act, self._client.settle
        await act("QueueAdd", Queue="sales", Interface="PJSIP/1001", MemberName="Ana 王芳", Penalty=0)
        await act("QueueAdd", Queue="sales", Interface="PJSIP/1002", MemberName="Ben O'Neil", Penalty=0)
        name = "Chi" if self._old else "Chi|pipe"
        await act("QueueAdd", Queue="support", Interface="PJSIP/1003", MemberName=name, Penalty=2)
        if self._old:
            await self._never_answers()
        yield "login"
        await self._pause("PJSIP/1002", "true", "lunch")
        yield "pause"
        await self._call("5550001", name="李雷")
        await settle(1.5)
        await self._hang_up(self._leg())
        yield "agent hangs up"
        caller = await self._call("5550002")
        await settle(1.5)
        await self._hang_up(caller)
        yield "caller hangs up"
        await self._call("5550003")
        await self._spy("q")
        await self._hang_up(self._client.last("ChanSpyStart")["SpyerChannel"], 0.5)
        await self._spy("qw")
        await self._spy("qB")
        await self._hang_up(self._leg())
        yield "spy"
        caller = await self._call("5550004")
        await act("BlindTransfer", Channel=self._leg(), Context="internal", Exten="1004")
        await settle(2)
        await self._hang_up(caller)
        yield "blind transfer"
        caller = await self._call("5550005")
        await act("Redirect", Channel=caller, Context="internal", Exten="9002", Priority=1)
        await settle(2)
        await self._hang_up(caller)
        yield "take over"
        await self._pause("PJSIP/1001", "true", "coffee")
        await self._call("5550006", context="callers-short")
        await settle(3)
        yield "abandon"
        await self._call("5550007", exten="abandon")
        await settle(6)
        yield "timeout"
        async for step in self._later_steps():
            yield step

    async def _later_steps(self) -> AsyncIterator[str]:
        act, settle = self._client.act, self._client.settle
        await self._pause("PJSIP/1001", "false")
        if not self._old:
            await self._never_answers()
        caller = await self._call("5550008", exten="support")
        await settle(14.6 if self._old else 14.0)
        await act("QueueRemove", Queue="support", Interface="PJSIP/1801")
        await settle(2)
        await self._hang_up(caller)
        yield "no answer"
        await self._pause("PJSIP/1001", "true")
        first, second = ("5550010", "5550009") if not self._old else ("5550009", "5550010")
        await self._call(first)
        second = await self._call(second)
        await act("Redirect", Channel=second, Context="internal", Exten="9002", Priority=1)
        await settle(1)
        await self._pause("PJSIP/1001", "false")
        await settle(3)
        await act("Hangup", Channel="/^Local.*callers/")
        await settle(4)
        yield "pull"
        caller = await self._call("5550011", name=HOSTILE)
        await settle(1.5)
        await self._hang_up(caller)
        yield "hostile name"
        await act("QueuePenalty", Interface="PJSIP/1003", Penalty=5, Queue="support")
        for queue, interface in (("sales", "1001"), ("sales", "1002"), ("support", "1003"), ("support", "1801")):
            await act("QueueRemove", Queue=queue, Interface=f"PJSIP/{interface}")
        yield "logout"
