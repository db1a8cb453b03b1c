"""What the screen holds of the roster that is open: its draft, what it breaks and covers, and where the cursor is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from ccops.store.planning import DayRow
from ccops.tui.schedule.edit import Draft, Lifted
from ccops.tui.schedule.errands import Book, Cover, Planned, Verdict, Worker
from ccops.wfm.roster.broken import BrokenRule

WEEK = 7
ORDERS = ("team", "name", "start", "skill")
"""How people may be ordered: as in the team file, by name, by when they begin, by skill."""


@dataclass(slots=True)
class Sheet:
    """One roster on the screen."""

    book: Book
    day: date
    """The day of the cursor."""
    draft: Draft = field(init=False)
    verdict: Verdict | None = None
    """Of the draft as it is now, or was a moment ago."""
    began: Verdict | None = None
    """Of the roster as it was opened: what changes are measured against."""
    person: str = ""
    """The person of the cursor."""
    whole_day: bool = False
    """Hours across instead of days."""
    queue: str = ""
    """The queue of the curve; empty: all of them."""
    order: str = ORDERS[0]
    wanted: str = ""
    """Only people whose name or skill has this in it."""
    picked: Lifted | None = None
    """The shift that was picked up."""
    _shown: tuple[Worker, ...] | None = None
    _broken: Mapping[tuple[str, date], list[BrokenRule]] | None = None

    def __post_init__(self) -> None:
        self.draft = Draft({(row.person, row.day): row for row in self.book.rows})
        self.day = min(max(self.day, self.book.first), self.last)
        if self.book.people:
            self.person = self.book.people[0].id

    # --- days ---

    @property
    def last(self) -> date:
        """The last day of the roster."""
        return self.book.first + timedelta(days=self.book.days - 1)

    @property
    def week(self) -> tuple[date, ...]:
        """The days across: those of the cursor's week."""
        monday = self.day - timedelta(days=self.day.weekday())
        return tuple(monday + timedelta(days=offset) for offset in range(WEEK))

    def holds(self, day: date) -> bool:
        """Say whether a day is one of the roster's."""
        return self.book.first <= day <= self.last

    # --- people ---

    @property
    def people(self) -> tuple[Worker, ...]:
        """The people who are shown, in the order that was chosen."""
        if self._shown is None:
            words = self.wanted.casefold().split()
            people = [one for one in self.book.people if all(word in _said(one) for word in words)]
            self._shown = tuple(self._ordered(people))
        return self._shown

    def _ordered(self, people: list[Worker]) -> Sequence[Worker]:
        if self.order == "name":
            return sorted(people, key=lambda one: one.name.casefold())
        if self.order == "skill":
            return sorted(people, key=lambda one: (one.skills, one.name.casefold()))
        if self.order == "start":
            return sorted(people, key=lambda one: self._begins(one.id))
        return people

    def _begins(self, person: str) -> tuple[bool, int]:
        row = self.draft.row(person, self.day)
        return not row.shift, row.start

    def arrange(self, *, order: str | None = None, wanted: str | None = None) -> None:
        """Show other people, or in another order."""
        self.order = self.order if order is None else order
        self.wanted = self.wanted if wanted is None else wanted
        self._shown = None
        if self.people and self.person not in {one.id for one in self.people}:
            self.person = self.people[0].id

    @property
    def place(self) -> int:
        """The line of the cursor."""
        return next((place for place, one in enumerate(self.people) if one.id == self.person), 0)

    def to_place(self, place: int) -> None:
        """Put the cursor on a line."""
        if self.people:
            self.person = self.people[max(0, min(place, len(self.people) - 1))].id

    @property
    def worker(self) -> Worker | None:
        """The person under the cursor."""
        return next((one for one in self.people if one.id == self.person), None)

    def worker_of(self, person: str) -> Worker | None:
        """Return a person by id."""
        return next((one for one in self.book.people if one.id == person), None)

    def name_of(self, person: str) -> str:
        """Return a person's name."""
        found = self.worker_of(person)
        return found.name if found is not None else person

    # --- cells ---

    @property
    def row(self) -> DayRow:
        """The day under the cursor."""
        return self.draft.row(self.person, self.day)

    def away(self, person: str, day: date) -> str:
        """Return why a person is away on a day, or nothing."""
        return self.book.away.get((person, day), "")

    def planned(self, person: str, day: date) -> tuple[Planned, ...]:
        """Return a person's activities of a day."""
        return self.book.planned.get((person, day), ())

    def changed(self, person: str, day: date) -> bool:
        """Say whether a day is not as it was opened."""
        row, before = self.draft.rows.get((person, day)), self.draft.base.get((person, day))
        return row != before and bool((row and row.shift) or (before and before.shift))

    def broken(self, person: str, day: date) -> list[BrokenRule]:
        """Return the rules that a person's day has a part in breaking."""
        if self._broken is None:
            self._broken = self._by_cell()
        return self._broken.get((person, day), [])

    def _by_cell(self) -> dict[tuple[str, date], list[BrokenRule]]:
        found: dict[tuple[str, date], list[BrokenRule]] = {}
        for one in self.verdict.broken if self.verdict is not None else ():
            for day in one.days:
                found.setdefault((one.person, day), []).append(one)
        return found

    def broken_by(self, person: str) -> list[BrokenRule]:
        """Return the rules that a person breaks."""
        return [one for one in self.verdict.broken if one.person == person] if self.verdict is not None else []

    def judged(self, verdict: Verdict, *, clean: bool) -> None:
        """Take in what the planner says; `clean`: of the roster as it was opened."""
        self.verdict, self._broken = verdict, None
        if clean:
            self.began = verdict

    # --- cover ---

    @property
    def covers(self) -> tuple[Cover, ...]:
        """What the curve shows."""
        found = self.verdict.cover if self.verdict is not None else ()
        return tuple(one for one in found if self.queue in ("", one.queue))

    def missing_on(self, day: date) -> float | None:
        """Return the agent hours that a day lacks in the queues that are shown; None where nothing is required."""
        place = (day - self.book.first).days
        if not self.covers or not 0 <= place < self.book.days:
            return None
        hours = self.book.interval / 60
        return sum(
            max(0.0, required - scheduled)
            for one in self.covers
            for required, scheduled in zip(one.required[place], one.scheduled[place], strict=True)
        ) * hours  # fmt: skip

    def cover_on(self, day: date) -> list[tuple[float, float, float]]:
        """Return (required, scheduled, missing) of each interval of a day, over the queues that are shown."""
        place = (day - self.book.first).days
        if not self.covers or not 0 <= place < self.book.days:
            return []
        tables = [(one.required[place], one.scheduled[place]) for one in self.covers]
        return [
            (
                sum(required[slot] for required, _scheduled in tables),
                sum(scheduled[slot] for _required, scheduled in tables),
                sum(max(0.0, required[slot] - scheduled[slot]) for required, scheduled in tables),
            )
            for slot in range(len(tables[0][0]))
        ]

    def span_on(self, day: date) -> tuple[int, int]:
        """Return the hours of a day that are worth showing, as minutes after midnight; whole hours."""
        begins, ends = [], []
        for person in self.book.people:
            row = self.draft.row(person.id, day)
            if row.shift:
                begins.append(row.start)
                ends.append(row.start + row.minutes)
        needed = [slot for slot, one in enumerate(self.cover_on(day)) if one[0] > 0]
        if needed:
            begins.append(needed[0] * self.book.interval)
            ends.append((needed[-1] + 1) * self.book.interval)
        low, high = min(begins, default=8 * 60), max(ends, default=18 * 60)
        return low // 60 * 60, min(-(-high // 60) * 60, 30 * 60)


def _said(worker: Worker) -> str:
    return " ".join((worker.name, worker.id, worker.contract, *worker.skills)).casefold()
