"""Who should be at work now, by the published roster: asked of planning, where it is installed and knows."""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from ccops.errors import CcopsError

PLACE: Final = ("ccops.wfm.adherence", "on_shift")
"""Module and function `(store: Path, at: float, zone: ZoneInfo) -> Mapping[str, float]`: agents whose shift is on at
`at` and who are not on a break or on leave, with the instant (epoch seconds) at which they should have come."""


def on_shift(store: Path, at: float, zone: ZoneInfo, place: tuple[str, str] = PLACE) -> Mapping[str, float]:
    """Return who should be at work, and since when; empty where there is no plan or nothing that can tell."""
    ask = _found(place)
    if ask is None or not store.exists():
        return {}
    try:
        found: Mapping[str, float] = ask(store, at, zone)
    except CcopsError:  # no store, no roster, no right to read: alerts on shifts rest, all others go on
        return {}
    return found


def _found(place: tuple[str, str]) -> Callable[..., Any] | None:
    try:
        module = import_module(place[0])
    except ImportError:  # planning is an extra of its own
        return None
    found: Callable[..., Any] | None = getattr(module, place[1], None)
    return found
