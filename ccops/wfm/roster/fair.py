"""What a person could be given at all, and what each one's fair share of the unloved duties is."""

from ccops.wfm.roster.model import Contract, Fairness, Person, Plan, Shift

_DAY = 24 * 60


def suits(contract: Contract, shift: Shift) -> bool:
    """Say whether a contract allows a shift on any day."""
    if contract.day_max is not None and shift.paid > contract.day_max:
        return False
    return contract.max_shifts.get(shift.name, 1) > 0


def available(person: Person, weekday: int, shift: Shift) -> bool:
    """Say whether a person can work a shift on a weekday."""
    windows = person.hours.get(weekday)
    if windows is None:
        return True
    return any(start <= shift.start and shift.start + shift.minutes <= end for start, end in windows)


class FairShares:
    """The fair share of one kind of duty: what the needs ask for, divided by those who can do it."""

    def __init__(self, plan: Plan, fair: Fairness) -> None:
        self.plan, self.fair = plan, fair
        self.shifts = [shift for shift in plan.all_shifts() if shift.name in fair.shifts]
        self.days = [day for day in range(plan.days) if plan.date_of(day).weekday() in fair.weekdays]
        contracts = {contract.name: contract for contract in plan.contracts}
        self.able = {person.id for person in plan.people if self._can_do(person, contracts[person.contract])}
        self.share = self._demand() / max(1, len(self.able))

    def _can_do(self, person: Person, contract: Contract) -> bool:
        return any(
            suits(contract, shift) and weekday in shift.weekdays and available(person, weekday, shift)
            for shift in self.shifts
            for weekday in {self.plan.date_of(day).weekday() for day in self.days}
        )

    def _demand(self) -> float:
        """Return how many of these duties the whole team has to work: what no other shift could cover."""
        plan, names = self.plan, self.fair.shifts
        if not plan.queue_needs:
            dates = {plan.date_of(day) for day in self.days}
            return sum(need.people for need in plan.shift_needs if need.shift in names and need.day in dates)
        return sum(self._only_these(day) for day in self.days)

    def _only_these(self, day: int) -> float:
        """Return how many agents a day needs at a time that no other shift covers."""
        plan, weekday = self.plan, self.plan.date_of(day).weekday()
        slots = _DAY // plan.interval
        covered = [False] * slots
        for shift in plan.all_shifts():
            if shift.name not in self.fair.shifts and weekday in shift.weekdays:
                for slot in range(shift.start // plan.interval, (shift.start + shift.minutes) // plan.interval):
                    covered[slot % slots] = True
        open_ = [slot for slot in range(slots) if not covered[slot]]
        return max((sum(float(need.agents[day][slot]) for need in plan.queue_needs) for slot in open_), default=0.0)

    def price(self, count: int) -> float:
        """Return what `count` of them cost one person: the n-th above the fair share costs n weights."""
        above = max(0.0, count - self.share)
        return self.fair.weight * above * (above + 1) / 2
