"""Keys that change a roster: a shift is picked up and moved by the arrows, or changed where it lies."""

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from textual.binding import Binding, BindingType

from ccops.i18n import _
from ccops.store.planning import DayRow
from ccops.tui.dialogs import Choice, Choose
from ccops.tui.schedule.edit import Lifted, break_moved, day_off, given, hours_text, moved, shift_row, stretched
from ccops.tui.schedule.errands import Candidates, Changes, Fitting, Refused
from ccops.tui.schedule.planning import Planning
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.schedule.signs import RULES

KEYS: tuple[tuple[str, str], ...] = (
    ("m", _("pick the shift up: arrows move it in time and to other people, Enter puts it down, Esc puts it back")),
    ("< >", _("the shift an interval earlier, later")),
    ("+ -", _("the shift an interval longer, shorter")),
    ("b B", _("its first break an interval later; its last break")),
    ("g", _("give the shift to somebody else: those first who break no rule; who works then gives theirs in return")),
    ("n", _("put a shift in, from a template")),
    ("x  Del", _("take the shift out")),
    ("u  U", _("undo, do again")),
)


class Editing(Planning):
    """A view on which the roster can be changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "pick", _("Pick up"), show=False),
        Binding("less_than_sign,comma", "shift(-1)", _("Earlier"), show=False),
        Binding("greater_than_sign,full_stop", "shift(1)", _("Later"), show=False),
        Binding("plus,equals_sign", "stretch(1)", _("Longer"), show=False),
        Binding("minus", "stretch(-1)", _("Shorter"), show=False),
        Binding("b", "break(0)", _("First break"), show=False),
        Binding("B", "break(-1)", _("Last break"), show=False),
        Binding("g", "give", _("Give away"), show=False),
        Binding("n,insert", "put_in", _("New shift"), show=False),
        Binding("x,delete", "take_out", _("Take out"), show=False),
        Binding("u", "undo", _("Undo"), show=False),
        Binding("U", "redo", _("Redo"), show=False),
    ]

    # --- one shift ---

    def _editable(self, *, lifted: bool = False) -> Sheet | None:
        sheet = self.sheet
        if sheet is None or not self.may("wfm.roster"):
            return None
        if sheet.picked is not None and not lifted:
            self.say(_("A shift is picked up: Enter puts it down, Esc puts it back."), "warn")
            return None
        if sheet.worker is None or not sheet.holds(sheet.day):
            self.say(_("This day is not one of the roster’s."), "warn")
            return None
        return sheet

    def _shift(self, *, lifted: bool = False) -> tuple[Sheet, DayRow] | None:
        """Return the sheet and the shift under the cursor; where there is none it is said."""
        sheet = self._editable(lifted=lifted)
        if sheet is None:
            return None
        if not sheet.row.shift:
            text = _("{person} does not work on that day: n puts a shift in.")
            self.say(text.format(person=sheet.name_of(sheet.person)), "warn")
            return None
        return sheet, sheet.row

    def _change(self, sheet: Sheet, changes: Changes | None) -> None:
        if changes is None:
            self.say(_("No further: the shift would leave its day."), "warn")
        elif sheet.draft.apply(changes):
            sheet.arrange()
            self.judge()
            self.redraw()

    def _put(self, sheet: Sheet, row: DayRow | None) -> None:
        self._change(sheet, None if row is None else {(row.person, row.day): row})

    def action_shift(self, steps: int) -> None:
        """Move the shift by intervals."""
        found = self._shift(lifted=True)
        if found is None:
            return
        sheet, row = found
        if sheet.picked is not None:
            self.carry_time(sheet, sheet.picked, steps)
        else:
            self._put(sheet, moved(row, steps * sheet.book.interval, sheet.book.shifts))

    def action_stretch(self, steps: int) -> None:
        """Make the shift longer or shorter."""
        found = self._shift(lifted=True)
        if found is None:
            return
        sheet, row = found
        by, lifted = steps * sheet.book.interval, sheet.picked
        longer = stretched(row if lifted is None else lifted.now, by, sheet.book.shifts, sheet.book.interval)
        if lifted is not None and longer is not None:
            self._carried(sheet, lifted, longer)
        else:
            self._put(sheet, longer)

    def action_break(self, index: int) -> None:
        """Move a break later; from its last place it goes round to the first."""
        found = self._shift()
        if found is None:
            return
        sheet, row = found
        if not row.breaks:
            self.say(_("This shift has no break."), "warn")
            return
        later = break_moved(row, index, sheet.book.interval)
        self._put(sheet, later if later is not None else self._earliest(row, index, sheet.book.interval))

    @staticmethod
    def _earliest(row: DayRow, index: int, interval: int) -> DayRow | None:
        found = None
        for steps in range(1, row.minutes // interval + 1):
            earlier = break_moved(row, index, -steps * interval)
            if earlier is None:
                break
            found = earlier
        return found

    def action_take_out(self) -> None:
        """Make it a day off."""
        found = self._shift()
        if found is not None:
            sheet, row = found
            self._put(sheet, day_off(row.person, row.day))

    # --- from a list ---

    def action_put_in(self) -> None:
        """Ask for a template."""
        sheet = self._editable()
        if sheet is not None:
            self.run_worker(self._put_in(sheet), exit_on_error=True)

    async def _put_in(self, sheet: Sheet) -> None:
        person, day = sheet.person, sheet.day
        fitting = [shift for shift in sheet.book.shifts if day.weekday() in shift.weekdays]
        choices = [Choice(shift.name, shift.name, hours_text(shift.start, shift.minutes)) for shift in fitting]
        if not choices:
            self.say(_("The team has no shift for that weekday."), "warn")
            return
        name = await self.chosen(Choose(self.station, _("Which shift?"), choices))
        shift = next((one for one in fitting if one.name == name), None)
        if shift is not None:
            self._put(sheet, shift_row(person, day, shift, sheet.book.interval))

    def action_give(self) -> None:
        """Ask to whom."""
        found = self._shift()
        if found is not None:
            self.run_worker(self._give(*found), exit_on_error=True)

    async def _give(self, sheet: Sheet, row: DayRow) -> None:
        answer = await self.put(Fitting(sheet.book.source, sheet.draft.changes(), row), Candidates)
        if isinstance(answer, Refused):
            return
        choices = [
            Choice(one.person, sheet.name_of(one.person), self._hint(sheet, one.person, row, one.broken))
            for one in answer.people
        ]
        title = _("{hours} of {person} to whom?").format(
            hours=hours_text(row.start, row.minutes), person=sheet.name_of(row.person)
        )
        person = await self.chosen(Choose(self.station, title, choices))
        worker = sheet.worker_of(person or "")
        if worker is not None:
            self._change(sheet, given(sheet.draft.rows, row, worker.id, worker.skills))
            sheet.person = worker.id
            self.redraw()

    def _hint(self, sheet: Sheet, person: str, row: DayRow, broken: tuple[str, ...]) -> str:
        other = sheet.draft.row(person, row.day)
        works = hours_text(other.start, other.minutes) if other.shift else _("off")
        rules = ", ".join(RULES.get(rule, rule) for rule in broken)
        return f"{works}  {self.station.look.glyph('crit')} {rules}" if rules else works

    # --- undo ---

    def action_undo(self) -> None:
        """Take the last change back."""
        self._stepped(undo=True)

    def action_redo(self) -> None:
        """Do it again."""
        self._stepped(undo=False)

    def _stepped(self, *, undo: bool) -> None:
        sheet = self.sheet
        if sheet is None or sheet.picked is not None:
            return
        keys = sheet.draft.undo() if undo else sheet.draft.redo()
        if not keys:
            self.say(_("Nothing to undo.") if undo else _("Nothing to do again."))
            return
        sheet.person, sheet.day = keys[0]
        sheet.arrange()
        self.judge()
        self.redraw()

    # --- picked up ---

    def action_pick(self) -> None:
        """Pick the shift up, or put it down."""
        if self.sheet is not None and self.sheet.picked is not None:
            self.put_down()
            return
        found = self._shift()
        if found is not None:
            sheet, row = found
            sheet.picked = Lifted(row, row, len(sheet.draft.done))
            self.redraw()

    def put_down(self) -> None:
        """Leave the shift where it is now; all of it is one step to undo."""
        if self.sheet is not None and self.sheet.picked is not None:
            self.sheet.picked = None
            self.redraw()

    def put_back(self) -> bool:
        """Put the shift back where it was; False where none is picked up."""
        sheet = self.sheet
        if sheet is None or sheet.picked is None:
            return False
        lifted, sheet.picked = sheet.picked, None
        sheet.draft.back_to(lifted.count)
        sheet.person, sheet.day = lifted.origin.person, lifted.origin.day
        sheet.arrange()
        self.judge()
        self.redraw()
        return True

    def carry(self, sheet: Sheet, lifted: Lifted, step: int) -> None:
        """Take the shift that is picked up to the person some lines further."""
        people = sheet.people
        worker = people[max(0, min(sheet.place + step, len(people) - 1))]
        self._carried(sheet, lifted, replace(lifted.now, person=worker.id))

    def carry_days(self, sheet: Sheet, lifted: Lifted, step: int) -> None:
        """Take it to another day of the roster."""
        day = lifted.now.day + timedelta(days=step)
        if sheet.holds(day):
            self._carried(sheet, lifted, replace(lifted.now, day=day))

    def carry_time(self, sheet: Sheet, lifted: Lifted, step: int) -> None:
        """Move it by intervals."""
        self._carried(sheet, lifted, moved(lifted.now, step * sheet.book.interval, sheet.book.shifts))

    def _carried(self, sheet: Sheet, lifted: Lifted, now: DayRow | None) -> None:
        if now is None:
            self._change(sheet, None)
            return
        before, lifted.now = lifted.now, now
        sheet.draft.back_to(lifted.count)
        worker = sheet.worker_of(now.person)
        changes = lifted.changes(sheet.draft.rows, worker.skills if worker is not None else ())
        if changes is None:
            self.say(
                _("{person} works on {day} already.").format(person=sheet.name_of(now.person), day=now.day), "warn"
            )
            lifted.now = before
            self._carried(sheet, lifted, before)
            return
        sheet.draft.apply(changes)
        sheet.person, sheet.day = now.person, now.day
        self.judge()
        self.redraw()
