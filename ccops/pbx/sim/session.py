"""One manager session: login, event mask, filters, and what it may do."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ccops.pbx.sim.bus import ALL, SYSTEM, mask_of
from ccops.pbx.sim.wire import FALSE_WORDS, TRUE_WORDS, Message, Reader, block

if TYPE_CHECKING:
    from ccops.pbx.sim.actions import Actions
    from ccops.pbx.sim.core import Pbx

MOST_UNREAD_BYTES = 16 << 20
"""A client that leaves more than this unread is dropped, as a full write would drop it on Asterisk."""


@dataclass(slots=True)
class User:
    """A user of manager.conf."""

    name: str
    secret: str
    read: int = ALL
    write: int = ALL


@dataclass(slots=True)
class Filters:
    """Regular expressions over the text of events: what must match, and what must not."""

    only: list[re.Pattern[str]] = field(default_factory=list)
    without: list[re.Pattern[str]] = field(default_factory=list)

    def add(self, text: str) -> bool:
        """Add one; a leading ! makes it one that must not match. False where it cannot be understood."""
        try:
            if text.startswith("!"):
                self.without.append(re.compile(text[1:]))
            else:
                self.only.append(re.compile(text))
        except re.error:
            return False
        return True

    def lets_through(self, text: str) -> bool:
        """Whether an event passes."""
        if any(pattern.search(text) for pattern in self.without):
            return False
        return not self.only or any(pattern.search(text) for pattern in self.only)


class Session(asyncio.Protocol):
    """The server's side of one connection."""

    def __init__(
        self, pbx: Pbx, users: dict[str, User], actions: Actions, challenge: Callable[[], str],
        catch_up: Callable[[], object], closed: Callable[[Session], None],
    ) -> None:  # fmt: skip
        """`catch_up` brings virtual time to the present before an action is carried out."""
        self._pbx = pbx
        self._users = users
        self._actions = actions
        self._new_challenge = challenge
        self._catch_up = catch_up
        self._closed = closed
        self._reader = Reader()
        self._challenge = ""
        self._send_mask = 0
        self.mask = 0
        """Classes of events that go out: asked for and allowed to be read."""
        self.user: User | None = None
        self.filters = Filters()
        self.transport: asyncio.Transport | None = None
        self.frozen = False
        self._held: list[bytes] = []

    # -- the line -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport = transport  # type: ignore[assignment]
        self.write(f"{self._pbx.version.banner}\r\n")

    def data_received(self, data: bytes) -> None:
        """Carry out what has come in whole."""
        if self.frozen:
            self._held.append(data)
            return
        for message in self._reader.feed(data):
            self._catch_up()
            self._take(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._pbx.bus.drop(self)
        self.transport = None
        self._closed(self)

    def write(self, text: str) -> None:
        """Send text; a client that does not read is dropped."""
        self.write_bytes(text.encode("utf-8", "surrogateescape"))

    def write_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        if self.transport is None or self.transport.is_closing():
            return
        if self.frozen:
            self._late.append(data)
            return
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.drop()

    def drop(self) -> None:
        """Cut the connection at once."""
        if self.transport is not None:
            self.transport.abort()

    def freeze(self) -> None:
        """Neither hear nor say anything: the process behind the port hangs."""
        self.frozen = True
        self._late: list[bytes] = []

    def thaw(self) -> None:
        """Go on where it hung."""
        self.frozen = False
        late, held = self._late, self._held
        self._late, self._held = [], []
        for data in late:
            self.write_bytes(data)
        for data in held:
            self.data_received(data)

    # -- events -------------------------------------------------------------------------------------------------

    def hear(self, text: str) -> None:
        """Pass an event on to the client."""
        if (self.filters.only or self.filters.without) and not self.filters.lets_through(text):
            return
        self.write(text)

    def set_events(self, words: str) -> bool | None:
        """Set the mask by on, off or a list of classes; true for on, false for off, None where it is nonsense."""
        word = words.strip().lower()
        if word in TRUE_WORDS or word == "all":
            self._send_mask = ALL
        elif word in FALSE_WORDS or word in ("", "none"):
            if not word:
                return None
            self._send_mask = 0
        else:
            self._send_mask = mask_of(word)
        self.mask = self._send_mask & self.user.read if self.user else 0
        self._pbx.bus.masks_changed()
        return bool(self._send_mask)

    # -- actions ------------------------------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        action = message.get("Action")
        action_id = message.get("ActionID")
        if message.complaint:
            self.error(message.complaint, action_id)
        elif not action:
            self.error("Missing action in request", action_id)
        elif action.casefold() == "login":
            self._login(message)
        elif action.casefold() == "challenge":
            self._give_challenge(message)
        elif action.casefold() == "logoff":
            self._logoff(action_id)
        elif self.user is None:
            self.error("Permission denied", action_id)
        else:
            self._actions.run(self, message)

    def error(self, text: str, action_id: str) -> None:
        """Refuse."""
        self.write(block(("Response", "Error"), ("Message", text), action_id=action_id))

    def success(self, text: str, action_id: str) -> None:
        """Say that it was done."""
        self.write(block(("Response", "Success"), ("Message", text), action_id=action_id))

    def _give_challenge(self, message: Message) -> None:
        if message.get("AuthType").casefold() != "md5":
            self.error("Must specify AuthType", message.get("ActionID"))
            return
        self._challenge = self._new_challenge()
        self.write(block(("Response", "Success"), ("Challenge", self._challenge), action_id=message.get("ActionID")))

    def _login(self, message: Message) -> None:
        action_id = message.get("ActionID")
        if self.user is not None:
            self.success("Already authenticated", action_id)
            return
        user = self._users.get(message.get("Username"))
        if user is None or not self._proves(message, user):
            self.error("Authentication failed", action_id)
            if self.transport is not None:
                self.transport.close()
            return
        self.user = user
        self._pbx.bus.add(self)
        self.set_events(message.get("Events", "on"))
        self.success("Authentication accepted", action_id)
        if self.mask & SYSTEM:
            self.write(block(*self._fully_booted()))

    def _proves(self, message: Message, user: User) -> bool:
        if message.get("AuthType").casefold() == "md5":
            if not self._challenge:
                return False
            answer = hashlib.md5((self._challenge + user.secret).encode(), usedforsecurity=False).hexdigest()
            return message.get("Key").casefold() == answer
        return message.get("Secret") == user.secret

    def _fully_booted(self) -> tuple[tuple[str, object], ...]:
        uptime = (self._pbx.clock.now_us - self._pbx.started_us) // 1_000_000
        return (
            ("Event", "FullyBooted"), ("Privilege", "system,all"), ("Uptime", uptime), ("LastReload", uptime),
            ("Status", "Fully Booted"),
        )  # fmt: skip

    def _logoff(self, action_id: str) -> None:
        self.write(block(("Response", "Goodbye"), ("Message", "Thanks for all the fish."), action_id=action_id))
        if self.transport is not None:
            self.transport.close()
