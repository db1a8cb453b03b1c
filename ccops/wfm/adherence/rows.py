"""Rows of adherence from the store: per person and day, per person and interval, per person at this moment."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

from ccops.reports.periods import Period, day_of, day_period
from ccops.reports.rules import Rules
from ccops.reports.spans import Pause, Session, Span
from ccops.settings import Settings
from ccops.store import Database, derived, open_store, sums
from ccops.store import planning as store
from ccops.wfm.adherence.actual import Done, agent_of, done_by
from ccops.wfm.adherence.schedule import Asked, asked_days
from ccops.wfm.adherence.score import Score, score
from ccops.wfm.team.model import Member, Team
from ccops.wfm.team.read import team_of

_SITE = 1
_DAY = timedelta(days=1)


@dataclass
class Reader:
    """What adherence is made from."""

    database: Database
    team: Team
    rules: Rules
    zone: ZoneInfo

    @classmethod
    def opened(cls, settings: Settings) -> "Reader":
        """Open the store of a site; a team that nobody took in yet is empty."""
        path = settings.store.path
        database = open_store(path, read_only=not os.access(path, os.W_OK))
        found = store.team(database)
        team = Team() if found is None else team_of(found.document)
        return cls(database, team, Rules.of(settings), settings.zone)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.database.close()

    @property
    def known_to(self) -> int:
        """The instant after the last line of the log."""
        return int(self.database.meta(f"derived_to.{_SITE}") or 0) + 1

    def asked(self, period: Period) -> Mapping[str, list[Asked]]:
        """Return what was published for a period; shifts that began on the day before are among it."""
        first, last = day_of(period.start, self.zone) - _DAY, day_of(max(period.start, period.end - 1), self.zone)
        return asked_days(store.scheduled(self.database, first, last), self.team, self.zone)

    def done(self, start: int, end: int) -> Mapping[str, Done]:
        """Return what each agent did; nothing is known after the log's last line."""
        end = min(end, self.known_to)
        _queues, numbers = derived.names(self.database, _SITE)
        names = {number: name for name, number in numbers.items()}
        spans = sums.spans_between
        sessions = [
            Session(names[agent], "", since, until)
            for agent, _queue, since, until in spans(self.database.connection, "sessions", _SITE, start, end)
        ]
        pauses = [
            Pause(names[agent], str(reason), since, until)
            for agent, reason, since, until in spans(self.database.connection, "pauses", _SITE, start, end)
        ]
        return done_by(sessions, pauses, self.rules, start, end)

    def agents(self) -> list[str]:
        """Return every agent name of the history."""
        return sorted(derived.names(self.database, _SITE)[1])

    def static(self) -> set[str]:
        """Return the agents who never log in: nobody knows when they were there."""
        dynamic = set(derived.members(self.database, _SITE))
        return {name for name in self.agents() if name not in dynamic}


def day_rows(reader: Reader, period: Period, person: str | None = None) -> list[dict[str, Any]]:
    """Return a row per person and day of a period, what is over of it; persons without shift or work are left out.

    Work counts for the day on which the shift begins, also beyond midnight.
    """
    start, end = period.start, min(period.end, reader.known_to)
    rows: list[dict[str, Any]] = []
    if end <= start:
        return rows
    book = _Book(reader, Period(start, end), person)
    for member in book.members:
        for day, window in _days(reader.zone, book.asked.get(member.id, []), period):
            asked = [one for one in book.asked.get(member.id, []) if one.day == day]
            found = book.score(member, asked, (window[0], min(window[1], end)))
            if found.scheduled or found.worked:
                rows.append(book.row(member, found, day=day))
    rows.sort(key=lambda row: (row["day"], row["agent"]))
    return rows


def _days(zone: ZoneInfo, asked: Sequence[Asked], period: Period) -> Iterator[tuple[date, Span]]:
    """Yield each day of a period with the time that belongs to it: night shifts take the next morning with them."""
    day, last = day_of(period.start, zone), day_of(max(period.start, period.end - 1), zone)
    ends = {one.day: one.shift[1] for one in asked}
    while day <= last:
        whole = day_period(day, zone)
        start = max(whole.start, ends.get(day - _DAY, 0))
        yield day, (start, max(whole.end, ends.get(day, 0)))
        day += _DAY


def interval_rows(reader: Reader, period: Period, seconds: int, person: str | None = None) -> list[dict[str, Any]]:
    """Return a row per person and interval in which a shift is scheduled, of what is over."""
    end = min(period.end, reader.known_to)
    rows: list[dict[str, Any]] = []
    if end <= period.start:
        return rows
    book = _Book(reader, Period(period.start, end), person)
    for start in range(period.start, end, seconds):
        window = (start, min(start + seconds, end))
        for member in book.members:
            found = book.score(member, book.asked.get(member.id, []), window)
            if found.scheduled:
                rows.append(book.row(member, found, start=start))
    return rows


class _Book:
    """Schedule and deeds of a period, side by side."""

    def __init__(self, reader: Reader, period: Period, person: str | None) -> None:
        self.asked = reader.asked(period)
        # A night shift of the last day is followed to its end.
        self.done = reader.done(period.start - 86_400, period.end + 86_400)
        self.static = reader.static()
        self.names = {one.id: agent_of(one, reader.agents()) for one in reader.team.people}
        self.members = [one for one in reader.team.people if person in (None, one.id)]

    def score(self, member: Member, asked: Sequence[Asked], window: Span) -> Score:
        return score(asked, self.done.get(self.names[member.id], Done()), window)

    def row(self, member: Member, found: Score, **when: Any) -> dict[str, Any]:
        agent = self.names[member.id]
        static = agent in self.static
        return {
            "person": member.id,
            "agent": agent,
            **when,
            "scheduled": found.scheduled,
            "in_state": None if static else found.kept,
            "worked": found.worked,
            "adherence": None if static else found.adherence,
            "conformance": None if static else found.conformance,
            "static": static,
        }


StateOf = Callable[[Member], tuple[str, str, float | None]]
"""What a person does now: (phones, break, activity or off; words for it; since when)."""


def now_rows(asked: Mapping[str, list[Asked]], team: Team, now: float, state_of: StateOf) -> list[dict[str, Any]]:
    """Return who should be and who is in which state at this moment; people who neither should nor do are left out."""
    rows = []
    for member in team.people:
        today = next((one for one in asked.get(member.id, []) if one.shift[0] <= now < one.shift[1]), None)
        wanted = "off" if today is None else today.state_at(now)
        state, words, since = state_of(member)
        if wanted == "off" and state == "off":
            continue
        rows.append(
            {
                "person": member.id,
                "name": member.name,
                "scheduled": wanted,
                "until": None if today is None else today.until(now),
                "state": state,
                "detail": words,
                "since": since,
                "adherent": _fits(wanted, state),
            }
        )
    return rows


def _fits(wanted: str, state: str) -> bool:
    allowed = {
        "phones": {"phones"},
        "break": {"break", "off"},
        "activity": {"activity", "off"},
        "off": {"off"},
    }
    return state in allowed[wanted]
