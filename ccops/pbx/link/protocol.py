"""One connection's bytes: panoramisk's AMIProtocol with its reading, sending and ending replaced.

What the replacements cure, against panoramisk 1.4: characters split over two reads, unlimited buffering, the lost
last empty header, no look at the greeting, header injection, replayed actions, lists that hang for ever, and a
handler's exception ending the connection.
"""

import asyncio
import itertools
import logging
import os
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Final, Protocol

from panoramisk.ami_protocol import AMIProtocol

from ccops.errors import LinkError, NotAsterisk, UsageProblem
from ccops.i18n import _
from ccops.pbx.link.ledger import Ledger
from ccops.pbx.link.requests import Request, Wants
from ccops.pbx.link.status import Event
from ccops.pbx.link.wire import Framer, Reader, read_odd, unmix, write_action
from ccops.pbx.text import clean

log = logging.getLogger("ccops.pbx.link")

GREETING: Final = b"Asterisk Call Manager"
_MAX_GREETING = 256
_MAX_FIRST_LINES = 1_024
_NEWS = frozenset({"FullyBooted", "Shutdown"})
"""Events that tell about the PBX itself: delivered whatever is wanted."""

_WANTED, _SKIPPED, _UNUSUAL = 1, 2, 3

Action = Mapping[str, str | Sequence[str]]


