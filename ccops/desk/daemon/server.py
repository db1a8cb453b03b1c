"""Serves desks over a Unix socket: identity from the kernel, rights from roles, one encoding for equal eyes."""

import asyncio
import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ccops import __version__
from ccops.board import Change, SupervisionRow
from ccops.desk.daemon import codec
from ccops.desk.daemon.audience import Audience, Encoded
from ccops.desk.daemon.peer import person_of
from ccops.desk.daemon.place import Place
from ccops.desk.daemon.planning import PlanningService
from ccops.desk.daemon.session import Session
from ccops.desk.local import LocalDesk
from ccops.desk.roles import Person, Rights
from ccops.errors import CcopsError, LinkError, PermissionRefused
from ccops.i18n import _
from ccops.settings.model import Settings

log = logging.getLogger(__name__)

FLUSH_EVERY: Final = 0.025
"""Seconds between batches: an event is seen by every client well within 100 ms, and a burst costs one line."""

BEAT_EVERY: Final = 3.0
"""Seconds between signs of life: a client that hears nothing for some of them knows that the daemon hangs."""

MOST_CLIENTS: Final = 200
MOST_OF_ONE: Final = 50
"""Clients of one user; a loop that opens consoles must not lock out the others."""

FINISH_WITHIN: Final = 3.0
"""Seconds in which a stopping daemon lets requests under way end."""

PATIENCE: Final = 45.0
"""Seconds, besides the ringing of a phone, within which every action has come to an end."""


class DeskServer:
    """The socket side of the daemon."""

    def __init__(self, desk: LocalDesk, settings: Settings, planning: PlanningService | None = None) -> None:
        """`desk` is the one with the link; its board must be live. `planning` answers what is asked about plans."""
        self._desk = desk
        self._settings = settings
        self._planning = planning or PlanningService(settings, lambda: desk.board)
        self._place = Place(settings.daemon)
        self._sessions: set[Session] = set()
        self._audiences: dict[tuple[str, ...], Audience] = {}
        self._pending: dict[tuple[str, str, bool], Change] = {}
        self._flush: asyncio.TimerHandle | None = None
        self._flushed_at = 0.0
        self._beat: asyncio.TimerHandle | None = None
        self._server: asyncio.Server | None = None
        self._unsubscribe = desk.subscribe(self._changed)

    async def start(self) -> None:
        """Bind the socket and serve; raises what `Place.take` raises."""
        listening = self._place.take()
        self._server = await asyncio.start_unix_server(self._client, sock=listening, limit=codec.LONGEST_REQUEST)
        self._live()

    # --- clients ---

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # The user directory may be far away (LDAP); the others do not wait for it.
            person = await asyncio.to_thread(person_of, writer.get_extra_info("socket"))
        except OSError:
            writer.transport.abort()
            return
        rights = self._rights(person)
        refusal = self._refusal(rights, person)
        if refusal is not None:
            log.warning("client %s (%s) is refused: %s", person.name, person.origin, refusal.message)
            writer.write(codec.line({"error": codec.error_json(refusal)}))
            writer.close()
            return
        await self._serve(Session(person, rights, reader, writer, self._desk, self._planning))

    async def _serve(self, session: Session) -> None:
        person = session.person
        log.info("client %s (%s)", person.name, person.origin)
        audience = self._join(session)
        session.tell(codec.line({"hello": self._hello(person, session.rights)}))
        session.resync()
        try:
            await session.serve()
        finally:
            self._leave(session, audience)
            log.info("client %s left (%s)", person.name, person.origin)

    def _join(self, session: Session) -> Audience:
        eyes = session.rights.eyes
        audience = self._audiences.get(eyes)
        if audience is None:
            audience = self._audiences[eyes] = Audience(session.rights, self._desk.board)
        session.board = audience.snapshot
        session.settle = self._send_now
        audience.sessions.add(session)
        self._sessions.add(session)
        return audience

    def _leave(self, session: Session, audience: Audience) -> None:
        self._sessions.discard(session)
        audience.sessions.discard(session)
        if not audience.sessions and self._audiences.get(session.rights.eyes) is audience:
            del self._audiences[session.rights.eyes]
        session.hang_up()

    def _rights(self, person: Person) -> Rights:
        """Return the person's rights; whoever runs the daemon, and root, may do all unless a role names them."""
        rights = Rights.of(person, self._settings.roles)
        if not rights.roles and person.uid in (0, os.getuid()):
            return Rights({}, everything=True, name=person.name)
        return rights

    def _refusal(self, rights: Rights, person: Person) -> CcopsError | None:
        if not rights.everything and not rights.roles:
            return PermissionRefused(
                _("{name} has no role here.").format(name=person.name),
                remedy=_("Name the user, or one of their groups, in [roles.…] of the daemon's configuration."),
            )
        own = sum(session.person.uid == person.uid for session in self._sessions)
        if own >= MOST_OF_ONE:
            return LinkError(
                _("The daemon serves {most} clients of {name} already.").format(most=MOST_OF_ONE, name=person.name)
            )
        if len(self._sessions) >= MOST_CLIENTS:
            return LinkError(_("The daemon serves {most} clients already.").format(most=MOST_CLIENTS))
        return None

    def _hello(self, person: Person, rights: Rights) -> Mapping[str, Any]:
        offers: dict[str, list[str]] = {}
        for action in rights.offers(list(self._desk.table)):
            offers.setdefault(action.topic, []).append(action.name)
        return {
            "protocol": codec.PROTOCOL,
            "planning": codec.PLANNING,
            "version": __version__,
            "site": self._settings.site.name,
            "person": person.name,
            "roles": sorted(rights.roles),
            "read_only": rights.read_only,
            "offers": offers,
            "patience": self._settings.actions.ring_timeout + PATIENCE,
        }

    # --- changes ---

    def _changed(self, changes: Sequence[Change]) -> None:
        if not self._sessions:
            return
        for change in changes:
            # The end of a leg is shown before the leg goes: both rows are told, in this order.
            ended = isinstance(change.row, SupervisionRow) and change.row.state == "ended"
            place = (change.topic, change.key, ended)
            self._pending.pop(place, None)
            self._pending[place] = change
        if self._flush is None:
            # At once after a quiet time, then at most so often: a burst costs one line.
            loop = asyncio.get_running_loop()
            self._flush = loop.call_at(max(loop.time(), self._flushed_at + FLUSH_EVERY), self._send_batch)

    def _send_batch(self) -> None:
        """Send what changed to everybody, encoded once for all who see it alike."""
        self._flush = None
        self._flushed_at = asyncio.get_running_loop().time()
        changes, self._pending = list(self._pending.values()), {}
        encoded: Encoded = {}
        for audience in tuple(self._audiences.values()):
            audience.tell(changes, encoded)

    def _send_now(self) -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._send_batch()

    def _live(self) -> None:
        self._beat = asyncio.get_running_loop().call_later(BEAT_EVERY, self._live)
        line = codec.line({"beat": time.time()})
        for session in tuple(self._sessions):
            session.tell(line)

    # --- the end ---

    async def stop(self) -> None:
        """Let requests under way end, close every client, and leave the socket's place as it was found."""
        self._unsubscribe()
        for timer in (self._flush, self._beat):
            if timer is not None:
                timer.cancel()
        if self._server is not None:
            self._server.close()
        self._place.leave()
        if self._sessions:
            await asyncio.wait([asyncio.create_task(item.finish(FINISH_WITHIN)) for item in self._sessions])
        for session in tuple(self._sessions):
            session.hang_up()
        await self._planning.close()
