"""The end that asks: runs the command that leads to the other machine, and talks to `ccops db ship` there."""

import contextlib
import io
import os
import select
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, Final, cast

from ccops.errors import CcopsError
from ccops.i18n import _
from ccops.store.standby.image import CHUNK, DIGEST
from ccops.store.standby.patch import Fresh, Staged, digests_of, put_in
from ccops.store.standby.place import kept_aside
from ccops.store.standby.role import Claim, host
from ccops.store.standby.ship import LAST, PIECE
from ccops.store.standby.wire import PROTOCOL, PeerUnreachable, Wire

SILENCE: Final = 30.0
"""Seconds without a byte after which the other machine counts as not reachable."""
_MOST_PAGES: Final = 1 << 30
_SHOWN: Final = 300
_KINDS: Final = ("none", "single", "primary", "standby", "superseded")


class PeerRefused(CcopsError):
    """The other machine answers, and says no."""


@dataclass(slots=True, frozen=True)
class Shipment:
    """What one shipment brought."""

    claim: Claim
    at: float
    """The instant that the copy shows, by the sender's clock."""
    pages: int
    chunks: int
    """Chunks that differed."""
    bytes: int
    """Bytes that came over the pipe for them."""
    kept: Path | None = None
    """Where the store is that stood in the way."""


