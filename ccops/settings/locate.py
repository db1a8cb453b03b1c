"""Finds the line of every key of a TOML text, for messages that point at it.

It runs over text that `tomllib` has already accepted, so it need not judge, only skip right; what it does not
follow is simply not found.
"""

import re
from typing import Final

Path = tuple[str | int, ...]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_SPACE: Final = re.compile(r"[ \t]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")
_STRINGS: Final = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


def locate(text: str) -> dict[Path, int]:
    """Return the line (from 1) of every key and table of a valid TOML `text`; elements of arrays are indexes."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    """One walk over a text; `at` is the place reached."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._counted = 0
        self._line = 1

    def document(self) -> None:
        """Walk over all statements."""
        table: Path = ()
        while self.blank() and self.at < len(self.text):
            before = self.at
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            if self.at == before:
                return

    def header(self) -> Path:
        """Read [name] or [[name]] and return the path of the table that it opens."""
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        start = self.at
        self.at += brackets
        path = self._through_arrays(self.dotted())
        self.at = max(self.at + brackets, start + brackets)
        if brackets == 2:
            path = (*path, sum(1 for known in self.lines if known[:-1] == path and isinstance(known[-1], int)))
        self.note(path, start)
        return path

    def pair(self, table: Path) -> None:
        """Read key = value."""
        start = self.at
        path = (*table, *self.dotted())
        if self.text[self.at : self.at + 1] != "=":
            return
        self.at += 1
        self.space()
        for depth in range(len(table) + 1, len(path) + 1):
            self.note(path[:depth], start)
        self.value(path)

    def dotted(self) -> Path:
        """Read a dotted key up to what follows it."""
        parts: list[str | int] = []
        while True:
            self.space()
            part = self._key_part()
            if part is None:
                return tuple(parts)
            parts.append(part)
            self.space()
            if self.text[self.at : self.at + 1] != ".":
                return tuple(parts)
            self.at += 1

    def value(self, path: Path) -> None:
        """Skip a value and note the keys inside it."""
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif opening in ('"', "'") and (string := self._string()):
            self.at += len(string)
        else:
            self._skip(_SCALAR)

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self.blank() and self.at < len(self.text) and self.text[self.at] != "]":
            before = self.at
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self.note((*path, index), self.at)
            self.value((*path, index))
            index += 1
            if self.at == before:
                return
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self.blank() and self.at < len(self.text) and self.text[self.at] != "}":
            before = self.at
            if self.text[self.at] == ",":
                self.at += 1
            else:
                self.pair(path)
            if self.at == before:
                return
        self.at += 1

    def _key_part(self) -> str | None:
        if string := self._string():
            self.at += len(string)
            return _unquoted(string)
        found = _BARE.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group()

    def _string(self) -> str:
        for pattern in _STRINGS:
            if found := pattern.match(self.text, self.at):
                return found.group()
        return ""

    def _through_arrays(self, path: Path) -> Path:
        # [a.b] after [[a]] belongs to the last element of a.
        full: Path = ()
        for index, part in enumerate(path):
            full = (*full, part)
            elements = [known[-1] for known in self.lines if known[:-1] == full and isinstance(known[-1], int)]
            if elements and index < len(path) - 1:
                full = (*full, elements[-1])
        return full

    def note(self, path: Path, at: int) -> None:
        """Remember that `path` begins at the offset `at`, which only grows from call to call."""
        self._line += self.text.count("\n", self._counted, at)
        self._counted = at
        self.lines.setdefault(path, self._line)

    def blank(self) -> bool:
        """Skip white space, line ends and comments."""
        self._skip(_BLANK)
        return True

    def space(self) -> None:
        """Skip white space within a line."""
        self._skip(_SPACE)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if found := pattern.match(self.text, self.at):
            self.at = found.end()


def _unquoted(string: str) -> str:
    if string.startswith("'"):
        return string[1:-1]
    import tomllib

    return str(tomllib.loads(f"k = {string}")["k"])
