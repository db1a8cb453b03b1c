"""One or two days of a roster solved exactly for everybody at once: who works which of them, when, and all breaks.

Person by person a descent cannot trade one's late start against another's early one; this can. People for whom the
days are alike are counted together, and shifts and breaks per group (`presence`), which keeps the programme small.
The days of one programme are no neighbours: what may follow what is judged against the days as they are.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np

from ccops.wfm.roster.core import Breaks, Core, Reals, Roster
from ccops.wfm.roster.intervals import IntervalCover
from ccops.wfm.roster.limits import OFF
from ccops.wfm.roster.presence import PresenceRows
from ccops.wfm.roster.programme import Programme, Terms
from ccops.wfm.roster.rules import breaches, fitting

_USED = 1e-6
_OPEN = -2
"""A day to be worked whose duty is not chosen yet."""
_KEPT = 1e-4
"""What keeping the present duty is worth among equals."""
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
        self.parts: dict[tuple[int, int, int], Terms] = defaultdict(list)
        self.switches = [self._unit(unit) for unit in self.units]
        self.work = self._together()
        self.rows = PresenceRows(self.programme, cover, self.work, {day: self._from_day_before(day) for day in days})

    # --- who is alike ---

    def _units(self) -> list[Unit]:
        found: dict[tuple[object, ...], Unit] = {}
        for person in range(self.core.people):
            unit = self._alone(person) if self.cover.groups[person] >= 0 else None
            if unit is not None:
                key = (self.cover.groups[person], unit.choices, unit.duties, unit.costs, unit.off_costs)
                found.setdefault(key, unit).people.append(person)
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

    def _unit(self, unit: Unit) -> list[int]:
        """Write what the people of a unit work; return how many make each choice.

        How many of the unit work which duty need not be written as whole: where the group's numbers are, they can be.
        """
        size = float(len(unit.people))
        switches = [
            self.programme.variable(
                sum(cost for cost, works in zip(unit.off_costs, chosen, strict=True) if not works), size, whole=True
            )
            for chosen in unit.choices
        ]
        self.programme.row([(switch, 1.0) for switch in switches], size, size)
        group = int(self.cover.groups[unit.people[0]])
        for place, day in enumerate(self.days):
            working = [(switch, -1.0) for switch, chosen in zip(switches, unit.choices, strict=True) if chosen[place]]
            if not working:
                continue
            here: Terms = []
            for duty, cost in zip(unit.duties[place], unit.costs[place], strict=True):
                if np.isfinite(cost):
                    here.append((self.programme.variable(cost, size), 1.0))
                    self.parts[group, day, duty].append(here[-1])
            self.programme.row([*here, *working], 0.0, 0.0)
        return switches

    def _together(self) -> dict[tuple[int, int, int], int]:
        """Write how many of each group work a duty: in whole people."""
        found = {}
        for key, parts in self.parts.items():
            found[key] = self.programme.variable(whole=True)
            self.programme.row([*parts, (found[key], -1.0)], 0.0, 0.0)
        return found

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
        change = Change(self.days, {}, {})
        for unit, switches in zip(self.units, self.switches, strict=True):
            self._hand_out_days(unit, [round(found.variables[switch]) for switch in switches], change)
        for day, group in product(self.days, range(len(self.cover.serves))):
            if not self._hand_out_duties(day, group, found.variables, change):
                return None
        for key, starts in self.rows.break_places(found.variables).items():
            self._hand_out_breaks(key, starts, change)
        return change

    def _narrow(self, seconds: float | None) -> None:
        """Leave only duties that the relaxation uses, those that start next to them, and the present ones.

        That costs next to nothing and makes the programme much faster (after Danna, Rothberg & Le Pape, "Exploring
        relaxation induced neighborhoods", Mathematical Programming 102, 2005).
        """
        relaxed = self.programme.relaxed(seconds)
        if relaxed is None:
            return
        for group, day, length in {(*key[:2], int(self.core.minutes[key[2]])) for key in self.work}:
            duties = [key[2] for key in self.work if key[:2] == (group, day) and self.core.minutes[key[2]] == length]
            duties.sort(key=lambda duty: int(self.cover.starts[duty]))
            used = [relaxed.variables[self.work[group, day, duty]] > _USED for duty in duties]
            present = set(self.roster[self.cover.groups == group, day].tolist())
            for place, duty in enumerate(duties):
                if not any(used[max(0, place - 1) : place + 2]) and duty not in present:
                    self.programme.top[self.work[group, day, duty]] = 0.0

    def _hand_out_days(self, unit: Unit, counts: list[int], change: Change) -> None:
        """Give choices to the people of a unit; who can keep the present one does."""
        choices = [chosen for chosen, count in zip(unit.choices, counts, strict=True) for _one in range(count)]
        now = [tuple(bool(self.roster[person, day] != OFF) for day in self.days) for person in unit.people]
        for person, chosen in zip(unit.people, _matched(now, choices), strict=True):
            change.duties[person] = [_OPEN if works else OFF for works in chosen]
            change.breaks[person] = self.breaks[person][list(self.days)].copy()

    def _hand_out_duties(self, day: int, group: int, answer: Reals, change: Change) -> bool:
        """Give the duties of a group to those who work, at the least cost; False where they do not fit."""
        from scipy.optimize import linear_sum_assignment

        place = self.days.index(day)
        people = [
            (person, unit)
            for unit in self.units
            for person in unit.people
            if self.cover.groups[person] == group and change.duties[person][place] == _OPEN
        ]
        counts = {key[2]: round(answer[work]) for key, work in self.work.items() if key[:2] == (group, day)}
        given = [duty for duty, count in counts.items() for _one in range(count)]
        if len(given) != len(people):
            return False
        prices = np.full((len(people), len(given)), np.inf)
        for row, (person, unit) in enumerate(people):
            costs = dict(zip(unit.duties[place], unit.costs[place], strict=True))
            kept = int(self.roster[person, day])
            prices[row] = [costs.get(duty, np.inf) - _KEPT * (duty == kept) for duty in given]
        try:
            rows, columns = linear_sum_assignment(prices)
        except ValueError:  # somebody can work none of what is left
            return False
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            change.duties[people[row][0]][place] = given[column]
        return True

    def _hand_out_breaks(self, key: tuple[int, int, int, int], starts: list[int], change: Change) -> None:
        """Give the counted breaks of a group, day and duty to its people; who can keep the present place does."""
        group, day, duty, number = key
        place = self.days.index(day)
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
