"""The way to plans that lie in the daemon's store: its socket, one question at a time."""

import base64
import json
import os
import socket
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from sqlite3 import connect
from typing import Any, Final

from ccops.desk.daemon import codec
from ccops.desk.daemon.client import GREETED_WITHIN, SILENCE, NoDaemon
from ccops.desk.daemon.find import is_socket
from ccops.desk.planning.wire import plain, untagged
from ccops.errors import ActionTimeout, LinkError, LinkLost, PermissionRefused
from ccops.i18n import _
from ccops.settings import Settings
from ccops.store import Database
from ccops.store.planning import READS

PIECE: Final = 48 * 1024
"""Characters of a long request that go in one line."""
_FRESH: Final = 2.0
"""Seconds after which an idle connection is made anew: who does not read what happens would be dropped."""
_PATIENCE: Final = 300.0
"""Seconds in which the daemon must have answered; it gives signs of life meanwhile."""


def may_write(store: Path) -> bool:
    """Say whether this process may write the store, or make it where it does not exist yet."""
    folder = next(place for place in store.absolute().parents if os.path.lexists(place))
    mine = os.access(folder, os.W_OK | os.X_OK, effective_ids=True)
    return mine and (not os.path.lexists(store) or os.access(store, os.W_OK, effective_ids=True))


def away_of(settings: Settings) -> "Away | None":
    """Return the way through the daemon where the store is not ours to write and a daemon serves; else None.

    Raises `PermissionRefused` or `LinkError` where there is a daemon that does not let us in.
    """
    if may_write(settings.store.path) or not is_socket(settings.daemon.socket):
        return None
    away = Away(settings.daemon.socket)
    try:
        away.greet()
    except NoDaemon:
        return None
    return away


class Away:
    """One person's questions to the daemon about plans; may be used from any thread."""

    def __init__(self, path: Path) -> None:
        """`path` is that of the socket."""
        self._socket: socket.socket | None = None
        self._lines: Any = None
        self._path = path
        self._lock = threading.Lock()
        self._used = 0.0
        self._ids = count(1)

    # --- asking ---

    def ask(self, deed: str, arguments: Mapping[str, Any]) -> Any:
        """Have a deed done, and return what it returns; raises what it raises there."""
        return untagged(self._answer({"plan": deed}, plain(arguments)))

    def rows(self, read: str, parameters: Sequence[Any]) -> list[Any]:
        """Return the rows of one of `ccops.store.planning.READS`."""
        answer = self._answer({"plan": "read"}, {"what": read, "parameters": list(parameters)})
        if not isinstance(answer, list):
            raise LinkError(_("The daemon's answer cannot be read ({why}).").format(why="rows"))
        return [tuple(row) for row in answer]

    def greet(self) -> None:
        """Connect; raises `NoDaemon` where nothing listens, else why we are not let in."""
        with self._lock:
            self._connect()

    def _answer(self, message: dict[str, Any], arguments: Any) -> Any:
        with self._lock:
            if self._socket is None or time.monotonic() - self._used > _FRESH:
                self._connect()
            try:
                answer = self._exchange(message, arguments)
            except OSError as error:
                self.close()
                if isinstance(error, TimeoutError):
                    raise _no_answer(SILENCE) from None
                raise LinkLost(_("The daemon went away before it answered.")) from None
            except BaseException:
                self.close()
                raise
            self._used = time.monotonic()
        if "error" in answer:
            raise codec.read_error(answer["error"])
        return answer.get("answer")

    def _exchange(self, message: dict[str, Any], arguments: Any) -> dict[str, Any]:
        number, text = next(self._ids), json.dumps(arguments, separators=(",", ":"))
        if len(text) < PIECE:
            self._send({"id": number, **message, "arguments": arguments})
        else:
            packed = base64.b64encode(zlib.compress(text.encode())).decode()
            for start in range(0, len(packed), PIECE):
                self._send({"id": number, "piece": packed[start : start + PIECE]})
            self._send({"id": number, **message, "pieces": True})
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            answer = self._line()
            if answer.get("id") == number:
                return answer
            if "error" in answer:  # about the connection itself
                raise codec.read_error(answer["error"])
        raise _no_answer(_PATIENCE)

    # --- the connection ---

    def _connect(self) -> None:
        self.close()
        try:
            self._socket = self._reach()
            self._lines = self._socket.makefile("rb")
            self._hello(self._line())
            self._socket.settimeout(SILENCE)
        except PermissionError:
            raise PermissionRefused(
                _("You may not use the daemon's socket {path}.").format(path=self._path),
                remedy=_("Ask to be put into its group, then log in again."),
            ) from None
        except TimeoutError:
            raise LinkError(_("The daemon at {path} does not greet.").format(path=self._path)) from None
        except OSError as error:
            why = error.strerror or str(error)
            raise NoDaemon(_("No daemon answers at {path}: {why}.").format(path=self._path, why=why)) from error

    def _reach(self) -> socket.socket:
        reached = socket.socket(socket.AF_UNIX)
        reached.settimeout(GREETED_WITHIN)
        try:
            reached.connect(str(self._path))
        except BaseException:
            reached.close()
            raise
        return reached

    def _hello(self, message: dict[str, Any]) -> None:
        if "error" in message:
            raise codec.read_error(message["error"])
        hello = message.get("hello")
        if not isinstance(hello, dict) or hello.get("planning") != codec.PLANNING:
            version = hello.get("version", "?") if isinstance(hello, dict) else "?"
            raise LinkError(
                _("The daemon at {path} is of another version ({version}).").format(path=self._path, version=version),
                remedy=_("Restart it after an upgrade."),
            )

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._socket is None:
            raise LinkLost(_("The daemon has closed the connection."))
        self._socket.sendall(codec.line(message))

    def _line(self) -> dict[str, Any]:
        data = self._lines.readline()
        if not data.endswith(b"\n"):
            raise LinkLost(_("The daemon has closed the connection."))
        return codec.read_line(data)

    def __del__(self) -> None:
        # An office has no end of its own: a command ends, and with it the connection.
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._lines is not None:
            self._lines.close()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._lines = None


def _no_answer(seconds: float) -> ActionTimeout:
    return ActionTimeout(
        _("The daemon did not answer within {seconds:g} s; whether it was done is not known.").format(seconds=seconds),
        remedy=_("`ccops audit list` on the daemon's machine tells."),
    )


_NAMES: Final = {sql: name for name, sql in READS.items()}


class AwayStore(Database):
    """The plans of a store that is the daemon's: reads by name, nothing else."""

    def __init__(self, path: Path, away: Away) -> None:
        """`path` is for messages only."""
        super().__init__(path, connect(":memory:"))
        self._away = away

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Return the rows of one of planning's reads."""
        return self._away.rows(_NAMES[sql], list(parameters))
