"""Why agents are missing: who could serve, who is there, who is away, and whom which rule keeps from coming."""

from collections import Counter
from datetime import time

import numpy as np

from ccops.i18n import _
from ccops.wfm.roster.compile import Compiled
from ccops.wfm.roster.core import DirectCover, Reals, Roster
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.result import Shortfall
from ccops.wfm.roster.rules import breaches

_MOST = 40
"""Shortfalls that are looked into; the others are listed with their number only."""


class Explainer:
    """Lists what a roster lacks, worst first."""

    def __init__(self, compiled: Compiled, roster: Roster, counts: Reals) -> None:
        self.compiled, self.roster, self.counts = compiled, roster, counts
        self.core, self.plan = compiled.core, compiled.plan

    def shortfalls(self) -> list[Shortfall]:
        """Return every shortfall of cover."""
        cover = self.core.cover
        if isinstance(cover, DirectCover):
            return self._by_shift(cover)
        if isinstance(cover, IntervalCover):
            return self._by_interval(cover)
        return []

    def _by_shift(self, cover: DirectCover) -> list[Shortfall]:
        missing = cover.required - self.counts
        rows = [int(row) for row in np.argsort(-missing, kind="stable") if missing[row] > 0]
        found = []
        for place, row in enumerate(rows):
            day, duty = (int(part[0]) for part in np.nonzero(cover.row == row))
            able = list(range(self.core.people))
            why = self._why(able, day, [duty]) if place < _MOST else ""
            shift = self.compiled.shifts[duty].name
            found.append(Shortfall("cover", why, queue=shift, day=self.plan.date_of(day), missing=float(missing[row])))
        return found

    def _by_interval(self, cover: IntervalCover) -> list[Shortfall]:
        missing = cover.missing_by_queue(self.counts)[:, : cover.days * cover.slots]
        names = [need.queue for need in sorted(self.plan.queue_needs, key=lambda need: -need.under)]
        found = []
        for queue, name in enumerate(names):
            for first, last in _stretches(missing[queue] > 1e-9, cover.slots):
                lack = float(missing[queue, first:last].max())
                found.append((lack * (last - first), queue, name, first, last, lack))
        found.sort(key=lambda one: -one[0])
        return [
            self._interval_shortfall(cover, queue, name, first, last, lack, explain=place < _MOST)
            for place, (_size, queue, name, first, last, lack) in enumerate(found)
        ]

    def _interval_shortfall(
        self, cover: IntervalCover, queue: int, name: str, first: int, last: int, lack: float, *, explain: bool
    ) -> Shortfall:
        day, begin = divmod(first, cover.slots)
        able = [
            person
            for person in range(self.core.people)
            if cover.groups[person] >= 0 and cover.serves[cover.groups[person], queue]
        ]
        middle = (first + last) // 2 - day * cover.slots
        duties = [
            duty
            for duty in range(len(cover.starts))
            if cover.starts[duty] <= middle < cover.starts[duty] + cover.lengths[duty]
        ]
        return Shortfall(
            "cover",
            self._why(able, day, duties) if explain else "",
            queue=name,
            day=self.plan.date_of(day),
            start=_clock(begin, cover.interval),
            end=_clock((last - day * cover.slots) % cover.slots, cover.interval),
            missing=lack,
        )

    def _why(self, able: list[int], day: int, duties: list[int]) -> str:
        """Say what the people who could serve do at that time."""
        if not able:
            return _("nobody has the skill")
        if not duties:
            return _("no shift covers this time")
        found: Counter[str] = Counter(self._state(person, day, duties) for person in able)
        parts = [f"{count} {state}" for state, count in found.most_common()]
        return _("of {count} who can: {parts}").format(count=len(able), parts=", ".join(parts))

    def _state(self, person: int, day: int, duties: list[int]) -> str:
        working = int(self.roster[person, day])
        if working in duties:
            return _("are there")
        if working != OFF:
            return _("work another shift")
        absent = any(
            leave.person == self.plan.people[person].id and leave.day == self.plan.date_of(day)
            for leave in self.plan.leave
        )
        if absent:
            return _("are on leave")
        if not np.isfinite(self.core.costs[person, day, duties]).any():
            return _("are not available")
        return self._rule_against(person, day, duties)

    def _rule_against(self, person: int, day: int, duties: list[int]) -> str:
        """Name the rules that keep a free person from coming, all other days as they are."""
        allowed = [duty for duty in duties if np.isfinite(self.core.costs[person, day, duty])]
        found = min((self._breached(person, day, duty) for duty in allowed), key=len)
        if not found:
            return _("could come, at the cost of another need or wish")
        return _("may not ({rules})").format(rules=", ".join(found))

    def _breached(self, person: int, day: int, duty: int) -> list[str]:
        """Return the names of the rules that a duty on one more day would break."""
        trial = self.roster[person].copy()
        trial[day] = duty
        names = _names()
        return sorted({names[breach.rule] for breach in breaches(self.core, person, trial)})


def _names() -> dict[str, str]:
    """Return the rules' names for people."""
    return {
        "not_allowed": _("availability"),
        "must_work": _("fixed days"),
        "follow": _("rest and order of shifts"),
        "max_run": _("most days in a row"),
        "min_run": _("least days in a row"),
        "min_off": _("days off in a row"),
        "minutes": _("hours of the period"),
        "week_minutes": _("hours of the week"),
        "weekends": _("free weekends"),
        "count": _("how often a shift may be worked"),
    }


def _stretches(flags: Reals, slots: int) -> list[tuple[int, int]]:
    """Return the stretches of neighbouring true values, cut at midnight."""
    found = []
    begin: int | None = None
    for place, flag in enumerate([*flags.tolist(), False]):
        if begin is not None and (not flag or place % slots == 0):
            found.append((begin, place))
            begin = None
        if flag and begin is None:
            begin = place
    return found


def _clock(slot: int, interval: int) -> time:
    minutes = slot * interval % 1440
    return time(minutes // 60, minutes % 60)
