"""The live centre as facts: queues, members, callers, channels, bridges, parked calls and spies of one PBX.

Everything here is data and its indexes. Handlers of events change it, `agents` judges what an agent is doing,
`views` makes rows of it. A channel is known by its Uniqueid (its name changes), calls by the caller's Uniqueid,
and channels that belong together share a Linkedid and so a `Group`.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ccops.board import AgentState, Step

UP: Final = "6"
"""ChannelState of an open line."""
ENDED_KEPT: Final = 300
"""Ended calls that the board still shows."""
GONE_KEPT: Final = 4_000
"""Uniqueids remembered after their hangup, at the least."""


@dataclass(slots=True)
class Channel:
    """One leg of a call on the PBX."""

    uniqueid: str
    name: str
    device: str
    linkedid: str
    created_at: float
    local: bool
    state: str = "0"
    number: str = ""
    caller_name: str = ""
    connected_number: str = ""
    connected_name: str = ""
    dialled: str = ""
    """The extension that was dialled when the channel came to be."""
    app: str = ""
    """Application that runs on it, known from lists only."""
    data: str = ""
    bridge: str = ""
    held: bool = False
    hanging: bool = False
    """Somebody hung it up; only its end is missing."""
    music: bool = False
    """Music on hold is playing."""
    spied: bool = False
    """A spy has been on it."""
    spent_at: float | None = None
    """Its queue call is over, its hangup is on the way: it keeps nobody busy."""


@dataclass(slots=True)
class Member:
    """A membership: one interface in one queue. Instants are those of the PBX clock, 0 where it knows none."""

    queue: str
    name: str = ""
    state_interface: str = ""
    dynamic: bool = True
    penalty: int = 0
    paused: bool = False
    reason: str = ""
    paused_at: float | None = None
    """On our clock."""
    status: int = 0
    in_call: bool = False
    """What the PBX said last; a `Connection` is the better witness."""
    calls_taken: int = 0
    last_call: int = 0
    last_pause: int = 0
    login: int = 0
    wrap_up: int = 0
    ring_in_use: bool = False
    told: tuple[str | None, ...] = ()
    """The settings as the PBX wrote them last."""


@dataclass(slots=True)
class Ring:
    """A queue rings an agent for a caller."""

    queue: str
    caller: str
    """Uniqueid of the caller's channel."""
    leg: str
    """Uniqueid of the channel that rings, a Local half where the member is Local."""
    since: float


@dataclass(slots=True)
class Connection:
    """An agent talks to a caller of a queue."""

    queue: str
    caller: str
    leg: str
    since: float


@dataclass(slots=True)
class Agent:
    """One person's interface, over all its queues."""

    key: str
    base: str
    """The device that the interface rings: what the agent's own leg is called."""
    name: str = ""
    state_interface: str = ""
    devices: tuple[str, ...] = ()
    """Phones whose channels keep the agent busy."""
    phone: str = ""
    """The phone itself where known, never a Local."""
    members: dict[str, Member] = field(default_factory=dict)
    rings: dict[str, Ring] = field(default_factory=dict)
    """By uniqueid of the caller."""
    connections: dict[str, Connection] = field(default_factory=dict)
    """By uniqueid of the caller."""
    status: int = 0
    """What a queue said last of the phone's state."""
    state: AgentState = AgentState.UNAVAILABLE
    since: float | None = None
    since_before: bool = False
    """It was in its state when it was first seen, and nothing tells since when."""
    wrap_until: float | None = None
    held_at: float | None = None


@dataclass(slots=True)
class Queue:
    """One queue; `waiting` holds uniqueids of callers in the order of their positions."""

    name: str
    strategy: str = ""
    service_level: float = 20.0
    waiting: list[str] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    """By interface."""


@dataclass(slots=True)
class Departure:
    """How a caller may have left a queue or an agent: what follows on the channel decides."""

    at: float
    if_dead: str
    """Kind of the step when the caller's channel ends next; empty where that is none."""
    if_alive: str
    """Kind of the step when the caller goes on elsewhere."""
    exten: str = ""


@dataclass(slots=True)
class Call:
    """One call from entry to end: of a caller in a queue, or between others outside queues."""

    call_id: str
    caller: str
    """Uniqueid of the caller's channel."""
    linkedid: str
    entered_at: float
    number: str = ""
    name: str = ""
    channel: str = ""
    queued: bool = False
    """Has been in a queue: the caller is who joined it."""
    queue: str = ""
    """The queue that it waits in or that connected it; stays after the call has left it."""
    waiting: bool = False
    priority: int = 0
    place: tuple[str, str] = ("", "")
    """Context and extension at which it joined."""
    entered_queue_at: float = 0.0
    ringing: set[str] = field(default_factory=set)
    """Keys of the agents that its queue rings."""
    agent: str = ""
    """Key of the agent that it is connected to."""
    answered_at: float | None = None
    peer: str = ""
    """Uniqueid of the leg it last talked to."""
    seen: bool = False
    """Worth a row: it had a real channel, or stood in a queue."""
    departure: Departure | None = None
    outcome: str = ""
    last_agent: str = ""
    last_agent_key: str = ""
    steps: list[Step] = field(default_factory=list)
    ended_at: float | None = None


