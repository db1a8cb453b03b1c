"""A paper to stdout or a file, in the form that is asked for; which of its sections, columns and order."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ccops.cmd.diagnostics import PipeClosed
from ccops.cmd.environment import is_terminal
from ccops.cmd.run import Run
from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from ccops.reports.paper.model import Paper
    from ccops.reports.paper.render import Options


class ReportForm(StrEnum):
    """The forms of a report; a test holds them against those that can be rendered."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    MD = "md"
    HTML = "html"
    XLSX = "xlsx"
    PDF = "pdf"


_ALL_SECTIONS: Final = frozenset({ReportForm.HTML, ReportForm.XLSX, ReportForm.PDF})
_DATA: Final = frozenset({ReportForm.JSON, ReportForm.JSONL, ReportForm.CSV, ReportForm.TSV})
_STDOUT: Final = Path("-")


@dataclass(slots=True)
class Paperwork:
    """Where a report goes, and in which form."""

    run: Run
    form: ReportForm
    file: Path | None
    """None is stdout."""
    header: bool = True
    chart: bool | None = None
    whole: bool = False
    """Data says period, zone, filters and rules too."""

    @classmethod
    def of(
        cls, run: Run, form: ReportForm | None, as_json: bool, output: Path | None, *, header: bool, chart: bool | None
    ) -> "Paperwork":
        """Raises `UsageProblem` for a file without a form, and for a form that no terminal shows."""
        file = None if output == _STDOUT else output
        if as_json:
            form = ReportForm.JSON
        if form is None and file is not None:
            from ccops.reports.paper.render import form_of

            form = ReportForm(form_of(file))
        found = cls(run, form or ReportForm.TABLE, file, header, chart)
        found._refuse_terminal()
        return found

    def _refuse_terminal(self) -> None:
        if self.file is None and self.binary and is_terminal(self.run.environment.stdout):
            raise UsageProblem(
                _("A {form} is nothing for a terminal.").format(form=self.form.upper()),
                remedy=_("Add -o FILE, or send it into a pipe."),
            )

    @property
    def binary(self) -> bool:
        """True where the form is no text."""
        return self.form in (ReportForm.XLSX, ReportForm.PDF)

    @property
    def data(self) -> bool:
        """True where programs read it."""
        return self.form in _DATA

    @property
    def ascii_only(self) -> bool:
        """True where nothing but plain letters can be shown."""
        return self.run.options.ascii or (self.file is None and self.run.environment.plain_letters)

    # --- what of the paper ---

    def chosen(
        self, paper: "Paper", section: str | None, sections: bool, fields: str | None, sort: str | None
    ) -> "Paper":
        """Return the part of a paper that is asked for; raises `NotFound`, `UsageProblem`."""
        if section is not None and sections:
            raise UsageProblem(
                _("--section and --sections exclude each other."), remedy=_("Give the one or the other.")
            )
        self.whole = sections
        if not sections and (section is not None or self.form not in _ALL_SECTIONS):
            paper = self._narrowed(paper, section)
        if sort:
            from ccops.reports.paper.pick import sorted_by

            paper = sorted_by(paper, sort)
        names = [name.strip() for name in (fields or "").split(",") if name.strip()]
        if names:
            from ccops.reports.paper.pick import picked

            paper = picked(paper, names)
        return paper

    def _narrowed(self, paper: "Paper", name: str | None) -> "Paper":
        known = [section.name for section in paper.sections]
        if name is None:
            if len(known) > 1 and not self.data:
                others = ", ".join(known[1:])
                self.run.narrator.say(_("More by --section: {names}; all by --sections.").format(names=others))
            return replace(paper, sections=paper.sections[:1])
        if name not in known:
            error = NotFound(_("section"), name, known)
            error.remedy = f"{error.remedy} {_('Sections: {names}.').format(names=', '.join(known))}".strip()
            raise error
        return replace(paper, sections=[section for section in paper.sections if section.name == name])

    # --- where to ---

    def rendered(self, paper: "Paper") -> bytes:
        """Return a paper in its form, and tell what the form has no room for; raises `CcopsError`."""
        from ccops.reports.paper.render import Form, render

        if self.data and not self.whole:
            for warning in paper.warnings:  # a bare table has no room for them
                self.run.narrator.warn(warning)
        return render(paper, Form(self.form), self._options())

    def _options(self) -> "Options":
        from ccops.reports.paper.render import Look, Options

        run, environment = self.run, self.run.environment
        to_people = self.file is None
        look = Look(
            environment.columns if to_people else None,
            to_people and environment.colour(run.options.no_color),
            self.ascii_only,
            self.chart if self.chart is not None else to_people and is_terminal(environment.stdout),
        )
        return Options(look, self.whole, self.header, run.settings.reports.page_size)

    def put(self, made: bytes) -> None:
        """Put what was made where it belongs; a file is there whole or not at all."""
        if self.file is not None:
            from ccops.reports.deliver.files import write_file

            write_file(self.file, made)
            said = _("{file}, {size} bytes.").format(file=self.file, size=len(made))
            self.run.narrator.say(said)
        elif self.binary:
            self._put_bytes(made)
        else:
            self.run.write(made.decode("utf-8"))

    def _put_bytes(self, made: bytes) -> None:
        stream = self.run.environment.stdout
        self.run.flush()
        try:
            stream.buffer.write(made)
            stream.buffer.flush()
        except BrokenPipeError:
            raise PipeClosed from None
