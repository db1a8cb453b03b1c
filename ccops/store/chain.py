"""The chain of the audit: what a row is, how it is digested, and whether rows continue one another.

The digest of a row is the SHA-256 of its canonical form: a JSON object of all columns but `digest`, `at` in whole
milliseconds, keys sorted, no spaces, everything beyond ASCII escaped. Anybody can check an export with it, without
this program: `jq -caS '.at = (.at * 1000 | round) | del(.digest)'` gives the canonical form of each row.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from ccops.i18n import _

GENESIS: Final = "0" * 64
"""What the first row holds as the digest of the row before it."""


def encoded(data: Mapping[str, Any]) -> str:
    """Return what an action's outcome carries besides, as text."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, default=str)


@dataclass(slots=True, frozen=True)
class Entry:
    """One row."""

    id: int
    at: float
    """Epoch seconds, to the millisecond."""
    opens: int | None
    """None for a row before an action; else the number of the row that this one closes."""
    who: str
    origin: str
    action: str
    target: str
    call_id: str
    arguments: str
    """JSON."""
    reason: str
    result: str
    detail: str
    data: str
    """JSON."""
    previous: str
    """Digest of the row before."""
    digest: str

    @classmethod
    def chained(cls, **columns: Any) -> "Entry":
        """Return the row with its digest; texts that are not given are empty."""
        row: dict[str, Any] = {name: columns.get(name, None if name == "opens" else "") for name in cls.__slots__}
        return cls(**{**row, "digest": digest_of(row)})

    @classmethod
    def read(cls, row: Sequence[Any]) -> "Entry":
        """Return the row that SQLite gives, in the order of the columns."""
        columns = dict(zip(cls.__slots__, row, strict=True))
        return cls(**{**columns, "previous": columns["previous"].hex(), "digest": columns["digest"].hex()})

    @classmethod
    def parsed(cls, line: str | bytes) -> "Entry":
        """Return the row of a line of an export; raises ValueError where it is none."""
        try:
            record = json.loads(line)
        except RecursionError as error:
            raise ValueError(_("not a row of an audit")) from error
        if not isinstance(record, dict) or set(record) != set(cls.__slots__):
            raise ValueError(_("not a row of an audit"))
        wrong = [item.name for item in fields(cls) if not isinstance(record[item.name], _TYPES.get(item.name, str))]
        if wrong:
            raise ValueError(_("wrong kind of value in {names}").format(names=", ".join(wrong)))
        if not 0 <= record["at"] < _LAST_INSTANT:
            raise ValueError(_("“at” is no instant"))
        return cls(**record)

    def record(self) -> dict[str, Any]:
        """Return the row as plain data, as an export holds it."""
        return {name: getattr(self, name) for name in self.__slots__}

    def stored(self) -> tuple[Any, ...]:
        """Return the row in the order of the columns, digests as bytes."""
        *columns, previous, digest = (getattr(self, name) for name in self.__slots__)
        return (*columns, bytes.fromhex(previous), bytes.fromhex(digest))


_LAST_INSTANT: Final = 2**40
_TYPES: Final[Mapping[str, Any]] = {"id": int, "at": (int, float), "opens": (int, type(None))}


def digest_of(columns: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a row's canonical form, in hexadecimal."""
    plain = {name: value for name, value in columns.items() if name != "digest"}
    # JSON writers differ in how they print fractions, and none in whole numbers.
    plain["at"] = round(columns["at"] * 1000)
    canonical = json.dumps(plain, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@dataclass(slots=True, frozen=True)
class Verdict:
    """What became of checking a chain."""

    rows: int
    """Rows that are sound."""
    head: str
    """Digest of the last sound row: noted elsewhere, it proves later that nothing before it was touched."""
    broken: int | None = None
    why: str = ""

    @property
    def ok(self) -> bool:
        """True where the chain is whole."""
        return self.broken is None


def verify(rows: Iterable[Entry], anchor: tuple[int, str] | None = None) -> Verdict:
    """Check that every row is as it was written and continues the one before.

    `anchor` is number and digest of a row as they were noted earlier: the chain must still go through it.
    """
    sound, head = 0, GENESIS
    unclosed: set[int] = set()
    for row in rows:
        why = _breaks(row, sound, head, unclosed)
        if not why and anchor is not None and row.id == anchor[0] and row.digest != anchor[1]:
            why = _("it is not the row that was noted")
        if why:
            return Verdict(sound, head, min(row.id, sound + 1), why)
        sound, head = row.id, row.digest
        if row.opens is None:
            unclosed.add(row.id)
    if anchor is not None and anchor[0] > sound:
        return Verdict(sound, head, sound + 1, _("it and all up to row {number} are missing").format(number=anchor[0]))
    return Verdict(sound, head)


def _breaks(row: Entry, sound: int, head: str, unclosed: set[int]) -> str:
    """Return what is wrong with a row after `sound` rows, or an empty text."""
    if row.id != sound + 1:
        return _("it is missing") if row.id > sound else _("it is there twice")
    if digest_of(row.record()) != row.digest:
        return _("it was changed")
    if row.previous != head:
        return _("it does not continue the row before it: one of them was rewritten, or rows were taken out")
    if row.opens is not None:
        if row.opens not in unclosed:
            return _("it closes row {number}, which is not open").format(number=row.opens)
        unclosed.discard(row.opens)
    return ""
