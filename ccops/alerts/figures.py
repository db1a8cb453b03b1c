"""The figures that alerts may watch, and how each is read off the board at a moment."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal

from ccops.alerts.ages import Ages
from ccops.board import AgentRow, AgentState, Board, LinkRow, ParkedRow, QueueRow
from ccops.i18n import _

Unit = Literal["count", "seconds", "rate", "times"]
Kind = Literal["queue", "agent", "parked", "link", "site"]


@dataclass(slots=True, frozen=True)
class Figure:
    """One figure."""

    name: str
    topic: Kind
    unit: Unit
    help: str
    above: bool = True
    """True where more is worse."""


@dataclass(slots=True)
class Reading:
    """A figure of one thing at a moment; hundreds are made for each look, so it is not frozen, and words come late."""

    figure: str
    topic: Kind
    key: str
    name: str
    """What people call it."""
    value: float | None
    """None where it is not known."""
    words: Callable[[], str]
    """Says what is the case."""
    since: float | None = None
    """When it began (epoch seconds), where its age matters."""
    growth: float = 0.0
    """By how much the value grows each second while nothing happens."""
    queues: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    """Every name of the agent."""
    state: str = ""
    reason: str = ""
    offered: int | None = None
    """Visits behind a rate."""

    @property
    def text(self) -> str:
        """What is the case, for a person; without how long, which readers add."""
        return self.words()


@dataclass(slots=True, frozen=True)
class Site:
    """What is known of the machine and the plan, besides the board; None where nobody looked."""

    log_silence: float | None = None
    """Seconds since something happened in a queue that the log does not tell yet."""
    log_detail: str = ""
    disks: Mapping[str, float] = field(default_factory=dict)
    """Free part of the file system, 0 to 1, by what is on it."""
    shifts: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    """Since when (epoch seconds) people should be on the phones now, by all their names, that for people first."""
    plan: Sequence[Reading] = ()
    """What the roster and the calls of the day tell (figures in `OF_PLAN`), as it was at most a minute ago."""


_COUNTS: Final[Mapping[str, tuple[str, str]]] = {
    "waiting": ("waiting", _("{name}: {count} waiting")),
    "members": ("members", _("{name}: {count} members")),
    "free_agents": ("available", _("{name}: {count} free")),
    "ringing": ("ringing", _("{name}: {count} ringing")),
    "talking": ("talking", _("{name}: {count} talking")),
    "on_hold": ("on_hold", _("{name}: {count} on hold")),
    "wrap_up": ("wrap_up", _("{name}: {count} in wrap-up")),
    "paused": ("paused", _("{name}: {count} paused")),
    "busy": ("busy", _("{name}: {count} on other calls")),
    "unavailable": ("unavailable", _("{name}: {count} offline")),
}
"""Figure → attribute of the queue's row, text."""

_TODAY: Final[Mapping[str, tuple[str, str]]] = {
    "offered": ("offered", _("{name}: {value} offered today")),
    "answered": ("answered", _("{name}: {value} answered today")),
    "abandoned": ("abandoned", _("{name}: {value} gave up today")),
    "lost": ("lost", _("{name}: {value} lost today")),
    "service_level": ("service_level", _("{name}: service level {value:.0%}")),
    "abandon_rate": ("abandon_rate", _("{name}: {value:.0%} gave up")),
    "occupancy": ("occupancy", _("{name}: occupancy {value:.0%}")),
    "asa": ("asa", _("{name}: answered after {value:.0f} s on average")),
    "aht": ("aht", _("{name}: handle time {value:.0f} s on average")),
    "longest_wait_today": ("longest_wait", _("{name}: longest wait today {value:.0f} s")),
}
"""Figure → attribute of the day's figures, text."""
_RATES: Final = frozenset({"service_level", "abandon_rate", "occupancy"})
_STATES: Final[Mapping[AgentState, str]] = {
    AgentState.PAUSED: _("{agent} is paused"),
    AgentState.RINGING: _("{agent} does not answer"),
    AgentState.TALKING: _("{agent} is in a long call"),
    AgentState.ON_HOLD: _("{agent} keeps a caller on hold"),
    AgentState.WRAP_UP: _("{agent} is still in wrap-up"),
    AgentState.BUSY: _("{agent} is in a long call outside the queues"),
    AgentState.AVAILABLE: _("{agent} has been free for long"),
    AgentState.UNAVAILABLE: _("{agent} is offline"),
}

