"""Writes configuration files: comments stay, only the owner can read, a reader never sees half a file."""

import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ccops.errors import ConfigError
from ccops.i18n import _
from ccops.settings.files import read_toml
from ccops.settings.reference import plain, render
from ccops.settings.schema import KeyPath

_PRIVATE = 0o600


def write_settings(path: Path, values: Mapping[KeyPath, Any], now: datetime) -> Path | None:
    """Write `values` into the configuration at `path`; return the backup of what was there, if anything was.

    A value of None takes its key out. A file that exists keeps its comments and its other keys; a new one is the
    commented sample. Raises ConfigError where the folder or the file cannot be written.
    """
    target = path.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        backup = _back_up(target, now) if target.exists() else None
        replace_file(target, _edited(target, values) if backup is not None else render(values))
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigError(
            _("{path} cannot be written: {why}.").format(path=path, why=why),
            remedy=_("Choose another place with --config, or run this as a user who may write there."),
        ) from None
    return backup


def _edited(path: Path, values: Mapping[KeyPath, Any]) -> str:
    import tomlkit

    try:
        source, *__ = read_toml(path)
    except ConfigError:  # no TOML: the backup keeps it, the new file begins afresh
        return render(values)
    document = tomlkit.parse(source.text)
    for key, value in values.items():
        _set(document, key, value)
    return tomlkit.dumps(document)


def _set(document: Any, key: KeyPath, value: Any) -> None:
    import tomlkit

    table = document
    for part in key[:-1]:
        if not isinstance(table.get(part), dict):
            if value is None:
                return
            table[part] = tomlkit.table()
        table = table[part]
    if value is None:
        table.pop(key[-1], None)
    else:
        table[key[-1]] = plain(value)


def _back_up(path: Path, now: datetime) -> Path:
    for number in range(1000):
        tail = f"-{number}" if number else ""
        backup = path.with_name(f"{path.name}.{now:%Y%m%d-%H%M%S}{tail}.bak")
        try:
            descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        except FileExistsError:
            continue
        with open(descriptor, "wb") as file:
            file.write(path.read_bytes())
        return backup
    raise ConfigError(_("There are too many backups of {path}.").format(path=path), remedy=_("Remove old ones."))


def replace_file(path: Path, text: str) -> None:
    """Put `text` in the place of `path` in one step, readable by its owner only; the owner stays who it was."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            _keep_owner(path, file.fileno())
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _keep_owner(path: Path, descriptor: int) -> None:
    if os.geteuid() != 0 or not path.exists():
        return
    status = path.stat()
    os.fchown(descriptor, status.st_uid, status.st_gid)
