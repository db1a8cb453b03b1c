"""What needs a supervisor's attention now: a pure function of the board, shared by ribbon, wall and alerts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ccops.board import AgentRow, AgentState, Board, LinkRow, ParkedRow, QueueRow, Topic
from ccops.i18n import _

Level = Literal["critical", "warning", "info"]
_RANK: dict[Level, int] = {"critical": 0, "warning": 1, "info": 2}


@dataclass(slots=True, frozen=True)
class Limits:
    """From when on something needs attention; seconds, fractions of one, counts."""

    wait_factor: float = 3.0
    """A wait beyond the queue's threshold warns; beyond this many thresholds it is critical."""
    paused: float = 900.0
    ringing: float = 20.0
    talking: float = 900.0
    on_hold: float = 120.0
    wrap_up: float = 120.0
    busy: float = 1200.0
    parked: float = 60.0
    service_level: float = 0.8
    abandon_rate: float = 0.1
    min_offered: int = 5
    """A service level of fewer visits says nothing."""
    clock_offset: float = 2.0

    def of_state(self, state: AgentState) -> float | None:
        """Return how long an agent may be in this state before it is unusual; None where time does not matter."""
        # The fields are named after the states that have a limit.
        limit: float | None = getattr(self, state.value, None)
        return limit


@dataclass(slots=True, frozen=True)
class Notice:
    """One thing that needs attention."""

    level: Level
    kind: str
    """What is wrong, for scripts and filters: link, nobody, wait, service_level, paused, ringing …"""
    topic: Topic
    key: str
    """The row that it is about."""
    text: str
    since: float | None = None
    """When it began, where its age matters; the reader adds the age."""


def notices(board: Board, now: float, limits: Limits | None = None) -> list[Notice]:
    """Return what needs attention at `now` (epoch seconds), most pressing first, longest first within a level."""
    limits = limits or Limits()
    found = list(_of_link(board.link, limits))
    for queue in board.queues.values():
        found += _of_queue(queue, now, limits)
    for agent in board.agents.values():
        found += _of_agent(agent, now, limits)
    for parked in board.parked.values():
        found += _of_parked(parked, now, limits)
    found.sort(key=lambda notice: (_RANK[notice.level], notice.kind != "link", notice.since or now, notice.text))
    return found


def _of_link(link: LinkRow, limits: Limits) -> Iterator[Notice]:
    if link.state != "live":
        level: Level = "info" if link.heard_at is None and link.state in ("connecting", "syncing") else "critical"
        since = link.heard_at if link.heard_at is not None else link.since
        yield Notice(level, "link", "link", link.site, _link_text(link), since)
    offset = link.clock_offset
    if offset is not None and abs(offset) > limits.clock_offset:
        text = _("The PBX clock is {seconds:+.0f} s off").format(seconds=offset)
        yield Notice("warning", "clock", "link", link.site, text)


def _link_text(link: LinkRow) -> str:
    said = {
        "connecting": _("Connecting to {host}"),
        "syncing": _("Reading the state of {host}"),
        "stale": _("Nothing heard from {host}: what you see is old"),
        "down": _("No link to {host}: what you see is old"),
        "refused": _("{host} refuses the login"),
    }
    text = said.get(link.state, link.state).format(host=link.host)
    return f"{text} ({link.detail})" if link.detail else text


def _of_queue(queue: QueueRow, now: float, limits: Limits) -> Iterator[Notice]:
    name = queue.title or queue.queue
    if queue.waiting and not queue.available and not queue.ringing:
        yield Notice("critical", "nobody", "queue", queue.queue, _nobody(name, queue), queue.oldest_entered_at)
    elif queue.waiting and queue.oldest_entered_at is not None:
        wait = now - queue.oldest_entered_at
        if wait > queue.service_level_threshold:
            level: Level = "critical" if wait > queue.service_level_threshold * limits.wait_factor else "warning"
            text = _("{queue}: longest wait").format(queue=name)
            yield Notice(level, "wait", "queue", queue.queue, text, queue.oldest_entered_at)
    today = queue.today
    if today.service_level is None or (today.offered or 0) < limits.min_offered:
        return
    if today.service_level < limits.service_level:
        text = _("{queue}: service level {level:.0%} is below {target:.0%}").format(
            queue=name, level=today.service_level, target=limits.service_level
        )
        yield Notice("warning", "service_level", "queue", queue.queue, text)


def _nobody(name: str, queue: QueueRow) -> str:
    if queue.members - queue.unavailable <= 0:
        return _("{queue}: {waiting} waiting, nobody is there").format(queue=name, waiting=queue.waiting)
    return _("{queue}: {waiting} waiting, nobody free ({talking} talking, {paused} paused)").format(
        queue=name, waiting=queue.waiting, talking=queue.talking + queue.on_hold, paused=queue.paused
    )


def _of_agent(agent: AgentRow, now: float, limits: Limits) -> Iterator[Notice]:
    limit = limits.of_state(agent.state)
    if limit is None or agent.state_since is None or now - agent.state_since <= limit:
        return
    said = {
        AgentState.PAUSED: _("{agent} is paused"),
        AgentState.RINGING: _("{agent} does not answer"),
        AgentState.TALKING: _("{agent} is in a long call"),
        AgentState.ON_HOLD: _("{agent} keeps a caller on hold"),
        AgentState.WRAP_UP: _("{agent} is still in wrap-up"),
        AgentState.BUSY: _("{agent} is in a long call outside the queues"),
    }
    text = said[agent.state].format(agent=agent.agent)
    if agent.state is AgentState.PAUSED and agent.pause_reason:
        text = f"{text} ({agent.pause_reason})"
    calm = agent.state in (AgentState.TALKING, AgentState.BUSY)
    yield Notice("info" if calm else "warning", agent.state.value, "agent", agent.key, text, agent.state_since)


def _of_parked(parked: ParkedRow, now: float, limits: Limits) -> Iterator[Notice]:
    if now - parked.parked_at > limits.parked:
        caller = parked.caller_name or parked.caller_number
        text = _("{caller} is parked on {space}").format(caller=caller, space=parked.space)
        yield Notice("warning", "parked", "parked", parked.uniqueid, text, parked.parked_at)
