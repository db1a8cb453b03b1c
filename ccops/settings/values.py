"""Turns one raw value (from TOML, a variable or a flag) into what the model says it is, or says what is wrong."""

import math
from collections.abc import Callable, Mapping
from dataclasses import Field
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, get_args, get_origin

from ccops.i18n import _
from ccops.names import nearest
from ccops.pbx.text import control_at
from ccops.settings.model import Key
from ccops.settings.secret import Secret

_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")


class Wrong(Exception):
    """A value does not fit; the text says why, without the value where it is a secret."""


def convert(field: Field[Any], raw: Any, base: Path, *, text: bool) -> Any:
    """Return `raw` as the type of `field`; raises Wrong.

    `base` is the folder that relative paths count from; `text` says that `raw` is text from the environment or
    a flag, where numbers and lists are written as text too.
    """
    about: Key = field.metadata["key"]
    kind = bare_type(field.type)
    if get_origin(kind) is Literal:
        return _choice(raw, get_args(kind))
    if kind is Path:
        return _path(raw, base)
    value = _CONVERTERS[kind](_from_text(kind, raw, about) if text else raw, about)
    _in_range(value, about)
    _checked(value, about)
    return value


def bare_type(kind: Any) -> Any:
    """Return the type without the None of an optional one."""
    if isinstance(kind, UnionType):
        return next(part for part in get_args(kind) if part is not type(None))
    return kind


def _from_text(kind: Any, raw: str, about: Key) -> Any:
    if kind is bool:
        return _bool_text(raw)
    if get_origin(kind) is tuple:
        return _list_text(raw)
    try:
        if kind is int:
            return int(raw, 8) if about.octal else int(raw)
        if kind is float:
            return float(raw)
    except ValueError:
        raise Wrong(_("“{value}” is no number").format(value=raw)) from None
    return raw


def _bool_text(raw: str) -> bool:
    if raw.casefold() in _TRUE + _FALSE:
        return raw.casefold() in _TRUE
    raise Wrong(_("“{value}” is neither true nor false").format(value=raw))


def _list_text(raw: str) -> list[Any]:
    if not raw.lstrip().startswith("["):
        return [part.strip() for part in raw.split(",") if part.strip()]
    import tomllib

    try:
        return list(tomllib.loads(f"k = {raw}")["k"])
    except tomllib.TOMLDecodeError:
        raise Wrong(_("“{value}” is no list").format(value=raw)) from None


def _text(raw: Any, _about: Key) -> str:
    if not isinstance(raw, str):
        raise Wrong(_("{value} is no text; put it in quotes").format(value=shown(raw)))
    at = control_at(raw)
    if at is not None:
        raise Wrong(_("its character {number} is a control character").format(number=at + 1))
    return raw


def _secret(raw: Any, about: Key) -> Secret:
    if not isinstance(raw, str):
        raise Wrong(_("it is no text; put it in quotes"))
    return Secret(_text(raw, about))


def _whole(raw: Any, about: Key) -> int:
    if about.octal and isinstance(raw, str):
        try:
            return int(raw, 8)
        except ValueError:
            raise Wrong(_('“{value}” is no file mode such as "0660"').format(value=raw)) from None
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise Wrong(_("{value} is no whole number").format(value=shown(raw)))
    return raw


def _number(raw: Any, _about: Key) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        try:
            value = float(raw)
        except OverflowError:
            value = math.inf
        if math.isfinite(value):
            return value
    raise Wrong(_("{value} is no number").format(value=shown(raw)))


def _flag(raw: Any, _about: Key) -> bool:
    if not isinstance(raw, bool):
        raise Wrong(_("{value} is neither true nor false").format(value=shown(raw)))
    return raw


def _texts(raw: Any, about: Key) -> tuple[str, ...]:
    if not isinstance(raw, list):
        hint = f"; write [{shown(raw)}]" if isinstance(raw, str) else ""
        raise Wrong(_("{value} is no list").format(value=shown(raw)) + hint)
    return tuple(_text(item, about) for item in raw)


_CONVERTERS: Final[Mapping[Any, Callable[[Any, Key], Any]]] = {
    str: _text,
    Secret: _secret,
    int: _whole,
    float: _number,
    bool: _flag,
    tuple[str, ...]: _texts,
}


def _choice(raw: Any, choices: tuple[str, ...]) -> str:
    if isinstance(raw, str) and raw in choices:
        return raw
    near = nearest(raw, choices, 1) if isinstance(raw, str) else []
    hint = _(" Did you mean “{name}”?").format(name=near[0]) if near else ""
    raise Wrong(_("{value} is none of {names}.").format(value=shown(raw), names=", ".join(choices)) + hint)


def _path(raw: Any, base: Path) -> Path:
    name = _text(raw, _ANY)
    if not name:
        raise Wrong(_("it is empty"))
    try:
        return base / Path(name).expanduser()
    except RuntimeError:
        raise Wrong(_("“{value}” names the home folder of somebody unknown").format(value=name)) from None


_ANY: Final = Key("")


def _in_range(value: Any, about: Key) -> None:
    if isinstance(value, str) or not isinstance(value, int | float):
        return
    low, high = about.low, about.high
    if (low is None or value >= low) and (high is None or value <= high):
        return
    limits = {"low": _limit(low, about), "high": _limit(high, about), "value": _limit(value, about)}
    raise Wrong(_("{value} is not between {low} and {high}").format(**limits))


def _limit(number: float | None, about: Key) -> str:
    if number is None:
        return _("any")
    if about.octal:
        return f"{int(number):04o}"
    return str(number) if isinstance(number, int) else f"{number:g}"


def _checked(value: Any, about: Key) -> None:
    if not about.check:
        return
    from ccops.settings import checks

    wrong: str = getattr(checks, about.check)(value)
    if wrong:
        raise Wrong(wrong)


def shown(value: Any) -> str:
    """Return a value as a person would write it in TOML, on one line and not too long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value if len(value) <= 40 else value[:40] + "…"
        return '"' + "".join(char if char.isprintable() else "?" for char in text) + '"'
    if isinstance(value, Mapping):
        return _("a table")
    if isinstance(value, list | tuple):
        return f"[{', '.join(shown(item) for item in value[:6])}]"
    text = str(value)
    return text if len(text) <= 40 else text[:40] + "…"
