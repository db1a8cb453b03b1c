"""Words for states and outcomes, so that screens, log and exports say the same thing."""

from ccops.board import AgentState, CallRow
from ccops.i18n import _
from ccops.tui.cells import duration

STATE_ORDER: tuple[AgentState, ...] = (
    AgentState.RINGING,
    AgentState.TALKING,
    AgentState.ON_HOLD,
    AgentState.BUSY,
    AgentState.WRAP_UP,
    AgentState.AVAILABLE,
    AgentState.PAUSED,
    AgentState.UNAVAILABLE,
)
_STATES: dict[str, str] = {
    "available": _("available"),
    "ringing": _("ringing"),
    "talking": _("talking"),
    "on_hold": _("on hold"),
    "busy": _("busy"),
    "paused": _("paused"),
    "wrap_up": _("wrap-up"),
    "unavailable": _("offline"),
}
_CALL_STATES: dict[str, str] = {
    "waiting": _("waiting"),
    "ringing": _("ringing"),
    "talking": _("talking"),
    "on_hold": _("on hold"),
    "parked": _("parked"),
    "ended": _("ended"),
}
_OUTCOMES: dict[str, str] = {
    "answered": _("answered"),
    "abandoned": _("gave up"),
    "timeout": _("timed out"),
    "exit_empty": _("sent away, queue empty"),
    "exit_key": _("left by key"),
    "withdrawn": _("withdrawn"),
    "transferred": _("transferred"),
    "interrupted": _("interrupted"),
}
_STEPS: dict[str, str] = {
    "arrived": _("arrived"),
    "entered": _("entered"),
    "ringing": _("ringing"),
    "missed": _("not answered"),
    "connected": _("connected"),
    "held": _("on hold"),
    "resumed": _("back in the call"),
    "transferred": _("transferred"),
    "moved": _("moved"),
    "parked": _("parked"),
    "unparked": _("unparked"),
    "abandoned": _("gave up"),
    "timeout": _("timed out"),
    "exit_key": _("left by key"),
    "exit_empty": _("sent away"),
    "left": _("left"),
    "pulled": _("pulled"),
    "withdrawn": _("withdrawn"),
    "merged": _("merged"),
    "lost": _("lost sight"),
    "missing": _("gone unseen"),
    "ended": _("ended"),
}


def state_word(state: AgentState) -> str:
    """Return the word for an agent's state."""
    return _STATES[state.value]


def state_rank(state: AgentState) -> int:
    """Return where a state stands in lists: what is under way first, who is away last."""
    return STATE_ORDER.index(state)


def call_word(state: str) -> str:
    """Return the word for a call's state."""
    return _CALL_STATES.get(state, state)


def outcome_word(outcome: str) -> str:
    """Return the word for how a call ended."""
    return _OUTCOMES.get(outcome, outcome)


def step_word(kind: str) -> str:
    """Return the word for a rung of the ladder; an unknown kind is shown as it is."""
    return _STEPS.get(kind, kind.replace("_", " "))


def call_outcome(row: CallRow) -> str:
    """Return how an ended call went, with its wait and talk."""
    end = row.ended_at
    if row.answered_at is not None:
        text = _("{outcome}, waited {wait}, talked {talk}").format(
            outcome=outcome_word(row.outcome or "answered"),
            wait=duration(row.answered_at - row.entered_at),
            talk=duration(None if end is None else end - row.answered_at),
        )
        return text + (f" · {row.agent}" if row.agent else "")
    return _("{outcome} after {wait}").format(
        outcome=outcome_word(row.outcome or "ended"), wait=duration(None if end is None else end - row.entered_at)
    )