_ABOUT: Final = (
    *(Figure(name, "queue", "count", _("now: {what}").format(what=attribute.replace("_", " ")),
             above=name not in ("free_agents", "members")) for name, (attribute, _text) in _COUNTS.items()),
    Figure("longest_wait", "queue", "seconds", _("wait of the caller who waits longest now")),
    Figure("wait_ratio", "queue", "times", _("the same, in thresholds of the queue's service level")),
    Figure("unserved", "queue", "count", _("callers who wait while nobody is free and no phone rings")),
    *(Figure(name, "queue", "count", _("visits today: {what}").format(what=name), above=name != "answered")
      for name in ("offered", "answered", "abandoned", "lost")),
    Figure("service_level", "queue", "rate", _("service level today, by the site's rule"), above=False),
    Figure("abandon_rate", "queue", "rate", _("abandon rate today")),
    Figure("occupancy", "queue", "rate", _("occupancy today of the queue's agents")),
    Figure("asa", "queue", "seconds", _("mean wait of the answered today")),
    Figure("aht", "queue", "seconds", _("mean handle time today")),
    Figure("longest_wait_today", "queue", "seconds", _("longest wait today")),
    Figure("state_time", "agent", "seconds", _("time in the present state; `states` says which")),
    Figure("pause_time", "agent", "seconds", _("time in the present pause; `reasons` says which")),
    Figure("missed", "agent", "count", _("calls not taken today")),
    Figure("agent_answered", "agent", "count", _("calls answered today"), above=False),
    Figure("agent_aht", "agent", "seconds", _("mean handle time today")),
    Figure("agent_occupancy", "agent", "rate", _("occupancy today")),
    Figure("late_for_shift", "agent", "seconds", _("time since the shift began, of who is not logged in")),
    Figure("agents_short", "queue", "count", _("agents who are missing now, by the roster against the day's calls")),
    Figure("agents_short_soon", "queue", "count", _("agents missing within two hours, where it gets worse")),
    Figure("off_roster", "agent", "seconds", _("time off the phones against the roster, of who is logged in")),
    Figure("volume_change", "queue", "rate", _("calls of the rest of the day against their forecast, either way")),
    Figure("parked_time", "parked", "seconds", _("time for which a caller is parked")),
    Figure("link_down", "link", "seconds", _("time since the PBX was last heard")),
    Figure("clock_offset", "link", "seconds", _("how far the PBX's clock is off, either way")),
    Figure("log_silence", "site", "seconds", _("time since something happened that the queue_log does not tell yet")),
    Figure("history_stopped", "site", "seconds", _("time for which the daemon cannot take the queue_log in")),
    Figure("disk_free", "site", "rate", _("free part of the disks with the store and the log"), above=False),
)  # fmt: skip
FIGURES: Final[Mapping[str, Figure]] = {figure.name: figure for figure in _ABOUT}

OF_PLAN: Final = frozenset({"agents_short", "agents_short_soon", "off_roster", "volume_change"})
"""Figures that need a published roster."""
FROM_PBX: Final = frozenset(name for name, figure in FIGURES.items() if figure.topic in ("queue", "agent", "parked"))
"""Figures of which nothing is known while the link is down."""


def measure(
    board: Board, wanted: Collection[str], ages: Ages, site: Site | None = None
) -> dict[str, Sequence[Reading]]:
    """Return the readings of the figures that are wanted, by figure."""
    site = site or Site()
    found: dict[str, list[Reading]] = {name: [] for name in wanted}
    queues = {name for name in wanted if FIGURES[name].topic == "queue"}
    agents = {name for name in wanted if FIGURES[name].topic == "agent"}
    for queue in board.queues.values():
        for reading in _of_queue(queue, queues, ages):
            found[reading.figure].append(reading)
    for key, agent in board.agents.items() if agents else ():
        for reading in _of_agent(key, agent, agents, ages):
            found[reading.figure].append(reading)
    plan = _of_plan(site, ages)
    for reading in (
        *_late(board, site, ages),
        *plan,
        *_parked(board, ages),
        *_of_link(board, ages),
        *_of_site(board, site, ages),
    ):
        if reading.figure in found:
            found[reading.figure].append(reading)
    return dict(found)


