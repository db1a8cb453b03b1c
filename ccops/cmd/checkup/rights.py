"""What the manager user may do, by ListCommands, and which feature each missing action costs."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from ccops.cmd.checkup.model import Check
from ccops.i18n import _
from ccops.pbx.rights import WRITE_CLASSES

LIVE: Final = ("CoreSettings", "CoreStatus", "QueueStatus", "CoreShowChannels", "DeviceStateList")
"""Without these there is no live state."""
_NOT_COMMANDS: Final = ("Response", "ActionID", "Message")


def allowed_actions(headers: Mapping[str, str]) -> set[str]:
    """Return the actions that a reply to ListCommands names."""
    return {name for name in headers if name not in _NOT_COMMANDS}


def rights_checks(allowed: Collection[str], user: str) -> Iterator[Check]:
    """Say whether the live state can be read, and which actions of the console this user cannot do."""
    yield _live_check(allowed, user)
    yield _actions_check(allowed, user)


def _live_check(allowed: Collection[str], user: str) -> Check:
    missing = [name for name in LIVE if name not in allowed]
    if not missing:
        return Check("rights_live", True, _("“{user}” may read the live state.").format(user=user))
    detail = _("“{user}” may not send {names}: there is no live state without.")
    return Check("rights_live", False, detail.format(user=user, names=", ".join(missing)), _remedy(missing, user))


def _actions_check(allowed: Collection[str], user: str) -> Check:
    from ccops.desk.actions import TABLE

    lost: dict[str, list[str]] = {}
    for action in TABLE:
        for name in action.ami:
            if name not in allowed:
                lost.setdefault(name, []).append(action.name)
    if not lost:
        return Check("rights_actions", True, _("“{user}” may do all that the console offers.").format(user=user))
    shown = "; ".join(f"{name} ({', '.join(features)})" for name, features in lost.items())
    # A user who may only look is a fair choice, so this is no failure.
    detail = _("“{user}” may not send, and so cannot do: {lost}.").format(user=user, lost=shown)
    return Check("rights_actions", None, detail, _remedy(list(lost), user))


def _remedy(missing: list[str], user: str) -> str:
    classes = list(dict.fromkeys(WRITE_CLASSES[name] for name in missing if name in WRITE_CLASSES))
    unknown = [name for name in missing if name not in WRITE_CLASSES]
    parts = []
    if classes:
        parts.append(
            _("Where it is wanted, add {classes} to write in [{user}] of manager.conf, then `manager reload`.").format(
                classes=",".join(classes), user=user
            )
        )
    if "system" in classes:
        parts.append(_("Mind that system also lets it stop Asterisk."))
    if unknown:
        parts.append(
            _("This Asterisk may not have {names}: it is too old or a module is missing.").format(
                names=", ".join(unknown)
            )
        )
    return " ".join(parts)
