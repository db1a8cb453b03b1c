"""What parts of a team must agree on: names that exist, people who are one, rules that do not exclude each other."""

from collections.abc import Iterable

from ccops.i18n import _
from ccops.names import nearest
from ccops.wfm.roster.model import Contract, Shift
from ccops.wfm.team.model import Member, Team
from ccops.wfm.team.tables import Place


def check_team(team: Team, place: Place) -> None:
    """Note everything that does not fit together."""
    check = _Check(team, place)
    check.people()
    check.contracts()
    check.shifts()
    check.activities()
    check.fairness()


class _Check:
    def __init__(self, team: Team, place: Place) -> None:
        self.team, self.place = team, place
        self.shift_names = [shift.name for shift in team.shifts]
        self.all_shifts = {one.name for free in team.free_shifts for one in free.shifts()} | set(self.shift_names)

    def known(self, kind: str, path: tuple[str | int, ...], names: Iterable[str], known: Iterable[str]) -> None:
        there = list(known)
        for name in names:
            if name not in there:
                near = nearest(name, there, 1)
                remedy = _("Did you mean {names}?").format(names=near[0]) if near else ""
                self.place.wrong(path, _("there is no {kind} “{name}”").format(kind=kind, name=name), remedy)

    def people(self) -> None:
        contracts = [contract.name for contract in self.team.contracts]
        queues = [queue.name for queue in self.team.queues]
        for person in self.team.people:
            path = ("people", person.id)
            self.known(_("contract"), (*path, "contract"), [person.contract], contracts)
            if queues:
                self.known(_("queue"), (*path, "skills"), person.skills, queues)
            wished = [wish.shift for wish in person.wishes if wish.shift]
            self.known(_("shift"), (*path, "wishes"), wished, self.all_shifts)
            self._wishes(person)
        for key in ("agent", "interface", "login"):
            self._once(key)
        self._names()

    def _once(self, key: str) -> None:
        seen: dict[str, str] = {}
        for person in self.team.people:
            value = getattr(person, key)
            first = seen.setdefault(value.casefold(), person.id) if value else person.id
            if first != person.id:
                text = _("“{value}” is the {key} of “{first}” already").format(value=value, key=key, first=first)
                self.place.wrong(("people", person.id, key), text)

    def _names(self) -> None:
        """Two people of one name are two only where something else tells them apart."""
        seen: dict[str, Member] = {}
        for person in self.team.people:
            first = seen.setdefault(person.name.casefold(), person)
            if first is not person and not (first.agent or first.interface) and not (person.agent or person.interface):
                text = _("“{name}” is the name of “{first}” already").format(name=person.name, first=first.id)
                remedy = _("Is it the same person twice? Otherwise give both their agent or interface.")
                self.place.wrong(("people", person.id, "name"), text, remedy)

    def _wishes(self, person: Member) -> None:
        """A day that is wished for work and for rest alike is a slip."""
        for place, wish in enumerate(person.wishes):
            for other in person.wishes[:place]:
                same = (wish.day, wish.weekday, wish.shift) == (other.day, other.weekday, other.shift)
                if same and wish.wanted != other.wanted:
                    text = _("the same is wished for and wished not for")
                    self.place.wrong(("people", person.id, "wishes", place), text)

    def contracts(self) -> None:
        for contract in self.team.contracts:
            path = ("contracts", contract.name)
            self.known(_("shift"), (*path, "shifts_max"), contract.max_shifts, self.all_shifts)
            for least, most, low, high in _bounds(contract):
                if most is not None and least > most:
                    text = _("{low} ({least:g}) is more than {high} ({most:g}): these rules contradict each other")
                    self.place.wrong((*path, low), text.format(low=low, high=high, least=least, most=most))
            self._reachable(contract)

    def _reachable(self, contract: Contract) -> None:
        """A week that asks for more than its longest days can hold."""
        longest = max((shift.paid for shift in self.team.shifts), default=0)
        if self.team.free_shifts or not longest:
            return
        if contract.day_max is not None:
            longest = max((shift.paid for shift in self.team.shifts if shift.paid <= contract.day_max), default=0)
        if contract.week_min > 7 * longest:
            text = _("week_hours_min ({hours:g}) is more than seven of the longest shifts: these rules contradict")
            self.place.wrong(("contracts", contract.name, "week_hours_min"), text.format(hours=contract.week_min / 60))

    def shifts(self) -> None:
        for shift in self.team.shifts:
            path = ("shifts", shift.name)
            self.known(_("shift"), (*path, "not_next_day"), shift.not_next_day, self.all_shifts)
            if shift.minutes < 1:
                self.place.wrong(path, _("it has no length"))
            else:
                self._breaks(path, shift)
            times = [shift.start, shift.minutes]
            times += [part for one in shift.breaks for part in (one.minutes, one.earliest, one.latest)]
            self._grid(path, times)
        for free in self.team.free_shifts:
            path = ("free_shifts", free.name)
            if free.latest < free.earliest or free.longest < free.shortest or free.step < 1:
                self.place.wrong(path, _("latest lies before earliest, or longest below shortest"))
            else:
                self._grid(path, [free.earliest, free.shortest, free.step])

    def _breaks(self, path: tuple[str | int, ...], shift: Shift) -> None:
        ends = 0
        for place, one in enumerate(shift.breaks):
            where = (*path, "breaks", place)
            if not (one.minutes > 0 and one.earliest <= one.latest and one.latest + one.minutes <= shift.minutes):
                self.place.wrong(where, _("the break does not lie inside the shift"))
            elif one.earliest < ends:
                self.place.wrong(where, _("the break may overlap the one before it"))
            ends = one.latest + one.minutes
        if shift.paid <= 0:
            self.place.wrong(path, _("it is all breaks"))

    def _grid(self, path: tuple[str | int, ...], times: list[int]) -> None:
        odd = [minutes for minutes in times if minutes % self.team.interval]
        if odd:
            text = _("{minutes} minutes do not fit intervals of {interval} minutes")
            remedy = _("Round it, or set a finer interval in [settings].")
            self.place.wrong(path, text.format(minutes=odd[0], interval=self.team.interval), remedy)

    def activities(self) -> None:
        people = [person.id for person in self.team.people]
        for place, activity in enumerate(self.team.activities):
            path = ("activities", place)
            self.known(_("person"), (*path, "people"), activity.people, people)
            if activity.minutes < 1:
                self.place.wrong(path, _("it has no length"))

    def fairness(self) -> None:
        for fair in self.team.fairness:
            self.known(_("shift"), ("fairness", fair.name, "shifts"), sorted(fair.shifts), self.all_shifts)


def _bounds(contract: Contract) -> list[tuple[float, float | None, str, str]]:
    def hours(minutes: int | None) -> float | None:
        return None if minutes is None else minutes / 60

    return [
        (contract.min_minutes / 60, hours(contract.max_minutes), "hours_min", "hours_max"),
        (contract.week_min / 60, hours(contract.week_max), "week_hours_min", "week_hours_max"),
        (contract.min_days_in_row, contract.max_days_in_row, "days_in_row_min", "days_in_row_max"),
    ]
