"""Tables that are wider than the page or the terminal: cut into panels that repeat what each row is about."""

from collections.abc import Sequence

from ccops.reports.paper.compare import FIGURES
from ccops.reports.paper.model import Column


def leading(columns: Sequence[Column]) -> int:
    """Return how many columns at the left say what a row is about; at least one."""
    count = 0
    for column in columns:
        if column.kind in FIGURES:
            break
        count += 1
    return max(1, min(count, 3))


def panels(columns: Sequence[Column], widths: Sequence[float], room: float, gap: float = 0) -> list[list[int]]:
    """Return the indexes of the columns of each panel; one panel where all of them fit into `room`.

    Neighbours of one group stay together. A column that is wider than the room gets a panel of its own.
    """
    every = list(range(len(columns)))
    if _taken(every, widths, gap) <= room:
        return [every]
    first = every[: leading(columns)]
    found: list[list[int]] = []
    current = list(first)
    for group in _groups(columns, len(first)):
        if len(current) > len(first) and _taken([*current, *group], widths, gap) > room:
            found.append(current)
            current = list(first)
        current += group
    return [*found, current]


def _taken(indexes: Sequence[int], widths: Sequence[float], gap: float) -> float:
    return sum(widths[index] for index in indexes) + gap * max(0, len(indexes) - 1)


def _groups(columns: Sequence[Column], start: int) -> list[list[int]]:
    groups: list[list[int]] = []
    for index in range(start, len(columns)):
        name = columns[index].group
        if groups and name and columns[groups[-1][-1]].group == name:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def balanced(columns: Sequence[Column], widths: Sequence[float], room: float, gap: float = 0) -> list[list[int]]:
    """Return panels of about the same width: a last panel with one lonely column reads badly."""
    found = panels(columns, widths, room, gap)
    if len(found) == 1:
        return found
    narrow, wide = room / 2, room
    for _step in range(12):
        middle = (narrow + wide) / 2
        if len(panels(columns, widths, middle, gap)) > len(found):
            narrow = middle
        else:
            wide = middle
    return panels(columns, widths, wide, gap)
