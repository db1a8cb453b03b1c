"""The daemon of a machine of a pair: follows until it takes over, and stops where another one did."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from ccops.desk.daemon.systemd import notify, watchdog_interval
from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.settings import Settings
from ccops.store.standby.role import StoreFenced, fenced, role_of

log = logging.getLogger(__name__)

Say = Callable[[str], None]

LOOK_EVERY = 1.0
"""Seconds between two looks at what this machine is: one file's dates."""


class Follower:
    """Keeps the copy of a standby fresh."""

    def __init__(self, settings: Settings, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        """`say` tells what happens; `clock` gives seconds."""
        self._settings, self._say, self._clock = settings, say, clock
        self._told = ""
        self._served = clock()
        """When the other machine was last seen to serve, or this one began to look."""

    async def until_mine(self, stop: asyncio.Event) -> None:
        """Return once this machine is the one that writes, or `stop` is set; raises `StoreFenced` where it is neither.

        Returns at once where it is of no pair.
        """
        path, standby = self._settings.store.path, self._settings.standby
        if not self._is_standby():
            return
        self._say(_("Standby: {path} follows the other machine; nobody is served here.").format(path=path))
        notify("READY=1")
        fetch_at = 0.0
        while not stop.is_set() and self._is_standby():
            if standby.peer and self._clock() >= fetch_at:
                await self.round()
                fetch_at = self._clock() + self._period
            notify("WATCHDOG=1")
            await _wait(stop, min(LOOK_EVERY, watchdog_interval() or LOOK_EVERY))
        if not stop.is_set():
            self._say(_("This machine takes over."))

    @property
    def _period(self) -> float:
        """Seconds between two rounds; where this machine may take over by itself, one that fails is not enough."""
        standby = self._settings.standby
        return min(standby.interval, standby.takeover_after / 3) if standby.takeover_after else standby.interval

    def _is_standby(self) -> bool:
        role = role_of(self._settings.store.path)
        if role is not None and role.kind == "superseded":
            raise fenced(self._settings.store.path, role)
        return role is not None and role.kind == "standby"

    async def round(self) -> None:
        """Fetch what is new; take over where the other machine is gone for long and that is wanted."""
        self._tell(await _patiently(self._fetch))
        after = self._settings.standby.takeover_after
        if after:
            await _patiently(self._look)
        if after and self._clock() - self._served >= after:
            self._say(_("The other machine has not served for {seconds:g} s.").format(seconds=after))
            self._say(await _patiently(self._take_over))

    def _fetch(self) -> str:
        """Fetch; return what went wrong."""
        from ccops.store.standby.pair import fetched

        try:
            shipment = fetched(self._settings.store.path, self._settings.standby.peer)
            log.debug("standby: %d chunks of term %d", shipment.chunks, shipment.claim.term)
        except CcopsError as error:
            return str(error)
        return ""

    def _look(self) -> str:
        """See whether the other machine serves, whatever became of the shipment: this disk may be the one that is full.

        Return why that cannot be seen.
        """
        from ccops.store.standby.peer import Peer

        try:
            with Peer(self._settings.standby.peer) as peer:
                if peer.state.get("serving"):
                    self._served = self._clock()
        except CcopsError as error:
            return str(error)
        return ""

    def _take_over(self) -> str:
        """Take over; return how it went."""
        from ccops.store.standby.pair import promoted

        standby = self._settings.standby
        try:
            done = promoted(self._settings.store.path, standby.peer, off=not standby.fence, fencing=standby.fence)
        except CcopsError as error:
            return _("It cannot be taken over: {why}").format(why=error)
        return _("Taken over in term {term} ({how}).").format(term=done.role.term, how=done.fenced)

    def _tell(self, trouble: str) -> None:
        """Tell once what goes wrong again and again, and once that it is over."""
        if trouble != self._told:
            self._told = trouble
            self._say(_("Standby: {why}").format(why=trouble) if trouble else _("Standby: the copy is fresh again."))


class Watchman:
    """Looks, while the daemon serves, whether another machine took over."""

    def __init__(self, settings: Settings, stop: asyncio.Event) -> None:
        """`stop` is set where one did."""
        self._settings, self._stop = settings, stop
        self._task: asyncio.Task[None] | None = None
        self.lost: StoreFenced | None = None
        """Why the daemon must end."""

    async def confirm(self) -> None:
        """See before anything is served that nobody took over; raises `StoreFenced`, `PeerUnreachable`."""
        await asyncio.to_thread(self._confirm, starting=True)

    def _confirm(self, *, starting: bool) -> None:
        from ccops.store.standby.pair import confirmed

        confirmed(self._settings.store.path, self._settings.standby.peer, starting=starting)

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _look(self) -> None:
        path, standby = self._settings.store.path, self._settings.standby
        asked = time.monotonic()
        while not self._stop.is_set():
            await _wait(self._stop, LOOK_EVERY)
            try:
                role = role_of(path)
                if role is not None and role.kind != "primary":
                    raise fenced(path, role)
                if role is not None and standby.peer and time.monotonic() - asked >= standby.interval:
                    await asyncio.to_thread(self._confirm, starting=False)
                    asked = time.monotonic()
            except StoreFenced as error:
                self.lost = error
                self._stop.set()
            except CcopsError as error:
                log.warning(_("Whether another machine took over cannot be seen: %s"), error)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _patiently(work: Callable[[], str]) -> str:
    """Return what `work` returns, done in a thread; a first copy may take long, and systemd waits for signs of life."""
    task = asyncio.create_task(asyncio.to_thread(work))
    while not task.done():
        notify("WATCHDOG=1")
        await asyncio.wait([task], timeout=LOOK_EVERY)
    return task.result()
