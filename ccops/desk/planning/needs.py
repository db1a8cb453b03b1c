"""Requirement of a site: histories from the store or a CSV, then agents and positions per interval and queue."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from ccops.desk.planning.deeds import deed
from ccops.desk.planning.office import Office
from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.wfm.history import History
from ccops.wfm.holidays import with_holidays
from ccops.wfm.require import Requirement, WhatIf, require
from ccops.wfm.team.model import Team

_MOST_DAYS = 2 * 366


def histories(
    office: Office, team: Team, interval: int, *, csv: Path | None = None, queue: str | None = None
) -> dict[str, History]:
    """Return the call history of each queue that planning is about, or of one.

    A CSV without a column `queue` is all of one queue: the one that is named, else the only one of the team.
    """
    if csv is not None:
        return _from_csv(office, team, interval, csv, queue)
    names = planned_queues(office, team, queue)
    from ccops.desk.demand import store_history
    from ccops.reports.rules import Rules

    rules, path = Rules.of(office.settings), office.settings.store.path
    return {name: store_history(path, rules, office.zone, interval, queue=name) for name in names}


def _from_csv(office: Office, team: Team, interval: int, csv: Path, queue: str | None) -> dict[str, History]:
    from ccops.wfm.history import read_histories

    found = read_histories(csv, office.zone, interval)
    if set(found) != {""}:
        if queue is not None and queue not in found:
            raise NotFound(_("queue"), queue, found)
        return found if queue is None else {queue: found[queue]}
    names = team.queue_names()
    if queue is None and len(names) > 1:
        raise UsageProblem(
            _("{file} does not say which queue it is about.").format(file=csv),
            remedy=_("Name it with --queue, or add a column “queue”."),
        )
    return {queue or (names[0] if names else ""): found[""]}


@deed("history", reading=True)
def past_calls(office: Office, interval: int, *, queue: str | None = None) -> History:
    """Return the calls that the store knows per `interval` minutes, of all queues together or of one."""
    from ccops.desk.demand import store_history
    from ccops.reports.rules import Rules

    return store_history(office.settings.store.path, Rules.of(office.settings), office.zone, interval, queue=queue)


def planned_queues(office: Office, team: Team, queue: str | None) -> list[str]:
    """Return the queues of the team that the store knows; raises for one that was named and is unknown."""
    from ccops.reports.archive import Archive
    from ccops.reports.rules import Rules

    with office.reading():  # makes it, or brings it up to date
        pass
    with Archive.opened(office.settings.store.path, Rules.of(office.settings), office.zone) as archive:
        if archive.covers is None:
            raise UsageProblem(
                _("The store “{path}” has no calls to learn from.").format(path=office.settings.store.path),
                remedy=_("Take the log in by `ccops ingest queue-log PATH`, or give --from-csv FILE."),
            )
        known = {name.casefold(): name for name in archive.queues()}
    wanted = [queue] if queue is not None else list(team.queue_names()) or list(known.values())
    missing = [name for name in wanted if name.casefold() not in known]
    if missing:
        raise NotFound(_("queue"), missing[0], known.values())
    return wanted


def requirement(
    office: Office,
    first: date,
    days: int,
    *,
    csv: Path | None = None,
    queue: str | None = None,
    what_if: WhatIf | None = None,
    team: Team | None = None,
    interval: int | None = None,
) -> Requirement:
    """Return the requirement of some days; raises `UsageProblem` for what is missing."""
    if csv is None:
        return from_store(office, first, days, queue=queue, what_if=what_if, team=team, interval=interval)
    return _required(office, first, days, csv, queue, what_if, team, interval)


@deed("requirement", reading=True)
def from_store(
    office: Office,
    first: date,
    days: int,
    *,
    queue: str | None = None,
    what_if: WhatIf | None = None,
    team: Team | None = None,
    interval: int | None = None,
) -> Requirement:
    """Return the requirement of some days, learnt from the calls in the store."""
    if not 1 <= days <= _MOST_DAYS:
        raise UsageProblem(_("A requirement is of 1 to {most} days, not {days}.").format(most=_MOST_DAYS, days=days))
    return _required(office, first, days, None, queue, what_if, team, interval)


def _required(
    office: Office,
    first: date,
    days: int,
    csv: Path | None,
    queue: str | None,
    what_if: WhatIf | None,
    team: Team | None,
    interval: int | None,
) -> Requirement:
    crew = team or _team_or_none(office)
    if interval is not None:
        crew = replace(crew, interval=interval)
    found = histories(office, crew, crew.interval, csv=csv, queue=queue)
    begin = min((one.first for one in found.values()), default=first)
    told = with_holidays(crew.days, office.settings.site.country, begin, first + timedelta(days=days))
    return require(replace(crew, days=told), found, first, days, office.rule, what_if)


def _team_or_none(office: Office) -> Team:
    """Return the team, an empty one where none was taken in: a requirement needs nobody."""
    if office.away is None and not office.settings.store.path.exists():
        return Team()
    from ccops.desk.planning.teams import versions

    return office.team() if versions(office) else Team()


def table(requirement: Requirement) -> Mapping[str, list[list[float]]]:
    """Return the positions of each queue as plain lists, days × intervals."""
    return {queue.queue: [[float(count) for count in row] for row in queue.positions] for queue in requirement.queues}
