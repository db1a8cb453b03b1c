"""One client of the daemon: reads its requests, writes its changes, and never lets it hold up the others."""

import asyncio
import logging
from typing import Any

from ccops.desk.daemon import codec
from ccops.desk.local import LocalDesk
from ccops.desk.roles import Person, Rights
from ccops.errors import CcopsError, LinkError, UsageProblem
from ccops.i18n import _

log = logging.getLogger(__name__)

BEHIND = 1024 * 1024
"""Bytes unsent after which a client gets no more changes but, once it reads again, one whole board."""

GIVE_UP_AFTER = 15.0
"""Seconds without reading anything after which a client that is behind is dropped."""

AT_ONCE = 8
"""Requests of one client under way; further ones wait unread."""

PER_SECOND = 100
"""Requests of one client a second; a flood is slowed, others are not."""

MOST_GARBAGE = 3


class Session:
    """One connected client."""

    def __init__(
        self,
        person: Person,
        rights: Rights,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        desk: LocalDesk,
    ) -> None:
        """`rights` decide what is seen and done."""
        self.person = person
        self.rights = rights
        self._reader = reader
        self._writer = writer
        self._desk = desk
        self._behind_since: float | None = None
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._garbage = 0
        writer.transport.set_write_buffer_limits(high=BEHIND, low=BEHIND // 4)

    @property
    def eyes(self) -> tuple[str, ...]:
        """Sessions with equal eyes see the same and share one encoding."""
        return ("*",) if self.rights.everything else tuple(sorted(self.rights.roles))

    def tell(self, data: bytes) -> None:
        """Write a line unless the client does not read; then it will get a whole board later."""
        if self._writer.is_closing():
            return
        if self._behind_since is None:
            self._writer.write(data)
            if self._unsent() > BEHIND:
                self._fall_behind()

    def _unsent(self) -> int:
        return int(self._writer.transport.get_write_buffer_size())

    def _fall_behind(self) -> None:
        self._behind_since = asyncio.get_running_loop().time()
        task = asyncio.create_task(self._catch_up())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _catch_up(self) -> None:
        """Wait until the client reads again, then send a whole board; drop it where it does not."""
        try:
            await asyncio.wait_for(self._writer.drain(), GIVE_UP_AFTER)
        except (TimeoutError, OSError):
            log.warning("client %s (%s) does not read and is dropped", self.person.name, self.person.origin)
            self._writer.transport.abort()
            return
        self._behind_since = None
        self.resync()

    def resync(self) -> None:
        """Send the whole board as this person may see it."""
        self.tell(codec.snapshot(self.rights.filtered(self._desk.board)))

    async def serve(self) -> None:
        """Read requests until the client leaves or talks garbage."""
        loop = asyncio.get_running_loop()
        try:
            while self._garbage < MOST_GARBAGE:
                started = loop.time()
                for _n in range(PER_SECOND):
                    if not await self._next():
                        return
                await asyncio.sleep(max(0.0, started + 1.0 - loop.time()))
        except (OSError, asyncio.CancelledError):
            return
        finally:
            await self.hang_up()

    async def _next(self) -> bool:
        try:
            data = await self._reader.readline()
        except ValueError:
            self._fail(
                None, UsageProblem(_("A request is longer than {most} bytes.").format(most=codec.LONGEST_REQUEST))
            )
            return False
        if not data:
            return False
        try:
            request = codec.read_line(data)
        except LinkError as error:
            self._garbage += 1
            self._fail(None, error)
            return self._garbage < MOST_GARBAGE
        await self._places.acquire()
        task = asyncio.create_task(self._answer(request))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return True

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._places.release()

    async def _answer(self, request: dict[str, Any]) -> None:
        number = request.get("id")
        try:
            name, target, arguments, reason = _checked(request)
            outcome = await self._desk.do_as(
                self.person, self.rights, name, target, arguments, reason=reason, dry_run=request.get("dry_run") is True
            )
        except CcopsError as error:
            self._fail(number, error)
        else:
            self.tell(codec.line({"id": number, "outcome": codec.outcome_json(outcome)}))

    def _fail(self, number: Any, error: CcopsError) -> None:
        self.tell(codec.line({"id": number, "error": codec.error_json(error)}))

    async def hang_up(self) -> None:
        """Close the connection after what is written; requests under way are finished, so that the audit is."""
        if not self._writer.is_closing():
            self._writer.close()


def _checked(request: dict[str, Any]) -> tuple[str, str, dict[str, Any], str]:
    name, target = request.get("do"), request.get("target", "")
    arguments, reason = request.get("arguments", {}), request.get("reason", "")
    texts = isinstance(name, str) and isinstance(target, str) and isinstance(reason, str)
    if not texts or not isinstance(arguments, dict):
        raise UsageProblem(_("A request must have `do`, `target`, `arguments` and `reason`."))
    simple = all(isinstance(value, str | int | float | bool | None) for value in arguments.values())
    if not simple:
        raise UsageProblem(_("Arguments must be texts, numbers or yes/no."))
    return str(name), str(target), arguments, str(reason)
