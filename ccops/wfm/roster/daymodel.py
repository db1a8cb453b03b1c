"""One or two days of a roster solved exactly for everybody at once: who works which of them, when, and all breaks.

Person by person a descent cannot trade one's late start against another's early one; this can. People for whom the
days are alike are counted together, and breaks per group and shift, which keeps the programme small (Aykin, "Optimal
shift scheduling with multiple break windows", Management Science 42, 1996).
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np

from ccops.wfm.roster.core import Breaks, Core, Reals, Roster
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.programme import Programme, Terms
from ccops.wfm.roster.rules import breaches, fitting

_USED = 1e-6
Choice = tuple[bool, ...]
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Unit:
    """People for whom the days are alike: what they may work, and what it costs."""

    people: list[int]
    choices: tuple[Choice, ...]
    """Which of the days may be worked together."""
    duties: tuple[tuple[int, ...], ...]
    """Per day."""
    costs: tuple[tuple[float, ...], ...]
    off_costs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """New duties and breaks of some days, for everybody who serves."""

    days: tuple[int, ...]
    duties: dict[int, list[int]]
    """Person → duty of each day."""
    breaks: dict[int, Breaks]
    """Person → days × places."""


class DayModel:
    """The programme of some days, everything else as it is."""

    def __init__(
        self, core: Core, cover: IntervalCover, roster: Roster, breaks: list[Breaks], days: tuple[int, ...]
    ) -> None:
        """`breaks` is by person."""
        self.core, self.cover, self.roster, self.breaks, self.days = core, cover, roster, breaks, days
        self.programme = Programme()
        self.units = self._units()
        self.switches = [self._unit(number, unit) for number, unit in enumerate(self.units)]
        self.present: dict[tuple[int, int], Terms] = defaultdict(list)
        self.places: dict[tuple[int, int, int, int], list[int]] = {}
        for day, group in product(days, range(len(cover.serves))):
            self._group(day, group)
        for day in days:
            self._needs(day)

    # --- who is alike ---

    def _units(self) -> list[Unit]:
        found: dict[tuple[object, ...], Unit] = {}
        self.works: dict[tuple[int, int, int], int] = {}
        beside = any(day + 1 in self.days for day in self.days)
        for person in range(self.core.people):
            unit = self._alone(person) if self.cover.groups[person] >= 0 else None
            if unit is not None:
                # Order on neighbouring days is a matter of single people.
                key = (self.cover.groups[person], unit.choices, unit.duties, unit.costs, unit.off_costs)
                found.setdefault((*key, person if beside else -1), unit).people.append(person)
        return list(found.values())

    def _alone(self, person: int) -> Unit | None:
        """Return what a person may work on the days, as a unit without people; None who works on none of them."""
        usual = self._usual(person)
        if usual is None:
            return None
        duties = tuple(tuple(self._duties(person, day, usual)) for day in self.days)
        now = tuple(bool(self.roster[person, day] != OFF) for day in self.days)
        choices = tuple(
            chosen
            for chosen in product((True, False), repeat=len(self.days))
            if chosen == now or self._may(person, duties, now, chosen)
        )
        if not any(any(chosen) for chosen in choices):
            return None
        extra = self._counted(person)
        costs = tuple(
            tuple(round(float(self.core.costs[person, day, duty] + extra[place, duty]), 6) for duty in duties[place])
            for place, day in enumerate(self.days)
        )
        off = tuple(float(self.core.off_costs[person, day]) for day in self.days)
        return Unit([], choices, duties, costs, off)

    def _usual(self, person: int) -> int | None:
        """Return the duty that stands for the person's days: on one of the days, or the most frequent one."""
        pattern = self.roster[person]
        worked = pattern[list(self.days)]
        worked = worked[worked != OFF] if (worked != OFF).any() else pattern[pattern != OFF]
        return int(np.bincount(worked).argmax()) if len(worked) else None

    def _may(self, person: int, duties: tuple[tuple[int, ...], ...], now: Choice, chosen: Choice) -> bool:
        """Say whether the person may work just these of the days."""
        if sum(chosen) != sum(now):
            return False
        trial = self.roster[person].copy()
        for place, (day, works) in enumerate(zip(self.days, chosen, strict=True)):
            if works and not duties[place]:
                return False
            trial[day] = duties[place][len(duties[place]) // 2] if works else OFF
        return all(breach.rule == "follow" for breach in breaches(self.core, person, trial))

    def _duties(self, person: int, day: int, usual: int) -> list[int]:
        """Return the duties of the usual length that fit between the days before and after."""
        allowed = fitting(self.core, person, self.roster[person], day, self.days)
        allowed = allowed & (self.core.minutes == self.core.minutes[usual])
        if self.roster[person, day] != OFF:
            allowed[self.roster[person, day]] = True
        return [int(duty) for duty in np.flatnonzero(allowed)]

    def _counted(self, person: int) -> Reals:
        """Return what one more counted duty costs on each of the days; never where the limit is reached."""
        found: Reals = np.zeros((len(self.days), len(self.cover.starts)))
        others = self.roster[person].copy()
        others[list(self.days)] = OFF
        for counter in self.core.limits[person].counters:
            count = counter.worked(others)
            price = counter.price[count + 1] - counter.price[count] if len(counter.price) > count + 1 else 0.0
            for place, day in enumerate(self.days):
                if counter.days is None or day in counter.days:
                    found[place, list(counter.duties)] += price if count < counter.most else np.inf
        return found

    # --- the programme ---

    def _unit(self, number: int, unit: Unit) -> list[int]:
        """Write what the people of a unit work; return how many make each choice."""
        size = float(len(unit.people))
        switches = [
            self.programme.variable(
                sum(cost for cost, works in zip(unit.off_costs, chosen, strict=True) if not works), size, whole=True
            )
            for chosen in unit.choices
        ]
        self.programme.row([(switch, 1.0) for switch in switches], size, size)
        for place, day in enumerate(self.days):
            working = [(switch, -1.0) for switch, chosen in zip(switches, unit.choices, strict=True) if chosen[place]]
            if not working:
                continue
            for duty, cost in zip(unit.duties[place], unit.costs[place], strict=True):
                if np.isfinite(cost):
                    self.works[number, day, duty] = self.programme.variable(cost, size, whole=True)
            here = [
                (self.works[number, day, duty], 1.0) for duty in unit.duties[place] if (number, day, duty) in self.works
            ]
            self.programme.row([*here, *working], 0.0, 0.0)
        self._order(number, unit)
        return switches

    def _order(self, number: int, unit: Unit) -> None:
        """Forbid what may not follow, where the days are neighbours."""
        rules = self.core.rules[self.core.limits[unit.people[0]].rules]
        for place, day in enumerate(self.days[:-1]):
            if self.days[place + 1] != day + 1:
                continue
            follow = rules.follow_on(day + 1)
            for duty in unit.duties[place]:
                then = [
                    (self.works[number, day + 1, late], 1.0)
                    for late in unit.duties[place + 1]
                    if not follow[duty, late] and (number, day + 1, late) in self.works
                ]
                if then and (number, day, duty) in self.works:
                    self.programme.row([(self.works[number, day, duty], 1.0), *then], -np.inf, 1.0)

    def _group(self, day: int, group: int) -> None:
        """Write when the people of a group are there, and their breaks."""
        slots, cover = self.cover.slots, self.cover
        units = [number for number, unit in enumerate(self.units) if cover.groups[unit.people[0]] == group]
        for duty in range(len(cover.starts)):
            terms = [(self.works[unit, day, duty], 1.0) for unit in units if (unit, day, duty) in self.works]
            if not terms:
                continue
            begin = int(cover.starts[duty])
            for slot in range(begin, min(begin + int(cover.lengths[duty]), slots)):
                self.present[group, day * slots + slot] += terms
            for number, one in enumerate(cover.breaks[duty]):
                places = range(one.earliest // cover.interval, one.latest // cover.interval + 1)
                taken = [self.programme.variable(whole=True) for _place in places]
                self.places[day, group, duty, number] = taken
                self.programme.row([*((one_, 1.0) for one_ in taken), *((work, -1.0) for work, _v in terms)], 0.0, 0.0)
                for place, variable in zip(places, taken, strict=True):
                    for slot in range(begin + place, min(begin + place + one.minutes // cover.interval, slots)):
                        self.present[group, day * slots + slot].append((variable, -1.0))

    def _needs(self, day: int) -> None:
        """Write how those present are shared out over the queues, and what is missing."""
        slots, fixed = self.cover.slots, self._from_day_before(day)
        for slot in range(day * slots, (day + 1) * slots):
            wanted = np.flatnonzero(self.cover.required[:, slot] > 0).tolist()
            served: dict[int, Terms] = {queue: [] for queue in wanted}
            for group in range(len(self.cover.serves)):
                here, more = self.present.get((group, slot), []), float(fixed[group, slot - day * slots])
                queues = [queue for queue in wanted if self.cover.serves[group, queue]]
                if not queues or not (here or more):
                    continue
                shares = [self.programme.variable() for _queue in queues]
                for queue, share in zip(queues, shares, strict=True):
                    served[queue].append((share, 1.0))
                self.programme.row([*here, *((share, -1.0) for share in shares)], -more, np.inf)
            for queue in wanted:
                missing = self.programme.variable(float(self.cover.under[queue]))
                self.programme.row([*served[queue], (missing, 1.0)], float(self.cover.required[queue, slot]), np.inf)

    def _from_day_before(self, day: int) -> Reals:
        """Return who is still there from a shift of the day before that is no part of the programme."""
        slots = self.cover.slots
        found = np.zeros((len(self.cover.serves), slots))
        if day == 0 or day - 1 in self.days:
            return found
        for person in np.flatnonzero(self.cover.groups >= 0).tolist():
            duty = int(self.roster[person, day - 1])
            if duty != OFF and self.cover.starts[duty] + self.cover.lengths[duty] > slots:
                pattern = np.full_like(self.roster[person], OFF)
                pattern[day - 1] = duty
                counts = self.cover.presence_with(person, pattern, self.breaks[person]).counts
                found += counts[:, day * slots : (day + 1) * slots]
        return found

    # --- the answer ---

    def solve(self, seconds: float | None, gap: float) -> Change | None:
        """Return the best change found; None where there is none within the time (None: within a number of nodes)."""
        if self.units:
            self._narrow(seconds)
        found = self.programme.solved(seconds, gap) if self.units else None
        if found is None:
            return None
        answer = found.variables
        change = Change(self.days, {}, {})
        for number, unit in enumerate(self.units):
            self._hand_out_duties(number, unit, answer, change)
        for key, taken in self.places.items():
            self._hand_out_breaks(key, [round(answer[variable]) for variable in taken], change)
        return change

    def _narrow(self, seconds: float | None) -> None:
        """Leave only duties that the relaxation uses, those that start next to them, and the present ones.

        That costs next to nothing and makes the programme several times faster (after Danna, Rothberg & Le Pape,
        "Exploring relaxation induced neighborhoods", Mathematical Programming 102, 2005).
        """
        relaxed = self.programme.relaxed(seconds)
        if relaxed is None:
            return
        for number, unit in enumerate(self.units):
            for place, day in enumerate(self.days):
                order = sorted(unit.duties[place], key=lambda duty: int(self.cover.starts[duty]))
                works = [self.works[key] for duty in order if (key := (number, day, duty)) in self.works]
                present = {self.works.get((number, day, int(self.roster[person, day]))) for person in unit.people}
                used = [relaxed.variables[variable] > _USED for variable in works]
                for at, variable in enumerate(works):
                    if not any(used[max(0, at - 1) : at + 2]) and variable not in present:
                        self.programme.top[variable] = 0.0

    def _hand_out_duties(self, number: int, unit: Unit, answer: Reals, change: Change) -> None:
        """Give choices and duties to the people of a unit; who can keep the present ones does."""
        choices = [
            chosen
            for chosen, switch in zip(unit.choices, self.switches[number], strict=True)
            for _one in range(round(answer[switch]))
        ]
        now = [tuple(bool(self.roster[person, day] != OFF) for day in self.days) for person in unit.people]
        chosen = dict(zip(unit.people, _matched(now, choices), strict=True))
        for person in unit.people:
            change.duties[person] = [OFF] * len(self.days)
            change.breaks[person] = self.breaks[person][list(self.days)].copy()
        for place, day in enumerate(self.days):
            workers = [person for person in unit.people if chosen[person][place]]
            duties = [
                duty
                for duty in unit.duties[place]
                if (number, day, duty) in self.works
                for _one in range(round(answer[self.works[number, day, duty]]))
            ]
            present = [int(self.roster[person, day]) for person in workers]
            for person, duty in zip(workers, _matched(present, duties), strict=True):
                change.duties[person][place] = duty

    def _hand_out_breaks(self, key: tuple[int, int, int, int], taken: list[int], change: Change) -> None:
        """Give the counted breaks of a group, duty and day to its people; who can keep the present place does."""
        day, group, duty, number = key
        place, first = self.days.index(day), self.cover.breaks[duty][number].earliest // self.cover.interval
        starts = [first + step for step, count in enumerate(taken) for _one in range(count)]
        there = [
            person
            for person, duties in change.duties.items()
            if self.cover.groups[person] == group and duties[place] == duty
        ]
        now = [int(self.breaks[person][day, number]) if self.roster[person, day] == duty else -1 for person in there]
        for person, start in zip(there, _matched(now, starts), strict=True):
            change.breaks[person][place, number] = start


def _matched(now: list[Thing], given: list[Thing]) -> list[Thing]:
    """Return `given` in an order that lets as many as possible keep what they have now."""
    left = list(given)
    found: list[Thing | None] = []
    for one in now:
        found.append(one if one in left else None)
        if one in left:
            left.remove(one)
    return [left.pop(0) if one is None else one for one in found]
