"""From the words of a plan to the numbers of the solvers, and the names to go back."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ccops.i18n import _
from ccops.wfm.roster.core import Core, Cover, DirectCover, Reals
from ccops.wfm.roster.fair import FairShares, available, suits
from ccops.wfm.roster.intervals import IntervalCover, make_interval_cover
from ccops.wfm.roster.limits import OFF, Calendar, Counter, Duties, Limits, Truths
from ccops.wfm.roster.model import DAY_OFF, Contract, Person, Plan, Shift
from ccops.wfm.roster.result import Shortfall
from ccops.wfm.roster.validate import check_plan

_DAY = 24 * 60


@dataclass
class Compiled:
    """A core problem, and what its numbers mean."""

    plan: Plan
    shifts: tuple[Shift, ...]
    core: Core
    told: list[Shortfall] = field(default_factory=list)

    @cached_property
    def shift_place(self) -> dict[str, int]:
        """Shift name → its number."""
        return {shift.name: place for place, shift in enumerate(self.shifts)}

    @cached_property
    def person_place(self) -> dict[str, int]:
        """Person → number."""
        return {person.id: place for place, person in enumerate(self.plan.people)}


def compile_plan(plan: Plan) -> Compiled:
    """Return the core problem of a plan; refuses plans that contradict themselves (UsageProblem)."""
    check_plan(plan)
    return _Compiler(plan).run()


class _Compiler:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.shifts = plan.all_shifts()
        self.place = {shift.name: place for place, shift in enumerate(self.shifts)}
        self.person = {person.id: place for place, person in enumerate(plan.people)}
        self.contracts = {contract.name: contract for contract in plan.contracts}
        self.told: list[Shortfall] = []
        self.shares = [FairShares(plan, fair) for fair in plan.fairness]
        shape = (len(plan.people), plan.days, len(self.shifts))
        self.costs: Reals = np.zeros(shape)
        self.allowed: Truths = np.ones(shape, bool)
        self.off_costs: Reals = np.zeros(shape[:2])
        self.constant = 0.0

    def run(self) -> Compiled:
        if self.plan.queue_needs:
            self.costs += np.array([shift.paid for shift in self.shifts]) / 60 * self.plan.pay
        self._allow()
        self._wishes()
        self._kept()
        self._leave_and_fixed()
        self.costs[~self.allowed] = np.inf
        rests = sorted({self.contracts[person.contract].min_rest for person in self.plan.people})
        calendar = self._calendar()
        core = Core(
            calendar,
            tuple(self._duties(rest) for rest in rests),
            tuple(self._limits(person, rests, calendar) for person in self.plan.people),
            self.costs,
            self.off_costs,
            self.constant,
            self._cover(),
            self._integral(),
        )
        return Compiled(self.plan, self.shifts, core, self.told)

    # --- days and shifts ---

    def _calendar(self) -> Calendar:
        days = np.arange(self.plan.days)
        weekday = (self.plan.first.weekday() + days) % 7
        return Calendar(self.plan.days, weekday, (self.plan.first.weekday() + days) // 7)

    def _duties(self, min_rest: int) -> Duties:
        """Return the shifts with what may follow what under a rest rule; nights of a clock change on their own."""
        minutes = np.array([shift.paid for shift in self.shifts], np.int64)
        usual = self._follow(min_rest, 0)
        special = {}
        for day in range(1, self.plan.days):
            shift = self._clock_change(day)
            if shift and not np.array_equal(changed := self._follow(min_rest, shift), usual):
                special[day] = changed
        return Duties(minutes, usual, special)

    def _follow(self, min_rest: int, gained: int) -> Truths:
        """Return follow[a, b] where the night has `gained` minutes more than usual."""
        starts = np.array([shift.start for shift in self.shifts])
        ends = starts + np.array([shift.minutes for shift in self.shifts])
        follow: Truths = starts[None, :] + _DAY + gained - ends[:, None] >= min_rest
        for before, shift in enumerate(self.shifts):
            for name in shift.not_next_day:
                follow[before, self.place[name]] = False
        return follow

    def _clock_change(self, day: int) -> int:
        """Return by how many minutes the night before a day is longer than usual."""
        if self.plan.zone is None:
            return 0
        noons = [
            datetime.combine(self.plan.date_of(one), time(12), self.plan.zone).utcoffset() or timedelta()
            for one in (day - 1, day)
        ]
        return int((noons[0] - noons[1]).total_seconds() // 60)

    # --- who may work what, and what it costs ---

    def _allow(self) -> None:
        for row, person in enumerate(self.plan.people):
            contract = self.contracts[person.contract]
            for number, shift in enumerate(self.shifts):
                if not suits(contract, shift):
                    self.allowed[row, :, number] = False
                    continue
                for day in range(self.plan.days):
                    weekday = (self.plan.first.weekday() + day) % 7
                    if weekday not in shift.weekdays or not available(person, weekday, shift):
                        self.allowed[row, day, number] = False

    def _inside(self, day: int) -> bool:
        return 0 <= day < self.plan.days

    def _wishes(self) -> None:
        for wish in self.plan.wishes:
            day = self.plan.place_of(wish.day)
            if self._inside(day):
                self._prefer(self.person[wish.person], day, wish.shift, wish.weight, wanted=wish.wanted)

    def _kept(self) -> None:
        for kept in self.plan.kept:
            day = self.plan.place_of(kept.day)
            if self._inside(day):
                self._prefer(self.person[kept.person], day, kept.shift, kept.weight, wanted=True)

    def _prefer(self, row: int, day: int, shift: str, weight: float, *, wanted: bool) -> None:
        """Charge `weight` for not doing (or for doing) something."""
        sign = -weight if wanted else weight
        if wanted:
            self.constant += weight
        if shift == DAY_OFF:
            self.off_costs[row, day] += sign
        else:
            self.costs[row, day, self.place[shift]] += sign

    def _leave_and_fixed(self) -> None:
        away = {(leave.person, leave.day) for leave in self.plan.leave}
        for fixed in self.plan.fixed:
            row, day = self.person[fixed.person], self.plan.place_of(fixed.day)
            if not self._inside(day):
                continue
            if (fixed.person, fixed.day) in away:
                if fixed.shift != DAY_OFF:
                    why = _("fixed to “{shift}”, but on leave; the leave stands").format(shift=fixed.shift)
                    self.told.append(Shortfall("conflict", why, person=fixed.person, day=fixed.day))
            elif fixed.shift == DAY_OFF:
                self.allowed[row, day] = False
            else:
                self._fix(row, day, self.place[fixed.shift])
        for leave in self.plan.leave:
            day = self.plan.place_of(leave.day)
            if self._inside(day):
                self.allowed[self.person[leave.person], day] = False

    def _fix(self, row: int, day: int, shift: int) -> None:
        """Leave only this shift; what is fixed holds even where person or shift would not be available."""
        self.allowed[row, day] = False
        self.allowed[row, day, shift] = True
        self.off_costs[row, day] = np.inf

    # --- limits ---

    def _limits(self, person: Person, rests: list[int], calendar: Calendar) -> Limits:
        contract = self.contracts[person.contract]
        credit = self._credit(person, calendar)
        total = sum(credit)
        weeks = len(credit)
        inside = [int((calendar.week == week).sum()) for week in range(weeks)]
        limits = Limits(
            max_run=contract.max_days_in_row,
            min_run=contract.min_days_in_row,
            min_off=contract.min_days_off,
            max_minutes=None if contract.max_minutes is None else max(0, contract.max_minutes - total),
            min_minutes=max(0, contract.min_minutes - total),
            week_max=_week_max(contract, credit),
            week_min=_week_min(contract, credit, inside),
            max_weekends=contract.max_weekends,
            counters=self._counters(contract, person),
            rules=rests.index(contract.min_rest),
            away=self._away(person),
        )
        return self._with_past(limits, person)

    def _away(self, person: Person) -> frozenset[int]:
        days = (self.plan.place_of(leave.day) for leave in self.plan.leave if leave.person == person.id)
        return frozenset(day for day in days if self._inside(day))

    def _credit(self, person: Person, calendar: Calendar) -> list[int]:
        """Return the paid minutes of leave in each week of the horizon."""
        credit = [0] * (int(calendar.week[-1]) + 1)
        for leave in self.plan.leave:
            day = self.plan.place_of(leave.day)
            if leave.person == person.id and self._inside(day):
                credit[int(calendar.week[day])] += leave.minutes
        return credit

    def _with_past(self, limits: Limits, person: Person) -> Limits:
        for before in self.plan.before:
            if before.person != person.id:
                continue
            if before.days_worked:
                last = OFF if before.last_shift == DAY_OFF else self.place[before.last_shift]
                return replace(limits, run_before=before.days_worked, off_before=None, duty_before=last)
            return replace(limits, off_before=max(1, before.days_off))
        return limits

    def _counters(self, contract: Contract, person: Person) -> tuple[Counter, ...]:
        found = [
            Counter((self.place[name],), most)
            for name, most in contract.max_shifts.items()
            if 0 < most < self.plan.days
        ]
        found += [self._fair(shares, person) for shares in self.shares if person.id in shares.able]
        return tuple(found)

    def _fair(self, shares: FairShares, person: Person) -> Counter:
        """Return the counter of duties to be spread; it limits nothing, its price grows."""
        duties = tuple(self.place[shift.name] for shift in shares.shifts)
        prices = tuple(shares.price(count) for count in range(len(shares.days) + 1))
        return Counter(
            duties, len(shares.days), prices, None if len(shares.days) == self.plan.days else frozenset(shares.days)
        )

    # --- cover ---

    def _cover(self) -> Cover:
        if self.plan.queue_needs:
            return make_interval_cover(self.plan, self.shifts)
        row = np.full((self.plan.days, len(self.shifts)), -1, np.int64)
        required: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for need in self.plan.shift_needs:
            day = self.plan.place_of(need.day)
            if self._inside(day):
                key = (day, self.place[need.shift])
                required[key] = [required[key][0] + need.people, float(need.under), float(need.over)]
        for number, (day, shift) in enumerate(sorted(required)):
            row[day, shift] = number
        table = np.array([required[key] for key in sorted(required)]).reshape(-1, 3)
        return DirectCover(row, table[:, 0], table[:, 1], table[:, 2])

    def _integral(self) -> bool:
        """Say whether every cost is a whole number."""
        if self.plan.queue_needs or any(fair for fair in self.plan.fairness):
            return False
        finite = self.costs[np.isfinite(self.costs)], self.off_costs[np.isfinite(self.off_costs)]
        return all(bool((part % 1 == 0).all()) for part in finite) and self.constant % 1 == 0


def _week_max(contract: Contract, credit: list[int]) -> tuple[int, ...]:
    if contract.week_max is None:
        return ()
    return tuple(max(0, contract.week_max - used) for used in credit)


def _week_min(contract: Contract, credit: list[int], inside: list[int]) -> tuple[int, ...]:
    """Return the least per week; a week that lies only partly in the horizon owes its part."""
    if not contract.week_min:
        return ()
    return tuple(max(0, contract.week_min * days // 7 - used) for used, days in zip(credit, inside, strict=True))


def interval_cover(core: Core) -> IntervalCover | None:
    """Return the cover of a problem whose needs are per interval, else None."""
    return core.cover if isinstance(core.cover, IntervalCover) else None


def duties_of(row: npt.NDArray[np.int16]) -> list[tuple[int, int]]:
    """Return (day, duty) of every worked day of a pattern."""
    return [(day, int(duty)) for day, duty in enumerate(row) if duty != OFF]
