"""What a list of one kind of row is: its columns, filter fields, groupings, and what keys on a row act on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ccops.board import Row, Topic
from ccops.tui.arrange import Grouping
from ccops.tui.columns import Column, Moment, Order
from ccops.tui.filtering import Fields

R = TypeVar("R")


@dataclass(slots=True, frozen=True)
class Selection:
    """A board row that keys act on, held by key: it stays what it was while lists re-sort."""

    topic: Topic
    key: str
    row: Row


@dataclass(slots=True, frozen=True)
class ListSpec(Generic[R]):
    """One kind of list."""

    name: str
    title: str
    columns: Sequence[Column[R]]
    order: Order
    fields: Fields[R]
    tie: Callable[[R], Any]
    """Keeps equal rows in a fixed order."""
    pick: Callable[[R], Selection | None]
    """The board row behind a line."""
    empty: str
    """What stands there when nothing does."""
    help: str
    groupings: Sequence[Grouping[R]] = ()
    markable: bool = False
    headed: bool = True
    """Whether the titles of the columns are shown."""
    sticky: bool = False
    """The cursor stays on the first row while it is there: for lists that grow at the top."""
    static: bool = False
    """Nothing is done to its rows: where the filter takes the selected one away, the first is selected."""
    beside: Callable[[R, Moment], object] = lambda _row, _moment: None
    """What its cells show that is not of the row; a line is drawn anew when it differs."""
