"""A desk through the daemon: the same board and the same actions, over a Unix socket."""

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ccops.board import TABLES, Board, Change, LinkRow
from ccops.desk.api import Listener, Outcome, Unsubscribe
from ccops.desk.daemon import codec
from ccops.errors import CcopsError, LinkError, LinkLost, PermissionRefused
from ccops.i18n import _

log = logging.getLogger(__name__)

_LONGEST_LINE = 64 * 1024 * 1024
_HELLO_WITHIN = 5.0
_AGAIN_AFTER = (0.5, 1.0, 2.0, 5.0)


class RemoteDesk:
    """One person's desk, served by the daemon."""

    def __init__(self, socket_path: Path, *, read_only: bool = False, clock: Callable[[], float] = time.time) -> None:
        """`read_only` refuses actions here already, whatever the daemon would allow."""
        self._path = socket_path
        self._wants_read_only = read_only
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

    async def open(self) -> None:
        """Connect and take the board; raises `LinkError` or `PermissionRefused`."""
        reader = await self._connect()
        self._task = asyncio.create_task(self._live(reader), name="ccops daemon client")

    async def _connect(self) -> asyncio.StreamReader:
        try:
            reader, self._writer = await asyncio.open_unix_connection(str(self._path), limit=_LONGEST_LINE)
        except PermissionError:
            raise PermissionRefused(
                _("You may not use the daemon's socket {path}.").format(path=self._path),
                remedy=_("Ask to be put into its group, then log in again."),
            ) from None
        except OSError as error:
            why = error.strerror or str(error)
            raise LinkError(_("No daemon answers at {path}: {why}.").format(path=self._path, why=why)) from error
        try:
            await asyncio.wait_for(self._greet(reader), _HELLO_WITHIN)
        except TimeoutError:
            raise LinkError(_("The daemon at {path} does not greet.").format(path=self._path)) from None
        return reader

    async def _greet(self, reader: asyncio.StreamReader) -> None:
        message = await self._read(reader)
        if "error" in message:
            raise codec.read_error(message["error"])
        self.hello = message.get("hello", {})
        if self.hello.get("protocol") != codec.PROTOCOL:
            raise LinkError(
                _("The daemon at {path} is of another version ({version}).").format(
                    path=self._path, version=self.hello.get("version", "?")
                ),
                remedy=_("Restart it after an upgrade."),
            )
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
                while True:
                    self._take(await self._read(reader))
            except (LinkError, OSError, ValueError) as error:
                self._down(str(error))
            reader = await self._again()

    async def _again(self) -> asyncio.StreamReader:
        for pause in itertools.chain(_AGAIN_AFTER, itertools.repeat(_AGAIN_AFTER[-1])):
            await asyncio.sleep(pause)
            try:
                return await self._connect()
            except CcopsError as error:
                log.info("daemon: %s", error)
        raise AssertionError("the loop above never ends")

    def _down(self, why: str) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(LinkLost(_("The daemon went away before it answered.")))
        self._waiting.clear()
        if not self._closed:
            now = self._clock()
            self._show([Change(now, "link", "link", replace(self.board.link, state="down", since=now, detail=why))])

    def _take(self, message: dict[str, Any]) -> None:
        if "changes" in message:
            self._show([codec.read_change(item) for item in message["changes"]])
        elif "board" in message:
            self._replace(codec.read_board(message["board"]))
        elif "id" in message:
            future = self._waiting.pop(message["id"], None)
            if future is not None and not future.done():
                future.set_result(message)

    def _replace(self, board: Board) -> None:
        """Take a whole board in as changes, so that listeners need no second way."""
        now = self._clock()
        changes = [Change(now, "link", "link", board.link)]
        for topic, name in TABLES.items():
            old, new = getattr(self.board, name), getattr(board, name)
            changes += [Change(now, topic, key, None) for key in old if key not in new]  # type: ignore[arg-type]
            changes += [Change(now, topic, key, row) for key, row in new.items() if old.get(key) != row]  # type: ignore[arg-type]
        self._show(changes)

    def _show(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self.board.apply(change)
        for listener in tuple(self._listeners):
            listener(changes)

    def subscribe(self, listener: Listener) -> Unsubscribe:
        """Call `listener` with every batch of changes until unsubscribed."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def offers(self, topic: str) -> Sequence[str]:
        """Names of the actions that the daemon lets this person do on rows of the topic."""
        return () if self.read_only else tuple(self.hello.get("offers", {}).get(topic, ()))

    async def do(
        self, action: str, target: str = "", *, reason: str = "", dry_run: bool = False, **arguments: Any
    ) -> Outcome:
        """Have the daemon do it; raises what it raises there."""
        if self._wants_read_only:
            raise PermissionRefused(_("This is a read-only session."), remedy=_("Start without --read-only."))
        if self._writer is None or self._writer.is_closing():
            raise LinkError(_("The daemon is not connected."))
        number = next(self._ids)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        request = {"id": number, "do": action, "target": target, "arguments": arguments}
        self._writer.write(codec.line({**request, "reason": reason, "dry_run": dry_run}))
        answer = await future
        if "error" in answer:
            raise codec.read_error(answer["error"])
        return codec.read_outcome(answer["outcome"])

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
