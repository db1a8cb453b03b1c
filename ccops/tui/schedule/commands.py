"""What can be done on the schedule by name: the lines of the command palette, only those that are valid now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ccops.i18n import _
from ccops.tui.schedule.sheet import Sheet
from ccops.tui.schedule.signs import day_text


def _always(_sheet: Sheet) -> bool:
    return True


def _works(sheet: Sheet) -> bool:
    return bool(sheet.row.shift)


def _free(sheet: Sheet) -> bool:
    return not sheet.row.shift


def _changed(sheet: Sheet) -> bool:
    return bool(sheet.draft.changes())


def _publishable(sheet: Sheet) -> bool:
    return _changed(sheet) or sheet.book.state == "draft"


@dataclass(frozen=True, slots=True)
class Command:
    """One line."""

    action: str
    label: str
    key: str
    right: str = ""
    """That it takes; none where everybody may who sees the schedule."""
    valid: Callable[[Sheet], bool] = _always


COMMANDS: Final = (
    Command("pick", _("Pick the shift up and move it"), "m", "wfm.roster", _works),
    Command("give", _("Give the shift to somebody else"), "g", "wfm.roster", _works),
    Command("take_out", _("Take the shift out"), "x", "wfm.roster", _works),
    Command("put_in", _("Put a shift in"), "n", "wfm.roster", _free),
    Command("undo", _("Undo the last change"), "u", "wfm.roster", _changed),
    Command("sick", _("Sick call: {person}, {day}"), "S", "wfm.sick"),
    Command("ask_leave", _("Ask for leave: {person}, {day}"), "L", "wfm.leave.request"),
    Command("offer", _("Offer the shift: {person}, {day}"), "O", "wfm.swap.offer", _works),
    Command("offer", _("Open shift, {day}"), "O", "wfm.swap.decide", _free),
    Command("look('requests')", _("Leave, swaps and open shifts"), "l"),
    Command("look('rest')", _("The rest of today, what would help"), "I"),
    Command("look('live')", _("Who is where they should be"), "i"),
    Command("look('shorts')", _("Where it is short"), "F"),
    Command("look('broken')", _("Broken rules"), "!"),
    Command("solve", _("Make a roster"), "o", "wfm.roster"),
    Command("save", _("Keep the changes as a draft"), "w", "wfm.roster", _changed),
    Command("publish", _("Publish"), "P", "wfm.publish", _publishable),
    Command("look('versions')", _("Versions"), "v"),
    Command("look('difference')", _("What is not as published"), "V"),
    Command("today", _("Go to today"), "t"),
    Command("queue", _("Curve of one queue, or of all"), "f"),
    Command("order", _("Order of people"), "s"),
    Command("filter", _("Only some people"), "/"),
)


def commands_of(sheet: Sheet, allowed: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Yield action, label and key of what is valid now for somebody with these rights."""
    for one in COMMANDS:
        if (not one.right or one.right in allowed) and one.valid(sheet):
            label = one.label.format(person=sheet.name_of(sheet.person), day=day_text(sheet.day))
            yield one.action, label, one.key
