"""Reports as files: what they would be called, and writing one that is not there yet."""

from pathlib import Path

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.reports.deliver.files import write_file
from ccops.reports.deliver.model import Parcel
from ccops.reports.deliver.template import file_name
from ccops.reports.paper.model import Paper
from ccops.reports.paper.render import Form, Options, render
from ccops.settings import Settings
from ccops.tui.reports.errands import Export, Saved

_ONE_SECTION = frozenset({Form.CSV, Form.TSV, Form.JSONL})
"""Forms that programs read line by line."""


def names_of(settings: Settings, paper: Paper) -> dict[str, str]:
    """Return the name of a file for each form, as the configuration words it for reports that are delivered."""
    filters = dict(paper.filters)
    names = {}
    for word, title in (("queue", _("Queue")), ("agent", _("Agent"))):
        if title in filters:
            names[word] = filters[title]
    parcel = Parcel("", paper, (), names)
    return {form.value: Path(file_name(settings.reports.file, parcel, form)).name for form in Form}


def saved(errand: Export, paper: Paper, page_size: str) -> Saved:
    """Write a report; raises `FileExistsError` where there is such a file and it is not to be written over."""
    from dataclasses import replace

    path = Path(errand.path).expanduser()
    if errand.form in _ONE_SECTION:
        paper = replace(paper, sections=[section for section in paper.sections if section.name == errand.section])
    data = render(paper, errand.form, Options(whole=errand.form not in _ONE_SECTION, page_size=page_size))
    if not errand.overwrite:
        _take_name(path)
    write_file(path, data)
    return Saved(str(path), len(data))


def _take_name(path: Path) -> None:
    """Make the file, empty, so that nobody else's of that name is written over."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("xb").close()
    except FileExistsError:
        raise
    except OSError as error:
        raise CcopsError(_("{path} cannot be written: {why}.").format(path=path, why=error.strerror)) from None
