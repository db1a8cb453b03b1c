"""Asterisk's queue_log where it is kept in a database table: rows into lines of the log, and what of them is new.

The table has the columns time, callid, queuename, agent, event and either data, all parameters with bars between
them, or data1 to data5; an id where the PBX was set up to have one. Times without an offset are the PBX's own.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Protocol

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.pbx.queue_log.files import BLOCK, Block
from ccops.store.raw import digest

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "queue_log_id"),
    "time": ("time", "eventdate", "timestamp"),
    "callid": ("callid", "call_id", "uniqueid"),
    "queue": ("queuename", "queue", "queue_name"),
    "agent": ("agent", "agent_name"),
    "event": ("event", "verb", "action"),
    "data": ("data",),
    **{f"data{number}": (f"data{number}", f"info{number}") for number in range(1, 6)},
}
"""What is taken from a row, and the names that its column goes by."""
_NEEDED = ("time", "callid", "queue", "agent", "event")
_PARAMETERS = tuple(f"data{number}" for number in range(1, 6))
_BREAKS = str.maketrans("\n\r\0", "   ")

Row = Mapping[str, Any]
"""Values by what they mean; None where there is nothing."""


def columns_of(names: Iterable[str], table: str) -> dict[str, str]:
    """Return the table's own name of every column that is taken; raises `UsageProblem` where one is missing."""
    known = {name.casefold(): name for name in names}
    found = {
        meaning: known[alias] for meaning, aliases in COLUMNS.items() for alias in reversed(aliases) if alias in known
    }
    missing = [COLUMNS[meaning][0] for meaning in _NEEDED if meaning not in found]
    if missing:
        raise UsageProblem(
            _("“{table}” is no queue_log table: it has no column {names}.").format(
                table=table, names=", ".join(missing)
            ),
            remedy=_("It needs time, callid, queuename, agent, event, and data or data1 to data5."),
        )
    return found


@dataclass(slots=True)
class Mark:
    """How far a table is taken in."""

    id: int | None = None
    """Of the last row."""
    time: str = ""
    """Of the last row, as the table has it."""
    seen: list[str] = field(default_factory=list)
    """Digests of the rows of that time, the last one at the end."""

    def copy(self) -> "Mark":
        """Return one that can be moved on by itself."""
        return Mark(self.id, self.time, list(self.seen))

    def to_text(self) -> str:
        """Return it as it is kept in the store."""
        return json.dumps({"id": self.id, "time": self.time, "seen": self.seen})

    @classmethod
    def of_text(cls, text: str | None) -> "Mark | None":
        """Return what `to_text` has written."""
        return None if text is None else cls(**json.loads(text))

    def passed(self, row: Row, line: bytes) -> None:
        """Move on to a row."""
        time = _text(row["time"])
        if time != self.time:
            self.time, self.seen = time, []
        self.id = None if row.get("id") is None else int(row["id"])
        self.seen.append(digest(line).hex())


class Table(Protocol):
    """Where rows come from."""

    name: str

    def going_by(self, mark: Mark) -> Mark:
        """Return by what of a mark its new rows are known."""
        ...

    def rows(self, mark: Mark | None) -> Iterator[Row]:
        """Yield rows in the order in which they were written, at least those after `mark`."""
        ...


class Lines:
    """Makes lines of the log of rows."""

    def __init__(self, zone: tzinfo) -> None:
        """`zone` is that of times without an offset."""
        self._zone, self._last = zone, 0

    def line(self, row: Row) -> bytes:
        """Return a row as a line; where its time is none, one that goes into quarantine."""
        at = self._stamp(row["time"])
        more = [_text(row.get(name)) for name in _PARAMETERS]
        parameters = "|".join(more).rstrip("|") if any(more) else _text(row.get("data"))
        names = (_text(row[name]) or "NONE" for name in ("callid", "queue", "agent", "event"))
        return "|".join((at, *names, parameters)).encode("utf-8", "replace") + b"\n"

    def _stamp(self, value: Any) -> str:
        text = _text(value)
        try:
            at = float(text)
        except ValueError:
            try:
                at = self._instant(value if isinstance(value, datetime) else datetime.fromisoformat(text))
            except (ValueError, OverflowError):
                return text
        if not abs(at) < _EVER:
            return text
        self._last = int(at)
        return str(self._last)

    def _instant(self, time: datetime) -> float:
        if time.tzinfo is not None:
            return time.timestamp()
        at = time.replace(tzinfo=self._zone).timestamp()
        # In the hour that comes twice, the log's order tells which of the two it is.
        later = time.replace(tzinfo=self._zone, fold=1).timestamp()
        return later if later > at and abs(later - self._last) < abs(at - self._last) else at


_EVER = 1 << 40


def _text(value: Any) -> str:
    return "" if value is None else str(value).translate(_BREAKS).strip()


def news(table: Table, mark: Mark | None, lines: Lines) -> Iterator[tuple[Row, bytes]]:
    """Yield the rows of a table that come after `mark`, each as a line; raises `UsageProblem` where it is another."""
    mark = table.going_by(mark) if mark is not None else None
    known = Counter(mark.seen) if mark is not None else Counter[str]()
    for row in table.rows(mark):
        line = lines.line(row)
        if mark is None or _is_news(table, mark, known, row, line):
            yield row, line


def _is_news(table: Table, mark: Mark, known: Counter[str], row: Row, line: bytes) -> bool:
    seen = digest(line).hex()
    if mark.id is not None and row.get("id") is not None:
        number = int(row["id"])
        if number == mark.id and seen != mark.seen[-1]:
            raise _another(table.name)
        return number > mark.id
    time = _text(row["time"])
    if time == mark.time and known[seen]:
        known[seen] -= 1
        return False
    return time >= mark.time


def _another(name: str) -> UsageProblem:
    return UsageProblem(
        _("“{table}” is another table than the one that was taken in under this name.").format(table=name),
        remedy=_("Give it a name of its own: --name NAME. Its rows are taken in from the first on."),
    )


def blocks_of_rows(
    rows: Iterable[tuple[Row, bytes]], offset: int, mark: Mark, marks: dict[int, str], size: int = BLOCK
) -> Iterator[Block]:
    """Yield lines in blocks that begin at byte `offset`; put into `marks` how far each block takes the table in."""
    held: list[bytes] = []
    length = 0
    for row, line in rows:
        held.append(line)
        length += len(line)
        mark.passed(row, line)
        if length >= size:
            marks[offset + length] = mark.to_text()
            yield Block(offset, b"".join(held))
            offset, held, length = offset + length, [], 0
    if held:
        marks[offset + length] = mark.to_text()
        yield Block(offset, b"".join(held))
