"""Takes call records (CDR) into the store: number dialled and recording of each call, and the calls that went out.

Never counts calls from them: one queue call makes up to three records. They tell what the queue_log does not.
"""

import csv
import io
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO, cast

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.names import nearest
from ccops.pbx.text import clean
from ccops.store import Database, open_store
from ccops.store.details import put_calls_out, put_details
from ccops.store.sources import opened

FIELDS: Mapping[str, tuple[str, ...]] = {
    "uniqueid": ("uniqueid", "unique_id", "callid", "call_id"),
    "linkedid": ("linkedid", "linked_id"),
    "at": ("calldate", "start", "starttime", "start_time", "date"),
    "did": ("did", "did_number", "ddi"),
    "recording": ("recordingfile", "recording", "recording_file", "recordfile"),
    "src": ("src", "cnum", "source"),
    "dst": ("dst", "destination"),
    "context": ("dcontext", "context"),
    "application": ("lastapp", "application"),
    "talk": ("billsec", "billable"),
}
"""What is taken from a record, and the names of columns it is known by."""
_CDR_CSV = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata"),
    *("start", "answer", "end", "duration", "billsec", "disposition", "amaflags"),
)
"""Columns of cdr_csv, which writes no header."""
_UNIQUEID = re.compile(r"(?:.*-)?\d{9,10}\.\d+\Z")
_BATCH = 2000
"""Records that one transaction takes in: short, so that it fits between those of a daemon that follows the log."""
_LONGEST = 400


@dataclass(slots=True)
class CdrCounts:
    """What an ingest of call records did."""

    rows: int = 0
    details: int = 0
    """Calls of which a number dialled or a recording became known or changed."""
    calls_out: int = 0
    """Calls out that became known."""
    unreadable: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, int | float]:
        """Return it as the command prints it."""
        return asdict(self)


@dataclass(slots=True, frozen=True)
class Layout:
    """How to read records."""

    zone: tzinfo
    """Times without an offset are in it."""
    outgoing: frozenset[str] = frozenset({"from-internal"})
    """Contexts of the dialplan from which people dial out."""
    columns: Mapping[str, str] | None = None
    """Names, or numbers from 1, of columns that are named in no usual way, by field."""


OnUnreadable = Callable[[str, int, str], None]
"""Told of a record that cannot be read: file, line, reason."""


class _Unreadable(ValueError):
    """A record that cannot be read."""


def ingest_cdr(
    store: Path,
    paths: Sequence[Path | None],
    layout: Layout,
    *,
    site: int = 1,
    unreadable: OnUnreadable | None = None,
) -> CdrCounts:
    """Take files of call records into the store, None among `paths` being standard input; again changes nothing.

    Works beside a daemon that follows the log. Raises `UsageProblem` for what holds no call records or cannot be
    read, and the store's errors; what was taken in before stays.
    """
    begun, counts = time.monotonic(), CdrCounts()
    with open_store(store) as database:
        for path in paths:
            _File(database, site, layout, counts, unreadable).take(path)
    counts.seconds = round(time.monotonic() - begun, 3)
    return counts


class _File:
    """One file of records."""

    def __init__(
        self, database: Database, site: int, layout: Layout, counts: CdrCounts, unreadable: OnUnreadable | None
    ) -> None:
        self._database, self._site, self._layout, self._counts = database, site, layout, counts
        self._unreadable = unreadable

    def take(self, path: Path | None) -> None:
        with opened(path) as source:
            text = io.TextIOWrapper(cast("io.BufferedReader", source.stream), "utf-8", "replace", newline="")
            try:
                line = text.readline(1 << 16)
                if not line:
                    return
                reader, first = _reader(line, text, source.name)
                places, skipped = _places(first, self._layout.columns or {}, source.name)
                rows = reader if skipped else chain([first], reader)
                while batch := list(islice(_numbered(rows, reader), _BATCH)):
                    self._write(places, batch, source.name)
            finally:
                text.detach()

    def _write(self, places: Mapping[str, int], batch: list[tuple[int, list[str]]], name: str) -> None:
        own, legs, out = [], [], []
        for line, row in batch:
            self._counts.rows += 1
            try:
                record = _Record(places, row, self._layout)
            except _Unreadable as problem:
                self._counts.unreadable += 1
                if self._unreadable is not None:
                    self._unreadable(name, line, str(problem))
                continue
            own += record.own()
            legs += record.of_its_call()
            out += record.call_out(self._layout)
        with self._database.write() as connection:
            self._counts.details += put_details(connection, own, own=True) + put_details(connection, legs, own=False)
            self._counts.calls_out += put_calls_out(connection, self._site, out)


