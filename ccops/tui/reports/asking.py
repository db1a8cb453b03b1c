"""Keys by which a person says what a report is about: period, queue, agent, number, interval, comparison."""

from collections.abc import Iterator
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.reports import when
from ccops.tui.dialogs import Ask, Choice, Choose
from ccops.tui.reports.errands import Inquiry, ReportLine
from ccops.tui.reports.steps import stepped, word_of, written
from ccops.tui.reports.study import Study
from ccops.tui.view import View

_OPTION = "--period"
"""What the command calls a period; here nobody needs to read that."""
_OTHER = "?"
"""Value of the choice that leads to a line to type in."""
INTERVALS = {
    "": _("whole period"),
    "15m": _("quarter hours"),
    "30m": _("half hours"),
    "hour": _("hours"),
    "day": _("days"),
    "weekday": _("weekdays"),
}
KEYS: tuple[tuple[str, str], ...] = (
    ("d", _("dates: today, last week, a month, any days")),
    ("[ ]", _("the period before, the next one")),
    ("n", _("narrow to queues, agents, or one caller's number")),
    ("i", _("interval: the period cut by hours, days, weekdays")),
    ("k", _("compare with the period before, or a year ago")),
    ("y", _("count calls instead of visits")),
)


class Asking(View):
    """A view on which the inquiry can be changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "dates", _("Dates"), show=False),
        Binding("left_square_bracket", "step(-1)", _("Period before"), show=False),
        Binding("right_square_bracket", "step(1)", _("Next period"), show=False),
        Binding("n", "narrow", _("Narrow"), show=False),
        Binding("i", "interval", _("Interval"), show=False),
        Binding("k", "compare", _("Compare"), show=False),
        Binding("y", "calls", _("Visits or calls"), show=False),
    ]
    study: Study

    def changed(self) -> None:
        """Take note that the inquiry is another one."""

    def line(self) -> ReportLine | None:
        """Return the report that is meant; None for whichever."""
        return None

    # Period

    def action_step(self, direction: int) -> None:
        """Go to the period before or after."""
        study = self.study
        try:
            text = stepped(study.inquiry.period, direction, study.now, study.zone)
            self._change(period=word_of(text, study.now, study.zone))
        except (UsageProblem, OverflowError, ValueError):
            self._say(_("The calendar ends there."), "warn")

    def action_dates(self) -> None:
        """Ask for a period."""
        self.run_worker(self._dates(), exit_on_error=True)

    async def _dates(self) -> None:
        answer = await self._ask(Choose(self.station, _("Period"), list(self._periods())))
        if answer == _OTHER:
            hint = _("2026-03-01, 2026-03, 2026-W10, 2026, 2026-03-01..2026-03-14, …T08:00..…T12:00")
            answer = await self._typed(_("Period"), hint, self.study.inquiry.period, self._wrong_period)
        if answer:
            self._change(period=answer.strip())

    def _periods(self) -> Iterator[Choice]:
        study = self.study
        for word in when.WORDS:
            days = written(when.named(word, study.now, study.zone, _OPTION), study.zone)
            yield Choice(word, word, days)
        yield Choice(_OTHER, _("other dates …"))

    def _wrong_period(self, text: str) -> str:
        return _problem(lambda: when.named(text, self.study.now, self.study.zone, _OPTION))

    # What of

    def action_narrow(self) -> None:
        """Ask for queue, agent or number."""
        self.run_worker(self._narrow(), exit_on_error=True)

    async def _narrow(self) -> None:
        answer = await self._ask(Choose(self.station, _("Only …"), list(self._narrowings())))
        kind, _colon, name = (answer or "").partition(":")
        if name == _OTHER:
            hint = _HINTS[kind]
            now = getattr(self.study.inquiry, kind) or ""
            name = (await self._typed(_("Only {kind}").format(kind=_KINDS[kind]), hint, now) or "").strip()
        if kind == "all":
            self._change(queue=None, agent=None, number=None, call=None)
        elif name:
            self._change(**{kind: name})

    def _narrowings(self) -> Iterator[Choice]:
        shelf, line, inquiry = self.study.shelf, self.line(), self.study.inquiry
        narrows = line.narrows if line is not None else frozenset(_KINDS)
        if inquiry.queue or inquiry.agent or inquiry.number or inquiry.call:
            yield Choice("all:", _("everything again"))
        names = {"queue": shelf.queues, "agent": shelf.agents} if shelf is not None else {}
        for kind in ("queue", "agent"):
            if kind in narrows:
                yield from (Choice(f"{kind}:{name}", name, _KINDS[kind]) for name in names.get(kind, ()))
        for kind in _KINDS:
            if kind in narrows:
                yield Choice(f"{kind}:{_OTHER}", _("{kind} …").format(kind=_KINDS[kind]), _("type"))

    def action_interval(self) -> None:
        """Ask how the period is cut."""
        self.run_worker(self._interval(), exit_on_error=True)

    async def _interval(self) -> None:
        line = self.line()
        names = line.intervals if line is not None else tuple(INTERVALS)
        if len(names) < 2:
            self._say(_("This report is not cut by intervals."), "warn")
            return
        choices = [Choice(name or "-", INTERVALS.get(name, name)) for name in names]
        answer = await self._ask(Choose(self.station, _("Cut by"), choices))
        if answer is not None:
            self._change(interval=answer.replace("-", ""))

    def action_compare(self) -> None:
        """Ask what to compare with."""
        self.run_worker(self._compare(), exit_on_error=True)

    async def _compare(self) -> None:
        choices = [
            Choice("-", _("nothing")),
            Choice(when.FORMER, _("the period before")),
            Choice(when.YEAR, _("a year ago")),
            Choice(_OTHER, _("other dates …")),
        ]
        answer = await self._ask(Choose(self.station, _("Compare with"), choices))
        if answer == _OTHER:
            answer = await self._typed(_("Compare with"), _("as the period"), "", self._wrong_period)
        if answer:
            self._change(compare="" if answer == "-" else answer.strip())

    def action_calls(self) -> None:
        """Count calls, or visits again."""
        line = self.line()
        if line is not None and not line.calls:
            self._say(_("This report counts visits only."), "warn")
            return
        calls = not self.study.inquiry.calls
        self._change(calls=calls)
        self._say(_("Calls: all visits of one caller together.") if calls else _("Visits: each stay in a queue."))

    # Asking

    def _change(self, **changes: Any) -> None:
        self.study.change(**changes)
        self.changed()

    def _say(self, text: str, tone: str = "text") -> None:
        self.app.say(text, tone)  # type: ignore[attr-defined]

    async def _ask(self, screen: Choose | Ask) -> str | None:
        answer: str | None = await self.app.ask(screen)  # type: ignore[attr-defined]
        return answer

    async def _typed(self, title: str, hint: str, value: str, check: Any = None) -> str | None:
        plain = self.station.look.ascii
        return await self._ask(Ask(title, hint=hint, value=value, check=check, plain=plain, afresh=check is not None))


_KINDS = {"queue": _("queue"), "agent": _("agent"), "number": _("number"), "call": _("call")}
_HINTS = {
    "queue": _("names with commas; * and ? stand in"),
    "agent": _("names with commas; * and ? stand in"),
    "number": _("a number, however it is written"),
    "call": _("the id of a call, as it stands in the log"),
}


def _problem(read: Any) -> str:
    try:
        read()
    except UsageProblem as problem:
        return str(problem).removeprefix(f"{_OPTION}: ")
    return ""


def fitting(inquiry: Inquiry, line: ReportLine) -> Inquiry:
    """Return an inquiry as far as a report can be asked so: what it does not know is left out."""
    from dataclasses import replace

    return replace(
        inquiry,
        report=line.name,
        queue=inquiry.queue if "queue" in line.narrows else None,
        agent=inquiry.agent if "agent" in line.narrows else None,
        number=inquiry.number if "number" in line.narrows else None,
        call=inquiry.call if "call" in line.narrows else None,
        interval=inquiry.interval if inquiry.interval in line.intervals else "",
        calls=inquiry.calls and line.calls,
    )


def told(inquiry: Inquiry) -> str:
    """Return what of the past is asked for, in a few words."""
    parts = [inquiry.period]
    if inquiry.compare:
        parts.append(_("against {period}").format(period=inquiry.compare))
    parts += [f"{word} {value}" for kind, word in _KINDS.items() if (value := getattr(inquiry, kind))]
    if inquiry.interval:
        parts.append(INTERVALS.get(inquiry.interval, inquiry.interval))
    return " · ".join([*parts, *([_("calls")] if inquiry.calls else [])])