class Peer:
    """A conversation with the other machine; use it in a `with`, which raises `PeerUnreachable`."""

    def __init__(self, command: Sequence[str], *, silence: float = SILENCE) -> None:
        """`command` is a list without any shell, such as ["ssh", "desk2", "ccops", "db", "ship"]."""
        self._command, self._silence = list(command), silence
        self._said: IO[bytes] | None = None
        self.state: dict[str, Any] = {}
        """What the other machine says of itself."""

    def __enter__(self) -> "Peer":
        self._said = tempfile.TemporaryFile()
        try:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=self._said)  # noqa: S603
        except OSError as problem:
            self._said.close()
            text = _("“{program}” cannot be run: {reason}.")
            raise self._unreachable(text.format(program=self._command[0], reason=problem.strerror)) from problem
        try:
            self._wire = Wire(self._patient(self._process.stdout), cast("BinaryIO", self._process.stdin))
            self._greet()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._said is not None:
            self._said.close()

    def _patient(self, stream: IO[bytes] | None) -> BinaryIO:
        """Return a stream whose every read ends after the silence, by ending the process."""
        assert stream is not None  # noqa: S101 (it is a pipe)
        patient = _Patient(cast("BinaryIO", stream), self._process, self._silence)
        return cast("BinaryIO", io.BufferedReader(patient, 1 << 20))

    def _greet(self) -> None:
        hello = self._heard()
        state = hello.get("state")
        if hello.get("ccops") != PROTOCOL or not isinstance(state, dict):
            raise self._unreachable(_("It is no ccops that ships, or another version."))
        self.state = _checked(state)

    def _heard(self) -> dict[str, Any]:
        message = self._wire.hear()
        if message is None:
            raise self._unreachable(self._last_words() or _("It has hung up."))
        if "error" in message:
            raise PeerRefused(
                _("The other machine refuses: {why}").format(why=str(message["error"])[:_SHOWN]),
                remedy=str(message.get("remedy", ""))[:_SHOWN],
            )
        return message

    def _last_words(self) -> str:
        """Return the last line that the command wrote to its standard error."""
        from ccops.pbx.text import clean

        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        assert self._said is not None  # noqa: S101 (it is there while the conversation is)
        self._said.seek(0)
        lines = self._said.read(65_536).decode("utf-8", "replace").strip().splitlines()
        return clean(lines[-1])[:_SHOWN] if lines else ""

    def _unreachable(self, why: str) -> PeerUnreachable:
        return PeerUnreachable(
            _("The other machine cannot be asked: {why}").format(why=why),
            remedy=_("Try the command of standby.peer by hand."),
        )

    # --- requests ---

    def ask(self, what: str, node: str, **more: object) -> dict[str, Any]:
        """Send a request that is answered by a state, and return that; raises `PeerRefused`."""
        self._wire.say({"do": what, "node": node, "host": host(), **more})
        self.state = _checked(self._heard().get("state"))
        return self.state

    def copy(self, path: Path, node: str, accepted: "Accepted") -> Shipment:
        """Bring the copy at `path` to what the other store is now; the copy is whole whenever this is stopped.

        `accepted` is asked about the claim that is shipped before anything is changed, and raises what is against it.
        """
        mine, size = digests_of(path)
        self._wire.say({"do": "copy", "node": node, "host": host()})
        head = self._heard()
        claim, pages, page_size, at, theirs = self._announced(head)
        accepted(claim)
        if page_size != size:
            mine = b""
        wanted = [number for number, digest in enumerate(_cut(theirs)) if mine[number * DIGEST :][:DIGEST] != digest]
        kept, sink = None, Staged(path.parent) if mine else Fresh(path, page_size)
        try:
            self._wire.say({"want": wanted})
            brought = self._take(sink, theirs, page_size)
            if isinstance(sink, Fresh):
                kept = kept_aside(path) if path.exists() else None
                sink.become(pages)
            elif mine != theirs:
                put_in(path, pages, page_size, sink)
        finally:
            sink.close()
        self._wire.say({"done": True})
        return Shipment(claim, at, pages, len(wanted), brought, kept)

    def _announced(self, head: dict[str, Any]) -> tuple[Claim, int, int, float, bytes]:
        try:
            claim = Claim(**head["claim"])
            pages, page_size, at, length = (head[name] for name in ("pages", "page_size", "at", "digests"))
            chunks = -(-pages // CHUNK)
            sound = 0 < pages < _MOST_PAGES and 512 <= page_size <= 65_536 and length == chunks * DIGEST
            if not sound or head["chunk"] != CHUNK or not isinstance(claim.term, int):
                raise ValueError("does not fit")
        except (KeyError, TypeError, ValueError) as problem:
            raise self._unreachable(_("It is no ccops that ships, or another version.")) from problem
        return claim, pages, page_size, float(at), self._wire.take(length)

    def _take(self, staged: Staged | Fresh, theirs: bytes, page_size: int) -> int:
        brought = 0
        while True:
            number, length = PIECE.unpack(self._wire.take(PIECE.size))
            if number == LAST:
                return brought
            if number * DIGEST >= len(theirs) or length > 2 * CHUNK * page_size:
                raise self._unreachable(_("It is no ccops that ships, or another version."))
            unpack = zlib.decompressobj()
            try:
                data = unpack.decompress(self._wire.take(length), CHUNK * page_size)
            except zlib.error:
                data = b""  # and so it is not what was announced
            staged.add(number, data, theirs[number * DIGEST :][:DIGEST])
            brought += length


Accepted = Callable[[Claim], None]


def _cut(digests: bytes) -> list[bytes]:
    return [digests[at : at + DIGEST] for at in range(0, len(digests), DIGEST)]


def _checked(state: Any) -> dict[str, Any]:
    """Return what a machine says of itself; raises `PeerUnreachable` where that says nothing."""
    kind = state.get("kind") if isinstance(state, dict) else None
    sound = kind in _KINDS and isinstance(state.get("host"), str)
    if sound and kind not in ("none", "single"):
        texts = all(isinstance(state.get(name), str) for name in ("store", "node"))
        sound = texts and isinstance(state.get("term"), int) and isinstance(state.get("since"), int | float)
    if not sound:
        raise PeerUnreachable(_("The other machine does not say what it is."))
    return dict(state)


class _Patient(io.RawIOBase):
    """A process's output; where nothing comes for too long the process is ended, and with it the output."""

    def __init__(self, stream: BinaryIO, process: "subprocess.Popen[bytes]", silence: float) -> None:
        self._stream, self._process, self._silence = stream, process, silence

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        ready, _write, _error = select.select([self._stream], [], [], self._silence)
        if not ready:
            self._process.kill()
            return 0
        data = os.read(self._stream.fileno(), len(buffer))
        buffer[: len(data)] = data
        return len(data)
