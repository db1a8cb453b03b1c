"""Reports about how long callers waited and talked: service level by threshold, and distributions."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ccops.i18n import _
from ccops.reports.catalogue import columns
from ccops.reports.catalogue.counted import level_test
from ccops.reports.catalogue.parts import Found, Part
from ccops.reports.catalogue.tables import VisitTable
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import QUEUE_FIGURES, SERVICE_LEVELS, marked, ratio
from ccops.reports.paper.model import Chart, Column, Row, Section
from ccops.reports.tally import Tally
from ccops.reports.visits import LOST, OFFERED, Outcome, Visit

WITHIN = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
"""Thresholds of the service-level report, seconds."""
_MOST_BUCKETS = 24
_STEPS = (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_TAIL = 0.99
"""Share of the values that the buckets of equal width hold at least; the last bucket takes the rest."""


def service_level(work: Work) -> list[Part]:
    """How many were answered and abandoned within which time, and the level of each queue."""
    chart = Chart("bars", "queue", ("service_level",), goal=None)
    figures = ("offered", "answered", "abandoned", "short_abandoned", "service_level", "asa", "longest_wait")
    return [Levels(), VisitTable("queues", marked("Queues"), ("queue",), figures, chart=chart)]


def waits(work: Work) -> list[Part]:
    """How long callers waited until they were answered or lost, and how long calls were talked."""
    return [WaitTable(), TalkTable()]


def wait_counts(work: Work) -> Counter[tuple[str, int]]:
    """Return how many visits had which outcome after which wait, of answered and lost."""
    found: Counter[tuple[str, int]] = Counter()
    if work.rolled_up and work.when is None:
        from ccops.store.waits import outcome_waits

        for queue, outcome, wait, count in outcome_waits(work.archive.database, work.archive.site, *work.period.span):
            if (work.queues is None or queue in work.queues) and outcome in _COUNTED:
                found[outcome, wait] += count
        return found
    for visit in work.visits():
        if visit.outcome in OFFERED:
            found[visit.outcome.value, visit.wait or 0] += 1
    return found


_COUNTED = frozenset(outcome.value for outcome in OFFERED)


@dataclass(frozen=True)
class Levels:
    """Answered and abandoned within each threshold, and the service level that it would give."""

    name: str = "buckets"
    comparable: bool = False

    def columns(self, work: Work) -> list[Column]:
        """Return the columns: threshold, counts, shares, level."""
        level = Column.of(QUEUE_FIGURES["service_level"], work.worded)
        rule = _(SERVICE_LEVELS[work.rules.service_level].ruled).format(
            threshold="T", short=f"{work.rules.short_abandon:g}"
        )
        return [
            columns.seconds("within", _("Within")),
            columns.count("answered", _("Answered"), _("visits answered after at most that wait")),
            columns.rate("answered_share", _("Of answered"), _("answered within / all answered")),
            columns.count("abandoned", _("Abandoned"), _("visits abandoned after at most that wait")),
            columns.rate("abandoned_share", _("Of abandoned"), _("abandoned within / all abandoned")),
            Column(level.key, level.title, level.kind, rule, level.better),
        ]

    def section(self, work: Work) -> Section:
        """Make the section."""
        counts = wait_counts(work)
        whole = _tally(counts, work, None)
        rows = [self._row(work, counts, whole, seconds) for seconds in thresholds(work)] if counts else []
        total = {"answered": whole.answered, "abandoned": whole.abandoned} if counts else None
        chart = Chart("lines", "within", ("service_level",), _("Service level by threshold"))
        return Section(self.name, _("By threshold"), self.columns(work), rows, total, chart)

    def _row(self, work: Work, counts: Mapping[tuple[str, int], int], whole: Tally, seconds: float) -> dict[str, Any]:
        tally = _tally(counts, work, seconds)
        return {
            "within": seconds,
            "answered": tally.answered_within,
            "answered_share": ratio(tally.answered_within, whole.answered),
            "abandoned": tally.abandoned_within,
            "abandoned_share": ratio(tally.abandoned_within, whole.abandoned),
            "service_level": SERVICE_LEVELS[work.rules.service_level].of(tally),
        }

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return the visits that a figure of a threshold counts."""
        within = row.get("within")
        tests: dict[str, Callable[[Visit], bool]] = {
            "answered": lambda one: one.outcome is Outcome.ANSWERED and _is_within(one, within),
            "answered_share": lambda one: one.outcome is Outcome.ANSWERED,
            "abandoned": lambda one: one.outcome is Outcome.ABANDONED and _is_within(one, within),
            "abandoned_share": lambda one: one.outcome is Outcome.ABANDONED,
            "service_level": lambda one: level_test(work.rules.service_level)(one, work.rules),
        }
        if figure not in tests:
            return None
        return Found([work.period], work.known_to, [visit for visit in work.visits() if tests[figure](visit)])


