"""The manager port: sessions on a loopback address, and what can go wrong with them on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from ccops.pbx.sim.actions import Actions
from ccops.pbx.sim.chance import dice
from ccops.pbx.sim.core import Pbx
from ccops.pbx.sim.session import Session, User


class Server:
    """Listens and keeps the sessions."""

    def __init__(self, pbx: Pbx, users: dict[str, User], seed: int, catch_up: Callable[[], object]) -> None:
        self._pbx = pbx
        self._users = users
        self._actions = Actions(pbx)
        self._catch_up = catch_up
        self._challenges: Random = dice(seed, "challenges")
        self._sessions: list[Session] = []
        self._server: asyncio.Server | None = None
        self._frozen = False
        self._somebody = asyncio.Event()

    async def client(self) -> None:
        """Wait until somebody is connected."""
        await self._somebody.wait()

    @property
    def sessions(self) -> int:
        """How many clients are connected."""
        return len(self._sessions)

    async def listen(self, host: str, port: int) -> int:
        """Open the port (0 takes a free one); return it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def _session(self) -> Session:
        session = Session(
            self._pbx, self._users, self._actions, lambda: str(self._challenges.randrange(10**8, 10**9)),
            self._catch_up, self._closed,
        )  # fmt: skip
        self._sessions.append(session)
        self._somebody.set()
        if self._frozen:
            session.freeze()
        return session

    def _closed(self, session: Session) -> None:
        if session in self._sessions:
            self._sessions.remove(session)
        if not self._sessions:
            self._somebody.clear()

    def drop_clients(self) -> None:
        """Cut every connection."""
        for session in list(self._sessions):
            session.drop()

    def freeze(self) -> None:
        """Let the process behind the port hang: connections stay, nothing is answered."""
        self._frozen = True
        for session in self._sessions:
            session.freeze()

    def thaw(self) -> None:
        """Let it go on."""
        self._frozen = False
        for session in list(self._sessions):
            session.thaw()

    def send_raw(self, data: bytes) -> None:
        """Send bytes to every client, whatever they are."""
        for session in self._sessions:
            session.write_bytes(data)

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.drop_clients()
        await asyncio.sleep(0)
