"""Keys that make rosters: the solver with its progress, drafts kept as versions, publishing."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType

from ccops.i18n import _
from ccops.tui.dialogs import Choice, Choose
from ccops.tui.schedule.asks import Around, Rearranged
from ccops.tui.schedule.editing import Editing
from ccops.tui.schedule.errands import (
    Changed,
    Compare,
    Difference,
    Publish,
    Refused,
    Save,
    Saved,
    Solve,
    Solved,
    Source,
    Write,
)
from ccops.tui.schedule.office import Search
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.schedule.signs import day_text, rule_text
from ccops.tui.spans import Line
from ccops.wfm.roster.broken import BrokenRule

KEYS: tuple[tuple[str, str], ...] = (
    ("o", _("make a roster: the solver searches beside the screen, Esc ends it and keeps the best")),
    ("w", _("keep the changes as a draft, a version of its own")),
    ("P", _("publish: names whom it touches, and asks")),
)
_SECONDS = 60.0
_FEW = 6
"""People who are named one by one before publishing."""
_FEW_RULES = 4


class Making(Editing):
    """A view on which rosters are made and published."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "solve", _("Make a roster"), show=False),
        Binding("w", "save", _("Keep as draft"), show=False),
        Binding("P", "publish", _("Publish"), show=False),
    ]
    search: Search | None = None
    """The search under way."""

    # --- the solver ---

    def action_solve(self) -> None:
        """Ask what for, and search."""
        if self.search is not None:
            self.say(_("A search is under way: Esc ends it and keeps the best."), "warn")
        elif self.sheet is not None and self.may("wfm.roster"):
            self.run_worker(self._solve(self.sheet), group="solve", exit_on_error=True)

    async def _solve(self, sheet: Sheet) -> None:
        orders = dict(self._orders(sheet))
        choices = [Choice(str(place), text) for place, text in enumerate(orders)]
        answer = await self.chosen(Choose(self.station, _("Make a roster for …"), choices))
        if answer is None:
            return
        order = list(orders.values())[int(answer)]
        found = await self.searching(order)
        if isinstance(found, Solved):
            await self.made(order.first, found.version, _solved_text(found))

    async def searching(self, order: Solve | Around) -> Solved | Rearranged | None:
        """Search beside the screen, which tells how far it is; None where it failed, which is said."""
        self.search = Search(self.settings, order, ahead=self.ahead)
        self.redraw()
        try:
            found = await self.search.run(self.redraw)
        finally:
            self.search = None
            self.redraw()
        if isinstance(found, Refused):
            self.say(f"{found.message} {found.remedy}".strip(), "crit")
            return None
        return found

    async def made(self, day: date, version: int, told: str) -> None:
        """Open a version that was made beside the screen, unless a shift is in somebody's hand; say what it is."""
        if self.sheet is None or self.sheet.picked is None:
            await self.opening(Source(day, version))
        self.say(told, "ok")

    def _orders(self, sheet: Sheet) -> Iterator[tuple[str, Solve]]:
        monday = sheet.book.today + timedelta(days=7 - sheet.book.today.weekday())
        for weeks in (4, 2, 1):
            text = _("{weeks} weeks from {first}").format(weeks=weeks, first=day_text(monday))
            yield text, Solve(monday, 7 * weeks, _SECONDS)
        first, days, version = sheet.book.first, sheet.book.days, sheet.book.version
        span = _("{first} – {last}").format(first=day_text(first), last=day_text(sheet.last))
        yield _("{span}, anew").format(span=span), Solve(first, days, _SECONDS)
        if version is not None:
            text = _("{span}, staying close to version {number}")
            yield text.format(span=span, number=version), Solve(first, days, _SECONDS, keep=version)

    def stop_search(self) -> bool:
        """End the search and keep the best; False where none is under way."""
        if self.search is None or self.search.stopping:
            return False
        self.search.stop()
        self.say(_("Stopping; the best roster so far is kept."))
        return True

    def progress(self) -> Line:
        """Return how far the search is."""
        step = self.search.step if self.search is not None else None
        if step is None:
            return (("  ", "text"), (_("searching: reading what is required …"), "accent"))
        penalty = "–" if step.penalty is None else f"{step.penalty:,.1f}"
        bound = "–" if step.bound is None else f"{step.bound:,.1f}"
        gap = "–" if step.gap is None else f"{step.gap:.1%}"
        text = _("searching {seconds:.0f} s  best {penalty}  bound {bound}  gap {gap}").format(
            seconds=step.seconds, penalty=penalty, bound=bound, gap=gap
        )
        return (("  ", "text"), (text, "accent"), (_("  Esc keeps the best"), "muted"))

    # --- versions ---

    def at_stake(self) -> tuple[str, str]:
        """Return what leaving the console would lose."""
        count = self.unkept
        if not count:
            return "", ""
        title = _("Quit, and lose {count} changed days that are not kept?").format(count=count)
        return title, _("w on the schedule keeps them as a draft.")

    def action_save(self) -> None:
        """Keep the changes as a draft."""
        sheet = self.sheet
        if sheet is None or not self.may("wfm.roster"):
            return
        self.put_down()
        if not sheet.draft.changes():
            self.say(_("Nothing is changed."))
            return
        self.run_worker(self._save(sheet), group="save", exit_on_error=True)

    async def _save(self, sheet: Sheet) -> None:
        note = await self.typed(_("A word to remember it by"), _("may be left empty"))
        if note is None:
            return
        number = await self._saved(sheet, note)
        if number is not None:
            await self.opening(Source(sheet.day, number))
            self.say(_("Kept as version {number}, a draft; P publishes it.").format(number=number), "ok")

    async def _saved(self, sheet: Sheet, note: str) -> int | None:
        answer = await self.put(Save(sheet.book.source, sheet.draft.changes(), note), Saved)
        if isinstance(answer, Refused):
            return None
        self.let_go(sheet.book.source)
        return answer.version

    def action_publish(self) -> None:
        """Say whom it touches, ask, and publish."""
        sheet = self.sheet
        if sheet is None or not self.may("wfm.publish"):
            return
        self.put_down()
        changes = sheet.draft.changes()
        if changes and not self.may("wfm.roster"):
            return
        if not changes and sheet.book.state != "draft":
            self.say(_("There is nothing to publish: this is what holds, and nothing is changed."))
            return
        self.run_worker(self._publish(sheet), group="save", exit_on_error=True)

    async def _publish(self, sheet: Sheet) -> None:
        changes = sheet.draft.changes()
        answer = await self.put(Compare(sheet.book.source, changes), Difference)
        if isinstance(answer, Refused):
            return
        title = _("Publish {first} – {last}?").format(first=day_text(sheet.book.first), last=day_text(sheet.last))
        if not await self.sure(title, [*touched(answer.rows), *self._told_rules(sheet, answer.broken)]):
            return
        number = await self._saved(sheet, "") if changes else sheet.book.version
        if number is None:
            return
        done = await self.put(Publish(number), Saved)
        await self.opening(Source(sheet.day, number if isinstance(done, Refused) else None), anew=True)
        if not isinstance(done, Refused):
            text = _("Version {number} is published; {count} days changed in calendars.")
            self.say(text.format(number=done.version, count=done.changed), "ok")

    async def export(self) -> bool:
        """Write the version that is seen to a file, in the form that its ending says."""
        sheet = self.sheet
        if sheet is None or sheet.book.version is None or sheet.draft.changes():
            self.say(_("Only what is kept can be written to a file: w keeps the changes."), "warn")
            return True
        number = sheet.book.version
        hint = _("ends in .html, .pdf, .xlsx, .csv, .md or .json")
        name = await self.typed(_("Write the roster to"), hint, f"roster-{number}.xlsx")
        if not name:
            return True
        path = Path(name).expanduser()
        if path.exists() and not await self.sure(_("Write over {path}?").format(path=path), []):
            return True
        answer = await self.put(Write(number, str(path.absolute())), Saved)
        if not isinstance(answer, Refused):
            self.say(_("Version {number} written to {path}").format(number=number, path=path), "ok")
        return True

    @staticmethod
    def _told_rules(sheet: Sheet, broken: tuple[BrokenRule, ...]) -> list[str]:
        if not broken:
            return [_("No rule is broken.")]
        lines = [_("{count} rules are broken:").format(count=len(broken))]
        lines += [f"  {sheet.name_of(one.person)}: {rule_text(one)}" for one in broken[:_FEW_RULES]]
        return lines + ([_("  … and {count} more").format(count=len(broken) - _FEW_RULES)] * (len(broken) > _FEW_RULES))


def _solved_text(found: Solved) -> str:
    if found.gap is None:
        text = _(
            "Version {number}, a draft: penalty {penalty:,.0f}, how near the best is not known, {count} shortfalls."
        )
        return text.format(number=found.version, penalty=found.penalty, count=found.shortfalls)
    text = _("Version {number}, a draft: penalty {penalty:,.0f}, at most {gap:.1%} above the best, {count} shortfalls.")
    return text.format(number=found.version, penalty=found.penalty, gap=found.gap, count=found.shortfalls)


def touched(rows: tuple[Changed, ...]) -> list[str]:
    """Return whose days change and how, for a question."""
    if not rows:
        return [_("Nobody’s day is different from what is published.")]
    counts = Counter((row.person, row.name) for row in rows)
    lines = [_("{days} days of {people} people change:").format(days=len(rows), people=len(counts))]
    for (person, name), count in counts.most_common(_FEW):
        first = next(row for row in rows if row.person == person)
        more = _(", {count} more").format(count=count - 1) if count > 1 else ""
        lines.append(f"  {name}: {day_text(first.day)} {first.before} → {first.after}{more}")
    if len(counts) > _FEW:
        lines.append(_("  … and {count} more people").format(count=len(counts) - _FEW))
    return lines
