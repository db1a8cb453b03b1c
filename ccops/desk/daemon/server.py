"""Serves desks over a Unix socket: identity from the kernel, rights from roles, one encoding for equal eyes."""

import asyncio
import contextlib
import grp
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ccops import __version__
from ccops.board import Change
from ccops.desk.daemon import codec
from ccops.desk.daemon.peer import person_of
from ccops.desk.daemon.session import Session
from ccops.desk.local import LocalDesk
from ccops.desk.roles import Person, Rights
from ccops.errors import CcopsError, ConfigError, LinkError, PermissionRefused
from ccops.i18n import _
from ccops.settings.model import Settings

log = logging.getLogger(__name__)

FLUSH_EVERY = 0.04
"""Seconds between batches: an event is seen by every client well within 100 ms, and a burst costs one line."""

MOST_CLIENTS = 200


class DeskServer:
    """The socket side of the daemon."""

    def __init__(self, desk: LocalDesk, settings: Settings) -> None:
        """`desk` is the one with the link; its board must be live."""
        self._desk = desk
        self._settings = settings
        self._sessions: set[Session] = set()
        self._pending: dict[tuple[str, str], Change] = {}
        self._flush: asyncio.TimerHandle | None = None
        self._server: asyncio.Server | None = None
        self._unsubscribe = desk.subscribe(self._changed)

    async def start(self) -> None:
        """Bind the socket with mode and group of the configuration.

        Raises `ConfigError` for an unknown group or folder, `LinkError` where another daemon serves there.
        """
        path = self._settings.daemon.socket
        await self._take_place(path)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Nobody may connect between bind and chmod.
        old = os.umask(0o177)
        try:
            listening.bind(str(path))
        except OSError as error:
            listening.close()
            why = error.strerror or str(error)
            raise ConfigError(_("The socket {path} cannot be made: {why}.").format(path=path, why=why)) from error
        finally:
            os.umask(old)
        self._give(path)
        self._server = await asyncio.start_unix_server(self._client, sock=listening, limit=codec.LONGEST_REQUEST)

    async def _take_place(self, path: Path) -> None:
        """Remove the socket of a daemon that is dead; refuse where one lives."""
        if not path.exists():
            return
        try:
            _reader, writer = await asyncio.open_unix_connection(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            why = error.strerror or str(error)
            raise ConfigError(_("{path} is in the way: {why}.").format(path=path, why=why)) from error
        writer.close()
        raise LinkError(
            _("Another daemon serves {path} already.").format(path=path),
            remedy=_("Stop it first: systemctl stop ccops."),
        )

    def _give(self, path: Path) -> None:
        group, mode = self._settings.daemon.socket_group, self._settings.daemon.socket_mode
        if group:
            try:
                os.chown(path, -1, grp.getgrnam(group).gr_gid)
            except KeyError:
                raise ConfigError(
                    _("[daemon] socket_group: there is no group “{group}”.").format(group=group),
                    remedy=_("Create it: groupadd {group}.").format(group=group),
                ) from None
            except PermissionError as error:
                raise ConfigError(
                    _("[daemon] socket_group: this user may not give the socket to {group}.").format(group=group)
                ) from error
        path.chmod(mode)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        person = person_of(writer.get_extra_info("socket"))
        rights = self._rights(person)
        session = Session(person, rights, reader, writer, self._desk)
        refusal = self._refusal(rights, person)
        if refusal is not None:
            writer.write(codec.line({"error": codec.error_json(refusal)}))
            await session.hang_up()
            return
        log.info("client %s (%s)", person.name, person.origin)
        session.tell(codec.line({"hello": self._hello(person, rights)}))
        session.resync()
        self._sessions.add(session)
        try:
            await session.serve()
        finally:
            self._sessions.discard(session)
            log.info("client %s left (%s)", person.name, person.origin)

    def _rights(self, person: Person) -> Rights:
        """Return the person's rights; whoever runs the daemon may do all that it can."""
        if person.uid in (0, os.getuid()) and not Rights.of(person, self._settings.roles).roles:
            return Rights({}, everything=True)
        return Rights.of(person, self._settings.roles)

    def _refusal(self, rights: Rights, person: Person) -> CcopsError | None:
        if len(self._sessions) >= MOST_CLIENTS:
            return LinkError(_("The daemon serves {most} clients already.").format(most=MOST_CLIENTS))
        if rights.everything or rights.roles:
            return None
        return PermissionRefused(
            _("{name} has no role here.").format(name=person.name),
            remedy=_("Name the user, or one of their groups, in [roles.…] of the daemon's configuration."),
        )

    def _hello(self, person: Person, rights: Rights) -> Mapping[str, Any]:
        offers: dict[str, list[str]] = {}
        for action in rights.offers(list(self._desk.table)):
            offers.setdefault(action.topic, []).append(action.name)
        return {
            "protocol": codec.PROTOCOL,
            "version": __version__,
            "site": self._settings.site.name,
            "person": person.name,
            "roles": sorted(rights.roles),
            "read_only": rights.read_only,
            "offers": offers,
        }

    def _changed(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self._pending[change.topic, change.key] = change
        if self._flush is None and self._sessions:
            self._flush = asyncio.get_running_loop().call_later(FLUSH_EVERY, self._send_batch)
        elif not self._sessions:
            self._pending.clear()

    def _send_batch(self) -> None:
        """Encode what changed once for all who see it alike, and write it to each."""
        self._flush = None
        pending, self._pending = list(self._pending.values()), {}
        encoded: dict[tuple[str, ...], bytes] = {}
        for session in tuple(self._sessions):
            eyes = session.eyes
            if eyes not in encoded:
                encoded[eyes] = codec.batch([codec.change_json(session.rights.view(change)) for change in pending])
            session.tell(encoded[eyes])

    async def stop(self) -> None:
        """Close the socket and every client."""
        self._unsubscribe()
        if self._flush is not None:
            self._flush.cancel()
        if self._server is not None:
            self._server.close()
        for session in tuple(self._sessions):
            await session.hang_up()
        with contextlib.suppress(FileNotFoundError):
            self._settings.daemon.socket.unlink()
