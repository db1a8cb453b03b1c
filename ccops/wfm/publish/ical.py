"""A person's shifts as a calendar (RFC 5545): stable UIDs, rising sequence, times in the site's zone with its rules."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.store.planning import EventRow
from ccops.wfm.publish.zones import timezone_lines
from ccops.wfm.team.words import clock_text

_LONGEST = 75
"""Octets of a line; longer ones are folded (RFC 5545, 3.1)."""


def calendar_of(
    person: str, name: str, events: Sequence[EventRow], mark: str, zone: ZoneInfo, *, days: tuple[date, date]
) -> str:
    """Return the calendar of one person with the events of `days` (first, last); cancelled ones are told too.

    `mark` is that of the store, which keeps events of different centres apart.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//ccops//roster//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(_('Shifts of {name}').format(name=name))}",
        *timezone_lines(zone, days[0], days[1] + timedelta(days=2)),
        *(line for event in events for line in _event(person, event, mark, zone)),
        "END:VCALENDAR",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def uid_of(person: str, day: date, mark: str) -> str:
    """Return the identifier of a person's day: the same in every publication."""
    digest = hashlib.sha256(f"{mark}\0{person}".encode()).hexdigest()[:20]
    return f"{day:%Y%m%d}-{digest}@ccops"


def _event(person: str, event: EventRow, mark: str, zone: ZoneInfo) -> Iterator[str]:
    stamp = datetime.fromtimestamp(event.at, UTC).strftime("%Y%m%dT%H%M%SZ")
    yield "BEGIN:VEVENT"
    yield f"UID:{uid_of(person, event.day, mark)}"
    yield f"DTSTAMP:{stamp}"
    yield f"LAST-MODIFIED:{stamp}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"STATUS:{'CONFIRMED' if event.digest else 'CANCELLED'}"
    yield f"SUMMARY:{_escaped(event.shift)}"
    yield _at("DTSTART", event.day, event.start, zone)
    yield _at("DTEND", event.day, event.start + event.minutes, zone)
    if event.breaks:
        lines = [
            f"{name} {clock_text(start)}-{clock_text(start + length)}" for name, start, length, _paid in event.breaks
        ]
        yield f"DESCRIPTION:{_escaped(chr(10).join(lines))}"
    yield f"TRANSP:{'OPAQUE' if event.digest else 'TRANSPARENT'}"
    yield "END:VEVENT"


def _at(name: str, day: date, minutes: int, zone: ZoneInfo) -> str:
    """Return a local time with its zone; one that the clock skips is moved on as the clock is."""
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    real = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    if zone.key == "UTC":
        return f"{name}:{real:%Y%m%dT%H%M%S}Z"
    return f"{name};TZID={zone.key}:{real:%Y%m%dT%H%M%S}"


def _escaped(text: str) -> str:
    parts = [clean(part) for part in text.split("\n")]
    text = "\n".join(parts)
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterable[str]:
    """Yield a line in pieces of at most 75 octets that never cut a letter; all but the first begin with a space."""
    piece, size = "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _LONGEST:
            yield piece
            piece, size = " ", 1
        piece, size = piece + letter, size + width
    yield piece
