"""A plain AMI client for tests of the simulated PBX: raw headers in order, nothing understood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from ccops.pbx.sim import SimPbx

Headers = list[tuple[str, str]]


class Said:
    """One message of the PBX: its headers in order."""

    def __init__(self, text: str) -> None:
        self.headers: Headers = []
        for line in text.split("\r\n"):
            if line:
                name, _, value = line.partition(":")
                self.headers.append((name, value.removeprefix(" ")))

    def __getitem__(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.headers)

    def __repr__(self) -> str:
        return " | ".join(f"{key}: {value}" for key, value in self.headers)

    @property
    def names(self) -> list[str]:
        """Header names in order."""
        return [key for key, _ in self.headers]


class Client:
    """One connection; virtual time only moves when a test lets it (`sim.settle`)."""

    def __init__(self, sim: SimPbx, events: str = "agent,call,system", user: str = "", secret: str = "") -> None:
        """`events` empty only connects; `user` empty is the simulation's own user."""
        self._sim = sim
        self._events = events
        self._user, self._secret = (user, secret) if user else (sim.username, sim.secret)
        self._number = 0
        self.greeting = ""
        self.messages: list[Said] = []
        self.closed = False
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._task: asyncio.Task[None] | None = None

    async def connect(self) -> Client:
        """Connect and read the greeting."""
        self._reader, self._writer = await asyncio.open_connection(self._sim.host, self._sim.port)
        self.greeting = (await self._reader.readline()).decode().strip()
        self._task = asyncio.create_task(self._read())
        return self

    async def __aenter__(self) -> Client:
        await self.connect()
        if self._events:
            await self.act("Login", Username=self._user, Secret=self._secret, Events=self._events)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:  # fmt: skip
        self.close()
        if self._task:
            await asyncio.wait([self._task])

    def close(self) -> None:
        """Hang up on the PBX."""
        self._writer.close()

    async def _read(self) -> None:
        rest = ""
        while data := await self._reader.read(1 << 16):
            rest += data.decode("utf-8", "surrogateescape")
            *whole, rest = rest.split("\r\n\r\n")
            self.messages += [Said(text) for text in whole]
        self.closed = True

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)

    async def act(self, action: str, *lines: str, **headers: object) -> list[Said]:
        """Send an action and wait for its answer, with all rows where a list follows."""
        self._number += 1
        action_id = f"t{self._number}"
        text = f"Action: {action}\r\nActionID: {action_id}\r\n" + "".join(f"{line}\r\n" for line in lines)
        text += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.write((text + "\r\n").encode("utf-8", "surrogateescape"))
        await self.until(lambda: self._answered(action_id))
        await self._sim.settle()
        await asyncio.sleep(0)
        return self._of(action_id)

    def _of(self, action_id: str) -> list[Said]:
        return [said for said in self.messages if said["ActionID"] == action_id]

    def _answered(self, action_id: str) -> bool:
        said = self._of(action_id)
        if not said or said[0]["EventList"] != "start":
            return bool(said) or self.closed
        return any(one["EventList"] == "Complete" for one in said)

    async def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Wait in wall time until a condition holds."""
        async with asyncio.timeout(seconds):
            while not condition():
                await self._sim.settle()
                await asyncio.sleep(0.001)

    async def settle(self, seconds: float = 0.0) -> None:
        """Let virtual time pass and take in what is said meanwhile."""
        await self._sim.settle(seconds)
        self._number += 1
        mark, since = f"settled-{self._number}", len(self.messages)
        self.write(f"Action: Ping\r\nActionID: {mark}\r\n\r\n".encode())
        await self.until(lambda: self.closed or any(said["ActionID"] == mark for said in self.messages[since:]))
        self.messages[since:] = [said for said in self.messages[since:] if said["ActionID"] != mark]

    def events(self, name: str = "", since: int = 0) -> list[Said]:
        """Events heard so far, of one name or all; rows of lists are none."""
        return [
            said
            for said in self.messages[since:]
            if "Event" in said and "Privilege" in said and (not name or said["Event"] == name)
        ]

    def last(self, name: str) -> Said:
        """The newest event of this name."""
        return self.events(name)[-1]
