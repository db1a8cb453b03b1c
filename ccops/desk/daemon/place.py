"""The daemon's place in the file system: its socket, the lock that makes it the only one there, mode and group."""

import fcntl
import grp
import os
import socket
import stat
from pathlib import Path
from typing import Final

from ccops.errors import ConfigError, LinkError
from ccops.i18n import _
from ccops.settings.model import Daemon

LONGEST_PATH: Final = 107
"""Bytes of a Unix socket's path that the kernel takes (sun_path less its end)."""


class Place:
    """The socket's path, held by one daemon."""

    def __init__(self, settings: Daemon) -> None:
        """Nothing is touched before `take`."""
        self._settings = settings
        self._path: Path = settings.socket
        self._lock: int | None = None
        self._made: tuple[int, int, int] | None = None

    def take(self) -> socket.socket:
        """Return the listening socket, with mode and group of the configuration.

        Raises `ConfigError` for a path, folder or group that will not do, `LinkError` where another daemon serves.
        """
        self._check_length()
        self._lock = self._locked()
        try:
            self._clear()
            return self._bind()
        except BaseException:
            self.leave()
            raise

    def _check_length(self) -> None:
        length = len(os.fsencode(self._path))
        if length > LONGEST_PATH:
            raise ConfigError(
                _("[daemon] socket: {path} is {length} bytes long; a Unix socket's path has at most {most}.").format(
                    path=self._path, length=length, most=LONGEST_PATH
                ),
                remedy=_("Choose a shorter path."),
            )

    def _locked(self) -> int:
        """Take the lock beside the socket; the kernel gives it back however the daemon ends."""
        lock = self._path.with_name(self._path.name + ".lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise LinkError(
                _("Another daemon serves {path} already.").format(path=self._path),
                remedy=_("Stop it first: systemctl stop ccops."),
            ) from None
        return descriptor

    def _unusable(self, error: OSError) -> ConfigError:
        folder = self._path.parent
        why = error.strerror or str(error)
        remedy = _("Under systemd RuntimeDirectory= makes the folder; else set [daemon] socket to one of your own.")
        if isinstance(error, FileNotFoundError):
            text = _("[daemon] socket: the folder {folder} does not exist.").format(folder=folder)
        else:
            text = _("[daemon] socket: {path} cannot be made: {why}.").format(path=self._path, why=why)
        return ConfigError(text, remedy=remedy)

    def _clear(self) -> None:
        """Remove the socket of a daemon that is dead; refuse to remove anything else."""
        try:
            mode = self._path.lstat().st_mode
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unusable(error) from error
        if not stat.S_ISSOCK(mode):
            raise ConfigError(
                _("[daemon] socket: {path} is in the way and is no socket.").format(path=self._path),
                remedy=_("Remove it, or choose another path."),
            )
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def _bind(self) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Nobody may connect between bind and chmod.
        old = os.umask(0o177)
        try:
            listening.bind(str(self._path))
        except OSError as error:
            listening.close()
            raise self._unusable(error) from error
        finally:
            os.umask(old)
        self._made = _identity(self._path)
        try:
            self._give()
        except BaseException:
            listening.close()
            raise
        return listening

    def _give(self) -> None:
        group = self._settings.socket_group
        if group:
            try:
                os.chown(self._path, -1, grp.getgrnam(group).gr_gid)
            except KeyError:
                raise ConfigError(
                    _("[daemon] socket_group: there is no group “{group}”.").format(group=group),
                    remedy=_("Create it: groupadd {group}.").format(group=group),
                ) from None
            except PermissionError as error:
                raise ConfigError(
                    _("[daemon] socket_group: this user may not give the socket to {group}.").format(group=group),
                    remedy=_("Make the daemon's user a member of it: usermod -a -G {group} USER.").format(group=group),
                ) from error
        self._path.chmod(self._settings.socket_mode)

    def leave(self) -> None:
        """Remove the socket, if it is still the one that was made here, and give the lock back."""
        if self._made is not None:
            try:
                if _identity(self._path) == self._made:
                    self._path.unlink()
            except OSError:
                pass  # somebody was faster, or the disk fails; the next daemon takes a dead one's place anyway
            self._made = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _identity(path: Path) -> tuple[int, int, int]:
    """Return what tells a file from another one that has taken its path, and maybe its inode number."""
    status = path.lstat()
    return status.st_dev, status.st_ino, status.st_mtime_ns
