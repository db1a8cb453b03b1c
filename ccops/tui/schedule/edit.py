"""Changing a roster by hand: a shift moved, stretched, given away, taken out, put in; undone and done again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ccops.store.planning import DayRow
from ccops.tui.schedule.errands import Changes, Key
from ccops.wfm.roster.model import Shift

DAY = 24 * 60
Breaks = tuple[tuple[str, int, int, bool], ...]


def hours_text(start: int, minutes: int) -> str:
    """Return the hours of a shift: 08:00-16:30."""
    return f"{clock(start)}-{clock(start + minutes)}"


def clock(minute: int) -> str:
    """Return a time of day: 08:00."""
    return f"{minute % DAY // 60:02}:{minute % 60:02}"


def day_off(person: str, day: date) -> DayRow:
    """Return a day without work."""
    return DayRow(0, person, day, "", 0, 0, 0, ())


def shift_row(person: str, day: date, shift: Shift, interval: int) -> DayRow:
    """Return a day with this shift, its breaks in the middle of their windows."""
    breaks = tuple(
        (one.name, shift.start + (one.earliest + one.latest) // 2 // interval * interval, one.minutes, one.paid)
        for one in shift.breaks
    )
    return DayRow(0, person, day, shift.name, shift.start, shift.minutes, shift.paid, breaks)


def moved(row: DayRow, by: int, shifts: Sequence[Shift]) -> DayRow | None:
    """Return the shift some minutes later (or earlier), breaks with it; None where it would leave its day."""
    start = row.start + by
    if not 0 <= start < DAY:
        return None
    breaks = tuple((name, at + by, minutes, paid) for name, at, minutes, paid in row.breaks)
    return _named(row, replace(row, start=start, breaks=breaks), shifts)


def stretched(row: DayRow, by: int, shifts: Sequence[Shift], shortest: int) -> DayRow | None:
    """Return the shift longer (or shorter) at its end; None where nothing would be left, or more than a day.

    Breaks that would lie outside are drawn in, and fall away where there is no room for them.
    """
    minutes = row.minutes + by
    if not max(shortest, 1) <= minutes <= DAY:
        return None
    breaks = _inside(row.breaks, row.start, row.start + minutes)
    paid = minutes - sum(length for _name, _at, length, is_paid in breaks if not is_paid)
    if paid <= 0:
        return None
    return _named(row, replace(row, minutes=minutes, paid=paid, breaks=breaks), shifts)


def _inside(breaks: Breaks, start: int, end: int) -> Breaks:
    kept: list[tuple[str, int, int, bool]] = []
    limit = end
    for name, at, minutes, paid in sorted(breaks, key=lambda one: one[1], reverse=True):
        begins = min(at, limit - minutes)
        if begins >= start:
            kept.append((name, begins, minutes, paid))
            limit = begins
    return tuple(reversed(kept))


def break_moved(row: DayRow, index: int, by: int) -> DayRow | None:
    """Return the shift with one of its breaks moved; None where it would leave the shift or touch another."""
    name, at, minutes, paid = row.breaks[index]
    begins = at + by
    others = [one for place, one in enumerate(row.breaks) if place != index]
    free = all(begins + minutes <= start or start + length <= begins for _name, start, length, _paid in others)
    if not free or begins < row.start or begins + minutes > row.start + row.minutes:
        return None
    return replace(row, breaks=tuple(sorted([*others, (name, begins, minutes, paid)], key=lambda one: one[1])))


def _named(before: DayRow, after: DayRow, shifts: Sequence[Shift]) -> DayRow:
    """Return the row under the name that its new hours have, where a name says hours or is that of a template."""
    times = (after.start, after.minutes)
    known = [shift.name for shift in shifts if (shift.start, shift.minutes) == times]
    if before.shift in known:
        return after
    old = hours_text(before.start, before.minutes)
    if before.shift.endswith(old):
        return replace(after, shift=before.shift[: -len(old)] + hours_text(*times))
    return replace(after, shift=known[0]) if known else after


def given(now: Changes, row: DayRow, person: str, skills: Sequence[str]) -> dict[Key, DayRow]:
    """Return the days that change when a shift goes to somebody, who gives their own of that day in return."""
    back = now.get((person, row.day)) or day_off(person, row.day)
    taken = replace(row, person=person, queue=row.queue if row.queue in skills else "")
    kept = back.queue if back.queue == row.queue else ""  # whoever worked for it has the skill
    return {(person, row.day): taken, (row.person, row.day): replace(back, person=row.person, queue=kept)}


@dataclass(slots=True)
class Lifted:
    """A shift that was picked up: as it was, as it is now, and how many steps were done before."""

    origin: DayRow
    now: DayRow
    count: int

    def changes(self, rows: Changes, skills: Sequence[str]) -> dict[Key, DayRow] | None:
        """Return what is different where it is now; None where somebody works there on another day already.

        `rows` are those from before it was picked up: whoever it passed over has their own day again.
        """
        origin, now = self.origin, self.now
        if now.day == origin.day:
            if now.person == origin.person:
                return {(now.person, now.day): now}
            return given(rows, replace(now, person=origin.person), now.person, skills)
        there = rows.get((now.person, now.day))
        if there is not None and there.shift:
            return None
        row = replace(now, queue=now.queue if now.queue in skills else "")
        return {(origin.person, origin.day): day_off(origin.person, origin.day), (row.person, row.day): row}


@dataclass(slots=True)
class Draft:
    """A roster being changed: the days it began with, those now, and the steps between."""

    base: Mapping[Key, DayRow]
    rows: dict[Key, DayRow] = field(default_factory=dict)
    done: list[dict[Key, tuple[DayRow | None, DayRow]]] = field(default_factory=list)
    undone: list[dict[Key, tuple[DayRow | None, DayRow]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = dict(self.base)

    def row(self, person: str, day: date) -> DayRow:
        """Return a person's day."""
        return self.rows.get((person, day)) or day_off(person, day)

    def apply(self, changes: Changes) -> bool:
        """Change some days as one step; False where nothing would be different."""
        step = {key: (self.rows.get(key), row) for key, row in changes.items() if self.rows.get(key) != row}
        if not step:
            return False
        self.rows |= {key: after for key, (_before, after) in step.items()}
        self.done.append(step)
        self.undone.clear()
        return True

    def undo(self) -> Sequence[Key]:
        """Take the last step back; returns the days that it was about, none where there is no step."""
        if not self.done:
            return []
        step = self.done.pop()
        for key, (before, _after) in step.items():
            self._put(key, before)
        self.undone.append(step)
        return list(step)

    def redo(self) -> Sequence[Key]:
        """Do the last step that was undone again."""
        if not self.undone:
            return []
        step = self.undone.pop()
        for key, (_before, after) in step.items():
            self._put(key, after)
        self.done.append(step)
        return list(step)

    def back_to(self, count: int) -> None:
        """Undo until there are that many steps, for good."""
        while len(self.done) > count:
            self.undo()
            self.undone.pop()

    def changes(self) -> dict[Key, DayRow]:
        """Return the days that are different from those it began with."""
        return {key: row for key, row in self.rows.items() if self.base.get(key, None if row.shift else row) != row}

    def _put(self, key: Key, row: DayRow | None) -> None:
        if row is None:
            self.rows.pop(key, None)
        else:
            self.rows[key] = row
