"""Columns of a list: what a cell says at a moment, how rows sort by it, and which columns fit a width."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, Generic, TypeVar

from ccops.board import Board
from ccops.desk.attention import Limits
from ccops.tui.look import Look
from ccops.tui.spans import Span

R = TypeVar("R")
_EXTRA = 6
"""Columns from this rank on are extras: they must not squeeze the others."""


@dataclass(slots=True, frozen=True)
class Moment:
    """Everything a cell may depend on besides its row."""

    now: float
    """What running durations are counted to: the time, or when the PBX was last heard."""
    board: Board
    look: Look
    limits: Limits
    stale: bool = False
    zone: tzinfo = UTC
    """The site's time zone."""


@dataclass(slots=True, frozen=True)
class Column(Generic[R]):
    """One column of a list of rows."""

    key: str
    """Stays: the remembered sort order names it."""
    title: str
    width: int
    cell: Callable[[R, Moment], Span]
    """Returns the text, not yet fitted, and its tone."""
    sort: Callable[[R], Any]
    """What rows are ordered by; None sorts last in both directions."""
    align: str = "left"
    grow: int = 0
    """How many cells it may take beyond `width` where there is room."""
    rank: int = 0
    """Columns with the highest rank are left out first where the screen is narrow."""
    ticks: bool = False
    """Its text changes with the time alone."""
    descending: bool = False
    """The direction that the first click on its title sorts in."""
    help: str = ""


@dataclass(slots=True, frozen=True)
class Placed(Generic[R]):
    """A column and the cells that it takes in the line."""

    column: Column[R]
    x: int
    width: int


@dataclass(slots=True, frozen=True)
class Order:
    """By which column rows are sorted, and in which direction."""

    column: str
    descending: bool = False


def placed(columns: Sequence[Column[R]], width: int, gutter: int, gap: int) -> list[Placed[R]]:
    """Choose the columns that fit into `width` cells and share out what is left."""
    chosen = list(columns)
    while len(chosen) > 1:
        worst = max(column.rank for column in chosen)
        if _needed(chosen, gutter, gap) + _comfort(chosen, worst) <= width:
            break
        last = max(index for index, column in enumerate(chosen) if column.rank == worst)
        del chosen[last]
    spare = max(0, width - _needed(chosen, gutter, gap))
    widths = _shared(chosen, spare)
    result, x = [], gutter
    for column, cells in zip(chosen, widths, strict=True):
        result.append(Placed(column, x, min(cells, max(1, width - x))))
        x += cells + gap
    return result


def _needed(columns: Sequence[Column[R]], gutter: int, gap: int) -> int:
    return gutter + sum(column.width for column in columns) + gap * (len(columns) - 1)


def _comfort(columns: Sequence[Column[R]], worst: int) -> int:
    """Return the room that more important columns should have before the least important one joins them."""
    return sum(column.grow for column in columns if column.rank < worst) // 2 if worst >= _EXTRA else 0


def _shared(columns: Sequence[Column[R]], spare: int) -> list[int]:
    wishes = sum(column.grow for column in columns)
    if not wishes:
        return [column.width for column in columns]
    share = min(1.0, spare / wishes)
    return [column.width + int(column.grow * share) for column in columns]


def in_order(
    rows: Iterable[tuple[str, R]], column: Column[R], descending: bool, tie: Callable[[R], Any]
) -> list[tuple[str, R]]:
    """Return (key, row) pairs sorted by the column, unknown values last, ties in a fixed order: nothing jumps."""
    known: list[tuple[Any, tuple[str, R]]] = []
    unknown: list[tuple[str, R]] = []
    for pair in sorted(rows, key=lambda pair: tie(pair[1])):
        value = column.sort(pair[1])
        if value is None:
            unknown.append(pair)
        else:
            known.append((value, pair))
    known.sort(key=lambda item: item[0], reverse=descending)
    return [pair for _, pair in known] + unknown
