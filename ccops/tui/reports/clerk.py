"""The process that reads the store for the console, so that a year can be read while every key is answered.

`python -m ccops.tui.reports.clerk`, started by the console: errands come in on standard input, answers leave on
standard output. It ends with its input; to take an errand back it is ended.
"""

import gc
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from ccops.errors import CcopsError, PermissionRefused, UsageProblem
from ccops.i18n import _
from ccops.reports import catalogue
from ccops.reports.archive import Archive
from ccops.reports.catalogue import Ask, Sources
from ccops.reports.own import OwnReport, own_report
from ccops.reports.paper.model import Paper, Row
from ccops.reports.periods import Period
from ccops.reports.rules import Rules
from ccops.settings import Settings
from ccops.tui.reports import files, shelf
from ccops.tui.reports.drawn import document_of, drawing_of
from ccops.tui.reports.errands import (
    LANGUAGE,
    Answer,
    Browse,
    Canvas,
    Document,
    Draw,
    Drawing,
    Errand,
    Explain,
    Export,
    Follow,
    Inquiry,
    Link,
    Make,
    Refused,
    Saved,
)
from ccops.tui.reports.traced import Eyes, followed, traced
from ccops.tui.told import fault_of, serve

_KEPT: Final = 6
"""Reports that are kept, so that what a figure is made of and a file of it need no second reading."""
_KEPT_ROWS: Final = 200_000
"""Rows that they have together; a row takes about a kilobyte. The last one is kept whatever it has."""
_NICE: Final = 10
"""The console comes first."""
_EVERY: Final = frozenset({"queue", "agent", "number"})


@dataclass(slots=True)
class Report:
    """One report that was made, with what it takes to ask for more about it."""

    ask: Ask
    compared: Period | None
    own: OwnReport | None
    masked: bool
    paper: Paper
    """With callers' numbers in full: it never leaves this process."""

    @property
    def shown(self) -> Paper:
        """The paper as the person may see it."""
        if not self.masked:
            return self.paper
        from ccops.desk.past import masked_paper

        return masked_paper(self.paper)


