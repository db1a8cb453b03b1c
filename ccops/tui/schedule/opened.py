"""A roster that is open in the planner's process: its days, its plan, and what stands beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Final

from ccops.desk.planning.office import Office
from ccops.desk.planning.rosters import Roster, Rosters
from ccops.errors import CcopsError
from ccops.store import planning as store
from ccops.store.planning import DayRow, RosterHead
from ccops.tui.schedule.covering import Ledger
from ccops.tui.schedule.errands import Changes, Key, Planned, Source, Version
from ccops.wfm.plan.build import Needs, assignment_of, away_days
from ccops.wfm.plan.weeks import monday_of
from ccops.wfm.roster import Assignment, Plan, Shift
from ccops.wfm.team.model import Team, span_of

EMPTY: Final = "empty"
"""State of a week for which nobody made a roster."""
_WEEK: Final = 7


@dataclass
class Opened:
    """One roster."""

    office: Office
    roster: Roster
    team: Team
    team_number: int
    rows: dict[Key, DayRow] = field(default_factory=dict)
    """Days with their times, without the number of the roster."""

    @property
    def rosters(self) -> Rosters:
        """All of them."""
        return Rosters(self.office)

    @property
    def version(self) -> int | None:
        """Its number; None for an empty week."""
        return self.roster.head.id or None

    @property
    def state(self) -> str:
        """draft, published or empty."""
        return self.roster.head.state

    @cached_property
    def needs(self) -> Needs:
        """What is required; of a week without roster what the forecast asks for, nothing where it cannot."""
        if self.version is not None:
            return self.roster.needs
        from ccops.desk.planning.needs import requirement, table

        try:
            found = requirement(self.office, self.roster.head.first, self.roster.head.days, team=self.team)
        except CcopsError:  # no history to learn from is no reason against planning by hand
            return {}
        return table(found)

    @cached_property
    def plan(self) -> Plan:
        """What it is measured by."""
        document = {**self.roster.head.document, "needs": self.needs}
        document.setdefault("interval", self.team.interval)
        head = replace(self.roster.head, document=document)
        return self.rosters.plan(Roster(head, self.roster.rows), self.team)

    @cached_property
    def ledger(self) -> Ledger:
        """What is known of its cover and rules."""
        return Ledger(self.plan)

    @cached_property
    def shifts(self) -> tuple[Shift, ...]:
        """What may be worked, free shifts spelled out."""
        return (*self.team.shifts, *(one for free in self.team.free_shifts for one in free.shifts()))

    def with_changes(self, changes: Changes) -> dict[Key, DayRow]:
        """Return its days with some changed."""
        return {**self.rows, **changes}

    def assignments(self, changes: Changes) -> list[Assignment]:
        """Return the same as the solver knows it."""
        return [assignment_of(row) for row in self.with_changes(changes).values()]

    # --- beside it ---

    def away(self) -> dict[Key, str]:
        """Return who is away when, and why."""
        head = self.roster.head
        span = span_of(head.first, head.days)
        with self.office.reading() as database:
            leave = store.leave(database, span[0], span[-1])
        found = {(one.id, day): "closed" for day in span if self.team.closed(day) for one in self.team.people}
        for state in ("requested", "approved"):  # what is approved wins
            for row in leave:
                if row.state == state:
                    kind = row.kind if state == "approved" else "asked"
                    found |= {(row.person, day): kind for day in away_days(row)}
        return found

    def planned(self) -> Mapping[Key, tuple[Planned, ...]]:
        """Return the activities of everybody."""
        found: dict[Key, tuple[Planned, ...]] = {}
        for day in span_of(self.roster.head.first, self.roster.head.days) if self.team.activities else ():
            for one in self.team.people:
                activities = self.team.activities_of(one.id, day)
                if activities:
                    found[one.id, day] = tuple(Planned(item.name, item.start, item.minutes) for item in activities)
        return found


def versions_of(rosters: Rosters) -> tuple[Version, ...]:
    """Return every version, newest first."""
    return tuple(_version(head) for head in rosters.heads())


def _version(head: RosterHead) -> Version:
    said = head.document
    known = (head.id, head.first, head.days, head.state, head.at, head.who, head.note)
    return Version(*known, said.get("penalty"), said.get("gap"), head.base)


def open_roster(office: Office, source: Source) -> Opened:
    """Open a roster; raises what the office does where there is no team."""
    number, team = office.team_version()
    roster = _found(Rosters(office), source)
    found = Opened(office, roster, team, number)
    found.rows = {(row.person, row.day): replace(row, roster=0) for row in roster.rows}
    return found


def _found(rosters: Rosters, source: Source) -> Roster:
    if source.version is not None:
        return rosters.get(source.version)
    published = rosters.published(source.day)
    if published is not None:
        return published
    for head in rosters.heads():
        if 0 <= (source.day - head.first).days < head.days:
            return rosters.get(head.id)
    return _empty(monday_of(source.day))


def _empty(first: date) -> Roster:
    head = RosterHead(0, first, _WEEK, EMPTY, 0.0, "", "", 0, None, None, "", {})
    return Roster(head, ())
