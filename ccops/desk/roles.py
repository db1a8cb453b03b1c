"""Roles: which actions a person may do, on which queues and agents, and what they see.

A role grants actions (functional right) on queues and agents (data right). A person with several roles may do
what any one of them grants whole; rights are never pieced together from two roles.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import lru_cache
from typing import Any

from ccops.board import AgentRow, Board, CallRow, Change, ParkedRow, QueueRow, Row, SupervisionRow
from ccops.desk.table import Action, target_label
from ccops.errors import PermissionRefused, UsageProblem
from ccops.i18n import _
from ccops.settings.model import Role

SHOWN_DIGITS = 3
"""Leading digits that a masked number keeps: enough to tell a region, not a person."""

SPYING = frozenset({"listen", "whisper", "private", "barge", "takeover"})


@dataclass(slots=True, frozen=True)
class Person:
    """Who is asking, as the kernel told us."""

    name: str
    uid: int
    groups: tuple[str, ...] = ()
    origin: str = ""
    """Where from, for the audit: terminal, socket and process."""


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(translate(text.casefold()))


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a name matches one of the patterns (`*`, `?`), upper and lower case alike."""
    return any(_pattern(pattern).match(name.casefold()) for pattern in patterns)


class Rights:
    """What one person may see and do."""

    def __init__(self, roles: Mapping[str, Role], *, everything: bool = False) -> None:
        """`roles` are those that the person has; `everything` is the single user of an in-process desk."""
        self.roles = dict(roles)
        self.everything = everything

    @classmethod
    def of(cls, person: Person, roles: Mapping[str, Role]) -> "Rights":
        """Return the rights of a person from all roles of the configuration."""
        held = {
            name: role
            for name, role in roles.items()
            if person.name in role.users or set(person.groups) & set(role.groups)
        }
        return cls(held)

    @property
    def read_only(self) -> bool:
        """True where no role lets the person do anything."""
        return not self.everything and not any(role.actions and not role.read_only for role in self.roles.values())

    @property
    def masked(self) -> bool:
        """True where callers' numbers are shown without their last digits."""
        return not self.everything and all(role.mask_numbers for role in self.roles.values())

    def offers(self, actions: Sequence[Action]) -> list[Action]:
        """Return the actions that some role grants on something."""
        if self.everything:
            return list(actions)
        roles = [role for role in self.roles.values() if not role.read_only]
        return [action for action in actions if any(matches(action.name, role.actions) for role in roles)]

    def check(self, action: Action, row: Row | None, reason: str, arguments: Mapping[str, Any]) -> None:
        """Raise `PermissionRefused` with why this person may not do it, `UsageProblem` where a reason is missing."""
        if self.everything:
            return
        granting = self._granting(action, row, arguments)
        if not granting:
            raise PermissionRefused(self._why(action, row))
        if not reason and all(matches(action.name, role.reason_required) for role in granting):
            raise UsageProblem(_("{action} needs a reason.").format(action=action.name), remedy=_("Add --reason “…”."))

    def _granting(self, action: Action, row: Row | None, arguments: Mapping[str, Any]) -> list[Role]:
        queue = str(arguments.get("queue") or "")
        return [
            role
            for role in self.roles.values()
            if not role.read_only
            and matches(action.name, role.actions)
            and _covers(role, row)
            and (not queue or matches(queue, role.queues))
            and not (action.name in SPYING and _spared(role, row))
        ]

    def _why(self, action: Action, row: Row | None) -> str:
        names = ", ".join(sorted(self.roles)) or _("none")
        if not any(matches(action.name, role.actions) for role in self.roles.values()):
            return _("Your roles ({roles}) do not include {action}.").format(roles=names, action=action.name)
        if action.name in SPYING and any(_spared(role, row) for role in self.roles.values()):
            return _("{target} may not be listened to.").format(target=target_label(row))
        return _("Your roles ({roles}) do not reach {target}.").format(roles=names, target=target_label(row) or "?")

    def sees(self, row: Row | None) -> bool:
        """Return whether some role shows this row."""
        return self.everything or any(_covers(role, row) for role in self.roles.values())

    def view(self, change: Change) -> Change:
        """Return the change as this person may see it; a row out of sight is one that is not there."""
        if self.everything or change.row is None:
            return change
        if not self.sees(change.row):
            return replace(change, row=None)
        return replace(change, row=_mask(change.row)) if self.masked else change

    def filtered(self, board: Board) -> Board:
        """Return a board with what this person may see."""
        if self.everything:
            return board
        seen = Board(board.link)
        for name in ("queues", "agents", "calls", "ended", "parked", "supervisions"):
            rows = {key: row for key, row in getattr(board, name).items() if self.sees(row)}
            setattr(seen, name, {key: _mask(row) for key, row in rows.items()} if self.masked else rows)
        return seen


def _covers(role: Role, row: Any) -> bool:
    """Return whether the role's queues and agents take in this row."""
    if isinstance(row, QueueRow):
        return matches(row.queue, role.queues)
    if isinstance(row, AgentRow):
        in_queues = not row.queues or any(matches(queue, role.queues) for queue in row.queues)
        return in_queues and any(matches(name, role.agents) for name in (row.agent, row.interface))
    if isinstance(row, CallRow):
        return matches(row.queue or "", role.queues) and (row.agent is None or matches(row.agent, role.agents))
    if isinstance(row, SupervisionRow):
        return row.agent is None or matches(row.agent, role.agents)
    if isinstance(row, ParkedRow):
        return "*" in role.queues
    return True


def _spared(role: Role, row: Any) -> bool:
    names = (row.agent, row.interface) if isinstance(row, AgentRow) else ()
    return any(matches(name, role.no_listen) for name in names)


def mask_number(number: str) -> str:
    """Return a number with all but its first digits hidden: 5550001 → 555••••."""
    return number[:SHOWN_DIGITS] + "•" * max(0, len(number) - SHOWN_DIGITS)


def _mask(row: Any) -> Any:
    number = getattr(row, "caller_number", None)
    if not number:
        return row
    masked = mask_number(number)
    changes: dict[str, Any] = {"caller_number": masked}
    # Many PBXs put the number where the name is missing.
    if getattr(row, "caller_name", None) == number:
        changes["caller_name"] = masked
    if isinstance(row, CallRow):
        changes["steps"] = tuple(replace(step, detail=step.detail.replace(number, masked)) for step in row.steps)
    return replace(row, **changes)
