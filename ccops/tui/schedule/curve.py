"""Required against scheduled as a curve under the grid, on the same columns; shortfalls are marked with their size."""

from dataclasses import dataclass
from datetime import date

from ccops.i18n import _
from ccops.tui.cells import fit, safe
from ccops.tui.look import Look
from ccops.tui.schedule.draw import Cell, merged
from ccops.tui.schedule.geometry import Geometry, bins
from ccops.tui.schedule.sheet import WEEK, Sheet
from ccops.tui.schedule.signs import sign
from ccops.tui.spans import Line

_NOTICEABLE = 0.05
"""Agents from which a shortfall is marked."""


@dataclass(frozen=True, slots=True)
class Bin:
    """What one column of the curve stands for: means over its intervals."""

    required: float
    scheduled: float
    missing: float
    """The worst of its intervals."""


def curve(sheet: Sheet, geometry: Geometry, look: Look, height: int) -> list[Line]:
    """Return the lines: the curve, agents missing per column, and hours missing per day where a week is shown."""
    if height < 3:
        return []
    found = _binned(sheet, geometry)
    if not any(one is not None for one in found):
        text = _("nothing is known of what is required") if sheet.verdict is not None else _("working out …")
        return [((fit("", 2), "text"), (text, "muted"))]
    rows = height - (1 if sheet.whole_day else 2)
    top = max(1.0, *(max(one.required, one.scheduled) for one in found if one is not None))
    lines = [_level(found, row, rows, top, geometry, look, sheet) for row in range(rows - 1, -1, -1)]
    lines.append(_marks(found, geometry))
    if not sheet.whole_day:
        lines.append(_sums(sheet, geometry))
    return lines


def _binned(sheet: Sheet, geometry: Geometry) -> list[Bin | None]:
    days: dict[date, list[tuple[float, float, float]]] = {}
    found: list[Bin | None] = []
    for day, begin, end in bins(sheet, geometry):
        if begin < 0:
            found.append(None)
            continue
        if day not in days:
            days[day] = sheet.cover_on(day)
        found.append(_bin(days[day], begin, end, sheet.book.interval))
    return found


def _bin(slots: list[tuple[float, float, float]], begin: int, end: int, interval: int) -> Bin | None:
    inside = slots[begin // interval : max(begin // interval + 1, -(-end // interval))]
    if not inside:
        return None
    count = len(inside)
    return Bin(sum(one[0] for one in inside) / count, sum(one[1] for one in inside) / count, max(o[2] for o in inside))


def _level(
    found: list[Bin | None], row: int, rows: int, top: float, geometry: Geometry, look: Look, sheet: Sheet
) -> Line:
    low, high = row / rows * top, (row + 1) / rows * top
    label = ""
    if row == rows - 1:
        label = f"{safe(sheet.queue) or _('all queues')}"
    elif row == rows - 2:
        label = _("max. {count:g}").format(count=round(top, 1))
    cells: list[Cell] = [_cell(one, low, high, look) for one in found]
    lead = fit("  " + label, geometry.left, "left", look.glyph("ellipsis"))
    return ((lead, "title" if row == rows - 1 else "muted"), *merged(cells))


def _cell(one: Bin | None, low: float, high: float, look: Look) -> Cell:
    if one is None or max(one.required, one.scheduled) <= low:
        return " ", "text"
    middle, covered = (low + high) / 2, min(one.required, one.scheduled)
    if middle < covered:
        return sign(look, "covered"), "ok"
    if one.scheduled > one.required:
        if middle < one.scheduled:
            return sign(look, "surplus"), "muted"
    elif one.required > one.scheduled and (middle < one.required or covered <= low):
        return sign(look, "missing"), "crit"
    # The rest of a level that is not half full: drawn as far as it goes.
    steps = len(look.sparks) - 1
    part = int((max(one.required, one.scheduled) - low) / (high - low) * steps)
    return look.sparks[max(0, min(part, steps))], "ok" if covered > low else "muted"


def _marks(found: list[Bin | None], geometry: Geometry) -> Line:
    """Return how many agents are missing in each column: a digit, + from ten on."""
    cells: list[Cell] = []
    for one in found:
        short = one.missing if one is not None else 0.0
        size = max(1, int(short + 0.5))
        cells.append((" ", "text") if short < _NOTICEABLE else ("+" if size > 9 else str(size), "crit"))
    return ((fit("  " + _("missing"), geometry.left), "muted"), *merged(cells))


def _sums(sheet: Sheet, geometry: Geometry) -> Line:
    spans = []
    for day in sheet.week[:WEEK]:
        missing = sheet.missing_on(day)
        if missing is None:
            spans.append((" " * geometry.day, "text"))
        elif missing < _NOTICEABLE:
            spans.append((fit(_("covered"), geometry.day), "ok"))
        else:
            spans.append((fit(_("-{hours:.1f} h").format(hours=missing), geometry.day), "crit"))
    return ((fit("  " + _("agent hours"), geometry.left), "muted"), *spans)
