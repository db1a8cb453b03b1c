"""One report: made as the inquiry says, made anew when that changes, written to a file in any form."""

from typing import TYPE_CHECKING, ClassVar

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.tui.reports.asking import KEYS, Asking, fitting, told
from ccops.tui.reports.deeper import TraceView
from ccops.tui.reports.document import DocumentView
from ccops.tui.reports.errands import Draw, Export, Inquiry, Line, Make, Refused, ReportLine, Saved, Sheet
from ccops.tui.reports.office import TakenBack
from ccops.tui.reports.study import study_of
from ccops.tui.station import Station
from ccops.tui.view import View

if TYPE_CHECKING:
    from ccops.reports.paper.render import Form


class ReportView(DocumentView, Asking):
    """A report of the catalogue, or one of the site's own."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (*KEYS, *DocumentView.KEYS)

    def __init__(self, station: Station, line: ReportLine) -> None:
        """Begins with what was asked of the report before."""
        super().__init__(station, f"report.{line.name}", line.title)
        self._line = line
        self._made: Make | None = None

    @classmethod
    def today(cls, station: Station, name: str, title: str, **narrowed: str) -> "ReportView":
        """Return a report of today, narrowed down: what stands behind a figure of the board."""
        study = study_of(station)
        study.inquiry = Inquiry(period="today", **narrowed)  # type: ignore[arg-type]
        known = study.shelf.reports if study.shelf is not None else ()
        narrows = frozenset({"queue", "agent", "number"})
        line = next((one for one in known if one.name == name), ReportLine(name, title, "", narrows, calls=True))
        return cls(station, line)

    def line(self) -> ReportLine:
        """Return what it can be asked for."""
        return self._line

    def errand(self) -> Make:
        """Return what is to be asked."""
        self._made = self.study.make(fitting(self.study.inquiry, self._line), self.room)
        return self._made

    def changed(self) -> None:
        """Make it anew."""
        self.ask()
        self.app.repaint_bars()  # type: ignore[attr-defined]

    async def _refuse(self, problem: Refused) -> None:
        if "call" in self._line.narrows and not self.study.inquiry.call:
            problem = Refused(
                _("No call is named."), _("n names one; Enter in the report of calls shows its lines too.")
            )
        await super()._refuse(problem)

    def note(self) -> str:
        """Return what was asked for."""
        return told(fitting(self.study.inquiry, self._line))

    def redraw(self, sheet: Sheet, width: int) -> Draw | None:
        """Return the errand that draws a section's chart for another width."""
        return Draw(self._made, sheet.name, self.study.canvas(width)) if self._made is not None else None

    def deeper(self, sheet: Sheet, line: Line, column: int) -> View | str:
        """Return what a cell leads to: what its figure is made of."""
        if self._made is None:
            return ""
        return TraceView(self.station, self._made, sheet, line, column)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys that are worth telling."""
        return [("[ ]", _("period")), ("d", _("dates")), ("n", _("narrow")), *super().hints()]

    # Files

    async def export(self) -> bool:
        """Write the report to a file."""
        document, sheet, made = self.document, self.sheet, self._made
        if document is None or made is None or sheet is None:
            self._say(_("There is nothing to write yet."), "warn")
            return True
        form = await self._form()
        if form is None:
            return True
        path = await self._typed(_("Write the report to"), str(form), document.names[form.value])
        if path:
            await self._write(Export(made, sheet.name, form, path.strip()))
        return True

    async def _form(self) -> "Form | None":
        from ccops.reports.paper.render import Form
        from ccops.tui.dialogs import Choice, Choose

        about = {
            Form.XLSX: _("workbook, a sheet for each section"),
            Form.PDF: _("pages to print"),
            Form.HTML: _("one page with its charts"),
            Form.CSV: _("this section"),
            Form.TSV: _("this section"),
            Form.MD: _("text for a note or a ticket"),
            Form.JSON: _("everything, for programs"),
            Form.JSONL: _("this section, a row per line"),
            Form.TABLE: _("plain text"),
        }
        choices = [Choice(form.value, form.value, text) for form, text in about.items()]
        answer = await self._ask(Choose(self.station, _("Write as"), choices))
        return None if answer is None else Form(answer)

    async def _write(self, errand: Export) -> None:
        from dataclasses import replace

        from ccops.tui.dialogs import Confirm

        answer = await self._sent(errand)
        if isinstance(answer, Refused) and answer.exists:
            title = _("{path} exists. Write over it?").format(path=errand.path)
            lines = [_("What is in it now will be gone.")]
            sure = await self.app.ask(Confirm(title, lines, plain=self.station.look.ascii))  # type: ignore[attr-defined]
            if not sure:
                self._say(_("Nothing was written."))
                return
            answer = await self._sent(replace(errand, overwrite=True))
        if isinstance(answer, Saved):
            self._say(_("{path}, {size} bytes").format(path=answer.path, size=answer.size), "ok")
        elif isinstance(answer, Refused):
            self._say(f"{answer.message} {answer.remedy}".strip(), "crit")

    async def _sent(self, errand: Export) -> object:
        self._say(_("Writing …"))
        try:
            return await self.study.office.ask(errand)
        except TakenBack:
            return None
        except CcopsError as error:
            return Refused(error.message, error.remedy)