# --- queues ---


def _of_queue(row: QueueRow, wanted: Collection[str], ages: Ages) -> Iterator[Reading]:
    name, key, queues = row.title or row.queue, row.queue, (row.queue,)
    for figure in wanted:
        if figure in _COUNTS:
            attribute, text = _COUNTS[figure]
            count = getattr(row, attribute)
            words = partial(text.format, name=name, count=count)
            yield Reading(figure, "queue", key, name, count, words, queues=queues)
        elif figure in _TODAY:
            attribute, text = _TODAY[figure]
            value = getattr(row.today, attribute)
            offered = row.today.offered if figure in _RATES else None
            words = partial(text.format, name=name, value=value)
            yield Reading(figure, "queue", key, name, value, words, queues=queues, offered=offered)
    yield from _waits(row, name, wanted, ages)


def _waits(row: QueueRow, name: str, wanted: Collection[str], ages: Ages) -> Iterator[Reading]:
    began = row.oldest_entered_at if row.waiting else None
    wait = 0.0 if began is None else ages.age(("queue", row.queue), began)
    growth, queues = 0.0 if began is None else 1.0, (row.queue,)
    words = partial(_LONGEST.format, queue=name)
    if "longest_wait" in wanted:
        yield Reading("longest_wait", "queue", row.queue, name, wait, words, began, growth, queues)
    if "wait_ratio" in wanted:
        threshold = max(row.service_level_threshold, 1.0)
        ratio, growth = wait / threshold, growth / threshold
        yield Reading("wait_ratio", "queue", row.queue, name, ratio, words, began, growth, queues)
    if "unserved" in wanted:
        alone = row.waiting if row.waiting and not row.available and not row.ringing else 0
        yield Reading("unserved", "queue", row.queue, name, alone, partial(_unserved, name, row), began, 0.0, queues)


_LONGEST: Final = _("{queue}: longest wait")


def _unserved(name: str, queue: QueueRow) -> str:
    if queue.members - queue.unavailable <= 0:
        return _("{queue}: {waiting} waiting, nobody is there").format(queue=name, waiting=queue.waiting)
    return _("{queue}: {waiting} waiting, nobody free ({talking} talking, {paused} paused)").format(
        queue=name, waiting=queue.waiting, talking=queue.talking + queue.on_hold, paused=queue.paused
    )


# --- agents ---


def _of_agent(key: str, row: AgentRow, wanted: Collection[str], ages: Ages) -> Iterator[Reading]:
    names, queues = (row.agent, row.interface, row.device), row.queues
    state, since = row.state, row.state_since
    if since is not None:
        lasts = ages.age(("agent", key), since)
        reason = row.pause_reason if state is AgentState.PAUSED else ""
        words = partial(_in_state, row, reason)
        for figure in ("state_time", "pause_time"):
            if figure in wanted and (figure == "state_time" or state is AgentState.PAUSED):
                yield Reading(
                    figure, "agent", key, row.agent, lasts, words, since, 1.0, queues, names, state.value, reason
                )
    for figure in wanted:
        if figure in _AGENT_TODAY:
            attribute, text = _AGENT_TODAY[figure]
            value = getattr(row.today, attribute)
            words = partial(text.format, agent=row.agent, value=value)
            yield Reading(figure, "agent", key, row.agent, value, words, queues=queues, agents=names)


def _in_state(row: AgentRow, reason: str) -> str:
    text = _STATES[row.state].format(agent=row.agent)
    return f"{text} ({reason})" if reason else text


_AGENT_TODAY: Final[Mapping[str, tuple[str, str]]] = {
    "missed": ("missed", _("{agent} has not taken {value} calls today")),
    "agent_answered": ("answered", _("{agent} has answered {value} calls today")),
    "agent_aht": ("aht", _("{agent}: handle time {value:.0f} s on average")),
    "agent_occupancy": ("occupancy", _("{agent}: occupancy {value:.0%}")),
}


