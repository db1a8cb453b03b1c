"""Tables that are wider than the page or the terminal: cut into panels that repeat what each row is about."""

from collections.abc import Sequence

from ccops.reports.paper.compare import FIGURES
from ccops.reports.paper.model import Column


def leading(columns: Sequence[Column], widths: Sequence[float], room: float, gap: float = 0) -> int:
    """Return how many columns at the left say what a row is about: at least one, and not over half the room."""
    count, taken = 0, 0.0
    for column, width in zip(columns, widths, strict=True):
        taken += width + gap
        if column.kind in FIGURES or (count and taken > room / 2):
            break
        count += 1
    return max(1, min(count, 3))


def panels(columns: Sequence[Column], widths: Sequence[float], room: float, gap: float = 0) -> list[list[int]]:
    """Return the indexes of the columns of each panel; one panel where all of them fit into `room`.

    Neighbours of one group stay together. A column that is wider than the room gets a panel of its own.
    """
    return _cut(columns, widths, (room, gap), leading(columns, widths, room, gap))


def _cut(columns: Sequence[Column], widths: Sequence[float], space: tuple[float, float], lead: int) -> list[list[int]]:
    room, gap = space
    every = list(range(len(columns)))
    if _taken(every, widths, gap) <= room:
        return [every]
    first = every[:lead]
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
    lead = leading(columns, widths, room, gap)
    best = _cut(columns, widths, (room, gap), lead)
    narrow, wide = room / 2, room
    for _step in range(12 if len(best) > 1 else 0):
        middle = (narrow + wide) / 2
        found = _cut(columns, widths, (middle, gap), lead)
        if len(found) > len(best):
            narrow = middle
        else:
            wide, best = middle, found
    return best
