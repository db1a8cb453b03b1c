"""Actions as they come over the wire: lines into messages, within the limits that Asterisk keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

LONGEST_LINE = 1022
MOST_HEADERS = 128


@dataclass(slots=True)
class Message:
    """One action: its headers in order. Header names are compared without case."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    complaint: str = ""
    """Why it cannot be carried out: a line was too long, or there were too many."""

    def get(self, name: str, default: str = "") -> str:
        """The first value of a header."""
        wanted = name.casefold()
        return next((value for key, value in self.headers if key.casefold() == wanted), default)

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        wanted = name.casefold()
        return [value for key, value in self.headers if key.casefold() == wanted]

    def has(self, name: str) -> bool:
        """True where the header is there at all."""
        wanted = name.casefold()
        return any(key.casefold() == wanted for key, _ in self.headers)

    def number(self, name: str, default: int = 0) -> int:
        """A value as C's atoi reads it: leading digits, 0 for nonsense."""
        return leading_number(self.get(name), default)

    @property
    def truth(self) -> set[str]:
        """Names of headers whose value means yes."""
        return {key.casefold() for key, value in self.headers if value.strip().casefold() in TRUE_WORDS}


TRUE_WORDS = frozenset({"yes", "true", "y", "t", "1", "on"})
FALSE_WORDS = frozenset({"no", "false", "n", "f", "0", "off"})


def leading_number(text: str, default: int = 0) -> int:
    """Leading digits of a text, with sign; `default` where the text is empty, 0 where it begins otherwise."""
    text = text.strip()
    if not text:
        return default
    sign = -1 if text.startswith("-") else 1
    digits = ""
    for char in text.lstrip("+-"):
        if not ("0" <= char <= "9"):
            break
        digits += char
    return sign * int(digits) if digits else 0


class Reader:
    """Takes bytes in any pieces and gives whole messages; LF alone ends a line too, as on Asterisk."""

    def __init__(self) -> None:
        self._rest = b""
        self._message = Message()
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that became whole with these bytes."""
        self._rest += data
        while True:
            line, newline, rest = self._rest.partition(b"\n")
            if not newline:
                self._cut_overlong()
                return
            self._rest = rest
            message = self._line(line.removesuffix(b"\r"))
            if message is not None:
                yield message

    def _cut_overlong(self) -> None:
        if len(self._rest) > LONGEST_LINE:
            self._message.complaint = "Failed to parse message: line too long"
            self._rest = self._rest[-1:]
            self._skipping = True

    def _line(self, line: bytes) -> Message | None:
        if self._skipping:
            self._skipping = False
            return None
        if not line:
            return self._whole()
        if len(line) > LONGEST_LINE:
            self._message.complaint = "Failed to parse message: line too long"
        elif len(self._message.headers) >= MOST_HEADERS:
            self._message.complaint = "Too many lines in message or allocation failure"
        else:
            name, colon, value = line.decode("utf-8", "surrogateescape").partition(":")
            if colon:
                self._message.headers.append((name.strip(), value.strip()))
            else:
                self._message.headers.append((line.decode("utf-8", "surrogateescape"), ""))
        return None

    def _whole(self) -> Message | None:
        message, self._message = self._message, Message()
        return message if message.headers or message.complaint else None


def block(*headers: tuple[str, object], action_id: str = "") -> str:
    """A response or list event: headers, the ActionID second, a blank line."""
    lines = [f"{name}: {value}\r\n" for name, value in headers]
    if action_id:
        lines.insert(1, f"ActionID: {action_id}\r\n")
    return "".join(lines) + "\r\n"
