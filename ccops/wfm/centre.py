"""A centre as the simulation sees it: queues, the calls they get, and the members who answer them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.wfm.targets import number

STRATEGIES = ("ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "rrordered", "linear", "wrandom")


@dataclass(frozen=True, slots=True)
class SimQueue:
    """One queue and how it hands out its calls; names and meanings are those of Asterisk's queues.conf."""

    name: str
    strategy: str = "leastrecent"
    weight: int = 0
    """A free member takes the call of the queue with the highest weight first."""
    wrap_up: float = 0.0
    """Seconds after each call in which the member gets none, from any queue."""
    ring: float = 0.0
    """Seconds a member's phone rings before it is answered; the caller is still waiting."""
    max_wait: float | None = None
    """Seconds until a waiting caller is sent elsewhere."""
    max_waiting: int | None = None
    """Callers who may wait; one more is turned away, unless a member is free. 0 makes it a loss system (Erlang B)."""
    widen: tuple[tuple[float, int], ...] = ()
    """(seconds, penalty): from that wait on members up to that penalty are asked; before the first, only those with
    penalty 0. Empty: everybody is asked from the start, lower penalties first."""

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise UsageProblem(
                _("Queue “{name}”: there is no strategy “{strategy}”.").format(name=self.name, strategy=self.strategy),
                remedy=_("Choose one of {names}.").format(names=", ".join(STRATEGIES)),
            )
        number(_("The wrap-up of “{name}”").format(name=self.name), self.wrap_up, 0, 86400)
        number(_("The ring time of “{name}”").format(name=self.name), self.ring, 0, 3600)


@dataclass(frozen=True, slots=True)
class Demand:
    """The calls of one queue: a Poisson stream whose rate steps from interval to interval."""

    queue: str
    calls: tuple[float, ...]
    """Expected calls of each interval, the first one starting at 0."""
    interval: float
    """Seconds."""
    talk: float
    """Mean talk time, seconds."""
    patience: float | None = None
    """Mean time until a waiting caller gives up, seconds; None: never."""
    talk_spread: float = 1.0
    """Standard deviation of the talk time over its mean; 1 is exponential, otherwise lognormal."""

    def __post_init__(self) -> None:
        for calls in self.calls:
            number(_("The calls of “{name}”").format(name=self.queue), calls, 0, 1e9)
        number(_("The interval of “{name}”").format(name=self.queue), self.interval, 0, 1e9, above=True)
        number(_("The talk time of “{name}”").format(name=self.queue), self.talk, 0, 1e9, above=True)
        number(_("The talk spread of “{name}”").format(name=self.queue), self.talk_spread, 0, 20)
        if self.patience is not None:
            number(_("The patience of “{name}”").format(name=self.queue), self.patience, 0, 1e12, above=True)


@dataclass(frozen=True, slots=True)
class SimMember:
    """A person, counted once however many queues they serve."""

    name: str
    queues: Mapping[str, int]
    """Queue → penalty."""
    shifts: tuple[tuple[float, float], ...] = ()
    """(from, to) in seconds; empty: always there. Who is talking at the end finishes the call."""


@dataclass(frozen=True, slots=True)
class Centre:
    """Queues, demand and members; refuses unknown queues, doubled names and shifts that overlap or run backwards."""

    queues: tuple[SimQueue, ...]
    demand: tuple[Demand, ...]
    members: tuple[SimMember, ...] = field(default=())

    def __post_init__(self) -> None:
        names = [queue.name for queue in self.queues]
        _no_doubles(_("queue"), names)
        _no_doubles(_("member"), [member.name for member in self.members])
        wanted = {need.queue for need in self.demand} | {name for member in self.members for name in member.queues}
        for name in sorted(wanted - set(names)):
            raise NotFound(_("queue"), name, names)
        for member in self.members:
            _in_order(member)

    @property
    def length(self) -> float:
        """Seconds until the last interval of demand ends."""
        return max((len(need.calls) * need.interval for need in self.demand), default=0.0)


def _no_doubles(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UsageProblem(_("The {kind} “{name}” is there twice.").format(kind=kind, name=name))
        seen.add(name)


def _in_order(member: SimMember) -> None:
    ends = 0.0
    for start, end in member.shifts:
        if start < ends or end <= start:
            raise UsageProblem(
                _("The shifts of “{name}” overlap or run backwards.").format(name=member.name),
                remedy=_("Give them in order, each with an end after its start."),
            )
        ends = end
