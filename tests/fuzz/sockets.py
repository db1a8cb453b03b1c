"""The socket's two ends fed with any bytes: a daemon's session over a desk that only checks, and a client."""

import asyncio
import json
from pathlib import Path
from typing import Any, Final, cast
from unittest.mock import patch

from ccops.board import Board, LinkRow
from ccops.desk.api import Outcome
from ccops.desk.daemon import codec, session
from ccops.desk.daemon.client import RemoteDesk
from ccops.desk.local import LocalDesk
from ccops.desk.roles import Person, Rights
from ccops.errors import CcopsError, LinkError, NotFound

_PERSON: Final = Person("eva", 1000, (), "socket")
_loop: asyncio.AbstractEventLoop | None = None


class _Desk:
    """Takes what a session lets through, and looks whether that is what it promises to let through."""

    board = Board(LinkRow("", "", "live", 0.0))

    async def do_as(
        self, person: Person, rights: Any, name: str, target: str, arguments: Any, *, reason: str, dry_run: bool
    ) -> Outcome:
        assert all(isinstance(text, str) for text in (name, target, reason, person.phone))
        assert person.name == _PERSON.name
        assert isinstance(arguments, dict)
        assert isinstance(dry_run, bool)
        if name != "listen":
            raise NotFound("action", name, ["listen"])
        return Outcome(name, True, reason, target, dry_run, (), arguments)


class _Pipe:
    """The writer of a session: keeps what is written."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.transport = self

    def write(self, data: bytes) -> None:
        self.lines.append(data)

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0


async def _daemon(data: bytes) -> list[bytes]:
    reader = asyncio.StreamReader(limit=codec.LONGEST_REQUEST)
    reader.feed_data(data)
    reader.feed_eof()
    pipe = _Pipe()
    writer = cast("asyncio.StreamWriter", pipe)
    await session.Session(_PERSON, cast("Rights", None), reader, writer, cast("LocalDesk", _Desk())).serve()
    return pipe.lines


async def _client(data: bytes) -> None:
    desk = RemoteDesk(Path("/nonexistent/s"))
    for raw in data.split(b"\n")[: session.MOST_GARBAGE * 8]:
        try:
            message = codec.read_line(raw)
        except LinkError:
            continue
        try:
            desk._take(message)  # what the client does with each line that it has read
        except LinkError:
            continue
    _answers(data)


def _answers(data: bytes) -> None:
    try:
        message = codec.read_line(data)
    except LinkError:
        return
    assert isinstance(codec.read_error(message.get("error")), CcopsError)
    try:
        outcome = codec.read_outcome(message.get("outcome"))
    except LinkError:
        return
    json.dumps(codec.outcome_json(outcome))


def served(data: bytes) -> None:
    """Feed both ends; AssertionError or any error that is none of ours is a find."""
    global _loop  # a loop for each input would cost ten times the work
    if _loop is None:
        _loop = asyncio.new_event_loop()
    # No waiting, and no log line for each fault: a fault is found in the answer.
    with patch.object(session, "PER_SECOND", 1 << 30), patch.object(session.log, "disabled", True):
        lines = _loop.run_until_complete(_daemon(data))
    assert len(lines) <= data.count(b"\n") + 1
    for line in lines:
        assert line.endswith(b"\n")
        answer = json.loads(line)
        assert {"id", "error"} == set(answer) or {"id", "outcome"} == set(answer)
        assert "fault in the daemon" not in line.decode()
    _loop.run_until_complete(_client(data))
