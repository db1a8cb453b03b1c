"""A secret that cannot be printed by accident, and the rules for files that hold one."""

import os
import stat
from pathlib import Path
from typing import Final, NoReturn

from ccops.errors import ConfigError
from ccops.i18n import _

MASK: Final = "********"
_LARGEST = 4096


class Secret:
    """A password: every way of printing it shows a mask; `reveal()` is the one way to the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        """`text` is the password itself; empty means that none is set."""
        self._text = text

    def reveal(self) -> str:
        """Return the password itself, for the wire only."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __repr__(self) -> str:
        return MASK if self._text else "''"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError(_("a secret is not copied into files or other processes"))


def masked(text: str, secrets: "list[Secret]") -> str:
    """Return `text` with every one of `secrets` replaced by a mask."""
    for secret in sorted((item.reveal() for item in secrets if item), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def loose_mode(status: os.stat_result) -> str:
    """Return who besides its owner may read a file of this status ("group", "others"), or an empty text."""
    mode = status.st_mode
    if mode & stat.S_IROTH:
        return _("everybody")
    return _("its group") if mode & stat.S_IRGRP else ""


def tight_enough(path: Path, status: os.stat_result) -> str:
    """Return what is wrong with the rights of a file that holds a secret, or an empty text.

    Files that systemd hands to a service (LoadCredential=) are let through: an access list guards them, which
    shows as a group that may read.
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and path.is_relative_to(credentials):
        return ""
    readers = loose_mode(status)
    if not readers:
        return ""
    return _("it holds a secret and {readers} can read it (mode {mode:04o})").format(
        readers=readers, mode=stat.S_IMODE(status.st_mode)
    )


def read_secret_file(path: Path, key: str = "ami.secret_file") -> Secret:
    """Return the secret in the first and only line of `path`, which the setting `key` names.

    Raises ConfigError where the file cannot be read, can be read by others, is empty or holds more than one line.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            wrong = tight_enough(path, status)
            if wrong:
                raise ConfigError(f"{path}: {wrong}.", remedy=_("Run: chmod 600 {path}").format(path=path))
            text = file.read(_LARGEST + 1).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(_("{path}: the secret is no UTF-8 text.").format(path=path)) from None
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise ConfigError(
            _("The file with the secret of {key}, {path}, cannot be read: {why}.").format(key=key, path=path, why=why),
            remedy=_("Give its path as {key} and make the user of ccops its owner.").format(key=key),
        ) from None
    return _one_line(path, text)


def _one_line(path: Path, text: str) -> Secret:
    line = text.removesuffix("\n").removesuffix("\r")
    if not line or len(text) > _LARGEST or any(ord(char) < 32 or ord(char) == 127 for char in line):
        raise ConfigError(
            _("{path}: a secret file holds one line of text, the secret.").format(path=path),
            remedy=_("Write the secret into it, and nothing else."),
        )
    return Secret(line)
