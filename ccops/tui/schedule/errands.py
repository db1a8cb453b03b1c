"""What the console asks the planner's process, and what comes back; light, so that both sides can hold it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ccops.board import Board
from ccops.store.planning import DayRow
from ccops.tui.schedule.asks import (
    Around,
    AskLeave,
    Ill,
    Lacks,
    Noted,
    Offer,
    OpenShift,
    Outlook,
    Rearranged,
    Rest,
    Take,
    Takers,
    Withdraw,
    Without,
)
from ccops.tui.told import language
from ccops.wfm.roster.broken import BrokenRule
from ccops.wfm.roster.model import Shift

Key = tuple[str, date]
"""Person and day."""
Changes = Mapping[Key, DayRow]
"""What is different from the roster that was opened."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which roster is meant."""

    day: date
    """A day that it holds for …"""
    version: int | None = None
    """… and this version of it; None: what is published, else the newest draft, else an empty week."""


# --- errands ---


@dataclass(frozen=True, slots=True)
class Open:
    """Read a roster, with people and everything that stands beside it."""

    source: Source


@dataclass(frozen=True, slots=True)
class Judge:
    """Say what a roster covers, costs and breaks, with some changes."""

    source: Source
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitting:
    """Say whom a shift could go to."""

    source: Source
    changes: Changes
    row: DayRow


@dataclass(frozen=True, slots=True)
class Save:
    """Keep a roster with its changes as a new draft."""

    source: Source
    changes: Changes
    note: str = ""


@dataclass(frozen=True, slots=True)
class Compare:
    """Say how a version, with some changes, differs from another one; None: from what is published."""

    source: Source
    changes: Changes
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """Make a version the one that holds."""

    version: int


@dataclass(frozen=True, slots=True)
class Requests:
    """List leave that is asked for and shifts that are offered."""


@dataclass(frozen=True, slots=True)
class Decide:
    """Approve or deny one of them."""

    kind: str
    """leave or swap."""
    number: int
    approve: bool
    force: bool = False
    """Although the cover does not allow it."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """Say who is where they should be."""

    board: Board | None


@dataclass(frozen=True, slots=True)
class Heads:
    """List the versions."""


@dataclass(frozen=True, slots=True)
class Write:
    """Write a version to a file, in the form that its ending says."""

    version: int
    path: str


Errand = (
    Write | Heads | Open | Judge | Fitting | Save | Compare | Publish | Requests | Decide | Live
    | Without | AskLeave | Ill | Offer | OpenShift | Takers | Take | Withdraw | Rest
)  # fmt: skip


# --- answers ---


@dataclass(frozen=True, slots=True)
class Refused:
    """It was not done."""

    message: str
    remedy: str = ""
    short: bool = False
    """Only because the cover does not allow it: it may be forced."""
    reason: bool = False
    """A reason must be given."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A person of the team."""

    id: str
    name: str
    contract: str
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A roster in the list of versions."""

    number: int
    first: date
    days: int
    state: str
    at: float
    who: str
    note: str
    penalty: float | None
    gap: float | None
    base: int | None


@dataclass(frozen=True, slots=True)
class Versions:
    """Every version, newest first."""

    rows: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """Time off the phones that is planned on a day: a meeting, a training."""

    name: str
    start: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Book:
    """A roster, opened."""

    source: Source
    version: int | None
    """None: nobody made one for these days yet."""
    state: str
    """draft, published, or empty."""
    first: date
    days: int
    people: tuple[Worker, ...]
    queues: tuple[str, ...]
    shifts: tuple[Shift, ...]
    rows: tuple[DayRow, ...]
    away: Mapping[Key, str]
    """leave, sick, asked or closed."""
    planned: Mapping[Key, tuple[Planned, ...]]
    versions: tuple[Version, ...]
    interval: int
    today: date
    allowed: frozenset[str]
    """Rights that this person has in planning."""
    waiting: int = 0
    """Requests to decide on."""


@dataclass(frozen=True, slots=True)
class Cover:
    """One queue, required against scheduled: days × intervals of a day."""

    queue: str
    required: Sequence[Sequence[float]]
    scheduled: Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a roster covers, costs and breaks."""

    cover: tuple[Cover, ...]
    broken: tuple[BrokenRule, ...]
    price: float
    missing: float
    """Agent hours."""
    paid: float
    """Hours."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom a shift could go to."""

    person: str
    broken: tuple[str, ...]
    """Names of the rules that it would break and that are not broken now."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Everybody whom a shift could go to, those first who break nothing and are free."""

    people: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft was kept, or a version published."""

    version: int
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """A day that differs between two rosters."""

    person: str
    name: str
    day: date
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two rosters, and which rules the second one breaks."""

    rows: tuple[Changed, ...]
    broken: tuple[BrokenRule, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """Leave that is asked for, or a shift that is offered."""

    kind: str
    """leave or swap."""
    number: int
    person: str
    name: str
    first: date
    last: date
    what: str
    state: str
    effect: str
    """What it would do."""
    fits: bool | None
    at: float
    ready: bool
    """Whether it can be approved as it is."""


@dataclass(frozen=True, slots=True)
class RequestList:
    """What there is to decide on, and what this person may do."""

    rows: tuple[Request, ...]
    allowed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Presence:
    """Where one person should be and is; both are phones, break, activity or off."""

    person: str
    name: str
    scheduled: str
    until: float | None
    state: str
    detail: str
    since: float | None
    adherent: bool


@dataclass(frozen=True, slots=True)
class Present:
    """Who should be and who is in which state."""

    at: float
    rows: tuple[Presence, ...]


Answer = (
    Refused
    | Book
    | Verdict
    | Candidates
    | Saved
    | Difference
    | RequestList
    | Present
    | Versions
    | Lacks
    | Noted
    | Outlook
)  # what each errand is answered with


# --- the solver ---


@dataclass(frozen=True, slots=True)
class Solve:
    """Make a roster."""

    first: date
    days: int
    seconds: float
    keep: int | None = None
    """Stay close to this version."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the solver is."""

    seconds: float
    penalty: float | None
    bound: float | None
    gap: float | None
    phase: str


@dataclass(frozen=True, slots=True)
class Solved:
    """The solver has ended; what it found is kept as a draft."""

    version: int
    penalty: float
    gap: float | None
    """Most that a better roster could save, as a fraction; None where no bound was found in the time."""
    shortfalls: int


LANGUAGE = language(
    Write, Heads, Open, Judge, Fitting, Save, Compare, Publish, Requests, Decide, Live,
    Refused, Book, Verdict, Candidates, Saved, Difference, RequestList, Present, Versions,
    Solve, Step, Solved, Around, Rearranged,
    Without, AskLeave, Ill, Offer, OpenShift, Takers, Take, Withdraw, Rest, Lacks, Noted, Outlook,
)  # fmt: skip