def _is_within(visit: Visit, seconds: float | None) -> bool:
    return seconds is None or (visit.wait or 0) <= seconds


def thresholds(work: Work) -> list[float]:
    """Return the thresholds that are told, the site's own and those of the queues among them."""
    queues = work.queues if work.queues is not None else work.archive.queues()
    own = {work.worded.threshold, *(work.rules.threshold_of(queue) for queue in queues)}
    return sorted({*WITHIN, *own})


def _tally(counts: Mapping[tuple[str, int], int], work: Work, within: float | None) -> Tally:
    """Return the sums that a service level needs, under one threshold for all queues."""
    tally = Tally()
    for (outcome, wait), count in counts.items():
        setattr(tally, outcome, getattr(tally, outcome) + count)
        inside = within is None or wait <= within
        if outcome == "answered":
            tally.answered_within += count * inside
        elif outcome == "abandoned":
            tally.abandoned_within += count * inside
            tally.short_abandoned += count * (wait < work.rules.short_abandon)
    return tally


def step_for(values: Mapping[int, int]) -> int:
    """Return the width of buckets for how often each value came."""
    count, seen, top = sum(values.values()), 0, 0
    for value in sorted(values):
        seen, top = seen + values[value], value
        if seen >= _TAIL * count:
            break
    return next((step for step in _STEPS if top < step * (_MOST_BUCKETS - 1)), _STEPS[-1])


