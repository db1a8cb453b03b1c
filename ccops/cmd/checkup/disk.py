"""Checks of places that are written to: the store and who holds it, room on the disks, the folder of reports."""

import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from ccops.cmd.checkup.model import Check
from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.settings import Settings

_TRIAL = 65536
"""Bytes that are written to see whether there is room."""
_HELD = 2.0
"""Seconds after which somebody who holds the store is in the way: our own transactions take a tenth of one."""


def store(settings: Settings, *, kept: bool = False) -> Check:
    """Say whether the store can be written, by doing so beside it; `kept` says that a daemon keeps it for others."""
    path = settings.store.path
    if os.path.exists(path) and not path.is_file():
        return Check("store", False, _("{path} is no file.").format(path=path), _("Set store.path."))
    why = _why_not(path)
    if why is None:
        return _held(path)
    if why in (errno.EACCES, errno.EPERM) and kept:
        return Check("store", None, _("The daemon keeps {path}; this user need not write it.").format(path=path))
    detail = _("{path} cannot be written: {why}.").format(path=path, why=os.strerror(why))
    return Check("store", False, detail, _remedy(why, path, "store.path"))


def _why_not(path: Path) -> int | None:
    """Return the error number of writing beside a file that may not exist yet; None where it can be written."""
    place = next(one for one in (path, *path.parents) if os.path.exists(one))
    if place != path and not place.is_dir():
        return errno.ENOTDIR
    if not os.access(place, os.W_OK):
        return errno.EROFS if _is_read_only(place) else errno.EACCES
    folder = place.parent if place.is_file() else place
    trial = folder / f".ccops-{secrets.token_hex(8)}"
    try:
        with trial.open("xb", buffering=0) as file:
            written = file.write(b"\0" * _TRIAL)
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno or errno.EIO
    finally:
        with suppress(OSError):  # it was never made
            trial.unlink()
    return None if written == _TRIAL else errno.ENOSPC


def _is_read_only(place: Path) -> bool:
    return bool(os.statvfs(place).f_flag & os.ST_RDONLY)


def _remedy(why: int, path: Path, key: str) -> str:
    if why in (errno.ENOSPC, errno.EDQUOT):
        return _("Make room on the disk of {path}: `ccops doctor` shows it under disk.").format(path=path)
    if why in (errno.EROFS, errno.EIO):
        return _(
            "See dmesg: a disk with errors is mounted read-only. Mend it and mount it again, or set {key}."
        ).format(key=key)
    return _("Set {key}, or make {place} writable for this user.").format(key=key, place=path)


def _held(path: Path) -> Check:
    """Say whether somebody else holds the right to write for longer than any of ours does."""
    if not path.exists() or not path.stat().st_size:
        return Check("store", True, str(path))
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_HELD)) as door:
            door.isolation_level = None
            door.execute("BEGIN IMMEDIATE")
            door.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            detail = _("Another process has held {path} for {seconds:g} s and lets nobody write.")
            remedy = _("Find it by `fuser -v {path}`; wait until it is done, or end it.").format(path=path)
            return Check("store", False, detail.format(path=path, seconds=_HELD), remedy)
    except sqlite3.DatabaseError:
        pass  # what is wrong inside is said by the checks of the history
    return Check("store", True, str(path))


def disks(settings: Settings) -> Iterator[Check]:
    """Say how much room there is, by the thresholds of the alert `disk`."""
    from ccops.alerts.probes import look

    warning, critical = _thresholds(settings)
    for name, free in look(settings.queue_log.path, settings.store.path).disks.items():
        said = _("{part:.0%} of the disk of {name} are free.").format(part=free, name=name)
        ok = False if free < critical else None if free < warning else True
        remedy = (
            "" if ok else _("Make room: a full disk costs history, and every action, since none goes out unaudited.")
        )
        yield Check("disk", ok, said, remedy)


def _thresholds(settings: Settings) -> tuple[float, float]:
    """Return the free parts below which there is little room, and none."""
    from ccops.alerts.rules import BUILT_IN, rules_of

    try:
        rules = rules_of(settings)
    except CcopsError:  # which is a check of its own
        rules = BUILT_IN
    found = next(rule for rule in (*rules, *BUILT_IN) if rule.name == "disk")
    _info, warning, critical = found.limits
    return warning or 0.0, critical or 0.0


def reports_folder(settings: Settings) -> Iterator[Check]:
    """Say whether jobs can write their files; nothing where none does."""
    if not any(job.save for job in settings.report_jobs.values()):
        return
    folder = settings.report_folder
    why = _why_not(folder / "x")
    if why is None:
        yield Check("reports_folder", True, str(folder))
    else:
        detail = _("{path} cannot be written: {why}.").format(path=folder, why=os.strerror(why))
        yield Check("reports_folder", False, detail, _remedy(why, folder, "reports.folder"))
