"""Adherence at this moment: from the live board where there is one, else from what the history knew last."""

from collections.abc import Mapping
from typing import Any

from ccops.board import AgentRow, AgentState, Board
from ccops.reports.periods import Period
from ccops.reports.rules import Rules
from ccops.settings import Settings
from ccops.wfm.adherence.actual import Done, agent_of
from ccops.wfm.adherence.rows import Reader, StateOf, now_rows
from ccops.wfm.team.model import Member


def live_rows(settings: Settings, now: float, board: Board | None = None) -> list[dict[str, Any]]:
    """Return who should be and who is in which state; `board` is what the desk shows, without one the store is asked.

    `scheduled` and `state` are phones, break, activity or off; instants are epoch seconds.
    """
    if not settings.store.path.exists():
        return []
    with Reader.opened(settings) as reader:
        asked = reader.asked(Period(int(now), int(now) + 1))
        if board is not None:
            return now_rows(asked, reader.team, now, board_states(board, reader.rules))
        done = reader.done(int(now) - 86_400, int(now) + 1)
        return now_rows(asked, reader.team, now, _stored_states(done, reader, now))


def board_states(board: Board, rules: Rules) -> StateOf:
    """Return what reads a person's state off the board."""

    def state_of(member: Member) -> tuple[str, str, float | None]:
        row = next((row for row in board.agents.values() if is_of(member, row)), None)
        return ("off", "", None) if row is None else _of_row(row, rules)

    return state_of


def is_of(member: Member, row: AgentRow) -> bool:
    """Say whether a row of the board is this person."""
    return any(member.known_as(name) for name in (row.agent, row.interface, row.device, row.key))


def _of_row(row: AgentRow, rules: Rules) -> tuple[str, str, float | None]:
    if row.state is AgentState.UNAVAILABLE or not row.memberships:
        return "off", row.state.value, row.state_since
    if row.state is AgentState.PAUSED:
        rule = rules.pause(row.pause_reason)
        state = "phones" if rule.wrap_up else "activity" if rule.productive else "break"
        return state, row.pause_reason or row.state.value, row.state_since
    return "phones", row.state.value, row.state_since


def _stored_states(done: Mapping[str, Done], reader: Reader, now: float) -> StateOf:
    agents = reader.agents()
    at = min(int(now), reader.known_to - 1)

    def state_of(member: Member) -> tuple[str, str, float | None]:
        found = done.get(agent_of(member, agents), Done())
        for state, spans in (("phones", found.phones), ("activity", found.productive), ("break", found.paused)):
            for start, end in spans:
                if start <= at < end:
                    return state, "", start
        return "off", "", None

    return state_of
