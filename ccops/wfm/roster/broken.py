"""Which hard rules a roster breaks, in milliseconds: the check behind every drag, swap and leave.

Written over what people see (dates, times, breaks), not over the solver's numbers, so that a shift whose times were
changed by hand is judged by its own times.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ccops.i18n import _
from ccops.wfm.roster.model import DAY_OFF, Before, Break, Contract, Person, Plan, Shift
from ccops.wfm.roster.result import Assignment

_DAY = 24 * 60
_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A hard rule that a roster breaks."""

    person: str
    rule: str
    """twice, leave, fixed, weekday, availability, skill, day_hours, break, rest, follower, days_in_row,
    least_days_in_row, days_off, period_hours, week_hours, weekends or shift_count."""
    days: tuple[date, ...]
    """The days to look at; empty for the whole horizon."""
    text: str
    """For a person to read."""


def broken_rules(
    plan: Plan, assignments: Iterable[Assignment], people: Collection[str] | None = None
) -> list[BrokenRule]:
    """Return every hard rule that the assignments break, for some people or for all; days not named are off.

    Assignments of unknown people and outside the horizon are passed over.
    """
    book = _Book(plan)
    rows: dict[str, list[Assignment]] = defaultdict(list)
    for one in assignments:
        if one.works and 0 <= plan.place_of(one.day) < plan.days:
            rows[one.person].append(one)
    found: list[BrokenRule] = []
    for person in plan.people:
        if people is None or person.id in people:
            found += _Judge(book, person, sorted(rows[person.id], key=lambda one: one.day)).run()
    return found


