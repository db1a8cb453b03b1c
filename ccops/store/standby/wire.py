"""What two machines say to each other over a pipe: lines of JSON, and bytes whose number was announced before."""

import json
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

from ccops.errors import LinkError
from ccops.i18n import _

PROTOCOL: Final = 1
LONGEST_LINE: Final = 16 << 20
"""Bytes of a message; the longest lists the chunks of a store of a few terabytes."""
_SHOWN: Final = 120


class PeerUnreachable(LinkError):
    """The other machine does not answer, or something else answers in its place."""


class Wire:
    """One end of the pipe."""

    def __init__(self, source: BinaryIO, out: BinaryIO) -> None:
        """Both are open, and closed by whoever opened them."""
        self._source, self._out = source, out

    def say(self, message: Mapping[str, Any], data: bytes = b"") -> None:
        """Send a message and the bytes that belong to it; raises `PeerUnreachable` where nobody listens."""
        self.send(json.dumps(message).encode() + b"\n" + data, now=True)

    def send(self, data: bytes, *, now: bool = False) -> None:
        """Send bytes, with those after them unless `now`; raises `PeerUnreachable` where nobody listens."""
        try:
            self._out.write(data)
            if now:
                self._out.flush()
        except OSError as problem:
            raise PeerUnreachable(_("The other machine has hung up.")) from problem

    def hear(self) -> dict[str, Any] | None:
        """Return the next message, None at the end; raises `PeerUnreachable` for what is none."""
        line = self._source.readline(LONGEST_LINE)
        if not line:
            return None
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or not line.endswith(b"\n"):
            text = ascii(line[:_SHOWN].decode("utf-8", "replace").strip())
            raise PeerUnreachable(_("The other machine says something that is not ccops: {text}.").format(text=text))
        return message

    def take(self, count: int) -> bytes:
        """Return so many bytes; raises `PeerUnreachable` where the pipe ends before."""
        data = self._source.read(count)
        if len(data) < count:
            raise PeerUnreachable(_("The other machine has hung up."))
        return data
