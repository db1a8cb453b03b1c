"""What processes of this program say to each other: declared types as MessagePack, each message behind its length.

Nothing that is read is run: a message is taken by the fields of the type that it names, and what is no such message is
refused. A process that dies in mid-word leaves a message that was cut, which is told from one that was ended well.
"""

import os
import struct
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from ccops.errors import CcopsError, UsageProblem
from ccops.i18n import _

if TYPE_CHECKING:
    from msgspec import Raw, msgpack

LONGEST: Final = 1 << 30
"""Bytes of the longest message; a length beyond that is none."""
_HEAD: Final = struct.Struct(">Q")
HEAD: Final = _HEAD.size
"""Bytes before a message that say how long it is."""

Plain = tuple[Callable[[Any], Any], Callable[[Any], Any]]
"""How a value is made plain, and made anew from that."""
_PATH: Final[Plain] = (os.fsencode, lambda data: Path(os.fsdecode(data)))


class Source(Protocol):
    """A stream of bytes, whether it reads ahead or hands out what it has."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill a buffer as far as there is something; 0 is the end."""
        ...


class Garbled(CcopsError):
    """What another process said is no message of this language."""

    def __init__(self, why: str) -> None:
        """`why` says what is wrong with it."""
        super().__init__(
            _("A process of ccops cannot be understood: {why}.").format(why=why),
            remedy=_("If ccops was upgraded meanwhile, start it again."),
        )


class Language:
    """The messages that two processes know."""

    def __init__(self, *kinds: type, plain: Mapping[type, Plain] | None = None) -> None:
        """`kinds` are dataclasses or named tuples of annotated plain fields; `plain` is for other types among them."""
        self._kinds = {kind.__name__: kind for kind in kinds}
        self._plain: dict[type, Plain] = {Path: _PATH, **(plain or {})}

    @property
    def kinds(self) -> tuple[type, ...]:
        """The types of its messages."""
        return tuple(self._kinds.values())

    # --- saying ---

    def framed(self, message: object) -> bytes:
        """Return what the other side reads as that message; raises `UsageProblem` where a text in it is none."""
        name = type(message).__name__
        if self._kinds.get(name) is not type(message):
            raise TypeError(f"{name} is no message of this language")
        try:
            data = self._encoder.encode((name, message))
        except UnicodeEncodeError as error:
            raise UsageProblem(_("{text} is no text.").format(text=ascii(error.object)[:80])) from None
        return _HEAD.pack(len(data)) + data

    @cached_property
    def _encoder(self) -> "msgpack.Encoder":
        from msgspec import msgpack

        return msgpack.Encoder(enc_hook=self._made_plain)

    def _made_plain(self, value: Any) -> Any:
        for kind, (to, _back) in self._plain.items():
            if isinstance(value, kind):
                return to(value)
        raise TypeError(f"{type(value).__name__} has no place in a message")

    # --- hearing ---

    def read(self, stream: Source) -> Any:
        """Return the next message; raises EOFError where the other side ended, `Garbled` where it says none."""
        data = frame(stream)
        if data is None:
            raise EOFError
        return self.message(data)

    def message(self, data: bytes | bytearray) -> Any:
        """Return the message in a frame without its head; raises `Garbled` where it is none."""
        from msgspec import MsgspecError

        try:
            name, rest = self._envelope.decode(data)
            return self._decoder(name).decode(rest)
        except (MsgspecError, ValueError, RecursionError) as error:
            raise Garbled(str(error) or type(error).__name__) from error

    @cached_property
    def _envelope(self) -> "msgpack.Decoder[tuple[str, Raw]]":
        from msgspec import Raw, msgpack

        return msgpack.Decoder(tuple[str, Raw])

    @cached_property
    def _decoders(self) -> "dict[str, msgpack.Decoder[Any]]":
        return {}

    def _decoder(self, name: str) -> "msgpack.Decoder[Any]":
        from msgspec import msgpack

        if name not in self._decoders:
            if name not in self._kinds:
                raise Garbled(_("there is no message “{name}”").format(name=ascii(name)[1:-1][:40]))
            self._decoders[name] = msgpack.Decoder(self._kinds[name], dec_hook=self._made_anew)
        return self._decoders[name]

    def _made_anew(self, kind: type, value: Any) -> Any:
        if kind not in self._plain:
            raise TypeError(f"{kind.__name__} has no place in a message")
        try:
            return self._plain[kind][1](value)
        except TypeError as error:
            raise ValueError(str(error)) from error


def size_of(head: bytes | bytearray) -> int:
    """Return how long the message behind this head is; raises `Garbled` where it is no head."""
    if len(head) < HEAD:
        raise Garbled(_("it was cut"))
    (size,) = _HEAD.unpack(head)
    if size > LONGEST:
        raise Garbled(_("it would be {size} bytes long").format(size=size))
    return int(size)


def frame(stream: Source) -> bytearray | None:
    """Return the next frame without its head, None where the other side ended; raises `Garbled` where it is cut."""
    head = _filled(stream, HEAD)
    if not head:
        return None
    size = size_of(head)
    data = _filled(stream, size)
    if len(data) < size:
        raise Garbled(_("it was cut"))
    return data


def _filled(stream: Source, size: int) -> bytearray:
    """Read so many bytes, or what there is up to the end; a pipe hands them out in pieces."""
    data = bytearray(size)
    got = 0
    while got < size:
        with memoryview(data) as view:
            count = stream.readinto(view[got:])
        if not count:
            break
        got += count
    del data[got:]
    return data
