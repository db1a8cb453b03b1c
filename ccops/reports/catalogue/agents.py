"""Reports about agents: what they did, when they were there, why they paused, whose phone rang in vain."""

from collections.abc import Iterable, Sequence
from typing import Any

from ccops.i18n import _
from ccops.reports.catalogue import columns
from ccops.reports.catalogue.grouping import START
from ccops.reports.catalogue.listing import Item, Listing
from ccops.reports.catalogue.parts import Part
from ccops.reports.catalogue.tables import AgentTable
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import AGENT_FIGURES, marked, ratio
from ccops.reports.paper.model import Chart, Column, Row
from ccops.reports.spans import Pause, Session, clip, seconds, union
from ccops.reports.visits import Missed


def agents(work: Work) -> list[Part]:
    """Figures of each agent, cut by intervals where that is asked for."""
    keys = ("agent",) if not work.interval else ("weekday" if work.interval == "weekday" else START, "agent")
    chart = Chart("bars", "agent", ("answered",))
    return [AgentTable("agents", marked("Agents"), keys, tuple(AGENT_FIGURES), chart=None if work.interval else chart)]


def inside(work: Work, since: int, until: int | None) -> int:
    """Return how many seconds of a span lie in the period; what lasts goes up to now."""
    last = work.known_to if until is None else until
    return seconds(clip([(since, last)], work.period.start, min(work.period.end, work.known_to)))


# --- sessions ---


def sessions(work: Work) -> list[Part]:
    """Every session, and how long each agent was there."""
    figures = ("logged_in", "paused", "available", "talk", "wrap", "occupancy")
    chart = Chart("bars", "agent", ("logged_in",))
    return [
        Listing("sessions", marked("Sessions"), _session_columns, _sessions, _session_total),
        AgentTable("agents", marked("Agents"), ("agent",), figures, chart),
    ]


def _session_columns(work: Work) -> list[Column]:
    return [
        *map(columns.about, ("agent", "queue", "since", "until")),
        columns.seconds("logged_in", _("In the period"), _("of the session, as far as it lies in the period")),
        columns.data_only(columns.plain("lasts", _("Lasts"), "flag")),
    ]


def _sessions(work: Work) -> list[Item]:
    found = []
    for one in work.sessions():
        row = {"agent": one.agent, "queue": one.queue or None, "since": one.since, "until": one.until}
        length = inside(work, one.since, one.until)
        if length:
            found.append(Item({**row, "logged_in": length, "lasts": one.until is None}, sessions=[one]))
    return found


def _session_total(work: Work, items: list[Item]) -> Row:
    """Time in several queues at once is one time."""
    by_agent: dict[str, list[Session]] = {}
    for item in items:
        for one in item.sessions:
            by_agent.setdefault(one.agent, []).append(one)
    return {"logged_in": sum(there(work, some) for some in by_agent.values())}


def there(work: Work, sessions: Iterable[Session]) -> int:
    """Return how many seconds of the period one agent was in any queue."""
    now = work.known_to
    spans = union((one.since, now if one.until is None else one.until) for one in sessions)
    return seconds(clip(spans, work.period.start, min(work.period.end, now)))


# --- pauses ---


def pauses(work: Work) -> list[Part]:
    """How long each agent paused for which reason; the reasons of all; every pause."""
    chart = Chart("share", "reason", ("paused",))
    title = marked("Agents and reasons")
    return [
        Listing("pauses", title, _pause_columns, _pauses_by("agent", "reason"), _pause_total, comparable=True),
        Listing(
            "reasons", marked("Reasons"), _reason_columns, _pauses_by("reason"), _pause_total, chart, comparable=True
        ),
        Listing("list", marked("Every pause"), _each_columns, _each_pause),
    ]


def _pause_columns(work: Work) -> list[Column]:
    return [columns.about("agent"), *_reason_columns(work)]


def _reason_columns(work: Work) -> list[Column]:
    return [
        columns.about("reason"),
        columns.count("pauses", _("Pauses"), _("pauses that touch the period")),
        columns.seconds("paused", _("Paused"), _("sum inside the period")),
        columns.seconds("mean", _("Mean"), _("paused / pauses")),
        columns.seconds("longest", _("Longest"), _("inside the period")),
        columns.plain("paid", _("Paid"), "flag"),
        columns.plain("productive", _("Productive"), "flag"),
        columns.plain("wrap_up", _("Wrap-up"), "flag", _("work after a call: it counts as wrap-up, not as paused")),
    ]


