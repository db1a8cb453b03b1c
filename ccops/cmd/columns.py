"""The columns of every listing: name in the data, kind of value, and whether a table shows it unasked."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "count", "duration", "seconds", "rate", "instant", "state", "flag", "list", "data", "figure"]
"""`figure` is a value in the unit of the figure that the row's own column `figure` names."""

Record = dict[str, Any]
"""One row as CLI.md prints it: plain JSON values, instants as text, durations in seconds."""


@dataclass(slots=True, frozen=True)
class Column:
    """One column of a listing."""

    name: str
    kind: Kind = "text"
    extra: bool = False
    """Printed in data and with --fields, but left out of tables for people."""
    label: str = ""
    """A shorter word for tables, where they are wide."""

    @property
    def heading(self) -> str:
        """What stands above the column in a table."""
        return (self.label or self.name.replace("_", " ")).upper()

    @property
    def right(self) -> bool:
        """True where values stand flush right."""
        return self.kind in ("count", "duration", "seconds", "rate", "figure")


def columns(*names: str, extra: str = "") -> tuple[Column, ...]:
    """Return columns from "name", "name:kind" or "name:kind:label"; `extra` holds more that tables leave out."""
    made = [_column(name, False) for name in names]
    return (*made, *(_column(name, True) for name in extra.split()))


def _column(text: str, extra: bool) -> Column:
    name, kind, label, *__ = *text.split(":"), "", ""
    return Column(name, kind or "text", extra, label)  # type: ignore[arg-type]
