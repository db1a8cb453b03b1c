"""The few figures that a reader wants before any table: large, with the former period beside them."""

from dataclasses import dataclass, replace
from typing import Final

from ccops.reports.paper.compare import BEFORE, CHANGE, tone
from ccops.reports.paper.model import Column, Paper, Section
from ccops.reports.paper.values import Writing, writer_of

_CHOICE: Final = (
    "offered", "answered", "service_level", "abandon_rate", "asa", "aht", "logged_in", "occupancy", "missed",
    "longest_wait", "fcr", "repeats", "adherence", "lost",
)  # fmt: skip
_MOST: Final = 6


@dataclass(slots=True, frozen=True)
class Tile:
    """One figure of the headline."""

    title: str
    value: str
    before: str = ""
    change: str = ""
    tone: str = ""


def headline(paper: Paper, writing: Writing) -> list[Tile]:
    """Return the figures of the first total that matter most, as texts; none where there is no total."""
    section = next((section for section in paper.sections if section.total and section.rows), None)
    if section is None:
        return []
    known = {column.key: column for column in section.columns}
    keys = [key for key in _CHOICE if key in known and (section.total or {}).get(key) is not None]
    return [_tile(section, known[key], writing) for key in keys[:_MOST]]


def _tile(section: Section, column: Column, writing: Writing) -> Tile:
    total = section.total or {}
    write = writer_of(column, writing)
    tile = Tile(column.group or column.title, write(total[column.key]))
    if total.get(column.key + BEFORE) is None:
        return tile
    change = replace(column, key=column.key + CHANGE, change=True)
    value = total.get(change.key)
    return replace(
        tile,
        before=write(total[column.key + BEFORE]),
        change=writer_of(change, writing)(value),
        tone=tone(change, value),
    )
