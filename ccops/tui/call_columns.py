"""The list of calls: waiting, live, parked and lately ended ones in one kind of line."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ccops.board import Board, CallRow, ParkedRow
from ccops.i18n import _
from ccops.tui.arrange import Grouping
from ccops.tui.cells import clock, duration, person
from ccops.tui.columns import Column, Moment, Order
from ccops.tui.figures import aged, call_state_cell, threshold_of, waited
from ccops.tui.listspec import ListSpec, Selection
from ccops.tui.spans import Span
from ccops.tui.words import call_word, outcome_word

PHASES = ("waiting", "talking", "parked", "ended")
_PHASE_TITLES = {
    "waiting": _("Waiting"),
    "talking": _("In a call"),
    "parked": _("Parked"),
    "ended": _("Ended lately"),
}


@dataclass(slots=True, frozen=True)
class CallLine:
    """One line of a list of calls."""

    key: str
    phase: str
    state: str
    call: CallRow | None
    parked: ParkedRow | None = None

    @property
    def number(self) -> str:
        """The caller's number."""
        source = self.call or self.parked
        return source.caller_number if source else ""

    @property
    def name(self) -> str:
        """The caller's name."""
        source = self.call or self.parked
        return source.caller_name if source else ""

    @property
    def entered_at(self) -> float:
        """When the caller came, or was parked."""
        return self.call.entered_at if self.call else self.parked.parked_at if self.parked else 0.0

    @property
    def wait(self) -> float | None:
        """The wait in seconds where it is over."""
        if self.call is None:
            return None
        end = self.call.answered_at if self.call.answered_at is not None else self.call.ended_at
        return None if end is None else end - self.call.entered_at


