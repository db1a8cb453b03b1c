"""Cover, price and broken rules of a roster changed by a day at a time: only what a change touches is made anew."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from ccops.store.planning import DayRow
from ccops.tui.schedule.errands import Cover, Key, Verdict
from ccops.wfm.plan.build import assignment_of
from ccops.wfm.roster import BrokenRule, Plan, check, coverage, price
from ccops.wfm.team.model import span_of

_DAY = timedelta(days=1)
Curve = dict[str, tuple[list[float], list[float], float]]
"""Queue → required and scheduled of each interval of a day, and the agent intervals missing in it."""


@dataclass
class Ledger:
    """What is known of one roster, as it was last judged."""

    plan: Plan
    rows: dict[Key, DayRow] = field(default_factory=dict)
    _days: dict[date, Curve] = field(default_factory=dict)
    _broken: dict[str, list[BrokenRule]] = field(default_factory=dict)

    def judge(self, rows: Mapping[Key, DayRow]) -> Verdict:
        """Judge the roster as it is now."""
        keys = {key for key in {*self.rows, *rows} if self.rows.get(key) != rows.get(key)}
        self.rows = dict(rows)
        self._cover(keys)
        self._check({person for person, _day in keys})
        costs = price(replace(self.plan, queue_needs=()), map(assignment_of, rows.values())).total
        under = {need.queue: need.under for need in self.plan.queue_needs}
        inside = span_of(self.plan.first, self.plan.days)
        missing = {queue: sum(self._days[day][queue][2] for day in inside) for queue in under} if under else {}
        paid = sum(row.paid for row in rows.values() if row.shift) / 60
        if under:  # what agents missing and paid hours cost, where needs are per queue
            costs += sum(under[queue] * count for queue, count in missing.items()) + paid * self.plan.pay
        return Verdict(
            cover=tuple(self._curve(queue) for queue in under),
            broken=tuple(one for person in self.plan.people for one in self._broken.get(person.id, ())),
            price=costs,
            missing=sum(missing.values()) * self.plan.interval / 60,
            paid=paid,
        )

    # --- cover ---

    def _curve(self, queue: str) -> Cover:
        days = [self._days[day][queue] for day in span_of(self.plan.first, self.plan.days)]
        return Cover(queue, [one[0] for one in days], [one[1] for one in days])

    def _cover(self, keys: Iterable[Key]) -> None:
        """Work out the days that changed, and those after them, into which a night shift may reach."""
        if not self.plan.queue_needs:
            return
        every = span_of(self.plan.first, self.plan.days)
        stale = {day for _person, changed in keys for day in (changed, changed + _DAY)}
        wanted = [day for day in every if day in stale or day not in self._days]
        for block in _blocks(wanted):
            self._work_out(block[0], block[-1])

    def _work_out(self, first: date, last: date) -> None:
        """Work out days in a row, beginning a day earlier for the night before the first."""
        begin = max(self.plan.first, first - _DAY)
        offset, days = (begin - self.plan.first).days, (last - begin).days + 1
        needs = tuple(replace(need, agents=need.agents[offset : offset + days]) for need in self.plan.queue_needs)
        part = replace(self.plan, first=begin, days=days, queue_needs=needs)
        inside = [assignment_of(row) for row in self.rows.values() if begin <= row.day <= last]
        found = coverage(part, inside)
        for place in range((first - begin).days, days):
            self._days[begin + timedelta(days=place)] = {
                one.queue: (
                    one.required[place].tolist(), one.scheduled[place].tolist(), float(one.missing[place].sum())
                )
                for one in found
            }  # fmt: skip

    # --- rules ---

    def _check(self, people: set[str]) -> None:
        known = {person.id for person in self.plan.people}
        wanted = (people | (known - self._broken.keys())) & known
        if not wanted:
            return
        found = check(self.plan, [assignment_of(row) for row in self.rows.values() if row.person in wanted],
                      people=wanted)  # fmt: skip
        by_person: dict[str, list[BrokenRule]] = defaultdict(list)
        for one in found:
            by_person[one.person].append(one)
        self._broken |= {person: by_person.get(person, []) for person in wanted}


def _blocks(days: list[date]) -> list[list[date]]:
    """Return days in a row together."""
    blocks: list[list[date]] = []
    for day in days:
        if blocks and blocks[-1][-1] + _DAY == day:
            blocks[-1].append(day)
        else:
            blocks.append([day])
    return blocks
