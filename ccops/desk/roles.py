"""Roles: which actions a person may do, on which queues and agents, and what they see.

A role grants actions (functional right) on queues and agents (data right). A person with several roles may do and
see what any one of them grants whole; rights are never pieced together from two roles.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import lru_cache
from typing import Any

from ccops.board import TABLES, AgentRow, AlertRow, Board, CallRow, Change, ParkedRow, QueueRow, Row, SupervisionRow
from ccops.desk.masking import mask_number, masked_row
from ccops.desk.resolve import number_of, numbers_of
from ccops.desk.table import Action, target_label
from ccops.errors import PermissionRefused, ReasonNeeded
from ccops.i18n import _
from ccops.settings.model import Role

__all__ = ["RECORDING", "SPYING", "Person", "Rights", "mask_number", "matches"]

SPYING = frozenset({"listen", "whisper", "private", "barge", "takeover"})
RECORDING = frozenset({"call.record"})
"""Actions by which a call can be heard later."""
STOP = "supervision.stop"


@dataclass(slots=True, frozen=True)
class Person:
    """Who is asking, as the kernel told us."""

    name: str
    uid: int
    groups: tuple[str, ...] = ()
    origin: str = ""
    """Where from, for the audit: terminal, socket and process."""
    phone: str = ""
    """The person's own phone, where they told one; else the one of the configuration."""


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(translate(text.casefold()))


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a name matches one of the patterns (`*`, `?`), upper and lower case alike."""
    return any(pattern == "*" or _pattern(pattern).match(name.casefold()) for pattern in patterns)


class Rights:
    """What one person may see and do."""

    def __init__(self, roles: Mapping[str, Role], *, everything: bool = False, name: str = "") -> None:
        """`roles` are those that the person has; `everything` is the single user of an in-process desk."""
        self.roles = dict(roles)
        self.everything = everything
        self.name = name

    @classmethod
    def of(cls, person: Person, roles: Mapping[str, Role]) -> "Rights":
        """Return the rights of a person from all roles of the configuration."""
        held = {
            name: role
            for name, role in roles.items()
            if person.name in role.users or set(person.groups) & set(role.groups)
        }
        return cls(held, name=person.name)

    @property
    def eyes(self) -> tuple[str, ...]:
        """People with equal eyes see the same."""
        return ("*",) if self.everything else tuple(sorted(self.roles))

    @property
    def read_only(self) -> bool:
        """True where no role lets the person do anything."""
        return not self.everything and not any(role.actions and not role.read_only for role in self.roles.values())

    # --- doing ---

    def grants(self, name: str) -> bool:
        """Return whether some role grants an action of this name on something."""
        return self.everything or any(_grants(role, name) for role in self.roles.values())

    def offers(self, actions: Sequence[Action]) -> list[Action]:
        """Return the actions that some role grants on something."""
        return [action for action in actions if self.grants(action.name)]

    def check(
        self, action: Action, row: Row | None, reason: str, arguments: Mapping[str, Any], board: Board | None = None
    ) -> None:
        """Raise `PermissionRefused` with why this person may not do it, `UsageProblem` where a reason is missing.

        `board` tells what a row is about that only names it: whose call a supervision leg hears.
        """
        if self.everything:
            return
        reaching = [role for role in self.roles.values() if self._grants_on(role, action, row)]
        seeing = [self.roles[name] for name in self.roles if self._covered(name, row, board)]
        reaching = [role for role in reaching if role in seeing]
        free = [role for role in reaching if not _spared(role, action, row)]
        granting = [role for role in free if not _beyond(role, action, row, arguments)]
        if not granting:
            raise self._why(action, row, reaching, free, arguments)
        if not reason and all(matches(action.name, role.reason_required) for role in granting):
            raise ReasonNeeded(_("{action} needs a reason.").format(action=action.name), remedy=_("Add --reason “…”."))

    def _grants_on(self, role: Role, action: Action, row: Row | None) -> bool:
        """Return whether a role grants the action; who may start a leg may end it."""
        own = action.name == STOP and isinstance(row, SupervisionRow) and row.owner == self.name and bool(self.name)
        return matches(action.name, _named(role)) or (own and _grants(role, STOP))

    def _why(
        self,
        action: Action,
        row: Row | None,
        reaching: Sequence[Role],
        free: Sequence[Role],
        arguments: Mapping[str, Any],
    ) -> PermissionRefused:
        names, target = ", ".join(sorted(self.roles)) or _("none"), target_label(row) or "?"
        if not any(self._grants_on(role, action, row) for role in self.roles.values()):
            text = _("Your roles ({roles}) do not include {action}.").format(roles=names, action=action.name)
            return PermissionRefused(text)
        if reaching and not free:
            return PermissionRefused(_("{target} may not be listened to.").format(target=target))
        beyond = _beyond(free[0], action, row, arguments) if free else ()
        if not beyond:
            text = _("Your roles ({roles}) do not reach {target}.").format(roles=names, target=target)
            return PermissionRefused(text)
        text = _("Your roles ({roles}) do not reach {queues}.").format(roles=names, queues=", ".join(beyond))
        optional = not arguments.get("queue") and any(argument.name == "queue" for argument in action.arguments)
        return PermissionRefused(text, remedy=_("Name one of your queues: --queue QUEUE.") if optional else "")

    # --- seeing ---

    def sees(self, row: Row | None, board: Board | None = None) -> bool:
        """Return whether some role shows this row."""
        return self.everything or any(self._covered(name, row, board) for name in self.roles)

    def _covered(self, name: str, row: Any, board: Board | None) -> bool:
        """Return whether a role takes in a row; an alert may be for some roles only."""
        meant = not isinstance(row, AlertRow) or not row.roles or name in row.roles
        return meant and covers(self.roles[name], row, board)

    def seen(self, row: Any, board: Board) -> Any:
        """Return a row as this person sees it, or None where it is out of their sight."""
        if self.everything or row is None:
            return row
        covering = [role for name, role in self.roles.items() if self._covered(name, row, board)]
        if not covering:
            return None
        if isinstance(row, AgentRow) and (row.call_id or row.caller_number):
            covering = [role for role in covering if matches(row.queue or "", role.queues)]
            if not covering:
                return _without_call(row)
        return masked_row(row) if all(role.mask_numbers for role in covering) else row

    def view(self, change: Change, board: Board) -> Change:
        """Return the change as this person may see it; a row out of sight is one that is not there."""
        row = self.seen(change.row, board)
        return change if row is change.row else replace(change, row=row)

    def filtered(self, board: Board) -> Board:
        """Return a board with what this person may see."""
        if self.everything:
            return board
        result = Board(board.link, watched=board.watched)
        for name in TABLES.values():
            rows = ((key, self.seen(row, board)) for key, row in getattr(board, name).items())
            setattr(result, name, {key: row for key, row in rows if row is not None})
        return result


def _named(role: Role) -> Sequence[str]:
    return () if role.read_only else role.actions


def _grants(role: Role, name: str) -> bool:
    """Return whether a role grants an action on something; whoever may start legs may stop their own."""
    starts = name == STOP and any(matches(mode, _named(role)) for mode in SPYING)
    return starts or matches(name, _named(role))


def covers(role: Role, row: Any, board: Board | None = None) -> bool:
    """Return whether the role's queues and agents take in this row."""
    if isinstance(row, QueueRow):
        return matches(row.queue, role.queues)
    if isinstance(row, AgentRow):
        in_queues = not row.queues or any(matches(queue, role.queues) for queue in row.queues)
        return in_queues and _is_of(role, row.agent, row.interface, row.device, *numbers_of(row))
    if isinstance(row, CallRow):
        return matches(row.queue or "", role.queues) and _has_agent(role, row.agent, row.agent_key)
    if isinstance(row, SupervisionRow):
        return _covers_leg(role, row, board)
    if isinstance(row, AlertRow):
        return _covers_alert(role, row, board)
    if isinstance(row, ParkedRow):
        # Parked calls are of no queue any more.
        return "*" in role.queues
    return True


