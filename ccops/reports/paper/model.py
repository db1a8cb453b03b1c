"""What a report says, before anybody decides what it looks like: columns, sections with rows, and the whole paper.

The catalogue of reports makes these, the renderers draw them. Rows are mappings by column key and hold plain
values; what each kind of column holds is said at `Kind`. None is "unknown" everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from ccops.reports.figures import Figure, Unit
from ccops.reports.periods import Period
from ccops.reports.rules import Rules

Kind = Unit | Literal["number", "text", "phone", "list", "flag", "instant", "day", "time", "weekday"]
"""What a column holds.

count: int · seconds: int or float · rate: float, a fraction of 1 · number: float · text, phone: str · list: of str ·
flag: bool · instant: epoch seconds, UTC · day: `datetime.date` · time: seconds since local midnight, the start of a
slot of the day · weekday: 1 (Monday) to 7
"""

Row = Mapping[str, Any]

ChartKind = Literal["bars", "lines", "heat", "histogram", "share"]

Better = Literal["", "more", "less"]


@dataclass(slots=True, frozen=True)
class Column:
    """One column of a section."""

    key: str
    """Name in data, as scripts know it; for figures that of METRICS."""
    title: str
    """Heading, in the reader's language."""
    kind: Kind = "text"
    rule: str = ""
    """How it is worked out, in the reader's language."""
    better: Better = ""
    """Which direction of a change is good news."""
    group: str = ""
    """Heading over this and its neighbours of the same group; a title alone need not say it again."""
    change: bool = False
    """Its values are differences: written with their sign, rates in percentage points."""
    extra: bool = False
    """Left out of what people read, but in data."""

    @classmethod
    def of(cls, figure: Figure[Any], rules: Rules) -> Self:
        """Return the column of a figure under a site's rules."""
        return cls(figure.key, figure.title, figure.unit, figure.rule(rules), _BETTER.get(figure.key, ""))

    @property
    def full_title(self) -> str:
        """Heading where there is no room for that of the group above it."""
        return f"{self.group}, {self.title}" if self.group else self.title

    @property
    def right(self) -> bool:
        """True where values stand flush right."""
        return self.kind in _RIGHT


_RIGHT = frozenset({Unit.COUNT, Unit.SECONDS, Unit.RATE, "number"})
_BETTER: Mapping[str, Better] = {
    # Not the answered: who is called less answers less.
    **dict.fromkeys(("service_level", "adherence", "conformance", "fcr"), "more"),
    **dict.fromkeys(("abandoned", "timeout", "exit_empty", "exit_key", "lost", "abandon_rate"), "less"),
    **dict.fromkeys(("asa", "longest_wait", "wait_p50", "wait_p90", "wait_p95", "missed", "repeats"), "less"),
}


@dataclass(slots=True, frozen=True)
class Chart:
    """A drawing of a section's rows.

    bars: one group of bars per row · lines: one line per key of `y` over the rows · heat: cells of `y[0]`, `x` across
    and `by` down · histogram: bars without gaps, `x` being the lower end of each bucket · share: each row's part of
    the sum of `y[0]`
    """

    kind: ChartKind
    x: str
    """Key of the column that names the rows."""
    y: Sequence[str]
    """Keys of the columns that are drawn; all of one kind."""
    title: str = ""
    by: str = ""
    """heat: key of the column that names the lines of cells."""
    stacked: bool = False
    """bars: on top of each other rather than side by side."""
    goal: float | None = None
    """A value that should be reached, drawn as a line across."""


@dataclass(slots=True, frozen=True)
class Section:
    """One table of a paper, with its chart."""

    name: str
    """Name in data: lower case, unique in the paper."""
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row] = ()
    total: Row | None = None
    """Figures over all rows (not sums of rates), by column key."""
    chart: Chart | None = None
    note: str = ""
    """What the reader must know to read the table."""

    def column(self, key: str) -> Column:
        """Return a column by key; raises KeyError."""
        for column in self.columns:
            if column.key == key:
                return column
        raise KeyError(key)

    @property
    def shown(self) -> Sequence[Column]:
        """The columns that people read."""
        return [column for column in self.columns if not column.extra]


LONG_TABLE: Final = 40
"""Rows from which a table is looked up rather than read."""


@dataclass(slots=True, frozen=True)
class Paper:
    """A whole report."""

    name: str
    """Name of the report, as in `ccops report NAME`."""
    title: str
    site: str
    zone: ZoneInfo
    """Zone of all days and hours, and in which instants are written."""
    generated_at: float
    """Epoch seconds."""
    period: Period | None
    """None where the report is about no period, such as a list of open call-backs."""
    sections: Sequence[Section]
    compared_with: Period | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    """What the report was narrowed to: title of the filter and its value."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """Rules beyond those of the columns, by title, such as whether visits or calls are counted."""
    warnings: Sequence[str] = ()
    """What may make the figures wrong."""

    @property
    def empty(self) -> bool:
        """True where no section has a row."""
        return not any(section.rows for section in self.sections)

    @property
    def in_reading_order(self) -> Sequence[Section]:
        """The sections as people read them on paper: long tables without a chart come after all others."""
        return sorted(self.sections, key=lambda section: section.chart is None and len(section.rows) > LONG_TABLE)

    def all_rules(self, *, rates_only: bool = False) -> dict[str, str]:
        """Return every rule that the paper rests on, by title: its own, then those of its columns.

        Where sections work out a figure of the same title in different ways, the section is named too. `rates_only`
        leaves out counts and durations, which few people understand differently.
        """
        found, known = dict(self.rules), set(self.rules.items())
        for section in self.sections:
            for column in section.shown:
                title = column.group or column.title
                if not column.rule or (title, column.rule) in known or (rates_only and column.kind is not Unit.RATE):
                    continue
                known.add((title, column.rule))
                found[f"{title} ({section.title})" if title in found else title] = column.rule
        return found
