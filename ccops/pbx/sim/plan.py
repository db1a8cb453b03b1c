"""The plan of a simulated centre: queues, people, shifts, demand over the day, and the dialplan that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from random import Random
from typing import Literal

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.pbx.sim.names import AGENT_FIRST, AGENT_LAST, AGENT_NAMES

MemberKind = Literal["dynamic", "static", "freepbx", "hint"]
Steps = Sequence[tuple[str, str]]
GONE = frozenset({"unavailable", "invalid", "unknown"})

_QUEUES = (
    ("sales", "Sales", "rrmemory"),
    ("support", "Support", "leastrecent"),
    ("billing", "Billing", "ringall"),
    ("orders", "Orders", "linear"),
    ("returns", "Returns", "rrmemory"),
    ("vip", "Premium customers", "leastrecent"),
    ("claims", "Claims", "fewestcalls"),
    ("reception", "Reception", "ringall"),
)
_SHIFTS = ((8.0, 16.5), (10.0, 18.5), (11.5, 20.0), (8.0, 14.0), (9.0, 17.5), (14.0, 20.0))
SLEEPLESS_TALK = 20.0
DAY_PROFILE = (
    0.35, 0.55, 0.75, 0.92, 1.00, 0.98, 0.90, 0.78, 0.66, 0.60, 0.68, 0.80,
    0.90, 0.94, 0.92, 0.84, 0.72, 0.60, 0.50, 0.42, 0.35, 0.28, 0.22, 0.15,
)  # fmt: skip
"""Demand of each half hour between opening and closing, relative to the busiest: a morning and an afternoon peak."""


@dataclass(slots=True)
class QueuePlan:
    """One queue: how it is configured and who calls it."""

    name: str
    title: str = ""
    strategy: str = "rrmemory"
    ring_timeout: int = 15
    """Seconds that a member is rung; 0 without end."""
    retry: int = 3
    wrap_up: int = 0
    max_length: int = 0
    join_empty: frozenset[str] = frozenset()
    """Member conditions that count as "nobody there" when a caller wants in; empty lets everybody in."""
    leave_empty: frozenset[str] = frozenset()
    service_level: int = 20
    weight: int = 0
    autofill: bool = True
    ring_in_use: bool = False
    exit_context: str = ""
    wait_timeout: int = 0
    """Seconds after which callers are sent on; 0 never."""
    overflow: str = ""
    """The queue that they are sent on to."""
    calls_per_hour: float = 0.0
    """In the busiest half hour."""
    patience_mean: float = 150.0
    patience_law: Literal["exponential", "lognormal"] = "exponential"
    talk_median: float = 150.0
    talk_sigma: float = 0.65


@dataclass(slots=True)
class AgentPlan:
    """One agent: a phone, memberships and hours."""

    number: str
    name: str
    kind: MemberKind = "dynamic"
    queues: tuple[tuple[str, int], ...] = ()
    """Queue and penalty."""
    shift: tuple[float, float] = (8.0, 20.0)
    """Local hours."""
    busy_at: int = 0

    @property
    def device(self) -> str:
        """The phone."""
        return f"PJSIP/{self.number}"

    @property
    def interface(self) -> str:
        """What the queue rings."""
        return f"Local/{self.number}@from-queue/n" if self.kind in ("freepbx", "hint") else self.device

    @property
    def state_interface(self) -> str:
        """What the queue watches."""
        return f"hint:{self.number}@ext-local" if self.kind == "hint" else self.device


@dataclass(slots=True)
class CentrePlan:
    """A centre. Everything that chance decides follows from the seed of the simulation and from this plan."""

    queues: list[QueuePlan] = field(default_factory=list)
    agents: list[AgentPlan] = field(default_factory=list)
    supervisors: tuple[str, ...] = ("9001", "9002")
    trunk: str = "trunk"
    opens: float = 8.0
    closes: float = 20.0
    profile: tuple[float, ...] = DAY_PROFILE
    hints: bool = True
    """Every agent's extension has a hint in ext-local."""
    persistent_members: bool = True
    """Dynamic members outlive a restart of the PBX."""
    contexts: Mapping[str, Mapping[str, Steps]] = field(default_factory=dict)
    """Dialplan besides what follows from queues and phones."""
    includes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def default(cls, seats: int = 12, queues: int = 3, seed: int = 1) -> CentrePlan:
        """A plausible centre of that many agents and queues; the seed chooses people and shifts."""
        if seats < 1 or not 1 <= queues <= len(_QUEUES):
            raise UsageProblem(
                _("A centre of {seats} seats and {queues} queues cannot be simulated.").format(
                    seats=seats, queues=queues
                ),
                remedy=_("Take at least one seat and 1 to {most} queues.").format(most=len(_QUEUES)),
            )
        rng = Random(f"plan:{seed}")  # noqa: S311
        plan = cls(queues=_default_queues(seats, queues))
        names = _agent_names(seats, Random(f"names:{seed}"))  # noqa: S311
        plan.agents = [_default_agent(place, names, plan.queues, rng) for place in range(seats)]
        return plan

    @classmethod
    def sleepless(cls, seats: int = 50, queues: int = 5, seed: int = 1) -> CentrePlan:
        """A centre for load runs: open all day and night, as busy as it can be, with short calls."""
        plan = cls.default(seats, queues, seed)
        plan.opens, plan.closes, plan.profile = 0.0, 24.0, (1.0,)
        for queue in plan.queues:
            quicker = queue.talk_median / SLEEPLESS_TALK
            queue.talk_median, queue.wrap_up = SLEEPLESS_TALK, 0
            queue.calls_per_hour *= quicker
        for agent in plan.agents:
            agent.shift = (0.0, 24.0)
        return plan

    def demand(self, hour: float) -> float:
        """Demand at a local hour, relative to the busiest half hour; 0 outside opening hours."""
        if not self.opens <= hour < self.closes:
            return 0.0
        place = int((hour - self.opens) / (self.closes - self.opens) * len(self.profile))
        return self.profile[min(place, len(self.profile) - 1)]

    def dialplan(self) -> tuple[Mapping[str, Mapping[str, Steps]], Mapping[str, Sequence[str]]]:
        """Contexts and includes of the whole dialplan."""
        phones: dict[str, Steps] = {"_XXXX": [("Dial", "PJSIP/${EXTEN},25"), ("Hangup", "")]}
        contexts: dict[str, dict[str, Steps]] = {
            "queues": {queue.name: _queue_steps(queue) for queue in self.queues},
            "phones": phones,
            "from-queue": {"_XXXX": [("Dial", "PJSIP/${EXTEN},60")]},
            "internal": {"_0X.": [("Dial", f"PJSIP/${{EXTEN}}@{self.trunk},60"), ("Hangup", "")]},
            "ccops-spy": {"spy": [("ChanSpy", "${CCOPS_TARGET},${CCOPS_OPTIONS}")]},
        }
        for queue in self.queues:
            if queue.exit_context:
                contexts[queue.exit_context] = {"1": [("NoOp", "call back"), ("Playback", "thanks"), ("Hangup", "")]}
        includes = {"internal": ("phones", "queues", "parkedcalls"), "from-trunk": ("phones", "queues"),
                    "from-internal": ("internal",)}  # fmt: skip
        for name, extens in self.contexts.items():
            contexts[name] = {**contexts.get(name, {}), **extens}
        return contexts, {**includes, **self.includes}


