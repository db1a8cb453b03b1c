"""The forms of paper: one name for each, and one door to all renderers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from ccops.errors import CcopsError, UsageProblem
from ccops.i18n import _
from ccops.reports.paper.model import Paper
from ccops.reports.paper.terminal import Look

__all__ = ["Form", "Look", "Options", "form_of", "render"]


class Form(StrEnum):
    """A form that every report can have."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    MD = "md"
    HTML = "html"
    XLSX = "xlsx"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        """Type of the content, as mail and web name it."""
        return _TYPES[self]

    @property
    def suffix(self) -> str:
        """Ending of a file's name, with its dot."""
        return ".txt" if self is Form.TABLE else f".{self}"

    @property
    def binary(self) -> bool:
        """True where the content is no text: it must not go to a terminal."""
        return self in (Form.XLSX, Form.PDF)


_TYPES: Final[dict[Form, str]] = {
    Form.TABLE: "text/plain",
    Form.JSON: "application/json",
    Form.JSONL: "application/x-ndjson",
    Form.CSV: "text/csv",
    Form.TSV: "text/tab-separated-values",
    Form.MD: "text/markdown",
    Form.HTML: "text/html",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.PDF: "application/pdf",
}


@dataclass(slots=True, frozen=True)
class Options:
    """What a renderer may be told; each takes what concerns it."""

    look: Look = field(default_factory=Look)
    """What the terminal can show."""
    whole: bool = False
    """Data forms say period, zone, filter and rules too, and hold every section."""
    header: bool = True
    """CSV and TSV begin with the names of the columns."""
    page_size: str = "A4"
    """PDF: A4 or letter."""


_PLAIN: Final = Options()


def render(paper: Paper, form: Form, options: Options = _PLAIN) -> bytes:
    """Return a paper in a form, text as UTF-8; raises `CcopsError` where a package is missing."""
    try:
        made = _RENDERERS[form](paper, options)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in ("reportlab", "xlsxwriter"):
            raise
        raise _missing(form, name) from None
    return made if isinstance(made, bytes) else made.encode("utf-8", "replace")


def form_of(path: Path) -> Form:
    """Return the form that a file's ending asks for; raises `UsageProblem`."""
    known = {form.suffix: form for form in Form} | {".markdown": Form.MD, ".htm": Form.HTML, ".ndjson": Form.JSONL}
    found = known.get(path.suffix.casefold())
    if found is None:
        raise UsageProblem(
            _("“{path}” has no ending that says what it should be.").format(path=path),
            remedy=_("Endings: {endings}.").format(endings=", ".join(form.suffix for form in Form)),
        )
    return found


def _missing(form: Form, name: str) -> CcopsError:
    return CcopsError(
        _("{form} needs the package {name}, which is not installed.").format(form=form.upper(), name=name),
        remedy=_("Install ccops with its reports: pip install 'ccops[reports]'."),
    )


def _table(paper: Paper, options: Options) -> str:
    from ccops.reports.paper.terminal import terminal

    return terminal(paper, options.look)


def _json(paper: Paper, options: Options) -> str:
    from ccops.reports.paper.data import json_text

    return json_text(paper, whole=options.whole, ascii_only=options.look.ascii_only)


def _jsonl(paper: Paper, options: Options) -> str:
    from ccops.reports.paper.data import json_lines

    return json_lines(paper, whole=options.whole, ascii_only=options.look.ascii_only)


def _csv(paper: Paper, options: Options) -> str:
    from ccops.reports.paper.data import delimited

    return delimited(paper, whole=options.whole, header=options.header)


def _tsv(paper: Paper, options: Options) -> str:
    from ccops.reports.paper.data import delimited

    return delimited(paper, tabs=True, whole=options.whole, header=options.header)


def _md(paper: Paper, _options: Options) -> str:
    from ccops.reports.paper.markdown import markdown

    return markdown(paper)


def _html(paper: Paper, _options: Options) -> str:
    from ccops.reports.paper.html import page

    return page(paper)


def _xlsx(paper: Paper, _options: Options) -> bytes:
    from ccops.reports.paper.xlsx import xlsx

    return xlsx(paper)


def _pdf(paper: Paper, options: Options) -> bytes:
    from ccops.reports.paper.pdf.document import pdf

    return pdf(paper, size=options.page_size)


_RENDERERS: Final[dict[Form, Callable[[Paper, Options], str | bytes]]] = {
    Form.TABLE: _table,
    Form.JSON: _json,
    Form.JSONL: _jsonl,
    Form.CSV: _csv,
    Form.TSV: _tsv,
    Form.MD: _md,
    Form.HTML: _html,
    Form.XLSX: _xlsx,
    Form.PDF: _pdf,
}
