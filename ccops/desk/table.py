"""The action table: everything that a person can do to the centre, one row each.

Commands, console keys, palette, dry run, rights, checks and audit are all driven by these rows; a new action
is one row and one procedure, nothing else.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ccops.board import Row
from ccops.desk.api import Outcome
from ccops.desk.context import Context
from ccops.errors import NotFound, UsageProblem
from ccops.i18n import _
from ccops.pbx.text import control_at

Topic = Literal["agent", "call", "queue", "parked", "supervision", "alert", "none"]
Kind = Literal["text", "number", "flag", "queue", "phone", "extension", "pause_reason"]
Procedure = Callable[[Context, Any, Mapping[str, Any]], Coroutine[Any, Any, Outcome]]

LONGEST_ARGUMENT = 250
"""Asterisk 22 refuses manager lines of more than about 1,020 characters; a name may take four bytes each."""


@dataclass(slots=True, frozen=True)
class Argument:
    """One argument of an action."""

    name: str
    kind: Kind
    help: str
    required: bool = False
    default: Any = None
    positional: bool = False
    """Given without a flag on the command line."""

    def take(self, value: Any) -> Any:
        """Return `value` checked and converted; raise `UsageProblem` naming this argument."""
        if value is None or value == "":
            if self.required:
                raise UsageProblem(_("“{name}” is missing: {help}.").format(name=self.name, help=self.help))
            return self.default
        if self.kind == "flag":
            return _flag(self.name, value)
        if self.kind == "number":
            return _number(self.name, value)
        return harmless(self.name, str(value))


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "yes", "on", "1"):
        return True
    if str(value).lower() in ("false", "no", "off", "0"):
        return False
    raise UsageProblem(_("“{name}” must be yes or no, not “{value}”.").format(name=name, value=value))


def _number(name: str, value: Any) -> int:
    try:
        number = int(str(harmless(name, str(value))))
    except ValueError:
        raise UsageProblem(
            _("“{name}” must be a whole number, not “{value}”.").format(name=name, value=value)
        ) from None
    if not 0 <= number <= 1_000_000:
        raise UsageProblem(_("“{name}” must lie between 0 and 1000000, not {value}.").format(name=name, value=number))
    return number


def harmless(name: str, text: str) -> str:
    """Return `text`, or raise `UsageProblem` where it could break out of a manager line or is too long."""
    index = control_at(text)
    if index is not None:
        code = ord(text[index])
        raise UsageProblem(
            _("“{name}” holds the control character U+{code:04X} at place {place}.").format(
                name=name, code=code, place=index + 1
            ),
            remedy=_("Type it again without it."),
        )
    if len(text) > LONGEST_ARGUMENT:
        raise UsageProblem(
            _("“{name}” is {length} characters long; {most} is the most.").format(
                name=name, length=len(text), most=LONGEST_ARGUMENT
            )
        )
    return text.strip()


def _always(row: Any) -> bool:
    return True


@dataclass(slots=True, frozen=True)
class Action:
    """One row of the table."""

    name: str
    """Stays: roles, audit rows and scripts name it."""
    topic: Topic
    title: str
    help: str
    procedure: Procedure
    ami: tuple[str, ...]
    """Manager actions that it sends: what the PBX user must be allowed."""
    arguments: tuple[Argument, ...] = ()
    harmful: bool = False
    """Front doors ask before it, naming the target, and never default to yes."""
    key: str = ""
    """Console key on a row of the topic."""
    command: tuple[str, ...] = ()
    """Words after `ccops`."""
    plural: bool = False
    """May be done on several selected rows."""
    valid: Callable[[Any], bool] = field(default=_always)
    """Whether it makes sense on this row now; the procedure decides in the end."""

    def bind(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all arguments checked, defaults filled in; raise `UsageProblem` naming the wrong one."""
        known = {argument.name for argument in self.arguments}
        for name in given:
            if name not in known:
                raise NotFound(_("argument of {action}").format(action=self.name), name, known)
        return {argument.name: argument.take(given.get(argument.name)) for argument in self.arguments}


class Table:
    """All actions by name."""

    def __init__(self, actions: Sequence[Action]) -> None:
        """Refuses two rows with one name, one key on one topic, or one command."""
        self._actions: dict[str, Action] = {}
        taken: set[tuple[str, ...]] = set()
        for action in actions:
            marks: set[tuple[str, ...]] = {("name", action.name)}
            if action.key:
                marks.add(("key", action.topic, action.key))
            if action.command:
                marks.add(("command", *action.command))
            if marks & taken:
                raise ValueError(f"two actions share {marks & taken}")
            taken |= marks
            self._actions[action.name] = action

    def __getitem__(self, name: str) -> Action:
        """Return the action, or raise `NotFound` with the nearest names."""
        try:
            return self._actions[name]
        except KeyError:
            raise NotFound(_("action"), name, self._actions) from None

    def __iter__(self) -> Any:
        return iter(self._actions.values())

    def on(self, topic: str) -> list[Action]:
        """Return the actions on rows of this topic, in table order."""
        return [action for action in self._actions.values() if action.topic == topic]


def target_label(row: Row | None) -> str:
    """Return how a person would name a row in a question or an audit line."""
    for attribute in ("agent", "call_id", "queue", "supervision_id", "uniqueid", "alert_id"):
        value = getattr(row, attribute, None)
        if value:
            return str(value)
    return ""
