"""Below a report: what a figure is made of, and the lines of the log behind one visit."""

from typing import ClassVar

from ccops.i18n import _
from ccops.tui.reports.document import DocumentView
from ccops.tui.reports.errands import Explain, Follow, Line, Link, Make, Sheet
from ccops.tui.station import Station
from ccops.tui.view import View


class TraceView(DocumentView):
    """What one figure is made of."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Enter", _("the lines of the log that a visit is made of")),
        *(line for line in DocumentView.KEYS if line[0] not in ("Enter", "E")),
    )

    def __init__(self, station: Station, made: Make, sheet: Sheet, line: Line, column: int) -> None:
        """`line` and `column` of a section of the report that was `made`."""
        meant = sheet.columns[column]
        super().__init__(station, "trace", meant.full_title)
        row = None if line.index < 0 else line.index
        self._errand = Explain(made, sheet.name, row, meant.key)

    def errand(self) -> Explain:
        """Return what is to be asked."""
        return self._errand

    def _notices(self, sheet: Sheet | None) -> list[tuple[str, str]]:
        rules = self.document.rules if self.document is not None and self.problem is None else ()
        return [*((_("Rule: {rule}").format(rule=rule), "muted") for _title, rule in rules), *super()._notices(sheet)]

    def deeper(self, sheet: Sheet, line: Line, column: int) -> View | str:
        """Return the lines of a visit."""
        return leads(self.station, line)


class LinesView(DocumentView):
    """The lines of the log that one visit is made of."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = tuple(
        line for line in DocumentView.KEYS if line[0] not in ("Enter", "E", "v")
    )

    def __init__(self, station: Station, link: Link) -> None:
        """`link` says which visit."""
        super().__init__(station, "lines", _("Call {call}").format(call=link.callid))
        self._link = link

    def errand(self) -> Follow:
        """Return what is to be asked."""
        return Follow(self._link, self.study.canvas(self.room))

    def deeper(self, sheet: Sheet, line: Line, column: int) -> View | str:
        """Return the lines of another visit of the call."""
        return leads(self.station, line)


def leads(station: Station, line: Line) -> View | str:
    """Return the lines that a row leads to, or why there are none."""
    if line.link is None:
        return _("This is where it ends: a time is made of no visit.")
    return LinesView(station, line.link)
