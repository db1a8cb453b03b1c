"""Reports about callers who came again: repeats and first-call resolution; and whom to call back."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ccops.i18n import _
from ccops.reports.callers import REPEAT_WITHIN, CallBack, Same, call_backs, remembering, repeated
from ccops.reports.catalogue import columns
from ccops.reports.catalogue.listing import Item, Listing
from ccops.reports.catalogue.parts import Found, Part
from ccops.reports.catalogue.work import Work
from ccops.reports.figures import marked, ratio
from ccops.reports.paper.model import Chart, Column, Row, Section
from ccops.reports.visits import LOST, Outcome, Visit
from ccops.store.callers import Contact
from ccops.store.callers import contacts as read_contacts
from ccops.store.details import calls_out

_FIGURES = ("visits", "answered", "lost", "repeats", "resolved", "fcr")


@dataclass(slots=True)
class Sums:
    """Sums over visits, and which of them were repeated."""

    visits: int = 0
    answered: int = 0
    lost: int = 0
    repeats: int = 0
    resolved: int = 0
    first_at: int | None = None
    last_at: int | None = None

    def add(self, contact: Contact, again: bool) -> None:
        """Count one visit; they come in the order of entry."""
        answered = contact.outcome == Outcome.ANSWERED.value
        self.visits += 1
        self.answered += answered
        self.lost += contact.outcome in _LOST
        self.repeats += again
        self.resolved += answered and not again
        if self.first_at is None:
            self.first_at = contact.entered
        self.last_at = contact.entered

    def row(self) -> dict[str, Any]:
        """Return the figures."""
        found: dict[str, Any] = {key: getattr(self, key) for key in _FIGURES[:-1]}
        return {**found, "fcr": ratio(self.resolved, self.answered)}


_LOST = frozenset(outcome.value for outcome in LOST)


@dataclass(slots=True)
class Callers:
    """The visits of the period by number, by queue and by agent, and which of them were repeated."""

    same: Same
    again: set[int]
    total: Sums
    groups: dict[str, dict[str, Sums]]
    nameless: int = 0

    @classmethod
    def of(cls, work: Work) -> "Callers":
        """Count them once for all parts of the report."""
        if "callers" not in work.memo:
            work.memo["callers"] = cls._counted(work)
        found: Callers = work.memo["callers"]
        return found

    @classmethod
    def _counted(cls, work: Work) -> "Callers":
        same, archive = remembering(work.numbers), work.archive
        span = (work.period.start, work.period.end + REPEAT_WITHIN)
        contacts = list(read_contacts(archive.database, archive.site, *span))
        groups: dict[str, dict[str, Sums]] = {key: {} for key in ("number", "queue", "agent")}
        found = cls(same, repeated(contacts, same), Sums(), groups)
        for contact in contacts:
            if contact.entered in work.period and work.means(contact):
                found.add(contact)
        return found

    def add(self, contact: Contact) -> None:
        """Count one visit of the period."""
        again, number = contact.number in self.again, self.same(contact.caller)
        self.total.add(contact, again)
        self.nameless += not number
        for key, value in (("number", number), ("queue", contact.queue), ("agent", contact.agent)):
            if value:
                self.groups[key].setdefault(value, Sums()).add(contact, again)


def repeats(work: Work) -> list[Part]:
    """Numbers that came again, and first-call resolution by queue and by agent."""
    return [
        RepeatTable("repeats", marked("Numbers that came again"), "number"),
        RepeatTable("queues", marked("Queues"), "queue", Chart("bars", "queue", ("fcr",))),
        RepeatTable("agents", marked("Agents"), "agent", Chart("bars", "agent", ("fcr",))),
    ]


@dataclass(frozen=True)
class RepeatTable:
    """Visits, repeats and first-call resolution, by number, queue or agent."""

    name: str
    title: str
    key: str
    chart: Chart | None = None

    @property
    def comparable(self) -> bool:
        """Numbers come and go."""
        return self.key != "number"

    def columns(self, work: Work) -> list[Column]:
        """Return the columns."""
        fcr = columns.rate("fcr", _("First-call resolution"), _("answered and not repeated within 7 days / answered"))
        more = [columns.plain("first_at", _("First"), "instant"), columns.plain("last_at", _("Last"), "instant")]
        return [
            columns.about(self.key),
            columns.count("visits", _("Visits")),
            columns.count("answered", _("Answered")),
            columns.count("lost", _("Lost")),
            columns.count(
                "repeats",
                _("Repeats"),
                _("visits after which the same number entered again within 7 days by another call"),
            ),
            columns.count("resolved", _("Resolved"), _("answered and not repeated")),
            replace(fcr, better="more"),
            *(more if self.key == "number" else []),
        ]

    def section(self, work: Work) -> Section:
        """Make the section."""
        callers = Callers.of(work)
        rows = [self._row(value, some) for value, some in sorted(callers.groups[self.key].items())]
        if self.key == "number":
            rows = sorted((row for row in rows if row["repeats"]), key=lambda row: (-row["visits"], row["number"]))
            _censored(work)
        total, note = callers.total.row(), self._note(callers)
        return Section(self.name, _(self.title), self.columns(work), rows, total, self.chart, note)

    def _note(self, callers: Callers) -> str:
        if self.key != "number":
            return ""
        text = _("The total is over all visits, also of those who did not come again.")
        if not callers.nameless:
            return text
        told = _("{count} visits were of anonymous callers: nobody knows whether they came again.")
        return f"{text} {told.format(count=callers.nameless)}"

    def _row(self, value: str, sums: Sums) -> dict[str, Any]:
        row = {self.key: value, **sums.row()}
        if self.key == "number":
            row.update(first_at=sums.first_at, last_at=sums.last_at)
        return row

    def found(self, work: Work, row: Row, figure: str) -> Found | None:
        """Return the visits that a figure counts."""
        callers = Callers.of(work)
        again = callers.again
        tests: dict[str, Callable[[Visit], bool]] = {
            "visits": lambda visit: True,
            "answered": lambda visit: visit.outcome is Outcome.ANSWERED,
            "lost": lambda visit: visit.outcome in LOST,
            "repeats": lambda visit: visit.number in again,
            "resolved": lambda visit: visit.outcome is Outcome.ANSWERED and visit.number not in again,
            "fcr": lambda visit: visit.outcome is Outcome.ANSWERED,
        }
        if figure not in tests:
            return None
        visits = [visit for visit in work.visits() if self.key not in row or self._of(visit, callers) == row[self.key]]
        return Found([work.period], work.known_to, [visit for visit in visits if tests[figure](visit)])

    def _of(self, visit: Visit, callers: Callers) -> str:
        return callers.same(visit.caller) if self.key == "number" else str(getattr(visit, self.key))


def _censored(work: Work) -> None:
    if work.period.end + REPEAT_WITHIN > work.known_to:
        work.warn(
            _("Who entered in the last 7 days may yet come again: repeats are still too few, resolution too high.")
        )


# --- to call back ---


def callbacks(work: Work) -> list[Part]:
    """Numbers that were lost and neither answered nor called since, newest first; how many by queue."""
    chart = Chart("bars", "queue", ("numbers",))
    return [
        Listing("callbacks", marked("To call back"), _back_columns, _backs, _back_total),
        Listing("queues", marked("Queues"), _queue_columns, _queues, _queue_total, chart),
    ]


def _back_columns(work: Work) -> list[Column]:
    return [
        columns.about("number"),
        columns.about("caller_number"),
        columns.about("caller_name"),
        columns.about("queue"),
        columns.plain("lost_at", _("Lost"), "instant", _("entry of the last visit that was lost")),
        columns.about("outcome"),
        columns.seconds("wait", _("Wait")),
        columns.count("attempts", _("Attempts"), _("visits lost since the number was last answered or called")),
        columns.about("call_id"),
    ]


def to_call_back(work: Work) -> list[CallBack]:
    """Return who is to be called back: of those lost in the period, whoever was not served up to now."""
    same = remembering(work.numbers)
    lost = list(work.visits(outcomes=sorted(LOST)))
    return call_backs(lost, same, _answered(work, lost, same), called_out(work, same))


def _answered(work: Work, lost: Sequence[Visit], same: Same) -> dict[str, tuple[int, int]]:
    """Return entry and number of the last answered visit of everybody who was lost, in whatever queue."""
    archive, found = work.archive, dict[str, tuple[int, int]]()
    if not lost:
        return found
    span = (lost[0].entered, 1 << 40)
    for contact in read_contacts(archive.database, archive.site, *span, work.writings(lost)):
        if contact.outcome == Outcome.ANSWERED.value:
            found[same(contact.caller)] = (contact.entered, contact.number)
    return found


def called_out(work: Work, same: Same) -> dict[str, float]:
    """Return when each number was called out last, as far as our own audit and call records tell."""
    found: dict[str, float] = {}
    dialled = calls_out(work.archive.database, work.archive.site, work.period.start, 1 << 40)
    for at, text in [*dialled, *_dialled_by_us(work)]:
        number = same(text)
        found[number] = max(found.get(number, 0.0), float(at))
    return found


def _dialled_by_us(work: Work) -> Iterator[tuple[float, str]]:
    if work.sources.audit is None:
        return
    for record in work.sources.audit.records(work.period.start, None):
        if record["action"] == "call.dial" and record["result"] in ("done", "unknown"):
            yield float(record["at"]), str(_argument(record, "number"))


def _argument(record: Mapping[str, Any], name: str) -> Any:
    try:
        given = json.loads(record["arguments"] or "{}")
    except ValueError:
        return ""
    return given.get(name, "") if isinstance(given, dict) else ""


def _waiting(work: Work) -> list[CallBack]:
    if "callbacks" not in work.memo:
        work.memo["callbacks"] = to_call_back(work)
    found: list[CallBack] = work.memo["callbacks"]
    return found


def _backs(work: Work) -> list[Item]:
    found = []
    for one in _waiting(work):
        last = one.last
        row = {
            "number": one.number,
            "caller_number": last.caller,
            "caller_name": last.caller_name or None,
            "queue": last.queue,
            "lost_at": last.entered,
            "outcome": last.outcome.value,
            "wait": last.wait,
            "attempts": len(one.visits),
            "call_id": last.callid,
        }
        found.append(Item(row, visits=one.visits))
    return found


def _back_total(work: Work, items: list[Item]) -> Row:
    return {"attempts": sum(item.row["attempts"] for item in items)}


def _queue_columns(work: Work) -> list[Column]:
    return [
        columns.about("queue"),
        columns.count("numbers", _("Numbers"), _("numbers whose last lost visit was in the queue")),
        columns.count("attempts", _("Attempts")),
        columns.plain("oldest_at", _("Oldest"), "instant"),
    ]


def _queues(work: Work) -> list[Item]:
    groups: dict[str, list[CallBack]] = {}
    for one in _waiting(work):
        groups.setdefault(one.last.queue, []).append(one)
    found = []
    for queue, some in sorted(groups.items()):
        row = {"queue": queue, "numbers": len(some), "attempts": sum(len(one.visits) for one in some)}
        oldest = min(one.last.entered for one in some)
        found.append(Item({**row, "oldest_at": oldest}, visits=[visit for one in some for visit in one.visits]))
    return found


def _queue_total(work: Work, items: list[Item]) -> Row:
    return {key: sum(item.row[key] for item in items) for key in ("numbers", "attempts")}
