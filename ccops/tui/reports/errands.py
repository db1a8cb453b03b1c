"""What the console asks of the process that reads the store, and what that answers: plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from ccops.reports.figures import Unit
from ccops.reports.paper.model import Better, Column, Kind
from ccops.reports.paper.render import Form
from ccops.tui.told import language

Value = bool | int | float | str | tuple[str, ...] | None
"""A value of a cell as it is sorted by; a day is written down (ISO 8601)."""

MOST_ROWS = 5000
"""Rows of a section that are shown; a file holds all of them."""


@dataclass(slots=True, frozen=True)
class Inquiry:
    """Which report, and what of it."""

    report: str = ""
    period: str = "today"
    """A word or dates, as `ccops report --period` reads them."""
    queue: str | None = None
    agent: str | None = None
    number: str | None = None
    call: str | None = None
    """The id of one call."""
    interval: str = ""
    compare: str = ""
    """former, year, or dates; nothing compares with nothing."""
    calls: bool = False


@dataclass(slots=True, frozen=True)
class Canvas:
    """How much room a chart has, and with what it is drawn."""

    width: int = 80
    ascii: bool = False
    colour: bool = True


# --- errands ---


@dataclass(slots=True, frozen=True)
class Browse:
    """Which reports are there, and of what?"""


@dataclass(slots=True, frozen=True)
class Make:
    """Make a report."""

    inquiry: Inquiry
    now: float
    """Epoch seconds; the same inquiry of the same moment is the same report."""
    canvas: Canvas = field(default_factory=Canvas)


@dataclass(slots=True, frozen=True)
class Draw:
    """Draw the chart of one section of a report again, for another width."""

    made: Make
    section: str
    canvas: Canvas


@dataclass(slots=True, frozen=True)
class Explain:
    """What is a figure made of?"""

    made: Make
    section: str
    row: int | None
    """Index of the row in its section; None is the total."""
    figure: str


@dataclass(slots=True, frozen=True)
class Link:
    """One visit, or another line of the log, so that it can be found again."""

    callid: str
    number: int | None = None
    """Of the visit; None is all visits of the call."""
    file: int = 0
    offset: int = 0
    """A single line, where there is no visit."""


@dataclass(slots=True, frozen=True)
class Follow:
    """Which lines of the log is a visit made of?"""

    link: Link
    canvas: Canvas = field(default_factory=Canvas)


@dataclass(slots=True, frozen=True)
class Export:
    """Write a report to a file."""

    made: Make
    section: str
    """The one that forms with room for one section hold."""
    form: Form
    path: str
    overwrite: bool = False


Errand = Browse | Make | Draw | Explain | Follow | Export


# --- answers ---


@dataclass(slots=True, frozen=True)
class ReportLine:
    """One report that can be made."""

    name: str
    title: str
    about: str
    narrows: frozenset[str] = frozenset()
    intervals: Sequence[str] = ("",)
    calls: bool = False
    own: bool = False
    problem: bool = False
    """It is wrong; `about` says what."""


@dataclass(slots=True, frozen=True)
class Shelf:
    """What there is to choose from."""

    reports: Sequence[ReportLine]
    queues: Sequence[str] = ()
    agents: Sequence[str] = ()
    covers: tuple[int, int] | None = None
    """From the first line to after the last, epoch seconds."""
    trouble: tuple[str, str] | None = None
    """Why no report can be made, and what to do about it."""


@dataclass(slots=True, frozen=True)
class Line:
    """One row, as text and as values in the order of the columns."""

    index: int
    texts: Sequence[str]
    values: Sequence[Value]
    link: Link | None = None


@dataclass(slots=True, frozen=True)
class Heading:
    """A column, as it crosses from one process to the other."""

    key: str
    title: str
    kind: str
    rule: str
    better: Better
    group: str
    change: bool

    @classmethod
    def of(cls, column: Column) -> "Heading":
        """Return what stands over a column that people read."""
        return cls(column.key, column.title, str(column.kind), column.rule, column.better, column.group, column.change)

    @property
    def column(self) -> Column:
        """The column itself."""
        kind = cast("Kind", Unit(self.kind) if self.kind in _UNITS else self.kind)
        return Column(self.key, self.title, kind, self.rule, self.better, self.group, self.change)


_UNITS = frozenset(Unit)


@dataclass(slots=True, frozen=True)
class Sheet:
    """One section."""

    name: str
    title: str
    headings: Sequence[Heading]
    lines: Sequence[Line]
    total: Line | None = None
    note: str = ""
    count: int = 0
    """Rows with those that are left out here."""
    drawing: Sequence[str] = ()
    """Its chart as lines, with the colours of a terminal."""

    @property
    def columns(self) -> Sequence[Column]:
        """What its rows are made of."""
        return [heading.column for heading in self.headings]


@dataclass(slots=True, frozen=True)
class Document:
    """A report, what a figure is made of, or the lines of a visit."""

    title: str
    facts: Sequence[tuple[str, str]]
    sheets: Sequence[Sheet]
    about: Sequence[tuple[str, str]] = ()
    """Facts that are told when somebody asks."""
    rules: Sequence[tuple[str, str]] = ()
    warnings: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """By form: what a file of it would be called."""
    empty: str = ""
    """What stands there instead of rows."""


@dataclass(slots=True, frozen=True)
class Drawing:
    """The chart of a section, drawn again."""

    lines: Sequence[str]


@dataclass(slots=True, frozen=True)
class Saved:
    """A file was written."""

    path: str
    size: int


@dataclass(slots=True, frozen=True)
class Refused:
    """It was not done."""

    message: str
    remedy: str = ""
    exists: bool = False
    """The file is there already."""
    waits: bool = False
    """There is no history yet; it may come."""


Answer = Shelf | Document | Drawing | Saved | Refused
LANGUAGE = language(Browse, Make, Draw, Explain, Follow, Export, Shelf, Document, Drawing, Saved, Refused)
