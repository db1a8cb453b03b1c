"""One or two days of a roster solved exactly for everybody at once: who works which of them, when, and all breaks.

Person by person a descent cannot trade one's late start against another's early one; this can. Breaks are counted per
group and shift, not per person, which keeps the programme small (Aykin, "Optimal shift scheduling with multiple break
windows", Management Science 42, 1996). HiGHS solves it in about a second.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import product

import numpy as np

from ccops.wfm.roster.core import Core, Presence, Roster
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.rules import breaches

Terms = list[tuple[int, float]]
_GAP = 0.004


@dataclass(frozen=True, slots=True)
class Change:
    """New patterns and presences of some people."""

    people: list[int]
    patterns: list[Roster]
    presences: list[Presence]


class DayModel:
    """The programme of some days, everything else as it is."""

    def __init__(
        self, core: Core, cover: IntervalCover, roster: Roster, presence: list[Presence], days: tuple[int, ...]
    ) -> None:
        self.core, self.cover, self.roster, self.presence, self.days = core, cover, roster, presence, days
        self.cost: list[float] = []
        self.top: list[float] = []
        self.whole: list[int] = []
        self.terms: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.works: dict[tuple[int, int, int], int] = {}
        self.places: dict[tuple[int, int, int, int], list[int]] = {}
        self.present: dict[tuple[int, int], Terms] = defaultdict(list)
        self.people = [person for person in range(core.people) if cover.groups[person] >= 0]
        for person in self.people:
            self._person(person)
        for day, group in product(days, range(len(cover.serves))):
            self._group(day, group)
        for day in days:
            self._needs(day)

    # --- the programme ---

    def _variable(self, cost: float = 0.0, top: float = np.inf, *, whole: bool = False) -> int:
        self.cost.append(cost)
        self.top.append(top)
        self.whole.append(int(whole))
        return len(self.cost) - 1

    def _row(self, terms: Terms, low: float, high: float) -> None:
        self.terms.extend((len(self.low), column, value) for column, value in terms)
        self.low.append(low)
        self.high.append(high)

    def _person(self, person: int) -> None:
        """Write which of the days a person works (only what the rules allow), and what."""
        usual = self._usual(person)
        if usual is None:
            return
        choices = [
            chosen for chosen in product((True, False), repeat=len(self.days)) if self._may(person, usual, chosen)
        ]
        if not any(any(chosen) for chosen in choices):
            return
        switches = [self._variable(top=1.0, whole=True) for _choice in choices]
        self._row([(switch, 1.0) for switch in switches], 1.0, 1.0)
        for place, day in enumerate(self.days):
            working = [(switch, -1.0) for switch, chosen in zip(switches, choices, strict=True) if chosen[place]]
            off = [switch for switch, chosen in zip(switches, choices, strict=True) if not chosen[place]]
            for switch in off:
                self.cost[switch] += float(self.core.off_costs[person, day])
            duties = [duty for duty in self._duties(person, day, usual) if working]
            for duty in duties:
                cost = float(self.core.costs[person, day, duty])
                self.works[person, day, duty] = self._variable(cost, 1.0, whole=True)
            self._row([*((self.works[person, day, duty], 1.0) for duty in duties), *working], 0.0, 0.0)
        self._order(person)

    def _usual(self, person: int) -> int | None:
        """Return the duty that stands for the person's days: on one of the days, or the most frequent one."""
        pattern = self.roster[person]
        worked = pattern[list(self.days)]
        worked = worked[worked != OFF] if (worked != OFF).any() else pattern[pattern != OFF]
        if not len(worked):
            return None
        return int(np.bincount(worked).argmax())

    def _may(self, person: int, usual: int, chosen: tuple[bool, ...]) -> bool:
        """Say whether the person may work just these of the days."""
        pattern = self.roster[person]
        now = tuple(bool(pattern[day] != OFF) for day in self.days)
        if chosen == now:
            return True
        if len(self.days) == 1 or sum(chosen) != sum(now):
            return False
        trial = pattern.copy()
        for day, works in zip(self.days, chosen, strict=True):
            duties = self._duties(person, day, usual) if works else []
            if works and not duties:
                return False
            trial[day] = duties[len(duties) // 2] if works else OFF
        return all(breach.rule == "follow" for breach in breaches(self.core, person, trial))

    def _duties(self, person: int, day: int, usual: int) -> list[int]:
        """Return the duties of the usual length that fit between the days before and after."""
        rules = self.core.rules[self.core.limits[person].rules]
        allowed = np.isfinite(self.core.costs[person, day]) & (self.core.minutes == self.core.minutes[usual])
        if self.roster[person, day] != OFF:
            allowed[self.roster[person, day]] = True
        before, after = day - 1, day + 1
        if before >= 0 and before not in self.days and self.roster[person, before] != OFF:
            allowed &= rules.follow_on(day)[self.roster[person, before]]
        if after < self.cover.days and after not in self.days and self.roster[person, after] != OFF:
            allowed &= rules.follow_on(after)[:, self.roster[person, after]]
        limits = self.core.limits[person]
        if day == 0 and limits.run_before and limits.duty_before != OFF:
            allowed &= rules.follow_on(0)[limits.duty_before]
        return [int(duty) for duty in np.flatnonzero(allowed)]

    def _order(self, person: int) -> None:
        """Forbid what may not follow, where the days are neighbours."""
        rules = self.core.rules[self.core.limits[person].rules]
        for day in self.days:
            if day + 1 in self.days:
                follow = rules.follow_on(day + 1)
                for duty in range(len(follow)):
                    first = self.works.get((person, day, duty))
                    then = [
                        (self.works[person, day + 1, late], 1.0)
                        for late in np.flatnonzero(~follow[duty]).tolist()
                        if (person, day + 1, late) in self.works
                    ]
                    if first is not None and then:
                        self._row([(first, 1.0), *then], -np.inf, 1.0)

    def _group(self, day: int, group: int) -> None:
        """Write when the people of a group are there, and their breaks."""
        people = [person for person in self.people if self.cover.groups[person] == group]
        slots = self.cover.slots
        for duty in range(len(self.cover.starts)):
            terms = [(self.works[person, day, duty], 1.0) for person in people if (person, day, duty) in self.works]
            if not terms:
                continue
            begin = int(self.cover.starts[duty])
            for slot in range(begin, min(begin + int(self.cover.lengths[duty]), slots)):
                self.present[group, day * slots + slot] += terms
            for number, one in enumerate(self.cover.breaks[duty]):
                places = range(one.earliest // self.cover.interval, one.latest // self.cover.interval + 1)
                taken = [self._variable(top=float(len(terms)), whole=True) for _place in places]
                self.places[day, group, duty, number] = taken
                self._row([*((one_, 1.0) for one_ in taken), *((column, -1.0) for column, _v in terms)], 0.0, 0.0)
                for place, variable in zip(places, taken, strict=True):
                    first = begin + place
                    for slot in range(first, min(first + one.minutes // self.cover.interval, slots)):
                        self.present[group, day * slots + slot].append((variable, -1.0))

    def _needs(self, day: int) -> None:
        slots = self.cover.slots
        fixed = self._from_other_days(day)
        for slot in range(day * slots, (day + 1) * slots):
            wanted = [queue for queue in range(len(self.cover.under)) if self.cover.required[queue, slot] > 0]
            served: dict[int, Terms] = {queue: [] for queue in wanted}
            for group in range(len(self.cover.serves)):
                here = self.present.get((group, slot), [])
                shares = [(queue, self._variable()) for queue in wanted if self.cover.serves[group, queue]]
                if not shares or not (here or fixed[group, slot - day * slots]):
                    continue
                for queue, share in shares:
                    served[queue].append((share, 1.0))
                self._row(
                    [*here, *((share, -1.0) for _q, share in shares)], -float(fixed[group, slot - day * slots]), np.inf
                )
            for queue in wanted:
                missing = self._variable(float(self.cover.under[queue]))
                self._row([*served[queue], (missing, 1.0)], float(self.cover.required[queue, slot]), np.inf)

    def _from_other_days(self, day: int) -> np.ndarray:
        """Return who is still there from a shift of the day before that is no part of the programme."""
        slots = self.cover.slots
        found = np.zeros((len(self.cover.serves), slots))
        if day == 0 or day - 1 in self.days:
            return found
        for person in self.people:
            duty = int(self.roster[person, day - 1])
            if duty != OFF and self.cover.starts[duty] + self.cover.lengths[duty] > slots:
                pattern = np.full_like(self.roster[person], OFF)
                pattern[day - 1] = duty
                breaks = self.presence[person].breaks
                if breaks is not None:
                    counts = self.cover.presence_with(person, pattern, breaks).counts
                    found += counts[:, day * slots : (day + 1) * slots]
        return found

    # --- the answer ---

    def solve(self, seconds: float | None) -> Change | None:
        """Return the best change found; None where there is none within the time (None: within a number of nodes)."""
        from scipy import optimize, sparse

        rows, columns, values = (np.array(part) for part in zip(*self.terms, strict=True))
        shape = (len(self.low), len(self.cost))
        matrix = sparse.csr_matrix((values, (rows, columns)), shape=shape)
        limit = {"node_limit": 200} if seconds is None else {"time_limit": seconds}
        answer = optimize.milp(
            np.array(self.cost),
            integrality=np.array(self.whole),
            bounds=optimize.Bounds(np.zeros(shape[1]), np.array(self.top)),
            constraints=optimize.LinearConstraint(matrix, np.array(self.low), np.array(self.high)),
            options={**limit, "mip_rel_gap": _GAP},
        )
        return None if answer.x is None else self._change(answer.x)

    def _change(self, answer: np.ndarray) -> Change:
        patterns = {person: self.roster[person].copy() for person in self.people}
        for person in self.people:
            if any((person, day, duty) in self.works for day in self.days for duty in range(len(self.cover.starts))):
                patterns[person][list(self.days)] = OFF
        for (person, day, duty), variable in self.works.items():
            if answer[variable] > 0.5:
                patterns[person][day] = duty
        breaks = {person: self._old_breaks(person) for person in self.people}
        for key, taken in self.places.items():
            self._hand_out(key, [round(answer[variable]) for variable in taken], patterns, breaks)
        presences = [self.cover.presence_with(person, patterns[person], breaks[person]) for person in self.people]
        return Change(self.people, [patterns[person] for person in self.people], presences)

    def _old_breaks(self, person: int) -> np.ndarray:
        old = self.presence[person].breaks
        most = max((len(breaks) for breaks in self.cover.breaks), default=0)
        return np.full((self.cover.days, most), -1, np.int16) if old is None else old.copy()

    def _hand_out(
        self,
        key: tuple[int, int, int, int],
        taken: list[int],
        patterns: dict[int, Roster],
        breaks: dict[int, np.ndarray],
    ) -> None:
        """Give the counted breaks of a group, duty and day to its people, in order."""
        day, group, duty, number = key
        first = self.cover.breaks[duty][number].earliest // self.cover.interval
        starts = [first + place for place, count in enumerate(taken) for _one in range(count)]
        there = [
            person for person in self.people if self.cover.groups[person] == group and patterns[person][day] == duty
        ]
        for person, start in zip(there, starts, strict=False):
            breaks[person][day, number] = start
