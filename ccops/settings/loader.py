"""Loads the settings: flags > environment > file > defaults, every value with its origin, every problem at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from ccops.i18n import _
from ccops.pbx.text import control_at
from ccops.settings import places
from ccops.settings.environ import from_environment
from ccops.settings.files import read_toml
from ccops.settings.keys import GIVEN
from ccops.settings.model import Key, Settings
from ccops.settings.problems import DEFAULT, BadSettings, Origin, Problem, sentence
from ccops.settings.schema import SECTIONS, KeyPath, field_at, keys_of, named_kind, unknown
from ccops.settings.secret import Secret
from ccops.settings.values import Wrong, convert

OriginOf = Callable[[KeyPath], Origin]

_SECRETS: Final = (("ami", "secret"), ("smtp", "password"))
"""Keys that may come from a file of their own, named by the same key with _file."""
_RANK: Final = {"default": 0, "file": 1, "env": 2, "flag": 3}


@dataclass(slots=True, frozen=True)
class Flag:
    """A value given on the command line."""

    name: str
    """The flag, e.g. --db."""
    value: str


@dataclass(slots=True, frozen=True)
class Given:
    """One raw value that somebody gave."""

    path: KeyPath
    raw: Any
    origin: Origin
    text: bool = False
    """The value is text from outside TOML."""


@dataclass(slots=True, frozen=True)
class Loaded:
    """Settings, and where they came from."""

    settings: Settings
    file: Path | None = None
    origins: Mapping[KeyPath, Origin] = field(default_factory=dict)

    def origin(self, path: KeyPath) -> Origin:
        """Return where the value at `path` came from."""
        return self.origins.get(path, DEFAULT)


def load(
    explicit: Path | None = None, env: Mapping[str, str] | None = None, flags: Mapping[KeyPath, Flag] | None = None
) -> Loaded:
    """Return the settings of this run.

    `explicit` is the file of --config, `env` the environment, `flags` the values of flags by key. Raises ConfigError
    where a file cannot be read or is no TOML, and BadSettings with all that is wrong otherwise.
    """
    environment = env or {}
    path, _named_by = places.find_file(explicit, environment)
    work = _Work(base=path.absolute().parent if path is not None else Path.cwd())
    if path is not None:
        work.read(path)
    for name, parts, raw in from_environment(environment, work.tables(), work.problems):
        work.give(Given(parts, raw, Origin("env", name), text=True))
    for parts, flag in (flags or {}).items():
        work.give(Given(parts, flag.value, Origin("flag", flag.name), text=True))
    settings = work.build(environment)
    return Loaded(settings, path, {key: origin for key, (__, origin) in work.values.items()})


class _Work:
    """One loading under way: values and problems so far."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.values: dict[KeyPath, tuple[Any, Origin]] = {}
        self.problems: list[Problem] = []

    def read(self, path: Path) -> None:
        """Take the values of a file in."""
        source, document, loose = read_toml(path)
        for given in _walk_document(document, lambda parts: Origin("file", str(path), source, parts), self.problems):
            self.give(given)
        secret_at = next((o for value, o in self.values.values() if isinstance(value, Secret) and value), None)
        if loose and secret_at is not None:
            remedy = _("Run: chmod 600 {path}").format(path=path)
            self.problems.append(Problem(secret_at, "", sentence(loose), remedy))

    def give(self, given: Given) -> None:
        """Take one value in, over what a weaker source gave."""
        spec = field_at(given.path)
        base = self.base if given.origin.kind == "file" else Path.cwd()
        try:
            value = convert(spec, given.raw, base, text=given.text)
        except Wrong as wrong:
            self.problems.append(Problem(given.origin, ".".join(given.path), sentence(str(wrong))))
            return
        self.values[given.path] = (value, given.origin)

    def tables(self) -> dict[str, set[str]]:
        """Return the names that the file gives in each table of named tables."""
        named: dict[str, set[str]] = {}
        for path in self.values:
            if len(path) == 3:
                named.setdefault(path[0], set()).add(path[1])
        return named

    def build(self, env: Mapping[str, str]) -> Settings:
        """Return the settings; raises BadSettings where anything was wrong."""
        for section, name in _SECRETS:
            self._one_secret(section, name)
        if self.problems:
            raise BadSettings(self.problems)
        return Settings(**{part.name: self._part(part, env) for part in fields(Settings)})

    def _part(self, part: Field[Any], env: Mapping[str, str]) -> Any:
        kind = named_kind(part)
        if kind is None:
            return self._table(part.type, (part.name,), env)
        names = dict.fromkeys(path[1] for path in self.values if path[0] == part.name)
        return {name: self._table(kind, (part.name, name), env) for name in names}

    def _table(self, kind: Any, path: KeyPath, env: Mapping[str, str]) -> Any:
        given: dict[str, Any] = {}
        for item in fields(kind):
            if GIVEN in item.metadata:
                given[item.name] = any((*path, name) in self.values for name in item.metadata[GIVEN])
                continue
            about: Key = item.metadata["key"]
            if (*path, item.name) in self.values:
                given[item.name] = self.values[*path, item.name][0]
            elif about.machine:
                given[item.name] = getattr(places, about.machine)(env)
        return kind(**given)

    def _one_secret(self, section: str, name: str) -> None:
        """Let the stronger source of a secret win; two in one source exclude each other."""
        secret, secret_file = self.values.get((section, name)), self.values.get((section, f"{name}_file"))
        if secret is None or secret_file is None:
            return
        ranks = _RANK[secret[1].kind], _RANK[secret_file[1].kind]
        if ranks[0] == ranks[1]:
            message = _("{key} is given as well.").format(key=f"{section}.{name}")
            self.problems.append(Problem(secret_file[1], f"{section}.{name}_file", message, _("Keep one of them.")))
            return
        del self.values[section, name if ranks[0] < ranks[1] else f"{name}_file"]


def _walk_document(document: Mapping[str, Any], origin: OriginOf, problems: list[Problem]) -> Iterator[Given]:
    for name, value in document.items():
        part = SECTIONS.get(name)
        if part is None:
            problems.append(unknown(origin((name,)), (), name))
            continue
        kind = named_kind(part)
        for path, table in _tables_of(name, value, kind is not None, origin, problems):
            yield from _keys_of(path, table, origin, problems)


def _tables_of(
    name: str, value: Any, named: bool, origin: OriginOf, problems: list[Problem]
) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    items: dict[KeyPath, Any] = {(name,): value}
    if named and isinstance(value, Mapping):
        items = {(name, key): item for key, item in value.items()}
    for path, table in items.items():
        if not isinstance(table, Mapping):
            wanted = f"[{name}.NAME]" if named else f"[{name}]"
            problems.append(
                Problem(origin(path), ".".join(path), _("this is a table; write {name}.").format(name=wanted))
            )
        elif not path[-1].strip() or control_at(path[-1]) is not None:
            problems.append(Problem(origin(path), name, _("a name is empty or holds control characters.")))
        else:
            yield path, table


def _keys_of(path: KeyPath, table: Mapping[str, Any], origin: OriginOf, problems: list[Problem]) -> Iterator[Given]:
    known = keys_of(path[0])
    for name, raw in table.items():
        if name in known:
            yield Given((*path, name), raw, origin((*path, name)))
        else:
            problems.append(unknown(origin((*path, name)), path, name))