class Clerk:
    """Does errands, one after the other."""

    def __init__(self, settings: Settings) -> None:
        """`settings` says where the store is and by which rules it is read."""
        self.settings = settings
        self._kept: OrderedDict[tuple[Inquiry, float], Report] = OrderedDict()

    def do(self, errand: Errand) -> Answer:
        """Do one errand; what a person can help is an answer too."""
        try:
            return self._done(errand)
        except FileExistsError:
            return Refused(_("The file exists already."), exists=True)
        except CcopsError as error:
            return Refused(error.message, error.remedy, waits=not self._filled())
        except Exception as error:  # noqa: BLE001
            # A fault of ours in one report must not cost the console, nor the next report; it is told as what it is.
            return _fault(error)

    def _filled(self) -> bool:
        """Tell whether there is a store with something in it; the log may be taken in later."""
        try:
            with self._opened() as archive:
                return archive.covers is not None
        except CcopsError:
            return False

    def _done(self, errand: Errand) -> Answer:
        if isinstance(errand, Browse):
            return shelf.shelf_of(self.settings, self._opened)
        if isinstance(errand, Follow):
            with self._opened() as archive:
                return self._followed(errand.link, archive, errand.canvas)
        if isinstance(errand, Make):
            return self._made(errand)
        report = self._report(errand.made)
        if isinstance(errand, Draw):
            return Drawing(drawing_of(report.shown, errand.section, errand.canvas))
        if isinstance(errand, Explain):
            return self._explained(errand, report)
        return self._saved(errand, report)

    def _made(self, errand: Make) -> Document:
        report = self._report(errand)
        return document_of(report.shown, errand.canvas, files.names_of(self.settings, report.paper))

    def _saved(self, errand: Export, report: Report) -> Saved:
        return files.saved(errand, report.shown, self.settings.reports.page_size)

    def _explained(self, errand: Explain, report: Report) -> Document:
        section = next(one for one in report.paper.sections if one.name == errand.section)
        row = section.total if errand.row is None else section.rows[errand.row]
        if row is None:
            raise UsageProblem(_("This section has no total."))
        with self._opened() as archive:
            if row.get("call_id"):  # a row that is one call: its lines are what it is made of
                return self._followed(Link(str(row["call_id"])), archive, errand.made.canvas)
            found = self._trace(report, errand, row, Sources.of(archive, self.settings))
            return traced(found, section, row, Eyes(archive.zone, report.masked, errand.made.canvas))

    def _followed(self, link: Link, archive: Archive, canvas: Canvas) -> Document:
        from ccops.desk.past import sights

        found = sights(self.settings, archive)
        return followed(link, archive, found, Eyes(archive.zone, all(sight.masked for sight in found), canvas))

    def _trace(self, report: Report, errand: Explain, row: Row, sources: Sources) -> catalogue.Trace:
        name, ask = errand.made.inquiry.report, report.ask
        if report.own is not None:
            return catalogue.trace_own(report.own, ask, sources, row, errand.figure)
        if name == shelf.RULES:
            from ccops.reports.catalogue.parts import traced as part_traced
            from ccops.reports.catalogue.sides import RuleTable
            from ccops.reports.catalogue.work import Work

            return part_traced(Work(ask, sources), RuleTable(), row, errand.figure)
        return catalogue.trace(name, ask, sources, errand.section, row, errand.figure, compared=report.compared)

    # --- making ---

    @contextmanager
    def _opened(self) -> Iterator[Archive]:
        """Open the store, of one moment though the log is followed meanwhile."""
        settings, path = self.settings, self.settings.store.path
        if path.is_file() and not os.access(path, os.R_OK):
            raise PermissionRefused(
                _("You may not read the store {path}.").format(path=path),
                remedy=_("Ask to be put into the group that may read it, or run the console as its owner."),
            )
        with Archive.opened(path, Rules.of(settings), settings.zone) as archive, archive.database.snapshot():
            yield archive

    def _report(self, errand: Make) -> Report:
        """Return a report, made anew where it was not made lately."""
        key = (errand.inquiry, errand.now)
        if key not in self._kept:
            self._kept[key] = self._make(errand.inquiry, errand.now)
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and (len(self._kept) > _KEPT or self._rows() > _KEPT_ROWS):
            self._kept.popitem(last=False)
        return self._kept[key]

    def _rows(self) -> int:
        return sum(len(section.rows) for report in self._kept.values() for section in report.paper.sections)

    def _make(self, inquiry: Inquiry, now: float) -> Report:
        from ccops.reports import when

        settings, name = self.settings, inquiry.report
        known = catalogue.entries()
        own = None if name in known or name == shelf.RULES else own_report(settings.reports.own, name, known)
        narrows = frozenset({"queue"}) if name == shelf.RULES else known[name].narrows if name in known else _EVERY
        period = when.named(inquiry.period, now, settings.zone, "--period")
        former = when.compared(inquiry.compare, period, now, settings.zone) if inquiry.compare else None
        with self._opened() as archive:
            _refuse_empty(archive)
            ask = asked(inquiry, period, now)
            masked = False
            if settings.roles:
                from ccops.desk.past import narrowed, sights

                ask, sight = narrowed(ask, sights(settings, archive), archive, narrows)
                masked = sight.masked
            sources = Sources.of(archive, settings)
            return Report(ask, former, own, masked, _paper(name, own, ask, sources, former))


def _fault(error: Exception) -> Refused:
    return Refused(*fault_of(error))


def asked(inquiry: Inquiry, period: Period, now: float) -> Ask:
    """Return the request that an inquiry makes to the catalogue."""
    return Ask(
        period,
        now,
        inquiry.queue,
        inquiry.agent,
        inquiry.number,
        inquiry.call,
        interval=inquiry.interval,
        calls=inquiry.calls,
    )


def _paper(name: str, own: OwnReport | None, ask: Ask, sources: Sources, former: Period | None) -> Paper:
    if own is not None:
        return catalogue.own_report(own, ask, sources, compared=former)
    if name == shelf.RULES:
        return catalogue.compare_rules(ask, sources)
    return catalogue.make_paper(name, ask, sources, compared=former)


def _refuse_empty(archive: Archive) -> None:
    if archive.covers is None:
        raise UsageProblem(
            _("The store “{path}” is empty.").format(path=archive.database.path),
            remedy=_("`ccops ingest queue-log PATH` fills it from the queue_log."),
        )


# --- the process ---


def main() -> None:
    """Serve until the console is gone."""
    os.nice(_NICE)
    gc.set_threshold(100_000, 50, 100)  # millions of rows come and go; looking for cycles among them costs more
    try:
        serve(LANGUAGE, lambda told: Clerk(told.settings).do, _fault)
    except (EOFError, BrokenPipeError):
        # Leaving in the ordinary way would flush a pipe that nobody reads.
        os._exit(0)


if __name__ == "__main__":
    main()
