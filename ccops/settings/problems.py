"""What is wrong with a configuration, all of it at once, and where each value came from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from ccops.errors import ConfigError
from ccops.i18n import _
from ccops.settings.locate import locate


class Source:
    """The text of a configuration file; lines are looked up only when somebody asks."""

    def __init__(self, path: Path, text: str) -> None:
        """`text` must be TOML that `tomllib` accepts."""
        self.path = path
        self.text = text

    @cached_property
    def lines(self) -> dict[tuple[str | int, ...], int]:
        """Line of every key."""
        return locate(self.text)

    def line(self, path: tuple[str | int, ...]) -> int:
        """Return the line of a key, or of the nearest table around it."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return 1


OriginKind = Literal["default", "file", "env", "flag"]


@dataclass(slots=True, frozen=True)
class Origin:
    """Where a value came from: a default, a line of a file, a variable of the environment or a flag."""

    kind: OriginKind = "default"
    name: str = ""
    source: Source | None = field(default=None, repr=False, compare=False)
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        if self.kind == "file" and self.source is not None:
            return f"{self.source.path}:{self.source.line(self.path)}"
        return f"{self.kind} {self.name}".rstrip()


DEFAULT = Origin()


@dataclass(slots=True, frozen=True)
class Problem:
    """One thing that is wrong."""

    origin: Origin
    key: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        where = f"{self.origin}: " if self.origin.kind != "default" else ""
        name = f"{self.key}: " if self.key else ""
        return f"{where}{name}{self.message} {self.remedy}".rstrip()


def sentence(text: str) -> str:
    """Return `text` with a full stop where it has none."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _place(problem: Problem) -> tuple[bool, int]:
    source = problem.origin.source
    return source is None, source.line(problem.origin.path) if source is not None else 0


class BadSettings(ConfigError):
    """A configuration with problems; the message lists every one of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """The problems of the file come first, in the order of its lines."""
        problems = sorted(problems, key=_place)
        lines = [str(problem) for problem in problems]
        if len(lines) > 1:
            title = _("{count} problems in the configuration:").format(count=len(lines))
            lines = [title, *(f"  {line}" for line in lines)]
        super().__init__("\n".join(lines))
        self.problems = tuple(problems)
