"""Leave: asked for, measured against what the centre needs, decided; sick calls, and the rest solved anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ccops.desk.planning.deeds import deed
from ccops.desk.planning.office import Deed, Office
from ccops.desk.planning.rosters import Order, Roster, Rosters
from ccops.errors import CcopsError, ReasonNeeded, UsageProblem
from ccops.i18n import _
from ccops.store import planning as store
from ccops.store.planning import LeaveRow, SwapRow
from ccops.wfm.plan.build import assignment_of, away_days, day_row
from ccops.wfm.plan.coverage import missing_hours
from ccops.wfm.plan.weeks import monday_of
from ccops.wfm.roster import Fixed, Plan, Progress, Result, Wish, keep
from ccops.wfm.team.model import Member, Team

_NOTICEABLE = 0.01
"""Agent hours by which a day must get worse to count."""
_LONGEST = 366
_NEVER = 1_000_000
"""What it costs to have somebody begin a shift in the past: more than any cover is worth."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a day (or a week where nothing is rostered yet) would lack without this person."""

    day: date
    basis: str
    """roster: agent hours missing in what is published · week: contract hours of the team against the requirement."""
    before: float
    """Hours missing as it is."""
    after: float
    """Hours missing without the person."""

    @property
    def fits(self) -> bool:
        """Say whether the day can do without."""
        return self.after <= self.before + _NOTICEABLE


@dataclass(frozen=True, slots=True)
class Asked:
    """A leave with what it would do."""

    leave: LeaveRow
    capacity: Sequence[Capacity]

    @property
    def fits(self) -> bool | None:
        """Say whether all days can do without; None where nobody knows."""
        return all(one.fits for one in self.capacity) if self.capacity else None