class Factory(Protocol):
    """What a connection tells its manager (panoramisk's name for it)."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""


class LinkProtocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """Reads and writes one AMI connection."""

    transport: asyncio.Transport
    closed: bool

    def __init__(self, manager: Factory, ledger: Ledger, address: str, wanted: Container[str] | None) -> None:
        """`address` is for messages; events whose name is not in `wanted` (None: all) are skipped unread."""
        self._manager, self._ledger, self._address, self._wanted = manager, ledger, address, wanted
        self._loop = asyncio.get_running_loop()
        self._framer, self._reader = Framer(), Reader()
        self._overlong = 0
        self._first_lines: dict[bytes, int] = {}
        self._ids = map(f"{os.urandom(6).hex()}-{{}}".format, itertools.count(1))
        self._alive_id = next(self._ids)
        self._given_up: set[str] = set()
        self._watching = 0
        self._start = bytearray()
        self.responses: dict[str, Request] = {}
        self.version: str | None = None
        self.greeting: asyncio.Future[str] = self._loop.create_future()
        self.booted: asyncio.Future[None] = self._loop.create_future()
        self.accepted = False
        """Logged in: what arrives before is nobody's event."""
        self.stale = False
        self.heard = self._loop.time()
        self.why = ""
        """Why the connection ended."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connected socket."""
        super().connection_made(transport)
        self.responses = {}
        self.factory, self.log = self._manager, log
        self.heard = self._loop.time()

    # -- reading -------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take what has arrived; nothing in it can end the connection."""
        self.heard = self._loop.time()
        at = self._ledger.heard_at = self._ledger.clock()
        if self.stale:
            self.stale = False
            self._ledger.fresh()
        if self.version is None:
            data = self._greet(data)
        if data:
            self._take(self._framer.feed(data), at)
            self._tell_overlong()

    def _greet(self, data: bytes) -> bytes:
        """Check the first line; return what follows it."""
        self._start += data
        line, end, rest = bytes(self._start).partition(b"\n")
        if not GREETING.startswith(line[: len(GREETING)]) or len(line) > _MAX_GREETING:
            text = _("What answers at {address} is no Asterisk manager: it says “{line}”.")
            said = clean(line[:60].decode("utf-8", "replace"))
            self._refuse(NotAsterisk(text.format(address=self._address, line=said), remedy=_("Check host and port.")))
            return b""
        if not end:
            return b""
        banner = clean(line.decode("utf-8", "replace"))
        self.version = banner.partition("/")[2]
        if not self.greeting.done():
            self.greeting.set_result(banner)
        return rest

    def _refuse(self, error: NotAsterisk) -> None:
        if not self.greeting.done():
            self.greeting.set_exception(error)
        self.transport.abort()

    def _take(self, messages: list[bytes], at: float) -> None:
        kinds, read, ledger = self._first_lines, self._reader.read, self._ledger
        for message in messages:
            end = message.find(b"\r\n")
            line = message[:end] if end >= 0 else message
            kind = kinds.get(line) or self._judge(line)
            if kind == _UNUSUAL:
                self._take_unusual(message, at)
                continue
            # An unwanted event may still be the row of a list or the outcome that somebody waits for.
            if kind == _SKIPPED and not (self._watching and b"ActionID" in message):
                continue
            event = read(message)
            if event is None or ("ActionID" in event and self._claimed(event)):
                continue
            if kind == _WANTED and self.accepted:
                try:
                    ledger.deliver(event, at)
                except Exception as error:  # noqa: BLE001  # whatever a handler does, the next event is handled
                    ledger.fault(event, error)

    def _judge(self, line: bytes) -> int:
        """Say what to do with messages that begin with `line`, and remember it."""
        name = line[7:].decode("ascii", "replace")
        if not line.startswith(b"Event: ") or not name.isprintable() or not name.isascii() or name in _NEWS:
            return _UNUSUAL
        kind = _WANTED if self._wanted is None or name in self._wanted else _SKIPPED
        if len(self._first_lines) < _MAX_FIRST_LINES:
            self._first_lines[line] = kind
        return kind

    def _take_unusual(self, message: bytes, at: float) -> None:
        """Responses, news of the PBX, LF line ends, rubbish."""
        for part in unmix(message):
            event = read_odd(part)
            if event is None:
                if part.strip():
                    self._ledger.garble()
            elif next(iter(event)) == "Response":
                self._take_response(event)
            else:
                self._take_event(event, at)

    def _take_response(self, message: Event) -> None:
        request = self.responses.get(message.get("ActionID", ""))
        if request is not None:
            request.take_response(message)

    def _take_event(self, event: Event, at: float) -> None:
        name = event["Event"]
        if self._claimed(event) or not self.accepted:
            return
        if name in _NEWS:
            if name == "FullyBooted" and not self.booted.done():
                self.booted.set_result(None)
            self._ledger.news(event)
        elif self._wanted is not None and name not in self._wanted:
            return
        try:
            self._ledger.deliver(event, at)
        except Exception as error:  # noqa: BLE001  # whatever a handler does, the next event is handled
            self._ledger.fault(event, error)

    def _claimed(self, event: Event) -> bool:
        """Whether `event` is a row of a list that somebody waits for or has given up."""
        action_id = event.get("ActionID")
        if action_id is None:
            return False
        request = self.responses.get(action_id)
        if request is not None:
            return request.take_event(event)
        if action_id in self._given_up:
            if "EventList" in event:
                self._given_up.discard(action_id)
            return True
        return False

    def _tell_overlong(self) -> None:
        if self._framer.overlong != self._overlong:
            self._overlong = self._framer.overlong
            self._ledger.garble()
            log.warning("%s sends no message end; skipping to the next empty line", self._address)

    # -- sending -------------------------------------------------------------------------------------------------

    def send(self, action: Action, wants: Wants = "reply", on_ok: Callable[[], None] | None = None) -> Request:
        """Send `action` once and return the request that waits for the answer; `on_ok` runs before what follows it.

        An ActionID in `action` is kept where no other request has it. Raises UsageProblem for headers that must not
        go out, LinkError where the connection has ended.
        """
        if self.closed or self.transport.is_closing():
            raise LinkError(_("There is no link to {address}.").format(address=self._address))
        given = next((str(value) for name, value in action.items() if name.lower() == "actionid"), "")
        action_id = given or next(self._ids)
        if action_id in self.responses:
            raise UsageProblem(_("ActionID {id} is waiting for its answer already.").format(id=clean(action_id)))
        data = write_action({name: value for name, value in action.items() if name.lower() != "actionid"}, action_id)
        request = Request(str(action.get("Action", "")), action_id, wants, on_ok)
        self.responses[action_id] = request
        self._watching += wants != "reply"
        self.transport.write(data)
        return request

    def forget(self, request: Request) -> None:
        """Nobody waits for `request` any more; rows of its list that still come are dropped."""
        self.responses.pop(request.action_id, None)
        if request.wants != "reply":
            self._watching -= 1
        if request.wants == "list" and not request.done.done():
            self._given_up.add(request.action_id)

    def ask(self) -> None:
        """Ask for a sign of life; any byte will do as the answer."""
        if not self.transport.is_closing():
            self.transport.write(write_action({"Action": "Ping"}, self._alive_id))

    # -- ending --------------------------------------------------------------------------------------------------

    def connection_lost(self, exc: Exception | None) -> None:
        """End what waits; nothing is kept to be sent again."""
        self.closed = True
        if not self.greeting.done():
            text = _("{address} closed the connection without the greeting of an Asterisk manager.")
            remedy = _("Check host and port, TLS, and authlimit in manager.conf.")
            self.greeting.set_exception(NotAsterisk(text.format(address=self._address), remedy=remedy))
        if not self.greeting.cancelled():
            self.greeting.exception()  # looked at: whoever waited for it may be gone
        self.why = self.why or (clean(str(exc)) if exc else _("closed by the PBX"))
        waiting, self.responses = list(self.responses.values()), {}
        for request in waiting:
            request.lose(self.why)
        self._manager.connection_lost(exc)

    def close(self, why: str = "", *, now: bool = False) -> None:
        """End the connection because of `why`; `now` without waiting for a peer that may be dead."""
        self.why = self.why or why
        if now:
            self.transport.abort()
        else:
            self.transport.close()
