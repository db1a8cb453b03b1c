"""Planning's requests and answers as JSON: what a person sends is taken by declared types, the answer names its own."""

import dataclasses
import types
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from ccops.errors import LinkError, UsageProblem
from ccops.i18n import _

_ROOMS: Final = ("ccops.wfm.", "ccops.store.planning", "ccops.desk.planning.")
"""Where the types of an answer come from."""
_TAG: Final = "$"
LONGEST_TEXT: Final = 1000
"""Of a name, a note or a reason."""
_BIGGEST: Final = 10**9


# --- requests ---


def plain(value: Any) -> Any:
    """Return an argument as JSON can have it; `taken` makes it anew by the declared type."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if type(value).__name__ == "Team":
            from ccops.wfm.team.write import document_of

            return document_of(value)  # type: ignore[arg-type]
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def taken(kind: Any, value: Any, name: str) -> Any:
    """Return an argument of the declared type; raises `UsageProblem` naming it where it is none.

    Whoever may reach the socket may send anything, so nothing is taken on trust but plain documents (`Any`), which
    whoever reads them checks.
    """
    origin = get_origin(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value, name)
    if origin is tuple:
        return _tuple(get_args(kind), value, name)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return [taken(get_args(kind)[0], item, name) for item in _listed(value, name)]
    if kind is dict or (isinstance(origin, type) and issubclass(origin, Mapping)):
        if not isinstance(value, dict):
            raise _wrong(name, value)
        return value
    if dataclasses.is_dataclass(kind):
        return _data(kind, value, name)
    return _scalar(kind, value, name)


def _one_of(kinds: Sequence[Any], value: Any, name: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    (kind,) = (kind for kind in kinds if kind is not type(None))
    return taken(kind, value, name)


def _tuple(kinds: Sequence[Any], value: Any, name: str) -> tuple[Any, ...]:
    items = _listed(value, name)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(taken(kinds[0], item, name) for item in items)
    if len(items) != len(kinds):
        raise _wrong(name, value)
    return tuple(taken(kind, item, name) for kind, item in zip(kinds, items, strict=True))


def _listed(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(name, value)
    return value


@lru_cache(maxsize=64)
def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _data(kind: Any, value: Any, name: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(name, value)
    if kind.__name__ == "Team":
        from ccops.wfm.team.read import team_of

        return team_of(value)
    hints = _hints(kind)
    if unknown := sorted(set(map(str, value)) - set(hints)):
        raise UsageProblem(_("“{name}” has no “{what}”.").format(name=name, what=unknown[0][:80]))
    found = {part: taken(hints[part], item, f"{name}.{part}") for part, item in value.items()}
    try:
        return kind(**found)
    except TypeError:
        raise _wrong(name, value) from None


def _scalar(kind: Any, value: Any, name: str) -> Any:
    if kind is date:
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise _wrong(name, value) from None
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _BIGGEST:
        return float(value)
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _BIGGEST:
        return value
    if kind is str and isinstance(value, str) and _is_sound(value):
        return value
    raise _wrong(name, value)


def _is_sound(text: str) -> bool:
    """Say whether a text can be kept and shown: no endless one, no halves of characters, nothing that steers."""
    return len(text) <= LONGEST_TEXT and not any(
        char < " " or "\x7f" <= char < "\xa0" or "\ud800" <= char <= "\udfff" for char in text
    )


def _wrong(name: str, value: Any) -> UsageProblem:
    return UsageProblem(_("“{name}” cannot be {value}.").format(name=name, value=ascii(value)[:80]))


# --- answers ---


def tagged(value: Any) -> Any:
    """Return an answer as JSON that says of what type each part is."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, date):
        return {_TAG: "date", "v": value.isoformat()}
    if isinstance(value, ZoneInfo):
        return {_TAG: "zone", "v": value.key}
    if isinstance(value, tuple):
        return {_TAG: "tuple", "v": [tagged(item) for item in value]}
    if isinstance(value, list):
        return [tagged(item) for item in value]
    if isinstance(value, Mapping):
        return {_TAG: "map", "v": {str(name): tagged(item) for name, item in value.items()}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _tagged_data(value)
    if type(value).__name__ == "ndarray":
        return {_TAG: "array", "t": str(value.dtype), "s": list(value.shape), "v": value.ravel().tolist()}
    raise TypeError(f"{type(value).__name__} has no place on the socket")


def _tagged_data(value: Any) -> dict[str, Any]:
    if type(value).__name__ == "Team":
        return {_TAG: "team", "v": plain(value)}
    kind = f"{type(value).__module__}:{type(value).__name__}"
    return {_TAG: kind, "v": {item.name: tagged(getattr(value, item.name)) for item in dataclasses.fields(value)}}


def untagged(data: Any) -> Any:
    """Return the answer that `tagged` wrote; raises `LinkError` where it is none."""
    try:
        return _untagged(data)
    except (KeyError, TypeError, ValueError, AttributeError, ImportError) as error:
        raise LinkError(_("The daemon's answer cannot be read ({why}).").format(why=error)) from error


def _untagged(data: Any) -> Any:
    if isinstance(data, list):
        return [_untagged(item) for item in data]
    if not isinstance(data, dict):
        return data
    tag, value = data[_TAG], data["v"]
    if tag == "date":
        return date.fromisoformat(value)
    if tag == "zone":
        return ZoneInfo(value)
    if tag == "tuple":
        return tuple(_untagged(item) for item in value)
    if tag == "map":
        return {name: _untagged(item) for name, item in value.items()}
    if tag == "array":
        import numpy as np

        return np.array(value, dtype=data["t"]).reshape(data["s"])
    if tag == "team":
        from ccops.wfm.team.read import team_of

        return team_of(value)
    return _kind(tag)(**{name: _untagged(item) for name, item in value.items()})


def _kind(tag: str) -> Any:
    room, _colon, name = tag.partition(":")
    if not room.startswith(_ROOMS):
        raise ValueError(tag)
    kind = getattr(import_module(room), name)
    if not dataclasses.is_dataclass(kind):
        raise ValueError(tag)
    return kind
