"""Carries out a site's own reports: narrows, groups, orders and draws as their file says."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from ccops.i18n import _
from ccops.reports.catalogue.ask import Ask
from ccops.reports.catalogue.making import beside, paper, traced_in
from ccops.reports.catalogue.parts import Trace
from ccops.reports.catalogue.tables import AgentTable, VisitTable
from ccops.reports.catalogue.work import Sources, Work
from ccops.reports.own import Filters, Order, OwnReport
from ccops.reports.paper.model import Paper, Row, Section
from ccops.reports.periods import DAY, Period
from ccops.reports.visits import Visit
from ccops.store.callers import Contact

_SLOT = 900
_VISIT_FILTERS = ("outcome", "did", "number")


def own_report(own: OwnReport, ask: Ask, sources: Sources, *, compared: Period | None = None) -> Paper:
    """Return the paper of a site's own report; what the ask is narrowed by narrows it further."""
    work = OwnWork(own, ask, sources)
    table = _table(own)
    section = table.section(work)
    if compared is not None:
        section = beside(work, [table], [section], compared)[0]
    made = paper(work, own.name, own.title, [_arranged(own, section)], dated=True, compared=compared)
    return replace(made, filters={**_told(own.filters), **made.filters})


def trace_own(
    own: OwnReport, ask: Ask, sources: Sources, row: Row, figure: str, *, compared: Period | None = None
) -> Trace:
    """Return what a figure of a row of a site's own report is made of; raises as `trace` does."""
    return traced_in(OwnWork(own, ask, sources), _table(own), row, figure, compared)


def _table(own: OwnReport) -> VisitTable | AgentTable:
    if own.source == "agents":
        return AgentTable(own.name, own.title, own.group, own.figures, own.chart, note=own.note)
    fill = None if own.group else (lambda work: [()])
    return VisitTable(own.name, own.title, own.group, own.figures, fill=fill, chart=own.chart, note=own.note)


class OwnWork(Work):
    """A request narrowed by the filters of an own report."""

    def __init__(self, own: OwnReport, ask: Ask, sources: Sources) -> None:
        """Names in filters that nothing is called by are told on the paper."""
        super().__init__(ask, sources)
        self.own = own
        names = own.filters.names
        self.queues = self._matching(_("queue"), names.get("queue"), self.queues, self.archive.queues())
        self.agents = self._matching(_("agent"), names.get("agent"), self.agents, self.archive.agents())
        self._tests = [_TESTS[name](self, names[name]) for name in _VISIT_FILTERS if names.get(name)]
        if own.filters.weekdays or own.filters.hours:
            self.when = _when(own.filters, self)
        if any(edge % _SLOT for span in own.filters.hours for edge in span):
            self.grain = None
        elif own.filters.hours:
            self.grain = _SLOT

    @property
    def rolled_up(self) -> bool:
        """True where sums by queue and time are enough."""
        return super().rolled_up and not self._tests

    def means(self, visit: Visit | Contact) -> bool:
        """Tell whether a visit is among those that are asked for."""
        return super().means(visit) and all(test(visit) for test in self._tests)

    def again(self, ask: Ask) -> "OwnWork":
        """Return the same for another request."""
        return OwnWork(self.own, ask, self.sources)

    def _matching(
        self, kind: str, patterns: Sequence[str] | None, asked: tuple[str, ...] | None, known: Iterable[str]
    ) -> tuple[str, ...] | None:
        if not patterns:
            return asked
        names = sorted(known)
        found: set[str] = set()
        for pattern in patterns:
            meant = [name for name in names if matches(name, [pattern])]
            found.update(meant)
            if not meant:
                self.warn(_("The filter names the {kind} “{name}”, which is unknown.").format(kind=kind, name=pattern))
        return tuple(name for name in names if name in found and (asked is None or name in asked))


def matches(text: str, patterns: Iterable[str]) -> bool:
    """Tell whether a text is meant by any of some patterns with * and ?; case does not count."""
    folded = text.casefold()
    return any(folded == one.casefold() or fnmatchcase(folded, one.casefold()) for one in patterns)


Test = Callable[[Visit | Contact], bool]


def _outcome(work: OwnWork, patterns: Sequence[str]) -> Test:
    return lambda visit: matches(visit.outcome, patterns)


def _did(work: OwnWork, patterns: Sequence[str]) -> Test:
    return lambda visit: matches(work.dids.get(visit.callid, ""), patterns)


def _number(work: OwnWork, patterns: Sequence[str]) -> Test:
    same = work.numbers.same
    alike = {same(pattern) for pattern in patterns if not set(pattern) & set("*?")} - {""}
    return lambda visit: matches(visit.caller, patterns) or same(visit.caller) in alike


_TESTS: dict[str, Callable[[OwnWork, Sequence[str]], Test]] = {"outcome": _outcome, "did": _did, "number": _number}


def _when(filters: Filters, work: Work) -> Callable[[int], bool]:
    zone, weekdays, hours = work.zone, frozenset(filters.weekdays), filters.hours

    def test(at: int) -> bool:
        local = datetime.fromtimestamp(at, zone)
        if weekdays and local.isoweekday() not in weekdays:
            return False
        second = local.hour * 3600 + local.minute * 60 + local.second
        return not hours or any(start <= second < end for start, end in hours)

    return test


def _told(filters: Filters) -> dict[str, str]:
    titles = {"queue": _("Queue"), "agent": _("Agent"), "outcome": _("Outcome"), "did": _("Dialled")}
    titles["number"] = _("Number")
    found = {titles[name]: ", ".join(values) for name, values in filters.names.items() if values}
    if filters.weekdays:
        from ccops.reports.paper.values import weekday_name

        found[_("Weekday")] = ", ".join(weekday_name(day) for day in filters.weekdays)
    if filters.hours:
        found[_("Hours")] = ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in filters.hours)
    return found


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second % 3600 // 60:02}" if second < DAY else "24:00"


def _arranged(own: OwnReport, section: Section) -> Section:
    rows = list(section.rows)
    for order in reversed(own.order):
        rows = _sorted(rows, order)
    if own.limit is None or len(rows) <= own.limit:
        return replace(section, rows=rows)
    cut = _("The first {limit} of {count} rows; the total is over all.").format(limit=own.limit, count=len(rows))
    return replace(section, rows=rows[: own.limit], note=f"{section.note} {cut}".strip())


def _sorted(rows: list[Any], order: Order) -> list[Any]:
    """Sort by one key, stably; what is unknown comes last."""
    known = [row for row in rows if row.get(order.key) is not None]
    known.sort(key=lambda row: row[order.key], reverse=order.descending)
    return known + [row for row in rows if row.get(order.key) is None]
