"""How the model of the settings declares a key: its default, its limits and one sentence on what it means."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

Check = Callable[[Any], str]
"""Returns what is wrong with a value, or an empty text."""


@dataclass(slots=True, frozen=True)
class Key:
    """What the loader and the reference know about a key beyond its type and default."""

    doc: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    check: str = ""
    """Name of a function in `ccops.settings.checks`; a name, so that the checks load only where a value is given."""
    example: Any = None
    """Shown in the sample file where the default says little."""
    shown: str = ""
    """How the reference names a default that depends on the machine."""
    octal: bool = False
    machine: str = ""
    """Name of a function in `ccops.settings.places` that gives the default from the environment."""


def key(default: Any, doc: str, **about: Any) -> Any:
    """Declare a key: its default, one sentence on what it means, and its limits (the fields of `Key`)."""
    return field(default=default, metadata={"key": Key(doc, **about)})


def machine_key(machine: str, doc: str, **about: Any) -> Any:
    """Declare a key whose default depends on the machine and its environment."""

    def default() -> Any:
        from ccops.settings import places

        return getattr(places, machine)(os.environ)

    return field(default_factory=default, metadata={"key": Key(doc, machine=machine, **about)})


GIVEN: Final = "given"
"""Marks what is no key but tells whether one of some keys was given, be it with the default."""


def given(*names: str) -> Any:
    """Declare a flag that is set where any of these keys of its table was given."""
    return field(default=False, compare=False, metadata={GIVEN: names})


def section(kind: type) -> Any:
    """Declare a table of keys."""
    return field(default_factory=kind)


def tables(example: str) -> Any:
    """Declare a table of named tables such as [queues.NAME], with a name for the sample."""
    return field(default_factory=dict, metadata={"example": example})