def _pauses_by(*keys: str) -> Any:
    def items(work: Work) -> list[Item]:
        groups: dict[tuple[str, ...], list[Pause]] = {}
        for pause in _touching(work):
            groups.setdefault(tuple(getattr(pause, key) for key in keys), []).append(pause)
        return [
            Item(
                {**dict(zip(keys, values, strict=True)), **_pause_row(work, some), **_flags(work, some[0].reason)},
                pauses=some,
            )
            for values, some in sorted(groups.items())
        ]

    return items


def _touching(work: Work) -> list[Pause]:
    return [pause for pause in work.pauses() if inside(work, pause.since, pause.until)]


def _pause_row(work: Work, some: Sequence[Pause]) -> dict[str, Any]:
    lengths = [inside(work, pause.since, pause.until) for pause in some]
    return {
        "pauses": len(lengths),
        "paused": sum(lengths),
        "mean": ratio(sum(lengths), len(lengths)),
        "longest": max(lengths, default=None),
    }


def _flags(work: Work, reason: str) -> dict[str, bool]:
    rule = work.rules.pause(reason)
    return {"paid": rule.paid, "productive": rule.productive, "wrap_up": rule.wrap_up}


def _pause_total(work: Work, items: list[Item]) -> Row:
    return _pause_row(work, [pause for item in items for pause in item.pauses])


def _each_columns(work: Work) -> list[Column]:
    return [
        *map(columns.about, ("agent", "reason", "since", "until")),
        columns.seconds("paused", _("In the period"), _("of the pause, as far as it lies in the period")),
    ]


def _each_pause(work: Work) -> list[Item]:
    found = []
    for one in _touching(work):
        row = {"agent": one.agent, "reason": one.reason, "since": one.since, "until": one.until}
        found.append(Item({**row, "paused": inside(work, one.since, one.until)}, pauses=[one]))
    return found


# --- missed ---


def missed(work: Work) -> list[Part]:
    """How often each agent's phone rang in vain, and for how long; every such ring."""
    chart = Chart("bars", "agent", ("missed",))
    counts = {
        "missed": lambda one: not one.canceled,
        "canceled": lambda one: one.canceled,
    }
    return [
        Listing(
            "missed", marked("Agents"), _missed_columns, _missed, _missed_total, chart, comparable=True, counts=counts
        ),
        Listing("list", marked("Every ring"), _ring_columns, _rings),
    ]


def _missed_columns(work: Work) -> list[Column]:
    return [
        columns.about("agent"),
        Column.of(AGENT_FIGURES["missed"], work.rules),
        columns.count("canceled", _("Called off"), _("taken by another agent or gone before the time was up: no miss")),
        columns.seconds("ring", _("Ringing"), _("sum of both")),
        columns.seconds("mean_ring", _("Mean"), _("ringing / rings")),
        columns.seconds("longest_ring", _("Longest")),
    ]


def _missed(work: Work) -> list[Item]:
    groups: dict[str, list[Missed]] = {}
    for one in work.missed():
        groups.setdefault(one.agent, []).append(one)
    found = [Item({"agent": agent, **_missed_row(some)}, missed=some) for agent, some in groups.items()]
    return sorted(found, key=lambda item: (-item.row["missed"], item.row["agent"]))


def _missed_row(some: Sequence[Missed]) -> dict[str, Any]:
    rings = [one.ring for one in some]
    return {
        "missed": sum(not one.canceled for one in some),
        "canceled": sum(one.canceled for one in some),
        "ring": sum(rings),
        "mean_ring": ratio(sum(rings), len(rings)),
        "longest_ring": max(rings, default=None),
    }


def _missed_total(work: Work, items: list[Item]) -> Row:
    return _missed_row([one for item in items for one in item.missed])


def _ring_columns(work: Work) -> list[Column]:
    return [
        *map(columns.about, ("at", "agent", "queue")),
        columns.seconds("ring", _("Ringing")),
        columns.plain("canceled", _("Called off"), "flag"),
        columns.about("call_id"),
    ]


def _rings(work: Work) -> list[Item]:
    keys = ("at", "agent", "queue", "ring", "canceled")
    return [
        Item({**{key: getattr(one, key) for key in keys}, "call_id": one.callid or None}, missed=[one])
        for one in work.missed()
    ]