def buckets(values: Mapping[int, int]) -> list[tuple[int, int | None]]:
    """Return the buckets that hold some values: [from, to), all of one width but the last, which has no end."""
    if not values:
        return []
    step = step_for(values)
    count = min(max(values) // step + 1, _MOST_BUCKETS)
    edges = [step * place for place in range(count)]
    last = None if max(values) >= step * count else step * count
    return [(edge, edges[place + 1] if place + 1 < count else last) for place, edge in enumerate(edges)]


def _spread(values: Mapping[int, int], into: list[tuple[int, int | None]]) -> Counter[int]:
    edges = [start for start, _end in into]
    found: Counter[int] = Counter()
    for value, count in values.items():
        found[edges[bisect_right(edges, value) - 1]] += count
    return found


def _sides() -> list[Column]:
    return [
        columns.seconds("from", _("From")),
        columns.data_only(columns.seconds("to", _("Up to"))),
    ]


class _Distribution:
    """What the two distributions share."""

    name: str
    comparable = False

    def _in(self, row: Row, value: int | None) -> bool:
        start, end = row.get("from"), row.get("to")
        return value is not None and (start is None or value >= start) and (end is None or value < end)


class WaitTable(_Distribution):
    """How many were answered and lost after which wait."""

    name = "waits"

    def columns(self, work: Work) -> list[Column]:
        """Return the columns."""
        share = columns.rate("share", _("Share"), _("of answered and lost"))
        figures = columns.queue_columns(("answered", "abandoned", "lost"), work.worded)
        return [
            *_sides(),
            columns.count("offered", _("Visits"), _("answered and lost after such a wait")),
            *figures,
            share,
        ]

    def section(self, work: Work) -> Section:
        """Make the section."""
        counts = wait_counts(work)
        waits = _summed((wait, count) for (_outcome, wait), count in counts.items())
        into = buckets(waits)
        groups = {
            "offered": _spread(waits, into),
            "answered": _spread(_of(counts, ("answered",)), into),
            "abandoned": _spread(_of(counts, ("abandoned",)), into),
            "lost": _spread(_of(counts, {outcome.value for outcome in LOST}), into),
        }
        whole = sum(waits.values())
        rows = [
            {"from": start, "to": end, **{key: one[start] for key, one in groups.items()},
             "share": ratio(groups["offered"][start], whole)}
            for start, end in into
        ]  # fmt: skip
        total = {key: sum(one.values()) for key, one in groups.items()} if rows else None
        chart = Chart("histogram", "from", ("offered",), _("Wait until answered or lost"))
        return Section(self.name, _("Waits"), self.columns(work), rows, total, chart, _open_end(into))

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return the visits of a bucket; of a share, all that it is a share of."""
        wanted = {"answered": {Outcome.ANSWERED}, "abandoned": {Outcome.ABANDONED}, "lost": LOST}.get(figure, OFFERED)
        if figure not in ("answered", "abandoned", "lost", "offered", "share"):
            return None
        found = [visit for visit in work.visits() if visit.outcome in wanted]
        if figure != "share":
            found = [visit for visit in found if self._in(row, visit.wait or 0)]
        return Found([work.period], work.known_to, found)


class TalkTable(_Distribution):
    """How many answered visits were talked for how long."""

    name = "talks"

    def columns(self, work: Work) -> list[Column]:
        """Return the columns."""
        return [
            *_sides(),
            columns.count("answered", _("Answered"), _("answered visits with such a talk that is over")),
            columns.rate("share", _("Share"), _("of answered visits whose talk is over")),
        ]

    def section(self, work: Work) -> Section:
        """Make the section."""
        talks = self._talks(work)
        into = buckets(talks)
        spread, whole = _spread(talks, into), sum(talks.values())
        rows = [
            {"from": start, "to": end, "answered": spread[start], "share": ratio(spread[start], whole)}
            for start, end in into
        ]
        chart = Chart("histogram", "from", ("answered",), _("Talk"))
        total = {"answered": whole} if rows else None
        return Section(self.name, _("Talks"), self.columns(work), rows, total, chart, _open_end(into))

    def _talks(self, work: Work) -> Counter[int]:
        if work.rolled_up and work.when is None:
            from ccops.store.waits import talk_counts

            rows = talk_counts(work.archive.database, work.archive.site, *work.period.span)
            return _summed((talk, count) for queue, talk, count in rows if work.queues is None or queue in work.queues)
        visits = (visit for visit in work.visits() if visit.outcome is Outcome.ANSWERED)
        return _summed((visit.talk, 1) for visit in visits if visit.talk is not None)

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return the visits of a bucket; of a share, all that it is a share of."""
        if figure not in ("answered", "share"):
            return None
        found = [visit for visit in work.visits() if visit.outcome is Outcome.ANSWERED and visit.talk is not None]
        if figure == "answered":
            found = [visit for visit in found if self._in(row, visit.talk)]
        return Found([work.period], work.known_to, found)


def _summed(pairs: Iterable[tuple[int, int]]) -> Counter[int]:
    found: Counter[int] = Counter()
    for value, count in pairs:
        found[value] += count
    return found


def _of(counts: Mapping[tuple[str, int], int], outcomes: Iterable[str]) -> Counter[int]:
    wanted = set(outcomes)
    return _summed((wait, count) for (outcome, wait), count in counts.items() if outcome in wanted)


def _open_end(into: list[tuple[int, int | None]]) -> str:
    if not into or into[-1][1] is not None:
        return ""
    return _("The last line holds everything from {seconds} s on.").format(seconds=into[-1][0])
