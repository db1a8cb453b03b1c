"""Generated stores and requests for tests of the catalogue, and figures worked out again from their traces."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from ccops.reports.archive import Archive
from ccops.reports.callers import Numbers
from ccops.reports.catalogue import Ask, Sources, Trace, entries
from ccops.reports.catalogue.counted import tally_of
from ccops.reports.catalogue.times import figures_of
from ccops.reports.figures import QUEUE_FIGURES, SERVICE_LEVELS
from ccops.reports.ingest import ingest
from ccops.reports.periods import Period
from ccops.reports.rules import PauseRule, QueueRule, Rules
from ccops.reports.spans import clip, seconds, union
from ccops.reports.tally import wrap_of
from ccops.reports.visits import LOST, TRANSFERS, Outcome
from ccops.settings import Settings
from tests.history_logs import AGENTS, QUEUES, START

RULES = Rules(
    threshold=15,
    wrap_up=10,
    queues={"Sales": QueueRule(threshold=30, wrap_up=20)},
    pauses={
        "wrap": PauseRule(wrap_up=True),
        "lunch": PauseRule(paid=False),
        "coffee|tea": PauseRule(productive=True),
    },
)
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns")
CLOCK_CHANGES = {
    "Europe/Berlin": 1_774_746_000,
    "Australia/Lord_Howe": 1_775_314_800,
    "America/St_Johns": 1_772_947_800,
}
"""Instants of 2026 at which the clock is changed."""
NOW = 1_790_000_000


@contextmanager
def sources_of(folder: Path, data: bytes, zone: ZoneInfo, rules: Rules = RULES) -> Iterator[Sources]:
    """Import a log and open what reports are made from."""
    log, store = folder / "queue_log", folder / "s.db"
    log.write_bytes(data)
    ingest(store, [log], rules, zone)
    with Archive.opened(store, rules, zone) as archive:
        yield Sources.of(archive, Settings())


def moved(data: bytes, seconds: int) -> bytes:
    """Return a log as if everything had happened later."""
    return re.sub(rb"(?m)^\d+", lambda found: str(int(found[0]) + seconds).encode(), data)


def delta_of(zone: str) -> int:
    """Return by how much a log is moved so that the clock of a zone is changed in it."""
    change = CLOCK_CHANGES.get(zone)
    return 0 if change is None else change - START - 30_000


cuts = st.tuples(st.integers(-2, 30), st.integers(1, 60), st.sampled_from([900, 3600, 3600, 1111]))


def period_of(cut: tuple[int, int, int], delta: int) -> Period:
    """Return a period near the beginning of a log that was moved."""
    start = START + delta + cut[0] * cut[2]
    return Period(start, start + cut[1] * cut[2])


@st.composite
def asks(draw: st.DrawFn, name: str, period: Period) -> Ask:
    """Draw what a report can be asked."""
    entry = entries()[name]
    narrowed: dict[str, Any] = {}
    values = {"queue": st.sampled_from((*QUEUES, "s*", "sales,support")), "agent": st.sampled_from((*AGENTS, "*n*"))}
    for key, strategy in values.items():
        if key in entry.narrows and draw(st.integers(0, 3)) == 0:
            narrowed[key] = draw(strategy)
    interval = draw(st.sampled_from(entry.intervals))
    calls = entry.calls and draw(st.integers(0, 3)) == 0
    return Ask(period, NOW, interval=interval, calls=calls, **narrowed)


Again = Callable[[Trace, Mapping[str, Any]], Any]


def _waits(trace: Trace) -> list[int]:
    return [visit.wait or 0 for visit in trace.visits]


def _count(trace: Trace, row: Mapping[str, Any]) -> int:
    return len(trace.visits)


def _mean(values: list[Any]) -> float | None:
    return sum(values) / len(values) if values else None


def _known(trace: Trace, name: str) -> list[Any]:
    return [value for visit in trace.visits if (value := getattr(visit, name)) is not None]


def _share(test: Callable[[Any, Mapping[str, Any]], bool]) -> Again:
    def again(trace: Trace, row: Mapping[str, Any]) -> float | None:
        return _mean([test(visit, row) for visit in trace.visits])

    return again


def _in_bucket(value: int | None, row: Mapping[str, Any]) -> bool:
    return value is not None and row["from"] <= value and (row["to"] is None or value < row["to"])


def _level(trace: Trace, row: Mapping[str, Any]) -> float | None:
    rules = Rules(RULES.service_level, threshold=row["within"], short_abandon=RULES.short_abandon)
    return SERVICE_LEVELS[rules.service_level].of(tally_of(trace.visits, rules))


def _lengths(trace: Trace) -> list[int]:
    """Seconds of each pause inside the period."""
    (period,) = trace.found.periods
    return [
        seconds(clip([(one.since, trace.found.now if one.until is None else one.until)], *period.span))
        for one in trace.pauses
    ]


def _there(trace: Trace, row: Mapping[str, Any]) -> int:
    """Time of each agent in any queue, as far as it lies in the period."""
    (period,) = trace.found.periods
    found = 0
    for agent in {one.agent for one in trace.sessions}:
        mine = [one for one in trace.sessions if one.agent == agent]
        spans = union((one.since, trace.found.now if one.until is None else one.until) for one in mine)
        found += seconds(clip(spans, period.start, min(period.end, trace.found.now)))
    return found


def _paid(flag: bool) -> Again:
    def again(trace: Trace, row: Mapping[str, Any]) -> float | int | None:
        assert all(RULES.pause(one.reason).paid is flag for one in trace.pauses)
        return figures_of(trace.found, RULES)["paused"]

    return again


def _paid_time(trace: Trace, row: Mapping[str, Any]) -> Any:
    figures = figures_of(trace.found, RULES)
    return None if figures["logged_in"] is None else figures["logged_in"] - (figures["paused"] or 0)


def _productive(trace: Trace, row: Mapping[str, Any]) -> Any:
    figures = figures_of(trace.found, RULES)
    return sum(figures[key] or 0 for key in ("talk", "wrap", "paused"))


_PAUSES: dict[str, Again] = {
    "pauses": lambda trace, row: len(trace.pauses),
    "paused": lambda trace, row: sum(_lengths(trace)),
    "mean": lambda trace, row: _mean(_lengths(trace)),
    "longest": lambda trace, row: max(_lengths(trace), default=None),
}
_PAY: dict[str, Again] = {
    "logged_in": lambda trace, row: figures_of(trace.found, RULES)["logged_in"],
    "paused": lambda trace, row: figures_of(trace.found, RULES)["paused"],
    "talk": lambda trace, row: figures_of(trace.found, RULES)["talk"],
    "wrap": lambda trace, row: figures_of(trace.found, RULES)["wrap"],
    "paid_pauses": _paid(True),
    "unpaid_pauses": _paid(False),
    "paid": _paid_time,
    "productive": _productive,
}
_REPEATS: dict[str, Again] = {
    **dict.fromkeys(("visits", "answered", "lost", "repeats", "resolved"), _count),
    # Which of the answered were repeated is worked out anew in the tests of callers.
    "fcr": lambda trace, row: row["resolved"] / len(trace.visits) if trace.visits else None,
}


def _only(name: str) -> Again:
    """Of one visit what stands in the log, of a total the sum."""

    def again(trace: Trace, row: Mapping[str, Any]) -> Any:
        known = _known(trace, name)
        return sum(known) if "call_id" not in row else (known[0] if known else None)

    return again


def _wrap(trace: Trace, row: Mapping[str, Any]) -> int | None:
    talked = [visit for visit in trace.visits if visit.talk is not None]
    return sum(wrap_of(visit, RULES) for visit in talked) if talked or "call_id" not in row else None


_CALLS: dict[str, Again] = {**{name: _only(name) for name in ("wait", "talk", "ring")}, "wrap": _wrap}

AGAIN: dict[tuple[str, str], dict[str, Again]] = {
    ("service-level", "buckets"): {
        "answered": _count,
        "abandoned": _count,
        "answered_share": _share(lambda visit, row: (visit.wait or 0) <= row["within"]),
        "abandoned_share": _share(lambda visit, row: (visit.wait or 0) <= row["within"]),
        "service_level": _level,
    },
    ("waits", "waits"): {
        **dict.fromkeys(("offered", "answered", "abandoned", "lost"), _count),
        "share": _share(lambda visit, row: _in_bucket(visit.wait or 0, row)),
    },
    ("waits", "talks"): {"answered": _count, "share": _share(lambda visit, row: _in_bucket(visit.talk, row))},
    ("causes", "causes"): {
        "lost": _count,
        "share": _share(lambda visit, row: visit.outcome.value == row["outcome"]),
        "offered_share": _share(
            lambda visit, row: visit.outcome in (LOST if "outcome" not in row else {Outcome(row["outcome"])})
        ),
        "wait": lambda trace, row: _mean(_waits(trace)),
    },
    ("calls", "outcomes"): {
        "visits": _count,
        "wait": lambda trace, row: _mean(_known(trace, "wait")),
        "talk": lambda trace, row: sum(_known(trace, "talk")),
    },
    ("abandoned", "abandoned"): {"wait": lambda trace, row: _mean(_known(trace, "wait"))},
    ("callbacks", "callbacks"): {"attempts": _count, "wait": lambda trace, row: trace.visits[-1].wait},
    ("callbacks", "queues"): {
        "attempts": _count,
        "numbers": lambda trace, row: len({Numbers().same(visit.caller) for visit in trace.visits}),
    },
    ("repeats", "repeats"): _REPEATS,
    ("repeats", "queues"): _REPEATS,
    ("repeats", "agents"): _REPEATS,
    ("transfers", "transfers"): {"transfers": _count, "talk": lambda trace, row: _mean(_known(trace, "talk"))},
    ("transfers", "agents"): {
        "answered": _count,
        "transfers": _count,
        "transfer_rate": _share(lambda visit, row: visit.ended_by in TRANSFERS),
    },
    ("sessions", "sessions"): {"logged_in": _there},
    ("pauses", "pauses"): _PAUSES,
    ("pauses", "reasons"): _PAUSES,
    ("pauses", "list"): {"paused": lambda trace, row: sum(_lengths(trace))},
    ("payroll", "payroll"): _PAY,
    ("payroll", "agents"): _PAY,
    ("missed", "missed"): {
        "missed": lambda trace, row: len(trace.missed),
        "canceled": lambda trace, row: len(trace.missed),
        "ring": lambda trace, row: sum(one.ring for one in trace.missed),
        "mean_ring": lambda trace, row: _mean([one.ring for one in trace.missed]),
        "longest_ring": lambda trace, row: max((one.ring for one in trace.missed), default=None),
    },
    ("missed", "list"): {"ring": lambda trace, row: sum(one.ring for one in trace.missed)},
    ("calls", "calls"): _CALLS,
    ("transfers", "list"): _CALLS,
}
"""How a figure of a section comes out of what it was traced to, where it is none of METRICS."""

_OF_AGENTS = {("agents", "agents"), ("sessions", "agents")}
NO_FIGURES = {"days", "position", "line", "from", "to", "within"}
"""Columns of numbers that say what a row is about, or that stand in the log as they are."""


def figure_again(name: str, section: str, figure: str, trace: Trace, row: Mapping[str, Any]) -> Any:
    """Return what a figure comes to, worked out from what it was traced to."""
    known = AGAIN.get((name, section))
    if known is not None:
        return known[figure](trace, row)
    if figure == "agents":
        return len({one.agent for one in trace.visits} | {one.agent for one in trace.sessions})
    if (name, section) in _OF_AGENTS or figure == "occupancy":
        return figures_of(trace.found, RULES)[figure]
    return QUEUE_FIGURES[figure].of(tally_of(trace.visits, RULES), RULES)
