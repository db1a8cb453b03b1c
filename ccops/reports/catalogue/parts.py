"""What a report is put together from: parts that make one section each, and can say what a figure of it is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.reports.catalogue.work import Work
from ccops.reports.paper.model import Column, Row, Section
from ccops.reports.periods import Period
from ccops.reports.spans import Pause, Session
from ccops.reports.visits import Missed, Visit


@dataclass(slots=True, frozen=True)
class Trace:
    """What one figure is made of."""

    title: str
    """The figure, in the reader's language."""
    rule: str
    """How it is worked out."""
    value: Any
    """What the paper shows."""
    found: "Found"

    @property
    def visits(self) -> Sequence[Visit]:
        """Visits, or calls; `Archive.lines_of` gives the lines of a visit."""
        return self.found.visits

    @property
    def sessions(self) -> Sequence[Session]:
        """Sessions that touch the periods, whole."""
        return self.found.sessions

    @property
    def pauses(self) -> Sequence[Pause]:
        """Pauses that touch the periods, whole."""
        return self.found.pauses

    @property
    def missed(self) -> Sequence[Missed]:
        """Phones that rang in vain."""
        return self.found.missed

    @property
    def records(self) -> Sequence[Mapping[str, Any]]:
        """Rows of the audit, or of a roster."""
        return self.found.records


@dataclass(slots=True, frozen=True)
class Found:
    """What a figure is made of, before it is given a name."""

    periods: Sequence[Period]
    """Times count as far as they lie in one of these, which do not overlap."""
    now: int
    """What lasts counts up to here."""
    visits: Sequence[Visit] = ()
    sessions: Sequence[Session] = ()
    pauses: Sequence[Pause] = ()
    missed: Sequence[Missed] = ()
    records: Sequence[Mapping[str, Any]] = ()


class Part(Protocol):
    """One section of a report."""

    @property
    def name(self) -> str:
        """Name of the section."""

    @property
    def comparable(self) -> bool:
        """True where the section of a former period can stand beside it."""

    def columns(self, work: Work) -> list[Column]:
        """Return the columns of the section."""

    def section(self, work: Work) -> Section:
        """Make the section."""

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return what a figure of a row, or of the total, is made of; None where that cannot be said."""


def part_of(parts: Sequence[Part], name: str) -> Part:
    """Return a part by its section's name; raises `NotFound` with the nearest names."""
    for part in parts:
        if part.name == name:
            return part
    raise NotFound(_("section"), name, [part.name for part in parts])


def traced(work: Work, part: Part, row: Row, figure: str) -> Trace:
    """Return what a figure is made of, with its title and rule; raises `UsageProblem` for what is no figure."""
    columns = part.columns(work)
    column = next((column for column in columns if column.key == figure), None)
    if column is None:
        raise NotFound(_("figure"), figure, [column.key for column in columns])
    found = part.found(work, row, figure)
    if found is None:
        raise UsageProblem(
            _("“{figure}” is no figure that is made of calls or times.").format(figure=column.full_title),
            remedy=_("Ask for a figure."),
        )
    return Trace(column.full_title, column.rule, row.get(figure), found)
