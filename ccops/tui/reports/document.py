"""Base of every view of the past: asks for a document, shows its sections as chart and table, leads deeper."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.tui.cells import duration, safe, width_of
from ccops.tui.columns import Order
from ccops.tui.feed import Frame
from ccops.tui.reports.errands import Document, Draw, Drawing, Errand, Line, Make, Refused, Sheet
from ccops.tui.reports.office import TakenBack
from ccops.tui.reports.panes import ChartPane, Foot, Head, Notice
from ccops.tui.reports.study import study_of
from ccops.tui.reports.table import SideList
from ccops.tui.rowlist import RowList
from ccops.tui.spans import Span
from ccops.tui.station import Station
from ccops.tui.view import View

_PATIENCE = 0.12
"""Seconds that a wish must stand before it is carried out: who steps through days means the last one."""
_LARGE = 100_000
"""Rows from which on the process that holds a report is worth ending with it."""
_RETRY = 3.0
"""Seconds after which a store that was not there is looked for again."""
_MARGIN = 4
_LAYOUTS = ("", "-table", "-chart")


class DocumentView(View, can_focus=True):
    """A document of the past."""

    SCOPED_CSS: ClassVar[bool] = False  # the rules name the size classes of the console around it
    DEFAULT_CSS = """
    DocumentView #sheet { height: 1fr; margin-top: 1; }
    .-short DocumentView #sheet { margin-top: 0; }
    .-low DocumentView ChartPane { display: none; }
    DocumentView.-table ChartPane { display: none; }
    DocumentView.-chart #sheet, DocumentView.-chart Foot { display: none; }
    DocumentView.-chart ChartPane { max-height: 100%; height: 1fr; }
    """
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Enter", _("what the figure of this cell is made of: visits, then their lines in the log")),
        ("left right", _("the column beside; wide tables scroll")),
        ("Tab", _("the next section of the report")),
        ("v", _("chart and table, table alone, chart alone")),
        ("R", _("rules, warnings, and what the report was narrowed to")),
        ("r", _("read it again")),
        ("E", _("write it to a file")),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "section(1)", _("Next section"), show=False),
        Binding("shift+tab", "section(-1)", _("Section before"), show=False),
        Binding("v", "layout", _("Chart and table"), show=False),
        Binding("R", "about", _("Rules and warnings"), show=False),
        Binding("r", "again", _("Read again"), show=False),
    ]

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """Nothing is asked yet."""
        super().__init__(station, view_name, title)
        self.study = study_of(station)
        self.document: Document | None = None
        self.problem: Refused | None = None
        self.shown = 0
        self._begun: float | None = None
        self._tried = 0.0
        self._drawn_for = 0
        self._head = Head(station, self._state)
        self._chart = ChartPane(station)
        self._foot = Foot(station, self.told)
        self._notice = Notice(station)
        self._body = Vertical(id="sheet")

    # What a subclass says

    def errand(self) -> Errand:
        """Return what is to be asked."""
        raise NotImplementedError

    def redraw(self, sheet: Sheet, width: int) -> Draw | None:
        """Return the errand that draws a section's chart for another width; None where it has none."""
        return None

    def deeper(self, sheet: Sheet, line: Line, column: int) -> View | str:
        """Return what a cell leads to, or why it leads nowhere."""
        return _("That is where it ends.")

    # Asking

    def compose(self) -> ComposeResult:
        """Facts, chart, table, and the line about the cell."""
        yield self._head
        yield self._notice
        yield self._chart
        yield self._body
        yield self._foot

    def on_mount(self) -> None:
        """Ask at once."""
        self._notice.show(())
        self._chart.show(())
        self.ask(patience=0)

    def ask(self, patience: float = _PATIENCE) -> None:
        """Ask for the document; what was asked before is taken back."""
        self._begun = self.study.now
        self._head.restyle()
        self.run_worker(self._fetch(patience), group="document", exclusive=True, exit_on_error=True)

    async def _fetch(self, patience: float) -> None:
        await asyncio.sleep(patience)
        try:
            answer: Any = await self.study.office.ask(self.errand())
        except TakenBack:
            return
        except CcopsError as error:
            answer = Refused(error.message, error.remedy)
        self._begun = None
        if isinstance(answer, Document):
            await self._take(answer)
        elif isinstance(answer, Refused):
            await self._refuse(answer)

    async def _take(self, document: Document) -> None:
        kept = self._place()
        before = self.sheet.name if self.sheet is not None else ""
        self.document, self.problem = document, None
        self.title = document.title
        names = [sheet.name for sheet in document.sheets]
        self.shown = names.index(before) if before in names else 0
        await self._show(kept)

    async def _refuse(self, problem: Refused) -> None:
        self.problem, self._tried = problem, self.study.now
        await self._show((None, 0))

    def stop(self) -> bool:
        """Stop reading; what was shown before stays, and where nothing was, the view is left."""
        if self._begun is None:
            return False
        self._begun = None
        self.workers.cancel_group(self, "document")
        self.study.office.take_back()
        self._head.restyle()
        return self.document is not None

    def on_unmount(self) -> None:
        """Nobody waits for it any more; what is large is not kept."""
        if self._begun is not None:
            self.study.office.take_back()
        elif self.document is not None and sum(sheet.count for sheet in self.document.sheets) > _LARGE:
            self.study.office.rest()

    # Showing

    @property
    def sheet(self) -> Sheet | None:
        """The section that is shown."""
        sheets = self.document.sheets if self.document is not None else ()
        return sheets[self.shown] if self.shown < len(sheets) else None

    @property
    def table(self) -> SideList | None:
        """Its table."""
        return next(iter(self._body.query(SideList)), None)

    def _place(self) -> tuple[str | None, int]:
        table = self.table
        return (None, 0) if table is None or table._untouched else (table.cursor, table.at)

    async def _show(self, place: tuple[str | None, int]) -> None:
        """Show the section that is chosen, the cursor where it was."""
        sheet = self.sheet if self.problem is None else None
        self._head.show(self.document if self.problem is None else None, self.shown)
        self._notice.show(self._notices(sheet))
        self._chart.show(sheet.drawing if sheet is not None else ())
        await self._body.remove_children()
        if sheet is not None:
            await self._list(sheet, place)
        self._foot.restyle()
        self.app.repaint_bars()  # type: ignore[attr-defined]

    async def _list(self, sheet: Sheet, place: tuple[str | None, int]) -> None:
        rows = SideList(sheet, lambda: self.station.moment)
        order = self.station.memory.order(self._memory_name(sheet), Order(""))
        if any(column.key == order.column for column in rows.spec.columns):
            rows.set_order(order)
        await self._body.mount(rows)
        rows.fill()
        if place[0] is not None:
            rows.select(place[0])
            rows.to_column(place[1])
        self._drawn_for = self.size.width
        if self.display:
            self.focus_first()

    def _memory_name(self, sheet: Sheet) -> str:
        return f"{self.view_name}.{sheet.name}"

    def _notices(self, sheet: Sheet | None) -> list[tuple[str, str]]:
        if self.problem is not None:
            return [(self.problem.message, "warn"), (self.problem.remedy, "text")]
        document = self.document
        if document is None:
            return []
        texts = [(document.empty, "muted")] if document.empty and not any(one.lines for one in document.sheets) else []
        if sheet is not None and sheet.note:
            texts.append((sheet.note, "muted"))
        if sheet is not None and len(sheet.lines) < sheet.count:
            cut = _("The first {shown} of {count} rows; narrow it down, or write it to a file (E), which has all.")
            texts.append((cut.format(shown=len(sheet.lines), count=sheet.count), "warn"))
        return texts

    def _state(self) -> Sequence[Span]:
        if self._begun is None:
            return ()
        spent = self.study.now - self._begun
        return ((_("Reading … {time}, Esc stops").format(time=duration(spent)) + "   ", "accent"),)

    def told(self) -> tuple[str, str]:
        """Return what is said about the cell of the cursor: its rule, or the whole of what does not fit."""
        table, sheet = self.table, self.sheet
        if table is None or sheet is None or not sheet.columns:
            return "", ""
        column, row = sheet.columns[table.at], table.row
        if row is not None and width_of(row.texts[table.at]) > table.current_column().width:
            return column.full_title, row.texts[table.at]
        rule = column.rule or next((text for title, text in self._rules() if title == column.group), "")
        return (column.full_title, rule) if rule else ("", "")

    def _rules(self) -> Sequence[tuple[str, str]]:
        return self.document.rules if self.document is not None else ()

    # Frames and keys

    def frame(self, frame: Frame) -> None:
        """Count the seconds of a reading; look again for a store that was not there."""
        if not frame.tick:
            return
        if self._begun is not None:
            self._head.repaint()
        elif self.problem is not None and self.problem.waits and self.study.now - self._tried >= _RETRY:
            self.ask(patience=0)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys that are worth telling."""
        keys = [("E", _("export")), ("R", _("rules")), ("v", _("chart"))]
        if self.document is not None and len(self.document.sheets) > 1:
            keys.insert(0, ("Tab", _("section")))
        return keys if self.document is not None else []

    def source(self) -> str | None:
        """Say that this is no board."""
        return _("from the store")

    def focus_first(self) -> None:
        """Give the keys to the table where it is seen, else keep them."""
        table = self.table
        if table is not None and not self.has_class("-chart"):
            table.focus(scroll_visible=False)
        else:
            self.focus(scroll_visible=False)

    def on_focus(self) -> None:
        """Hand the keys on: a click beside the table is no farewell to it."""
        self.focus_first()

    def on_resize(self) -> None:
        """Draw the chart for the new width, once it stands."""
        self.set_timer(0.3, self._fit_chart)

    def _fit_chart(self) -> None:
        sheet = self.sheet
        if sheet is None or self.size.width == self._drawn_for or not sheet.drawing:
            return
        self._drawn_for = self.size.width
        errand = self.redraw(sheet, self.size.width - _MARGIN)
        if errand is not None and self._begun is None:
            self.run_worker(self._redrawn(errand), group="chart", exclusive=True, exit_on_error=True)

    async def _redrawn(self, errand: Draw) -> None:
        try:
            answer: Any = await self.study.office.ask(errand)
        except (TakenBack, CcopsError):
            return  # the chart of another width is still right
        if isinstance(answer, Drawing) and self.sheet is not None and self.sheet.name == errand.section:
            self._chart.show(answer.lines)

    @property
    def room(self) -> int:
        """Cells that a chart has."""
        return (self.size.width or self.app.size.width) - _MARGIN

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        """Go into a cell."""
        message.stop()
        table, sheet = self.table, self.sheet
        if table is None or sheet is None or table.row is None:
            return
        found = self.deeper(sheet, table.row, table.at)
        if isinstance(found, View):
            self.post_message(self.Into(found))
        else:
            self.app.say(found, "muted")  # type: ignore[attr-defined]

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        """Another row: another cell."""
        self._foot.repaint()

    def on_side_list_cell(self, message: SideList.Cell) -> None:
        """Another column."""
        self._foot.repaint()

    def on_row_list_sorted(self, message: RowList.Sorted) -> None:
        """Remember the order that a person chose."""
        if self.sheet is not None:
            self.station.memory.keep_order(self._memory_name(self.sheet), message.order)

    async def on_head_section(self, message: Head.Section) -> None:
        """A title was clicked."""
        self.shown = message.index
        await self._show((None, 0))

    async def action_section(self, step: int) -> None:
        """Show another section."""
        sheets = self.document.sheets if self.document is not None else ()
        if len(sheets) > 1:
            self.shown = (self.shown + step) % len(sheets)
            await self._show((None, 0))

    def action_layout(self) -> None:
        """Change between chart and table, table, chart."""
        now = next((name for name in _LAYOUTS if name and self.has_class(name)), "")
        following = _LAYOUTS[(_LAYOUTS.index(now) + 1) % len(_LAYOUTS)]
        for name in filter(None, _LAYOUTS):
            self.set_class(name == following, name)
        self.focus_first()

    def action_again(self) -> None:
        """Read again."""
        self.ask(patience=0)

    def action_about(self) -> None:
        """Show rules, warnings and facts."""
        if self.document is None:
            return
        from textual.content import Content

        from ccops.tui.help import Help, section

        parts = [section(title, lines) for title, lines in self._told_about(self.document)]
        self.app.push_screen(Help(Content("\n").join(parts), self.station.look))

    @staticmethod
    def _told_about(document: Document) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        yield safe(document.title), [(safe(title), text) for title, text in document.about or document.facts]
        if document.warnings:
            yield _("Warnings"), [("", text) for text in document.warnings]
        if document.rules:
            yield _("Rules"), [(safe(title), text) for title, text in document.rules]

    def made(self) -> Make | None:
        """Return the errand that made a report; None where this is none."""
        return None
