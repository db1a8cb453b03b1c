"""How the console and its planning processes talk: each thing as its length and a pickle, over pipes of their own."""

import pickle
import struct
from dataclasses import dataclass, fields
from typing import Any, BinaryIO, Final

from ccops.settings import Settings

SIZE: Final = struct.Struct(">Q")
_SECRETS = frozenset({"ami", "smtp"})
"""What the other process has no business with."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a planning process is told before anything else."""

    settings: dict[str, Any]
    read_only: bool = False
    ahead: float = 0.0
    """Seconds by which the console's clock is before the machine's."""


def framed(value: Any) -> bytes:
    """Return what the other side reads as that value."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return SIZE.pack(len(data)) + data


def read(stream: BinaryIO) -> Any:
    """Return the next thing from the other side; raises EOFError when there is none."""
    head = stream.read(SIZE.size)
    if len(head) < SIZE.size:
        raise EOFError
    return pickle.loads(stream.read(SIZE.unpack(head)[0]))  # noqa: S301 (from the console, on a pipe of its own)


def told(settings: Settings) -> dict[str, Any]:
    """Return the settings without what is secret."""
    return {one.name: getattr(settings, one.name) for one in fields(settings) if one.name not in _SECRETS}