@dataclass(slots=True)
class Group:
    """The channels that share a Linkedid, and the calls made of them."""

    linkedid: str
    channels: dict[str, Channel] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    waiting: int = 0
    """Calls of the group that wait in a queue."""


@dataclass(slots=True)
class Parked:
    """A parked call; instants on our clock."""

    uniqueid: str
    lot: str
    space: str
    number: str
    name: str
    channel: str
    parker: str
    parked_at: float
    timeout_at: float | None


@dataclass(slots=True)
class Spy:
    """A ChanSpy leg; without a target it waits for one in silence."""

    uniqueid: str
    target: str
    options: str | None
    """Options of ChanSpy, None where they are not known."""
    since: float


@dataclass(slots=True)
class Dirty:
    """Keys of what changed since the rows were made last, in the order of the changes."""

    queues: dict[str, None] = field(default_factory=dict)
    agents: dict[str, None] = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)
    calls: dict[str, None] = field(default_factory=dict)
    """Calls that left their group: ended or merged."""
    ended: dict[str, None] = field(default_factory=dict)
    parked: dict[str, None] = field(default_factory=dict)
    spies: dict[str, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.groups or self.agents or self.queues or self.ended or self.parked or self.spies or self.calls)


@dataclass(slots=True)
class Gone:
    """Uniqueids of channels that hung up: late events must not bring one back to life.

    Two generations: the elder is forgotten as a whole when the younger is full, so that forgetting costs nothing.
    """

    younger: set[str] = field(default_factory=set)
    elder: set[str] = field(default_factory=set)

    def add(self, uniqueid: str) -> None:
        """Remember one."""
        self.younger.add(uniqueid)
        if len(self.younger) >= GONE_KEPT:
            self.elder, self.younger = self.younger, set()

    def discard(self, uniqueid: str) -> None:
        """Forget one: it lives after all."""
        self.younger.discard(uniqueid)
        self.elder.discard(uniqueid)

    def __contains__(self, uniqueid: str) -> bool:
        return uniqueid in self.younger or uniqueid in self.elder

    def __len__(self) -> int:
        return len(self.younger) + len(self.elder)


@dataclass(slots=True)
class State:
    """The live centre of one PBX. Changed by `apply` only; the same events give the same state."""

    site: str = ""
    wrap_up: Mapping[str, float] = field(default_factory=dict)
    """Seconds of wrap-up by queue, where a member's own is not set: AMI does not tell that of a queue."""
    wrap_up_reasons: frozenset[str] = frozenset()
    """Pause reasons that mean wrap-up."""
    offset: float = 0.0
    """PBX clock minus ours, seconds."""
    settled: bool = True
    """False while a snapshot is read: agents are judged when it is complete."""
    channels_listed: bool = True
    """False where the PBX refuses its list of channels: a phone without one may be busy then."""
    queues: dict[str, Queue] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Uniqueid by name of live channels."""
    legs: dict[str, dict[str, Channel]] = field(default_factory=dict)
    """Live channels by device, then uniqueid."""
    owners: dict[str, dict[str, Agent]] = field(default_factory=dict)
    """Agents by device, then key: whom a channel of that device concerns."""
    groups: dict[str, Group] = field(default_factory=dict)
    bridges: dict[str, dict[str, Channel]] = field(default_factory=dict)
    callers: dict[str, Call] = field(default_factory=dict)
    """Calls that are or were in a queue, by uniqueid of the caller."""
    ended: OrderedDict[str, Call] = field(default_factory=OrderedDict)
    parked: dict[str, Parked] = field(default_factory=dict)
    spies: dict[str, Spy] = field(default_factory=dict)
    asked_to_spy: dict[str, str] = field(default_factory=dict)
    """Arguments of ChanSpy by uniqueid of a leg that was originated for it."""
    hints: dict[str, str] = field(default_factory=dict)
    """What a hint watches, by ``exten@context``."""
    gone: Gone = field(default_factory=Gone)
    wrapping: dict[str, float] = field(default_factory=dict)
    """When wrap-up ends, by key of the agent."""
    spent: dict[str, float] = field(default_factory=dict)
    """Since when a leg has been spent, by uniqueid."""
    dirty: Dirty = field(default_factory=Dirty)

    def take_dirty(self) -> Dirty:
        """Return what changed since the last call."""
        dirty, self.dirty = self.dirty, Dirty()
        return dirty

    def ours(self, pbx_epoch: float) -> float:
        """Return an instant of the PBX clock on our clock."""
        return pbx_epoch - self.offset

    def next_tick(self) -> float | None:
        """When the state changes next without an event; None if never."""
        due = [*self.wrapping.values(), *(since + SPENT_FOR for since in self.spent.values())]
        return min(due, default=None)


SPENT_FOR: Final = 2.0
"""Seconds after which a leg that outlived its queue call counts as a call of its own."""
