"""Keys about people who are away and shifts that change hands: sick calls, leave, offers, open shifts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import ClassVar

from textual.binding import Binding, BindingType

from ccops.i18n import _
from ccops.tui.dialogs import Ask, Choice, Choose
from ccops.tui.schedule.asks import Around, AskLeave, Ill, Lacks, Noted, Offer, OpenShift, Rearranged, Without
from ccops.tui.schedule.edit import hours_text
from ccops.tui.schedule.errands import Refused, Source
from ccops.tui.schedule.making import Making
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.schedule.shorts import ShortsView
from ccops.tui.schedule.signs import day_text

KEYS: tuple[tuple[str, str], ...] = (
    ("S", _("sick: from the day of the cursor on; the others are solved anew around it, as a draft")),
    ("L", _("ask for leave from the day of the cursor on; l decides on it")),
    ("O", _("offer the shift to the others; on a day off: an open shift that nobody has")),
)
_SECONDS = 15.0
"""That others are solved anew in, as with `ccops wfm sick`."""
_MOST_DAYS = 14
"""Days that can be chosen without typing the last one."""
_FEW_DAYS = 5
"""Days whose lack is told one by one."""
_NOTICEABLE = 0.05


class Asking(Making):
    """A view on which people are away and shifts change hands."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "sick", _("Sick"), show=False),
        Binding("L", "ask_leave", _("Ask for leave"), show=False),
        Binding("O", "offer", _("Offer the shift"), show=False),
    ]

    def _person(self, right: str) -> Sheet | None:
        """Return the sheet where something may be asked about the person of the cursor."""
        sheet = self.sheet
        if sheet is None or sheet.worker is None or not self.may(right):
            return None
        if sheet.picked is not None:
            self.say(_("A shift is picked up: Enter puts it down, Esc puts it back."), "warn")
            return None
        return sheet

    # --- away ---

    def action_sick(self) -> None:
        """Ask until when, say what will be missing, write it down, and solve the others anew."""
        sheet = self._person("wfm.sick")
        if sheet is not None and self.search is not None:
            self.say(_("A search is under way: Esc ends it and keeps the best."), "warn")
        elif sheet is not None:
            self.run_worker(self._sick(sheet, sheet.person, sheet.day), group="solve", exit_on_error=True)

    async def _sick(self, sheet: Sheet, person: str, first: date) -> None:
        name = sheet.name_of(person)
        last = await self._until(_("How long is {person} sick?").format(person=name), first)
        if last is None:
            return
        lacks = await self._lacking(person, first, last)
        title = _("{person} is sick, {days}?").format(person=name, days=_span(first, last))
        lines = [*lacks, _("It is written down at once. The others are solved anew around it, as a draft.")]
        if not await self.sure(title, lines):
            return
        noted = await self._noted(Ill(person, first, last))
        if noted is None:
            return
        told = _("{person} is sick, {days}.").format(person=name, days=_span(first, last))
        if not noted.works:
            await self._seen_again(sheet)
            self.say(_("{told} Nothing that is published changes by that.").format(told=told), "ok")
            return
        self.say(told, "ok")
        found = await self.searching(Around(person, first, last, _SECONDS))
        if isinstance(found, Rearranged):
            await self._rearranged(first, found, name)

    async def _noted(self, errand: Ill) -> Noted | None:
        """Write a sick call down; where the role demands a reason it is asked for."""
        answer = await self.put(errand, Noted, quiet=True)
        if isinstance(answer, Refused) and answer.reason:
            reason = await self.typed(_("Why?"), _("for the audit"))
            if not reason:
                return None
            answer = await self.put(replace(errand, note=reason), Noted, quiet=True)
        if isinstance(answer, Refused):
            self.say(f"{answer.message} {answer.remedy}".strip(), "crit")
            return None
        return answer

    async def _rearranged(self, first: date, found: Rearranged, name: str) -> None:
        if found.version is None:
            return
        text = _(
            "Version {number}, a draft without {person}: {others} days of others change. V shows them, P publishes."
        )
        told = text.format(number=found.version, person=name, others=found.others)
        await self.made(first, found.version, "; ".join([told, *found.rules]))
        if self.sheet is not None and self.sheet.book.version == found.version and self.is_on_top:
            self.post_message(self.Into(ShortsView(self, self.sheet, found)))

    def action_ask_leave(self) -> None:
        """Ask until when and what for, say what will be missing, and ask for it."""
        sheet = self._person("wfm.leave.request")
        if sheet is not None:
            self.run_worker(self._ask_leave(sheet, sheet.person, sheet.day), group="ask", exit_on_error=True)

    async def _ask_leave(self, sheet: Sheet, person: str, first: date) -> None:
        name = sheet.name_of(person)
        last = await self._until(_("Leave of {person}, until when?").format(person=name), first)
        note = None if last is None else await self.typed(_("What for?"), _("may be left empty"))
        if last is None or note is None:
            return
        title = _("Ask for leave of {person}, {days}?").format(person=name, days=_span(first, last))
        lines = [*await self._lacking(person, first, last), _("Nothing is decided by that.")]
        if not await self.sure(title, lines):
            return
        noted = await self.put(AskLeave(person, first, last, note.strip()), Noted)
        if not isinstance(noted, Refused):
            await self._seen_again(sheet)
            self.say(_("Leave {number} is asked for: l decides on it.").format(number=noted.number), "ok")

    async def _until(self, title: str, first: date) -> date | None:
        """Ask for the last day."""
        choices = [Choice(first.isoformat(), _("only {day}").format(day=day_text(first)), _("1 day"))]
        for days in range(2, _MOST_DAYS + 1):
            last = first + timedelta(days=days - 1)
            hint = _("{days} days").format(days=days)
            choices.append(Choice(last.isoformat(), _("to {day}").format(day=day_text(last)), hint))
        choices.append(Choice("", _("another last day …"), _("YYYY-MM-DD")))
        answer = await self.chosen(Choose(self.station, title, choices))
        if answer == "":
            asked = Ask(_("The last day"), hint=_("YYYY-MM-DD"), value=f"{first:%Y-%m-}", check=_day_check(first),
                        plain=self.station.look.ascii)  # fmt: skip
            answer = await self.app.ask(asked)  # type: ignore[attr-defined]
        return None if answer is None else date.fromisoformat(answer.strip())

    async def _lacking(self, person: str, first: date, last: date) -> list[str]:
        answer = await self.put(Without(person, first, last), Lacks, quiet=True)
        if isinstance(answer, Refused):
            return [answer.message]
        return list(lack_lines(answer))

    async def _seen_again(self, sheet: Sheet) -> None:
        """Read who is away again, unless that would lose changes."""
        if self.sheet is sheet and not sheet.draft.changes():
            await self.opening(Source(sheet.day, sheet.book.source.version), anew=True)

    # --- changing hands ---

    def action_offer(self) -> None:
        """Offer the shift of the cursor, or an open one."""
        sheet = self.sheet
        if sheet is None:
            return
        works = bool(sheet.row.shift)
        if self._person("wfm.swap.offer" if works else "wfm.swap.decide") is not None:
            self.run_worker(self._offer(sheet) if works else self._open(sheet), group="ask", exit_on_error=True)

    async def _offer(self, sheet: Sheet) -> None:
        row, name = sheet.row, sheet.name_of(sheet.person)
        title = _("Offer {shift} of {person}, {day}, to the others?").format(
            shift=row.shift, person=name, day=day_text(row.day)
        )
        if await self.sure(title, [_("It stays theirs until somebody takes it and that is approved.")]):
            await self._offered(Offer(row.person, row.day))

    async def _open(self, sheet: Sheet) -> None:
        day = sheet.day
        choices = [
            Choice(shift.name, shift.name, hours_text(shift.start, shift.minutes))
            for shift in sheet.book.shifts
            if day.weekday() in shift.weekdays
        ]
        title = _("Which shift does nobody have yet, {day}?").format(day=day_text(day))
        shift = await self.chosen(Choose(self.station, title, choices))
        if shift is not None:
            await self._offered(OpenShift(day, shift))

    async def _offered(self, errand: Offer | OpenShift) -> None:
        noted = await self.put(errand, Noted)
        if not isinstance(noted, Refused):
            self.say(_("Offered as {number}: l lists who may take it.").format(number=noted.number), "ok")


