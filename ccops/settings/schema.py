"""The shape of the configuration: its sections, their keys, and the nearest valid key to a wrong one."""

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, Final, get_args

from ccops.i18n import _
from ccops.names import nearest
from ccops.settings.keys import GIVEN
from ccops.settings.model import Settings
from ccops.settings.problems import Origin, Problem

KeyPath = tuple[str, ...]
"""Section and key, or section, name and key: ("ami", "host"), ("queues", "sales", "threshold")."""

SECTIONS: Final[Mapping[str, Field[Any]]] = {part.name: part for part in fields(Settings)}


def named_kind(part: Field[Any]) -> Any:
    """Return the type of the tables in a table of named tables, else None."""
    arguments = get_args(part.type)
    return arguments[1] if arguments else None


def keys_of(section: str) -> dict[str, Field[Any]]:
    """Return the keys of a section, or of each table in it."""
    part = SECTIONS[section]
    kind: Any = named_kind(part) or part.type
    return {item.name: item for item in fields(kind) if GIVEN not in item.metadata}


def field_at(path: KeyPath) -> Field[Any]:
    """Return the field of the model behind a key that exists."""
    return keys_of(path[0])[path[-1]]


def unknown(origin: Origin, path: KeyPath, name: str) -> Problem:
    """Return the problem of a key that does not exist, with the nearest one that does."""
    full = ".".join((*path, name))
    message = _("there is no such key.") if path else _("there is no such section.")
    near = nearest_keys(path, name)
    return Problem(origin, full, message, _("Did you mean {names}?").format(names=", ".join(near)) if near else "")


def nearest_keys(path: KeyPath, name: str) -> list[str]:
    """Return the valid keys nearest to `name`: first in its own section, then the same word in another."""
    elsewhere = [f"{other}.{name}" for other in SECTIONS if name in keys_of(other)]
    own = nearest(name, keys_of(path[0]) if path else SECTIONS, 1)
    return (own or elsewhere)[:2] if path else (elsewhere or own)[:2]
