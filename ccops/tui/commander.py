"""Commands of the console itself: filter, sort, group, freeze, copy, export, palette, help, wall, attention."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from ccops.errors import ExitCode, UsageProblem
from ccops.i18n import _
from ccops.tui.cells import safe
from ccops.tui.filterbar import FilterBar
from ccops.tui.listspec import Selection
from ccops.tui.rowlist import RowList

if TYPE_CHECKING:  # the app owns its commander
    from ccops.tui.app import ConsoleApp

COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("slash", "filter", _("Filter")),
    ("space", "freeze", _("Freeze")),
    ("question_mark", "help", _("Help")),
    ("ctrl+p", "palette", _("Palette")),
    ("ctrl+w", "wall", _("Wall")),
    ("a", "attention", _("Attention")),
    ("A", "alerts", _("Alerts")),
    ("s", "sort", _("Sort")),
    ("z", "group", _("Group")),
    ("c", "copy_row", _("Copy row")),
    ("C", "copy_cell", _("Copy cell")),
    ("E", "export", _("Export")),
    ("d", "today", _("Today's report")),
)
"""Key, name, title."""


class Commander:
    """Does what a key or a line of the palette says."""

    def __init__(self, app: "ConsoleApp") -> None:
        """`app` is the console that it serves."""
        self._app = app
        self._station, self._stage = app.station, app.stage
        self._attended = -1

    async def run(self, name: str) -> None:
        """Run one command."""
        simple = {
            "filter": self._filter,
            "clear_filter": self.clear,
            "freeze": self._freeze,
            "group": self._group,
            "copy_row": self._copy_row,
            "copy_cell": self._copy_cell,
            "help": self._help,
            "link": self._link,
        }
        asking = {"palette": self._palette, "sort": self._sort, "export": self._export}
        if name in simple:
            simple[name]()
        elif name in asking:
            self._app.run_worker(asking[name](), exit_on_error=True)
        elif name == "wall":
            await self._app.action_show("overview" if self._stage.shown == "wall" else "wall")
        elif name == "alerts":
            await self._app.action_show("alerts")
        elif name == "attention":
            await self._attend()
        elif name == "today":
            await self._today()
        elif name == "quit":
            await self._app.action_quit()

    async def quit(self) -> None:
        """Leave the console; what would be lost on any screen is named before."""
        from ccops.tui.dialogs import Confirm

        question, way_out = self._stage.at_stake()
        asked = Confirm(question, [way_out], plain=self._station.look.ascii)
        if not question or await self._app.ask(asked):
            self._app.leave(int(ExitCode.OK))

    # What the lines around the stage say

    def note(self) -> str:
        """Return filter, grouping and marks of the active list."""
        view = self._stage.view
        rows = view.active_list() if view is not None else None
        if rows is None:
            return view.note() if view is not None else ""
        parts = [said] if view is not None and (said := view.note()) else []
        typed = rows.arrangement.filter
        if typed.text:
            shown, total = len(rows.rows_in_order), rows.total
            parts.append(_("filter “{text}” {shown}/{total}").format(text=safe(typed.text), shown=shown, total=total))
        if rows.arrangement.grouping is not None:
            parts.append(rows.arrangement.grouping.title)
        if rows.marks:
            parts.append(_("{count} marked").format(count=len(rows.marks)))
        return "   ".join(parts)

    def source(self) -> str | None:
        """Return where the figures that are seen come from; None where they are the board's."""
        return self._stage.view.source() if self._stage.view is not None else None

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys that are valid now, the most useful first."""
        view = self._stage.view
        rows = view.active_list() if view is not None else None
        keys = [("Esc", _("back"))] if self._stage.deep else []
        keys += view.hints() if view is not None else []
        keys += [("?", _("help"))]
        if rows is not None and rows.row is not None:
            keys.append(("Enter", _("detail")))
        keys += [(offer.key, offer.action.title.lower()) for offer in self._app.offers() if offer.key]
        if self._station.feed.frozen:
            keys.insert(0, (_("space"), _("go on")))
        if rows is not None:
            keys += [("/", _("filter")), ("s", _("sort"))]
        if self._station.notices:
            keys.append(("a", _("attention")))
        return [*keys, (_("space"), _("freeze")), ("^p", _("palette")), ("q", _("quit"))]

    # Lists

    def _rows(self) -> RowList[Any] | None:
        return self._stage.view.active_list() if self._stage.view is not None else None

    def _filter(self) -> None:
        rows = self._rows()
        if rows is not None:
            self._app.query_one(FilterBar).open(rows.arrangement.filter.text)

    def filter_typed(self, text: str) -> None:
        """Let the list follow."""
        rows = self._rows()
        if rows is None:
            return
        found = rows.set_filter(text)
        if found.unknown:
            fields = ", ".join(sorted(rows.field_names()))
            self._app.say(_("This list has the fields {fields}.").format(fields=fields), "warn")
        self._app.repaint_bars()

    def filter_left(self, *, cleared: bool) -> None:
        """Go back to the list, with or without the filter."""
        bar = self._app.query_one(FilterBar)
        bar.close()
        rows = self._rows()
        if rows is not None and (cleared or not bar.query_one(Input).value.strip()):
            rows.set_filter("")
        if self._stage.view is not None:
            self._stage.view.focus_first()
        self._app.repaint_bars()

    def clear(self) -> bool:
        """Take off the filter, else the marks; False where there was neither."""
        rows = self._rows()
        if rows is None:
            return False
        if rows.arrangement.filter.text:
            rows.set_filter("")
            self._app.repaint_bars()
            return True
        return rows.clear_marks()

    def _group(self) -> None:
        title = self._stage.view.cycle_grouping() if self._stage.view is not None else None
        self._app.say(_("This list has no groups.") if title is None else title or _("not grouped"))
        self._app.repaint_bars()

    async def _sort(self) -> None:
        rows = self._rows()
        if rows is None:
            return
        from ccops.tui.dialogs import Choice, Choose

        order = rows.arrangement.order
        choices = [
            Choice(column.key, column.title or column.key, _("now") if column.key == order.column else "")
            for column in rows.spec.columns
        ]
        answer = await self._app.ask(Choose(self._station, _("Sort by"), choices))
        if answer is not None:
            rows.sort_by(answer)

    def target_of(self, rows: RowList[Any]) -> Selection | None:
        """Return what Enter on this list opens."""
        finder = getattr(self._stage.view, "target", None)
        picked = finder() if finder is not None else rows.under_cursor()
        return picked if isinstance(picked, Selection) else None

    # The screen

    def _freeze(self) -> None:
        feed = self._station.feed
        if feed.frozen:
            feed.thaw()
        else:
            feed.freeze()
        self._station.forget()
        self._stage.restyle()
        self._app.repaint_bars()

    def _help(self) -> None:
        from ccops.tui.help import Help, help_text

        view = self._stage.view
        title = view.title if view is not None else ""
        keys = view.KEYS if view is not None else ()
        text = help_text(title, self._rows(), self._app.offers(), self._station.look, keys)
        self._app.push_screen(Help(text, self._station.look))

    def _link(self) -> None:
        from ccops.tui.help import Help
        from ccops.tui.linkabout import link_text

        self._app.push_screen(Help(link_text(self._station), self._station.look))

    async def _attend(self) -> None:
        notices = self._station.notices
        if not notices:
            self._app.say(_("Nothing needs attention."))
            return
        self._attended = (self._attended + 1) % len(notices)
        await self._stage.back()
        await self._app.attend(notices[self._attended])

    async def _today(self) -> None:
        """Open the report of today about the queue or agent that is selected; without one about all."""
        from ccops.tui.reports.report import ReportView

        view = self._stage.view
        topic, name = (view.subject() if view is not None else None) or ("", "")
        reports = {"queue": ("queues", _("Queues")), "agent": ("agents", _("Agents"))}
        report, title = reports.get(topic, ("overview", _("Overview")))
        narrowed = {topic: name} if topic in reports else {}
        await self._stage.push(ReportView.today(self._station, report, title, **narrowed))
        self._app.repaint_bars()

    async def _palette(self) -> None:
        from ccops.tui.dialogs import Choose
        from ccops.tui.palette import commands

        offers = [*self._app.offers(), *self._app.general_offers()]
        choices = commands(self._station, self._stage, offers)
        answer = await self._app.ask(Choose(self._station, _("What next?"), choices))
        verb, _colon, rest = (answer or "").partition(":")
        if verb == "offer":
            self._app.do(offers[int(rest)])
        elif verb == "view" and self._stage.view is not None:
            await self._app.run_action(rest, self._stage.view)
        elif verb == "show":
            await self._app.action_show(rest)
        elif verb == "run":
            await self.run(rest)
        elif verb == "theme":
            self._theme(rest)
        elif verb == "go":
            topic, _colon, key = rest.partition(":")
            await self._app.open(topic, key)

    def _theme(self, name: str) -> None:
        from ccops.tui.themes import PALETTES

        look = self._station.look
        self._app.restyle(replace(look, palette=PALETTES[name]))

    # Out of the console

    def _copy_row(self) -> None:
        rows = self._rows()
        if rows is not None and rows.row is not None:
            self._copy("\t".join(rows.texts(rows.row)))

    def _copy_cell(self) -> None:
        rows = self._rows()
        if rows is None or rows.row is None:
            return
        index = list(rows.spec.columns).index(rows.current_column())
        self._copy(rows.texts(rows.row)[index])

    def _copy(self, text: str) -> None:
        self._app.copy_to_clipboard(text)
        self._app.say(_("Copied: {text}").format(text=text.replace("\t", "  ")), "ok")

    async def _export(self) -> None:
        from ccops.tui.dialogs import Ask
        from ccops.tui.export import written

        view, rows = self._stage.view, self._rows()
        if (view is not None and await view.export()) or rows is None:
            return
        name = f"{rows.spec.name}-{self._station.time_of(self._station.clock()).replace(':', '')}.csv"
        hint = _("ends in .csv or .md")
        plain = self._station.look.ascii
        answer = await self._app.ask(Ask(_("Write the list to"), hint=hint, value=name, plain=plain))
        if answer is None:
            return
        try:
            path = written(answer, rows)
        except UsageProblem as problem:
            self._app.say(str(problem), "crit")
            return
        self._app.say(_("{count} rows written to {path}").format(count=len(rows.rows_in_order), path=path), "ok")
