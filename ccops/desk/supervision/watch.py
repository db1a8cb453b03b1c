"""Keeps the registry of legs true to the live centre: adopts running spies, notices every end and why."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ccops.board import Change, SupervisionRow
from ccops.desk.context import AmiAction, Wire
from ccops.desk.supervision.legs import VARIABLES, Leg
from ccops.desk.supervision.registry import Registry, status_variables
from ccops.errors import CcopsError
from ccops.i18n import _

log = logging.getLogger(__name__)

SETTLE = 0.3
"""Seconds after the end of a spy in which the end of the call, if that was the cause, has shown."""


class ListingWire(Wire, Protocol):
    """A link that can list."""

    async def listing(self, action: AmiAction, *, timeout: float | None = None) -> Any:
        """Send an action that is answered by a list."""
        ...


class Watch:
    """Feeds the registry from the live centre."""

    def __init__(self, registry: Registry, alive: Callable[[str], bool], wire: ListingWire) -> None:
        """`alive` tells whether the PBX has a channel, by name or uniqueid, `wire` asks for what is kept on them."""
        self._registry = registry
        self._alive = alive
        self._wire = wire
        self._adopting: asyncio.Task[None] | None = None
        self._settling: set[asyncio.TimerHandle] = set()

    def changed(self, change: Change) -> None:
        """Take in a change of the live state's spies."""
        if isinstance(change.row, SupervisionRow):
            self._registry.seen(change.row)
            self._adopt()
            return
        leg = self._registry.legs.get(change.key)
        if leg is None:
            return
        if leg.stopping:
            self._registry.gone(change.key, leg.stopping)
            return
        loop = asyncio.get_running_loop()
        self._settling.add(loop.call_later(SETTLE, self._gone, leg))

    def _gone(self, leg: Leg) -> None:
        why = _("the supervisor hung up") if self._alive(leg.target) else _("the call ended")
        self._registry.gone(leg.supervision_id, why)

    def hung_up(self, uniqueid: str, cause: str) -> None:
        """A channel is gone: legs that ring or have taken over end with it."""
        leg = self._registry.legs.get(uniqueid)
        if leg is None:
            return
        leg.cause = cause
        if leg.state != "running":
            self._registry.end(leg, _("the supervisor's phone did not take the call"))
        elif leg.taken_over:
            self._registry.end(leg, _("the call ended"))

    def synced(self) -> None:
        """After a full look at the PBX: end the legs that went unseen, ask for the owners of those found."""
        for leg in tuple(self._registry.legs.values()):
            if leg.state != "ringing" and not self._alive(leg.channel or leg.supervision_id):
                self._registry.end(leg, _("it ended while the PBX was out of reach"))
        self._adopt()

    def _adopt(self) -> None:
        if self._registry.unasked() and (self._adopting is None or self._adopting.done()):
            self._adopting = asyncio.get_running_loop().create_task(self._ask(self._registry.unasked()))

    async def refresh(self) -> None:
        """Ask the PBX whose every leg is and in which mode: other desks start and switch them too."""
        await self._ask([*self._registry.unasked(), *self._registry.there()])

    async def _ask(self, legs: Sequence[Leg]) -> None:
        await asyncio.gather(*(self._ask_one(leg) for leg in {leg.supervision_id: leg for leg in legs}.values()))

    async def _ask_one(self, leg: Leg) -> None:
        leg.asked = True
        action = {"Action": "Status", "Channel": leg.channel, "Variables": ",".join(VARIABLES)}
        try:
            reply = await self._wire.listing(action)
        except CcopsError as error:
            log.info("leg %s: %s", leg.supervision_id, error)
            return
        for event in reply.events:
            self._registry.named(leg.supervision_id, status_variables(event))

    def close(self) -> None:
        """Stop waiting for anything."""
        for handle in self._settling:
            handle.cancel()
        if self._adopting is not None:
            self._adopting.cancel()
