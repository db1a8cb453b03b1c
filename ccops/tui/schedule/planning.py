"""Base of the schedule's screen: asks the planner, holds the sheet that is open, and has each change judged."""

import time
from datetime import date
from typing import Any, TypeVar

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.tui.dialogs import Ask, Choose, Confirm
from ccops.tui.schedule.errands import Answer, Book, Errand, Judge, Open, Refused, Source, Verdict
from ccops.tui.schedule.office import Office
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.station import Station
from ccops.tui.view import View

A = TypeVar("A")
_KEPT = 4
"""Sheets with changes that are kept while others are looked at."""


class Planning(View):
    """A view of a roster."""

    def __init__(self, station: Station, view_name: str, title: str) -> None:
        """Nothing is open yet."""
        super().__init__(station, view_name, title)
        self.settings = station.options.settings
        self.office = Office(self.settings, read_only=station.options.read_only, ahead=self.ahead)
        self.sheet: Sheet | None = None
        self.trouble: Refused | None = None
        """Why nothing can be shown."""
        self._kept: dict[Source, Sheet] = {}
        self._judging = self._dirty = False

    @property
    def ahead(self) -> float:
        """Seconds by which the console's clock is before the machine's."""
        ahead = self.station.clock() - time.time()
        return ahead if abs(ahead) > 1 else 0.0

    @property
    def is_on_top(self) -> bool:
        """Whether it is what the person looks at, with nothing on top of it."""
        return self.app.stage.view is self  # type: ignore[attr-defined]

    # --- what a subclass does ---

    def redraw(self) -> None:
        """Draw what is seen again."""

    # --- asking the planner ---

    async def put(self, errand: Errand, kind: type[A], *, quiet: bool = False) -> A | Refused:
        """Return the planner's answer; what it refuses is said, unless `quiet`."""
        try:
            answer: Answer = await self.office.ask(errand)
        except CcopsError as error:
            answer = Refused(error.message, error.remedy)
        if isinstance(answer, Refused):
            if not quiet:
                self.say(f"{answer.message} {answer.remedy}".strip(), "crit")
            return answer
        assert isinstance(answer, kind)  # noqa: S101 (what that errand is answered with)
        return answer

    # --- opening ---

    def open(self, source: Source, *, anew: bool = False) -> None:
        """Show another roster; one with unsaved changes is found again as it was left, unless it is read `anew`."""
        self.run_worker(self.opening(source, anew=anew), group="open", exclusive=True, exit_on_error=True)

    async def opening(self, source: Source, *, anew: bool = False) -> None:
        """Read a roster and show it."""
        self._keep()
        kept = None if anew else self._left(source)
        if kept is not None:
            kept.day = min(max(source.day, kept.book.first), kept.last)
            self._show(kept)
            return
        answer = await self.put(Open(source), Book, quiet=True)
        if isinstance(answer, Refused):
            self.trouble = answer
            if self.sheet is not None:
                self.say(f"{answer.message} {answer.remedy}", "crit")
        else:
            self.trouble = None
            self._show(self._sheet_of(answer, source))
        self.redraw()

    async def to_person(self, person: str, day: date) -> None:
        """Show a person's day with hours across, in what is published for it."""
        if self.sheet is None or not self.sheet.holds(day):
            await self.opening(Source(day))
        sheet = self.sheet
        if sheet is not None and sheet.holds(day) and sheet.worker_of(person) is not None:
            sheet.person, sheet.day, sheet.whole_day = person, day, True
            sheet.arrange()
        self.redraw()

    def _sheet_of(self, book: Book, source: Source) -> Sheet:
        fresh, before = Sheet(book, source.day), self.sheet
        if before is not None:
            fresh.whole_day, fresh.queue = before.whole_day, before.queue if before.queue in book.queues else ""
            fresh.person = before.person if fresh.worker_of(before.person) is not None else fresh.person
            fresh.arrange(order=before.order, wanted=before.wanted)
        return fresh

    def _show(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.judge()
        self.redraw()

    def _left(self, source: Source) -> Sheet | None:
        """Return a sheet that was left with changes, of the roster that is meant."""
        for known, sheet in self._kept.items():
            if sheet.holds(source.day) and source.version in (None, known.version, sheet.book.version):
                return self._kept.pop(known)
        return None

    def _keep(self) -> None:
        """Keep what was changed and not saved."""
        sheet = self.sheet
        if sheet is not None and sheet.draft.changes():
            self._kept[sheet.book.source] = sheet
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]

    @property
    def unkept(self) -> int:
        """Days that are changed and not kept, on all sheets."""
        sheets = [*self._kept.values(), *([self.sheet] if self.sheet is not None else [])]
        return sum(len(sheet.draft.changes()) for sheet in sheets)

    def let_go(self, source: Source) -> None:
        """Forget the unsaved changes of a sheet: they were saved."""
        self._kept.pop(source, None)
        if self.sheet is not None and self.sheet.book.source == source:
            self.sheet = None

    # --- judging ---

    def judge(self) -> None:
        """Have the draft judged as it is now; asked again meanwhile, the newest is judged and those between are not."""
        self._dirty = True
        if not self._judging:
            self._judging = True
            self.run_worker(self._judged(), group="judge", exit_on_error=True)

    async def _judged(self) -> None:
        try:
            while self._dirty and self.sheet is not None:
                self._dirty = False
                sheet, changes = self.sheet, self.sheet.draft.changes()
                answer = await self.put(Judge(sheet.book.source, changes), Verdict)
                if isinstance(answer, Refused):
                    return
                sheet.judged(answer, clean=not changes)
                self.redraw()
        finally:
            self._judging = False

    # --- talking to the person ---

    def say(self, text: str, tone: str = "text") -> None:
        """Show a message in the bottom line."""
        self.app.say(text, tone)  # type: ignore[attr-defined]

    async def sure(self, title: str, lines: list[str]) -> bool:
        """Ask before something that others will see."""
        return bool(await self._answer(Confirm(title, lines, plain=self.station.look.ascii)))

    async def chosen(self, screen: Choose) -> str | None:
        """Ask for one of several."""
        answer: str | None = await self._answer(screen)
        return answer

    async def typed(self, title: str, hint: str = "", value: str = "") -> str | None:
        """Ask for a line of text."""
        answer: str | None = await self._answer(Ask(title, hint=hint, value=value, plain=self.station.look.ascii))
        return answer

    async def _answer(self, screen: Any) -> Any:
        return await self.app.ask(screen)  # type: ignore[attr-defined]

    def may(self, right: str) -> bool:
        """Say whether this person may do it; where not, it is said why."""
        if self.station.read_only:
            self.say(_("The console is read-only."), "warn")
            return False
        if self.sheet is None or right not in self.sheet.book.allowed:
            self.say(_("Your roles do not include {right}.").format(right=right), "warn")
            return False
        return True

    async def on_unmount(self) -> None:
        """Let the planner go."""
        await self.office.close()
