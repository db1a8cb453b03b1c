"""Finds the row that a person's word means: a queue, an agent by name, number or interface, a call.

All are pure functions of the board. What fits nothing is refused with the nearest names, what fits several with all
of them: a command must never act on a row that was guessed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from ccops.board import AgentRow, AgentState, AlertRow, Board, CallRow, ParkedRow, QueueRow, Row, SupervisionRow
from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.settings.model import Agents

R = TypeVar("R", QueueRow, AgentRow, CallRow, ParkedRow, SupervisionRow, AlertRow)
Names = Sequence[str | None]

_NUMBER = re.compile(r"[0-9*#+]+")


def find_queue(board: Board, name: str) -> QueueRow:
    """Return the queue of this name or title, upper and lower case alike (as in Asterisk).

    Raises NotFound, or UsageProblem where several fit.
    """
    rows = list(board.queues.values())
    return _only(_("queue"), name, rows, [lambda row: [row.queue], lambda row: [row.title]], lambda row: row.queue)


def find_agent(board: Board, name: str) -> AgentRow:
    """Return the agent of this name, number or interface.

    An interface names one agent for sure; a word that is one agent's name and another's number fits both.
    Raises NotFound, or UsageProblem where several fit.
    """
    rows = list(board.agents.values())
    ways: list[Callable[[AgentRow], Names]] = [
        lambda row: [row.interface, row.key],
        lambda row: [row.agent, row.device, row.state_interface, *numbers_of(row)],
    ]
    return _only(_("agent"), name, rows, ways, lambda row: f"{row.agent} ({row.interface})")


def numbers_of(agent: AgentRow) -> list[str]:
    """Return the numbers that people know an agent's phone by: 1001 of Local/1001@from-queue/n or PJSIP/1001."""
    found = [number_of(text) for text in (agent.interface, agent.device, agent.state_interface)]
    return [number for number in dict.fromkeys(found) if number]


def number_of(interface: str) -> str:
    """Return the number in a device such as PJSIP/1001, Local/1001@from-queue/n or hint:1001@ext-local."""
    name = re.split(r"[/:]", interface, maxsplit=1)[-1]
    number = re.split(r"[@/]", name, maxsplit=1)[0]
    return number if _NUMBER.fullmatch(number) else ""


def agent_or_new(board: Board, name: str, agents: Agents) -> AgentRow:
    """Return the agent of this name, number or interface, or one not seen yet for a number or an interface.

    A number becomes an interface by the templates of [agents]. Raises like `find_agent` for other words.
    """
    try:
        return find_agent(board, name)
    except NotFound:
        if "/" in name:
            interface, state_interface = name, ""
        elif _NUMBER.fullmatch(name):
            interface = agents.interface.replace("{number}", name)
            state_interface = agents.state_interface.replace("{number}", name)
        else:
            raise
    return AgentRow(
        key=interface,
        agent=name,
        interface=interface,
        device="",
        state_interface=state_interface,
        state=AgentState.UNAVAILABLE,
    )


def find_call(board: Board, name: str) -> CallRow:
    """Return the live call of this call_id, channel or linkedid, or else of this caller's number.

    Raises NotFound, or UsageProblem where several fit.
    """
    rows = list(board.calls.values())
    ways: list[Callable[[CallRow], Names]] = [
        lambda row: [row.call_id],
        lambda row: [row.channel],
        lambda row: [row.linkedid],
        lambda row: [row.caller_number],
    ]
    return _only(_("call"), name, rows, ways, lambda row: f"{row.call_id} ({row.caller_number or '–'})")


def find_parked(board: Board, name: str) -> ParkedRow:
    """Return the parked call of this id, space of the lot, or caller's number; raises like `find_call`."""
    rows = list(board.parked.values())
    ways: list[Callable[[ParkedRow], Names]] = [
        lambda row: [row.uniqueid, row.channel],
        lambda row: [row.space, f"{row.lot}/{row.space}"],
        lambda row: [row.caller_number],
    ]
    return _only(_("parked call"), name, rows, ways, lambda row: f"{row.uniqueid} ({row.lot}/{row.space})")


def find_supervision(board: Board, name: str) -> SupervisionRow:
    """Return the supervision leg of this id, or the only one on this agent; raises like `find_call`."""
    rows = list(board.supervisions.values())
    ways: list[Callable[[SupervisionRow], Names]] = [
        lambda row: [row.supervision_id, row.channel],
        lambda row: [row.agent, row.agent_key],
    ]
    return _only(_("supervision"), name, rows, ways, lambda row: f"{row.supervision_id} ({row.agent or '–'})")


def find_alert(board: Board, name: str) -> AlertRow:
    """Return the alert of this number, or the only one of this rule or about this thing; raises like `find_call`."""
    rows = list(board.alerts.values())
    ways: list[Callable[[AlertRow], Names]] = [
        lambda row: [row.alert_id],
        lambda row: [row.rule, row.key, row.name],
    ]
    return _only(_("alert"), name, rows, ways, lambda row: f"{row.alert_id} ({row.rule}: {row.name})")


_FINDERS: Mapping[str, Callable[[Board, str], Any]] = {
    "queue": find_queue,
    "agent": find_agent,
    "call": find_call,
    "parked": find_parked,
    "supervision": find_supervision,
    "alert": find_alert,
}


def row(board: Board, topic: str, target: str) -> Row:
    """Return the row of a topic (agent, call, queue, parked, supervision) that `target` means; raises as above."""
    found: Row = _FINDERS[topic](board, target)
    return found


def _only(
    kind: str, name: str, rows: Sequence[R], ways: Iterable[Callable[[R], Names]], label: Callable[[R], str]
) -> R:
    """Return the one row that `name` means in the first way in which it means any."""
    if not name.strip():
        raise UsageProblem(_("No {kind} was named.").format(kind=kind))
    steps = list(ways)
    for names_of in steps:
        exact = [item for item in rows if name in names_of(item)]
        alike = exact if len(exact) == 1 else [item for item in rows if _folded(name) in map(_folded, names_of(item))]
        if len(alike) == 1:
            return alike[0]
        if alike:
            raise _several(kind, name, [label(item) for item in alike])
    known = [text for item in rows for names_of in steps for text in names_of(item) if text]
    raise NotFound(kind, name, dict.fromkeys(known))


def _folded(name: str | None) -> str | None:
    return name.casefold().strip() if name else None


def _several(kind: str, name: str, labels: Sequence[str]) -> UsageProblem:
    return UsageProblem(
        _("“{name}” fits {count} rows, and one {kind} is wanted.").format(name=name, count=len(labels), kind=kind),
        remedy=_("Say which: {names}.").format(names=", ".join(sorted(labels))),
    )
