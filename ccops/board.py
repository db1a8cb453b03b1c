"""The board: what both front doors show of the live centre, as plain rows.

The engine makes rows from the live state, the console draws them, commands print them and the daemon sends
them. A row holds instants (epoch seconds, UTC), never durations, so that it stays true while time goes on and
changes only when something happened. `as_json` turns a row into what CLI.md promises at one moment.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class AgentState(StrEnum):
    """What an agent is doing, most pressing first."""

    TALKING = "talking"
    """In a call of a queue, line open."""
    ON_HOLD = "on_hold"
    """In a call that one side has put on hold."""
    RINGING = "ringing"
    """A queue is ringing the phone."""
    BUSY = "busy"
    """On a call that no queue sent."""
    PAUSED = "paused"
    """Takes no calls in any of their queues, by choice."""
    WRAP_UP = "wrap_up"
    """Inside the wrap-up time after a call."""
    UNAVAILABLE = "unavailable"
    """The phone is gone, unknown or invalid."""
    AVAILABLE = "available"
    """Would get the next call."""


CallState = Literal["waiting", "ringing", "talking"]
FiguresSource = Literal["queue_log", "seen", "none"]


@dataclass(slots=True, frozen=True)
class Figures:
    """Today's figures of a queue or an agent (METRICS.md); null where nothing is known."""

    offered: int | None = None
    answered: int | None = None
    abandoned: int | None = None
    lost: int | None = None
    service_level: float | None = None
    abandon_rate: float | None = None
    asa: float | None = None
    aht: float | None = None
    talk: float | None = None
    missed: int | None = None
    longest_wait: float | None = None
    occupancy: float | None = None


@dataclass(slots=True, frozen=True)
class QueueRow:
    """One queue, now and today."""

    queue: str
    title: str = ""
    waiting: int = 0
    oldest_entered_at: float | None = None
    members: int = 0
    available: int = 0
    ringing: int = 0
    talking: int = 0
    on_hold: int = 0
    wrap_up: int = 0
    paused: int = 0
    busy: int = 0
    unavailable: int = 0
    strategy: str = ""
    service_level_threshold: float = 20.0
    today: Figures = field(default_factory=Figures)
    day: tuple[int, ...] = ()
    """Offered per half hour of the site's day so far, for the sparkline."""


@dataclass(slots=True, frozen=True)
class Membership:
    """An agent's place in one queue."""

    queue: str
    penalty: int = 0
    paused: bool = False
    pause_reason: str = ""
    paused_at: float | None = None
    dynamic: bool = True
    logged_in_at: float | None = None
    ring_in_use: bool = False
    calls_taken: int = 0


@dataclass(slots=True, frozen=True)
class AgentRow:
    """One agent: a person at one interface, in one or more queues."""

    key: str
    """Stays for as long as the agent is known: the member interface."""
    agent: str
    interface: str
    device: str
    """The phone itself, e.g. PJSIP/1001, also for Local and hint: members; empty where unknown."""
    state_interface: str = ""
    """What the PBX watches for the phone's state: the interface itself, PJSIP/1001, or hint:1001@ext-local."""
    memberships: tuple[Membership, ...] = ()
    state: AgentState = AgentState.UNAVAILABLE
    state_since: float | None = None
    pause_reason: str = ""
    queue: str | None = None
    call_id: str | None = None
    channel: str | None = None
    """Live channel of the phone in its call: what a supervisor may listen to."""
    caller_number: str | None = None
    caller_name: str | None = None
    wrap_up_until: float | None = None
    last_call_at: float | None = None
    today: Figures = field(default_factory=Figures)
    since_before: bool = False
    """The state lasts longer than since `state_since`, when it was first seen: the PBX does not tell its beginning."""

    @property
    def queues(self) -> tuple[str, ...]:
        """Names of the queues that the agent is a member of."""
        return tuple(item.queue for item in self.memberships)


@dataclass(slots=True, frozen=True)
class Step:
    """One rung of a call's ladder."""

    at: float
    kind: str
    """entered, ringing, missed, connected, held, resumed, transferred, moved, parked, abandoned, timeout, ended …"""
    detail: str = ""


@dataclass(slots=True, frozen=True)
class CallRow:
    """One live call: waiting in a queue, ringing at agents, or talking; `queue` is None outside queues."""

    call_id: str
    """The caller's Uniqueid, which is the callid of the queue_log."""
    queue: str | None
    caller_number: str
    caller_name: str
    state: CallState
    entered_at: float
    position: int | None = None
    answered_at: float | None = None
    agent: str | None = None
    agent_key: str | None = None
    channel: str = ""
    linkedid: str = ""
    priority: int = 0
    held: bool = False
    steps: tuple[Step, ...] = ()
    ended_at: float | None = None
    outcome: str = ""
    """Of an ended call: answered, abandoned, timeout, exit_empty, exit_key, withdrawn, transferred (METRICS.md)."""


