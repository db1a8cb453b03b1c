"""Typed reading of a TOML document's tables: every wrong value, unknown key and doubled name, each with its line."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from ccops.errors import UsageProblem
from ccops.i18n import _
from ccops.names import nearest
from ccops.pbx.text import control_at
from ccops.settings.problems import Origin, Problem, Source, sentence
from ccops.wfm.team import words
from ccops.wfm.team.words import Wrong

S = TypeVar("S")
T = TypeVar("T")
Path_ = tuple[str | int, ...]


class BadFile(UsageProblem):
    """A planning file with problems; the message lists every one of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """In the order of the file's lines."""
        lines = [str(problem) for problem in problems]
        if len(lines) > 1:
            title = _("{count} problems; nothing was taken in:").format(count=len(lines))
            lines = [title, *(f"  {line}" for line in lines)]
        super().__init__("\n".join(lines))
        self.problems = tuple(problems)


class Place:
    """Where in a file something stands, and the list of what is wrong with it."""

    def __init__(self, source: Source | None, problems: list[Problem], name: str = "") -> None:
        """`source` is None for a document that comes from the store."""
        self.source, self.problems, self.name = source, problems, name

    def wrong(self, path: Path_, message: str, remedy: str = "") -> None:
        """Note a problem."""
        origin = Origin("file", self.name, self.source, path) if self.source is not None else Origin()
        key = ".".join(str(part) for part in path)
        self.problems.append(Problem(origin, key, sentence(message), remedy))

    def line(self, problem: Problem) -> int:
        """Return the line that a problem stands on."""
        return self.source.line(problem.origin.path) if self.source is not None else 0


class Table:
    """One table of the document; what is not asked for is unknown."""

    def __init__(self, place: Place, path: Path_, content: Mapping[str, Any]) -> None:
        """`path` is how the file names it."""
        self.place, self.path, self._content = place, path, content
        self._asked: list[str] = []

    def wrong(self, key: str, message: str, remedy: str = "") -> None:
        """Note a problem with a key of this table."""
        self.place.wrong((*self.path, key) if key else self.path, message, remedy)

    def has(self, key: str) -> bool:
        """Say whether a key is given."""
        return key in self._content

    def take(self, key: str, read: Callable[[Any], S], default: T) -> S | T:
        """Return what `read` makes of a key's value, the default where it is not given or wrong."""
        self._asked.append(key)
        if key not in self._content:
            return default
        try:
            return read(self._content[key])
        except Wrong as problem:
            self.wrong(key, str(problem))
            return default

    def text(self, key: str, default: str = "") -> str:
        """Return a text in one line."""
        return self.take(key, _text, default)

    def number(self, key: str, default: T, low: float = 0, high: float = 1e9) -> float | T:
        """Return a number of low…high."""
        return self.take(key, lambda value: _number(value, low, high), default)

    def whole(self, key: str, default: T, low: int = 0, high: int = 1_000_000) -> int | T:
        """Return a whole number of low…high."""
        return self.take(key, lambda value: _whole(value, low, high), default)

    def hours(self, key: str, default: T) -> int | T:
        """Return the minutes of a number of hours."""
        return self.take(key, lambda value: round(_number(value, 0, 10_000) * 60), default)

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        return self.take(key, _flag, default)

    def names(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; one text alone will do."""
        return self.take(key, lambda value: tuple(_text(item) for item in _list(value)), ())

    def day(self, key: str) -> date | None:
        """Return a date."""
        return self.take(key, _date, None)

    def must(self, key: str) -> None:
        """Note a problem where a key is not given."""
        if key not in self._content:
            self.wrong("", _("“{key}” is missing").format(key=key))

    def tables(self, key: str) -> "Iterator[Table]":
        """Yield the tables of a list of tables."""
        self._asked.append(key)
        value = self._content.get(key, [])
        if not isinstance(value, list):
            self.wrong(key, _("this is a list of tables"))
            return
        for place, item in enumerate(value):
            if isinstance(item, Mapping):
                yield Table(self.place, (*self.path, key, place), item)
            else:
                self.place.wrong((*self.path, key, place), _("this is a table"))

    def named(self, key: str) -> "Iterator[tuple[str, Table]]":
        """Yield the tables of a table of named tables; names that differ in case alone are one twice."""
        self._asked.append(key)
        value = self._content.get(key, {})
        if not isinstance(value, Mapping):
            self.wrong(key, _("this is a table; write [{name}.NAME]").format(name=key))
            return
        seen: dict[str, str] = {}
        for name, item in value.items():
            path = (*self.path, key, name)
            first = seen.setdefault(name.casefold(), name)
            if not isinstance(item, Mapping):
                self.place.wrong(path, _("this is a table; write [{name}.NAME]").format(name=key))
            elif first != name:
                self.place.wrong(path, _("it is there twice, as “{first}” before").format(first=first))
            elif not name.strip() or control_at(name) is not None:
                self.place.wrong(path, _("a name is empty or holds control characters"))
            else:
                yield name, Table(self.place, path, item)

    def table(self, key: str) -> "Table":
        """Return the table of a key, an empty one where it is not given."""
        self._asked.append(key)
        value = self._content.get(key, {})
        if not isinstance(value, Mapping):
            self.wrong(key, _("this is a table"))
            value = {}
        return Table(self.place, (*self.path, key), value)

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return all keys with their values; every key is known then."""
        self._asked += list(self._content)
        return self._content.items()

    def end(self) -> None:
        """Note the keys that nobody asked for, each with the nearest one that there is."""
        for key in self._content:
            if key not in self._asked:
                near = nearest(key, self._asked, 1)
                remedy = _("Did you mean {names}?").format(names=near[0]) if near else ""
                self.wrong(key, _("there is no such key"), remedy)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong(_("“{value}” is no text; put it in quotes.").format(value=value))
    if control_at(value) is not None:
        raise Wrong(_("it holds a control character."))
    return value.strip()


def _number(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Wrong(_("{value!r} is no number of {low:g} to {high:g}.").format(value=value, low=low, high=high))
    return float(value)


def _whole(value: Any, low: int, high: int) -> int:
    found = _number(value, low, high)
    if found % 1:
        raise Wrong(_("{value!r} is no whole number.").format(value=value))
    return int(found)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(_("{value!r} is neither true nor false.").format(value=value))
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise Wrong(_("“{value}” is no day; write it like 2026-03-02.").format(value=value)) from None


def read_text(path: Path, most: int = 4 << 20) -> str:
    """Return the text of a file; raises `UsageProblem` that names it."""
    try:
        data = path.read_bytes()[: most + 1]
        if len(data) > most:
            raise UsageProblem(_("{path} is too large for a planning file.").format(path=path))
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise UsageProblem(_("{path} cannot be read: {why}.").format(path=path, why=error.strerror)) from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageProblem(
            _("{path}:{line}: this is no UTF-8 text.").format(path=path, line=line),
            remedy=_("Save the file as UTF-8."),
        ) from None


__all__ = ["BadFile", "Place", "Table", "Wrong", "read_text", "words"]
