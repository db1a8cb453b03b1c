"""Checks roles beyond their form: actions that do not exist, people whom the machine does not know."""

import grp
import pwd
from collections.abc import Callable, Iterator

from ccops.desk.planning.rights import PLANNING_ACTIONS
from ccops.desk.roles import matches
from ccops.desk.table import Table
from ccops.i18n import _
from ccops.names import nearest
from ccops.settings import Loaded
from ccops.settings.model import Role
from ccops.settings.problems import BadSettings, Problem


def check_roles(loaded: Loaded, table: Table) -> list[str]:
    """Return what may be wrong with roles; raise `BadSettings` with file, line and key where something is.

    An action that is misspelt is an error: in `actions` it would silently take a right away, in `reason_required` it
    would silently ask for no reason. A user who is not known may come from a directory that is down just now.
    """
    problems, warnings = [], []
    for name, role in loaded.settings.roles.items():
        problems += list(_misspelt(loaded, name, role, [*(action.name for action in table), *PLANNING_ACTIONS]))
        warnings += list(_unknown(name, role))
    if problems:
        raise BadSettings(problems)
    return warnings


def _misspelt(loaded: Loaded, name: str, role: Role, actions: list[str]) -> Iterator[Problem]:
    for key in ("actions", "reason_required"):
        for pattern in getattr(role, key):
            if not any(matches(action, (pattern,)) for action in actions):
                near = nearest(pattern, actions)
                remedy = _("Did you mean {names}?").format(names=", ".join(near or sorted(actions)))
                text = _("“{pattern}” is no action.").format(pattern=pattern)
                yield Problem(loaded.origin(("roles", name, key)), f"roles.{name}.{key}", text, remedy)


def _unknown(name: str, role: Role) -> Iterator[str]:
    if not role.users and not role.groups:
        yield _("roles.{name}: nobody has this role; name users or groups.").format(name=name)
    for user in role.users:
        if not _known(pwd.getpwnam, user):
            yield _("roles.{name}.users: this machine knows no user “{user}”.").format(name=name, user=user)
    for group in role.groups:
        if not _known(grp.getgrnam, group):
            yield _("roles.{name}.groups: this machine knows no group “{group}”.").format(name=name, group=group)


def _known(look: Callable[[str], object], name: str) -> bool:
    try:
        look(name)
    except (KeyError, ValueError):
        return False
    return True
