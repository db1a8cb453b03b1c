"""Screen 4: the week of everybody, what it covers, and the keys by which it is changed, made, published, followed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from ccops.i18n import _
from ccops.tui.cells import safe
from ccops.tui.dialogs import Choice, Choose
from ccops.tui.feed import Frame
from ccops.tui.schedule import asking, editing, looking, making
from ccops.tui.schedule.commands import commands_of
from ccops.tui.schedule.errands import Book, Heads, Live, Present, Refused, Source, Versions
from ccops.tui.schedule.grid import CoverCurve, ScheduleFoot, ScheduleGrid
from ccops.tui.schedule.living import agents_of
from ccops.tui.schedule.looking import Looking
from ccops.tui.schedule.said import cell_line, price_line, rule_line
from ccops.tui.schedule.sheet import ORDERS, Sheet
from ccops.tui.spans import Line
from ccops.tui.station import Station

_RETRY = 3.0
"""Seconds after which what was not there is looked for again."""
_AGAIN = 3.0
"""Seconds after which it is looked whether somebody else made or published a roster."""
_LIVE = 5.0
"""Seconds after which it is looked again who is where they should be."""
ORDER_WORDS = {"team": _("as in the team"), "name": _("by name"), "start": _("by begin"), "skill": _("by skill")}
KEYS: tuple[tuple[str, str], ...] = (
    ("arrows", _("go to a person and a day")),
    ("Enter", _("open the day, hours across; Esc goes back to the week")),
    ("[ ]", _("the week before, the next one; of an open day: the day")),
    ("t", _("today")),
    *editing.KEYS,
    *making.KEYS,
    *asking.KEYS,
    *looking.KEYS,
    ("f", _("the curve of one queue, or of all")),
    ("s", _("order of people")),
    ("/", _("only people whose name or skill has a word in it")),
    ("r", _("read it again")),
    ("E", _("write the version to a file: page, print, workbook, table")),
)


class Schedule(Looking):
    """The schedule."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "go(-1)", _("Up"), show=False),
        Binding("down", "go(1)", _("Down"), show=False),
        Binding("pageup", "page(-1)", _("Page up"), show=False),
        Binding("pagedown", "page(1)", _("Page down"), show=False),
        Binding("left", "across(-1)", _("Left"), show=False),
        Binding("right", "across(1)", _("Right"), show=False),
        Binding("ctrl+left", "day(-1)", _("Day before"), show=False),
        Binding("ctrl+right", "day(1)", _("Next day"), show=False),
        Binding("home", "go(-100000)", _("First"), show=False),
        Binding("end", "go(100000)", _("Last"), show=False),
        Binding("enter", "enter", _("Open the day"), show=False),
        Binding("left_square_bracket", "turn(-1)", _("Week before"), show=False),
        Binding("right_square_bracket", "turn(1)", _("Next week"), show=False),
        Binding("t", "today", _("Today"), show=False),
        Binding("f", "queue", _("Queue"), show=False),
        Binding("s", "order", _("Order"), show=False),
        Binding("slash", "filter", _("Filter"), show=False),
        Binding("r", "again", _("Read again"), show=False),
    ]

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """What holds today is read when the screen is first seen."""
        super().__init__(station, view_name, title)
        self._grid = ScheduleGrid(station, lambda: self.sheet)
        self._curve = CoverCurve(station, lambda: self.sheet)
        self._foot = ScheduleFoot(station, self._said)
        self._looked = self._lived = 0.0

    def compose(self) -> ComposeResult:
        """Grid, curve, and what is said of the cursor."""
        yield self._grid
        yield self._curve
        yield self._foot

    def on_mount(self) -> None:
        """Read what holds today."""
        self._grid.tell([(("  ", "text"), (_("Reading the roster …"), "muted"))])
        self._look()

    def _look(self) -> None:
        self._looked = self.station.clock()
        self.open(Source(datetime.fromtimestamp(self._looked, self.settings.zone).date()))

    # --- what the console asks ---

    def frame(self, frame: Frame) -> None:
        """Look again where there was nothing; see who is where they should be."""
        if not frame.tick:
            return
        now = self.station.clock()
        if self.sheet is None and self.trouble is not None and now - self._looked >= _RETRY:
            self._look()
        elif self.sheet is not None and now - self._looked >= _AGAIN:
            self._looked = now
            self.run_worker(self._follow(self.sheet), group="follow", exit_on_error=True)
        if self.sheet is not None and self._sees_today() and now - self._lived >= _LIVE:
            self._lived = now
            self.run_worker(self._live(), group="live", exit_on_error=True)
        self._grid.repaint()

    async def _follow(self, sheet: Sheet) -> None:
        """Read what holds anew where somebody made or published a roster meanwhile; never under one's own changes."""
        answer = await self.put(Heads(), Versions, quiet=True)
        if isinstance(answer, Refused) or sheet is not self.sheet:
            return
        known, there = ({(one.number, one.state) for one in rows} for rows in (sheet.book.versions, answer.rows))
        untouched = not sheet.draft.changes() and sheet.picked is None
        if known != there and untouched and sheet.book.source.version is None:
            await self.opening(Source(sheet.day), anew=True)

    def _sees_today(self) -> bool:
        sheet = self.sheet
        if sheet is None:
            return False
        return sheet.book.today == sheet.day if sheet.whole_day else sheet.book.today in sheet.week

    async def _live(self) -> None:
        answer = await self.put(Live(agents_of(self.station.board)), Present, quiet=True)
        if isinstance(answer, Present):
            self._grid.live = {row.person: row.adherent for row in answer.rows}
            self._grid.repaint()

    def focus_first(self) -> None:
        """Give the keys to the grid."""
        self._grid.focus(scroll_visible=False)

    def note(self) -> str:
        """Return which roster is seen."""
        sheet = self.sheet
        if sheet is None:
            return ""
        parts = [self._named(sheet.book)]
        changes = len(sheet.draft.changes())
        if changes:
            parts.append(_("changed and not kept: {count}").format(count=changes))
        if sheet.wanted:
            text = _("filter “{text}” {shown}/{total}")
            parts.append(text.format(text=safe(sheet.wanted), shown=len(sheet.people), total=len(sheet.book.people)))
        if sheet.book.waiting:
            parts.append(_("{count} to decide on: l").format(count=sheet.book.waiting))
        return "   ".join(parts)

    @staticmethod
    def _named(book: Book) -> str:
        if book.version is None:
            return _("no roster for this week yet: o makes one")
        text = _("version {number}, published") if book.state == "published" else _("version {number}, a draft")
        return text.format(number=book.version)

    def source(self) -> str | None:
        """Return which days the roster is of."""
        sheet = self.sheet
        return "" if sheet is None else f"{sheet.book.first} – {sheet.last}"

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys that are worth telling now."""
        sheet = self.sheet
        if sheet is None:
            return []
        if sheet.picked is not None:
            return [
                ("arrows", _("move")),
                ("+ -", _("longer, shorter")),
                ("Enter", _("put down")),
                ("Esc", _("put back")),
            ]
        keys = [("Enter", _("the day"))] if not sheet.whole_day else [("Esc", _("the week"))]
        keys.append(("[ ]", _("days") if sheet.whole_day else _("weeks")))
        allowed = frozenset() if self.station.read_only else sheet.book.allowed
        if "wfm.roster" in allowed:
            keys += [("m", _("move")), ("n", _("new")), ("x", _("out")), ("g", _("give")), ("u", _("undo"))]
            keys += [("o", _("solve")), ("w", _("keep"))]
        if "wfm.publish" in allowed:
            keys.append(("P", _("publish")))
        if "wfm.sick" in allowed:
            keys.append(("S", _("sick")))
        return [*keys, ("v", _("versions")), ("l", _("requests")), ("i", _("now")), ("I", _("rest of today"))]

    def commands(self) -> Sequence[tuple[str, str, str]]:
        """Return what can be done now, by name."""
        sheet = self.sheet
        if sheet is None or sheet.picked is not None:
            return ()
        return list(commands_of(sheet, frozenset() if self.station.read_only else sheet.book.allowed))

    def stop(self) -> bool:
        """Put a shift back, stop the search, leave the day, take the filter off, in this order."""
        sheet = self.sheet
        if self.put_back() or self.stop_search():
            return True
        if sheet is not None and sheet.whole_day:
            sheet.whole_day = False
            self.redraw()
            return True
        if sheet is not None and sheet.wanted:
            sheet.arrange(wanted="")
            self.redraw()
            return True
        return False

    def redraw(self) -> None:
        """Draw everything that may have changed."""
        if not self.is_mounted:
            return
        if self.sheet is None and self.trouble is not None:
            lines: list[Line] = [(("  ", "text"), (safe(self.trouble.message), "warn"))]
            self._grid.tell([*lines, (("  ", "text"), (safe(self.trouble.remedy), "text"))])
        for painted in (self._grid, self._curve, self._foot):
            painted.repaint()
        self.app.repaint_bars()  # type: ignore[attr-defined]

    # --- going about ---

    def action_go(self, step: int) -> None:
        """Go to another person; a shift that is picked up goes with it."""
        sheet = self.sheet
        if sheet is None:
            return
        if sheet.picked is not None:
            self.carry(sheet, sheet.picked, step)
        else:
            sheet.to_place(sheet.place + step)
            self.redraw()

    def action_page(self, step: int) -> None:
        """Go a page further."""
        self.action_go(step * self._grid.page)

    def action_across(self, step: int) -> None:
        """Go to another day; a shift that is picked up moves by an interval."""
        sheet = self.sheet
        if sheet is not None and sheet.picked is not None:
            self.carry_time(sheet, sheet.picked, step)
        else:
            self._to_day(step)

    def action_day(self, step: int) -> None:
        """Go to another day, with the shift that is picked up."""
        sheet = self.sheet
        if sheet is not None and sheet.picked is not None:
            self.carry_days(sheet, sheet.picked, step)
        else:
            self._to_day(step)

    def _to_day(self, days: int) -> None:
        """Go some days on, into another roster where this one ends."""
        sheet = self.sheet
        if sheet is None or sheet.picked is not None:
            return
        day = sheet.day + timedelta(days=days)
        if sheet.holds(day):
            sheet.day = day
            self.redraw()
        else:
            self.open(Source(day))

    def action_turn(self, step: int) -> None:
        """Go a week on, or a day where one is open."""
        sheet = self.sheet
        if sheet is not None:
            self._to_day(step if sheet.whole_day else 7 * step)

    def action_today(self) -> None:
        """Go to today."""
        sheet = self.sheet
        if sheet is not None and sheet.picked is None:
            self._to_day((sheet.book.today - sheet.day).days)

    def action_enter(self) -> None:
        """Put the shift down that is picked up, else open the day."""
        sheet = self.sheet
        if sheet is None:
            return
        if sheet.picked is not None:
            self.put_down()
        elif not sheet.whole_day:
            sheet.whole_day = True
            self.redraw()

    def action_again(self) -> None:
        """Read the roster, the leave and the team again; what was changed and not kept would be lost."""
        sheet = self.sheet
        if sheet is None:
            self._look()
        elif sheet.draft.changes():
            self.say(_("There are changes that are not kept: w keeps them, u takes them back."), "warn")
        else:
            self.open(Source(sheet.day, sheet.book.source.version), anew=True)

    def on_schedule_grid_chosen(self, message: ScheduleGrid.Chosen) -> None:
        """A cell was clicked."""
        sheet = self.sheet
        if sheet is None or sheet.picked is not None or message.place >= len(sheet.people):
            return
        sheet.to_place(message.place)
        if message.day is not None:
            self._to_day((sheet.week[message.day] - sheet.day).days)
        self.redraw()
        if message.deep:
            self.action_enter()

    def on_schedule_grid_wheeled(self, message: ScheduleGrid.Wheeled) -> None:
        """The wheel was turned."""
        if self.sheet is not None and self.sheet.picked is None:
            self.action_go(message.step)

    # --- what is shown ---

    def action_queue(self) -> None:
        """Show the next queue, then all of them again."""
        sheet = self.sheet
        if sheet is not None:
            queues = ["", *sheet.book.queues]
            sheet.queue = queues[(queues.index(sheet.queue) + 1) % len(queues)]
            self.redraw()

    def action_order(self) -> None:
        """Ask how people are ordered."""
        if self.sheet is not None:
            self.run_worker(self._order(self.sheet), exit_on_error=True)

    async def _order(self, sheet: Sheet) -> None:
        choices = [Choice(name, ORDER_WORDS[name]) for name in ORDERS]
        answer = await self.chosen(Choose(self.station, _("Order of people"), choices))
        if answer is not None:
            sheet.arrange(order=answer)
            self.redraw()

    def action_filter(self) -> None:
        """Ask whom to show."""
        if self.sheet is not None and self.sheet.picked is None:
            self.run_worker(self._filter(self.sheet), exit_on_error=True)

    async def _filter(self, sheet: Sheet) -> None:
        answer = await self.typed(
            _("Only people with …"), _("a part of the name, the contract or a skill"), sheet.wanted
        )
        if answer is not None:
            sheet.arrange(wanted=answer)
            self.redraw()

    def _said(self) -> list[Line]:
        sheet = self.sheet
        if sheet is None:
            return []
        look = self.station.look
        third = self.progress() if self.search is not None else price_line(sheet)
        return [cell_line(sheet), rule_line(sheet, look), third]
