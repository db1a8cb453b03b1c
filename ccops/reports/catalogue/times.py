"""What an agent's figures are made of: the visits, sessions, pauses and missed rings behind each of them."""

from collections.abc import Callable, Container, Iterable, Sequence

from ccops.reports.catalogue.parts import Found
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import agent_team_figures
from ccops.reports.periods import Period
from ccops.reports.rules import Rules
from ccops.reports.tally import AgentTally
from ccops.reports.visits import TRANSFERS, Visit

REACH = 2 * 86_400 + 3600
"""Seconds before a period in which a visit may have entered whose talk or wrap-up lies in it."""
_COUNTS: dict[str, Callable[[Visit], bool]] = {
    "answered": lambda visit: True,
    "transfers": lambda visit: visit.ended_by in TRANSFERS,
    "aht": lambda visit: visit.talk is not None,
    "longest_talk": lambda visit: visit.talk is not None,
}
"""Figures of the visits that entered in the period, and which of them they count."""
_TIMES: dict[str, tuple[str, ...]] = {
    "talk": ("talk",),
    "wrap": ("wrap",),
    "ring": ("ring",),
    **dict.fromkeys(("available", "occupancy", "utilisation"), ("talk", "wrap")),
}
"""Figures of the time in the period, and which times of visits they count."""
_SESSIONS = frozenset({"logged_in", "available", "occupancy", "utilisation"})
_WRAP_PAUSES = frozenset({"wrap", "available", "occupancy", "utilisation"})
_PAUSES = frozenset({"paused", "available", "occupancy"})


def agent_found(work: Work, periods: Sequence[Period], agents: Container[str] | None, figure: str) -> Found:
    """Return what a figure of some agents (None for all) over periods that do not overlap is made of."""
    around = Period(periods[0].start, periods[-1].end) if periods else Period(0, 0)
    archive, known_to, rules = work.archive, work.known_to, work.rules
    sessions = archive.sessions(around) if figure in _SESSIONS else []
    pauses = archive.pauses(around) if figure in _PAUSES | _WRAP_PAUSES else []
    missed = archive.missed(around) if figure in ("missed", "ring") else []
    wanted = {wrap_up for wrap_up, group in ((True, _WRAP_PAUSES), (False, _PAUSES)) if figure in group}
    return Found(
        periods,
        known_to,
        _visits(work, periods, agents, figure),
        [one for one in sessions if _among(agents, one.agent) and _touches(one.since, one.until, periods, known_to)],
        [
            one
            for one in pauses
            if _among(agents, one.agent)
            and rules.pause(one.reason).wrap_up in wanted
            and _touches(one.since, one.until, periods, known_to)
        ],
        [
            one
            for one in missed
            if _among(agents, one.agent) and _inside(one.at, periods) and not (figure == "missed" and one.canceled)
        ],
    )


def _among(agents: Container[str] | None, agent: str) -> bool:
    return agents is None or agent in agents


def _inside(at: int, periods: Iterable[Period]) -> bool:
    return any(at in period for period in periods)


def _touches(since: int, until: int | None, periods: Iterable[Period], now: int) -> bool:
    last = now if until is None else until
    return any(since < min(period.end, now) and last > period.start for period in periods)


def _visits(work: Work, periods: Sequence[Period], agents: Container[str] | None, figure: str) -> list[Visit]:
    if not periods or (figure not in _COUNTS and figure not in _TIMES):
        return []
    reach = 0 if figure in _COUNTS else REACH
    around = Period(periods[0].start - reach, periods[-1].end)
    agent = work.agents[0] if work.agents is not None and len(work.agents) == 1 else None
    answered = (
        visit for visit in work.archive.visits(around, agent=agent) if visit.agent and _among(agents, visit.agent)
    )
    if figure in _COUNTS:
        found = [visit for visit in answered if _inside(visit.entered, periods) and _COUNTS[figure](visit)]
        return _longest(found) if figure == "longest_talk" else found
    return [visit for visit in answered if _has_time(visit, periods, _TIMES[figure], work.rules)]


def _longest(visits: list[Visit]) -> list[Visit]:
    longest = max((visit.talk or 0 for visit in visits), default=0)
    return [visit for visit in visits if visit.talk == longest]


def _has_time(visit: Visit, periods: Iterable[Period], times: Iterable[str], rules: Rules) -> bool:
    """Tell whether any of the times of a visit lies in the periods; a talk that lasts counts once it is over."""
    if visit.open and visit.ended_by == "" and tuple(times) != ("ring",):
        return False
    for period in periods:
        tally = AgentTally()
        tally.add_time(visit, period.span, rules)
        if any(getattr(tally, name) for name in times):
            return True
    return False


def tally_of(found: Found, agent: str, rules: Rules) -> AgentTally:
    """Return the sums over what was found of one agent: the figure worked out of them is the one that was traced."""
    tally = AgentTally()
    for visit in found.visits:
        if visit.agent != agent:
            continue
        if _inside(visit.entered, found.periods):
            tally.add(visit, rules)
        lasts = visit.open and visit.ended_by == ""
        for period in found.periods:
            part = AgentTally()
            part.add_time(visit, period.span, rules)
            part.talk = 0 if lasts else part.talk
            tally.merge(part)
    for one in found.missed:
        if one.agent == agent:
            tally.add_missed(one)
    sessions = [one for one in found.sessions if one.agent == agent]
    pauses = [one for one in found.pauses if one.agent == agent]
    for period in found.periods:
        span = (period.start, max(period.start, min(period.end, found.now)))
        tally.clock([one for one in sessions if one.since < span[1]], pauses, span, rules)
    return tally


def figures_of(found: Found, rules: Rules) -> dict[str, float | int | None]:
    """Return every figure of all agents found, together; the one that was traced comes out as it was shown."""
    agents = {one.agent for one in found.visits} | {one.agent for one in found.sessions}
    agents |= {one.agent for one in found.pauses} | {one.agent for one in found.missed}
    return agent_team_figures([tally_of(found, agent, rules) for agent in sorted(agents)], rules)
