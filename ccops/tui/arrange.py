"""From rows to the lines of a list: filter, sort, group. Pure, so that it is tested without a screen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ccops.tui.columns import Column, Order, in_order
from ccops.tui.filtering import NO_FILTER, Fields, Filter

R = TypeVar("R")


@dataclass(slots=True, frozen=True)
class Grouping(Generic[R]):
    """How a list is cut into groups."""

    key: str
    title: str
    of: Callable[[R], str]
    """The group of a row."""
    order: Callable[[str], Any] = str
    """Sorts the groups."""
    label: Callable[[str], str] = str
    """What stands above a group."""


@dataclass(slots=True, frozen=True)
class Entry(Generic[R]):
    """One line of the list: a row, or the heading of a group (`row` is None)."""

    key: str
    row: R | None
    heading: str = ""


@dataclass(slots=True, frozen=True)
class Arrangement(Generic[R]):
    """What is wanted of a list: which rows, in which order, under which headings."""

    columns: Sequence[Column[R]]
    order: Order
    fields: Fields[R]
    tie: Callable[[R], Any]
    filter: Filter = NO_FILTER
    grouping: Grouping[R] | None = None

    def column(self) -> Column[R]:
        """Return the column that rows are sorted by; the first where the remembered one is gone."""
        return next((item for item in self.columns if item.key == self.order.column), self.columns[0])


def arrange(rows: Mapping[str, R], wanted: Arrangement[R]) -> list[Entry[R]]:
    """Return the lines for these rows, keyed as they came."""
    kept = [
        (key, row) for key, row in rows.items() if not wanted.filter.terms or wanted.filter.matches(wanted.fields(row))
    ]
    # Without a column the rows stand as they came.
    ordered = in_order(kept, wanted.column(), wanted.order.descending, wanted.tie) if wanted.order.column else kept
    entries = [Entry(key, row) for key, row in ordered]
    return _grouped(entries, wanted.grouping) if wanted.grouping else entries


def _grouped(entries: Sequence[Entry[R]], grouping: Grouping[R]) -> list[Entry[R]]:
    groups: dict[str, list[Entry[R]]] = {}
    for entry in entries:
        if entry.row is not None:
            groups.setdefault(grouping.of(entry.row), []).append(entry)
    result: list[Entry[R]] = []
    for name in sorted(groups, key=grouping.order):
        heading = f"{grouping.label(name)} ({len(groups[name])})"
        result.append(Entry(f"group:{name}", None, heading))
        result += groups[name]
    return result
