"""The rest of today on top of the schedule: each queue, its intervals from now on, and what would help."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size

from ccops.i18n import _
from ccops.tui.cells import clock, fit, safe
from ccops.tui.columns import Column, Moment, Order
from ccops.tui.feed import Frame
from ccops.tui.listspec import ListSpec
from ccops.tui.painted import Painted
from ccops.tui.rowlist import RowList
from ccops.tui.schedule.asks import Advice, Outlook, QueueRest, Rest, Slot
from ccops.tui.schedule.edit import clock as minute_text
from ccops.tui.schedule.errands import Refused
from ccops.tui.schedule.lists import column, listing
from ccops.tui.schedule.living import agents_of
from ccops.tui.schedule.planning import Planning
from ccops.tui.spans import Line, Span
from ccops.tui.view import View

_AGAIN = 30.0
"""Seconds after which it is worked out again."""
_NAME = 14
_ROOMY = 112
"""Cells from which a queue's line is in whole words."""
KINDS = {
    "absent": _("not there"),
    "break": _("move a break"),
    "skills": _("skills"),
    "overtime": _("overtime"),
    "release": _("release"),
}


# --- intervals ---


def _number(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _level(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _start(row: Slot, moment: Moment) -> tuple[str, str]:
    return clock(int(row.start), moment.zone, with_seconds=False), "text"


def _gap(row: Slot) -> str:
    return "muted" if row.gap is None else "crit" if row.gap < 0 else "warn" if row.gap > 0 else "ok"


def _short_mark(row: Slot, moment: Moment) -> tuple[str, str]:
    return (moment.look.glyph("crit"), "crit") if row.gap is not None and row.gap < 0 else ("", "text")


SLOTS: ListSpec[Slot] = ListSpec(
    name="intervals",
    title=_("Intervals"),
    columns=(
        Column("start", _("From"), 5, _start, lambda row: row.start),
        column("queue", _("Queue"), 10, lambda row: row.queue, grow=14),
        column("forecast", _("Forecast"), 8, lambda row: _number(row.forecast, 1), sort=lambda row: row.forecast,
               align="right", tone=lambda _row: "muted", rank=3),
        column("calls", _("Came"), 5, lambda row: _number(row.calls), sort=lambda row: row.calls, align="right"),
        column("expected", _("Expected"), 8, lambda row: _number(row.expected, 1), sort=lambda row: row.expected,
               align="right"),
        column("range", _("Range"), 9, lambda row: f"{row.low:.0f}-{row.high:.0f}", sort=lambda row: row.high,
               align="right", tone=lambda _row: "muted", rank=4),
        column("required", _("Required"), 8, lambda row: str(row.required), sort=lambda row: row.required,
               align="right"),
        column("scheduled", _("Scheduled"), 9, lambda row: _number(row.scheduled), sort=lambda row: row.scheduled,
               align="right"),
        column("logged_in", _("There"), 5, lambda row: "" if row.logged_in is None else _number(row.logged_in),
               sort=lambda row: row.logged_in, align="right", rank=2),
        column("gap", _("Gap"), 5, lambda row: "–" if row.gap is None else f"{row.gap:+.0f}",
               sort=lambda row: row.gap, align="right", tone=_gap),
        column("level", _("Service"), 7, lambda row: "" if row.service_level is None else _level(row.service_level),
               sort=lambda row: row.service_level, align="right", rank=1),
        Column("mark", "", 2, _short_mark, lambda row: row.gap),
    ),
    order=Order(""),
    fields=lambda row: {"queue": row.queue},
    tie=lambda _row: 0,
    pick=lambda _row: None,
    empty=_("No queue is open for the rest of the day."),
    help=_("From now on: calls as they were forecast and as they are expected now, agents required and scheduled, "
           "and the service level that follows."),
    static=True,
)  # fmt: skip


# --- what would help ---


def _minutes(row: Advice) -> str:
    return f"{row.minutes:+d}" if row.minutes else ""


ADVICE: ListSpec[Advice] = listing(
    "advice",
    _("What would help"),
    (
        column("kind", _("Kind"), 12, lambda row: KINDS.get(row.kind, row.kind), tone=lambda _row: "accent"),
        column("text", _("What"), 38, lambda row: row.text, grow=60),
        column("time", _("When"), 11, lambda row: f"{minute_text(row.start)}-{minute_text(row.end)}",
               sort=lambda row: row.start, rank=3),
        column("queue", _("Queue"), 8, lambda row: row.queue, grow=10, rank=2),
        column("missing", _("Missing h"), 12, lambda row: f"{row.before:.1f} > {row.after:.1f}",
               sort=lambda row: row.after - row.before, align="right"),
        column("level", _("Service"), 10, lambda row: f"{_level(row.level_before)} > {_level(row.level_after)}",
               sort=lambda row: row.level_after, align="right", rank=1),
        column("minutes", _("Paid min"), 8, _minutes, sort=lambda row: row.minutes, align="right", rank=2),
    ),
    _("Nothing that could be done by moving breaks, skills or hours would help."),
    _("What would help, most helpful first, with its effect on the rest of the day. Enter opens the person’s day."),
)  # fmt: skip


class RestFacts(Painted):
    """A line for each queue."""

    DEFAULT_CSS = "RestFacts { height: auto; }"

    def __init__(self, planning: Planning) -> None:
        """Nothing is known yet."""
        super().__init__(planning.station)
        self._found: Outlook | None = None
        self._told: tuple[str, ...] = ()

    def take(self, found: Outlook | None, *told: str) -> None:
        """Show these, or why there are none."""
        self._found, self._told = found, told
        self.refresh(layout=True)
        self.repaint()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return as many lines as there are."""
        return len(self._lines_of(width))

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return the lines."""
        return self._lines_of(width)

    def _lines_of(self, width: int) -> list[Line]:
        if self._found is None:
            return list(_wrapped(self._told or (_("Forecasting the rest of the day …"),), width, bool(self._told)))
        lines = [_queue_line(one, width) for one in self._found.queues]
        if self._found.absent:
            names = safe(", ".join(self._found.absent))
            text = _("should be on the phones and are not: {names}").format(names=names)
            without = next((one.before for one in self._found.advice if one.kind == "absent"), None)
            if without is not None:
                # The lines above are of the plan; what would help is measured against who is there.
                text += _(" - {hours:.1f} agent hours missing without them").format(hours=without)
            lines.append((("  ", "text"), (text, "crit")))
        return lines


def _wrapped(texts: Sequence[str], width: int, trouble: bool) -> Iterator[Line]:
    for number, text in enumerate(texts):
        tone = "muted" if not trouble else "text" if number else "warn"
        for piece in wrap(safe(text), max(20, width - 4)):
            yield (("  ", "text"), (piece, tone))


def _queue_line(row: QueueRest, width: int) -> Line:
    """Return a queue's line, what matters most first; with short words where there is little room."""
    roomy = width >= _ROOMY
    missing = _("{missing:.1f} of {hours:.1f} h missing")
    if roomy:
        missing = _("{missing:.1f} of {hours:.1f} agent hours missing")
    level = _("service level {level}") if roomy else _("level {level}")
    calls = _("{count:,.0f} calls to come{change}") if roomy else _("{count:,.0f} calls{change}")
    change = _(" ({change:+.0%} on the forecast)") if roomy else " ({change:+.0%})"
    told = "" if row.factor is None else change.format(change=row.factor - 1)
    spans: list[Span] = [("  ", "text"), (fit(safe(row.queue), _NAME), "title")]
    spans.append((missing.format(missing=row.missing, hours=row.required), "crit" if row.missing else "ok"))
    spans.append(("   " + level.format(level=_level(row.service_level)), "text"))
    spans.append(("   " + calls.format(count=row.expected, change=told), "text"))
    return tuple(spans)


class RestView(View):
    """How the rest of today looks."""

    KEYS: ClassVar[tuple[tuple[str, str], ...]] = (
        ("Enter", _("on a suggestion: open the person’s day on the schedule, where it can be done by keys")),
        ("f", _("one queue, or all of them")),
        ("Tab", _("intervals, suggestions")),
        ("r", _("work it out again")),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "queue", _("Queue"), show=False),
        Binding("r", "again", _("Again"), show=False),
    ]
    SCOPED_CSS: ClassVar[bool] = False  # the rules name the size classes of the console around it
    DEFAULT_CSS = """
    RestView #advice { height: auto; max-height: 45%; min-height: 3; margin-top: 1; }
    RestView #intervals { height: 1fr; margin-top: 1; }
    .-short RestView #advice, .-short RestView #intervals { margin-top: 0; }
    """

    def __init__(self, room: Planning) -> None:
        """`room` is the schedule under it."""
        super().__init__(room.station, "schedule-rest", _("The rest of today"))
        self.room = room
        self._queue = ""
        self._outlook: Outlook | None = None
        self._looked = 0.0
        self._facts = RestFacts(room)
        self._slots: RowList[Slot] = RowList(SLOTS, lambda: room.station.moment)
        self._advice: RowList[Advice] = RowList(ADVICE, lambda: room.station.moment)

    def compose(self) -> ComposeResult:
        """Queues, what would help, intervals."""
        yield self._facts
        yield self._advice
        yield self._slots

    def on_mount(self) -> None:
        """Work it out."""
        self._look()

    def _look(self) -> None:
        self._looked = self.station.clock()
        self.run_worker(self._read(), group="rest", exclusive=False, exit_on_error=True)

    async def _read(self) -> None:
        answer = await self.room.put(Rest(None, agents_of(self.station.board)), Outlook, quiet=True)
        if isinstance(answer, Refused):
            self._outlook = None
            self._facts.take(None, *filter(None, (answer.message, answer.remedy)))
        else:
            self._outlook = answer
            self._facts.take(answer)
        self._fill()
        if not any(rows.has_focus for rows in self.lists()):
            self.focus_first()

    def _fill(self) -> None:
        found = self._outlook
        slots = [row for row in found.slots if row.start >= found.now and self._seen(row.queue)] if found else []
        advice = [row for row in found.advice if self._seen(row.queue)] if found else []
        self._slots.display = self._advice.display = found is not None
        self._slots.load({str(place): row for place, row in enumerate(slots)})
        self._advice.load({str(place): row for place, row in enumerate(advice)})
        self.app.repaint_bars()  # type: ignore[attr-defined]

    def _seen(self, queue: str) -> bool:
        return self._queue in ("", queue)

    def frame(self, frame: Frame) -> None:
        """Work it out again now and then."""
        if frame.tick and self.station.clock() - self._looked >= _AGAIN:
            self._look()

    def load(self) -> None:
        """Show what was worked out."""
        self._fill()

    def note(self) -> str:
        """Return what is missing, and of which queue the lists are."""
        found = self._outlook
        if found is None:
            return ""
        text = _("from {time}: {hours:.1f} agent hours missing").format(
            time=self.station.time_of(found.now, with_seconds=False), hours=found.missing
        )
        return f"{text}   {safe(self._queue)}" if self._queue else text

    def source(self) -> str | None:
        """It is of the store and the roster."""
        return "" if self._outlook is None else str(self._outlook.day)

    def hints(self) -> list[tuple[str, str]]:
        """Return the keys that are worth telling."""
        return [("f", _("queue")), ("Tab", _("other list")), ("r", _("again"))]

    def action_again(self) -> None:
        """Work it out again."""
        self._look()

    def action_queue(self) -> None:
        """Show the next queue, then all of them again."""
        if self._outlook is not None:
            queues = ["", *(one.queue for one in self._outlook.queues)]
            self._queue = queues[(queues.index(self._queue) + 1) % len(queues)]
            self._fill()

    def on_row_list_opened(self, message: RowList.Opened) -> None:
        """Enter: a suggestion leads to the person's day."""
        message.stop()
        row = self._advice.row if message.rows is self._advice else None
        if row is not None and self._outlook is not None:
            self.room.run_worker(self._enter(row, self._outlook), exit_on_error=True)

    async def _enter(self, row: Advice, found: Outlook) -> None:
        await self.app.stage.back()  # type: ignore[attr-defined]
        await self.room.to_person(row.person, found.day)
        self.room.say(row.text)