@dataclass(slots=True, frozen=True)
class ParkedRow:
    """One parked call."""

    uniqueid: str
    lot: str
    space: str
    caller_number: str
    caller_name: str
    parked_at: float
    timeout_at: float | None = None
    parker: str = ""
    channel: str = ""


@dataclass(slots=True, frozen=True)
class SupervisionRow:
    """One running supervision leg (a ChanSpy, or a take-over)."""

    supervision_id: str
    """Uniqueid of the supervisor's channel."""
    mode: str
    """listen, whisper, private, barge, takeover, or unknown for a leg that somebody else started."""
    state: str
    """ringing, answered, running, ended."""
    agent: str | None
    agent_key: str | None
    call_id: str | None
    phone: str
    channel: str = ""
    target_channel: str = ""
    started_at: float | None = None
    owner: str = ""
    ours: bool = False
    options: str = ""
    """ChanSpy's options, where the PBX lists them."""
    ended_why: str = ""


LinkState = Literal["connecting", "syncing", "live", "stale", "down", "refused"]


@dataclass(slots=True, frozen=True)
class LinkRow:
    """How far the board may be believed."""

    site: str
    host: str
    state: LinkState
    since: float
    """When this state began."""
    heard_at: float | None = None
    """When the PBX was last heard: the age of what is shown."""
    version: str = ""
    pbx_started_at: float | None = None
    clock_offset: float | None = None
    """PBX clock minus ours, seconds."""
    drift_repaired: int = 0
    reconnects: int = 0
    restarts: int = 0
    detail: str = ""
    """Why, where the state is not live."""
    figures_from: FiguresSource = "none"
    figures_since: float | None = None
    history_trouble: str = ""
    """Why the daemon cannot take the log into the store, where it should and cannot: reports lack what comes in."""
    history_since: float | None = None
    """Since when it cannot."""


AlertLevel = Literal["info", "warning", "critical"]


@dataclass(slots=True, frozen=True)
class AlertRow:
    """A figure that is beyond its threshold, for as long as it is; it never names a caller."""

    alert_id: str
    rule: str
    figure: str
    level: AlertLevel
    topic: str
    """Kind of what it is about: queue, agent, parked, link, or site for the machine itself."""
    key: str
    """Key of the row that it is about."""
    name: str
    """What people call that."""
    text: str
    since: float
    """When what it is about began, e.g. when the caller entered who waits too long."""
    raised_at: float
    value: float | None = None
    """The figure when this level was reached."""
    threshold: float | None = None
    acknowledged_by: str = ""
    acknowledged_at: float | None = None
    snoozed_by: str = ""
    snoozed_until: float | None = None
    told: int = 0
    """Steps of escalation taken."""
    roles: tuple[str, ...] = ()
    """Roles that see it; empty is everybody who sees what it is about."""


Topic = Literal["queue", "agent", "call", "ended", "parked", "supervision", "link", "alert"]
Row = QueueRow | AgentRow | CallRow | ParkedRow | SupervisionRow | LinkRow | AlertRow


@dataclass(slots=True, frozen=True)
class Change:
    """One row that appeared, changed or went away (`row` is None then)."""

    at: float
    topic: Topic
    key: str
    row: Row | None


@dataclass(slots=True)
class Board:
    """All rows of one site; kept current by `apply`."""

    link: LinkRow
    queues: dict[str, QueueRow] = field(default_factory=dict)
    agents: dict[str, AgentRow] = field(default_factory=dict)
    calls: dict[str, CallRow] = field(default_factory=dict)
    ended: dict[str, CallRow] = field(default_factory=dict)
    """Calls that ended lately, oldest first; bounded."""
    parked: dict[str, ParkedRow] = field(default_factory=dict)
    supervisions: dict[str, SupervisionRow] = field(default_factory=dict)
    alerts: dict[str, AlertRow] = field(default_factory=dict)
    watched: bool = False
    """True where somebody keeps `alerts` (the daemon does); else whoever looks judges for themselves."""

    def apply(self, change: Change) -> None:
        """Take one change in."""
        if change.topic == "link":
            if isinstance(change.row, LinkRow):
                self.link = change.row
            return
        table: dict[str, Any] = getattr(self, TABLES[change.topic])
        if change.row is None:
            table.pop(change.key, None)
        else:
            table[change.key] = change.row


TABLES: dict[str, str] = {
    "queue": "queues",
    "agent": "agents",
    "call": "calls",
    "ended": "ended",
    "parked": "parked",
    "supervision": "supervisions",
    "alert": "alerts",
}