def _queue_steps(queue: QueuePlan) -> Steps:
    timeout = str(queue.wait_timeout) if queue.wait_timeout else ""
    first = [("Answer", ""), ("Queue", f"{queue.name},tT,,,{timeout}")]
    if queue.overflow:
        return [*first, ("Queue", f"{queue.overflow},tT,,,{timeout}"), ("Hangup", "")]
    return [*first, ("Playback", "all-busy"), ("Hangup", "")]


def _default_queues(seats: int, count: int) -> list[QueuePlan]:
    shares = [0.62**place for place in range(count)]
    handled = sum(180.0 * share for share in shares) / sum(shares) + 30
    # At the busiest time two thirds of all seats are at work. The fewer serve a queue, the less they can be busy
    # without callers waiting long (the square root rule of staffing).
    at_work = seats * 0.66
    busy = max(0.4, 1 - 0.62 / sqrt(at_work / count))
    busiest = at_work * busy * 3600 / handled
    plans: list[QueuePlan] = []
    for place, (name, title, strategy) in enumerate(_QUEUES[:count]):
        plans.append(
            QueuePlan(
                name, title, strategy, wrap_up=(10, 15, 5, 0)[place % 4], service_level=(20, 30, 20)[place % 3],
                max_length=(0, 25, 0)[place % 3], join_empty=GONE if place % 3 == 1 else frozenset(),
                weight=5 if name == "vip" else 0, exit_context=f"{name}-exit" if place % 2 == 0 else "",
                wait_timeout=(300, 240, 180)[place % 3], overflow=_QUEUES[0][0] if place == count - 1 > 0 else "",
                calls_per_hour=busiest * shares[place] / sum(shares), patience_mean=(170.0, 130.0, 100.0)[place % 3],
                patience_law="lognormal" if place % 2 else "exponential", talk_median=(150.0, 185.0, 110.0)[place % 3],
            )
        )  # fmt: skip
    return plans


def _default_agent(place: int, names: Sequence[str], queues: list[QueuePlan], rng: Random) -> AgentPlan:
    kind: MemberKind = "dynamic"
    if place % 4 == 2:
        kind = "freepbx"
    elif place % 6 == 5:
        kind = "static"
    elif place % 9 == 7:
        kind = "hint"
    home = _home(place / len(names), queues)
    memberships = [(queues[home].name, 0)]
    for other, queue in enumerate(queues):
        if other != home and rng.random() < 0.4:
            memberships.append((queue.name, rng.choice((1, 2))))
    return AgentPlan(
        str(1001 + place), names[place], kind, tuple(memberships),
        shift=_SHIFTS[place % len(_SHIFTS)], busy_at=1 if place % 5 == 3 else 0,
    )  # fmt: skip


def _home(share: float, queues: list[QueuePlan]) -> int:
    total = sum(queue.calls_per_hour for queue in queues)
    reached = 0.0
    for place, queue in enumerate(queues):
        reached += queue.calls_per_hour / total
        if share < reached:
            return place
    return len(queues) - 1


def _agent_names(count: int, rng: Random) -> list[str]:
    """Return different names: two people of one name would be one person in every report."""
    pairs = [f"{first} {last}" for first in AGENT_FIRST for last in AGENT_LAST]
    rng.shuffle(pairs)
    known = [*AGENT_NAMES, *pairs]
    rounds = range(2, 2 + count // len(known))
    return [*known, *(f"{name} {number}" for number in rounds for name in known)][:count]
