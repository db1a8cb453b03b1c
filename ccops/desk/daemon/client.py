"""A desk through the daemon: the same board and the same actions, over a Unix socket."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ccops.board import TABLES, Board, Change, LinkRow
from ccops.desk.api import Listener, Outcome, Unsubscribe
from ccops.desk.daemon import codec
from ccops.errors import ActionTimeout, CcopsError, LinkError, LinkLost, PermissionRefused
from ccops.i18n import _

log = logging.getLogger(__name__)

_LONGEST_LINE: Final = 64 * 1024 * 1024
_AGAIN_AFTER: Final = (0.1, 0.3, 1.0, 2.0, 5.0)

GREETED_WITHIN: Final = 5.0
"""Seconds within which a daemon that lives greets and shows its board."""

SILENCE: Final = 10.0
"""Seconds without a sign of life after which the daemon counts as hanging; it gives one every three."""

PATIENCE: Final = 90.0
"""Seconds within which a daemon that does not say otherwise must have answered a request."""


class NoDaemon(LinkError):
    """Nothing listens there."""


class RemoteDesk:
    """One person's desk, served by the daemon."""

    def __init__(
        self,
        socket_path: Path,
        *,
        read_only: bool = False,
        phone: str = "",
        silence: float = SILENCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`read_only` refuses actions here already, whatever the daemon would allow; `phone` is the person's own."""
        self._path = socket_path
        self._wants_read_only = read_only
        self._phone = phone
        self._silence = silence
        self._clock = clock
        self.board = Board(LinkRow("", str(socket_path), "connecting", clock()))
        self.hello: dict[str, Any] = {}
        self._listeners: list[Listener] = []
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._ids = itertools.count(1)
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def read_only(self) -> bool:
        """True where every action is refused."""
        return self._wants_read_only or bool(self.hello.get("read_only"))

    # --- the connection ---

    async def open(self) -> None:
        """Connect and take the board; raises `NoDaemon`, another `LinkError`, or `PermissionRefused`."""
        reader = await self._connect()
        self._task = asyncio.create_task(self._live(reader), name="ccops daemon client")

    async def _connect(self) -> asyncio.StreamReader:
        reader, writer = await self._reach()
        try:
            await asyncio.wait_for(self._greet(reader), GREETED_WITHIN)
        except BaseException as error:
            writer.transport.abort()
            if not isinstance(error, TimeoutError):
                raise
            raise LinkError(
                _("The daemon at {path} does not greet.").format(path=self._path),
                remedy=_("It hangs or is overloaded: see its log, or systemctl restart ccops."),
            ) from None
        self._writer = writer
        return reader

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.open_unix_connection(str(self._path), limit=_LONGEST_LINE)
        except PermissionError:
            raise PermissionRefused(
                _("You may not use the daemon's socket {path}.").format(path=self._path),
                remedy=_("Ask to be put into its group, then log in again."),
            ) from None
        except OSError as error:
            why = error.strerror or str(error)
            raise NoDaemon(_("No daemon answers at {path}: {why}.").format(path=self._path, why=why)) from error

    async def _greet(self, reader: asyncio.StreamReader) -> None:
        message = await self._read(reader)
        if "error" in message:
            raise codec.read_error(message["error"])
        hello = message.get("hello")
        if not isinstance(hello, dict) or hello.get("protocol") != codec.PROTOCOL:
            version = hello.get("version", "?") if isinstance(hello, dict) else "?"
            raise LinkError(
                _("The daemon at {path} is of another version ({version}).").format(path=self._path, version=version),
                remedy=_("Restart it after an upgrade."),
            )
        self.hello = hello
        self._take(await self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        data = await reader.readline()
        if not data.endswith(b"\n"):
            raise LinkLost(_("The daemon has closed the connection."))
        return codec.read_line(data)

    async def _live(self, reader: asyncio.StreamReader) -> None:
        """Take in what the daemon says; connect again for as long as the desk is open."""
        while not self._closed:
            try:
                await self._hear(reader)
            except (CcopsError, OSError, ValueError) as error:
                self._down(str(error))
            if self._writer is not None:
                self._writer.transport.abort()
            reader = await self._again()

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        """Take in message after message; raises once the daemon is gone or silent."""
        loop = asyncio.get_running_loop()
        # One moving deadline costs less than a time limit around each read.
        try:
            async with asyncio.timeout(self._silence) as limit:
                while True:
                    self._take(await self._read(reader))
                    limit.reschedule(loop.time() + self._silence)
        except TimeoutError:
            text = _("The daemon has given no sign of life for {seconds:g} s.").format(seconds=self._silence)
            raise LinkLost(text) from None

    async def _again(self) -> asyncio.StreamReader:
        for pause in itertools.chain(_AGAIN_AFTER, itertools.repeat(_AGAIN_AFTER[-1])):
            await asyncio.sleep(pause)
            try:
                return await self._connect()
            except (CcopsError, OSError, ValueError) as error:
                log.info("daemon: %s", error)
        raise AssertionError("the loop above never ends")

    def _down(self, why: str) -> None:
        """Show that the board is old, and what it was; nothing is blanked."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(LinkLost(_("The daemon went away before it answered.")))
        self._waiting.clear()
        if not self._closed:
            now = self._clock()
            self._show([Change(now, "link", "link", replace(self.board.link, state="down", since=now, detail=why))])

    # --- the board ---

    def _take(self, message: dict[str, Any]) -> None:
        if "changes" in message:
            self._show(codec.read_changes(message["changes"]))
        elif "board" in message:
            self._replace(codec.read_board(message["board"]))
        elif isinstance(message.get("id"), int):
            future = self._waiting.pop(message["id"], None)
            if future is not None and not future.done():
                future.set_result(message)

    def _replace(self, board: Board) -> None:
        """Take a whole board in as changes, so that listeners need no second way."""
        now = self._clock()
        self.board.watched = board.watched
        changes = [Change(now, "link", "link", board.link)]
        for topic, name in TABLES.items():
            old, new = getattr(self.board, name), getattr(board, name)
            changes += [Change(now, topic, key, None) for key in old if key not in new]  # type: ignore[arg-type]
            changes += [Change(now, topic, key, row) for key, row in new.items() if old.get(key) != row]  # type: ignore[arg-type]
        self._show(changes)

    def _show(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self.board.apply(change)
        loop = asyncio.get_running_loop()
        for listener in tuple(self._listeners):
            # A listener that fails is reported by the loop; it must not end the connection.
            loop.call_soon(self._notify, listener, changes)

    def _notify(self, listener: Listener, changes: Sequence[Change]) -> None:
        if listener in self._listeners:
            listener(changes)

    def subscribe(self, listener: Listener) -> Unsubscribe:
        """Call `listener` with every batch of changes until unsubscribed."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # --- actions ---

    def offers(self, topic: str) -> Sequence[str]:
        """Names of the actions that the daemon lets this person do on rows of the topic."""
        return () if self.read_only else tuple(self.hello.get("offers", {}).get(topic, ()))

    async def do(
        self, action: str, target: str = "", *, reason: str = "", dry_run: bool = False, **arguments: Any
    ) -> Outcome:
        """Have the daemon do it; raises what it raises there, and `ActionTimeout` where it does not answer."""
        if self._wants_read_only:
            raise PermissionRefused(_("This is a read-only session."), remedy=_("Start without --read-only."))
        request = {"do": action, "target": target, "arguments": arguments, "reason": reason, "dry_run": dry_run}
        answer = await self._ask({**request, "phone": self._phone})
        if "error" in answer:
            raise codec.read_error(answer["error"])
        return codec.read_outcome(answer.get("outcome"))

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._writer is None or self._writer.is_closing():
            raise LinkError(
                _("The daemon is not connected."), remedy=_("It is tried again; see systemctl status ccops.")
            )
        number = next(self._ids)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        patience = float(self.hello.get("patience", PATIENCE))
        try:
            self._writer.write(codec.line({"id": number, **request}))
            return await asyncio.wait_for(future, patience)
        except TimeoutError:
            raise ActionTimeout(
                _("The daemon did not answer within {seconds:g} s; whether it was done is not known.").format(
                    seconds=patience
                ),
                remedy=_("`ccops audit list` on the daemon's machine tells."),
            ) from None
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """Leave; what was started lives on."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