class CallLines:
    """Makes lines from board rows and keeps those whose row has not changed, so that lists can compare them."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[object, CallLine]] = {}

    def of(self, board: Board, *phases: str) -> dict[str, CallLine]:
        """Return the lines of these phases, all of them where none is named."""
        wanted = phases or PHASES
        fresh: dict[str, tuple[object, CallLine]] = {}
        for call in board.calls.values():
            phase = "talking" if call.state == "talking" else "waiting"
            if phase in wanted:
                self._keep(fresh, call.call_id, call, phase, "on_hold" if call.held else call.state)
        if "parked" in wanted:
            for key, parked in board.parked.items():
                self._keep(fresh, f"parked:{key}", parked, "parked", "parked")
        if "ended" in wanted:
            for key, call in board.ended.items():
                self._keep(fresh, f"ended:{key}", call, "ended", "ended")
        self._kept = fresh
        return {key: line for key, (_row, line) in fresh.items()}

    def _keep(
        self, fresh: dict[str, tuple[object, CallLine]], key: str, row: CallRow | ParkedRow, phase: str, state: str
    ) -> None:
        before = self._kept.get(key)
        if before is not None and before[0] is row:
            fresh[key] = before
            return
        call, parked = (row, None) if isinstance(row, CallRow) else (None, row)
        fresh[key] = (row, CallLine(key, phase, state, call, parked))


def _natural(line: CallLine) -> tuple[int, float]:
    """Sort as one reads: who waits, who talks, who is parked, each the longest first, then the newest ended."""
    rank, call = PHASES.index(line.phase), line.call
    if call is not None and call.ended_at is not None:
        return rank, -call.ended_at
    if call is not None and call.answered_at is not None:
        return rank, call.answered_at
    return rank, line.entered_at


def _wait(line: CallLine, moment: Moment) -> Span:
    if line.parked is not None:
        return aged(line.parked.parked_at, moment, moment.limits.parked, "parked")
    call = line.call
    if call is None or call.queue is None:
        return f"{moment.look.glyph('dash')} ", "faint"
    if line.wait is not None:
        return f"{duration(line.wait)} ", "muted"
    return waited(call.entered_at, threshold_of(call.queue, moment), moment)


def _talk(line: CallLine, moment: Moment) -> Span:
    call = line.call
    if call is None or call.answered_at is None:
        return "", "faint"
    if call.ended_at is not None:
        return f"{duration(call.ended_at - call.answered_at)} ", "muted"
    return aged(call.answered_at, moment, moment.limits.talking, "talking")


def _talk_key(line: CallLine) -> float | None:
    call = line.call
    if call is None or call.answered_at is None:
        return None
    return -call.answered_at if call.ended_at is None else call.ended_at - call.answered_at - 1e12


def _who(line: CallLine, moment: Moment) -> Span:
    if line.parked is not None:
        return _("lot {space}").format(space=line.parked.space), "muted"
    call = line.call
    if call is None:
        return "", "text"
    if line.phase == "ended" and call.answered_at is None:
        return outcome_word(call.outcome), "warn"
    return call.agent or "", "text" if line.phase == "talking" else "muted"


def _position(line: CallLine, moment: Moment) -> Span:
    place = line.call.position if line.call and line.phase == "waiting" else None
    return ("" if place is None else str(place)), "muted"


def _priority(line: CallLine, _moment: Moment) -> Span:
    value = line.call.priority if line.call else 0
    return (str(value) if value else ""), "info"


_COLUMNS: tuple[Column[CallLine], ...] = (
    Column(
        "state",
        _("State"),
        9,
        lambda line, moment: call_state_cell(line.state, moment.look),
        _natural,
        help=_("Where the caller is; within it the longest first, of the ended calls the newest."),
    ),
    Column(
        "caller",
        _("Caller"),
        18,
        lambda line, _moment: (person(line.number, line.name), "text"),
        lambda line: person(line.number, line.name).casefold(),
        grow=16,
        help=_("Name and number as the line sent them; neither is proof."),
    ),
    Column(
        "queue",
        _("Queue"),
        9,
        lambda line, _moment: (line.call.queue or "" if line.call else "", "text"),
        lambda line: line.call.queue if line.call else None,
        grow=5,
    ),
    Column(
        "wait",
        _("Wait"),
        7,
        _wait,
        lambda line: -line.entered_at if line.wait is None else line.wait - 1e12,
        align="right",
        ticks=True,
        descending=True,
        help=_("Time in the queue; marked past the service level's threshold."),
    ),
    Column(
        "talk",
        _("Talk"),
        7,
        _talk,
        _talk_key,
        align="right",
        ticks=True,
        descending=True,
        help=_("Time since an agent answered."),
    ),
    Column(
        "agent",
        _("Agent"),
        14,
        _who,
        lambda line: (line.call.agent or "").casefold() or None if line.call else None,
        grow=10,
        help=_("Who talks, or whom the queue rings; how it ended where nobody did."),
    ),
    Column(
        "position",
        _("Pos"),
        3,
        _position,
        lambda line: line.call.position if line.call else None,
        align="right",
        rank=2,
        help=_("Place in the queue."),
    ),
    Column(
        "priority",
        _("Pri"),
        3,
        _priority,
        lambda line: line.call.priority if line.call else None,
        align="right",
        rank=4,
        descending=True,
        help=_("Priority in the queue; higher is answered earlier."),
    ),
    Column(
        "entered",
        _("Since"),
        8,
        lambda line, moment: (clock(int(line.entered_at), moment.zone), "muted"),
        lambda line: line.entered_at,
        rank=3,
        descending=True,
        help=_("When the caller came."),
    ),
    Column(
        "outcome",
        _("Outcome"),
        14,
        lambda line, _moment: (outcome_word(line.call.outcome) if line.call else "", "muted"),
        lambda line: (line.call.outcome or None) if line.call else None,
        rank=5,
        grow=8,
    ),
    Column(
        "call_id",
        _("Call"),
        18,
        lambda line, _moment: (line.call.call_id if line.call else "", "faint"),
        lambda line: line.call.call_id if line.call else None,
        rank=6,
        help=_("The call's id, as in the queue_log."),
    ),
)


def _fields(line: CallLine) -> Mapping[str, str]:
    call = line.call
    return {
        "state": f"{line.state} {call_word(line.state)} {line.phase}",
        "caller": f"{line.name} {line.number}",
        "queue": (call.queue or "") if call else "",
        "agent": (call.agent or "") if call else "",
        "outcome": f"{call.outcome} {outcome_word(call.outcome)}" if call else "",
        "call": line.key,
    }


def _pick(line: CallLine) -> Selection | None:
    if line.parked is not None:
        return Selection("parked", line.parked.uniqueid, line.parked)
    if line.call is None:
        return None
    return Selection("ended" if line.phase == "ended" else "call", line.call.call_id, line.call)


_GROUPINGS: tuple[Grouping[CallLine], ...] = (
    Grouping("phase", _("by phase"), lambda line: line.phase, PHASES.index, lambda name: _PHASE_TITLES[name]),
    Grouping(
        "queue",
        _("by queue"),
        lambda line: (line.call.queue or "") if line.call else "",
        label=lambda name: name or _("outside the queues"),
    ),
)
CALLS: ListSpec[CallLine] = ListSpec(
    name="calls",
    title=_("Calls"),
    columns=_COLUMNS,
    order=Order("state"),
    fields=_fields,
    tie=lambda line: (line.entered_at, line.key),
    pick=_pick,
    empty=_("No calls."),
    help=_("Waiting, live, parked and lately ended calls."),
    groupings=_GROUPINGS,
)
_BY_KEY = {column.key: column for column in _COLUMNS}
WAITING: ListSpec[CallLine] = replace(
    CALLS,
    name="waiting",
    title=_("Waiting callers"),
    order=Order("wait", descending=True),
    columns=(
        replace(_BY_KEY["wait"], title=_("Waits")),
        replace(_BY_KEY["caller"], title=_("Waiting caller"), width=24),
        _BY_KEY["queue"],
        replace(_BY_KEY["state"], rank=5),
        _BY_KEY["position"],
        replace(_BY_KEY["priority"], rank=3),
        replace(_BY_KEY["agent"], title=_("Rings at"), rank=6),
        replace(_BY_KEY["entered"], rank=7),
    ),
    empty=_("Nobody is waiting."),
    help=_("Callers in the queues who no agent has answered yet, the longest wait first."),
    groupings=(),
)
