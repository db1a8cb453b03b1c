"""How a process of ours is started beside this one: the same Python, the same ccops, nothing from where we stand."""

import sys
from io import FileIO
from pathlib import Path
from typing import BinaryIO

import ccops


def command_of(module: str) -> list[str]:
    """Return the command that runs a module of ccops in a process of its own.

    The folder that somebody happens to work in must not lend it modules, unless ccops itself is run from there.
    """
    home = Path(ccops.__file__).parent.parent
    safe = [] if home == Path.cwd() else ["-P"]
    return [sys.executable, *safe, "-m", module]


def pipes() -> tuple[FileIO, BinaryIO]:
    """Return where such a process hears and speaks; what is printed by accident does not stand among its answers."""
    out = sys.stdout.buffer
    sys.stdout = sys.stderr
    return FileIO(0, closefd=False), out
