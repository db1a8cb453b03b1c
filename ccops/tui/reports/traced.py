"""What a figure is made of, and the lines of the log behind a visit, as the console shows them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.pbx.text import clean
from ccops.reports.archive import Archive
from ccops.reports.catalogue import Trace
from ccops.reports.figures import Unit
from ccops.reports.paper.about import period_text
from ccops.reports.paper.compare import FIGURES
from ccops.reports.paper.model import Column, Row, Section
from ccops.reports.paper.values import Writing, writer_of
from ccops.reports.visits import Missed, Visit
from ccops.tui.reports.drawn import lines_of
from ccops.tui.reports.errands import MOST_ROWS, Canvas, Document, Heading, Link, Sheet

if TYPE_CHECKING:  # only where there are roles
    from ccops.desk.past import Sight

_FEW = 3
"""Periods that are named one by one."""


@dataclass(slots=True, frozen=True)
class Eyes:
    """How somebody sees what is found."""

    zone: ZoneInfo
    masked: bool = False
    """Callers' numbers are hidden."""
    canvas: Canvas = field(default_factory=Canvas)

    @property
    def writing(self) -> Writing:
        """How values are written."""
        return Writing.plain(self.zone) if self.canvas.ascii else Writing(self.zone)

    def hidden(self, text: str, visit: Visit | None) -> str:
        """Return a text about a visit without what must not be seen."""
        if not self.masked or visit is None or not visit.caller:
            return text
        from ccops.desk.masking import mask_number, masked_name

        name = visit.caller_name
        if name and name in text:
            text = text.replace(name, masked_name(name, visit.caller) or "")
        return text.replace(visit.caller, mask_number(visit.caller))


# --- what a figure is made of ---


def traced(trace: Trace, section: Section, row: Row, eyes: Eyes) -> Document:
    """Return what a figure is made of: the rule, and everything that it was worked out from."""
    column = next((one for one in section.columns if one.full_title == trace.title), None)
    value = writer_of(column, eyes.writing)(trace.value) if column is not None else str(trace.value)
    about = _about(section, row, eyes) or _("total")
    facts = [(trace.title, value), (_("Of"), about), (_("Period"), _periods(trace, eyes))]
    return Document(
        title=f"{trace.title}, {about}",
        facts=facts,
        sheets=list(_sheets(trace, eyes)),
        rules=[(trace.title, trace.rule)] if trace.rule else [],
        empty=_("Nothing counts towards this figure."),
    )


def _about(section: Section, row: Row, eyes: Eyes) -> str:
    columns = [column for column in section.shown if column.kind not in FIGURES and row.get(column.key) is not None]
    shown = [column for column in columns if not (eyes.masked and column.kind == "phone")]
    return " / ".join(writer_of(column, eyes.writing)(row[column.key]) for column in shown[:_FEW])


def _periods(trace: Trace, eyes: Eyes) -> str:
    told = [period_text(period, eyes.zone) for period in trace.found.periods]
    if len(told) <= _FEW:
        return ", ".join(told)
    return _("{count} periods, from {first} to {last}").format(count=len(told), first=told[0], last=told[-1])


def _sheets(trace: Trace, eyes: Eyes) -> Iterator[Sheet]:
    if trace.visits:
        yield visit_sheet(trace.visits, eyes)
    if trace.sessions:
        yield _sheet("sessions", _("Sessions"), _SPANS[:4], [_span(one) for one in trace.sessions], eyes)
    if trace.pauses:
        yield _sheet("pauses", _("Pauses"), [*_SPANS[:3], _SPANS[4]], [_span(one) for one in trace.pauses], eyes)
    if trace.missed:
        links = [_missed_link(one) for one in trace.missed]
        yield _sheet("missed", _("Missed rings"), _MISSED, [one._asdict() for one in trace.missed], eyes, links)
    # Rows of the audit may hold numbers anywhere, so nobody sees them whose role hides those.
    if trace.records and not eyes.masked:
        yield _record_sheet(trace.records, eyes)


_VISIT = (
    Column("entered", _("Entered"), "instant"),
    Column("queue", _("Queue")),
    Column("caller", _("Number"), "phone"),
    Column("caller_name", _("Name")),
    Column("outcome", _("Outcome")),
    Column("wait", _("Wait"), Unit.SECONDS),
    Column("agent", _("Agent")),
    Column("talk", _("Talk"), Unit.SECONDS),
    Column("ended_by", _("Ended by")),
    Column("callid", _("Call")),
)
_SPANS = (
    Column("since", _("From"), "instant"),
    Column("until", _("To"), "instant"),
    Column("agent", _("Agent")),
    Column("queue", _("Queue")),
    Column("reason", _("Reason")),
)
_MISSED = (
    Column("at", _("At"), "instant"),
    Column("queue", _("Queue")),
    Column("agent", _("Agent")),
    Column("ring", _("Rang"), Unit.SECONDS),
    Column("canceled", _("Taken by others"), "flag"),
    Column("callid", _("Call")),
)


def visit_sheet(visits: Sequence[Visit], eyes: Eyes) -> Sheet:
    """Return visits as a table; each leads to its lines."""
    shown = visits[:MOST_ROWS]
    links = [Link(visit.callid, visit.number) for visit in shown]
    rows = [_visit(visit, eyes) for visit in shown]
    return replace(_sheet("visits", _("Visits"), _VISIT, rows, eyes, links), count=len(visits))


