"""AMI on the wire, without input or output: cuts bytes into messages, reads them, checks and writes actions.

Asterisk ends lines with CR LF and messages with an empty line. A message whose first line ends with a lone LF is
taken as one with LF line ends. The first line is never somebody else's text, so a caller's name with a line feed
in it cannot pass for a message end; inside a CR LF message lone CR and LF are cleaned away like any control.
"""

import re
from collections.abc import Mapping, Sequence
from sys import intern
from typing import Final

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.pbx.link.status import Event
from ccops.pbx.text import clean, control_at

MAX_MESSAGE: Final = 1 << 20
"""Bytes without an empty line after which the peer is talking nonsense."""
MAX_LINE: Final = 1_020
"""Bytes of one header that Asterisk takes: 16 and 22 refuse lines from 1,023."""
MAX_HEADERS: Final = 128
"""Headers of one action that Asterisk takes, ActionID included: measured on 16 and 22."""

_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_KINDS = ("Event", "Response")
_CACHED_LINES = 8_192
_CACHED_LENGTH = 256


class Framer:
    """Cuts a stream into messages at empty lines, however the reads split it; never holds more than a limit."""

    __slots__ = ("_held", "_limit", "overlong", "skipping")

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        """`limit` is in bytes; what exceeds it is thrown away up to the next empty line."""
        self._held = bytearray()
        self._limit = limit
        self.skipping = False
        """An overlong message is being thrown away."""
        self.overlong = 0
        """Messages thrown away so far."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that `data` completes, without their ends; some may be empty."""
        held = self._held
        if not held:
            return self._cut(data)
        unseen = max(0, len(held) - 3)
        held += data
        # Both kinds of empty line end in one of these; looking only at what is new keeps single bytes cheap.
        if held.find(b"\n\r\n", unseen) < 0 and held.find(b"\n\n", unseen) < 0:
            self._bound()
            return []
        data = bytes(held)
        held.clear()
        return self._cut(self._skip(data) if self.skipping else data)

    def _cut(self, data: bytes) -> list[bytes]:
        messages: list[bytes] = []
        while data:
            if _begins_with_crlf_line(data):
                end = data.rfind(b"\r\n\r\n")
                if end < 0:
                    break
                messages += data[:end].split(b"\r\n\r\n")
                data = data[end + 4 :]
            else:
                found = _EMPTY_LINE.search(data)
                if found is None:
                    break
                messages.append(data[: found.start()])
                data = data[found.end() :]
        self._held += data
        self._bound()
        return messages

    def _skip(self, data: bytes) -> bytes:
        """Return what follows the overlong message; `feed` has seen that its end is there."""
        found = _EMPTY_LINE.search(data)
        self.skipping = found is None
        return data[found.end() :] if found else data[-3:]

    def _bound(self) -> None:
        if self.skipping:
            del self._held[:-3]
        elif len(self._held) > self._limit:
            self.skipping = True
            self.overlong += 1
            del self._held[:-3]


def _begins_with_crlf_line(data: bytes) -> bool:
    end = data.find(b"\n")
    return end > 0 and data[end - 1] == 13


def unmix(message: bytes) -> list[bytes]:
    """Split what `Framer` took for one CR LF message where its first lines show that it is several with LF."""
    parts = []
    while b"\n" in message.partition(b"\r\n")[0]:
        part, *rest = _EMPTY_LINE.split(message, 1)
        parts.append(part)
        message = rest[0] if rest else b""
    return [*parts, message] if message else parts


def read_header(line: bytes) -> tuple[str, str] | None:
    """Return name and cleaned value of one header line, or None for a line that is no header."""
    name, colon, value = clean(line.decode("utf-8", "replace")).partition(":")
    if not colon or not name:
        return None
    return name, value[1:] if value.startswith(" ") else value


class _HeaderCache(dict[bytes, tuple[str, str] | None]):
    """Headers read before: most lines of a call come again in its next event, down to the byte."""

    __slots__ = ()

    def __missing__(self, line: bytes) -> tuple[str, str] | None:
        name, colon, value = line.decode("utf-8", "replace").partition(": ")
        # The usual line is read here; whatever is odd about one, `read_header` knows. One string for each name makes
        # the handlers' look-ups compare addresses.
        usual = colon and name.isidentifier() and value.isascii() and value.isprintable()
        header = (intern(name), value) if usual else read_header(line)
        if len(line) <= _CACHED_LENGTH:
            if len(self) >= _CACHED_LINES:
                self.clear()
            self[line] = header
        return header


class Reader:
    """Reads messages into dicts; keeps a bounded cache of header lines."""

    __slots__ = ("_header",)

    def __init__(self) -> None:
        self._header = _HeaderCache().__getitem__

    def read(self, message: bytes) -> Event | None:
        """Return the headers, in their order, of one message that begins with a line Event or Response.

        The same as `read_odd`, several times faster for the usual message.
        """
        lines = message.split(b"\r\n")
        try:
            event = dict(map(self._header, lines))  # type: ignore[arg-type]  # None is what TypeError is for
        except TypeError:
            return read_odd(message)
        return event if len(event) == len(lines) else read_odd(message)


def read_odd(message: bytes) -> Event | None:
    """Read a message with repeated headers, LF line ends or rubbish; None where it is neither event nor response."""
    values: dict[str, list[str]] = {}
    for line in message.split(b"\r\n") if _begins_with_crlf_line(message) else _LINE_END.split(message):
        header = read_header(line)
        # Rubbish before the first line that says what this is does not belong to the message.
        if header is not None and (values or header[0] in _KINDS):
            values.setdefault(header[0], []).append(header[1])
    return {name: "\n".join(several) for name, several in values.items()} or None


def write_action(action: Mapping[str, str | Sequence[str]], action_id: str) -> bytes:
    """Return `action` as Asterisk wants it; a sequence becomes one header for each item.

    Raises UsageProblem naming the header for what would smuggle in a line or what Asterisk would throw away.
    """
    headers = [("ActionID", action_id)]
    for name, value in action.items():
        headers += [(name, value)] if isinstance(value, str) else [(name, item) for item in value]
    if len(headers) > MAX_HEADERS:
        raise UsageProblem(
            _("The action has {n} headers; Asterisk takes {max}.").format(n=len(headers), max=MAX_HEADERS)
        )
    lines = [_write_header(name, value) for name, value in headers]
    return b"\r\n".join([*lines, b"", b""])


def _write_header(name: str, value: str) -> bytes:
    if not name or control_at(name) is not None or ":" in name or name != name.strip():
        raise UsageProblem(_("“{name}” is no name for a header of an action.").format(name=clean(name)))
    at = control_at(value)
    if at is not None:
        text = _("{name} must not hold a control character (U+{code:04X} at position {at}).")
        raise UsageProblem(text.format(name=name, code=ord(value[at]), at=at + 1), remedy=_("Remove it."))
    line = f"{name}: {value}".encode()
    if len(line) > MAX_LINE:
        text = _("{name} is too long: {n} bytes with its name; Asterisk takes {max}.")
        raise UsageProblem(text.format(name=name, n=len(line), max=MAX_LINE), remedy=_("Shorten it."))
    return line
