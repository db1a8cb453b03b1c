"""Tables for people: plain aligned columns, cut to the terminal, colours only where a state means something."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ccops.cmd.columns import Column, Record
from ccops.cmd.formats import scalar
from ccops.cmd.width import cells, fit, pad
from ccops.i18n import _

_RESET: Final = "\x1b[0m"
_BOLD: Final = "\x1b[1m"
_COLOURS: Final = {
    "available": "\x1b[32m",
    "live": "\x1b[32m",
    "talking": "\x1b[36m",
    "ringing": "\x1b[33m",
    "waiting": "\x1b[33m",
    "on_hold": "\x1b[33m",
    "wrap_up": "\x1b[35m",
    "paused": "\x1b[34m",
    "unavailable": "\x1b[2m",
    "stale": "\x1b[31m",
    "down": "\x1b[31m",
    "refused": "\x1b[31m",
}
_GAP: Final = "  "
_NARROWEST: Final = 8


@dataclass(slots=True, frozen=True)
class Look:
    """What the reader's side can show."""

    width: int | None = None
    colour: bool = False
    ascii_only: bool = False

    @property
    def unknown(self) -> str:
        """Mark of a value that is not known."""
        return "-" if self.ascii_only else "–"

    @property
    def cut(self) -> str:
        """Mark of text that was cut."""
        return "..." if self.ascii_only else "…"


def duration(seconds: float) -> str:
    """Return seconds as 1:05 or 1:02:05; a negative span keeps its sign."""
    sign, whole = ("-" if seconds < 0 else ""), round(abs(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{sign}{hours}:{minute:02}:{second:02}" if hours else f"{sign}{minute}:{second:02}"


def cell(column: Column, value: Any, look: Look) -> str:
    """Return a value as a person reads it."""
    if value is None or value == []:
        return look.unknown
    if column.kind == "duration":
        return duration(value)
    if column.kind == "seconds":
        return f"{value:.2f} s"
    if column.kind == "rate":
        return f"{value:.0%}"
    if column.kind == "instant":
        return str(value)[:19].replace("T", " ")
    if column.kind == "flag":
        return _("yes") if value else _("no")
    if column.kind == "list":
        return ", ".join(scalar(item) for item in value)
    return scalar(value)


def shown(column: Column, record: Record, look: Look) -> str:
    """Return a row's value as a person reads it."""
    value = record.get(column.name)
    if column.kind == "figure" and value is not None:
        from ccops.alerts.message import quantity

        return quantity(str(record.get("figure", "")), value)
    return cell(column, value, look)


def table(columns: Sequence[Column], records: Sequence[Record], look: Look, *, header: bool = True) -> str:
    """Return records as aligned columns."""
    grid = [[shown(column, record, look) for column in columns] for record in records]
    columns, grid = _fitting(columns, grid, look)
    heads = [column.heading for column in columns]
    widths = [max(map(cells, (*column, head if header else ""))) for head, *column in zip(heads, *grid, strict=True)]
    widths = _squeezed(columns, widths, look.width)
    lines = [_line(columns, row, widths, look) for row in grid]
    if header:
        head = _GAP.join(pad(fit(text, w, ""), w, c.right) for c, text, w in zip(columns, heads, widths, strict=True))
        lines.insert(0, f"{_BOLD}{head.rstrip()}{_RESET}" if look.colour else head.rstrip())
    return "".join(f"{line}\n" for line in lines)


def _fitting(columns: Sequence[Column], grid: list[list[str]], look: Look) -> tuple[Sequence[Column], list[list[str]]]:
    """Leave out columns that say nothing, from the right, where all of them are wider than the terminal."""
    kept = list(range(len(columns)))

    def narrowest() -> int:
        widths = [max(map(cells, (columns[i].heading, *(row[i] for row in grid)))) for i in kept]
        least = [width if columns[i].right else min(width, _NARROWEST) for i, width in zip(kept, widths, strict=True)]
        return sum(least) + len(_GAP) * (len(kept) - 1)

    empty = [i for i in range(len(columns) - 1, 0, -1) if all(row[i] in ("", "0", look.unknown) for row in grid)]
    while look.width is not None and grid and empty and narrowest() > look.width:
        kept.remove(empty.pop(0))
    return [columns[i] for i in kept], [[row[i] for i in kept] for row in grid]


def _line(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int], look: Look) -> str:
    texts = []
    for column, text, width in zip(columns, row, widths, strict=True):
        padded = pad(fit(text, width, look.cut), width, column.right)
        colour = _COLOURS.get(text) if look.colour and column.kind == "state" else None
        texts.append(f"{colour}{padded}{_RESET}" if colour else padded)
    return _GAP.join(texts).rstrip()


def _squeezed(columns: Sequence[Column], widths: list[int], limit: int | None) -> list[int]:
    """Take the excess over the terminal from the widest columns of text."""
    if limit is None:
        return widths
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - limit
    while excess > 0:
        soft = [i for i, column in enumerate(columns) if not column.right and widths[i] > _NARROWEST]
        if not soft:
            return widths
        widest = max(soft, key=lambda i: widths[i])
        widths[widest] -= 1
        excess -= 1
    return widths


def sheet(columns: Sequence[Column], record: Record, look: Look) -> str:
    """Return one thing as lines of name and value."""
    names = [column.name.replace("_", " ") for column in columns]
    width = max(map(cells, names), default=0)
    lines = []
    for column, name in zip(columns, names, strict=True):
        text = shown(column, record, look)
        colour = _COLOURS.get(text) if look.colour and column.kind == "state" else None
        lines.append(
            f"{pad(name, width)}{_GAP}{colour}{text}{_RESET}\n" if colour else f"{pad(name, width)}{_GAP}{text}\n"
        )
    return "".join(lines)
