"""Which actions a key, the palette and the hint line offer on the selected rows, from the desk's action table."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ccops.board import AgentRow, AlertRow, Board, CallRow, ParkedRow, QueueRow, Row, SupervisionRow
from ccops.desk import Desk
from ccops.desk.table import Action
from ccops.i18n import _
from ccops.tui.cells import duration, person
from ccops.tui.listspec import Selection
from ccops.tui.words import call_word, state_word

TOGGLES: dict[str, str] = {"agent.pause": "agent.unpause"}
"""The key of the first does the second where every selected row is there already (CLI: `p` pause/unpause)."""


@dataclass(slots=True, frozen=True)
class Offer:
    """An action that may be done now, with its targets fixed; one that needs no row has none."""

    action: Action
    key: str
    targets: tuple[Selection, ...]

    @property
    def named(self) -> str:
        """The targets as a person names them."""
        return named(self.targets)


def action_table() -> Iterable[Action]:
    """Return every row of the desk's table; loaded when first asked for, not before the first paint."""
    from ccops.desk.actions import TABLE

    return TABLE


def offers(desk: Desk, selections: Sequence[Selection], table: Iterable[Action] | None = None) -> list[Offer]:
    """Return what this person may do on these rows now, the rows' own actions first, else in table order."""
    if desk.read_only or not selections:
        return []
    allowed: dict[str, frozenset[str]] = {}
    found: list[Offer] = []
    for action in action_table() if table is None else table:
        if action.topic not in allowed:
            allowed[action.topic] = frozenset(desk.offers(action.topic))
        if action.name in allowed[action.topic] and not _far(action, selections[0]):
            targets = _targets(action, selections, desk.board)
            if targets:
                found.append(Offer(action, action.key, targets))
    found.sort(key=lambda offer: offer.action.topic != selections[0].topic)
    return _toggled(found)


def general(desk: Desk) -> list[Offer]:
    """Return the actions that need no row."""
    if desk.read_only:
        return []
    allowed = frozenset(desk.offers("none"))
    return [Offer(action, "", ()) for action in action_table() if action.topic == "none" and action.name in allowed]


def _far(action: Action, selection: Selection) -> bool:
    """True for managing an agent from a call's row: that belongs to the agent's own row."""
    return selection.topic != "agent" and action.name.startswith("agent.")


def _targets(action: Action, selections: Sequence[Selection], board: Board) -> tuple[Selection, ...]:
    chosen = selections if action.plural else selections[:1]
    resolved = [target for item in chosen if (target := _resolved(action.topic, item, board)) is not None]
    return tuple(target for target in resolved if action.valid(target.row))


def _resolved(topic: str, item: Selection, board: Board) -> Selection | None:
    """Return the row that an action of that topic means: on a call row, listening means its agent."""
    if item.topic == topic:
        return item
    if topic == "agent" and isinstance(item.row, CallRow) and item.topic == "call":
        agent = board.agents.get(item.row.agent_key or "")
        return Selection("agent", agent.key, agent) if agent is not None else None
    if topic == "call" and isinstance(item.row, AgentRow):
        call = board.calls.get(item.row.call_id or "")
        return Selection("call", call.call_id, call) if call is not None else None
    if topic == "supervision":
        return _leg_on(item, board)
    return None


def _leg_on(item: Selection, board: Board) -> Selection | None:
    key = item.row.agent_key if isinstance(item.row, CallRow) else item.key if item.topic == "agent" else None
    for leg_key, leg in board.supervisions.items():
        if key is not None and leg.agent_key == key and leg.ours and leg.state != "ended":
            return Selection("supervision", leg_key, leg)
    return None


def _toggled(found: list[Offer]) -> list[Offer]:
    by_name = {offer.action.name: offer for offer in found}
    result: list[Offer] = []
    for offer in found:
        other = by_name.get(TOGGLES.get(offer.action.name, ""))
        if other is not None and len(other.targets) == len(offer.targets):
            result.append(Offer(other.action, offer.key, other.targets))
        else:
            result.append(offer)
    return _one_meaning(result)


def _one_meaning(found: Sequence[Offer]) -> list[Offer]:
    """Leave each key to the first that has it: the rest are in the palette."""
    taken: set[str] = set()
    result = []
    for offer in found:
        result.append(Offer(offer.action, "", offer.targets) if offer.key in taken else offer)
        taken |= {offer.key} - {""}
    return result


def named(targets: Sequence[Selection]) -> str:
    """Return the targets as a person names them, a crowd as its number and first names."""
    names = [row_name(target.row) for target in targets]
    if len(names) <= 3:
        return ", ".join(names)
    return _("{count} rows: {names} …").format(count=len(names), names=", ".join(names[:3]))


_NAMES: dict[type, Callable[[Any], str]] = {
    AgentRow: lambda row: row.agent,
    QueueRow: lambda row: row.title or row.queue,
    CallRow: lambda row: person(row.caller_number, row.caller_name),
    ParkedRow: lambda row: person(row.caller_number, row.caller_name),
    AlertRow: lambda row: row.text,
    SupervisionRow: lambda row: _("{mode} on {agent}").format(mode=row.mode, agent=row.agent or "?"),
}


def row_name(row: Row) -> str:
    """Return how a person would call a row."""
    name = _NAMES.get(type(row))
    return name(row) if name is not None else ""


def described(row: Row, now: float) -> str:
    """Return what the row does at the moment, for a question that a person answers without looking back."""
    if isinstance(row, CallRow):
        where = row.queue or _("outside the queues")
        if row.answered_at is None:
            return _("{state} in {queue} for {time}").format(
                state=call_word(row.state), queue=where, time=duration(now - row.entered_at)
            )
        return _("talking with {agent} for {time}, {queue}").format(
            agent=row.agent or "?", time=duration(now - row.answered_at), queue=where
        )
    if isinstance(row, AgentRow):
        lasts = duration(None if row.state_since is None else now - row.state_since)
        told = _("{state} for {time} or longer") if row.since_before else _("{state} for {time}")
        text = told.format(state=state_word(row.state), time=lasts)
        return f"{text} · {', '.join(row.queues)}" if row.queues else text
    return ""
