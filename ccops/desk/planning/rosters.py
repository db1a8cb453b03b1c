"""Rosters of a site: solved, kept in versions, checked, published, changed by hand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccops.desk.planning.deeds import deed
from ccops.desk.planning.office import Deed, Office
from ccops.errors import CcopsError, UsageProblem
from ccops.i18n import _
from ccops.store import Database
from ccops.store import planning as store
from ccops.store.planning import DayRow, RosterHead
from ccops.wfm.plan.build import LOOK_BACK, Needs, assignment_of, plan_of, row_of
from ccops.wfm.publish.events import changed_events
from ccops.wfm.publish.file import check_document, check_rows
from ccops.wfm.roster import Assignment, BrokenRule, Fixed, Plan, Progress, Result, check, keep, price, solve
from ccops.wfm.team.model import Team

if TYPE_CHECKING:
    from ccops.wfm.require import Requirement

FORMAT = 1
"""Form of what is kept of a roster, and of its file."""


@dataclass(frozen=True, slots=True)
class Order:
    """What kind of roster is wanted."""

    first: date
    days: int
    seconds: float = 60.0
    deterministic: bool = False
    keep: int | None = None
    """Stay close to this version."""
    until: date | None = None
    """Days of the kept version before this one stay exactly as they are."""
    fixed: tuple[Fixed, ...] = ()
    """Days that are settled, whatever else would be better."""
    csv: Path | None = None
    """Learn the requirement from this file instead of the store."""
    note: str = ""
    pooled: bool = False
    """Require what people with several skills need together, by simulation, instead of what single queues do."""


@dataclass(frozen=True, slots=True)
class Roster:
    """A version with its days."""

    head: RosterHead
    rows: Sequence[DayRow]

    @property
    def last(self) -> date:
        """Its last day."""
        return self.head.first + timedelta(days=self.head.days - 1)

    def publishable(self) -> None:
        """Raise `UsageProblem` where it is published already."""
        if self.head.state == "published":
            raise UsageProblem(_("Roster {number} is published already.").format(number=self.head.id))

    @property
    def needs(self) -> Needs:
        """What was required when it was made."""
        needs: Needs = self.head.document.get("needs", {})
        return needs


class Rosters:
    """The rosters of one site."""

    def __init__(self, office: Office) -> None:
        """`office` is whose rights and store they are."""
        self.office = office

    # --- finding ---

    def heads(self) -> list[RosterHead]:
        """Return every version, newest first."""
        with self.office.reading() as database:
            return store.rosters(database)

    def get(self, number: int | None = None) -> Roster:
        """Return a version, the newest without a number; raises `UsageProblem` where there is none."""
        with self.office.reading() as database:
            head = store.roster(database, number) if number is not None else next(iter(store.rosters(database)), None)
            if head is None:
                raise self._none(number, database)
            return Roster(head, store.days_of(database, head.id))

    def _none(self, number: int | None, database: Database) -> UsageProblem:
        if number is None:
            return UsageProblem(_("There is no roster yet."), remedy=_("Make one: `ccops wfm roster solve --weeks 4`."))
        known = ", ".join(str(head.id) for head in store.rosters(database)[:10]) or "–"
        return UsageProblem(
            _("There is no roster {number}.").format(number=number), remedy=_("Versions: {known}.").format(known=known)
        )

    def scheduled(self, first: date, last: date) -> list[DayRow]:
        """Return what is published for some days, by day and person."""
        with self.office.reading() as database:
            return store.scheduled(database, first, last)

    def published(self, day: date) -> Roster | None:
        """Return what holds over the span of the roster that was last published for a day; None where none was."""
        with self.office.reading() as database:
            rows = store.scheduled(database, day, day)
            if not rows:
                return None
            head = store.roster(database, rows[0].roster)
            if head is None:  # its days would not be there either
                return None
            last = head.first + timedelta(days=head.days - 1)
            return Roster(head, store.scheduled(database, head.first, last))

    # --- rules ---

    def plan(self, roster: Roster, team: Team | None = None) -> Plan:
        """Return the plan that a roster is measured by: today's team and leave, the needs that it was made for."""
        crew = team or self.office.team()
        needs = roster.needs if roster.head.document.get("interval") == crew.interval else {}
        return self._plan(crew, needs, roster.head.first, roster.head.days)

    def _plan(self, team: Team, needs: Needs, first: date, days: int) -> Plan:
        with self.office.reading() as database:
            leave = store.leave(database, first, first + timedelta(days=days - 1))
            before = store.scheduled(database, first - timedelta(days=LOOK_BACK), first - timedelta(days=1))
        return plan_of(team, needs, first, days, self.office.zone, leave=leave, before=before)

    def broken(self, roster: Roster, people: Iterable[str] | None = None) -> list[BrokenRule]:
        """Return every hard rule that a roster breaks, for some people or all; whoever has left the team breaks one."""
        wanted = None if people is None else list(people)
        team = self.office.team()
        found = check(self.plan(roster, team), [assignment_of(row) for row in roster.rows], people=wanted)
        return [*found, *(one for one in _gone(roster.rows, team) if wanted is None or one.person in wanted)]

    # --- making ---

    def solve(
        self,
        order: Order,
        *,
        progress: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
        seen: Callable[[Plan], None] | None = None,
        note: Callable[[str], None] | None = None,
    ) -> tuple[Roster, Result]:
        """Make a roster and keep it as a draft; `stop` ends the search with the best so far.

        `seen` is shown the plan before the search begins, `note` what is odd about the calls that it learns from.
        """
        from ccops.desk.planning.needs import requirement, table

        self.office.check("wfm.roster")
        version, team = self.office.team_version()
        needed = requirement(self.office, order.first, order.days, csv=order.csv, team=team)
        if note is not None:
            for text in needed.notes:
                note(text)
        needs = _pooled(needed, team) if order.pooled else table(needed)
        plan = replace(self._plan(team, needs, order.first, order.days), fixed=order.fixed)
        base = self.get(order.keep) if order.keep is not None else None
        if base is not None:
            plan = keep(plan, [assignment_of(row) for row in base.rows], weight=team.stability, until=order.until)
        if seen is not None:
            seen(plan)
        return self.run(plan, needs, order, version, base, settled=order.until, progress=progress, stop=stop)

    def run(
        self,
        plan: Plan,
        needs: Needs,
        order: Order,
        team: int,
        base: Roster | None,
        *,
        settled: date | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> tuple[Roster, Result]:
        """Solve a plan and keep the result as a draft; days before `settled` stay as `base` has them, breaks too."""
        start = None if base is None else [assignment_of(row) for row in base.rows]
        found = solve(
            plan, seconds=order.seconds, deterministic=order.deterministic, start=start, progress=progress, stop=stop
        )
        if base is not None and dict(needs) == dict(base.needs):
            found = _steady(plan, found, start or ())
        rows = [row_of(one) for one in found.assignments]
        if base is not None and settled is not None:
            past = {(row.person, row.day): row for row in base.rows if row.day < settled}
            rows = [past.get((row.person, row.day), row) for row in rows]
        document = {**result_document(found), "needs": needs, "interval": plan.interval}
        before = None if base is None else base.head.id
        kept = self.keep(order.first, order.days, rows, document, team, base=before, keep=order.keep, note=order.note)
        return kept, found

    @deed("roster.keep")
    def keep(
        self,
        first: date,
        days: int,
        rows: Sequence[DayRow],
        document: Mapping[str, Any],
        team: int,
        *,
        base: int | None = None,
        keep: int | None = None,
        changed: int | None = None,
        note: str = "",
    ) -> Roster:
        """Keep what was made elsewhere (by the solver, on a screen, in a file) as a draft.

        `changed` is how many days somebody changed by hand, for the audit.

        Raises `UsageProblem` or `NotFound` for days outside it, people who are not in the team, and impossible times.
        """
        check_rows(rows, self.office.team(), first, days)
        check_document(document)
        self.office.team_version(team)
        with self.office.doing("wfm.roster", f"{first}", days=days, keep=keep, changed=changed) as deed:
            kept = self.save(deed, Order(first, days, note=note), rows, document, team, base)
            deed.detail = _("version {version}").format(version=kept.head.id)
            figures = {name: document[name] for name in ("penalty", "gap") if name in document}
            deed.data = {"version": kept.head.id, **figures}
        return kept

    def save(
        self,
        deed: Deed,
        order: Order,
        rows: Sequence[DayRow],
        document: Mapping[str, Any],
        team: int,
        base: int | None,
    ) -> Roster:
        """Keep a draft, inside a deed."""
        with deed.database.write() as connection:
            number = store.put_roster(
                connection, deed.at, deed.who, order.note, first=order.first, days=order.days, team=team, base=base,
                document={"format": FORMAT, **document},
            )  # fmt: skip
            store.put_days(connection, (replace(row, roster=number) for row in rows))
        head = store.roster(deed.database, number)
        if head is None:
            raise CcopsError(_("The roster could not be kept."))
        return Roster(head, store.days_of(deed.database, number))

    def edited(self, number: int, changes: Sequence[DayRow]) -> Roster:
        """Return a roster as it would be with some days changed by hand; raises `UsageProblem` as `edit` does."""
        base = self.get(number)
        inside = {(row.person, row.day): row for row in changes}
        for row in changes:
            if not base.head.first <= row.day <= base.last:
                raise UsageProblem(_("{day} lies outside roster {number}.").format(day=row.day, number=number))
        check_rows(changes, self.office.team(), base.head.first, base.head.days)
        rows = [inside.pop((row.person, row.day), row) for row in base.rows] + list(inside.values())
        return Roster(base.head, rows)

    @deed("roster.edit")
    def edit(self, number: int, changes: Sequence[DayRow], *, note: str = "") -> Roster:
        """Keep a roster with some days changed by hand as a draft of its own; broken rules are told by `broken`.

        Raises `UsageProblem` for days outside the roster.
        """
        base = self.edited(number, changes)
        order = Order(base.head.first, base.head.days, note=note)
        document = {name: base.head.document[name] for name in ("needs", "interval") if name in base.head.document}
        people = sorted({row.person for row in changes})
        with self.office.doing("wfm.roster", str(number), people=people, days=len(changes)) as deed:
            made = self.save(deed, order, base.rows, document, base.head.team, number)
            deed.detail = _("version {version}").format(version=made.head.id)
        return made

    # --- publishing ---

    @deed("roster.publish")
    def publish(self, number: int | None = None) -> tuple[Roster, int]:
        """Make a version the one that holds for its days, and return it with how many people's days changed.

        Rules that it breaks do not keep it back: `broken` tells them beforehand.
        """
        roster = self.get(number)
        with self.office.doing("wfm.publish", str(roster.head.id), first=roster.head.first) as deed:
            roster.publishable()
            changed = self.publish_in(deed, roster)
            deed.detail = _("{count} days changed").format(count=changed)
            deed.data = {"version": roster.head.id, "changed": changed}
        return self.get(roster.head.id), changed

    def publish_in(self, deed: Deed, roster: Roster) -> int:
        """Publish inside a deed; returns how many days changed."""
        with deed.database.write() as connection:
            known = store.events(deed.database, roster.head.first, roster.last)
            events = list(changed_events(known, roster.rows, deed.at))
            store.publish(connection, roster.head.id, deed.at, deed.who)
            store.put_events(connection, events)
        return len(events)

    def amend(self, deed: Deed, changes: Sequence[DayRow], note: str) -> list[int]:
        """Publish what holds with some days changed, as a version per roster that they lie in; inside a deed.

        Raises `UsageProblem` for a day that no published roster covers.
        """
        made: list[int] = []
        left = {(row.person, row.day): row for row in changes}
        while left:
            day = min(day for _person, day in left)
            base = self.published(day)
            if base is None:
                raise UsageProblem(_("No roster is published for {day}.").format(day=day))
            inside = {key: row for key, row in left.items() if base.head.first <= key[1] <= base.last}
            rows = [row for row in base.rows if (row.person, row.day) not in inside] + list(inside.values())
            order = Order(base.head.first, base.head.days, note=note)
            # What the solver said of the one before is not true of this one.
            document = {name: base.head.document[name] for name in ("needs", "interval") if name in base.head.document}
            roster = self.save(deed, order, rows, document, base.head.team, base.head.id)
            self.publish_in(deed, roster)
            made.append(roster.head.id)
            left = {key: row for key, row in left.items() if key not in inside}
        return made


def _gone(rows: Iterable[DayRow], team: Team) -> list[BrokenRule]:
    """Return who still has shifts and is not in the team any more."""
    known = {member.id for member in team.people}
    days: dict[str, list[date]] = {}
    for row in rows:
        if row.shift and row.person not in known:
            days.setdefault(row.person, []).append(row.day)
    text = _("is not in the team any more: {count} shifts that nobody works")
    return [
        BrokenRule(person, "person", tuple(sorted(theirs)), text.format(count=len(theirs)))
        for person, theirs in sorted(days.items())
    ]


def _pooled(needed: "Requirement", team: Team) -> Needs:
    from ccops.wfm.pooling import pooled

    return pooled(needed, team).needs


def _steady(plan: Plan, found: Result, base: Iterable[Assignment]) -> Result:
    """Return a result whose days keep their breaks where nobody's shift changed: what is needed is what it was.

    The solver places all breaks anew, and nobody wants to hear that of a hundred days because somebody is ill.
    """
    known = {(one.person, one.day): one for one in base}
    times: dict[date, bool] = {}
    for one in found.assignments:
        times[one.day] = times.get(one.day, True) and _same_times(known.get((one.person, one.day)), one)
    kept = [known[one.person, one.day] if times[one.day] else one for one in found.assignments]
    costs = price(plan, kept)
    return replace(found, assignments=tuple(kept), costs=costs, proved=found.proved and costs.total <= found.penalty)


def _same_times(old: Assignment | None, new: Assignment) -> bool:
    return old is not None and (old.shift, old.start, old.minutes) == (new.shift, new.start, new.minutes)


def result_document(found: Result) -> dict[str, Any]:
    """Return what is kept of a result beside its days."""
    return {
        "penalty": round(found.penalty, 6),
        "bound": round(found.bound, 6) if found.bound > -1e18 else None,
        "gap": None if found.known_gap is None else round(found.known_gap, 6),
        "proved": found.proved,
        "seconds": round(found.seconds, 3),
        "costs": {name: round(value, 6) for name, value in asdict(found.costs).items()},
        "shortfalls": [
            {
                "kind": one.kind,
                "why": one.why,
                "person": one.person,
                "queue": one.queue,
                "day": one.day.isoformat() if one.day else None,
                "start": one.start.strftime("%H:%M") if one.start else None,
                "end": one.end.strftime("%H:%M") if one.end else None,
                "missing": round(one.missing, 3),
            }
            for one in found.shortfalls
        ],
    }


def difference(old: Sequence[DayRow], new: Sequence[DayRow]) -> list[tuple[DayRow | None, DayRow | None]]:
    """Return the days that differ in shift, times or breaks, by day and person; None where one has no such day."""
    before = {(row.day, row.person): row for row in old}
    after = {(row.day, row.person): row for row in new}
    found = []
    for key in sorted({*before, *after}):
        left, right = before.get(key), after.get(key)
        if left is None or right is None or replace(left, roster=0, queue="") != replace(right, roster=0, queue=""):
            found.append((left, right))
    return found
