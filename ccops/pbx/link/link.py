"""The link that everybody uses: opened once for a command, or kept for a console or daemon."""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Awaitable, Callable, Container

from ccops.errors import ActionRefused, CcopsError, LinkError, LoginRefused, PermissionRefused
from ccops.i18n import _
from ccops.pbx.link.ledger import Ledger
from ccops.pbx.link.manager import LinkManager, LoginInUse
from ccops.pbx.link.protocol import Action
from ccops.pbx.link.requests import Wants
from ccops.pbx.link.status import Event, LinkSettings, LinkStatus, Reply
from ccops.pbx.rights import WRITE_CLASSES

log = logging.getLogger("ccops.pbx.link")

_CLOSING_TIME = 1.0
"""Seconds that the PBX gets to take our good-bye."""
_BOOTED_SOON = 0.25
"""Seconds in which a PBX that runs says so after the login; one whose user may not read "system" never does."""
_BOOTED_LATE = 20.0
"""Seconds that a PBX gets to finish starting where its state could not be read before: it lets us in early."""
_NO_PERMISSION = ("permission denied", "originate access forbidden", "command blacklisted")


def _ignore(_status: LinkStatus) -> None:
    pass


class Link:
    """One link to one PBX. Not thread-safe: to be used in the event loop that it was made in."""

    def __init__(
        self,
        settings: LinkSettings,
        *,
        on_event: Callable[[Event, float], None],
        on_status: Callable[[LinkStatus], None] = _ignore,
        wanted: Container[str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`on_event` gets each event and the instant (by `clock`, epoch seconds) at which it came.

        Events whose name is not in `wanted` are skipped before they are decoded; FullyBooted and Shutdown always
        come. Rows of a listing go to whoever asked and to nobody else. A handler that raises is logged and counted,
        and the next event is delivered.
        """
        self.settings = settings
        self._wanted = wanted
        self._ledger = Ledger(on_event, on_status, clock)
        self._manager: LinkManager | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def status(self) -> LinkStatus:
        """How far the link may be believed, as of now."""
        return self._ledger.status()

    # -- being connected -----------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connect and log in, one attempt; does nothing on a link that is up.

        Raises LinkError, NotAsterisk, LoginRefused, ActionTimeout, or ConfigError for an unusable CA file.
        """
        if self._manager is None or not self._manager.authenticated:
            await self._enter()

    def keep(self, on_up: Callable[[], Awaitable[None]]) -> None:
        """Stay connected from now on, until `close`.

        `on_up` is awaited after each login, to take a snapshot, and once more when a PBX that was still starting
        has booted. It is cancelled when the link is lost meanwhile, and where it fails, the link is dropped and made
        again: a link without its snapshot would lie. Attempts are spaced by an exponential back-off with jitter. A
        refused login ends them for good: state "refused".
        """
        if self._keeper is not None and not self._keeper.done():
            raise RuntimeError("the link is kept already")
        self._keeper = asyncio.get_running_loop().create_task(self._keep(on_up), name="ccops link")
        self._keeper.add_done_callback(self._kept)

    async def close(self) -> None:
        """Say good-bye and end the link; no attempt is made any more. Harmless when closed already."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait((keeper,))
        manager, self._manager = self._manager, None
        if manager is not None:
            await self._say_goodbye(manager)
        if self._ledger.state != "refused":
            self._ledger.turn("down", _("The link is closed."))

    # -- asking --------------------------------------------------------------------------------------------------

    async def send(self, action: Action, *, timeout: float | None = None) -> Reply:
        """Send `action` once and return the PBX's answer, be it an error (`ok` is False then).

        `timeout` in seconds, default as in the settings. Raises UsageProblem for a header that must not go out,
        LinkError when down, LinkLost when the link dies before the answer, ActionTimeout, PermissionRefused.
        """
        return await self._request(action, timeout, "reply")

    async def listing(self, action: Action, *, timeout: float | None = None) -> Reply:
        """Send `action` and return its answer with all rows of its list; raises as `send` does.

        `timeout` is the longest silence between two rows. What answers without a list has no rows.
        """
        return await self._request(action, timeout, "list")

    async def originate(self, action: Action, *, timeout: float) -> Event:
        """Send an Originate, asynchronous, and return its OriginateResponse; raises as `send` does.

        `timeout` is ours, in seconds, and should exceed the action's own Timeout header, which is in milliseconds.
        Needs the class "call" in the login's events. Raises ActionRefused where the PBX does not even try.
        """
        reply = await self._request({**action, "Async": "true"}, timeout, "outcome")
        if reply.events:
            return reply.events[-1]
        text = _("The PBX does not place the call to {channel}: {reply}.")
        channel = str(action.get("Channel", ""))
        raise ActionRefused(text.format(channel=channel, reply=reply.message), reply=reply.message)

    async def ping(self) -> float | None:
        """Return the clock of the PBX in epoch seconds, or None where it does not tell; raises as `send` does."""
        reply = await self.send({"Action": "Ping"})
        try:
            instant = float(reply.headers.get("Timestamp", ""))
        except ValueError:
            return None
        return instant if math.isfinite(instant) else None

    async def _request(self, action: Action, timeout: float | None, wants: Wants) -> Reply:
        manager = self._manager
        if manager is None or not manager.authenticated:
            text = _("There is no link to {address}.")
            raise LinkError(text.format(address=self.settings.address), remedy=self.status.detail)
        limit = self.settings.action_timeout if timeout is None else timeout
        reply: Reply = await manager.request(action, limit, wants)
        if not reply.ok and reply.message.lower().startswith(_NO_PERMISSION):
            raise self._refused(str(action.get("Action", "")), reply)
        return reply

    def _refused(self, action: str, reply: Reply) -> PermissionRefused:
        """Return the error for an action that this manager user may not send; it names the class that is missing."""
        text = _("The PBX does not let “{user}” do {action} ({reply}).")
        values = {"user": self.settings.username, "action": action, "reply": reply.message.rstrip(".")}
        missing = WRITE_CLASSES.get(action)
        remedy = _("Add {missing} to `write` of this user in manager.conf.").format(missing=missing)
        return PermissionRefused(text.format(**values), remedy=remedy if missing else _("Check manager.conf."))

    # -- inside --------------------------------------------------------------------------------------------------

    async def _enter(self) -> LinkManager:
        """Make one attempt; the ledger knows how it ended."""
        self._manager = manager = LinkManager(self.settings, self._ledger, self._wanted)
        self._ledger.attempt()
        try:
            self._ledger.banner = await manager.connect()
            await manager.login()
        except BaseException as error:
            manager.close(now=True)
            if isinstance(error, CcopsError):
                final = isinstance(error, LoginRefused) and not isinstance(error, LoginInUse)
                self._ledger.turn("refused" if final else "down", str(error), error)
            raise
        return manager

    async def _keep(self, on_up: Callable[[], Awaitable[None]]) -> None:
        clock = asyncio.get_running_loop().time
        failures = 0
        while True:
            began, manager = clock(), self._manager
            try:
                if manager is None or not manager.authenticated:
                    manager = await self._enter()
                await self._serve(manager, on_up)
            except CcopsError as error:
                log.info("no link: %s", error)
                if self._ledger.state == "refused":
                    return
            # A link that holds for a moment only is no reason to hammer the PBX.
            failures = 0 if clock() - began > self.settings.backoff_max else failures + 1
            await asyncio.sleep(self._pause(failures))

    def _pause(self, failures: int) -> float:
        """Return the seconds to wait before the next attempt: doubling, of which the upper half is random."""
        import random

        longest = min(self.settings.backoff_max, self.settings.backoff_first * 2.0 ** min(max(0, failures - 1), 30))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  # spreads attempts, guards nothing

    async def _serve(self, manager: LinkManager, on_up: Callable[[], Awaitable[None]]) -> None:
        """Await `on_up`, again when a PBX that was still starting has booted, and then the loss of the link."""
        await manager.wait_booted(_BOOTED_SOON)
        while not manager.ended.done():
            booted = manager.booted
            error = await self._snapshot(manager, on_up)
            self._ledger.read(error)
            if not booted and await manager.wait_booted(_BOOTED_LATE if error else None):
                continue
            if error is not None:
                manager.close(_("the state of the PBX could not be read: {why}").format(why=error), now=True)
            await asyncio.wait((manager.ended,))

    async def _snapshot(self, manager: LinkManager, on_up: Callable[[], Awaitable[None]]) -> BaseException | None:
        """Await `on_up` for as long as the link lasts, and return what it raised."""
        snapshot = asyncio.ensure_future(on_up())
        try:
            await asyncio.wait((snapshot, manager.ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not snapshot.done():
                snapshot.cancel()
                await asyncio.wait((snapshot,))
        error = None if snapshot.cancelled() else snapshot.exception()
        return None if manager.ended.done() else error

    def _kept(self, keeper: asyncio.Task[None]) -> None:
        if not keeper.cancelled() and keeper.exception() is not None:
            log.critical("the link is not kept any more", exc_info=keeper.exception())
            self._ledger.turn("down", _("The link is not kept any more: see the log."))

    async def _say_goodbye(self, manager: LinkManager) -> None:
        if manager.authenticated and manager.protocol is not None:
            with contextlib.suppress(LinkError):
                manager.protocol.send({"Action": "Logoff"})
        manager.authenticated = False  # an end that we wished for is no loss
        manager.close(_("closed by us"))
        await asyncio.wait((manager.ended,), timeout=_CLOSING_TIME)
        if not manager.ended.done():
            manager.close(now=True)
            await asyncio.wait((manager.ended,), timeout=_CLOSING_TIME)
