"""What people really did, from the sessions and pauses of the history: on the phones, productive, away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccops.reports.spans import Pause, Session, Span, clip, common, union
from ccops.wfm.adherence.schedule import without

if TYPE_CHECKING:
    from ccops.reports.rules import Rules
    from ccops.wfm.team.model import Member


@dataclass(frozen=True, slots=True)
class Done:
    """One agent's time in a period; spans are epoch seconds."""

    phones: tuple[Span, ...] = ()
    """Logged in, and not paused but for wrap-up."""
    productive: tuple[Span, ...] = ()
    """Paused for a reason that is work: training, paperwork."""
    paused: tuple[Span, ...] = ()
    """Paused for another reason."""
    logs_in: bool = True
    """False: a static member, of whom nobody knows when they were there."""


def done_by(
    sessions: Iterable[Session], pauses: Iterable[Pause], rules: "Rules", start: int, end: int
) -> Mapping[str, Done]:
    """Return what each agent did in [start, end); what lasts is counted up to the end."""
    logged: dict[str, list[Span]] = {}
    for session in sessions:
        logged.setdefault(session.agent, []).append((session.since, session.until or end))
    breaks: dict[str, list[Span]] = {}
    work: dict[str, list[Span]] = {}
    for pause in pauses:
        rule = rules.pause(pause.reason)
        if not rule.wrap_up:
            part = work if rule.productive else breaks
            part.setdefault(pause.agent, []).append((pause.since, pause.until or end))
    found = {}
    for agent in {*logged, *breaks, *work}:
        there = clip(union(logged.get(agent, [])), start, end)
        productive = common(there, work.get(agent, []))
        paused = common(there, breaks.get(agent, []))
        phones = without(there, [*productive, *paused])
        found[agent] = Done(tuple(phones), tuple(productive), tuple(paused), agent in logged)
    return found


def agent_of(member: "Member", agents: Iterable[str]) -> str:
    """Return the name under which the history knows a person; their own where it never saw them."""
    return next((name for name in agents if member.known_as(name)), member.agent or member.name)