def _is_of(role: Role, *names: str) -> bool:
    return any(matches(name, role.agents) for name in names if name)


def _has_agent(role: Role, agent: str | None, key: str | None) -> bool:
    return agent is None or _is_of(role, agent, key or "", number_of(key or ""))


def _covers_leg(role: Role, row: SupervisionRow, board: Board | None) -> bool:
    """A leg is seen by who sees both the agent and the call that it hears."""
    agent = board.agents.get(row.agent_key or "") if board is not None else None
    call = board.calls.get(row.call_id or "") if board is not None else None
    if agent is None:
        return "*" in role.queues and _has_agent(role, row.agent, row.agent_key)
    return covers(role, agent) and (call is None or matches(call.queue or "", role.queues))


def _covers_alert(role: Role, row: AlertRow, board: Board | None) -> bool:
    """An alert is seen by who sees what it is about; an agent who is gone by who sees all agents."""
    if row.topic == "queue":
        return matches(row.key, role.queues)
    if row.topic == "agent":
        agent = board.agents.get(row.key) if board is not None else None
        return covers(role, agent) if agent is not None else "*" in role.queues and "*" in role.agents
    return row.topic != "parked" or "*" in role.queues


def _spared(role: Role, action: Action, row: Any) -> bool:
    """Return whether the action would let somebody be heard whom this role may not listen to."""
    names: tuple[str | None, ...] = ()
    if action.name in SPYING and isinstance(row, AgentRow):
        names = (row.agent, row.interface, row.device, row.state_interface, *numbers_of(row))
    elif action.name in RECORDING and isinstance(row, CallRow):
        names = (row.agent, row.agent_key, number_of(row.agent_key or ""))
    return any(matches(name, role.no_listen) for name in names if name)


def _beyond(role: Role, action: Action, row: Any, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the queues that the action would touch and the role does not reach."""
    given = str(arguments.get("queue") or "")
    touched = [given] if given else []
    if isinstance(row, AgentRow):
        if not given and any(argument.name == "queue" for argument in action.arguments):
            touched += row.queues  # without a queue it is done in all of them
        if action.name in SPYING and row.call_id:
            touched.append(row.queue or "")
    return tuple(queue or _("calls outside the queues") for queue in touched if not matches(queue, role.queues))


def _without_call(row: AgentRow) -> AgentRow:
    """The agent is in a call of a queue out of sight: that they are, is seen, with whom is not."""
    return replace(row, queue=None, call_id=None, channel=None, caller_number=None, caller_name=None)
