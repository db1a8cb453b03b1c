"""The ladder of one call: every step from entry to end, when it was, how long it lasted, where it lies in the call."""

from ccops.board import CallRow, Step
from ccops.i18n import _
from ccops.tui.cells import clock, duration, fit, person, safe
from ccops.tui.columns import Moment
from ccops.tui.painted import Painted
from ccops.tui.spans import Line, Span
from ccops.tui.station import Station
from ccops.tui.words import call_outcome, call_word, step_word

_TONES = {
    "arrived": "muted",
    "entered": "waiting",
    "moved": "waiting",
    "ringing": "ringing",
    "missed": "warn",
    "connected": "talking",
    "resumed": "talking",
    "held": "on_hold",
    "parked": "paused",
    "abandoned": "warn",
    "timeout": "warn",
    "ended": "muted",
}
_LAST = frozenset({"ended", "abandoned", "timeout"})
_LEAD = 33
"""Cells of time, offset, rail and step."""
_SPENT = 8
_GANTT_FROM = 84
"""From this width on every step is drawn as its stretch of the call."""


class Ladder(Painted):
    """Draws one call."""

    DEFAULT_CSS = """
    Ladder { height: 1fr; }
    """

    def __init__(self, station: Station) -> None:
        """Empty until `show`."""
        super().__init__(station)
        self._call: CallRow | None = None

    def show(self, call: CallRow | None) -> None:
        """Draw that call."""
        if call is not self._call:
            self._call = call
            self.repaint()

    def draw(self, width: int, height: int, moment: Moment) -> list[Line]:
        """Return heading, facts and steps; the newest steps where not all fit."""
        call = self._call
        if call is None:
            return [((fit("  " + _("No call selected"), width), "head"),)]
        title = person(call.caller_number, call.caller_name)
        lines: list[Line] = [((fit(f"  {title}", width), "head-sorted"),), *_facts(call, moment, width), ()]
        steps = steps_of(call)
        end = call.ended_at if call.ended_at is not None else max(moment.now, steps[-1].at)
        rungs = []
        for index, step in enumerate(steps):
            until = steps[index + 1].at if index + 1 < len(steps) else end
            rungs.append(_rung(call, step, until, (steps[0].at, end), width, moment))
        return lines + rungs[-max(1, height - len(lines)) :]


def steps_of(call: CallRow) -> list[Step]:
    """Return the steps in the order of time; a call that tells none still has a beginning, an answer, an end."""
    steps = list(call.steps) or [Step(call.entered_at, "entered", call.queue or "")]
    kinds = {step.kind for step in steps}
    if call.answered_at is not None and "connected" not in kinds:
        steps.append(Step(call.answered_at, "connected", call.agent or ""))
    if call.ended_at is not None and not kinds & _LAST:
        steps.append(Step(call.ended_at, "ended", ""))
    return sorted(steps, key=lambda step: step.at)


def _facts(call: CallRow, moment: Moment, width: int) -> list[Line]:
    ellipsis = moment.look.glyph("ellipsis")
    where = call.queue or _("outside the queues")
    if call.ended_at is not None:
        said = f"{call_outcome(call)} · {where}"
    elif call.answered_at is not None:
        wait, talk = duration(call.answered_at - call.entered_at), duration(moment.now - call.answered_at)
        said = f"{call_word(call.state)} {talk} · " + _("waited {wait}").format(wait=wait) + f" · {where}"
        said += f" · {call.agent}" if call.agent else ""
    else:
        said = f"{call_word(call.state)} {duration(moment.now - call.entered_at)} · {where}"
    identity = f"{_('call')} {call.call_id}  {call.channel}"
    return [
        ((fit(f"  {safe(said)}", width, "left", ellipsis), "text"),),
        ((fit(f"  {safe(identity)}", width, "left", ellipsis), "muted"),),
    ]


def _rung(call: CallRow, step: Step, until: float, whole: tuple[float, float], width: int, moment: Moment) -> Line:
    look = moment.look
    over = step.kind == "ended" or (call.ended_at is not None and until <= step.at)
    tone = _TONES.get(step.kind, "text")
    gantt = width // 3 if width >= _GANTT_FROM else 0
    room = max(0, width - _LEAD - _SPENT - (gantt + 2 if gantt else 0))
    line: list[Span] = [
        (f"  {clock(int(step.at), moment.zone)} ", "muted"),
        (f"+{duration(step.at - call.entered_at)}".rjust(7) + " ", "faint"),
        (look.glyph("rung_last" if over else "rung") + " ", "faint"),
        (fit(step_word(step.kind), 13, "left", look.glyph("ellipsis")), tone),
        (fit(safe(step.detail), room, "left", look.glyph("ellipsis")), "text"),
        (("" if over else duration(until - step.at)).rjust(_SPENT - 1) + " ", "muted"),
    ]
    if gantt and not over:
        line += _stretch(step.at, until, whole, gantt, tone, moment)
    return tuple(line)


def _stretch(
    start: float, until: float, whole: tuple[float, float], width: int, tone: str, moment: Moment
) -> list[Span]:
    """Return the step as its part of the whole call; the shortest is still one cell."""
    length = max(1.0, whole[1] - whole[0])
    first = min(width - 1, int((start - whole[0]) / length * width))
    cells = max(1, min(width - first, round((until - start) / length * width)))
    track = moment.look.glyph("dot")
    return [
        ("  " + track * first, "faint"),
        (moment.look.glyph("bar") * cells, tone),
        (track * (width - first - cells), "faint"),
    ]
