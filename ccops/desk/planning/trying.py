"""What if: a planned day of a site, ready to be simulated with the routing that its PBX has."""

from datetime import date, timedelta
from pathlib import Path

from ccops.board import Board
from ccops.desk.planning.needs import requirement
from ccops.desk.planning.office import Office
from ccops.desk.planning.rosters import Rosters
from ccops.reports.rules import Rules
from ccops.wfm.adherence.live import is_of
from ccops.wfm.require import WhatIf
from ccops.wfm.team.model import Team
from ccops.wfm.whatif import PlayedDay, Routing, played_day


def day_to_play(
    office: Office,
    day: date,
    *,
    version: int | None = None,
    csv: Path | None = None,
    what_if: WhatIf | None = None,
    board: Board | None = None,
) -> PlayedDay:
    """Return a day with the people of a roster, the published one where none is named, and the calls forecast for it.

    Raises `UsageProblem` for a day without people or calls, and for what no requirement can be made of.
    """
    team, rosters = office.team(), Rosters(office)
    before = day - timedelta(days=1)
    rows = rosters.scheduled(before, day) if version is None else rosters.get(version).rows
    needed = requirement(office, day, 1, csv=csv, what_if=what_if, team=team)
    return played_day(team, needed, rows, routing_of(office, team, board))


def routing_of(office: Office, team: Team, board: Board | None) -> Routing:
    """Return strategies and penalties off the board, and the wrap-up that is configured for the site's queues."""
    rules = Rules.of(office.settings)
    wrap_ups = {name: float(rules.wrap_up_of(name)) for name in team.queue_names()}
    if board is None:
        return Routing(wrap_ups=wrap_ups)
    names = {name.casefold(): name for name in team.queue_names()}
    strategies = {
        names[row.queue.casefold()]: row.strategy
        for row in board.queues.values()
        if row.strategy and row.queue.casefold() in names
    }
    penalties = {
        (member.id, names[one.queue.casefold()]): one.penalty
        for member in team.people
        for row in board.agents.values()
        if is_of(member, row)
        for one in row.memberships
        if one.queue.casefold() in names
    }
    return Routing(strategies, wrap_ups, penalties)
