"""What would help for the rest of a day, each with its effect: breaks moved, skills used, overtime, release."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ccops.i18n import _
from ccops.store.planning import DayRow
from ccops.wfm.follow.day import Effect, Today, effect_of
from ccops.wfm.history import Array
from ccops.wfm.roster import Break, check
from ccops.wfm.team.model import Team
from ccops.wfm.team.words import clock_text

OVERTIME: Final = (30, 60, 90, 120)
"""Minutes that somebody may be asked to stay or to come before."""
MOST: Final = 12
_WORTH: Final = 0.2
"""Agent hours that a suggestion must save."""
_RELEASE: Final = 60
"""Minutes that a release must be worth."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing to do."""

    kind: str
    """absent, break, skills, overtime or release."""
    person: str
    queue: str
    start: int
    """Minutes after midnight."""
    end: int
    text: str
    before: Effect
    after: Effect
    minutes: int = 0
    """Paid minutes more (overtime), or fewer (release, negative)."""

    @property
    def saves(self) -> float:
        """Agent hours that are no longer missing."""
        return self.before.missing - self.after.missing


def suggestions(
    today: Today, present: Mapping[str, bool] | None = None, members: Mapping[str, Sequence[str]] | None = None
) -> list[Suggestion]:
    """Return what would help, most helpful first.

    `present` says of each person who should be on the phones now whether they are; `members` in which queues people
    are on the PBX. Both are left out where nobody knows.
    """
    if not today.queues or not today.rows:
        return []
    helper = _Helper(today, present or {}, members)
    found = [*helper.absent(), *helper.skills(), *helper.breaks(), *helper.overtime()]
    useful = [one for one in found if one.saves >= _WORTH]
    useful.sort(key=lambda one: (-one.saves, one.minutes, one.person))
    return [*_best(useful)[:MOST], *helper.release()]


def _best(found: Sequence[Suggestion]) -> list[Suggestion]:
    """Return the best of each kind and person."""
    seen: dict[tuple[str, str], Suggestion] = {}
    for one in found:
        seen.setdefault((one.kind, one.person), one)
    return list(seen.values())