class Leaves:
    """Leave of one site."""

    def __init__(self, office: Office) -> None:
        """`office` is whose rights and store they are."""
        self.office, self.rosters = office, Rosters(office)

    def all(self, first: date | None = None, last: date | None = None) -> list[LeaveRow]:
        """Return leave that touches some days, whatever its state."""
        with self.office.reading() as database:
            return store.leave(database, first, last)

    def get(self, number: int) -> LeaveRow:
        """Return one by its number; raises `UsageProblem`."""
        found = next((row for row in self.all() if row.id == number), None)
        if found is None:
            raise UsageProblem(
                _("There is no leave {number}.").format(number=number), remedy=_("`ccops wfm leave list` shows them.")
            )
        return found

    # --- asking ---

    @deed("leave.request")
    def request(self, person: str, first: date, last: date, *, note: str = "", dry_run: bool = False) -> Asked:
        """Ask for leave; returns it with what it would do to the cover. Nothing is decided by that."""
        member = self.office.team().person(person)
        row = LeaveRow(0, member.id, first, last, "leave", "requested", self.office.clock(),
                       self.office.person.name, note, None, "", "")  # fmt: skip
        self._sane(row)
        asked = Asked(row, self.capacity(row))
        if dry_run:
            self.office.check("wfm.leave.request", member)
            return asked
        with self.office.doing("wfm.leave.request", member.id, member=member, first=first, last=last) as deed:
            with deed.database.write() as connection:
                number = store.put_leave(connection, row)
            deed.data = {"leave": number, "fits": asked.fits}
        return replace(asked, leave=replace(row, id=number))

    def _sane(self, row: LeaveRow) -> None:
        if row.last < row.first:
            raise UsageProblem(_("The leave ends before it begins."), remedy=_("Turn the days round."))
        if (row.last - row.first).days >= _LONGEST:
            raise UsageProblem(_("A leave of more than a year is no leave."), remedy=_("Check the days."))
        for other in self.all(row.first, row.last):
            if other.person == row.person and other.state in ("requested", "approved"):
                raise UsageProblem(
                    _("{person} has leave {number} from {first} to {last} already ({state}).").format(
                        person=row.person, number=other.id, first=other.first, last=other.last, state=other.state
                    )
                )

    # --- deciding ---

    @deed("leave.approve")
    def approve(
        self, number: int, *, force: bool = False, reason: str = "", dry_run: bool = False
    ) -> tuple[Asked, list[int]]:
        """Approve; published shifts of these days become open shifts. Returns the rosters that were made, too.

        Raises `CcopsError` where the cover does not allow it, unless forced. `dry_run` checks it all and writes
        nothing, here and below.
        """
        row = self._open(number)
        asked = Asked(row, self.capacity(row))
        if asked.fits is False and not force:
            raise CcopsError(self._short(asked), remedy=_("--force approves it all the same."))
        member = self.office.team().person(row.person)
        if dry_run:
            self.office.check("wfm.leave.decide", member, reason)
            return replace(asked, leave=replace(row, state="approved")), []
        with self.office.doing("wfm.leave.decide", str(number), member=member, reason=reason, state="approved") as deed:
            decided = replace(row, state="approved", decided_at=deed.at, decided_by=deed.who, reason=reason)
            with deed.database.write() as connection:
                store.put_leave(connection, decided)
            made = self._free(deed, row)
            deed.data = {"leave": number, "rosters": made, "fits": asked.fits}
        return replace(asked, leave=decided), made

    def _free(self, deed: Deed, row: LeaveRow) -> list[int]:
        """Take the person out of published shifts, and offer those to the others."""
        shifts = [one for one in self.rosters.scheduled(row.first, row.last) if one.person == row.person and one.shift]
        if not shifts:
            return []
        free = [day_row(row.person, one.day, None, 1) for one in shifts]
        made = self.rosters.amend(deed, free, _("leave {number} of {person}").format(number=row.id, person=row.person))
        with deed.database.write() as connection:
            for one in shifts:
                store.put_swap(
                    connection,
                    SwapRow(0, "", one.day, one.shift, "", None, "offered", deed.at, deed.who, None, "", ""),
                )
        return made

    def _short(self, asked: Asked) -> str:
        worst = max(asked.capacity, key=lambda one: one.after - one.before)
        member = self.office.team().member(asked.leave.person)
        return _("Without {person} {hours:.1f} more agent hours are missing on {day}.").format(
            person=asked.leave.person if member is None else member.name,
            hours=worst.after - worst.before,
            day=worst.day,
        )

    @deed("leave.deny")
    def deny(self, number: int, *, reason: str = "", dry_run: bool = False) -> LeaveRow:
        """Deny."""
        return self._decide(self._open(number), "denied", reason, dry_run=dry_run)

    @deed("leave.withdraw")
    def withdraw(self, number: int, *, reason: str = "", dry_run: bool = False) -> LeaveRow:
        """Take a request or an approved leave back; who asked may do it, and who decides."""
        row = self.get(number)
        if row.state not in ("requested", "approved"):
            raise UsageProblem(_("Leave {number} is {state} already.").format(number=number, state=row.state))
        own = "wfm.leave.request" if row.state == "requested" else "wfm.leave.decide"
        return self._decide(row, "withdrawn", reason, right=own, dry_run=dry_run)

    def _open(self, number: int) -> LeaveRow:
        row = self.get(number)
        if row.state != "requested":
            raise UsageProblem(_("Leave {number} is {state} already.").format(number=number, state=row.state))
        return row

    def _decide(
        self, row: LeaveRow, state: str, reason: str, right: str = "wfm.leave.decide", *, dry_run: bool
    ) -> LeaveRow:
        member = self.office.team().member(row.person)
        if dry_run:
            self.office.check(right, member, reason)
            return replace(row, state=state)
        with self.office.doing(right, str(row.id), member=member, reason=reason, state=state) as deed:
            decided = replace(row, state=state, decided_at=deed.at, decided_by=deed.who, reason=reason)
            with deed.database.write() as connection:
                store.put_leave(connection, decided)
            deed.data = {"leave": row.id, "person": row.person}
        return decided

    # --- capacity ---

    def capacity(self, row: LeaveRow) -> list[Capacity]:
        """Return what each day, or week that is not rostered yet, would lack without the person."""
        team = self.office.team()
        found: list[Capacity] = []
        left = away_days(row)
        while left:
            roster = self.rosters.published(left[0])
            if roster is None:
                week = monday_of(left[0])
                inside = [day for day in left if monday_of(day) == week]
                found += self._of_week(team, row.person, week, inside)
            else:
                inside = [day for day in left if roster.head.first <= day <= roster.last]
                found += self._of_roster(roster, row.person, inside)
            left = [day for day in left if day not in inside]
        return found

    def _of_roster(self, roster: Roster, person: str, days: Sequence[date]) -> list[Capacity]:
        plan = self.rosters.plan(roster)
        before = missing_hours(plan, roster.rows)
        away = [row for row in roster.rows if row.person != person or row.day not in days]
        after = missing_hours(plan, away)
        return [Capacity(day, "roster", round(before[day], 3), round(after[day], 3)) for day in days]

    def _of_week(self, team: Team, person: str, week: date, days: Sequence[date]) -> list[Capacity]:
        """Compare the hours that contracts allow with those required; nothing where nobody can forecast."""
        from ccops.desk.planning.needs import requirement

        try:
            needed = requirement(self.office, week, 7, team=team)
        except UsageProblem:
            return []
        hours = sum(float(queue.positions.sum()) for queue in needed.queues) * needed.interval / 60
        away = [row for row in self.all(week, week + timedelta(days=6)) if row.state == "approved"]
        supply = sum(self._hours(team, member, away, week) for member in team.people)
        lost = sum(1 for day in days if day.weekday() < 5) * team.leave_minutes(person) / 60
        return [Capacity(week, "week", round(max(0.0, hours - supply), 3), round(max(0.0, hours - supply + lost), 3))]

    def _hours(self, team: Team, member: Member, away: Sequence[LeaveRow], week: date) -> float:
        contract = team.contract_of(member.id)
        if contract is None:
            return 0.0
        full = (contract.week_max or contract.week_min or 5 * team.leave_minutes(member.id)) / 60
        span = [week + timedelta(days=offset) for offset in range(5)]
        gone = {day for row in away if row.person == member.id for day in away_days(row)}
        return max(0.0, full - sum(1 for day in span if day in gone) * team.leave_minutes(member.id) / 60)

    # --- sick ---

    def sick(
        self,
        person: str,
        first: date,
        last: date,
        *,
        note: str = "",
        order: Order | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
        dry_run: bool = False,
    ) -> tuple[LeaveRow, Roster | None, Result | None]:
        """Take a sick call, and re-solve the published roster of its first day around it, as a draft.

        Days before are fixed, each other day that changes costs the team's `stability`. No roster where none is
        published for that day, the person does not work on any of the days, or nothing is to be written.
        """
        row = self.note_sick(person, first, last, note=note, dry_run=dry_run)
        base = self.rosters.published(first)
        if dry_run or order is None or base is None or not self._works(base, row):
            return row, None, None
        return (row, *self._resolve(base, row, order, progress, stop))

    @deed("sick")
    def note_sick(self, person: str, first: date, last: date, *, note: str = "", dry_run: bool = False) -> LeaveRow:
        """Write a sick call down, or return the one that tells as much already; the roster stays as it is.

        `note` is the reason too, where the role demands one.
        """
        member = self.office.team().person(person)
        row = LeaveRow(0, member.id, first, last, "sick", "approved", self.office.clock(), self.office.person.name,
                       note, self.office.clock(), self.office.person.name, "")  # fmt: skip
        if last < first:
            raise UsageProblem(_("The sick leave ends before it begins."), remedy=_("Turn the days round."))
        if (last - first).days >= _LONGEST:
            raise UsageProblem(_("A leave of more than a year is no leave."), remedy=_("Check the days."))
        try:
            return self._noted(row, member, dry_run=dry_run)
        except ReasonNeeded as error:
            raise ReasonNeeded(error.message, remedy=_("Add --note “…”.")) from None

    def _noted(self, row: LeaveRow, member: Member, *, dry_run: bool) -> LeaveRow:
        known = next((one for one in self.all(row.first, row.last) if _says_all(one, row)), None)
        if known is not None or dry_run:
            self.office.check("wfm.sick", member, row.note)
            return known or row
        span = {"first": row.first, "last": row.last}
        with self.office.doing("wfm.sick", member.id, member=member, reason=row.note, **span) as deed:
            with deed.database.write() as connection:
                row = replace(row, id=store.put_leave(connection, row))
            deed.data = {"leave": row.id}
        return row

    def _works(self, base: Roster, row: LeaveRow) -> bool:
        return any(one.person == row.person and one.shift and row.first <= one.day <= row.last for one in base.rows)

    def _resolve(
        self,
        base: Roster,
        row: LeaveRow,
        order: Order,
        progress: Callable[[Progress], None] | None,
        stop: Callable[[], bool] | None,
    ) -> tuple[Roster, Result]:
        version, team = self.office.team_version()
        plan = self.rosters.plan(base, team)
        assignments = [assignment_of(one) for one in base.rows]
        today = self.office.today()
        kept = keep(plan, assignments, weight=team.stability, until=max(row.first, today))
        if row.first <= today:
            now = datetime.fromtimestamp(self.office.clock(), self.office.zone)
            kept = _as_begun(kept, base, today, now.hour * 60 + now.minute)
        note = order.note or _("sick: {person}").format(person=row.person)
        wanted = replace(order, first=base.head.first, days=base.head.days, keep=base.head.id, note=note)
        return self.rosters.run(
            kept, base.needs, wanted, version, base, settled=row.first, progress=progress, stop=stop
        )


def _as_begun(plan: Plan, base: Roster, today: date, minute: int) -> Plan:
    """Return a plan in which shifts that have begun today stay, and no other one begins before this minute."""
    away = {one.person for one in plan.leave if one.day == today}
    known = {shift.name: shift for shift in plan.all_shifts()}
    begun = {
        row.person: row.shift
        for row in base.rows
        if row.day == today and row.shift in known and row.start < minute and row.person not in away
    }
    late = [shift.name for shift in known.values() if shift.start < minute]
    others = [person.id for person in plan.people if person.id not in begun]
    never = [Wish(person, today, shift, _NEVER, wanted=False) for person in others for shift in late]
    fixed = [Fixed(person, today, shift) for person, shift in begun.items()]
    return replace(plan, fixed=(*plan.fixed, *fixed), wishes=(*plan.wishes, *never))


def _says_all(known: LeaveRow, row: LeaveRow) -> bool:
    """Say whether a leave that is known has everything that another one tells."""
    alike = (known.person, known.kind, known.state) == (row.person, row.kind, row.state)
    return alike and known.first <= row.first and row.last <= known.last
