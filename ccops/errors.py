"""The exception tree of ccops and the exit code that each branch ends a command with.

CcopsError                 1  refused or failed
├── UsageProblem           2  an argument is wrong
│   ├── ReasonNeeded       2  the role demands a reason for this action
│   └── NotFound           2  no such queue, agent, call … (names the nearest)
├── ConfigError            2  a configuration file or variable is wrong
├── LinkError              3  the PBX or the daemon cannot be reached
│   ├── LinkLost           3  the link went away while something was under way
│   └── NotAsterisk        3  something else answers on that port
├── LoginRefused           4  the PBX refuses user or secret
├── PermissionRefused      4  the PBX or a role refuses this action
├── ActionRefused          1  the PBX answered an action with an error
└── ActionTimeout          5  no answer within the time limit
"""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command; scripts rely on them."""

    OK = 0
    """Done."""
    FAILED = 1
    """Refused by the PBX, or a check failed."""
    USAGE = 2
    """A wrong argument or a wrong configuration."""
    NO_LINK = 3
    """The PBX or the daemon cannot be reached."""
    DENIED = 4
    """Login or permission refused."""
    TIMEOUT = 5
    """No answer in time."""
    BREACH = 6
    """A threshold is breached."""
    INTERRUPTED = 130
    """Stopped by ctrl+c."""


class CcopsError(Exception):
    """Base of everything that ccops raises on purpose; `str()` is fit for a person."""

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, remedy: str = "") -> None:
        """`message` names the thing that is wrong, `remedy` what to do about it."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip() if self.remedy else self.message


class UsageProblem(CcopsError):
    """An argument is wrong."""

    exit_code = ExitCode.USAGE


class ReasonNeeded(UsageProblem):
    """The role of the person demands a reason for this action; it can be done again with one."""


class NotFound(UsageProblem):
    """Nothing has that name; the nearest names are offered."""

    def __init__(self, kind: str, name: str, known: Iterable[str] = ()) -> None:
        """`kind` is what was looked for (already in the reader's language)."""
        from ccops.i18n import _
        from ccops.names import nearest

        near = nearest(name, known)
        remedy = _("Did you mean {names}?").format(names=", ".join(near)) if near else ""
        super().__init__(_("There is no {kind} “{name}”.").format(kind=kind, name=name), remedy=remedy)
        self.kind, self.name, self.near = kind, name, near


class ConfigError(CcopsError):
    """A configuration file, variable or flag is wrong."""

    exit_code = ExitCode.USAGE


class LinkError(CcopsError):
    """The PBX or the daemon cannot be reached."""

    exit_code = ExitCode.NO_LINK


class LinkLost(LinkError):
    """The link went away while something was under way; it is unknown whether it was done."""


class NotAsterisk(LinkError):
    """What answers on that port is no Asterisk manager."""


class LoginRefused(CcopsError):
    """The PBX refuses this user or secret."""

    exit_code = ExitCode.DENIED


class PermissionRefused(CcopsError):
    """The PBX user or the role of the person lacks the right."""

    exit_code = ExitCode.DENIED


class ActionRefused(CcopsError):
    """The PBX answered an action with an error; `reply` is its own text."""

    def __init__(self, message: str, *, reply: str = "", remedy: str = "") -> None:
        """`reply` is what the PBX said, cleaned."""
        super().__init__(message, remedy=remedy)
        self.reply = reply


class ActionTimeout(CcopsError):
    """The PBX did not answer within the time limit."""

    exit_code = ExitCode.TIMEOUT