class _Helper:
    def __init__(self, today: Today, present: Mapping[str, bool], members: Mapping[str, Sequence[str]] | None) -> None:
        self.today, self.present, self.members = today, present, members
        self.rows = [row for row in self._really() if row.shift]
        self.before = effect_of(today, self.rows)
        self.now = today.place * today.interval

    def _really(self) -> Iterator[DayRow]:
        """Yield the rows without those who should be there and are not."""
        for row in self.today.rows:
            if self.present.get(row.person, True):
                yield row

    def _name(self, person: str) -> str:
        member = self.today.team.member(person)
        return member.name if member is not None else person

    def _try(
        self, kind: str, row: DayRow, rows: Sequence[DayRow], text: str, span: tuple[int, int], minutes: int = 0
    ) -> Suggestion:
        after = effect_of(self.today, rows)
        helped = {name: hours - after.lacking[name] for name, hours in self.before.lacking.items()}
        queue = max(helped, key=lambda name: helped[name])
        return Suggestion(kind, row.person, queue, *span, text, self.before, after, minutes)

    def _with(self, changed: DayRow) -> list[DayRow]:
        return [changed if row.person == changed.person else row for row in self.rows]

    # --- kinds ---

    def absent(self) -> Iterator[Suggestion]:
        """Who should be on the phones now and is not."""
        for row in self.today.rows:
            if row.shift and not self.present.get(row.person, True):
                text = _("{person} should be on the phones now").format(person=self._name(row.person))
                yield self._try("absent", row, [*self.rows, row], text, (self.now, row.start + row.minutes))

    def skills(self) -> Iterator[Suggestion]:
        """Who could serve a queue that lacks agents, and is not a member of it on the PBX."""
        if self.members is None:
            return
        scheduled = self.today.scheduled(self.rows)
        for queue in self.today.queues:
            lacking = queue.needed.agents[0][self.today.place :] > scheduled[queue.queue][self.today.place :]
            if not lacking.any():
                continue
            for row in self.rows:
                yield from self._skill(row, queue.queue)

    def _skill(self, row: DayRow, queue: str) -> Iterator[Suggestion]:
        member = self.today.team.member(row.person)
        known = (self.members or {}).get(row.person)
        if member is None or known is None or queue not in member.skills or queue in known:
            return
        if not row.start <= self.now < row.start + row.minutes:
            return
        text = _("log {person} into {queue}").format(person=member.name, queue=queue)
        blind = replace(self.today, team=_without_skill(self.today, row.person, queue))
        before = effect_of(blind, self.rows)
        yield Suggestion("skills", row.person, queue, self.now, row.start + row.minutes, text, before, self.before)

    def breaks(self) -> Iterator[Suggestion]:
        """Breaks to come that could lie elsewhere in their window."""
        shifts = {shift.name: shift for shift in self.today.plan.all_shifts()}
        for row in self.rows:
            shift = shifts.get(row.shift)
            if shift is None or len(shift.breaks) != len(row.breaks):
                continue
            for place, rule in enumerate(shift.breaks):
                yield from self._moved(row, place, rule)

    def _moved(self, row: DayRow, place: int, rule: Break) -> Iterator[Suggestion]:
        name, start, minutes, paid = row.breaks[place]
        if start < self.now + self.today.interval:
            return
        for at in range(row.start + rule.earliest, row.start + rule.latest + 1, self.today.interval):
            moved = (*row.breaks[:place], (name, at, minutes, paid), *row.breaks[place + 1 :])
            if at == start or at < self.now or _overlap(moved):
                continue
            text = _("{person}: {name} at {to} instead of {start}").format(
                person=self._name(row.person), name=name, to=clock_text(at), start=clock_text(start)
            )
            yield self._try("break", row, self._with(replace(row, breaks=moved)), text, (at, at + minutes))

    def overtime(self) -> Iterator[Suggestion]:
        """Who could stay longer or come earlier, by the rules."""
        for row in self.rows:
            for minutes in OVERTIME:
                end = row.start + row.minutes
                if end > self.now:
                    longer = replace(row, minutes=row.minutes + minutes, paid=row.paid + minutes)
                    yield from self._stretched(row, longer, minutes, (end, end + minutes))
                if row.start - minutes >= self.now + self.today.interval:
                    earlier = replace(
                        row, start=row.start - minutes, minutes=row.minutes + minutes, paid=row.paid + minutes
                    )
                    yield from self._stretched(row, earlier, minutes, (row.start - minutes, row.start))

    def _stretched(self, row: DayRow, longer: DayRow, minutes: int, span: tuple[int, int]) -> Iterator[Suggestion]:
        slots = slice(span[0] // self.today.interval, -(-span[1] // self.today.interval))
        scheduled = self.today.scheduled(self.rows)
        lacks = any((queue.needed.agents[0] > scheduled[queue.queue])[slots].any() for queue in self.today.queues)
        if not lacks or self._breaks_rules(longer):
            return
        text = _("{person} works {start}–{end} too").format(
            person=self._name(row.person), start=clock_text(span[0]), end=clock_text(span[1])
        )
        yield self._try("overtime", row, self._with(longer), text, span, minutes)

    def _breaks_rules(self, row: DayRow) -> bool:
        """Say whether a longer day would break a rule of the day itself: hours and availability."""
        plan = self.today.plan
        broken = check(plan, self.today.assignments([row]), people=[row.person])
        return any(one.rule in ("day_hours", "availability") for one in broken)

    def release(self) -> list[Suggestion]:
        """Who could go home earlier without anybody missing; each with those before already gone."""
        rows, found = list(self.rows), []
        for row in sorted(self.rows, key=lambda row: row.start + row.minutes):
            base = effect_of(self.today, rows)
            for end in range(max(self.now + self.today.interval, row.start), row.start + row.minutes - _RELEASE + 1,
                             self.today.interval):  # fmt: skip
                others = [_until(row, end) if one is row else one for one in rows]
                after = effect_of(self.today, others)
                if after.missing <= base.missing + 1e-9 and _holds(self.today, base, after) and not _within(row, end):
                    found.append(self._released(row, end, base, after))
                    rows = others
                    break
        return found[:MOST]

    def _released(self, row: DayRow, end: int, before: Effect, after: Effect) -> Suggestion:
        text = _("{person} could go home at {time}").format(person=self._name(row.person), time=clock_text(end))
        last = row.start + row.minutes
        return Suggestion("release", row.person, row.queue, end, last, text, before, after, end - last)


def _within(row: DayRow, at: int) -> bool:
    """Say whether a time lies inside a break."""
    return any(start < at < start + minutes for _name, start, minutes, _paid in row.breaks)


def _until(row: DayRow, end: int) -> DayRow:
    """Return a day that ends earlier; breaks after that are gone."""
    breaks = tuple(one for one in row.breaks if one[1] + one[2] <= end)
    unpaid = sum(minutes for _name, _start, minutes, paid in breaks if not paid)
    return replace(row, minutes=end - row.start, paid=end - row.start - unpaid, breaks=breaks)


def _overlap(breaks: Sequence[tuple[str, int, int, bool]]) -> bool:
    order = sorted(breaks, key=lambda one: one[1])
    return any(one[1] + one[2] > two[1] for one, two in itertools.pairwise(order))


def _holds(today: Today, before: Effect, after: Effect) -> bool:
    """Say whether every queue still meets its target, or is as good as before."""
    for queue in today.queues:
        level, was = after.service_level[queue.queue], before.service_level[queue.queue]
        goal = queue.needed.target.service_level or 0.0
        if level is not None and was is not None and level < min(goal, was) - 1e-9:
            return False
    return True


def _without_skill(today: Today, person: str, queue: str) -> Team:
    people = tuple(
        replace(one, skills=tuple(skill for skill in one.skills if skill != queue)) if one.id == person else one
        for one in today.team.people
    )
    return replace(today.team, people=people)


def gaps(today: Today) -> Mapping[str, Array]:
    """Return scheduled less required agents per queue and interval, from now on (0 before)."""
    scheduled = today.scheduled()
    found = {}
    for queue in today.queues:
        agents = scheduled.get(queue.queue, np.zeros(len(queue.expected)))
        gap = agents - queue.needed.agents[0]
        gap[: today.place] = 0.0
        found[queue.queue] = gap
    return found
