"""Everything a command touches outside itself: streams, variables, clock. Tests hand in their own."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TextIO


@dataclass(slots=True)
class Environment:
    """One world for one run of ccops."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    variables: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    """Gives epoch seconds."""

    @classmethod
    def system(cls) -> "Environment":
        """Return the real one, with whatever the standard streams are at this moment."""
        return cls(sys.stdin, sys.stdout, sys.stderr, os.environ)

    @property
    def interactive(self) -> bool:
        """True where a person can be asked: questions go to stderr, answers come from stdin."""
        return is_terminal(self.stdin) and is_terminal(self.stderr)

    @property
    def has_screen(self) -> bool:
        """True where the console can be drawn."""
        return self.interactive and is_terminal(self.stdout)

    @property
    def columns(self) -> int | None:
        """Width of the terminal that stdout is; None where it is none and lines may be as long as they are."""
        return self._measure("COLUMNS", 0, 80)

    @property
    def lines(self) -> int | None:
        """Height of the terminal that stdout is; None where it is none."""
        return self._measure("LINES", 1, 24)

    def _measure(self, variable: str, index: int, fallback: int) -> int | None:
        if not is_terminal(self.stdout):
            return None
        given = self.variables.get(variable, "")
        if given.isdigit() and int(given) > 0:
            return int(given)
        try:
            return os.get_terminal_size(self.stdout.fileno())[index] or fallback
        except (OSError, ValueError):
            return fallback

    def colour(self, refused: bool) -> bool:
        """Tell whether stdout gets colours: a terminal that knows them, and nobody said no (NO_COLOR)."""
        if refused or self.variables.get("NO_COLOR") or self.variables.get("TERM") == "dumb":
            return False
        return is_terminal(self.stdout)

    @property
    def plain_letters(self) -> bool:
        """True where stdout cannot carry more than ASCII."""
        encoding = (getattr(self.stdout, "encoding", None) or "utf-8").lower().replace("-", "").replace("_", "")
        return not encoding.startswith(("utf", "gb18030"))


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream is a terminal; one that is missing or closed is none."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False
