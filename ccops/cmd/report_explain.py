"""`report NAME --explain`: the rules of a report; what one figure is made of, down to the lines of the log."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ccops.cmd.columns import Column, Record, columns
from ccops.cmd.formats import WRITERS, Format, json_line, json_text
from ccops.cmd.report_asking import Report
from ccops.cmd.report_output import Paperwork, ReportForm
from ccops.cmd.table import Look, table
from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ccops.reports.catalogue import Trace
    from ccops.reports.paper.model import Row, Section
    from ccops.reports.periods import Period
    from ccops.store.raw import RawLine

RULE_COLUMNS = columns("figure", "title", "rule")
VISIT_COLUMNS = columns(
    "entered_at:instant", "queue", "caller_number::caller", "caller_name::name", "outcome", "wait:duration", "agent",
    "talk:duration", "ended_by::ended by", "call_id::call", extra="ended_at:instant wrap:duration lines:data",
)  # fmt: skip
SPAN_COLUMNS = columns("since:instant", "until:instant", "agent", "queue", "reason")
MISSED_COLUMNS = columns(
    "at:instant", "queue", "agent", "ring:seconds", "canceled:flag", "call_id::call", extra="line:data"
)
_SHOWN: Final = 20
"""Visits that people are shown unless they ask for more."""


def explain(report: Report, work: Paperwork, text: str, section_name: str | None, limit: int | None) -> bytes:
    """Return the rules of a report, or what a figure of it is made of, in the form that was asked for."""
    paper = work.chosen(report.paper(), section_name, False, None, None)
    if not paper.sections:
        raise UsageProblem(_("This report has no section."))
    section = paper.sections[0]
    figure, at, place = text.partition("@")
    if not figure:
        return _listed(work, RULE_COLUMNS, list(_rules(section)))
    return _Explained(report, work, section, limit).made(figure, place if at else None)


def _rules(section: "Section") -> Iterator[Record]:
    for column in section.columns:
        if column.rule:
            yield {"figure": column.key, "title": column.full_title, "rule": column.rule}


def _listed(work: Paperwork, shown: Sequence[Column], records: Sequence[Record]) -> bytes:
    """Return a listing in the form that was asked for."""
    form = _listing_form(work)
    if form is Format.JSON:
        text = json_text(records, ascii_only=work.ascii_only)
    elif form is Format.JSONL:
        text = "".join(json_line(record, ascii_only=work.ascii_only) for record in records)
    elif form is Format.TABLE:
        text = table(shown, records, _look(work), header=work.header)
    else:
        text = WRITERS[form](shown, records, work.header)
    return text.encode("utf-8", "replace")


def _listing_form(work: Paperwork) -> Format:
    if work.form in (ReportForm.HTML, ReportForm.XLSX, ReportForm.PDF):
        raise UsageProblem(
            _("An explanation has no {form} form.").format(form=work.form),
            remedy=_("Choose one of {forms}.").format(forms=", ".join(Format)),
        )
    return Format(work.form)


def _look(work: Paperwork) -> Look:
    run, environment = work.run, work.run.environment
    width = environment.columns if work.file is None else None
    return Look(width, environment.colour(run.options.no_color), work.ascii_only)


class _Explained:
    """One figure, and what it is made of."""

    def __init__(self, report: Report, work: Paperwork, section: "Section", limit: int | None) -> None:
        self._report, self._work, self._section = report, work, section
        self._limit = limit if limit is not None else 0 if work.data else _SHOWN
        self._zone: ZoneInfo = report.sources.archive.zone

    def made(self, figure: str, place: str | None) -> bytes:
        """Return it; raises `NotFound` for a figure or row that is not there."""
        row, form = self._row(place), _listing_form(self._work)
        trace = self._report.trace(self._section.name, row, figure)
        if form is Format.TABLE:
            text = "".join(f"{line}\n" for line in self._lines(trace, row))
        elif form is Format.JSON:
            text = json_text(self._record(trace, row, figure), ascii_only=self._work.ascii_only)
        else:
            return _listed(self._work, VISIT_COLUMNS, [self._visit(visit) for visit in self._shown(trace.visits)])
        return text.encode("utf-8", "replace")

    # --- the row ---

    def _row(self, place: str | None) -> "Row":
        section = self._section
        if place is None:
            return section.total if section.total is not None else self._only()
        number = place.removeprefix("#")
        if place.startswith("#") and number.isdecimal():
            if not 1 <= int(number) <= len(section.rows):
                raise NotFound(_("row"), place)
            return section.rows[int(number) - 1]
        found = [row for row in section.rows if place.casefold() in self._names(row)]
        if len(found) == 1:
            return found[0]
        labels = [self._label(row) for row in found or section.rows]
        if not found:
            raise NotFound(_("row"), place, labels)
        raise UsageProblem(
            _("“{place}” names {count} rows.").format(place=place, count=len(found)),
            remedy=_("Name one whole, e.g. {rows}.").format(rows=", ".join(labels[:3])),
        )

    def _only(self) -> "Row":
        """Return the row of a section without a total, where it has one only."""
        if len(self._section.rows) == 1:
            return self._section.rows[0]
        labels = [self._label(row) for row in self._section.rows[:3]]
        if not labels:
            raise UsageProblem(_("There is no row, so no figure to explain."))
        raise UsageProblem(
            _("This section has no total; say which row is meant."),
            remedy=_("Write FIGURE@ROW, e.g. @{rows}.").format(rows=", @".join(labels)),
        )

    def _texts(self, row: "Row") -> list[str]:
        """Return what a row is about, as people read it."""
        from ccops.reports.paper.compare import FIGURES
        from ccops.reports.paper.values import Writing, writer_of

        writing = Writing(self._zone)
        about = [column for column in self._section.columns if column.kind not in FIGURES]
        return [writer_of(column, writing)(row[column.key]) for column in about if row.get(column.key) is not None]

    def _label(self, row: "Row") -> str:
        return "/".join(self._texts(row))

    def _names(self, row: "Row") -> set[str]:
        texts = [text.casefold() for text in self._texts(row)]
        return {*texts, "/".join(texts)}

    # --- what it is made of ---

    def _shown(self, found: Sequence[Any]) -> Sequence[Any]:
        return found[: self._limit] if self._limit else found

    def _visit(self, visit: Any) -> Record:
        return self._masked(visit.caller, {
            "entered_at": self._at(visit.entered), "queue": visit.queue, "caller_number": visit.caller or None,
            "caller_name": visit.caller_name or None, "outcome": str(visit.outcome.value), "wait": visit.wait,
            "agent": visit.agent or None, "talk": visit.talk, "ended_by": visit.ended_by or None,
            "call_id": visit.callid, "ended_at": self._at(visit.ended), "wrap": visit.wrap,
            "lines": [_line(line) for line in self._report.sources.archive.lines_of(visit)],
        })  # fmt: skip

    def _masked(self, number: str, record: Record) -> Record:
        if not self._report.masked or not number:
            return record
        from ccops.desk.masking import mask_number, masked_name, told

        shown: Record = told(record, {number: mask_number(number)})
        name = record["caller_name"]
        hidden = masked_name(name, number)
        if name and hidden and hidden != name and number not in name:  # the number once more, written another way
            shown = told(shown, {name: hidden})
        return shown | {"caller_name": hidden}

    def _at(self, at: float | None) -> str | None:
        from ccops.reports.paper.values import local

        return None if at is None else local(at, self._zone).isoformat(timespec="seconds")

    def _missed(self, missed: Any) -> Record:
        from ccops.store.raw import line_at

        line = line_at(self._report.sources.archive.database, missed.file, missed.offset)
        return {
            "at": self._at(missed.at), "queue": missed.queue, "agent": missed.agent, "ring": missed.ring,
            "canceled": missed.canceled, "call_id": missed.callid or None, "line": line and _line(line),
        }  # fmt: skip

    def _span(self, span: Any) -> Record:
        return {
            "since": self._at(span.since), "until": self._at(span.until), "agent": span.agent,
            "queue": getattr(span, "queue", None) or None, "reason": getattr(span, "reason", None) or None,
        }  # fmt: skip

    def _record(self, trace: "Trace", row: "Row", figure: str) -> Record:
        from ccops.reports.paper.data import value_of

        column = self._section.column(figure)
        return {
            "figure": figure,
            "title": trace.title,
            "rule": trace.rule,
            "row": self._about(row),
            "value": value_of(column, self._zone)(trace.value),
            "periods": [{"from": self._at(period.start), "to": self._at(period.end)} for period in trace.found.periods],
            "count": len(trace.visits),
            "visits": [self._visit(visit) for visit in self._shown(trace.visits)],
            "sessions": [self._span(span) for span in trace.sessions],
            "pauses": [self._span(span) for span in trace.pauses],
            "missed": [self._missed(missed) for missed in trace.missed],
            "records": [dict(record) for record in self._records(trace)],
        }

    def _records(self, trace: "Trace") -> Sequence[Mapping[str, Any]]:
        """Return rows of the audit; they may hold numbers anywhere, so nobody gets them whose role hides those."""
        return () if self._report.masked else trace.records

    def _about(self, row: "Row") -> Record:
        from ccops.reports.paper.compare import FIGURES
        from ccops.reports.paper.data import value_of

        columns = [column for column in self._section.columns if column.kind not in FIGURES and column.key in row]
        return {column.key: value_of(column, self._zone)(row[column.key]) for column in columns}

    # --- for people ---

    def _lines(self, trace: "Trace", row: "Row") -> Iterator[str]:
        from ccops.reports.paper.values import Writing, writer_of

        column = next((one for one in self._section.columns if one.full_title == trace.title), None)
        value = str(trace.value) if column is None else writer_of(column, Writing(self._zone))(trace.value)
        yield f"{trace.title}: {value}"
        yield _("Rule: {rule}").format(rule=trace.rule or "–")
        yield _("Row: {row}").format(row=self._label(row) or _("total"))
        yield _("Period: {period}").format(period=self._periods_text(trace.found.periods))
        yield from self._visit_lines(trace.visits)
        for title, records, shown in self._tables(trace):
            yield from ("", f"{title}: {len(records)}")
            yield from table(shown, self._shown(records), _look(self._work)).splitlines()

    def _periods_text(self, periods: Sequence["Period"]) -> str:
        from ccops.reports.paper.about import period_text

        texts = [period_text(period, self._zone) for period in periods]
        if len(texts) <= 3:
            return ", ".join(texts)
        return _("{count} periods, from {first} to {last}").format(count=len(texts), first=texts[0], last=texts[-1])

    def _tables(self, trace: "Trace") -> Iterator[tuple[str, list[Record], Sequence[Column]]]:
        if trace.sessions:
            yield _("Sessions"), [self._span(span) for span in trace.sessions], SPAN_COLUMNS[:4]
        if trace.pauses:
            yield _("Pauses"), [self._span(span) for span in trace.pauses], [*SPAN_COLUMNS[:3], SPAN_COLUMNS[4]]
        if trace.missed:
            yield _("Missed rings"), [self._missed(missed) for missed in trace.missed], MISSED_COLUMNS[:6]
        records = self._records(trace)
        if records:
            yield _("Records"), [dict(record) for record in records], columns(*list(records[0])[:7])

    def _visit_lines(self, visits: Sequence[Any]) -> Iterator[str]:
        shown = self._shown(visits)
        if not visits:
            return
        yield from ("", _("Visits: {count}").format(count=len(visits)))
        plain = [column for column in VISIT_COLUMNS if not column.extra]
        records = [self._visit(visit) for visit in shown]
        heads = table(plain, records, _look(self._work), header=self._work.header).splitlines()
        if self._work.header:
            yield heads.pop(0)
        for head, record in zip(heads, records, strict=True):
            yield head
            yield from (f"    {line['file']}:{line['line']}  {line['text']}" for line in record["lines"])
        if len(shown) < len(visits):
            yield _("… {count} more: --limit 0 shows all.").format(count=len(visits) - len(shown))


def _line(line: "RawLine") -> Record:
    from ccops.pbx.text import clean

    text = clean(line.text.decode("utf-8", "replace").rstrip("\r\n"))
    return {"file": line.path, "line": line.line, "offset": line.offset, "text": text}