def _span(first: date, last: date) -> str:
    return day_text(first) if first == last else f"{day_text(first)} – {day_text(last)}"


def _day_check(first: date) -> Callable[[str], str]:
    """Return what says why a text is not the last day of something that begins on `first`."""

    def wrong(text: str) -> str:
        try:
            last = date.fromisoformat(text.strip())
        except ValueError:
            return _("That is no day: YYYY-MM-DD.")
        return "" if last >= first else _("That is before {day}.").format(day=first)

    return wrong


def lack_lines(lacks: Lacks) -> Iterator[str]:
    """Yield what each day would lack, the worst first where there are many."""
    worse = [one for one in lacks.days if one.after > one.before + _NOTICEABLE]
    worse.sort(key=lambda one: one.before - one.after)
    if not lacks.days:
        yield _("Nobody knows what will be missing: no roster, no forecast.")
    elif not worse:
        yield _("The cover allows it: no more agent hours are missing than now.")
    for one in sorted(worse[:_FEW_DAYS], key=lambda one: one.day):
        when = _("week of {day}").format(day=day_text(one.day)) if one.week else day_text(one.day)
        text = _("{when}: {after:.1f} agent hours missing, {before:.1f} as it is")
        yield text.format(when=when, after=one.after, before=one.before)
    if len(worse) > _FEW_DAYS:
        yield _("… and {count} more days").format(count=len(worse) - _FEW_DAYS)