class _Book:
    """The plan, sorted for looking up."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.shifts: Mapping[str, Shift] = {shift.name: shift for shift in plan.all_shifts()}
        self.contracts = {contract.name: contract for contract in plan.contracts}
        self.leave: dict[str, dict[date, int]] = defaultdict(dict)
        for leave in plan.leave:
            self.leave[leave.person][leave.day] = leave.minutes
        self.fixed = {(one.person, one.day): one.shift for one in plan.fixed}
        self.before = {one.person: one for one in plan.before}
        self.zone = plan.zone

    def gained(self, day: date) -> int:
        """Return by how many minutes the night before a day is longer than usual."""
        if self.zone is None:
            return 0
        noons = [datetime.combine(one, time(12), self.zone).utcoffset() for one in (day - timedelta(days=1), day)]
        return int(((noons[0] or timedelta()) - (noons[1] or timedelta())).total_seconds() // 60)


class _Judge:
    """Judges one person's row."""

    def __init__(self, book: _Book, person: Person, row: list[Assignment]) -> None:
        self.book, self.plan, self.person = book, book.plan, person
        self.contract: Contract = book.contracts[person.contract]
        self.leave = book.leave.get(person.id, {})
        self.before = book.before.get(person.id, Before(person.id, 0, 0))
        self.row = row
        self.by_day = {one.day: one for one in row}

    def run(self) -> list[BrokenRule]:
        """Return everything that is broken."""
        parts = (self._twice, self._days, self._rest, self._runs, self._hours, self._weekends, self._counts)
        return [broken for part in parts for broken in part()]

    def _broken(self, rule: str, days: Iterable[date], text: str) -> BrokenRule:
        return BrokenRule(self.person.id, rule, tuple(days), text)

    # --- single days ---

    def _twice(self) -> Iterator[BrokenRule]:
        for day, count in Counter(one.day for one in self.row).items():
            if count > 1:
                yield self._broken("twice", [day], _("two shifts on one day"))

    def _days(self) -> Iterator[BrokenRule]:
        for one in self.row:
            fixed = self.book.fixed.get((self.person.id, one.day))
            if one.day in self.leave:
                yield self._broken("leave", [one.day], _("is on leave"))
            elif fixed is not None and fixed != one.shift:
                text = _("is fixed to “{shift}”").format(shift=fixed or _("day off"))
                yield self._broken("fixed", [one.day], text)
            elif fixed is None:
                yield from self._fits(one)
            yield from self._breaks(one)
        for (person, day), shift in self.book.fixed.items():
            missing = shift != DAY_OFF and day not in self.by_day and day not in self.leave
            if person == self.person.id and missing and 0 <= self.plan.place_of(day) < self.plan.days:
                yield self._broken("fixed", [day], _("is fixed to “{shift}”").format(shift=shift))

    def _fits(self, one: Assignment) -> Iterator[BrokenRule]:
        shift, weekday = self.book.shifts.get(one.shift), one.day.weekday()
        if shift is not None and weekday not in shift.weekdays:
            text = _("“{shift}” is not worked on this weekday").format(shift=one.shift)
            yield self._broken("weekday", [one.day], text)
        windows = self.person.hours.get(weekday)
        if windows is not None and not any(begin <= one.start and one.end <= end for begin, end in windows):
            yield self._broken("availability", [one.day], _("is not available from {hours}").format(hours=_hours(one)))
        if one.queue and one.queue not in self.person.skills:
            yield self._broken("skill", [one.day], _("lacks the skill “{queue}”").format(queue=one.queue))
        most = self.contract.day_max
        if most is not None and one.paid > most:
            yield self._broken("day_hours", [one.day], _above(_("hours in a day"), one.paid / 60, most / 60))
        if self.contract.max_shifts.get(one.shift) == 0:
            text = _("the contract excludes “{shift}”").format(shift=one.shift)
            yield self._broken("shift_count", [one.day], text)

    def _breaks(self, one: Assignment) -> Iterator[BrokenRule]:
        ends = one.start
        for placed in sorted(one.breaks, key=lambda placed: placed.start):
            if placed.start < ends or placed.start + placed.minutes > one.end:
                text = _("“{name}” lies outside the shift or in another break").format(name=placed.name)
                yield self._broken("break", [one.day], text)
            ends = placed.start + placed.minutes
        shift = self.book.shifts.get(one.shift)
        if shift is not None and one.breaks and (one.start, one.minutes) == (shift.start, shift.minutes):
            yield from self._windows(one, shift.breaks)

    def _windows(self, one: Assignment, rules: tuple[Break, ...]) -> Iterator[BrokenRule]:
        if len(one.breaks) != len(rules):
            yield self._broken("break", [one.day], _("breaks are missing or too many"))
            return
        for placed, rule in zip(one.breaks, rules, strict=True):
            if not rule.earliest <= placed.start - one.start <= rule.latest:
                text = _("“{name}” lies outside its window").format(name=placed.name)
                yield self._broken("break", [one.day], text)

    # --- days beside each other ---

    def _rest(self) -> Iterator[BrokenRule]:
        for before, after in itertools.pairwise(self.row):
            if after.day - before.day == timedelta(days=1):
                yield from self._night(before.end, before.shift, after)
        last = self.book.shifts.get(self.before.last_shift)
        first = self.by_day.get(self.plan.first)
        if last is not None and first is not None and self.before.days_worked:
            yield from self._night(last.start + last.minutes, last.name, first)

    def _night(self, end: int, name: str, after: Assignment) -> Iterator[BrokenRule]:
        rest = _DAY + self.book.gained(after.day) + after.start - end
        if rest < self.contract.min_rest:
            text = _("{rest:.1f} h of rest, at least {least:.1f}").format(
                rest=rest / 60, least=self.contract.min_rest / 60
            )
            yield self._broken("rest", [after.day - timedelta(days=1), after.day], text)
        shift = self.book.shifts.get(name)
        if shift is not None and after.shift in shift.not_next_day:
            text = _("“{after}” may not follow “{before}”").format(after=after.shift, before=name)
            yield self._broken("follower", [after.day - timedelta(days=1), after.day], text)

    def _runs(self) -> Iterator[BrokenRule]:
        works = [self.plan.date_of(day) in self.by_day for day in range(self.plan.days)]
        begin = 0
        for working, group in itertools.groupby(works):
            length = len(list(group))
            yield from self._run(working, begin, begin + length)
            begin += length
        yield from self._run_before(works)

    def _run(self, working: bool, first: int, last: int) -> Iterator[BrokenRule]:
        """Judge a run; one that touches the end may go on, one that touches an unknown past may have begun there."""
        length, past = last - first, self.before.days_worked if working else self.before.days_off
        known = bool(self.before.days_worked or self.before.days_off)
        if first == 0 and (working or not self.before.days_worked):
            length += past
        days = [self.plan.date_of(day) for day in range(first, last)]
        most = self.contract.max_days_in_row
        if working and length > most:
            yield self._broken("days_in_row", days, _above(_("days in a row"), length, most))
        whole = last < self.plan.days and (first > 0 or known)
        least = self.contract.min_days_in_row if working else self.contract.min_days_off
        if whole and length < least and not self._excused(working, first, last):
            rule = "least_days_in_row" if working else "days_off"
            name = _("days in a row") if working else _("days off in a row")
            yield self._broken(rule, days, _below(name, length, least))

    def _excused(self, working: bool, first: int, last: int) -> bool:
        """Say whether leave made a run short: it ends a run of work, and does not ask for more days off."""
        days = (first - 1, last) if working else range(first, last)
        return any(self.plan.date_of(day) in self.leave for day in days)

    def _run_before(self, works: list[bool]) -> Iterator[BrokenRule]:
        """Judge the run before the horizon where it ends with it."""
        before, contract, first = self.before, self.contract, [self.plan.first]
        if works[0] and not before.days_worked and 0 < before.days_off < contract.min_days_off:
            yield self._broken(
                "days_off", first, _below(_("days off in a row"), before.days_off, contract.min_days_off)
            )
        if not works[0] and 0 < before.days_worked < contract.min_days_in_row and first[0] not in self.leave:
            text = _below(_("days in a row"), before.days_worked, contract.min_days_in_row)
            yield self._broken("least_days_in_row", first, text)

    # --- sums ---

    def _hours(self) -> Iterator[BrokenRule]:
        contract, plan = self.contract, self.plan
        credit = {day: paid for day, paid in self.leave.items() if 0 <= plan.place_of(day) < plan.days}
        yield from self._sum(
            "period_hours", _("hours of the period"), (), credit, contract.min_minutes, contract.max_minutes
        )
        if contract.week_min or contract.week_max is not None:
            weeks: dict[date, list[date]] = defaultdict(list)
            for day in map(plan.date_of, range(plan.days)):
                weeks[day - timedelta(days=day.weekday())].append(day)
            for days in weeks.values():
                least = contract.week_min * len(days) // 7
                yield from self._sum("week_hours", _("hours of the week"), days, credit, least, contract.week_max)

    def _sum(
        self, rule: str, name: str, days: Collection[date], credit: Mapping[date, int], least: int, most: int | None
    ) -> Iterator[BrokenRule]:
        """Judge paid minutes: leave counts towards the least, and takes its share of the most."""
        worked = sum(one.paid for one in self.row if not days or one.day in days)
        away = sum(paid for day, paid in credit.items() if not days or day in days)
        if most is not None and worked > max(0, most - away):
            yield self._broken(rule, days, _above(name, (worked + away) / 60, most / 60))
        if worked + away < least:
            yield self._broken(rule, days, _below(name, (worked + away) / 60, least / 60))

    def _weekends(self) -> Iterator[BrokenRule]:
        most = self.contract.max_weekends
        if most is None:
            return
        found: dict[date, date] = {}
        for one in self.row:
            late = one.day == self.plan.first and one.day.weekday() == _SUNDAY and self.before.days_worked
            if one.day.weekday() >= _SATURDAY and not late:
                found[one.day - timedelta(days=one.day.weekday())] = one.day
        if len(found) > most:
            yield self._broken("weekends", found.values(), _above(_("weekends with work"), len(found), most))

    def _counts(self) -> Iterator[BrokenRule]:
        for shift, most in self.contract.max_shifts.items():
            days = [one.day for one in self.row if one.shift == shift]
            if 0 < most < len(days):
                yield self._broken(
                    "shift_count", days, _above(_("times “{shift}”").format(shift=shift), len(days), most)
                )


def _hours(one: Assignment) -> str:
    ends = one.end % _DAY
    return f"{one.start // 60:02}:{one.start % 60:02}-{ends // 60:02}:{ends % 60:02}"


def _above(what: str, value: float, most: float) -> str:
    return _("{what}: {value:g}, at most {most:g}").format(what=what, value=round(value, 2), most=round(most, 2))


def _below(what: str, value: float, least: float) -> str:
    return _("{what}: {value:g}, at least {least:g}").format(what=what, value=round(value, 2), least=round(least, 2))
