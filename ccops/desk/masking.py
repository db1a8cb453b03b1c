"""Hides callers' numbers: in rows, in texts about them, and in whatever an outcome carries."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ccops.board import AgentRow, CallRow, ParkedRow

T = TypeVar("T")

SHOWN_DIGITS = 3
"""Leading digits that a masked number keeps: enough to tell a region, not a person."""
_SAME_DIGITS = 6
"""A name that ends in as many of the number's last digits is the number once more, written another way."""

_DIGIT = re.compile(r"\d")


def mask_number(number: str) -> str:
    """Return a number with all but its first digits hidden: 5550001 → 555••••."""
    return number[:SHOWN_DIGITS] + "•" * max(0, len(number) - SHOWN_DIGITS)


def masked_row(row: Any) -> Any:
    """Return a row without the caller's number in any of its texts; rows without a caller come back as they are."""
    number = getattr(row, "caller_number", None)
    if not number or not isinstance(row, AgentRow | CallRow | ParkedRow):
        return row
    changes: dict[str, Any] = {
        "caller_number": mask_number(number),
        "caller_name": masked_name(row.caller_name, number),
        # A channel may be named after its number: Local/5550001@…, SIP/5550001-….
        "channel": row.channel and _hidden(row.channel, number),
    }
    if isinstance(row, CallRow):
        changes["steps"] = tuple(replace(step, detail=_hidden(step.detail, number)) for step in row.steps)
    return replace(row, **changes)


def _hidden(text: str, number: str) -> str:
    return text.replace(number, mask_number(number))


def masked_name(name: str | None, number: str) -> str | None:
    """Return a name without the number: many PBXs put it where the name is missing, also with spaces and a prefix."""
    if not name:
        return name
    tail = "".join(_DIGIT.findall(number))[-_SAME_DIGITS:]
    digits = "".join(_DIGIT.findall(name))
    if len(tail) == _SAME_DIGITS and tail in digits:
        return _DIGIT.sub("•", name)
    return _hidden(name, number)


def secrets_of(real: Any, seen: Any) -> dict[str, str]:
    """Return what must not be told about a row that somebody sees masked: each hidden text and what stands for it."""
    if real is seen:
        return {}
    pairs = ((getattr(real, name, None), getattr(seen, name, None)) for name in ("channel", "caller_name"))
    found = {before: after or "" for before, after in pairs if before and before != after}
    number = getattr(real, "caller_number", None)
    # The longer ones first: a channel that is named after the number is one text, not two.
    return found | ({number: mask_number(number)} if number else {})


def told(value: T, hidden: Mapping[str, str]) -> T:
    """Return texts, lists and tables with every one of `hidden` replaced."""
    if not hidden:
        return value
    result: Any = value
    if isinstance(value, str):
        for before, after in hidden.items():
            result = result.replace(before, after)
    elif isinstance(value, Mapping):
        result = {name: told(item, hidden) for name, item in value.items()}
    elif isinstance(value, list | tuple):
        result = type(value)(told(item, hidden) for item in value)
    return result  # type: ignore[no-any-return]
