"""Glyphs and words of the schedule, with their plain stand-ins: what is drawn is told apart without its colour."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from ccops.i18n import _
from ccops.tui.look import Look
from ccops.tui.schedule.edit import DAY, clock
from ccops.wfm.roster.broken import BrokenRule

_FINE: Final = {
    "work": "█",
    "break": "░",
    "lunch": "─",
    "activity": "▪",
    "off": "·",
    "away": "▒",
    "covered": "█",
    "missing": "░",
    "surplus": "▒",
    "changed": "∗",
    "broken": "!",
    "now": "▾",
    "skill_none": "·",
}
_PLAIN: Final = {
    "work": "=",
    "break": ".",
    "lunch": "-",
    "activity": "%",
    "off": ".",
    "away": "/",
    "covered": "#",
    "missing": ":",
    "surplus": "+",
    "changed": "*",
    "broken": "!",
    "now": "v",
    "skill_none": ".",
}
SIGN_WORDS: Final = {
    "work": _("at work; the letter at the beginning is the queue that the shift is counted for"),
    "break": _("paid break"),
    "lunch": _("unpaid break"),
    "activity": _("meeting or training"),
    "away": _("leave, sick, or asked for"),
    "off": _("day off"),
    "skill_none": _("lacks the skill; the others have their queue’s letter"),
    "broken": _("breaks a rule"),
    "changed": _("changed and not kept yet"),
    "covered": _("required and scheduled"),
    "missing": _("required and missing"),
    "surplus": _("scheduled beyond what is required"),
    "now": _("today, this moment"),
}
QUEUE_TONES: Final = ("talking", "available", "wrap_up", "on_hold", "busy", "ringing")
"""Tones of the queues, in their order; a letter says the same."""
AWAY: Final = {"leave": _("leave"), "sick": _("sick"), "asked": _("asked"), "closed": _("closed")}
AWAY_TONES: Final = {"leave": "busy", "sick": "warn", "asked": "muted", "closed": "faint"}
RULES: Final = {
    "twice": _("two shifts"),
    "leave": _("on leave"),
    "fixed": _("fixed day"),
    "weekday": _("weekday"),
    "availability": _("availability"),
    "skill": _("skill"),
    "day_hours": _("hours in a day"),
    "break": _("breaks"),
    "rest": _("rest"),
    "follower": _("follower"),
    "days_in_row": _("days in a row"),
    "least_days_in_row": _("days in a row"),
    "days_off": _("days off"),
    "period_hours": _("hours of the period"),
    "week_hours": _("hours of the week"),
    "weekends": _("weekends"),
    "shift_count": _("shift count"),
}
_WEEKDAYS: Final = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
_QUARTERS: Final = {0: "", 15: "¼", 30: "½", 45: "¾"}


def sign(look: Look, name: str) -> str:
    """Return a glyph, one cell wide."""
    return (_PLAIN if look.ascii else _FINE)[name]


def weekday(day: date) -> str:
    """Return the name of a weekday, short."""
    return _WEEKDAYS[day.weekday()]


def day_text(day: date) -> str:
    """Return a day, short: Tue 11-24."""
    return f"{weekday(day)} {day:%m-%d}"


def letters(queues: Sequence[str]) -> dict[str, str]:
    """Return a letter for each queue, a different one for each as far as letters go."""
    found: dict[str, str] = {}
    for queue in queues:
        own = [char for char in queue.upper() if char.isascii() and char.isalnum()]
        free = (char for char in (*own, *"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") if char not in found.values())
        found[queue] = next(free, "?")
    return found


def tone_of(queues: Sequence[str], queue: str) -> str:
    """Return the tone of a queue."""
    return QUEUE_TONES[queues.index(queue) % len(QUEUE_TONES)] if queue in queues else "text"


def times(start: int, minutes: int, width: int, look: Look) -> str:
    """Return the hours of a shift in at most so many cells: 08:00-16:30, or 8-16½ where there is little room."""
    whole = f"{clock(start)}-{clock(start + minutes)}"
    if len(whole) <= width:
        return whole
    return f"{_short(start, width, look)}-{_short(start + minutes, width, look)}"


def _short(minute: int, width: int, look: Look) -> str:
    hour, rest = minute % DAY // 60, minute % 60
    if not look.ascii and rest in _QUARTERS:
        return f"{hour}{_QUARTERS[rest]}"
    if not rest:
        return str(hour)
    return f"{hour}{rest:02}" if width >= len("1015-1830") else f"{hour}+"


def rule_text(broken: BrokenRule) -> str:
    """Return a broken rule with its name and reason."""
    name = RULES.get(broken.rule, broken.rule)
    return broken.text if name.casefold() in broken.text.casefold() else f"{name}: {broken.text}"
