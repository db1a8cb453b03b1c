"""Checks of what is there for a bad day: the last backup, and the machine that waits."""

import os
from collections.abc import Iterator

from ccops.cmd.checkup.model import Check
from ccops.cmd.table import duration
from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.settings import Settings
from ccops.store.copying import last_backup
from ccops.store.standby.role import Role, role_of

_OLD_BACKUP = 3 * 86_400
"""Seconds after which a backup that is made every night has been missed more than once."""
_MISSED = 5
"""Shipments in a row that may be missing before somebody should look."""


def safety_checks(settings: Settings, now: float) -> Iterator[Check]:
    """Yield the checks of backup and standby; `now` is epoch seconds."""
    folder = settings.store.path.parent
    if folder.is_dir() and not os.access(folder, os.X_OK):  # the daemon's, and this is somebody who supervises
        yield Check("backup", None, _("This user may not look into {folder}.").format(folder=folder))
        return
    yield backup(settings, now)
    yield standby(settings, now)


def backup(settings: Settings, now: float) -> Check:
    """Say how old the last backup is."""
    found = last_backup(settings.store.path)
    if found is None:
        remedy = _("`ccops db backup FILE`, or ccops-backup.timer for every night.")
        return Check("backup", None, _("Nobody knows of one."), remedy)
    age = max(0.0, now - found[0])
    detail = _("The last one is {age} old: {path}").format(age=duration(age), path=found[1])
    if age > _OLD_BACKUP:
        return Check("backup", False, detail, _("See why it stopped: systemctl status ccops-backup."))
    return Check("backup", True, detail)


def standby(settings: Settings, now: float) -> Check:
    """Say what this machine is to its store, in which term, and how old the last shipment is."""
    try:
        role = role_of(settings.store.path)
    except CcopsError as error:
        return Check("standby", False, error.message, error.remedy)
    if role is None:
        if settings.standby.peer:
            remedy = _("On the machine that waits: ccops standby follow.")
            return Check("standby", None, _("standby.peer is set, and nothing was shipped yet."), remedy)
        return Check("standby", None, _("No second machine."))
    if role.kind == "superseded":
        by = role.by or {}
        detail = _("Superseded: {host} took over in term {term}; nothing is written here.")
        remedy = _("`ccops standby follow` makes this machine the standby; what only it has is kept aside and named.")
        return Check("standby", False, detail.format(host=by.get("host"), term=by.get("term")), remedy)
    return _standby(settings, role, now)


def _standby(settings: Settings, role: Role, now: float) -> Check:
    follows = role.kind == "standby"
    detail = _("Standby, term {term}: ") if follows else _("Primary, term {term}: ")
    detail = detail.format(term=role.term)
    if not settings.standby.peer:
        remedy = _("Set standby.peer, so that a machine that took over is noticed.")
        return Check("standby", False, detail + _("standby.peer is not set."), remedy)
    if role.shipped_at is None:
        return Check("standby", False, detail + _("nothing was shipped yet."), _("`ccops standby fetch` says why."))
    age = max(0.0, now - role.shipped_at)
    detail += _("the last shipment is {age} old.").format(age=duration(age))
    if age > max(60.0, _MISSED * settings.standby.interval):
        remedy = _("On the standby: does the daemon run? `ccops standby fetch` says why nothing comes.")
        return Check("standby", False, detail, remedy)
    if settings.standby.takeover_after and not settings.standby.fence:
        remedy = _("Set standby.fence: without it a cut line between the two makes two that serve.")
        return Check("standby", True, detail, remedy)
    return Check("standby", True, detail)
