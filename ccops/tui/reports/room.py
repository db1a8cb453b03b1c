"""Screen 5: the reports there are, and what of the past they are asked for."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.tui.columns import Column, Moment, Order
from ccops.tui.feed import Frame
from ccops.tui.listspec import ListSpec
from ccops.tui.reports.asking import KEYS, Asking, told
from ccops.tui.reports.errands import ReportLine, Shelf
from ccops.tui.reports.office import TakenBack
from ccops.tui.reports.panes import Foot, Notice
from ccops.tui.reports.report import ReportView
from ccops.tui.reports.study import study_of
from ccops.tui.rowlist import RowList
from ccops.tui.spans import Span
from ccops.tui.station import Station

_RETRY = 3.0
"""Seconds after which a store that was not there is looked for again."""


def _kind(row: ReportLine, _moment: Moment) -> Span:
    if row.problem:
        return _("wrong"), "crit"
    return (_("own"), "accent") if row.own else ("", "text")


def _fields(row: ReportLine) -> Mapping[str, str]:
    return {"report": row.name, "title": row.title, "about": row.about, "kind": _("own") if row.own else ""}


REPORTS: ListSpec[ReportLine] = ListSpec(
    name="reports",
    title=_("Reports"),
    columns=(
        Column("title", _("Report"), 18, lambda row, _moment: (row.title, "title"), lambda row: row.title, grow=8),
        Column(
            "about",
            _("About"),
            30,
            lambda row, _moment: (row.about, "crit" if row.problem else "text"),
            lambda row: row.about,
            grow=120,
        ),
        Column("kind", "", 5, _kind, lambda row: (row.own, row.title)),
        Column(
            "name",
            _("As command"),
            14,
            lambda row, _moment: (row.name, "muted"),
            lambda row: row.name,
            rank=1,
            help=_("ccops report NAME prints the same."),
        ),
    ),
    order=Order(""),
    fields=_fields,
    tie=lambda _row: 0,
    pick=lambda _row: None,
    empty="",
    help=_("One line per report: those that come with ccops, then your own."),
    static=True,
)


class Reports(Asking):
    """The list of reports."""

    STAYS: ClassVar[bool] = True
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (("Enter", _("make the report")), *KEYS)
    DEFAULT_CSS = """
    Reports #reports { height: 1fr; }
    """

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """What there is is looked up when it is first seen."""
        super().__init__(station, view_name, title)
        self.study = study_of(station)
        self._list: RowList[ReportLine] = RowList(REPORTS, lambda: station.moment)
        self._notice = Notice(station)
        self._foot = Foot(station, lambda: ("", self._list.row.about if self._list.row is not None else ""))
        self._looked = 0.0

    def compose(self) -> ComposeResult:
        """What is wrong, and the list."""
        yield self._notice
        yield self._list
        yield self._foot

    def on_mount(self) -> None:
        """Look up what there is."""
        self._notice.show([(_("Reading what there is …"), "muted")])
        self._look()

    def _look(self) -> None:
        self._looked = self.study.now
        self.run_worker(self._browse(), group="browse", exclusive=True, exit_on_error=True)

    async def _browse(self) -> None:
        try:
            shelf = await self.study.browse()
        except TakenBack:
            return
        except CcopsError as error:
            self._notice.show([(error.message, "warn"), (error.remedy, "text")])
            return
        self._list.load({str(index): line for index, line in enumerate(shelf.reports)})
        self._notice.show(self._told(shelf))
        self.app.repaint_bars()  # type: ignore[attr-defined]

    @staticmethod
    def _told(shelf: Shelf) -> Sequence[tuple[str, str]]:
        if shelf.trouble is None:
            return ()
        message, remedy = shelf.trouble
        return [(message, "warn"), (remedy, "text")]

    # What the console asks

    def frame(self, frame: Frame) -> None:
        """Look again where there was no store: the log may be taken in meanwhile."""
        shelf = self.study.shelf
        waits = shelf is not None and shelf.trouble is not None
        if frame.tick and waits and self.study.now - self._looked >= _RETRY:
            self._look()

    def restyle(self) -> None:
        """Draw it again; reports of one's own may have been added meanwhile."""
        super().restyle()
        if self.study.shelf is not None:
            self._look()

    def note(self) -> str:
        """Return what of the past is asked for."""
        return told(self.study.inquiry)

    def source(self) -> str | None:
        """Return how far the store reaches."""
        covers = self.study.shelf.covers if self.study.shelf is not None else None
        if covers is None:
            return ""
        from ccops.reports.periods import Period, day_of

        first, last = (day_of(at, self.study.zone).isoformat() for at in (covers[0], Period(*covers).end - 1))
        return _("store: {first} – {last}").format(first=first, last=last)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys that are worth telling."""
        return [("[ ]", _("period")), ("d", _("dates")), ("n", _("narrow")), ("k", _("compare"))]

    def changed(self) -> None:
        """Show what is asked for now."""
        self.app.repaint_bars()  # type: ignore[attr-defined]

    def line(self) -> ReportLine | None:
        """Return the report under the cursor."""
        return self._list.row

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Tell the whole of what the report is about."""
        self._foot.repaint()

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        """Make the report."""
        message.stop()
        line: Any = self._list.row
        if line is None:
            return
        if line.problem:
            self._say(line.about, "crit")
            return
        self.post_message(self.Into(ReportView(self.station, line)))
