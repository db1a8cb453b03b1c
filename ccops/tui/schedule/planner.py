"""The process that plans for the console: `python -m ccops.tui.schedule.planner`, started by the console.

It holds team, rules and the roster that is open, so that each change made by a key is judged in milliseconds, and
loads what is heavy (numpy) beside the console. It ends with its input; what it was asked is done to the end before.
"""

import gc
import os
import time
from pathlib import Path
from typing import Final

from ccops.desk.planning.office import Office
from ccops.desk.planning.rights import PLANNING_ACTIONS
from ccops.errors import CcopsError, ReasonNeeded
from ccops.tui.schedule import judging, requesting
from ccops.tui.schedule.asks import Rest, Take, Withdraw
from ccops.tui.schedule.errands import (
    LANGUAGE,
    Answer,
    Book,
    Compare,
    Decide,
    Errand,
    Fitting,
    Heads,
    Judge,
    Live,
    Open,
    Presence,
    Present,
    Publish,
    Refused,
    RequestList,
    Requests,
    Save,
    Saved,
    Source,
    Versions,
    Worker,
    Write,
)
from ccops.tui.schedule.opened import Opened, open_roster, versions_of
from ccops.tui.told import Told, fault_of, serve

_KEPT: Final = 8
"""Rosters that are kept open."""


def office_of(told: Told) -> Office:
    """Return the office of whoever runs this process."""
    clock = time.time if not told.ahead else lambda: time.time() + told.ahead
    return Office(told.settings, clock=clock, read_only=told.read_only)


class Planner:
    """Does errands, one after the other."""

    def __init__(self, told: Told) -> None:
        """Nothing is read yet."""
        self.office = office_of(told)
        self._open: dict[Source, Opened] = {}

    def do(self, errand: Errand) -> Answer:
        """Do one errand; what a person can help is an answer too."""
        try:
            return self._done(errand)
        except ReasonNeeded as error:
            return Refused(error.message, error.remedy, reason=True)
        except requesting.Short as error:
            return Refused(error.message, error.remedy, short=True)
        except CcopsError as error:
            return Refused(error.message, error.remedy)
        except Exception as error:  # noqa: BLE001
            # A fault of ours in one errand must cost neither the roster that is open nor the console; it is told.
            return _fault(error)

    def _done(self, errand: Errand) -> Answer:
        if isinstance(errand, Open):
            self._open.pop(errand.source, None)  # others may have changed leave, team or roster meanwhile
            return self._book(errand.source)
        if isinstance(errand, Judge):
            return judging.verdict(self._opened(errand.source), errand.changes)
        if isinstance(errand, Fitting):
            return judging.candidates(self._opened(errand.source), errand.changes, errand.row)
        if isinstance(errand, Compare):
            return judging.difference(self._opened(errand.source), errand.changes, errand.other)
        if isinstance(errand, Save):
            return Saved(judging.saved(self._opened(errand.source), errand.changes, errand.note))
        if isinstance(errand, Live):
            return self._present(errand)
        if isinstance(errand, Rest):
            from ccops.tui.schedule.resting import outlook

            return outlook(self.office, errand)
        if isinstance(errand, Requests | Decide | Take | Withdraw):
            return self._requests(errand)
        if isinstance(errand, Publish | Heads | Write):
            return self._version(errand)
        return requesting.asked(self.office, errand)

    def _requests(self, errand: Requests | Decide | Take | Withdraw) -> Answer:
        if not isinstance(errand, Requests):
            requesting.decide(self.office, errand)
        return RequestList(requesting.listed(self.office), self.allowed())

    def _version(self, errand: Publish | Heads | Write) -> Answer:
        from ccops.desk.planning.rosters import Rosters

        if isinstance(errand, Write):
            from ccops.desk.planning.exports import write_export

            return Saved(write_export(self.office, errand.version, Path(errand.path)).version)
        if isinstance(errand, Heads):
            return Versions(versions_of(Rosters(self.office)))
        roster, changed = Rosters(self.office).publish(errand.version)
        return Saved(roster.head.id, changed)

    # --- opening ---

    def _opened(self, source: Source) -> Opened:
        found = self._open.get(source)
        if found is None:
            found = self._open[source] = open_roster(self.office, source)
            while len(self._open) > _KEPT:
                del self._open[next(iter(self._open))]
        return found

    def _book(self, source: Source) -> Book:
        found = self._opened(source)
        team = found.team
        return Book(
            source=source,
            version=found.version,
            state=found.state,
            first=found.roster.head.first,
            days=found.roster.head.days,
            people=tuple(Worker(one.id, one.name, one.contract, one.skills) for one in team.people),
            queues=team.queue_names(),
            shifts=found.shifts,
            rows=tuple(found.rows.values()),
            away=found.away(),
            planned=found.planned(),
            versions=versions_of(found.rosters),
            interval=team.interval,
            today=self.office.today(),
            allowed=self.allowed(),
            waiting=requesting.waiting(self.office),
        )

    def allowed(self) -> frozenset[str]:
        """Return the rights in planning that this person has for anybody at all."""
        return frozenset(action for action in PLANNING_ACTIONS if self._may(action))

    def _may(self, action: str) -> bool:
        try:
            self.office.check(action)
        except ReasonNeeded:
            return True
        except CcopsError:
            return False
        return True

    def _present(self, errand: Live) -> Present:
        from ccops.desk.planning.following import present

        now = self.office.clock()
        return Present(now, tuple(Presence(**row) for row in present(self.office, errand.board)))


def _fault(error: Exception) -> Refused:
    return Refused(*fault_of(error))


def main() -> None:
    """Serve until the console is gone."""
    gc.set_threshold(100_000, 50, 100)
    try:
        serve(LANGUAGE, lambda told: Planner(told).do, _fault)
    except (EOFError, BrokenPipeError):
        # Leaving in the ordinary way would flush a pipe that nobody reads.
        os._exit(0)


if __name__ == "__main__":
    main()
