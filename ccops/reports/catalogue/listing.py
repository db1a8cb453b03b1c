"""Tables whose rows are made of things one by one: each row knows its visits, sessions, pauses, rings or records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ccops.i18n import _
from ccops.reports.catalogue.parts import Found
from ccops.reports.catalogue.work import Work
from ccops.reports.paper.compare import FIGURES
from ccops.reports.paper.model import Chart, Column, Row, Section
from ccops.reports.spans import Pause, Session
from ccops.reports.visits import Missed, Visit


@dataclass(slots=True)
class Item:
    """A row, and what it is made of."""

    row: dict[str, Any]
    visits: Sequence[Visit] = ()
    sessions: Sequence[Session] = ()
    pauses: Sequence[Pause] = ()
    missed: Sequence[Missed] = ()
    records: Sequence[Mapping[str, Any]] = ()


Items = Callable[[Work], list[Item]]
Totals = Callable[[Work, list[Item]], Row | None]


def no_total(work: Work, items: list[Item]) -> Row | None:
    """Give no total: nothing in the rows can be added up."""
    return None


@dataclass(frozen=True)
class Listing:
    """A section made of items."""

    name: str
    title: str
    """To be translated."""
    columns_of: Callable[[Work], list[Column]]
    items: Items
    total: Totals = no_total
    chart: Chart | None = None
    comparable: bool = False
    note: Callable[[Work, list[Item]], str] = lambda work, items: ""
    counts: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict)
    """Which of a row's things a figure counts, by its key; all of them where it is not named."""

    def columns(self, work: Work) -> list[Column]:
        """Return the columns."""
        return self.columns_of(work)

    def section(self, work: Work) -> Section:
        """Make the section."""
        items = self.items(work)
        rows = [item.row for item in items]
        total, note = self.total(work, items), self.note(work, items)
        return Section(self.name, _(self.title), self.columns(work), rows, total, self.chart, note)

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return what the rows that are about the same as `row` are made of; of a total, all of them."""
        columns = self.columns(work)
        if not any(column.key == figure and column.kind in FIGURES for column in columns):
            return None
        about = [column.key for column in columns if column.kind not in FIGURES and column.key in row]
        items = [item for item in self.items(work) if all(item.row.get(key) == row[key] for key in about)]
        test = self.counts.get(figure, _every)
        return Found(
            [work.period],
            work.known_to,
            _distinct(one for item in items for one in item.visits if test(one)),
            [one for item in items for one in item.sessions if test(one)],
            [one for item in items for one in item.pauses if test(one)],
            [one for item in items for one in item.missed if test(one)],
            [one for item in items for one in item.records if test(one)],
        )


def _every(one: Any) -> bool:
    return True


def _distinct(visits: Any) -> list[Visit]:
    """Several rows may rest on the same visit; it is one."""
    return list({visit.number: visit for visit in visits}.values())
