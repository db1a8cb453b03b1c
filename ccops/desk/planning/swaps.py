"""Shifts that change hands: offered, open to all, taken by rule, approved by the planner."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from ccops.desk.planning.deeds import deed
from ccops.desk.planning.office import Office
from ccops.desk.planning.rosters import Roster, Rosters
from ccops.errors import CcopsError, NotFound, UsageProblem
from ccops.i18n import _
from ccops.store import planning as store
from ccops.store.planning import DayRow, SwapRow
from ccops.wfm.plan.build import assignment_of, day_row
from ccops.wfm.roster import BrokenRule, Shift, check
from ccops.wfm.team.model import Member, Team


class RuleBroken(CcopsError):
    """A change would break hard rules; `broken` says which."""

    def __init__(self, broken: Sequence[BrokenRule]) -> None:
        """The message names each rule with its person."""
        texts = "; ".join(f"{one.person}: {one.text}" for one in broken)
        super().__init__(_("Rules would be broken: {texts}.").format(texts=texts))
        self.broken = tuple(broken)


class Swaps:
    """Offers of one site."""

    def __init__(self, office: Office) -> None:
        """`office` is whose rights and store they are."""
        self.office, self.rosters = office, Rosters(office)

    def all(self) -> list[SwapRow]:
        """Return every offer, by its number."""
        with self.office.reading() as database:
            return store.swaps(database)

    def get(self, number: int) -> SwapRow:
        """Return one by its number; raises `UsageProblem`."""
        found = next((row for row in self.all() if row.id == number), None)
        if found is None:
            raise UsageProblem(
                _("There is no offer {number}.").format(number=number), remedy=_("`ccops wfm swap list` shows them.")
            )
        return found

    # --- offering ---

    @deed("swap.offer")
    def offer(self, person: str, day: date, *, dry_run: bool = False) -> SwapRow:
        """Offer a published shift to the others; `dry_run` checks it all and writes nothing, here and below."""
        member = self.office.team().person(person)
        shift = self._shift_of(self._roster(day), member.id, day)
        if shift is None:
            raise UsageProblem(_("{person} does not work on {day}.").format(person=member.name, day=day))
        for other in self.all():
            if (other.person, other.day) == (member.id, day) and other.state in ("offered", "taken"):
                raise UsageProblem(_("That shift is offered already, as {number}.").format(number=other.id))
        row = SwapRow(0, member.id, day, shift.shift, "", None, "offered", 0.0, "", None, "", "")
        return self._put("wfm.swap.offer", row, member, dry_run=dry_run)

    @deed("swap.open")
    def open_shift(self, day: date, shift: str, *, dry_run: bool = False) -> SwapRow:
        """Offer a shift that nobody has yet."""
        team = self.office.team()
        template(team, shift)
        self._roster(day)
        row = SwapRow(0, "", day, shift, "", None, "offered", 0.0, "", None, "", "")
        return self._put("wfm.swap.decide", row, None, dry_run=dry_run)

    # --- taking and deciding ---

    @deed("swap.take")
    def take(self, number: int, person: str, *, give: date | None = None, dry_run: bool = False) -> SwapRow:
        """Take an offer, giving a shift of one's own in return where `give` names its day.

        Raises `RuleBroken` where anybody's rules would be broken; nothing is written then.
        """
        row = self._in(number, "offered")
        team = self.office.team()
        member = team.person(person)
        if member.id == row.person:
            raise UsageProblem(_("{person} offers this shift.").format(person=member.name))
        taken = replace(row, taker=member.id, taker_day=give, state="taken")
        self._checked(team, taken)
        return self._put("wfm.swap.offer", taken, member, dry_run=dry_run)

    @deed("swap.approve")
    def approve(self, number: int, *, reason: str = "", dry_run: bool = False) -> tuple[SwapRow, list[int]]:
        """Approve what was taken: the roster is changed and published. Returns the versions that were made, too."""
        row = self._in(number, "taken")
        team = self.office.team()
        changes = self._checked(team, row)
        member = team.member(row.taker)
        if dry_run:
            self.office.check("wfm.swap.decide", member, reason)
            return replace(row, state="approved"), []
        with self.office.doing("wfm.swap.decide", str(number), member=member, reason=reason, state="approved") as deed:
            made = self.rosters.amend(deed, changes, _("swap {number}").format(number=number))
            row = replace(row, state="approved", decided_at=deed.at, decided_by=deed.who, reason=reason)
            with deed.database.write() as connection:
                store.put_swap(connection, row)
            deed.data = {"swap": number, "rosters": made}
        return row, made

    @deed("swap.deny")
    def deny(self, number: int, *, reason: str = "", dry_run: bool = False) -> SwapRow:
        """Deny what was offered or taken."""
        row = self._in(number, "offered", "taken")
        return self._close(row, "denied", reason, "wfm.swap.decide", dry_run=dry_run)

    @deed("swap.withdraw")
    def withdraw(self, number: int, *, reason: str = "", dry_run: bool = False) -> SwapRow:
        """Take an offer back."""
        row = self._in(number, "offered", "taken")
        right = "wfm.swap.offer" if row.person else "wfm.swap.decide"
        return self._close(row, "withdrawn", reason, right, dry_run=dry_run)

    def _close(self, row: SwapRow, state: str, reason: str, right: str, *, dry_run: bool) -> SwapRow:
        member = self.office.team().member(row.person)
        if dry_run:
            self.office.check(right, member, reason)
            return replace(row, state=state)
        with self.office.doing(right, str(row.id), member=member, reason=reason, state=state) as deed:
            row = replace(row, state=state, decided_at=deed.at, decided_by=deed.who, reason=reason)
            with deed.database.write() as connection:
                store.put_swap(connection, row)
            deed.data = {"swap": row.id}
        return row

    def _put(self, right: str, row: SwapRow, member: Member | None, *, dry_run: bool) -> SwapRow:
        if dry_run:
            self.office.check(right, member)
            return row
        target = member.id if member is not None else row.shift
        with self.office.doing(right, target, member=member, day=row.day, shift=row.shift, state=row.state) as deed:
            if not row.id:
                row = replace(row, at=deed.at, who=deed.who)
            with deed.database.write() as connection:
                row = replace(row, id=store.put_swap(connection, row))
            deed.data = {"swap": row.id}
        return row

    def _in(self, number: int, *states: str) -> SwapRow:
        row = self.get(number)
        if row.state == "offered" and row.state not in states:
            raise UsageProblem(
                _("Nobody has taken offer {number} yet.").format(number=number),
                remedy=_("`ccops wfm swap take {number} PERSON` does.").format(number=number),
            )
        if row.state not in states:
            raise UsageProblem(_("Offer {number} is {state} already.").format(number=number, state=row.state))
        return row

    # --- rules ---

    def changes(self, team: Team, row: SwapRow) -> list[DayRow]:
        """Return the days that would change hands."""
        roster = self._roster(row.day)
        shift = template(team, row.shift)
        given = self._shift_of(roster, row.person, row.day) if row.person else None
        if row.person and given is None:
            raise UsageProblem(_("{person} does not work on {day} any more.").format(person=row.person, day=row.day))
        moved = given or day_row(row.taker, row.day, shift, team.interval)
        if self._shift_of(roster, row.taker, row.day) is not None and row.taker_day != row.day:
            raise UsageProblem(_("{person} works on {day} already.").format(person=row.taker, day=row.day))
        found = {(row.taker, row.day): replace(moved, person=row.taker)}
        if row.person:
            found[row.person, row.day] = day_row(row.person, row.day, None, team.interval)
        if row.taker_day is not None:
            found |= self._in_return(team, row, row.taker_day, found)
        return list(found.values())

    def _in_return(
        self, team: Team, row: SwapRow, day: date, found: dict[tuple[str, date], DayRow]
    ) -> dict[tuple[str, date], DayRow]:
        back = self._shift_of(self._roster(day), row.taker, day)
        if back is None:
            raise UsageProblem(_("{person} does not work on {day}.").format(person=row.taker, day=day))
        if not row.person:
            raise UsageProblem(_("An open shift takes nothing in return."), remedy=_("Leave --give out."))
        free = {(row.taker, day): found.get((row.taker, day)) or day_row(row.taker, day, None, team.interval)}
        return {**free, (row.person, day): replace(back, person=row.person)}

    def broken(self, team: Team, changes: Sequence[DayRow]) -> list[BrokenRule]:
        """Return the hard rules that some changes would break and that hold now."""
        people = sorted({row.person for row in changes})
        found: list[BrokenRule] = []
        seen: set[int] = set()
        for day in sorted({row.day for row in changes}):
            roster = self._roster(day)
            if roster.head.id in seen:
                continue
            seen.add(roster.head.id)
            plan = self.rosters.plan(roster, team)
            after = {(row.person, row.day): row for row in (*roster.rows, *changes)}
            before = check(plan, [assignment_of(row) for row in roster.rows], people=people)
            then = check(plan, [assignment_of(row) for row in after.values()], people=people)
            known = {(one.person, one.rule, one.days) for one in before}
            found += [one for one in then if (one.person, one.rule, one.days) not in known]
        return found

    def _checked(self, team: Team, row: SwapRow) -> list[DayRow]:
        changes = self.changes(team, row)
        if broken := self.broken(team, changes):
            raise RuleBroken(broken)
        return changes

    def _roster(self, day: date) -> Roster:
        roster = self.rosters.published(day)
        if roster is None:
            raise UsageProblem(_("No roster is published for {day}.").format(day=day))
        return roster

    @staticmethod
    def _shift_of(roster: Roster, person: str, day: date) -> DayRow | None:
        return next((row for row in roster.rows if (row.person, row.day) == (person, day) and row.shift), None)


def template(team: Team, name: str) -> Shift:
    """Return a shift of the team by its name, free ones spelled out; raises `NotFound` with the nearest."""
    shifts = {one.name: one for one in (*team.shifts, *(one for free in team.free_shifts for one in free.shifts()))}
    if name not in shifts:
        raise NotFound(_("shift"), name, shifts)
    return shifts[name]
