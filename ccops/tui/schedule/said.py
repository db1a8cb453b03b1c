"""What is said of the cursor, in three lines: the shift, the rules that are broken, price and cover with changes."""

from collections.abc import Sequence

from ccops.i18n import _
from ccops.store.planning import DayRow
from ccops.tui.cells import safe
from ccops.tui.look import Look
from ccops.tui.schedule.edit import clock, hours_text
from ccops.tui.schedule.errands import Verdict
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.schedule.signs import AWAY, day_text, rule_text
from ccops.tui.spans import Line, Span

_NOTICEABLE = 0.05


def cell_line(sheet: Sheet) -> Line:
    """Return who and what is under the cursor."""
    worker, row = sheet.worker, sheet.row
    if worker is None:
        return ()
    spans: list[Span] = [(_("  picked up: ") if sheet.picked is not None else "  ", "key")]
    spans += [(safe(worker.name), "title"), (f"  {day_text(sheet.day)}  ", "muted")]
    if row.shift:
        paid = _("{hours:g} h paid").format(hours=round(row.paid / 60, 2))
        name = "" if row.shift.endswith(hours_text(row.start, row.minutes)) else f"{safe(row.shift)} "
        spans.append((f"{name}{safe(times_text(row))}, {paid}  {safe(row.queue)}", "text"))
    else:
        spans.append((_("off"), "muted"))
    away = sheet.away(worker.id, sheet.day)
    if away:
        spans.append((f"  {AWAY[away]}", "warn"))
    spans += [(f"  {safe(one.name)} {clock(one.start)}", "accent") for one in sheet.planned(worker.id, sheet.day)]
    return tuple(spans)


def times_text(row: DayRow) -> str:
    """Return hours and breaks of a shift, for a person to read."""
    breaks = ", ".join(f"{name} {clock(at)}" for name, at, _minutes, _paid in row.breaks)
    return hours_text(row.start, row.minutes) + (f" ({breaks})" if breaks else "")


def rule_line(sheet: Sheet, look: Look) -> Line:
    """Return the rules that are broken here, else by this person, else how many are at all."""
    if sheet.verdict is None:
        return (("  ", "text"), (_("working out …"), "muted"))
    here = sheet.broken(sheet.person, sheet.day) or sheet.broken_by(sheet.person)
    if here:
        text = "; ".join(rule_text(one) for one in here)
        return (("  ", "text"), (f"{look.glyph('crit')} {safe(text)}", "crit"))
    broken = sheet.verdict.broken
    if not broken:
        return (("  ", "text"), (_("no rule is broken"), "muted"))
    whose = f"{sheet.name_of(broken[0].person)}: {rule_text(broken[0])}"
    text = _("{count} broken rules (! lists them): {first}").format(count=len(broken), first=safe(whose))
    return (("  ", "text"), (text, "warn"))


def price_line(sheet: Sheet) -> Line:
    """Return price, hours missing and paid, and by how much they are other than before the changes."""
    if sheet.verdict is None:
        return ()
    spans: list[Span] = [("  ", "text")]
    for title, value, before, digits in _figures(sheet.verdict, sheet.began or sheet.verdict):
        spans += [(f"{title} ", "muted"), (f"{value:,.{digits}f}", "text")]
        change = value - before
        if abs(change) >= _NOTICEABLE:
            spans.append((f" ({change:+,.{digits}f})", "crit" if change > 0 else "ok"))
        spans.append(("   ", "text"))
    return tuple(spans)


def _figures(now: Verdict, before: Verdict) -> Sequence[tuple[str, float, float, int]]:
    return (
        (_("price"), now.price, before.price, 1),
        (_("missing hours"), now.missing, before.missing, 1),
        (_("paid hours"), now.paid, before.paid, 1),
        (_("broken rules"), float(len(now.broken)), float(len(before.broken)), 0),
    )
