"""One client of the daemon: reads its requests, writes its changes, and never lets it hold up the others."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ccops.desk.daemon import codec
from ccops.desk.daemon.planning import Pieces, PlanningService
from ccops.desk.local import LocalDesk
from ccops.desk.roles import Person, Rights
from ccops.desk.table import harmless
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
        planning: PlanningService | None = None,
    ) -> None:
        """`rights` decide what is seen and done."""
        self.person = person
        self.rights = rights
        self.board: Callable[[], bytes] = lambda: codec.snapshot(rights.filtered(desk.board))
        """The line of the whole board as this person sees it."""
        self.settle: Callable[[], None] = lambda: None
        """Sends the changes that wait for their batch: an outcome must not come before what it is about."""
        self._reader = reader
        self._writer = writer
        self._desk = desk
        self._planning = planning
        self._pieces = Pieces()
        self._limit = BEHIND
        self._caught_up = asyncio.Event()
        self._caught_up.set()
        self._owed: list[bytes] = []
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._catching: asyncio.Task[None] | None = None
        self._garbage = 0

    # --- writing ---

    def tell(self, data: bytes) -> None:
        """Write a line unless the client does not read; then it will get a whole board later."""
        if self._writer.is_closing() or not self._caught_up.is_set():
            return
        self._writer.write(data)
        if self._writer.transport.get_write_buffer_size() > self._limit:
            self._fall_behind()

    def answer(self, data: bytes) -> None:
        """Write a line that must not get lost; while the client does not read, its requests are not read either."""
        if self._caught_up.is_set():
            self.tell(data)
        else:
            self._owed.append(data)

    def _fall_behind(self) -> None:
        self._caught_up.clear()
        self._catching = asyncio.create_task(self._catch_up(), name="ccops client catches up")

    async def _catch_up(self) -> None:
        """Wait until the client reads again, then send a whole board; drop it where it does not."""
        try:
            await asyncio.wait_for(self._writer.drain(), GIVE_UP_AFTER)
        except (TimeoutError, OSError):
            log.warning("client %s (%s) does not read and is dropped", self.person.name, self.person.origin)
            self._writer.transport.abort()
            self._caught_up.set()  # nobody waits for a client that is gone
            return
        self._caught_up.set()
        owed, self._owed = self._owed, []
        for line in owed:
            self.answer(line)
        self.resync()

    def resync(self) -> None:
        """Send the whole board as this person may see it."""
        line = self.board()
        # A board that is larger than the limit must not look like a client that does not read.
        self._limit = max(BEHIND, 2 * len(line))
        self._writer.transport.set_write_buffer_limits(high=self._limit, low=self._limit // 4)
        self.tell(line)

    # --- reading ---

    async def serve(self) -> None:
        """Read requests until the client leaves or talks garbage; what it asked for is finished."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while not self._writer.is_closing():
                started = loop.time()
                for _n in range(PER_SECOND):
                    if not await self._next():
                        await self.finish()
                        return
                await asyncio.sleep(max(0.0, started + 1.0 - loop.time()))

    async def _next(self) -> bool:
        """Read one request and begin to do it; False where there is none any more."""
        await self._caught_up.wait()
        try:
            data = await self._reader.readline()
        except ValueError:
            most = codec.LONGEST_REQUEST
            self._fail(None, UsageProblem(_("A request is longer than {most} bytes.").format(most=most)))
            return False
        if not data.endswith(b"\n"):
            return False
        try:
            request = codec.read_line(data)
        except LinkError as error:
            self._garbage += 1
            self._fail(None, error)
            return self._garbage < MOST_GARBAGE
        await self._places.acquire()
        task = asyncio.create_task(self._do(request))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return True

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._places.release()

    async def _do(self, request: dict[str, Any]) -> None:
        number = request.get("id")
        number = number if isinstance(number, int | str) else None
        try:
            answer = await (self._act(request) if "do" in request or not _is_of_plans(request) else self._plan(request))
        except CcopsError as error:
            self.settle()
            self._fail(number, error)
        except Exception as error:  # a fault of ours must not leave the client waiting
            log.exception("%s asked for %r", self.person.name, request.get("do", request.get("plan")))
            said = _("This is a fault in the daemon: {kind}. Its log says more.").format(kind=type(error).__name__)
            self._fail(number, CcopsError(said))
        else:
            self.settle()
            if answer is not None:
                self.answer(codec.line({"id": number, **answer}))

    async def _act(self, request: dict[str, Any]) -> dict[str, Any]:
        person, name, target, arguments, reason = _checked(self.person, request)
        dry_run = request.get("dry_run") is True
        outcome = await self._desk.do_as(person, self.rights, name, target, arguments, reason=reason, dry_run=dry_run)
        return {"outcome": codec.outcome_json(outcome)}

    async def _plan(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Answer a request about plans; a piece of a long one is kept, and not answered."""
        number = request.get("id")
        if self._planning is None:
            raise UsageProblem(_("Nobody plans here."))
        if "piece" in request:
            self._pieces.add(number, request["piece"])
            return None
        arguments = self._pieces.take(number) if request.get("pieces") is True else request.get("arguments", {})
        return {"answer": await self._planning.answer(self.person, self.rights, request["plan"], arguments)}

    def _fail(self, number: Any, error: CcopsError) -> None:
        self.answer(codec.line({"id": number, "error": codec.error_json(error)}))

    # --- leaving ---

    async def finish(self, within: float | None = None) -> None:
        """Wait until what was asked for is done, so that the audit tells how it went; cancel it after `within` s."""
        if not self._tasks:
            return
        _finished, late = await asyncio.wait(self._tasks, timeout=within)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def hang_up(self) -> None:
        """Close the connection after what is written."""
        if self._catching is not None and not self._catching.done():
            self._catching.cancel()
            self._writer.transport.abort()
        elif not self._writer.is_closing():
            self._writer.close()


def _is_of_plans(request: dict[str, Any]) -> bool:
    return "plan" in request or "piece" in request


def _checked(person: Person, request: dict[str, Any]) -> tuple[Person, str, str, dict[str, Any], str]:
    texts = [request.get("do"), request.get("target", ""), request.get("reason", ""), request.get("phone", "")]
    arguments = request.get("arguments", {})
    if not all(isinstance(text, str) for text in texts) or not isinstance(arguments, dict):
        raise UsageProblem(_("A request must have `do`, `target`, `arguments` and `reason`."))
    if not all(isinstance(value, str | int | float | bool | None) for value in arguments.values()):
        raise UsageProblem(_("Arguments must be texts, numbers or yes/no."))
    name, target, reason, phone = map(str, texts)
    return replace(person, phone=harmless("phone", phone)), name, target, arguments, reason
