"""What calendars are told: one event per person and day, its sequence raised by every change, cancelled at last."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from ccops.store.planning import DayRow, EventRow


def digest_of(row: DayRow) -> str:
    """Return a mark of what a calendar shows of a day; empty for a day off."""
    if not row.shift:
        return ""
    shown = json.dumps([row.shift, row.start, row.minutes, row.breaks], ensure_ascii=False)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def changed_events(known: Iterable[EventRow], rows: Iterable[DayRow], at: float) -> Iterator[EventRow]:
    """Yield the events that a publication adds, changes or cancels; what stays as it is keeps its sequence.

    `rows` are all that holds for the days of `known`: an event without a row is cancelled.
    """
    before: Mapping[tuple[str, date], EventRow] = {(event.person, event.day): event for event in known}
    worked = {(row.person, row.day): row for row in rows if row.shift}
    for key, row in worked.items():
        event, digest = before.get(key), digest_of(row)
        if event is None or event.digest != digest:
            sequence = 0 if event is None else event.sequence + 1
            yield EventRow(row.person, row.day, sequence, at, digest, row.shift, row.start, row.minutes, row.breaks)
    for key, event in before.items():
        if key not in worked and event.digest:
            yield EventRow(*key, event.sequence + 1, at, "", event.shift, event.start, event.minutes, event.breaks)
