"""Asks the PBX for its lists; what it refuses is noted and left out, the rest goes on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ccops.errors import PermissionRefused
from ccops.i18n import _
from ccops.pbx.link import Event, Reply
from ccops.pbx.state.model import State
from ccops.pbx.state.snapshot import rows_of_channels, rows_of_parked


class Asker(Protocol):
    """What of the link is needed here."""

    async def listing(self, action: Event, *, timeout: float | None = None) -> Reply:
        """Send one action and return its list."""
        ...


@dataclass(slots=True, frozen=True)
class CoreFacts:
    """What the PBX says of itself; empty where it does not."""

    version: str
    started: str
    """When it started, in its own local time: good for telling runs apart."""


@dataclass(slots=True, frozen=True)
class Lists:
    """The rows of all lists, each with the instant at which it came."""

    rows: tuple[tuple[Event, float], ...]
    channels: bool
    """The list of channels was given."""
    notes: tuple[str, ...]
    """For a person: what the PBX refused."""


async def core_facts(asker: Asker) -> CoreFacts:
    """Return version and start of the PBX; raises the link's errors, except that it may refuse to tell."""
    settings, status = await asyncio.gather(*(_ask(asker, action) for action in ("CoreSettings", "CoreStatus")))
    told = status.headers if status.ok else {}
    started = f"{told.get('CoreStartupDate', '')} {told.get('CoreStartupTime', '')}".strip()
    return CoreFacts(settings.headers.get("AsteriskVersion", ""), started)


async def list_all(asker: Asker, state: State, clock: Callable[[], float], *, gap: bool) -> Lists:
    """Return the rows of all lists; raises the link's errors, except that the PBX may refuse one.

    In place of a refused list stands what is known already, unless events may have been missed (`gap`).
    """
    notes: list[str] = []

    async def rows(action: str) -> list[tuple[Event, float]] | None:
        reply = await _ask(asker, action)
        now = clock()
        if reply.ok:
            return [(row, now) for row in reply.events]
        text = _("The PBX refuses {action} ({reply}).")
        notes.append(text.format(action=action, reply=reply.message))
        return None

    queues, channels, parked = await asyncio.gather(*map(rows, ("QueueStatus", "CoreShowChannels", "ParkedCalls")))
    found = [*(queues or ())]
    found += channels if channels is not None else () if gap else rows_of_channels(state, clock())
    found += parked if parked is not None else () if gap else rows_of_parked(state, clock())
    if any(row.get("StateInterface", "").startswith("hint:") for row, _at in queues or ()):
        found += await rows("ExtensionStateList") or ()
    return Lists(tuple(found), channels is not None, tuple(sorted(notes)))


async def _ask(asker: Asker, action: str) -> Reply:
    """Return the reply to a listing; a refusal for lack of rights comes as a reply too."""
    try:
        return await asker.listing({"Action": action})
    except PermissionRefused:
        return Reply({"Response": "Error", "Message": _("this user lacks the right")})
