"""Reads a configuration file: what may be read, its rights, and where its syntax goes wrong."""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ccops.errors import ConfigError
from ccops.i18n import _
from ccops.settings.problems import Source
from ccops.settings.secret import tight_enough

LARGEST: Final = 1 << 20
_PLACE: Final = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
_DESCRIPTORS: Final = (Path("/dev/fd"), Path("/proc/self/fd"))


def read_toml(path: Path) -> tuple[Source, Mapping[str, Any], str]:
    """Return the text of a TOML file, what it says, and what is wrong with its rights should it hold a secret.

    Raises ConfigError that names the file and, for its syntax, line and column.
    """
    data, loose = _read(path)
    text = _decoded(path, data)
    return Source(path, text), parse(path, text), loose


def _read(path: Path) -> tuple[bytes, str]:
    try:
        _refuse_odd(path, path.stat())
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
            loose = tight_enough(path, os.fstat(file.fileno()))
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(data) > LARGEST:
        raise ConfigError(_("{path}: this is too large for a configuration (over 1 MB).").format(path=path))
    return data, loose


def _unreadable(path: Path, error: OSError) -> ConfigError:
    if isinstance(error, FileNotFoundError):
        return ConfigError(
            _("There is no configuration file {path}.").format(path=path),
            remedy=_("Run `ccops init` to write one, or name another with --config."),
        )
    if isinstance(error, IsADirectoryError):
        return ConfigError(
            _("{path} is a folder, not a configuration file.").format(path=path),
            remedy=_("Name the file in it, e.g. {path}/config.toml.").format(path=path),
        )
    remedy = ""
    if isinstance(error, PermissionError):
        remedy = _("Its owner can let you read it, or name another file with --config.")
    why = os.strerror(error.errno) if error.errno else str(error)
    return ConfigError(_("{path} cannot be read: {why}.").format(path=path, why=why), remedy=remedy)


def _refuse_odd(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError
    substituted = stat.S_ISFIFO(status.st_mode) and path.parent in _DESCRIPTORS  # --config <(…)
    if not (stat.S_ISREG(status.st_mode) or substituted or os.path.samefile(path, os.devnull)):
        raise ConfigError(_("{path} is no file; a configuration is a file of text.").format(path=path))


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            _("{path}:{line}: this is no UTF-8 text.").format(path=path, line=line),
            remedy=_("Save the file as UTF-8."),
        ) from None


def parse(path: Path, text: str) -> Mapping[str, Any]:
    """Return what a TOML `text` says; raises ConfigError with the line and column of what is wrong."""
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(_("{path}: it is nested too deeply.").format(path=path)) from None
    except ValueError as error:  # TOMLDecodeError, and int() on more digits than Python converts
        raise _twice(path, text, str(error)) or ConfigError(
            _syntax(path, text, str(error)), remedy=_("Mend the line; the format is TOML.")
        ) from None


_TWICE: Final = re.compile(r"Cannot declare \((.+?),?\) twice \(at line (\d+)")


def _twice(path: Path, text: str, message: str) -> ConfigError | None:
    """Return the error about a table that stands there twice: what `ccops init` writes has every table already."""
    found = _TWICE.search(message)
    if found is None:
        return None
    name = ".".join(part.strip(" '\"") for part in found[1].split(","))
    header = re.compile(rf"\s*\[\s*{re.escape(name)}\s*\]")
    first = next((number for number, line in enumerate(text.splitlines(), 1) if header.match(line)), None)
    where = "" if first is None else _(", first in line {line}").format(line=first)
    return ConfigError(
        _("{path}:{line}: [{name}] stands there twice{where}.").format(
            path=path, line=found[2], name=name, where=where
        ),
        remedy=_("Put the keys under the first."),
    )


def _syntax(path: Path, text: str, message: str) -> str:
    found = _PLACE.search(message)
    if found is None:
        return f"{path}: {message}."
    if found.group(1):
        line, column = int(found.group(1)), int(found.group(2))
    else:
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    return f"{path}:{line}:{column}: {message[: found.start()]}."