class _Record:
    """What is wanted of one record."""

    def __init__(self, places: Mapping[str, int], row: Sequence[str], layout: Layout) -> None:
        def value(field: str) -> str:
            place = places.get(field)
            return clean(row[place].strip())[:_LONGEST] if place is not None and place < len(row) else ""

        self.uniqueid, self.linkedid = value("uniqueid"), value("linkedid")
        if not self.uniqueid:
            raise _Unreadable(_("no uniqueid"))
        self.dst, self.src, self.context = value("dst"), value("src"), value("context")
        queued = value("application").casefold() == "queue"
        # What led into the queue is what was dialled, where the records name no number of their own.
        self.did = value("did") or ("" if "did" in places or not queued else self.dst)
        self.recording = value("recording")
        self.queued = queued
        self.talk = int(value("talk")) if value("talk").isdecimal() else 0
        self.at = _instant(value("at"), layout.zone) if "at" in places else None

    def own(self) -> list[tuple[str, str, str]]:
        """Return what is known of the call whose channel this is."""
        return [(self.uniqueid, self.did, self.recording)] if self.did or self.recording else []

    def of_its_call(self) -> list[tuple[str, str, str]]:
        """Return what a leg knows of the call that it belongs to."""
        if not self.linkedid or self.linkedid == self.uniqueid:
            return []
        return [(self.linkedid, self.did, self.recording)] if self.did or self.recording else []

    def call_out(self, layout: Layout) -> list[tuple[int, str, str, str, int]]:
        """Return the call out that this is a record of, if it is one."""
        dialled = any(sign.isdigit() for sign in self.dst)
        if self.at is None or self.queued or not dialled or self.context not in layout.outgoing:
            return []
        return [(self.at, self.uniqueid, self.dst, self.src, self.talk)]


def _instant(text: str, zone: tzinfo) -> int:
    """Return epoch seconds of a record's time; raises `_Unreadable`."""
    try:
        if re.fullmatch(r"\d{9,10}(\.\d+)?", text):
            return int(float(text))
        at = datetime.fromisoformat(text)
        return int((at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC).timestamp())
    except (ValueError, OverflowError):
        raise _Unreadable(_("“{text}” is no time").format(text=text[:40])) from None


# --- the form of the file ---


def _reader(line: str, text: TextIO, name: str) -> tuple[Any, list[str]]:
    """Return a reader of the rows after the first, and the first, which `line` begins."""
    delimiter = max(",;\t|", key=line.count)
    if not line.count(delimiter) or "\0" in line:
        raise _no_records(name)
    csv.field_size_limit(1 << 20)
    lines = chain([line], (part.replace("\0", "") for part in text))
    reader = csv.reader(lines, delimiter=delimiter)
    return reader, next(reader)


def _numbered(rows: Iterator[list[str]], reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that hold anything, each with the number of its line."""
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as problem:
            message = _("Line {line} of the call records cannot be read: {reason}.")
            raise UsageProblem(message.format(line=reader.line_num, reason=problem)) from problem
        if row:
            yield reader.line_num, row


def _no_records(name: str) -> UsageProblem:
    return UsageProblem(
        _("“{path}” does not look like call records.").format(path=name),
        remedy=_("It must be a CSV with a header, or one of Asterisk's cdr_csv."),
    )


def _places(first: Sequence[str], wanted: Mapping[str, str], name: str) -> tuple[dict[str, int], bool]:
    """Return at which place of a row each field stands, and whether the first row is a header."""
    header = [cell.strip().strip("\ufeff").casefold() for cell in first]
    known = {alias for aliases in FIELDS.values() for alias in aliases}
    named = sum(cell in known for cell in header) >= 2 or any(text.casefold() in header for text in wanted.values())
    columns = header if named else _cdr_csv_columns(first)
    places = {
        field: columns.index(alias)
        for field, aliases in FIELDS.items()
        for alias in reversed(aliases)
        if alias in columns
    }
    for field, column in wanted.items():
        places[field] = _place_of(column, columns, header)
    if "uniqueid" not in places:
        raise _without_uniqueid(name) if len(first) >= len(_CDR_CSV) or named else _no_records(name)
    return places, named


def _without_uniqueid(name: str) -> UsageProblem:
    return UsageProblem(
        _("The call records in “{path}” have no uniqueid, so nobody can tell which calls they are of.").format(
            path=name
        ),
        remedy=_("Set loguniqueid=yes under [csv] in cdr.conf, or name its column: --column uniqueid=NAME."),
    )


def _place_of(column: str, columns: Sequence[str], first: Sequence[str]) -> int:
    if column.isdecimal() and 1 <= int(column) <= len(first):
        return int(column) - 1
    if column.casefold() in columns:
        return columns.index(column.casefold())
    message = _("There is no column “{column}” in the call records.").format(column=column)
    near = nearest(column.casefold(), [*columns, *first])
    remedy = (
        _("Did you mean {names}?").format(names=", ".join(near)) if near else _("Columns also have numbers, from 1.")
    )
    raise UsageProblem(message, remedy=remedy)


def _cdr_csv_columns(first: Sequence[str]) -> list[str]:
    """Return the columns of a row that Asterisk's cdr_csv wrote, which depend on its cdr.conf."""
    if len(first) < len(_CDR_CSV):
        return []
    more = list(first[len(_CDR_CSV) :])
    new = ["peeraccount", "linkedid", "sequence"] if len(more) >= 3 else []
    before = len(more) - len(new)
    names = ["uniqueid"] if before and _UNIQUEID.match(more[0]) else []
    names += ["userfield"] * (before - len(names))
    return [*_CDR_CSV, *names, *new]
