"""What the console asks the planner about leave, sick calls, swaps and the day under way, and what comes back."""

from dataclasses import dataclass
from datetime import date

from ccops.board import Board


@dataclass(frozen=True, slots=True)
class Without:
    """Say what some days would lack without a person; answered by `Lacks`."""

    person: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class AskLeave:
    """Ask for leave; answered by `Noted`."""

    person: str
    first: date
    last: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ill:
    """Write a sick call down; answered by `Noted`."""

    person: str
    first: date
    last: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """Offer a person's published shift to the others; answered by `Noted`."""

    person: str
    day: date


@dataclass(frozen=True, slots=True)
class OpenShift:
    """Offer a shift that nobody has; answered by `Noted`."""

    day: date
    shift: str


@dataclass(frozen=True, slots=True)
class Takers:
    """Say who could take an offer; answered by `Candidates`."""

    number: int


@dataclass(frozen=True, slots=True)
class Take:
    """Take an offer for somebody, who gives their own shift of that day in return; answered by `RequestList`."""

    number: int
    person: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take a request or an offer back; answered by `RequestList`."""

    kind: str
    """leave or swap."""
    number: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rest:
    """Forecast the rest of today anew, and say what would help; answered by `Outlook`."""

    queue: str | None
    board: Board | None


# --- answers ---


@dataclass(frozen=True, slots=True)
class Lack:
    """Agent hours that a day lacks with a person and without, or contract hours of a week that has no roster."""

    day: date
    week: bool
    before: float
    after: float
    fits: bool


@dataclass(frozen=True, slots=True)
class Lacks:
    """What each day would lack; nothing where nobody knows."""

    days: tuple[Lack, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """It was written down."""

    number: int
    works: bool = False
    """A published roster has the person at work on one of these days."""


@dataclass(frozen=True, slots=True)
class QueueRest:
    """The rest of the day of one queue."""

    queue: str
    factor: float | None
    """Calls expected now against those that were forecast."""
    expected: float
    required: float
    """Agent hours."""
    missing: float
    """Agent hours."""
    service_level: float | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One interval of one queue; None is unknown."""

    start: float
    """Epoch seconds."""
    queue: str
    forecast: float
    calls: float | None
    expected: float
    low: float
    high: float
    required: int
    scheduled: float
    logged_in: float | None
    gap: float | None
    service_level: float | None


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that would help; times are minutes after midnight."""

    kind: str
    person: str
    text: str
    start: int
    end: int
    queue: str
    before: float
    """Agent hours missing over the rest of the day as it is."""
    after: float
    level_before: float | None
    level_after: float | None
    minutes: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """How the rest of today looks."""

    day: date
    now: float
    """Epoch seconds of the interval under way."""
    missing: float
    """Agent hours."""
    queues: tuple[QueueRest, ...]
    slots: tuple[Slot, ...]
    advice: tuple[Advice, ...]
    absent: tuple[str, ...]
    """Names of those who should be on the phones and are not."""


# --- the solver ---


@dataclass(frozen=True, slots=True)
class Around:
    """Solve the published roster anew around a sick call; answered by `Rearranged`."""

    person: str
    first: date
    last: date
    seconds: float


@dataclass(frozen=True, slots=True)
class Rearranged:
    """The rest was solved anew, as a draft."""

    version: int | None
    """None: nothing had to be changed."""
    others: int = 0
    """Days of other people that changed."""
    planned: float = 0.0
    """Agent hours missing from the first day on, as it was published."""
    without: float = 0.0
    """The same without the person."""
    now: float = 0.0
    """The same as it is solved."""
    rules: tuple[str, ...] = ()
    """Rules that gave way, for a person to read."""