def _late(board: Board, site: Site, ages: Ages) -> Iterator[Reading]:
    """Who should be on the phones by the plan, and is in no queue or has no phone."""
    if not site.shifts:
        return
    known = {name.casefold(): row for row in board.agents.values() for name in (row.agent, row.interface, row.device)}
    for names, begins in site.shifts.items():
        row = next((known[name.casefold()] for name in names if name and name.casefold() in known), None)
        if row is not None and row.queues and row.state is not AgentState.UNAVAILABLE:
            continue
        key, queues = (names[0], ()) if row is None else (row.key, row.queues)
        words = partial(_("{agent} is on shift and not logged in").format, agent=names[0])
        lasts = ages.age(("shift", names[0]), begins)
        yield Reading("late_for_shift", "agent", key, names[0], lasts, words, begins, 1.0, queues, names)


def _of_plan(site: Site, ages: Ages) -> Iterator[Reading]:
    """What planning told, with durations as they are now."""
    for reading in site.plan:
        if reading.since is None:
            yield reading
        else:
            yield replace(reading, value=ages.age((reading.figure, reading.key), reading.since), growth=1.0)


# --- the rest ---


def _parked(board: Board, ages: Ages) -> Iterator[Reading]:
    row: ParkedRow
    for row in board.parked.values():
        # An alert goes to mail and pagers, so it says where a caller is and not who it is.
        words = partial(_("A caller is parked on {space}").format, space=row.space)
        lasts = ages.age(("parked", row.uniqueid), row.parked_at)
        yield Reading("parked_time", "parked", row.uniqueid, row.space, lasts, words, row.parked_at, 1.0)


def _of_link(board: Board, ages: Ages) -> Iterator[Reading]:
    link, words = board.link, partial(link_text, board)
    first = link.heard_at is None and link.state in ("connecting", "syncing")
    if link.state == "live" or first:
        yield Reading("link_down", "link", link.site, link.host, 0.0, words)
    else:
        since = link.since if link.heard_at is None else link.heard_at
        lasts = max(ages.age(("link", link.site), since), _AT_ONCE)
        yield Reading("link_down", "link", link.site, link.host, lasts, words, since, 1.0)
    offset = link.clock_offset
    words = partial(_("The PBX clock is {seconds:+.0f} s off").format, seconds=offset)
    yield Reading("clock_offset", "link", link.site, link.host, None if offset is None else abs(offset), words)


_AT_ONCE: Final = 0.001
"""A link that is down is down, also in the instant in which it goes."""


def link_text(board: Board) -> str:
    """Return how the link stands, in words."""
    link = board.link
    said = {
        "connecting": _("Connecting to {host}"),
        "syncing": _("Reading the state of {host}"),
        "live": _("Linked to {host}"),
        "stale": _("Nothing heard from {host}: what you see is old"),
        "down": _("No link to {host}: what you see is old"),
        "refused": _("{host} refuses the login"),
    }
    text = said.get(link.state, link.state).format(host=link.host)
    return f"{text} ({link.detail})" if link.detail else text


def _of_site(board: Board, site: Site, ages: Ages) -> Iterator[Reading]:
    yield _history(board.link, ages)
    silence = site.log_silence
    if silence is not None:
        text = site.log_detail or _("The queue_log does not grow although there are calls")
        growth = 1.0 if silence else 0.0
        yield Reading("log_silence", "site", "queue_log", "queue_log", silence, partial(str, text), growth=growth)
    for name, free in site.disks.items():
        words = partial(_("The disk of the {what} is {rate:.0%} free").format, what=name, rate=free)
        yield Reading("disk_free", "site", name, name, free, words)


def _history(link: LinkRow, ages: Ages) -> Reading:
    """A log that is not taken in leaves holes in every report of today, though the board looks well."""
    if not link.history_trouble:
        return Reading("history_stopped", "site", "history", "history", 0.0, partial(str, _("History is being kept")))
    since = link.history_since
    lasts = _AT_ONCE if since is None else max(ages.age(("history", link.site), since), _AT_ONCE)
    words = partial(_("History is not being kept: {why}").format, why=link.history_trouble.splitlines()[0])
    return Reading("history_stopped", "site", "history", "history", lasts, words, since, 1.0)