def _visit(visit: Visit, eyes: Eyes) -> Row:
    row: dict[str, Any] = {column.key: getattr(visit, column.key) or None for column in _VISIT}
    row |= {"wait": visit.wait, "talk": visit.talk, "outcome": visit.outcome.value}
    for key in ("caller", "caller_name"):
        row[key] = row[key] and eyes.hidden(row[key], visit)
    return row


def _span(span: Any) -> Row:
    return {column.key: getattr(span, column.key, None) or None for column in _SPANS}


def _missed_link(missed: Missed) -> Link:
    return Link(missed.callid, missed.visit, missed.file, missed.offset)


def _record_sheet(records: Sequence[Mapping[str, Any]], eyes: Eyes) -> Sheet:
    keys = list(dict.fromkeys(key for record in records for key in record))
    columns = [Column(key, key.replace("_", " ")) for key in keys]
    rows = [{key: None if value is None else str(value) for key, value in record.items()} for record in records]
    return _sheet("records", _("Records"), columns, rows, eyes)


def _sheet(
    name: str, title: str, columns: Sequence[Column], rows: Sequence[Row], eyes: Eyes, links: Sequence[Link] = ()
) -> Sheet:
    lines = lines_of(columns, rows[:MOST_ROWS], eyes.writing)
    if links:
        lines = [replace(line, link=link) for line, link in zip(lines, links, strict=False)]
    return Sheet(name, title, [Heading.of(column) for column in columns], lines, count=len(rows))


# --- the lines of the log ---

_LINES = (
    Column("file", _("File")),
    Column("line", _("Line")),
    Column("at", _("At"), "instant"),
    Column("event", _("Event")),
    Column("agent", _("Agent")),
    Column("data", _("Parameters")),
    Column("queue", _("Queue")),
    Column("text", _("As written")),
)
_LEAD = 5
"""Fields before the parameters of a line."""


def followed(link: Link, archive: Archive, sights: "Sequence[Sight]", eyes: Eyes) -> Document:
    """Return the lines of the log that a visit, or a call, or one ring is made of, with file and line number.

    `sights` are what the person's roles show, the widest first: a visit that none reaches is left out.
    """
    visits = archive.visits_of_call(link.callid) if link.callid else []
    if link.number is not None:
        visits = [visit for visit in visits if visit.number == link.number] or visits
    seen = [(visit, replace(eyes, masked=sight.masked)) for visit in visits if (sight := _sight_of(visit, sights))]
    rows = [_line(line, its, visit) for visit, its in seen for line in archive.lines_of(visit)]
    if not visits and link.offset:
        rows = list(_single(link, archive, eyes))
    sheets = [_sheet("lines", _("Lines of the log"), _LINES, _once(rows), eyes)]
    if len(seen) > 1:
        sheets.append(_visits_of(seen, eyes))
    return Document(
        title=_("Call {call}").format(call=link.callid) if link.callid else _("Line"),
        facts=[] if len(seen) != 1 else _facts(*seen[0]),
        sheets=sheets,
        empty=_("The store holds no line of this call any more."),
    )


def _sight_of(visit: Visit, sights: "Sequence[Sight]") -> "Sight | None":
    agents = (visit.agent,) if visit.agent else None
    return next((sight for sight in sights if sight.reaches((visit.queue,), agents)), None)


def _visits_of(seen: "Sequence[tuple[Visit, Eyes]]", eyes: Eyes) -> Sheet:
    links = [Link(visit.callid, visit.number) for visit, _its in seen]
    return _sheet("visits", _("Visits"), _VISIT, [_visit(visit, its) for visit, its in seen], eyes, links)


def _facts(visit: Visit, eyes: Eyes) -> list[tuple[str, str]]:
    row, writing = _visit(visit, eyes), eyes.writing
    known = [column for column in _VISIT if row.get(column.key) is not None and column.key != "callid"]
    return [(column.title, writer_of(column, writing)(row[column.key])) for column in known]


def _line(line: Any, eyes: Eyes, visit: Visit | None) -> Row:
    text = clean(eyes.hidden(line.text.decode("utf-8", "replace").rstrip("\r\n"), visit))
    fields = text.split("|")
    padded = [*fields, "", "", "", "", ""]
    return {
        "file": clean(line.path),
        "line": str(line.line),
        "at": int(padded[0]) if padded[0].isdecimal() and len(padded[0]) < 12 else None,
        "queue": padded[2],
        "agent": padded[3],
        "event": padded[4],
        "data": " ".join(part for part in fields[_LEAD:] if part),
        "text": text,
    }


def _single(link: Link, archive: Archive, eyes: Eyes) -> Iterator[Row]:
    from ccops.store.raw import line_at

    line = line_at(archive.database, link.file, link.offset)
    if line is None:
        raise UsageProblem(_("The store holds no line of this call any more."))
    yield _line(line, eyes, None)


def _once(rows: Sequence[Row]) -> list[Row]:
    """Return rows without those that two visits of one call share."""
    return list({(row["file"], row["line"]): row for row in rows}.values())
